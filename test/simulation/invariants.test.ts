import {
  ApplicationAutoScalingClient,
  DeleteScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateEndpointCommand,
  DeleteEndpointCommand,
  DescribeEndpointCommand,
  SageMakerClient,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import type { Rehearsal } from '../../rehearsal/index.ts';
import type { World } from '../../shared/runtime/contract.ts';
import { decide, isTick, minutesIn, run, standIn, type Tick } from './stand-in.ts';

const variant = { ServiceNamespace: 'sagemaker', ScalableDimension: 'sagemaker:variant:DesiredInstanceCount' } as const;
const resource = { ...variant, ResourceId: 'endpoint/chat/variant/AllTraffic' };
const tags = [{ Key: 'endpoint-scaler:policy', Value: 'dev' }];

function scenario(
  more: { traffic?: string; policy?: string; happens?: string; endpoint?: string; length?: string } = {},
): string {
  return `
start: 2026-03-02T00:00:00Z
for: ${more.length ?? '3h'}
schedules: { early: { timezone: UTC, open: [{ from: "01:00", to: "03:00" }] } }
policies: { dev: ${more.policy ?? '{ otherwise: zero, zero: { by: park, idleFor: 30m, minUp: 20m } }'} }
endpoints:
  chat: { kind: real-time, policy: dev, instanceType: ml.g5.2xlarge, ${more.traffic ?? ''} ${more.endpoint ?? ''} }
  stranger: { kind: real-time, instanceType: ml.g5.2xlarge }
happens: ${more.happens ?? '[]'}
`;
}

const sageMaker = (world: World): SageMakerClient => new SageMakerClient(world.clientDefaults);
const scaling = (world: World): ApplicationAutoScalingClient => new ApplicationAutoScalingClient(world.clientDefaults);

/** Everything that a delete needs, looked at in this run. */
async function look(world: World, endpoint = 'chat'): Promise<void> {
  await sageMaker(world).send(new DescribeEndpointCommand({ EndpointName: endpoint }));
  const key = { pk: { S: `recipe/${endpoint}` }, sk: { S: '0001' } };
  await new DynamoDBClient(world.clientDefaults).send(
    new GetItemCommand({ TableName: world.env['TABLE_NAME'], Key: key }),
  );
  const Dimensions = [
    { Name: 'EndpointName', Value: endpoint },
    { Name: 'VariantName', Value: 'AllTraffic' },
  ];
  const Metric = { Namespace: 'AWS/SageMaker', MetricName: 'Invocations', Dimensions };
  await new CloudWatchClient(world.clientDefaults).send(
    new GetMetricDataCommand({
      StartTime: new Date(world.clock.now() - 3_600_000),
      EndTime: new Date(world.clock.now()),
      MetricDataQueries: [{ Id: 'm', MetricStat: { Metric, Period: 60, Stat: 'Sum' } }],
    }),
  );
}

async function park(world: World, endpoint = 'chat'): Promise<void> {
  await look(world, endpoint);
  decide(world, endpoint, 'park', 'idle');
  await sageMaker(world).send(new DeleteEndpointCommand({ EndpointName: endpoint }));
}

async function wake(world: World): Promise<void> {
  decide(world, 'chat', 'wake', 'demand-request');
  const input = { EndpointName: 'chat', EndpointConfigName: 'chat', Tags: tags };
  await sageMaker(world).send(new CreateEndpointCommand(input));
}

/** Does something once, at a tick so many minutes after the start. */
const at =
  (moments: Readonly<Record<number, (world: World) => Promise<void>>>): Tick =>
  async (world, event) => {
    if (isTick(event)) await moments[minutesIn(world)]?.(world);
  };

const brokenBy = ({ result }: Rehearsal): readonly number[] =>
  [...new Set(result.invariants.violations.map(({ invariant }) => invariant))].sort((a, b) => a - b);
const sentences = ({ result }: Rehearsal): string => JSON.stringify(result.invariants.violations);

describe('invariants', () => {
  it('are kept by a product that does nothing wrong', async () => {
    const code = standIn({ idleWindows: at({ 60: park, 90: wake }) });
    const rehearsal = await run(scenario(), { code });
    expect(sentences(rehearsal)).toBe('[]');
    expect(rehearsal.result.endpoints['chat']).toMatchObject({ parks: 1, wakes: 1 });
    expect(rehearsal.result.invariants.checked).toBeGreaterThan(5);
  });

  it('1: no delete of what is in use', async () => {
    const code = standIn({ idleWindows: at({ 60: park }) });
    const rehearsal = await run(scenario({ traffic: 'traffic: { perMinute: 1 },' }), { code });
    expect(brokenBy(rehearsal)).toEqual([1]);
    expect(sentences(rehearsal)).toContain('requests came in the 30 minutes before');
  });

  it('1: no delete while nobody can see whether it is in use', async () => {
    const code = standIn({ idleWindows: at({ 60: park }) });
    const rehearsal = await run(scenario({ happens: '[{ at: +50m, for: 5m, metrics: missing, of: chat }]' }), { code });
    expect(brokenBy(rehearsal)).toEqual([1]);
    expect(sentences(rehearsal)).toContain('metrics were missing');
  });

  it.each([
    ['a window', '{ capacity: [{ during: early, min: 1, max: 2 }], otherwise: zero, zero: { by: park } }'],
    ['leave', '{ capacity: [{ during: early, then: leave }], otherwise: zero, zero: { by: park } }'],
  ])('1: no delete inside %s', async (_, policy) => {
    const code = standIn({ idleWindows: at({ 90: park }) });
    const rehearsal = await run(scenario({ policy }), { code });
    expect(brokenBy(rehearsal)).toContain(1);
    expect(sentences(rehearsal)).toContain('its calendar does not say zero');
  });

  it('2: the weight that a variant had comes back', async () => {
    const weigh = async (world: World): Promise<void> => {
      decide(world, 'chat', 'scale', 'restore');
      await sageMaker(world).send(
        new UpdateEndpointWeightsAndCapacitiesCommand({
          EndpointName: 'chat',
          DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredWeight: 0.25 }],
        }),
      );
    };
    const code = standIn({ idleWindows: at({ 20: weigh, 60: park, 90: wake }) });
    const rehearsal = await run(scenario(), { code });
    expect(brokenBy(rehearsal)).toEqual([2]);
    expect(sentences(rehearsal)).toContain('weight of the only variant');
  });

  it('1 and 10: no delete of what nobody enrolled', async () => {
    const code = standIn({ idleWindows: at({ 60: (world) => park(world, 'stranger') }) });
    const rehearsal = await run(scenario(), { code });
    expect(brokenBy(rehearsal)).toEqual([1, 10]);
    expect(sentences(rehearsal)).toContain('not enrolled');
  });

  it('1: no delete without a recipe that this run read back', async () => {
    const code = standIn({
      idleWindows: at({
        60: async (world) => {
          decide(world, 'chat', 'park', 'idle');
          await sageMaker(world).send(new DeleteEndpointCommand({ EndpointName: 'chat' }));
        },
      }),
    });
    expect(sentences(await run(scenario(), { code }))).toContain('no recipe of it was read back');
  });

  it('2: a wake restores tags, targets and policies, or says what it could not', async () => {
    const happens = `
  - { at: +5m, call: ApplicationAutoScaling.RegisterScalableTarget, with: { ServiceNamespace: sagemaker, ScalableDimension: "sagemaker:variant:DesiredInstanceCount", ResourceId: endpoint/chat/variant/AllTraffic, MinCapacity: 1, MaxCapacity: 3 } }
  - { at: +6m, call: SageMaker.AddTags, with: { ResourceArn: $ARN(chat), Tags: [{ Key: owner, Value: ml }] } }`;
    const code = standIn({ idleWindows: at({ 60: park, 90: wake }) });
    const rehearsal = await run(scenario({ happens }), { code });
    expect(rehearsal.result.happens.map(({ times }) => times)).toEqual([1, 1]);
    expect(brokenBy(rehearsal)).toEqual([2]);
    expect(sentences(rehearsal)).toContain('scalable target endpoint/chat/variant/AllTraffic');
    expect(sentences(rehearsal)).toContain('tag owner');
  });

  it('3: desired within the bounds that won', async () => {
    const policy = '{ otherwise: { min: 1, max: 2 } }';
    const grow = async (world: World): Promise<void> => {
      decide(world, 'chat', 'scale', 'scale-to-bounds');
      const counts = [{ VariantName: 'AllTraffic', DesiredInstanceCount: 3 }];
      const input = { EndpointName: 'chat', DesiredWeightsAndCapacities: counts };
      await sageMaker(world).send(new UpdateEndpointWeightsAndCapacitiesCommand(input));
    };
    const code = standIn({ scheduledScaling: at({ 30: grow }) });
    const rehearsal = await run(scenario({ policy }), { code });
    expect(brokenBy(rehearsal)).toEqual([3]);
  });

  it('3 and 4: more instances when the calendar wants them', async () => {
    const policy = '{ capacity: [{ during: early, min: 3, max: 4 }], otherwise: { min: 1, max: 4 } }';
    const rehearsal = await run(scenario({ policy }), { code: standIn({}) });
    expect(brokenBy(rehearsal)).toEqual([3, 4]);
    expect(rehearsal.result.endpoints['chat']?.windows).toContainEqual(
      expect.objectContaining({
        during: 'early',
        begins: '2026-03-02T01:00:00.000Z',
        readyAt: null,
        lateSeconds: 7200,
      }),
    );
  });

  it('4: up, waking or announced as late inside a window', async () => {
    const policy = '{ capacity: [{ during: early, min: 1, max: 1 }], otherwise: zero, zero: { by: park } }';
    const code = standIn({ idleWindows: at({ 40: park }) });
    const rehearsal = await run(scenario({ policy }), { code });
    expect(brokenBy(rehearsal)).toEqual([4]);
    expect(rehearsal.result.invariants.violations[0]?.at).toBe('2026-03-02T01:02:00.000Z');
  });

  it('5: at most one park and one wake within minUp', async () => {
    const code = standIn({ idleWindows: at({ 60: park, 70: wake, 85: park, 95: wake }) });
    const rehearsal = await run(scenario(), { code });
    expect(brokenBy(rehearsal)).toEqual([5]);
    expect(sentences(rehearsal)).toContain('parked after a wake within 7 minutes');
  });

  it('6: one create or delete in flight', async () => {
    const again = (world: World): Promise<void> => wake(world).catch(() => {});
    const code = standIn({ idleWindows: at({ 60: park, 90: wake, 93: again }) });
    const rehearsal = await run(scenario(), { code });
    expect(brokenBy(rehearsal)).toEqual([6]);
    expect(sentences(rehearsal)).toContain('CreateEndpoint while the endpoint is Creating');
  });

  it('7: no queue left to expire', async () => {
    const text = `
start: 2026-03-02T00:00:00Z
for: 4h
policies: { queue: { otherwise: { min: 0, max: 5 }, wake: { on: [backlog], backlogPerInstance: 5 } } }
endpoints:
  transcribe: { kind: async, policy: queue, instanceType: ml.g5.xlarge, requestTtl: 1h, traffic: { perMinute: 1 } }
`;
    const rehearsal = await run(text, { code: standIn({}) });
    expect(brokenBy(rehearsal)).toEqual([7]);
    expect(rehearsal.result.endpoints['transcribe']?.requests.expired).toBeGreaterThan(100);
  });

  it('8: nothing is lowered because of a broken document', async () => {
    const register = (max: number) => async (world: World) => {
      decide(world, 'chat', 'scale', 'scale-to-bounds');
      await scaling(world).send(new RegisterScalableTargetCommand({ ...resource, MinCapacity: 1, MaxCapacity: max }));
    };
    const code = standIn({ scheduledScaling: at({ 10: register(4), 60: register(2) }) });
    const policy = '{ otherwise: { min: 1, max: 4 } }';
    const broken = { policy, happens: '[{ at: +50m, put: policies/dev, text: "{ broken" }]' };
    expect(brokenBy(await run(scenario(broken), { code }))).toEqual([8]);
    expect(brokenBy(await run(scenario({ policy }), { code }))).toEqual([]);
  });

  it('9: every change has a decision record', async () => {
    const silent = async (world: World): Promise<void> => {
      await scaling(world).send(new RegisterScalableTargetCommand({ ...resource, MinCapacity: 1, MaxCapacity: 2 }));
    };
    const rehearsal = await run(scenario({ policy: '{ otherwise: { min: 1, max: 2 } }' }), {
      code: standIn({ scheduledScaling: at({ 30: silent }) }),
    });
    expect(brokenBy(rehearsal)).toEqual([9]);
    expect(sentences(rehearsal)).toContain('ApplicationAutoScaling.RegisterScalableTarget of scheduled-scaling');
  });

  it("10: others' scaling policies stay", async () => {
    const target =
      'ServiceNamespace: sagemaker, ScalableDimension: "sagemaker:variant:DesiredInstanceCount", ResourceId: endpoint/chat/variant/AllTraffic';
    const happens = `
  - { at: +5m, call: ApplicationAutoScaling.RegisterScalableTarget, with: { ${target}, MinCapacity: 1, MaxCapacity: 3 } }
  - { at: +6m, call: ApplicationAutoScaling.PutScalingPolicy, with: { ${target}, PolicyName: theirs, PolicyType: TargetTrackingScaling, TargetTrackingScalingPolicyConfiguration: { TargetValue: 70, PredefinedMetricSpecification: { PredefinedMetricType: SageMakerVariantInvocationsPerInstance } } } }`;
    const drop = async (world: World): Promise<void> => {
      decide(world, 'chat', 'scale', 'scale-to-bounds');
      await scaling(world).send(new DeleteScalingPolicyCommand({ ...resource, PolicyName: 'theirs' }));
    };
    const rehearsal = await run(scenario({ policy: '{ otherwise: { min: 1, max: 3 } }', happens }), {
      code: standIn({ scheduledScaling: at({ 30: drop }) }),
    });
    expect(brokenBy(rehearsal)).toEqual([10]);
    expect(sentences(rehearsal)).toContain('deleted the scaling policy theirs of somebody else');
  });

  it('9: of a run that died, the next one says what it did', async () => {
    const grow = async (world: World): Promise<void> => {
      const counts = [{ VariantName: 'AllTraffic', DesiredInstanceCount: 2 }];
      const input = { EndpointName: 'chat', DesiredWeightsAndCapacities: counts };
      await sageMaker(world).send(new UpdateEndpointWeightsAndCapacitiesCommand(input));
      decide(world, 'chat', 'scale', 'window');
    };
    const tell = async (world: World): Promise<void> => decide(world, 'chat', 'scale', 'window');
    const policy = '{ otherwise: { min: 1, max: 2 } }';
    const happens = '[{ at: +20m, crash: scheduled-scaling, after: SageMaker.UpdateEndpointWeightsAndCapacities }]';
    const silent = await run(scenario({ policy, happens }), { code: standIn({ scheduledScaling: at({ 30: grow }) }) });
    expect(silent.result.happens[0]?.times).toBe(1);
    expect(brokenBy(silent)).toEqual([9]);
    expect(sentences(silent)).toContain('its run died, and no later one recorded it');
    const told = await run(scenario({ policy, happens }), {
      code: standIn({ scheduledScaling: at({ 30: grow, 32: tell }) }),
    });
    expect(brokenBy(told)).toEqual([]);
  });

  it('1 and 4: what lost its policy is not parked, and what was parked is woken', async () => {
    const happens = '[{ at: +70m, remove: policies/dev }]';
    const asleep = await run(scenario({ happens }), { code: standIn({ idleWindows: at({ 60: park }) }) });
    expect(brokenBy(asleep)).toEqual([4]);
    expect(sentences(asleep)).toContain('given back, and not woken');
    const awake = await run(scenario({ happens }), { code: standIn({ idleWindows: at({ 60: park, 72: wake }) }) });
    expect(brokenBy(awake)).toEqual([]);
    const late = await run(scenario({ happens }), { code: standIn({ idleWindows: at({ 80: park, 82: wake }) }) });
    expect(brokenBy(late)).toContain(1);
    expect(sentences(late)).toContain('its policy does not say zero: { by: park }');
  });

  it('2 and 5: what somebody else recreated is his', async () => {
    const target =
      'ServiceNamespace: sagemaker, ScalableDimension: "sagemaker:variant:DesiredInstanceCount", ResourceId: endpoint/chat/variant/AllTraffic';
    const happens = `
  - { at: +5m, call: ApplicationAutoScaling.RegisterScalableTarget, with: { ${target}, MinCapacity: 1, MaxCapacity: 3 } }
  - { at: +70m, call: SageMaker.CreateEndpoint, with: { EndpointName: chat, EndpointConfigName: chat } }`;
    const rehearsal = await run(scenario({ happens }), { code: standIn({ idleWindows: at({ 60: park }) }) });
    expect(sentences(rehearsal)).toBe('[]');
    expect(rehearsal.result.endpoints['chat']?.final.scalableTargets).toEqual([]);
  });
});

describe('parks and wakes', () => {
  it('are counted where a create follows a delete within the same instant', async () => {
    const happens = `
  - { at: +30m, call: SageMaker.DeleteEndpoint, with: { EndpointName: chat } }
  - { at: +32m, call: SageMaker.CreateEndpoint, with: { EndpointName: chat, EndpointConfigName: chat } }`;
    const { result } = await run(scenario({ happens }), { code: standIn({}) });
    const chat = result.endpoints['chat'];
    expect(chat?.spans.map(({ status }) => status)).toEqual(['InService', 'Deleting', 'Creating', 'InService']);
    expect(chat).toMatchObject({ parks: 1, wakes: 1, wakeSeconds: [480] });
  });
});
