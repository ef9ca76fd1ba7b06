import { describe, expect, test } from 'vitest';
import { MINUTE } from '../../shared/domain/time.ts';
import type { MinuteSeries } from '../../shared/ports/metrics.ts';
import type { TrafficHistory } from '../../shared/ports/traffic-history.ts';
import { formatTrace, readTrace } from '../../shared/use-cases/history/trace.ts';

const START = Date.parse('2026-03-23T00:00:00Z');
const at = (minute: number) => START + minute * MINUTE;
const series = (values: Record<number, number>): MinuteSeries =>
  Object.entries(values).map(([minute, value]) => [at(Number(minute)), value]);

function history(parts: Partial<TrafficHistory>): TrafficHistory {
  const unused = () => Promise.reject(new Error('not used here'));
  return { invocations: unused, queue: unused, ...parts };
}

async function trace(kind: 'real-time' | 'async', source: TrafficHistory, minutes: number) {
  const read = await readTrace(source, { name: 'chat', kind, variants: ['a', 'b'] }, START, at(minutes));
  if (!read.ok) throw new Error(read.failure.message);
  return read.value;
}

describe('requests of a real-time endpoint', () => {
  test('are summed over variants; a minute that one of them does not tell is a gap', async () => {
    const source = history({
      invocations: () =>
        Promise.resolve({ ok: true, value: [series({ 0: 1, 1: 2, 3: 4, 4: 0 }), series({ 0: 1, 1: 0, 2: 5, 4: 0 })] }),
    });
    expect(await trace('real-time', source, 6)).toEqual({
      from: START,
      counts: [2, 2, undefined, undefined, 0, undefined],
      gaps: [
        { from: at(2), to: at(4) },
        { from: at(5), to: at(6) },
      ],
      estimated: false,
    });
  });

  test('without any variant everything is a gap, not zero', async () => {
    const source = history({ invocations: () => Promise.resolve({ ok: true, value: [] }) });
    expect((await trace('real-time', source, 2)).gaps).toEqual([{ from: at(0), to: at(2) }]);
  });
});

describe('what arrived in a queue', () => {
  const arrivals = async (
    backlog: Record<number, number>,
    processed: Record<number, number>,
    expired: Record<number, number>,
    minutes: number,
  ) => {
    const value = { backlog: series(backlog), processed: series(processed), expired: series(expired) };
    return trace('async', history({ queue: () => Promise.resolve({ ok: true, value }) }), minutes);
  };

  test('is growth, plus what was processed, plus what expired', async () => {
    const { counts, estimated } = await arrivals({ [-1]: 0, 0: 3, 1: 3, 2: 1 }, { 1: 2 }, { 2: 2 }, 3);
    expect(counts).toEqual([3, 2, 0]);
    expect(estimated).toBe(true);
  });

  test('never falls below zero, and adds up to what really came', async () => {
    // One request at a time: the maximum of the minute still shows it when it is done.
    const { counts } = await arrivals({ [-1]: 0, 0: 1, 1: 1, 2: 0 }, { 0: 1, 1: 0, 2: 0 }, {}, 3);
    expect(counts).toEqual([1, 0, 0]);
  });

  test('is not known behind a gap of the backlog', async () => {
    const { counts, gaps } = await arrivals({ [-1]: 0, 0: 2, 2: 9, 3: 9 }, {}, {}, 4);
    expect(counts).toEqual([2, undefined, undefined, 0]);
    expect(gaps).toEqual([{ from: at(1), to: at(3) }]);
  });
});

test('a trace file', () => {
  expect(formatTrace([3, 0])).toBe('minute_index,count\n0,3\n1,0\n');
});
