import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseScenario, rehearse } from '../../rehearsal/index.ts';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { busyBefore, idle, MONDAY_UTC, realTime, variant } from './fleet.ts';
import { deletions, desiredSteps, endpointOf, expectBetween, since } from './reading.ts';
import { expectSurvived, rehearseHere } from './rehearse-here.ts';
import type { Document } from './run-scenario.ts';

/** Sixteen at once on an instance, each for half an hour. */
const streams = { serves: { concurrent: 16, in: '30m', streams: true } };

describe.each(['begin', 'end'] as const)('streams whose one invocation is counted at their %s', (streamInvocation) => {
  it('keep their endpoint from being parked, long after or before that invocation', async () => {
    const rehearsal = await rehearseHere({
      start: MONDAY_UTC,
      for: '3h',
      readings: { streamInvocation },
      policies: { quick: idle('5m', { zero: { by: 'park', idleFor: '5m', minUp: '1m' } }) },
      endpoints: { llm: realTime('quick', streams) },
      happens: [...busyBefore('llm'), { at: '+2m', requests: 1, to: 'llm' }, { at: '+30m', requests: 1, to: 'llm' }],
    });
    expectSurvived(rehearsal);
    const { result } = rehearsal;
    expect(endpointOf(result, 'llm').requests).toMatchObject({ total: 2, served: 2, cut: 0 });
    expectBetween(deletions(result, 'llm')[0], '1h7m', '1h13m', 'idleFor 5m after the last stream ended at +1h');
  });
});

/** Streams come in the first hour and go; at half an hour each the last ends at +1h30m. */
const llm = (scaleIn?: unknown) => ({
  policy: {
    otherwise: { min: 1, max: 4 },
    scaling: [{ kind: 'target-tracking', metric: 'ConcurrentRequestsPerModel', target: 10, scaleInCooldown: '60s' }],
    ...(scaleIn === undefined ? {} : { scaleIn }),
  },
  traffic: [
    { from: '+10m', to: '+50m', perMinute: 1.5 },
    { from: '+50m', to: '+4h', perMinute: 0.2 },
  ],
});

describe('a scale-in that would cut streams', () => {
  const run = async (scaleIn: unknown, more: Document = {}) => {
    const { policy, traffic } = llm(scaleIn);
    const rehearsal = await rehearseHere({
      start: MONDAY_UTC,
      for: '6h',
      policies: { llm: policy },
      endpoints: { llm: realTime('llm', { ...streams, startsIn: '4m', instances: 1, traffic }) },
      ...more,
    });
    expectSurvived(rehearsal);
    return rehearsal.result;
  };

  it('is Application Auto Scaling’s own business without a word in the policy', async () => {
    const result = await run(undefined);
    const { requests } = endpointOf(result, 'llm');
    expect(Math.max(...desiredSteps(result, 'llm'))).toBeGreaterThan(2);
    expect(requests.cut, 'this is what when-quiet is for').toBeGreaterThan(0);
  });

  it('waits until it is quiet', async () => {
    const result = await run('when-quiet');
    expect(endpointOf(result, 'llm').requests).toMatchObject({ cut: 0, failed: 0 });
    const steps = desiredSteps(result, 'llm');
    expect(Math.max(...steps)).toBeGreaterThan(2);
    expect(steps.at(-1), 'the last stream ended at +4h30m').toBe(1);
  });

  it('waits through runs that die in the middle, and is suspended and let go on a few times only', async () => {
    const result = await run('when-quiet', {
      happens: ['+1m', '+40m', '+4h20m'].map((at) => ({
        at,
        crash: 'scheduled-scaling',
        after: at === '+40m' ? 'CloudWatch.GetMetricData' : 'ApplicationAutoScaling.RegisterScalableTarget',
      })),
    });
    expect(endpointOf(result, 'llm').requests).toMatchObject({ cut: 0, failed: 0 });
    expect(desiredSteps(result, 'llm').at(-1)).toBe(1);
    expect(result.calls['ApplicationAutoScaling.RegisterScalableTarget']).toBeLessThan(16);
  });

  it('waits at most so long as the policy says', async () => {
    const result = await run({ when: 'quiet', atMost: '1h' });
    const { requests } = endpointOf(result, 'llm');
    expect(requests.cut).toBeGreaterThan(0);
    expect(desiredSteps(result, 'llm').length).toBeGreaterThan(2);
  });

  it('that waits for a day is told once a day', async () => {
    const { policy } = llm('when-quiet');
    const rehearsal = await rehearseHere({
      start: MONDAY_UTC,
      for: '52h',
      policies: { llm: policy },
      endpoints: { llm: realTime('llm', { ...streams, instances: 2, traffic: { perMinute: 0.6 } }) },
    });
    expectSurvived(rehearsal);
    const told = rehearsal.result.events.filter(({ detailType }) => detailType === 'Scale In Waiting');
    expect(told.map(({ detail }) => [detail['endpoint'], detail['reason']])).toEqual([
      ['llm', 'in-flight'],
      ['llm', 'in-flight'],
    ]);
    expect(endpointOf(rehearsal.result, 'llm').requests.cut).toBe(0);
    const reads = rehearsal.result.calls['CloudWatch.GetMetricData'] ?? 0;
    expect(reads, 'once in some minutes, not each').toBeLessThan((52 * 60) / 6);
  });

  const suspended = (result: RehearsalResult) =>
    (endpointOf(result, 'llm').final.scalableTargets[0] as { SuspendedState?: unknown }).SuspendedState;
  const outSuspended = {
    call: 'ApplicationAutoScaling.RegisterScalableTarget',
    with: { ...variant('llm'), SuspendedState: { DynamicScalingOutSuspended: true } },
  };

  it('leaves alone what a person suspended beside it, and is let go on once the policy says nothing of it', async () => {
    const during = await run('when-quiet', { for: '30m', happens: [{ at: '+5m', ...outSuspended }] });
    expect(suspended(during)).toMatchObject({ DynamicScalingInSuspended: true, DynamicScalingOutSuspended: true });
    const after = await run('when-quiet', {
      for: '1h',
      happens: [
        { at: '+5m', ...outSuspended },
        { at: '+20m', put: 'policies/llm', document: llm().policy },
      ],
    });
    expect(suspended(after)).toMatchObject({ DynamicScalingInSuspended: false, DynamicScalingOutSuspended: true });
  });

  it('is let go on when the endpoint is given back', async () => {
    const result = await run('when-quiet', {
      for: '30m',
      happens: [
        {
          at: '+0h',
          call: 'ApplicationAutoScaling.PutScalingPolicy',
          with: {
            ...variant('llm'),
            PolicyName: 'of-its-owner',
            PolicyType: 'TargetTrackingScaling',
            TargetTrackingScalingPolicyConfiguration: {
              TargetValue: 50,
              PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
            },
          },
        },
        { at: '+10m', giveBack: 'llm' },
      ],
    });
    expect(suspended(result)).toMatchObject({ DynamicScalingInSuspended: false });
  });
});

