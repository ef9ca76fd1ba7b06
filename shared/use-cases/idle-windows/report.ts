import type { Decision, DecisionKind, EventType, Evidence, ReasonCode } from '../../domain/decision.ts';
import { DAY } from '../../domain/time.ts';
import type { Failure } from '../../ports/outcome.ts';
import type { RecordChange, Work } from './ports.ts';

export interface Finding {
  readonly decision: DecisionKind;
  readonly reason: ReasonCode;
  readonly evidence: Evidence;
  readonly acted?: boolean;
  readonly failure?: Failure;
}

/** Decisions with an event of their own; a refusal that only waits for time to pass has none. */
const WITHOUT_EVENT: readonly ReasonCode[] = [
  'minimum-uptime',
  'park-budget',
  'lead-begun',
  'in-progress',
  'lease-held',
];

/**
 * Writes the decision's line once it is known how it ended; a run that died before is spoken for by the next one. Answers
 * what the record has to remember, so that the line is not repeated.
 */
export function recordDecision(work: Work, finding: Finding): RecordChange {
  const { ports, run, session } = work;
  const { decision, reason, evidence, acted = false, failure } = finding;
  const { lastDecision, endpoint } = session.record;
  const same = lastDecision?.decision === decision && lastDecision.reason === reason;
  const repeated = same && run.now - lastDecision.at < DAY && !acted;
  const entry: Decision = {
    at: run.now,
    function: 'idle-windows',
    endpoint,
    decision,
    reason,
    evidence: { ...work.ruling.evidence, ...evidence },
    acted,
    ...(failure && { error: { code: failure.code, message: failure.message } }),
  };
  ports.log.record(entry, repeated);
  if (decision === 'refuse' && !repeated && !WITHOUT_EVENT.includes(reason)) {
    announce(work, 'Decision Refused', {
      reason,
      ...evidence,
      ...(failure && { code: failure.code, message: failure.message }),
    });
  }
  return (record) => (repeated ? record : { ...record, lastDecision: { decision, reason, at: run.now } });
}

export function announce(work: Work, type: EventType, detail: Readonly<Record<string, unknown>>): void {
  const { ports, run, session } = work;
  ports.announcer.announce({ at: run.now, type, endpoint: session.record.endpoint, detail });
}

/** Applies changes from the first to the last. */
export function together(...changes: readonly (RecordChange | undefined)[]): RecordChange {
  return (record) => changes.reduce((changed, change) => change?.(changed) ?? changed, record);
}
