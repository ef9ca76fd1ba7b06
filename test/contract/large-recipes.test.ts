/** DynamoDB takes items of at most 400 KB: what a recipe may weigh, and what happens to one that weighs more. */
import { randomBytes } from 'node:crypto';
import {
  DescribeScalingPoliciesCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import type { Recipe } from '../../shared/domain/recipe.ts';
import { MINUTE } from '../../shared/domain/time.ts';
import { createFleet, type IdleWindowsFleet } from '../support/idle-windows-fleet.ts';
import { START } from '../support/simulator-clients.ts';

function recipeWith(text: string): Recipe {
  return {
    schemaVersion: 1,
    version: 1,
    endpoint: 'Chat',
    takenAt: START,
    creationTime: START,
    preferred: { configName: 'Chat', config: { text } },
    running: { configName: 'Chat' },
    tags: {},
    variants: [],
    targets: [],
    imageDigests: {},
    outstanding: [],
  };
}

describe('a recipe', () => {
  it('of a megabyte that compresses well is kept and read back byte for byte', async () => {
    const { store } = await createFleet();
    const words = Array.from(
      { length: 20_000 },
      (_, index) => `"alarm-${index} für ä\u{1f600}\\"': Größe ${index % 97}`,
    );
    const recipe = recipeWith(words.join('\n'));
    expect(Buffer.byteLength(JSON.stringify(recipe))).toBeGreaterThan(700_000);
    expect(await store.writeRecipe(recipe)).toEqual({ ok: true, value: undefined });
    const read = await store.readRecipe('chat', 1);
    expect(JSON.stringify(read)).toBe(JSON.stringify(recipe));
  });

  it('that is too large for an item is a definite failure, and is not there', async () => {
    const { store } = await createFleet();
    const written = await store.writeRecipe(recipeWith(randomBytes(450_000).toString('base64')));
    expect(written).toMatchObject({ ok: false, failure: { class: 'rejected', definite: true } });
    expect(await store.recipeVersions('chat')).toEqual([]);
  });
});

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
