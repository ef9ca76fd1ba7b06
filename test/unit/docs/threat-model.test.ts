import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const page = readFileSync('docs/threat-model.md', 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| could |'))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));
const proofs = rows.flatMap(([threat = '', , proof = '']) =>
  proof.startsWith('test/') ? [[threat, proof] as const] : [],
);

it('has a control and a proof for each threat', () => {
  expect(rows.length).toBeGreaterThan(15);
  for (const [threat, control, proof] of rows) {
    expect(control, threat).toBeTruthy();
    expect(proof?.startsWith('test/') || proof?.startsWith('by hand: '), threat).toBe(true);
  }
});

it.each(proofs)('%s', (_, proof) => {
  const [file = '', words = ''] = proof.split(': ');
  expect(existsSync(file), file).toBe(true);
  // Names of tests and titles of cases are texts; words of a remark would prove nothing.
  const texts = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /['"`]/.test(line) && !/^\s*(?:\/\/|\*|\/\*)/.test(line));
  expect(
    texts.some((line) => line.includes(words)),
    `${file} has a test with "${words}" in its name`,
  ).toBe(true);
});
