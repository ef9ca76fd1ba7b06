import { type EpochMs, PRIORITY } from '../../contract.ts';
import type { Endpoint, Variant } from '../endpoint.ts';
import { listInstanceTypes } from '../endpoint.ts';
import { CAPACITY_FAILURE, healthCheckFailure, nameKey } from '../naming.ts';
import type { SageMakerState } from '../state.ts';
import type { Component, ComponentSpecification, ComponentStatus, Host } from './component.ts';
import { addCopies, type Placement, place, takeCopies } from './placement.ts';

/** How long a component stays in Updating or Deleting when nothing has to start. */
const SETTLE_MS = 60_000;
/** An instance without copies is kept so long before it goes (field reports: some ten minutes after the last copy). */
const RELEASE_MS = 10 * 60_000;

/** Text and timing are not published. */
const NO_ROOM =
  'There are not enough hardware resources on the instances of the endpoint for the requested copies of the inference ' +
  'component, and the maximum number of instances is reached.';

interface ManagedScaling {
  readonly Status?: string;
  readonly MinInstanceCount?: number;
  readonly MaxInstanceCount?: number;
}

function managedScaling(variant: Variant): ManagedScaling | undefined {
  const scaling = variant.definition.ManagedInstanceScaling as ManagedScaling | undefined;
  return scaling?.Status === 'ENABLED' ? scaling : undefined;
}

/** Without managed scaling the instances are those that the endpoint was created with. */
function maximumHosts(variant: Variant): number {
  const scaling = managedScaling(variant);
  return scaling === undefined ? variant.hosts.length : (scaling.MaxInstanceCount ?? 1);
}

/** What a change of copies comes to. */
type Plan =
  | {
      readonly works: true;
      readonly placement: Placement;
      readonly instanceType: string;
      /** Containers come up and do not pass their health check. */
      readonly sick: { readonly afterMs: number; readonly reason: string } | undefined;
    }
  | { readonly works: false; readonly afterMs: number; readonly reason: string };

export interface CopyChange {
  readonly specification: ComponentSpecification;
  readonly copies: number;
}

function needsReplacing(component: Component, { specification }: CopyChange): boolean {
  const [before, after] = [component.specification, specification].map((one) => one.ComputeResourceRequirements);
  return JSON.stringify(before) !== JSON.stringify(after);
}

/** Looks for room and instances; a quota is refused at once, everything else shows later. */
function planCopies(
  state: SageMakerState,
  endpoint: Endpoint,
  variant: Variant,
  component: Component,
  change: CopyChange,
): Plan {
  const { specification, copies } = change;
  const isNew = needsReplacing(component, change);
  const added = isNew ? copies : copies - component.current;
  const type = listInstanceTypes(variant.definition)[0]!;
  const placement = place(variant.hosts, type, specification, added, component, isNew ? component : undefined);
  if (placement === undefined || variant.hosts.length + placement.onNew.length > maximumHosts(variant)) {
    return { works: false, afterMs: SETTLE_MS, reason: NO_ROOM };
  }
  const sickness = state.pool.sicknessOf(endpoint.name, state.now);
  const sick =
    sickness === undefined
      ? undefined
      : {
          afterMs: sickness.failsAfterMs,
          reason: sickness.reason ?? healthCheckFailure(variant.definition.VariantName),
        };
  if (placement.onNew.length === 0) return { works: true, placement, instanceType: type, sick };
  const provision = state.pool.provision(variant.definition, state.now);
  const instanceType = (provision.works ? provision.instanceType : undefined) ?? type;
  state.pool.checkQuota(instanceType, state.usedInstances(instanceType), placement.onNew.length, state.now);
  if (provision.works) return { works: true, placement, instanceType, sick };
  return { works: false, afterMs: provision.failsAfterMs, reason: provision.reason ?? CAPACITY_FAILURE };
}

/** Paid for from here on; they answer once they are launched and the copies on them have started. */
function launch(
  state: SageMakerState,
  endpoint: Endpoint,
  variant: Variant,
  instanceType: string,
  count: number,
): Host[] {
  const readyAt = state.now + state.nextStartMs(endpoint.name);
  const hosts = Array.from({ length: count }, (): Host => ({ instanceType, readyAt, copies: new Map() }));
  variant.hosts.push(...hosts);
  variant.desired += count;
  state.ledger(endpoint.name).change(instanceType, count, state.now);
  state.report(endpoint);
  state.kernel.clock.at(readyAt, PRIORITY.world, () => {
    const here = hosts.filter((host) => variant.hosts.includes(host)).length;
    variant.current.set(instanceType, (variant.current.get(instanceType) ?? 0) + here);
    state.report(endpoint);
  });
  return hosts;
}

