import {
  type ComponentChange,
  type EndpointChange,
  type EndpointTiming,
  type EpochMs,
  type FaultHandle,
  type Kernel,
  PRIORITY,
  type StuckStatus,
  type VariantChange,
} from '../contract.ts';
import { CapacityPool, PaidLedger } from './capacity.ts';
import type { Component } from './components/component.ts';
import {
  countCurrent,
  countDesired,
  countServing,
  DEFAULT_TIMING,
  describeInstanceType,
  type Endpoint,
  type EndpointStatus,
  SERVING_STATUSES,
  type StoredConfig,
  type StoredModel,
  type Variant,
} from './endpoint.ts';
import { emitEndpointEvent } from './endpoint-events.ts';
import { buildArn, endpointArn, nameKey, notFound } from './naming.ts';
import { StuckStatuses } from './stuck.ts';
import { TagRegistry } from './tags.ts';

export interface RegisteredTarget {
  readonly ResourceId: string;
  readonly ScalableDimension: string;
}

/** What SageMaker asks of Application Auto Scaling when an endpoint changes. */
export interface ScalableTargetLookup {
  /** Targets of the variant; callers may have spelled the endpoint's name in another case. */
  ofVariant(endpointName: string, variantName: string): readonly RegisteredTarget[];
}

/** Copies on an instance that is there (AWS blog on scale to zero: some two minutes and more, by model). */
const DEFAULT_COPY_START_MS = 4 * 60_000;

/** Everything SageMaker holds, and the only place where an endpoint's status changes. */
export class SageMakerState {
  readonly kernel: Kernel;
  readonly models = new Map<string, StoredModel>();
  /** How often another image was pushed under a tag. */
  readonly pushedImages = new Map<string, number>();
  readonly configs = new Map<string, StoredConfig>();
  readonly endpoints = new Map<string, Endpoint>();
  readonly components = new Map<string, Component>();
  readonly tags = new TagRegistry();
  readonly pool = new CapacityPool();
  readonly stuck = new StuckStatuses();
  targets: ScalableTargetLookup = { ofVariant: () => [] };
  readonly #timings = new Map<string, EndpointTiming>();
  readonly #starts = new Map<string, number>();
  readonly #ledgers = new Map<string, PaidLedger>();
  readonly #lastChange = new Map<string, EndpointChange>();
  readonly #listeners: ((change: EndpointChange) => void)[] = [];
  readonly #copyTimings = new Map<string, (n: number) => number>();
  readonly #componentListeners: ((change: ComponentChange) => void)[] = [];

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  get now(): EpochMs {
    return this.kernel.clock.now();
  }

  onChange(listener: (change: EndpointChange) => void): void {
    this.#listeners.push(listener);
  }

  onComponentChange(listener: (change: ComponentChange) => void): void {
    this.#componentListeners.push(listener);
  }

  setCopyTiming(component: string, startMs: (n: number) => number): void {
    this.#copyTimings.set(nameKey(component), startMs);
  }

  /** Draws how long the next copies of this component take to start on an instance that is there. */
  nextCopyStartMs(component: string): number {
    return (this.#copyTimings.get(nameKey(component)) ?? (() => DEFAULT_COPY_START_MS))(
      this.#nextStart(`component ${nameKey(component)}`),
    );
  }

  setTiming(name: string, timing: EndpointTiming): void {
    this.#timings.set(nameKey(name), timing);
  }

