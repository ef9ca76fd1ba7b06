import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { safetyWarning } from '../../../cli/size-targets.ts';
import {
  type PolicyRule,
  REFUSALS,
  RULES_FILE,
  renderRules,
  SIZE_WARNING,
  WARNINGS,
} from '../../../scripts/policy-rules.ts';
import { compilePolicy, parsePolicy, parseSchedule } from '../../../shared/documents/index.ts';
import { policyWarnings } from '../../../shared/documents/policy-warnings.ts';
import { formatProblem } from '../../../shared/documents/problem.ts';
import { checkKind } from '../../../shared/domain/check-kind.ts';
import { DAY } from '../../../shared/domain/time.ts';
import { must, OFFICE, problemsOf } from '../documents/support.ts';

const schedules = new Map([['office', must(parseSchedule('office', OFFICE))]]);

/** A long value is cut off where it is shown, and left out here. */
const brief = (line: string): string => line.replace(/: [\s\S]*…: /, ': …: ');

function refusalsOf({ breaks, endpoint }: PolicyRule): readonly string[] {
  const parsed = parsePolicy('test', breaks);
  if (endpoint === undefined || !parsed.ok) return problemsOf(parsed).map(brief);
  const { policy, agenda } = must(compilePolicy(parsed.value, schedules, { from: 0, until: 8 * DAY }));
  const { names = ['AllTraffic'], instanceType = 'ml.g5.xlarge', ...of } = endpoint;
  const variants = names.map((name) => ({ name, instanceType }));
  return checkKind({ ...of, policy, agenda, variants }).map(
    ({ field, value, allowed }) => `${field}: ${value}: ${allowed}`,
  );
}

describe('the rules of policies', () => {
  test.each(REFUSALS.map((rule) => [rule.id, rule] as const))('%s is refused', (_, rule) => {
    expect(refusalsOf(rule)).toEqual([rule.says]);
  });

  test.each(WARNINGS.map((rule) => [rule.id, rule] as const))('%s is a warning, and taken', (_, { breaks, says }) => {
    const policy = must(parsePolicy('test', breaks));
    expect(policyWarnings(policy).map(formatProblem)).toEqual([says]);
  });

  test(`${SIZE_WARNING.id} is a warning of size`, () => {
    expect(safetyWarning(SIZE_WARNING.safety)).toBe(SIZE_WARNING.says);
    expect(safetyWarning(0.8)).toBeUndefined();
  });

  test('are on the page as they are tested', () => {
    expect(readFileSync(RULES_FILE, 'utf8')).toBe(renderRules());
    const ids = [...REFUSALS, ...WARNINGS, SIZE_WARNING].map(({ id }) => id);
    expect(new Set(ids).size, 'an id each').toBe(ids.length);
  });

  test('leave out none that the code of scaling policies and of kinds has', () => {
    const said = [...REFUSALS, ...WARNINGS].map(({ says }) => says).join('\n');
    const files = [
      'documents/scaling',
      'documents/metric-source',
      'documents/policy-warnings',
      'domain/check-kind',
      'domain/kinds',
    ];
    const missing = files.flatMap((file) =>
      messagesOf(readFileSync(`shared/${file}.ts`, 'utf8')).filter((message) => !message.test(said)),
    );
    expect(missing.map(String)).toEqual([]);
  });
});

/** Every text of more than a word in the code; what is put in between is left open. */
function messagesOf(code: string): readonly RegExp[] {
  const bare = code.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '').replace(/\/(?:\^|\\b).*\//g, '');
  const texts = [...bare.matchAll(/'([^'\n]*)'|`([^`]*)`/g)].map(([, single, template]) => single ?? template ?? '');
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const messages = new Set(texts.filter((text) => / \w+ /.test(text)));
  return [...messages].map(
    (text) =>
      new RegExp(
        text
          .split(/\$\{[^}]*\}/)
          .map(literal)
          .join('.*'),
      ),
  );
}
