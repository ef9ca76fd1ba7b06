import type { Command } from 'commander';
import type { Policy, Problem, Schedule } from '../../shared/documents/index.ts';
import { checkSchedules, compareProblems, formatProblem } from '../../shared/documents/index.ts';
import { policyWarnings } from '../../shared/documents/policy-warnings.ts';
import type { SourceDocument } from '../../shared/documents/yaml.ts';
import type { DocumentKind } from '../documents.ts';
import {
  DOCUMENT_KINDS,
  findFiles,
  kindOf,
  loadPolicy,
  loadSchedule,
  nameOf,
  readSource,
  readText,
  readTextIfThere,
} from '../documents.ts';
import type { Io } from '../output.ts';
import { EXIT, writeJson } from '../output.ts';

interface Seen {
  readonly file: string;
  readonly kind: DocumentKind;
  readonly name: string;
  /** Of the SSM parameter; absent for scenarios and for documents that are not valid. */
  readonly bytes?: number;
}

/** What is known after all files were read. */
interface Findings {
  readonly documents: Seen[];
  readonly problems: Problem[];
  /** How many were told: no reason to refuse anything, and nothing to overlook. */
  warnings: number;
  readonly schedules: Map<string, Schedule | undefined>;
  readonly policies: { readonly source: SourceDocument; readonly policy: Policy }[];
}

export function register(program: Command, io: Io): void {
  program
    .command('validate')
    .description('check schedules, policies and scenarios; print every problem at once')
    .argument('<paths...>', 'files, or folders to search for .yaml, .yml and .json')
    .option('--json <path>', 'documents and problems as JSON, to a file or - for stdout')
    .action(async (paths: string[], options: { json?: string }) => {
      const findings = await validate(io, paths);
      const problems = eachOnce(findings.problems).sort(compareProblems);
      if (options.json !== undefined) writeJson(io, options.json, toJson(findings.documents, problems));
      if (options.json !== '-') io.out(describe(findings, problems));
      if (problems.length > 0) io.exitWith(EXIT.usage);
    });
}

async function validate(io: Io, paths: readonly string[]): Promise<Findings> {
  const findings: Findings = { documents: [], problems: [], warnings: 0, schedules: new Map(), policies: [] };
  for (const { file, asked } of findFiles(io, paths)) {
    const source = readSource(io, file);
    // A broken file in a folder of documents is one of them; elsewhere it may be anything.
    const kind = kindOf(file, source.ok ? source.value.value : undefined);
    if (kind === undefined && !asked) {
      io.note(`${file}: skipped: neither a schedule nor a policy nor a scenario`);
    } else if (!source.ok) {
      findings.problems.push(...source.problems);
      if (kind !== undefined) remember(findings, kind, file);
    } else if (kind === undefined) {
      const allowed =
        'a schedule, a policy or a scenario (told by its fields, like timezone, otherwise or endpoints, or by a folder schedules, policies, scenarios)';
      findings.problems.push(...source.value.place([{ field: 'document', value: 'unknown kind', allowed, path: [] }]));
    } else {
      await check(io, findings, kind, source.value);
    }
  }
  crossCheck(findings);
  for (const { source, policy } of findings.policies) {
    for (const warning of source.place(policyWarnings(policy))) warn(io, findings, formatProblem(warning));
  }
  return findings;
}

async function check(io: Io, findings: Findings, kind: DocumentKind, source: SourceDocument): Promise<void> {
  if (kind === 'schedule') {
    const loaded = await loadSchedule(source, new Date(io.now()).getUTCFullYear());
    remember(findings, kind, source.file, loaded.ok ? loaded.value : undefined);
    if (loaded.ok) findings.schedules.set(nameOf(source.file), loaded.value.value);
    else findings.problems.push(...loaded.problems);
  } else if (kind === 'policy') {
    const loaded = loadPolicy(source);
    remember(findings, kind, source.file, loaded.ok ? loaded.value : undefined);
    if (loaded.ok) findings.policies.push({ source, policy: loaded.value.value });
    else findings.problems.push(...loaded.problems);
  } else {
    remember(findings, kind, source.file);
    findings.problems.push(...(await checkScenario(io, findings, source.file)));
  }
}

function warn(io: Io, findings: Findings, warning: string): void {
  io.note(`warning: ${warning}`);
  findings.warnings += 1;
}

async function checkScenario(io: Io, findings: Findings, file: string): Promise<readonly Problem[]> {
  // Brings the simulator's service models with it: only for those who rehearse.
  const { parseScenario } = await import('../../rehearsal/scenario.ts');
  const parsed = parseScenario(readText(io, file), file, (path) => readTextIfThere(io, path));
  if (!parsed.ok) return parsed.problems;
  for (const warning of parsed.warnings) warn(io, findings, `${file}: ${warning}`);
  return [];
}

function remember(findings: Findings, kind: DocumentKind, file: string, loaded?: { readonly text: string }): void {
  const name = nameOf(file);
  const twin = findings.documents.find((other) => other.kind === kind && other.name === name && kind !== 'scenario');
  if (twin !== undefined) {
    const allowed = `a name of its own: ${twin.file} is the ${kind} ${name} already`;
    findings.problems.push({ file, field: 'name', value: name, allowed });
  }
  if (kind === 'schedule' && !findings.schedules.has(name)) findings.schedules.set(name, undefined);
  findings.documents.push({ file, kind, name, ...(loaded && { bytes: Buffer.byteLength(loaded.text) }) });
}

/** Names of schedules can be checked only where schedules were given. */
function crossCheck({ schedules, policies, problems }: Findings): void {
  if (schedules.size === 0) return;
  for (const { source, policy } of policies) problems.push(...source.place(checkSchedules(policy, schedules)));
}

/** A document that a scenario names is read twice: as itself, and by the scenario. */
function eachOnce(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}

function describe({ documents, warnings }: Findings, problems: readonly Problem[]): string {
  const counts = DOCUMENT_KINDS.map((kind) => [kind, documents.filter((seen) => seen.kind === kind).length] as const)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => plural(count, kind));
  const checked = counts.length === 0 ? 'no documents' : counts.join(', ');
  const found = problems.length === 0 ? 'no problems' : plural(problems.length, 'problem');
  const verdict = warnings === 0 ? found : `${found}, ${plural(warnings, 'warning')}`;
  return `${problems.map((problem) => `${formatProblem(problem)}\n`).join('')}${checked}: ${verdict}\n`;
}

function plural(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}

function toJson(documents: readonly Seen[], problems: readonly Problem[]) {
  return { documents, problems: problems.map(({ path: _path, atKey: _atKey, ...shown }) => shown) };
}
