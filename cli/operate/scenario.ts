import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { createTrafficHistory } from '../../shared/aws/traffic-history.ts';
import { formatProblem } from '../../shared/documents/index.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';
import { readTrace } from '../../shared/use-cases/history/trace.ts';
import { type Account, operate } from '../account/connect.ts';
import { must } from '../account/failures.ts';
import { readFleet } from '../account/fleet.ts';
import type { AccountOptions } from '../account/options.ts';
import { type BuiltScenario, buildScenario, type FleetEndpoint } from '../history/build-scenario.ts';
import {
  closeGaps,
  ESTIMATE_HINT,
  GAPS_HINT,
  type GapChoice,
  type Range,
  readGapChoice,
  readRange,
  tellOtherKind,
} from '../history/traces.ts';
import type { Io } from '../output.ts';
import { CliError, EXIT, messageOf, writeJson } from '../output.ts';
import { printable } from '../printable.ts';

export interface ScenarioOptions extends AccountOptions {
  readonly out: string;
  readonly days: string;
  readonly gaps?: string;
}

export async function runScenarioCommand(io: Io, options: ScenarioOptions): Promise<void> {
  const choice = readGapChoice(options.gaps);
  readRange(options.days, io.now());
  const target = resolve(io.cwd, options.out);
  if (existsSync(target) && readdirSync(target).length > 0) {
    throw new CliError(EXIT.usage, `--out: ${printable(options.out)}: a folder that is not there yet, or empty`);
  }
  await operate(io, options, (account) => make(io, account, options, choice));
}

async function make(io: Io, account: Account, options: ScenarioOptions, choice: GapChoice | undefined): Promise<void> {
  const range = readRange(options.days, account.now());
  const fleet = await readFleet(account);
  if (fleet.records.length === 0) {
    throw new CliError(
      EXIT.failed,
      `no endpoint of ${account.region} carries the tag ${account.prefix}:policy: there is no fleet to rehearse`,
    );
  }
  const endpoints: FleetEndpoint[] = [];
  const refused: string[] = [];
  for (const record of fleet.records) {
    const read = await readEndpoint(io, account, record, range, choice);
    if (read === 'gaps') refused.push(record.endpoint);
    else if (read !== undefined) {
      const samples = fleet.samples.get(record.endpoint.toLowerCase());
      endpoints.push({ ...read, samples });
    }
  }
  if (refused.length > 0) throw new CliError(EXIT.failed, `${GAPS_HINT}\nnothing was written`);
  if (endpoints.length === 0) {
    throw new CliError(
      EXIT.failed,
      'no endpoint of the fleet has a history that makes a scenario: nothing was written',
    );
  }
  const documents = must(await account.documents.readAll());
  const built = buildScenario({
    region: account.region,
    prefix: account.prefix,
    range,
    days: Number(options.days),
    endpoints,
    documents,
  });
  for (const remark of built.remarks) io.note(`warning: ${printable(remark)}`);
  await check(built);
  writeFolder(io, options.out, built.files);
  if (options.json !== undefined) writeJson(io, options.json, { folder: options.out, files: [...built.files.keys()] });
  if (options.json !== '-') io.out([...built.files.keys()].map((file) => `${join(options.out, file)}\n`).join(''));
  io.note(`run it with: endpoint-scaler simulate ${join(options.out, 'scenario.yaml')} --report report.html`);
}

/** Undefined: it cannot be rehearsed, and why was said. */
async function readEndpoint(
  io: Io,
  account: Account,
  record: FleetRecord,
  range: Range,
  choice: GapChoice | undefined,
): Promise<Omit<FleetEndpoint, 'samples'> | 'gaps' | undefined> {
  const { endpoint, kind, variant } = record;
  const name = printable(endpoint);
  if (kind !== 'real-time' && kind !== 'async') return leaveOut(io, name, tellOtherKind(kind));
  if (variant === undefined) return leaveOut(io, name, 'it has several variants: traces are of endpoints with one');
  const instanceType = record.observed?.instanceType ?? record.wake?.instanceType ?? (await readType(account, record));
  if (instanceType === undefined) return leaveOut(io, name, 'its instance type is not known');
  const history = createTrafficHistory(account.runtime.clientOf(CloudWatchClient));
  const trace = must(await readTrace(history, { name: endpoint, kind, variants: [variant] }, range.from, range.to));
  if (trace.estimated) io.note(`${name}: ${ESTIMATE_HINT}`);
  const counts = closeGaps(io, endpoint, trace, choice);
  return counts === undefined ? 'gaps' : { record, instanceType, counts };
}

function leaveOut(io: Io, name: string, why: string): undefined {
  io.note(`warning: ${name}: left out: ${why}`);
}

async function readType({ fleet }: Account, { endpoint, recipeVersion }: FleetRecord): Promise<string | undefined> {
  const recipe = recipeVersion === undefined ? undefined : await fleet.readRecipe(endpoint, recipeVersion);
  return recipe === 'unreadable' ? undefined : recipe?.variants[0]?.instanceType;
}

/** What simulate would refuse is not written. */
async function check({ files }: BuiltScenario): Promise<void> {
  const { parseScenario } = await import('../../rehearsal/scenario.ts');
  const parsed = parseScenario(files.get('scenario.yaml') ?? '', 'scenario.yaml', (path) => files.get(path));
  if (parsed.ok) return;
  const problems = parsed.problems.map(formatProblem).join('\n');
  throw new CliError(EXIT.failed, `this fleet makes no scenario:\n${problems}\nnothing was written`);
}

/** All files or none: they are written beside and moved into place at once. */
function writeFolder(io: Pick<Io, 'cwd'>, out: string, files: ReadonlyMap<string, string>): void {
  const target = resolve(io.cwd, out);
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    for (const [file, text] of files) {
      mkdirSync(dirname(join(temporary, file)), { recursive: true });
      writeFileSync(join(temporary, file), text);
    }
    if (existsSync(target)) rmSync(target, { recursive: true });
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw new CliError(EXIT.failed, `${printable(out)}: cannot be written: ${messageOf(error)}`);
  }
}
