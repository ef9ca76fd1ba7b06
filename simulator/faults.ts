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

function isActive(fault: { readonly from: EpochMs; readonly until: EpochMs | undefined }, now: EpochMs): boolean {
  return now >= fault.from && (fault.until === undefined || now < fault.until);
}

function compileCallPattern(pattern: string): (service: ServiceName, operation: string) => boolean {
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

/** How one delivery goes: how often, and how late. */
export interface DeliveryPlan {
  readonly copies: 0 | 1 | 2;
  readonly delayMs: number;
}

const UNDISTURBED: DeliveryPlan = { copies: 1, delayMs: 0 };

/** Scripted faults, with counts of how often each took effect. */
export class Faults {
  readonly #calls: OnCalls<CallFault>[] = [];
  readonly #network: OnCalls<NetworkFault>[] = [];
  readonly #deliveries: Counted<DeliveryFault>[] = [];
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
    if (typeof fault.mode === 'object' && !(fault.mode.delayMs >= 0)) {
      throw new RangeError(`mode.delayMs: ${fault.mode.delayMs}: must be 0 or more`);
    }
    const counted = { fault, times: 0 };
    this.#deliveries.push(counted);
    return { times: () => counted.times };
  }

  /** The scripted answer to a call of the product, if one is due. */
  answerFor(caller: Caller, service: ServiceName, operation: string, now: EpochMs): ApiError | undefined {
    const fault = hitBy(this.#calls, caller, service, operation, now);
    return fault && new ApiError(fault.error.code, fault.error.message, fault.error.httpStatus ?? 400);
  }

  /** What the network does to a call of the product, if anything. */
  networkFor(caller: Caller, service: ServiceName, operation: string, now: EpochMs): NetworkFault | undefined {
    return hitBy(this.#network, caller, service, operation, now);
  }

  /** `kind` is a detail type for events of the bus, `tick` for deliveries of schedules. */
  planDelivery(delivery: { readonly tick: boolean; readonly detailType: string }, now: EpochMs): DeliveryPlan {
    let copies: 0 | 1 | 2 = 1;
    let delayMs = 0;
    for (const counted of this.#deliveries) {
      const { fault } = counted;
      if (!isActive(fault, now)) continue;
      const hit = delivery.tick ? fault.of === 'tick' : fault.of === undefined || fault.of === delivery.detailType;
      if (!hit) continue;
      counted.times += 1;
      if (fault.mode === 'drop') copies = 0;
      else if (fault.mode === 'twice') copies = copies === 0 ? 0 : 2;
      else delayMs = Math.max(delayMs, fault.mode.delayMs);
    }
    return copies === 1 && delayMs === 0 ? UNDISTURBED : { copies, delayMs };
  }
}
