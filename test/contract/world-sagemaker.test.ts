import { beforeEach, describe, expect, test } from 'vitest';
import {
  countsOf,
  readMetric,
  seedAsync,
  seedRealTime,
  setInstances,
  statusOf,
  TIMING,
  targetKey,
} from '../support/world-endpoints.ts';
import { createWorldUnderTest, HOUR, MINUTE, type WorldUnderTest } from '../support/world-kernel.ts';

const ARN = 'arn:aws:sagemaker:eu-central-1:123456789012:endpoint/chat';
let w: WorldUnderTest;

beforeEach(() => {
  w = createWorldUnderTest();
});

function deleteChat(): void {
  w.call('SageMaker', 'DeleteEndpoint', { EndpointName: 'Chat' });
}

function createChat(config = 'Chat'): void {
  w.call('SageMaker', 'CreateEndpoint', { EndpointName: 'Chat', EndpointConfigName: config });
}

function statusEvents(): string[] {
  return w.events.filter((e) => e.source === 'aws.sagemaker').map((e) => e.detail['EndpointStatus'] as string);
}

describe('the status machine', () => {
  test('delete and recreate take their time, and tell of it in UPPER_SNAKE', () => {
    seedRealTime(w);
    deleteChat();
    expect(statusOf(w)).toBe('Deleting');
    w.advance(2 * MINUTE);
    expect(w.refusal('SageMaker', 'DescribeEndpoint', { EndpointName: 'chat' })).toBe(
      `ValidationException: Could not find endpoint "${ARN}".`,
    );
    createChat();
    w.advance(8 * MINUTE - 1);
    expect(statusOf(w)).toBe('Creating');
    w.advance(1);
    expect(statusOf(w)).toBe('InService');
    expect(statusEvents()).toEqual(['DELETING', 'DELETED', 'CREATING', 'IN_SERVICE']);
    expect(w.events[0]).toMatchObject({
      detailType: 'SageMaker Endpoint State Change',
      resources: [ARN],
      detail: { EndpointName: 'Chat', EndpointConfigName: 'Chat', LastModifiedTime: w.now() - 10 * MINUTE, Tags: {} },
    });
  });

  test.each(['DeleteEndpoint', 'UpdateEndpoint', 'UpdateEndpointWeightsAndCapacities'])(
    '%s is refused while anything is in progress',
    (operation) => {
      const input = {
        EndpointName: 'Chat',
        EndpointConfigName: 'Chat',
        DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 3 }],
      };
      const refusal = `ValidationException: Cannot update in-progress endpoint "${ARN}".`;
      seedRealTime(w);
      setInstances(w, 2);
      expect(w.refusal('SageMaker', operation, input)).toBe(refusal);
      w.advance(8 * MINUTE);
      deleteChat();
      expect(w.refusal('SageMaker', operation, input)).toBe(refusal);
      w.advance(2 * MINUTE);
      createChat();
      expect(w.refusal('SageMaker', operation, input)).toBe(refusal);
    },
  );

  test('a name is taken in any case, while it is being deleted too', () => {
    seedRealTime(w);
    const again = { EndpointName: 'CHAT', EndpointConfigName: 'Chat' };
    const refusal = `ValidationException: Cannot create already existing endpoint "${ARN}".`;
    expect(w.refusal('SageMaker', 'CreateEndpoint', again)).toBe(refusal);
    deleteChat();
    expect(w.refusal('SageMaker', 'CreateEndpoint', again)).toBe(refusal);
    w.advance(2 * MINUTE);
    w.call('SageMaker', 'CreateEndpoint', again);
    expect(w.call('SageMaker', 'DescribeEndpoint', { EndpointName: 'chat' }).EndpointName).toBe('CHAT');
  });

  test('a config that is not there cannot be created from', () => {
    expect(w.refusal('SageMaker', 'CreateEndpoint', { EndpointName: 'x', EndpointConfigName: 'Gone' })).toBe(
      'ValidationException: Could not find endpoint configuration "arn:aws:sagemaker:eu-central-1:123456789012:endpoint-config/gone".',
    );
  });
});

