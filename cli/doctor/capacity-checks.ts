import { CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { outcomeOf } from '../../shared/aws/classify.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';
import { DAY } from '../../shared/domain/time.ts';
import { formatUtc } from '../times.ts';
import { type Check, type Finding, notChecked, unread } from './finding.ts';

const USAGE: MetricDataQuery = {
  Id: 'usage',
  MetricStat: {
    Metric: {
      Namespace: 'AWS/Usage',
      MetricName: 'ResourceCount',
      Dimensions: [
        { Name: 'Service', Value: 'SageMaker' },
        { Name: 'Class', Value: 'None' },
        { Name: 'Type', Value: 'Resource' },
        { Name: 'Resource', Value: 'endpoint/total_instance_count' },
      ],
    },
    Period: 300,
    Stat: 'Maximum',
  },
};
/** CloudWatch knows the applied quota of a usage metric, so that Service Quotas need not be asked. */
const QUOTA: MetricDataQuery = { Id: 'quota', Expression: 'SERVICE_QUOTA(usage)' };

/** Instances in service now against the account's quota, and what the policies may ask for at most. */
export const checkQuota: Check = async (patient) => {
  const check = 'quota';
  const client = patient.account.runtime.clientOf(CloudWatchClient);
  const { now, records } = patient.fleet;
  const outcome = await outcomeOf('CloudWatch.GetMetricData', () =>
    client.send(
      new GetMetricDataCommand({
        StartTime: new Date(now - DAY / 8),
        EndTime: new Date(now),
        MetricDataQueries: [USAGE, QUOTA],
        ScanBy: 'TimestampDescending',
      }),
    ),
  );
  if (!outcome.ok) {
    if (outcome.failure.class === 'permission') return unread(patient, check, outcome);
    return [notChecked(check, `CloudWatch does not tell it: ${outcome.failure.message}`)];
  }
  const newest = (id: string) => outcome.value.MetricDataResults?.find(({ Id }) => Id === id)?.Values?.[0];
  const [usage, quota] = [newest('usage'), newest('quota')];
  if (usage === undefined || quota === undefined) {
    return [
      notChecked(
        check,
        'CloudWatch shows no AWS/Usage for endpoint instances; read "Number of instances across active endpoints" in Service Quotas',
      ),
    ];
  }
  const more = records.reduce((sum, record) => sum + mayStillAsk(record), 0);
  const found = `${usage} of ${quota} endpoint instances are in use; the policies may ask for ${more} more`;
  if (usage + more <= quota) return [{ level: 'ok', check, found }];
  const advice =
    'ask for a higher quota of "Number of instances across active endpoints" (L-7A3DF611) in Service Quotas';
  return [{ level: 'warning', check, found, advice }];
};

/** Up to the highest maximum of its policy; without one, what it had when it was parked. */
function mayStillAsk({ policy, observed, phase, parkedDesired }: FleetRecord): number {
  const serving = phase === 'up' ? (observed?.serving ?? 0) : 0;
  const most = policy?.highestMax ?? parkedDesired ?? observed?.desired ?? 0;
  return Math.max(0, most - serving);
}

/** Types whose wakes met no capacity: what is up of them stays up. */
export const checkBreakers: Check = async ({ account, fleet }) => {
  const open = [...(await account.breakers.openUntil())].filter(([, until]) => until > fleet.now);
  return open.map(
    ([type, until]): Finding => ({
      level: 'warning',
      check: 'capacity',
      subject: type,
      found: `wakes met no capacity: nothing of this type is parked until ${formatUtc(until)}, or until a wake works`,
      advice: 'add fallbackConfigs of other types, or instance pools',
    }),
  );
};
