import type { Caller, CallRecord, ServiceName } from '../../simulator/contract.ts';
import { type Alarm, definitionOf, drives, isTracking } from './alarms.ts';
import { CHECKER, type Check, type CheckContext, MINUTE_MS } from './context.ts';
import { endpointOf } from './records.ts';
import type { EndpointState } from './world-state.ts';

/** The product has so long after InService to put everything back and say what it could not. */
const RESTORE_MS = 15 * MINUTE_MS;

/** Services whose every change may show in a snapshot. */
const SHOWN: ReadonlySet<ServiceName> = new Set(['ApplicationAutoScaling', 'CloudWatch']);

/** What a client of the APIs can see of an endpoint, by item; values are compared as text. */
type Snapshot = ReadonlyMap<string, string>;

/** Members that a recreated resource cannot have as before, or that the calendar decides. */
const VOLATILE: ReadonlySet<string> = new Set([
  'PolicyARN',
  'ScalableTargetARN',
  'ScheduledActionARN',
  'CreationTime',
  'Alarms',
  'MinCapacity',
  'MaxCapacity',
]);

function stable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stable);
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key, part]) => !VOLATILE.has(key) && part !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, part]) => [key, stable(part)]));
}

interface Variant {
  readonly VariantName: string;
  readonly DesiredWeight?: number;
}

function takeSnapshot(context: CheckContext, name: string): Snapshot {
  const { aws, tagPrefix } = context.run;
  const items = new Map<string, string>();
  const ask = (service: ServiceName, operation: string, input: unknown) => aws.call(CHECKER, service, operation, input);
  const endpoint = ask('SageMaker', 'DescribeEndpoint', { EndpointName: name });
  const tags = ask('SageMaker', 'ListTags', { ResourceArn: endpoint.EndpointArn }).Tags as {
    Key: string;
    Value: string;
  }[];
  for (const { Key, Value } of tags) {
    if (Key !== `${tagPrefix}:wake` && !Key.startsWith('aws:')) items.set(`tag ${Key}`, Value);
  }
  const variants = endpoint.ProductionVariants as Variant[];
  const policies = new Map<string, string>();
  for (const { VariantName, DesiredWeight } of variants) {
    // An only variant may have another name on a fallback.
    const item = variants.length === 1 ? 'weight of the only variant' : `weight of ${VariantName}`;
    if (DesiredWeight !== undefined) items.set(item, String(DesiredWeight));
    const ResourceId = `endpoint/${name}/variant/${VariantName}`;
    const of = { ServiceNamespace: 'sagemaker', ResourceId };
    const list = (operation: string, member: string, input: object, nameOf: (one: never) => string, what: string) => {
      for (const one of ask('ApplicationAutoScaling', operation, input)[member] ?? []) {
        if (one.PolicyARN !== undefined) policies.set(one.PolicyARN, one.PolicyName);
        items.set(`${what} ${nameOf(one as never)}`, JSON.stringify(stable(one)));
      }
    };
    const target = { ServiceNamespace: 'sagemaker', ResourceIds: [ResourceId] };
    list('DescribeScalableTargets', 'ScalableTargets', target, () => ResourceId, 'scalable target');
    list(
      'DescribeScalingPolicies',
      'ScalingPolicies',
      of,
      (one: { PolicyName: string }) => (variants.length === 1 ? one.PolicyName : `${ResourceId} ${one.PolicyName}`),
      'scaling policy',
    );
    list(
      'DescribeScheduledActions',
      'ScheduledActions',
      of,
      (one: { ScheduledActionName: string }) =>
        variants.length === 1 ? one.ScheduledActionName : `${ResourceId} ${one.ScheduledActionName}`,
      'scheduled action',
    );
  }
  if (policies.size > 0) for (const alarm of alarmsOf(context)) addAlarm(items, alarm, policies);
  return items;
}

