import {
  ApplicationAutoScalingClient,
  DescribeScalingActivitiesCommand,
  DescribeScalingPoliciesCommand,
  type ScalingActivity,
} from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient, DescribeAlarmsCommand, type MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { outcomeOf } from '../../shared/aws/classify.ts';
import { placeOf } from '../../shared/aws/scaling-calls.ts';
import type { TargetKey } from '../../shared/domain/scalable-target.ts';
import type { Outcome } from '../../shared/ports/outcome.ts';
import type { Account } from './connect.ts';

const MOST_ACTIVITIES = 50;
const NAMES_LIMIT = 100;

/** The alarms that drive the target's policies, as AWS names them, with the state they are in. */
export async function readPolicyAlarms(
  { runtime }: Account,
  key: TargetKey,
): Promise<Outcome<ReadonlyMap<string, readonly MetricAlarm[]>>> {
  const named = await outcomeOf('ApplicationAutoScaling.DescribeScalingPolicies', async () => {
    const client = runtime.clientOf(ApplicationAutoScalingClient);
    const request = { ...placeOf(key), MaxResults: 50 };
    return (await client.send(new DescribeScalingPoliciesCommand(request))).ScalingPolicies ?? [];
  });
  if (!named.ok) return named;
  const byPolicy = new Map<string, string[]>();
  for (const { PolicyName = '', Alarms = [] } of named.value) {
    byPolicy.set(PolicyName, Alarms.map(({ AlarmName = '' }) => AlarmName).slice(0, NAMES_LIMIT));
  }
  const names = [...byPolicy.values()].flat();
  if (names.length === 0) return { ok: true, value: new Map([...byPolicy.keys()].map((name) => [name, []])) };
  return outcomeOf('CloudWatch.DescribeAlarms', async () => {
    const client = runtime.clientOf(CloudWatchClient);
    const found: MetricAlarm[] = [];
    for (let start = 0; start < names.length; start += NAMES_LIMIT) {
      const AlarmNames = names.slice(start, start + NAMES_LIMIT);
      found.push(...((await client.send(new DescribeAlarmsCommand({ AlarmNames }))).MetricAlarms ?? []));
    }
    const pick = (wanted: readonly string[]) => found.filter(({ AlarmName = '' }) => wanted.includes(AlarmName));
    return new Map([...byPolicy].map(([policy, wanted]) => [policy, pick(wanted)]));
  });
}

/** The newest scaling activities, those that came to nothing with their reasons included. */
export function readActivities({ runtime }: Account, key: TargetKey): Promise<Outcome<readonly ScalingActivity[]>> {
  return outcomeOf('ApplicationAutoScaling.DescribeScalingActivities', async () => {
    const client = runtime.clientOf(ApplicationAutoScalingClient);
    const request = { ...placeOf(key), IncludeNotScaledActivities: true, MaxResults: MOST_ACTIVITIES };
    return (await client.send(new DescribeScalingActivitiesCommand(request))).ScalingActivities ?? [];
  });
}
