import type { CloudWatchClient, MetricAlarm, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import { createAttachedAlarms } from '../../../shared/aws/attached-alarms.ts';
import { loadServiceModel, shapeOf } from '../../../simulator/wire/model.ts';

/** A client that shows one alarm and remembers what is put. */
function clientOf(alarm: MetricAlarm) {
  const put: object[] = [];
  const send = async (command: { readonly input: object }) => {
    if ('AlarmName' in command.input) put.push((command as PutMetricAlarmCommand).input);
    return { MetricAlarms: [alarm] };
  };
  // Two operations are all that is called.
  return { client: { send } as unknown as CloudWatchClient, put };
}

describe('alarms that people wired to scaling policies', () => {
  it('are put again with every member that AWS takes: it replaces the whole alarm', async () => {
    const { members = {} } = shapeOf(loadServiceModel('CloudWatch'), 'PutMetricAlarmInput');
    const taken = Object.keys(members).filter((member) => member !== 'Tags');
    const alarm = Object.fromEntries(taken.map((member) => [member, member.endsWith('s') ? [member] : member]));
    const { client, put } = clientOf({ ...alarm, StateValue: 'OK', AlarmArn: 'arn' } as MetricAlarm);
    const alarms = createAttachedAlarms(client);
    const [read] = await alarms.ofPolicy('arn:policy');
    if (read === undefined) throw new Error('no alarm');
    await alarms.put(read);
    expect(put).toEqual([alarm]);
  });

  it('on an expression are put without the dimensions that AWS shows and does not take', async () => {
    const shown = { AlarmName: 'a', Metrics: [{ Id: 'e', Expression: '1' }], Dimensions: [] };
    const [read] = await createAttachedAlarms(clientOf(shown).client).byName(['a']);
    expect(read?.definition).toEqual({ Metrics: shown.Metrics });
  });
});