describe('capacity', () => {
  test('a start in a shortage fails late, costs nothing, and leaves only DeleteEndpoint', () => {
    seedRealTime(w);
    deleteChat();
    w.advance(2 * MINUTE);
    const handle = w.world.addShortage({
      instanceType: 'ml.g5.2xlarge',
      from: w.now(),
      until: w.now() + MINUTE,
      failsAfterMs: 30 * MINUTE,
    });
    createChat();
    w.advance(30 * MINUTE - 1);
    expect(statusOf(w)).toBe('Creating');
    w.advance(1);
    const { EndpointStatus, FailureReason } = w.call('SageMaker', 'DescribeEndpoint', { EndpointName: 'Chat' });
    expect(EndpointStatus).toBe('Failed');
    expect(FailureReason).toContain(
      'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error.',
    );
    expect(handle.times()).toBe(1);
    expect(w.world.paid('Chat')).toEqual([{ instanceType: 'ml.g5.2xlarge', instanceSeconds: 0 }]);
    expect(w.refusal('SageMaker', 'UpdateEndpoint', { EndpointName: 'Chat', EndpointConfigName: 'Chat' })).toContain(
      'ValidationException',
    );
    deleteChat();
    w.advance(2 * MINUTE);
    createChat();
    w.advance(8 * MINUTE);
    expect(statusOf(w)).toBe('InService');
  });

  test('a scale-out in a shortage rolls back to the old counts', () => {
    seedRealTime(w);
    w.world.addShortage({ instanceType: 'ml.g5.2xlarge', from: w.now(), failsAfterMs: 30 * MINUTE });
    setInstances(w, 4);
    expect(countsOf(w)).toEqual({ current: 1, desired: 4 });
    w.advance(30 * MINUTE);
    expect(statusOf(w)).toBe('RollingBack');
    w.advance(MINUTE);
    expect(statusOf(w)).toBe('InService');
    expect(countsOf(w)).toEqual({ current: 1, desired: 1 });
    expect(statusEvents()).toEqual(['UPDATING', 'ROLLING_BACK', 'IN_SERVICE']);
    expect(w.world.paid('chat')[0]!.instanceSeconds).toBe(31 * 60);
  });

  test('instance pools give way to the next priority', () => {
    seedRealTime(w, { name: 'other' });
    w.call('SageMaker', 'CreateEndpointConfig', {
      EndpointConfigName: 'pools',
      ProductionVariants: [
        {
          VariantName: 'AllTraffic',
          ModelName: 'other',
          InitialInstanceCount: 2,
          InstancePools: [
            { InstanceType: 'ml.g5.2xlarge', Priority: 2 },
            { InstanceType: 'ml.g6.2xlarge', Priority: 1 },
          ],
        },
      ],
    });
    w.world.addShortage({ instanceType: 'ml.g6.2xlarge', from: w.now(), failsAfterMs: 30 * MINUTE });
    createChat('pools');
    w.advance(8 * MINUTE);
    expect(
      w.call('SageMaker', 'DescribeEndpoint', { EndpointName: 'Chat' }).ProductionVariants[0].InstancePools,
    ).toEqual([
      { InstanceType: 'ml.g5.2xlarge', CurrentInstanceCount: 2 },
      { InstanceType: 'ml.g6.2xlarge', CurrentInstanceCount: 0 },
    ]);
    expect(w.world.paid('Chat')).toEqual([{ instanceType: 'ml.g5.2xlarge', instanceSeconds: 2 * 8 * 60 }]);
  });

  test('a quota is refused at once, with limit, use and request', () => {
    seedRealTime(w);
    w.world.setQuota('ml.g5.2xlarge', 2);
    expect(() => setInstances(w, 4)).toThrow(
      "The account-level service limit 'ml.g5.2xlarge for endpoint usage' is 2 Instances, with current utilization of 1 Instances and a request delta of 3 Instances",
    );
    expect(statusOf(w)).toBe('InService');
  });

  test('paid time runs from the call that starts instances to the call that takes them away', () => {
    seedRealTime(w, { instances: 2 });
    w.advance(10 * MINUTE);
    setInstances(w, 3);
    w.advance(10 * MINUTE);
    setInstances(w, 1);
    w.advance(10 * MINUTE);
    deleteChat();
    w.advance(HOUR);
    expect(w.world.paid('Chat')).toEqual([{ instanceType: 'ml.g5.2xlarge', instanceSeconds: 60 * (20 + 30 + 10) }]);
  });

  test('zero is for asynchronous variants only', () => {
    seedRealTime(w);
    seedAsync(w, { instances: 1 });
    expect(() => setInstances(w, 0)).toThrow('The minimum instance count of a real-time variant is 1.');
    setInstances(w, 0, 'Scribe');
    w.advance(MINUTE);
    expect(countsOf(w, 'Scribe')).toEqual({ current: 0, desired: 0 });
  });
});

