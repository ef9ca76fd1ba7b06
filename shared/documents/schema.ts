import * as v from 'valibot';
import type { Path, Problem } from './problem.ts';
import { makeProblem, nearest } from './problem.ts';

type Entries = Parameters<typeof v.strictObject>[0];
type AnySchema = v.GenericSchema<unknown, unknown>;
type Issue = v.BaseIssue<unknown>;

const FIELDS = 'one of the fields ';

/** Somebody who looks for it should not look on. */
const NO_SPOT =
  'SageMaker hosting has no spot instances (managed spot is for training jobs); remove it. Instance pools and fallbackConfigs are what there is against a shortage';

/**
 * An object with these fields and no others. Every message of a schema says what is allowed; that of an unknown field
 * lists the known ones, from where toProblems takes them.
 */
export function fields<const E extends Entries>(entries: E, allowed?: string) {
  return refuseLists(v.strictObject(entries, messageFor(entries, allowed)));
}

/** As `fields`, but says nothing of fields that are not among these. */
export function someFields<const E extends Entries>(entries: E, allowed: string) {
  return refuseLists(v.object(entries, messageFor(entries, allowed)));
}

function messageFor(entries: Entries, allowed?: string): (issue: Issue) => string {
  const names = Object.keys(entries).join(', ');
  return (issue) => {
    if (issue.expected === 'never') return `${FIELDS}${names}`;
    const key = issue.path?.[0]?.key;
    if (typeof key !== 'string') return allowed ?? `an object with fields of ${names}`;
    const description = v.getDescription(entries[key] as AnySchema);
    return description === undefined ? 'required' : `required: ${description}`;
  };
}

/** Names given by the user to values of one form. */
export function named<const K extends v.GenericSchema<string, string>, const V extends AnySchema>(key: K, value: V) {
  return refuseLists(v.record(key, value, 'an object with a name for each entry'));
}

// For valibot a list is an object with numbers for keys.
function refuseLists<S extends AnySchema>(schema: S): S {
  return {
    ...schema,
    '~run': (dataset: Parameters<S['~run']>[0], config: Parameters<S['~run']>[1]) =>
      schema['~run'](Array.isArray(dataset.value) ? { ...dataset, value: undefined } : dataset, config),
  };
}

/**
 * One of several forms, told apart by the input alone, so that problems speak of the form that was meant. Where none
 * was (-1), `refusal` says what there is; it must not accept such an input.
 */
export function oneOf<const O extends readonly AnySchema[]>(
  pick: (input: unknown) => number,
  options: O,
  refusal?: AnySchema,
) {
  const schema = v.union(options as unknown as O & v.UnionOptions);
  const run = (dataset: v.UnknownDataset, config: v.Config<Issue>) =>
    (options[pick(dataset.value)] ?? refusal ?? schema)['~run'](dataset, config);
  return { ...schema, '~run': run as (typeof schema)['~run'] };
}

/** A string of this form, turned into a value; `parse` may still refuse it. */
export function text<T>(pattern: RegExp, allowed: string, parse: (input: string) => T | undefined) {
  return v.pipe(
    v.string(allowed),
    v.regex(pattern, allowed),
    v.description(allowed),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const parsed = parse(dataset.value);
      if (parsed !== undefined) return parsed;
      addIssue({ message: allowed });
      return NEVER;
    }),
  );
}

/** A string of this form, kept as it is. */
export function word(pattern: RegExp, allowed: string) {
  return v.pipe(v.string(allowed), v.regex(pattern, allowed), v.description(allowed));
}

export function choice<const O extends readonly string[]>(options: O) {
  const allowed = options.length === 1 ? options[0]! : `${options.slice(0, -1).join(', ')} or ${options.at(-1)}`;
  return v.pipe(v.picklist(options, allowed), v.description(allowed));
}

export const flag = v.pipe(v.boolean('true or false'), v.description('true or false'));

export function list<const S extends AnySchema>(item: S, allowed: string, max: number) {
  return v.pipe(v.array(item, allowed), v.maxLength(max, `at most ${max} entries`), v.description(allowed));
}

export function count(min: number, max: number) {
  const allowed = `a whole number from ${min} to ${max}`;
  return v.pipe(
    v.number(allowed),
    v.integer(allowed),
    v.minValue(min, allowed),
    v.maxValue(max, allowed),
    v.description(allowed),
  );
}

/** For an issue of a rawCheck that belongs to a field of the checked object. */
export function at(...keys: (string | number)[]): [v.IssuePathItem, ...v.IssuePathItem[]] {
  return keys.map((key) => ({ type: 'unknown', origin: 'value', input: undefined, key, value: undefined })) as [
    v.IssuePathItem,
    ...v.IssuePathItem[],
  ];
}

/** Every issue of a parse as a problem; `hints` are the words a text with that message may be a misspelling of. */
export function toProblems(
  root: unknown,
  issues: readonly Issue[],
  hints: Readonly<Record<string, () => readonly string[]>> = {},
): Problem[] {
  const problems: Problem[] = [];
  for (const issue of issues) {
    const path = (issue.path ?? []).map((item) => item.key as string | number);
    if (issue.expected === 'never' && issue.message.startsWith(FIELDS)) {
      problems.push(...unknownFields(root, path.slice(0, -1), issue.message));
      continue;
    }
    if (issue.path?.at(-1)?.origin === 'key' && !issue.type.endsWith('object')) {
      problems.push(makeProblem(path, path.at(-1), issue.message, { atKey: true }));
      continue;
    }
    const value = valueAt(root, path);
    const words = hints[issue.message]?.() ?? quotedWords(issue);
    const didYouMean = typeof value === 'string' ? nearest(value, words) : undefined;
    problems.push(makeProblem(path, value, issue.message, { didYouMean }));
  }
  return problems;
}

// valibot stops at an object's first unknown key; an author wants them all.
function unknownFields(root: unknown, path: Path, message: string): Problem[] {
  const known = message.slice(FIELDS.length).split(', ');
  const holder = valueAt(root, path) as Record<string, unknown>;
  return Object.keys(holder)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const where = [...path, key];
      if (/^(?:use|managed|max)?_?spot/i.test(key)) return makeProblem(where, holder[key], NO_SPOT, { atKey: true });
      return makeProblem(where, holder[key], `unknown field; ${message}`, {
        atKey: true,
        didYouMean: nearest(key, known),
      });
    });
}

function quotedWords(issue: Issue): readonly string[] {
  return issue.type === 'picklist' ? [...(issue.expected ?? '').matchAll(/"([^"]*)"/g)].map((match) => match[1]!) : [];
}

export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}
