import { describe, expect, test } from 'vitest';
import { compileHolidays, compileScheduleHolidays, needsHolidays } from '../../../shared/documents/holidays.ts';
import type { Problem } from '../../../shared/documents/index.ts';
import {
  compareProblems,
  formatProblem,
  parsePolicy,
  parseSchedule,
  readJson,
} from '../../../shared/documents/index.ts';
import { nearest, showValue } from '../../../shared/documents/problem.ts';
import { MAX_SOURCE_BYTES, parseYaml } from '../../../shared/documents/yaml.ts';
import { must, problemsOf } from './support.ts';

const lines = (problems: readonly Problem[]) => [...problems].sort(compareProblems).map(formatProblem);

describe('YAML', () => {
  test('08:00, no and dates stay text', () => {
    const { value } = must(parseYaml('a.yaml', 'from: 08:00\nflag: no\nday: 2026-12-24\ncount: 3\n'));
    expect(value).toEqual({ from: '08:00', flag: 'no', day: '2026-12-24', count: 3 });
  });

  test('problems carry the line and column of the value, of the key where the key is wrong', () => {
    const source = must(
      parseYaml(
        'schedules/office.yaml',
        `# office
timezone: Europe/Berln
opn: 1
open:
  - { days: mon-fri, from: 08:00, to: 19:00 }
  - { days: mon-fri, from: 08:00, to: 8:00, x: 1 }
  - to: "10:00"
extra:
`,
      ),
    );
    const parsed = parseSchedule('office', source.value);
    expect(parsed.ok ? [] : lines(source.place(parsed.problems))).toEqual([
      'schedules/office.yaml:2:11: timezone: Europe/Berln: an IANA time zone like Europe/Berlin (did you mean Europe/Berlin?)',
      'schedules/office.yaml:3:1: opn: 1: unknown field; one of the fields timezone, open, closed, extra, tier (did you mean open?)',
      'schedules/office.yaml:6:39: open[1].to: 8:00: a local time from "00:00" to "24:00"',
      'schedules/office.yaml:6:45: open[1].x: 1: unknown field; one of the fields days, from, to',
      'schedules/office.yaml:7:5: open[2].from: nothing: required: a local time from "00:00" to "23:59"',
      'schedules/office.yaml:8:7: extra: null: a list of one-off windows, { from, to, name }',
    ]);
  });

  test('places are found through aliases and quoted keys', () => {
    const source = must(parseYaml('p.yaml', 'capacity:\n  - &a { during: a, min: 2, max: 1 }\n  - *a\n"more": 1\n'));
    const parsed = parsePolicy('p', source.value);
    expect(parsed.ok ? [] : lines(source.place(parsed.problems)).map((line) => line.split(': ').slice(0, 2))).toEqual([
      ['p.yaml:2:26', 'capacity[0].min'],
      ['p.yaml:2:26', 'capacity[1].min'],
      ['p.yaml:4:1', 'more'],
    ]);
  });

  test('a problem that has a file already keeps its place', () => {
    const source = must(parseYaml('a.yaml', 'x: 1\n'));
    const problem = { file: 'b.yaml', line: 9, col: 9, field: 'x', value: '1', allowed: '2', path: ['x'] };
    expect(source.place([problem])).toEqual([problem]);
  });

  test.each([
    ['a: 1\na: 2\n', 'f.yaml:2:1: document: a: 2: YAML 1.2 (Map keys must be unique)'],
    ['\tx: 1', 'f.yaml:1:1: document:  x: 1: YAML 1.2 (Tabs are not allowed as indentation)'],
    [
      'a: !!js/function 1',
      'f.yaml:1:4: document: !!js/function 1: YAML 1.2 (Unresolved tag: tag:yaml.org,2002:js/function)',
    ],
    [
      'a: 1\n---\nb: 2',
      'f.yaml:2:1: document: ---: one document a file: what follows --- belongs into a file of its own',
    ],
  ])('%j', (text, expected) => {
    expect(problemsOf(parseYaml('f.yaml', text))).toEqual([expected]);
  });

  const BOMB = [
    'a: &a [1,1,1,1,1,1,1,1,1]',
    'b: &b [*a,*a,*a,*a,*a,*a,*a,*a]',
    'c: &c [*b,*b,*b,*b,*b,*b,*b,*b]',
    'd: [*c,*c,*c,*c]',
  ];
  test.each([
    ['aliases that multiply', BOMB.join('\n'), 'YAML with fewer aliases, none of which leads into itself'],
    ['an alias into itself', 'a: &a [*a]', 'YAML with fewer aliases, none of which leads into itself'],
    ['deep nesting', '['.repeat(20_000), 'YAML that is less deeply nested'],
    ['deep nesting that is closed', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'YAML that is less deeply nested'],
    ['size', `a: ${'x'.repeat(MAX_SOURCE_BYTES)}`, `a document of at most ${MAX_SOURCE_BYTES} bytes`],
  ])('hostile: %s', (_, text, allowed) => {
    const parsed = parseYaml('f.yaml', text);
    expect(parsed).toMatchObject({ ok: false, problems: [{ file: 'f.yaml', line: 1, col: 1, allowed }] });
  });
});

