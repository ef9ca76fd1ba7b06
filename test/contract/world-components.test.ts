import { beforeEach, describe, expect, test } from 'vitest';
import type { ComponentChange, ComponentSeed, EndpointSeed } from '../../simulator/contract.ts';
import { countsOf, statusOf, TIMING } from '../support/world-endpoints.ts';
import { createWorldUnderTest, HOUR, MINUTE, type WorldUnderTest } from '../support/world-kernel.ts';

const INSTANCE_START = 4 * MINUTE;
const COPY_START = 3 * MINUTE;
const ARN = 'arn:aws:sagemaker:eu-central-1:123456789012:inference-component/llama';
let w: WorldUnderTest;
let changes: ComponentChange[];

beforeEach(() => {
  w = createWorldUnderTest();
  changes = [];
  w.world.onComponentChange((change) => changes.push(change));
});

function component(name: string, overrides: Partial<ComponentSeed> = {}): ComponentSeed {
  const needs = { accelerators: 1, memoryMb: 4_096 };
  return { name, copies: 1, needs, startMs: () => COPY_START, ...overrides };
}

/** On ml.g5.12xlarge: four accelerators, so four copies of a component that takes one. */
function seed(components: readonly ComponentSeed[], overrides: Partial<EndpointSeed> = {}): void {
  w.world.seed({
    name: 'Shared',
    kind: 'components',
    instanceType: 'ml.g5.12xlarge',
    instances: 0,
    tags: {},
    timing: { ...TIMING, startMs: () => INSTANCE_START },
    managedScaling: { min: 0, max: 3 },
    components,
    ...overrides,
  });
}

function describeComponent(name = 'llama') {
  return w.call('SageMaker', 'DescribeInferenceComponent', { InferenceComponentName: name });
}

function copiesOf(name = 'llama'): { status: string; current: number; desired: number } {
  const { InferenceComponentStatus: status, RuntimeConfig } = describeComponent(name);
  return { status, current: RuntimeConfig.CurrentCopyCount, desired: RuntimeConfig.DesiredCopyCount };
}

function setCopies(CopyCount: number, name = 'llama'): void {
  w.call('SageMaker', 'UpdateInferenceComponentRuntimeConfig', {
    InferenceComponentName: name,
    DesiredRuntimeConfig: { CopyCount },
  });
}

const creation = {
  InferenceComponentName: 'Mistral',
  EndpointName: 'Shared',
  Specification: {
    ModelName: 'llama',
    ComputeResourceRequirements: { NumberOfAcceleratorDevicesRequired: 1, MinMemoryRequiredInMb: 4_096 },
  },
};

/** Values of a component's metric, oldest first; the newest minute is not there yet. */
function metric(name: string, stat = 'Sum', ms = 10 * MINUTE, period = 60): number[] {
  const Dimensions = [{ Name: 'InferenceComponentName', Value: 'llama' }];
  const answer = w.call('CloudWatch', 'GetMetricData', {
    StartTime: new Date(w.now() - ms),
    EndTime: new Date(w.now()),
    ScanBy: 'TimestampAscending',
    MetricDataQueries: [
      {
        Id: 'm',
        MetricStat: {
          Metric: { Namespace: 'AWS/SageMaker', MetricName: name, Dimensions },
          Period: period,
          Stat: stat,
        },
      },
    ],
  });
  return answer.MetricDataResults[0].Values;
}

