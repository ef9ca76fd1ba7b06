import { beforeAll, describe, expect, it } from 'vitest';
import type { ComponentResult, ComponentSpan, RehearsalResult } from '../../rehearsal/result.ts';
import { MONDAY_UTC } from './fleet.ts';
import {
  answers,
  endpointOf,
  eventsOf,
  expectBetween,
  expectSound,
  expectUntouched,
  minutes,
  since,
  spanAt,
} from './reading.ts';
import { type Document, runScenario } from './run-scenario.ts';

/** Two a second and copy; one more takes 4 minutes for an instance and 4 for itself. */
const served = { serves: { concurrent: 4, in: '2s' }, whenAway: 'retries' };
const hosting = (policy: string, more: Document = {}): Document => ({
  kind: 'components',
  policy,
  instanceType: 'ml.g5.12xlarge',
  ...more,
});

/** Gone after ten minutes without a request. */
const onRequest: Document = { otherwise: { min: 0, max: 4 }, zero: { by: 'copies', idleFor: '10m' } };

function componentOf(result: RehearsalResult, endpoint: string, component = endpoint): ComponentResult {
  const found = endpointOf(result, endpoint).components?.[component];
  if (found === undefined) throw new Error(`no component ${component} of ${endpoint} in the result`);
  return found;
}

function copiesAt(result: RehearsalResult, endpoint: string, offset: string, component = endpoint): ComponentSpan {
  const at = minutes(offset);
  const found = componentOf(result, endpoint, component).spans.find(
    ({ from, to }) => since(result, from) <= at && at < since(result, to),
  );
  if (found === undefined) throw new Error(`no span of ${component} at +${offset}`);
  return found;
}

/** When copies were first asked for at or after `from`, and how many. */
function asked(result: RehearsalResult, endpoint: string, from: string, component = endpoint) {
  const span = componentOf(result, endpoint, component).spans.find(
    (one) => one.desired > 0 && since(result, one.to) > minutes(from),
  );
  return { at: span && Math.max(minutes(from), since(result, span.from)), copies: span?.desired };
}

function steps(result: RehearsalResult, endpoint: string, component = endpoint): number[] {
  const found: number[] = [];
  for (const { desired } of componentOf(result, endpoint, component).spans) {
    if (found.at(-1) !== desired) found.push(desired);
  }
  return found;
}

