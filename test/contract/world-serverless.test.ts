import {
  DescribeScalingActivitiesCommand,
  PutScalingPolicyCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DescribeEndpointCommand,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from '@aws-sdk/client-sagemaker';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ApiError, EndpointSeed } from '../../simulator/contract.ts';
import { createAws, createClients, failureOf } from '../support/simulator-clients.ts';
import { readMetric } from '../support/world-endpoints.ts';
import { createWorldUnderTest, HOUR, MINUTE, type WorldUnderTest } from '../support/world-kernel.ts';

const START_MS = 2 * MINUTE;

function seedOf(overrides: Partial<EndpointSeed> = {}): EndpointSeed {
  return {
    name: 'Chat',
    kind: 'serverless',
    instanceType: '',
    instances: 2,
    serverless: { memoryMb: 4_096, maxConcurrency: 20 },
    tags: {},
    timing: { startMs: () => START_MS, deleteMs: MINUTE },
    ...overrides,
  };
}

const TARGET = {
  ServiceNamespace: 'sagemaker',
  ResourceId: 'endpoint/Chat/variant/AllTraffic',
  ScalableDimension: 'sagemaker:variant:DesiredProvisionedConcurrency',
} as const;

describe('a serverless endpoint behind real clients', () => {
  function setUp() {
    const aws = createAws();
    const clients = createClients(aws);
    const describeChat = async () => {
      const { EndpointStatus, ProductionVariants } = await clients.sagemaker.send(
        new DescribeEndpointCommand({ EndpointName: 'Chat' }),
      );
      const [variant] = ProductionVariants ?? [];
      return {
        status: EndpointStatus,
        current: variant?.CurrentServerlessConfig?.ProvisionedConcurrency,
        desired: variant?.DesiredServerlessConfig?.ProvisionedConcurrency,
        variant,
      };
    };
    const update = (ServerlessUpdateConfig: object) =>
      clients.sagemaker.send(
        new UpdateEndpointWeightsAndCapacitiesCommand({
          EndpointName: 'Chat',
          DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', ServerlessUpdateConfig }],
        }),
      );
    return { aws, ...clients, describeChat, update };
  }

  const variant = (ServerlessConfig: object, more: object = {}) => ({
    VariantName: 'AllTraffic',
    ModelName: 'm',
    ServerlessConfig: ServerlessConfig as never,
    ...more,
  });

  it('is created from its config, and its provisioned concurrency changes in Updating', async () => {
    const { aws, sagemaker, describeChat, update } = setUp();
    const model = { ModelName: 'm', ExecutionRoleArn: 'arn:aws:iam::123456789012:role/model' };
    await sagemaker.send(new CreateModelCommand(model));
    const config = { MemorySizeInMB: 2_048, MaxConcurrency: 10, ProvisionedConcurrency: 3 };
    await sagemaker.send(
      new CreateEndpointConfigCommand({ EndpointConfigName: 'c', ProductionVariants: [variant(config)] }),
    );
    aws.world.setTiming('Chat', { startMs: () => START_MS, deleteMs: MINUTE });
    await sagemaker.send(new CreateEndpointCommand({ EndpointName: 'Chat', EndpointConfigName: 'c' }));
    expect(await describeChat()).toMatchObject({ status: 'Creating', current: undefined, desired: 3 });
    await aws.run(aws.clock.now() + START_MS);
    const inService = await describeChat();
    expect(inService).toMatchObject({ status: 'InService', current: 3, desired: 3 });
    expect(inService.variant?.CurrentServerlessConfig).toEqual(config);
    expect(inService.variant).not.toHaveProperty('CurrentInstanceCount');
    await update({ ProvisionedConcurrency: 8 });
    expect(await describeChat()).toMatchObject({ status: 'Updating', current: 3, desired: 8 });
    await expect(failureOf(update({ ProvisionedConcurrency: 9 }))).resolves.toMatchObject({
      message: expect.stringContaining('Cannot update in-progress endpoint'),
    });
    await aws.run(aws.clock.now() + START_MS);
    expect(await describeChat()).toMatchObject({ status: 'InService', current: 8, desired: 8 });
    await update({ ProvisionedConcurrency: 1 });
    expect(await describeChat(), 'what is taken away goes at once').toMatchObject({ status: 'Updating', current: 1 });
  });

  it.each<[string, object, string]>([
    ['memory between two steps', variant({ MemorySizeInMB: 1_536, MaxConcurrency: 5 }), 'MemorySizeInMB 1536'],
    ['more memory than there is', variant({ MemorySizeInMB: 7_168, MaxConcurrency: 5 }), 'less than or equal to 6144'],
    ['more at once than 200', variant({ MemorySizeInMB: 1_024, MaxConcurrency: 201 }), 'less than or equal to 200'],
    [
      'provisioned concurrency of 0',
      variant({ MemorySizeInMB: 1_024, MaxConcurrency: 5, ProvisionedConcurrency: 0 }),
      'greater than or equal to 1',
    ],
    [
      'more provisioned than the maximum',
      variant({ MemorySizeInMB: 1_024, MaxConcurrency: 5, ProvisionedConcurrency: 6 }),
      'ProvisionedConcurrency 6 of variant "AllTraffic" must be less than or equal to its MaxConcurrency 5',
    ],
    [
      'instances beside it',
      variant({ MemorySizeInMB: 1_024, MaxConcurrency: 5 }, { InstanceType: 'ml.m5.xlarge' }),
      'exactly one of',
    ],
    [
      'a count of instances beside it',
      variant({ MemorySizeInMB: 1_024, MaxConcurrency: 5 }, { InitialInstanceCount: 1 }),
      'must not specify InitialInstanceCount',
    ],
  ])('CreateEndpointConfig refuses %s', async (_name, given, message) => {
    const { sagemaker } = setUp();
    await sagemaker.send(
      new CreateModelCommand({ ModelName: 'm', ExecutionRoleArn: 'arn:aws:iam::123456789012:role/model' }),
    );
    const create = new CreateEndpointConfigCommand({
      EndpointConfigName: 'c',
      ProductionVariants: [given as never],
    });
    const failure = await failureOf(sagemaker.send(create));
    expect(failure.name).toBe('ValidationException');
    expect(failure.message).toContain(message);
  });

  it('refuses what only instances have, and is refused to those', async () => {
    const { aws, sagemaker, scaling, update } = setUp();
    aws.world.seed(seedOf());
    const timing = { startMs: () => START_MS, deleteMs: MINUTE };
    aws.world.seed({ name: 'Big', kind: 'real-time', instanceType: 'ml.m5.xlarge', instances: 1, tags: {}, timing });
    aws.world.seed(seedOf({ name: 'Bare', instances: 0 }));
    const count = new UpdateEndpointWeightsAndCapacitiesCommand({
      EndpointName: 'Chat',
      DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 2 }],
    });
    const register = (endpoint: string, dimension: 'DesiredProvisionedConcurrency' | 'DesiredInstanceCount') =>
      scaling.send(
        new RegisterScalableTargetCommand({
          ServiceNamespace: 'sagemaker',
          ResourceId: `endpoint/${endpoint}/variant/AllTraffic`,
          ScalableDimension: `sagemaker:variant:${dimension}`,
          MinCapacity: 1,
          MaxCapacity: 4,
        }),
      );
    const toServerless = new UpdateEndpointCommand({ EndpointName: 'Big', EndpointConfigName: 'Chat' });
    const refusals = await Promise.all(
      [
        sagemaker.send(count),
        update({ ProvisionedConcurrency: 21 }),
        update({ ProvisionedConcurrency: 0 }),
        register('Chat', 'DesiredInstanceCount'),
        register('Big', 'DesiredProvisionedConcurrency'),
        register('Bare', 'DesiredProvisionedConcurrency'),
        sagemaker.send(toServerless),
      ].map(async (call) => (await failureOf(call)).message),
    );
    expect(refusals).toEqual([
      expect.stringContaining('DesiredInstanceCount is not supported'),
      expect.stringContaining('less than or equal to its MaxConcurrency 20'),
      expect.stringContaining('greater than or equal to 1'),
      expect.stringContaining('is serverless'),
      expect.stringContaining('is not serverless'),
      expect.stringContaining('no provisioned concurrency to scale'),
      expect.stringContaining('Cannot convert endpoint'),
    ]);
  });

  it('is scaled by Application Auto Scaling: bounds, a scheduled action, activities that name what was set', async () => {
    const { aws, scaling, cloudwatch, describeChat } = setUp();
    aws.world.seed(seedOf());
    await scaling.send(new RegisterScalableTargetCommand({ ...TARGET, MinCapacity: 4, MaxCapacity: 10 }));
    await aws.run(aws.clock.now() + START_MS);
    expect(await describeChat()).toMatchObject({ status: 'InService', current: 4 });
    const policy = {
      TargetValue: 0.7,
      PredefinedMetricSpecification: {
        PredefinedMetricType: 'SageMakerVariantProvisionedConcurrencyUtilization',
      },
    } as const;
    await scaling.send(
      new PutScalingPolicyCommand({
        ...TARGET,
        PolicyName: 'track',
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration: policy,
      }),
    );
    const { MetricAlarms = [] } = await cloudwatch.send(new DescribeAlarmsCommand({}));
    expect(MetricAlarms.map(({ MetricName, Threshold }) => [MetricName, Threshold])).toEqual([
      ['ServerlessProvisionedConcurrencyUtilization', 0.7],
      ['ServerlessProvisionedConcurrencyUtilization', 0.63],
    ]);
    const at = new Date(aws.clock.now() + HOUR).toISOString().slice(0, 19);
    await scaling.send(
      new PutScheduledActionCommand({
        ...TARGET,
        ScheduledActionName: 'morning',
        Schedule: `at(${at})`,
        ScalableTargetAction: { MinCapacity: 6 },
      }),
    );
    await aws.run(aws.clock.now() + HOUR + START_MS);
    expect(await describeChat()).toMatchObject({ status: 'InService', current: 6 });
    const { ScalingActivities = [] } = await scaling.send(
      new DescribeScalingActivitiesCommand({ ServiceNamespace: 'sagemaker', ResourceId: TARGET.ResourceId }),
    );
    const done = (count: number) =>
      `Successfully set desired provisioned concurrency to ${count}. Change successfully fulfilled by sagemaker.`;
    expect(ScalingActivities.map(({ StatusMessage }) => StatusMessage)).toEqual([
      done(6),
      'Successfully set min capacity to 6',
      done(4),
    ]);
    expect(new Set(ScalingActivities.map((one) => one.ScalableDimension))).toEqual(new Set([TARGET.ScalableDimension]));
  });

  it('a scalable target may have minimum 0, and nobody gets there', async () => {
    const { aws, scaling, describeChat } = setUp();
    aws.world.seed(seedOf());
    await scaling.send(new RegisterScalableTargetCommand({ ...TARGET, MinCapacity: 0, MaxCapacity: 0 }));
    await aws.run(aws.clock.now() + START_MS);
    expect(await describeChat()).toMatchObject({ status: 'InService', current: 2 });
    const { ScalingActivities = [] } = await scaling.send(
      new DescribeScalingActivitiesCommand({ ServiceNamespace: 'sagemaker' }),
    );
    expect(ScalingActivities[0]).toMatchObject({
      StatusCode: 'Failed',
      StatusMessage: expect.stringContaining('greater than or equal to 1'),
    });
  });
});

