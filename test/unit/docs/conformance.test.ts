import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { READING_NAMES } from '../../../simulator/index.ts';

const page = readFileSync('docs/conformance.md', 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| behaviour '))
  .map((line) => line.slice(2, -2).split(' | '));

/** Titles as a test's file has them: in quotes of any kind. */
const titles = new Map<string, string[]>();

function titlesOf(file: string): string[] {
  let known = titles.get(file);
  if (known === undefined) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const quoted = text.matchAll(/'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"/g);
    known = [...quoted].map(([, single, double]) => single ?? double ?? '');
    // Readings are the names of their own tests.
    if (file.endsWith('world-readings.test.ts')) known.push(...READING_NAMES);
    titles.set(file, known);
  }
  return known;
}

describe('the conformance page', () => {
  it('has four cells in each row', () => {
    expect(rows.length).toBeGreaterThan(80);
    expect(rows.filter((cells) => cells.length !== 4 || cells.some((cell) => cell.trim() === ''))).toEqual([]);
  });

  it.each(rows.map((cells): [string, string] => [cells[0]!, cells[3]!]))('%s', (_, check) => {
    const [, file, title] = /^`([^`]+)`: "(.+)"$/.exec(check) ?? [];
    expect(file, check).toBeDefined();
    expect(existsSync(file!), file).toBe(true);
    expect(
      titlesOf(file!).some((known) => known.includes(title!)),
      `${file} has no test "${title}"`,
    ).toBe(true);
  });

  it('names a test of every reading', () => {
    for (const name of READING_NAMES) expect(page).toContain(`world-readings.test.ts\`: "${name}"`);
  });
});
