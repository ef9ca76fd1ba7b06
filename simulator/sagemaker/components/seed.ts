import type { ComponentSeed, EndpointSeed } from '../../contract.ts';
import type { Endpoint } from '../endpoint.ts';
import { buildArn, nameKey } from '../naming.ts';
import type { SageMakerState } from '../state.ts';
import { addInstances } from '../variants.ts';
import type { Component } from './component.ts';
import { addCopies, place } from './placement.ts';

/** ProductionVariant members of a variant that hosts components. */
export function hostingVariant({ managedScaling }: EndpointSeed): object {
  const { min, max } = managedScaling ?? { min: 0, max: 1 };
  return {
    ManagedInstanceScaling: { Status: 'ENABLED', MinInstanceCount: min, MaxInstanceCount: max },
    RoutingConfig: { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' },
  };
}

function componentOf(state: SageMakerState, endpoint: Endpoint, seed: ComponentSeed): Component {
  const { name, copies, needs } = seed;
  return {
    name,
    arn: buildArn(state.kernel, 'inference-component', name),
    endpoint: endpoint.name,
    endpointArn: endpoint.arn,
    variant: endpoint.variants[0]!.definition.VariantName,
    createdAt: endpoint.createdAt,
    modifiedAt: endpoint.createdAt,
    specification: {
      ModelName: name,
      ComputeResourceRequirements: {
        ...(needs.cpus === undefined ? {} : { NumberOfCpuCoresRequired: needs.cpus }),
        ...(needs.accelerators === undefined ? {} : { NumberOfAcceleratorDevicesRequired: needs.accelerators }),
        MinMemoryRequiredInMb: needs.memoryMb,
      },
    },
    status: 'InService',
    desired: copies,
    current: copies,
    failureReason: undefined,
    deploymentConfig: undefined,
  };
}

/** Components with their copies on as many instances as they need, and at least as many as the seed says. */
export function seedComponents(state: SageMakerState, endpoint: Endpoint, seed: EndpointSeed): void {
  const variant = endpoint.variants[0]!;
  const max = seed.managedScaling?.max ?? 1;
  addInstances(variant, seed.instanceType, seed.instances);
  for (const one of seed.components ?? []) {
    if (state.components.has(nameKey(one.name)))
      throw new Error(`inference component ${one.name}: exists already (names are equal without regard to case)`);
    const component = componentOf(state, endpoint, one);
    const { specification } = component;
    const placement = place(variant.hosts, seed.instanceType, specification, one.copies, component);
    if (placement === undefined || variant.hosts.length + placement.onNew.length > max) {
      throw new Error(
        `inference component ${one.name}: ${one.copies} copies do not fit on ${max} instances of ${seed.instanceType}`,
      );
    }
    const before = variant.hosts.length;
    addInstances(variant, seed.instanceType, placement.onNew.length);
    for (const [host, copies] of placement.on) addCopies(host, component, copies);
    for (const [index, copies] of placement.onNew.entries())
      addCopies(variant.hosts[before + index]!, component, copies);
    state.components.set(nameKey(one.name), component);
    state.tags.create(component.arn, {}, component.createdAt);
    state.setCopyTiming(one.name, one.startMs);
  }
  variant.desired = variant.hosts.length;
}
