import type { RequestContext } from '../contract.ts';
import { contextValue, fillVariables, matchesArn, matchesGlob, unmask } from './glob.ts';
import { PolicyError } from './policy-error.ts';

/** One key of one operator: all conditions of a statement must hold, any one of the values suffices. */
export interface Condition {
  readonly key: string;
  readonly values: readonly string[];
  holds(context: RequestContext): boolean;
}

/** Whether a value of the request compares with one that the policy names. */
type Comparison = (given: string, wanted: string) => boolean;

interface Operator {
  readonly compare: Comparison;
  /** `…Not…`: holds when no value of the policy compares, and when the key is not in the request. */
  readonly negated: boolean;
}

function numeric(compare: (given: number, wanted: number) => boolean): Comparison {
  return (given, wanted) => {
    const [a, b] = [Number(given), Number(wanted)];
    return !Number.isNaN(a) && !Number.isNaN(b) && compare(a, b);
  };
}

/** ISO text or epoch seconds. */
function instantOf(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

const dated = (compare: (given: number, wanted: number) => boolean): Comparison =>
  (
    (byNumber) => (given: string, wanted: string) =>
      byNumber(String(instantOf(given)), String(instantOf(wanted)))
  )(numeric(compare));

const ORDERINGS: Readonly<Record<string, (given: number, wanted: number) => boolean>> = {
  equals: (given, wanted) => given === wanted,
  lessthan: (given, wanted) => given < wanted,
  lessthanequals: (given, wanted) => given <= wanted,
  greaterthan: (given, wanted) => given > wanted,
  greaterthanequals: (given, wanted) => given >= wanted,
};

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  stringequals: (given, wanted) => given === unmask(wanted),
  stringequalsignorecase: (given, wanted) => given.toLowerCase() === unmask(wanted).toLowerCase(),
  stringlike: (given, wanted) => matchesGlob(wanted, given),
  bool: (given, wanted) => given.toLowerCase() === wanted.toLowerCase(),
  // ArnEquals and ArnLike behave identically (IAM user guide, condition operators).
  arnequals: (given, wanted) => matchesArn(wanted, given),
  arnlike: (given, wanted) => matchesArn(wanted, given),
  ...Object.fromEntries(Object.entries(ORDERINGS).map(([name, compare]) => [`numeric${name}`, numeric(compare)])),
  ...Object.fromEntries(Object.entries(ORDERINGS).map(([name, compare]) => [`date${name}`, dated(compare)])),
};

function findOperator(name: string): Operator | undefined {
  const lower = name.toLowerCase();
  const plain = COMPARISONS[lower];
  if (plain !== undefined) return { compare: plain, negated: false };
  const positive = COMPARISONS[lower.replace(/^(string|numeric|date|arn)not/, '$1')];
  return positive === undefined ? undefined : { compare: positive, negated: true };
}

interface Modifiers {
  readonly set: 'forallvalues' | 'foranyvalue' | undefined;
  readonly ifExists: boolean;
  readonly base: string;
}

function splitOperator(name: string): Modifiers {
  const [, set, base, ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(.*?)(IfExists)?$/i.exec(name)!;
  return {
    set: set?.toLowerCase() as Modifiers['set'],
    ifExists: ifExists !== undefined,
    base: base!,
  };
}

function buildTest(
  { set, ifExists }: Modifiers,
  { compare, negated }: Operator,
  key: string,
  values: readonly string[],
): Condition['holds'] {
  return (context) => {
    const given = contextValue(context, key);
    if (given === undefined) {
      if (set === 'forallvalues' || ifExists) return true;
      return set === undefined && negated;
    }
    const wanted = values.map((value) => fillVariables(value, context));
    const holdsFor = (one: string): boolean =>
      wanted.some((value) => value !== undefined && compare(one, value)) !== negated;
    // Without a set operator a key with several values matches nothing, not even negated.
    if (set === undefined) return typeof given === 'string' && holdsFor(given);
    const list = typeof given === 'string' ? [given] : given;
    return set === 'forallvalues' ? list.every(holdsFor) : list.some(holdsFor);
  };
}

function readValues(value: unknown, path: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((entry) => {
    if (typeof entry !== 'string' && typeof entry !== 'boolean' && typeof entry !== 'number') {
      throw new PolicyError(path, `${JSON.stringify(entry)}: must be a text, number or boolean`);
    }
    return String(entry);
  });
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readCondition(operator: string, key: string, value: unknown, path: string): Condition {
  const values = readValues(value, path);
  const modifiers = splitOperator(operator);
  if (modifiers.base.toLowerCase() === 'null') {
    const mustBeAbsent = values.some((entry) => entry.toLowerCase() === 'true');
    return { key, values, holds: (context) => (contextValue(context, key) === undefined) === mustBeAbsent };
  }
  const found = findOperator(modifiers.base);
  if (found === undefined) throw new PolicyError(path, `${operator}: this condition operator is not simulated`);
  return { key, values, holds: buildTest(modifiers, found, key, values) };
}

/** The conditions of a `Condition` block; none when it is absent. */
export function readConditions(block: unknown, path: string): readonly Condition[] {
  if (block === undefined) return [];
  if (!isMapping(block)) throw new PolicyError(path, 'must be a mapping of operators');
  return Object.entries(block).flatMap(([operator, keys]) => {
    if (!isMapping(keys)) throw new PolicyError(`${path}.${operator}`, 'must be a mapping of condition keys');
    return Object.entries(keys).map(([key, value]) =>
      readCondition(operator, key, value, `${path}.${operator}.${key}`),
    );
  });
}
