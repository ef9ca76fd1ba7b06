import { isIP } from 'node:net';
import { ApiError } from '../contract.ts';

export type Scalar = string | number | boolean | null;
export interface Matcher {
  /** `exists: false` alone matches where there is no value. */
  readonly absent: boolean;
  matches(value: Scalar): boolean;
}

export function patternError(reason: string): ApiError {
  return new ApiError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`);
}

const fromTest = (matches: (value: Scalar) => boolean): Matcher => ({ absent: false, matches });
const text = (test: (value: string) => boolean): Matcher =>
  fromTest((value) => typeof value === 'string' && test(value));

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function onlyEntry(value: Record<string, unknown>): [string, unknown] {
  const entries = Object.entries(value);
  if (entries.length !== 1) throw patternError('Only one key allowed in match expression');
  return entries[0]!;
}

function compileAffix(kind: 'prefix' | 'suffix', argument: unknown): Matcher {
  if (typeof argument === 'string') {
    return text((value) => (kind === 'prefix' ? value.startsWith(argument) : value.endsWith(argument)));
  }
  if (isObject(argument)) {
    const [name, inner] = onlyEntry(argument);
    if (name === 'equals-ignore-case' && typeof inner === 'string') {
      const wanted = inner.toLowerCase();
      return text((value) => {
        const lower = value.toLowerCase();
        return kind === 'prefix' ? lower.startsWith(wanted) : lower.endsWith(wanted);
      });
    }
  }
  throw patternError(`${kind} match pattern must be a string`);
}

/** Splits at unescaped stars; `\*` and `\\` stand for themselves, any other escape is refused. */
function splitWildcard(pattern: string): string[] {
  const parts = [''];
  for (let index = 0; index < pattern.length; index += 1) {
    const character = pattern[index]!;
    if (character === '\\') {
      const next = pattern[index + 1];
      if (next !== '*' && next !== '\\') throw patternError(`Invalid escape character at pos ${index}`);
      parts[parts.length - 1] += next;
      index += 1;
    } else if (character === '*') {
      if (pattern[index + 1] === '*') throw patternError(`Consecutive wildcard characters at pos ${index + 1}`);
      parts.push('');
    } else {
      parts[parts.length - 1] += character;
    }
  }
  return parts;
}

/**
 * The service refuses patterns whose automaton would hold too many states at once. Its formula is not published; this
 * refuses five or more stars that are followed by the same character, which the recorded refusal shows.
 */
const MAXIMUM_ALIKE_WILDCARDS = 4;

function refuseComplexity(parts: readonly string[]): void {
  const counts = new Map<string, number>();
  for (const part of parts.slice(1)) {
    const first = part.charAt(0);
    if (first !== '') counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  if ([...counts.values()].some((count) => count > MAXIMUM_ALIKE_WILDCARDS)) {
    throw patternError(
      'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character',
    );
  }
}

function compileWildcard(argument: unknown): (value: string) => boolean {
  if (typeof argument !== 'string') throw patternError('wildcard match pattern must be a string');
  const parts = splitWildcard(argument);
  refuseComplexity(parts);
  if (parts.length === 1) return (value) => value === parts[0];
  const first = parts[0]!;
  const last = parts.at(-1)!;
  const middle = parts.slice(1, -1);
  return (value) => {
    if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) return false;
    let position = first.length;
    const end = value.length - last.length;
    for (const part of middle) {
      const found = value.indexOf(part, position);
      if (found < 0 || found + part.length > end) return false;
      position = found + part.length;
    }
    return true;
  };
}

function compileNumeric(argument: unknown): Matcher {
  if (!Array.isArray(argument)) throw patternError('Value of numeric must be an array.');
  if (argument.length === 0) throw patternError('Invalid member in numeric match: ]');
  const bounds: { operator: string; value: number }[] = [];
  for (let index = 0; index < argument.length; index += 2) {
    const operator: unknown = argument[index];
    const value: unknown = argument[index + 1];
    if (typeof operator !== 'string')
      throw patternError(`Invalid member in numeric match: ${JSON.stringify(operator)}`);
    if (!['=', '<', '<=', '>', '>='].includes(operator))
      throw patternError(`Unrecognized numeric range operator: ${operator}`);
    if (typeof value !== 'number')
      throw patternError(`Value of ${operator === '=' ? 'equals' : operator} must be numeric`);
    if (Math.abs(value) > 5e9) throw patternError('Value must be between -5.0E9 and 5.0E9, inclusive');
    bounds.push({ operator, value });
  }
  checkNumericRange(bounds);
  return fromTest((value) => typeof value === 'number' && bounds.every((bound) => compareNumber(value, bound)));
}

/** One `=`, one bound, or a lower bound followed by a higher upper one. */
function checkNumericRange(bounds: readonly { operator: string; value: number }[]): void {
  const [first, second] = bounds;
  if (first === undefined || second === undefined) return;
  if (first.operator === '=' || first.operator.startsWith('<') || bounds.length > 2) {
    throw patternError('Too many elements in numeric expression');
  }
  if (!second.operator.startsWith('<')) throw patternError(`Bad numeric range operator: ${second.operator}`);
  if (second.value <= first.value) throw patternError('Bottom must be less than top');
}

function compareNumber(value: number, bound: { operator: string; value: number }): boolean {
  switch (bound.operator) {
    case '=':
      return value === bound.value;
    case '<':
      return value < bound.value;
    case '<=':
      return value <= bound.value;
    case '>':
      return value > bound.value;
    default:
      return value >= bound.value;
  }
}

function ipToBits(ip: string): { bits: bigint; width: number } | undefined {
  const version = isIP(ip);
  if (version === 4) {
    return { bits: ip.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n), width: 32 };
  }
  if (version !== 6) return undefined;
  const plain = ip.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...octets) => {
    const [a, b, c, d] = octets.slice(0, 4).map(Number) as [number, number, number, number];
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return { bits: groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n), width: 128 };
}

function compileCidr(argument: unknown): Matcher {
  if (typeof argument !== 'string') throw patternError('prefix match pattern must be a string');
  const [ip, mask, ...rest] = argument.split('/');
  if (mask === undefined || rest.length > 0) throw patternError("Malformed CIDR, one '/' required");
  if (!/^\d+$/.test(mask)) throw patternError('Malformed CIDR, mask bits must be an integer');
  const network = ipToBits(ip!);
  if (network === undefined) throw patternError(`Nonstandard IP address: ${ip}`);
  if (Number(mask) > network.width) throw patternError(`Malformed CIDR, mask bits must not exceed ${network.width}`);
  const shift = BigInt(network.width - Number(mask));
  return text((value) => {
    const address = ipToBits(value);
    return address !== undefined && address.width === network.width && address.bits >> shift === network.bits >> shift;
  });
}

const ANYTHING_BUT = 'Value of anything-but must be an array or single string/number value.';

function compileAnythingButTest(kind: string, argument: unknown): (value: Scalar) => boolean {
  const list = Array.isArray(argument) ? argument : [argument];
  if (kind === 'equals-ignore-case') {
    if (!list.every((entry) => typeof entry === 'string')) {
      throw patternError('Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.');
    }
    const refused = new Set(list.map((entry: string) => entry.toLowerCase()));
    return (value) => typeof value === 'string' && refused.has(value.toLowerCase());
  }
  if (kind === 'wildcard') {
    const tests = list.map(compileWildcard);
    return (value) => typeof value === 'string' && tests.some((test) => test(value));
  }
  if (isObject(argument)) throw patternError(ANYTHING_BUT);
  for (const entry of list) {
    if (typeof entry !== 'string') throw patternError('prefix/suffix match pattern must be a string');
    if (entry === '') throw patternError('Null prefix/suffix not allowed');
  }
  const affixes = list as string[];
  return (value) =>
    typeof value === 'string' &&
    affixes.some((affix) => (kind === 'prefix' ? value.startsWith(affix) : value.endsWith(affix)));
}

function compileAnythingBut(argument: unknown): Matcher {
  if (isObject(argument)) {
    const [kind, inner] = onlyEntry(argument);
    if (!['prefix', 'suffix', 'equals-ignore-case', 'wildcard'].includes(kind)) {
      throw patternError(`Unsupported anything-but pattern: ${kind}`);
    }
    const refused = compileAnythingButTest(kind, inner);
    return fromTest((value) => !refused(value));
  }
  const list: unknown[] = Array.isArray(argument) ? argument : [argument];
  if (list.length === 0) throw patternError(ANYTHING_BUT);
  const isPlain = (entry: unknown): boolean => typeof entry === 'string' || typeof entry === 'number';
  if (!list.every(isPlain)) {
    throw patternError(
      Array.isArray(argument) ? 'Inside anything but list, start|null|boolean is not supported.' : ANYTHING_BUT,
    );
  }
  if (list.some((entry) => typeof entry !== typeof list[0])) {
    throw patternError('Inside anything but list, either all values are number or string, mixed type is not supported');
  }
  const refused = new Set(list);
  return fromTest((value) => !refused.has(value));
}

function compileOperator(name: string, argument: unknown): Matcher {
  switch (name) {
    case 'prefix':
    case 'suffix':
      return compileAffix(name, argument);
    case 'equals-ignore-case': {
      if (typeof argument !== 'string') throw patternError('equals-ignore-case match pattern must be a string');
      const wanted = argument.toLowerCase();
      return text((value) => value.toLowerCase() === wanted);
    }
    case 'wildcard': {
      const test = compileWildcard(argument);
      return text(test);
    }
    case 'anything-but':
      return compileAnythingBut(argument);
    case 'numeric':
      return compileNumeric(argument);
    case 'cidr':
      return compileCidr(argument);
    case 'exists':
      if (typeof argument !== 'boolean') throw patternError('exists match pattern must be either true or false.');
      return { absent: !argument, matches: () => argument };
    default:
      throw patternError(`Unrecognized match type ${name}`);
  }
}

/** One entry of a pattern's array. */
export function compileMatcher(entry: unknown): Matcher {
  if (isObject(entry)) {
    const [name, argument] = onlyEntry(entry);
    return compileOperator(name, argument);
  }
  if (Array.isArray(entry)) throw patternError('Match value must be String, number, true, false, or null');
  return fromTest((value) => value === entry);
}
