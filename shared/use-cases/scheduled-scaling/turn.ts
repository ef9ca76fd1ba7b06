import { keepAsked } from '../../domain/next-at.ts';
import type { FleetRecord } from '../../domain/record.ts';
import { changeTarget, targetKeyOf, viewOf } from '../../domain/target-view.ts';
import type { FleetStore } from '../../ports/fleet-store.ts';
import type { TargetView } from '../../ports/scaling.ts';
import type { RecordChange, RunShared, Turn } from './ports.ts';

/** A turn on a record that exists (`read`) or is about to be created (`new`). */
export function createTurn(
  fleet: Pick<FleetStore, 'create' | 'replace' | 'update'>,
  start: FleetRecord,
  origin: 'read' | 'new',
): Turn {
  /** As the table has it; for a new one, as it is to be created. */
  let stored = start;
  let isNew = origin === 'new';
  let record = start;
  let changes: RecordChange[] = [];

  async function write(): Promise<'written' | 'lost'> {
    if (isNew) return (await fleet.create(record)) === 'written' ? takeOver(record) : 'lost';
    const first = await fleet.replace({ ...record, version: stored.version });
    if (first !== 'conflict') return takeOver(first.written);
    // Somebody wrote meanwhile (a hold, a demand, an observation): our changes go on top of theirs.
    const second = await fleet.update(start.endpoint, (fresh) => (isSame(fresh) ? applyAll(fresh) : undefined));
    return second === undefined ? 'lost' : takeOver(second);
  }

  function takeOver(written: FleetRecord): 'written' {
    stored = written;
    record = written;
    changes = [];
    isNew = false;
    return 'written';
  }

  /** In another phase or generation the endpoint is another function's, and what we saw of it is the past. */
  function isSame(fresh: FleetRecord): boolean {
    return fresh.phase === stored.phase && fresh.generation === stored.generation;
  }

  function applyAll(fresh: FleetRecord): FleetRecord {
    const changed = changes.reduce((so, change) => change(so), fresh);
    return { ...changed, nextAt: keepAsked(stored.nextAt, fresh.nextAt, changed.nextAt) };
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
    save: async () => (changes.length === 0 && !isNew ? 'unchanged' : write()),
  };
}

/**
 * One turn for each scalable target, on its view of the record; of an endpoint with one, the turn itself. What they
 * change is kept together: the record is written once for all.
 */
export function targetTurns(turn: Turn): readonly Turn[] {
  if (turn.record.targets === undefined) return [turn];
  return turn.record.targets.map(({ name, dimension }): Turn => {
    const target = { name, dimension };
    return {
      get record() {
        const state = turn.record.targets?.find((one) => one.name === name && one.dimension === dimension);
        return state === undefined ? turn.record : viewOf(turn.record, state);
      },
      change: (change) => turn.change((record) => changeTarget(record, target, change)),
      get due() {
        return turn.due;
      },
      set due(due) {
        turn.due = due;
      },
      get differences() {
        return turn.differences;
      },
      letGo: turn.letGo,
      save: () => turn.save(),
    };
  });
}

/** Of several targets one speaks of what the endpoint runs. */
export function isFirstOf({ record: { targets } }: Turn, { record: { part } }: Turn): boolean {
  return targets === undefined || (targets[0]?.name === part?.name && targets[0]?.dimension === part?.dimension);
}

export function targetIn({ targets }: RunShared, { record }: Turn): TargetView | undefined {
  const key = targetKeyOf(record);
  return key === undefined ? undefined : targets.get(key.resourceId);
}

/** Both functions look at the endpoint in their next run. */
export function dueNow(now: number): RecordChange {
  return (record) => ({ ...record, nextAt: { scaling: now, windows: now } });
}

/** When something is under way that the next tick should look at. */
export function nextTick({ ports, run }: RunShared): number {
  return run.now + ports.settings.tick / 2;
}

/** The record is written only where the instant moves to another place than before. */
export function lookAgain(turn: Turn, now: number, at: number): void {
  const { scaling } = turn.record.nextAt;
  if (scaling > now && scaling <= at) return;
  turn.change((record) => ({ ...record, nextAt: { ...record.nextAt, scaling: at } }));
}
