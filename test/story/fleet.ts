/** Building blocks of scenario documents. */
import type { Document } from './run-scenario.ts';

export const MONDAY_UTC = '2026-03-02T00:00:00Z';
export const MONDAY_BERLIN = '2026-03-02T00:00:00+01:00';

export const office = { timezone: 'Europe/Berlin', open: [{ days: 'mon-fri', from: '08:00', to: '19:00' }] };

/** Gone whenever nobody uses it for so long. */
export const idle = (idleFor: string, more: Document = {}): Document => ({
  otherwise: 'zero',
  zero: { by: 'park', idleFor },
  ...more,
});

/** Up in office hours, gone outside them unless used. */
export const officeHours = (more: Document = {}): Document => ({
  capacity: [{ during: 'office', min: 1, max: 2 }],
  otherwise: 'zero',
  zero: { by: 'park', idleFor: '30m' },
  ...more,
});

export const realTime = (policy: string, more: Document = {}): Document => ({
  kind: 'real-time',
  policy,
  instanceType: 'ml.g5.2xlarge',
  startsIn: '8m',
  deletesIn: '2m',
  serves: { concurrent: 4, in: '800ms' },
  ...more,
});

/** Zero whenever its queue is empty; a wake is sized by five requests an instance. */
export const queueOnly: Document = {
  otherwise: { min: 0, max: 5 },
  wake: { on: ['backlog'], backlogPerInstance: 5 },
};

export const asynchronous = (policy: string, more: Document = {}): Document => ({
  kind: 'async',
  policy,
  instanceType: 'ml.g5.xlarge',
  instances: 0,
  startsIn: '6m',
  serves: { concurrent: 1, in: '40s' },
  requestTtl: '6h',
  ...more,
});

/** One request a minute from the start until `to`. */
export const busyUntil = (to: string): Document => ({ traffic: [{ from: '+0h', to: `+${to}`, perMinute: 1 }] });

/**
 * Endpoints of a document were idle until it starts, so that one that may be zero is parked by the second tick. These
 * entries stand for callers that were there before: nothing is known of them until their requests can be seen.
 */
export const busyBefore = (...names: readonly string[]): Document[] =>
  names.map((name) => ({ at: '+0h', for: '5m', metrics: 'missing', of: name }));

export const POLICY_TAG = 'endpoint-scaler:policy';

export const variant = (endpoint: string): Document => ({
  ServiceNamespace: 'sagemaker',
  ResourceId: `endpoint/${endpoint}/variant/AllTraffic`,
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
});
