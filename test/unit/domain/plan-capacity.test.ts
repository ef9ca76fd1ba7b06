import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CapacityInput, planCapacity, sizeForBacklog } from '../../../shared/domain/plan-capacity.ts';
import type { Ruling } from '../../../shared/domain/ruling.ts';
import { HOUR, MINUTE } from '../../../shared/domain/time.ts';

const NOW = Date.parse('2026-03-23T08:00:00Z');

function ruling(more: Partial<Ruling> = {}): Ruling {
  return {
    want: 'up',
    reason: 'window',
    mayLower: true,
    reportOnly: false,
    until: NOW + HOUR,
    ladder: [],
    evidence: {},
    ...more,
  };
}

function input(more: Partial<CapacityInput> = {}): CapacityInput {
  return {
    now: NOW,
    kind: 'real-time',
    ruling: ruling({ bounds: { min: 2, max: 6 } }),
    status: 'InService',
    desired: 2,
    demanded: 0,
    target: { min: 2, max: 6 },
    scales: true,
    steered: true,
    wakesByStep: false,
    ...more,
  };
}

describe('planCapacity with scaling policies', () => {
  it('does nothing when nothing differs', () => {
    expect(planCapacity(input())).toEqual({ reason: 'window', needsActivity: false });
  });

  it('registers what is not there, what differs, and again what AWS did not carry out', () => {
    expect(planCapacity(input({ target: undefined })).register).toEqual({ min: 2, max: 6 });
    expect(planCapacity(input({ target: { min: 1, max: 6 } })).register).toEqual({ min: 2, max: 6 });
    expect(planCapacity(input({ desired: 1 })).register).toEqual({ min: 2, max: 6 });
  });

  it.each(['Updating', 'SystemUpdating', 'Creating', 'Failed'] as const)('waits while %s', (status) => {
    expect(planCapacity(input({ status, target: undefined }))).toEqual({ reason: 'in-progress', needsActivity: false });
  });

  it('asks a serverless variant without provisioned concurrency for the minimum before there is a target', () => {
    const none = planCapacity(input({ kind: 'serverless', desired: 0, target: undefined }));
    expect(none).toEqual({ desired: 2, reason: 'window', needsActivity: false });
    expect(planCapacity(input({ kind: 'serverless', target: undefined })).register).toEqual({ min: 2, max: 6 });
  });

  it('keeps one unit of provisioned concurrency, and drains none', () => {
    const falling = { ruling: ruling({ bounds: { min: 0, max: 2 } }), desired: 5, target: { min: 1, max: 6 } };
    expect(planCapacity(input({ ...falling, kind: 'serverless' }))).toEqual({
      register: { min: 1, max: 2 },
      reason: 'window',
      needsActivity: false,
    });
  });

  it('drains: the max follows what scaling releases, and is forced after an hour', () => {
    const falling = { ruling: ruling({ bounds: { min: 1, max: 2 } }), desired: 5, target: { min: 1, max: 6 } };
    const begun = planCapacity(input(falling));
    expect(begun).toMatchObject({ register: { min: 1, max: 5 }, reason: 'drain', drain: { since: NOW, max: 2 } });
    const later = { ...falling, drain: { since: NOW - 59 * MINUTE, max: 2 }, desired: 4, target: { min: 1, max: 5 } };
    expect(planCapacity(input(later))).toMatchObject({
      register: { min: 1, max: 4 },
      drain: { since: NOW - 59 * MINUTE },
    });
    const over = { ...later, drain: { since: NOW - HOUR, max: 2 } };
    expect(planCapacity(input(over))).toMatchObject({ register: { min: 1, max: 2 }, reason: 'drain-forced' });
    expect(planCapacity(input({ ...over, drain: { since: NOW - HOUR, max: 3 } })).reason).toBe('drain');
  });

  it('lowers neither bound where nothing may be lowered, yet raises', () => {
    const bound = (bounds: { min: number; max: number }) => ruling({ bounds, mayLower: false });
    const wide = { target: { min: 3, max: 8 }, desired: 8 };
    expect(planCapacity(input({ ...wide, ruling: bound({ min: 1, max: 2 }) })).register).toBeUndefined();
    expect(planCapacity(input({ ...wide, ruling: bound({ min: 4, max: 2 + 8 }) })).register).toEqual({
      min: 4,
      max: 10,
    });
  });

  it('leaves zero for a demand, which target tracking cannot', () => {
    const asleep = {
      kind: 'async',
      ruling: ruling({ bounds: { min: 0, max: 5 } }),
      desired: 0,
      target: { min: 0, max: 5 },
    } as const;
    expect(planCapacity(input(asleep)).desired).toBeUndefined();
    expect(planCapacity(input({ ...asleep, demanded: 9 }))).toMatchObject({ desired: 5, reason: 'from-zero' });
    expect(planCapacity(input({ ...asleep, demanded: 3, desired: 1 })).desired).toBeUndefined();
  });
});

