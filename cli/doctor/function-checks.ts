import { CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { explainReason, isFailure } from '../../report/reasons.ts';
import { outcomeOf } from '../../shared/aws/classify.ts';
import { HOUR, MINUTE } from '../../shared/domain/time.ts';
import { formatAge, formatUtc } from '../times.ts';
import { type Check, type Finding, orOk, type Patient, unread } from './finding.ts';

const METRICS = ['Invocations', 'Errors', 'Throttles'] as const;
/** Every endpoint is looked at each quarter of an hour; twice that is no delay any more. */
const OVERDUE = 30 * MINUTE;

/** What CloudWatch tells of the Lambda functions over the last hour. */
export const checkFunctions: Check = async (patient) => {
  const check = 'functions';
  const functions = Object.entries(patient.account.stack.settings.functions);
  if (functions.length === 0) return [];
  const client = patient.account.runtime.clientOf(CloudWatchClient);
  const { now } = patient.fleet;
  const outcome = await outcomeOf('CloudWatch.GetMetricData', () =>
    client.send(
      new GetMetricDataCommand({
        StartTime: new Date(now - HOUR),
        EndTime: new Date(now),
        MetricDataQueries: functions.flatMap(([, name], index) =>
          METRICS.map((metric) => queryOf(name, metric, index)),
        ),
      }),
    ),
  );
  if (!outcome.ok) return unread(patient, check, outcome);
  const sums = new Map(
    (outcome.value.MetricDataResults ?? []).map(({ Id, Values = [] }) => [
      Id,
      Values.reduce((sum, value) => sum + value, 0),
    ]),
  );
  return functions.map(([name], index): Finding => {
    const [invocations = 0, errors = 0, throttles = 0] = METRICS.map((metric) => sums.get(idOf(metric, index)) ?? 0);
    const told = `${invocations} runs, ${errors} errors, ${throttles} throttles in the last hour`;
    const base = { check, subject: name, found: told };
    if (errors > 0) return { ...base, level: 'error', advice: 'look for lines with logType problem in its log group' };
    if (throttles > 0)
      return { ...base, level: 'warning', advice: 'raise the concurrency of the account or of the function' };
    if (invocations === 0 && name !== 'backlog-wake') {
      return {
        ...base,
        level: 'error',
        found: 'CloudWatch shows no run in the last hour',
        advice: "look at the schedule of the stack, and at the function's log",
      };
    }
    return { ...base, level: 'ok' };
  });
};

function idOf(metric: string, index: number): string {
  return `${metric.toLowerCase()}${index}`;
}

function queryOf(name: string, metric: string, index: number): MetricDataQuery {
  return {
    Id: idOf(metric, index),
    MetricStat: {
      Metric: { Namespace: 'AWS/Lambda', MetricName: metric, Dimensions: [{ Name: 'FunctionName', Value: name }] },
      // Divides the hour, so that no older run is counted in.
      Period: 300,
      Stat: 'Sum',
    },
  };
}

/** Records that are long due prove that nobody works on them, whatever metrics say. */
export const checkProgress: Check = async ({ account, fleet }) => {
  const check = 'progress';
  if (account.stack.assumed || account.stack.settings.mode === 'off') return [];
  const overdue = fleet.records.filter(({ nextAt }) => fleet.now - Math.min(nextAt.scaling, nextAt.windows) > OVERDUE);
  const findings = overdue.map(({ endpoint, nextAt }): Finding => {
    const due = Math.min(nextAt.scaling, nextAt.windows);
    return {
      level: 'error',
      check,
      subject: endpoint,
      found: `due since ${formatUtc(due)}, ${formatAge(fleet.now - due)} ago, and nobody has looked at it`,
      advice: 'do the functions run? Their logs and the failure queues tell',
    };
  });
  return orOk(findings, check, `no endpoint waits longer than ${formatAge(OVERDUE)} for its turn`);
};

/** What the functions last decided where that was a failure: this is where a missing permission of theirs shows. */
export const checkRefusals: Check = async (patient) => {
  const findings = patient.fleet.records.flatMap((record): Finding[] => {
    const failed = [record.lastDecision, record.lastScaling].filter(
      (decision) => decision !== undefined && isFailure(decision.reason),
    );
    return failed.map((decision) => ({
      level: 'error',
      check: 'refused calls',
      subject: record.endpoint,
      found: `${explainReason(decision!.reason)} (${decision!.reason}) at ${formatUtc(decision!.at)}${failureOf(record)}`,
      advice: adviceFor(decision!.reason),
    }));
  });
  return orOk(
    [...findings, ...lateOnes(patient)],
    'refused calls',
    'no endpoint’s last decision is a failure, and none is late',
  );
};

function failureOf({ wake }: Patient['fleet']['records'][number]): string {
  return wake?.lastFailure === undefined ? '' : `: ${wake.lastFailure.message}`;
}

function adviceFor(reason: string): string {
  if (reason.endsWith('permission') || reason === 'call-refused' || reason === 'delete-refused') {
    return 'read the call and the message in the log line of the function; docs/iam.md says what its role needs';
  }
  if (reason.endsWith('capacity')) return 'add fallbackConfigs or instance pools; it is tried again by itself';
  if (reason.endsWith('quota')) return 'ask for a higher quota in Service Quotas; it is tried again by itself';
  return 'endpoint-scaler explain tells more';
}

function lateOnes({ fleet }: Patient): readonly Finding[] {
  return fleet.records.flatMap(({ endpoint, late }): Finding[] =>
    late === undefined
      ? []
      : [
          {
            level: 'error',
            check: 'late',
            subject: endpoint,
            found: `wanted since ${formatUtc(late.window)} and not there: late by ${formatAge(fleet.now - late.since)}`,
            advice: 'endpoint-scaler explain tells what it waits for',
          },
        ],
  );
}
