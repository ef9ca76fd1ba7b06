/** DynamoDB takes items of at most 400 KB: what becomes of a park whose recipe weighs more. */
import { randomBytes } from 'node:crypto';
import {
  DescribeScalingPoliciesCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import { MINUTE } from '../../shared/domain/time.ts';
import { createFleet, type IdleWindowsFleet } from '../support/idle-windows-fleet.ts';

const KEY = {
  ServiceNamespace: 'sagemaker',
  ResourceId: 'endpoint/Chat/variant/AllTraffic',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
} as const;

/** Every alarm that drives a policy of the target goes into the recipe, description and all. */
async function driveByAlarms({ people }: IdleWindowsFleet, count: number): Promise<void> {
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
  for (let index = 0; index < count; index += 1) {
    await people.cloudwatch.send(
      new PutMetricAlarmCommand({
        AlarmName: `load-${index}`,
        AlarmDescription: randomBytes(750).toString('base64'),
        Namespace: 'App',
        MetricName: 'load',
        Statistic: 'Average',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
        TreatMissingData: 'notBreaching',
        AlarmActions: [PolicyARN],
      }),
    );
  }
}

describe('an endpoint whose recipe is too large', () => {
  it('is not parked, with a reason, and nothing of it is deleted', async () => {
    const fleet = await createFleet();
    fleet.seed({ name: 'Chat' });
    await driveByAlarms(fleet, 600);
    await fleet.enrol('Chat');
    await fleet.tickUntil(45 * MINUTE);
    expect(fleet.decisions()).toContain('refuse recipe-too-large');
    expect(fleet.decisions().some((line) => line.startsWith('park'))).toBe(false);
    expect(await fleet.status('Chat')).toBe('InService');
    expect((await fleet.record('Chat')).phase).toBe('up');
    expect(await fleet.store.recipeVersions('chat')).toEqual([]);
    const { ScalingPolicies = [] } = await fleet.people.scaling.send(
      new DescribeScalingPoliciesCommand({ ServiceNamespace: 'sagemaker' }),
    );
    expect(ScalingPolicies.map(({ PolicyName }) => PolicyName)).toEqual(['steps']);
  });
});
