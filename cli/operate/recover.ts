import type { DurationMs } from '../../shared/domain/time.ts';
import { planRecovery, type Recovery, type RecoveryPlan } from '../../shared/use-cases/recover/plan-recovery.ts';
import { type Recovered, type RecoverOutcome, recover } from '../../shared/use-cases/recover/recover.ts';
import { type Account, operate } from '../account/connect.ts';
import type { AccountOptions } from '../account/options.ts';
import { confirm } from '../confirm.ts';
import type { Io } from '../output.ts';
import { CliError, EXIT, formatTable, writeJson } from '../output.ts';
import { printable } from '../printable.ts';
import { recoverPorts } from '../recover/ports.ts';
import { formatUtc, readDuration } from '../times.ts';

const LONGEST_VERSION = 10;

export interface RecoverCommandOptions extends AccountOptions {
  readonly endpoint: readonly string[];
  readonly recipe?: string;
  readonly withConfig?: boolean;
  readonly timeout: string;
  readonly every: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export async function runRecover(io: Io, options: RecoverCommandOptions): Promise<void> {
  const version = readVersion(options);
  const timeout = readDuration('--timeout', options.timeout);
  const every = readDuration('--every', options.every);
  await operate(io, options, async (account) => {
    const request = { endpoints: options.endpoint, ...(version !== undefined && { version }) };
    const plan = await planRecovery(account.fleet, request);
    await carryOut(io, account, plan, options, { timeout, every });
  });
}

function readVersion({ recipe, endpoint }: RecoverCommandOptions): number | undefined {
  if (recipe === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(recipe) || recipe.length > LONGEST_VERSION) {
    throw new CliError(EXIT.usage, `--recipe: ${printable(recipe)}: a whole number from 1, the version of a recipe`);
  }
  if (endpoint.length !== 1) throw new CliError(EXIT.usage, '--recipe: only together with one --endpoint');
  return Number(recipe);
}

async function carryOut(
  io: Io,
  account: Account,
  plan: RecoveryPlan,
  options: RecoverCommandOptions,
  { timeout, every }: { readonly timeout: DurationMs; readonly every: DurationMs },
): Promise<void> {
  const quiet = options.json === '-';
  for (const { endpoint, why } of plan.impossible)
    io.fail(`${printable(endpoint)}: cannot be recreated: ${printable(why)}`);
  if (plan.impossible.length > 0) io.exitWith(EXIT.failed);
  if (plan.recoveries.length === 0) {
    if (!quiet) io.out(`nothing to recover: ${plan.up.length} of the table's endpoints are up\n`);
    return tellJson(io, options, account, plan, []);
  }
  if (!quiet) io.out(showPlan(plan.recoveries));
  if (options.dryRun === true) {
    io.note('nothing was changed');
    return tellJson(io, options, account, plan, []);
  }
  const count = plan.recoveries.length === 1 ? '1 endpoint' : `${plan.recoveries.length} endpoints`;
  if (!(await confirm(io, options.yes, `recreate ${count} in ${account.region}?`))) {
    io.note('nothing was changed');
    return;
  }
  const results = await recover(
    recoverPorts(account),
    plan.recoveries,
    { by: await account.caller(), withConfig: options.withConfig === true, until: account.now() + timeout, every },
    tellProgress(io, account),
  );
  io.progress('');
  tellJson(io, options, account, plan, results);
  if (!quiet) io.out(showResults(account, results));
  if (results.some(({ outcome }) => !isGood(outcome))) io.exitWith(EXIT.failed);
}

function showPlan(recoveries: readonly Recovery[]): string {
  const rows = recoveries.map(({ endpoint, phase, recipe, parkedAt, forgotten }) => [
    printable(endpoint),
    forgotten ? 'forgotten' : phase,
    recipe === undefined ? '-' : `${recipe.version} of ${formatUtc(recipe.takenAt)}`,
    recipe === undefined ? '-' : printable(recipe.preferred.configName),
    parkedAt === undefined ? '-' : formatUtc(parkedAt),
  ]);
  return formatTable([['endpoint', 'phase', 'recipe', 'endpoint config', 'parked since'], ...rows]);
}

/** A line whenever a phase begins or another failure is met; on a terminal the last one also shows that it lives. */
function tellProgress(io: Io, account: Account) {
  const told = new Map<string, string>();
  return (endpoint: string, phase: string, why: string | undefined): void => {
    const text = `${printable(endpoint)}: ${phase}${why === undefined ? '' : `: ${printable(why)}`}`;
    io.progress(`${formatUtc(account.now())} ${text}`);
    if (told.get(endpoint) === text) return;
    told.set(endpoint, text);
    io.note(text);
  };
}

function showResults(account: Account, results: readonly Recovered[]): string {
  const lines = results.map(({ endpoint, outcome }) => `${printable(endpoint)}: ${tellOutcome(account, outcome)}\n`);
  return lines.join('');
}

function tellOutcome(account: Account, outcome: RecoverOutcome): string {
  switch (outcome.kind) {
    case 'up': {
      const items = outcome.outstanding.map(({ item, why }) => `${printable(item)} (${printable(why)})`);
      return items.length === 0 ? 'up, with everything of its recipe' : `up, but AWS refused ${items.join('; ')}`;
    }
    case 'stuck':
      return `not recovered: ${outcome.failure === undefined ? printable(outcome.why) : account.explainFailure(outcome.failure)}`;
    case 'incomplete': {
      const refusals = [...new Set(outcome.failures.map((failure) => account.explainFailure(failure)))];
      return `in service, and not whole: ${refusals.join('; ')}; with the right to do that, repeat the command: it goes on`;
    }
    case 'unfinished':
      return `still ${outcome.phase}${outcome.why === undefined ? '' : ` (${printable(outcome.why)})`}: repeat the command, it goes on`;
    case 'let-go':
      return 'not ours any more: it exists without our tag; nothing was changed';
    default:
      return outcome satisfies never;
  }
}

function isGood(outcome: RecoverOutcome): boolean {
  return outcome.kind === 'let-go' || (outcome.kind === 'up' && outcome.outstanding.length === 0);
}

function tellJson(
  io: Io,
  { json }: RecoverCommandOptions,
  account: Account,
  plan: RecoveryPlan,
  results: readonly Recovered[],
): void {
  if (json === undefined) return;
  const outcomes = new Map(results.map(({ endpoint, outcome }) => [endpoint, outcome]));
  writeJson(io, json, {
    prefix: account.prefix,
    region: account.region,
    table: account.stack.settings.table,
    endpoints: plan.recoveries.map(({ endpoint, phase, recipe, forgotten }) => ({
      endpoint,
      phase,
      forgotten,
      recipe: recipe?.version ?? null,
      config: recipe?.preferred.configName ?? null,
      outcome: outcomes.get(endpoint) ?? null,
    })),
    impossible: plan.impossible,
    up: plan.up,
  });
}
