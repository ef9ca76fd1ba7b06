import { describe, expect, test } from 'vitest';
import { parseLocalTime } from '../../../shared/documents/values.ts';
import type { Zone } from '../../../shared/documents/zones.ts';
import { findZone, offsetAt, toInstant, toLocal, transitionsBetween } from '../../../shared/documents/zones.ts';

function zoneOf(name: string): Zone {
  const zone = findZone(name);
  if (zone === undefined) throw new Error(`${name}: no such zone`);
  return zone;
}

test.each(['Europe/Berlin', 'europe/berlin', 'UTC', 'Etc/GMT+5', 'US/Pacific', 'America/Argentina/Ushuaia'])(
  '%s is a zone',
  (name) => {
    expect(findZone(name)?.id).toBeDefined();
  },
);

test.each(['', '+01:00', 'Berlin', 'Europe/Berln', 'Europe/Berlin/Mitte', 'GMT+1', 'x'.repeat(1000), '../etc'])(
  '%j is none',
  (name) => {
    expect(findZone(name)).toBeUndefined();
  },
);

test('offsets, whole hours or not', () => {
  const offset = (name: string, at: string) => offsetAt(zoneOf(name), Date.parse(at)) / 1000;
  expect(offset('Europe/Berlin', '2026-03-29T00:59:59.999Z')).toBe(3600);
  expect(offset('Europe/Berlin', '2026-03-29T01:00:00Z')).toBe(7200);
  expect(offset('Asia/Kathmandu', '2026-01-01T00:00Z')).toBe(20_700);
  expect(offset('America/St_Johns', '2026-01-01T00:00Z')).toBe(-12_600);
  // Until 1972 Liberia's clocks were 44 min 30 s behind.
  expect(offset('Africa/Monrovia', '1971-06-01T00:00Z')).toBe(-2670);
});

describe('an edge of a window', () => {
  const at = (name: string, local: string, edge: 'begin' | 'end') =>
    new Date(toInstant(zoneOf(name), parseLocalTime(local)!, edge)).toISOString();

  test.each([
    ['an ordinary time', 'Europe/Berlin', '2026-06-01T08:00', '2026-06-01T06:00', '2026-06-01T06:00'],
    ['just before the gap', 'Europe/Berlin', '2026-03-29T01:59', '2026-03-29T00:59', '2026-03-29T00:59'],
    ['the first time of the gap', 'Europe/Berlin', '2026-03-29T02:00', '2026-03-29T01:00', '2026-03-29T01:00'],
    ['within the gap', 'Europe/Berlin', '2026-03-29T02:59', '2026-03-29T01:00', '2026-03-29T01:00'],
    ['the end of the gap', 'Europe/Berlin', '2026-03-29T03:00', '2026-03-29T01:00', '2026-03-29T01:00'],
    ['the first time of the overlap', 'Europe/Berlin', '2026-10-25T02:00', '2026-10-25T00:00', '2026-10-25T01:00'],
    ['within the overlap', 'Europe/Berlin', '2026-10-25T02:59', '2026-10-25T00:59', '2026-10-25T01:59'],
    ['the end of the overlap', 'Europe/Berlin', '2026-10-25T03:00', '2026-10-25T02:00', '2026-10-25T02:00'],
    ['half an hour', 'Australia/Lord_Howe', '2026-04-05T01:45', '2026-04-04T14:45', '2026-04-04T15:15'],
    ['a gap at midnight', 'America/Asuncion', '2023-10-01T00:30', '2023-10-01T04:00', '2023-10-01T04:00'],
    ['a date that was skipped', 'Pacific/Apia', '2011-12-30T12:00', '2011-12-30T10:00', '2011-12-30T10:00'],
  ])('%s', (_, name, local, begin, end) => {
    expect([at(name, local, 'begin'), at(name, local, 'end')]).toEqual([`${begin}:00.000Z`, `${end}:00.000Z`]);
  });
});

test('changes of the clocks in a span: after its begin, up to its end', () => {
  const zone = zoneOf('Europe/Berlin');
  const change = Date.parse('2026-03-29T01:00Z');
  const found = { at: change, before: 3_600_000, after: 7_200_000 };
  expect(transitionsBetween(zone, change - 1, change)).toEqual([found]);
  expect(transitionsBetween(zone, change, change + 1)).toEqual([]);
  expect(transitionsBetween(zone, Date.parse('2026-01-01T00:00Z'), Date.parse('2027-01-01T00:00Z'))).toHaveLength(2);
  expect(toLocal(zone, change) - change).toBe(7_200_000);
});

test('a span of centuries does not pile up in memory', () => {
  const zone = zoneOf('America/New_York');
  transitionsBetween(zone, Date.parse('1900-01-01T00:00Z'), Date.parse('2200-01-01T00:00Z'));
  expect(zone.blocks.size).toBeLessThanOrEqual(1024);
  expect(offsetAt(zone, Date.parse('2026-07-01T00:00Z'))).toBe(-4 * 3_600_000);
});
