import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Problem } from '../shared/documents/index.ts';
import { compareProblems, formatProblem } from '../shared/documents/index.ts';
import { printableJson } from './printable.ts';

/** What an exit code of the command means. */
export const EXIT = { ok: 0, failed: 1, usage: 2, invariant: 3, expectation: 4, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Everything a command may touch outside of files. Data go to `out`; everything else is for the person watching. */
export interface Io {
  readonly cwd: string;
  /** Data: stdout, never silenced. */
  out(text: string): void;
  /** Warnings and remarks: stderr, silenced by --quiet. */
  note(text: string): void;
  /** Why it failed: stderr, never silenced. */
  fail(text: string): void;
  /** One line that the next one overwrites; on a terminal only. An empty text clears it. */
  progress(text: string): void;
  /** Colour may be used on stdout. */
  readonly color: boolean;
  /** Milliseconds since 1970. */
  now(): number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** One line from the person at the terminal; absent where there is none. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
  /** Ctrl-C calls this instead of ending the command, once; the answer takes it back. */
  onInterrupt(stop: () => void): () => void;
  /** The exit code where it is not 0 although the command ran to its end. */
  exitWith(code: ExitCode): void;
}

/** Ends the command with a message for its user instead of a stack trace. */
export class CliError extends Error {
  readonly code: ExitCode;
  readonly problems: readonly Problem[];

  constructor(code: ExitCode, message: string, problems: readonly Problem[] = []) {
    super(message);
    this.name = 'CliError';
    this.code = code;
    this.problems = problems;
  }
}

/** Wrong documents: every problem, sorted by place. */
export function documentError(problems: readonly Problem[]): CliError {
  const lines = [...problems].sort(compareProblems).map(formatProblem);
  return new CliError(EXIT.usage, lines.join('\n'), problems);
}

/** Writes a file whole or not at all: a reader never sees half of it, a failed run leaves the old one. */
export function writeWhole(io: Pick<Io, 'cwd'>, path: string, text: string): void {
  const target = resolve(io.cwd, path);
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(target), { recursive: true });
    // Nothing asynchronous between the two: no signal handler can run and leave the temporary file behind.
    writeFileSync(temporary, text);
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new CliError(EXIT.failed, `${path}: cannot be written: ${messageOf(error)}`);
  }
}

/** For `--json <path>`, where `-` is stdout. */
export function writeJson(io: Io, path: string, value: unknown): void {
  const text = `${printableJson(JSON.stringify(value, null, 2))}\n`;
  if (path === '-') io.out(text);
  else writeWhole(io, path, text);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Rows as columns, the last one ragged. Columns in `right` are aligned to the right. */
export function formatTable(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => (right.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}
