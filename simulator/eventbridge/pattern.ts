import { compileMatcher, type Matcher, patternError, type Scalar } from './matchers.ts';

/** A leaf of an event: its dotted path, and which element of each array on the way it lies in. */
interface Leaf {
  readonly path: string;
  readonly value: Scalar;
  readonly elements: ReadonlyMap<string, number>;
}

interface Field {
  readonly path: string;
  readonly matchers: readonly Matcher[];
}

/** `$or` multiplied out: an event matches when all fields of one alternative do. */
type Alternative = readonly Field[];

export interface EventPattern {
  matches(event: Readonly<Record<string, unknown>>): boolean;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const MAXIMUM_ALTERNATIVES = 1000;

function combine(left: readonly Alternative[], right: readonly Alternative[]): Alternative[] {
  if (left.length * right.length > MAXIMUM_ALTERNATIVES) {
    throw patternError(`Rule is too complex: more than ${MAXIMUM_ALTERNATIVES} combinations of $or`);
  }
  return left.flatMap((one) => right.map((other) => [...one, ...other]));
}

/** `$or` is an operator only as an array of at least two objects; else it is a field of that name. */
function isOr(name: string, value: unknown): value is readonly Record<string, unknown>[] {
  return name === '$or' && Array.isArray(value) && value.length > 1 && value.every(isObject);
}

function compileObject(pattern: Record<string, unknown>, prefix: string): Alternative[] {
  let alternatives: Alternative[] = [[]];
  const entries = Object.entries(pattern);
  if (entries.length === 0) throw patternError('Empty objects are not allowed');
  for (const [name, value] of entries) {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (isOr(name, value)) {
      alternatives = combine(
        alternatives,
        value.flatMap((option) => compileObject(option, prefix)),
      );
    } else if (isObject(value)) {
      alternatives = combine(alternatives, compileObject(value, path));
    } else if (Array.isArray(value)) {
      if (value.length === 0) throw patternError('Empty arrays are not allowed');
      alternatives = combine(alternatives, [[{ path, matchers: value.map(compileMatcher) }]]);
    } else {
      throw patternError(`"${name}" must be an object or an array`);
    }
  }
  return alternatives;
}

function flatten(value: unknown, path: string, elements: ReadonlyMap<string, number>, leaves: Leaf[]): void {
  if (Array.isArray(value)) {
    for (const [index, entry] of value.entries()) flatten(entry, path, new Map([...elements, [path, index]]), leaves);
  } else if (isObject(value)) {
    for (const [name, entry] of Object.entries(value)) {
      flatten(entry, path === '' ? name : `${path}.${name}`, elements, leaves);
    }
  } else {
    leaves.push({ path, value: value as Scalar, elements });
  }
}

/** Two leaves may match together only if they lie in the same element of every array they share (and are not of its own path). */
function agree(chosen: ReadonlyMap<string, number>, leaf: Leaf): boolean {
  for (const [path, index] of leaf.elements) {
    const other = chosen.get(path);
    if (other !== undefined && other !== index && path !== leaf.path) return false;
  }
  return true;
}

function matchFields(
  fields: Alternative,
  at: number,
  leaves: ReadonlyMap<string, readonly Leaf[]>,
  chosen: ReadonlyMap<string, number>,
): boolean {
  const field = fields[at];
  if (field === undefined) return true;
  const candidates = leaves.get(field.path);
  if (candidates === undefined) {
    return field.matchers.some((matcher) => matcher.absent) && matchFields(fields, at + 1, leaves, chosen);
  }
  for (const leaf of candidates) {
    if (!agree(chosen, leaf) || !field.matchers.some((matcher) => matcher.matches(leaf.value))) continue;
    const next = leaf.elements.size === 0 ? chosen : new Map([...chosen, ...leaf.elements]);
    if (matchFields(fields, at + 1, leaves, next)) return true;
  }
  return false;
}

/** Compiles a parsed pattern; throws InvalidEventPatternException with the service's reason. */
export function compileEventPattern(pattern: unknown): EventPattern {
  if (!isObject(pattern)) throw patternError('Filter is not an object');
  const alternatives = compileObject(pattern, '');
  return {
    matches(event) {
      const list: Leaf[] = [];
      flatten(event, '', new Map(), list);
      const leaves = new Map<string, Leaf[]>();
      for (const leaf of list) {
        const known = leaves.get(leaf.path);
        if (known === undefined) leaves.set(leaf.path, [leaf]);
        else known.push(leaf);
      }
      return alternatives.some((fields) => matchFields(fields, 0, leaves, new Map()));
    },
  };
}

/** Parses pattern text as PutRule and TestEventPattern take it. */
export function parseEventPattern(text: string): EventPattern {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw patternError(error instanceof Error ? error.message : String(error));
  }
  return compileEventPattern(parsed);
}
