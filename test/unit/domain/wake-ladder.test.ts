import { describe, expect, it } from 'vitest';
import type { WakeProgress } from '../../../shared/domain/record.ts';
import { HOUR, MINUTE } from '../../../shared/domain/time.ts';
import {
  aimAt,
  type FailedAttempt,
  fingerprintOf,
  hasGivenUp,
  planAfterFailure,
  restWake,
  shortTypes,
  skipConfig,
  subjectOf,
  type WakeFailure,
} from '../../../shared/domain/wake-ladder.ts';

const NOW = Date.parse('2026-03-24T07:00:00Z');
const start: WakeProgress = {
  startedAt: NOW,
  reason: 'window',
  configIndex: 0,
  attempts: 1,
  paidAttempts: 0,
  createdAt: NOW,
};

function fail(progress: WakeProgress, failure: WakeFailure, changes: Partial<FailedAttempt> = {}): WakeProgress {
  return planAfterFailure(progress, {
    at: NOW,
    failure,
    message: 'm',
    paid: true,
    ladder: 3,
    policyVersion: '1',
    jitter: 0.5,
    ...changes,
  });
}

describe('planAfterFailure', () => {
  it.each(['capacity', 'quota'] as const)(
    '%s: the next config at once, after the last one a timed retry from the first',
    (failure) => {
      const second = fail(start, failure);
      expect(second).toMatchObject({ configIndex: 1 });
      expect(second.nextTryAt).toBeUndefined();
      const last = fail({ ...start, configIndex: 2, attempts: 3 }, failure);
      expect(last.configIndex).toBe(0);
      expect(last.nextTryAt).toBeGreaterThan(NOW);
    },
  );

  it('never waits longer than 15 minutes between rounds, and never gives up for want of capacity', () => {
    for (let attempts = 1; attempts < 200; attempts += 1) {
      for (const jitter of [0, 0.999999]) {
        const plan = fail({ ...start, attempts, configIndex: 2 }, 'capacity', { jitter });
        expect((plan.nextTryAt ?? 0) - NOW).toBeGreaterThanOrEqual(MINUTE);
        expect((plan.nextTryAt ?? 0) - NOW).toBeLessThanOrEqual(15 * MINUTE);
        expect(plan.gaveUp).toBeUndefined();
      }
    }
  });

  it.each(['rejected', 'unknown'] as const)(
    '%s: three paid attempts, then none until the policy differs',
    (failure) => {
      const third = fail(fail(fail(start, failure), failure), failure);
      expect(third).toMatchObject({ paidAttempts: 3, configIndex: 0, gaveUp: { policyVersion: '1' } });
      expect(hasGivenUp(third, '1')).toBe(true);
      expect(hasGivenUp(third, '2')).toBe(false);
    },
  );

  it.each(['rejected', 'unknown', 'missing'] as const)(
    '%s on a fallback: that one is out, the ladder goes on, and nothing is given up',
    (failure) => {
      const onFallback = { ...start, configIndex: 1, configName: 'small', paidAttempts: 2 };
      const next = fail(onFallback, failure);
      expect(next).toMatchObject({ configIndex: 2, brokenConfigs: ['small'], paidAttempts: 2 });
      expect([next.gaveUp, next.nextTryAt]).toEqual([undefined, undefined]);
      const last = fail({ ...next, configName: 'tiny' }, failure);
      expect(last).toMatchObject({ configIndex: 0, brokenConfigs: ['small', 'tiny'] });
      expect(last.nextTryAt).toBeGreaterThan(NOW);
      const rested = restWake({ ...last, subject: 's', paidAttempts: 0 });
      expect(rested?.brokenConfigs).toEqual(['small', 'tiny']);
      expect(rested && aimAt(rested, 'other').brokenConfigs).toBeUndefined();
    },
  );

  it('a refused call costs nothing and does not count', () => {
    let progress = start;
    for (let count = 0; count < 10; count += 1) progress = fail(progress, 'rejected', { paid: false });
    expect(progress).toMatchObject({ paidAttempts: 0 });
    expect(progress.gaveUp).toBeUndefined();
  });

  it('permission: again in ten minutes; throttling: in the next run', () => {
    expect(fail(start, 'permission').nextTryAt).toBe(NOW + 10 * MINUTE);
    expect(fail(start, 'transient').nextTryAt).toBeUndefined();
  });

  it('remembers the types of a round, and forgets them when time passes before the next', () => {
    const second = fail(start, 'capacity', { instanceType: 'ml.g5.xlarge' });
    expect(second.failedTypes).toEqual(['ml.g5.xlarge']);
    const third = fail(second, 'quota', { instanceType: 'ml.g6.xlarge' });
    expect(third.failedTypes).toEqual(['ml.g5.xlarge', 'ml.g6.xlarge']);
    const over = skipConfig(third, { at: NOW, ladder: 3, jitter: 0.5 });
    expect(over.configIndex).toBe(0);
    expect(over.failedTypes).toBeUndefined();
    expect(over.nextTryAt).toBeGreaterThan(NOW);
  });

  it('ends the attempt, so that the next create has a generation of its own', () => {
    for (const failure of ['capacity', 'permission', 'transient', 'rejected'] as const)
      expect(fail(start, failure).createdAt).toBeUndefined();
  });
});

