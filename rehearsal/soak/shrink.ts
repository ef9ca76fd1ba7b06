import { parseDuration } from '../../shared/documents/values.ts';
import type { Entry, SoakDocument } from './documents.ts';
import { duration } from './draw.ts';

const MINUTE = 60_000;

/** Whether a document still shows what is being shrunk. */
export type StillFails = (document: SoakDocument) => Promise<boolean>;

/** The smallest document that delta debugging finds: fewer entries of `happens`, then fewer endpoints, then a shorter run. */
export async function shrink(document: SoakDocument, stillFails: StillFails, failedAt?: number): Promise<SoakDocument> {
  let smallest = document;
  const attempt = async (candidate: SoakDocument): Promise<boolean> => {
    if (!(await stillFails(candidate))) return false;
    smallest = candidate;
    return true;
  };
  // What comes after the failure cannot matter, and makes every further attempt dearer.
  if (failedAt !== undefined) await attempt(shortened(document, failedAt - Date.parse(document.start) + MINUTE));
  await shrinkHappens(() => smallest, attempt);
  for (const name of Object.keys(smallest.endpoints)) {
    if (Object.keys(smallest.endpoints).length > 1) await attempt(without(smallest, name));
  }
  for (const name of Object.keys(smallest.endpoints)) await attempt(withoutTraffic(smallest, name));
  await shrinkHappens(() => smallest, attempt);
  for (let step = lengthOf(smallest) / 2; step >= 30 * MINUTE; step /= 2) {
    await attempt(shortened(smallest, Math.ceil((lengthOf(smallest) - step) / MINUTE) * MINUTE));
  }
  await attempt(tidied(smallest));
  return smallest;
}

/** Delta debugging: leaves out ever smaller parts of the list until no single entry can go. */
async function shrinkHappens(
  current: () => SoakDocument,
  attempt: (candidate: SoakDocument) => Promise<boolean>,
): Promise<void> {
  for (let parts = 2; current().happens.length > 0; ) {
    const { happens } = current();
    const size = Math.max(1, Math.ceil(happens.length / parts));
    let isSmaller = false;
    for (let from = 0; from < current().happens.length; ) {
      const now = current().happens;
      const rest = [...now.slice(0, from), ...now.slice(from + size)];
      if (await attempt({ ...current(), happens: rest })) isSmaller = true;
      else from += size;
    }
    if (size === 1 && !isSmaller) return;
    parts = isSmaller && size > 1 ? 2 : parts * 2;
  }
}

function lengthOf(document: SoakDocument): number {
  return parseDuration(document.for) ?? 0;
}

const offsetOf = (entry: Entry, field: string): number => parseDuration(String(entry[field]).slice(1)) ?? 0;

function shortened(document: SoakDocument, ms: number): SoakDocument {
  if (ms < MINUTE || ms >= lengthOf(document)) return document;
  return { ...document, for: duration(ms), happens: document.happens.filter((entry) => offsetOf(entry, 'at') < ms) };
}

function mentions(entry: Entry, name: string): boolean {
  return new RegExp(`(?<![A-Za-z0-9-])${name}(?![A-Za-z0-9])`).test(JSON.stringify(entry));
}

function without(document: SoakDocument, name: string): SoakDocument {
  const { [name]: _gone, ...endpoints } = document.endpoints;
  return { ...document, endpoints, happens: document.happens.filter((entry) => !mentions(entry, name)) };
}

function withoutTraffic(document: SoakDocument, name: string): SoakDocument {
  const { traffic: _gone, ...endpoint } = document.endpoints[name]!;
  return { ...document, endpoints: { ...document.endpoints, [name]: endpoint } };
}

/** Without the policies and schedules that nothing names any more. */
function tidied(document: SoakDocument): SoakDocument {
  const named = (text: string, name: string): boolean => text.includes(`"${name}"`) || text.includes(`/${name}"`);
  const users = JSON.stringify([document.endpoints, document.happens]);
  const policies = Object.fromEntries(Object.entries(document.policies).filter(([name]) => named(users, name)));
  const calendars = JSON.stringify([policies, document.happens]);
  const schedules = Object.fromEntries(Object.entries(document.schedules).filter(([name]) => named(calendars, name)));
  return { ...document, policies, schedules };
}
