import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { MONDAY_UTC, realTime } from './fleet.ts';
import { answers, desiredReached, endpointOf, expectBetween, expectSound, spanAt, spansWithin } from './reading.ts';
import { type Document, runScenario } from './run-scenario.ts';

const tracking = {
  kind: 'target-tracking',
  metric: 'ConcurrentRequestsPerModel',
  target: 4,
  scaleInCooldown: '300s',
  scaleOutCooldown: '60s',
};

const LOW = 120;
const HIGH = 1200;

const served = (traffic: readonly Document[]): Document => ({
  startsIn: '4m',
  serves: { concurrent: 8, in: '1s' },
  traffic,
});

const highest = (result: RehearsalResult, name: string, from: string, to: string): number =>
  Math.max(...spansWithin(result, name, from, to).map((span) => span.desired));

describe('target tracking of a production endpoint', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    const utc = (from: string, to: string) => ({ timezone: 'UTC', open: [{ from, to }] });
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '6h',
      schedules: { midday: utc('04:00', '05:00'), peak: utc('00:30', '02:00') },
      policies: {
        checkout: {
          capacity: [{ during: 'midday', min: 2, max: 6 }],
          otherwise: { min: 1, max: 6 },
          scaling: [tracking],
        },
        drained: { capacity: [{ during: 'peak', min: 1, max: 6 }], otherwise: { min: 1, max: 2 }, scaling: [tracking] },
      },
      endpoints: {
        checkout: realTime(
          'checkout',
          served([
            { from: '+0h', to: '+1h', perMinute: LOW },
            { from: '+1h', to: '+2h', perMinute: HIGH },
            { from: '+2h', to: '+6h', perMinute: LOW },
          ]),
        ),
        drained: realTime(
          'drained',
          served([
            { from: '+0h', to: '+45m', perMinute: LOW },
            { from: '+45m', to: '+6h', perMinute: HIGH },
          ]),
        ),
      },
      happens: [
        {
          at: '+10m',
          call: 'ApplicationAutoScaling.DescribeScalingPolicies',
          with: { ServiceNamespace: 'sagemaker', ResourceId: 'endpoint/checkout/variant/AllTraffic' },
        },
        {
          at: '+10m',
          call: 'ApplicationAutoScaling.DescribeScalableTargets',
          with: { ServiceNamespace: 'sagemaker', ResourceIds: ['endpoint/checkout/variant/AllTraffic'] },
        },
      ],
    }));
  });

  it('registers the target and the policy as the document says', () => {
    expect(
      answers(result, 'DescribeScalableTargets')[0].ScalableTargets,
      'section 4: bounds of the rung',
    ).toMatchObject([{ MinCapacity: 1, MaxCapacity: 6 }]);
    expect(
      answers(result, 'DescribeScalingPolicies')[0].ScalingPolicies,
      'section 4: short metric names map to AWS’s',
    ).toMatchObject([
      {
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration: {
          TargetValue: 4,
          ScaleInCooldown: 300,
          ScaleOutCooldown: 60,
          PredefinedMetricSpecification: {
            PredefinedMetricType: 'SageMakerVariantConcurrentRequestsPerModelHighResolution',
          },
        },
      },
    ]);
  });

  it('scales out with the load and in again', () => {
    expect(highest(result, 'checkout', '5m', '1h'), 'two requests at once need one instance').toBe(1);
    expectBetween(desiredReached(result, 'checkout', 5, '1h'), '1h', '1h30m', '20 requests at once / 4 = 5 instances');
    expect(highest(result, 'checkout', '1h', '2h'), 'section 4: within the rung’s max').toBeLessThanOrEqual(6);
    expect(spanAt(result, 'checkout', '3h').desired, 'AWS: scale-in after 15 low minutes').toBe(1);
  });

  it('has the calendar’s minimum by its begin, and scaling releases it after', () => {
    const { windows } = endpointOf(result, 'checkout');
    const midday = windows.filter((window) => window.during === 'midday');
    expect(
      midday.map((window) => window.lateSeconds),
      'section 6: a lead applies to a rung with a higher minimum',
    ).toEqual([0]);
    const low = spansWithin(result, 'checkout', '4h', '5h').filter((span) => span.serving < 2);
    expect(low, 'section 4: min 2 during midday').toEqual([]);
    expect(spanAt(result, 'checkout', '5h45m').desired, 'scaling goes back to the rung’s min').toBe(1);
  });

  it('drains when max falls: forced after 60 minutes', () => {
    expect(spanAt(result, 'drained', '1h59m').desired, 'scaled out in the peak').toBeGreaterThanOrEqual(5);
    const early = spansWithin(result, 'drained', '2h2m', '2h59m').filter((span) => span.desired < 5);
    expect(early, 'section 4: max = max(rung’s max, desired) and follows what scaling releases').toEqual([]);
    const at = spansWithin(result, 'drained', '2h59m', '6h').find((span) => span.desired <= 2);
    expectBetween(
      at && (Date.parse(at.from) - Date.parse(result.from)) / 60_000,
      '3h',
      '3h6m',
      'section 4: forced after 60m',
    );
    const announced = result.events.filter(
      (event) =>
        event.detail['endpoint'] === 'drained' && Date.parse(event.at) >= Date.parse(result.from) + 3 * 3_600_000,
    );
    expect(announced.length, 'section 4: forced and announced after 60m').toBeGreaterThan(0);
    expect(highest(result, 'drained', '3h10m', '6h'), 'section 10, 3: never above the max again').toBeLessThanOrEqual(
      2,
    );
  });

  it('breaks no invariant', () => expectSound(result));
});