describe('updates', () => {
  function addConfig(name: string, instanceType: string): void {
    w.call('SageMaker', 'CreateEndpointConfig', {
      EndpointConfigName: name,
      ProductionVariants: [
        { VariantName: 'AllTraffic', ModelName: 'Chat', InitialInstanceCount: 1, InstanceType: instanceType },
      ],
    });
  }

  test.each([
    [false, 1],
    [true, 3],
  ])('RetainAllVariantProperties %s leaves %d instances of 3', (RetainAllVariantProperties, count) => {
    seedRealTime(w, { instances: 3 });
    addConfig('next', 'ml.g6.2xlarge');
    w.call('SageMaker', 'UpdateEndpoint', {
      EndpointName: 'Chat',
      EndpointConfigName: 'next',
      RetainAllVariantProperties,
    });
    w.advance(8 * MINUTE);
    expect(countsOf(w)).toEqual({ current: count, desired: count });
    expect(w.call('SageMaker', 'DescribeEndpoint', { EndpointName: 'Chat' }).EndpointConfigName).toBe('next');
  });

  test('a failed update hides behind InService on the old config', () => {
    seedRealTime(w);
    addConfig('next', 'ml.g6.2xlarge');
    w.world.addShortage({ instanceType: 'ml.g6.2xlarge', from: w.now(), failsAfterMs: 30 * MINUTE });
    w.call('SageMaker', 'UpdateEndpoint', { EndpointName: 'Chat', EndpointConfigName: 'next' });
    w.advance(31 * MINUTE);
    const { EndpointStatus, EndpointConfigName, FailureReason } = w.call('SageMaker', 'DescribeEndpoint', {
      EndpointName: 'Chat',
    });
    expect([EndpointStatus, EndpointConfigName]).toEqual(['InService', 'Chat']);
    expect(FailureReason).toContain('InsufficientInstanceCapacity');
  });

  test('a variant that is a scalable target keeps its instance type', () => {
    seedRealTime(w);
    addConfig('other-type', 'ml.g6.2xlarge');
    addConfig('same-type', 'ml.g5.2xlarge');
    w.call('ApplicationAutoScaling', 'RegisterScalableTarget', { ...targetKey(), MinCapacity: 1, MaxCapacity: 4 });
    const update = (config: string) => ({ EndpointName: 'Chat', EndpointConfigName: config });
    expect(w.refusal('SageMaker', 'UpdateEndpoint', update('other-type'))).toContain(
      'Deregister the variant as a scalable target first.',
    );
    w.call('SageMaker', 'UpdateEndpoint', update('same-type'));
    w.advance(8 * MINUTE);
    w.call('ApplicationAutoScaling', 'DeregisterScalableTarget', targetKey());
    w.call('SageMaker', 'UpdateEndpoint', update('other-type'));
  });

  test('an endpoint stays asynchronous, or stays what is not', () => {
    seedRealTime(w);
    seedAsync(w);
    const update = (endpoint: string, config: string) =>
      w.refusal('SageMaker', 'UpdateEndpoint', { EndpointName: endpoint, EndpointConfigName: config });
    expect(update('Scribe', 'Chat')).toBe(
      'ValidationException: The AsyncInferenceConfig parameter cannot be removed from this endpoint Scribe.',
    );
    expect(update('Chat', 'Scribe')).toBe(
      'ValidationException: The AsyncInferenceConfig parameter cannot be added to this endpoint Chat.',
    );
  });

  test('a rollback that failed leaves the old config, and ends with another update', () => {
    seedRealTime(w);
    addConfig('next', 'ml.g6.2xlarge');
    const status = 'UpdateRollbackFailed';
    w.world.addStuckStatus({ endpoint: 'Chat', status, from: w.now() + MINUTE, until: w.now() + HOUR });
    const update = { EndpointName: 'Chat', EndpointConfigName: 'next' };
    w.call('SageMaker', 'UpdateEndpoint', update);
    w.advance(55 * MINUTE);
    const describe = () => w.call('SageMaker', 'DescribeEndpoint', { EndpointName: 'Chat' });
    expect(describe()).toMatchObject({ EndpointStatus: status, EndpointConfigName: 'Chat' });
    const capacity = { EndpointName: 'Chat', DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic' }] };
    expect(w.refusal('SageMaker', 'UpdateEndpointWeightsAndCapacities', capacity)).toContain('ValidationException');
    w.call('SageMaker', 'UpdateEndpoint', update);
    w.advance(8 * MINUTE);
    expect(describe()).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'next' });
  });

  test('a shadow stands beside one variant, and alone', () => {
    seedRealTime(w);
    const variant = (VariantName: string) => ({
      VariantName,
      ModelName: 'Chat',
      InitialInstanceCount: 1,
      InstanceType: 'ml.g5.2xlarge',
    });
    const config = (production: string[], shadows: string[]) => ({
      EndpointConfigName: 'shadowed',
      ProductionVariants: production.map(variant),
      ShadowProductionVariants: shadows.map(variant),
    });
    for (const [production, shadows] of [
      [['a', 'b'], ['s']],
      [['a'], ['s', 't']],
    ] as const) {
      expect(w.refusal('SageMaker', 'CreateEndpointConfig', config([...production], [...shadows]))).toContain(
        'only one variant for ProductionVariants',
      );
    }
    w.call('SageMaker', 'CreateEndpointConfig', config(['a'], ['s']));
  });
});

