import type { ReasonCode } from './decision.ts';
import { hashText } from './hash.ts';
import type { WakeProgress } from './record.ts';
import { type DurationMs, HOUR, type Instant, MINUTE } from './time.ts';

/** Why an attempt of a wake failed, by what follows from it. */
export type WakeFailure =
  | 'capacity'
  | 'quota'
  | 'permission'
  | 'transient'
  | 'in-progress'
  | 'exists'
  | 'missing'
  | 'rejected'
  | 'unknown';

export interface FailedAttempt {
  readonly at: Instant;
  readonly failure: WakeFailure;
  readonly message: string;
  /** It ran until AWS called it Failed, so AWS billed it; a refused call costs nothing. */
  readonly paid: boolean;
  /** Configs of the ladder: the preferred one and the fallbacks. */
  readonly ladder: number;
  readonly instanceType?: string | undefined;
  readonly policyVersion: string;
  /** In [0, 1). */
  readonly jitter: number;
}

export const PAID_ATTEMPTS = 3;
const PERMISSION_AGAIN = 10 * MINUTE;
const FIRST_WAIT = 2 * MINUTE;
const LONGEST_WAIT = 15 * MINUTE;

/** Where the wake stands after a failed attempt: which config next, and when. Absent `nextTryAt`: the next run. */
export function planAfterFailure(progress: WakeProgress, attempt: FailedAttempt): WakeProgress {
  const {
    nextTryAt: _,
    createdAt: __,
    countAskedAt: ___,
    weightAskedAt: ____,
    made: _____,
    takenAt: ______,
    shadowsAsked: _______,
    ...kept
  } = progress;
  const failed: WakeProgress = {
    ...kept,
    lastFailure: { at: attempt.at, class: attempt.failure, message: attempt.message.slice(0, 300) },
  };
  switch (attempt.failure) {
    case 'transient':
    case 'in-progress':
    case 'exists':
      return failed;
    case 'permission':
      return { ...failed, nextTryAt: attempt.at + PERMISSION_AGAIN };
    case 'capacity':
    case 'quota': {
      const { instanceType } = attempt;
      const types = [...(failed.failedTypes ?? []), ...(instanceType === undefined ? [] : [instanceType])];
      return skipConfig({ ...failed, failedTypes: [...new Set(types)] }, attempt);
    }
    case 'missing':
    case 'rejected':
    case 'unknown': {
      const { configIndex, configName } = progress;
      // A fallback that is broken leaves the others, and the owner's own config, their chances.
      if (configIndex > 0 && configName !== undefined) {
        const brokenConfigs = [...new Set([...(failed.brokenConfigs ?? []), configName])];
        return skipConfig({ ...failed, brokenConfigs }, attempt);
      }
      const paidAttempts = progress.paidAttempts + (attempt.paid ? 1 : 0);
      if (paidAttempts >= PAID_ATTEMPTS) {
        return { ...failed, paidAttempts, gaveUp: { at: attempt.at, policyVersion: attempt.policyVersion } };
      }
      return { ...failed, paidAttempts, nextTryAt: attempt.at + waitBefore(progress.attempts, attempt.jitter) };
    }
    default:
      return attempt.failure satisfies never;
  }
}

/** The next config of the ladder at once; after the last one, time has to pass and every type gets a new chance. */
export function skipConfig(
  progress: WakeProgress,
  { at, ladder, jitter }: Pick<FailedAttempt, 'at' | 'ladder' | 'jitter'>,
): WakeProgress {
  const next = progress.configIndex + 1;
  if (next < ladder) return { ...progress, configIndex: next };
  const { failedTypes: _, ...afresh } = progress;
  const rounds = Math.floor(progress.attempts / ladder);
  return { ...afresh, configIndex: 0, nextTryAt: at + waitBefore(rounds, jitter) };
}

/** Doubles from round to round up to 15 minutes; jittered downwards, so that no wait is longer than that. */
export function waitBefore(round: number, jitter: number): DurationMs {
  const full = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.max(0, Math.min(round, 10) - 1));
  return Math.round(full * (0.75 + jitter / 4));
}

const REASONS: Readonly<Record<WakeFailure, ReasonCode>> = {
  capacity: 'wake-failed-capacity',
  quota: 'wake-failed-quota',
  permission: 'wake-failed-permission',
  transient: 'wake-failed-throttled',
  'in-progress': 'in-progress',
  exists: 'in-progress',
  missing: 'wake-failed-config',
  rejected: 'wake-failed-config',
  unknown: 'wake-failed-unknown',
};

export function wakeFailureReason(failure: WakeFailure): ReasonCode {
  return REASONS[failure];
}

/** Whether a wake gave up for good as far as the policy can tell: config and models may differ all the same. */
export function hasGivenUp(progress: WakeProgress | undefined, policyVersion: string | undefined): boolean {
  return progress?.gaveUp !== undefined && progress.gaveUp.policyVersion === policyVersion;
}

export interface Made {
  readonly name: string;
  readonly createdAt: Instant;
}

/** A config with its models. AWS keeps no version of either: one made anew under its name differs by when it was made. */
export function fingerprintOf(config: Made, models: readonly Made[]): string {
  return hashText([config, ...models].map(({ name, createdAt }) => `${name}@${createdAt}`).join(' '));
}

/** What the attempts of a wake start: the configs of its ladder under this version of the policy. */
export function subjectOf(policyVersion: string | undefined, ladder: readonly string[]): string {
  return hashText([policyVersion ?? '', ...ladder].join(' '));
}

/** Something else is tried with all its attempts before it; what it was before is not held against it. */
export function aimAt(progress: WakeProgress, subject: string): WakeProgress {
  if (progress.subject === subject) return progress;
  // A record that an earlier version wrote tells none: nothing says that it is another one.
  if (progress.subject === undefined) return { ...progress, subject };
  const { gaveUp: _, lookedAt: __, nextTryAt: ___, brokenConfigs: ____, ...kept } = progress;
  return { ...kept, subject, paidAttempts: 0 };
}

/**
 * Nobody asks any more: the next wake begins anew. What was paid for in vain stays known, so that an image that does not
 * start is not paid for again with every window.
 */
export function restWake(progress: WakeProgress): WakeProgress | undefined {
  const { paidAttempts, subject, gaveUp, lookedAt, lastFailure, startedAt, reason, brokenConfigs } = progress;
  if ((paidAttempts === 0 && brokenConfigs === undefined) || subject === undefined) return undefined;
  return {
    startedAt,
    reason,
    configIndex: 0,
    attempts: 0,
    paidAttempts,
    subject,
    ...(brokenConfigs && { brokenConfigs }),
    ...(gaveUp && { gaveUp }),
    ...(lookedAt !== undefined && { lookedAt }),
    ...(lastFailure && { lastFailure }),
  };
}

/**
 * A shortage that others met within the last hour need not be met again: a start shows it only after half an hour. The
 * first round of a wake walks around such types where the ladder has another; time alone gives them a new chance.
 */
export function shortTypes(
  ladder: readonly { readonly instanceType: string | undefined; readonly pooled: boolean }[],
  shortSince: ReadonlyMap<string, Instant>,
  now: Instant,
): readonly string[] {
  const isShort = ({ instanceType, pooled }: (typeof ladder)[number]) =>
    instanceType !== undefined && !pooled && now - (shortSince.get(instanceType) ?? Number.NEGATIVE_INFINITY) < HOUR;
  if (ladder.every(isShort)) return [];
  return [...new Set(ladder.filter(isShort).flatMap(({ instanceType }) => instanceType ?? []))];
}
