import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { asynchronous, busyBefore, busyUntil, idle, MONDAY_UTC, POLICY_TAG, queueOnly, realTime } from './fleet.ts';
import {
  arrivals,
  creations,
  deletions,
  desiredSteps,
  endpointOf,
  eventsOf,
  expectAway,
  expectBetween,
  expectSound,
  expectUp,
  since,
  spanAt,
} from './reading.ts';
import { type Document, runScenario } from './run-scenario.ts';

describe('a park needs every answer', () => {
  /** For 40 minutes of hour n the n-th call fails, and the n-th endpoint is the only one that falls idle in it. */
  const failing: readonly [string, 'throttle' | 'fail'][] = [
    ['CloudWatch.GetMetricData', 'throttle'],
    ['SageMaker.ListTags', 'fail'],
    ['SageMaker.DescribeEndpoint', 'throttle'],
    ['SageMaker.DescribeEndpointConfig', 'fail'],
    ['ApplicationAutoScaling.DescribeScalableTargets', 'fail'],
    ['ApplicationAutoScaling.DescribeScalingPolicies', 'fail'],
    ['ApplicationAutoScaling.DescribeScheduledActions', 'throttle'],
    ['DynamoDB.PutItem', 'throttle'],
    ['DynamoDB.*', 'throttle'],
  ];
  const nameOf = (call: string): string =>
    call
      .toLowerCase()
      .replaceAll(/[^a-z]+/g, '-')
      .replace(/-$/, '');
  let result: RehearsalResult;
  beforeAll(async () => {
    const target = (name: string): Document => ({
      ServiceNamespace: 'sagemaker',
      ResourceId: `endpoint/${name}/variant/AllTraffic`,
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    });
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: `${failing.length + 2}h`,
      policies: { quick: idle('5m') },
      endpoints: Object.fromEntries(
        failing.map(([call], index) => [nameOf(call), realTime('quick', busyUntil(`${60 * (index + 1) + 2}m`))]),
      ),
      happens: failing.flatMap(([call, verb], index) => [
        ...busyBefore(nameOf(call)),
        {
          at: '+1m',
          call: 'ApplicationAutoScaling.RegisterScalableTarget',
          with: { ...target(nameOf(call)), MinCapacity: 1, MaxCapacity: 2 },
        },
        {
          at: `+${index + 1}h`,
          for: '40m',
          [verb]: call,
          ...(verb === 'fail'
            ? { with: { code: 'AccessDeniedException', message: `User is not authorized to perform: ${call}` } }
            : {}),
        },
      ]),
    }));
  });

  it.each(failing.map(([call], index) => [call, index] as const))('%s', (call, index) => {
    expectUp(result, nameOf(call), '0m', `${index + 1}h40m`, `section 6: not parked while ${call} gives no answer`);
    expectBetween(
      deletions(result, nameOf(call))[0],
      `${index + 1}h40m`,
      `${index + 2}h`,
      'parked once it is known again',
    );
  });

  it('breaks no invariant', () => expectSound(result));
});

