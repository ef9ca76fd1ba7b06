import type { DurationMs } from '../../shared/domain/time.ts';

/** How a bounded load is sent: never more than `atMost` requests, `IN_FLIGHT` at once, or longer than `durationMs`. */
export interface LoadPlan {
  /** Requests per second whatever becomes of them, or so many at once, each followed by the next. */
  readonly pace: { readonly rate: number } | { readonly concurrency: number };
  readonly durationMs: DurationMs;
  readonly atMost: number;
}

/** As many as the SDK's connections carry at once. */
export const IN_FLIGHT = 50;

export interface LoadParts {
  /** Undefined: answered; else the failure's code. */
  readonly send: () => Promise<string | undefined>;
  readonly now: () => number;
  readonly sleep: (ms: DurationMs) => Promise<void>;
  readonly isStopped: () => boolean;
}

export interface Tally {
  sent: number;
  readonly answeredMs: number[];
  readonly failures: Map<string, number>;
  /** Requests that had to wait since so many others were under way. */
  held: number;
}

/** Longest nap, so that an interruption is heeded at once. */
const NAP_MS = 200;

/** Sends until the plan is fulfilled or somebody stops it, and waits for what is under way. `tally` is told all along. */
export async function driveLoad(plan: LoadPlan, parts: LoadParts, tally: Tally): Promise<void> {
  const end = parts.now() + plan.durationMs;
  const goesOn = () => !parts.isStopped() && tally.sent < plan.atMost && parts.now() < end;
  const one = async (): Promise<void> => {
    tally.sent += 1;
    const began = parts.now();
    const failure = await parts.send();
    if (failure === undefined) tally.answeredMs.push(parts.now() - began);
    else tally.failures.set(failure, (tally.failures.get(failure) ?? 0) + 1);
  };
  if ('concurrency' in plan.pace) {
    const worker = async (): Promise<void> => {
      while (goesOn()) await one();
    };
    await Promise.all(Array.from({ length: plan.pace.concurrency }, worker));
    return;
  }
  await atRate(plan.pace.rate, { ...parts, goesOn, one }, tally);
}

async function atRate(
  rate: number,
  { now, sleep, goesOn, one }: LoadParts & { readonly goesOn: () => boolean; readonly one: () => Promise<void> },
  tally: Tally,
): Promise<void> {
  const start = now();
  const underWay = new Set<Promise<void>>();
  for (let index = 0; goesOn(); index += 1) {
    const due = start + (index * 1_000) / rate;
    while (now() < due && goesOn()) await sleep(Math.min(NAP_MS, due - now()));
    if (!goesOn()) break;
    if (underWay.size >= IN_FLIGHT) {
      tally.held += 1;
      await Promise.race(underWay);
    }
    const request = one().finally(() => underWay.delete(request));
    underWay.add(request);
  }
  await Promise.all(underWay);
}

/** By the nearest rank; undefined: nothing was answered. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