describe('our own scale-in, where the calendar alone sets the count', () => {
  const run = async (serving: Document, more: Document = {}) => {
    const rehearsal = await rehearseHere({
      start: MONDAY_UTC,
      for: '5h',
      schedules: { morning: { timezone: 'UTC', open: [{ from: '00:00', to: '01:00' }] } },
      policies: {
        calendar: { capacity: [{ during: 'morning', min: 3, max: 3 }], otherwise: { min: 1, max: 3 }, ...more },
      },
      endpoints: { llm: realTime('calendar', { instances: 3, ...serving }) },
    });
    expectSurvived(rehearsal);
    const span = endpointOf(rehearsal.result, 'llm').spans.find(({ desired }) => desired === 1);
    return {
      requests: endpointOf(rehearsal.result, 'llm').requests,
      loweredAt: span === undefined ? undefined : since(rehearsal.result, span.from),
    };
  };

  it('comes at once for short requests', async () => {
    const { loweredAt } = await run({ traffic: { perMinute: 60 } });
    expectBetween(loweredAt, '1h', '1h2m', 'the window ends at +1h');
  });

  it('waits for streams, an hour at most', async () => {
    const some = await run({ ...streams, traffic: [{ from: '+30m', to: '+55m', perMinute: 0.4 }] });
    expectBetween(some.loweredAt, '1h25m', '1h31m', 'the last of them ends at +1h25m');
    expect(some.requests).toMatchObject({ cut: 0, failed: 0 });
    const always = await run({ ...streams, traffic: { perMinute: 0.4 } });
    expectBetween(always.loweredAt, '2h', '2h3m', 'then it is forced, as any drain');
    expect(always.requests.cut).toBeGreaterThan(0);
  });

  it('waits as long as it takes under when-quiet', async () => {
    const busy = { ...streams, traffic: [{ from: '+30m', to: '+3h', perMinute: 0.4 }] };
    const { loweredAt, requests } = await run(busy, { scaleIn: 'when-quiet' });
    expectBetween(loweredAt, '3h35m', '3h43m', 'the last ended at +3h30m, and then 5m of quiet, told 2m late');
    expect(requests).toMatchObject({ cut: 0, failed: 0 });
  });
});

describe('the example of streams', () => {
  it('says what its policy saves its callers, and what that costs', async () => {
    const folder = 'examples/llm-streams';
    const text = readFileSync(`${folder}/scenario.yaml`, 'utf8');
    const without = (path: string) =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => !line.startsWith('scaleIn:'))
        .join('\n');
    const parsed = parseScenario(text, `${folder}/scenario.yaml`, without);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { result } = await rehearse(parsed.scenario);
    const { requests, instanceHours } = endpointOf(result, 'assistant');
    const saved = Math.round(100 * (1 - instanceHours.paid / instanceHours.alwaysOn));
    const readme = readFileSync(`${folder}/README.md`, 'utf8');
    expect(requests.cut).toBeGreaterThan(0);
    expect(readme).toContain(`without \`scaleIn\` ${requests.cut} are cut`);
    expect(readme).toContain(`${saved} % without \`scaleIn\``);
  });
});