describe('hands that reach in', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    const config = (name: string, model: string, count: number): Document => ({
      EndpointConfigName: name,
      ProductionVariants: [
        {
          VariantName: 'AllTraffic',
          ModelName: model,
          InstanceType: 'ml.g6.2xlarge',
          InitialInstanceCount: count,
          InitialVariantWeight: 1,
        },
      ],
    });
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '28h',
      schedules: { pair: { timezone: 'UTC', open: [{ from: '06:00', to: '07:00' }] } },
      policies: {
        quick: idle('5m'),
        pair: {
          capacity: [{ during: 'pair', min: 2, max: 3 }],
          otherwise: 'zero',
          zero: { by: 'park', idleFor: '5m' },
        },
      },
      endpoints: {
        hurried: realTime('quick', { deletesIn: '10m', whenAway: 'asks', ...busyUntil('1h') }),
        redeployed: realTime('quick', { whenAway: 'asks', ...busyUntil('1h') }),
        'no-config': realTime('quick', { whenAway: 'asks', ...busyUntil('1h') }),
        orphan: realTime('quick', busyUntil('1h')),
        'no-model': realTime('quick', busyUntil('1h')),
        pair: realTime('pair', { startsIn: '4m', instanceType: 'ml.g5.4xlarge', ...busyUntil('1h') }),
        racing: realTime('quick', { whenAway: 'asks', ...busyUntil('1h') }),
      },
      happens: [
        ...busyBefore('hurried', 'redeployed', 'no-config', 'orphan', 'no-model', 'pair', 'racing'),
        { at: '+1h15m', requests: 1, to: 'hurried' },
        { at: '+1m', call: 'SageMaker.CreateEndpointConfig', with: config('redeployed-v2', 'redeployed', 2) },
        {
          at: '+30m',
          call: 'SageMaker.UpdateEndpoint',
          with: { EndpointName: 'redeployed', EndpointConfigName: 'redeployed-v2' },
        },
        { at: '+3h', requests: 1, to: 'redeployed' },
        { at: '+2h', call: 'SageMaker.DeleteEndpointConfig', with: { EndpointConfigName: 'no-config' } },
        { at: '+3h', requests: 1, to: 'no-config' },
        { at: '+2h', call: 'SageMaker.DeleteEndpointConfig', with: { EndpointConfigName: 'orphan' } },
        { at: '+30m', call: 'SageMaker.DeleteModel', with: { ModelName: 'no-model' } },
        // the request and somebody's own recreation at the same moment
        { at: '+3h', requests: 1, to: 'racing' },
        {
          at: '+3h',
          call: 'SageMaker.CreateEndpoint',
          with: { EndpointName: 'racing', EndpointConfigName: 'racing', Tags: [{ Key: POLICY_TAG, Value: 'quick' }] },
        },
      ],
    }));
  });

  it('a request during the delete waits for its end', () => {
    const [down] = deletions(result, 'hurried');
    expectBetween(down, '1h5m', '1h14m', 'parked when idle');
    const [created] = creations(result, 'hurried');
    expectBetween(
      (created ?? 0) - (down ?? 0),
      '10m',
      '13m',
      'section 6: already existing right after a delete is normal',
    );
    expect(endpointOf(result, 'hurried').requests, 'the request is served').toMatchObject({ failed: 0, cold: 1 });
  });

  it('a redeployment is the new truth', () => {
    expect(spanAt(result, 'redeployed', '3h15m'), 'section 6: preferred is what the owner deployed').toMatchObject({
      status: 'InService',
      config: 'redeployed-v2',
      instanceType: 'ml.g6.2xlarge',
      serving: 2,
    });
  });

  it('a config that is gone is announced, and nothing is created', () => {
    expect(creations(result, 'no-config'), 'section 6: not recreated').toEqual([]);
    const told = result.events.filter(
      (event) =>
        ['Endpoint Orphaned', 'Wake Failed'].includes(event.detailType) &&
        event.detail['endpoint'] === 'no-config' &&
        since(result, event.at) >= 180,
    );
    expectBetween(
      told[0] && since(result, told[0].at),
      '3h',
      '3h5m',
      'section 6: announced when the wake cannot be done',
    );
    expect(
      eventsOf(result, 'Endpoint Orphaned', 'orphan').length,
      'section 6: checked daily for parked endpoints',
    ).toBeGreaterThan(0);
    expect(
      result.calls['SageMaker.CreateEndpoint'],
      'section 6: at most 3 attempts of such a wake',
    ).toBeLessThanOrEqual(12);
  });

  it('a missing model is a refusal', () => {
    expectUp(result, 'no-model', '0m', '28h', 'section 6: a known absence is a refusal');
    expect(
      eventsOf(result, 'Decision Refused', 'no-model').length,
      'section 6: a refusal with its reason',
    ).toBeGreaterThan(0);
  });

  it('min 2 serves two by the begin', () => {
    const [window, next] = endpointOf(result, 'pair').windows;
    expect(window?.lateSeconds, 'section 6: 4 min to start, 4 min to add, lead 12 min').toBe(0);
    expect(spanAt(result, 'pair', '6h30m').serving, 'section 4: min 2').toBe(2);
    expectAway(result, 'pair', '7h10m', '28h', 'section 4: zero after the window');
    expect(next, 'one window in 28 hours').toBeUndefined();
  });

  it('somebody else’s create at the same moment is adopted or ours, never doubled', () => {
    expect(arrivals(result, 'racing').length, 'section 10, 6').toBe(1);
    expectBetween(arrivals(result, 'racing')[0], '3h8m', '3h10m', 'one start');
    expectBetween(deletions(result, 'racing')[1], '3h28m', '3h40m', 'section 6: normal again after minUp');
  });

  it('breaks no invariant', () => expectSound(result));
});

