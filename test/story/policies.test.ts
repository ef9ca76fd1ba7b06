import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { asynchronous, busyBefore, busyUntil, idle, MONDAY_UTC, POLICY_TAG, queueOnly, realTime } from './fleet.ts';
import {
  arrivals,
  creations,
  deletions,
  desiredReached,
  desiredSteps,
  endpointOf,
  eventsOf,
  expectAway,
  expectBetween,
  expectSound,
  expectUp,
  since,
  spanAt,
  spansWithin,
} from './reading.ts';
import { type Document, runScenario } from './run-scenario.ts';

const utc = (from: string, to: string, more: Document = {}): Document => ({
  timezone: 'UTC',
  open: [{ from, to }],
  ...more,
});

describe('policies as teams write them', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    const promotion = (from: string, to: string): Document => ({
      timezone: 'UTC',
      open: [],
      extra: [{ from, to, name: 'flash-sale' }],
    });
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '9h',
      schedules: {
        office: utc('02:00', '06:00'),
        promotions: { timezone: 'UTC', open: [] },
        closing: utc('02:00', '04:00'),
      },
      policies: {
        checkout: {
          capacity: [
            { during: 'promotions', min: 4, max: 8 },
            { during: 'office', min: 2, max: 6 },
          ],
          otherwise: { min: 1, max: 6 },
          scaling: [
            {
              kind: 'target-tracking',
              metric: 'ConcurrentRequestsPerModel',
              target: 4,
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
        },
        transcribe: {
          capacity: [{ during: 'closing', min: 1, max: 5 }],
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
        },
        queue: queueOnly,
        leave: {
          capacity: [{ during: 'closing', min: 1, max: 1 }],
          otherwise: 'leave',
          zero: { by: 'park', idleFor: '5m' },
        },
        'leave-zero': {
          capacity: [
            // biome-ignore lint/suspicious/noThenProperty: the document's own word
            { during: 'closing', then: 'leave' },
            { during: 'office', min: 1, max: 1 },
          ],
          otherwise: 'zero',
          zero: { by: 'park', idleFor: '5m' },
        },
        quick: idle('5m'),
        steady: { otherwise: { min: 1, max: 2 } },
      },
      endpoints: {
        checkout: realTime('checkout', { startsIn: '4m' }),
        transcribe: asynchronous('transcribe'),
        unseen: asynchronous('queue', { instances: 1 }),
        'leave-zero': realTime('leave-zero', { whenAway: 'asks' }),
        leave: realTime('leave', busyUntil('20m')),
        retagged: realTime('steady', {}),
      },
      happens: [
        ...busyBefore('leave'),
        { at: '+6h30m', put: 'schedules/promotions', document: promotion('2026-03-02T07:00', '2026-03-02T08:00') },
        { at: '+1h', requests: 30, to: 'transcribe' },
        { at: '+0h', for: '4h', metrics: 'missing', of: 'unseen' },
        { at: '+3h', requests: 1, to: 'leave-zero' },
        {
          at: '+2h',
          call: 'SageMaker.AddTags',
          with: { ResourceArn: '$ARN(retagged)', Tags: [{ Key: POLICY_TAG, Value: 'quick' }] },
        },
      ],
    }));
  });

  it('a window announced at short notice is ready by its begin', () => {
    const flash = endpointOf(result, 'checkout').windows.filter((window) => window.during === 'promotions');
    expect(
      flash.map((window) => [since(result, window.begins), window.lateSeconds]),
      'section 6: lead of every raise',
    ).toEqual([[420, 0]]);
    const low = spansWithin(result, 'checkout', '7h', '8h').filter((span) => span.serving < 4);
    expect(low, 'section 4: first match from the top wins').toEqual([]);
    expectBetween(
      desiredReached(result, 'checkout', 4, '6h'),
      '6h53m',
      '6h56m',
      'section 6: learned from two scale-outs of 4 min: 5.4 min',
    );
  });

  it('office raises, and the evening lets scaling release it', () => {
    const low = spansWithin(result, 'checkout', '2h', '6h').filter((span) => span.serving < 2);
    expect(low, 'section 4: min 2 in office').toEqual([]);
    expect(spanAt(result, 'checkout', '8h50m').desired, 'scaling goes back to the min of `otherwise`').toBe(1);
  });

  it('a step policy is put with its alarm', () => {
    expect(eventsOf(result, 'Policy Invalid', 'checkout')).toEqual([]);
    const { scalingPolicies, alarms } = endpointOf(result, 'checkout').final;
    expect(JSON.stringify(scalingPolicies)).toContain('endpoint-scaler-step-ModelLatency');
    expect(JSON.stringify(alarms)).toContain('endpoint-scaler-checkout-step-ModelLatency');
  });

  it('an asynchronous endpoint with target tracking wakes sized, and comes back to zero', () => {
    expect(desiredSteps(result, 'transcribe').slice(0, 2), 'section 4: ceil(30 / 5) = 6, within max 5').toEqual([0, 5]);
    expect(endpointOf(result, 'transcribe').requests, 'served').toMatchObject({ served: 30, expired: 0 });
    const zero = spansWithin(result, 'transcribe', '1h10m', '2h').find((span) => span.desired === 0);
    expect(
      zero ?? spanAt(result, 'transcribe', '1h45m').desired <= 1,
      'section 5: zero when the queue is empty',
    ).toBeTruthy();
    expect(spanAt(result, 'transcribe', '3h').serving, 'section 4: min 1 in the window').toBeGreaterThanOrEqual(1);
    expect(spanAt(result, 'transcribe', '5h').serving, 'section 5: zero after the window').toBe(0);
  });

  it('an asynchronous endpoint without metrics is not taken to zero', () => {
    expectUp(result, 'unseen', '0m', '4h', 'section 6: unknown is never idle');
    expect(spanAt(result, 'unseen', '4h30m').serving, 'idle once it can be seen').toBe(0);
  });

  it('leave changes no phase: an up endpoint stays', () => {
    expectUp(result, 'leave', '0m', '9h', 'section 4: leave means no change');
    expect(deletions(result, 'leave'), 'section 4: leave means no change').toEqual([]);
  });

  it('leave changes no phase: a parked endpoint stays parked and wakes on demand only', () => {
    expectAway(result, 'leave-zero', '10m', '3h', 'section 4: a parked one stays parked');
    expectBetween(creations(result, 'leave-zero')[0], '3h', '3h2m', 'section 4: … and wakes on demand');
    expectUp(result, 'leave-zero', '3h10m', '6h', 'section 4: an up endpoint stays; then min 1');
    expectBetween(deletions(result, 'leave-zero')[1], '6h', '6h6m', 'section 4: otherwise zero');
    expect(arrivals(result, 'leave-zero').length, 'once').toBe(1);
  });

  it('another tag is another policy', () => {
    expectUp(result, 'retagged', '0m', '2h', 'min 1 until then');
    expectBetween(deletions(result, 'retagged')[0], '2h', '2h20m', 'section 3: the tag decides, and it is idle');
  });

  it('breaks no invariant', () => expectSound(result));
});
