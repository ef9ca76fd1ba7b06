import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from '../../scripts/mutants/list.ts';

describe('the mutants', () => {
  it.each(MUTANTS)('$invariant: $why: still fits the code', ({ file, find, replace }) => {
    const text = readFileSync(file, 'utf8');
    expect(text.split(find).length - 1, `${file} must hold once: ${find}`).toBe(1);
    expect(text.replace(find, () => replace)).not.toBe(text);
  });

  it('are at least two for each invariant', () => {
    for (let invariant = 1; invariant <= 10; invariant += 1) {
      const made = MUTANTS.filter((mutant) => mutant.invariant === invariant);
      expect(made.length, `invariant ${invariant}`).toBeGreaterThanOrEqual(2);
    }
  });
});
