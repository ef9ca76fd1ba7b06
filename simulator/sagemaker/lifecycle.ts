import { type EpochMs, PRIORITY } from '../contract.ts';
import type { Provision } from './capacity.ts';
import { countCurrent, type Endpoint, type EndpointConfig, type Variant } from './endpoint.ts';
import { CAPACITY_FAILURE, nameKey } from './naming.ts';
import type { SageMakerState } from './state.ts';
import { addInstances, buildVariants, takeInstances } from './variants.ts';

/** How long SageMaker stays in Updating for a scale-in or a change of weights: no instance has to start. */
const SCALE_IN_MS = 60_000;
/** How long a failed scale-out shows RollingBack before the endpoint is in service on its old counts. */
const ROLLBACK_MS = 60_000;

interface PlannedStart {
  readonly variant: Variant;
  readonly count: number;
  readonly provision: Provision;
}

function planStart(state: SageMakerState, variant: Variant, count: number): PlannedStart {
  const provision = state.pool.provision(variant.definition, state.now);
  if (provision.works && provision.instanceType !== undefined) {
    state.pool.checkQuota(provision.instanceType, state.usedInstances(provision.instanceType), count);
  }
  return { variant, count, provision };
}

/** Milliseconds until the start fails for want of capacity; undefined when it works. One short variant fails them all. */
function findShortage(plan: readonly PlannedStart[]): number | undefined {
  const failures = plan.flatMap(({ provision }) => (provision.works ? [] : [provision.failsAfterMs]));
  return failures.length === 0 ? undefined : Math.max(...failures);
}

function failureOf(plan: readonly PlannedStart[]): string {
  const reasons = plan.flatMap(({ provision }) => (provision.works ? [] : (provision.reason ?? CAPACITY_FAILURE)));
  return reasons[0] ?? CAPACITY_FAILURE;
}

/** Waiting for capacity is not billed, so the ledger opens only for a start that will work. */
function pay(state: SageMakerState, endpoint: Endpoint, plan: readonly PlannedStart[]): void {
  for (const { provision, count } of plan) {
    if (provision.works && provision.instanceType !== undefined) {
      state.ledger(endpoint.name).change(provision.instanceType, count, state.now);
    }
  }
}

function deliver(plan: readonly PlannedStart[]): void {
  for (const { variant, provision, count } of plan) {
    if (provision.works && provision.instanceType !== undefined) addInstances(variant, provision.instanceType, count);
    variant.transition = undefined;
  }
}

function announce(state: SageMakerState, plan: readonly PlannedStart[], status: string): void {
  for (const { variant, count } of plan) {
    variant.transition = {
      Status: status,
      StatusMessage: `Launching ${count} instance(s).`,
      StartTime: new Date(state.now),
    };
  }
}

function later(state: SageMakerState, ms: number, fn: () => void): void {
  state.kernel.clock.at(state.now + ms, PRIORITY.world, fn);
}

export function beginCreate(state: SageMakerState, endpoint: Endpoint): void {
  const plan = endpoint.variants.map((variant) => planStart(state, variant, variant.desired));
  const shortage = findShortage(plan);
  const duration = shortage ?? state.nextStartMs(endpoint.name);
  if (shortage === undefined) pay(state, endpoint, plan);
  announce(state, plan, 'Creating');
  state.endpoints.set(nameKey(endpoint.name), endpoint);
  state.setStatus(endpoint, 'Creating');
  later(state, duration, () => {
    if (shortage === undefined) {
      deliver(plan);
      state.setStatus(endpoint, 'InService');
      return;
    }
    for (const { variant } of plan) variant.transition = undefined;
    endpoint.failureReason = failureOf(plan);
    state.setStatus(endpoint, 'Failed');
  });
}

export function beginDelete(state: SageMakerState, endpoint: Endpoint): void {
  state.ledger(endpoint.name).stopAll(state.now);
  state.setStatus(endpoint, 'Deleting');
  later(state, state.deleteMs(endpoint.name), () => state.remove(endpoint));
}

