import { type EpochMs, PRIORITY } from '../contract.ts';
import type { Provision } from './capacity.ts';
import {
  countCurrent,
  type Endpoint,
  type EndpointConfig,
  hostsComponents,
  listInstanceTypes,
  SERVERLESS,
  type Variant,
} from './endpoint.ts';
import { CAPACITY_FAILURE, healthCheckFailure, nameKey } from './naming.ts';
import type { SageMakerState } from './state.ts';
import { addInstances, buildVariants, payFor, takeInstances } from './variants.ts';

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
  const instanceType = provision.works ? provision.instanceType : listInstanceTypes(variant.definition)[0];
  if (instanceType !== undefined && instanceType !== SERVERLESS)
    state.pool.checkQuota(instanceType, state.usedInstances(instanceType), count, state.now);
  return { variant, count, provision };
}

/** What a start comes to: it works, or fails after a time with SageMaker's reason. */
interface Prospect {
  readonly failsAfterMs?: number;
  readonly reason: string;
  /** Instances run, and are paid for, until the failure. */
  readonly launches: boolean;
}

const WORKS: Prospect = { reason: '', launches: true };

/** One short variant, or one whose containers are sick, fails the whole start. */
function foresee(state: SageMakerState, endpoint: Endpoint, plan: readonly PlannedStart[]): Prospect {
  const failures = plan.flatMap(({ provision }) => (provision.works ? [] : [provision]));
  if (failures.length > 0) {
    const failsAfterMs = Math.max(...failures.map((failure) => failure.failsAfterMs));
    return { failsAfterMs, reason: failures[0]?.reason ?? CAPACITY_FAILURE, launches: false };
  }
  const sickness = state.pool.sicknessOf(endpoint.name, state.now);
  if (sickness === undefined) return WORKS;
  const variant = plan[0]?.variant.definition.VariantName ?? '';
  return {
    failsAfterMs: sickness.failsAfterMs,
    reason: sickness.reason ?? healthCheckFailure(variant),
    launches: true,
  };
}

function durationOf(state: SageMakerState, endpoint: Endpoint, { failsAfterMs }: Prospect): number {
  return failsAfterMs ?? state.nextStartMs(endpoint.name);
}

/** Waiting for capacity is not billed, so the ledger opens only for a start that launches instances. */
function pay(state: SageMakerState, endpoint: Endpoint, plan: readonly PlannedStart[], sign: 1 | -1 = 1): void {
  for (const { variant, provision, count } of plan) {
    if (provision.works && provision.instanceType !== undefined) {
      payFor(state, endpoint.name, variant.definition, provision.instanceType, sign * count);
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
      StatusMessage: variant.definition.ServerlessConfig
        ? `Provisioning concurrency of ${count}.`
        : `Launching ${count} instance(s).`,
      StartTime: new Date(state.now),
    };
  }
}

/** What ends a change after a time, or later where the endpoint is stuck in the change. */
function later(state: SageMakerState, endpoint: Endpoint, ms: number, fn: () => void): void {
  state.kernel.clock.at(state.now + ms, PRIORITY.world, () => {
    const heldUntil = state.stuck.heldUntil(endpoint.name, endpoint.status, state.now);
    if (heldUntil === undefined) fn();
    else later(state, endpoint, heldUntil - state.now, fn);
  });
}

export function beginCreate(state: SageMakerState, endpoint: Endpoint): void {
  const variants = [...endpoint.variants, ...endpoint.shadows];
  const plan = variants.map((variant) => planStart(state, variant, variant.desired));
  const prospect = foresee(state, endpoint, plan);
  if (prospect.launches) pay(state, endpoint, plan);
  announce(state, plan, 'Creating');
  state.endpoints.set(nameKey(endpoint.name), endpoint);
  state.setStatus(endpoint, 'Creating');
  later(state, endpoint, durationOf(state, endpoint, prospect), () => {
    if (prospect.failsAfterMs === undefined) {
      deliver(plan);
      state.setStatus(endpoint, 'InService');
      return;
    }
    if (prospect.launches) pay(state, endpoint, plan, -1);
    for (const { variant } of plan) variant.transition = undefined;
    endpoint.failureReason = prospect.reason;
    state.setStatus(endpoint, 'Failed');
  });
}

export function beginDelete(state: SageMakerState, endpoint: Endpoint): void {
  state.ledger(endpoint.name).stopAll(state.now);
  state.setStatus(endpoint, 'Deleting');
  later(state, endpoint, state.deleteMs(endpoint.name), () => state.remove(endpoint));
}

