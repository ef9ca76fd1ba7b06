import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import {
  asynchronous,
  busyUntil,
  idle,
  MONDAY_UTC,
  office,
  officeHours,
  queueOnly,
  realTime,
  variant,
} from './fleet.ts';
import { endpointOf, eventsOf, expectBetween, expectSound, expectUp, since, spanAt } from './reading.ts';
import { type Document, runScenario } from './run-scenario.ts';

const tracking = { kind: 'target-tracking', metric: 'InvocationsPerInstance', target: 100 };
const tracked: Document = { otherwise: { min: 1, max: 4 }, scaling: [tracking] };
const queueTracked: Document = {
  ...queueOnly,
  scaling: [{ kind: 'target-tracking', metric: 'ApproximateBacklogSizePerInstance', target: 5 }],
};

const policyNames = (result: RehearsalResult, name: string): string[] =>
  endpointOf(result, name).final.scalingPolicies.map((policy) => (policy as { PolicyName: string }).PolicyName);

/** Somebody's own target and policy, as they stood before the endpoint was enrolled. */
const ownScaling = (endpoint: string): Document[] => [
  {
    at: '+0h',
    call: 'ApplicationAutoScaling.RegisterScalableTarget',
    with: { ...variant(endpoint), MinCapacity: 1, MaxCapacity: 3 },
  },
  {
    at: '+0h',
    call: 'ApplicationAutoScaling.PutScalingPolicy',
    with: {
      ...variant(endpoint),
      PolicyName: 'owners',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 50,
        PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
      },
    },
  },
];

describe('what is up is given back', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '26h',
      schedules: { office },
      policies: { tracked, removed: tracked, back: tracked, 'office-dev': officeHours({ scaling: [tracking] }) },
      endpoints: {
        given: realTime('tracked'),
        theirs: realTime('tracked'),
        removed: realTime('removed'),
        back: realTime('back'),
        away: realTime('office-dev', busyUntil('1h')),
      },
      happens: [
        ...ownScaling('theirs'),
        { at: '+5h', giveBack: 'given' },
        { at: '+5h', giveBack: 'theirs' },
        { at: '+5h', remove: 'policies/removed' },
        { at: '+5h', remove: 'policies/back' },
        { at: '+8h', put: 'policies/back', document: tracked },
        { at: '+5h', giveBack: 'away' },
      ],
    }));
  });

  it.each(['given', 'removed'])('%s: what we made is gone, the endpoint stays as it is', (name) => {
    const { final, spans } = endpointOf(result, name);
    expect(final.scalingPolicies, 'section 6: what we made').toEqual([]);
    expect(final.scalableTargets, 'section 6: the target too').toEqual([]);
    expect(spans.length, 'section 6: and nothing else').toBe(1);
    const [told, ...more] = eventsOf(result, 'Endpoint Let Go', name);
    expectBetween(told && since(result, told.at), '5h', '5h2m', 'section 6: announced');
    expect(more, 'once').toEqual([]);
    const after = endpointOf(result, name).decisions.filter(({ at }) => since(result, at) > 305);
    expect(after, 'section 6: forgotten').toEqual([]);
  });

  it('what its owner made stays, with the bounds it has', () => {
    expect(policyNames(result, 'theirs'), 'section 10, 10').toEqual(['owners']);
    expect(endpointOf(result, 'theirs').final.scalableTargets.length, 'section 10, 10').toBe(1);
  });

  it('a policy that is there again rules it again', () => {
    expect(policyNames(result, 'back')).toEqual(['endpoint-scaler-InvocationsPerInstance']);
    expect(eventsOf(result, 'Endpoint Let Go', 'back').length, 'section 6').toBe(1);
  });

  it('what is parked is woken first, and its windows end', () => {
    expectUp(result, 'away', '5h15m', '26h', 'section 6: wake first, then forget');
    expect(endpointOf(result, 'away').windows, 'section 6: nothing is asked of it any more').toEqual([]);
    expect(endpointOf(result, 'away').final.scalingPolicies, 'section 6: what we made').toEqual([]);
    expect(eventsOf(result, 'Endpoint Let Go', 'away').length, 'section 6').toBe(1);
  });

  it('breaks no invariant', () => expectSound(result));
});

const giveBackQueue = (more: { parameters?: Document; happens?: Document[]; instances?: number } = {}) =>
  runScenario({
    start: MONDAY_UTC,
    for: '4h',
    ...(more.parameters && { parameters: more.parameters }),
    policies: { queue: queueTracked },
    endpoints: { queue: asynchronous('queue', { instances: more.instances ?? 0, startsIn: '20m' }) },
    happens: [{ at: '+1h', giveBack: 'queue' }, ...(more.happens ?? [])],
  });

