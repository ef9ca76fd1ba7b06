import {
  type CloudWatchClient,
  DescribeAlarmsCommand,
  type MetricAlarm,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import type { JsonObject } from '../domain/recipe.ts';
import { toJsonObject } from './json.ts';

export interface AttachedAlarm {
  readonly name: string;
  readonly definition: JsonObject;
}

/** Alarms that people wired to scaling policies. They outlive the policy, but their actions name its old ARN. */
export interface AttachedAlarms {
  /** Alarms one of whose actions is this ARN. */
  ofPolicy(policyArn: string): Promise<readonly AttachedAlarm[]>;
  byName(names: readonly string[]): Promise<readonly AttachedAlarm[]>;
  put(alarm: AttachedAlarm): Promise<void>;
}

const PAGES_LIMIT = 20;
const NAMES_LIMIT = 100;

/** Members of DescribeAlarms' answer that PutMetricAlarm takes. */
const REQUEST_MEMBERS = [
  'AlarmDescription',
  'ActionsEnabled',
  'OKActions',
  'AlarmActions',
  'InsufficientDataActions',
  'MetricName',
  'Namespace',
  'Statistic',
  'ExtendedStatistic',
  'Dimensions',
  'Period',
  'Unit',
  'EvaluationPeriods',
  'DatapointsToAlarm',
  'Threshold',
  'ComparisonOperator',
  'TreatMissingData',
  'EvaluateLowSampleCountPercentile',
  'Metrics',
  'ThresholdMetricId',
  'EvaluationWindow',
  'WarmUpConfiguration',
  'EvaluationCriteria',
  'EvaluationInterval',
  'ActionConfiguration',
] as const satisfies readonly (keyof MetricAlarm & keyof PutMetricAlarmCommandInput)[];

export function createAttachedAlarms(client: CloudWatchClient): AttachedAlarms {
  async function describe(query: { ActionPrefix: string } | { AlarmNames: string[] }): Promise<AttachedAlarm[]> {
    const found: AttachedAlarm[] = [];
    let token: string | undefined;
    for (let page = 0; page < PAGES_LIMIT; page += 1) {
      const answer = await client.send(
        new DescribeAlarmsCommand({ ...query, AlarmTypes: ['MetricAlarm'], MaxRecords: NAMES_LIMIT, NextToken: token }),
      );
      found.push(...(answer.MetricAlarms ?? []).map(attachedAlarm));
      token = answer.NextToken;
      if (token === undefined || token === '') return found;
    }
    throw new Error(`more than ${PAGES_LIMIT} pages of alarms`);
  }

  return {
    ofPolicy: (policyArn) => describe({ ActionPrefix: policyArn }),
    async byName(names) {
      const found: AttachedAlarm[] = [];
      for (let start = 0; start < names.length; start += NAMES_LIMIT) {
        found.push(...(await describe({ AlarmNames: names.slice(start, start + NAMES_LIMIT) })));
      }
      return found;
    },
    async put({ name, definition }) {
      // The definition is DescribeAlarms' own answer, reduced to what PutMetricAlarm takes.
      const request = definition as unknown as Omit<PutMetricAlarmCommandInput, 'AlarmName'>;
      await client.send(new PutMetricAlarmCommand({ ...request, AlarmName: name } as PutMetricAlarmCommandInput));
    },
  };
}

function attachedAlarm(alarm: MetricAlarm): AttachedAlarm {
  const members = REQUEST_MEMBERS.filter((member) => alarm[member] !== undefined && !isUnasked(alarm, member));
  return {
    name: alarm.AlarmName ?? '',
    definition: toJsonObject(Object.fromEntries(members.map((member) => [member, alarm[member]]))),
  };
}

/** Of an alarm on an expression AWS shows dimensions, none, and refuses the same members beside `Metrics`. */
function isUnasked({ Metrics, Dimensions }: MetricAlarm, member: (typeof REQUEST_MEMBERS)[number]): boolean {
  return member === 'Dimensions' && Metrics !== undefined && Metrics.length > 0 && Dimensions?.length === 0;
}
