import { type InstanceSize, sizeOf } from '../../instance-size.ts';
import type { Component, ComponentSpecification, Host } from './component.ts';

/** What one copy takes of an instance. */
function needsOf({ ComputeResourceRequirements: needs }: ComponentSpecification): InstanceSize {
  return {
    cpus: needs?.NumberOfCpuCoresRequired ?? 0,
    accelerators: needs?.NumberOfAcceleratorDevicesRequired ?? 0,
    memoryMb: needs?.MinMemoryRequiredInMb ?? 0,
  };
}

const EPSILON = 1e-9;

function countIn(free: InstanceSize, need: InstanceSize): number {
  const shares = (['cpus', 'accelerators', 'memoryMb'] as const).flatMap((part) =>
    need[part] > 0 ? [Math.floor(free[part] / need[part] + EPSILON)] : [],
  );
  return Math.max(0, Math.min(...shares));
}

function freeOn(host: Host, without: Component | undefined): InstanceSize {
  let { cpus, accelerators, memoryMb } = sizeOf(host.instanceType);
  for (const [component, copies] of host.copies) {
    if (component === without) continue;
    const need = needsOf(component.specification);
    cpus -= need.cpus * copies;
    accelerators -= need.accelerators * copies;
    memoryMb -= need.memoryMb * copies;
  }
  return { cpus, accelerators, memoryMb };
}

/** Where copies go: so many on each host that is there, the rest on new ones. */
export interface Placement {
  readonly on: ReadonlyMap<Host, number>;
  /** Copies for each instance that has to be launched. */
  readonly onNew: readonly number[];
}

/**
 * Places `count` copies. SPREAD (SageMaker's word for even distribution, taken where nothing is said) gives each copy to
 * the host with the fewest of its own, BINPACK to the fullest one with room. Undefined: one copy does not fit an empty
 * instance. `without`: as if this component had no copy anywhere yet.
 */
export function place(
  hosts: readonly Host[],
  instanceType: string,
  specification: ComponentSpecification,
  count: number,
  component: Component,
  without?: Component,
): Placement | undefined {
  const need = needsOf(specification);
  const perInstance = countIn(sizeOf(instanceType), need);
  const rooms = hosts.map((host) => ({ host, room: countIn(freeOn(host, without), need), placed: 0 }));
  const own = ({ host, placed }: (typeof rooms)[number]): number =>
    placed + (without === component ? 0 : (host.copies.get(component) ?? 0));
  const packs = specification.SchedulingConfig?.PlacementStrategy === 'BINPACK';
  let rest = count;
  for (; rest > 0; rest -= 1) {
    const open = rooms.filter(({ room, placed }) => placed < room);
    const [first, ...others] = open;
    if (first === undefined) break;
    const better = (a: (typeof rooms)[number], b: (typeof rooms)[number]): boolean =>
      packs ? b.room - b.placed < a.room - a.placed : own(b) < own(a);
    others.reduce((best, one) => (better(best, one) ? one : best), first).placed += 1;
  }
  const on = new Map(rooms.flatMap(({ host, placed }) => (placed > 0 ? [[host, placed] as const] : [])));
  if (rest === 0) return { on, onNew: [] };
  if (perInstance === 0) return undefined;
  const onNew = Array.from({ length: Math.ceil(rest / perInstance) }, (_, index) =>
    Math.min(perInstance, rest - index * perInstance),
  );
  return { on, onNew };
}

/** Takes copies away, first from the hosts with the fewest copies of anybody, so that instances become free. */
export function takeCopies(hosts: readonly Host[], component: Component, count: number): void {
  const total = (host: Host): number => [...host.copies.values()].reduce((sum, copies) => sum + copies, 0);
  let rest = count;
  const holding = hosts.filter((host) => (host.copies.get(component) ?? 0) > 0);
  for (const host of holding.sort((a, b) => total(a) - total(b))) {
    const copies = host.copies.get(component)!;
    const take = Math.min(rest, copies);
    rest -= take;
    if (take === copies) host.copies.delete(component);
    else host.copies.set(component, copies - take);
  }
}

export function addCopies(host: Host, component: Component, count: number): void {
  host.copies.set(component, (host.copies.get(component) ?? 0) + count);
}