/** Instances without a copy go after a while, down to the minimum. */
function releaseLater(state: SageMakerState, endpoint: Endpoint, variant: Variant): void {
  const scaling = managedScaling(variant);
  if (scaling === undefined) return;
  const empty = variant.hosts.filter((host) => host.copies.size === 0);
  if (empty.length === 0) return;
  const { vacancy } = variant;
  for (const host of empty) if (!vacancy.has(host)) vacancy.set(host, state.now);
  state.kernel.clock.at(state.now + RELEASE_MS, PRIORITY.world, () => {
    if (endpoint.status === 'Deleting') return;
    const idle = variant.hosts.filter((host) => (vacancy.get(host) ?? state.now) + RELEASE_MS <= state.now);
    for (const host of idle) {
      if (variant.hosts.length <= (scaling.MinInstanceCount ?? 1)) break;
      release(state, endpoint, variant, host);
    }
    state.report(endpoint);
  });
}

function release(state: SageMakerState, endpoint: Endpoint, variant: Variant, host: Host): void {
  variant.hosts.splice(variant.hosts.indexOf(host), 1);
  variant.vacancy.delete(host);
  variant.desired -= 1;
  const { instanceType } = host;
  if (host.readyAt <= state.now) variant.current.set(instanceType, (variant.current.get(instanceType) ?? 1) - 1);
  state.ledger(endpoint.name).change(instanceType, -1, state.now);
}

function settle(state: SageMakerState, component: Component, status: ComponentStatus): void {
  component.status = status;
  component.modifiedAt = state.now;
  state.reportComponent(component);
}

/** Ends a change at its time, unless the component or its endpoint is gone by then. */
function later(state: SageMakerState, component: Component, at: EpochMs, fn: () => void): void {
  state.kernel.clock.at(at, PRIORITY.world, () => {
    if (state.components.get(nameKey(component.name)) === component && component.status !== 'Deleting') fn();
  });
}

function fail(state: SageMakerState, component: Component, reason: string): void {
  component.failureReason = reason;
  component.desired = component.current;
  settle(state, component, component.status === 'Creating' ? 'Failed' : 'InService');
}

/**
 * Brings a component to so many copies of a specification. All copies of one change come into service together; a change
 * that finds no room or no capacity leaves what was there, and FailureReason says why.
 */
export function changeCopies(
  state: SageMakerState,
  endpoint: Endpoint,
  variant: Variant,
  component: Component,
  change: CopyChange,
  status: 'Creating' | 'Updating',
): void {
  const removed = component.current - change.copies;
  if (removed >= 0 && !needsReplacing(component, change)) {
    shrink(state, endpoint, variant, component, change);
    return;
  }
  const plan = planCopies(state, endpoint, variant, component, change);
  component.desired = change.copies;
  component.status = status;
  component.modifiedAt = state.now;
  if (!plan.works) {
    state.reportComponent(component);
    later(state, component, state.now + plan.afterMs, () => fail(state, component, plan.reason));
    return;
  }
  if (needsReplacing(component, change)) takeCopies(variant.hosts, component, component.current);
  const { placement, sick } = plan;
  const launched = launch(state, endpoint, variant, plan.instanceType, placement.onNew.length);
  const placed = new Map([
    ...placement.on,
    ...placement.onNew.map((copies, index) => [launched[index]!, copies] as const),
  ]);
  for (const [host, copies] of placed) {
    addCopies(host, component, copies);
    variant.vacancy.delete(host);
  }
  state.reportComponent(component);
  const hostsReady = Math.max(state.now, ...[...placed.keys()].map((host) => host.readyAt));
  const readyAt = hostsReady + (sick?.afterMs ?? state.nextCopyStartMs(component.name));
  later(state, component, readyAt, () => {
    if (sick !== undefined) {
      for (const [host, copies] of placed) takeCopies([host], component, copies);
      fail(state, component, sick.reason);
      releaseLater(state, endpoint, variant);
      return;
    }
    component.specification = change.specification;
    component.current = change.copies;
    component.failureReason = undefined;
    settle(state, component, 'InService');
  });
}

/** Copies that go stop answering with the call; only the status lags. */
function shrink(
  state: SageMakerState,
  endpoint: Endpoint,
  variant: Variant,
  component: Component,
  { specification, copies }: CopyChange,
): void {
  takeCopies(variant.hosts, component, component.current - copies);
  component.desired = copies;
  component.current = copies;
  settle(state, component, 'Updating');
  releaseLater(state, endpoint, variant);
  later(state, component, state.now + SETTLE_MS, () => {
    component.specification = specification;
    component.failureReason = undefined;
    settle(state, component, 'InService');
  });
}

export function beginDeleteComponent(state: SageMakerState, component: Component): void {
  const endpoint = state.homeOf(component);
  const variant = endpoint?.variants.find(({ definition }) => definition.VariantName === component.variant);
  if (variant !== undefined) takeCopies(variant.hosts, component, component.current);
  component.desired = 0;
  component.current = 0;
  settle(state, component, 'Deleting');
  if (endpoint !== undefined && variant !== undefined) releaseLater(state, endpoint, variant);
  state.kernel.clock.at(state.now + SETTLE_MS, PRIORITY.world, () => state.removeComponent(component));
}
