import type { Evidence } from '../../domain/decision.ts';
import type { EndpointStatus, Observed } from '../../domain/record.ts';
import type { Ruling } from '../../domain/ruling.ts';
import { targetKey } from '../../domain/scalable-target.ts';
import { targetKeyOf, targetOf, withoutOwn } from '../../domain/target-view.ts';
import type { Failure } from '../../ports/outcome.ts';
import { noteRaise } from './act.ts';
import { carryOut, tellUntold } from './carry-out.ts';
import { removeOurs } from './let-go.ts';
import type { RecordChange, RunShared, Turn } from './ports.ts';
import { announce, recordAction, recordDecision } from './report.ts';
import { demandedBy } from './rule.ts';
import { lookAgain, nextTick, targetTurns } from './turn.ts';

/** Nothing can be raised in these; what a human mends is his by then. */
const BROKEN: readonly EndpointStatus[] = ['Failed', 'OutOfService', 'UpdateRollbackFailed'];

/**
 * An endpoint that is up is given back, while its tag is still there: one at zero is raised first, since nobody would
 * wake it any more; then what we made is removed, and the record stays as the mark that it is nobody's of ours. Each
 * step may be repeated: a run that dies in between is completed by the next one.
 */
export async function giveBack(
  shared: RunShared,
  turn: Turn,
  ruling: Ruling,
  observed: Observed,
): Promise<Failure | undefined> {
  const { ports, run, targets } = shared;
  const evidence: Evidence = { ...ruling.evidence, by: turn.record.giveBack?.by ?? null, desired: observed.desired };
  const finding = { decision: 'give-back', reason: 'give-back', evidence } as const;
  lookAgain(turn, run.now, nextTick(shared));
  if (ruling.reportOnly) {
    recordDecision(ports, run, turn, { ...finding, evidence: { ...evidence, dryRun: true } });
    return undefined;
  }
  for (const part of targetTurns(turn)) {
    const target = targets.get(targetKeyOf(part.record)?.resourceId ?? '');
    tellUntold(shared, part, { observed: part.record.observed ?? observed, target, policies: undefined });
  }
  if (!BROKEN.includes(observed.status)) {
    const parts = targetTurns(turn).map((part) => ({ part, seen: part.record.observed ?? observed }));
    const busy = parts.find(({ seen }) => seen.status !== 'InService' || (seen.desired > 0 && seen.serving === 0));
    const asleep = parts.filter(({ seen }) => seen.status === 'InService' && seen.desired === 0);
    for (const { part, seen } of asleep) {
      const failure = await raise(shared, part, ruling, seen, evidence);
      if (failure !== undefined) return failure;
    }
    if (asleep.length > 0) return undefined;
    if (busy !== undefined) {
      const waiting = { ...evidence, status: busy.seen.status };
      recordDecision(ports, run, busy.part, { decision: 'keep', reason: 'in-progress', evidence: waiting });
      return undefined;
    }
  }
  const failure = await removeOurs(shared, turn);
  if (failure !== undefined) return failure;
  recordAction(ports, run, turn, finding);
  turn.change(done(run.now));
  if ((await turn.save()) === 'lost') return undefined;
  announce(ports, run, turn, 'Endpoint Let Go', { reason: 'give-back', by: turn.record.giveBack?.by ?? null });
  return undefined;
}

/** A target with min 0 goes first: its policies would take an instance away again before anybody looks. */
async function raise(
  shared: RunShared,
  turn: Turn,
  ruling: Ruling,
  observed: Observed,
  evidence: Evidence,
): Promise<Failure | undefined> {
  const { ports, run, targets } = shared;
  const { endpoint } = turn.record;
  const of = targetOf(turn.record);
  if (of === undefined) return undefined;
  const key = targetKey(endpoint, of);
  const target = targets.get(key.resourceId);
  const bounds = target?.min === 0 ? { min: 1, max: Math.max(1, target.max) } : undefined;
  const desired = Math.max(1, demandedBy(turn.record, ruling));
  const after = bounds === undefined ? { desired } : bounds;
  const told = { ...evidence, ...(bounds === undefined ? { newDesired: desired } : { newMin: 1, newMax: bounds.max }) };
  const finding = { decision: 'scale', reason: 'give-back', evidence: told } as const;
  const take = async (): Promise<Failure | undefined> => {
    const outcome =
      bounds === undefined
        ? await ports.endpoints.setDesired(endpoint, of, desired)
        : await ports.scaling.register(key, bounds);
    if (!outcome.ok) return outcome.failure;
    noteRaise(turn, run.now, bounds === undefined ? desired : 1, observed.serving, bounds !== undefined);
    ports.log.count('CapacityChanges');
    announce(ports, run, turn, 'Capacity Changed', { reason: 'give-back', before: { desired: 0 }, after });
    return undefined;
  };
  return carryOut(shared, turn, finding, bounds === undefined ? { desired } : { bounds }, [{ isChange: true, take }]);
}

/** What was asserted is gone, so that an endpoint that is managed again gets it anew. */
function done(now: number): RecordChange {
  return ({ late: _, ...record }) => ({
    ...withoutOwn(record),
    ...(record.lastScaling && { lastScaling: record.lastScaling }),
    demand: [],
    ...(record.giveBack && { giveBack: { ...record.giveBack, doneAt: now } }),
  });
}
