import { describe, expect, it } from 'vitest';
import { checkKind, type KindCheck } from '../../../shared/domain/check-kind.ts';
import type { Agenda, CompiledPolicy, Rung } from '../../../shared/domain/policy.ts';
import { DAY, HOUR, MINUTE } from '../../../shared/domain/time.ts';

const policy: CompiledPolicy = {
  name: 'p',
  version: '1',
  wake: { lead: 'learned', fallbackConfigs: [] },
  scaling: [],
  mayBeZero: false,
};
const variants = [{ name: 'AllTraffic', instanceType: 'ml.g5.xlarge' }];
const tracking = { kind: 'target-tracking', metric: 'x', target: 1, scaleInCooldown: 1, scaleOutCooldown: 1 } as const;

function agenda(...spans: readonly (readonly [number, Rung])[]): Agenda {
  return {
    from: 0,
    until: 8 * DAY,
    rungs: spans.map(([, rung]) => rung),
    steps: spans.map(([from], index) => [from, index]),
  };
}

const check = (changes: Partial<KindCheck>) => checkKind({ kind: 'real-time', policy, variants, ...changes });
const zero: Rung = { kind: 'zero' };
const closed: Rung = { kind: 'bounds', min: 0, max: 0 };
const some: Rung = { kind: 'bounds', min: 0, max: 3 };
const by = (value: 'park' | 'instances' | 'copies') => ({ ...policy, zero: { by: value, minUp: 20 * MINUTE } });
const byStep = (highestMax?: number): CompiledPolicy => ({
  ...policy,
  wake: { ...policy.wake, by: 'step-policy' },
  ...(highestMax === undefined ? {} : { highestMax }),
});

