import { describe, expect, it } from 'vitest';
import { asynchronous, busyBefore, idle, MONDAY_UTC, POLICY_TAG, queueOnly, realTime, variant } from './fleet.ts';
import { answers, deletions, endpointOf, eventsOf, expectBetween, expectUp } from './reading.ts';
import { expectSurvived, rehearseHere } from './rehearse-here.ts';
import type { Document } from './run-scenario.ts';

/** Parked at +1m, woken at +10m and, once more, at +50m; a queue beside it. */
const day = (happens: readonly Document[], length = '90m') =>
  rehearseHere({
    start: MONDAY_UTC,
    for: length,
    policies: { quick: idle('5m'), queue: queueOnly },
    endpoints: {
      chat: realTime('quick', { whenAway: 'asks', startsIn: '4m', deletesIn: '1m' }),
      transcribe: asynchronous('queue', { startsIn: '4m' }),
    },
    happens: [
      ...happens,
      { at: '+10m', requests: 2, to: 'chat' },
      { at: '+12m', requests: 12, to: 'transcribe' },
      { at: '+50m', requests: 2, to: 'chat' },
    ],
  });

async function expectNormalDay(happens: readonly Document[]): Promise<void> {
  const run = await day(happens);
  expectSurvived(run);
  const { parks, wakes, requests, final } = endpointOf(run.result, 'chat');
  expect({ parks, wakes, phase: final.phase }, 'woken for whoever asks, and parked in the end').toEqual({
    parks: 3,
    wakes: 2,
    phase: 'parked',
  });
  expect(requests.failed, 'nobody is left waiting').toBe(0);
  expect(run.result.calls['SageMaker.CreateEndpoint'], 'section 10, 6').toBe(2);
  expect(run.result.calls['SageMaker.DeleteEndpoint'], 'section 10, 6').toBe(3);
  expect(endpointOf(run.result, 'transcribe').requests, 'section 10, 7').toMatchObject({ served: 12, expired: 0 });
}

describe('reads that answer from the past', () => {
  it.each<[string, string]>([
    ['SageMaker.DescribeEndpoint', '30s'],
    ['SageMaker.DescribeEndpoint', '2m'],
    ['SageMaker.ListTags', '5m'],
    ['SageMaker.ListEndpoints', '10m'],
    ['SageMaker.*', '2m'],
    ['ResourceGroupsTaggingAPI.GetResources', '20m'],
    ['*', '20s'],
  ])('%s by %s: the same day', (stale, by) => expectNormalDay([{ at: '+2m', stale, by }]));

  it('what Application Auto Scaling shows of a minute ago: the owner’s scaling is restored all the same', async () => {
    const target = variant('chat');
    const run = await day([
      { at: '+2m', stale: 'ApplicationAutoScaling.*', by: '1m' },
      {
        at: '+0m',
        call: 'ApplicationAutoScaling.RegisterScalableTarget',
        with: { ...target, MinCapacity: 1, MaxCapacity: 3 },
      },
      {
        at: '+0m',
        call: 'ApplicationAutoScaling.PutScalingPolicy',
        with: {
          ...target,
          PolicyName: 'owners',
          PolicyType: 'TargetTrackingScaling',
          TargetTrackingScalingPolicyConfiguration: {
            TargetValue: 70,
            PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
          },
        },
      },
      {
        at: '+30m',
        call: 'ApplicationAutoScaling.DescribeScalingPolicies',
        with: { ServiceNamespace: 'sagemaker', ResourceId: target['ResourceId'] },
      },
    ]);
    expectSurvived(run);
    const [shown] = answers(run.result, 'DescribeScalingPolicies');
    expect(shown.ScalingPolicies.map(({ PolicyName }: { PolicyName: string }) => PolicyName)).toEqual(['owners']);
  });

  it('of the table there are none: every read of it is a consistent one', async () => {
    const run = await day([{ at: '+0m', stale: 'DynamoDB.*', by: '1m' }]);
    expect(run.result.happens[0]?.times).toBe(0);
    expect(endpointOf(run.result, 'chat')).toMatchObject({ parks: 3, wakes: 2 });
  });

  it('tags that show an enrolment after it ended: what was let go is not parked', async () => {
    const run = await rehearseHere({
      start: MONDAY_UTC,
      for: '1h',
      policies: { quick: idle('30m') },
      endpoints: { chat: realTime('quick', { traffic: [{ from: '+0m', to: '+6m', perMinute: 1 }] }) },
      happens: [
        ...busyBefore('chat'),
        { at: '+20m', stale: 'SageMaker.ListTags', by: '5m' },
        {
          at: '+30m',
          call: 'SageMaker.DeleteTags',
          with: { ResourceArn: '$ARN(chat)', TagKeys: [POLICY_TAG] },
        },
      ],
    });
    expectSurvived(run);
    expectUp(run.result, 'chat', '0m', '60m', 'section 10, 10: it is nobody’s but its owner’s');
    expect(endpointOf(run.result, 'chat').final.phase).toBe(null);
  });
});

