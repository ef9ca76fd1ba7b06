import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { Instant } from '../domain/time.ts';

export interface BusEntry {
  readonly at: Instant;
  readonly source: string;
  readonly type: string;
  readonly detail: string;
}

/** An entry that the bus did not take, and why. */
export interface LostEntry {
  readonly entry: BusEntry;
  readonly code: string;
  readonly message: string;
}

export interface EventBus {
  /** At most 10 entries a call. Throws only when the call as a whole failed. */
  put(entries: readonly BusEntry[]): Promise<readonly LostEntry[]>;
}

export const PUT_EVENTS_LIMIT = 10;

export function createEventBus(client: EventBridgeClient): EventBus {
  return {
    async put(entries) {
      const answer = await client.send(
        new PutEventsCommand({
          Entries: entries.map((entry) => ({
            Time: new Date(entry.at),
            Source: entry.source,
            DetailType: entry.type,
            Detail: entry.detail,
          })),
        }),
      );
      // Results come in the order of the request; a failed one has a code instead of an id.
      return (answer.Entries ?? []).flatMap((result, index) => {
        const entry = entries[index];
        if (result.ErrorCode === undefined || entry === undefined) return [];
        return [{ entry, code: result.ErrorCode, message: result.ErrorMessage ?? '' }];
      });
    },
  };
}
