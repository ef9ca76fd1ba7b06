import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import {
  asynchronous,
  busyBefore,
  busyUntil,
  idle,
  MONDAY_UTC,
  office,
  officeHours,
  POLICY_TAG,
  realTime,
} from './fleet.ts';
import {
  creations,
  deletions,
  endpointOf,
  eventsOf,
  expectAway,
  expectBetween,
  expectSound,
  expectUntouched,
  expectUp,
} from './reading.ts';
import { type Document, runScenario } from './run-scenario.ts';

const usual: Document = { otherwise: 'zero', zero: { by: 'park' } };

interface Broken {
  /** Document that is broken, and its raw value. */
  readonly put: string;
  readonly text: string;
  /** What the announcement must name: parameter, field, value, what is allowed. */
  readonly names: readonly string[];
}

const schedule = (more: Document): string =>
  JSON.stringify({ timezone: 'Europe/Berlin', open: [{ from: '08:00', to: '19:00' }], ...more });

const broken: Readonly<Record<string, Broken>> = {
  'not-json': { put: 'policies/not-json', text: 'otherwise: zero {', names: ['/endpoint-scaler/policies/not-json'] },
  'unknown-field': {
    put: 'policies/unknown-field',
    text: JSON.stringify({ ...usual, colour: 'red' }),
    names: ['/endpoint-scaler/policies/unknown-field', 'colour'],
  },
  'wrong-type': {
    put: 'policies/wrong-type',
    text: JSON.stringify({ otherwise: 'zero', zero: { by: 'park', idleFor: 30 } }),
    names: ['/endpoint-scaler/policies/wrong-type', 'zero.idleFor', '30'],
  },
  'min-over-max': {
    put: 'policies/min-over-max',
    text: JSON.stringify({ ...usual, otherwise: { min: 5, max: 2 } }),
    names: ['/endpoint-scaler/policies/min-over-max', 'otherwise', '5', 'max'],
  },
  'no-such-schedule': {
    put: 'policies/no-such-schedule',
    text: JSON.stringify({ ...usual, capacity: [{ during: 'nowhere', min: 1, max: 2 }] }),
    names: ['/endpoint-scaler/policies/no-such-schedule', 'during', 'nowhere'],
  },
  'reserved-field': {
    put: 'policies/reserved-field',
    text: JSON.stringify({ ...usual, weights: {} }),
    names: ['/endpoint-scaler/policies/reserved-field', 'weights'],
  },
  'unknown-zone': {
    put: 'schedules/unknown-zone',
    text: schedule({ timezone: 'Europe/Atlantis' }),
    names: ['/endpoint-scaler/schedules/unknown-zone', 'timezone', 'Europe/Atlantis'],
  },
  'equal-ends': {
    put: 'schedules/equal-ends',
    text: schedule({ open: [{ from: '08:00', to: '08:00' }] }),
    names: ['/endpoint-scaler/schedules/equal-ends', '08:00'],
  },
  'raw-holidays': {
    put: 'schedules/raw-holidays',
    text: schedule({ closed: [{ holidays: 'DE-BE' }] }),
    names: ['/endpoint-scaler/schedules/raw-holidays', 'DE-BE'],
  },
};

/** Closed for good: the windows of these schedules never open, so that only the workload decides. */
const never = { timezone: 'UTC', open: [] };

const usesSchedule = (name: string): boolean => broken[name]?.put.startsWith('schedules/') ?? false;

describe('broken documents touch only their own endpoints', () => {
  const names = Object.keys(broken);
  let result: RehearsalResult;
  beforeAll(async () => {
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '8h',
      schedules: Object.fromEntries(names.filter(usesSchedule).map((name) => [name, never])),
      policies: {
        good: usual,
        ...Object.fromEntries(
          names.map((name) => [
            name,
            usesSchedule(name) ? { ...usual, capacity: [{ during: name, min: 1, max: 2 }] } : usual,
          ]),
        ),
      },
      endpoints: {
        good: realTime('good', busyUntil('2h')),
        ...Object.fromEntries(names.map((name) => [name, realTime(name, busyUntil('2h'))])),
      },
      happens: [
        ...busyBefore('good', ...names),
        ...names.map((name) => ({ at: '+1h', put: broken[name]?.put, text: broken[name]?.text })),
        ...names.map((name) => ({ at: '+6h', put: broken[name]?.put, document: usesSchedule(name) ? never : usual })),
      ],
    }));
  });

  it('everything else goes on', () => {
    expectBetween(deletions(result, 'good')[0], '2h32m', '2h37m', 'section 4: everything else goes on');
    expect(eventsOf(result, 'Policy Invalid', 'good'), 'nothing wrong with it').toEqual([]);
  });

  it.each(names)('%s: never parked while invalid, named in an event, normal again when repaired', (name) => {
    expectUp(result, name, '0m', '6h', 'section 4: an invalid document means its endpoints are never parked');
    expectBetween(deletions(result, name)[0], '6h', '6h10m', 'repaired: its idle endpoint parks');
    const invalid = eventsOf(result, 'Policy Invalid', name)[0];
    expect(invalid, 'section 7: Policy Invalid').toBeDefined();
    const text = JSON.stringify(invalid?.detail);
    for (const word of broken[name]?.names ?? [])
      expect(text, `section 4: the error names parameter, field, value and what is allowed`).toContain(word);
  });

  it('breaks no invariant', () => expectSound(result));
});

