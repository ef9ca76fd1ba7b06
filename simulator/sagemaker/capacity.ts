import type { EpochMs, FaultHandle, PaidTime, Shortage } from '../contract.ts';
import { listInstanceTypes, type ProductionVariant } from './endpoint.ts';
import { quotaExceeded } from './naming.ts';

/** What becomes of a start or scale-out begun now. */
export type Provision =
  | { readonly works: true; readonly instanceType: string | undefined }
  | { readonly works: false; readonly failsAfterMs: number; readonly reason?: string | undefined };

/** Instances that AWS has, and that the account may use. */
export class CapacityPool {
  readonly #shortages: { readonly shortage: Shortage; hits: number }[] = [];
  readonly #quotas = new Map<string, number>();

  addShortage(shortage: Shortage): FaultHandle {
    const entry = { shortage, hits: 0 };
    this.#shortages.push(entry);
    return { times: () => entry.hits };
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

  checkQuota(instanceType: string | undefined, used: number, delta: number): void {
    const limit = instanceType === undefined ? undefined : this.#quotas.get(instanceType);
    if (instanceType !== undefined && limit !== undefined && used + delta > limit) {
      throw quotaExceeded(instanceType, limit, used, delta);
    }
  }

  #shortageOf(instanceType: string, at: EpochMs): Shortage | undefined {
    const entry = this.#shortages.find(
      ({ shortage: s }) => s.instanceType === instanceType && s.from <= at && (s.until === undefined || at < s.until),
    );
    if (entry) entry.hits++;
    return entry?.shortage;
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
