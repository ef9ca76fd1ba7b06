import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { asynchronous, idle, MONDAY_UTC, queueOnly, realTime, variant } from './fleet.ts';
import { answers, deletions, endpointOf, eventsOf, expectBetween, expectSound, since, spanAt } from './reading.ts';
import { type Document, runScenario } from './run-scenario.ts';

const tracking = { kind: 'target-tracking', metric: 'InvocationsPerInstance', target: 100 };
const stepping = {
  kind: 'step',
  alarm: { metric: 'ModelLatency', threshold: '500ms', periods: 3 },
  steps: [{ from: 0, add: 1 }],
};
const OURS = 'endpoint-scaler-InvocationsPerInstance';
const scaling = (operation: string) => `ApplicationAutoScaling.${operation}`;

const bounds = (at: string, name: string, MinCapacity: number, MaxCapacity: number, more: Document = {}): Document => ({
  at,
  call: scaling('RegisterScalableTarget'),
  with: { ...variant(name), MinCapacity, MaxCapacity, ...more },
});

const suspend = (at: string, name: string, DynamicScalingInSuspended: boolean): Document => ({
  at,
  call: scaling('RegisterScalableTarget'),
  with: { ...variant(name), SuspendedState: { DynamicScalingInSuspended } },
});

const edit = (at: string, name: string, TargetValue: number): Document => ({
  at,
  call: scaling('PutScalingPolicy'),
  with: {
    ...variant(name),
    PolicyName: OURS,
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue,
      ScaleInCooldown: 300,
      ScaleOutCooldown: 300,
      PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
    },
  },
});

const look = (at: string): Document => ({
  at,
  call: scaling('DescribeScalableTargets'),
  with: { ServiceNamespace: 'sagemaker' },
});

/** Bounds of one endpoint's target at each look, as `min..max`. */
const looks = (result: RehearsalResult, name: string): string[] =>
  answers(result, 'DescribeScalableTargets').map(({ ScalableTargets }) => {
    const target = ScalableTargets.find((one: Document) => one['ResourceId'] === `endpoint/${name}/variant/AllTraffic`);
    return target === undefined ? 'none' : `${target.MinCapacity}..${target.MaxCapacity}`;
  });

const targetValue = (result: RehearsalResult, name: string): unknown => {
  const [policy] = endpointOf(result, name).final.scalingPolicies as { [key: string]: { TargetValue?: number } }[];
  return policy?.['TargetTrackingScalingPolicyConfiguration']?.TargetValue;
};

const told = (result: RehearsalResult, name?: string): Document[] =>
  eventsOf(result, 'Drift Found', name).map(({ detail }) => detail);

const each = (answer: string, names: readonly string[]) => names.map((name) => [name, answer] as const);

