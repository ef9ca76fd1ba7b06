import { describe, expect, it } from 'vitest';
import { asynchronous, idle, MONDAY_BERLIN, MONDAY_UTC, office, officeHours, queueOnly, realTime } from './fleet.ts';
import {
  arrivals,
  creations,
  deletions,
  desiredReached,
  endpointOf,
  eventsOf,
  expectBetween,
  expectUp,
  spanAt,
} from './reading.ts';
import { expectSurvived, rehearseHere } from './rehearse-here.ts';
import type { Document } from './run-scenario.ts';

/** Parked at +1m; asked for at +1h and whenever the story says. */
const asked = (length: string, happens: readonly Document[], more: Document = {}) =>
  rehearseHere({
    start: MONDAY_UTC,
    for: length,
    policies: { quick: idle('5m') },
    endpoints: { chat: realTime('quick', { whenAway: 'asks', ...more }) },
    happens: [...happens, { at: '+1h', requests: 2, to: 'chat' }],
  });

describe('starts that do not come to their end', () => {
  it('stuck in Creating for five hours: one create, and restored when it comes', async () => {
    const run = await asked('9h', [{ at: '+1h', for: '5h', stuck: 'chat', in: 'Creating' }]);
    expectSurvived(run);
    expect(spanAt(run.result, 'chat', '5h')).toMatchObject({ status: 'Creating', serving: 0 });
    expect(run.result.calls['SageMaker.CreateEndpoint'], 'section 10, 6').toBe(1);
    expectBetween(arrivals(run.result, 'chat')[0], '6h', '6h1m', 'when SageMaker lets go');
    expect(endpointOf(run.result, 'chat').final.phase).toBe('parked');
  });

  it('containers that fail their health check for half an hour: mended by the third and last paid attempt', async () => {
    const run = await asked('4h', [{ at: '+50m', for: '40m', unhealthy: 'chat', failsAfter: '12m' }]);
    expectSurvived(run);
    const { wakes, instanceHours } = endpointOf(run.result, 'chat');
    expect(run.result.calls['SageMaker.CreateEndpoint']).toBe(3);
    expect(wakes, 'section 4: up once it is healthy').toBe(1);
    expect(instanceHours.paid, 'section 8: instances of an attempt that fails run, and cost').toBeGreaterThan(
      0.4 + 0.13,
    );
    expect(eventsOf(run.result, 'Wake Failed', 'chat').length, 'announced').toBe(2);
  });

  it('unhealthy for an hour: at most three paid attempts, announced, and a person’s word starts it again', async () => {
    const wake = {
      Entries: [
        {
          Source: 'endpoint-scaler.request',
          DetailType: 'Wake Requested',
          Detail: JSON.stringify({ endpoint: 'chat', by: 'ada', why: 'mended', retry: true }),
        },
      ],
    };
    const run = await asked('5h', [
      { at: '+1h', for: '1h', unhealthy: 'chat', failsAfter: '10m' },
      { at: '+3h', call: 'EventBridge.PutEvents', with: wake },
    ]);
    expectSurvived(run);
    const created = creations(run.result, 'chat');
    expect(created.length, 'section 6: three attempts, and the one that was asked for').toBe(4);
    expectBetween(created[3], '3h', '3h2m', 'section 6: until a human says wake');
    expect(endpointOf(run.result, 'chat').wakes).toBe(1);
    const last = eventsOf(run.result, 'Decision Refused', 'chat').map(({ detail }) => detail['reason']);
    expect(last).toContain('wake-gave-up');
  });

  it('another reason than a health check is told as it is', async () => {
    const reason = 'CannotStartContainerError. Please ensure the model container can be invoked.';
    const run = await asked('2h', [{ at: '+1h', for: '5m', unhealthy: 'chat', failsAfter: '5m', reason }]);
    expectSurvived(run);
    expect(eventsOf(run.result, 'Wake Failed', 'chat')[0]?.detail).toMatchObject({ message: reason });
  });
});

