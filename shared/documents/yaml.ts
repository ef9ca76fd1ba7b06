import type { Document, ParsedNode } from 'yaml';
import { isAlias, isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Parsed, Path, Problem } from './problem.ts';
import { showValue } from './problem.ts';

/** A document of a file as a plain value that knows where its parts stand. */
export interface SourceDocument {
  readonly file: string;
  readonly value: unknown;
  /** Adds file, line and column to problems of this document. */
  place(problems: readonly Problem[]): Problem[];
}

/** Far above any sensible document; parsing more is what an attacker wants. */
export const MAX_SOURCE_BYTES = 256 * 1024;
const MAX_ALIASES = 100;
const MAX_FAULTS = 20;
const TOO_DEEP = 'YAML that is less deeply nested';
const TOO_MANY_ALIASES = 'YAML with fewer aliases, none of which leads into itself';
const ONE_DOCUMENT = 'one document a file: what follows --- belongs into a file of its own';

/** Reads YAML 1.2 (so JSON too). Every problem of its syntax at once. */
export function parseYaml(file: string, text: string): Parsed<SourceDocument> {
  if (text.length > MAX_SOURCE_BYTES) {
    return refuse(file, `${text.length} characters`, `a document of at most ${MAX_SOURCE_BYTES} bytes`);
  }
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
    const faults = [...document.errors, ...document.warnings];
    // The parser recurses, and tells of its own stack as of a fault.
    if (faults.some(({ message }) => /call stack|stack overflow/i.test(message))) return refuse(file, text, TOO_DEEP);
    if (faults.length > 0) {
      const problems = firstOfEachPlace(faults).map((fault) => describeFault(file, text, lines, fault));
      return { ok: false, problems };
    }
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    // An alias can point into itself; nothing further on expects that.
    JSON.stringify(value);
    return { ok: true, value: { file, value, place: (problems) => problems.map(placer(file, document, lines)) } };
  } catch (error) {
    // The parser recurses, and refuses what its aliases would blow up, by throwing these.
    if (!(error instanceof RangeError || error instanceof ReferenceError || error instanceof TypeError)) throw error;
    return refuse(file, text, error instanceof RangeError ? TOO_DEEP : TOO_MANY_ALIASES);
  }
}

function refuse(file: string, value: string, allowed: string): Parsed<never> {
  return {
    ok: false,
    problems: [{ file, field: 'document', value: showValue(value), allowed, path: [], line: 1, col: 1 }],
  };
}

type Fault = Document['errors'][number];

// One slip of the pen makes the parser complain about the same place over and over.
function firstOfEachPlace(faults: readonly Fault[]): readonly Fault[] {
  const seen = new Set<number>();
  return faults.filter(({ pos }) => !seen.has(pos[0]) && seen.add(pos[0])).slice(0, MAX_FAULTS);
}

function describeFault(file: string, text: string, lines: LineCounter, fault: Fault): Problem {
  const [from] = fault.pos;
  const { line, col } = lines.linePos(from);
  const shown = text.slice(from).split('\n')[0];
  return {
    file,
    line,
    col,
    field: 'document',
    value: showValue(shown),
    allowed: fault.code === 'MULTIPLE_DOCS' ? ONE_DOCUMENT : `YAML 1.2 (${fault.message})`,
    path: [],
  };
}

function placer(file: string, document: Document.Parsed<ParsedNode>, lines: LineCounter) {
  return (problem: Problem): Problem => {
    if (problem.file !== undefined) return problem;
    if (problem.path === undefined) return { ...problem, file };
    const offset = locate(document, problem.path, problem.atKey === true);
    // An empty document has nothing in it that a problem could stand at.
    const { line, col } = offset === undefined ? { line: 1, col: 1 } : lines.linePos(offset);
    return { ...problem, file, line, col };
  };
}

/** Offset of the value at a path (or of its key); of the nearest enclosing value where it is missing. */
function locate(document: Document.Parsed<ParsedNode>, path: Path, atKey: boolean): number | undefined {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const [depth, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isSeq(node) && typeof part === 'number') {
      node = node.items[part];
    } else if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (pair === undefined) return offset;
      if (atKey && depth === path.length - 1) return startOf(pair.key) ?? offset;
      // An empty value has no place of its own that an editor would show.
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else {
      return offset;
    }
    offset = startOf(node) ?? offset;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
