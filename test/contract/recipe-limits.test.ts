/** What docs/park-and-wake.md says of things that do not come back, or not as they were: one test an entry. */
import {
  DescribeScalingPoliciesCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { DeleteAlarmsCommand, DescribeAlarmsCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  type CreateEndpointConfigCommandInput,
  DeleteEndpointCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import { createEndpointControl } from '../../shared/aws/sagemaker.ts';
import { MINUTE } from '../../shared/domain/time.ts';
import { findObstacle, readParkFacts } from '../../shared/use-cases/idle-windows/before-park.ts';
import { createFleet, type IdleWindowsFleet } from '../support/idle-windows-fleet.ts';
import { PREFIX } from '../support/product-runtime.ts';
import { failureOf, START } from '../support/simulator-clients.ts';

const VARIANT = { VariantName: 'AllTraffic', ModelName: 'Chat', InstanceType: 'ml.g5.xlarge', InitialInstanceCount: 1 };
const SERVERLESS = {
  VariantName: 'AllTraffic',
  ModelName: 'Chat',
  ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 5 },
};
const COMPONENTS = { VariantName: 'AllTraffic', InstanceType: 'ml.g5.xlarge', InitialInstanceCount: 1 };
const KEY = {
  ServiceNamespace: 'sagemaker',
  ResourceId: 'endpoint/Chat/variant/AllTraffic',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
} as const;

async function chat(config?: Partial<CreateEndpointConfigCommandInput>): Promise<IdleWindowsFleet> {
  const fleet = await createFleet();
  fleet.seed({ name: 'Chat', timing: { startMs: () => MINUTE, deleteMs: MINUTE } });
  if (config !== undefined) {
    const request = { EndpointConfigName: 'own', ProductionVariants: [VARIANT], ...config };
    await fleet.people.sagemaker.send(new CreateEndpointConfigCommand(request as CreateEndpointConfigCommandInput));
    const named = { EndpointName: 'Chat', EndpointConfigName: 'own' };
    if (config.ProductionVariants?.[0] === SERVERLESS || config.AsyncInferenceConfig !== undefined) {
      // No endpoint is converted to a serverless or an asynchronous one.
      await fleet.people.sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Chat' }));
      await fleet.aws.run(fleet.aws.clock.now() + MINUTE);
      await fleet.people.sagemaker.send(
        new CreateEndpointCommand({ ...named, Tags: [{ Key: `${PREFIX}:policy`, Value: 'chat' }] }),
      );
    } else await fleet.people.sagemaker.send(new UpdateEndpointCommand(named));
  }
  await fleet.enrol('Chat');
  return fleet;
}

const alarm = {
  AlarmName: 'load',
  Namespace: 'App',
  MetricName: 'load',
  Statistic: 'Average',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 1,
  ComparisonOperator: 'GreaterThanThreshold',
  TreatMissingData: 'notBreaching',
} as const;

/** A step policy with an alarm on it; answers the policy's ARN. */
async function own({ people }: IdleWindowsFleet): Promise<string> {
  await people.scaling.send(new RegisterScalableTargetCommand({ ...KEY, MinCapacity: 1, MaxCapacity: 3 }));
  const { PolicyARN = '' } = await people.scaling.send(
    new PutScalingPolicyCommand({
      ...KEY,
      PolicyName: 'steps',
      PolicyType: 'StepScaling',
      StepScalingPolicyConfiguration: {
        AdjustmentType: 'ChangeInCapacity',
        StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
      },
    }),
  );
  await people.cloudwatch.send(new PutMetricAlarmCommand({ ...alarm, AlarmActions: [PolicyARN] }));
  return PolicyARN;
}

async function wake(fleet: IdleWindowsFleet): Promise<void> {
  const request = { source: 'endpoint-scaler.request', 'detail-type': 'Wake Requested' };
  await fleet.invoke({ ...request, detail: { endpoint: 'Chat' } });
  await fleet.tickUntilPhase('Chat', 'up');
}

const show = async ({ people }: IdleWindowsFleet) =>
  (await people.cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: ['load'] }))).MetricAlarms?.[0];

