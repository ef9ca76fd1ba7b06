import { describe, expect, it } from 'vitest';
import { parseScheduleExpression, ScheduleExpressionError } from '../../simulator/schedule-expression.ts';
import { hasRecordings, readSnapshot } from '../support/recordings.ts';

const ANCHOR = Date.parse('2026-01-01T00:00:00Z');

function firings(expression: string, from: string, count: number, timeZone = 'UTC'): string[] {
  const recurrence = parseScheduleExpression(expression, { timeZone, anchor: ANCHOR });
  const found: string[] = [];
  let at: number | undefined = Date.parse(from) - 1;
  while (found.length < count) {
    at = recurrence.next(at);
    if (at === undefined) break;
    found.push(`${new Date(at).toISOString().slice(0, 16)}Z`);
  }
  return found;
}

describe('rate', () => {
  it('counts from its anchor', () => {
    expect(firings('rate(7 minutes)', '2026-01-01T00:05:00Z', 2)).toEqual(['2026-01-01T00:07Z', '2026-01-01T00:14Z']);
    expect(firings('rate(1 day)', '2026-01-01T00:00:00Z', 2)).toEqual(['2026-01-01T00:00Z', '2026-01-02T00:00Z']);
  });

  it('is 24 hours a day over a change of clocks', () => {
    expect(firings('rate(1 days)', '2026-03-28T12:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-03-29T00:00Z',
      '2026-03-30T00:00Z',
    ]);
  });
});

describe('at', () => {
  it('fires once, in its zone', () => {
    expect(firings('at(2026-07-01T09:30:00)', '2026-01-01T00:00:00Z', 3, 'Europe/Berlin')).toEqual([
      '2026-07-01T07:30Z',
    ]);
  });

  it.each(['at(2026-02-30T00:00:00)', 'at(2026-01-01T24:00:00)', 'at(2026-01-01T00:00)'])(
    '%s is refused',
    (expression) => {
      expect(() => firings(expression, '2026-01-01T00:00:00Z', 1)).toThrow(ScheduleExpressionError);
    },
  );
});

describe('cron', () => {
  it.each([
    ['cron(0 10 * * ? *)', ['2026-01-01T10:00Z', '2026-01-02T10:00Z']],
    ['cron(0 18 ? * MON-FRI *)', ['2026-01-01T18:00Z', '2026-01-02T18:00Z', '2026-01-05T18:00Z']],
    ['cron(0/20 0-1 ? * THU *)', ['2026-01-01T00:00Z', '2026-01-01T00:20Z', '2026-01-01T00:40Z', '2026-01-01T01:00Z']],
    ['cron(0 2 ? * SAT#3 *)', ['2026-01-17T02:00Z', '2026-02-21T02:00Z']],
    ['cron(15 10 ? * 6L *)', ['2026-01-30T10:15Z', '2026-02-27T10:15Z']],
    ['cron(0 0 L * ? *)', ['2026-01-31T00:00Z', '2026-02-28T00:00Z']],
    ['cron(0 0 L-3 * ? *)', ['2026-01-28T00:00Z', '2026-02-25T00:00Z']],
    ['cron(0 0 LW * ? *)', ['2026-01-30T00:00Z', '2026-02-27T00:00Z']],
    ['cron(0 0 1W * ? *)', ['2026-01-01T00:00Z', '2026-02-02T00:00Z']],
    ['cron(0 0 29 2 ? *)', ['2028-02-29T00:00Z', '2032-02-29T00:00Z']],
    ['cron(1-31/30 1-1 ? * 1,7 *)', ['2026-01-03T01:01Z', '2026-01-03T01:31Z', '2026-01-04T01:01Z']],
  ])('%s', (expression, expected) => {
    expect(firings(expression, '2026-01-01T00:00:00Z', expected.length)).toEqual(expected);
  });

  it('ends with its last year', () => {
    expect(firings('cron(0 5 1 1 ? 2026-2027)', '2026-06-01T00:00:00Z', 3)).toEqual(['2027-01-01T05:00Z']);
    expect(firings('cron(15 10 ? * 6L 2002-2005)', '2026-01-01T00:00:00Z', 1)).toEqual([]);
  });

  it('skips a local time that does not exist in the spring night', () => {
    expect(firings('cron(30 2 * * ? *)', '2026-03-28T00:00:00Z', 3, 'Europe/Berlin')).toEqual([
      '2026-03-28T01:30Z',
      '2026-03-30T00:30Z',
      '2026-03-31T00:30Z',
    ]);
  });

  it('fires once, before the shift, at a local time that occurs twice in the autumn night', () => {
    expect(firings('cron(30 2 * * ? *)', '2026-10-24T12:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-10-25T00:30Z',
      '2026-10-26T01:30Z',
    ]);
    const nightly = firings('cron(0/30 2-3 * * ? *)', '2026-10-24T22:00:00Z', 4, 'Europe/Berlin');
    expect(nightly).toEqual(['2026-10-25T00:00Z', '2026-10-25T00:30Z', '2026-10-25T02:00Z', '2026-10-25T02:30Z']);
  });

  it.each([
    'cron(0 10 * * * *)',
    'cron(0 10 ? * ? *)',
    'cron(60 0 * * ? *)',
    'cron(0 0 32 * ? *)',
    'cron(0 20-10 * * ? *)',
    'cron(0 0 * * ?)',
  ])('%s is refused', (expression) => {
    expect(() => firings(expression, '2026-01-01T00:00:00Z', 1)).toThrow(ScheduleExpressionError);
  });
});

describe.skipIf(!hasRecordings('recorded schedule expressions'))('recorded schedule expressions', () => {
  const files = ['test_scheduler.snapshot.json', 'test_events_schedule.snapshot.json'];
  const cases = files.flatMap((file) =>
    [...readSnapshot(file)].flatMap(([name, recorded]) => expressionsOf(name, recorded)),
  );

  it('are all there', () => {
    expect(cases.filter(([, valid]) => !valid).length).toBeGreaterThanOrEqual(20);
    expect(cases.filter(([, valid]) => valid).length).toBeGreaterThanOrEqual(20);
  });

  it.each(cases)('%s: accepted %s', (expression, isValid) => {
    const parse = (): unknown => parseScheduleExpression(expression, { timeZone: 'UTC', anchor: ANCHOR });
    if (isValid) expect(parse).not.toThrow();
    else expect(parse).toThrow(ScheduleExpressionError);
  });
});

function expressionsOf(name: string, recorded: unknown): [string, boolean][] {
  const expression = /\[(.*)\]$/.exec(name)?.[1];
  if (expression === undefined) return [];
  return [[expression, !JSON.stringify(recorded).includes('ValidationException')]];
}
