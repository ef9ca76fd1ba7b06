import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ComparisonRow } from '../../cli/compare-runs.ts';
import { commandsOf } from '../support/doc-commands.ts';
import { type CommandOutcome, inFolder, runHere } from './run-scenario.ts';

/**
 * docs/choosing-a-policy.md: its commands print its tables and draw its pictures. `REFRESH_DOCS=1` writes both anew; what
 * the text around them says is checked by hand, and the part that decides by a claim below.
 */

const PAGE = 'docs/choosing-a-policy.md';
const REFRESH = process.env['REFRESH_DOCS'] === '1';
/** Of the command's table; the page has no room for the others. */
const LEFT_OUT = new Set(['p50 s', 'changes']);
/** Six rehearsals of some days. */
const MINUTES_20 = 1_200_000;

type Row = (policy: string) => ComparisonRow;

/** What the text makes of a table, by the words of its command. */
const CLAIMS: readonly (readonly [RegExp, string, (row: Row) => void])[] = [
  [
    /office-hours/,
    'the calendar is ready and costs hardly more than demand alone; the script pays for a holiday and misses the evening',
    (row) => {
      const nothingLost = { tags: 0, scalingPolicies: 0 };
      expect(row('office-hours')).toMatchObject({ lateWindows: 0, windows: 3, unanswered: 0, lost: nothingLost });
      expect(row('office-hours').cold).toBeLessThan(row('by-demand').cold / 20);
      expect(row('office-hours').instanceHours / row('by-demand').instanceHours).toBeLessThan(1.03);
      expect(row('office-hours').instanceHours).toBeLessThan(row('cron').instanceHours * 0.8);
      expect(row('cron').unanswered).toBeGreaterThan(100);
    },
  ],
  [
    /bursty-api/,
    'both hold the p95 through the promotion, for less than any other that does',
    (row) => {
      const rows = ['calendar-only', 'tracking-only', 'tracking-early', 'both', 'always-on'].map(row);
      const holding = rows.filter(({ worstHour, unanswered }) => (worstHour ?? 60) < 1 && unanswered === 0);
      const cheapest = holding.toSorted((a, b) => a.instanceHours - b.instanceHours)[0];
      expect(cheapest?.policy).toBe('both');
      expect(row('calendar-only').unanswered).toBeGreaterThan(0);
      expect(row('tracking-only').worstHour).toBeGreaterThan(30);
      expect(row('tracking-early').instanceHours / row('both').instanceHours).toBeGreaterThan(1.25);
    },
  ],
  [
    /async-transcription/,
    'a sized wake from zero costs half of never at zero and is as fast; the step policy costs time, the script the evening',
    (row) => {
      const sized = row('async-transcription');
      expect(sized).toMatchObject({ unanswered: 0, lateWindows: 0, windows: 1 });
      expect(row('never-at-zero').instanceHours / sized.instanceHours).toBeGreaterThan(1.9);
      expect(sized.instanceHours / row('always-on').instanceHours).toBeLessThan(0.56);
      expect(sized.worstHour ?? 0).toBeLessThanOrEqual((row('never-at-zero').worstHour ?? 0) + 60);
      expect((row('by-step-policy').worstHour ?? 0) - (sized.worstHour ?? 0)).toBeGreaterThan(5 * 60);
      expect(row('by-step-policy').instanceHours / sized.instanceHours).toBeCloseTo(1, 1);
      expect(row('always-on').worstHour ?? 0).toBeGreaterThan(90 * 60);
      expect(row('cron').unanswered, 'the whole evening').toBe(100);
    },
  ],
  [
    /batch-at-night/,
    'the calendar is ready and stays; a script is cheaper only where it cuts the long night off',
    (row) => {
      const parked = row('batch-at-night');
      expect(parked).toMatchObject({ unanswered: 0, lateWindows: 0, windows: 2, lost: { tags: 0 } });
      expect(parked.instanceHours / row('always-on').instanceHours).toBeLessThan(0.2);
      expect(row('by-demand').instanceHours / parked.instanceHours).toBeGreaterThan(0.95);
      expect(row('by-demand').unanswered).toBeGreaterThan(1000);
      expect(row('tracking-only').instanceHours / parked.instanceHours).toBeGreaterThan(3);
      expect(row('tracking-only').unanswered).toBeGreaterThan(0);
      expect(row('cron/mon-sun/00:45-04:00').unanswered / parked.requests).toBeGreaterThan(0.25);
      const patient = row('cron/mon-sun/00:45-06:30');
      expect(patient).toMatchObject({ unanswered: 0, lost: { tags: 1 } });
      expect(patient.instanceHours / parked.instanceHours).toBeGreaterThan(1.25);
    },
  ],
  [
    /llm-streams/,
    'whoever waits for quiet cuts nobody; a bound halves what is cut; a park makes the wait affordable',
    (row) => {
      const [quiet, parked] = [row('llm-streams'), row('parked-at-night')];
      for (const waiting of [quiet, parked]) expect(waiting).toMatchObject({ unanswered: 0, lateWindows: 0 });
      expect(parked.instanceHours / quiet.instanceHours).toBeLessThan(0.77);
      const [bounded, atOnce] = [row('bounded'), row('at-once')];
      expect(bounded.unanswered).toBeGreaterThan(0);
      expect(bounded.unanswered).toBeLessThanOrEqual(atOnce.unanswered / 2);
      expect(atOnce.instanceHours).toBeLessThan(bounded.instanceHours);
      expect(row('cron')).toMatchObject({ unanswered: 0, lost: { scalingPolicies: 1 } });
      expect(row('cron').instanceHours).toBeLessThan(parked.instanceHours);
    },
  ],
];