describe('what goes with an endpoint, and what stays', () => {
  test('tags die with it, config, model and metrics stay', () => {
    seedRealTime(w, { tags: { team: 'nlp', 'aws:cloudformation:stack-name': 's' } });
    w.advance(10 * MINUTE);
    deleteChat();
    w.advance(2 * MINUTE);
    expect(w.refusal('SageMaker', 'ListTags', { ResourceArn: ARN })).toContain('ValidationException');
    createChat();
    expect(w.call('SageMaker', 'ListTags', { ResourceArn: ARN }).Tags).toEqual([]);
    expect(
      w.call('SageMaker', 'DescribeEndpointConfig', { EndpointConfigName: 'Chat' }).ProductionVariants,
    ).toHaveLength(1);
    expect(readMetric(w, 'Invocations', { ms: 12 * MINUTE })).toHaveLength(10);
    const history = w.world.taggedResources().find((resource) => resource.arn === ARN)!.history;
    expect(history.map(({ tags }) => tags && Object.keys(tags).length)).toEqual([2, undefined, 0]);
  });

  test('its scalable targets go silently, whatever the case they were registered in', () => {
    seedRealTime(w);
    w.call('ApplicationAutoScaling', 'RegisterScalableTarget', {
      ...targetKey('chat'),
      MinCapacity: 1,
      MaxCapacity: 4,
    });
    deleteChat();
    expect(
      w.call('ApplicationAutoScaling', 'DescribeScalableTargets', { ServiceNamespace: 'sagemaker' }).ScalableTargets,
    ).toEqual([]);
    expect(w.calls.find((c) => c.operation === 'ApplicationAutoScaling.DeregisterScalableTarget')?.caller.kind).toBe(
      'service',
    );
  });

  test('a config is returned as it was given', () => {
    seedRealTime(w);
    const config = {
      EndpointConfigName: 'Full',
      ProductionVariants: [
        {
          VariantName: 'v',
          ModelName: 'Chat',
          InitialInstanceCount: 2,
          InstanceType: 'ml.m5.xlarge',
          VolumeSizeInGB: 30,
        },
      ],
      AsyncInferenceConfig: {
        ClientConfig: { MaxConcurrentInvocationsPerInstance: 4 },
        OutputConfig: { S3OutputPath: 's3://x' },
      },
      KmsKeyId: 'alias/k',
      MetricsConfig: { EnableEnhancedMetrics: true },
    };
    w.call('SageMaker', 'CreateEndpointConfig', { ...config, Tags: [{ Key: 'a', Value: 'b' }] });
    expect(w.call('SageMaker', 'DescribeEndpointConfig', { EndpointConfigName: 'full' })).toEqual({
      ...config,
      EndpointConfigArn: 'arn:aws:sagemaker:eu-central-1:123456789012:endpoint-config/full',
      CreationTime: new Date(w.now()),
    });
  });
});

