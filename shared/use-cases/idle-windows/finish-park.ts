import { desiredOf, type Recipe, type TargetSnapshot } from '../../domain/recipe.ts';
import type { FleetRecord, Hold } from '../../domain/record.ts';
import { endRehearsal, needsRehearsal } from '../../domain/rehearsal.ts';
import { targetViews } from '../../domain/target-view.ts';
import { type Instant, iso, MINUTE, SECOND } from '../../domain/time.ts';
import { fingerprintOf } from '../../domain/wake-ladder.ts';
import type { EndpointConfigView, EndpointView } from '../../ports/endpoints.ts';
import type { Failure } from '../../ports/outcome.ts';
import { findObstacle, inServiceSince, type Obstacle, type ParkFacts, readParkFacts } from './before-park.ts';
import {
  breakerObstacle,
  cheapObstacle,
  judgeAgain,
  lessonObstacle,
  REFUSED_AGAIN,
  recordRefusal,
} from './consider-park.ts';
import { judge } from './judge.ts';
import type { RecordChange, Work } from './ports.ts';
import { readActivity } from './read-activity.ts';
import { announce, recordDecision, together } from './report.ts';
import { readTargets, sameValue, takeRecipe } from './snapshot.ts';
import type { StepResult } from './step-result.ts';

/** No run that saw `up` is alive so long after `parking` was written: it had one function timeout at most, and this for clocks that differ. */
const WRITE_MARGIN = 10 * SECOND;

/** What the recipe was taken from. */
type KnownFacts = ParkFacts & { readonly config: EndpointConfigView; readonly targets: readonly TargetSnapshot[] };
type ChangedResult = StepResult & { readonly change: RecordChange };

/** Phase `parking`, a function timeout later: every condition again, recipe, read-back, and the delete. */
export async function finishPark(work: Work, view: EndpointView): Promise<StepResult> {
  const { session, run, ports } = work;
  if (run.now < session.record.phaseSince + ports.settings.functionTimeout + WRITE_MARGIN) return {};
  // A change that was begun before `parking` was written, by a run that may still be at it.
  const intents = [session.record, ...targetViews(session.record)].flatMap(({ intent }) => intent ?? []);
  if (intents.some(({ until }) => run.now < until + WRITE_MARGIN)) return {};
  const since = inServiceSince(session.record, view, run.now);
  const obstacle =
    rulingObstacle(work) ??
    cheapObstacle(work, since) ??
    (await breakerObstacle(work, session.record.observed?.instanceType));
  if (obstacle !== undefined) return cancelPark(work, obstacle);
  if (!(await session.acquire())) return {};

  const facts = await readParkFacts(ports, view);
  if (!facts.ok) return unanswered(work, facts.failure);
  const passing = facts.value.unanswered.find(isPassing);
  if (passing !== undefined) return unanswered(work, passing);
  for (const failure of facts.value.unanswered) {
    ports.log.warn('something that a wake needs could not be checked before a park', {
      endpoint: session.record.endpoint,
      ...failure,
    });
  }
  const blocked =
    findObstacle(session.record, facts.value, ports.settings.tagPrefix) ?? lessonObstacle(work, facts.value);
  const { config } = facts.value;
  if (blocked !== undefined || config === undefined) {
    return cancelPark(work, blocked ?? { reason: 'dependency-missing', evidence: { endpointConfig: view.configName } });
  }
  const targets = await readTargets(ports, view);
  if (!targets.ok) return unanswered(work, targets.failure);
  const known = { ...facts.value, config, targets: targets.value };
  const recipe = await takeRecipe(ports, session.record, known, run.now);
  if (!recipe.ok) return unanswered(work, recipe.failure);
  if ('reason' in recipe.value) return cancelPark(work, recipe.value);
  const changed = await lookAgain(work, facts.value, since);
  if (changed !== undefined) return cancelPark(work, changed);
  return deleteParked(work, known, recipe.value);
}

/** Time alone may answer it. */
function isPassing({ class: kind }: Failure): boolean {
  return kind === 'transient' || kind === 'in-progress';
}

/** A condition that nobody can tell does not hold. */
function unanswered(work: Work, failure: Failure): StepResult {
  const passing = isPassing(failure);
  const evidence = { call: failure.call, code: failure.code };
  const cancelled = cancelPark(work, {
    reason: failure.definite && !passing ? 'call-refused' : 'call-failed',
    evidence,
    ...(passing && { next: work.run.now + MINUTE }),
  });
  return { ...cancelled, failure };
}

