import type { EpochMs, FaultHandle, PaidTime, QuotaOutage, Shortage, Sickness } from '../contract.ts';
import { listInstanceTypes, type ProductionVariant, SERVERLESS } from './endpoint.ts';
import { nameKey, quotaExceeded } from './naming.ts';

/** What becomes of a start or scale-out begun now. */
export type Provision =
  | { readonly works: true; readonly instanceType: string | undefined }
  | { readonly works: false; readonly failsAfterMs: number; readonly reason?: string | undefined };

interface Counted<T> {
  readonly fault: T;
  hits: number;
}

interface Period {
  readonly from: EpochMs;
  readonly until?: EpochMs | undefined;
}

/** The first fault that is on at that time. */
function activeAt<T extends Period>(
  faults: readonly Counted<T>[],
  at: EpochMs,
  concerns: (fault: T) => boolean,
): Counted<T> | undefined {
  return faults.find(
    ({ fault }) => concerns(fault) && fault.from <= at && (fault.until === undefined || at < fault.until),
  );
}

function register<T>(faults: Counted<T>[], fault: T): FaultHandle {
  const counted = { fault, hits: 0 };
  faults.push(counted);
  return { times: () => counted.hits };
}

function concernsType(instanceType: string): (fault: { readonly instanceType: string }) => boolean {
  return (fault) => fault.instanceType === 'all' || fault.instanceType === instanceType;
}

/** Instances that AWS has, and that the account may use. */
export class CapacityPool {
  readonly #shortages: Counted<Shortage>[] = [];
  readonly #outages: Counted<QuotaOutage>[] = [];
  readonly #sicknesses: Counted<Sickness>[] = [];
  readonly #quotas = new Map<string, number>();

  addShortage(shortage: Shortage): FaultHandle {
    return register(this.#shortages, shortage);
  }

  addQuotaOutage(outage: QuotaOutage): FaultHandle {
    return register(this.#outages, outage);
  }

  addSickness(sickness: Sickness): FaultHandle {
    return register(this.#sicknesses, sickness);
  }

  /** What a start of this endpoint begun now dies of, where its instances come but not its containers. */
  sicknessOf(endpoint: string, at: EpochMs): Sickness | undefined {
    const found = activeAt(this.#sicknesses, at, (sickness) => nameKey(sickness.endpoint) === nameKey(endpoint));
    if (found) found.hits++;
    return found?.fault;
  }

  setQuota(instanceType: string, instances: number): void {
    this.#quotas.set(instanceType, instances);
  }

  /**
   * Walks the variant's pools by priority: SageMaker falls to the next pool on an insufficient-capacity error, at create
   * and at scale-out (SageMaker guide, realtime-endpoints-heterogeneous). When all are short the provision timeout of the
   * variant, where given, ends the wait before the shortage would.
   */
  provision(variant: ProductionVariant, at: EpochMs): Provision {
    if (variant.ServerlessConfig) return { works: true, instanceType: SERVERLESS };
    const types = listInstanceTypes(variant);
    if (types.length === 0) return { works: true, instanceType: undefined };
    let failsAfterMs = 0;
    let reason: string | undefined;
    for (const instanceType of types) {
      const shortage = this.#shortageOf(instanceType, at);
      if (!shortage) return { works: true, instanceType };
      failsAfterMs = Math.max(failsAfterMs, shortage.failsAfterMs);
      reason = shortage.reason;
    }
    const timeout = variant.VariantInstanceProvisionTimeoutInSeconds;
    return {
      works: false,
      reason,
      failsAfterMs: timeout === undefined ? failsAfterMs : Math.min(failsAfterMs, timeout * 1000),
    };
  }

  /** The refusal is synchronous, whether or not there would be capacity. */
  checkQuota(instanceType: string, used: number, delta: number, at: EpochMs): void {
    const outage = activeAt(this.#outages, at, concernsType(instanceType));
    if (outage && delta > 0) {
      outage.hits++;
      throw quotaExceeded(instanceType, used, used, delta);
    }
    const limit = this.#quotas.get(instanceType);
    if (limit !== undefined && used + delta > limit) throw quotaExceeded(instanceType, limit, used, delta);
  }

  #shortageOf(instanceType: string, at: EpochMs): Shortage | undefined {
    const found = activeAt(this.#shortages, at, concernsType(instanceType));
    if (found) found.hits++;
    return found?.fault;
  }
}

/** Billed instance time of one endpoint: rises with the call that starts instances, ends with the call that takes them away. */
export class PaidLedger {
  readonly #types = new Map<string, { running: number; since: EpochMs; milliseconds: number }>();

  change(instanceType: string, delta: number, at: EpochMs): void {
    const entry = this.#types.get(instanceType) ?? { running: 0, since: at, milliseconds: 0 };
    entry.milliseconds += entry.running * (at - entry.since);
    entry.since = at;
    entry.running += delta;
    this.#types.set(instanceType, entry);
  }

  /** Instances paid for now, the quota's idea of use. */
  running(instanceType: string): number {
    return this.#types.get(instanceType)?.running ?? 0;
  }

  stopAll(at: EpochMs): void {
    for (const [instanceType, entry] of this.#types) this.change(instanceType, -entry.running, at);
  }

  total(now: EpochMs): PaidTime[] {
    return [...this.#types].map(([instanceType, { running, since, milliseconds }]) => ({
      instanceType,
      instanceSeconds: (milliseconds + running * (now - since)) / 1000,
    }));
  }
}
