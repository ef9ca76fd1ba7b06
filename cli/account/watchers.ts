import { CloudWatchClient, DescribeAlarmsCommand, type MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { ListMonitoringSchedulesCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { outcomeOf } from '../../shared/aws/classify.ts';
import type { Outcome } from '../../shared/ports/outcome.ts';
import { isOwnAlarm } from '../../shared/use-cases/wake-triggers.ts';
import { plural } from '../printable.ts';
import type { Account } from './connect.ts';

/** What somebody else has set up and what becomes of it while the endpoint is away. */
export interface Watcher {
  readonly kind: 'alarm' | 'monitoring-schedule';
  readonly name: string;
  readonly state: string;
  /** It will do something that somebody notices. */
  readonly fires: boolean;
  readonly effect: string;
}

const PAGE = 100;
/** DescribeAlarms takes nine calls a second; more alarms than this are not looked through by hand. */
const MAX_PAGES = 50;

/** Others' alarms on the endpoint's metrics: CloudWatch cannot be asked by dimension, so that all are read. */
export function readAlarms({ runtime, prefix }: Account, endpoint: string): Promise<Outcome<readonly Watcher[]>> {
  const client = runtime.clientOf(CloudWatchClient);
  return outcomeOf('CloudWatch.DescribeAlarms', async () => {
    const found: Watcher[] = [];
    let token: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await client.send(
        new DescribeAlarmsCommand({ AlarmTypes: ['MetricAlarm'], MaxRecords: PAGE, NextToken: token }),
      );
      found.push(...(answer.MetricAlarms ?? []).filter((alarm) => isOthers(alarm, prefix, endpoint)).map(watcherOf));
      token = answer.NextToken;
      if (token === undefined) break;
    }
    return found;
  });
}

function isOthers({ AlarmName = '', ...alarm }: MetricAlarm, prefix: string, endpoint: string): boolean {
  // Those of target tracking go with the endpoint's scalable target; our own go with the policy, or are what it is for.
  if (AlarmName.startsWith('TargetTracking-') || isOwnAlarm(prefix, AlarmName)) return false;
  const metrics = (alarm.Metrics ?? []).map(({ MetricStat }) => MetricStat?.Metric?.Dimensions ?? []);
  return [alarm.Dimensions ?? [], ...metrics]
    .flat()
    .some(({ Name, Value }) => Name === 'EndpointName' && Value === endpoint);
}

/** A deleted endpoint publishes nothing: how an alarm takes missing data says what it will do. */
function watcherOf(alarm: MetricAlarm): Watcher {
  const { AlarmName: name = '', StateValue: state = '', TreatMissingData: missing = 'missing' } = alarm;
  const acts = alarm.ActionsEnabled !== false;
  const base = { kind: 'alarm' as const, name, state };
  const actions = (list: readonly string[] | undefined) => (acts ? (list?.length ?? 0) : 0);
  switch (missing) {
    case 'breaching':
      return {
        ...base,
        fires: true,
        effect: `goes to ALARM (missing data is breaching), ${plural(actions(alarm.AlarmActions), 'action')}`,
      };
    case 'notBreaching':
      return {
        ...base,
        fires: state !== 'OK' && actions(alarm.OKActions) > 0,
        effect: 'goes to OK (missing data is not breaching)',
      };
    case 'ignore':
      return { ...base, fires: false, effect: `stays ${state} (missing data is ignored)` };
    default: {
      const count = actions(alarm.InsufficientDataActions);
      return { ...base, fires: count > 0, effect: `goes to INSUFFICIENT_DATA, ${plural(count, 'action')}` };
    }
  }
}

/** Model Monitor's schedules keep their hours and fail while the endpoint is away. */
export function readMonitoringSchedules({ runtime }: Account, endpoint: string): Promise<Outcome<readonly Watcher[]>> {
  const client = runtime.clientOf(SageMakerClient);
  return outcomeOf('SageMaker.ListMonitoringSchedules', async () => {
    const found: Watcher[] = [];
    let token: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await client.send(
        new ListMonitoringSchedulesCommand({ EndpointName: endpoint, MaxResults: PAGE, NextToken: token }),
      );
      for (const { MonitoringScheduleName, MonitoringScheduleStatus } of answer.MonitoringScheduleSummaries ?? []) {
        const state = MonitoringScheduleStatus ?? '';
        const fires = state === 'Scheduled';
        const effect = fires ? 'its executions fail while the endpoint is away' : 'does not run now';
        found.push({ kind: 'monitoring-schedule', name: MonitoringScheduleName ?? '', state, fires, effect });
      }
      token = answer.NextToken;
      if (token === undefined) break;
    }
    return found;
  });
}
