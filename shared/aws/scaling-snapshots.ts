import type { ScalingPolicy, ScheduledAction } from '@aws-sdk/client-application-auto-scaling';
import { rewireAlarm } from '../domain/alarm-actions.ts';
import type { Bounds } from '../domain/policy.ts';
import {
  alarmItem,
  type JsonObject,
  policyItem,
  scheduledActionItem,
  type TargetSnapshot,
  targetItem,
  targetTagsItem,
} from '../domain/recipe.ts';
import type { TargetKey } from '../domain/scalable-target.ts';
import { isAwsTag } from '../domain/tags.ts';
import type { Failure, Outcome } from '../ports/outcome.ts';
import type { RestoredScaling, ScalingControl } from '../ports/scaling.ts';
import type { AttachedAlarm, AttachedAlarms } from './attached-alarms.ts';
import { outcomeOf } from './classify.ts';
import { canonicalJson, toJsonObject } from './json.ts';
import { dimensionName, dimensionOf, policyView, type ScalingCalls, targetView } from './scaling-calls.ts';

type Snapshots = Pick<ScalingControl, 'snapshot' | 'restore' | 'compare'>;
type Refused = { readonly item: string; readonly why: string; readonly failure: Failure };

/** An item of a snapshot that is not, or not so, in AWS, and how to put it there. */
interface Missing {
  readonly item: string;
  /** The call that does it. */
  readonly call: string;
  put(): Promise<unknown>;
}

interface Parts {
  readonly calls: ScalingCalls;
  readonly alarms: AttachedAlarms;
}

/** Everything of a variant's scaling that a DeleteEndpoint takes with it: saved, put back, and read back. */
export function createScalingSnapshots(calls: ScalingCalls, alarms: AttachedAlarms): Snapshots {
  const parts: Parts = { calls, alarms };
  return {
    snapshot: (key) => outcomeOf('ApplicationAutoScaling.Describe*', () => read(parts, key)),
    async restore(wanted, bounds) {
      const refused: Refused[] = [];
      // Alarms come last: their actions name policies by an ARN that is new with every creation.
      for (const find of [() => differences(parts, wanted, bounds), () => alarmDifferences(parts, wanted)]) {
        const missing = await outcomeOf('ApplicationAutoScaling.Describe*', find);
        if (!missing.ok) return missing;
        const failure = await putAll(missing.value, refused);
        if (failure !== undefined) return { ok: false, failure };
      }
      return { ok: true, value: told(refused) };
    },
    compare: (wanted, restored) =>
      outcomeOf('ApplicationAutoScaling.Describe*', async () => {
        const missing = [...(await differences(parts, wanted, restored)), ...(await alarmDifferences(parts, wanted))];
        return missing.map(({ item }) => item);
      }),
  };
}

/** A target with all that Application Auto Scaling itself holds of it. */
async function readTarget({ calls }: Parts, key: TargetKey) {
  const [target] = await calls.targets([key]);
  if (target === undefined) return undefined;
  const view = targetView(target);
  const [policies, actions, tags] = await Promise.all([
    calls.policies(key),
    calls.scheduledActions(key),
    view.arn === undefined ? {} : calls.tags(view.arn),
  ]);
  return { view, policies, actions, tags };
}

async function read(parts: Parts, key: TargetKey): Promise<TargetSnapshot | undefined> {
  const found = await readTarget(parts, key);
  if (found === undefined) return undefined;
  const { view, policies, actions, tags } = found;
  return {
    resourceId: key.resourceId,
    dimension: dimensionName(key.dimension),
    min: view.min,
    max: view.max,
    suspended: view.suspended,
    tags,
    policies: byName(policies.map(policyView)),
    scheduledActions: byName(actions.map(scheduledAction)),
    alarms: byName(await attachedTo(parts, policies)),
  };
}

/** Alarms whose actions name one of the policies, but those of target tracking: they come and go with their policy. */
async function attachedTo({ alarms }: Parts, policies: readonly ScalingPolicy[]): Promise<readonly AttachedAlarm[]> {
  const found = new Map<string, AttachedAlarm>();
  const named = new Set<string>();
  const tracking = new Set<string>();
  for (const { PolicyARN, PolicyType, Alarms } of policies) {
    const names = (Alarms ?? []).flatMap(({ AlarmName }) => AlarmName ?? []);
    for (const name of names) (PolicyType === 'TargetTrackingScaling' ? tracking : named).add(name);
    for (const alarm of await alarms.ofPolicy(PolicyARN ?? '')) found.set(alarm.name, alarm);
  }
  // Application Auto Scaling names them, too; what the prefix did not find is read by its name.
  const rest = [...named].filter((name) => !found.has(name));
  for (const alarm of rest.length === 0 ? [] : await alarms.byName(rest)) found.set(alarm.name, alarm);
  return [...found.values()].filter(({ name }) => !tracking.has(name));
}

function isBetween(actual: Bounds, { min, max }: Bounds): boolean {
  return actual.min === min && actual.max === max;
}

function keyOf({ resourceId, dimension }: TargetSnapshot): TargetKey {
  return { resourceId, dimension: dimensionOf(dimension) };
}