describe('requests of a serverless endpoint', () => {
  let w: WorldUnderTest;
  beforeEach(() => {
    w = createWorldUnderTest();
  });
  const serves = { concurrent: 1, seconds: 0.5 };
  /** Requests in each slot of ten seconds, from the first minute on. */
  const seed = (perSlot: (slot: number) => number, overrides: Partial<EndpointSeed> = {}) =>
    w.world.seed(
      seedOf({
        load: { arrivals: (slot) => (slot < 6 ? 0 : perSlot(slot)), serves, whenAway: 'lost', coldStartSeconds: 4 },
        ...overrides,
      }),
    );
  const use = () => w.world.serverlessUse('Chat')!;

  it('find provisioned concurrency warm', () => {
    seed(() => 40); // 40 × 0.5 s in ten seconds: two at once
    w.advance(10 * MINUTE);
    expect(use()).toMatchObject({ coldStarts: 0, throttled: 0, onDemandGigabyteSeconds: 0 });
    expect(w.world.requests('Chat')).toMatchObject({ cold: 0, failed: 0 });
    expect(w.world.latency('Chat')?.p99).toBeCloseTo(0.5, 1);
  });

  it('beyond it start compute, each until the first of it is ready, and find that warm afterwards', () => {
    seed(() => 60); // three at once, one beyond
    w.advance(10 * MINUTE);
    // The request a second and a half that finds nobody: 4 s of starting at 2 a second.
    expect(use().coldStarts).toBe(8);
    expect(w.world.requests('Chat')).toMatchObject({ cold: 8, failed: 0 });
    expect(w.world.latency('Chat')?.worstHourP95).toBeCloseTo(0.5, 1);
    const { provisionedGigabyteSeconds, onDemandGigabyteSeconds } = use();
    expect(provisionedGigabyteSeconds / onDemandGigabyteSeconds).toBeCloseTo(2, 1);
  });

  it('let what is not asked for grow cold', () => {
    const everyHour = (slot: number): number => (slot % 360 === 6 ? 1 : 0);
    seed(everyHour, { instances: 0 });
    w.advance(5 * HOUR);
    expect(use().coldStarts).toBe(5);
    expect(w.world.latency('Chat')?.p50).toBeCloseTo(4.5, 1);
    const everyMinute = createWorldUnderTest();
    w = everyMinute;
    seed((slot) => (slot % 6 === 0 ? 1 : 0), { instances: 0 });
    w.advance(HOUR);
    expect(use().coldStarts).toBe(1);
  });

  it('are throttled above the maximum concurrency, and a metric tells', () => {
    seed(() => 100, { serverless: { memoryMb: 1_024, maxConcurrency: 3 }, instances: 2 }); // five at once
    w.advance(11 * MINUTE);
    const { failed, total } = w.world.requests('Chat');
    expect(failed / total).toBeCloseTo(0.4, 1);
    expect(use().throttled).toBe(failed);
    const throttled = readMetric(w, 'Invocation4XXErrors', { ms: 4 * MINUTE });
    expect(throttled.every((count) => Math.abs(count - 240) <= 6)).toBe(true);
    expect(throttled).not.toEqual([]);
    expect(
      readMetric(w, 'ServerlessConcurrentExecutionsUtilization', { stat: 'Average', ms: 4 * MINUTE })[0],
    ).toBeCloseTo(1, 1);
  });

  it('called by InvokeEndpoint are throttled above the maximum as all others are, and told of', () => {
    const load = { arrivals: () => 0, serves, whenAway: 'lost', coldStartSeconds: 30 } as const;
    seed(() => 0, { serverless: { memoryMb: 1_024, maxConcurrency: 3 }, instances: 1, load });
    const input = { EndpointName: 'Chat', Body: new TextEncoder().encode('{}') };
    const invoke = (): string => {
      try {
        w.call('SageMakerRuntime', 'InvokeEndpoint', input);
        return 'served';
      } catch (error) {
        const { code, message, httpStatus } = error as ApiError;
        return [code, httpStatus, message].join(' ');
      }
    };
    const many = (count: number) => Array.from({ length: count }, invoke);
    const throttled = 'ThrottlingException 400 ';
    expect(many(3)).toEqual(['served', 'served', 'served']);
    expect(invoke()).toBe(throttled);
    // One was warm; the others start for half a minute, and what starts counts for the maximum.
    w.advance(15_000);
    expect(many(3)).toEqual(['served', throttled, throttled]);
    w.advance(MINUTE);
    expect(many(3)).toEqual(['served', 'served', 'served']);
    w.advance(3 * MINUTE);
    expect(w.world.requests('Chat')).toMatchObject({ total: 10, served: 7, failed: 3 });
    expect(use()).toMatchObject({ coldStarts: 2, throttled: 3 });
    const told = readMetric(w, 'Invocation4XXErrors', { ms: 5 * MINUTE });
    expect(told.reduce((sum, count) => sum + count, 0)).toBe(3);
  });

  it('are throttled while compute that starts takes up the maximum', () => {
    // Three at once would do; but until the first is ready, six a second ask for one each.
    seed(() => 60, { serverless: { memoryMb: 1_024, maxConcurrency: 10 }, instances: 0 });
    w.advance(90_000);
    expect(use()).toMatchObject({ coldStarts: 10, throttled: 14 });
    expect(w.world.requests('Chat').failed).toBe(14);
    w.advance(10 * MINUTE);
    expect(use(), 'ten are warm then').toMatchObject({ coldStarts: 10, throttled: 14 });
  });

  it('publish how far provisioned concurrency is used, beyond 1 too, and nothing without requests', () => {
    seed((slot) => (slot < 60 ? 60 : 0));
    w.advance(9 * MINUTE);
    const read = (name: string, stat: string) => readMetric(w, name, { stat, ms: 4 * MINUTE });
    expect(read('ServerlessProvisionedConcurrencyUtilization', 'Average')[0]).toBeCloseTo(1.5, 1);
    const [kept, spilled] = [
      read('ServerlessProvisionedConcurrencyInvocations', 'Sum')[0]!,
      read('ServerlessProvisionedConcurrencySpilloverInvocations', 'Sum')[0]!,
    ];
    expect([kept, spilled]).toEqual([240, 120]);
    expect(readMetric(w, 'ModelSetupTime', { stat: 'SampleCount', ms: 9 * MINUTE })).toEqual([8]);
    expect(readMetric(w, 'ModelSetupTime', { stat: 'Average', ms: 9 * MINUTE })).toEqual([4_000_000]);
    w.advance(10 * MINUTE);
    expect(read('ServerlessProvisionedConcurrencyUtilization', 'Average')).toEqual([]);
  });

  it('keep their balance whatever comes, and are paid for by the GB-second', () => {
    seed((slot) => (slot * 37) % 113, { serverless: { memoryMb: 2_048, maxConcurrency: 4 } });
    w.advance(HOUR);
    const { total, served, failed, expired, pending, cold } = w.world.requests('Chat');
    expect(served + failed + expired + pending).toBe(total);
    expect(cold).toBeGreaterThan(0);
    expect(failed).toBeGreaterThan(0);
    const paid = Object.fromEntries(w.world.paid('Chat').map((one) => [one.instanceType, one.instanceSeconds]));
    expect(paid['serverless-provisioned']).toBe(2 * 2 * 3_600);
    expect(paid['serverless-provisioned-use']! + paid['serverless']!).toBeCloseTo(served * 0.5 * 2, -2);
  });
});