/** The ruling of the record as it is now: a demand, hold or change of documents may have come while it was being parked. */
function rulingObstacle(work: Work): Obstacle | undefined {
  const ruling = judgeAgain(work);
  if (ruling.want !== 'zero') return { reason: ruling.reason, evidence: ruling.evidence };
  if (ruling.reportOnly) return { reason: 'mode-dry-run', evidence: ruling.evidence };
  return undefined;
}

/** Directly before the delete: the same incarnation, unchanged, idle, enrolled, and no hold that forbids it. */
async function lookAgain(work: Work, facts: ParkFacts, since: Instant): Promise<Obstacle | undefined> {
  const { ports } = work;
  const { view } = facts;
  const names = view.variants.map(({ name }) => name);
  const [now, tags, activity, holds] = await Promise.all([
    ports.endpoints.describe(view.name),
    ports.endpoints.tags(view.arn),
    readActivity(work, names, since),
    ports.fleet.holds(),
  ]);
  if (!now.ok || !tags.ok) return { reason: 'call-failed', evidence: { read: 'directly before the delete' } };
  if (!isUnchanged(view, now.value) || !sameValue(tags.value, facts.tags)) {
    return { reason: 'changed-meanwhile', evidence: { status: now.value?.status ?? 'Absent' } };
  }
  if (activity.verdict !== 'idle') {
    const reason = activity.verdict === 'active' ? 'active' : 'activity-unknown';
    return { reason, evidence: activity.evidence, next: activity.idleAt };
  }
  return recordObstacle(work, holds);
}

/**
 * After the delete was noted: the last word before the call belongs to the record and the holds as they are then, and to
 * the scaling, which goes with the endpoint: what was put since the recipe was taken would be lost.
 */
async function lateObstacle(work: Work, { view, targets }: KnownFacts): Promise<Obstacle | undefined> {
  const [holds, now] = await Promise.all([work.ports.fleet.holds(), readTargets(work.ports, view)]);
  if (!now.ok) return { reason: 'call-failed', evidence: { read: 'scaling, directly before the delete' } };
  if (!sameValue(targets, now.value)) return { reason: 'changed-meanwhile', evidence: { changed: 'scaling' } };
  return recordObstacle(work, holds);
}

/** What the record, as this run knows it, and the given holds say against a park; costs no call. */
function recordObstacle(work: Work, holds: readonly Hold[]): Obstacle | undefined {
  const { session, run, ports } = work;
  const { record } = session;
  const key = record.endpoint.toLowerCase();
  const hold = holds.find(({ endpoint }) => endpoint.toLowerCase() === key);
  const { mode } = ports.settings;
  const { want, mayLower, reason, evidence } = judge({ record, hold, now: run.now, mode, leadMs: work.leadMs });
  if (want !== 'zero') return { reason, evidence };
  if (record.protected) return { reason: 'protected', evidence };
  if (record.invalid !== undefined) return { reason: 'policy-invalid', evidence: { problem: record.invalid.problem } };
  return mayLower ? undefined : { reason: 'mode-wake-only', evidence };
}

function isUnchanged(before: EndpointView, now: EndpointView | undefined): boolean {
  return (
    now?.status === 'InService' &&
    now.creationTime === before.creationTime &&
    now.lastModifiedTime === before.lastModifiedTime &&
    now.configName === before.configName
  );
}

async function deleteParked(work: Work, facts: KnownFacts, recipe: Recipe): Promise<StepResult> {
  const { session, ports } = work;
  const { view } = facts;
  const abortAt = session.abortAt();
  if (abortAt === undefined) return {};
  const before = session.record.deleteNoted;
  const earlier = before?.creationTime === view.creationTime ? before : undefined;
  await session.write(noteDelete(work, facts, recipe));
  // The write may have met a record that others changed meanwhile, and a hold changes no record that we read.
  const late = await lateObstacle(work, facts);
  if (late !== undefined) {
    const cancelled = cancelPark(work, late);
    return { ...cancelled, change: together(cancelled.change, renote(earlier)) };
  }
  const answer = await ports.endpoints.delete(view.name, abortAt);
  if (answer.ok) return parked(work);
  const { failure } = answer;
  // It may still happen: the lease stays until nobody can be acting any more.
  if (!failure.definite) {
    const evidence = { recipeVersion: recipe.version, config: view.configName };
    const told = recordDecision(work, { decision: 'park', reason: 'idle', evidence, acted: true, failure });
    return { failure, keepLease: true, change: told };
  }
  if (failure.class === 'transient' || failure.class === 'missing') {
    const told = recordDecision(work, {
      decision: 'refuse',
      reason: 'call-failed',
      evidence: { call: failure.call },
      failure,
    });
    return { failure, change: together(told, renote(earlier)) };
  }
  const refusal = refusedDelete(work, failure.message, failure);
  return { ...refusal, failure, change: together(renote(earlier), refusal.change) };
}