describe('what is tried', () => {
  const config = { name: 'chat', createdAt: 1 };
  const model = { name: 'llm', createdAt: 2 };
  const made = fingerprintOf(config, [model]);
  const subject = subjectOf('1', [made]);
  const spent = { ...fail(fail(fail(start, 'rejected'), 'rejected'), 'rejected'), subject };

  it.each<[string, string]>([
    ['another policy', subjectOf('2', [made])],
    ['a config made anew', subjectOf('1', [fingerprintOf({ ...config, createdAt: 9 }, [model])])],
    ['a model made anew', subjectOf('1', [fingerprintOf(config, [{ ...model, createdAt: 9 }])])],
    ['another model', subjectOf('1', [fingerprintOf(config, [{ ...model, name: 'other' }])])],
    ['another ladder', subjectOf('1', [made, made])],
  ])('%s is tried with all its attempts', (_, other) => {
    expect(other).not.toBe(subject);
    const aimed = aimAt(spent, other);
    expect(aimed).toMatchObject({ subject: other, paidAttempts: 0 });
    expect([aimed.gaveUp, aimed.nextTryAt]).toEqual([undefined, undefined]);
  });

  it('the same is not, nor is what an earlier version of the code gave up', () => {
    expect(aimAt(spent, subject)).toBe(spent);
    const { subject: _, ...old } = spent;
    expect(aimAt(old, subject)).toEqual(spent);
  });

  it('stays known while nobody asks, and nothing else does', () => {
    expect(restWake({ ...start, configIndex: 2, failedTypes: ['ml.g5.xlarge'] })).toBeUndefined();
    const rested = restWake({ ...spent, configIndex: 2, attempts: 5, configName: 'chat' });
    expect(rested).toMatchObject({ configIndex: 0, attempts: 0, paidAttempts: 3, subject, gaveUp: spent.gaveUp });
    expect(rested && restWake(rested)).toEqual(rested);
    expect(rested?.configName).toBeUndefined();
  });
});

describe('shortTypes', () => {
  const rung = (instanceType: string | undefined, pooled = false) => ({ instanceType, pooled });
  const recent = new Map([
    ['a', NOW - HOUR + 1],
    ['b', NOW - HOUR],
  ]);

  it('names what others found short within the hour, where another type is left', () => {
    expect(shortTypes([rung('a'), rung('b')], recent, NOW)).toEqual(['a']);
    expect(shortTypes([rung('b'), rung('c')], recent, NOW)).toEqual([]);
  });

  it('names none when all are short: the first is as good as any', () => {
    expect(shortTypes([rung('a')], recent, NOW)).toEqual([]);
    expect(shortTypes([rung('a'), rung('a')], recent, NOW)).toEqual([]);
  });

  it('leaves pools to SageMaker, which walks them itself, and a config that cannot be read to AWS', () => {
    expect(shortTypes([rung('a', true), rung('c')], recent, NOW)).toEqual([]);
    expect(shortTypes([rung('a'), rung(undefined)], recent, NOW)).toEqual(['a']);
  });
});