describe.concurrent('an asynchronous endpoint at zero is given back', () => {
  it('raised, and let go once it serves, however long its start takes', async () => {
    const { result } = await giveBackQueue();
    expectBetween(since(result, eventsOf(result, 'Endpoint Let Go')[0]?.at ?? ''), '1h20m', '1h24m', 'section 6');
    expect(spanAt(result, 'queue', '1h19m').serving).toBe(0);
    expectUp(result, 'queue', '1h25m', '4h', 'section 6: at zero nobody would wake it any more');
    const { final } = endpointOf(result, 'queue');
    expect([final.alarms, final.scalingPolicies, final.scalableTargets], 'section 6').toEqual([[], [], []]);
    expectSound(result);
  });

  it.each([
    ['ApplicationAutoScaling.RegisterScalableTarget', 1],
    ['ApplicationAutoScaling.DeleteScalingPolicy', 0],
    ['ApplicationAutoScaling.DeregisterScalableTarget', 0],
    ['CloudWatch.DeleteAlarms', 0],
    ['DynamoDB.PutItem', 0],
  ])('a run that dies after %s is completed by the next ones', async (after, told) => {
    const { result } = await giveBackQueue({ happens: [{ at: '+1h', crash: 'scheduled-scaling', after }] });
    expect(result.happens.at(-1)?.times, 'it died').toBe(1);
    expectUp(result, 'queue', '1h30m', '4h', 'section 6: crash safety');
    const { final, decisions } = endpointOf(result, 'queue');
    expect([final.alarms, final.scalingPolicies, final.scalableTargets], 'section 6').toEqual([[], [], []]);
    expect(eventsOf(result, 'Endpoint Let Go').length, 'section 6: announced').toBe(1);
    const found = decisions.filter(({ evidence }) => evidence['foundDone'] === true);
    expect(found.length, 'section 10, 9: the change of the run that died').toBe(told);
    expectSound(result);
  });

  it('not let go while there is no capacity', async () => {
    const shortage = { at: '+30m', for: '90m', noCapacity: 'ml.g5.xlarge', failsAfter: '10m' };
    const { result } = await giveBackQueue({ happens: [shortage] });
    const told = eventsOf(result, 'Endpoint Let Go');
    expectBetween(told[0] && since(result, told[0].at), '2h15m', '3h', 'section 6: a give-back goes on until it is up');
    expectUp(result, 'queue', '3h', '4h', 'section 6');
    expectSound(result);
  });

  it('in mode dry-run only reported, in mode off not even that', async () => {
    for (const Mode of ['dry-run', 'off']) {
      const { result } = await giveBackQueue({ parameters: { Mode } });
      expect(endpointOf(result, 'queue').spans.length, `section 3: ${Mode} changes nothing`).toBe(1);
      expect(eventsOf(result, 'Endpoint Let Go'), `section 3: ${Mode}`).toEqual([]);
      const told = endpointOf(result, 'queue').decisions.filter(({ reason }) => reason === 'give-back');
      expect(told.length, `section 3: ${Mode}`).toBe(Mode === 'off' ? 0 : 1);
    }
  });

  it('in mode wake-only raised and let go: nothing is lowered by it', async () => {
    const { result } = await giveBackQueue({ parameters: { Mode: 'wake-only' } });
    expectUp(result, 'queue', '1h25m', '4h', 'section 3');
    expect(eventsOf(result, 'Endpoint Let Go').length).toBe(1);
    expectSound(result);
  });
});

describe('nobody’s endpoints', () => {
  it('given back, its owner may do with it what he likes', async () => {
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '30h',
      schedules: { office },
      policies: { dev: officeHours(), quick: idle('5m') },
      endpoints: { dev: realTime('dev', busyUntil('20h')), quick: realTime('quick', busyUntil('1h')) },
      happens: [
        { at: '+3h', giveBack: 'dev' },
        { at: '+4h', call: 'SageMaker.DeleteEndpoint', with: { EndpointName: 'dev' } },
        { at: '+2h', giveBack: 'quick' },
      ],
    });
    expect(spanAt(result, 'dev', '9h').status, 'section 6: never recreated').toBe('Absent');
    expect(endpointOf(result, 'dev').final.phase, 'section 6: no record of it').toBeNull();
    expectSound(result);
  });
});
