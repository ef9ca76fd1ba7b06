import { isWeighted } from '../../domain/mixed-types.ts';
import type { FleetRecord, Observed, TargetState } from '../../domain/record.ts';
import { sizedAs, withoutOwn } from '../../domain/target-view.ts';
import { type Instant, SECOND } from '../../domain/time.ts';
import type { EndpointConfigView, EndpointSummary, EndpointView } from '../../ports/endpoints.ts';
import type { Outcome } from '../../ports/outcome.ts';
import { takeOverComponents } from './components.ts';
import type { RaiseTrouble, RecordChange, ScheduledScalingPorts, Turn } from './ports.ts';
import { dueNow } from './turn.ts';

/**
 * What the endpoint is now, as the record's `observed`. Asks SageMaker only where the sweep shows a change, or where
 * there was none. Undefined: it is not there, or nobody could tell (said why in the log).
 */
export async function observe(
  ports: ScheduledScalingPorts,
  now: Instant,
  turn: Turn,
  sweep: ReadonlyMap<string, EndpointSummary> | undefined,
): Promise<Observed | undefined> {
  const { record } = turn;
  const summary = sweep?.get(record.arn.toLowerCase());
  const mayTrust = summary !== undefined && isConfigKnown(record) && record.kind !== 'components';
  if (mayTrust && isUnchanged(record.observed, summary)) return record.observed;
  const answer = await ports.endpoints.describe(record.endpoint);
  if (!answer.ok) {
    reportFailure(ports, answer, record);
    return undefined;
  }
  if (answer.value === undefined) {
    // Deleted by its owner: idle-windows archives the record.
    turn.change(dueNow(now));
    return undefined;
  }
  return takeOver(ports, now, turn, answer.value);
}

/** Others note a new config in `observed` too, without reading it. */
function isConfigKnown(record: FleetRecord): boolean {
  return record.observed !== undefined && isConfigRead(record, record.observed.configName);
}

/** Records of an earlier version were read without their instance pools. */
function isConfigRead({ configRead, variants, pools, targets, policy }: FleetRecord, configName: string): boolean {
  if (configRead !== configName || variants !== undefined) return false;
  return pools !== undefined || targets !== undefined || !(policy?.scaling ?? []).some(isWeighted);
}

/** A modification within the same second as the last look may have come after it. */
function isUnchanged(observed: Observed | undefined, summary: EndpointSummary): boolean {
  return (
    observed !== undefined &&
    observed.status === summary.status &&
    observed.creationTime === summary.creationTime &&
    observed.lastModifiedTime === summary.lastModifiedTime &&
    observed.at - observed.lastModifiedTime >= SECOND
  );
}

async function takeOver(
  ports: ScheduledScalingPorts,
  now: Instant,
  turn: Turn,
  view: EndpointView,
): Promise<Observed | undefined> {
  const { record } = turn;
  const known = isConfigRead(record, view.configName) ? record.observed : undefined;
  let instanceType = known?.instanceType;
  if (known === undefined) {
    const config = await ports.endpoints.describeConfig(view.configName);
    if (!config.ok) {
      reportFailure(ports, config, record);
      return undefined;
    }
    if (config.value !== undefined) turn.change(ofConfig(config.value));
    instanceType = config.value?.variants[0]?.instanceType;
  }
  noteMaximum(turn, view);
  turn.trouble = troubleOf(view);
  if (turn.record.kind === 'components' && !(await takeOverComponents(ports, turn))) return undefined;
  const observed = observedOf(view, record.observed, instanceType, now, turn.record);
  const targets = turn.record.targets?.map((state) => sizedAs(state, view.variants));
  const named = record.endpoint === view.name && sameSizes(turn.record.targets, targets);
  if (named && record.observed !== undefined && isSame(record.observed, observed)) return record.observed;
  turn.change((fresh) => {
    const sized = fresh.targets?.map((state) => sizedAs(state, view.variants));
    return { ...fresh, endpoint: view.name, arn: view.arn, observed, ...(sized && { targets: sized }) };
  });
  return observed;
}

/** It stays for as long as AWS shows it: whether it is of the last raise, only that raise tells. */
function troubleOf({ failureReason: message, failureClass }: EndpointView): RaiseTrouble | undefined {
  if (message === undefined) return undefined;
  const isNamed = failureClass === 'capacity' || failureClass === 'quota' || failureClass === 'permission';
  return { trouble: isNamed ? failureClass : 'unknown', message };
}

