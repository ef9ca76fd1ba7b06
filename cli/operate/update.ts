import { setTimeout as wait } from 'node:timers/promises';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { createEndpointUpdater } from '../../shared/aws/endpoint-updates.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';
import { type DurationMs, MINUTE } from '../../shared/domain/time.ts';
import { createPolicyLibrary } from '../../shared/runtime/policy-library.ts';
import { type Begun, beginUpdate } from '../../shared/use-cases/update/begin-update.ts';
import { type PlannedVariant, planUpdate, type UpdatePlan } from '../../shared/use-cases/update/plan-update.ts';
import type { UpdatePorts } from '../../shared/use-cases/update/ports.ts';
import { updateParked } from '../../shared/use-cases/update/update-parked.ts';
import type { Account } from '../account/connect.ts';
import { parseDocuments } from '../account/documents.ts';
import { must } from '../account/failures.ts';
import { readFleet } from '../account/fleet.ts';
import type { AccountOptions } from '../account/options.ts';
import { confirm } from '../confirm.ts';
import type { Io } from '../output.ts';
import { CliError, EXIT, formatTable, writeJson } from '../output.ts';
import { plural, printable } from '../printable.ts';
import { recoverPorts } from '../recover/ports.ts';
import { formatAge, readDuration } from '../times.ts';
import { type Seen, waitFor } from './wait.ts';

export interface UpdateCommandOptions extends AccountOptions {
  readonly config: string;
  readonly dryRun?: boolean;
  readonly wait?: boolean;
  readonly timeout: string;
  readonly every: string;
  readonly yes?: boolean;
}

interface Timing {
  readonly timeout: DurationMs;
  readonly every: DurationMs;
}

/** Functions tick every minute: an endpoint in service whose record nobody writes for so long has nobody who mends it. */
const SILENT_AFTER: DurationMs = 6 * MINUTE;

export async function update(account: Account, io: Io, name: string, options: UpdateCommandOptions): Promise<void> {
  const timing = { timeout: readDuration('--timeout', options.timeout), every: readDuration('--every', options.every) };
  const { records, holds, now } = await readFleet(account, [name]);
  const record = records[0]!;
  const endpoint = printable(record.endpoint);
  const ports = await updatePorts(account);
  const { settings, assumed } = account.stack;
  const hold = holds.get(record.endpoint.toLowerCase());
  const circumstances = { mode: settings.mode, abandoned: assumed, hold, now };
  const plan = must(await planUpdate(ports, record, options.config, circumstances));
  if ('refused' in plan) throw new CliError(EXIT.failed, `${endpoint}: not updated: ${printable(plan.refused)}`);
  if ('done' in plan) {
    if (options.json !== '-') io.out(`${endpoint}: has ${printable(plan.done)} already: nothing to do\n`);
    return tellJson(io, options, record, { from: plan.done, outcome: 'unchanged' });
  }
  if (options.json !== '-') io.out(showPlan(plan));
  tellRemarks(account, io, plan);
  const { from } = plan;
  if (options.dryRun === true) {
    io.note('nothing was changed');
    return tellJson(io, options, record, { from, outcome: 'dry-run', variants: plan.variants.map(toJson) });
  }
  const what = plan.running === undefined ? 'store it for the next wake of' : 'deploy it on';
  if (!(await confirm(io, options.yes, `${what} ${endpoint} in ${account.region}?`))) {
    io.note('nothing was changed');
    return;
  }
  if (plan.running === undefined) return storeParked(io, ports, plan, options);
  await deploy(account, io, ports, plan, options, timing);
}

async function updatePorts(account: Account): Promise<UpdatePorts> {
  const { runtime, prefix } = account;
  const library = createPolicyLibrary(prefix);
  const raw = must(await account.documents.readAll());
  library.update(raw);
  const { policies } = parseDocuments(raw);
  const { random, log, clock } = runtime;
  return {
    fleet: account.fleet,
    endpoints: recoverPorts(account).endpoints,
    scaling: account.scaling,
    updates: createEndpointUpdater({
      client: runtime.clientOf(SageMakerClient),
      sentOnce: runtime.clientOf(SageMakerClient, { sentOnce: true }),
      clock,
      // What would abort a call must not keep the finished command alive.
      sleep: async (ms) => {
        await wait(ms, undefined, { ref: false });
      },
    }),
    library,
    namedVariants(policyName) {
      const parsed = policies.get(policyName)?.parsed;
      return parsed?.ok === true ? [...parsed.value.variants.keys()] : [];
    },
    log,
    clock,
    random,
    sleep: (ms) => account.sleep(ms),
    settings: { tagPrefix: prefix },
  };
}

