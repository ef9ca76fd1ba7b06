import { keepAsked } from '../../domain/next-at.ts';
import type { FleetRecord } from '../../domain/record.ts';
import { type Instant, SECOND } from '../../domain/time.ts';
import type { FleetStore } from '../../ports/fleet-store.ts';
import type { Run } from '../../ports/run.ts';
import type { Clock } from '../../ports/world.ts';
import type { RecordChange } from './ports.ts';

/** Another run has the endpoint: this one stops where it is, nothing is lost. */
export class LostRaceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LostRaceError';
  }
}

/** The record of one endpoint in one run, with the lease that acting needs. */
export interface Session {
  readonly record: FleetRecord;
  /** Takes the lease; false: another run holds it, or took it at the same moment. */
  acquire(): Promise<boolean>;
  /** The instant by which a create or delete under the lease must be aborted; undefined: too little time is left. */
  abortAt(): Instant | undefined;
  /** Conditional write; changes that others made meanwhile are kept. Throws LostRaceError when the endpoint is another run's. */
  write(change: RecordChange): Promise<void>;
  /** Ends the lease together with a last change. */
  close(change: RecordChange): Promise<void>;
}

/** A create or delete needs at least this long, and its result must still be recorded. */
const LEAST_FOR_CALL = 5 * SECOND;
const LEFT_FOR_RECORDING = 3 * SECOND;

export interface SessionParts {
  readonly fleet: FleetStore;
  readonly clock: Clock;
  readonly run: Run;
  readonly lease: number;
}

export function createSession(read: FleetRecord, { fleet, clock, run, lease }: SessionParts): Session {
  let record = read;
  let held = false;

  function isFree({ lease: current }: FleetRecord): boolean {
    return current === undefined || current.holder === run.holder || current.until <= clock.now();
  }

  /** What must still be so for a change of ours to be right on a record that others changed. */
  function isOurs(fresh: FleetRecord): boolean {
    if (held) return fresh.lease?.holder === run.holder;
    return isFree(fresh) && fresh.phase === record.phase && fresh.generation === record.generation;
  }

  function apply(change: RecordChange, found: FleetRecord): FleetRecord {
    const changed = change(found);
    return { ...changed, nextAt: keepAsked(read.nextAt, found.nextAt, changed.nextAt) };
  }

  async function write(change: RecordChange): Promise<void> {
    const first = await fleet.replace(apply(change, record));
    if (first !== 'conflict') {
      record = first.written;
      return;
    }
    const second = await fleet.update(record.endpoint, (fresh) => (isOurs(fresh) ? apply(change, fresh) : undefined));
    if (second === undefined) throw new LostRaceError(`${record.endpoint}: another run changed it`);
    record = second;
  }

  return {
    get record() {
      return record;
    },
    async acquire() {
      if (held) return true;
      if (!isFree(record)) return false;
      const until = clock.now() + lease;
      const leased = (fresh: FleetRecord): FleetRecord => ({ ...fresh, lease: { holder: run.holder, until } });
      const first = await fleet.replace(leased(record));
      const written =
        first === 'conflict'
          ? await fleet.update(record.endpoint, (fresh) => (isOurs(fresh) ? leased(fresh) : undefined))
          : first.written;
      if (written === undefined) return false;
      record = written;
      held = true;
      return true;
    },
    abortAt() {
      const until = record.lease?.until;
      if (!held || until === undefined) return undefined;
      const at = Math.min(until - LEFT_FOR_RECORDING, run.deadline - LEFT_FOR_RECORDING);
      return at - clock.now() < LEAST_FOR_CALL ? undefined : at;
    },
    write,
    async close(change) {
      await write((fresh) => {
        const { lease: _, ...released } = change(fresh);
        return released;
      });
      held = false;
    },
  };
}
