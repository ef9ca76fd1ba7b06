import { type Condition, readConditions } from './conditions.ts';
import { PolicyError } from './policy-error.ts';

/** A statement of an identity-based policy; lists are never empty. */
export interface Statement {
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: { readonly patterns: readonly string[]; readonly not: boolean };
  readonly resources: { readonly patterns: readonly string[]; readonly not: boolean };
  readonly conditions: readonly Condition[];
}

type Fields = Readonly<Record<string, unknown>>;

const KNOWN_ELEMENTS = new Set(['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition']);

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textsOf(value: unknown, path: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw new PolicyError(path, 'must not be empty');
  return list.map((entry) => {
    if (typeof entry !== 'string') throw new PolicyError(path, `${JSON.stringify(entry)}: must be a text`);
    return entry;
  });
}

/** `Action` or `NotAction`, `Resource` or `NotResource`: exactly one of the two. */
function readPatterns(statement: Fields, name: 'Action' | 'Resource', path: string): Statement['actions'] {
  const isPlain = statement[name] !== undefined;
  const isNegated = statement[`Not${name}`] !== undefined;
  if (isPlain === isNegated) throw new PolicyError(path, `must have either ${name} or Not${name}`);
  const element = isPlain ? name : `Not${name}`;
  return { patterns: textsOf(statement[element], `${path}.${element}`), not: isNegated };
}

function checkAction(pattern: string, path: string): void {
  if (pattern === '*' || /^[a-z0-9-]+:[a-z0-9*?]+$/i.test(pattern)) return;
  throw new PolicyError(path, `${pattern}: must be * or service:Action`);
}

function readStatement(statement: unknown, path: string): Statement {
  if (!isObject(statement)) throw new PolicyError(path, 'must be a mapping');
  const unknown = Object.keys(statement).find((name) => !KNOWN_ELEMENTS.has(name));
  if (unknown !== undefined) {
    throw new PolicyError(
      `${path}.${unknown}`,
      `not an element of an identity-based statement: ${[...KNOWN_ELEMENTS].join(', ')}`,
    );
  }
  const { Effect: effect, Sid: sid } = statement;
  if (effect !== 'Allow' && effect !== 'Deny')
    throw new PolicyError(`${path}.Effect`, `${String(effect)}: must be Allow or Deny`);
  const actions = readPatterns(statement, 'Action', path);
  for (const pattern of actions.patterns) checkAction(pattern, `${path}.Action`);
  return {
    sid: sid === undefined ? undefined : String(sid),
    effect,
    actions: { ...actions, patterns: actions.patterns.map((pattern) => pattern.toLowerCase()) },
    resources: readPatterns(statement, 'Resource', path),
    conditions: readConditions(statement['Condition'], `${path}.Condition`),
  };
}

/** Statements of a policy document, as JSON text or as an object. */
export function readPolicy(document: unknown, path: string): readonly Statement[] {
  let policy = document;
  if (typeof document === 'string') {
    try {
      policy = JSON.parse(document);
    } catch (error) {
      throw new PolicyError(path, `is not JSON: ${(error as Error).message}`);
    }
  }
  if (!isObject(policy)) throw new PolicyError(path, 'must be a policy document');
  const version = policy['Version'] ?? '2012-10-17';
  if (version !== '2012-10-17') throw new PolicyError(`${path}.Version`, `${String(version)}: must be 2012-10-17`);
  const statements = policy['Statement'];
  const list: readonly unknown[] = Array.isArray(statements) ? statements : [statements];
  return list.map((statement, index) => readStatement(statement, `${path}.Statement[${index}]`));
}