  deleteMs(name: string): number {
    return (this.#timings.get(nameKey(name)) ?? DEFAULT_TIMING).deleteMs;
  }

  /** Draws the duration of the next start of this name; counted across incarnations. */
  nextStartMs(name: string): number {
    const key = nameKey(name);
    return (this.#timings.get(key) ?? DEFAULT_TIMING).startMs(this.#nextStart(key));
  }

  #nextStart(key: string): number {
    const n = this.#starts.get(key) ?? 0;
    this.#starts.set(key, n + 1);
    return n;
  }

  ledger(name: string): PaidLedger {
    const key = nameKey(name);
    let ledger = this.#ledgers.get(key);
    if (!ledger) {
      ledger = new PaidLedger();
      this.#ledgers.set(key, ledger);
    }
    return ledger;
  }

  /** Instances of a type that the whole account pays for now. */
  usedInstances(instanceType: string): number {
    let used = 0;
    for (const ledger of this.#ledgers.values()) used += ledger.running(instanceType);
    return used;
  }

  require(name: string): Endpoint {
    const endpoint = this.endpoints.get(nameKey(name));
    if (!endpoint) throw notFound('endpoint', endpointArn(this.kernel, name));
    return endpoint;
  }

  requireConfig(name: string): StoredConfig {
    const config = this.configs.get(nameKey(name));
    if (!config) throw notFound('endpoint-config', buildArn(this.kernel, 'endpoint-config', name));
    return config;
  }

  setStatus(endpoint: Endpoint, status: EndpointStatus): void {
    endpoint.status = status;
    endpoint.modifiedAt = this.now;
    this.report(endpoint);
    emitEndpointEvent(this.kernel, endpoint, status, this.tags.current(endpoint.arn) ?? {});
    this.#reportComponents(endpoint.name);
    if (status === 'InService') this.#mayBecomeStuck(endpoint);
  }

  addStuckStatus(stuck: StuckStatus): FaultHandle {
    const handle = this.stuck.add(stuck);
    this.kernel.clock.at(stuck.from, PRIORITY.world, () => {
      const endpoint = this.endpoints.get(nameKey(stuck.endpoint));
      if (endpoint?.status === 'InService') this.#mayBecomeStuck(endpoint);
    });
    return handle;
  }

  #mayBecomeStuck(endpoint: Endpoint): void {
    const stuck = this.stuck.enters(endpoint.name, this.now);
    if (stuck === undefined) return;
    // A moment in service first: what brought it there comes to its end.
    this.kernel.clock.at(this.now + 1000, PRIORITY.world, () => {
      if (endpoint.status !== 'InService') return;
      this.setStatus(endpoint, stuck.status);
      this.kernel.clock.at(stuck.until, PRIORITY.world, () => {
        if (endpoint.status === stuck.status) this.setStatus(endpoint, 'InService');
      });
    });
  }

  /** The endpoint no longer exists: its tags go with it, its config, model and metrics stay. */
  remove(endpoint: Endpoint): void {
    this.endpoints.delete(nameKey(endpoint.name));
    this.tags.drop(endpoint.arn, this.now);
    endpoint.modifiedAt = this.now;
    this.#publish({
      at: this.now,
      endpoint: endpoint.name,
      status: 'Absent',
      desired: 0,
      serving: 0,
      config: '',
      instanceType: '',
    });
    emitEndpointEvent(this.kernel, endpoint, 'Deleted', {});
    this.#reportComponents(endpoint.name);
  }

  /** The name is free again; a scalable target of the component stays behind. */
  removeComponent(component: Component): void {
    this.components.delete(nameKey(component.name));
    this.tags.drop(component.arn, this.now);
    this.reportComponent(component, 'Absent');
  }

  reportComponent(component: Component, status: ComponentChange['status'] = component.status): void {
    const home = this.homeOf(component);
    const serving = home !== undefined && SERVING_STATUSES.has(home.status) ? component.current : 0;
    const change: ComponentChange = {
      at: this.now,
      endpoint: component.endpoint,
      component: component.name,
      status,
      desired: component.desired,
      serving: status === 'Absent' ? 0 : serving,
    };
    for (const listener of this.#componentListeners) listener(change);
  }

  #reportComponents(endpoint: string): void {
    for (const component of this.componentsOf(endpoint)) this.reportComponent(component);
  }

  /** The endpoint that a component was made on. One that was deleted leaves its components behind, for none of the same name. */
  homeOf({ endpoint, createdAt }: Component): Endpoint | undefined {
    const found = this.endpoints.get(nameKey(endpoint));
    return found !== undefined && found.createdAt <= createdAt ? found : undefined;
  }

  /** Components of an endpoint, by its name. */
  componentsOf(endpoint: string): readonly Component[] {
    return [...this.components.values()].filter((one) => nameKey(one.endpoint) === nameKey(endpoint));
  }

  report(endpoint: Endpoint): void {
    this.#publish({
      at: this.now,
      endpoint: endpoint.name,
      status: endpoint.status,
      desired: countDesired(endpoint),
      serving: countServing(endpoint),
      config: endpoint.config.EndpointConfigName,
      instanceType: describeInstanceType(endpoint),
      ...(endpoint.variants.length > 1 && {
        variants: endpoint.variants.map((variant) => variantOf(endpoint, variant)),
      }),
    });
  }

  #publish(change: EndpointChange): void {
    const key = nameKey(change.endpoint);
    const last = this.#lastChange.get(key);
    const same =
      last !== undefined &&
      last.status === change.status &&
      last.desired === change.desired &&
      last.serving === change.serving &&
      last.config === change.config &&
      last.instanceType === change.instanceType &&
      JSON.stringify(last.variants) === JSON.stringify(change.variants);
    if (same) return;
    this.#lastChange.set(key, change);
    for (const listener of this.#listeners) listener(change);
  }
}

function variantOf({ status }: Endpoint, variant: Variant): VariantChange {
  return {
    name: variant.definition.VariantName,
    desired: variant.desired,
    serving: SERVING_STATUSES.has(status) ? countCurrent(variant) : 0,
    weight: variant.weight,
  };
}