function showPlan({ record, from, config, variants, running }: UpdatePlan): string {
  const parked = running === undefined ? ', parked: nothing is created, its next wake starts with it' : '';
  const head = `${printable(record.endpoint)}: ${printable(from)} → ${printable(config.name)}${parked}\n`;
  const rows = variants.map((variant) => [
    printable(variant.name),
    tellTypes(variant),
    tellInstances(variant),
    tellScaling(variant, running === undefined),
  ]);
  return head + formatTable([['variant', 'instance type', 'instances', 'scaling'], ...rows]);
}

function tellTypes({ fate, before = '-', after = '-' }: PlannedVariant): string {
  if (fate === 'new') return printable(after);
  return printable(fate === 'goes' || before === after ? before : `${before} → ${after}`);
}

function tellInstances({ fate, instances }: PlannedVariant): string {
  const told = { stays: `${instances}, kept`, goes: `${instances}, gone`, new: `${instances}, as its config says` };
  return told[fate];
}

function tellScaling({ fate, target, deregisters }: PlannedVariant, parked: boolean): string {
  if (target === undefined) return '-';
  const items = [
    `${target.min} to ${target.max}`,
    ...target.policies.map(({ name }) => name),
    ...target.scheduledActions.map(({ name }) => name),
  ];
  const what = printable(items.join(', '));
  if (fate === 'goes') return `goes with the variant: ${what}`;
  if (parked) return `comes back with the wake: ${what}`;
  return deregisters ? `taken off and put back: ${what}` : `stays: ${what}`;
}

function tellRemarks(account: Account, io: Io, { stack, unchecked, config }: UpdatePlan): void {
  for (const failure of unchecked) io.note(`not checked: ${account.explainFailure(failure)}`);
  if (stack === undefined) return;
  io.note(
    `the CloudFormation stack ${printable(stack)} owns it: that does not know of ${printable(config.name)}, and its next deployment may set its own config again`,
  );
}

async function storeParked(io: Io, ports: UpdatePorts, plan: UpdatePlan, options: UpdateCommandOptions): Promise<void> {
  const endpoint = printable(plan.record.endpoint);
  const stored = await updateParked(ports, plan);
  if (stored.kind === 'refused') {
    throw new CliError(EXIT.failed, `${endpoint}: not updated, nothing was changed: ${printable(stored.why)}`);
  }
  const { recipeVersion } = stored;
  tellJson(io, options, plan.record, { from: plan.from, outcome: 'stored', recipeVersion });
  if (options.json === '-') return;
  io.out(`${endpoint}: version ${recipeVersion} of its recipe starts it with ${printable(plan.config.name)}\n`);
}

async function deploy(
  account: Account,
  io: Io,
  ports: UpdatePorts,
  plan: UpdatePlan,
  options: UpdateCommandOptions,
  timing: Timing,
): Promise<void> {
  let stops = false;
  const forget = io.onInterrupt(() => {
    stops = true;
    io.note('stopping before the next change; once more ends the command at once, and idle-windows mends what is left');
  });
  const told = new Set<string>();
  const begun = await beginUpdate(ports, plan, {
    stops: () => stops,
    onWait: (what) => {
      if (!told.has(what)) io.note(`${what}: waiting for it`);
      told.add(what);
    },
  }).finally(forget);
  const endpoint = printable(plan.record.endpoint);
  if (begun.kind !== 'begun') return fail(account, io, plan, { begun, stops }, timing);
  if (begun.answer === 'unknown') io.note('whether AWS took the update is not known: its answer was lost');
  if (stops || options.wait !== true) {
    if (stops) io.exitWith(EXIT.interrupted);
    if (options.json !== '-') {
      io.out(`${endpoint}: the update has begun; its scaling is put back once it is in service\n`);
    }
    return tellJson(io, options, plan.record, { from: plan.from, outcome: 'begun' });
  }
  await follow(account, io, plan, { ...options, ...timing, answer: begun.answer });
}