describe('documents that come and go', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    const quick = idle('5m');
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '9h',
      schedules: { office },
      policies: {
        'broken-late': usual,
        removed: usual,
        forbidding: usual,
        moved: usual,
        classic: quick,
        queue: { otherwise: { min: 0, max: 2 } },
        starving: { otherwise: { min: 0, max: 2 } },
        two: officeHours(),
        given: usual,
      },
      endpoints: {
        'broken-late': realTime('broken-late', { ...busyUntil('2h'), whenAway: 'asks' }),
        removed: realTime('removed', busyUntil('2h')),
        given: realTime('given', busyUntil('2h')),
        forbidding: realTime('forbidding', busyUntil('2h')),
        moved: realTime('moved', busyUntil('2h')),
        ghost: realTime('quick', { policy: undefined }),
        classic: realTime('classic', busyUntil('2h')),
        queue: asynchronous('queue', { instances: 1 }),
        starving: asynchronous('starving', { instances: 1 }),
      },
      happens: [
        ...busyBefore('broken-late', 'removed', 'given', 'forbidding', 'moved', 'classic', 'queue', 'starving'),
        { at: '+4h', put: 'policies/broken-late', text: '{"otherwise":"zero","zero":{"by":"park","idle":"30m"}}' },
        { at: '+5h', requests: 1, to: 'broken-late' },
        { at: '+7h', put: 'policies/broken-late', document: usual },
        { at: '+4h', remove: 'policies/removed' },
        { at: '+4h', giveBack: 'given' },
        { at: '+4h', put: 'policies/forbidding', document: { otherwise: { min: 1, max: 1 } } },
        { at: '+4h', put: 'policies/moved', document: { otherwise: 'leave' } },
        {
          at: '+1h',
          call: 'SageMaker.AddTags',
          with: { ResourceArn: '$ARN(ghost)', Tags: [{ Key: POLICY_TAG, Value: 'ghost' }] },
        },
        { at: '+1h', put: 'policies/classic', document: { otherwise: 'zero' } },
        { at: '+0h', put: 'policies/queue', document: { otherwise: 'zero', zero: { by: 'park' } } },
        {
          at: '+0h',
          put: 'policies/starving',
          document: { capacity: [{ during: 'office', min: 1, max: 2 }], otherwise: { min: 0, max: 0 } },
        },
      ],
    }));
  });

  it('wakes of the last valid version go on, parks do not', () => {
    expectBetween(
      creations(result, 'broken-late')[0],
      '5h',
      '5h2m',
      'section 4: wakes of its last valid version go on',
    );
    expectUp(result, 'broken-late', '5h12m', '7h', 'section 4: never parked while invalid');
    expectBetween(deletions(result, 'broken-late')[1], '7h', '7h10m', 'repaired');
  });

  it.each(['removed', 'given'])('%s: woken first, then forgotten', (name) => {
    expectBetween(creations(result, name)[0], '4h', '4h4m', 'section 6: giving back: wake first');
    expectUp(result, name, '4h15m', '9h', 'section 6: …, then forget: it is never parked again');
    expect(eventsOf(result, 'Endpoint Let Go', name).length, 'section 6: forgotten, and said so once').toBe(1);
    const sinceThen = endpointOf(result, name).decisions.filter(
      (entry) =>
        ['park', 'scale'].includes(entry.decision) &&
        entry.at > (eventsOf(result, 'Endpoint Let Go', name)[0]?.at ?? ''),
    );
    expect(sinceThen, 'section 6: forgotten: no decision changes it any more').toEqual([]);
  });

  it('a policy that now forbids zero wakes', () => {
    expectBetween(creations(result, 'forbidding')[0], '4h', '4h4m', 'section 4: a rung with min ≥ 1 always wakes');
    expectBetween(creations(result, 'moved')[0], '4h', '4h4m', 'section 6: changed so that it forbids zero: wake');
    expectUp(result, 'moved', '4h15m', '9h', 'leave: an up endpoint stays');
  });

  it('without any valid version nothing is done', () => {
    expectUntouched(result, 'ghost', 'section 4: without one nothing is done');
    expect(eventsOf(result, 'Policy Invalid', 'ghost').length, 'the missing policy is announced').toBeGreaterThan(0);
    expect(JSON.stringify(eventsOf(result, 'Policy Invalid', 'ghost')[0]?.detail), 'by its parameter').toContain(
      '/endpoint-scaler/policies/ghost',
    );
  });

  it('zero of a classic real-time endpoint without `by: park` is an error for it', () => {
    expectUntouched(result, 'classic', 'section 4: deleting is opt-in twice');
    const text = JSON.stringify(eventsOf(result, 'Policy Invalid', 'classic')[0]?.detail ?? null);
    for (const word of ['zero', 'by', 'park'])
      expect(text, 'section 4: the error names field and what is allowed').toContain(word);
  });

  it('zero by park of an asynchronous endpoint is an error for it', () => {
    expectUntouched(result, 'queue', 'section 5: parking is refused; section 4: breaks that endpoint only');
    expect(eventsOf(result, 'Policy Invalid', 'queue').length, 'announced').toBeGreaterThan(0);
  });

  it('a policy that could let requests expire is rejected', () => {
    expectUntouched(result, 'starving', 'section 5: could keep a backlog waiting longer than the request TTL');
    expect(eventsOf(result, 'Policy Invalid', 'starving').length, 'section 5: with the reason').toBeGreaterThan(0);
  });

  it('a parked endpoint stays away until then', () => {
    for (const name of ['removed', 'given', 'forbidding', 'moved'])
      expectAway(result, name, '2h40m', '4h', 'parked after 30 idle minutes');
  });

  it('breaks no invariant', () => expectSound(result));
});