function alarmsOf({ run: { aws } }: CheckContext): Alarm[] {
  const alarms: Alarm[] = [];
  for (let NextToken: string | undefined; ; ) {
    const answer = aws.call(CHECKER, 'CloudWatch', 'DescribeAlarms', { AlarmTypes: ['MetricAlarm'], NextToken });
    alarms.push(...(answer.MetricAlarms ?? []));
    NextToken = answer.NextToken;
    if (NextToken === undefined) return alarms;
  }
}

/** An alarm that drives one of the endpoint's policies, in two parts: what it drives, and all else of it. */
function addAlarm(items: Map<string, string>, alarm: Alarm, policies: ReadonlyMap<string, string>): void {
  const driven = isTracking(alarm) ? [] : drives(alarm, policies);
  if (driven.length === 0) return;
  const name = String(alarm['AlarmName']);
  for (const [list, policy] of driven) items.set(`action ${list} on ${policy} of alarm ${name}`, 'wired');
  items.set(
    `alarm ${name}`,
    definitionOf(alarm, (action) => policies.has(action)),
  );
}

/** 2: park → wake restores everything a client of the APIs can see, or the difference is announced. */
export function checkRestores(context: CheckContext): Check {
  const { rulebook, state: world } = context;
  const snapshots = new Map<string, Snapshot>();
  const dirty = new Set<string>();
  /** Parked by the product. */
  const parked = new Map<string, Parked>();
  /** Who registered each scalable target first. */
  const targetMakers = new Map<string, Caller['kind']>();
  const due = new Map<string, number>();

  function seePark({ input, at }: CallRecord): void {
    const name = String(input.EndpointName);
    const before = world.beforeCall(name);
    const snapshot = snapshots.get(name);
    if (before?.inServiceSince === undefined || snapshot === undefined) return;
    const policy = rulebook.rulesOf(name)?.policy;
    parked.set(name, { snapshot, at, version: policy?.version, isShared: policy?.weights !== undefined });
  }

  function judgeLater(name: string, instant: number): void {
    due.set(name, instant);
    context.wakeAt(instant);
  }

  function judge(name: string, at: number): void {
    const before = parked.get(name);
    const state = world.endpoint(name);
    due.delete(name);
    if (before === undefined || state === undefined || state.status === 'Absent') return;
    const wait = tooEarlyBy(context, state, before.at, at);
    if (wait > 0) {
      judgeLater(name, at + wait);
      return;
    }
    parked.delete(name);
    // What was changed meanwhile is what the next park has to bring back.
    dirty.add(name);
    const untold = untoldItems(context, name, before, targetMakers);
    const what = () => `not as before its park, and not announced: ${untold.join(', ')}`;
    context.judge(untold.length === 0, 2, name, what);
  }

  return {
    call(record) {
      if (!record.mutating || record.error !== undefined) return;
      const { service, operation, caller, input } = record;
      if (caller.kind === 'person') forgiveHand(world, parked, record);
      if (service === 'SageMaker' && operation === 'DeleteEndpoint' && caller.kind === 'product') seePark(record);
      // Recreated by somebody else: what it then has is his to say.
      else if (operation === 'CreateEndpoint' && caller.kind !== 'product') parked.delete(String(input.EndpointName));
      else if (SHOWN.has(service) || operation === 'AddTags' || operation === 'DeleteTags') {
        if (operation === 'RegisterScalableTarget') noteMaker(targetMakers, record);
        for (const name of changedBy(record, world.endpoints(), world.hostOf)) dirty.add(name);
      }
    },
    change({ endpoint, status, at }) {
      dirty.add(endpoint);
      if (status === 'InService' && parked.has(endpoint) && !due.has(endpoint)) judgeLater(endpoint, at + RESTORE_MS);
    },
    step(at) {
      for (const [name, instant] of due) if (instant <= at) judge(name, at);
      for (const name of dirty) {
        const state = world.endpoint(name);
        if (state === undefined || parked.has(name) || state.inServiceSince === undefined) continue;
        snapshots.set(name, takeSnapshot(context, name));
      }
      dirty.clear();
    },
  };
}

