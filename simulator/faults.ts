import {
  ApiError,
  type Caller,
  type CallFault,
  type DeliveryFault,
  type EpochMs,
  type FaultHandle,
  type NetworkFault,
  type ServiceName,
} from './contract.ts';
import { SERVICE_NAMES } from './wire/model.ts';

interface Counted<T> {
  readonly fault: T;
  times: number;
}

interface OnCalls<T> extends Counted<T> {
  matches(service: ServiceName, operation: string): boolean;
  draw(): number;
}

export function isActive(
  fault: { readonly from: EpochMs; readonly until: EpochMs | undefined },
  now: EpochMs,
): boolean {
  return now >= fault.from && (fault.until === undefined || now < fault.until);
}

export function compileCallPattern(pattern: string): (service: ServiceName, operation: string) => boolean {
  if (pattern === '*') return () => true;
  const [service, operation, ...rest] = pattern.split('.');
  const known = service === '*' || SERVICE_NAMES.includes(service as ServiceName);
  if (operation === undefined || operation === '' || rest.length > 0 || !known) {
    throw new RangeError(
      `calls: ${pattern}: must be Service.Operation, with * for either; services: ${SERVICE_NAMES.join(', ')}`,
    );
  }
  return (calledService, calledOperation) =>
    (service === '*' || service === calledService) && (operation === '*' || operation === calledOperation);
}

/** The first fault that hits this call, counted. */
function hitBy<T extends CallFault | NetworkFault>(
  faults: readonly OnCalls<T>[],
  caller: Caller,
  service: ServiceName,
  operation: string,
  now: EpochMs,
): T | undefined {
  if (caller.kind !== 'product') return undefined;
  for (const counted of faults) {
    const { fault } = counted;
    if (!isActive(fault, now) || !counted.matches(service, operation)) continue;
    if (fault.share < 1 && counted.draw() >= fault.share) continue;
    counted.times += 1;
    return fault;
  }
  return undefined;
}

/** How the deliveries of one event go: how often, and each how late and with what. */
export interface DeliveryPlan {
  readonly copies: 0 | 1 | 2;
  /** Asked once for each delivery. */
  delayMs(): number;
  alter(payload: string): string;
}

const UNDISTURBED: DeliveryPlan = { copies: 1, delayMs: () => 0, alter: (payload) => payload };

/** The event without a field, however deep; undefined where it has none. */
function withoutField(event: unknown, path: readonly string[]): Record<string, unknown> | undefined {
  const [name, ...rest] = path;
  if (name === undefined || typeof event !== 'object' || event === null || !Object.hasOwn(event, name))
    return undefined;
  const { [name]: inner, ...others } = event as Record<string, unknown>;
  if (rest.length === 0) return others;
  const cut = withoutField(inner, rest);
  return cut && { ...event, [name]: cut };
}

/** The status that AWS's services send with an error of this name (common errors of their API references). */
function usualStatus(code: string): number {
  if (code.startsWith('Internal')) return 500;
  return code.startsWith('ServiceUnavailable') ? 503 : 400;
}

/** Scripted faults, with counts of how often each took effect. */
export class Faults {
  readonly #calls: OnCalls<CallFault>[] = [];
  readonly #network: OnCalls<NetworkFault>[] = [];
  readonly #deliveries: (Counted<DeliveryFault> & { draw(): number })[] = [];
  readonly #random: (stream: string) => () => number;

  constructor(random: (stream: string) => () => number) {
    this.#random = random;
  }

  addCallFault(fault: CallFault): FaultHandle {
    return this.#add(this.#calls, fault, 'call-fault');
  }

  addNetworkFault(fault: NetworkFault): FaultHandle {
    return this.#add(this.#network, fault, 'network-fault');
  }

  #add<T extends CallFault | NetworkFault>(list: OnCalls<T>[], fault: T, stream: string): FaultHandle {
    if (!(fault.share >= 0 && fault.share <= 1)) throw new RangeError(`share: ${fault.share}: must be from 0 to 1`);
    const counted: OnCalls<T> = {
      fault,
      times: 0,
      matches: compileCallPattern(fault.calls),
      draw: this.#random(`${stream}:${list.length}`),
    };
    list.push(counted);
    return { times: () => counted.times };
  }

  addDeliveryFault(fault: DeliveryFault): FaultHandle {
    const { mode } = fault;
    if (typeof mode === 'object' && 'delayMs' in mode && !(mode.delayMs >= 0)) {
      throw new RangeError(`mode.delayMs: ${mode.delayMs}: must be 0 or more`);
    }
    const counted = { fault, times: 0, draw: this.#random(`delivery-fault:${this.#deliveries.length}`) };
    this.#deliveries.push(counted);
    return { times: () => counted.times };
  }

  /** The scripted answer to a call of the product, if one is due. */
  answerFor(caller: Caller, service: ServiceName, operation: string, now: EpochMs): ApiError | undefined {
    const fault = hitBy(this.#calls, caller, service, operation, now);
    if (fault === undefined) return undefined;
    const { code, message, httpStatus = usualStatus(code), fields = {} } = fault.error;
    return new ApiError(code, message, httpStatus, fields);
  }

  /** What the network does to a call of the product, if anything. */
  networkFor(caller: Caller, service: ServiceName, operation: string, now: EpochMs): NetworkFault | undefined {
    return hitBy(this.#network, caller, service, operation, now);
  }

  /** `kind` is a detail type for events of the bus, `tick` for deliveries of schedules. */
  planDelivery(delivery: { readonly tick: boolean; readonly detailType: string }, now: EpochMs): DeliveryPlan {
    let plan = UNDISTURBED;
    for (const counted of this.#deliveries) {
      const { fault } = counted;
      if (!isActive(fault, now)) continue;
      const hit = delivery.tick ? fault.of === 'tick' : fault.of === undefined || fault.of === delivery.detailType;
      if (hit) plan = disturb(plan, counted);
    }
    return plan;
  }
}

function disturb(plan: DeliveryPlan, counted: Counted<DeliveryFault> & { draw(): number }): DeliveryPlan {
  const { mode } = counted.fault;
  if (typeof mode === 'object' && 'without' in mode) {
    return {
      ...plan,
      alter(payload) {
        let event: unknown = JSON.parse(plan.alter(payload));
        for (const path of mode.without) {
          const cut = withoutField(event, path.split('.'));
          if (cut === undefined) continue;
          event = cut;
          counted.times += 1;
        }
        return JSON.stringify(event);
      },
    };
  }
  counted.times += 1;
  if (mode === 'drop') return { ...plan, copies: 0 };
  if (mode === 'twice') return { ...plan, copies: plan.copies === 0 ? 0 : 2 };
  if ('delayMs' in mode) return { ...plan, delayMs: () => Math.max(plan.delayMs(), mode.delayMs) };
  return { ...plan, delayMs: () => plan.delayMs() + Math.floor(counted.draw() * mode.shuffleMs) };
}