describe('bounds and policies that somebody edits', () => {
  const all = ['mends', 'respects', 'announces'];
  let result: RehearsalResult;
  beforeAll(async () => {
    const policy = (onDrift?: string): Document => ({
      capacity: [{ during: 'noon', min: 2, max: 4 }],
      otherwise: { min: 1, max: 4 },
      scaling: [tracking],
      ...(onDrift && { onDrift }),
    });
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '10h',
      schedules: { noon: { timezone: 'UTC', open: [{ from: '03:00', to: '04:00' }] } },
      policies: { mends: policy(), respects: policy('respect'), announces: policy('announce') },
      endpoints: { mends: realTime('mends'), respects: realTime('respects'), announces: realTime('announces') },
      happens: [
        ...all.map((name) => bounds('+1h10m', name, 1, 9)),
        ...all.map((name) => edit('+1h12m', name, 7)),
        look('+2h'),
        look('+3h30m'),
        look('+5h'),
        // Set back by hand, and edited anew: another difference.
        bounds('+6h', 'announces', 1, 4),
        bounds('+7h', 'announces', 1, 8),
        look('+8h'),
      ],
    }));
  });

  it.each([...each('mended', ['mends']), ...each('respected', ['respects']), ...each('announced', ['announces'])])(
    '%s: told once each, within a quarter of an hour, as %s',
    (name, done) => {
      const policy = { endpoint: name, reason: 'drift-found', policy: name, done };
      expect(told(result, name).slice(0, 2)).toMatchObject([
        { ...policy, field: 'bounds', expected: '1..4', actual: '1..9' },
        {
          ...policy,
          field: 'policy',
          subject: OURS,
          expected: 'TargetTrackingScalingPolicyConfiguration.TargetValue 100',
          actual: 'TargetTrackingScalingPolicyConfiguration.TargetValue 7',
        },
      ]);
      const [first, second] = eventsOf(result, 'Drift Found', name);
      expectBetween(first && since(result, first.at), '1h10m', '1h26m', 'the full re-check');
      expectBetween(second && since(result, second.at), '1h12m', '1h28m', 'the comparison of policies');
      const lines = endpointOf(result, name).decisions.filter(({ reason }) => reason === 'drift-found');
      expect(lines.slice(0, 2).map(({ evidence }) => evidence['done'])).toEqual([done, done]);
    },
  );

  it('mend: all of it is as the policy says again', () => {
    expect(looks(result, 'mends')).toEqual(['1..4', '2..4', '1..4', '1..4']);
    expect(targetValue(result, 'mends')).toBe(100);
    expect(told(result, 'mends').length).toBe(2);
  });

  it('respect: left until the rung in force changes, and not longer', () => {
    expect(looks(result, 'respects')).toEqual(['1..9', '2..4', '1..4', '1..4']);
    expect(targetValue(result, 'respects')).toBe(100);
    expect(told(result, 'respects').length).toBe(2);
  });

  it('announce: left over the rungs, whose minimum counts while they last', () => {
    expect(looks(result, 'announces')).toEqual(['1..9', '2..9', '1..9', '1..8']);
    expect(targetValue(result, 'announces')).toBe(7);
    expect(told(result, 'announces').slice(2)).toMatchObject([{ field: 'bounds', expected: '1..4', actual: '1..8' }]);
  });

  it('breaks no invariant', () => expectSound(result));
});

