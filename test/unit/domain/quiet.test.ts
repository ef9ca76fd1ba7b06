import { describe, expect, it } from 'vitest';
import {
  type HoldInput,
  holdScaleIn,
  isTimeToTell,
  judgeLongWork,
  suspensionWanted,
} from '../../../shared/domain/quiet.ts';
import { DAY, HOUR, MINUTE } from '../../../shared/domain/time.ts';

const NOW = Date.parse('2026-03-23T08:00:30Z');
const MINUTE_NOW = Date.parse('2026-03-23T08:00:00Z');

/** By how many minutes ago; the newest that CloudWatch has is that of two minutes ago. */
function use(points: Readonly<Record<number, readonly [invocations: number, concurrency: number]>>) {
  const series = (which: 0 | 1) =>
    [7, 6, 5, 4, 3, 2].map((ago) => [MINUTE_NOW - ago * MINUTE, points[ago]?.[which] ?? 0] as const);
  return {
    kind: 'real-time' as const,
    variants: [{ variant: 'AllTraffic', invocations: series(0), concurrency: series(1) }],
  };
}

describe('judgeLongWork', () => {
  it('needs no waiting for what short requests explain', () => {
    expect(judgeLongWork(NOW, use({}), 3)).toBe('none');
    expect(judgeLongWork(NOW, use({ 3: [120, 4], 2: [120, 4] }), 3)).toBe('none');
    expect(judgeLongWork(NOW, use({ 5: [0, 9], 6: [0, 9] }), 3), 'over by now').toBe('none');
  });

  it('sees what lasts longer than the invocations around it', () => {
    expect(judgeLongWork(NOW, use({ 7: [1, 1], 6: [0, 1], 5: [0, 1], 4: [0, 1], 3: [0, 1], 2: [0, 1] }), 1)).toBe(
      'some',
    );
    expect(judgeLongWork(NOW, use({ 4: [2, 20], 3: [2, 20], 2: [2, 20] }), 1), 'among short ones').toBe('some');
    expect(judgeLongWork(NOW, use({ 4: [1, 1], 3: [1, 1], 2: [1, 1] }), 4), 'one on each of four').toBe('some');
  });

  it('never calls unknown none', () => {
    expect(judgeLongWork(NOW, undefined, 1)).toBe('unknown');
    const variants = [{ variant: 'AllTraffic', invocations: [], concurrency: [] }];
    expect(judgeLongWork(NOW, { kind: 'real-time', variants }, 1)).toBe('unknown');
    expect(judgeLongWork(NOW, { kind: 'real-time', variants: [] }, 1)).toBe('unknown');
  });
});

const input = (more: Partial<HoldInput> = {}): HoldInput => ({
  now: NOW,
  held: {},
  desired: 3,
  min: 1,
  mayLower: true,
  work: undefined,
  ...more,
});

describe('holdScaleIn', () => {
  it('holds back without looking where there is nothing to take, or nothing may be taken', () => {
    for (const more of [{ desired: 1 }, { mayLower: false }]) {
      const held = { since: NOW - HOUR };
      expect(holdScaleIn(input({ ...more, held }))).toEqual({ suspend: true, needsWork: false, held: {} });
    }
  });

  it('lets go on only while nothing is in flight', () => {
    expect(holdScaleIn(input())).toMatchObject({ suspend: true, needsWork: true });
    expect(holdScaleIn(input({ work: 'none', held: { since: NOW - HOUR } }))).toEqual({
      suspend: false,
      needsWork: false,
      held: {},
    });
    for (const work of ['some', 'unknown'] as const) {
      expect(holdScaleIn(input({ work }))).toEqual({ suspend: true, needsWork: false, held: { since: NOW } });
      expect(holdScaleIn(input({ work, held: { since: NOW - 9 * DAY, toldAt: NOW - HOUR } }))).toMatchObject({
        suspend: true,
        held: { since: NOW - 9 * DAY, toldAt: NOW - HOUR },
      });
    }
  });

  it('lets go on for a while after atMost, until an instance went, and then waits anew', () => {
    const waited = input({ work: 'some', atMost: HOUR, held: { since: NOW - HOUR } });
    const { suspend, held } = holdScaleIn(waited);
    expect({ suspend, held }).toEqual({
      suspend: false,
      held: { since: NOW - HOUR, open: { since: NOW, desired: 3 } },
    });
    const next = { ...waited, held, now: NOW + 5 * MINUTE, work: undefined };
    expect(holdScaleIn(next)).toEqual({ suspend: false, needsWork: false, held });
    expect(holdScaleIn({ ...next, desired: 2, work: 'some' })).toEqual({
      suspend: true,
      needsWork: false,
      held: { since: NOW + 5 * MINUTE },
    });
    expect(holdScaleIn({ ...next, now: NOW + 20 * MINUTE, work: 'some' }).suspend, 'nothing went').toBe(true);
  });

  it('is told daily', () => {
    expect(isTimeToTell({}, NOW)).toBe(false);
    expect(isTimeToTell({ since: NOW - DAY + 1 }, NOW)).toBe(false);
    expect(isTimeToTell({ since: NOW - DAY }, NOW)).toBe(true);
    expect(isTimeToTell({ since: NOW - 3 * DAY, toldAt: NOW - HOUR }, NOW)).toBe(false);
    expect(isTimeToTell({ since: NOW - 3 * DAY, toldAt: NOW - DAY }, NOW)).toBe(true);
  });
});

describe('suspensionWanted', () => {
  const nothing = { in: false, out: false, scheduled: false };
  it.each([
    ['is the rung’s without a hold', { byRung: { ...nothing, out: true } }, { ...nothing, out: true }],
    ['is nobody’s of ours without either', {}, undefined],
    ['adds to the rung’s', { byRung: { ...nothing, out: true }, hold: true }, { ...nothing, in: true, out: true }],
    ['does not end the rung’s', { byRung: { ...nothing, in: true }, hold: false }, { ...nothing, in: true }],
    [
      'leaves a person’s',
      { hold: false, now: { in: true, out: true, scheduled: true } },
      { in: false, out: true, scheduled: true },
    ],
    [
      'ends what was held before',
      { heldBefore: true, now: { ...nothing, in: true, out: true } },
      { ...nothing, out: true },
    ],
  ])('%s', (_, more, expected) => {
    const given = { byRung: undefined, hold: undefined, heldBefore: false, now: undefined, ...more };
    expect(suspensionWanted(given)).toEqual(expected);
  });
});
