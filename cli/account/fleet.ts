import { nearest } from '../../shared/documents/problem.ts';
import { computeLead } from '../../shared/domain/lead.ts';
import type { EndpointStatus, FleetRecord, Hold, LeadSamples } from '../../shared/domain/record.ts';
import type { Ruling } from '../../shared/domain/ruling.ts';
import type { ScalableTarget } from '../../shared/domain/scalable-target.ts';
import { targetKeyOf, targetViews } from '../../shared/domain/target-view.ts';
import type { DurationMs, Instant } from '../../shared/domain/time.ts';
import type { EndpointView } from '../../shared/ports/endpoints.ts';
import type { Outcome } from '../../shared/ports/outcome.ts';
import type { TargetView } from '../../shared/ports/scaling.ts';
import { judge, sampleKeys } from '../../shared/use-cases/idle-windows/judge.ts';
import { besideOthers } from '../../shared/use-cases/scheduled-scaling/rule.ts';
import { CliError, EXIT } from '../output.ts';
import { printable } from '../printable.ts';
import type { Account } from './connect.ts';

/** Everything the state table says about the endpoints that were asked for. */
export interface Fleet {
  /** AWS's time when it was read. */
  readonly now: Instant;
  readonly records: readonly FleetRecord[];
  readonly holds: ReadonlyMap<string, Hold>;
  readonly samples: ReadonlyMap<string, LeadSamples>;
}

/** One endpoint as the table and AWS show it. */
export interface EndpointLook {
  readonly record: FleetRecord;
  readonly hold: Hold | undefined;
  readonly leadMs: DurationMs;
  readonly ruling: Ruling;
  /** As SageMaker says; the last one that was recorded where SageMaker could not be asked. */
  readonly status: EndpointStatus;
  readonly view: EndpointView | undefined;
  /** Bounds in Application Auto Scaling. */
  readonly target: TargetView | undefined;
  /** Of an endpoint with several scalable targets, or with inference components: each. */
  readonly targets: readonly TargetLook[];
  /** What could not be read, for people. */
  readonly unread: readonly string[];
}

/** One of several scalable targets; the copies of a component as they were recorded last. */
export interface TargetLook extends ScalableTarget {
  readonly desired: number;
  readonly serving: number;
  readonly bounds: TargetView | undefined;
}

/** SageMaker's control plane takes a few calls a second. */
const AT_ONCE = 4;
const TARGETS_AT_ONCE = 50;

/** Records of these endpoints, or of all; an unknown name ends the command. */
export async function readFleet(account: Account, names: readonly string[] = []): Promise<Fleet> {
  const [all, holds] = await Promise.all([account.fleet.list(), account.fleet.holds()]);
  const records = names.length === 0 ? all : names.map((name) => findRecord(account, all, name));
  const sorted = [...new Set(records)].sort((a, b) => (a.endpoint.toLowerCase() < b.endpoint.toLowerCase() ? -1 : 1));
  const keys = [...new Set(sorted.flatMap(sampleKeys))];
  return {
    now: account.now(),
    records: sorted,
    holds: new Map(holds.map((hold) => [hold.endpoint.toLowerCase(), hold])),
    samples: keys.length === 0 ? new Map() : await account.fleet.samples(keys),
  };
}

export async function readRecord(account: Account, name: string): Promise<FleetRecord> {
  return (await account.fleet.get(name)) ?? findRecord(account, await account.fleet.list(), name);
}

function findRecord({ prefix, region }: Account, all: readonly FleetRecord[], name: string): FleetRecord {
  const record = all.find(({ endpoint }) => endpoint.toLowerCase() === name.toLowerCase());
  if (record !== undefined) return record;
  const near = nearest(
    name,
    all.map(({ endpoint }) => endpoint),
  );
  const hint = near === undefined ? '' : ` (did you mean ${printable(near)}?)`;
  throw new CliError(
    EXIT.failed,
    `endpoint: ${printable(name)}: an endpoint of the fleet in ${region}, one that carries the tag ${prefix}:policy${hint}`,
  );
}