describe('target tracking of utilisation', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    const policy = (metric: string): Document => ({
      otherwise: { min: 1, max: 6 },
      scaling: [{ ...tracking, metric, target: 70 }],
    });
    // 20 requests at once; an instance takes 8.
    const traffic = [
      { from: '+0h', to: '+1h', perMinute: LOW },
      { from: '+1h', to: '+3h', perMinute: HIGH },
      { from: '+3h', to: '+5h', perMinute: LOW },
    ];
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '5h',
      policies: { gpu: policy('GPUUtilization'), cpu: policy('CPUUtilization') },
      endpoints: {
        gpu: realTime('gpu', { ...served(traffic), instanceType: 'ml.g5.12xlarge' }),
        cpu: realTime('cpu', { ...served(traffic), instanceType: 'ml.m5.xlarge' }),
      },
      happens: [
        { at: '+10m', call: 'ApplicationAutoScaling.DescribeScalingPolicies', with: { ServiceNamespace: 'sagemaker' } },
      ],
    }));
  });

  it('is given to AWS as a sum over the cores and GPUs of the type', () => {
    const targets = answers(result, 'DescribeScalingPolicies')[0].ScalingPolicies.map(
      (shown: { ResourceId: string; TargetTrackingScalingPolicyConfiguration: { TargetValue: number } }) => [
        shown.ResourceId.split('/')[1],
        shown.TargetTrackingScalingPolicyConfiguration.TargetValue,
      ],
    );
    expect(Object.fromEntries(targets)).toEqual({ gpu: 280, cpu: 280 });
  });

  it.each(['gpu', 'cpu'])('%s scales out with the load, holds it, and in again', (name) => {
    expect(highest(result, name, '10m', '1h'), 'two requests at once need one instance').toBe(1);
    expectBetween(desiredReached(result, name, 4, '1h'), '1h', '1h45m', '20 of 8 at once at 70 % are 4 instances');
    const late = spansWithin(result, name, '2h', '3h');
    expect(
      late.map(({ desired }) => desired),
      'it is enough: nothing more comes, nothing goes',
    ).toEqual(late.map(() => 4));
    expect(spanAt(result, name, '4h30m').desired, 'AWS: scale-in after 15 low minutes').toBe(1);
  });

  it('breaks no invariant', () => expectSound(result));
});

describe('the simulator does not scale by itself', () => {
  it('deleting the target-tracking alarm stops that scaling', async () => {
    const scenario = (duration: string, happens: readonly Document[]): Document => ({
      start: MONDAY_UTC,
      for: duration,
      policies: { checkout: { otherwise: { min: 1, max: 6 }, scaling: [tracking] } },
      endpoints: {
        checkout: realTime(
          'checkout',
          served([
            { from: '+0h', to: '+20m', perMinute: LOW },
            { from: '+20m', to: '+2h', perMinute: HIGH },
          ]),
        ),
      },
      happens: [
        { at: '+5m', call: 'CloudWatch.DescribeAlarms', with: { AlarmNamePrefix: 'TargetTracking-endpoint/checkout' } },
        ...happens,
      ],
    });
    const { result: control } = await runScenario(scenario('1h', []));
    const names = (answers(control, 'DescribeAlarms')[0].MetricAlarms as { AlarmName: string }[]).map(
      (alarm) => alarm.AlarmName,
    );
    expect(names.length, 'aws-facts 1.1: AlarmHigh and AlarmLow, made by Application Auto Scaling').toBe(2);
    expect(highest(control, 'checkout', '20m', '1h'), 'with its alarms it scales').toBeGreaterThanOrEqual(5);

    const { result } = await runScenario(
      scenario('1h', [{ at: '+10m', call: 'CloudWatch.DeleteAlarms', with: { AlarmNames: names } }]),
    );
    expect(
      highest(result, 'checkout', '20m', '1h'),
      'issue, 6: deleting a target-tracking alarm stops that scaling',
    ).toBe(1);
  });
});
