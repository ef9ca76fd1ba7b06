import type { LeadSamples } from './record.ts';
import { type DurationMs, MINUTE } from './time.ts';

export interface LeadInput {
  /** `learned`, or the policy's fixed duration, taken as it is. */
  readonly lead: 'learned' | DurationMs;
  readonly own: readonly DurationMs[];
  readonly ofType: readonly DurationMs[];
  readonly tick: DurationMs;
}

export interface Lead {
  readonly ms: DurationMs;
  readonly from: 'policy' | 'own' | 'type' | 'default';
  readonly samples: number;
}

export const SAMPLES_KEPT = 20;
const OWN_SAMPLES_NEEDED = 5;
const WITHOUT_SAMPLES = 10 * MINUTE;
const LEAST = 2 * MINUTE;

/** How long before a window a start must begin: the 95th percentile of what was seen, + 10 %, + one tick. */
export function computeLead({ lead, own, ofType, tick }: LeadInput): Lead {
  if (lead !== 'learned') return { ms: lead, from: 'policy', samples: 0 };
  const recent = own.slice(-SAMPLES_KEPT);
  if (recent.length >= OWN_SAMPLES_NEEDED) return learned(recent, 'own', tick);
  const typical = ofType.slice(-SAMPLES_KEPT);
  if (typical.length > 0) return learned(typical, 'type', tick);
  return { ms: withMargin(WITHOUT_SAMPLES, tick), from: 'default', samples: 0 };
}

function learned(samples: readonly DurationMs[], from: 'own' | 'type', tick: DurationMs): Lead {
  return { ms: withMargin(percentile95(samples), tick), from, samples: samples.length };
}

function withMargin(base: DurationMs, tick: DurationMs): DurationMs {
  return Math.max(LEAST, Math.round((base * 11) / 10) + tick);
}

/** Nearest rank: a value that was really seen, never an interpolated one. */
export function percentile95(samples: readonly DurationMs[]): DurationMs {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.95) - 1)] ?? 0;
}

/** Newest last, as many as are kept. */
export function addSample(samples: LeadSamples, kind: keyof LeadSamples, value: DurationMs): LeadSamples {
  return { ...samples, [kind]: [...samples[kind], value].slice(-SAMPLES_KEPT) };
}