describe('inference components', () => {
  test('are created, listed, described and deleted, each in its time', () => {
    seed([component('llama')]);
    w.call('SageMaker', 'CreateInferenceComponent', { ...creation, Tags: [{ Key: 'team', Value: 'a' }] });
    expect(copiesOf('mistral')).toEqual({ status: 'Creating', current: 0, desired: 1 });
    w.advance(4 * MINUTE - 1);
    expect(copiesOf('mistral').status).toBe('Creating');
    w.advance(1);
    expect(describeComponent('mistral')).toMatchObject({
      InferenceComponentName: 'Mistral',
      EndpointName: 'Shared',
      VariantName: 'AllTraffic',
      InferenceComponentStatus: 'InService',
      Specification: creation.Specification,
      RuntimeConfig: { CurrentCopyCount: 1, DesiredCopyCount: 1 },
    });
    const list = (input: object): string[] =>
      w
        .call('SageMaker', 'ListInferenceComponents', input)
        .InferenceComponents.map((one: { InferenceComponentName: string }) => one.InferenceComponentName);
    expect(list({ EndpointNameEquals: 'shared', SortBy: 'Name', SortOrder: 'Ascending' })).toEqual([
      'Mistral',
      'llama',
    ]);
    expect(list({ EndpointNameEquals: 'other' })).toEqual([]);
    expect(w.call('SageMaker', 'ListTags', { ResourceArn: ARN.replace('llama', 'mistral') }).Tags).toEqual([
      { Key: 'team', Value: 'a' },
    ]);
    w.call('SageMaker', 'DeleteInferenceComponent', { InferenceComponentName: 'Mistral' });
    expect(copiesOf('Mistral').status).toBe('Deleting');
    w.advance(MINUTE);
    expect(list({})).toEqual(['llama']);
    expect(w.refusal('SageMaker', 'DescribeInferenceComponent', { InferenceComponentName: 'Mistral' })).toBe(
      `ValidationException: Could not find inference component "${ARN.replace('llama', 'mistral')}".`,
    );
  });

  test('a change in progress refuses every other, a name is taken in any case, zero is no size to be created with', () => {
    seed([component('llama')]);
    setCopies(2);
    for (const operation of ['UpdateInferenceComponentRuntimeConfig', 'DeleteInferenceComponent']) {
      const input = { InferenceComponentName: 'llama', DesiredRuntimeConfig: { CopyCount: 3 } };
      expect(w.refusal('SageMaker', operation, input)).toBe(
        `ValidationException: Cannot update in-progress inference component "${ARN}".`,
      );
    }
    const create = (over: object) => w.refusal('SageMaker', 'CreateInferenceComponent', { ...creation, ...over });
    expect(create({ InferenceComponentName: 'LLAMA' })).toContain('Cannot create already existing inference component');
    expect(create({ RuntimeConfig: { CopyCount: 0 } })).toContain('copy count an integer larger than 0');
    expect(create({ EndpointName: 'none' })).toContain('Could not find endpoint');
    expect(create({ VariantName: 'none' })).toContain('Could not find variant "none"');
  });

  test('belong on a variant without a model, whose config has the role', () => {
    seed([component('llama')]);
    w.world.seed({
      name: 'Classic',
      kind: 'real-time',
      instanceType: 'ml.g5.xlarge',
      instances: 1,
      tags: {},
      timing: TIMING,
    });
    expect(w.refusal('SageMaker', 'CreateInferenceComponent', { ...creation, EndpointName: 'Classic' })).toContain(
      'has a model of its own and cannot host inference components',
    );
    const variant = { VariantName: 'v', InstanceType: 'ml.g5.xlarge', InitialInstanceCount: 1 };
    const config = { EndpointConfigName: 'c', ProductionVariants: [variant] };
    expect(w.refusal('SageMaker', 'CreateEndpointConfig', config)).toContain('ExecutionRoleArn is required');
  });

  test('share instances as their accelerators and memory allow', () => {
    seed([component('llama'), component('small', { copies: 2, needs: { cpus: 4, memoryMb: 50_000 } })]);
    expect(countsOf(w, 'Shared')).toEqual({ current: 1, desired: 1 });
    setCopies(3);
    w.advance(COPY_START);
    // Three accelerators of four, and room in memory for one more of the other.
    expect(copiesOf()).toEqual({ status: 'InService', current: 3, desired: 3 });
    expect(countsOf(w, 'Shared')).toEqual({ current: 1, desired: 1 });
    setCopies(5);
    expect(countsOf(w, 'Shared')).toEqual({ current: 1, desired: 2 });
    w.advance(INSTANCE_START + COPY_START - 1);
    expect(copiesOf()).toEqual({ status: 'Updating', current: 3, desired: 5 });
    w.advance(1);
    expect(copiesOf()).toEqual({ status: 'InService', current: 5, desired: 5 });
  });

  test('zero copies leave zero instances, where the minimum is zero, and cost nothing more', () => {
    seed([component('llama')]);
    setCopies(0);
    expect(copiesOf()).toEqual({ status: 'Updating', current: 0, desired: 0 });
    w.advance(MINUTE);
    expect(copiesOf().status).toBe('InService');
    expect(countsOf(w, 'Shared')).toEqual({ current: 1, desired: 1 });
    w.advance(9 * MINUTE);
    expect(countsOf(w, 'Shared')).toEqual({ current: 0, desired: 0 });
    expect(statusOf(w, 'Shared')).toBe('InService');
    w.advance(HOUR);
    expect(w.world.paid('Shared')).toEqual([{ instanceType: 'ml.g5.12xlarge', instanceSeconds: 600 }]);
    setCopies(2);
    w.advance(INSTANCE_START + COPY_START);
    expect(copiesOf()).toEqual({ status: 'InService', current: 2, desired: 2 });
    expect(changes.map(({ serving }) => serving).at(-1)).toBe(2);
  });

  test('an instance stays for another component, and for the minimum', () => {
    seed([component('llama'), component('other')], { managedScaling: { min: 1, max: 2 } });
    setCopies(0);
    w.advance(HOUR);
    expect(countsOf(w, 'Shared')).toEqual({ current: 1, desired: 1 });
    setCopies(0, 'other');
    w.advance(HOUR);
    expect(countsOf(w, 'Shared')).toEqual({ current: 1, desired: 1 });
  });

  test('what finds no room or no capacity leaves the copies there were, with a reason', () => {
    seed([component('llama', { copies: 4 })]);
    setCopies(13);
    w.advance(MINUTE);
    expect(copiesOf()).toEqual({ status: 'InService', current: 4, desired: 4 });
    expect(describeComponent().FailureReason).toContain('maximum number of instances');
    const shortage = w.world.addShortage({
      instanceType: 'ml.g5.12xlarge',
      from: w.now(),
      until: w.now() + HOUR,
      failsAfterMs: 30 * MINUTE,
    });
    setCopies(5);
    w.advance(30 * MINUTE - 1);
    expect(copiesOf()).toEqual({ status: 'Updating', current: 4, desired: 5 });
    w.advance(1);
    expect(copiesOf()).toEqual({ status: 'InService', current: 4, desired: 4 });
    expect(describeComponent().FailureReason).toContain('InsufficientInstanceCapacity');
    expect(shortage.times()).toBe(1);
    w.advance(HOUR);
    setCopies(5);
    w.advance(INSTANCE_START + COPY_START);
    expect(copiesOf()).toEqual({ status: 'InService', current: 5, desired: 5 });
    expect(describeComponent().FailureReason).toBeUndefined();
  });

  test('a quota refuses the call at once', () => {
    seed([component('llama', { copies: 4 })]);
    w.world.setQuota('ml.g5.12xlarge', 1);
    const input = { InferenceComponentName: 'llama', DesiredRuntimeConfig: { CopyCount: 5 } };
    expect(w.refusal('SageMaker', 'UpdateInferenceComponentRuntimeConfig', input)).toContain('ResourceLimitExceeded');
    expect(copiesOf()).toEqual({ status: 'InService', current: 4, desired: 4 });
  });

  test('containers that never pass their health check take their copies with them', () => {
    seed([component('llama', { copies: 0 })]);
    w.world.addSickness({ endpoint: 'Shared', from: w.now(), until: w.now() + HOUR, failsAfterMs: 20 * MINUTE });
    setCopies(1);
    w.advance(INSTANCE_START + 20 * MINUTE);
    expect(copiesOf()).toEqual({ status: 'InService', current: 0, desired: 0 });
    expect(describeComponent().FailureReason).toContain('ping health check');
    w.advance(10 * MINUTE);
    expect(countsOf(w, 'Shared')).toEqual({ current: 0, desired: 0 });
  });

  test('an update gives copies another specification', () => {
    seed([component('llama')]);
    const Specification = {
      ModelName: 'llama',
      ComputeResourceRequirements: { NumberOfAcceleratorDevicesRequired: 4, MinMemoryRequiredInMb: 4_096 },
    };
    w.call('SageMaker', 'UpdateInferenceComponent', { InferenceComponentName: 'llama', Specification });
    expect(copiesOf().status).toBe('Updating');
    w.advance(COPY_START);
    expect(describeComponent()).toMatchObject({ Specification, InferenceComponentStatus: 'InService' });
    setCopies(2);
    expect(countsOf(w, 'Shared')).toEqual({ current: 1, desired: 2 });
  });

  test('outlive an endpoint that is deleted, keep their names, and serve no other of its name', () => {
    seed([component('llama')]);
    w.call('SageMaker', 'DeleteEndpoint', { EndpointName: 'Shared' });
    w.advance(2 * MINUTE);
    expect(copiesOf()).toEqual({ status: 'InService', current: 1, desired: 1 });
    w.call('SageMaker', 'CreateEndpoint', { EndpointName: 'Shared', EndpointConfigName: 'Shared' });
    w.advance(10 * MINUTE);
    const again = { ...creation, InferenceComponentName: 'llama' };
    expect(w.refusal('SageMaker', 'CreateInferenceComponent', again)).toContain('Cannot create already existing');
    const update = { InferenceComponentName: 'llama', DesiredRuntimeConfig: { CopyCount: 2 } };
    expect(w.refusal('SageMaker', 'UpdateInferenceComponentRuntimeConfig', update)).toContain('its endpoint is gone');
    expect(changes.at(-1)).toMatchObject({ component: 'llama', serving: 0 });
    w.call('SageMaker', 'DeleteInferenceComponent', { InferenceComponentName: 'llama' });
    w.advance(MINUTE);
    w.call('SageMaker', 'CreateInferenceComponent', again);
  });

  test('an endpoint update leaves components and instances where they are', () => {
    seed([component('llama', { copies: 5 })]);
    const { ProductionVariants, ExecutionRoleArn } = w.call('SageMaker', 'DescribeEndpointConfig', {
      EndpointConfigName: 'Shared',
    });
    const variant = { ...ProductionVariants[0], ManagedInstanceScaling: { Status: 'ENABLED', MaxInstanceCount: 9 } };
    const config = { EndpointConfigName: 'next', ExecutionRoleArn, ProductionVariants: [variant] };
    w.call('SageMaker', 'CreateEndpointConfig', config);
    w.call('SageMaker', 'UpdateEndpoint', { EndpointName: 'Shared', EndpointConfigName: 'next' });
    w.advance(INSTANCE_START);
    expect(statusOf(w, 'Shared')).toBe('InService');
    expect(countsOf(w, 'Shared')).toEqual({ current: 2, desired: 2 });
    setCopies(13);
    w.advance(INSTANCE_START + COPY_START);
    expect(copiesOf()).toEqual({ status: 'InService', current: 13, desired: 13 });
    const other = { ...variant, InstanceType: 'ml.g5.xlarge' };
    w.call('SageMaker', 'CreateEndpointConfig', { ...config, EndpointConfigName: 'odd', ProductionVariants: [other] });
    const update = { EndpointName: 'Shared', EndpointConfigName: 'odd' };
    expect(w.refusal('SageMaker', 'UpdateEndpoint', update)).toContain('hosts inference components');
  });
});

