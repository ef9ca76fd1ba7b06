import type { MinuteCounts } from './traffic.ts';

/** What is wrong with a trace file: the line (from 1), what stands there, and what is allowed. */
interface TraceProblem {
  readonly line: number;
  readonly column: number;
  readonly field: string;
  readonly value: string;
  readonly allowed: string;
}

export type ParsedTrace =
  | { readonly ok: true; readonly counts: MinuteCounts }
  | { readonly ok: false; readonly problems: readonly TraceProblem[] };

const HEADER = 'minute_index,count';
const WHOLE = /^(0|[1-9][0-9]*)$/;
/** One broken generator breaks every line: the first few are enough to see how. */
const MAXIMUM_PROBLEMS = 20;
const MAXIMUM_COUNT = 2 ** 31 - 1;

function checkLine(text: string, line: number, expected: number): { count: number } | TraceProblem {
  const at = (column: number, field: string, value: string, allowed: string): TraceProblem => ({
    line,
    column,
    field,
    value,
    allowed,
  });
  const comma = text.indexOf(',');
  if (comma < 0 || text.indexOf(',', comma + 1) >= 0) {
    return at(1, 'row', text, 'must be two whole numbers with a comma between: minute_index,count');
  }
  const index = text.slice(0, comma).trim();
  const count = text.slice(comma + 1).trim();
  if (!WHOLE.test(index)) return at(1, 'minute_index', index, 'must be a whole number, 0 or more');
  if (Number(index) !== expected) {
    return at(1, 'minute_index', index, `must be ${expected}: one row a minute from 0, in order and without gaps`);
  }
  if (!WHOLE.test(count) || Number(count) > MAXIMUM_COUNT) {
    return at(comma + 2, 'count', count, `must be a whole number from 0 to ${MAXIMUM_COUNT}`);
  }
  return { count: Number(count) };
}

/** Reads `minute_index,count`: one row a minute from 0, no gaps; anything else is refused with its line. */
export function parseTrace(text: string): ParsedTrace {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  while (lines.at(-1)?.trim() === '') lines.pop();
  const header = lines[0]?.trim() ?? '';
  const problems: TraceProblem[] = [];
  if (header !== HEADER) {
    problems.push({ line: 1, column: 1, field: 'header', value: header, allowed: `must be ${HEADER}` });
    return { ok: false, problems };
  }
  if (lines.length < 2) {
    problems.push({ line: 2, column: 1, field: 'row', value: '', allowed: 'must have at least one row: 0,<count>' });
  }
  const counts = new Int32Array(Math.max(0, lines.length - 1));
  let expected = 0;
  for (let number = 1; number < lines.length && problems.length < MAXIMUM_PROBLEMS; number += 1) {
    const text = lines[number]!;
    const checked = checkLine(text, number + 1, expected);
    if ('count' in checked) {
      counts[number - 1] = checked.count;
      expected += 1;
      continue;
    }
    problems.push(checked);
    // After a gap the following rows are judged by what this one says, so that one gap is one problem.
    const index = Number.parseInt(text, 10);
    expected = Number.isInteger(index) && index >= expected ? index + 1 : expected + 1;
  }
  return problems.length === 0 ? { ok: true, counts } : { ok: false, problems };
}

/** The trace over a run: cut at its end, zeros after the last row. `missing` says how many minutes had to be zero. */
export function fitTrace(counts: MinuteCounts, minutes: number): { counts: MinuteCounts; missing: number } {
  if (counts.length >= minutes) return { counts: counts.slice(0, minutes), missing: 0 };
  const fitted = new Int32Array(minutes);
  fitted.set(counts);
  return { counts: fitted, missing: minutes - counts.length };
}