describe('a target that somebody takes away, suspends, or whose alarm goes', () => {
  let result: RehearsalResult;
  const names = ['mends', 'respects', 'announces'] as const;
  beforeAll(async () => {
    const policy = (more: Document): Document => ({ otherwise: { min: 2, max: 4 }, scaling: [tracking], ...more });
    const suspends = { otherwise: { min: 1, max: 4, suspend: ['scheduled'] }, scaling: [tracking] };
    const alarm = (name: string) => `endpoint-scaler-${name}-step-ModelLatency`;
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '5h',
      policies: {
        mends: policy({}),
        respects: policy({ onDrift: 'respect' }),
        announces: policy({ onDrift: 'announce' }),
        silent: policy({}),
        suspends,
        'suspends-respects': { ...suspends, onDrift: 'respect' },
        steps: policy({ scaling: [stepping] }),
        'steps-respects': policy({ scaling: [stepping], onDrift: 'respect' }),
        queue: queueOnly,
        'queue-respects': { ...queueOnly, onDrift: 'respect' },
      },
      endpoints: {
        ...Object.fromEntries(names.map((name) => [name, realTime(name, { instances: 2 })])),
        silent: realTime('silent', { instances: 2 }),
        suspends: realTime('suspends'),
        'suspends-respects': realTime('suspends-respects'),
        steps: realTime('steps', { instances: 2 }),
        'steps-respects': realTime('steps-respects', { instances: 2 }),
        queue: asynchronous('queue'),
        'queue-respects': asynchronous('queue-respects'),
      },
      happens: [
        ...names.map((name) => ({ at: '+1h10m', call: scaling('DeregisterScalableTarget'), with: variant(name) })),
        ...['silent', 'suspends', 'suspends-respects'].map((name) => suspend('+1h10m', name, true)),
        { at: '+1h10m', call: 'CloudWatch.DeleteAlarms', with: { AlarmNames: [alarm('steps')] } },
        {
          at: '+1h10m',
          call: 'CloudWatch.DeleteAlarms',
          with: { AlarmNames: [alarm('steps-respects'), 'endpoint-scaler-queue-backlog'] },
        },
        {
          at: '+1h10m',
          call: 'CloudWatch.PutMetricAlarm',
          with: {
            AlarmName: 'endpoint-scaler-queue-respects-backlog',
            Namespace: 'AWS/SageMaker',
            MetricName: 'HasBacklogWithoutCapacity',
            Dimensions: [{ Name: 'EndpointName', Value: 'queue-respects' }],
            Statistic: 'Maximum',
            Period: 60,
            EvaluationPeriods: 1,
            Threshold: 5,
            ComparisonOperator: 'GreaterThanOrEqualToThreshold',
          },
        },
        look('+3h'),
        { at: '+3h', call: 'CloudWatch.DescribeAlarms', with: { AlarmNamePrefix: 'endpoint-scaler-' } },
      ],
    }));
  });

  it('a target: registered again with its policies, or left away with its instances', () => {
    const target = { field: 'target', expected: '2..4', actual: 'none' };
    expect(told(result, 'mends')).toMatchObject([{ ...target, done: 'mended' }]);
    expect(told(result, 'respects')).toMatchObject([{ ...target, done: 'respected' }]);
    expect(told(result, 'announces')).toMatchObject([{ ...target, done: 'announced' }]);
    expect(names.map((name) => looks(result, name)[0])).toEqual(['2..4', 'none', 'none']);
    expect(names.map((name) => targetValue(result, name))).toEqual([100, undefined, undefined]);
    expect(names.map((name) => spanAt(result, name, '4h').serving)).toEqual([2, 2, 2]);
  });

  it('a suspension: mended or respected where the policy speaks of it, else its owner’s', () => {
    const suspended = { field: 'suspended', actual: 'in', expected: 'nothing' };
    expect(told(result, 'silent')).toMatchObject([{ ...suspended, done: 'left' }]);
    const spoken = { ...suspended, expected: 'scheduled', actual: 'in,scheduled' };
    expect(told(result, 'suspends')).toMatchObject([{ ...spoken, done: 'mended' }]);
    expect(told(result, 'suspends-respects')).toMatchObject([{ ...spoken, done: 'respected' }]);
    const states = ['silent', 'suspends', 'suspends-respects'].map(
      (name) =>
        (endpointOf(result, name).final.scalableTargets[0] as { SuspendedState: Document }).SuspendedState[
          'DynamicScalingInSuspended'
        ],
    );
    expect(states).toEqual([true, false, true]);
  });

  it('an alarm of a step policy, and the one that wakes', () => {
    const gone = { field: 'alarm', expected: 'as the policy says', actual: 'none' };
    expect(told(result, 'steps')).toMatchObject([{ ...gone, done: 'mended' }]);
    expect(told(result, 'steps-respects')).toMatchObject([{ ...gone, done: 'respected' }]);
    expect(told(result, 'queue')).toMatchObject([
      { ...gone, subject: 'endpoint-scaler-queue-backlog', done: 'mended' },
    ]);
    const [edited] = told(result, 'queue-respects');
    expect(edited).toMatchObject({ field: 'alarm', done: 'respected' });
    expect(edited?.['expected']).toContain('Threshold 1');
    expect(edited?.['actual']).toContain('Threshold 5');
    expect(told(result, 'queue-respects').length, 'once').toBe(1);
    const [{ MetricAlarms }] = answers(result, 'DescribeAlarms');
    const found = MetricAlarms.map(({ AlarmName, Threshold }: Document) => [AlarmName, Threshold]);
    expect(new Map(found)).toEqual(
      new Map([
        ['endpoint-scaler-queue-backlog', 1],
        ['endpoint-scaler-queue-respects-backlog', 5],
        ['endpoint-scaler-steps-step-ModelLatency', 500_000],
      ]),
    );
  });

  it('breaks no invariant', () => expectSound(result));
});

