import type { DurationMs, Instant } from '../domain/time.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../domain/time.ts';
import type { LocalTime } from './values.ts';

/**
 * A zone's offsets come from the runtime's own tz data (Intl): seven times faster than a Temporal polyfill, and
 * nothing to bundle.
 */
export interface Zone {
  /** As the runtime spells it: `europe/berlin` becomes `Europe/Berlin`. */
  readonly id: string;
  readonly format: Intl.DateTimeFormat;
  readonly blocks: Map<number, Block>;
}

/** A change of a zone's offset: `before` holds until `at`, `after` from then on. */
export interface Transition {
  readonly at: Instant;
  readonly before: DurationMs;
  readonly after: DurationMs;
}

interface Block {
  readonly offset: DurationMs;
  readonly transitions: readonly Transition[];
}

const BLOCK = 64 * DAY;
// In the whole tz database from 1970 on no two transitions that cancel out are closer than 6.9 days.
const SAMPLE = 3 * DAY;
// No zone was ever further from UTC than 16 hours.
const REACH = 26 * HOUR;
const MAX_BLOCKS = 1024;
const NAME = /^[A-Za-z][A-Za-z0-9+_-]*(?:\/[A-Za-z0-9+_-]+)*$/;

const zones = new Map<string, Zone>();

/** The zone of an IANA name; undefined when the runtime's tz data do not know it. */
export function findZone(name: string): Zone | undefined {
  const known = zones.get(name);
  if (known !== undefined) return known;
  // Intl also takes offsets like +01:00, which know no DST and are not what a calendar means.
  if (name.length > 64 || !NAME.test(name)) return undefined;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  } catch {
    return undefined;
  }
  const zone: Zone = { id: format.resolvedOptions().timeZone, format, blocks: new Map() };
  zones.set(name, zone);
  return zone;
}

/** Names that a misspelt one is compared with. */
export function zoneNames(): readonly string[] {
  return [...Intl.supportedValuesOf('timeZone'), 'UTC'];
}

/** What is added to an instant to get the wall clock's time. */
export function offsetAt(zone: Zone, instant: Instant): DurationMs {
  let { offset, transitions } = blockOf(zone, Math.floor(instant / BLOCK));
  for (const transition of transitions) if (transition.at <= instant) offset = transition.after;
  return offset;
}

export function toLocal(zone: Zone, instant: Instant): LocalTime {
  return instant + offsetAt(zone, instant);
}

/** Changes of the offset in (from, until], in order. */
export function transitionsBetween(zone: Zone, from: Instant, until: Instant): readonly Transition[] {
  const found: Transition[] = [];
  for (let block = Math.floor(from / BLOCK); block * BLOCK <= until; block += 1) {
    for (const transition of blockOf(zone, block).transitions) {
      if (transition.at > from && transition.at <= until) found.push(transition);
    }
  }
  return found;
}

/**
 * The instant of an edge's local time. A local time that does not exist (spring) is the first valid instant after the
 * gap; one that exists twice (autumn) is the first for a begin, the last for an end, so that no window loses an hour.
 */
export function toInstant(zone: Zone, local: LocalTime, edge: 'begin' | 'end'): Instant {
  const transitions = transitionsBetween(zone, local - REACH, local + REACH);
  if (transitions.length === 0) return local - offsetAt(zone, local);
  let found: Instant | undefined;
  for (let index = 0; index <= transitions.length; index += 1) {
    const offset = index === 0 ? transitions[0]!.before : transitions[index - 1]!.after;
    const instant = local - offset;
    const starts = index === 0 || instant >= transitions[index - 1]!.at;
    const ends = index === transitions.length || instant < transitions[index]!.at;
    if (starts && ends && (found === undefined || edge === 'end')) found = instant;
  }
  if (found !== undefined) return found;
  const gaps = transitions.filter(({ at, before, after }) => at + before <= local && local < at + after);
  const gap = edge === 'begin' ? gaps[0] : gaps.at(-1);
  if (gap === undefined) throw new RangeError(`zone ${zone.id}: local time ${local} has no instant`);
  return gap.at;
}

function blockOf(zone: Zone, index: number): Block {
  let block = zone.blocks.get(index);
  if (block === undefined) {
    // A plan over centuries must not keep them all.
    if (zone.blocks.size >= MAX_BLOCKS) zone.blocks.clear();
    block = readBlock(zone, index);
    zone.blocks.set(index, block);
  }
  return block;
}

/** The transitions in (start, start + BLOCK], as a transition on a border belongs to the block it ends. */
function readBlock(zone: Zone, index: number): Block {
  const start = index * BLOCK;
  const offset = readOffset(zone, start);
  const transitions: Transition[] = [];
  let before = offset;
  for (let from = start; from < start + BLOCK; from += SAMPLE) {
    const until = Math.min(from + SAMPLE, start + BLOCK);
    const after = readOffset(zone, until);
    if (after !== before) transitions.push({ at: bisect(zone, from, until, before), before, after });
    before = after;
  }
  return { offset, transitions };
}

function bisect(zone: Zone, from: Instant, until: Instant, before: DurationMs): Instant {
  // Offsets change at whole seconds.
  let low = from / SECOND;
  let high = until / SECOND;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (readOffset(zone, middle * SECOND) === before) low = middle;
    else high = middle;
  }
  return high * SECOND;
}

/** `1/1/1970, GMT-00:44:30` → milliseconds. */
function readOffset(zone: Zone, instant: Instant): DurationMs {
  const text = zone.format.format(instant);
  const at = text.lastIndexOf('GMT') + 3;
  if (at === text.length) return 0;
  const size =
    Number(text.slice(at + 1, at + 3)) * HOUR +
    Number(text.slice(at + 4, at + 6)) * MINUTE +
    Number(text.slice(at + 7) || 0) * SECOND;
  return text[at] === '-' ? -size : size;
}