describe('a park is refused', () => {
  it.each([
    [
      'reserved capacity',
      'reserved-capacity',
      {
        ProductionVariants: [
          { ...VARIANT, CapacityReservationConfig: { CapacityReservationPreference: 'capacity-reservations-only' } },
        ],
      },
    ],
    [
      'reserved capacity of a shadow',
      'reserved-capacity',
      {
        ShadowProductionVariants: [
          {
            ...VARIANT,
            VariantName: 'shadow',
            CapacityReservationConfig: { CapacityReservationPreference: 'capacity-reservations-only' },
          },
        ],
      },
    ],
  ])('of %s', async (_, reason, config) => {
    const fleet = await chat(config as Partial<CreateEndpointConfigCommandInput>);
    await fleet.tickUntil(45 * MINUTE);
    expect(fleet.decisions()).toContain(`refuse ${reason}`);
    expect(await fleet.status('Chat')).toBe('InService');
  });
});

describe('a park is refused, were it idle,', () => {
  it.each([
    ['several-variants', { ProductionVariants: [VARIANT, { ...VARIANT, VariantName: 'canary' }] }],
    ['kind-unsupported', { AsyncInferenceConfig: { OutputConfig: { S3OutputPath: 's3://bucket/out' } } }],
    ['kind-unsupported', { ProductionVariants: [SERVERLESS] }],
    ['kind-unsupported', { ProductionVariants: [COMPONENTS], ExecutionRoleArn: 'arn:aws:iam::123456789012:role/chat' }],
  ])('with %s', async (reason, config) => {
    const fleet = await chat(config as Partial<CreateEndpointConfigCommandInput>);
    await fleet.aws.run(START + 10 * MINUTE);
    const { sagemaker } = fleet.people;
    const endpoints = createEndpointControl({
      client: sagemaker,
      clock: fleet.aws.clock,
      sleep: (ms) => fleet.aws.clock.sleep(ms),
    });
    const view = await endpoints.describe('Chat');
    if (!view.ok || view.value === undefined) throw new Error('the endpoint is not there');
    const facts = await readParkFacts({ endpoints }, view.value);
    if (!facts.ok) throw new Error(facts.failure.message);
    expect(findObstacle(await fleet.record('Chat'), facts.value, PREFIX)?.reason).toBe(reason);
  });
});

describe('while an endpoint is away', () => {
  it('its config and model stay; tags, target and policies go, and alarms lose what named them', async () => {
    const fleet = await chat();
    const arn = await own(fleet);
    await fleet.tickUntilPhase('Chat', 'parked');
    await fleet.tickUntil(fleet.aws.clock.now() - START + 2 * MINUTE);
    const { sagemaker, scaling } = fleet.people;
    expect((await failureOf(sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'Chat' })))).message).toContain(
      'Could not find endpoint',
    );
    await sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName: 'Chat' }));
    await sagemaker.send(new DescribeModelCommand({ ModelName: 'Chat' }));
    const left = await scaling.send(new DescribeScalingPoliciesCommand({ ServiceNamespace: 'sagemaker' }));
    expect(left.ScalingPolicies).toEqual([]);
    expect((await show(fleet))?.AlarmActions).not.toContain(arn);
  });

  it('an alarm that its owner changes stays changed, and drives the new policy', async () => {
    const fleet = await chat();
    const before = await own(fleet);
    await fleet.tickUntilPhase('Chat', 'parked');
    await fleet.people.cloudwatch.send(new PutMetricAlarmCommand({ ...alarm, Threshold: 99 }));
    await wake(fleet);
    const after = await show(fleet);
    expect(after?.Threshold).toBe(99);
    expect(after?.AlarmActions).toHaveLength(1);
    expect(after?.AlarmActions?.[0]).not.toBe(before);
    expect(after?.AlarmActions?.[0]).toContain(':policyName/steps');
  });

  it('an alarm that is deleted comes back, as new', async () => {
    const fleet = await chat();
    await own(fleet);
    await fleet.tickUntilPhase('Chat', 'parked');
    await fleet.people.cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: ['load'] }));
    await wake(fleet);
    expect(await show(fleet)).toMatchObject({ Threshold: 1, StateReason: 'Unchecked: Initial alarm creation' });
  });
});