function finishUpdate(state: SageMakerState, endpoint: Endpoint): void {
  endpoint.failureReason = undefined;
  state.setStatus(endpoint, 'InService');
}

/** The reason of an update that something scripted makes fail. */
const UPDATE_FAILURE = 'The update was rolled back.';

/** Whether an update that has come to its end fails: for want of what it needs, or because a script says so. */
function failureOf(state: SageMakerState, endpoint: Endpoint, prospect: Prospect): string | undefined {
  if (prospect.failsAfterMs !== undefined) return prospect.reason;
  return state.stuck.endingOfUpdate(endpoint.name, state.now) === undefined ? undefined : UPDATE_FAILURE;
}

function rollBack(state: SageMakerState, endpoint: Endpoint, reason: string): void {
  endpoint.failureReason = reason;
  state.setStatus(endpoint, 'RollingBack');
  later(state, endpoint, ROLLBACK_MS, () => {
    if (state.stuck.endingOfUpdate(endpoint.name, state.now) !== 'UpdateRollbackFailed') {
      state.setStatus(endpoint, 'InService');
      return;
    }
    state.setStatus(endpoint, 'UpdateRollbackFailed');
    // Somebody mends it, or deletes it before.
    later(state, endpoint, 0, () => {
      if (endpoint.status === 'UpdateRollbackFailed') state.setStatus(endpoint, 'InService');
    });
  });
}

/** Changes a variant's instance count or provisioned concurrency (UpdateEndpointWeightsAndCapacities). */
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
      payFor(state, endpoint.name, variant.definition, type, -count);
    state.setStatus(endpoint, 'Updating');
    later(state, endpoint, SCALE_IN_MS, () => finishUpdate(state, endpoint));
    return;
  }
  const plan = [planStart(state, variant, delta)];
  const prospect = foresee(state, endpoint, plan);
  if (prospect.launches) pay(state, endpoint, plan);
  variant.desired = desired;
  announce(state, plan, 'Updating');
  state.setStatus(endpoint, 'Updating');
  later(state, endpoint, durationOf(state, endpoint, prospect), () => {
    const failure = failureOf(state, endpoint, prospect);
    if (failure === undefined) {
      deliver(plan);
      finishUpdate(state, endpoint);
      return;
    }
    if (prospect.launches) pay(state, endpoint, plan, -1);
    variant.transition = undefined;
    variant.desired = before;
    rollBack(state, endpoint, failure);
  });
}

export function beginWeightChange(
  state: SageMakerState,
  endpoint: Endpoint,
  weights: ReadonlyMap<Variant, number>,
): void {
  for (const [variant, weight] of weights) variant.desiredWeight = weight;
  state.setStatus(endpoint, 'Updating');
  later(state, endpoint, SCALE_IN_MS, () => {
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
  const { variants, shadows } = buildVariants(state, update.config);
  const hosting = endpoint.variants.filter(({ definition }) => hostsComponents(definition));
  const stays = (variant: Variant): Variant | undefined =>
    hosting.find(({ definition }) => definition.VariantName === variant.definition.VariantName);
  const fleet = [...variants, ...shadows].filter((variant) => stays(variant) === undefined);
  const before = [...endpoint.variants, ...endpoint.shadows].filter((variant) => !hosting.includes(variant));
  for (const variant of fleet) {
    const old = before.find((v) => v.definition.VariantName === variant.definition.VariantName);
    if (old && update.retainCounts) variant.desired = old.desired;
    if (old && update.retainWeights) variant.weight = variant.desiredWeight = old.desiredWeight;
  }
  const plan = fleet.map((variant) => planStart(state, variant, variant.desired));
  const prospect = foresee(state, endpoint, plan);
  if (prospect.launches) pay(state, endpoint, plan);
  const startedAt: EpochMs = state.now;
  endpoint.pending = { configName: update.config.EndpointConfigName, startedAt };
  state.setStatus(endpoint, 'Updating');
  later(state, endpoint, durationOf(state, endpoint, prospect), () => {
    endpoint.pending = undefined;
    const failure = failureOf(state, endpoint, prospect);
    if (failure !== undefined) {
      if (prospect.launches) pay(state, endpoint, plan, -1);
      rollBack(state, endpoint, failure);
      return;
    }
    for (const variant of before) {
      for (const [type, count] of variant.current) payFor(state, endpoint.name, variant.definition, type, -count);
    }
    deliver(plan);
    endpoint.variants = variants.map((variant) => {
      const known = stays(variant);
      return known === undefined ? variant : Object.assign(known, { definition: variant.definition });
    });
    endpoint.shadows = shadows;
    endpoint.config = update.config;
    finishUpdate(state, endpoint);
  });
}
