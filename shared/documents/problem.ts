/** Where a value stands in a document: keys and list indices from the root. */
export type Path = readonly (string | number)[];

/** One thing that is wrong in a document, told so that its author can mend it without reading our code. */
export interface Problem {
  readonly file?: string;
  readonly line?: number;
  readonly col?: number;
  /** Dotted path, `closed[1].holidays`; `document` for the whole. */
  readonly field: string;
  /** The value as found, shortened. */
  readonly value: string;
  readonly allowed: string;
  readonly didYouMean?: string;
  /** The field as a path, for finding its line; never printed. */
  readonly path?: Path;
  /** The key itself is wrong (an unknown field), not its value. */
  readonly atKey?: boolean;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const MAX_SHOWN = 80;

/** A value as a problem shows it: JSON, shortened; `nothing` for an absent one. */
export function showValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return String(asWritten('', value));
  let text: string;
  try {
    text = typeof value === 'string' ? value : (JSON.stringify(value, asWritten) ?? String(value));
  } catch {
    text = String(value);
  }
  const line = text.replace(/\s+/g, ' ');
  if (line === '') return '""';
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN - 1)}…` : line;
}

/** JSON has no word for numbers that YAML has: `null` is not what stands in the document. */
function asWritten(_: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return '.nan';
  return value < 0 ? '-.inf' : '.inf';
}

/** `closed[1].holidays`; keys that are not plain words are quoted. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part.length > 64 ? `${part.slice(0, 63)}…` : part)}]`;
  }
  return text === '' ? 'document' : text;
}

export function makeProblem(
  path: Path,
  value: unknown,
  allowed: string,
  more: { readonly didYouMean?: string | undefined; readonly atKey?: boolean } = {},
): Problem {
  return {
    field: formatPath(path),
    value: showValue(value),
    allowed,
    path,
    ...(more.didYouMean === undefined ? {} : { didYouMean: more.didYouMean }),
    ...(more.atKey ? { atKey: true } : {}),
  };
}

/** `file:line:col: field: value: what is allowed (did you mean …)`, without the parts that are not known. */
export function formatProblem(problem: Problem): string {
  const place = [problem.file, problem.line, problem.line === undefined ? undefined : problem.col]
    .filter((part) => part !== undefined)
    .join(':');
  const hint = problem.didYouMean === undefined ? '' : ` (did you mean ${problem.didYouMean}?)`;
  return `${place === '' ? '' : `${place}: `}${problem.field}: ${problem.value}: ${problem.allowed}${hint}`;
}

/** By file, line, column, then field: the order in which an author goes through them. */
export function compareProblems(a: Problem, b: Problem): number {
  return (
    compareText(a.file ?? '', b.file ?? '') ||
    (a.line ?? 0) - (b.line ?? 0) ||
    (a.col ?? 0) - (b.col ?? 0) ||
    compareText(a.field, b.field) ||
    compareText(a.allowed, b.allowed)
  );
}

// Not localeCompare: the order must be the same on every machine.
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The known word nearest to `word`, if near enough to be what was meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  // Of two letters one is half the word: only their case may differ.
  const limit = word.length <= 2 ? 0 : word.length <= 4 ? 1 : word.length <= 8 ? 2 : 3;
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance && candidate !== word) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Optimal string alignment distance (a swap of neighbours counts as one), or `stopAt` once it cannot be less. */
function editDistance(a: string, b: string, stopAt: number): number {
  if (Math.abs(a.length - b.length) >= stopAt) return stopAt;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