describe('neither quota nor capacity', () => {
  /** From `start` to Monday’s window: an endpoint is asked for, and a queue has work at the end. */
  const weekend = (start: string, hours: number, happens: readonly Document[]) =>
    rehearseHere({
      start,
      for: `${hours}h`,
      schedules: { office },
      policies: { chat: officeHours(), queue: queueOnly },
      endpoints: { chat: realTime('chat', { whenAway: 'asks' }), transcribe: asynchronous('queue') },
      happens: [
        ...happens,
        { at: '+8h', requests: 3, to: 'chat' },
        { at: `+${hours - 7}h`, requests: 6, to: 'transcribe' },
      ],
    });

  it('no quota of any type over a weekend: asked for in vain, then ready without a human', async () => {
    const run = await weekend('2026-03-07T00:00:00+01:00', 57, [{ at: '+1h', for: '51h', noQuota: 'all' }]);
    expectSurvived(run);
    expect(run.result.happens[0]?.times, 'refused synchronously').toBeGreaterThan(5);
    expect(run.result.calls['SageMaker.CreateEndpoint'], 'with a distance that grows').toBeLessThan(400);
    expectBetween(arrivals(run.result, 'chat')[0], '52h', '52h40m', 'section 10, 4: soon after there is quota again');
    expect(eventsOf(run.result, 'Wake Failed', 'chat').length, 'announced').toBeGreaterThan(0);
    expect(endpointOf(run.result, 'transcribe').requests, 'section 10, 7').toMatchObject({ served: 6, expired: 0 });
  });

  it('no capacity of any type for a day: both kinds wait, and both come back', async () => {
    const run = await weekend('2026-03-08T00:00:00+01:00', 33, [
      { at: '+1h', for: '27h', noCapacity: 'all', failsAfter: '10m' },
    ]);
    expectSurvived(run);
    expect(run.result.happens[0]?.times).toBeGreaterThan(2);
    expectBetween(arrivals(run.result, 'chat')[0], '28h', '29h', 'section 10, 4');
    expectBetween(desiredReached(run.result, 'transcribe', 2, '28h'), '28h', '29h', 'the queue, too');
    expect(endpointOf(run.result, 'transcribe').requests, 'section 10, 7').toMatchObject({ served: 6, expired: 0 });
  });
});

describe('an endpoint in a status that nobody asked for', () => {
  const production = (status: string, more: readonly Document[] = []) =>
    rehearseHere({
      start: MONDAY_BERLIN,
      for: '23h',
      schedules: { office },
      policies: { chat: officeHours() },
      endpoints: { chat: realTime('chat', { instances: 1, traffic: [{ from: '+8h', to: '+10h', perMinute: 1 }] }) },
      happens: [{ at: '+18h30m', for: '3h', stuck: 'chat', in: status }, ...more],
    });

  it.each(['UpdateRollbackFailed', 'RollingBack', 'SystemUpdating', 'Updating'])(
    '%s: left alone while it lasts, and parked after it',
    async (status) => {
      const run = await production(status);
      expectSurvived(run);
      expectUp(run.result, 'chat', '8h', '21h30m', 'it serves in that status, and is no one’s to delete');
      expect(spanAt(run.result, 'chat', '19h').status).toBe(status);
      expectBetween(deletions(run.result, 'chat')[1], '21h30m', '22h40m', 'the night’s park is made up for');
      expect(endpointOf(run.result, 'chat').windows.map(({ lateSeconds }) => lateSeconds)).toEqual([0]);
    },
  );

  it('a scale-out that AWS rolls back: the counts are as they were, and it is tried again', async () => {
    const run = await rehearseHere({
      start: MONDAY_UTC,
      for: '4h',
      policies: { queue: queueOnly },
      endpoints: { transcribe: asynchronous('queue') },
      happens: [
        { at: '+1h2m', for: '30m', stuck: 'transcribe', in: 'RollingBack' },
        { at: '+1h', requests: 6, to: 'transcribe' },
      ],
    });
    expectSurvived(run);
    expect(spanAt(run.result, 'transcribe', '1h20m')).toMatchObject({ status: 'RollingBack', desired: 0 });
    expect(endpointOf(run.result, 'transcribe').requests, 'section 10, 7').toMatchObject({ served: 6, expired: 0 });
  });
});

describe('events out of order and with fields missing', () => {
  const day = (happens: readonly Document[]) =>
    rehearseHere({
      start: MONDAY_BERLIN,
      for: '20h',
      schedules: { office },
      policies: { chat: officeHours(), queue: queueOnly },
      endpoints: { chat: realTime('chat'), transcribe: asynchronous('queue') },
      happens: [{ at: '+2h', requests: 12, to: 'transcribe' }, ...happens],
    });

  it.each<[string, Document]>([
    ['each late by up to a day', { events: { shuffle: '1d' } }],
    ['each late by up to an hour, ticks too', { events: { shuffle: '1h' }, of: 'tick' }],
    ['state changes without a status', { events: { without: ['detail.EndpointStatus'] } }],
    ['without a name', { events: { without: ['detail.EndpointName', 'detail.EndpointArn', 'resources'] } }],
    ['without any time', { events: { without: ['time', 'detail.LastModifiedTime', 'detail.state.timestamp'] } }],
    ['without a detail', { events: { without: ['detail'] } }],
    ['alarms without their configuration', { events: { without: ['detail.configuration', 'detail.previousState'] } }],
    ['ticks without their time', { events: { without: ['scheduledAt'] }, of: 'tick', for: '30m' }],
  ])('%s: the same day, at most later', async (_, entry) => {
    const run = await day([{ at: '+0h', ...entry }]);
    expectSurvived(run);
    const { parks, wakes, windows } = endpointOf(run.result, 'chat');
    expect({ parks, wakes }, 'section 10, 6').toEqual({ parks: 2, wakes: 1 });
    expect(windows[0]?.lateSeconds, 'section 3: ready all the same').toBeLessThanOrEqual(120);
    expect(run.result.calls['SageMaker.CreateEndpoint']).toBe(1);
    expect(endpointOf(run.result, 'transcribe').requests, 'section 10, 7').toMatchObject({ served: 12, expired: 0 });
  });
});