describe('requests to a component', () => {
  const load = (perSlot: number, from = 0) => ({
    arrivals: (slot: number) => (slot >= from ? perSlot : 0),
    serves: { concurrent: 2, seconds: 1 },
    whenAway: 'lost' as const,
  });

  test('are served by its copies alone, and published under its name alone', () => {
    seed([component('llama', { copies: 2, load: load(4) }), component('other')]);
    w.advance(10 * MINUTE);
    expect(w.world.requests('Shared', 'llama')).toMatchObject({ total: 240, served: 240, cold: 0, failed: 0 });
    expect(w.world.requests('Shared', 'other').total).toBe(0);
    expect(w.world.requests('Shared').total).toBe(240);
    expect(w.world.latency('Shared')?.p95).toBeCloseTo(1, 1);
    expect(metric('Invocations')).toEqual(Array(9).fill(24));
    expect(metric('InvocationsPerCopy')).toEqual(Array(9).fill(12));
    expect(metric('ConcurrentRequestsPerCopy', 'Maximum', MINUTE, 10)).toHaveLength(5);
    const listed = w.call('CloudWatch', 'ListMetrics', { MetricName: 'Invocations' }).Metrics;
    expect(listed.map((one: { Dimensions: object[] }) => one.Dimensions)).toEqual([
      [{ Name: 'InferenceComponentName', Value: 'llama' }],
      [{ Name: 'InferenceComponentName', Value: 'other' }],
    ]);
  });

  test('without traffic zeros are published, without a copy nothing', () => {
    seed([component('llama')]);
    w.advance(5 * MINUTE);
    expect(metric('Invocations', 'Sum', 5 * MINUTE)).toEqual([0, 0, 0, 0]);
    setCopies(0);
    w.advance(20 * MINUTE);
    expect(metric('Invocations')).toEqual([]);
    expect(metric('ConcurrentRequestsPerCopy', 'Maximum')).toEqual([]);
    expect(metric('NoCapacityInvocationFailures')).toEqual([]);
  });

  test('that meet no copy fail, and are told of by NoCapacityInvocationFailures', () => {
    seed([component('llama', { copies: 0, load: load(1) })]);
    w.advance(3 * MINUTE);
    expect(w.world.requests('Shared', 'llama')).toMatchObject({ total: 18, served: 0, cold: 18, failed: 18 });
    expect(metric('NoCapacityInvocationFailures', 'Sum', 3 * MINUTE)).toEqual([6, 6]);
    expect(
      w.refusal('SageMakerRuntime', 'InvokeEndpoint', { EndpointName: 'Shared', InferenceComponentName: 'llama' }),
    ).toContain('ValidationError: Inference Component has no capacity');
  });

  test('callers that wait try again, each try is told of, and the first copy serves them', () => {
    const once = { ...load(0), arrivals: (slot: number) => (slot === 0 ? 1 : 0), whenAway: 'asks' as const };
    seed([component('llama', { copies: 0, load: once })]);
    w.advance(2 * MINUTE);
    expect(metric('NoCapacityInvocationFailures', 'Sum', 2 * MINUTE)).toEqual([2]);
    setCopies(1);
    w.advance(INSTANCE_START + COPY_START + MINUTE);
    expect(w.world.requests('Shared', 'llama')).toMatchObject({ total: 1, served: 1, cold: 1, failed: 0, pending: 0 });
  });
});

