import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatDate,
  formatDuration,
  formatLocalTime,
  parseDate,
  parseDays,
  parseDuration,
  parseInstant,
  parseLocalTime,
  parseOffset,
  weekdayOf,
} from '../../../shared/documents/values.ts';

describe('durations', () => {
  test.each([
    ['1d2h3m4s5ms', 93_784_005],
    ['14d', 336 * 3_600_000],
    ['500ms', 500],
    ['5m', 300_000],
    ['5m5ms', 300_005],
    ['90m', 5_400_000],
    ['0s', 0],
  ])('%s', (input, expected) => {
    expect(parseDuration(input)).toBe(expected);
  });

  test.each(['', '5', '1h1d', '1m1m', '1.5h', '-5m', '5 m', '5M', '+5m', '1w', '1234567890d', '5m '])(
    '%j is none',
    (input) => {
      expect(parseDuration(input)).toBeUndefined();
    },
  );

  test('what is formatted reads back', () => {
    fc.assert(
      fc.property(fc.nat(10 ** 12), (duration) => {
        expect(parseDuration(formatDuration(duration))).toBe(duration);
      }),
    );
  });

  test.each([
    ['+26h30m', 95_400_000],
    ['26h', undefined],
    ['+', undefined],
    ['++1h', undefined],
  ])('offset %s', (input, expected) => {
    expect(parseOffset(input)).toBe(expected);
  });
});

test.each([
  ['2026-03-23T00:00:00+01:00', '2026-03-22T23:00:00.000Z'],
  ['2026-03-23T00:00Z', '2026-03-23T00:00:00.000Z'],
  ['2026-03-23T00:00:00.250-09:30', '2026-03-23T09:30:00.250Z'],
])('instant %s', (input, expected) => {
  expect(new Date(parseInstant(input)!).toISOString()).toBe(expected);
});

test.each([
  '2026-03-23T00:00:00',
  '2026-03-23',
  '2026-02-30T00:00:00Z',
  '2026-03-23T24:00:00Z',
  '2026-03-23T12:60:00Z',
  '2026-03-23T12:00:60Z',
  '2026-03-23T12:00:00+24:00',
  '2026-03-23 12:00:00Z',
])('%s is no instant', (input) => {
  expect(parseInstant(input)).toBeUndefined();
});

test.each([
  ['2026-12-24', 20_811],
  ['1970-01-01', 0],
  ['2028-02-29', 21_243],
  ['2026-02-29', undefined],
  ['2026-13-01', undefined],
  ['0070-01-01', undefined],
  ['2026-1-1', undefined],
])('date %s', (input, expected) => {
  expect(parseDate(input)).toBe(expected);
  if (expected !== undefined) expect(formatDate(expected)).toBe(input);
});

test('local times never carry an offset', () => {
  expect(formatLocalTime(parseLocalTime('2026-11-27T06:30')!)).toBe('2026-11-27T06:30');
  expect(formatLocalTime(parseLocalTime('2026-11-27T24:00')!)).toBe('2026-11-28T00:00');
  expect(parseLocalTime('2026-11-27T06:30Z')).toBeUndefined();
  expect(parseLocalTime('2026-11-27T06:30+01:00')).toBeUndefined();
  expect(parseLocalTime('2026-02-30T06:30')).toBeUndefined();
});

test.each([
  ['mon-fri', 0b0011111],
  ['fri-mon', 0b1110001],
  ['sat', 0b0100000],
  ['mon,wed-thu', 0b0001101],
  ['sun-sat', 0b1111111],
  ['mon-mon', undefined],
  ['monday', undefined],
  ['mon-', undefined],
  ['mon-tue-wed', undefined],
  ['', undefined],
])('days %j', (input, expected) => {
  expect(parseDays(input)).toBe(expected);
});

test('weekdays count from Monday, before 1970 too', () => {
  expect(weekdayOf(parseDate('2026-03-23')!)).toBe(0);
  expect(weekdayOf(0)).toBe(3);
  expect(weekdayOf(-1)).toBe(2);
});
