import { describe, expect, it } from 'vitest';
import { formatCount, formatHours, formatMoney, formatSeconds, formatShare } from '../../report/format.ts';

describe('numbers as people read them', () => {
  it.each([
    [formatCount(0), '0'],
    [formatCount(1_234_567), '1,234,567'],
    [formatCount(-0.2), '0'],
    [formatCount(-1_500), '−1,500'],
    [formatHours(0.44), '0.4'],
    [formatHours(9.96), '10'],
    [formatShare(0, 5), '0 %'],
    [formatShare(1, 0), '–'],
    [formatShare(1, 1_000_000), '< 0.01 %'],
    [formatShare(2, 10_000), '0.02 %'],
    [formatShare(86, 1_000), '8.6 %'],
    [formatMoney(null), 'unknown'],
    [formatMoney(-0.001), '$0.00'],
    [formatMoney(-12.345), '−$12.35'],
    [formatMoney(4_141.39), '$4,141'],
    [formatSeconds(49), '49 s'],
    [formatSeconds(2_002), '33 min'],
    [formatSeconds(7_260), '2 h 1 min'],
  ])('%s', (shown, expected) => {
    expect(shown).toBe(expected);
  });
});
