import { type DurationMs, MINUTE, SECOND } from '../../domain/time.ts';
import type { Run } from '../../ports/run.ts';
import type { UpdatePorts } from './ports.ts';

/** Snapshot, deregistration and the update; the lease outlives it, so that no function acts in between. */
const RUN_FOR: DurationMs = 2 * MINUTE;
const LEASE_MARGIN: DurationMs = 10 * SECOND;

/** A person's command as functions' runs are: the lease keeps them off each other. */
export function newRun({ clock, random }: Pick<UpdatePorts, 'clock' | 'random'>): {
  readonly run: Run;
  readonly lease: DurationMs;
} {
  const now = clock.now();
  const id = `update-${Math.floor(random() * 1e9)}`;
  return { run: { id, holder: id, now, deadline: now + RUN_FOR }, lease: RUN_FOR + LEASE_MARGIN };
}