describe('endpoints with inference components', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    const describeAlarms = { call: 'CloudWatch.DescribeAlarms', with: { AlarmNamePrefix: 'endpoint-scaler-wanted' } };
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '12h',
      schedules: { shift: { timezone: 'UTC', open: [{ from: '05:00', to: '07:00' }] } },
      policies: {
        shift: { ...onRequest, capacity: [{ during: 'shift', min: 2, max: 4 }], otherwise: 'zero' },
        wanted: onRequest,
        sized: {
          ...onRequest,
          scaling: [{ kind: 'target-tracking', metric: 'InvocationsPerCopy', target: 30 }],
        },
        shared: {
          zero: { by: 'copies', idleFor: '10m' },
          components: {
            chat: { capacity: [{ during: 'shift', min: 3, max: 3 }] },
            embed: {},
          },
          otherwise: { min: 0, max: 3 },
        },
        incomplete: { ...onRequest, components: { left: {}, wrong: {} } },
      },
      endpoints: {
        shift: hosting('shift', { ...served }),
        wanted: hosting('wanted', { ...served, copies: 0 }),
        sized: hosting('sized', { ...served, copies: 0 }),
        deaf: hosting('sized', { ...served, copies: 0 }),
        scarce: hosting('wanted', { ...served, copies: 0, instanceType: 'ml.g6.12xlarge' }),
        called: hosting('wanted', { ...served, copies: 0, whenAway: 'asks' }),
        blind: hosting('wanted', { ...served }),
        kept: hosting('wanted', { ...served, instances: { min: 1, max: 2 } }),
        stranger: hosting('wanted', { ...served, policy: undefined }),
        shared: hosting('shared', {
          instances: { min: 0, max: 2 },
          components: { chat: { ...served, copies: 0 }, embed: { ...served, copies: 1, accelerators: 2 } },
        }),
        incomplete: hosting('incomplete', { components: { left: { ...served }, right: { ...served } } }),
      },
      happens: [
        { at: '+3h', requests: 1, to: 'wanted' },
        { at: '+3h', requests: 95, to: 'sized' },
        { at: '+3h', requests: 1, to: 'called' },
        { at: '+90m', for: '10m', events: 'drop', of: 'CloudWatch Alarm State Change' },
        { at: '+92m', requests: 95, to: 'deaf' },
        { at: '+8h', for: '90m', noCapacity: 'ml.g6.12xlarge', failsAfter: '10m' },
        ...['+8h10m', '+8h25m', '+8h40m', '+8h55m', '+9h10m', '+9h25m'].map((at) => ({
          at,
          requests: 1,
          to: 'scarce',
        })),
        { at: '+9h', requests: 1, to: 'shared', component: 'embed' },
        { at: '+0h', metrics: 'missing', of: 'blind' },
        { at: '+10m', ...describeAlarms },
        {
          at: '+20m',
          call: 'CloudWatch.DeleteAlarms',
          with: { AlarmNames: ['endpoint-scaler-wanted.wanted-requests'] },
        },
        { at: '+1h', ...describeAlarms },
        { at: '+10h', giveBack: 'wanted' },
      ],
    }));
  });

  it('have the copies that the calendar says, ready by its windows, and none outside', () => {
    const [window, ...others] = endpointOf(result, 'shift').windows;
    expect(others).toEqual([]);
    expect(window, 'two copies by 05:00').toMatchObject({ during: 'shift', lateSeconds: 0 });
    expectBetween(asked(result, 'shift', '4h').at, '4h46m', '4h54m', 'a learned lead before');
    expect(copiesAt(result, 'shift', '6h')).toMatchObject({ status: 'InService', desired: 2, serving: 2 });
    expect(copiesAt(result, 'shift', '3h'), 'zero outside').toMatchObject({ desired: 0, serving: 0 });
    expect(copiesAt(result, 'shift', '8h'), 'zero again').toMatchObject({ desired: 0 });
    expect(spanAt(result, 'shift', '3h').serving, 'no copy, no instance').toBe(0);
    expect(spanAt(result, 'shift', '8h').serving).toBe(0);
  });

  it('wake on the first request that failed, and sleep again when idle over idleFor', () => {
    expectBetween(asked(result, 'called', '3h').at, '3h', '3h3m', 'the metric of that minute, its alarm, a call');
    expect(steps(result, 'called')).toEqual([0, 1, 0]);
    const { requests } = componentOf(result, 'called');
    expect(requests, 'its caller tries again until there is a copy').toMatchObject({ total: 1, served: 1, cold: 1 });
    const last = componentOf(result, 'called').spans.findLast(({ desired }) => desired === 0);
    expectBetween(last && since(result, last.from), '3h18m', '3h40m', 'ten idle minutes after its answer');
  });

  it('wake by the next tick when the alarm’s event is lost', () => {
    expectBetween(asked(result, 'deaf', '90m').at, '92m', '96m', 'a lost event changes nothing but the delay');
    expect(componentOf(result, 'deaf').requests).toMatchObject({ served: 95, failed: 0 });
    const [decision] = endpointOf(result, 'deaf').decisions.filter(({ reason }) => reason === 'from-zero');
    expect(decision).toMatchObject({ function: 'scheduled-scaling', evidence: { target: 'deaf', newDesired: 4 } });
  });

  it('bring as many copies as failed requests need, in one step, where a target tells what a copy bears', () => {
    expect(asked(result, 'sized', '3h').copies, '95 a minute, 30 a copy').toBe(4);
  });

  it('try again as long as somebody asks, until there is capacity', () => {
    const first = componentOf(result, 'scarce').spans.find(({ serving }) => serving > 0);
    expectBetween(first && since(result, first.from), '9h30m', '9h55m', 'capacity is back at +9h30m');
    expect(eventsOf(result, 'Scaling Failed', 'scarce'), 'told once, however often it fails').toHaveLength(1);
    expect(componentOf(result, 'scarce').requests.served).toBeGreaterThan(0);
  });

  it('share instances, and each is judged by its own use', () => {
    expect(copiesAt(result, 'shared', '1h', 'embed'), 'idle: gone').toMatchObject({ desired: 0 });
    expect(spanAt(result, 'shared', '1h').serving).toBe(0);
    expect(copiesAt(result, 'shared', '6h', 'chat'), 'by the calendar').toMatchObject({ serving: 3 });
    expect(copiesAt(result, 'shared', '6h', 'embed')).toMatchObject({ desired: 0 });
    expect(spanAt(result, 'shared', '6h').serving, 'three copies on four accelerators').toBe(1);
    expectBetween(asked(result, 'shared', '9h', 'embed').at, '9h', '9h3m', 'asked for alone');
    expect(copiesAt(result, 'shared', '9h20m', 'chat'), 'and not the other').toMatchObject({ desired: 0 });
    expect(componentOf(result, 'shared', 'chat').windows).toMatchObject([{ lateSeconds: 0 }]);
  });

  it('are never taken to zero unseen', () => {
    expect(steps(result, 'blind'), 'missing metrics are unknown, never idle').toEqual([1]);
  });

  it('are left alone where zero copies would free no instance, or a component is missing in the policy', () => {
    expect(steps(result, 'kept')).toEqual([1]);
    expect(eventsOf(result, 'Policy Invalid', 'kept')[0]?.detail).toMatchObject({
      field: 'endpoint',
      value: 'ManagedInstanceScaling.MinInstanceCount 1',
    });
    expect(steps(result, 'incomplete', 'left')).toEqual([1]);
    const told = eventsOf(result, 'Policy Invalid', 'incomplete')[0]?.detail;
    expect(told).toMatchObject({ field: 'components.wrong', value: 'wrong' });
    expect(steps(result, 'stranger'), 'not enrolled').toEqual([1]);
    expectUntouched(result, 'stranger', 'not enrolled');
  });

  it('own their wake alarm: deleted by somebody, it comes back', () => {
    const [before, after] = answers(result, 'DescribeAlarms');
    for (const answer of [before, after]) {
      expect(answer?.MetricAlarms).toMatchObject([
        {
          MetricName: 'NoCapacityInvocationFailures',
          Statistic: 'Sum',
          Threshold: 1,
          TreatMissingData: 'notBreaching',
        },
      ]);
    }
  });

  it('are given back awake, with nothing of ours left', () => {
    const { final } = endpointOf(result, 'wanted');
    expect(copiesAt(result, 'wanted', '11h59m')).toMatchObject({ desired: 1, serving: 1 });
    expect(final.alarms).toEqual([]);
    expect(final.scalableTargets).toEqual([]);
    expect(endpointOf(result, 'sized').final.scalingPolicies).toHaveLength(1);
  });

  it('break no invariant', () => {
    expectSound(result);
  });
});