describe('planCapacity without scaling policies', () => {
  const plain = { target: undefined, scales: false, steered: false } as const;

  it('sets the rung’s minimum, up and down', () => {
    expect(planCapacity(input({ ...plain, desired: 1 }))).toMatchObject({ desired: 2 });
    expect(planCapacity(input({ ...plain, desired: 5, work: 'none' }))).toMatchObject({ desired: 2 });
    expect(planCapacity(input({ ...plain, desired: 2 })).desired).toBeUndefined();
    expect(
      planCapacity(input({ ...plain, desired: 5, ruling: ruling({ bounds: { min: 2, max: 6 }, mayLower: false }) }))
        .desired,
    ).toBeUndefined();
  });

  it('takes nothing away from under what is in flight, for as long as a drain may take', () => {
    const falling = { ...plain, desired: 5 };
    expect(planCapacity(input(falling))).toMatchObject({ needsWork: true });
    expect(planCapacity(input(falling)).desired).toBeUndefined();
    const since = { drain: { since: NOW - 59 * MINUTE, max: 2 } };
    for (const [work, reason] of [
      ['some', 'in-flight'],
      ['unknown', 'activity-unknown'],
    ] as const) {
      const plan = planCapacity(input({ ...falling, ...since, work }));
      expect(plan).toEqual({ reason, needsActivity: false, ...since });
      const over = { ...falling, work, drain: { since: NOW - HOUR, max: 2 } };
      expect(planCapacity(input(over))).toMatchObject({ desired: 2, reason: 'drain-forced' });
      expect(planCapacity(input({ ...over, waitsAtMost: Number.POSITIVE_INFINITY })).desired).toBeUndefined();
    }
    expect(planCapacity(input({ ...falling, kind: 'async', work: undefined })).desired, 'has its queue').toBe(2);
  });

  it('keeps what a demand brought while it lasts', () => {
    expect(planCapacity(input({ ...plain, desired: 4, demanded: 4 })).desired).toBeUndefined();
    expect(planCapacity(input({ ...plain, desired: 4, demanded: 9 }))).toMatchObject({ desired: 6 });
  });

  it('goes to zero only when idle is proven', () => {
    const closing = {
      ...plain,
      kind: 'async',
      desired: 2,
      ruling: ruling({ want: 'zero', bounds: { min: 0, max: 6 } }),
    } as const;
    expect(planCapacity(input(closing))).toMatchObject({ needsActivity: true });
    expect(planCapacity(input({ ...closing, activity: 'unknown' }))).toEqual({
      reason: 'activity-unknown',
      needsActivity: false,
    });
    expect(planCapacity(input({ ...closing, activity: 'active' })).desired).toBeUndefined();
    expect(planCapacity(input({ ...closing, activity: 'idle' }))).toMatchObject({ desired: 0, reason: 'idle' });
  });

  it('takes what is above a fallen maximum after the drain, in use or not; what is unknown never', () => {
    const bounds = { min: 0, max: 1 };
    const falling = { ...plain, kind: 'async', desired: 2, ruling: ruling({ bounds }) } as const;
    const first = planCapacity(input({ ...falling, activity: 'active' }));
    expect(first).toMatchObject({ reason: 'drain', drain: { max: 1 } });
    expect(first.desired).toBeUndefined();
    const late = { ...falling, drain: { since: input({}).now - 3_600_000, max: 1 } };
    expect(planCapacity(input({ ...late, activity: 'active' }))).toMatchObject({ desired: 1, reason: 'drain-forced' });
    expect(planCapacity(input({ ...late, activity: 'unknown' })).desired).toBeUndefined();
  });

  it('leaves the zero of a classic real-time endpoint to a park', () => {
    expect(planCapacity(input({ ...plain, desired: 2, ruling: ruling({ want: 'zero' }), activity: 'idle' }))).toEqual({
      reason: 'window',
      needsActivity: false,
    });
  });

  it('follows an owner’s policies inside an owner’s target', () => {
    expect(planCapacity(input({ scales: false, desired: 4 }))).toEqual({ reason: 'window', needsActivity: false });
  });
});

