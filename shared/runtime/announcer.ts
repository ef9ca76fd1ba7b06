import { type BusEntry, type EventBus, type LostEntry, PUT_EVENTS_LIMIT } from '../aws/eventbridge.ts';
import { EVENT_SOURCE } from '../domain/decision.ts';
import type { Announcement, Announcer, DecisionLog } from '../ports/announcer.ts';

interface Sent {
  /** Single entries that the bus did not take: nearly always throttling, so they are sent once more. */
  readonly refused: readonly LostEntry[];
  /** The call as a whole failed, after the SDK's own retries: trying again would cost the run the rest of its time. */
  readonly lost: readonly LostEntry[];
}

export function createAnnouncer(bus: () => EventBus, log: DecisionLog): Announcer {
  let queue: BusEntry[] = [];

  async function send(entries: readonly BusEntry[]): Promise<Sent> {
    try {
      return { refused: await bus().put(entries), lost: [] };
    } catch (error) {
      const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
      return { refused: [], lost: entries.map((entry) => ({ entry, code: name, message })) };
    }
  }

  async function sendAll(entries: readonly BusEntry[]): Promise<Sent> {
    const batches: BusEntry[][] = [];
    for (let start = 0; start < entries.length; start += PUT_EVENTS_LIMIT) {
      batches.push(entries.slice(start, start + PUT_EVENTS_LIMIT));
    }
    const sent = await Promise.all(batches.map(send));
    return { refused: sent.flatMap(({ refused }) => refused), lost: sent.flatMap(({ lost }) => lost) };
  }

  return {
    announce(announcement) {
      queue.push(entryOf(announcement));
    },
    async flush() {
      const entries = queue;
      queue = [];
      const first = await sendAll(entries);
      const second = await sendAll(first.refused.map(({ entry }) => entry));
      const lost = [...first.lost, ...second.lost, ...second.refused];
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