describe('Application Auto Scaling of copies', () => {
  const key = {
    ServiceNamespace: 'sagemaker',
    ResourceId: 'inference-component/llama',
    ScalableDimension: 'sagemaker:inference-component:DesiredCopyCount',
  };
  const tracking = (PredefinedMetricType: string, TargetValue: number) => ({
    ...key,
    PolicyName: 'track',
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue,
      PredefinedMetricSpecification: { PredefinedMetricType },
    },
  });

  function register(MinCapacity: number, MaxCapacity: number): void {
    w.call('ApplicationAutoScaling', 'RegisterScalableTarget', { ...key, MinCapacity, MaxCapacity });
  }

  test('bounds move the copies, and the target stays when its component goes', () => {
    seed([component('llama')]);
    register(2, 4);
    expect(copiesOf().desired).toBe(2);
    w.advance(HOUR);
    const { ScalingActivities } = w.call('ApplicationAutoScaling', 'DescribeScalingActivities', {
      ServiceNamespace: 'sagemaker',
      ResourceId: key.ResourceId,
    });
    expect(ScalingActivities[0]).toMatchObject({
      ScalableDimension: key.ScalableDimension,
      Description: 'Setting desired copy count to 2.',
      StatusCode: 'Successful',
    });
    w.call('SageMaker', 'DeleteInferenceComponent', { InferenceComponentName: 'llama' });
    w.advance(HOUR);
    const { ScalableTargets } = w.call('ApplicationAutoScaling', 'DescribeScalableTargets', {
      ServiceNamespace: 'sagemaker',
    });
    expect(ScalableTargets).toMatchObject([{ ...key, MinCapacity: 2, MaxCapacity: 4 }]);
  });

  test.each([
    ['SageMakerInferenceComponentInvocationsPerCopy', 30],
    ['SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution', 0.5],
  ])('%s scales out in proportion and in again', (metricType, target) => {
    const busy = {
      arrivals: (slot: number) => (slot < 360 ? 10 : 0),
      serves: { concurrent: 4, seconds: 1 },
      whenAway: 'lost' as const,
    };
    seed([component('llama', { load: busy })]);
    register(1, 4);
    w.call('ApplicationAutoScaling', 'PutScalingPolicy', tracking(metricType, target));
    w.advance(20 * MINUTE);
    expect(copiesOf().desired).toBe(2);
    w.advance(2 * HOUR);
    expect(copiesOf()).toEqual({ status: 'InService', current: 1, desired: 1 });
  });

  test('metrics of instances and of copies are not for each other', () => {
    seed([component('llama')]);
    register(1, 4);
    const policy = tracking('SageMakerVariantInvocationsPerInstance', 10);
    expect(w.refusal('ApplicationAutoScaling', 'PutScalingPolicy', policy)).toContain('cannot be used with scalable');
  });

  test('a step policy on NoCapacityInvocationFailures brings the first copy', () => {
    const late = {
      arrivals: (slot: number) => (slot === 60 ? 1 : 0),
      serves: { concurrent: 4, seconds: 1 },
      whenAway: 'lost' as const,
    };
    seed([component('llama', { copies: 0, load: late })]);
    register(0, 4);
    const { PolicyARN } = w.call('ApplicationAutoScaling', 'PutScalingPolicy', {
      ...key,
      PolicyName: 'step',
      PolicyType: 'StepScaling',
      StepScalingPolicyConfiguration: {
        AdjustmentType: 'ExactCapacity',
        StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
      },
    });
    w.call('CloudWatch', 'PutMetricAlarm', {
      AlarmName: 'wake',
      Namespace: 'AWS/SageMaker',
      MetricName: 'NoCapacityInvocationFailures',
      Dimensions: [{ Name: 'InferenceComponentName', Value: 'llama' }],
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: [PolicyARN],
    });
    w.advance(9 * MINUTE);
    expect(copiesOf().desired).toBe(0);
    w.advance(10 * MINUTE);
    expect(copiesOf()).toEqual({ status: 'InService', current: 1, desired: 1 });
  });
});
