import {
  PutScalingPolicyCommand,
  type PutScalingPolicyCommandInput,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { PutMetricAlarmCommand, type PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import {
  CreateEndpointConfigCommand,
  type CreateEndpointConfigCommandInput,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from '@aws-sdk/client-sagemaker';
import { MINUTE } from '../../shared/domain/time.ts';
import { type IdleWindowsFleet, PARKING_POLICY } from './idle-windows-fleet.ts';
import type { OwnedEndpoint, OwnedTarget } from './owned-endpoint.ts';
import { PREFIX } from './product-runtime.ts';

const SHADOW = 'the-shadow';
const tagList = (tags: Readonly<Record<string, string>>) =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** Makes endpoints as their owners did, all at once; minutes pass while updates go on. */
export async function makeOwned(fleet: IdleWindowsFleet, owned: ReadonlyMap<string, OwnedEndpoint>): Promise<void> {
  const { sagemaker } = fleet.people;
  const wait = () => fleet.aws.run(fleet.aws.clock.now() + 3 * MINUTE);
  for (const [name, endpoint] of owned) {
    fleet.seed({
      name,
      tags: { ...endpoint.tags, [`${PREFIX}:policy`]: PARKING_POLICY.name },
      timing: { startMs: () => MINUTE, deleteMs: MINUTE },
    });
    await sagemaker.send(new CreateEndpointConfigCommand(configRequest(name, endpoint)));
    await sagemaker.send(
      new UpdateEndpointCommand({
        EndpointName: name,
        EndpointConfigName: `${name}-config`,
        // Any of the model's values; the SDK's type is a union of what it knows.
        ...(endpoint.deployment && { DeploymentConfig: endpoint.deployment as never }),
      }),
    );
  }
  await wait();
  for (const size of [{ DesiredInstanceCount: true }, { DesiredWeight: true }, { shadow: true }]) {
    for (const [name, { variant, desired, weight, shadow }] of owned) {
      if ('shadow' in size && shadow === undefined) continue;
      const wanted =
        'shadow' in size
          ? { VariantName: SHADOW, DesiredInstanceCount: shadow?.desired }
          : 'DesiredWeight' in size
            ? { VariantName: variant, DesiredWeight: weight }
            : { VariantName: variant, DesiredInstanceCount: desired };
      await sagemaker.send(
        new UpdateEndpointWeightsAndCapacitiesCommand({ EndpointName: name, DesiredWeightsAndCapacities: [wanted] }),
      );
    }
    await wait();
  }
  for (const [name, { variant, target }] of owned)
    if (target !== undefined) await makeTarget(fleet, name, variant, target);
}

function configRequest(name: string, owned: OwnedEndpoint): CreateEndpointConfigCommandInput {
  const { variant, config, variantSettings, shadow, configTags } = owned;
  const request = {
    ...config,
    EndpointConfigName: `${name}-config`,
    ProductionVariants: [{ ...variantSettings, VariantName: variant, ModelName: name }],
    ...(shadow && { ShadowProductionVariants: [{ ...shadow.settings, VariantName: SHADOW, ModelName: name }] }),
    Tags: tagList(configTags),
  };
  return request as CreateEndpointConfigCommandInput;
}

async function makeTarget(fleet: IdleWindowsFleet, name: string, variant: string, target: OwnedTarget): Promise<void> {
  const { scaling, cloudwatch } = fleet.people;
  const key = {
    ServiceNamespace: 'sagemaker',
    ResourceId: `endpoint/${name}/variant/${variant}`,
    ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
  } as const;
  await scaling.send(
    new RegisterScalableTargetCommand({
      ...key,
      MinCapacity: target.min,
      MaxCapacity: target.max,
      ...(target.suspended && { SuspendedState: target.suspended }),
      Tags: { ...target.tags },
    }),
  );
  const put = async (PolicyName: string, definition: Partial<PutScalingPolicyCommandInput>) =>
    (await scaling.send(new PutScalingPolicyCommand({ ...key, PolicyName, ...definition }))).PolicyARN ?? '';
  for (const [index, TargetTrackingScalingPolicyConfiguration] of target.tracking.entries()) {
    await put(`tracking ${index}`, {
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: TargetTrackingScalingPolicyConfiguration as never,
    });
  }
  const arns: string[] = [];
  for (const [index, StepScalingPolicyConfiguration] of target.steps.entries()) {
    arns.push(await put(`step/${index}`, { PolicyType: 'StepScaling', StepScalingPolicyConfiguration }));
  }
  for (const [index, action] of target.actions.entries()) {
    await scaling.send(new PutScheduledActionCommand({ ...key, ScheduledActionName: `action ${index}`, ...action }));
  }
  for (const [index, { definition, wiring, others }] of target.alarms.entries()) {
    const actionsOf = (numbers: readonly number[]) => numbers.flatMap((number) => arns[number] ?? []);
    await cloudwatch.send(
      new PutMetricAlarmCommand({
        ...definition,
        AlarmName: `${name}: alarm ${index}`,
        AlarmActions: [...actionsOf(wiring.AlarmActions), ...others],
        OKActions: [...others, ...actionsOf(wiring.OKActions)],
        InsufficientDataActions: actionsOf(wiring.InsufficientDataActions),
        Tags: [{ Key: 'owner', Value: name }],
      } as PutMetricAlarmCommandInput),
    );
  }
}
