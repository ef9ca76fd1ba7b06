import { describe, expect, it } from 'vitest';
import {
  type Difference,
  type Drift,
  isKnown,
  isLeft,
  isStillLeft,
  keysOf,
  leaveTo,
  namesLeft,
  rungKey,
  targetDifferences,
  versionKey,
} from '../../../shared/domain/drift.ts';
import type { CapacityInput } from '../../../shared/domain/plan-capacity.ts';
import { planCapacity } from '../../../shared/domain/plan-capacity.ts';
import type { FleetRecord } from '../../../shared/domain/record.ts';
import type { Ruling } from '../../../shared/domain/ruling.ts';

const ruling = (more: Partial<Ruling> = {}): Ruling => ({
  want: 'up',
  bounds: { min: 2, max: 4 },
  reason: 'window',
  mayLower: true,
  reportOnly: false,
  rung: { kind: 'bounds', min: 2, max: 4, during: 'office' },
  until: 0,
  ladder: [],
  evidence: {},
  ...more,
});

const record = (drift?: Partial<Drift>, onDrift?: 'respect' | 'announce'): FleetRecord => {
  const bare = {
    policy: { version: 'v1', ...(onDrift && { onDrift }) },
    observed: { creationTime: 7 },
  } as unknown as FleetRecord;
  if (drift === undefined) return bare;
  return { ...bare, drift: { since: 0, told: [], under: versionKey(bare), rung: rungKey(ruling()), ...drift } };
};

const policy = (subject: string, actual = 'none'): Difference => ({ field: 'policy', subject, expected: 'x', actual });

describe('what is remembered of a difference', () => {
  it('is what is there, not what was expected', () => {
    const one = { field: 'bounds', expected: '1..4', actual: '1..9' } as const;
    const key = keysOf([one]).get(one);
    expect(isKnown(record({ told: [key ?? ''] }), key ?? '')).toBe(true);
    const rung = { ...one, expected: '2..4' };
    expect(keysOf([rung]).get(rung)).toBe(key);
    const again = { ...one, actual: '1..8' };
    expect(keysOf([again]).get(again)).not.toBe(key);
  });

  it('is one for all policies where there are many, and all of them are left by it', () => {
    const differences = ['a', 'b', 'c', 'd', 'e'].map((name) => policy(name));
    const keys = [...new Set(keysOf(differences).values())];
    expect(keys.length).toBe(1);
    expect(isLeft(record({ left: keys }), 'policy', 'c')).toBe(true);
    expect(isLeft(record({ left: keys }), 'bounds')).toBe(false);
    expect(new Set(keysOf(differences.slice(1)).values()).size).toBe(4);
  });

  it('stays small in the record, with the longest names', () => {
    const left = ['a', 'b', 'c', 'd'].map((letter) => policy(`${'p'.repeat(32)}-step-${letter.repeat(64)}`));
    const target = targetDifferences({ min: 1, max: 4, suspended: 'in' }, { min: 2, max: 9, suspended: 'nothing' });
    const drift = record({ left: [...keysOf([...target, ...left]).values()], bounds: { min: 2, max: 9 } }).drift;
    expect(JSON.stringify(drift).length).toBeLessThan(700);
  });

  it('a name that begins like another one is another one', () => {
    const drift = record({ left: ['policy a-b#123456'] });
    expect(isLeft(drift, 'policy', 'a-b')).toBe(true);
    expect(isLeft(drift, 'policy', 'a')).toBe(false);
    expect(drift.drift && namesLeft(drift.drift)).toEqual(['policy a-b']);
  });
});

describe('how long it is left', () => {
  const left = { left: ['bounds#123456'] };
  const ended = (of: FleetRecord, by: Ruling) => of.drift !== undefined && !isStillLeft(of, of.drift, by);
  const night = ruling({ rung: { kind: 'bounds', min: 1, max: 2 }, reason: 'otherwise' });

  it('respect: until another rung, a hold in its place, or another version', () => {
    expect(ended(record(left, 'respect'), ruling())).toBe(false);
    expect(ended(record(left, 'respect'), ruling({ reason: 'demand-backlog' })), 'demand within the rung').toBe(false);
    expect(ended(record(left, 'respect'), night)).toBe(true);
    expect(ended(record(left, 'respect'), ruling({ reason: 'hold-up' }))).toBe(true);
    expect(ended(record({ ...left, under: 'v0' }, 'respect'), ruling())).toBe(true);
  });

  it('announce: until another version; mend: not at all', () => {
    expect(ended(record(left, 'announce'), night)).toBe(false);
    expect(ended(record({ ...left, under: 'v0' }, 'announce'), night)).toBe(true);
    expect(ended(record(left), ruling())).toBe(true);
  });
});

describe('the plan of what is left', () => {
  const input = (more: Partial<CapacityInput> = {}): CapacityInput => ({
    now: 0,
    kind: 'real-time',
    ruling: ruling(),
    status: 'InService',
    desired: 3,
    demanded: 0,
    target: { min: 1, max: 9, suspended: { in: true, out: false, scheduled: false } },
    scales: true,
    wakesByStep: false,
    steered: true,
    ...more,
  });
  const theirs = { left: ['bounds#123456'], bounds: { min: 1, max: 9 } };

  it('keeps bounds in the rung in which they were set', () => {
    expect(planCapacity(leaveTo(input(), record(theirs))).register).toBeUndefined();
    expect(planCapacity(leaveTo(input(), record())).register).toEqual({ min: 2, max: 4 });
  });

  it('allows no less than another rung’s minimum, and returns to theirs after it', () => {
    const elsewhere = { ...theirs, rung: 'another' };
    expect(planCapacity(leaveTo(input(), record(elsewhere))).register).toEqual({ min: 2, max: 9 });
    const high = ruling({ bounds: { min: 12, max: 20 } });
    expect(planCapacity(leaveTo(input({ ruling: high }), record(elsewhere))).register).toEqual({ min: 12, max: 12 });
    const raised = { min: 2, max: 9, suspended: { in: true, out: false, scheduled: false } };
    expect(planCapacity(leaveTo(input({ target: raised }), record(theirs))).register).toEqual({ min: 1, max: 9 });
  });

  it('leaves a suspension', () => {
    const wanted = { in: false, out: false, scheduled: false };
    const asked = input({ suspended: wanted, target: { min: 2, max: 4, suspended: { ...wanted, in: true } } });
    expect(planCapacity(leaveTo(asked, record())).suspended).toEqual(wanted);
    expect(planCapacity(leaveTo(asked, record({ left: ['suspended#123456'] }))).register).toBeUndefined();
  });

  it('registers no target that was taken away; instances rise to the minimum and are never taken', () => {
    const away = record({ left: ['target#123456'] });
    const plan = (desired: number) => planCapacity(leaveTo(input({ desired, target: undefined }), away));
    expect(plan(3)).toMatchObject({ reason: 'window' });
    expect([plan(3).register, plan(3).desired]).toEqual([undefined, undefined]);
    expect([plan(1).register, plan(1).desired]).toEqual([undefined, 2]);
  });
});