describe.concurrent('giving back an asynchronous endpoint', () => {
  it.each([
    ['by hand', { at: '+1h', giveBack: 'queue' }],
    ['by removing its policy', { at: '+1h', remove: 'policies/queue' }],
  ])('%s: awake first, then forgotten', async (_, entry) => {
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '4h',
      policies: { queue: queueOnly },
      endpoints: { queue: asynchronous('queue', { instances: 1 }) },
      happens: [entry, { at: '+2h', requests: 3, to: 'queue' }],
    });
    expect(spanAt(result, 'queue', '50m').serving, 'idle: zero').toBe(0);
    expectUp(
      result,
      'queue',
      '1h15m',
      '4h',
      'section 6: wake first, then forget: at zero nobody would serve its queue any more',
    );
    expect(endpointOf(result, 'queue').requests, 'section 10, 7').toMatchObject({ served: 3, expired: 0, pending: 0 });
    expect(endpointOf(result, 'queue').final.alarms, 'section 6: what we made for it is gone').toEqual([]);
    expectSound(result);
  });
});

describe('parameters of the stack', () => {
  it('a park budget spreads parks over ticks, a prefix of its own works', async () => {
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '2h',
      parameters: { ParkBudget: 1, TagPrefix: 'team-a' },
      policies: { quick: idle('5m') },
      endpoints: Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, realTime('quick', busyUntil('30m'))])),
      happens: busyBefore('a', 'b', 'c', 'd'),
    });
    const parked = ['a', 'b', 'c', 'd'].map((name) => deletions(result, name)[0]);
    for (const at of parked) expectBetween(at, '35m', '55m', 'section 3: TagPrefix is used in tags and paths');
    expect(new Set(parked).size, 'section 6: park budget of this tick not used up').toBe(4);
    expect(eventsOf(result, 'Endpoint Parked').length, 'one each').toBe(4);
    expectSound(result);
  });
});

describe('a bad day', () => {
  it('throttling, crashes, lost and doubled events together: right in the end', async () => {
    const functions = ['idle-windows', 'scheduled-scaling', 'backlog-wake'];
    const calls = ['SageMaker.*', 'DynamoDB.*', 'ApplicationAutoScaling.*', 'CloudWatch.*', 'EventBridge.*'];
    const hours = Array.from({ length: 20 }, (_, index) => index + 1);
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '26h',
      seed: 7,
      policies: { quick: idle('5m'), queue: queueOnly },
      endpoints: {
        Chat: realTime('quick', { whenAway: 'asks', startsIn: { p50: '5m', p95: '9m' }, ...busyUntil('1h') }),
        transcribe: asynchronous('queue'),
      },
      happens: [
        ...busyBefore('Chat'),
        { at: '+0h', for: '22h', throttle: '*', share: 0.15 },
        { at: '+2h', for: '20h', events: 'drop', of: 'SageMaker Endpoint State Change' },
        { at: '+2h', for: '20h', events: 'twice', of: 'tick' },
        ...hours.flatMap((hour) => [
          { at: `+${hour}h${(hour * 7) % 50}m`, crash: functions[hour % 3], after: calls[hour % 5] },
          { at: `+${hour}h${(hour * 11) % 55}m`, requests: hour, to: hour % 2 === 0 ? 'Chat' : 'transcribe' },
        ]),
      ],
    });
    expect(endpointOf(result, 'Chat'), 'section 6: parked in the end').toMatchObject({ final: { phase: 'parked' } });
    expect(desiredSteps(result, 'transcribe').at(-1), 'section 5: zero in the end').toBe(0);
    expect(endpointOf(result, 'transcribe').requests, 'section 10, 7').toMatchObject({
      expired: 0,
      pending: 0,
      failed: 0,
    });
    expect(
      endpointOf(result, 'Chat').requests.failed,
      'a start of at most 9 minutes is within the 15 that callers try',
    ).toBe(0);
    expect(endpointOf(result, 'Chat').parks - endpointOf(result, 'Chat').wakes, 'section 10, 6').toBe(1);
    expectSound(result);
  });
});
