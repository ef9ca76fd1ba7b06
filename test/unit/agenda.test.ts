import { describe, expect, test } from 'vitest';
import {
  agendaBytes,
  currentWindowBegin,
  fitAgenda,
  minimumOf,
  nextChange,
  nextRaise,
  rungAt,
  stepsFrom,
  trimAgenda,
} from '../../shared/domain/agenda.ts';
import type { Agenda, Rung } from '../../shared/domain/policy.ts';

const DAY_RUNG: Rung = { kind: 'bounds', min: 2, max: 4, during: 'day' };
const PEAK: Rung = { kind: 'bounds', min: 3, max: 6, during: 'peak' };
const ZERO: Rung = { kind: 'zero' };
const AGENDA: Agenda = {
  from: 100,
  until: 600,
  began: 40,
  rungs: [PEAK, DAY_RUNG, ZERO],
  steps: [
    [100, 2],
    [200, 1],
    [300, 0],
    [400, 1],
    [500, 2],
  ],
};

test.each([
  [99, undefined],
  [100, ZERO],
  [199, ZERO],
  [200, DAY_RUNG],
  [300, PEAK],
  [599, ZERO],
  [600, undefined],
])('the rung at %d', (instant, rung) => {
  expect(rungAt(AGENDA, instant)).toBe(rung);
});

test.each([
  [0, 100],
  [100, 200],
  [199, 200],
  [500, 600],
  [599, 600],
  [600, undefined],
])('the next change after %d', (instant, expected) => {
  expect(nextChange(AGENDA, instant)).toBe(expected);
});

test.each([
  [99, undefined],
  [150, 40],
  [200, 200],
  [399, 300],
  [450, 400],
  [600, undefined],
])('the window in force at %d began', (instant, expected) => {
  expect(currentWindowBegin(AGENDA, instant)).toBe(expected);
});

test('an agenda that does not know when its first rung began claims nothing', () => {
  const { began: _began, ...rest } = AGENDA;
  expect(currentWindowBegin(rest, 150)).toBeUndefined();
  expect(currentWindowBegin(rest, 250)).toBe(200);
});

test.each([
  [0, { at: 200, rung: DAY_RUNG, from: 0, to: 2 }],
  [199, { at: 200, rung: DAY_RUNG, from: 0, to: 2 }],
  [200, { at: 300, rung: PEAK, from: 2, to: 3 }],
  [300, undefined],
])('the next raise after %d', (instant, expected) => {
  expect(nextRaise(AGENDA, instant)).toEqual(expected);
});

test('zero and leave promise no instances', () => {
  expect([PEAK, ZERO, { kind: 'leave' } as const].map(minimumOf)).toEqual([3, 0, 0]);
});

test('spans from an instant are clipped to it and end with the agenda', () => {
  expect(stepsFrom(AGENDA, 350)).toEqual([
    { from: 350, until: 400, rung: PEAK },
    { from: 400, until: 500, rung: DAY_RUNG },
    { from: 500, until: 600, rung: ZERO },
  ]);
  expect(stepsFrom(AGENDA, 0)[0]).toEqual({ from: 100, until: 200, rung: ZERO });
  expect(stepsFrom(AGENDA, 600)).toEqual([]);
});

describe('fitting a record', () => {
  test('trimming drops the steps past the new end and never lengthens', () => {
    expect(trimAgenda(AGENDA, 300)).toMatchObject({
      until: 300,
      steps: [
        [100, 2],
        [200, 1],
      ],
    });
    expect(trimAgenda(AGENDA, 301).steps).toHaveLength(3);
    expect(trimAgenda(AGENDA, 50)).toMatchObject({ until: 100, steps: [[100, 2]] });
    expect(trimAgenda(AGENDA, 900)).toBe(AGENDA);
  });

  test('the longest that fits, but never under the least', () => {
    const all = agendaBytes(AGENDA);
    expect(fitAgenda(AGENDA, all, 100)).toBe(AGENDA);
    expect(fitAgenda(AGENDA, all - 1, 100)).toMatchObject({ until: 500, steps: { length: 4 } });
    expect(fitAgenda(AGENDA, 10, 350)).toMatchObject({ until: 350, steps: { length: 3 } });
  });
});
