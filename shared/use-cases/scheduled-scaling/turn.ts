import type { FleetRecord } from '../../domain/record.ts';
import type { FleetStore } from '../../ports/fleet-store.ts';
import type { RecordChange, Turn } from './ports.ts';

/** A turn on a record that exists (`read`) or is about to be created (`new`). */
export function createTurn(
  fleet: Pick<FleetStore, 'create' | 'replace' | 'update'>,
  start: FleetRecord,
  origin: 'read' | 'new',
): Turn {
  let record = start;
  const changes: RecordChange[] = [];

  async function write(): Promise<'written' | 'lost'> {
    if (origin === 'new') return (await fleet.create(record)) === 'written' ? 'written' : 'lost';
    const first = await fleet.replace({ ...record, version: start.version });
    if (first !== 'conflict') return 'written';
    // Somebody wrote meanwhile (a hold, a demand, an observation): our changes go on top of theirs.
    const second = await fleet.update(start.endpoint, (fresh) => (isSame(fresh) ? applyAll(fresh) : undefined));
    return second === undefined ? 'lost' : 'written';
  }

  /** In another phase or generation the endpoint is another function's, and what we saw of it is the past. */
  function isSame(fresh: FleetRecord): boolean {
    return fresh.phase === start.phase && fresh.generation === start.generation;
  }

  function applyAll(fresh: FleetRecord): FleetRecord {
    return changes.reduce((changed, change) => change(changed), fresh);
  }

  return {
    get record() {
      return record;
    },
    change(change) {
      changes.push(change);
      record = change(record);
    },
    due: false,
    letGo: false,
    save: async () => (changes.length === 0 && origin === 'read' ? 'unchanged' : write()),
  };
}

/** Both functions look at the endpoint in their next run. */
export function dueNow(now: number): RecordChange {
  return (record) => ({ ...record, nextAt: { scaling: now, windows: now } });
}
