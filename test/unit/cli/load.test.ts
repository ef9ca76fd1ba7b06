import { describe, expect, it } from 'vitest';
import { driveLoad, IN_FLIGHT, type LoadPlan, percentile, type Tally } from '../../../cli/load/drive.ts';

/** Time moves where somebody sleeps; an answer takes `takes`. */
function world(takes: number, { failing = 0, stopAfter = Number.POSITIVE_INFINITY } = {}) {
  let time = 0;
  const waiting: { at: number; go: () => void }[] = [];
  const sleep = (ms: number) =>
    new Promise<void>((go) => {
      waiting.push({ at: time + ms, go });
    });
  let sent = 0;
  let most = 0;
  let inside = 0;
  return {
    parts: {
      now: () => time,
      sleep,
      isStopped: () => time >= stopAfter,
      async send() {
        sent += 1;
        inside += 1;
        most = Math.max(most, inside);
        const number = sent;
        await sleep(takes);
        inside -= 1;
        return number <= failing ? 'ModelError' : undefined;
      },
    },
    most: () => most,
    async during(work: Promise<void>): Promise<number> {
      let over = false;
      void work.finally(() => {
        over = true;
      });
      for (;;) {
        for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
        if (over) return time;
        waiting.sort((a, b) => a.at - b.at);
        const next = waiting.shift();
        if (next === undefined) throw new Error('nobody waits for anything');
        time = Math.max(time, next.at);
        next.go();
      }
    },
  };
}

const none = (): Tally => ({ sent: 0, answeredMs: [], failures: new Map(), held: 0 });
const plan = (more: Partial<LoadPlan> = {}): LoadPlan => ({
  pace: { rate: 10 },
  durationMs: 5_000,
  atMost: 1_000,
  ...more,
});

async function drive(given: LoadPlan, { parts, during }: ReturnType<typeof world>) {
  const tally = none();
  const took = await during(driveLoad(given, parts, tally));
  return { ...tally, took };
}

describe('a bounded load', () => {
  it('keeps its rate whatever the answers take, and waits for the last', async () => {
    const tally = await drive(plan(), world(700));
    expect(tally).toMatchObject({ sent: 50, held: 0, took: 5_600 });
    expect(tally.answeredMs).toEqual(Array.from({ length: 50 }, () => 700));
  });

  it('never has more under way than its connections carry', async () => {
    const busy = world(60_000);
    const tally = await drive(plan({ pace: { rate: 200 } }), busy);
    expect(busy.most()).toBe(IN_FLIGHT);
    expect(tally.held).toBeGreaterThan(0);
  });

  it('sends no more than it may', async () => {
    expect(await drive(plan({ atMost: 7 }), world(10))).toMatchObject({ sent: 7 });
    expect(await drive(plan({ pace: { concurrency: 5 }, atMost: 7 }), world(10))).toMatchObject({ sent: 7 });
  });

  it('has so many at once, each followed by the next', async () => {
    const four = world(1_000);
    const tally = await drive(plan({ pace: { concurrency: 4 } }), four);
    expect({ sent: tally.sent, most: four.most() }).toEqual({ sent: 20, most: 4 });
  });

  it('ends when it is told to', async () => {
    const tally = await drive(plan(), world(100, { stopAfter: 1_000 }));
    expect(tally.sent).toBeGreaterThan(8);
    expect(tally.sent).toBeLessThan(12);
  });

  it('counts failures by their code, and not as answers', async () => {
    const tally = await drive(plan(), world(10, { failing: 3 }));
    expect(Object.fromEntries(tally.failures)).toEqual({ ModelError: 3 });
    expect(tally.answeredMs).toHaveLength(47);
  });
});

it('percentiles are by the nearest rank', () => {
  const values = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
  expect([0.5, 0.95, 1].map((share) => percentile(values, share))).toEqual([50, 100, 100]);
  expect(percentile([], 0.5)).toBeUndefined();
});