function finishUpdate(state: SageMakerState, endpoint: Endpoint): void {
  endpoint.failureReason = undefined;
  state.setStatus(endpoint, 'InService');
}

function rollBack(state: SageMakerState, endpoint: Endpoint, restore: () => void): void {
  restore();
  endpoint.failureReason = CAPACITY_FAILURE;
  state.setStatus(endpoint, 'RollingBack');
  later(state, ROLLBACK_MS, () => state.setStatus(endpoint, 'InService'));
}

/** Changes a variant's instance count (UpdateEndpointWeightsAndCapacities). */
export function beginCapacityChange(
  state: SageMakerState,
  endpoint: Endpoint,
  variant: Variant,
  desired: number,
): void {
  const before = countCurrent(variant);
  const delta = desired - before;
  if (delta <= 0) {
    // Scale-in is paid to the call and the instances stop answering with it; only the status lags.
    variant.desired = desired;
    for (const [type, count] of takeInstances(variant, -delta))
      state.ledger(endpoint.name).change(type, -count, state.now);
    state.setStatus(endpoint, 'Updating');
    later(state, SCALE_IN_MS, () => finishUpdate(state, endpoint));
    return;
  }
  const plan = [planStart(state, variant, delta)];
  const shortage = findShortage(plan);
  const duration = shortage ?? state.nextStartMs(endpoint.name);
  if (shortage === undefined) pay(state, endpoint, plan);
  variant.desired = desired;
  announce(state, plan, 'Updating');
  state.setStatus(endpoint, 'Updating');
  later(state, duration, () => {
    if (shortage === undefined) {
      deliver(plan);
      finishUpdate(state, endpoint);
      return;
    }
    rollBack(state, endpoint, () => {
      variant.transition = undefined;
      variant.desired = before;
    });
  });
}

export function beginWeightChange(
  state: SageMakerState,
  endpoint: Endpoint,
  weights: ReadonlyMap<Variant, number>,
): void {
  for (const [variant, weight] of weights) variant.desiredWeight = weight;
  state.setStatus(endpoint, 'Updating');
  later(state, SCALE_IN_MS, () => {
    for (const [variant, weight] of weights) variant.weight = weight;
    finishUpdate(state, endpoint);
  });
}

export interface EndpointUpdate {
  readonly config: EndpointConfig;
  /** Counts and weights of variants that keep their name instead of the config's initial ones. */
  readonly retainCounts: boolean;
  readonly retainWeights: boolean;
}

/** UpdateEndpoint: a whole new fleet starts beside the old one, and takes over when it is in service (blue/green). */
export function beginUpdate(state: SageMakerState, endpoint: Endpoint, update: EndpointUpdate): void {
  const variants = buildVariants(state, update.config);
  for (const variant of variants) {
    const old = endpoint.variants.find((v) => v.definition.VariantName === variant.definition.VariantName);
    if (old && update.retainCounts) variant.desired = old.desired;
    if (old && update.retainWeights) variant.weight = variant.desiredWeight = old.desiredWeight;
  }
  const plan = variants.map((variant) => planStart(state, variant, variant.desired));
  const shortage = findShortage(plan);
  const duration = shortage ?? state.nextStartMs(endpoint.name);
  if (shortage === undefined) pay(state, endpoint, plan);
  const startedAt: EpochMs = state.now;
  endpoint.pending = { configName: update.config.EndpointConfigName, startedAt };
  state.setStatus(endpoint, 'Updating');
  later(state, duration, () => {
    endpoint.pending = undefined;
    if (shortage !== undefined) {
      rollBack(state, endpoint, () => {});
      return;
    }
    for (const variant of endpoint.variants) {
      for (const [type, count] of variant.current) state.ledger(endpoint.name).change(type, -count, state.now);
    }
    deliver(plan);
    endpoint.variants = variants;
    endpoint.config = update.config;
    finishUpdate(state, endpoint);
  });
}
