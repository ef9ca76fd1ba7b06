import type { EpochMs, FaultHandle, StuckStatus } from '../contract.ts';
import type { EndpointStatus } from './endpoint.ts';
import { nameKey } from './naming.ts';

interface Entry {
  readonly stuck: StuckStatus;
  times: number;
  /** One period is entered once. */
  entered: boolean;
}

/** Endpoints that do not leave a status for a while, or that AWS puts into one. */
export class StuckStatuses {
  readonly #entries: Entry[] = [];

  add(stuck: StuckStatus): FaultHandle {
    const entry = { stuck, times: 0, entered: false };
    this.#entries.push(entry);
    return { times: () => entry.times };
  }

  /** Until when a change that would end now leaves the endpoint in this status; undefined: it ends. */
  heldUntil(endpoint: string, status: EndpointStatus, at: EpochMs): EpochMs | undefined {
    const entry = this.#active(endpoint, at, (stuck) => stuck.status === status);
    if (entry === undefined) return undefined;
    entry.times += 1;
    entry.entered = true;
    return entry.stuck.until;
  }

  /** How an update that would come to its end now fails instead. */
  endingOfUpdate(endpoint: string, at: EpochMs): 'RollingBack' | 'UpdateRollbackFailed' | undefined {
    const entry = this.#active(
      endpoint,
      at,
      ({ status }) => status === 'RollingBack' || status === 'UpdateRollbackFailed',
    );
    if (entry === undefined) return undefined;
    if (entry.stuck.status === 'UpdateRollbackFailed') entry.times += 1;
    entry.entered = true;
    return entry.stuck.status as 'RollingBack' | 'UpdateRollbackFailed';
  }

  /** The status that an endpoint which is in service now enters by itself, and until when; once for each period. */
  enters(endpoint: string, at: EpochMs): StuckStatus | undefined {
    const entry = this.#active(endpoint, at, ({ status }) => status !== 'Creating');
    if (entry === undefined || entry.entered) return undefined;
    entry.entered = true;
    entry.times += 1;
    return entry.stuck;
  }

  #active(endpoint: string, at: EpochMs, concerns: (stuck: StuckStatus) => boolean): Entry | undefined {
    return this.#entries.find(
      ({ stuck }) =>
        nameKey(stuck.endpoint) === nameKey(endpoint) && stuck.from <= at && at < stuck.until && concerns(stuck),
    );
  }
}
