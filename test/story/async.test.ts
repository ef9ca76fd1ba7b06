import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { asynchronous, MONDAY_UTC, queueOnly } from './fleet.ts';
import {
  answers,
  desiredReached,
  desiredSteps,
  endpointOf,
  expectBetween,
  expectSound,
  expectUntouched,
  spanAt,
  spansWithin,
} from './reading.ts';
import { runScenario } from './run-scenario.ts';

const ALARM_EVENT = 'CloudWatch Alarm State Change';

describe('asynchronous endpoints', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    const alarms = {
      call: 'CloudWatch.DescribeAlarms',
      with: { AlarmNamePrefix: 'endpoint-scaler-unwatched' },
    };
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '6h',
      schedules: { shift: { timezone: 'UTC', open: [{ from: '05:00', to: '05:30' }] } },
      policies: {
        queue: queueOnly,
        shift: { ...queueOnly, capacity: [{ during: 'shift', min: 1, max: 5 }] },
      },
      endpoints: {
        twelve: asynchronous('queue'),
        hundred: asynchronous('queue'),
        lone: asynchronous('queue'),
        resting: asynchronous('queue', { instances: 2 }),
        stranger: asynchronous('queue', { policy: undefined, instances: 1 }),
        deaf: asynchronous('queue'),
        scarce: asynchronous('queue', { instanceType: 'ml.p4d.24xlarge' }),
        shift: asynchronous('shift', { instanceType: 'ml.g6.xlarge' }),
        unwatched: asynchronous('queue'),
      },
      happens: [
        { at: '+1h', requests: 12, to: 'twelve' },
        { at: '+1h', requests: 100, to: 'hundred' },
        { at: '+1h', requests: 1, to: 'lone' },
        { at: '+2h50m', for: '40m', events: 'drop', of: ALARM_EVENT },
        { at: '+3h', requests: 12, to: 'deaf' },
        { at: '+0h', for: '4h', noCapacity: 'ml.p4d.24xlarge' },
        { at: '+30m', requests: 3, to: 'scarce' },
        { at: '+9m', ...alarms },
        { at: '+10m', call: 'CloudWatch.DeleteAlarms', with: { AlarmNames: ['endpoint-scaler-unwatched-backlog'] } },
        { at: '+1h', ...alarms },
      ],
    }));
  });

  it.each([
    ['twelve', 3, 12],
    ['hundred', 5, 100],
    ['lone', 1, 1],
  ])('%s requests: in one step to %i', (name, size, requests) => {
    const steps = desiredSteps(result, name);
    expect(steps.slice(0, 2), 'section 4: capacity from zero = ceil(backlog / 5), within max, in one step').toEqual([
      0,
      size,
    ]);
    expect(steps.at(-1), 'section 4: 0 again when idle over idleFor').toBe(0);
    expectBetween(desiredReached(result, name, size), '1h', '1h5m', 'section 3: alarm event → capacity');
    expect(endpointOf(result, name).requests, 'all wait for the wake and are served').toMatchObject({
      total: requests,
      served: requests,
      cold: requests,
      expired: 0,
    });
    expect(spanAt(result, name, '2h').serving, 'zero an hour later').toBe(0);
  });

  it('does not go to zero before the queue was idle for 5m', () => {
    const last = spansWithin(result, 'lone', '1h10m', '6h').find((span) => span.desired === 0);
    // in service by 1:06–1:11, one request of 40 s, then five idle minutes that ended two minutes ago
    const at = last === undefined ? undefined : (Date.parse(last.from) - Date.parse(result.from)) / 60_000;
    expectBetween(at, '1h13m', '1h24m', 'section 4: zero.idleFor 5m for other kinds than park');
  });

  it('takes an idle endpoint to zero and leaves others’ alone', () => {
    expectBetween(
      (Date.parse(endpointOf(result, 'resting').spans[0]?.to ?? '') - Date.parse(result.from)) / 60_000,
      '0m',
      '15m',
      'section 5: desired instances 0',
    );
    expect(spanAt(result, 'resting', '30m').serving, 'section 5: asynchronous → desired instances 0').toBe(0);
    expectUntouched(result, 'stranger', 'section 10, 10');
  });

  it('wakes by the next tick when the alarm’s event is lost', () => {
    expectBetween(
      desiredReached(result, 'deaf', 3, '3h'),
      '3h',
      '3h6m',
      'section 3: a lost event changes nothing but the delay',
    );
    expect(desiredSteps(result, 'deaf').slice(0, 2), 'section 4: the same size').toEqual([0, 3]);
    expect(endpointOf(result, 'deaf').requests, 'served').toMatchObject({ served: 12, expired: 0 });
  });

  it('lets no request expire while capacity is short', () => {
    expect(endpointOf(result, 'scarce').requests, 'section 10, 7').toMatchObject({ served: 3, expired: 0, pending: 0 });
    const serving = spansWithin(result, 'scarce', '4h', '6h').find((span) => span.serving > 0);
    const at = serving === undefined ? undefined : (Date.parse(serving.from) - Date.parse(result.from)) / 60_000;
    expectBetween(
      at,
      '4h',
      '5h',
      'issue: a wake that could not be done is done by the next run without a second event',
    );
  });

  it('is ready by the begin of a window', () => {
    const { windows } = endpointOf(result, 'shift');
    expect(
      windows.map((window) => window.lateSeconds),
      'section 6: a lead applies to an asynchronous endpoint from zero',
    ).toEqual([0]);
    expectBetween(desiredReached(result, 'shift', 1, '4h'), '4h46m', '4h50m', 'section 6: 10 min + 10 % + a tick');
    expect(spanAt(result, 'shift', '5h50m').serving, 'zero again after the window').toBe(0);
  });

  it('owns its wake alarm: deleted by somebody, it comes back', () => {
    const [before, after] = answers(result, 'DescribeAlarms');
    for (const [label, answer] of [
      ['before', before],
      ['after', after],
    ] as const) {
      expect(answer?.MetricAlarms?.length, `one wake alarm ${label}`).toBe(1);
      expect(answer.MetricAlarms[0], 'section 5: HasBacklogWithoutCapacity ≥ 1').toMatchObject({
        MetricName: 'HasBacklogWithoutCapacity',
        Threshold: 1,
        TreatMissingData: 'notBreaching',
      });
    }
  });

  it('never parks an asynchronous endpoint', () => {
    for (const [name, endpoint] of Object.entries(result.endpoints))
      expect(
        endpoint.spans.filter((span) => span.status === 'Deleting' || span.status === 'Absent'),
        `section 5: parking is refused (${name})`,
      ).toEqual([]);
  });

  it('breaks no invariant', () => expectSound(result));
});
