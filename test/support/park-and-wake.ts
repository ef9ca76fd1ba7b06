import { HOUR, MINUTE } from '../../shared/domain/time.ts';
import { dumpEndpoint } from './api-dump.ts';
import { createFleet, type IdleWindowsFleet, PARKING_POLICY } from './idle-windows-fleet.ts';
import { makeOwned } from './make-owned.ts';
import type { OwnedEndpoint } from './owned-endpoint.ts';
import { START } from './simulator-clients.ts';

const LONGEST = 4 * HOUR;
/** As short as a policy may have it. */
const POLICY = { ...PARKING_POLICY, zero: { by: 'park', idleFor: 5 * MINUTE, minUp: MINUTE } } as const;

export interface ParkedFleet {
  readonly fleet: IdleWindowsFleet;
  /** What the APIs showed directly before the first delete. */
  readonly before: ReadonlyMap<string, object>;
  /** Ticks until all of them are gone. */
  park(): Promise<void>;
  /** Asks for all of them and ticks until they are up; answers what the APIs show then, in the same instant. */
  wake(): Promise<ReadonlyMap<string, object>>;
  /** Ticks until all of them are up. */
  untilUp(seen?: (name: string) => Promise<void>): Promise<void>;
}

export async function createParkedFleet(owned: ReadonlyMap<string, OwnedEndpoint>): Promise<ParkedFleet> {
  const before = new Map<string, object>();
  const deleted = new Set<string>();
  let fleet: IdleWindowsFleet | undefined;
  const dump = (name: string) => {
    if (fleet === undefined) throw new Error('nothing is there yet');
    return dumpEndpoint(fleet.people, name, `${name}: `);
  };
  const lookBefore = async () => {
    for (const name of owned.keys()) {
      if (deleted.has(name)) continue;
      const seen = (await fleet?.status(name)) === 'InService' ? await dump(name) : undefined;
      // Another endpoint's look may still be under way while this one is deleted: it saw half of it.
      if (seen !== undefined && (await fleet?.status(name)) === 'InService') before.set(name, seen);
      else deleted.add(name);
    }
  };
  fleet = await createFleet(
    { PARK_BUDGET: '100' },
    { before: ({ operation }) => (operation === 'DeleteEndpoint' ? lookBefore() : undefined) },
  );
  await makeOwned(fleet, owned);
  for (const [name, { variant }] of owned) {
    const wake = { ...POLICY.wake, fallbackConfigs: [`${name}-fallback`] };
    await fleet.enrol(name, { variant, policy: { ...POLICY, wake } });
  }
  const { aws, tickUntil, record, status, invoke, decisions } = fleet;
  const until = async (isThere: (name: string) => Promise<boolean>, seen?: (name: string) => Promise<void>) => {
    const left = new Set(owned.keys());
    const limit = aws.clock.now() + LONGEST;
    for (;;) {
      for (const name of left) {
        if (!(await isThere(name))) continue;
        await seen?.(name);
        left.delete(name);
      }
      if (left.size === 0) return;
      if (aws.clock.now() > limit) throw new Error(`${[...left].join(', ')}: ${decisions().slice(-5).join(', ')}`);
      await tickUntil(aws.clock.now() - START + MINUTE);
    }
  };
  const untilUp = (seen?: (name: string) => Promise<void>) =>
    until(async (name) => (await record(name)).phase === 'up' && (await status(name)) === 'InService', seen);
  return {
    fleet,
    before,
    untilUp,
    async park() {
      await until(async (name) => (await record(name)).phase === 'parked' && (await status(name)) === 'Absent');
      for (const name of owned.keys()) deleted.add(name);
    },
    async wake() {
      const after = new Map<string, object>();
      for (const endpoint of owned.keys()) {
        await invoke({ source: 'endpoint-scaler.request', 'detail-type': 'Wake Requested', detail: { endpoint } });
      }
      await untilUp(async (name) => {
        after.set(name, await dump(name));
      });
      return after;
    },
  };
}
