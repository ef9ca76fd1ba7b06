import type { Evidence } from '../../domain/decision.ts';
import type { FleetRecord, WakeProgress } from '../../domain/record.ts';
import { failRehearsal } from '../../domain/rehearsal.ts';
import { DAY, type Instant, iso } from '../../domain/time.ts';
import { planAfterFailure, type WakeFailure, wakeFailureReason } from '../../domain/wake-ladder.ts';
import type { EndpointView } from '../../ports/endpoints.ts';
import type { Failure } from '../../ports/outcome.ts';
import type { RecordChange, Work } from './ports.ts';
import { announce, recordDecision, together } from './report.ts';
import type { StepResult } from './step-result.ts';

export const BREAKER_FOR = DAY;

export interface Attempt {
  /** Configs of the ladder. */
  readonly ladder: number;
  readonly instanceType: string | undefined;
  readonly evidence: Evidence;
}

export function freshWake({ run, ruling }: Work): WakeProgress {
  return { startedAt: run.now, reason: ruling.reason, configIndex: 0, attempts: 0, paidAttempts: 0 };
}

/** A create call that was definitely refused. `next`: for want of capacity or quota, and the ladder has another config. */
export async function refusedCreate(work: Work, failure: Failure, attempt: Attempt): Promise<StepResult | 'next'> {
  const { session, run } = work;
  // Still deleting, or created by a call of ours whose answer was lost: the attempt goes on, the next look tells which.
  if (failure.class === 'exists' || failure.class === 'in-progress') {
    const { evidence } = attempt;
    return { failure, change: recordDecision(work, { decision: 'refuse', reason: 'in-progress', evidence, failure }) };
  }
  const sameAsBefore = session.record.wake?.lastFailure?.class === failure.class;
  const noted = await noteFailure(work, failure.class, failure.message, { ...attempt, paid: false });
  await session.write(noted);
  const { wake } = session.record;
  const reason = wakeFailureReason(failure.class);
  const told = recordDecision(work, { decision: 'refuse', reason, evidence: attempt.evidence, failure });
  if (failure.class !== 'transient' && !sameAsBefore) announceFailure(work, reason, failure.message, attempt.evidence);
  if (LEADS_ON.includes(failure.class) && wake?.nextTryAt === undefined) {
    await session.write(told);
    return 'next';
  }
  const parked: RecordChange = (record) => ({ ...record, phase: 'parked', phaseSince: run.now });
  return { failure, change: together(told, parked), ...(wake?.nextTryAt !== undefined && { next: wake.nextTryAt }) };
}

async function noteFailure(
  work: Work,
  failure: WakeFailure,
  message: string,
  about: { readonly ladder: number; readonly instanceType: string | undefined; readonly paid: boolean },
): Promise<RecordChange> {
  const { ports, run } = work;
  if (failure === 'capacity' && about.instanceType !== undefined) {
    await ports.breakers.open(about.instanceType, run.now + BREAKER_FOR);
  }
  const jitter = ports.random();
  return (before) => {
    const isRehearsed = before.wake?.made === undefined || before.wake.made === before.rehearsal?.made;
    const isFailed = isRehearsed && PROVES_NOTHING.includes(failure);
    const record = isFailed ? failRehearsal(before, run.now, message) : before;
    return {
      ...record,
      wake: planAfterFailure(record.wake ?? freshWake(work), {
        at: run.now,
        failure,
        message,
        paid: about.paid,
        ladder: about.ladder,
        instanceType: about.instanceType,
        policyVersion: record.policy?.version ?? '',
        jitter,
      }),
    };
  };
}

/** Refusals of one config: where no time has to pass, the ladder has another. */
const LEADS_ON: readonly WakeFailure[] = ['capacity', 'quota', 'missing', 'rejected', 'unknown'];

/** A start that failed so is no start that time or another type would mend. */
const PROVES_NOTHING: readonly WakeFailure[] = ['rejected', 'missing', 'permission', 'unknown'];

function announceFailure(work: Work, reason: string, message: string, evidence: Evidence): void {
  const { late, wake } = work.session.record;
  announce(work, 'Wake Failed', {
    reason,
    message,
    ...evidence,
    ...(late && { lateSeconds: Math.round((work.run.now - late.since) / 1000) }),
    nextTryAt: wake?.nextTryAt === undefined ? null : iso(wake.nextTryAt),
  });
}

/** Phase `waking` and Failed with our generation: note what it was, delete it, go on with the ladder. */
export async function deleteFailed(work: Work, view: EndpointView): Promise<StepResult> {
  const { session, ports, run } = work;
  if (!(await session.acquire())) return {};
  const abortAt = session.abortAt();
  if (abortAt === undefined) return {};
  // Counted once: the attempt's createdAt is gone after it.
  if (session.record.wake?.createdAt !== undefined) await countFailed(work, view);
  await session.write((record) => ({
    ...record,
    deleteNoted: { creationTime: view.creationTime, at: run.now },
    observed: observedFailed(record, view, run.now),
  }));
  const evidence: Evidence = { config: view.configName, generation: session.record.generation };
  const answer = await ports.endpoints.delete(view.name, abortAt);
  const finding = { reason: 'endpoint-failed', evidence } as const;
  if (answer.ok) {
    const told = recordDecision(work, { ...finding, decision: 'wake', acted: true });
    return { change: together(told, (record) => ({ ...record, phase: 'parked', phaseSince: run.now })) };
  }
  const { failure } = answer;
  if (!failure.definite) {
    return {
      failure,
      keepLease: true,
      change: recordDecision(work, { ...finding, decision: 'wake', acted: true, failure }),
    };
  }
  const unnoted: RecordChange = ({ deleteNoted: _, ...record }) => record;
  return { failure, change: together(recordDecision(work, { ...finding, decision: 'refuse', failure }), unnoted) };
}

async function countFailed(work: Work, view: EndpointView): Promise<void> {
  const { session } = work;
  const { policy, wake, generation } = session.record;
  const failure = view.failureClass ?? 'unknown';
  const message = view.failureReason ?? '';
  const ladder = 1 + (policy?.wake.fallbackConfigs.length ?? 0);
  const noted = await noteFailure(work, failure, message, { ladder, instanceType: wake?.instanceType, paid: true });
  const reason = wakeFailureReason(failure);
  const evidence: Evidence = { config: view.configName, generation, failureReason: message };
  const told = recordDecision(work, { decision: 'refuse', reason, evidence });
  await session.write(together(noted, told));
  announceFailure(work, reason, message, evidence);
}

function observedFailed(record: FleetRecord, view: EndpointView, now: Instant): NonNullable<FleetRecord['observed']> {
  const type = record.observed?.instanceType;
  return {
    at: now,
    status: view.status,
    configName: view.configName,
    creationTime: view.creationTime,
    lastModifiedTime: view.lastModifiedTime,
    desired: 0,
    serving: 0,
    ...(type !== undefined && { instanceType: type }),
  };
}
