import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import type { Parsed, Policy, Problem, Schedule } from '../shared/documents/index.ts';
import { parsePolicy, parseSchedule, toParameterText } from '../shared/documents/index.ts';
import type { SourceDocument } from '../shared/documents/yaml.ts';
import { parseYaml } from '../shared/documents/yaml.ts';
import type { Io } from './output.ts';
import { CliError, EXIT, messageOf } from './output.ts';

export const DOCUMENT_KINDS = ['schedule', 'policy', 'scenario'] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

const EXTENSIONS = ['.yaml', '.yml', '.json'];
const FOLDERS: Readonly<Record<string, DocumentKind>> = {
  schedules: 'schedule',
  policies: 'policy',
  scenarios: 'scenario',
};
/** Top-level fields that only documents of this kind have. */
const MARKS: readonly (readonly [DocumentKind, readonly string[]])[] = [
  ['scenario', ['endpoints', 'happens', 'start']],
  ['schedule', ['timezone', 'open', 'closed', 'extra']],
  ['policy', ['capacity', 'otherwise', 'zero', 'wake', 'scaling', 'variants']],
];
const MAX_FILES = 2_000;

/** The name a document of this file gets in SSM. */
export function nameOf(file: string): string {
  return basename(file, extname(file));
}

/** Files of these arguments; folders are searched through. Paths as a user would write them. */
export function findFiles(io: Pick<Io, 'cwd'>, paths: readonly string[]): { file: string; asked: boolean }[] {
  const found = new Map<string, boolean>();
  for (const path of paths) {
    const full = resolve(io.cwd, path);
    if (!existsSync(full)) throw new CliError(EXIT.usage, `${path}: no such file or folder`);
    if (statSync(full).isDirectory()) {
      for (const file of filesBelow(full)) if (!found.has(file)) found.set(file, false);
    } else {
      found.set(full, true);
    }
  }
  return [...found].map(([full, asked]) => ({ file: shownPath(io, full), asked }));
}

function filesBelow(folder: string): string[] {
  const files: string[] = [];
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const entry of readdirSync(next, { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      const full = join(next, entry.name);
      if (entry.isDirectory()) folders.push(full);
      else if (EXTENSIONS.includes(extname(entry.name))) files.push(full);
    }
    if (files.length > MAX_FILES)
      throw new CliError(EXIT.usage, `${folder}: more than ${MAX_FILES} documents; name fewer`);
  }
  return files.sort();
}

function shownPath(io: Pick<Io, 'cwd'>, full: string): string {
  const near = relative(io.cwd, full);
  return near === '' || near.startsWith('..') ? full : near;
}

export function readSource(io: Pick<Io, 'cwd'>, file: string): Parsed<SourceDocument> {
  return parseYaml(file, readText(io, file));
}

export function readText(io: Pick<Io, 'cwd'>, file: string): string {
  try {
    return readFileSync(resolve(io.cwd, file), 'utf8');
  } catch (error) {
    throw new CliError(EXIT.usage, `${file}: cannot be read: ${messageOf(error)}`);
  }
}

/** Undefined where there is nothing to read; whoever named the file says so with its place. */
export function readTextIfThere(io: Pick<Io, 'cwd'>, file: string): string | undefined {
  const full = resolve(io.cwd, file);
  return existsSync(full) && statSync(full).isFile() ? readText(io, file) : undefined;
}

/** By the folder it lies in, else by what stands in it. */
export function kindOf(file: string, value: unknown): DocumentKind | undefined {
  const byFolder = FOLDERS[basename(dirname(resolve(file)))];
  if (byFolder !== undefined) return byFolder;
  if (typeof value !== 'object' || value === null) return undefined;
  return MARKS.find(([, fields]) => fields.some((field) => Object.hasOwn(value, field)))?.[0];
}

/** A document as `apply` would store it. */
export interface Loaded<T> {
  readonly value: T;
  /** The parameter's text. */
  readonly text: string;
}

/** A schedule with its holidays compiled from `year` on; problems carry their places. */
export async function loadSchedule(source: SourceDocument, year: number): Promise<Parsed<Loaded<Schedule>>> {
  const compiled = await compileHolidays(source.value, year);
  const value = compiled.ok ? compiled.value : source.value;
  const parsed = parseSchedule(nameOf(source.file), value);
  if (parsed.ok && compiled.ok) return { ok: true, value: { value: parsed.value, text: toParameterText(value) } };
  const unknown = compiled.ok ? [] : compiled.problems;
  // That they are not compiled follows from their being unknown.
  const rest = (parsed.ok ? [] : parsed.problems).filter(
    ({ path }) => !unknown.some((problem) => problem.path?.slice(0, -1).join('/') === path?.join('/')),
  );
  return { ok: false, problems: source.place([...unknown, ...rest]) };
}

export function loadPolicy(source: SourceDocument): Parsed<Loaded<Policy>> {
  const parsed = parsePolicy(nameOf(source.file), source.value);
  if (!parsed.ok) return { ok: false, problems: source.place(parsed.problems) };
  return { ok: true, value: { value: parsed.value, text: toParameterText(source.value) } };
}

async function compileHolidays(value: unknown, year: number): Promise<Parsed<unknown>> {
  const closed = typeof value === 'object' && value !== null ? (value as { closed?: unknown }).closed : undefined;
  const mentioned = Array.isArray(closed) && closed.some((entry) => typeof entry === 'object' && entry !== null);
  if (!mentioned) return { ok: true, value };
  // The calendar of all countries takes 0.1 s to load: only for documents that need it.
  const { compileScheduleHolidays } = await import('../shared/documents/holidays.ts');
  return compileScheduleHolidays(value, year);
}

/** Schedules of a folder by name; undefined for invalid ones, whose problems are returned beside. */
export async function loadSchedules(
  io: Pick<Io, 'cwd'>,
  folder: string,
  year: number,
): Promise<{ schedules: Map<string, Schedule | undefined>; problems: Problem[] }> {
  const schedules = new Map<string, Schedule | undefined>();
  const problems: Problem[] = [];
  for (const { file } of findFiles(io, [folder])) {
    const source = readSource(io, file);
    const loaded = source.ok ? await loadSchedule(source.value, year) : source;
    schedules.set(nameOf(file), loaded.ok ? loaded.value.value : undefined);
    if (!loaded.ok) problems.push(...loaded.problems);
  }
  return { schedules, problems };
}
