import { endpointOf } from '../invariants/records.ts';
import type { Scenario } from '../model.ts';
import type { EventResult } from '../result.ts';
import type { Run } from '../run.ts';

export interface Invented {
  readonly at: string;
  readonly endpoint: string;
  readonly what: string;
}

/** When somebody who is not the product first changed each endpoint, its scaling or its alarms; by lower-cased name. */
export type Hands = ReadonlyMap<string, number>;

export function watchHands({ aws }: Run, { start, endpoints }: Scenario): Hands {
  const hands = new Map<string, number>();
  const hosts = new Map(
    endpoints.flatMap(
      ({ name, hosting }) => hosting?.components.map((component) => [component.name, name] as const) ?? [],
    ),
  );
  aws.onCall((record) => {
    const { caller, mutating, error, at } = record;
    if (caller.kind !== 'person' || !mutating || error !== undefined || at <= start) return;
    const endpoint = endpointOf(record, endpoints, (component) => hosts.get(component))?.toLowerCase();
    if (endpoint !== undefined && !hands.has(endpoint)) hands.set(endpoint, at);
  });
  return hands;
}

/** What the product tells as drift though nobody had a hand in it: it took its own doing for somebody's. */
export function findInvented(events: readonly EventResult[], hands: Hands): readonly Invented[] {
  return events.flatMap(({ at, detailType, detail }) => {
    if (detailType !== 'Drift Found') return [];
    const endpoint = String(detail['endpoint']);
    if ((hands.get(endpoint.toLowerCase()) ?? Number.POSITIVE_INFINITY) <= Date.parse(at)) return [];
    const { field, expected, actual } = detail;
    return [
      { at, endpoint, what: `${String(field)}: ${String(expected)} is ${String(actual)}, and nobody changed it` },
    ];
  });
}
