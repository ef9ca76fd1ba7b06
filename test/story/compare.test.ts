import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { commandsOf } from '../support/doc-commands.ts';
import { MONDAY_UTC, realTime } from './fleet.ts';
import { type CommandOutcome, inFolder, runCommand } from './run-scenario.ts';

interface Row {
  readonly policy: string;
  readonly instanceHours: number;
  readonly p95: number;
  readonly worstHour: number;
  readonly unanswered: number;
  readonly requests: number;
}

describe('the bursty API of the examples', () => {
  const folder = 'examples/bursty-api';
  let outcome: CommandOutcome;
  let rows: ReadonlyMap<string, Row>;
  let picture = '';

  beforeAll(async () => {
    // The command of the page, its files found from another folder.
    const [command = '', ...more] = commandsOf('docs/choosing-a-policy.md');
    expect(more, 'each command of the page is run').toEqual([]);
    const words = command
      .replace('npx endpoint-scaler ', '')
      .replaceAll(folder, `${process.cwd()}/${folder}`)
      .split(' ');
    await inFolder({}, async (out) => {
      const args = [...words.slice(0, -1), 'picture.svg', '--json', 'rows.json'];
      outcome = await runCommand(args, out);
      picture = readFileSync(`${out}/picture.svg`, 'utf8');
      const document = JSON.parse(readFileSync(`${out}/rows.json`, 'utf8')) as { rows: Row[] };
      rows = new Map(document.rows.map((row) => [row.policy, row]));
    });
  });

  const row = (policy: string): Row => {
    const found = rows.get(policy);
    if (found === undefined) throw new Error(`no row ${policy}`);
    return found;
  };

  it('shows what the page claims: the calendar loses, tracking is late, both hold', () => {
    const [calendar, tracking, both] = ['calendar-only', 'tracking-only', 'both'].map(row) as [Row, Row, Row];
    expect(calendar.unanswered / calendar.requests).toBeGreaterThan(0.02);
    expect(tracking.unanswered).toBe(0);
    expect(both.unanswered).toBe(0);
    expect(tracking.worstHour).toBeGreaterThan(30);
    expect(both.worstHour).toBeLessThan(12);
    expect(calendar.instanceHours).toBeLessThan(tracking.instanceHours);
    expect(both.instanceHours / tracking.instanceHours).toBeLessThan(1.3);
  });

  it('has the figures of the page', () => {
    const page = readFileSync('docs/choosing-a-policy.md', 'utf8');
    for (const { instanceHours, unanswered, requests } of rows.values()) {
      expect(page).toContain(`| ${instanceHours.toFixed(1)} |`);
      expect(page).toContain(`${((100 * unanswered) / requests).toFixed(2)} % |`);
    }
  });

  it('draws the picture of the page', () => {
    expect(picture, 'newer than docs/pictures: run the command of the page').toBe(
      readFileSync('docs/pictures/bursty-api.svg', 'utf8'),
    );
  });

  it('tells a person the same in a table', () => {
    expect(outcome).toMatchObject({ exitCode: 0 });
    expect(outcome.stdout).toMatch(/^checkout, \d+ requests\npolicy +instance h +USD +p50 s +p95 s +worst hour/);
    expect(outcome.stdout).toMatch(/\nboth +352\.4 /);
  });
});

describe('compare', () => {
  const scenario = JSON.stringify({
    start: MONDAY_UTC,
    for: '1h',
    policies: { one: { otherwise: { min: 1, max: 1 } } },
    endpoints: { chat: realTime('one'), search: realTime('one') },
  });
  const files = {
    'scenario.yaml': scenario,
    'a/one.yaml': 'otherwise: { min: 1, max: 1 }',
    'two.yaml': 'otherwise: { min: 2, max: 2 }',
  };

  it('gives each endpoint its table, unless one is named', async () => {
    await inFolder(files, async (folder) => {
      const all = await runCommand(['compare', 'scenario.yaml', '--policies', 'a/one.yaml,two.yaml'], folder);
      expect(all.stdout.match(/^(chat|search), 0 requests$/gm)).toEqual(['chat, 0 requests', 'search, 0 requests']);
      const one = await runCommand(
        ['compare', 'scenario.yaml', '--policies', 'two.yaml', '--endpoint', 'chat'],
        folder,
      );
      expect(one.stdout).toMatch(
        /^chat, 0 requests\n.*\ntwo +2\.0 +3\.03 +- +- +- +- +- +0 of 1 +1\n$|^chat, 0 requests\n.*\ntwo /,
      );
      expect(one.stdout).not.toContain('search');
    });
  });

  it.each([
    [
      ['--policies', 'two.yaml,two.yaml'],
      '--policies: two.yaml,two.yaml: files of different names, separated by commas\n',
    ],
    [
      ['--policies', 'two.yaml', '--endpoint', 'chta'],
      '--endpoint: chta: an endpoint of scenario.yaml: chat, search (did you mean chat?)\n',
    ],
    [
      ['--policies', 'two.yaml', '--picture', 'x.svg'],
      '--picture: x.svg: one endpoint: choose it with --endpoint (chat, search)\n',
    ],
  ])('%s is refused', async (args, expected) => {
    await inFolder(files, async (folder) => {
      expect(await runCommand(['compare', 'scenario.yaml', ...args], folder)).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: expected,
      });
    });
  });

  it('names the place of a mistake in a policy', async () => {
    await inFolder({ ...files, 'bad.yaml': 'otherwise: { min: 3, max: 2 }' }, async (folder) => {
      const outcome = await runCommand(['compare', 'scenario.yaml', '--policies', 'bad.yaml'], folder);
      expect(outcome).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: 'bad.yaml:1:19: otherwise.min: 3: at most max, which is 2\n',
      });
    });
  });
});
