import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { busyBefore, busyUntil, idle, MONDAY_UTC, POLICY_TAG, realTime } from './fleet.ts';
import {
  arrivals,
  creations,
  deletions,
  endpointOf,
  expectAway,
  expectBetween,
  expectSound,
  expectUntouched,
  expectUp,
  minutes,
  spanAt,
} from './reading.ts';
import { runScenario } from './run-scenario.ts';

describe('a real-time endpoint is parked and woken by its workload', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '9h',
      policies: { hour: idle('60m'), quick: idle('5m'), usual: { otherwise: 'zero', zero: { by: 'park' } } },
      endpoints: {
        'Chat-Dev': realTime('hour', { ...busyUntil('2h'), whenAway: 'asks' }),
        quick: realTime('quick', { ...busyUntil('1h'), whenAway: 'asks', instanceType: 'ml.g5.xlarge' }),
        usual: realTime('usual', busyUntil('2h')),
        lost: realTime('quick', { ...busyUntil('1h'), whenAway: 'lost' }),
        never: realTime('hour'),
      },
      happens: [
        ...busyBefore('Chat-Dev', 'quick', 'usual', 'lost'),
        { at: '+3h', requests: 1, to: 'quick' },
        { at: '+4h', requests: 5, to: 'lost' },
        { at: '+5h', requests: 1, to: 'Chat-Dev' },
      ],
    }));
  });

  it('parks after idleFor, judged two minutes late, in two runs', () => {
    const [first] = deletions(result, 'Chat-Dev');
    expectBetween(first, '3h2m', '3h7m', 'section 6: idle over 60m ending two minutes ago, then delete in a later run');
    expect(spanAt(result, 'Chat-Dev', '3h15m').status, 'section 8: Absent when deleted').toBe('Absent');
  });

  it('uses 30m where idleFor is not written', () => {
    expectBetween(deletions(result, 'usual')[0], '2h32m', '2h37m', 'section 4: zero.idleFor defaults to 30m for park');
  });

  it('parks at once what was idle before the scenario began', () => {
    expectBetween(deletions(result, 'never')[0], '0m', '10m', 'section 8: endpoints were idle until the start');
  });

  it('wakes for a request and serves it', () => {
    const [created] = creations(result, 'Chat-Dev');
    expectBetween(created, '5h', '5h2m', 'section 3: a Wake Requested makes the answer come at once');
    const { requests, wakes, parks } = endpointOf(result, 'Chat-Dev');
    expect(requests, 'sections 4 and 8: the request that came while away is cold, and served').toMatchObject({
      total: 121,
      served: 121,
      cold: 1,
      failed: 0,
      pending: 0,
    });
    expect({ wakes, parks }, 'section 8: deletions and returns to service are counted').toEqual({ wakes: 1, parks: 2 });
  });

  it('keeps what a request woke until it was idle over idleFor', () => {
    const [up] = arrivals(result, 'Chat-Dev');
    const again = deletions(result, 'Chat-Dev')[1];
    expectBetween((again ?? 0) - (up ?? 0), '1h2m', '1h9m', 'section 6: data from before InService do not count');
  });

  it('never parks before minUp', () => {
    const [up] = arrivals(result, 'quick');
    expectBetween(up, '3h8m', '3h11m', 'startsIn 8m after the wake');
    const again = deletions(result, 'quick')[1];
    expectBetween((again ?? 0) - (up ?? 0), '20m', '27m', 'section 4: zero.minUp defaults to 20m from InService');
  });

  it('cannot be woken by callers that do not ask', () => {
    expect(endpointOf(result, 'lost').requests, 'section 8: whenAway lost = cold and failed').toMatchObject({
      cold: 5,
      failed: 5,
    });
    expectAway(result, 'lost', '2h', '9h', 'nobody asked for it');
  });

  it('pays to the delete and from the call of a start', () => {
    const [down, downAgain] = deletions(result, 'Chat-Dev');
    const [created] = creations(result, 'Chat-Dev');
    const paid = ((down ?? 0) + ((downAgain ?? 0) - (created ?? 0))) / 60;
    const { instanceHours } = endpointOf(result, 'Chat-Dev');
    expect(instanceHours.paid, 'section 8: paid is from the call of a start to the delete').toBeCloseTo(paid, 1);
    expect(instanceHours.alwaysOn, 'section 8: alwaysOn = max(1, instances) × hours').toBe(9);
  });

  it('breaks no invariant', () => expectSound(result));
});

