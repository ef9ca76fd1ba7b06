import { describe, expect, it } from 'vitest';
import type { Account } from '../../../cli/account/connect.ts';
import { readMonitoringSchedules } from '../../../cli/account/watchers.ts';

describe('monitoring schedules of an endpoint', () => {
  it('are named by explain, with what its absence means for them', async () => {
    const asked: object[] = [];
    const MonitoringScheduleSummaries = [
      { MonitoringScheduleName: 'drift', MonitoringScheduleStatus: 'Scheduled' },
      { MonitoringScheduleName: 'bias', MonitoringScheduleStatus: 'Stopped' },
    ];
    const send = async ({ input }: { readonly input: object }) => {
      asked.push(input);
      return { MonitoringScheduleSummaries };
    };
    // One operation of one client is all that is used.
    const account = { runtime: { clientOf: () => ({ send }) } } as unknown as Account;
    const found = await readMonitoringSchedules(account, 'Chat');
    expect(asked).toMatchObject([{ EndpointName: 'Chat' }]);
    expect(found).toMatchObject({
      ok: true,
      value: [
        { name: 'drift', fires: true, effect: 'its executions fail while the endpoint is away' },
        { name: 'bias', fires: false },
      ],
    });
  });
});