/** The lead that counts for this endpoint now: of a wake while it is away, of a scale-out while it is up. */
export function leadFor({ stack }: Account, { samples }: Fleet, record: FleetRecord): ReturnType<typeof computeLead> {
  const kind = record.phase === 'up' ? 'scaleOuts' : 'wakes';
  const [own, type] = sampleKeys(record).map((key) => samples.get(key)?.[kind] ?? []);
  const lead = record.policy?.wake.lead ?? 'learned';
  return computeLead({ lead, own: own ?? [], ofType: type ?? [], tick: stack.settings.tickSeconds * 1000 });
}

/** What the ladder says about a record, now or at another instant. */
export function ruleOn(account: Account, fleet: Fleet, record: FleetRecord, now: Instant): Ruling {
  return judge({
    record,
    hold: fleet.holds.get(record.endpoint.toLowerCase()),
    now,
    mode: account.stack.settings.mode,
    leadMs: leadFor(account, fleet, record).ms,
  });
}

/** Table and AWS together; what AWS does not answer is told, never guessed. */
export async function lookAtAll(account: Account, fleet: Fleet): Promise<readonly EndpointLook[]> {
  const targets = await readTargets(account, fleet.records);
  return inParallel(fleet.records, AT_ONCE, async (record) => {
    const seen = await account.endpoints.describe(record.endpoint);
    const unread = [...unreadBy(account, seen), ...(targets.ok ? [] : unreadBy(account, targets))];
    return {
      record,
      hold: fleet.holds.get(record.endpoint.toLowerCase()),
      leadMs: leadFor(account, fleet, record).ms,
      ruling: ruleOn(account, fleet, record, fleet.now),
      status: seen.ok ? (seen.value?.status ?? 'Absent') : (record.observed?.status ?? 'Absent'),
      view: seen.ok ? seen.value : undefined,
      target: targets.ok ? boundsOf(record, targets.value) : undefined,
      targets: targetLooks(record, targets.ok ? targets.value : [], seen.ok ? seen.value : undefined),
      unread,
    };
  });
}

function boundsOf(record: FleetRecord, targets: readonly TargetView[]): TargetView | undefined {
  const key = targetKeyOf(record);
  return targets.find(({ resourceId }) => resourceId === key?.resourceId);
}

function targetLooks(
  record: FleetRecord,
  targets: readonly TargetView[],
  view: EndpointView | undefined,
): readonly TargetLook[] {
  return targetViews(record).flatMap((one) => {
    if (one.part === undefined) return [];
    const { name, dimension } = one.part;
    const live = dimension === 'copies' ? undefined : view?.variants.find((variant) => variant.name === name);
    const { desired = 0, serving = 0 } = live ?? one.observed ?? {};
    return [{ name, dimension, desired, serving, bounds: boundsOf(one, targets) }];
  });
}

/** The look at each scalable target by itself; of an endpoint with one, the look. Not the bounds of those that were not read. */
export async function lookAtTargets(
  account: Account,
  fleet: Fleet,
  look: EndpointLook,
): Promise<readonly EndpointLook[]> {
  const { record, ruling: whole } = look;
  if (record.targets === undefined) return [look];
  const targets = await readTargets(account, [record]);
  return targetViews(record).map((view) => ({
    ...look,
    record: view,
    ruling: besideOthers(view, whole, ruleOn(account, fleet, view, fleet.now)),
    view: look.view && { ...look.view, variants: look.view.variants.filter(({ name }) => name === view.part?.name) },
    target: targets.ok ? boundsOf(view, targets.value) : undefined,
    unread: targets.ok ? [] : unreadBy(account, targets),
  }));
}

function unreadBy(account: Account, outcome: Outcome<unknown>): readonly string[] {
  return outcome.ok ? [] : [account.explainFailure(outcome.failure)];
}

/** By pages: one call reads the bounds of fifty endpoints. */
async function readTargets(
  { scaling }: Account,
  records: readonly FleetRecord[],
): Promise<Outcome<readonly TargetView[]>> {
  const keys = records
    .flatMap(targetViews)
    .map(targetKeyOf)
    .filter((key) => key !== undefined);
  const found: TargetView[] = [];
  for (let start = 0; start < keys.length; start += TARGETS_AT_ONCE) {
    const page = await scaling.targets(keys.slice(start, start + TARGETS_AT_ONCE));
    if (!page.ok) return page;
    found.push(...page.value);
  }
  return { ok: true, value: found };
}

export async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, item] = next;
      results[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
