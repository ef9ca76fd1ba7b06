import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseScenario } from '../../rehearsal/scenario.ts';
import { explainReason } from '../../report/reasons.ts';
import { parsePolicy, parseSchedule } from '../../shared/documents/index.ts';

const PAGES = [
  'README.md',
  'docs/policies.md',
  'docs/scenarios.md',
  'docs/architecture.md',
  'docs/with-other-tools.md',
  'docs/operations.md',
  'docs/quotas-and-tuning.md',
  'docs/cost.md',
  'docs/choosing-a-policy.md',
  'examples/README.md',
  ...readdirSync('examples', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `examples/${name}/README.md`),
];

interface Example {
  readonly page: string;
  readonly line: number;
  readonly text: string;
}

function listExamples(page: string): Example[] {
  const markdown = readFileSync(page, 'utf8');
  return [...markdown.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => ({
    page,
    line: markdown.slice(0, match.index).split('\n').length,
    text: match[1] ?? '',
  }));
}

const examples = PAGES.flatMap(listExamples);
const problemsOf = (parsed: { readonly ok: boolean; readonly problems?: unknown }): unknown =>
  parsed.ok ? [] : parsed.problems;

/** Holidays are compiled by the command before a schedule is parsed. */
function withoutHolidays(value: { closed?: unknown[] }): unknown {
  const dated = (value.closed ?? []).filter((entry) => typeof entry === 'string');
  return value.closed === undefined ? value : { ...value, closed: dated };
}

describe('examples in the documentation', () => {
  it('are there', () => {
    expect(examples.length).toBeGreaterThan(6);
  });

  it.each(examples)('$page:$line is valid', ({ text }) => {
    const value = parse(text) as Record<string, unknown>;
    if ('start' in value) expect(problemsOf(parseScenario(text, 'example.yaml', () => undefined))).toEqual([]);
    else if ('timezone' in value) expect(problemsOf(parseSchedule('example', withoutHolidays(value)))).toEqual([]);
    else if ('diurnal' in value) {
      const traffic = JSON.stringify(value);
      const scenario = `start: 2026-03-23T00:00:00+01:00\nendpoints: { a: { kind: real-time, instanceType: ml.m5.xlarge, traffic: ${traffic} } }`;
      expect(problemsOf(parseScenario(scenario, 'example.yaml', () => undefined))).toEqual([]);
    } else expect(problemsOf(parsePolicy('example', value))).toEqual([]);
  });

  it.each(PAGES)('%s links to nothing that is missing', (page) => {
    const links = [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1] ?? '');
    expect(links.filter((link) => !existsSync(join(dirname(page), link)))).toEqual([]);
  });
});

describe('the demo', () => {
  it('is a valid scenario with its schedules and policies', () => {
    const file = 'rehearsal/demo/fleet.yaml';
    const read = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
    expect(problemsOf(parseScenario(readFileSync(file, 'utf8'), file, read))).toEqual([]);
  });

  it('shows a code that nobody put into words as it is', () => {
    expect(explainReason('constructor')).toBe('constructor');
  });
});