/** What of the snapshot is not there, in the order in which it has to be put; without bounds, any will do. */
async function differences(
  parts: Parts,
  wanted: TargetSnapshot,
  bounds: Bounds | undefined,
): Promise<readonly Missing[]> {
  const { calls } = parts;
  const { resourceId } = wanted;
  const key = keyOf(wanted);
  const actual = await readTarget(parts, key);
  const view = actual?.view;
  const missing: Missing[] = [];
  const bounded = view === undefined || bounds === undefined || isBetween(view, bounds);
  if (view === undefined || !bounded || !same({ ...view.suspended }, { ...wanted.suspended })) {
    // AWS takes tags for a new target only.
    const tags = view === undefined ? { tags: withoutAwsTags(wanted.tags) } : {};
    const put = () => calls.register({ key, bounds: bounds ?? wanted, suspended: wanted.suspended, ...tags });
    missing.push({ item: targetItem(resourceId), call: 'ApplicationAutoScaling.RegisterScalableTarget', put });
  }
  // Without bounds the target is whoever's it is now, and so are its tags.
  const untagged = bounds === undefined || actual === undefined ? {} : lackingTags(wanted.tags, actual.tags);
  const arn = view?.arn;
  if (arn !== undefined && Object.keys(untagged).length > 0) {
    const put = () => calls.tag(arn, untagged);
    missing.push({ item: targetTagsItem(resourceId), call: 'ApplicationAutoScaling.TagResource', put });
  }
  for (const { name, definition } of lacking(wanted.policies, actual?.policies.map(policyView))) {
    const put = () => calls.putPolicy(key, name, definition);
    missing.push({ item: policyItem(name), call: 'ApplicationAutoScaling.PutScalingPolicy', put });
  }
  for (const { name, definition } of lacking(wanted.scheduledActions, actual?.actions.map(scheduledAction))) {
    const put = () => calls.putScheduledAction(key, name, definition);
    missing.push({ item: scheduledActionItem(name), call: 'ApplicationAutoScaling.PutScheduledAction', put });
  }
  return missing;
}

async function alarmDifferences({ calls, alarms }: Parts, wanted: TargetSnapshot): Promise<readonly Missing[]> {
  if (wanted.alarms.length === 0) return [];
  const policies = (await calls.policies(keyOf(wanted))).map(policyView);
  const newArns = new Map(
    wanted.policies.flatMap(({ name, arn }) => {
      const now = policies.find((policy) => policy.name === name);
      return now === undefined ? [] : [[arn, now.arn] as const];
    }),
  );
  const actual = await alarms.byName(wanted.alarms.map(({ name }) => name));
  const rewired = wanted.alarms.map(({ name, definition }) => {
    const there = actual.find((alarm) => alarm.name === name);
    return { name, definition: rewireAlarm(definition, there?.definition, newArns) };
  });
  return lacking(rewired, actual).map((alarm) => ({
    item: alarmItem(alarm.name),
    call: 'CloudWatch.PutMetricAlarm',
    put: () => alarms.put(alarm),
  }));
}

/** Those of the wanted items that are missing or different. */
function lacking(wanted: readonly AttachedAlarm[], actual: readonly AttachedAlarm[] = []): readonly AttachedAlarm[] {
  return wanted.filter(({ name, definition }) => {
    const there = actual.find((item) => item.name === name);
    return there === undefined || !same(there.definition, definition);
  });
}

/** One after the other: these APIs bear a few calls a second. Answers the failure that ends the attempt for this run. */
async function putAll(missing: readonly Missing[], refused: Refused[]): Promise<Failure | undefined> {
  for (const { item, call, put } of missing) {
    const outcome: Outcome<unknown> = await outcomeOf(call, put);
    if (outcome.ok) continue;
    const { failure } = outcome;
    // What belongs to a target that was refused finds none.
    const isWithoutTarget = failure.class === 'missing' && refused.length > 0;
    if (!isRefusal(failure) && !isWithoutTarget) return failure;
    refused.push({ item, why: `${failure.code}: ${failure.message}`, failure });
  }
  return undefined;
}

function told(refused: readonly Refused[]): RestoredScaling {
  return {
    refused: refused.map(({ item, why }) => ({ item, why })),
    denied: refused.flatMap(({ failure }) => (failure.class === 'permission' ? [failure] : [])),
  };
}

/** Throttling, an endpoint in progress, a target that is not visible yet: neither done nor refused, the next run tries again. */
function isRefusal({ class: kind, definite }: Failure): boolean {
  return definite && (kind === 'rejected' || kind === 'permission' || kind === 'quota' || kind === 'unknown');
}

function same(a: JsonObject, b: JsonObject): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

function scheduledAction(action: ScheduledAction) {
  const { ScheduledActionName, Schedule, Timezone, StartTime, EndTime, ScalableTargetAction } = action;
  return {
    name: ScheduledActionName ?? '',
    definition: toJsonObject({ Schedule, Timezone, StartTime, EndTime, ScalableTargetAction }),
  };
}

function lackingTags(
  wanted: Readonly<Record<string, string>>,
  actual: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(withoutAwsTags(wanted)).filter(([key, value]) => actual[key] !== value));
}

/** Tags of AWS's own are AWS's to put. */
function withoutAwsTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !isAwsTag(key)));
}

function byName<T extends { readonly name: string }>(items: readonly T[]): readonly T[] {
  return [...items].sort((a, b) => (a.name < b.name ? -1 : 1));
}
