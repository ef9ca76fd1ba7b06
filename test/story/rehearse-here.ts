/** Runs a scenario document in this process, IAM enforced: for stories that look at more than the command shows. */
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { parseScenario, type Rehearsal, type RehearseOptions, rehearse } from '../../rehearsal/index.ts';
import { formatProblem } from '../../shared/documents/problem.ts';
import { expectSound } from './reading.ts';
import type { Document } from './run-scenario.ts';

export async function rehearseHere(document: Document, options: RehearseOptions = {}): Promise<Rehearsal> {
  const parsed = parseScenario(stringify(document), 'scenario.yaml', (path) => {
    throw new Error(`${path}: these stories have no files`);
  });
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'));
  return rehearse(parsed.scenario, { enforceIam: true, ...options });
}

/** Every entry took effect, no invariant broke, nothing was refused by IAM, and the product met no bug of its own. */
export function expectSurvived({ result, problems, refusals }: Rehearsal): void {
  const idle = result.happens.filter(({ times }) => times === 0).map(({ at, what }) => `${at} ${what}`);
  expect(idle, 'every entry takes effect').toEqual([]);
  expectSound(result);
  expect(problems, 'no run may fail unexpectedly').toEqual([]);
  expect(refusals, 'the roles suffice').toEqual([]);
}
