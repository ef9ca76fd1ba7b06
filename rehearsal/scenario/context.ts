import { compileScheduleHolidays } from '../../shared/documents/holidays.ts';
import { parseSchedule, toParameterText } from '../../shared/documents/index.ts';
import { makeProblem, type Path, type Problem } from '../../shared/documents/problem.ts';
import type { SourceDocument } from '../../shared/documents/yaml.ts';
import type { ScenarioDocument } from './grammar.ts';

/** Text of a file; undefined: there is none that can be read. */
export type ReadFile = (path: string) => string | undefined;

/** What the resolving steps share: where they are, what they may read, and where their problems go. */
export interface ResolveContext {
  readonly source: SourceDocument;
  readonly document: ScenarioDocument;
  /** Of all its endpoints, also where the rest of one cannot be read. */
  readonly endpointNames: readonly string[];
  readonly start: number;
  readonly durationMs: number;
  readonly seed: number;
  readonly problems: Problem[];
  readonly warnings: string[];
  /** Reads a file named in the document; a problem at `path` and undefined when that does not work. */
  read(name: string, path: Path): { readonly file: string; readonly text: string } | undefined;
}

/** A problem of an inline document, as one of the document around it. */
export function under(path: Path, problem: Problem): Problem {
  const inner = problem.path ?? [];
  const { field, value, allowed, atKey, didYouMean } = problem;
  const moved = makeProblem([...path, ...inner], '', allowed, {
    didYouMean,
    ...(atKey === undefined ? {} : { atKey }),
  });
  // A problem of the whole (its name, its size) keeps its own word for the field.
  return {
    ...moved,
    value,
    field: inner.length === 0 && field !== 'document' ? `${moved.field}.${field}` : moved.field,
  };
}

/** Converts a schedule as `apply` does; undefined after its problems were noted. */
export function convertSchedule(
  context: ResolveContext,
  value: unknown,
  place: (p: readonly Problem[]) => Problem[],
  name: string,
) {
  const compiled = compileScheduleHolidays(value, new Date(context.start).getUTCFullYear());
  if (!compiled.ok) {
    context.problems.push(...place(compiled.problems));
    return undefined;
  }
  const parsed = parseSchedule(name, compiled.value);
  if (parsed.ok) return { schedule: parsed.value, text: toParameterText(compiled.value) };
  context.problems.push(...place(parsed.problems));
  return undefined;
}
