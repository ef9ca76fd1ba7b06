import * as v from 'valibot';
import { choice, count, fields, list, oneOf, text, word } from '../../shared/documents/schema.ts';
import { parseDuration } from '../../shared/documents/values.ts';
import type { DeliveryMode } from '../../simulator/contract.ts';
import { calls, duration, endpoint, failure, functionName, nth, period, share, time } from './happening-values.ts';

const INSTANCE_TYPE = 'a SageMaker instance type like ml.g5.2xlarge, or all';
const instanceType = word(/^(?:all|ml\.[a-z0-9-]+\.[a-z0-9]+)$/, INSTANCE_TYPE);
const failsAfter = v.optional(duration);
const STARTS_FAIL_AFTER_MS = 30 * 60_000;

/** AWS refuses a signature that is five minutes off: a function whose clock is worse makes no call at all. */
const MOST_SKEW_MS = 5 * 60_000;
const SKEW = 'a duration of at most 5m, ahead (10s) or behind (-10s)';
const skew = text(/^-?(?:\d+[dhms]|\d+ms)+$/, SKEW, (input) => {
  const size = parseDuration(input.replace(/^-/, ''));
  if (size === undefined || size > MOST_SKEW_MS) return undefined;
  return input.startsWith('-') ? -size : size;
});

const FIELD = 'a field of the event, dotted: detail.EndpointStatus, time, detail-type';
const TROUBLE = '{ delay: <duration> }, { shuffle: <duration> } or { without: [<field>, …] }';
const eventsTrouble = oneOf(
  (input) => ['delay', 'shuffle', 'without'].findIndex((name) => Object.hasOwn(input as object, name)),
  [
    v.pipe(
      fields({ delay: duration }),
      v.transform(({ delay }): DeliveryMode => ({ delayMs: delay })),
    ),
    v.pipe(
      fields({ shuffle: duration }),
      v.transform(({ shuffle }): DeliveryMode => ({ shuffleMs: shuffle })),
    ),
    v.pipe(
      fields({ without: list(word(/^[A-Za-z-]+(?:\.[A-Za-z-]+)*$/, FIELD), FIELD, 20) }),
      v.transform(({ without }): DeliveryMode => ({ without })),
    ),
  ],
  v.custom<never>(() => false, TROUBLE),
);

const eventsSchema = v.pipe(
  fields({
    ...period,
    events: oneOf(
      (input) => (typeof input === 'object' && input !== null ? 1 : 0),
      [choice(['drop', 'twice']), eventsTrouble],
    ),
    of: v.optional(word(/^[^\n]{1,128}$/, 'a detail type, or tick')),
  }),
  v.transform((input) => ({ verb: 'events' as const, at: input.at, for: input.for, of: input.of, mode: input.events })),
);

interface FaultError {
  readonly code: string;
  readonly message: string;
  readonly httpStatus?: number;
}

