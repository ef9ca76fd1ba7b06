import { describe, expect, it } from 'vitest';
import {
  type ExpiryInput,
  expiryLead,
  lookAtQueue,
  mayExpire,
  nearsExpiry,
  queueLookEvery,
} from '../../../shared/domain/expiry.ts';
import { HOUR, MINUTE } from '../../../shared/domain/time.ts';

const NOW = 100 * HOUR;
const minutes = (...values: readonly number[]): (readonly [number, number])[] =>
  values.map((value, index) => [NOW - (values.length + 1 - index) * MINUTE, value]);

describe('the lead of an announcement', () => {
  it.each([
    [6 * HOUR, 90, 15],
    [4 * HOUR, 60, 15],
    [HOUR, 15, 3.75],
    [20 * MINUTE, 10, 2.5],
    [8 * MINUTE, 8, 2],
    [MINUTE, 1, 1],
  ])('of requests that live %i ms', (ttl, lead, every) => {
    expect([expiryLead(ttl) / MINUTE, queueLookEvery(ttl) / MINUTE]).toEqual([lead, every]);
  });
});

describe('a look at a queue', () => {
  const waiting = { serving: 0 };
  it('takes the age that AWS tells', () => {
    const look = lookAtQueue({ age: minutes(60, 120), size: minutes(3, 4) }, waiting);
    expect(look).toEqual({ since: NOW - 3 * MINUTE, backlog: 4, measured: true, falling: false });
    expect(lookAtQueue({ age: minutes(240, 60), size: minutes(3, 4) }, waiting)).toMatchObject({ falling: true });
  });

  it('derives it from the time above zero where AWS does not', () => {
    const size = minutes(0, 2, 3);
    expect(lookAtQueue({ age: [], size }, waiting)).toMatchObject({ since: NOW - 3 * MINUTE, measured: false });
    expect(lookAtQueue({ age: minutes(0, 0, 0), size }, waiting), 'an age of nothing at zero is none').toMatchObject({
      since: NOW - 3 * MINUTE,
    });
    const full = { age: [], size: minutes(2, 3) };
    expect(lookAtQueue(full, { ...waiting, queuedSince: NOW - HOUR })).toMatchObject({ since: NOW - HOUR });
    expect(lookAtQueue(full, waiting)).toMatchObject({ since: NOW - 3 * MINUTE });
  });

  it('knows an empty queue from one that nobody can tell of', () => {
    expect(lookAtQueue({ age: minutes(0), size: minutes(0) }, waiting)).toBe('empty');
    expect(lookAtQueue({ age: minutes(0), size: minutes(2) }, { serving: 1 }), 'in process').toBe('empty');
    expect(lookAtQueue({ age: [], size: [] }, waiting)).toBeUndefined();
  });
});

describe('mayExpire', () => {
  const input = (age: number, more: Partial<ExpiryInput> = {}): ExpiryInput => ({
    now: NOW,
    ttl: 6 * HOUR,
    queue: { since: NOW - age, backlog: 3, measured: true, falling: false },
    serving: 0,
    changedAt: NOW - HOUR,
    startTakes: 10 * MINUTE,
    ...more,
  });
  const short = { ttl: 20 * MINUTE };
  const falling = { since: NOW - 5 * HOUR, backlog: 3, measured: true, falling: true } as const;

  it.each<[string, ExpiryInput, boolean]>([
    ['an hour and a half before, and a look', input(4.25 * HOUR), true],
    ['not before that', input(4.25 * HOUR - 1), false],
    ['a usual start serves it in time', input(8 * MINUTE, short), false],
    ['it has not come', input(15 * MINUTE, short), true],
    ['nothing may start', input(8 * MINUTE, { ...short, startTakes: undefined }), true],
    ['a start takes longer than it lives', input(8 * MINUTE, { ...short, startTakes: 30 * MINUTE }), true],
    ['served too slowly', input(5 * HOUR, { serving: 2 }), true],
    ['served fast enough', input(5 * HOUR, { serving: 2, queue: falling }), false],
    ['capacity has only just come', input(5 * HOUR, { serving: 2, changedAt: NOW - MINUTE }), false],
    ['a short queue that is served', input(8 * MINUTE, { ...short, serving: 1 }), false],
  ])('%s', (_name, given, expected) => {
    expect(mayExpire(given)).toBe(expected);
    if (expected) expect(nearsExpiry(given)).toBe(true);
  });
});