describe.each([
  ['told', 'scaling-failed-capacity'],
  ['only-failed', 'scaling-failed-unknown'],
])('copies that there is no room for, the reason of it %s', (componentFailureReason, reason) => {
  let result: RehearsalResult;
  beforeAll(async () => {
    ({ result } = await runScenario({
      start: MONDAY_UTC,
      for: '12h',
      readings: { componentFailureReason },
      schedules: {
        day: { timezone: 'UTC', open: [{ from: '02:00', to: '10:00' }] },
        morning: { timezone: 'UTC', open: [{ from: '00:00', to: '06:00' }] },
      },
      policies: {
        crowded: {
          zero: { by: 'copies', idleFor: '5m' },
          components: {
            chat: { capacity: [{ during: 'day', min: 3, max: 3 }] },
            guest: { capacity: [{ during: 'morning', min: 1, max: 1 }] },
          },
          otherwise: { min: 0, max: 3 },
        },
      },
      endpoints: {
        crowded: hosting('crowded', {
          instances: { min: 0, max: 1 },
          components: { chat: { ...served, copies: 1 }, guest: { ...served, copies: 1, accelerators: 2 } },
        }),
      },
    }));
  });

  it('are told of once, with what to do, and asked for again less and less often', () => {
    const [failed, ...more] = eventsOf(result, 'Scaling Failed', 'crowded').map(({ detail }) => detail);
    expect(more).toEqual([]);
    expect(failed).toMatchObject({ reason, resource: 'inference-component/chat' });
    const advice = componentFailureReason === 'told' ? 'MaxInstanceCount' : 'FailureReason of the inference component';
    expect(failed?.['advice']).toContain(advice);
    // Four hours and the lead: after 2, 4, 8 and then each 10 minutes.
    const asked = result.calls['SageMaker.UpdateInferenceComponentRuntimeConfig'] ?? 0;
    expect(asked).toBeGreaterThan(20);
    expect(asked).toBeLessThan(35);
    // Once, although the rung of the other component changes while it lasts.
    const late = eventsOf(result, 'Endpoint Late', 'crowded').map(({ detail: { window, wanted } }) => [window, wanted]);
    expect(late).toEqual([['2026-03-02T02:00:00.000Z', 4]]);
  });

  it('are there ten minutes and their start after there is room', () => {
    expect(copiesAt(result, 'crowded', '5h59m', 'chat').serving).toBeLessThan(3);
    expect(copiesAt(result, 'crowded', '6h25m', 'chat').serving).toBe(3);
    expectSound(result);
  });

  it('change the capacity only once they are given', () => {
    const changed = eventsOf(result, 'Capacity Changed', 'crowded').map(({ at, detail }) => [
      Math.floor(since(result, at) / minutes('1h')),
      (detail['after'] as { desired?: number }).desired,
    ]);
    expect(changed.filter(([, desired]) => desired === 3).map(([hour]) => hour)).toEqual([1, 6]);
  });
});

describe('a component that somebody makes and that fails', () => {
  it('is told of once, for as long as it stays so', async () => {
    const needs = { NumberOfAcceleratorDevicesRequired: 4, MinMemoryRequiredInMb: 4_096 };
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '4h',
      policies: { made: { components: { chat: {}, late: {} }, otherwise: { min: 1, max: 2 } } },
      endpoints: {
        made: hosting('made', {
          instances: { min: 1, max: 1 },
          components: { chat: { ...served, copies: 1, accelerators: 2 } },
        }),
      },
      happens: [
        {
          at: '+30m',
          call: 'SageMaker.CreateInferenceComponent',
          with: {
            InferenceComponentName: 'late',
            EndpointName: 'made',
            VariantName: 'AllTraffic',
            RuntimeConfig: { CopyCount: 1 },
            Specification: { ModelName: 'chat', ComputeResourceRequirements: needs },
          },
        },
      ],
    });
    const told = eventsOf(result, 'Scaling Failed', 'made').map(({ detail }) => detail);
    expect(told).toMatchObject([{ resource: 'inference-component/late', what: 'Status Failed', class: 'capacity' }]);
  });
});
