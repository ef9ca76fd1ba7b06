import type { Smoke } from '../../domain/policy.ts';
import type { FleetRecord } from '../../domain/record.ts';
import { SECOND } from '../../domain/time.ts';
import type { RecordChange, Work } from './ports.ts';
import { recordDecision, together } from './report.ts';
import type { StepResult } from './step-result.ts';

/** One a run, so a minute apart: a model may load long after its container answered `/ping`. */
const TRIES = 5;
const LEFT_FOR_RECORDING = 5 * SECOND;

export type Smoked =
  | { readonly passed: true }
  | { readonly passed: false; readonly why: string }
  /** Not known yet: the endpoint is not ready. */
  | { readonly again: StepResult };

/**
 * After a wake, when everything is restored: does the model answer? A model that does not is in service all the same, and
 * may answer others: it is never deleted for it. It comes up with the failure told, and has proven nothing.
 */
export async function smoke(work: Work): Promise<Smoked> {
  const { record } = work.session;
  const asked = record.policy?.wake.smoke;
  if (asked === undefined || record.wake === undefined) return { passed: true };
  const { ports, run } = work;
  // The next run has the time.
  if (run.deadline - ports.clock.now() < asked.timeout + LEFT_FOR_RECORDING) return { again: {} };
  const why = await findFault(work, record, asked);
  if (why === undefined) return { passed: true };
  const tries = (record.wake.smokeTries ?? 0) + 1;
  if (tries >= TRIES) return { passed: false, why };
  const told = recordDecision(work, { decision: 'refuse', reason: 'smoke-failed', evidence: { why, tries } });
  const counted: RecordChange = (fresh) =>
    fresh.wake === undefined ? fresh : { ...fresh, wake: { ...fresh.wake, smokeTries: tries } };
  return { again: { change: together(told, counted) } };
}

async function findFault({ ports }: Work, { endpoint }: FleetRecord, asked: Smoke): Promise<string | undefined> {
  const { body, contentType, timeout, expect } = asked;
  const answer = await ports.invoker.invoke({ endpoint, body, contentType, timeout });
  if (!answer.ok) return `${answer.failure.code}: ${answer.failure.message}`.slice(0, 200);
  return answer.value === expect ? undefined : `the model answered ${answer.value}, expected is ${expect}`;
}