describe('another config or another endpoint', () => {
  const config = (at: string, name: string, type: string): Document => ({
    at,
    call: 'SageMaker.CreateEndpointConfig',
    with: {
      EndpointConfigName: `${name}-v2`,
      ProductionVariants: [{ VariantName: 'AllTraffic', ModelName: name, InstanceType: type, InitialInstanceCount: 1 }],
    },
  });

  it('is taken over, told with before and after, whatever the policy says', async () => {
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '6h',
      policies: {
        plain: { otherwise: { min: 1, max: 4 }, onDrift: 'respect' },
        tracked: { otherwise: { min: 1, max: 4 }, scaling: [tracking] },
      },
      endpoints: { chat: realTime('plain'), again: realTime('tracked') },
      happens: [
        config('+1h', 'chat', 'ml.g5.4xlarge'),
        {
          at: '+1h10m',
          call: 'SageMaker.UpdateEndpoint',
          with: { EndpointName: 'chat', EndpointConfigName: 'chat-v2' },
        },
        // Nobody looks in between: its record is there all the time.
        { at: '+2h1m', for: '40m', events: 'drop' },
        { at: '+2h1m', for: '40m', events: 'drop', of: 'tick' },
        { at: '+2h2m', call: 'SageMaker.DeleteEndpoint', with: { EndpointName: 'again' } },
        {
          at: '+2h10m',
          call: 'SageMaker.CreateEndpoint',
          with: {
            EndpointName: 'again',
            EndpointConfigName: 'again',
            Tags: [{ Key: 'endpoint-scaler:policy', Value: 'tracked' }],
          },
        },
        look('+4h'),
      ],
    });
    expect(told(result, 'chat')).toMatchObject([
      { field: 'config', expected: 'chat', actual: 'chat-v2', done: 'taken-over' },
      { field: 'instanceType', expected: 'ml.g5.2xlarge', actual: 'ml.g5.4xlarge', done: 'taken-over' },
    ]);
    expect(told(result, 'again')).toMatchObject([
      { field: 'endpoint', actual: '2026-03-02T02:10:00.000Z', done: 'taken-over' },
    ]);
    expect(looks(result, 'again')).toEqual(['1..4']);
    expect(targetValue(result, 'again'), 'and everything of ours is put anew').toBe(100);
    expectSound(result);
  });
});

describe('what the scaler does itself is nobody’s doing', () => {
  it('windows, drains, demand above min, target tracking, parks and wakes, policy versions', async () => {
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '1d12h',
      schedules: {
        noon: { timezone: 'UTC', open: [{ from: '02:00', to: '03:00' }] },
        late: { timezone: 'UTC', open: [{ from: '10:00', to: '11:00' }] },
      },
      policies: {
        tracked: {
          capacity: [{ during: 'noon', min: 3, max: 8, suspend: ['in'] }],
          otherwise: { min: 1, max: 2 },
          scaling: [{ ...tracking, target: 30 }, stepping],
          onDrift: 'respect',
        },
        plain: { capacity: [{ during: 'noon', min: 3, max: 3 }], otherwise: { min: 1, max: 1 }, onDrift: 'announce' },
        gone: {
          ...idle('10m', { capacity: [{ during: 'late', min: 2, max: 4 }] }),
          scaling: [tracking],
          onDrift: 'respect',
        },
        queue: { ...queueOnly, onDrift: 'respect' },
      },
      endpoints: {
        tracked: realTime('tracked', { traffic: { perMinute: 100 } }),
        plain: realTime('plain'),
        gone: realTime('gone'),
        queue: asynchronous('queue'),
      },
      happens: [
        { at: '+5h', requests: 40, to: 'queue' },
        { at: '+6h', requests: 1, to: 'gone' },
        {
          at: '+8h',
          put: 'policies/plain',
          document: { otherwise: { min: 2, max: 2 }, onDrift: 'respect' },
        },
        { at: '+4h30m', hold: 'plain', mode: 'up', until: '+6h', why: 'demo' },
        { at: '+13h50m', for: '20m', stale: 'ApplicationAutoScaling.*', by: '1m' },
        { at: '+26h', crash: 'scheduled-scaling', after: 'ApplicationAutoScaling.RegisterScalableTarget' },
        { at: '+27h', crash: 'scheduled-scaling', after: 'ApplicationAutoScaling.RegisterScalableTarget' },
        {
          at: '+32h',
          put: 'policies/plain',
          document: { otherwise: { min: 1, max: 3 }, scaling: [stepping], onDrift: 'respect' },
        },
        { at: '+32h', crash: 'scheduled-scaling', after: 'ApplicationAutoScaling.PutScalingPolicy' },
      ],
    });
    expect(deletions(result, 'gone').length, 'it was parked').toBeGreaterThan(0);
    expect(told(result)).toEqual([]);
    expectSound(result);
  });
});

