import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { explainReason } from '../../../report/reasons.ts';
import { REFERENCE_FILE, renderReference } from '../../../scripts/generate-reference.ts';
import { EVENT_TYPES, REASON_CODES } from '../../../shared/domain/decision.ts';
import { RUN_METRICS } from '../../../shared/domain/run-metrics.ts';

test('docs/reference.md is what `node scripts/generate-reference.ts` writes', () => {
  expect(readFileSync(REFERENCE_FILE, 'utf8')).toBe(renderReference());
});

test('every reason code has a sentence', () => {
  expect(REASON_CODES.filter((code) => explainReason(code) === code)).toEqual([]);
});

// The closed lists stay closed on both sides: what nothing uses any more is taken out.
test('every reason code, event type and metric of the lists is used', () => {
  const lists = new Set(['shared/domain/decision.ts', 'shared/domain/run-metrics.ts']);
  const code = globSync('shared/**/*.ts')
    .filter((file) => !lists.has(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const names = [...REASON_CODES, ...EVENT_TYPES, ...Object.keys(RUN_METRICS)];
  const unused = names.filter((name) => !code.includes(`'${name}'`) && !code.includes(`${name}:`));
  expect(unused).toEqual([]);
});
