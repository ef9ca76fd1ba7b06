import type { Evaluator } from './evaluate.ts';
import { isJsonObject, type Json, type JsonObject, TemplateError } from './read.ts';

/** Assertions about parameters that contradict each other, as CreateStack checks them before it makes anything. */
export function checkRules(template: JsonObject, evaluator: Evaluator): void {
  const rules = isJsonObject(template['Rules']) ? template['Rules'] : {};
  for (const [name, rule] of Object.entries(rules)) {
    const path = `Rules.${name}`;
    if (!isJsonObject(rule)) throw new TemplateError(path, 'must be a mapping');
    const condition = rule['RuleCondition'];
    if (condition !== undefined && !evaluator.holds(condition, `${path}.RuleCondition`)) continue;
    const assertions = Array.isArray(rule['Assertions']) ? (rule['Assertions'] as readonly Json[]) : [];
    for (const assertion of assertions) checkAssertion(assertion, evaluator, path);
  }
}

function checkAssertion(assertion: Json, evaluator: Evaluator, path: string): void {
  if (!isJsonObject(assertion)) throw new TemplateError(path, 'an assertion must be a mapping');
  if (evaluator.holds(assertion['Assert'] ?? null, `${path}.Assert`)) return;
  throw new TemplateError(path, String(assertion['AssertDescription'] ?? 'an assertion does not hold'));
}
