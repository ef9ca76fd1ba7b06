import type { SimulatedCloudWatch } from '../cloudwatch/index.ts';
import type { EndpointChange, Kernel, SimulatedService } from '../contract.ts';
import { followEndpoint } from './capacity-control.ts';
import type { ScalableTarget, VariantLookup } from './model.ts';
import { createPolicyOperations } from './policy-operations.ts';
import { ScalingEngine } from './scaling-engine.ts';
import { createScheduledActionOperations } from './scheduled-actions.ts';
import { AutoScalingState } from './state.ts';
import { createTargetOperations } from './target-operations.ts';

export interface SimulatedAutoScaling {
  readonly service: SimulatedService;
  /** Resource ids registered for a variant. */
  resourceIdsOf(endpoint: string, variant: string): readonly string[];
  targets(): Iterable<ScalableTarget>;
  findTarget(resourceId: string): ScalableTarget | undefined;
  hasServiceLinkedRole(): boolean;
  /** To be told of every change of an endpoint: capacity changes end with it. */
  follow(change: EndpointChange): void;
}

export function createAutoScaling(
  kernel: Kernel,
  cloudwatch: SimulatedCloudWatch,
  variants: VariantLookup,
): SimulatedAutoScaling {
  const state = new AutoScalingState(kernel, cloudwatch, variants);
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
    resourceIdsOf: (endpoint, variant) =>
      [...state.targets.values()]
        .filter((target) => target.endpoint.toLowerCase() === endpoint.toLowerCase() && target.variant === variant)
        .map((target) => target.resourceId),
    targets: () => state.targets.values(),
    findTarget: (resourceId) => state.targets.get(resourceId),
    hasServiceLinkedRole: () => state.hasServiceLinkedRole,
    follow: (change) => followEndpoint(state, change),
  };
}