/** How long the one who restores still has, in milliseconds, or 0 where what is there can be judged. */
function tooEarlyBy(
  { state: world, graceMs }: CheckContext,
  state: EndpointState,
  parkedAt: number,
  at: number,
): number {
  // Held hands-off in the middle of a wake: what is left to put back is put back after the hold.
  const isLeftAlone = world.holdOf(state.name, at)?.mode === 'hands-off';
  if (isLeftAlone || at - world.lastOrderChange(state.name, at) < RESTORE_MS) return RESTORE_MS;
  // Back in service a moment ago: the run that puts the rest back has not come yet.
  if (at - state.busy.until < graceMs) return graceMs;
  // Still being mended, or hindered on purpose: judged when that is over.
  const isHindered = world.isDisturbed(Math.max(parkedAt, at - RESTORE_MS), at);
  return state.status !== 'InService' || isHindered ? RESTORE_MS : 0;
}

function noteMaker(makers: Map<string, Caller['kind']>, { input, caller }: CallRecord): void {
  if (!makers.has(input.ResourceId)) makers.set(input.ResourceId, caller.kind);
}

/** Endpoints that a call to tags or scaling may have changed: all, where it does not say which. */
function changedBy(
  record: CallRecord,
  known: Iterable<{ readonly name: string }>,
  hostOf: (component: string) => string | undefined,
): readonly string[] {
  const all = [...known];
  const changed = endpointOf(record, all, hostOf);
  return all.map(({ name }) => name).filter((name) => changed === undefined || name === changed);
}

interface Parked {
  readonly snapshot: Snapshot;
  /** From when on announcements count. */
  readonly at: number;
  /** Of the policy. */
  readonly version: string | undefined;
  /** Its traffic went by the calendar's weights. */
  readonly isShared: boolean;
}

/** What is not as it was before the park, and was not announced. */
function untoldItems(
  context: CheckContext,
  name: string,
  before: Parked,
  makers: ReadonlyMap<string, Caller['kind']>,
): string[] {
  const now = takeSnapshot(context, name);
  const lost = [...before.snapshot].filter(([item, value]) => now.get(item) !== value).map(([item]) => item);
  // What the policy alone put there goes with the policy.
  const policy = context.rulebook.rulesOf(name)?.policy;
  const isRuledAnew = policy?.version !== before.version;
  // Weights that go by the calendar are judged by it; with its policy gone they are the owner's again.
  const isShared = before.isShared || policy?.weights !== undefined;
  return lost.filter(
    (item) =>
      !(isShared && item.startsWith('weight of ')) &&
      !(isRuledAnew && isOurs(context.run, item, makers)) &&
      !isAnnounced(context.run, name, item, before.at),
  );
}

/** Endpoint that a call of somebody else's is about. */
function touchedEndpoint({ EndpointName, ResourceId, ResourceArn }: Readonly<Record<string, unknown>>): string {
  const ofTarget = /^endpoint\/([^/]+)\//.exec(String(ResourceId))?.[1];
  return String(EndpointName ?? ofTarget ?? String(ResourceArn).split('/').at(-1));
}

/** What somebody else changes after the wake is as he left it, and no longer what there was before the park. */
function forgive(snapshot: Snapshot, { operation, input }: CallRecord): Snapshot {
  const changed = changedItems(operation, input);
  return new Map([...snapshot].filter(([item]) => !changed.some((is) => is(item))));
}

/** What somebody else changes of a parked or woken endpoint is his. */
function forgiveHand(world: CheckContext['state'], parked: Map<string, Parked>, record: CallRecord): void {
  if (record.service === 'CloudWatch') {
    forgiveAlarms(parked, record, (name) => world.endpoint(name)?.status === 'Absent');
    return;
  }
  const state = world.endpoint(touchedEndpoint(record.input));
  const before = state === undefined ? undefined : parked.get(state.name);
  if (state === undefined || before === undefined || state.status === 'Absent') return;
  parked.set(state.name, { ...before, snapshot: forgive(before.snapshot, record) });
}

