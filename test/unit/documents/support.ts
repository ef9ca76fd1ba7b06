import type { Parsed } from '../../../shared/documents/index.ts';
import { formatProblem } from '../../../shared/documents/index.ts';

/** The value of a valid document; a failing test shows what is wrong with it. */
export function must<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'));
  return parsed.value;
}

/** Problems as their lines. */
export function problemsOf(parsed: Parsed<unknown>): string[] {
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
}

/** Office hours of section "Documents" of the design, holidays compiled. */
export const OFFICE = {
  timezone: 'Europe/Berlin',
  open: [
    { days: 'mon-fri', from: '08:00', to: '19:00' },
    { days: 'sat', from: '10:00', to: '14:00' },
  ],
  closed: ['2026-12-24..2027-01-01', { holidays: 'DE-BE', dates: ['2026-04-03', '2026-04-06'], until: '2028-12-31' }],
  extra: [{ from: '2026-11-27T00:00', to: '2026-11-28T06:00', name: 'black-friday' }],
};

export const CHAT_DEV = {
  capacity: [{ during: 'office', min: 1, max: 4 }],
  otherwise: 'zero',
  zero: { by: 'park', idleFor: '30m', minUp: '20m' },
  wake: {
    on: ['request', 'alarm:orders-queue-not-empty'],
    lead: 'learned',
    fallbackConfigs: ['chat-g6-2xlarge', 'chat-g5-2xlarge'],
  },
};

export const TRANSCRIBE = {
  capacity: [{ during: 'office', min: 1, max: 5 }],
  otherwise: { min: 0, max: 5 },
  wake: { on: ['backlog'], backlogPerInstance: 5 },
  scaling: [
    {
      kind: 'target-tracking',
      metric: 'ApproximateBacklogSizePerInstance',
      target: 5,
      scaleInCooldown: '300s',
      scaleOutCooldown: '60s',
    },
  ],
};

export const CHECKOUT = {
  capacity: [
    { during: 'promotions', min: 8, max: 24 },
    { during: 'office', min: 3, max: 12 },
  ],
  otherwise: { min: 1, max: 12 },
  scaling: [
    {
      kind: 'target-tracking',
      metric: 'ConcurrentRequestsPerModel',
      target: 8,
      scaleInCooldown: '300s',
      scaleOutCooldown: '60s',
    },
    {
      kind: 'step',
      alarm: { metric: 'ModelLatency', threshold: '500ms', periods: 3 },
      steps: [
        { from: 0, add: 1 },
        { from: '500ms', add: 3 },
      ],
    },
  ],
};