describe('one of several scalable targets that somebody edits', () => {
  let result: RehearsalResult;
  const green: Document = { ...variant('shop'), ResourceId: 'endpoint/shop/variant/green' };
  const embed: Document = {
    ServiceNamespace: 'sagemaker',
    ResourceId: 'inference-component/embed',
    ScalableDimension: 'sagemaker:inference-component:DesiredCopyCount',
  };
  const register = (at: string, target: Document, MinCapacity: number, MaxCapacity: number): Document => ({
    at,
    call: scaling('RegisterScalableTarget'),
    with: { ...target, MinCapacity, MaxCapacity },
  });
  beforeAll(async () => {
    const copies = { kind: 'target-tracking', metric: 'InvocationsPerCopy', target: 30 };
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '4h',
      policies: {
        shop: {
          variants: { blue: { scaling: [tracking] }, green: { scaling: [tracking] } },
          otherwise: { min: 1, max: 4 },
        },
        host: {
          components: { chat: { scaling: [copies] }, embed: { scaling: [copies] } },
          otherwise: { min: 1, max: 3 },
          onDrift: 'respect',
        },
      },
      endpoints: {
        shop: {
          kind: 'real-time',
          policy: 'shop',
          instanceType: 'ml.g5.xlarge',
          startsIn: '8m',
          variants: { blue: { instances: 1, weight: 1 }, green: { instances: 1, weight: 1 } },
        },
        host: {
          kind: 'components',
          policy: 'host',
          instanceType: 'ml.g5.12xlarge',
          instances: { min: 1, max: 2 },
          components: {
            chat: { serves: { concurrent: 4, in: '2s' } },
            embed: { serves: { concurrent: 4, in: '2s' } },
          },
        },
      },
      happens: [register('+1h10m', green, 1, 9), register('+1h10m', embed, 1, 2), look('+2h')],
    }));
  });

  const limits = (resource: Document): string[] =>
    answers(result, 'DescribeScalableTargets').map(({ ScalableTargets }) => {
      const { MinCapacity, MaxCapacity } = ScalableTargets.find(
        ({ ResourceId }: Document) => ResourceId === resource['ResourceId'],
      );
      return `${MinCapacity}..${MaxCapacity}`;
    });

  it('is told of by its name, once, and the others are not', () => {
    expect(told(result, 'shop')).toMatchObject([
      { target: 'green', field: 'bounds', expected: '1..4', actual: '1..9', done: 'mended' },
    ]);
    expect(told(result, 'host')).toMatchObject([
      { target: 'embed', field: 'bounds', expected: '1..3', actual: '1..2', done: 'respected' },
    ]);
  });

  it('is mended or left as the policy says, of an inference component as well', () => {
    expect(limits(green)).toEqual(['1..4']);
    expect(limits(embed)).toEqual(['1..2']);
    expect(limits({ ResourceId: 'inference-component/chat' })).toEqual(['1..3']);
    expectSound(result);
  });
});
