import {
  DURATION_ALLOWED,
  formatDuration,
  INSTANT_ALLOWED,
  OFFSET_ALLOWED,
  parseDuration,
  parseInstant,
  parseOffset,
  WEEKDAYS,
  weekdayOf,
} from '../shared/documents/values.ts';
import type { Zone } from '../shared/documents/zones.ts';
import { offsetAt } from '../shared/documents/zones.ts';
import type { DurationMs, Instant } from '../shared/domain/time.ts';
import { DAY, MINUTE, SECOND } from '../shared/domain/time.ts';
import { CliError, EXIT } from './output.ts';

/** `fri 2026-03-27 19:00 +01:00` */
export function formatLocal(zone: Zone, instant: Instant): string {
  const local = instant + offsetAt(zone, instant);
  const text = new Date(local).toISOString();
  const seconds = text.slice(17, 19) === '00' ? '' : text.slice(16, 19);
  const weekday = WEEKDAYS[weekdayOf(Math.floor(local / DAY))]!;
  return `${weekday} ${text.slice(0, 10)} ${text.slice(11, 16)}${seconds} ${formatOffset(offsetAt(zone, instant))}`;
}

function formatOffset(offset: DurationMs): string {
  const minutes = Math.round(Math.abs(offset) / 60_000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

export function formatUtc(instant: Instant): string {
  return new Date(instant).toISOString().replace('.000Z', 'Z').replace(':00Z', 'Z');
}

/** Both readings of an instant, as far as a zone is known; whole seconds are enough for people. */
export function formatWhen(instant: Instant, zone: Zone | undefined): string {
  const at = Math.floor(instant / SECOND) * SECOND;
  return zone === undefined ? formatUtc(at) : `${formatLocal(zone, at)} (${formatUtc(at)})`;
}

/** `3h20m`, in whole minutes above a minute. */
export function formatAge(age: DurationMs): string {
  const unit = age < MINUTE ? SECOND : MINUTE;
  return formatDuration(Math.max(0, Math.floor(age / unit)) * unit);
}

/** An instant, or an offset from now. */
export function readWhen(option: string, text: string, now: Instant): Instant {
  const offset = parseOffset(text);
  const instant = offset === undefined ? parseInstant(text) : now + offset;
  if (instant === undefined) {
    throw new CliError(EXIT.usage, `${option}: ${text}: ${INSTANT_ALLOWED}, or ${OFFSET_ALLOWED}`);
  }
  return instant;
}

export function readDuration(option: string, text: string): DurationMs {
  const duration = parseDuration(text);
  if (duration === undefined || duration === 0)
    throw new CliError(EXIT.usage, `${option}: ${text}: ${DURATION_ALLOWED}`);
  return duration;
}