/** What was begun is undone by idle-windows; nothing is left to the person but the reason. */
async function fail(
  account: Account,
  io: Io,
  { record: { endpoint } }: UpdatePlan,
  { begun, stops }: { readonly begun: Exclude<Begun, { readonly kind: 'begun' }>; readonly stops: boolean },
  timing: Timing,
): Promise<void> {
  const why = begun.failure === undefined ? printable(begun.why) : account.explainFailure(begun.failure);
  const code = stops ? EXIT.interrupted : EXIT.failed;
  if (begun.kind === 'untouched') {
    throw new CliError(code, `${printable(endpoint)}: not updated, nothing was changed: ${why}`);
  }
  io.note(`not updated: ${why}; its scaling is put back`);
  const what = 'as it was';
  if (!stops) await waitFor(account, io, { endpoint, what, ...timing, isReached: watch() });
  const left = stops ? 'idle-windows puts its scaling back within minutes' : 'its scaling is as it was';
  throw new CliError(code, `${printable(endpoint)}: not updated: ${why}; ${left}`);
}

/** Until its scaling is back, on the new config or on the old one. */
async function follow(
  account: Account,
  io: Io,
  { record: { endpoint }, from, config }: UpdatePlan,
  options: Omit<UpdateCommandOptions, keyof Timing> & Timing & { readonly answer: 'taken' | 'unknown' },
): Promise<void> {
  const { timeout, every, answer } = options;
  const end = await waitFor(account, io, { endpoint, what: 'updated', timeout, every, isReached: watch() });
  const view = must(await account.endpoints.describe(endpoint));
  const { outstanding = [] } = end.record;
  const isNew = view?.configName === config.name;
  const failureReason = view?.failureReason;
  tellJson(io, options, end.record, {
    from,
    outcome: isNew ? 'updated' : 'rolled-back',
    outstanding,
    waitedSeconds: Math.round(end.waited / 1000),
    ...(failureReason !== undefined && { failureReason }),
  });
  for (const { item, why } of outstanding) io.note(`not put back: ${printable(item)}: ${printable(why)}`);
  if (!isNew) {
    const why = printable(failureReason ?? (answer === 'unknown' ? 'it never began' : 'no reason given'));
    const what = `AWS ${answer === 'unknown' ? 'has it on' : 'went back to'} ${printable(view?.configName ?? from)}`;
    throw new CliError(EXIT.failed, `${printable(endpoint)}: not updated: ${what}: ${why}; its scaling is as it was`);
  }
  if (outstanding.length > 0) io.exitWith(EXIT.failed);
  if (options.json === '-') return;
  const back = outstanding.length === 0 ? 'with its scaling' : `without ${plural(outstanding.length, 'item')}`;
  io.out(`${printable(endpoint)}: in service on ${printable(config.name)} ${back} after ${formatAge(end.waited)}\n`);
}

const FAILED: readonly Seen['status'][] = ['UpdateRollbackFailed', 'Failed', 'OutOfService'];

function watch(): (seen: Seen, since: number, now: number) => boolean | string {
  let version: number | undefined;
  let at = 0;
  return ({ record, status }, _, now) => {
    if (record.phase === 'up') return true;
    if (FAILED.includes(status)) {
      return `SageMaker says ${status}: its scaling is put back as soon as it is in service again`;
    }
    if (record.version !== version || status !== 'InService') {
      version = record.version;
      at = now;
    }
    if (now - at < SILENT_AFTER) return false;
    return `no function works on it: endpoint-scaler recover --endpoint ${printable(record.endpoint)} puts its scaling back with your own rights`;
  };
}

function toJson({ target, ...variant }: PlannedVariant) {
  return {
    ...variant,
    scaling: target === undefined ? null : { min: target.min, max: target.max, policies: namesOf(target.policies) },
  };
}

function namesOf(items: readonly { readonly name: string }[]): readonly string[] {
  return items.map(({ name }) => name);
}

function tellJson(
  io: Io,
  { json, config }: Pick<UpdateCommandOptions, 'json' | 'config'>,
  { endpoint, phase }: FleetRecord,
  answer: Readonly<Record<string, unknown>>,
): void {
  if (json !== undefined) writeJson(io, json, { endpoint, phase, to: config, ...answer });
}