/** Changed without another config (UpdateEndpointWeightsAndCapacities), so it is read with the endpoint. */
function noteMaximum(turn: Turn, { variants: [variant] }: EndpointView): void {
  const maxConcurrency = variant?.maxConcurrency;
  if (maxConcurrency === undefined || turn.record.maxConcurrency === maxConcurrency) return;
  turn.change((record) => ({ ...record, maxConcurrency }));
}

/** Seeing the same again is no news: a record that nothing happens to is not written. */
function isSame({ at: _, ...before }: Observed, { at: __, ...now }: Observed): boolean {
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]) as Set<keyof typeof before>;
  return [...keys].every((key) => before[key] === now[key]);
}

function sameSizes(before: FleetRecord['targets'], now: FleetRecord['targets']): boolean {
  return (before ?? []).every(({ desired, serving, weight }, index) => {
    const state = now?.[index];
    return state?.desired === desired && state?.serving === serving && state?.weight === weight;
  });
}

/** What a record knows of its endpoint from the config. */
export function ofConfig(config: EndpointConfigView): RecordChange {
  if (config.kind === 'components') return ofHostingConfig(config);
  const [only, ...more] = config.variants;
  // Whoever deploys another config says by it how traffic is shared.
  return ({ variant, variants: _, targets, pools: __, ownWeights: ___, ...record }) => ({
    ...(isSameSet(config, targets ?? [{ name: variant }]) ? record : asNew(record)),
    kind: config.kind,
    configRead: config.name,
    ...(only !== undefined && more.length === 0
      ? { variant: only.name, pools: only.pools ?? [] }
      : { targets: config.variants.map((variant) => targetOfConfig(variant, targets)) }),
  });
}

/** What scales is asked for by itself: components come and go without their endpoint's config. */
function ofHostingConfig({ name, kind, variants: [variant] }: EndpointConfigView): RecordChange {
  return ({ variant: _, variants: __, managedMin: ___, ...record }) => ({
    ...record,
    kind,
    configRead: name,
    ...(variant?.managedMin === undefined ? {} : { managedMin: variant.managedMin }),
    targets: (record.targets ?? []).filter(({ dimension }) => dimension === 'copies'),
  });
}

function isSameSet({ variants }: EndpointConfigView, known: readonly { readonly name: string | undefined }[]): boolean {
  return variants.length === known.length && variants.every(({ name }) => known.some((one) => one.name === name));
}

/** Of other variants than before: what was compiled and asserted spoke of those. */
function asNew({ policy: _, agenda: __, ...record }: FleetRecord): FleetRecord {
  return withoutOwn(record);
}

/** What is remembered of a variant stays with its name. */
function targetOfConfig(
  { name, instanceType, pools }: EndpointConfigView['variants'][number],
  known: FleetRecord['targets'],
): TargetState {
  const { instanceType: _, pools: __, ...before } = known?.find((state) => state.name === name) ?? {};
  const types = { ...(instanceType === undefined ? {} : { instanceType }), ...(pools && { pools }) };
  return { ...before, name, dimension: 'instances', ...types };
}

function observedOf(
  view: EndpointView,
  before: Observed | undefined,
  instanceType: string | undefined,
  now: Instant,
  record: FleetRecord,
): Observed {
  // Of components copies are counted, not the instances that they share.
  const counted = record.kind === 'components' ? (record.targets ?? []) : view.variants;
  const sameIncarnation = before?.creationTime === view.creationTime;
  const since = inServiceSince(view, sameIncarnation ? before : undefined);
  return {
    at: now,
    status: view.status,
    configName: view.configName,
    creationTime: view.creationTime,
    lastModifiedTime: view.lastModifiedTime,
    desired: counted.reduce((sum, { desired = 0 }) => sum + desired, 0),
    serving: counted.reduce((sum, { serving = 0 }) => sum + serving, 0),
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(since === undefined ? {} : { inServiceSince: since }),
  };
}

/** Updates do not interrupt service; only the first InService of an incarnation begins it. */
function inServiceSince(view: EndpointView, before: Observed | undefined): Instant | undefined {
  if (before?.inServiceSince !== undefined) return before.inServiceSince;
  return view.status === 'InService' ? view.lastModifiedTime : undefined;
}

function reportFailure(
  { log }: ScheduledScalingPorts,
  { failure }: Extract<Outcome<unknown>, { ok: false }>,
  { endpoint }: FleetRecord,
): void {
  log.count('CallsRefused');
  log.warn('the endpoint could not be looked at; the next run looks again', { endpoint, ...failure });
}
