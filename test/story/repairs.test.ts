import { describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { asynchronous, idle, MONDAY_UTC, queueOnly, realTime, variant } from './fleet.ts';
import {
  deletions,
  desiredReached,
  endpointOf,
  eventsOf,
  expectBetween,
  expectSound,
  since,
  spanAt,
} from './reading.ts';
import { type Document, runScenario } from './run-scenario.ts';

const tracking = { kind: 'target-tracking', metric: 'InvocationsPerInstance', target: 100 };
const OURS = 'endpoint-scaler-InvocationsPerInstance';

const policyNames = (result: RehearsalResult, name: string): string[] =>
  endpointOf(result, name).final.scalingPolicies.map((policy) => (policy as { PolicyName: string }).PolicyName);

describe.concurrent('what somebody took away comes back', () => {
  const drift = (happens: Document[]): Document => ({
    start: MONDAY_UTC,
    for: '3h',
    policies: { tracked: { otherwise: { min: 1, max: 4 }, scaling: [tracking] } },
    endpoints: { chat: realTime('tracked') },
    happens,
  });
  const remove = { at: '+1h10m', call: 'ApplicationAutoScaling.DeleteScalingPolicy' };

  it('a scaling policy of ours, its target left as it was, within a quarter of an hour', async () => {
    const { result } = await runScenario(drift([{ ...remove, with: { ...variant('chat'), PolicyName: OURS } }]));
    expect(policyNames(result, 'chat'), 'section 3: reality is compared, not the record').toEqual([OURS]);
    const [, put, ...more] = endpointOf(result, 'chat').decisions.filter(({ decision }) => decision === 'scale');
    expectBetween(put && since(result, put.at), '1h10m', '1h26m', 'the full re-check');
    expect(more, 'once').toEqual([]);
    expectSound(result);
  });

  it('also one that was changed, and nothing is called where nothing differs', async () => {
    const changed = {
      at: '+1h10m',
      call: 'ApplicationAutoScaling.PutScalingPolicy',
      with: {
        ...variant('chat'),
        PolicyName: OURS,
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration: {
          TargetValue: 7,
          PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
        },
      },
    };
    const { result } = await runScenario(drift([changed]));
    expect(JSON.stringify(endpointOf(result, 'chat').final.scalingPolicies)).toContain('"TargetValue":100');
    expect(result.calls['ApplicationAutoScaling.PutScalingPolicy'], 'ours twice, theirs once').toBe(3);
    expectSound(result);
  });

  it('a policy of its owner’s that appears is left to steer', async () => {
    const owners = {
      at: '+70m',
      call: 'ApplicationAutoScaling.PutScalingPolicy',
      with: {
        ...variant('chat'),
        PolicyName: 'owners',
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration: {
          TargetValue: 10,
          ScaleInCooldown: 300,
          PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
        },
      },
    };
    const { result } = await runScenario({
      ...drift([
        {
          at: '+1m',
          call: 'ApplicationAutoScaling.RegisterScalableTarget',
          with: { ...variant('chat'), MinCapacity: 1, MaxCapacity: 4 },
        },
        owners,
      ]),
      policies: { tracked: { otherwise: { min: 1, max: 4 } } },
      endpoints: { chat: realTime('tracked', { traffic: [{ from: '+95m', to: '+3h', perMinute: 30 }] }) },
    });
    expectBetween(desiredReached(result, 'chat', 3, '95m'), '96m', '110m', 'AWS scales out by the owner’s policy');
    expect(spanAt(result, 'chat', '2h55m').desired, 'and nobody takes it back').toBeGreaterThanOrEqual(3);
    expectSound(result);
  });
});

describe.concurrent('a change whose run died is told by the next one', () => {
  it.each([
    ['ApplicationAutoScaling.RegisterScalableTarget', 'tracked', true],
    // Its line was written with the first call of the change.
    ['ApplicationAutoScaling.PutScalingPolicy', 'tracked', undefined],
    ['SageMaker.UpdateEndpointWeightsAndCapacities', 'plain', true],
  ])('scheduled-scaling after %s', async (after, name, foundDone) => {
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '2h',
      policies: {
        tracked: { otherwise: { min: 2, max: 4 }, scaling: [tracking] },
        plain: { otherwise: { min: 2, max: 4 } },
      },
      endpoints: { [name]: realTime(name) },
      happens: [{ at: '+0h', crash: 'scheduled-scaling', after }],
    });
    const told = endpointOf(result, name).decisions.filter(({ decision }) => decision === 'scale');
    expect(told[0], 'section 10, 9').toMatchObject({ reason: 'otherwise' });
    expect(told[0]?.evidence['foundDone'], 'section 10, 9').toBe(foundDone);
    expect(eventsOf(result, 'Capacity Changed', name).length, 'section 7').toBe(1);
    expect(spanAt(result, name, '1h').serving, 'section 6: repaired').toBe(2);
    if (name === 'tracked') expect(policyNames(result, name)).toEqual([OURS]);
    expectSound(result);
  });

  it.each(['backlog', 'alarm:orders'])('backlog-wake, on %s', async (trigger) => {
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '3h',
      policies: {
        queue: { otherwise: { min: 0, max: 5 }, wake: { on: [trigger, 'backlog'], backlogPerInstance: 5 } },
      },
      endpoints: { queue: asynchronous('queue') },
      happens: [
        {
          at: '+5m',
          call: 'CloudWatch.PutMetricAlarm',
          with: {
            AlarmName: 'orders',
            Namespace: 'AWS/SageMaker',
            MetricName: 'ApproximateBacklogSize',
            Dimensions: [{ Name: 'EndpointName', Value: 'queue' }],
            Statistic: 'Maximum',
            Period: 60,
            EvaluationPeriods: 1,
            Threshold: 1,
            ComparisonOperator: 'GreaterThanOrEqualToThreshold',
            TreatMissingData: 'notBreaching',
          },
        },
        { at: '+1h', requests: 12, to: 'queue' },
        { at: '+1h', crash: 'backlog-wake', after: 'SageMaker.UpdateEndpointWeightsAndCapacities' },
      ],
    });
    expect(result.happens.at(-1)?.times, 'it died').toBe(1);
    const told = endpointOf(result, 'queue').decisions.filter(({ reason }) => reason === 'backlog-wake');
    expect(told, 'section 10, 9').toMatchObject([
      { function: 'scheduled-scaling', decision: 'scale', evidence: { newDesired: 3, foundDone: true } },
    ]);
    expect(eventsOf(result, 'Capacity Changed')[0]?.detail, 'section 7').toMatchObject({ after: { desired: 3 } });
    expectSound(result);
  });

  it('a refused wake is a refusal and nothing else', async () => {
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '2h',
      policies: { queue: queueOnly },
      endpoints: { queue: asynchronous('queue') },
      happens: [
        { at: '+1h', requests: 12, to: 'queue' },
        {
          at: '+50m',
          for: '40m',
          fail: 'SageMaker.UpdateEndpointWeightsAndCapacities',
          with: { code: 'AccessDeniedException', message: 'no' },
        },
      ],
    });
    const denied = endpointOf(result, 'queue').decisions.filter(({ at }) => since(result, at) < 90);
    expect(
      denied.filter(({ decision }) => decision === 'scale'),
      'nothing changed',
    ).toEqual([]);
    expect(denied.filter(({ decision }) => decision === 'refuse').map((one) => one.function)).toContain('backlog-wake');
    expectBetween(desiredReached(result, 'queue', 3), '1h30m', '1h37m', 'allowed again');
    expectSound(result);
  });
});