/** Before the call: whoever finds the endpoint deleting or gone knows that it was us, and from what it comes back. */
function noteDelete(
  work: Work,
  { view, config, models }: ParkFacts & { readonly config: EndpointConfigView },
  recipe: Recipe,
): RecordChange {
  const instanceType = config.variants[0]?.instanceType;
  const made = fingerprintOf(config, models);
  const isReturn = work.ruling.reason === 'return-to-preferred';
  const returning = isReturn ? { returning: { since: work.run.now } } : {};
  return ({ rehearsal: _, imageMoved: __, returning: ___, ...record }) => ({
    ...record,
    deleteNoted: { creationTime: view.creationTime, at: work.run.now },
    recipeVersion: recipe.version,
    parkedDesired: desiredOf(recipe),
    ...returning,
    ...(needsRehearsal(record, made) && { rehearsal: { made, since: work.run.now } }),
    ...(record.observed && instanceType !== undefined && { observed: { ...record.observed, instanceType } }),
  });
}

/** What is known of an earlier call for the same incarnation outlives the refusal of a later one. */
function renote(noted: FleetRecord['deleteNoted']): RecordChange {
  return ({ deleteNoted: _, ...record }) => (noted === undefined ? record : { ...record, deleteNoted: noted });
}

/** The delete was refused: nothing is deregistered by us, but a refusal may have taken targets with it. */
export function refusedDelete(work: Work, why: string, failure?: Failure): ChangedResult {
  const { run } = work;
  work.ports.log.count('RefusedParks');
  const remembered = recordDecision(work, {
    decision: 'refuse',
    reason: 'delete-refused',
    evidence: { why },
    ...(failure && { failure }),
  });
  const restoring: RecordChange = ({ deleteNoted: _, returning: __, rehearsal: ___, ...record }) => ({
    ...record,
    phase: 'restoring',
    phaseSince: run.now,
    refusedAt: run.now,
  });
  return { change: together(remembered, restoring) };
}

/** Our delete took effect (or was answered): parked from now on. */
export function parked(work: Work): ChangedResult {
  const { run, session } = work;
  const fromWake = session.record.phase === 'waking';
  const told = fromWake ? undefined : tellParked(work);
  const change: RecordChange = (record) => ({
    ...record,
    phase: 'parked',
    phaseSince: run.now,
    parkedAt: fromWake ? (record.parkedAt ?? run.now) : run.now,
    ...(record.returning && { returnedAt: record.returning.since }),
    ...(record.observed && { observed: { ...record.observed, status: 'Deleting' } }),
  });
  return { change: together(told, change) };
}

function tellParked(work: Work): RecordChange | undefined {
  const { ports, session } = work;
  const { recipeVersion, observed, deleteNoted, lastDecision, rehearsal, returning } = session.record;
  const evidence = {
    recipeVersion: recipeVersion ?? null,
    config: observed?.configName ?? null,
    instanceType: observed?.instanceType ?? null,
    creationTime: deleteNoted === undefined ? null : iso(deleteNoted.creationTime),
    ...(rehearsal && { rehearsal: true }),
    ...(returning && { return: true }),
  };
  ports.log.count('Parks');
  announce(work, 'Endpoint Parked', { reason: 'idle', ...evidence });
  // A call whose answer was lost is told already; one of a run that died is not.
  const isTold = lastDecision?.decision === 'park' && lastDecision.at >= (deleteNoted?.at ?? 0);
  return isTold ? undefined : recordDecision(work, { decision: 'park', reason: 'idle', evidence, acted: true });
}

/** Nothing was changed: up again at once, with the reason. */
export function cancelPark(work: Work, obstacle: Obstacle): ChangedResult {
  const { run } = work;
  const waits = obstacle.reason === 'active' || obstacle.reason.startsWith('demand-');
  const remembered = recordRefusal(work, obstacle);
  const up: RecordChange = ({ returning: _, ...record }) => ({
    ...record,
    phase: 'up',
    phaseSince: run.now,
    ...(!waits && { refusedAt: run.now }),
  });
  return {
    next: obstacle.next ?? run.now + (waits ? MINUTE : REFUSED_AGAIN),
    change: together(remembered, endRehearsal, up),
  };
}
