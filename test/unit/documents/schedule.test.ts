import { describe, expect, test } from 'vitest';
import { parseSchedule } from '../../../shared/documents/index.ts';
import { formatDate } from '../../../shared/documents/values.ts';
import { windowsBetween } from '../../../shared/documents/windows.ts';
import { must, OFFICE, problemsOf } from './support.ts';

/** Windows that touch a span of UTC, as text. */
function windows(document: object, from: string, until: string): string[] {
  const schedule = must(parseSchedule('test', { timezone: 'Europe/Berlin', ...document }));
  const short = (instant: number) => new Date(instant).toISOString().slice(5, 16);
  return windowsBetween(schedule, Date.parse(from), Date.parse(until)).map(
    ({ begin, end }) => `${short(begin)} ${short(end)}`,
  );
}

describe('windows', () => {
  test('the example of the design: weekdays, Saturday, holidays, closed range, extra', () => {
    expect(windows(OFFICE, '2026-04-01', '2026-04-08')).toEqual([
      '04-01T06:00 04-01T17:00',
      '04-02T06:00 04-02T17:00',
      // Good Friday is closed, Easter Monday too.
      '04-04T08:00 04-04T12:00',
      '04-07T06:00 04-07T17:00',
    ]);
    // 08:00 to 19:00 on the 27th lies within the extra window; the 28th is a Saturday.
    expect(windows(OFFICE, '2026-11-26T12:00Z', '2026-11-29')).toEqual([
      '11-26T07:00 11-26T18:00',
      '11-26T23:00 11-28T05:00',
      '11-28T09:00 11-28T13:00',
    ]);
    expect(windows(OFFICE, '2026-12-23', '2027-01-05')).toEqual([
      '12-23T07:00 12-23T18:00',
      '01-02T09:00 01-02T13:00',
      '01-04T07:00 01-04T18:00',
    ]);
  });

  test('overnight: a window belongs to the date on which it begins', () => {
    const open = [{ days: 'fri', from: '22:00', to: '06:00' }];
    expect(windows({ open }, '2026-06-01', '2026-06-08')).toEqual(['06-05T20:00 06-06T04:00']);
    // The closed Saturday takes nothing from Friday's window, the closed Friday takes all of it.
    expect(windows({ open, closed: ['2026-06-06'] }, '2026-06-01', '2026-06-08')).toHaveLength(1);
    expect(windows({ open, closed: ['2026-06-05'] }, '2026-06-01', '2026-06-08')).toEqual([]);
  });

  test('a window crosses the end of the week, and the year', () => {
    const open = [{ days: 'sun', from: '20:00', to: '08:00' }];
    expect(windows({ open }, '2027-01-03', '2027-01-05')).toEqual(['01-03T19:00 01-04T07:00']);
    expect(windows({ open: [{ days: 'thu', from: '23:00', to: '01:00' }] }, '2026-12-31', '2027-01-02')).toEqual([
      '12-31T22:00 01-01T00:00',
    ]);
  });

  test('overlapping and abutting windows are one', () => {
    const open = [
      { days: 'mon', from: '08:00', to: '12:00' },
      { days: 'mon', from: '12:00', to: '14:00' },
      { days: 'mon', from: '13:00', to: '16:00' },
      { days: 'mon', from: '09:00', to: '10:00' },
      { days: 'mon', from: '20:00', to: '24:00' },
      { days: 'tue', from: '00:00', to: '02:00' },
    ];
    expect(windows({ open }, '2026-06-01', '2026-06-03')).toEqual([
      '06-01T06:00 06-01T14:00',
      '06-01T18:00 06-02T00:00',
    ]);
  });

  test('days: a list, and absent for every day', () => {
    const count = (days: unknown) =>
      windows({ open: [{ days, from: '08:00', to: '09:00' }] }, '2026-06-01', '2026-06-08').length;
    expect(count(['mon', 'wed-fri'])).toBe(4);
    expect(count('mon, wed')).toBe(2);
    expect(windows({ open: [{ from: '08:00', to: '09:00' }] }, '2026-06-01', '2026-06-08')).toHaveLength(7);
  });

  test('spring: an edge in the gap is the first instant after it', () => {
    const at = (from: string, to: string) =>
      windows({ open: [{ days: 'sun', from, to }] }, '2026-03-28T12:00Z', '2026-03-30');
    expect(at('02:30', '05:00')).toEqual(['03-29T01:00 03-29T03:00']);
    expect(at('00:30', '02:30')).toEqual(['03-28T23:30 03-29T01:00']);
    // Both edges fall on one instant: no window.
    expect(at('02:15', '02:45')).toEqual([]);
    expect(at('02:00', '03:00')).toEqual([]);
  });

  test('autumn: the first occurrence for a begin, the last for an end', () => {
    const at = (from: string, to: string) =>
      windows({ open: [{ days: 'sun', from, to }] }, '2026-10-24T12:00Z', '2026-10-26');
    expect(at('02:30', '05:00')).toEqual(['10-25T00:30 10-25T04:00']);
    expect(at('00:30', '02:30')).toEqual(['10-24T22:30 10-25T01:30']);
    expect(at('02:00', '03:00')).toEqual(['10-25T00:00 10-25T02:00']);
    expect(at('00:30', '02:00')).toEqual(['10-24T22:30 10-25T01:00']);
  });

  test('a date that a zone skipped has no whole-day window', () => {
    const open = [{ days: 'fri', from: '08:00', to: '19:00' }];
    // Samoa went from Thursday the 29th to Saturday the 31st.
    expect(windows({ timezone: 'Pacific/Apia', open }, '2011-12-28', '2012-01-03')).toEqual([]);
    expect(windows({ timezone: 'Pacific/Apia', open }, '2011-12-21', '2011-12-27')).toHaveLength(1);
  });

  test('extra windows beat closed days and need no weekly ones', () => {
    const document = {
      closed: ['2026-06-01..2026-06-30'],
      extra: [{ from: '2026-06-03T10:00', to: '2026-06-05T24:00' }],
    };
    expect(windows(document, '2026-06-01', '2026-06-30')).toEqual(['06-03T08:00 06-05T22:00']);
    expect(windows({}, '2026-06-01', '2026-06-30')).toEqual([]);
  });
});

