import { dirname, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { parseDocument } from 'yaml';
import type { BaselineRun, Belongings, RehearsalResult, Scenario } from '../../rehearsal/index.ts';
import { nearest } from '../../shared/documents/problem.ts';
import { lostBy, type NamedBaseline, parseBaselines, refuseOtherKinds } from '../baselines.ts';
import { type ComparisonRow, compareRow, formatComparison, summarise } from '../compare-runs.ts';
import { nameOf, readText, readTextIfThere } from '../documents.ts';
import { CliError, documentError, EXIT, type Io, writeJson, writeWhole } from '../output.ts';
import { collect, override } from '../set-values.ts';

interface Options {
  readonly policies?: string;
  readonly baseline?: string;
  readonly endpoint?: string;
  readonly picture?: string;
  readonly json?: string;
  readonly set: readonly string[];
}

interface Compared {
  /** The policy's name, or the baseline's; absent: each endpoint has its own. */
  readonly name: string | undefined;
  /** The scenario with its policy; a baseline's: with the first of the policies. */
  readonly scenario: Scenario;
  readonly isBaseline: boolean;
  readonly result: RehearsalResult;
  /** By endpoint; filled where there is a baseline to compare it with. */
  readonly lost: ReadonlyMap<string, ComparisonRow['lost']>;
}

export function register(program: Command, io: Io): void {
  program
    .command('compare')
    .description('rehearse one scenario under several policies, and put cost, latency and losses side by side')
    .argument('<scenario>', 'the scenario document')
    .option('--policies <files>', "files of policies, separated by commas (default: the scenario's own)")
    .option('--baseline <names>', 'what it would be without the scaler: always-on, cron, cron/08:00-18:00, …')
    .option('--set <field=value>', 'replace a value of the document, as endpoints.chat.startsIn=4m', collect, [])
    .option('--endpoint <name>', 'the endpoint that gets them (default: every endpoint of the scenario)')
    .option('--picture <file>', 'instances over traffic for each policy, an SVG; one endpoint only')
    .option('--json <path>', 'the rows as JSON, to a file or - for stdout')
    .action((file: string, options: Options) => compare(io, file, options));
}

async function compare(io: Io, file: string, options: Options): Promise<void> {
  const text = override(readText(io, file), options.set);
  const endpoints = chooseEndpoints(text, file, options.endpoint);
  const files = options.policies?.split(',').map((path) => path.trim()) ?? [];
  const names = files.map(nameOf);
  if (new Set(names).size < names.length || files.includes('')) {
    throw new CliError(EXIT.usage, `--policies: ${options.policies}: files of different names, separated by commas`);
  }
  const baselines = options.baseline === undefined ? [] : parseBaselines(options.baseline);
  if (files.length + baselines.length === 0) {
    throw new CliError(EXIT.usage, 'compare: --policies, --baseline or both are needed (--help says more)');
  }
  const [only, ...more] = endpoints;
  if (options.picture !== undefined && (only === undefined || more.length > 0)) {
    throw new CliError(
      EXIT.usage,
      `--picture: ${options.picture}: one endpoint: choose it with --endpoint (${endpoints.join(', ')})`,
    );
  }
  const runs = await runAll(io, { file, text, files, endpoints, baselines });
  const rows = endpoints.flatMap((name) => runs.map((run) => rowOf(run, name)));
  if (options.json !== undefined) writeJson(io, options.json, { scenario: nameOf(file), rows });
  if (options.json !== '-') io.out(formatComparison(rows));
  if (options.picture !== undefined && only !== undefined) await draw(io, options.picture, only, runs, rows);
}

interface Work {
  readonly file: string;
  readonly text: string;
  readonly files: readonly string[];
  readonly endpoints: readonly string[];
  readonly baselines: readonly NamedBaseline[];
}

/** The policies in their order, then what is measured against the first of them. */
async function runAll(io: Io, { file, text, files, endpoints, baselines }: Work): Promise<readonly Compared[]> {
  const documents =
    files.length === 0
      ? [{ name: undefined, text }]
      : files.map((path) => ({ name: nameOf(path), text: withPolicy(text, io, file, path, endpoints) }));
  const count = documents.length + baselines.length;
  const withLosses = baselines.length > 0;
  const runs: Compared[] = [];
  for (const { name, text: changed } of documents) {
    io.progress(`${name ?? nameOf(file)} (${runs.length + 1} of ${count})`);
    const scenario = await read(io, file, changed);
    if (withLosses) refuseOtherKinds(scenario, endpoints);
    runs.push(await rehearseIt(io, name, scenario, { withLosses }));
  }
  const { scenario, result } = runs[0]!;
  for (const { name, baseline } of baselines) {
    io.progress(`${name} (${runs.length + 1} of ${count})`);
    const { baselineOf } = await import('../../rehearsal/index.ts');
    const instead = baselineOf(scenario, endpoints, baseline, result.timezone ?? 'UTC');
    runs.push(await rehearseIt(io, name, scenario, { withLosses, instead }));
    instead.check();
  }
  io.progress('');
  return runs;
}

function rowOf({ name, result, lost }: Compared, endpoint: string): ComparisonRow {
  const told = name ?? result.endpoints[endpoint]?.policy ?? '(not enrolled)';
  return compareRow(told, endpoint, result, lost.get(endpoint));
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
function withPolicy(text: string, io: Io, file: string, path: string, endpoints: readonly string[]): string {
  const document = parseDocument(text);
  const policy = nameOf(path);
  // Paths of a scenario are relative to it.
  const fromScenario = relative(dirname(resolve(io.cwd, file)), resolve(io.cwd, path));
  if (document.errors.length > 0) return text;
  document.setIn(['policies', policy], fromScenario);
  for (const name of endpoints) document.setIn(['endpoints', name, 'policy'], policy);
  return String(document);
}

async function read(io: Io, file: string, text: string): Promise<Scenario> {
  // Brings the simulator and all SDK clients with it: only for those who rehearse.
  const { parseScenario } = await import('../../rehearsal/index.ts');
  const parsed = parseScenario(text, file, (path) => readTextIfThere(io, path));
  if (!parsed.ok) throw documentError(parsed.problems);
  for (const warning of parsed.warnings) io.note(`warning: ${warning}`);
  return parsed.scenario;
}

async function rehearseIt(
  io: Io,
  name: string | undefined,
  scenario: Scenario,
  { withLosses, instead }: { readonly withLosses: boolean; readonly instead?: BaselineRun },
): Promise<Compared> {
  const { policyOf, rehearse, watchBelongings } = await import('../../rehearsal/index.ts');
  let seen: ReadonlyMap<string, Belongings> = new Map();
  const { result, warnings } = await rehearse(instead?.scenario ?? scenario, {
    ...(instead === undefined ? {} : { promisedBy: scenario }),
    onReady: (run) => {
      if (withLosses) seen = watchBelongings(run);
      instead?.prepare(run);
    },
  });
  for (const warning of warnings) io.note(`warning: ${name === undefined ? '' : `${name}: `}${warning}`);
  for (const { at, invariant, endpoint, what } of result.invariants.violations) {
    io.fail(`invariant ${invariant}: ${at}: ${endpoint ?? '-'}: ${what}`);
    io.exitWith(EXIT.invariant);
  }
  const lost = scenario.endpoints.map((endpoint) => {
    const expected = instead?.scales === false ? 0 : (policyOf(scenario, endpoint)?.scaling.length ?? 0);
    return [endpoint.name, lostBy(expected, endpoint.tags, seen.get(endpoint.name))] as const;
  });
  return { name, scenario, isBaseline: instead !== undefined, result, lost: new Map(lost) };
}

async function draw(
  io: Io,
  path: string,
  endpoint: string,
  runs: readonly Compared[],
  rows: readonly ComparisonRow[],
): Promise<void> {
  const { renderComparison } = await import('../../report/comparison.ts');
  const panels = runs.flatMap(({ result }, index) => {
    const own = result.endpoints[endpoint];
    const row = rows[index];
    return own === undefined || row === undefined
      ? []
      : [{ policy: row.policy, endpoint: own, summary: summarise(row) }];
  });
  const first = runs[0]?.result;
  if (first === undefined) return;
  const span = { from: Date.parse(first.from), to: Date.parse(first.to), timezone: first.timezone ?? 'UTC' };
  const policies = runs.filter(({ isBaseline }) => !isBaseline).length;
  const without = policies < runs.length ? ', and without the scaler' : '';
  const title = `${endpoint} under ${policies} ${policies === 1 ? 'policy' : 'policies'}${without}`;
  writeWhole(io, path, renderComparison({ title, ...span, runs: panels }));
  io.note(`${path}: written`);
}