/** What AWS and the network do to the fleet and to the functions. */
export const FAULT_VERBS = {
  noCapacity: v.pipe(
    fields({ ...period, noCapacity: instanceType, failsAfter }),
    v.transform((input) => ({
      verb: 'noCapacity' as const,
      at: input.at,
      for: input.for,
      instanceType: input.noCapacity,
      failsAfterMs: input.failsAfter ?? STARTS_FAIL_AFTER_MS,
    })),
  ),
  noQuota: v.pipe(
    fields({ ...period, noQuota: instanceType }),
    v.transform((input) => ({
      verb: 'noQuota' as const,
      at: input.at,
      for: input.for,
      instanceType: input.noQuota,
    })),
  ),
  unhealthy: v.pipe(
    fields({
      ...period,
      unhealthy: endpoint,
      failsAfter,
      reason: v.optional(word(/^(?=.*\S)[^\n]{1,1024}$/, 'a FailureReason, a text of 1 to 1,024 characters')),
    }),
    v.transform((input) => ({
      verb: 'unhealthy' as const,
      at: input.at,
      for: input.for,
      endpoint: input.unhealthy,
      failsAfterMs: input.failsAfter ?? STARTS_FAIL_AFTER_MS,
      reason: input.reason,
    })),
  ),
  stuck: v.pipe(
    fields({
      at: time,
      for: duration,
      stuck: endpoint,
      in: choice(['Creating', 'Updating', 'RollingBack', 'SystemUpdating', 'UpdateRollbackFailed']),
    }),
    v.transform((input) => ({
      verb: 'stuck' as const,
      at: input.at,
      for: input.for,
      endpoint: input.stuck,
      status: input.in,
    })),
  ),
  throttle: v.pipe(
    fields({ ...period, throttle: calls, share: v.optional(share) }),
    v.transform((input) => ({
      verb: 'callFault' as const,
      at: input.at,
      for: input.for,
      calls: input.throttle,
      share: input.share ?? 1,
      error: { code: 'ThrottlingException', message: 'Rate exceeded' } as FaultError,
    })),
  ),
  fail: v.pipe(
    fields({ ...period, fail: calls, with: failure, share: v.optional(share) }),
    v.transform((input) => ({
      verb: 'callFault' as const,
      at: input.at,
      for: input.for,
      calls: input.fail,
      share: input.share ?? 1,
      error: { ...input.with, message: input.with.message ?? `${input.with.code} (scripted)` } as FaultError,
    })),
  ),
  network: v.pipe(
    fields({
      ...period,
      network: choice(['reset', 'truncated', 'html']),
      calls,
      share: v.optional(share),
      effect: v.optional(choice(['before', 'after'])),
    }),
    v.transform((input) => ({
      verb: 'network' as const,
      at: input.at,
      for: input.for,
      calls: input.calls,
      share: input.share ?? 1,
      kind: input.network,
      // What is cut off is an answer, and only a call that took effect has one of its own.
      effect: input.effect ?? (input.network === 'truncated' ? ('after' as const) : ('before' as const)),
    })),
  ),
  crash: v.pipe(
    fields({ at: time, crash: functionName, after: calls, nth: v.optional(nth) }),
    v.transform((input) => ({
      verb: 'crash' as const,
      at: input.at,
      function: input.crash,
      after: input.after,
      nth: input.nth ?? 1,
    })),
  ),
  stall: v.pipe(
    fields({ at: time, stall: functionName, after: calls, for: duration, nth: v.optional(nth) }),
    v.transform((input) => ({
      verb: 'stall' as const,
      at: input.at,
      function: input.stall,
      after: input.after,
      nth: input.nth ?? 1,
      durationMs: input.for,
    })),
  ),
  run: v.pipe(
    fields({ at: time, run: functionName, times: v.optional(count(1, 20)) }),
    v.transform((input) => ({ verb: 'run' as const, at: input.at, function: input.run, count: input.times ?? 1 })),
  ),
  events: eventsSchema,
  metrics: v.pipe(
    fields({
      ...period,
      metrics: oneOf(
        (input) => (typeof input === 'object' && input !== null ? 1 : 0),
        [
          choice(['missing', 'zero']),
          v.pipe(
            fields({ late: duration }),
            v.transform(({ late }) => ({ lateMs: late })),
          ),
        ],
      ),
      of: endpoint,
    }),
    v.transform((input) => ({
      verb: 'metrics' as const,
      at: input.at,
      for: input.for,
      endpoint: input.of,
      mode: input.metrics,
    })),
  ),
  stale: v.pipe(
    fields({ ...period, stale: calls, by: duration }),
    v.transform((input) => ({
      verb: 'stale' as const,
      at: input.at,
      for: input.for,
      calls: input.stale,
      byMs: input.by,
    })),
  ),
  clock: v.pipe(
    fields({
      ...period,
      clock: choice(['scheduled-scaling', 'backlog-wake', 'idle-windows', 'aws']),
      by: skew,
    }),
    v.transform((input) => ({ verb: 'clock' as const, at: input.at, for: input.for, of: input.clock, byMs: input.by })),
  ),
} as const;