test('holidays say how far they reach', () => {
  const { holidaysUntil } = must(parseSchedule('office', OFFICE));
  expect(formatDate(holidaysUntil!)).toBe('2028-12-31');
});

test('the hash follows the content, not its order', () => {
  const hash = (document: unknown) => must(parseSchedule('office', document)).hash;
  const { timezone, ...rest } = OFFICE;
  expect(hash({ ...rest, timezone })).toBe(hash(OFFICE));
  expect(hash({ ...OFFICE, extra: [] })).not.toBe(hash(OFFICE));
  expect(hash({ ...OFFICE, open: OFFICE.open.toReversed() })).not.toBe(hash(OFFICE));
});

describe('problems', () => {
  const problems = (document: object) => problemsOf(parseSchedule('office', { timezone: 'UTC', ...document }));
  const DAYS = 'days of mon, tue, wed, thu, fri, sat, sun: one, a range like mon-fri (may wrap, fri-mon), or a list';
  const CLOSED = 'a date like 2026-12-24, a range like 2026-12-24..2027-01-01 (not backwards), or { holidays: DE-BE }';
  const LOCAL = 'a local date and time without an offset, like 2026-11-27T00:00';

  test.each<[string, object, string]>([
    [
      'unknown zone',
      { timezone: 'Europe/Berln' },
      'timezone: Europe/Berln: an IANA time zone like Europe/Berlin (did you mean Europe/Berlin?)',
    ],
    ['offset for a zone', { timezone: '+01:00' }, 'timezone: +01:00: an IANA time zone like Europe/Berlin'],
    ['wrong type', { timezone: 1 }, 'timezone: 1: an IANA time zone like Europe/Berlin'],
    [
      'unknown field',
      { opened: [] },
      'opened: []: unknown field; one of the fields timezone, open, closed, extra, tier (did you mean open?)',
    ],
    ['no list', { open: {} }, 'open: {}: a list of windows, { days, from, to }'],
    ['null', { open: null }, 'open: null: a list of windows, { days, from, to }'],
    ['no window', { open: ['08:00'] }, 'open[0]: 08:00: an object with fields of days, from, to'],
    [
      'missing end',
      { open: [{ from: '08:00' }] },
      'open[0].to: nothing: required: a local time from "00:00" to "24:00"',
    ],
    [
      'equal ends',
      { open: [{ from: '08:00', to: '08:00' }] },
      'open[0].to: 08:00: a time other than `from`: equal ends are no window (a whole day is 00:00 to 24:00)',
    ],
    [
      '24:00 as a begin',
      { open: [{ from: '24:00', to: '08:00' }] },
      'open[0].from: 24:00: a local time from "00:00" to "23:59"',
    ],
    [
      'number for a time',
      { open: [{ from: 800, to: '09:00' }] },
      'open[0].from: 800: a local time from "00:00" to "23:59"',
    ],
    [
      'short time',
      { open: [{ from: '8:00', to: '09:00' }] },
      'open[0].from: 8:00: a local time from "00:00" to "23:59"',
    ],
    [
      'unknown day',
      { open: [{ days: 'mon-fryday', from: '08:00', to: '09:00' }] },
      `open[0].days: mon-fryday: ${DAYS}`,
    ],
    [
      'day range onto itself',
      { open: [{ days: 'mon-mon', from: '08:00', to: '09:00' }] },
      `open[0].days: mon-mon: ${DAYS}`,
    ],
    ['empty list of days', { open: [{ days: [], from: '08:00', to: '09:00' }] }, `open[0].days: []: ${DAYS}`],
    ['date that does not exist', { closed: ['2026-02-30'] }, `closed[0]: 2026-02-30: ${CLOSED}`],
    ['range backwards', { closed: ['2027-01-01..2026-12-24'] }, `closed[0]: 2027-01-01..2026-12-24: ${CLOSED}`],
    [
      'local date with an offset',
      { extra: [{ from: '2026-11-27T00:00Z', to: '2026-11-28T00:00' }] },
      `extra[0].from: 2026-11-27T00:00Z: ${LOCAL}`,
    ],
    [
      'extra backwards',
      { extra: [{ from: '2026-11-27T00:00', to: '2026-11-27T00:00' }] },
      'extra[0].to: 2026-11-27T00:00: a local date and time after `from`',
    ],
    [
      'uncompiled holidays',
      { closed: [{ holidays: 'DE-BE' }] },
      'closed[0]: {"holidays":"DE-BE"}: compiled holidays, { holidays, dates, until }: apply the document with the endpoint-scaler command, which adds the dates',
    ],
    [
      'holidays of no place',
      { closed: [{ holidays: 'Berlin', dates: [], until: '2028-12-31' }] },
      'closed[0].holidays: Berlin: a country, with its state and region where it has them, like DE or DE-BE',
    ],
    ['tier', { tier: 'free' }, 'tier: free: standard or advanced'],
  ])('%s', (_, document, expected) => {
    expect(problems(document)).toEqual([expected]);
  });

  test.each([[null], [[]], ['office'], [42]])('%j is no schedule', (value) => {
    const expected = `document: ${typeof value === 'string' ? value : JSON.stringify(value)}: an object with fields of timezone, open, closed, extra, tier`;
    expect(problemsOf(parseSchedule('office', value))).toEqual([expected]);
  });

  test('all of them at once', () => {
    const document = {
      opn: 1,
      cloced: 2,
      open: [{ from: '08:00', to: '08:00', x: 1 }, { days: 'xyz' }],
      closed: [1, 2],
    };
    expect(problemsOf(parseSchedule('Office', document)).map((line) => line.split(':')[0])).toEqual([
      'name',
      'timezone',
      'open[0].x',
      'open[1].days',
      'open[1].from',
      'open[1].to',
      'closed[0]',
      'closed[1]',
      'opn',
      'cloced',
    ]);
  });

  test('4,096 bytes are free, more must be said', () => {
    const closed = Array.from({ length: 330 }, (_, index) => formatDate(20_000 + index));
    expect(problems({ closed })).toEqual([
      'document: 4319 bytes: at most 4096 bytes as JSON: a free SSM parameter holds no more (tier: advanced, which costs, takes 8192)',
    ]);
    expect(problems({ closed, tier: 'advanced' })).toEqual([]);
    const more = [...closed, ...closed];
    expect(problems({ closed: more, tier: 'advanced' })[0]).toMatch(
      /^document: 86\d\d bytes: at most 8192 bytes as JSON: no SSM parameter holds more$/,
    );
  });

  test('hostile documents end in problems', () => {
    const window = { from: '08:00', to: '09:00' };
    expect(problems({ open: Array.from({ length: 50_000 }, () => window) })).toHaveLength(2);
    let nested: unknown = [];
    for (let depth = 0; depth < 1_000; depth += 1) nested = [nested];
    expect(problems({ open: nested })).toHaveLength(1);
    expect(problems(JSON.parse('{"__proto__": {"timezone": "UTC"}, "constructor": 1}') as object)).toHaveLength(2);
  });
});
