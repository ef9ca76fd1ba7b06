import type { SimulatedCloudWatch } from '../cloudwatch/index.ts';
import type { Kernel, SimulatedService } from '../contract.ts';
import { followPending } from './capacity-control.ts';
import type { ScalableTarget } from './model.ts';
import { createPolicyOperations } from './policy-operations.ts';
import type { Resource, ResourceKey, ResourceLookup } from './resources.ts';
import { ScalingEngine } from './scaling-engine.ts';
import { createScheduledActionOperations } from './scheduled-actions.ts';
import { AutoScalingState } from './state.ts';
import { createTargetOperations } from './target-operations.ts';

export interface SimulatedAutoScaling {
  readonly service: SimulatedService;
  targets(): Iterable<ScalableTarget>;
  findTarget(key: Pick<ResourceKey, 'ResourceId' | 'ScalableDimension'>): ScalableTarget | undefined;
  hasServiceLinkedRole(): boolean;
  /** To be told of every change of a resource: changes of its size end with it. */
  follow(concerns: (resource: Resource) => boolean): void;
}

export function createAutoScaling(
  kernel: Kernel,
  cloudwatch: SimulatedCloudWatch,
  resources: ResourceLookup,
): SimulatedAutoScaling {
  const state = new AutoScalingState(kernel, cloudwatch, resources);
  const engine = new ScalingEngine(state);
  cloudwatch.alarms.onScalingAction = (policyArn, action) => engine.trigger(policyArn, action);
  return {
    service: {
      name: 'ApplicationAutoScaling',
      operations: {
        ...createTargetOperations(state),
        ...createPolicyOperations(state),
        ...createScheduledActionOperations(state),
      },
    },
    targets: () => state.targets.values(),
    findTarget: (key) => state.targets.get(key),
    hasServiceLinkedRole: () => state.hasServiceLinkedRole,
    follow(concerns) {
      for (const target of state.targets.values()) if (concerns(target.resource)) followPending(state, target);
    },
  };
}
