import type { DecisionKind, EventType, Evidence, ReasonCode } from '../../domain/decision.ts';
import { adviceOn } from '../../domain/scaling-activity.ts';
import { targetKeyOf } from '../../domain/target-view.ts';
import { DAY, HOUR } from '../../domain/time.ts';
import type { Failure } from '../../ports/outcome.ts';
import type { Run } from '../../ports/run.ts';
import type { ScheduledScalingPorts, Turn } from './ports.ts';
import { spreadBy } from './spread.ts';

export interface Finding {
  readonly decision: DecisionKind;
  readonly reason: ReasonCode;
  readonly evidence: Evidence;
  readonly failure?: Failure;
}

/** The same decision is told again daily, each endpoint at another hour. */
const TELL_AGAIN = DAY - 4 * HOUR;
const TELL_SPREAD = 4 * HOUR;

/** Writes the decision's line; the record remembers it, so that it is news only once. */
export function recordDecision(ports: ScheduledScalingPorts, run: Run, turn: Turn, finding: Finding): void {
  const { decision, reason, failure } = finding;
  const { endpoint, lastScaling } = turn.record;
  const age = lastScaling === undefined ? 0 : run.now - lastScaling.at;
  const same = lastScaling?.decision === decision && lastScaling.reason === reason;
  const repeated = same && age < TELL_AGAIN + spreadBy(endpoint, TELL_SPREAD);
  write(ports, run, turn, finding, false, repeated);
  if (repeated) return;
  turn.change((record) => ({ ...record, lastScaling: { decision, reason, at: run.now } }));
  if (failure !== undefined) {
    const { code, message } = failure;
    announce(ports, run, turn, 'Decision Refused', { reason, code, message, ...adviceFor(turn, failure) });
  }
}

/** What a person can do where AWS has no capacity or allows no more of it; other refusals say it themselves. */
function adviceFor({ record }: Turn, { class: kind }: Failure): { readonly advice?: string } {
  if (kind !== 'quota' && kind !== 'capacity') return {};
  return { advice: adviceOn(kind, targetKeyOf(record)?.resourceId ?? '') };
}

/** Writes the line of a change that was made; every one is news. */
export function recordAction(ports: ScheduledScalingPorts, run: Run, turn: Turn, finding: Finding): void {
  const { decision, reason } = finding;
  write(ports, run, turn, finding, true, false);
  turn.change((record) => ({ ...record, lastScaling: { decision, reason, at: run.now } }));
}

function write(
  { log }: ScheduledScalingPorts,
  run: Run,
  { record: { endpoint, part } }: Turn,
  { decision, reason, evidence: facts, failure }: Finding,
  acted: boolean,
  repeated: boolean,
): void {
  const error = failure && { error: { code: failure.code, message: failure.message } };
  const evidence = part === undefined ? facts : { ...facts, target: part.name };
  const entry = { at: run.now, function: 'scheduled-scaling', endpoint, decision, reason, evidence, acted } as const;
  log.record({ ...entry, ...error }, repeated);
}

export function announce(
  ports: ScheduledScalingPorts,
  run: Run,
  turn: Turn,
  type: EventType,
  detail: Readonly<Record<string, unknown>>,
): void {
  const { endpoint, part } = turn.record;
  ports.announcer.announce({ at: run.now, type, endpoint, detail: part ? { ...detail, target: part.name } : detail });
}
