import type { Evidence } from './decision.ts';
import { type DurationMs, type Instant, iso, MINUTE } from './time.ts';

/** Values by minute (instant of the minute's begin); minutes without a datapoint are absent. */
type MinuteSeries = readonly (readonly [Instant, number])[];

/** What was read of one endpoint's use: `undefined` where the metrics could not be read. */
export type Usage =
  | {
      readonly kind: 'real-time';
      readonly variants: readonly {
        readonly variant: string;
        readonly invocations: MinuteSeries;
        readonly concurrency: MinuteSeries;
      }[];
    }
  | {
      readonly kind: 'components';
      readonly invocations: MinuteSeries;
      readonly concurrency: MinuteSeries;
      /** Requests that found no copy: use, too. */
      readonly failures: MinuteSeries;
    }
  | { readonly kind: 'async'; readonly size: MinuteSeries; readonly withoutCapacity: MinuteSeries };

export interface ActivityInput {
  readonly now: Instant;
  readonly idleFor: DurationMs;
  /** Absent: not seen in service yet, so it cannot be idle. */
  readonly inServiceSince: Instant | undefined;
  readonly usage: Usage | undefined;
}

export interface Activity {
  readonly verdict: 'active' | 'idle' | 'unknown';
  readonly evidence: Evidence;
  /** Begin of the newest minute with use. */
  readonly lastActiveAt?: Instant;
  /** The earliest instant at which reading again can give `idle`; now where it is idle already. */
  readonly idleAt: Instant;
}

/** CloudWatch is late by up to two minutes: the idle window ends that long ago, newer points can only show use. */
export const METRIC_DELAY: DurationMs = 2 * MINUTE;
/** A missing minute may be filled late or never: it is looked at again after this, not at every tick. */
const UNKNOWN_AGAIN: DurationMs = 5 * MINUTE;

/** The window whose minutes must all be present and zero, half-open. */
export function idleWindow(now: Instant, idleFor: DurationMs): { readonly from: Instant; readonly to: Instant } {
  const to = Math.floor(now / MINUTE) * MINUTE - METRIC_DELAY;
  return { from: to - Math.ceil(idleFor / MINUTE) * MINUTE, to };
}

export function judgeActivity({ now, idleFor, inServiceSince, usage }: ActivityInput): Activity {
  const window = idleWindow(now, idleFor);
  const evidence = { idleFrom: iso(window.from), idleTo: iso(window.to) };
  if (usage === undefined) {
    return { verdict: 'unknown', evidence: { ...evidence, metrics: 'unreadable' }, idleAt: now + UNKNOWN_AGAIN };
  }
  const clipped = inServiceSince === undefined ? now : Math.ceil(inServiceSince / MINUTE) * MINUTE;
  const seen = lookAt(usage, Math.max(window.from, clipped), window);
  const facts: Evidence = { ...evidence, ...seen.evidence };
  // Both must have passed: use that was seen, and a full window in service.
  const sinceUse = seen.lastActive === undefined ? 0 : seen.lastActive + MINUTE;
  const idleAt = Math.max(sinceUse, clipped) + (window.to - window.from) + METRIC_DELAY;
  if (seen.lastActive !== undefined) {
    return {
      verdict: 'active',
      evidence: { ...facts, lastActive: iso(seen.lastActive) },
      lastActiveAt: seen.lastActive,
      idleAt,
    };
  }
  if (clipped > window.from) {
    return {
      verdict: 'active',
      evidence: { ...facts, inServiceSince: inServiceSince === undefined ? null : iso(inServiceSince) },
      idleAt,
    };
  }
  if (seen.missing > 0) return { verdict: 'unknown', evidence: facts, idleAt: now + UNKNOWN_AGAIN };
  return { verdict: 'idle', evidence: facts, idleAt: now };
}

interface Look {
  readonly lastActive?: Instant;
  readonly missing: number;
  readonly evidence: Evidence;
}

function lookAt(usage: Usage, from: Instant, window: { readonly from: Instant; readonly to: Instant }): Look {
  switch (usage.kind) {
    case 'real-time': {
      const use = usage.variants.flatMap(({ invocations, concurrency }) => [invocations, concurrency]);
      const missing = usage.variants.map(({ invocations }) => missingMinutes(invocations, window));
      // No variant means that nothing proves idleness.
      const missed = usage.variants.length === 0 ? 1 : Math.max(...missing);
      return {
        ...lastActive(use, from),
        missing: missed,
        evidence: {
          invocations: total(
            usage.variants.map(({ invocations }) => invocations),
            from,
          ),
          concurrency: highest(
            usage.variants.map(({ concurrency }) => concurrency),
            from,
          ),
          minutesMissing: missed,
        },
      };
    }
    case 'components': {
      const { invocations, concurrency, failures } = usage;
      const missing = missingMinutes(invocations, window);
      return {
        ...lastActive([invocations, concurrency, failures], from),
        missing,
        evidence: {
          invocations: total([invocations], from),
          concurrency: highest([concurrency], from),
          turnedAway: total([failures], from),
          minutesMissing: missing,
        },
      };
    }
    case 'async': {
      const missing = missingMinutes(usage.size, window);
      return {
        ...lastActive([usage.size, usage.withoutCapacity], from),
        missing,
        evidence: { backlog: highest([usage.size], from), minutesMissing: missing },
      };
    }
    default:
      return usage satisfies never;
  }
}

/** Points above zero count from `from` on to the newest there is, the last two minutes included. */
function lastActive(series: readonly MinuteSeries[], from: Instant): { readonly lastActive?: Instant } {
  const minutes = series.flatMap((points) => points.filter(([at, value]) => at >= from && value > 0).map(([at]) => at));
  return minutes.length === 0 ? {} : { lastActive: Math.max(...minutes) };
}

function missingMinutes(points: MinuteSeries, { from, to }: { readonly from: Instant; readonly to: Instant }): number {
  const present = new Set(points.filter(([at]) => at >= from && at < to).map(([at]) => at));
  return (to - from) / MINUTE - present.size;
}

function total(series: readonly MinuteSeries[], from: Instant): number {
  return series.flat().reduce((sum, [at, value]) => (at >= from ? sum + value : sum), 0);
}

function highest(series: readonly MinuteSeries[], from: Instant): number {
  return series.flat().reduce((max, [at, value]) => (at >= from ? Math.max(max, value) : max), 0);
}