describe('clocks that are wrong', () => {
  it.each<[string, readonly Document[]]>([
    [
      'by 10 s, one behind and one ahead',
      [
        { clock: 'idle-windows', by: '-10s' },
        { clock: 'scheduled-scaling', by: '10s' },
      ],
    ],
    [
      'by 10 s, the other way round',
      [
        { clock: 'idle-windows', by: '10s' },
        { clock: 'scheduled-scaling', by: '-10s' },
        { clock: 'backlog-wake', by: '10s' },
      ],
    ],
    ['AWS’s timestamps ahead by four minutes', [{ clock: 'aws', by: '4m' }]],
  ])('%s: the same day', (_, clocks) => expectNormalDay(clocks.map((clock) => ({ at: '+0m', ...clock }))));

  it('AWS’s timestamps behind by four minutes: its metrics look late, so nothing is parked, and all else goes on', async () => {
    const run = await day([{ at: '+5m', clock: 'aws', by: '-4m' }]);
    expectSurvived(run);
    expect(endpointOf(run.result, 'chat'), 'section 10, 8: unknown is not idle').toMatchObject({ parks: 1, wakes: 1 });
    expect(endpointOf(run.result, 'chat').requests).toMatchObject({ served: 4, failed: 0 });
    expect(endpointOf(run.result, 'transcribe').requests, 'section 10, 7').toMatchObject({ served: 12, expired: 0 });
  });

  it('by 10 s, with two runs at once and one that hangs past its lease', () =>
    expectNormalDay([
      { at: '+0m', clock: 'idle-windows', by: '10s' },
      { at: '+1m', stall: 'idle-windows', after: 'DynamoDB.PutItem', for: '75s' },
      { at: '+2m', run: 'idle-windows', times: 2 },
      { at: '+10m', stall: 'idle-windows', after: 'DynamoDB.PutItem', for: '75s' },
      { at: '+11m', run: 'idle-windows', times: 2 },
    ]));
});

describe('metrics that lie', () => {
  const busy = { traffic: [{ from: '+0m', to: '+2h', perMinute: 6 }] };
  const used = (happens: readonly Document[]) =>
    rehearseHere({
      start: MONDAY_UTC,
      for: '3h',
      policies: { quick: idle('10m') },
      endpoints: { chat: realTime('quick', busy) },
      happens: [{ at: '+0m', for: '12m', metrics: 'missing', of: 'chat' }, ...happens],
    });

  it('invocations counted as zero by mistake: concurrency still shows them, and nothing is parked', async () => {
    const run = await used([{ at: '+20m', for: '90m', metrics: 'zero', of: 'chat' }]);
    expectSurvived(run);
    expectUp(run.result, 'chat', '0m', '120m', 'section 10, 8: two witnesses have to agree that nobody came');
    expectBetween(deletions(run.result, 'chat')[0], '2h10m', '2h20m', 'parked when nobody comes');
    expect(endpointOf(run.result, 'chat').requests).toMatchObject({ failed: 0, cold: 0 });
  });

  it('ten minutes late: unknown is not idle, and it is parked once they are in time again', async () => {
    const run = await used([{ at: '+1h', for: '90m', metrics: { late: '10m' }, of: 'chat' }]);
    expectSurvived(run);
    expectUp(run.result, 'chat', '0m', '2h30m', 'section 10, 8');
    expectBetween(deletions(run.result, 'chat')[0], '2h30m', '2h45m', 'and then it is parked');
    const reasons = eventsOf(run.result, 'Decision Refused', 'chat').map(({ detail }) => detail['reason']);
    expect(reasons, 'said once, and why').toContain('activity-unknown');
  });

  it('a backlog counted as zero by mistake: what is queued is served all the same', async () => {
    const run = await day([{ at: '+11m', for: '40m', metrics: 'zero', of: 'transcribe' }], '3h');
    expectSurvived(run);
    expect(endpointOf(run.result, 'transcribe').requests, 'section 10, 7').toMatchObject({ served: 12, expired: 0 });
  });
});
