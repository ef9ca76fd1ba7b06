import type { Entry } from './documents.ts';
import { type Draw, duration, HOUR, offset } from './draw.ts';

const MINUTE = 60_000;

export function drawRungs(draw: Draw, schedules: readonly string[], lowest: 0 | 1): Entry[] {
  const free = [...schedules];
  return Array.from({ length: draw.whole(0, Math.min(2, free.length)) }, () => {
    const during = free.splice(draw.whole(0, free.length - 1), 1)[0]!;
    // biome-ignore lint/suspicious/noThenProperty: the word of the policy's grammar
    if (lowest === 0 && draw.chance(0.2)) return { during, then: draw.pick(['zero', 'leave']) }; // oxlint-disable-line unicorn/no-thenable
    const min = draw.whole(draw.chance(0.2) ? lowest : 1, 2);
    return { during, min, max: min + draw.whole(0, 2) };
  });
}

export const tracking = (draw: Draw, metric: string): Entry => ({
  kind: 'target-tracking',
  metric,
  target: draw.whole(2, 20),
  scaleInCooldown: duration(draw.minutes(1, 10)),
  scaleOutCooldown: duration(draw.minutes(1, 5)),
});

export interface Traffic {
  readonly stretches: Entry[];
  readonly ends: number[];
}

export function drawTraffic(draw: Draw, durationMs: number, most: number): Traffic {
  const stretches: Entry[] = [];
  const ends: number[] = [];
  for (let from = draw.minutes(0, 300); from < durationMs - HOUR; ) {
    const to = Math.min(durationMs - 30 * MINUTE, from + draw.minutes(2, draw.chance(0.7) ? 120 : 600));
    if (to <= from) break;
    stretches.push({ from: offset(from), to: offset(to), perMinute: draw.pick([0.1, 0.5, 1, 3, most]) });
    ends.push(from, to);
    from = to + draw.minutes(10, draw.chance(0.6) ? 240 : 900);
  }
  return { stretches, ends };
}

export function highestMax({ capacity, otherwise }: Entry): number {
  const rungs = [...(capacity as readonly { readonly max?: number }[]), otherwise as { readonly max?: number }];
  return Math.max(1, ...rungs.map(({ max }) => max ?? 1));
}

export function queueAlarm(name: string): Entry {
  return {
    AlarmName: name,
    Namespace: 'Orders',
    MetricName: 'Waiting',
    Statistic: 'Maximum',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 0,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'ignore',
  };
}