describe('kind rules', () => {
  it.each<[string, Partial<KindCheck>, string, string]>([
    ['zero without by: park', { agenda: agenda([0, zero]) }, 'policy-invalid', 'otherwise'],
    [
      'min 0 without by: park',
      { agenda: agenda([0, { ...some, during: 'night' }]) },
      'policy-invalid',
      'capacity (during night)',
    ],
    ['instances on a classic endpoint', { policy: by('instances') }, 'policy-invalid', 'zero.by'],
    ['park on a queue', { kind: 'async', policy: by('park') }, 'policy-invalid', 'zero.by'],
    ['copies on a queue', { kind: 'async', policy: by('copies') }, 'policy-invalid', 'zero.by'],
    ['several variants', { variants: [...variants, { name: 'b' }] }, 'several-variants', 'capacity'],
    [
      'scaling on burstable instances',
      { policy: { ...policy, scaling: [tracking] }, variants: [{ name: 'a', instanceType: 'ml.t2.medium' }] },
      'burstable-type',
      'scaling',
    ],
    [
      'a scale-in that waits for quiet on a queue',
      { kind: 'async', policy: { ...policy, scaleIn: { when: 'quiet' } } },
      'policy-invalid',
      'scaleIn',
    ],
    [
      'the life of queued requests where none are queued',
      { policy: { ...policy, wake: { ...policy.wake, requestTtl: HOUR } } },
      'policy-invalid',
      'wake.requestTtl',
    ],
    [
      'a backlog that waits longer than its requests live',
      {
        kind: 'async',
        policy: { ...policy, wake: { ...policy.wake, requestTtl: HOUR } },
        agenda: agenda([0, closed], [2 * HOUR, some]),
      },
      'policy-invalid',
      'capacity',
    ],
    ['a step policy on a classic endpoint', { policy: byStep(3) }, 'policy-invalid', 'wake.by'],
    ['a step policy without a maximum', { kind: 'async', policy: byStep() }, 'policy-invalid', 'wake.by'],
    [
      'a step policy that nothing asks for',
      { kind: 'async', policy: { ...byStep(3), wake: { ...byStep(3).wake, on: ['request'] } } },
      'policy-invalid',
      'wake.by',
    ],
    [
      'a step policy on burstable instances',
      { kind: 'async', policy: byStep(3), variants: [{ name: 'a', instanceType: 'ml.t2.medium' }] },
      'burstable-type',
      'scaling',
    ],
    ['no component', { kind: 'components', variants: [], managedMin: 0 }, 'policy-invalid', 'endpoint'],
    [
      'several components of which the policy names none',
      { kind: 'components', variants: [{ name: 'a' }, { name: 'b' }], managedMin: 0 },
      'policy-invalid',
      'components',
    ],
    [
      'zero copies that would free no instance',
      { kind: 'components', policy: { ...policy, mayBeZero: true }, managedMin: 1 },
      'policy-invalid',
      'endpoint',
    ],
    [
      'zero copies on instances that nobody manages',
      { kind: 'components', policy: { ...policy, mayBeZero: true } },
      'policy-invalid',
      'endpoint',
    ],
    ['a parked serverless endpoint', { kind: 'serverless', policy: by('park') }, 'policy-invalid', 'zero.by'],
    ['zero of a serverless endpoint', { kind: 'serverless', agenda: agenda([0, zero]) }, 'policy-invalid', 'otherwise'],
    [
      'no provisioned concurrency',
      { kind: 'serverless', agenda: agenda([0, { ...some, during: 'night' }]) },
      'policy-invalid',
      'capacity (during night)',
    ],
    [
      'more than the maximum concurrency',
      { kind: 'serverless', maxConcurrency: 2, agenda: agenda([0, { kind: 'bounds', min: 1, max: 3 }]) },
      'policy-invalid',
      'otherwise',
    ],
    [
      'a wake of what is never away',
      { kind: 'serverless', policy: { ...policy, wake: { ...policy.wake, on: ['request'] } } },
      'policy-invalid',
      'wake.on',
    ],
    [
      'a metric of instances on a serverless endpoint',
      { kind: 'serverless', policy: { ...policy, scaling: [{ ...tracking, metric: 'InvocationsPerInstance' }] } },
      'policy-invalid',
      'scaling',
    ],
  ])('%s breaks the endpoint', (_name, changes, code, field) => {
    expect(check(changes)).toMatchObject([{ code, field }]);
  });

  it.each<[string, Partial<KindCheck>]>([
    ['zero by park', { policy: by('park'), agenda: agenda([0, zero]) }],
    ['no zero at all', { agenda: agenda([0, { kind: 'bounds', min: 1, max: 2 }]) }],
    ['a step policy on a queue', { kind: 'async', policy: byStep(3), agenda: agenda([0, some]) }],
    [
      'provisioned concurrency by the calendar and by its use',
      {
        kind: 'serverless',
        agenda: agenda([0, { kind: 'bounds', min: 1, max: 2 }], [HOUR, { kind: 'leave' }]),
        policy: { ...policy, scaling: [{ ...tracking, metric: 'ServerlessProvisionedConcurrencyUtilization' }] },
        variants: [{ name: 'AllTraffic' }],
      },
    ],
    ['min 0 on a queue', { kind: 'async', agenda: agenda([0, some]) }],
    ['burstable without scaling', { variants: [{ name: 'a', instanceType: 'ml.t2.medium' }] }],
  ])('%s fits', (_name, changes) => {
    expect(check(changes)).toEqual([]);
  });
});

describe('a backlog that could wait longer than its requests live', () => {
  const queue = (spans: Agenda, changes: Partial<KindCheck> = {}) =>
    check({ kind: 'async', agenda: spans, ...changes });
  const deaf = { policy: { ...policy, wake: { ...policy.wake, on: [] } } };
  const brief = { ...policy, wake: { ...policy.wake, requestTtl: HOUR } };
  it.each<[string, Agenda, Partial<KindCheck>, number]>([
    ['max 0 for just 6 hours', agenda([0, closed], [6 * HOUR, some]), {}, 0],
    ['max 0 for longer', agenda([0, closed], [6 * HOUR + 1, some]), {}, 1],
    [
      'max 0 in two neighbouring rungs',
      agenda([0, closed], [4 * HOUR, { ...closed, during: 'b' }], [8 * HOUR, some]),
      {},
      1,
    ],
    ['max 0 to the end', agenda([0, some], [DAY, closed]), {}, 1],
    ['a shorter life of requests', agenda([0, closed], [2 * HOUR, some]), { policy: brief }, 1],
    ['min 0 that listens to the backlog', agenda([0, some]), {}, 0],
    ['min 0 that does not', agenda([0, some]), deaf, 1],
  ])('%s', (_name, spans, changes, problems) => {
    expect(queue(spans, changes)).toHaveLength(problems);
  });
});