describe('tags and lists', () => {
  test('aws: tags and a 51st tag are refused', () => {
    seedRealTime(w);
    const add = (Tags: object[]) => w.refusal('SageMaker', 'AddTags', { ResourceArn: ARN, Tags });
    expect(add([{ Key: 'AWS:x', Value: '' }])).toContain('aws: prefixed tag key names are not allowed');
    w.call('SageMaker', 'AddTags', {
      ResourceArn: ARN,
      Tags: Array.from({ length: 50 }, (_, i) => ({ Key: `k${i}`, Value: '' })),
    });
    expect(add([{ Key: 'one-more', Value: '' }])).toContain('ResourceLimitExceeded');
    w.call('SageMaker', 'AddTags', { ResourceArn: ARN, Tags: [{ Key: 'k0', Value: 'new' }] });
    w.call('SageMaker', 'DeleteTags', { ResourceArn: ARN, TagKeys: ['k1'] });
    expect(w.call('SageMaker', 'ListTags', { ResourceArn: ARN }).Tags).toHaveLength(49);
  });

  test('ListEndpoints filters, sorts and pages', () => {
    for (const name of ['Alpha', 'beta', 'gamma-chat']) seedRealTime(w, { name });
    w.call('SageMaker', 'DeleteEndpoint', { EndpointName: 'beta' });
    const names = (input: object): string[] =>
      w.call('SageMaker', 'ListEndpoints', input).Endpoints.map((e: { EndpointName: string }) => e.EndpointName);
    expect(names({ SortBy: 'Name', SortOrder: 'Ascending' })).toEqual(['Alpha', 'beta', 'gamma-chat']);
    expect(names({ StatusEquals: 'Deleting' })).toEqual(['beta']);
    expect(names({ NameContains: 'CHAT' })).toEqual(['gamma-chat']);
    expect(names({ CreationTimeAfter: new Date(w.now()) })).toEqual([]);
    const first = w.call('SageMaker', 'ListEndpoints', { MaxResults: 2, SortBy: 'Name' });
    const second = w.call('SageMaker', 'ListEndpoints', { MaxResults: 2, SortBy: 'Name', NextToken: first.NextToken });
    expect([...first.Endpoints, ...second.Endpoints]).toHaveLength(3);
    expect(second.NextToken).toBeUndefined();
  });

  test('every change of an endpoint is reported once', () => {
    const changes: unknown[] = [];
    w.world.onEndpointChange(({ status, desired, serving }) => changes.push([status, desired, serving]));
    seedRealTime(w, { timing: TIMING });
    setInstances(w, 2);
    w.advance(8 * MINUTE);
    deleteChat();
    w.advance(2 * MINUTE);
    expect(changes).toEqual([
      ['InService', 1, 1],
      ['Updating', 2, 1],
      ['InService', 2, 2],
      ['Deleting', 2, 0],
      ['Absent', 0, 0],
    ]);
  });
});
