import {
  type ApplicationAutoScalingClient,
  DeleteScalingPolicyCommand,
  DeregisterScalableTargetCommand,
  type ScalingActivity,
} from '@aws-sdk/client-application-auto-scaling';
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { TroubledActivity } from '../domain/scaling-activity.ts';
import type { ScalingControl, ScalingPolicyView } from '../ports/scaling.ts';
import { createAttachedAlarms } from './attached-alarms.ts';
import { classifyActivity, outcomeOf, tellable } from './classify.ts';
import { compareShown } from './compare-shown.ts';
import { toJsonObject } from './json.ts';
import { createScalingCalls, placeOf, policyView, targetView } from './scaling-calls.ts';
import { asShown, policyRequest, stepAlarmRequest } from './scaling-policies.ts';
import { createScalingSnapshots } from './scaling-snapshots.ts';

const SERVICE = 'ApplicationAutoScaling';

export interface ScalingClients {
  readonly scaling: ApplicationAutoScalingClient;
  readonly cloudWatch: CloudWatchClient;
}

type Snapshots = Pick<ScalingControl, 'snapshot' | 'restore' | 'compare'>;

/** What a park and a wake need, apart from the rest: bundles carry only what their function calls. */
export function createSnapshotControl({ scaling, cloudWatch }: ScalingClients): Snapshots {
  return createScalingSnapshots(createScalingCalls(scaling), createAttachedAlarms(cloudWatch));
}

export function createScalingControl({ scaling, cloudWatch }: ScalingClients): Omit<ScalingControl, keyof Snapshots> {
  const calls = createScalingCalls(scaling);
  const alarms = createAttachedAlarms(cloudWatch);
  return {
    targets: (keys) =>
      outcomeOf(`${SERVICE}.DescribeScalableTargets`, async () => (await calls.targets(keys)).map(targetView)),
    policies: (key) =>
      outcomeOf(`${SERVICE}.DescribeScalingPolicies`, async () => (await calls.policies(key)).map(policyView)),
    allPolicies: () =>
      outcomeOf(`${SERVICE}.DescribeScalingPolicies`, async () => {
        const found = new Map<string, ScalingPolicyView[]>();
        for (const policy of await calls.policies(undefined)) {
          const id = policy.ResourceId ?? '';
          found.set(id, [...(found.get(id) ?? []), policyView(policy)]);
        }
        return found;
      }),
    targetTags: (arn) => outcomeOf(`${SERVICE}.ListTagsForResource`, () => calls.tags(arn)),
    register: (key, bounds, more = {}) =>
      outcomeOf(`${SERVICE}.RegisterScalableTarget`, () => calls.register({ key, bounds, ...more })),
    async deregister(key) {
      const outcome = await outcomeOf(`${SERVICE}.DeregisterScalableTarget`, () =>
        scaling.send(new DeregisterScalableTargetCommand(placeOf(key))),
      );
      return goneIsFine(outcome);
    },
    async putPolicy(key, { name, spec, endpoint, alarmName }) {
      const put = await outcomeOf(`${SERVICE}.PutScalingPolicy`, () =>
        calls.putPolicy(key, name, toJsonObject(policyRequest(spec, endpoint))),
      );
      if (!put.ok) return put;
      if (spec.kind !== 'step' || alarmName === undefined) return { ok: true, value: undefined };
      return outcomeOf('CloudWatch.PutMetricAlarm', () =>
        alarms.put({ name: alarmName, definition: toJsonObject(stepAlarmRequest(spec, endpoint, put.value)) }),
      );
    },
    differences(shown, alarm, { name, spec, endpoint, alarmName }) {
      const wanted = asShown(policyRequest(spec, endpoint));
      const policy = { field: 'policy', subject: name } as const;
      const differs = compareShown(policy, shown && asShown(shown.definition), wanted, true);
      if (spec.kind !== 'step' || alarmName === undefined || shown === undefined) return differs;
      const alarmWanted = toJsonObject(stepAlarmRequest(spec, endpoint, shown.arn));
      return [...differs, ...compareShown({ field: 'alarm', subject: alarmName }, alarm, alarmWanted, false)];
    },
    alarmDefinitions: (names) =>
      outcomeOf('CloudWatch.DescribeAlarms', async () => {
        const found = names.length === 0 ? [] : await alarms.byName(names);
        return new Map(found.map(({ name, definition }) => [name, definition] as const));
      }),
    troubledActivities: (since) =>
      outcomeOf(`${SERVICE}.DescribeScalingActivities`, async () =>
        (await calls.activities(since)).flatMap(troubledActivity),
      ),
    async deletePolicy(key, name) {
      const outcome = await outcomeOf(`${SERVICE}.DeleteScalingPolicy`, () =>
        scaling.send(new DeleteScalingPolicyCommand({ ...placeOf(key), PolicyName: name })),
      );
      return goneIsFine(outcome);
    },
  };
}

/** None: it went as it should. */
function troubledActivity(activity: ScalingActivity): readonly TroubledActivity[] {
  const { StatusCode, StatusMessage = '', NotScaledReasons = [], StartTime, EndTime } = activity;
  const codes = NotScaledReasons.map(({ Code = '' }) => Code);
  const trouble = classifyActivity(StatusCode, StatusMessage, codes);
  if (trouble === undefined) return [];
  return [
    {
      id: activity.ActivityId ?? '',
      resourceId: activity.ResourceId ?? '',
      at: (EndTime ?? StartTime)?.getTime() ?? 0,
      trouble,
      tried: StatusCode === 'Failed',
      what: tellable(activity.Description ?? ''),
      cause: tellable(activity.Cause ?? ''),
      message: tellable(StatusMessage === '' ? codes.join(', ') : StatusMessage),
    },
  ];
}

/** What is not there any more needs no removing. */
function goneIsFine(outcome: Awaited<ReturnType<typeof outcomeOf<unknown>>>) {
  if (outcome.ok || outcome.failure.class === 'missing') return { ok: true, value: undefined } as const;
  return outcome;
}
