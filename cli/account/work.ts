import type { FleetRecord, Hold } from '../../shared/domain/record.ts';
import { HOUR } from '../../shared/domain/time.ts';
import { idleWindowsPorts } from '../../shared/runtime/idle-windows-ports.ts';
import { judge } from '../../shared/use-cases/idle-windows/judge.ts';
import type { Work } from '../../shared/use-cases/idle-windows/ports.ts';
import type { Session } from '../../shared/use-cases/idle-windows/session.ts';
import type { Account } from './connect.ts';
import { type Fleet, leadFor } from './fleet.ts';

/**
 * One endpoint as idle-windows would take it up now, so that its own code judges it. Nothing can be written or acted on
 * through it: the session refuses.
 */
export function prepareWork(account: Account, fleet: Fleet, record: FleetRecord, hold: Hold | undefined): Work {
  const ports = idleWindowsPorts(account.runtime);
  const { now, samples } = fleet;
  const leadMs = leadFor(account, fleet, { ...record, phase: 'parked' }).ms;
  return {
    ports,
    run: { id: 'operator', holder: 'operator', now, deadline: now + HOUR },
    shared: {
      samples,
      holds: hold === undefined ? new Map() : new Map([[record.endpoint.toLowerCase(), hold]]),
      breakers: () => ports.breakers.openUntil(),
      // What stands in the way is looked for as if the budget were whole.
      hasParks: () => true,
      takePark: () => false,
    },
    session: readOnly(record),
    leadMs,
    ruling: judge({ record, hold, now, mode: ports.settings.mode, leadMs }),
    forced: true,
  };
}

function readOnly(record: FleetRecord): Session {
  const refuse = (): Promise<never> => Promise.reject(new Error(`${record.endpoint}: the command only looks`));
  return { record, acquire: () => Promise.resolve(false), abortAt: () => undefined, write: refuse, close: refuse };
}
