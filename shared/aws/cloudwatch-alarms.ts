import {
  type CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  ResourceNotFound,
} from '@aws-sdk/client-cloudwatch';
import type { AlarmControl, AlarmView, Woken } from '../ports/alarms.ts';
import { outcomeOf } from './classify.ts';
import { compareShown } from './compare-shown.ts';
import { toJsonObject } from './json.ts';

/** The limit of DescribeAlarms and of DeleteAlarms. */
const NAMES_LIMIT = 100;
const NAMESPACE = 'AWS/SageMaker';

function backlogAlarm(endpoint: string) {
  return {
    AlarmDescription: `Requests wait for ${endpoint} and it has no instances. Owned by the endpoint scaler.`,
    MetricName: 'HasBacklogWithoutCapacity',
    Dimensions: [{ Name: 'EndpointName', Value: endpoint }],
    Statistic: 'Maximum' as const,
    EvaluationPeriods: 1,
  };
}

/** One lone request is enough; it keeps the alarm in ALARM for three minutes, so that a lost event is seen by a tick. */
function requestsAlarm(endpoint: string, component: string) {
  return {
    AlarmDescription: `Requests to ${component} on ${endpoint} fail for want of a copy. Owned by the endpoint scaler.`,
    MetricName: 'NoCapacityInvocationFailures',
    Dimensions: [{ Name: 'InferenceComponentName', Value: component }],
    Statistic: 'Sum' as const,
    EvaluationPeriods: 3,
  };
}

export function createAlarmControl(client: CloudWatchClient): AlarmControl {
  /** One name that is gone already makes AWS delete none of a call's alarms. */
  async function remove(AlarmNames: readonly string[]): Promise<void> {
    try {
      await client.send(new DeleteAlarmsCommand({ AlarmNames: [...AlarmNames] }));
    } catch (error) {
      if (!(error instanceof ResourceNotFound)) throw error;
      if (AlarmNames.length > 1) for (const name of AlarmNames) await remove([name]);
    }
  }

  return {
    states: (names) =>
      outcomeOf('CloudWatch.DescribeAlarms', async () => {
        const found: AlarmView[] = [];
        for (const AlarmNames of chunks(names)) {
          const answer = await client.send(
            new DescribeAlarmsCommand({
              AlarmNames,
              AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
              MaxRecords: NAMES_LIMIT,
            }),
          );
          found.push(...[...(answer.MetricAlarms ?? []), ...(answer.CompositeAlarms ?? [])].map(alarmView));
        }
        return found;
      }),
    putWakeAlarm: (name, of) =>
      outcomeOf('CloudWatch.PutMetricAlarm', async () => {
        await client.send(new PutMetricAlarmCommand({ AlarmName: name, ...wakeAlarmRequest(of) }));
      }),
    wakeAlarmDifferences: (name, of, shown) =>
      compareShown({ field: 'alarm', subject: name }, shown, toJsonObject(wakeAlarmRequest(of)), false),
    remove: (names) =>
      outcomeOf('CloudWatch.DeleteAlarms', async () => {
        for (const AlarmNames of chunks(names)) await remove(AlarmNames);
      }),
  };
}

function wakeAlarmRequest({ endpoint, component }: Woken): Omit<PutMetricAlarmCommandInput, 'AlarmName'> {
  return {
    Namespace: NAMESPACE,
    ...(component === undefined ? backlogAlarm(endpoint) : requestsAlarm(endpoint, component)),
    Period: 60,
    DatapointsToAlarm: 1,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    // Missing data must bring it back to OK, so that it can go into ALARM again.
    TreatMissingData: 'notBreaching',
  };
}

function alarmView(alarm: {
  readonly AlarmName?: string | undefined;
  readonly StateValue?: string | undefined;
  readonly StateUpdatedTimestamp?: Date | undefined;
  readonly StateTransitionedTimestamp?: Date | undefined;
}): AlarmView {
  const state = alarm.StateValue;
  // StateUpdatedTimestamp also moves when only the reason changes; the transition is what a demand dates from.
  const since = alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp;
  return {
    name: alarm.AlarmName ?? '',
    state: state === 'OK' || state === 'ALARM' ? state : 'INSUFFICIENT_DATA',
    stateSince: since?.getTime() ?? 0,
  };
}

function chunks(names: readonly string[]): readonly string[][] {
  const parts: string[][] = [];
  for (let start = 0; start < names.length; start += NAMES_LIMIT) parts.push(names.slice(start, start + NAMES_LIMIT));
  return parts;
}