describe('what must not be parked', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '8h',
      policies: { quick: idle('5m'), hour: idle('60m') },
      endpoints: {
        blind: realTime('hour', busyUntil('30m')),
        protected: realTime('quick', { tags: { 'endpoint-scaler:protect': 'true' } }),
        shielded: realTime('quick', busyUntil('1h')),
        stranger: realTime('quick', { policy: undefined, tags: { team: 'other' } }),
        joined: realTime('quick', { policy: undefined, tags: { team: 'late' } }),
        released: realTime('quick', busyUntil('2h')),
        deleted: realTime('quick', busyUntil('3h')),
        adopted: realTime('quick', busyUntil('1h')),
        regained: realTime('quick', busyUntil('1h')),
      },
      happens: [
        ...busyBefore('shielded', 'released', 'deleted', 'adopted', 'regained'),
        { at: '+0h', for: '5h', metrics: 'missing', of: 'blind' },
        {
          at: '+10m',
          call: 'SageMaker.AddTags',
          with: { ResourceArn: '$ARN(shielded)', Tags: [{ Key: 'endpoint-scaler:protect', Value: 'true' }] },
        },
        {
          at: '+1h',
          call: 'SageMaker.AddTags',
          with: { ResourceArn: '$ARN(joined)', Tags: [{ Key: POLICY_TAG, Value: 'quick' }] },
        },
        { at: '+1h', call: 'SageMaker.DeleteTags', with: { ResourceArn: '$ARN(released)', TagKeys: [POLICY_TAG] } },
        { at: '+2h', call: 'SageMaker.DeleteEndpoint', with: { EndpointName: 'deleted' } },
        {
          at: '+3h',
          call: 'SageMaker.CreateEndpoint',
          with: { EndpointName: 'adopted', EndpointConfigName: 'adopted', Tags: [{ Key: POLICY_TAG, Value: 'quick' }] },
        },
        {
          at: '+3h',
          call: 'SageMaker.CreateEndpoint',
          with: { EndpointName: 'regained', EndpointConfigName: 'regained' },
        },
      ],
    }));
  });

  it('unknown activity never parks', () => {
    expectUp(result, 'blind', '0m', '5h', 'section 6: anything missing is unknown, and unknown is never idle');
    expectBetween(deletions(result, 'blind')[0], '5h', '6h10m', 'section 6: with data again, idle over 60m is judged');
  });

  it('a protected endpoint stays, also when the tag comes later', () => {
    expectUntouched(result, 'protected', 'section 4: protected is never parked');
    expectUntouched(result, 'shielded', 'section 4: protected is never parked, by ListTags before a park');
  });

  it('what nobody enrolled is never touched', () => {
    expectUntouched(result, 'stranger', 'section 10, 10: what we did not make, we do not touch');
    const { decisions, final } = endpointOf(result, 'stranger');
    expect(decisions, 'no decision about an endpoint without the tag').toEqual([]);
    expect(final.tags, 'tags as the owner left them').toEqual({ team: 'other' });
    expect(final.phase, 'no record of it').toBeNull();
  });

  it('a tag put later enrols', () => {
    expectBetween(
      deletions(result, 'joined')[0],
      '1h',
      '1h15m',
      'section 3: the tagging API is minutes late and finds it',
    );
  });

  it('a tag taken away lets go', () => {
    expectUntouched(result, 'released', 'section 6: tag removed while up: drop the record');
    expect(endpointOf(result, 'released').final.phase, 'section 6: the record is dropped').toBeNull();
  });

  it('what its owner deleted is not recreated', () => {
    expectAway(result, 'deleted', '2h', '8h', 'section 6: (up, Absent): somebody deleted it: never recreate');
    expect(creations(result, 'deleted'), 'never recreated').toEqual([]);
  });

  it('adopts what comes back by hand with the tag, after minUp', () => {
    const [up] = arrivals(result, 'adopted');
    const again = deletions(result, 'adopted')[1];
    expectBetween(up, '3h8m', '3h8m', 'created by hand at +3h');
    expectBetween((again ?? 0) - (up ?? 0), '20m', '40m', 'section 6: with the tag it is normal again after minUp');
  });

  it('lets go what comes back by hand without the tag', () => {
    expectUp(result, 'regained', '3h9m', '8h', 'section 6: without the tag: let go');
    expect(endpointOf(result, 'regained').final.tags, 'section 6: never re-tagged').toEqual({});
    expect(endpointOf(result, 'regained').final.phase, 'section 6: recipe kept as history, record gone').toBeNull();
  });

  it('breaks no invariant', () => expectSound(result));
});

describe('other reasons to be up', () => {
  it('a named alarm and anybody’s Wake Requested wake, and a stuck alarm does not flap', async () => {
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '6h',
      policies: {
        alarmed: idle('5m', { wake: { on: ['request', 'alarm:orders-queue-not-empty'] } }),
        quick: idle('5m'),
      },
      endpoints: { alarmed: realTime('alarmed'), asked: realTime('quick') },
      happens: [
        {
          at: '+1m',
          call: 'CloudWatch.PutMetricAlarm',
          with: {
            AlarmName: 'orders-queue-not-empty',
            Namespace: 'Orders',
            MetricName: 'Depth',
            Statistic: 'Maximum',
            Period: 60,
            EvaluationPeriods: 1,
            Threshold: 1,
            ComparisonOperator: 'GreaterThanOrEqualToThreshold',
            TreatMissingData: 'ignore',
          },
        },
        {
          at: '+2h',
          call: 'CloudWatch.SetAlarmState',
          with: { AlarmName: 'orders-queue-not-empty', StateValue: 'ALARM', StateReason: 'test' },
        },
        {
          at: '+2h',
          call: 'EventBridge.PutEvents',
          with: {
            Entries: [
              {
                Source: 'endpoint-scaler.request',
                DetailType: 'Wake Requested',
                Detail: JSON.stringify({ endpoint: 'asked', by: 'ci', why: 'nightly test' }),
              },
            ],
          },
        },
      ],
    });
    expectBetween(creations(result, 'alarmed')[0], '2h', '2h3m', 'section 6: demand by an alarm while in ALARM');
    expectBetween(
      creations(result, 'asked')[0],
      '2h',
      '2h3m',
      'section 7: anyone allowed to put events asks for a wake',
    );
    for (const name of ['alarmed', 'asked']) {
      expectBetween(
        deletions(result, name)[1],
        '2h28m',
        '2h40m',
        `section 6: ${name} parks again once idle over idleFor`,
      );
      expect(creations(result, name).length, 'section 6: a stuck alarm older than the idle verdict is no demand').toBe(
        1,
      );
    }
    expect(minutes('6h')).toBe(360);
    expectSound(result);
  });
});
