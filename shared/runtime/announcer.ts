import { type BusEntry, type EventBus, type LostEntry, PUT_EVENTS_LIMIT } from '../aws/eventbridge.ts';
import { EVENT_SOURCE } from '../domain/decision.ts';
import type { Announcement, Announcer, DecisionLog } from '../ports/announcer.ts';

/** Partial failures of PutEvents are nearly always throttling: one more try, then the loss is logged and counted. */
const ROUNDS = 2;

export function createAnnouncer(bus: () => EventBus, log: DecisionLog): Announcer {
  let queue: BusEntry[] = [];

  async function send(entries: readonly BusEntry[]): Promise<readonly LostEntry[]> {
    try {
      return await bus().put(entries);
    } catch (error) {
      const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
      return entries.map((entry) => ({ entry, code: name, message }));
    }
  }

  async function sendAll(entries: readonly BusEntry[]): Promise<readonly LostEntry[]> {
    const batches: BusEntry[][] = [];
    for (let start = 0; start < entries.length; start += PUT_EVENTS_LIMIT) {
      batches.push(entries.slice(start, start + PUT_EVENTS_LIMIT));
    }
    return (await Promise.all(batches.map(send))).flat();
  }

  return {
    announce(announcement) {
      queue.push(entryOf(announcement));
    },
    async flush() {
      let pending: readonly BusEntry[] = queue;
      queue = [];
      let lost: readonly LostEntry[] = [];
      for (let round = 0; round < ROUNDS && pending.length > 0; round += 1) {
        lost = await sendAll(pending);
        pending = lost.map(({ entry }) => entry);
      }
      for (const { entry, code, message } of lost) {
        log.count('EventsLost');
        log.warn('an event did not reach the bus; nothing else depends on it', {
          type: entry.type,
          detail: entry.detail,
          code,
          reason: message,
        });
      }
    },
  };
}

function entryOf({ at, type, endpoint, detail, source }: Announcement): BusEntry {
  return {
    at,
    source: source ?? EVENT_SOURCE,
    type,
    detail: JSON.stringify({
      ...(endpoint === undefined ? {} : { endpoint }),
      at: new Date(at).toISOString(),
      ...detail,
    }),
  };
}
