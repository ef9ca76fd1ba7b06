import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { costOf, type ExampleCost, listExamples, rowOfCost } from '../../bench/example-costs.ts';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { commandsOf } from '../support/doc-commands.ts';
import { CLAIMS } from './example-claims.ts';
import { type CommandOutcome, inFolder, runHere } from './run-scenario.ts';

/** Every folder of examples/ is valid, keeps what its scenario expects, and does what its README claims in numbers. */

const folders = listExamples();
const here = process.cwd();
/** Its last table has a row for each folder; `REFRESH_DOCS=1` writes it, of a new folder, too. */
const COSTS = 'docs/benchmarks.md';
const REFRESH = process.env['REFRESH_DOCS'] === '1';
/** A rehearsal of some days. */
const MINUTES_5 = 300_000;

describe('the examples', () => {
  it('each have a claim that is checked', () => {
    expect(Object.keys(CLAIMS).sort(), 'test/story/example-claims.ts: a row for each folder').toEqual(folders);
  });

  it('are all listed', () => {
    const listed = [...readFileSync('examples/README.md', 'utf8').matchAll(/^\| \[([^\]]+)\]\(\1\) \|/gm)];
    expect(listed.map(([, name]) => name).sort()).toEqual(folders);
  });
});

describe.each(folders)('examples/%s', (name) => {
  const folder = `examples/${name}`;
  const readme = existsSync(`${folder}/README.md`) ? readFileSync(`${folder}/README.md`, 'utf8') : '';
  const commands = {
    validate: `npx endpoint-scaler validate ${folder}`,
    simulate: `npx endpoint-scaler simulate ${folder}/scenario.yaml`,
  };
  let run: CommandOutcome;
  let result: RehearsalResult;

  beforeAll(async () => {
    await inFolder({}, async (out) => {
      const file = `${out}/result.json`;
      run = await runHere([...wordsOf(commands.simulate), '--enforce-iam', '--json', file], here);
      if (run.exitCode === 0) result = JSON.parse(readFileSync(file, 'utf8')) as RehearsalResult;
    });
  }, MINUTES_5);

  it('is valid, and nothing in it is unwise', async () => {
    const { exitCode, stdout, stderr } = await runHere(wordsOf(commands.validate), here);
    expect({ exitCode, stdout, stderr }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^(?:.*\d+ \w+,? ?)+: no problems\n$/) as unknown,
      stderr: '',
    });
  });

  it('keeps what its scenario expects, and no role lacks a permission', () => {
    const { expect: expected } = parse(readFileSync(`${folder}/scenario.yaml`, 'utf8')) as { expect?: object };
    expect(Object.keys(expected ?? {}), `${folder}/scenario.yaml: expect`).not.toEqual([]);
    expect(run, run.stderr).toMatchObject({ exitCode: 0, stderr: '' });
    for (const endpoint of Object.keys(result.endpoints)) expect(run.stdout).toContain(endpoint);
  });

  it('does what its README claims, to the figure', () => {
    const claims = CLAIMS[name]?.(result) ?? [];
    expect(claims, 'at least one').not.toEqual([]);
    for (const { says, holds } of claims) {
      expect(holds, says).toBe(true);
      expect(readme, `${folder}/README.md`).toContain(says);
    }
  });

  it(
    'costs what the page says, beside always-on and the script',
    async () => {
      const cost = await costOf(name, result);
      const row = `| ${Object.values(rowOfCost(cost)).join(' | ')} |`;
      if (REFRESH) writeFileSync(COSTS, withRow(readFileSync(COSTS, 'utf8'), cost, row));
      expect(readFileSync(COSTS, 'utf8'), 'REFRESH_DOCS=1 writes it anew').toContain(`\n${row}\n`);
    },
    MINUTES_5,
  );

  it('tells how to run it', () => {
    expect(commandsOf(`${folder}/README.md`)).toEqual(expect.arrayContaining(Object.values(commands)));
  });
});

/** What follows the command's name. */
const wordsOf = (command: string): readonly string[] => command.split(' ').slice(2);

/** The page with this row in the place of the example's own, or in its order at the end of the table. */
function withRow(page: string, { example }: ExampleCost, row: string): string {
  const [head = '', table = ''] = page.split(/(?<=\n\| example \|[^\n]*\n\|[-|]+\n)/);
  const others = table.split('\n').filter((line) => line !== '' && !line.startsWith(`| [${example}]`));
  return `${head}${[...others, row].sort().join('\n')}\n`;
}
