import { Worker } from 'node:worker_threads';
import type { SeedOutcome } from '../../rehearsal/soak/soak-seed.ts';

export interface PoolOptions {
  readonly days: number;
  readonly shrinks: boolean;
  readonly workers: number;
  /** No seed begins after this instant. */
  readonly until: number;
  onOutcome(outcome: SeedOutcome): void;
}

/** Works through the seeds on as many threads; a thread that breaks fails the whole. */
export async function soakSeeds(seeds: Iterable<number>, options: PoolOptions): Promise<void> {
  const rest = seeds[Symbol.iterator]();
  const next = (): number | undefined => {
    if (Date.now() >= options.until) return undefined;
    const { done, value } = rest.next();
    return done === true ? undefined : value;
  };
  await Promise.all(Array.from({ length: options.workers }, () => runWorker(next, options)));
}

function runWorker(next: () => number | undefined, { days, shrinks, onOutcome }: PoolOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { days, shrinks } });
    const give = (): void => {
      const seed = next();
      if (seed === undefined) void worker.terminate();
      else worker.postMessage(seed);
    };
    worker.on('message', (outcome: SeedOutcome) => {
      onOutcome(outcome);
      give();
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve());
    give();
  });
}