it.each(['Office hours', 'A bursty API', 'Asynchronous requests', 'A batch at night', 'Streams of a language model'])(
  '%s has an example, a command, a picture and a table',
  (workload) => {
    const page = readFileSync(PAGE, 'utf8');
    const [, section = ''] = page.split(`\n## ${workload}\n`);
    const [own = ''] = section.split('\n## ');
    expect(own).toMatch(
      /\]\(\.\.\/examples\/[\s\S]*```sh\nnpx endpoint-scaler compare [\s\S]*!\[[\s\S]*\n\| policy \|/,
    );
  },
);

describe.each(commandsOf(PAGE))('%s', (command) => {
  let outcome: CommandOutcome;
  let rows: readonly ComparisonRow[] = [];
  let drawn: string | undefined;
  const picture = / --picture (\S+)/.exec(command)?.[1];

  beforeAll(async () => {
    await inFolder({}, async (out) => {
      const quoted = command.replace('npx endpoint-scaler ', '').matchAll(/'([^']*)'|(\S+)/g);
      const words = [...quoted].map(([, inQuotes, bare]) => inQuotes ?? bare ?? '');
      const args = words.map((word) => (word === picture ? `${out}/picture.svg` : word));
      outcome = await runHere([...args, '--json', `${out}/rows.json`], process.cwd());
      rows = (JSON.parse(readFileSync(`${out}/rows.json`, 'utf8')) as { rows: ComparisonRow[] }).rows;
      drawn = picture === undefined ? undefined : readFileSync(`${out}/picture.svg`, 'utf8');
    });
    if (!REFRESH) return;
    if (picture !== undefined) writeFileSync(picture, drawn ?? '');
    writeFileSync(PAGE, withTable(readFileSync(PAGE, 'utf8'), command, tableOf(outcome.stdout)));
  }, MINUTES_20);

  it('prints the table of the page', () => {
    expect(outcome.exitCode, outcome.stderr).toBe(0);
    expect(readFileSync(PAGE, 'utf8'), 'REFRESH_DOCS=1 writes it anew').toContain(tableOf(outcome.stdout));
  });

  it.runIf(picture !== undefined)('draws the picture of the page', () => {
    expect(readFileSync(PAGE, 'utf8')).toContain(`](${picture?.replace('docs/', '')})`);
    expect(drawn, 'REFRESH_DOCS=1 draws it anew').toBe(readFileSync(picture ?? '', 'utf8'));
  });

  it('shows what the text makes of it', () => {
    const [, words = '', claim] = CLAIMS.find(([pattern]) => pattern.test(command)) ?? [];
    expect(words, 'a row of CLAIMS for each command').not.toBe('');
    claim?.((policy) => {
      const found = rows.find((row) => row.policy === policy);
      if (found === undefined) throw new Error(`no row ${policy}`);
      return found;
    });
  });
});

/** What the command prints, as a table of the page. */
function tableOf(stdout: string): string {
  const [head = [], ...lines] = stdout
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/ {2,}/));
  const kept = head.flatMap((name, column) => (LEFT_OUT.has(name) ? [] : [column]));
  const toLine = (cells: readonly string[]) => `| ${kept.map((column) => cells[column]).join(' | ')} |`;
  return [toLine(head), `|${kept.map(() => '---').join('|')}|`, ...lines.map(toLine)].join('\n');
}

/** The page with this table after the command, in the place of the one that is there. */
function withTable(page: string, command: string, table: string): string {
  const at = page.indexOf(command);
  const before = page.slice(0, at);
  const after = page.slice(at).replace(/\| policy \|[^\n]*(?:\n\|[^\n]*)*/, table);
  return before + after;
}
