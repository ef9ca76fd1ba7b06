import { dirname, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { parseDocument } from 'yaml';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { nearest } from '../../shared/documents/problem.ts';
import { type ComparisonRow, compareRow, formatComparison, summarise } from '../compare-runs.ts';
import { nameOf, readText, readTextIfThere } from '../documents.ts';
import { CliError, documentError, EXIT, type Io, writeJson, writeWhole } from '../output.ts';

interface Options {
  readonly policies: string;
  readonly endpoint?: string;
  readonly picture?: string;
  readonly json?: string;
}

interface Compared {
  readonly policy: string;
  readonly result: RehearsalResult;
}

export function register(program: Command, io: Io): void {
  program
    .command('compare')
    .description('rehearse one scenario under several policies, and put cost, latency and losses side by side')
    .argument('<scenario>', 'the scenario document')
    .requiredOption('--policies <files>', 'files of policies, separated by commas')
    .option('--endpoint <name>', 'the endpoint that gets them (default: every endpoint of the scenario)')
    .option('--picture <file>', 'instances over traffic for each policy, an SVG; one endpoint only')
    .option('--json <path>', 'the rows as JSON, to a file or - for stdout')
    .action((file: string, options: Options) => compare(io, file, options));
}

async function compare(io: Io, file: string, options: Options): Promise<void> {
  const text = readText(io, file);
  const files = options.policies.split(',').map((path) => path.trim());
  const names = files.map(nameOf);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined || files.includes('')) {
    throw new CliError(EXIT.usage, `--policies: ${options.policies}: files of different names, separated by commas`);
  }
  const endpoints = chooseEndpoints(text, file, options.endpoint);
  const [only, ...more] = endpoints;
  if (options.picture !== undefined && (only === undefined || more.length > 0)) {
    throw new CliError(
      EXIT.usage,
      `--picture: ${options.picture}: one endpoint: choose it with --endpoint (${endpoints.join(', ')})`,
    );
  }
  const runs: Compared[] = [];
  for (const [index, path] of files.entries()) {
    const policy = names[index] ?? path;
    io.progress(`${policy} (${index + 1} of ${files.length})`);
    runs.push({ policy, result: await rehearseWith(io, file, withPolicy(text, io, file, path, policy, endpoints)) });
  }
  io.progress('');
  const rows = endpoints.flatMap((name) => runs.map(({ policy, result }) => compareRow(policy, name, result)));
  if (options.json !== undefined) writeJson(io, options.json, { scenario: nameOf(file), rows });
  if (options.json !== '-') io.out(formatComparison(rows));
  if (options.picture !== undefined && only !== undefined) await draw(io, options.picture, only, runs, rows);
}

/** Names of the endpoints as the document has them; a document that is none is told by the rehearsal itself. */
function chooseEndpoints(text: string, file: string, chosen: string | undefined): readonly string[] {
  const document: unknown = parseDocument(text).toJS();
  const member =
    typeof document === 'object' && document !== null ? (document as { endpoints?: unknown }).endpoints : {};
  const names = typeof member === 'object' && member !== null ? Object.keys(member) : [];
  if (chosen === undefined) return names;
  if (names.includes(chosen)) return [chosen];
  const meant = nearest(chosen, names);
  const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  throw new CliError(EXIT.usage, `--endpoint: ${chosen}: an endpoint of ${file}: ${names.join(', ')}${hint}`);
}

/** The document with this policy for these endpoints; what stands elsewhere keeps its line. */
function withPolicy(
  text: string,
  io: Io,
  file: string,
  path: string,
  policy: string,
  endpoints: readonly string[],
): string {
  const document = parseDocument(text);
  // Paths of a scenario are relative to it.
  const fromScenario = relative(dirname(resolve(io.cwd, file)), resolve(io.cwd, path));
  if (document.errors.length > 0) return text;
  document.setIn(['policies', policy], fromScenario);
  for (const name of endpoints) document.setIn(['endpoints', name, 'policy'], policy);
  return String(document);
}

async function rehearseWith(io: Io, file: string, text: string): Promise<RehearsalResult> {
  // Brings the simulator and all SDK clients with it: only for those who rehearse.
  const { parseScenario, rehearse } = await import('../../rehearsal/index.ts');
  const parsed = parseScenario(text, file, (path) => readTextIfThere(io, path));
  if (!parsed.ok) throw documentError(parsed.problems);
  for (const warning of parsed.warnings) io.note(`warning: ${warning}`);
  const { result, warnings } = await rehearse(parsed.scenario);
  for (const warning of warnings) io.note(`warning: ${warning}`);
  for (const { at, invariant, endpoint, what } of result.invariants.violations) {
    io.fail(`invariant ${invariant}: ${at}: ${endpoint ?? '-'}: ${what}`);
    io.exitWith(EXIT.invariant);
  }
  return result;
}

async function draw(
  io: Io,
  path: string,
  endpoint: string,
  runs: readonly Compared[],
  rows: readonly ComparisonRow[],
): Promise<void> {
  const { renderComparison } = await import('../../report/comparison.ts');
  const panels = runs.flatMap(({ policy, result }) => {
    const own = result.endpoints[endpoint];
    const row = rows.find((candidate) => candidate.policy === policy && candidate.endpoint === endpoint);
    return own === undefined || row === undefined ? [] : [{ policy, endpoint: own, summary: summarise(row) }];
  });
  const first = runs[0]?.result;
  if (first === undefined) return;
  const span = { from: Date.parse(first.from), to: Date.parse(first.to), timezone: first.timezone ?? 'UTC' };
  writeWhole(io, path, renderComparison({ title: `${endpoint} under ${runs.length} policies`, ...span, runs: panels }));
  io.note(`${path}: written`);
}