describe('planCapacity always', () => {
  const bounds = fc.tuple(fc.nat(9), fc.nat(9)).map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b) }));
  const inputs = fc.record({
    kind: fc.constantFrom('real-time' as const, 'async' as const),
    ruling: fc
      .record({
        want: fc.constantFrom('up' as const, 'zero' as const, 'leave' as const, 'hands-off' as const),
        bounds: fc.option(bounds, { nil: undefined }),
        mayLower: fc.boolean(),
      })
      .map(({ bounds: set, ...rest }) => ruling({ ...rest, ...(set === undefined ? {} : { bounds: set }) })),
    desired: fc.nat(12),
    demanded: fc.nat(12),
    target: fc.option(bounds, { nil: undefined }),
    scales: fc.boolean(),
    steered: fc.boolean(),
    activity: fc.constantFrom(undefined, 'active' as const, 'idle' as const, 'unknown' as const),
    work: fc.constantFrom(undefined, 'none' as const, 'some' as const, 'unknown' as const),
    drain: fc.option(fc.record({ since: fc.integer({ min: NOW - 2 * HOUR, max: NOW }), max: fc.nat(9) }), {
      nil: undefined,
    }),
  });

  it('keeps min ≤ max, never lowers where it must not, never zeroes what is not idle or classic', () => {
    fc.assert(
      fc.property(inputs, (more) => {
        const given = input(more);
        const plan = planCapacity(given);
        const { register, desired } = plan;
        if (register) expect(register.min).toBeLessThanOrEqual(register.max);
        if (given.ruling.want === 'hands-off') expect([register, desired]).toEqual([undefined, undefined]);
        if (!given.ruling.mayLower) {
          if (desired !== undefined) expect(desired).toBeGreaterThan(given.desired);
          if (register && given.target) expect(register.min).toBeGreaterThanOrEqual(given.target.min);
          if (register) expect(register.max).toBeGreaterThanOrEqual(given.desired);
        }
        const lowers = desired !== undefined && desired < given.desired && given.kind === 'real-time';
        if (lowers && plan.reason !== 'drain-forced') expect(given.work).toBe('none');
        if (desired === 0) expect([given.kind, given.activity]).toEqual(['async', 'idle']);
        if (given.kind === 'real-time' && register) expect(register.min).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('planCapacity of copies', () => {
  const woken = ruling({ reason: 'demand-request', bounds: { min: 1, max: 6 }, desired: 4 });
  const copies = (more: Partial<CapacityInput>): CapacityInput =>
    input({ kind: 'components', ruling: woken, demanded: 4, target: { min: 0, max: 6 }, ...more });

  it('brings all that is asked for in one step before bounds would pull one', () => {
    expect(planCapacity(copies({ desired: 0 }))).toMatchObject({ desired: 4, reason: 'from-zero' });
    expect(planCapacity(copies({ desired: 0 })).register).toBeUndefined();
  });

  it('raises the bounds of copies on their way, and lowers none', () => {
    const onTheirWay = copies({ status: 'Updating', desired: 4 });
    expect(planCapacity(onTheirWay)).toMatchObject({ register: { min: 1, max: 6 } });
    expect(planCapacity({ ...onTheirWay, target: { min: 2, max: 6 } }).register).toBeUndefined();
    expect(planCapacity({ ...onTheirWay, status: 'Creating' }).register).toBeUndefined();
    expect(planCapacity({ ...onTheirWay, kind: 'async' }).register).toBeUndefined();
  });

  it('goes to zero when idle, and only then', () => {
    const resting = copies({ ruling: ruling({ bounds: { min: 0, max: 6 } }), demanded: 0, desired: 2, scales: false });
    const plan = (activity: CapacityInput['activity']) => planCapacity({ ...resting, steered: false, activity });
    expect(plan(undefined).needsActivity).toBe(true);
    expect(plan('idle').desired).toBe(0);
    expect(plan('active').desired).toBeUndefined();
    expect(plan('unknown').desired).toBeUndefined();
  });
});

describe('sizeForBacklog', () => {
  it.each([
    [12, 5, 0, 5, 3],
    [100, 5, 0, 5, 5],
    [1, 5, 0, 5, 1],
    [0, 5, 0, 5, 1],
    [12, undefined, 0, 5, 1],
    [12, undefined, 2, 5, 2],
    [12, 5, 0, 0, 0],
  ])('%j requests at %j an instance within %j–%j: %j', (backlog, perInstance, min, max, expected) => {
    expect(sizeForBacklog(backlog, perInstance, min, max)).toBe(expected);
  });
});