describe.concurrent('an up hold that cannot be kept', () => {
  const shortage = (type: string): Document => ({ at: '+50m', for: '1h', noCapacity: type, failsAfter: '5m' });
  const hold = (name: string): Document => ({ at: '+1h', hold: name, mode: 'up', until: '+3h', why: 'demo' });

  it('is late at once when the start fails, for a parked endpoint', async () => {
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '3h',
      policies: { quick: idle('5m') },
      endpoints: { chat: realTime('quick') },
      happens: [hold('chat'), shortage('ml.g5.2xlarge')],
    });
    expectBetween(deletions(result, 'chat')[0], '0m', '10m', 'parked');
    const late = eventsOf(result, 'Endpoint Late', 'chat');
    expect(late.length, 'section 6: announced, once').toBe(1);
    expectBetween(late[0] && since(result, late[0].at), '1h5m', '1h8m', 'section 6: at once');
    expect(late[0]?.detail).toMatchObject({ reason: 'hold-up' });
    expectSound(result);
  });

  it('is late after its lead, for an asynchronous endpoint', async () => {
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '3h',
      policies: { queue: queueOnly },
      endpoints: { queue: asynchronous('queue') },
      happens: [hold('queue'), shortage('ml.g5.xlarge')],
    });
    const late = eventsOf(result, 'Endpoint Late', 'queue');
    expect(late.length, 'section 6: announced, once').toBe(1);
    expectBetween(late[0] && since(result, late[0].at), '1h10m', '1h15m', 'section 6: a lead of 12 minutes');
    expectSound(result);
  });

  it('is not late while its start takes its time', async () => {
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '3h',
      policies: { quick: idle('5m') },
      endpoints: { chat: realTime('quick') },
      happens: [hold('chat')],
    });
    expect(eventsOf(result, 'Endpoint Late')).toEqual([]);
    expectSound(result);
  });
});

describe('a dry run', () => {
  it('says what a park had saved, when a request or a window ends it', async () => {
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '12h',
      parameters: { Mode: 'dry-run' },
      schedules: { noon: { timezone: 'UTC', open: [{ from: '10:00', to: '11:00' }] } },
      policies: {
        quick: idle('5m'),
        noon: { ...idle('5m'), capacity: [{ during: 'noon', min: 1, max: 2 }] },
      },
      endpoints: {
        called: realTime('quick', { instances: 2 }),
        noon: realTime('noon'),
      },
      happens: [{ at: '+6h', requests: 1, to: 'called' }],
    });
    const saved = (name: string): number[] =>
      endpointOf(result, name)
        .decisions.filter(({ decision }) => decision === 'wake')
        .map(({ evidence }) => Number(evidence['instanceHoursSaved']));
    expect(saved('called').length, 'section 3: reports what that had saved').toBe(1);
    expect(saved('called')[0], 'two instances for six hours').toBeCloseTo(12, 0);
    expect(saved('noon')[0], 'until the lead of the window').toBeCloseTo(9.8, 0);
    expect(endpointOf(result, 'called').parks, 'section 3: and makes none').toBe(0);
    expect(result.invariants.violations).toEqual([]);
  });
});
