import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ComparisonRow } from '../../cli/compare-runs.ts';
import { commandsOf } from '../support/doc-commands.ts';
import { type CommandOutcome, inFolder, runCommand } from './run-scenario.ts';

/**
 * docs/choosing-a-policy.md: its commands print its tables and draw its pictures. `REFRESH_DOCS=1` writes both anew; what
 * the text around them says is checked by hand, and the part that decides by a claim below.
 */

const PAGE = 'docs/choosing-a-policy.md';
const REFRESH = process.env['REFRESH_DOCS'] === '1';
/** Of the command's table; the page has no room for the others. */
const LEFT_OUT = new Set(['p50 s', 'changes']);
/** Five rehearsals of some days. */
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
];

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
      outcome = await runCommand([...args, '--json', `${out}/rows.json`], process.cwd());
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
