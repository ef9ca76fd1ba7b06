import { describe, expect, it } from 'vitest';
import { createZone, listDays } from '../../report/zone.ts';

const at = (text: string): number => Date.parse(text);

describe('days of a run', () => {
  it('begin at local midnight, and know when the clock was changed', () => {
    const days = listDays(at('2026-03-27T23:00:00Z'), at('2026-03-30T22:00:00Z'), 'Europe/Berlin');
    expect(days.map((day) => [day.label, (day.to - day.from) / 3_600_000, day.shift, day.weekend])).toEqual([
      ['Sat 28 Mar', 24, 0, true],
      ['Sun 29 Mar', 23, 1, true],
      ['Mon 30 Mar', 24, 0, false],
    ]);
  });

  it('are cut to the run and leave no gap', () => {
    const from = at('2026-10-24T10:10:00Z');
    const to = at('2026-10-26T07:50:00Z');
    const days = listDays(from, to, 'Asia/Kathmandu');
    expect(days[0]?.from).toBe(from);
    expect(days.at(-1)?.to).toBe(to);
    for (const [index, day] of days.slice(1).entries()) expect(day.from).toBe(days[index]?.to);
    expect(days.map((day) => day.label)).toEqual(['Sat 24 Oct', 'Sun 25 Oct', 'Mon 26 Oct']);
  });

  it('know a clock that goes back', () => {
    const days = listDays(at('2026-10-24T22:00:00Z'), at('2026-10-25T23:00:00Z'), 'Europe/Berlin');
    expect(days.map((day) => [day.label, day.shift])).toEqual([['Sun 25 Oct', -1]]);
  });
});

describe('times', () => {
  it('are read in the zone', () => {
    expect(createZone('Europe/Berlin').stamp(at('2026-03-29T01:00:00Z'))).toBe('Sun 29 Mar 03:00');
    expect(createZone('UTC').stamp(at('2026-03-29T01:00:00Z'))).toBe('Sun 29 Mar 01:00');
  });
});
