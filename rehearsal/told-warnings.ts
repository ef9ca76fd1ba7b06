import type { EventResult } from './result.ts';

/** Events that say that a policy is not what its endpoint runs by. */
const NOT_IN_FORCE: readonly string[] = ['Policy Invalid', 'Policy Not Applied'];

/** What kept policies from being in force in the run: each kind of event once for each endpoint, with the first reason. */
export function toldWarnings(events: readonly EventResult[]): readonly string[] {
  const told = new Map<string, { times: number; readonly first: EventResult }>();
  for (const event of events) {
    if (!NOT_IN_FORCE.includes(event.detailType) && !isRefusedCall(event)) continue;
    const key = `${event.detail['endpoint']}: ${event.detailType}`;
    const known = told.get(key);
    if (known === undefined) told.set(key, { times: 1, first: event });
    else known.times += 1;
  }
  return [...told].map(([key, { times, first }]) => {
    const often = times === 1 ? 'once' : `${times} times, first`;
    return `${key} (${often} at ${first.at}): ${reasonOf(first)}`;
  });
}

function isRefusedCall({ detailType, detail }: EventResult): boolean {
  return detailType === 'Decision Refused' && detail['reason'] === 'call-refused';
}

/** What the event says, in the order in which a person would: where, what, why. */
function reasonOf({ detail }: EventResult): string {
  const fields = ['parameter', 'field', 'value', 'scaling', 'instanceType', 'allowed', 'why', 'code', 'message'];
  const said = fields.flatMap((field) => (typeof detail[field] === 'string' ? [detail[field]] : []));
  return said.length === 0 ? JSON.stringify(detail) : said.join(': ');
}