describe('JSON of a parameter', () => {
  test('a value, or the reason why there is none', () => {
    expect(readJson('{"a":[1]}')).toEqual({ ok: true, value: { a: [1] } });
    expect(problemsOf(readJson('{"a":'))[0]).toMatch(/^document: \{"a":: JSON \(/);
    expect(problemsOf(readJson(' '.repeat(200_000)))).toEqual(['document: 200000 characters: at most 8192 bytes']);
  });
});

describe('holidays', () => {
  // https://www.berlin.de/politik-und-verwaltung/feiertage/
  const BERLIN_2027 = ['01-01', '03-08', '03-26', '03-29', '05-01', '05-06', '05-17', '10-03', '12-25', '12-26'];

  test('Berlin, three years from the given one', () => {
    const { dates, until } = must(compileHolidays('DE-BE', 2026));
    expect(until).toBe('2028-12-31');
    expect(dates.filter((date) => date.startsWith('2027'))).toEqual(BERLIN_2027.map((day) => `2027-${day}`));
    expect([...new Set(dates.map((date) => date.slice(0, 4)))]).toEqual(['2026', '2027', '2028']);
    // The 75th anniversary of 17 June 1953, in Berlin once only.
    expect(dates).toContain('2028-06-17');
  });

  test('a region of a state has its own', () => {
    expect(must(compileHolidays('DE-BY-A', 2026)).dates).toContain('2026-08-08');
    expect(must(compileHolidays('DE-BY', 2026)).dates).not.toContain('2026-08-08');
  });

  test('holidays of several days, and substitutes at the turn of the year', () => {
    expect(must(compileHolidays('SA', 2027)).dates).toEqual(
      expect.arrayContaining(['2027-03-09', '2027-03-10', '2027-03-11', '2027-03-12']),
    );
    expect(must(compileHolidays('US', 2027)).dates).toEqual(expect.arrayContaining(['2027-12-31', '2028-01-01']));
    expect(must(compileHolidays('US', 2028)).dates).not.toContain('2027-12-31');
  });

  test.each([
    ['DE-XX', 'holidays: DE-XX: a state of DE: BB, BE, BW, BY, HB, HE, HH, MV, NI, NW, RP, SH, SL, SN, ST, TH'],
    ['DE-BY-ZZZ', 'holidays: DE-BY-ZZZ: a region of DE-BY: A, KATH, EVANG'],
    ['XX', 'holidays: XX: a country: two capital letters like DE'],
    ['de', 'holidays: de: a country: two capital letters like DE (did you mean DE?)'],
    ['SG-X', 'holidays: SG-X: no state of SG: there are none'],
  ])('%s is refused, not taken for a larger place', (place, expected) => {
    expect(problemsOf(compileHolidays(place, 2026))).toEqual([expected]);
  });

  test('a schedule is compiled in place; what has dates already keeps them', () => {
    const own = { holidays: 'DE-BE', dates: ['2026-01-01'], until: '2026-12-31' };
    const document = { timezone: 'Europe/Berlin', closed: ['2026-12-24', { holidays: 'DE-BE' }, own] };
    expect(needsHolidays(document)).toBe(true);
    const compiled = must(compileScheduleHolidays(document, 2026)) as { closed: unknown[] };
    expect(compiled.closed[1]).toMatchObject({ holidays: 'DE-BE', until: '2028-12-31' });
    expect([compiled.closed[0], compiled.closed[2]]).toEqual(['2026-12-24', own]);
    expect(needsHolidays(compiled)).toBe(false);
    expect(must(parseSchedule('office', compiled)).closed).toHaveLength(1 + 31 + 1);
    expect(document.closed[1]).toEqual({ holidays: 'DE-BE' });
  });

  test('an unknown place is named where it stands', () => {
    const parsed = compileScheduleHolidays({ closed: ['2026-12-24', { holidays: 'XX' }] }, 2026);
    expect(parsed.ok ? [] : parsed.problems.map(({ field, path }) => [field, path])).toEqual([
      ['closed[1].holidays', ['closed', 1, 'holidays']],
    ]);
  });

  test.each([[null], ['x'], [{}], [{ closed: 'x' }], [{ closed: [null, 1] }]])('%j passes through', (value) => {
    expect(compileScheduleHolidays(value, 2026)).toEqual({ ok: true, value });
  });
});

describe('problems', () => {
  test('without a place there is none in the text', () => {
    const problem = { field: 'a.b', value: '1', allowed: 'two' };
    expect(formatProblem(problem)).toBe('a.b: 1: two');
    expect(formatProblem({ ...problem, file: 'f.yaml' })).toBe('f.yaml: a.b: 1: two');
    expect(formatProblem({ ...problem, file: 'f.yaml', line: 2, col: 3, didYouMean: 'x' })).toBe(
      'f.yaml:2:3: a.b: 1: two (did you mean x?)',
    );
  });

  test('they are sorted by place', () => {
    const at = (file: string, line: number, col: number) => ({ file, line, col, field: 'f', value: '', allowed: '' });
    const sorted = [at('a', 1, 2), at('a', 1, 10), at('a', 2, 1), at('b', 1, 1)];
    expect(sorted.toReversed().sort(compareProblems)).toEqual(sorted);
  });

  test('values are shown short, on one line', () => {
    expect(showValue('a\n  b')).toBe('a b');
    expect(showValue('x'.repeat(200))).toHaveLength(80);
    expect(showValue({ a: [1] })).toBe('{"a":[1]}');
    expect([showValue(''), showValue(undefined), showValue(10n)]).toEqual(['""', 'nothing', '10']);
  });

  test.each([
    ['.nan', '.nan'],
    ['.inf', '.inf'],
    ['-.inf', '-.inf'],
    ['1e400', '.inf'],
    ['[.inf, 1]', '[".inf",1]'],
    ['null', 'null'],
    ['0.5', '0.5'],
  ])('a minimum of %s is shown as %s', (text, shown) => {
    const { value } = must(parseYaml('p.yaml', `otherwise: { min: ${text}, max: 2 }`));
    const parsed = parsePolicy('p', value);
    expect(problemsOf(parsed)[0]).toBe(`otherwise.min: ${shown}: a whole number from 0 to 100000`);
  });

  test.each([
    ['capasity', 'capacity'],
    ['cpaacity', 'capacity'],
    ['Capacity', 'capacity'],
    ['zreo', 'zero'],
    ['ab', undefined],
    ['x'.repeat(1000), undefined],
  ])('nearest to %s', (word, expected) => {
    expect(nearest(word, ['capacity', 'zero', 'wake', 'ac'])).toBe(expected);
  });
});
