import {
  DescribeScalableTargetsCommand,
  DescribeScalingActivitiesCommand,
  DescribeScalingPoliciesCommand,
  PutScalingPolicyCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { DescribeAlarmsCommand, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import {
  AddTagsCommand,
  CreateEndpointCommand,
  DeleteEndpointCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  ListEndpointsCommand,
  ListTagsCommand,
} from '@aws-sdk/client-sagemaker';
import { expect, test } from 'vitest';
import { createAws, createClients, failureOf, START } from '../support/simulator-clients.ts';
import { TIMING } from '../support/world-endpoints.ts';

const MINUTE = 60_000;

/** The world behind real SDK clients: every answer has to fit AWS's published model, or the simulator fails the call. */
test('an endpoint scales, is deleted with all that hangs on it, and comes back bare', async () => {
  const aws = createAws();
  const { sagemaker, scaling, cloudwatch } = createClients(aws);
  aws.world.seed({
    name: 'Chat',
    kind: 'real-time',
    instanceType: 'ml.g5.2xlarge',
    instances: 1,
    tags: { team: 'nlp' },
    timing: TIMING,
    load: { arrivals: () => 50, serves: { concurrent: 16, seconds: 1 }, whenAway: 'lost' },
  });
  const target = {
    ServiceNamespace: 'sagemaker',
    ResourceId: 'endpoint/Chat/variant/AllTraffic',
    ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
  } as const;
  await scaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 1, MaxCapacity: 4 }));
  await scaling.send(
    new PutScalingPolicyCommand({
      ...target,
      PolicyName: 'track',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 100,
        PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
      },
    }),
  );
  await scaling.send(
    new PutScheduledActionCommand({
      ...target,
      ScheduledActionName: 'night',
      Schedule: 'cron(0 20 * * ? *)',
      ScalableTargetAction: { MinCapacity: 1 },
    }),
  );
  await aws.run(START + 30 * MINUTE);

  const ARN = (await sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'Chat' }))).EndpointArn!;
  const endpoint = await sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'Chat' }));
  expect(endpoint.ProductionVariants).toMatchObject([
    { VariantName: 'AllTraffic', CurrentInstanceCount: 3, DesiredInstanceCount: 3 },
  ]);
  expect(endpoint.CreationTime).toEqual(new Date(START - 30 * 86_400_000));
  expect(
    (await scaling.send(new DescribeScalingActivitiesCommand({ ServiceNamespace: 'sagemaker' }))).ScalingActivities,
  ).toMatchObject([{ StatusCode: 'Successful' }]);
  expect(
    (await scaling.send(new DescribeScalingPoliciesCommand({ ServiceNamespace: 'sagemaker' }))).ScalingPolicies?.[0]
      ?.Alarms,
  ).toHaveLength(2);
  expect((await cloudwatch.send(new DescribeAlarmsCommand({}))).MetricAlarms).toHaveLength(2);
  const data = await cloudwatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(START),
      EndTime: new Date(START + 5 * MINUTE),
      MetricDataQueries: [
        {
          Id: 'm',
          MetricStat: {
            Metric: {
              Namespace: 'AWS/SageMaker',
              MetricName: 'Invocations',
              Dimensions: [
                { Name: 'EndpointName', Value: 'Chat' },
                { Name: 'VariantName', Value: 'AllTraffic' },
              ],
            },
            Period: 60,
            Stat: 'Sum',
          },
        },
      ],
    }),
  );
  expect(data.MetricDataResults?.[0]?.Values).toEqual([300, 300, 300, 300, 300]);

  await sagemaker.send(new AddTagsCommand({ ResourceArn: ARN, Tags: [{ Key: 'k', Value: 'v' }] }));
  expect((await sagemaker.send(new ListTagsCommand({ ResourceArn: ARN }))).Tags).toHaveLength(2);
  await sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Chat' }));
  expect(
    (await scaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'sagemaker' }))).ScalableTargets,
  ).toEqual([]);
  expect((await cloudwatch.send(new DescribeAlarmsCommand({}))).MetricAlarms).toEqual([]);
  await aws.run(START + 33 * MINUTE);
  const gone = await failureOf(sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'Chat' })));
  expect([gone.name, gone.message]).toEqual(['ValidationException', `Could not find endpoint "${ARN}".`]);
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: 'Chat', EndpointConfigName: 'Chat' }));
  await aws.run(START + 42 * MINUTE);
  expect((await sagemaker.send(new ListEndpointsCommand({}))).Endpoints).toMatchObject([
    { EndpointName: 'Chat', EndpointStatus: 'InService' },
  ]);
  expect((await sagemaker.send(new ListTagsCommand({ ResourceArn: ARN }))).Tags).toEqual([]);
  expect(
    (await sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName: 'Chat' }))).ProductionVariants?.[0]
      ?.ModelName,
  ).toBe('Chat');
  expect((await sagemaker.send(new DescribeModelCommand({ ModelName: 'Chat' }))).PrimaryContainer?.Image).toContain(
    '/chat:latest',
  );
});