/** What its owner makes of an alarm while the endpoint is away is as he left it, but for what it drives. */
function forgiveAlarms(
  parked: Map<string, Parked>,
  { operation, input }: CallRecord,
  isAway: (endpoint: string) => boolean,
): void {
  const names: readonly string[] = input.AlarmNames ?? [String(input.AlarmName)];
  for (const [name, before] of parked) {
    const away = isAway(name);
    // One that is deleted meanwhile comes back from the recipe as it was.
    if (away && operation === 'DeleteAlarms') continue;
    const isHis = (item: string): boolean =>
      names.some((alarm) => item === `alarm ${alarm}` || (!away && item.endsWith(` of alarm ${alarm}`)));
    parked.set(name, { ...before, snapshot: new Map([...before.snapshot].filter(([item]) => !isHis(item))) });
  }
}

/** Which items of a snapshot a call of somebody else's can change. */
function changedItems(operation: string, input: CallRecord['input']): readonly ((item: string) => boolean)[] {
  const exactly = (name: string) => (item: string) => item === name;
  switch (operation) {
    case 'AddTags':
      return (input.Tags as { Key: string }[]).map(({ Key }) => exactly(`tag ${Key}`));
    case 'DeleteTags':
      return (input.TagKeys as string[]).map((key) => exactly(`tag ${key}`));
    case 'UpdateEndpoint':
    case 'UpdateEndpointWeightsAndCapacities':
      return [(item) => item.startsWith('weight of ')];
    case 'RegisterScalableTarget':
      return [exactly(`scalable target ${input.ResourceId}`)];
    case 'DeregisterScalableTarget':
      return [(item) => /^(?:scalable target|scaling policy|scheduled action|action|alarm) /.test(item)];
    case 'PutScalingPolicy':
    case 'DeleteScalingPolicy':
      return [
        exactly(`scaling policy ${input.PolicyName}`),
        (item) => item.startsWith('action ') && item.includes(` on ${input.PolicyName} of alarm `),
      ];
    case 'PutScheduledAction':
    case 'DeleteScheduledAction':
      return [exactly(`scheduled action ${input.ScheduledActionName}`)];
    default:
      return [];
  }
}

/** The name at the end of an item. */
function wordOf(item: string): string {
  return item.slice(item.lastIndexOf(' ') + 1);
}

/** Made by the product, by its name or by who registered it first. */
function isOurs(
  { tagPrefix }: CheckContext['run'],
  item: string,
  makers: ReadonlyMap<string, Caller['kind']>,
): boolean {
  if (item.startsWith('scalable target ')) return makers.get(wordOf(item)) === 'product';
  return (
    item.startsWith(`scaling policy ${tagPrefix}-`) ||
    / ?alarm (\S+)$/.exec(item)?.[1]?.startsWith(`${tagPrefix}-`) === true
  );
}

function isAnnounced({ observer }: CheckContext['run'], name: string, item: string, since: number): boolean {
  const standsOnTarget = /^(?:scaling policy|scheduled action|action|alarm) /.test(item);
  // An action goes with the policy that it drives.
  const words = [wordOf(item), ...(/ on (\S+) of alarm /.exec(item)?.slice(1) ?? [])];
  const target = `endpoint/${name}/variant/`;
  return observer.events.some(
    ({ at, detail }) =>
      Date.parse(at) >= since &&
      String(detail['endpoint']).toLowerCase() === name.toLowerCase() &&
      (words.some((word) => JSON.stringify(detail).includes(word)) ||
        // A target that was refused takes along what stands on it, and an alarm drives nothing then.
        (standsOnTarget && JSON.stringify(detail['outstanding'] ?? '').includes(target))),
  );
}
