import type { EpochMs } from './contract.ts';

export interface LocalTime {
  readonly year: number;
  /** 1 … 12 */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(timeZone, format);
  }
  return format;
}

export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** What a clock in the zone shows at an instant. */
export function localTimeOf(instant: EpochMs, timeZone: string): LocalTime {
  if (timeZone === 'UTC') {
    const date = new Date(instant);
    return {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
    };
  }
  const fields: Record<string, number> = {};
  for (const part of formatOf(timeZone).formatToParts(instant)) fields[part.type] = Number(part.value);
  return {
    year: fields['year']!,
    month: fields['month']!,
    day: fields['day']!,
    hour: fields['hour']!,
    minute: fields['minute']!,
  };
}

function asUtc(local: LocalTime): EpochMs {
  return Date.UTC(local.year, local.month - 1, local.day, local.hour, local.minute);
}

const HALF_DAY = 43_200_000;

/** The first instant at which the zone's clocks show `local`; undefined in a spring gap. */
export function resolveLocalTime(local: LocalTime, timeZone: string): EpochMs | undefined {
  const wall = asUtc(local);
  if (timeZone === 'UTC') return wall;
  // The zone's offsets half a day before and after cover every transition in between.
  const offsets = new Set(
    [wall - HALF_DAY, wall + HALF_DAY].map((at) => asUtc(localTimeOf(at, timeZone)) - Math.floor(at / 60_000) * 60_000),
  );
  const candidates = [...offsets].map((offset) => wall - offset).sort((a, b) => a - b);
  return candidates.find((at) => asUtc(localTimeOf(at, timeZone)) === wall);
}
