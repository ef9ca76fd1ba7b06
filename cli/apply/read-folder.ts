import { existsSync, readdirSync, statSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import type { Policy, Problem, Schedule } from '../../shared/documents/index.ts';
import type { SourceDocument } from '../../shared/documents/yaml.ts';
import type { RawDocument } from '../../shared/ports/documents-source.ts';
import type { DesiredDocument } from '../../shared/use-cases/apply/plan-apply.ts';
import { loadPolicy, loadSchedule, nameOf, readSource } from '../documents.ts';
import type { Io } from '../output.ts';
import { CliError, EXIT } from '../output.ts';
import { printable } from '../printable.ts';

const EXTENSIONS = ['.yaml', '.yml', '.json'];
const KINDS = ['schedules', 'policies'] as const satisfies readonly RawDocument['kind'][];
const MAX_FILES = 2_000;

/** The documents of a folder, each valid by itself; policies are not yet held against schedules. */
export interface Folder {
  readonly documents: readonly DesiredDocument[];
  /** Undefined: there is such a file, but it is not valid. */
  readonly schedules: ReadonlyMap<string, Schedule | undefined>;
  readonly policies: readonly { readonly source: SourceDocument; readonly policy: Policy }[];
  readonly problems: readonly Problem[];
  /** Files that are no documents by their place or name. */
  readonly ignored: readonly string[];
}

/** `<folder>/schedules/*.yaml` and `<folder>/policies/*.yaml` (or .yml, .json), and nothing else. */
export async function readFolder(io: Pick<Io, 'cwd' | 'now'>, folder: string): Promise<Folder> {
  const full = resolve(io.cwd, folder);
  if (!existsSync(full) || !statSync(full).isDirectory()) {
    throw new CliError(EXIT.usage, `${printable(folder)}: a folder with schedules/ and policies/`);
  }
  const found = listFiles(folder, full);
  if (found.files.length === 0) {
    const allowed = 'a folder with documents, schedules/<name>.yaml and policies/<name>.yaml; there are none in it';
    throw new CliError(EXIT.usage, `${printable(folder)}: ${allowed}`);
  }
  const reading: Reading = { documents: [], schedules: new Map(), policies: [], problems: [], names: new Map() };
  for (const { kind, file } of found.files) await readOne(io, reading, kind, file);
  return { ...reading, ignored: found.ignored };
}

interface Found {
  readonly files: { readonly kind: RawDocument['kind']; readonly file: string }[];
  readonly ignored: string[];
}

function listFiles(folder: string, full: string): Found {
  const found: Found = { files: [], ignored: [] };
  for (const name of visible(full)) {
    const kind = KINDS.find((candidate) => candidate === name);
    if (kind === undefined || !statSync(join(full, name)).isDirectory()) {
      found.ignored.push(join(folder, name));
      continue;
    }
    for (const inside of visible(join(full, name))) {
      const isDocument = EXTENSIONS.includes(extname(inside)) && statSync(join(full, name, inside)).isFile();
      if (isDocument) found.files.push({ kind, file: join(folder, name, inside) });
      else found.ignored.push(join(folder, name, inside));
    }
  }
  if (found.files.length > MAX_FILES) {
    throw new CliError(EXIT.usage, `${printable(folder)}: at most ${MAX_FILES} documents`);
  }
  return found;
}

function visible(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .sort();
}

interface Reading {
  readonly documents: DesiredDocument[];
  readonly schedules: Map<string, Schedule | undefined>;
  readonly policies: { readonly source: SourceDocument; readonly policy: Policy }[];
  readonly problems: Problem[];
  /** File by kind and name: two files cannot be one parameter. */
  readonly names: Map<string, string>;
}

async function readOne(
  io: Pick<Io, 'cwd' | 'now'>,
  reading: Reading,
  kind: RawDocument['kind'],
  file: string,
): Promise<void> {
  const name = nameOf(file);
  const twin = reading.names.get(`${kind}/${name}`);
  reading.names.set(`${kind}/${name}`, file);
  if (twin !== undefined) {
    const allowed = `a name of its own: ${twin} is ${kind}/${name} already`;
    reading.problems.push({ file, field: 'name', value: name, allowed });
  }
  if (kind === 'schedules') reading.schedules.set(name, undefined);
  const source = readSource(io, file);
  if (!source.ok) {
    reading.problems.push(...source.problems);
    return;
  }
  const text = await check(io, reading, kind, source.value);
  if (text === undefined) return;
  const { value } = source.value;
  const advanced = typeof value === 'object' && value !== null && (value as { tier?: unknown }).tier === 'advanced';
  reading.documents.push({ kind, name, file, text, advanced });
}

/** The parameter's text; undefined where the document is not valid. */
async function check(
  io: Pick<Io, 'now'>,
  { schedules, policies, problems }: Reading,
  kind: RawDocument['kind'],
  source: SourceDocument,
): Promise<string | undefined> {
  if (kind === 'schedules') {
    const loaded = await loadSchedule(source, new Date(io.now()).getUTCFullYear());
    if (loaded.ok) schedules.set(nameOf(source.file), loaded.value.value);
    else problems.push(...loaded.problems);
    return loaded.ok ? loaded.value.text : undefined;
  }
  const loaded = loadPolicy(source);
  if (loaded.ok) policies.push({ source, policy: loaded.value.value });
  else problems.push(...loaded.problems);
  return loaded.ok ? loaded.value.text : undefined;
}
