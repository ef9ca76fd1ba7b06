import * as v from 'valibot';
import { at, fields, list, oneOf, text, word } from '../../shared/documents/schema.ts';
import {
  DURATION_ALLOWED,
  DURATION_PATTERN,
  minutesOf,
  OFFSET_ALLOWED,
  OFFSET_PATTERN,
  parseDuration,
  parseOffset,
  TIME_FROM_PATTERN,
  TIME_TO_PATTERN,
} from '../../shared/documents/values.ts';
import { findZone } from '../../shared/documents/zones.ts';

const RATE_PATTERN = /^\d{1,7}(?:\.\d{1,6})?\/[smh]$/;
const RATE_ALLOWED = 'a rate like 50/s, 3/m or 20/h';
const RATE_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };
export const ZONE_ALLOWED = 'an IANA time zone like Europe/Berlin';
const PER_MINUTE = 'requests a minute, 0 or more';

const perMinute = v.pipe(v.number(PER_MINUTE), v.minValue(0, PER_MINUTE), v.maxValue(1e7, 'at most 10000000'));
const offset = text(OFFSET_PATTERN, OFFSET_ALLOWED, parseOffset);
const duration = text(DURATION_PATTERN, DURATION_ALLOWED, parseDuration);
/** Requests per second. */
const rate = text(RATE_PATTERN, RATE_ALLOWED, (input) => {
  const [amount, unit] = input.split('/');
  return Number(amount) / RATE_SECONDS[unit!]!;
});

function between(min: number, max: number) {
  const allowed = `a number from ${min} to ${max}`;
  return v.pipe(v.number(allowed), v.minValue(min, allowed), v.maxValue(max, allowed), v.description(allowed));
}

const stretch = v.pipe(
  fields({ from: offset, to: offset, perMinute }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (dataset.typed && dataset.value.from >= dataset.value.to) {
      addIssue({ message: 'an offset after `from`', path: at('to') });
    }
  }),
  v.transform(({ from, to, perMinute: amount }) => ({ fromMs: from, toMs: to, perMinute: amount })),
);

const burst = oneOf(
  (input) => (typeof input === 'object' && input !== null && 'at' in input ? 1 : 0),
  [
    v.pipe(
      fields({ perWeek: between(0, 700), factor: between(0, 1_000), for: duration }),
      v.transform((input) => ({
        kind: 'random' as const,
        perWeek: input.perWeek,
        factor: input.factor,
        forMs: input.for,
      })),
    ),
    v.pipe(
      fields({ at: offset, factor: between(0, 1_000), for: duration }),
      v.transform((input) => ({ kind: 'fixed' as const, atMs: input.at, factor: input.factor, forMs: input.for })),
    ),
  ],
);

const LOCAL_TIME = 'a local time from "00:00" to "23:59"';
const hours = v.pipe(
  fields({
    from: text(TIME_FROM_PATTERN, LOCAL_TIME, minutesOf),
    to: text(TIME_TO_PATTERN, 'a local time from "00:00" to "24:00"', minutesOf),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (dataset.typed && dataset.value.from === dataset.value.to) {
      addIssue({ message: 'a time other than `from`', path: at('to') });
    }
  }),
);

const diurnal = v.pipe(
  fields({
    timezone: text(/^[A-Za-z]/, ZONE_ALLOWED, findZone),
    day: rate,
    night: rate,
    hours: v.optional(hours),
    ramp: v.optional(duration),
    weekend: v.optional(between(0, 100)),
    noise: v.optional(between(0, 1)),
    burst: v.optional(
      oneOf(
        (input) => (Array.isArray(input) ? 1 : 0),
        [
          v.pipe(
            burst,
            v.transform((one) => [one]),
          ),
          list(burst, 'a list of bursts', 1_000),
        ],
      ),
    ),
  }),
  v.transform((input) => ({
    zone: input.timezone,
    day: input.day,
    night: input.night,
    dayFrom: input.hours?.from ?? 9 * 60,
    dayTo: input.hours?.to ?? 18 * 60,
    ramp: (input.ramp ?? 3 * 3_600_000) / 60_000,
    weekend: input.weekend ?? 1,
    noise: input.noise ?? 0.05,
    bursts: input.burst ?? [],
  })),
);

const FORMS = '{ trace: file.csv }, { perMinute: 0.5 }, { diurnal: … } or a list of { from, to, perMinute }';

function formOf(input: unknown): number {
  if (Array.isArray(input)) return 0;
  if (typeof input !== 'object' || input === null) return 4;
  if ('trace' in input) return 1;
  if ('perMinute' in input) return 2;
  return 'diurnal' in input ? 3 : 4;
}

/** Requests to an endpoint; every form ends as whole requests by minute. */
export const trafficSchema = oneOf(formOf, [
  v.pipe(
    list(stretch, FORMS, 10_000),
    v.transform((stretches) => ({ form: 'plan' as const, stretches })),
  ),
  v.pipe(
    fields({ trace: word(/^[^\n]+$/, 'a path of a file with minute_index,count, relative to this document') }),
    v.transform(({ trace }) => ({ form: 'trace' as const, file: trace })),
  ),
  v.pipe(
    fields({ perMinute }),
    v.transform((input) => ({ form: 'constant' as const, perMinute: input.perMinute })),
  ),
  v.pipe(
    fields({ diurnal }),
    v.transform((input) => ({ form: 'diurnal' as const, diurnal: input.diurnal })),
  ),
  v.pipe(
    v.custom<never>(() => false, FORMS),
    v.transform((never: never) => never),
  ),
]);

export type TrafficDocument = v.InferOutput<typeof trafficSchema>;
