import { endsDemand } from '../../domain/demand.ts';
import { idleForOf, minUpOf, parks } from '../../domain/kinds.ts';
import type { Recipe } from '../../domain/recipe.ts';
import type { FleetRecord } from '../../domain/record.ts';
import type { Ruling } from '../../domain/ruling.ts';
import { type Instant, MINUTE, SECOND } from '../../domain/time.ts';
import type { EndpointConfigView, EndpointView } from '../../ports/endpoints.ts';
import { findObstacle, inServiceSince, type Obstacle, type ParkFacts, readParkFacts } from './before-park.ts';
import { judge } from './judge.ts';
import type { RecordChange, Work } from './ports.ts';
import { readActivity } from './read-activity.ts';
import { announce, iso, recordDecision, together } from './report.ts';
import { sameValue, takeRecipe } from './snapshot.ts';
import type { StepResult } from './step-result.ts';

/** A refusal is looked at again after this. */
export const REFUSED_AGAIN = 10 * MINUTE;
/** No run that saw `up` is alive so long after `parking` was written: it had one function timeout at most, and this to write. */
const WRITE_MARGIN = 10 * SECOND;
/** A park shortly before a lead begins would be followed by a wake before the deletion has ended. */
const LEAD_MARGIN = 5 * MINUTE;

/** What the ruling is once the stored demand has ended; an idle verdict ends it. */
function rulingWithoutDemand(work: Work): Ruling {
  return work.ruling.reason.startsWith('demand-') ? judgeWork(work, { demand: [] }) : work.ruling;
}

function judgeWork(work: Work, changes: Parameters<typeof judge>[1] = {}, record = work.session.record): Ruling {
  const hold = work.shared.holds.get(record.endpoint.toLowerCase());
  const { now } = work.run;
  return judge({ record, hold, now, mode: work.ports.settings.mode, leadMs: work.leadMs }, changes);
}

/** Whether a park could follow, so that the endpoint is worth a call. */
export function mayBecomeParked(work: Work): boolean {
  const { record } = work.session;
  const refusedLately = record.refusedAt !== undefined && record.refusedAt + REFUSED_AGAIN > work.run.now;
  return !refusedLately && parks(record.kind, record.policy) && rulingWithoutDemand(work).want === 'zero';
}

/** When it is worth looking again at an endpoint that may not become parked now. */
export function nextLook(work: Work): Instant {
  const { refusedAt } = work.session.record;
  const again = refusedAt === undefined ? 0 : refusedAt + REFUSED_AGAIN;
  return again > work.run.now ? Math.min(again, work.ruling.until) : work.ruling.until;
}

/** What forbids a park without a call of AWS, and when to look again. */
async function cheapObstacle(
  work: Work,
  since: Instant | undefined,
): Promise<(Obstacle & { next?: Instant }) | undefined> {
  const { record } = work.session;
  const { now } = work.run;
  const ruling = rulingWithoutDemand(work);
  if (record.policy === undefined) return { reason: 'policy-invalid', evidence: {}, next: ruling.until };
  if (record.protected) return { reason: 'protected', evidence: {}, next: ruling.until };
  if (record.invalid !== undefined) {
    return { reason: 'policy-invalid', evidence: { problem: record.invalid.problem }, next: ruling.until };
  }
  if (!ruling.mayLower) return { reason: 'mode-wake-only', evidence: {}, next: ruling.until };
  if (since !== undefined && since + minUpOf(record.policy) > now) {
    const next = since + minUpOf(record.policy);
    return { reason: 'minimum-uptime', evidence: { inServiceSince: iso(since), until: iso(next) }, next };
  }
  const soon = judgeWork(work, { demand: [], leadMs: work.leadMs + LEAD_MARGIN });
  if (soon.want !== 'zero')
    return { reason: 'lead-begun', evidence: { window: iso(soon.window ?? now) }, next: soon.until };
  return undefined;
}

async function breakerObstacle(work: Work): Promise<Obstacle | undefined> {
  const type = work.session.record.observed?.instanceType;
  if (type === undefined) return undefined;
  const until = (await work.shared.breakers()).get(type);
  if (until === undefined || until <= work.run.now) return undefined;
  return { reason: 'breaker-open', evidence: { instanceType: type, until: iso(until) } };
}

/** Phase `up`, and zero is what the endpoint should be: judge, and write `parking` when nothing is in the way. */
export async function considerPark(work: Work, view: EndpointView): Promise<StepResult> {
  const { session, run, ports, shared } = work;
  const since = inServiceSince(session.record, view, run.now);
  const seen = observe(view, since, run.now);
  const obstacle = await cheapObstacle(work, since);
  if (obstacle !== undefined)
    return { ...refused(work, obstacle), change: together(seen, recordRefusal(work, obstacle)) };

  const activity = await readActivity(
    work,
    view.variants.map(({ name }) => name),
    since,
  );
  if (activity.verdict !== 'idle') {
    const decision = activity.verdict === 'active' ? 'keep' : 'refuse';
    const reason = activity.verdict === 'active' ? 'active' : 'activity-unknown';
    const remembered = recordDecision(work, { decision, reason, evidence: activity.evidence });
    return { next: activity.idleAt, change: together(seen, remembered) };
  }
  const { record } = session;
  const idleFor = record.policy === undefined ? 0 : idleForOf(record.kind, record.policy);
  if (!endsDemand(record.demand, run.now, idleFor)) {
    const next = Math.max(...record.demand.map(({ renewedAt }) => renewedAt)) + idleFor;
    return { next, change: seen };
  }
  const demandEnds: RecordChange = (fresh) =>
    fresh.demand.length === 0 ? fresh : { ...fresh, demand: newerThan(fresh, record), lastIdleAt: run.now };

  const facts = await readParkFacts(ports, view);
  if (!facts.ok) return { failure: facts.failure, change: together(seen, demandEnds) };
  const instanceType = facts.value.config?.variants[0]?.instanceType;
  const typed: RecordChange = (fresh) =>
    fresh.observed === undefined || instanceType === undefined
      ? fresh
      : { ...fresh, observed: { ...fresh.observed, instanceType } };
  const before = together(seen, demandEnds, typed);
  const blocked = findObstacle(record, facts.value, ports.settings.tagPrefix) ?? (await breakerObstacle(work));
  if (blocked !== undefined)
    return { ...refused(work, blocked), change: together(before, recordRefusal(work, blocked)) };
  if (work.ruling.reportOnly) {
    const evidence = {
      ...activity.evidence,
      instances: view.variants[0]?.desired ?? 0,
      instanceType: instanceType ?? null,
    };
    return {
      next: run.now + 15 * MINUTE,
      change: together(before, recordDecision(work, { decision: 'park', reason: 'mode-dry-run', evidence })),
    };
  }
  if (!shared.takePark()) {
    const budget: Obstacle = { reason: 'park-budget', evidence: { budget: ports.settings.parkBudget } };
    return { change: together(before, recordDecision(work, { decision: 'refuse', ...budget })) };
  }
  // Fences every run that still sees `up`; the deletion follows in a later run.
  const parking: RecordChange = (fresh) => ({
    ...fresh,
    phase: 'parking',
    phaseSince: ports.clock.now(),
    generation: fresh.generation + 1,
  });
  return { change: together(before, parking) };
}

/** Demand that came while this run was reading stays. */
function newerThan(fresh: FleetRecord, judged: FleetRecord): FleetRecord['demand'] {
  return fresh.demand.filter((demand) => !judged.demand.some((old) => sameValue(old, demand)));
}

export function observe(view: EndpointView, since: Instant, now: Instant): RecordChange {
  return (record) => {
    const type = record.observed?.instanceType;
    return {
      ...record,
      observed: {
        at: now,
        status: view.status,
        configName: view.configName,
        creationTime: view.creationTime,
        lastModifiedTime: view.lastModifiedTime,
        desired: view.variants[0]?.desired ?? 0,
        serving: view.variants[0]?.serving ?? 0,
        inServiceSince: since,
        ...(type !== undefined && { instanceType: type }),
      },
    };
  };
}

function refused(work: Work, { next }: Obstacle & { readonly next?: Instant }): StepResult {
  return { next: next ?? work.run.now + REFUSED_AGAIN };
}

function recordRefusal(work: Work, { reason, evidence }: Obstacle): RecordChange {
  work.ports.log.count('RefusedParks');
  return recordDecision(work, { decision: 'refuse', reason, evidence });
}

/** Phase `parking`, a function timeout later: every condition again, recipe, read-back, and the delete. */
export async function finishPark(work: Work, view: EndpointView): Promise<StepResult> {
  const { session, run, ports } = work;
  if (run.now < session.record.phaseSince + ports.settings.functionTimeout + WRITE_MARGIN) return {};
  const since = inServiceSince(session.record, view, run.now);
  const obstacle = rulingObstacle(work) ?? (await cheapObstacle(work, since)) ?? (await breakerObstacle(work));
  if (obstacle !== undefined) return cancelPark(work, obstacle);
  if (!(await session.acquire())) return {};

  const facts = await readParkFacts(ports, view);
  if (!facts.ok) return { failure: facts.failure };
  const blocked = findObstacle(session.record, facts.value, ports.settings.tagPrefix);
  const { config } = facts.value;
  if (blocked !== undefined || config === undefined) {
    return cancelPark(work, blocked ?? { reason: 'dependency-missing', evidence: { endpointConfig: view.configName } });
  }
  const recipe = await takeRecipe(ports, session.record, { ...facts.value, config }, run.now);
  if (!recipe.ok) return { failure: recipe.failure };
  if (recipe.value === 'unproven') return cancelPark(work, { reason: 'recipe-unproven', evidence: {} });
  const changed = await lookAgain(work, facts.value, since);
  if (changed !== undefined) return cancelPark(work, changed);
  return deleteParked(work, view, config, recipe.value);
}

/** The ruling of the record as it is now; a demand, hold or change of documents came while it was being parked. */
function rulingObstacle(work: Work, record = work.session.record): Obstacle | undefined {
  const ruling = judgeWork(work, {}, record);
  if (ruling.want === 'zero' && ruling.mayLower && !ruling.reportOnly) return undefined;
  const reason = ruling.want === 'zero' ? (ruling.reportOnly ? 'mode-dry-run' : 'policy-invalid') : ruling.reason;
  return { reason, evidence: ruling.evidence };
}

/** Directly before the delete: the same incarnation, unchanged, idle, enrolled, and no hold that forbids it. */
async function lookAgain(
  work: Work,
  facts: ParkFacts,
  since: Instant,
): Promise<(Obstacle & { next?: Instant }) | undefined> {
  const { ports, run, session } = work;
  const { view } = facts;
  const [now, tags, activity, holds] = await Promise.all([
    ports.endpoints.describe(view.name),
    ports.endpoints.tags(view.arn),
    readActivity(
      work,
      view.variants.map(({ name }) => name),
      since,
    ),
    ports.fleet.holds(),
  ]);
  if (!now.ok || !tags.ok) return { reason: 'call-failed', evidence: { read: 'directly before the delete' } };
  const same =
    now.value?.status === 'InService' &&
    now.value.creationTime === view.creationTime &&
    now.value.lastModifiedTime === view.lastModifiedTime &&
    now.value.configName === view.configName;
  if (!same || !sameValue(tags.value, facts.tags)) {
    return { reason: 'changed-meanwhile', evidence: { status: now.value?.status ?? 'Absent' } };
  }
  if (activity.verdict !== 'idle') {
    const reason = activity.verdict === 'active' ? 'active' : 'activity-unknown';
    return { reason, evidence: activity.evidence, next: activity.idleAt };
  }
  const key = session.record.endpoint.toLowerCase();
  const hold = holds.find(({ endpoint }) => endpoint.toLowerCase() === key);
  const ruling = judge({ record: session.record, hold, now: run.now, mode: ports.settings.mode, leadMs: work.leadMs });
  return ruling.want === 'zero' && ruling.mayLower ? undefined : { reason: ruling.reason, evidence: ruling.evidence };
}

async function deleteParked(
  work: Work,
  view: EndpointView,
  config: EndpointConfigView,
  recipe: Recipe,
): Promise<StepResult> {
  const { session, run, ports } = work;
  const abortAt = session.abortAt();
  if (abortAt === undefined) return {};
  const instanceType = config.variants[0]?.instanceType;
  const before = session.record.deleteNoted;
  const earlier = before?.creationTime === view.creationTime ? before : undefined;
  // Noted before the call: whoever finds it deleting or gone knows that it was us.
  await session.write((record) => ({
    ...record,
    deleteNoted: { creationTime: view.creationTime, at: run.now },
    recipeVersion: recipe.version,
    parkedDesired: Math.max(1, view.variants[0]?.desired ?? 1),
    ...(record.observed && instanceType !== undefined && { observed: { ...record.observed, instanceType } }),
  }));
  // The write may have met a record that others changed meanwhile.
  const late = rulingObstacle(work);
  if (late !== undefined) {
    const cancelled = cancelPark(work, late);
    return { ...cancelled, change: together(cancelled.change, noteDelete(earlier)) };
  }
  const evidence = { recipeVersion: recipe.version, config: view.configName, creationTime: iso(view.creationTime) };
  const remembered = recordDecision(work, { decision: 'park', reason: 'idle', evidence, acted: true });
  const answer = await ports.endpoints.delete(view.name, abortAt);
  if (answer.ok) return { change: together(remembered, parked(work).change) };
  const { failure } = answer;
  // It may still happen: the lease stays until nobody can be acting any more.
  if (!failure.definite) return { failure, keepLease: true, change: remembered };
  const refusedOnce = together(remembered, noteDelete(earlier));
  if (failure.class === 'transient' || failure.class === 'missing') return { failure, change: refusedOnce };
  const refusal = refusedDelete(work, failure.message);
  return { ...refusal, failure, change: together(refusedOnce, refusal.change) };
}

/** What is known of an earlier call for the same incarnation outlives the refusal of a later one. */
function noteDelete(noted: FleetRecord['deleteNoted']): RecordChange {
  return ({ deleteNoted: _, ...record }) => (noted === undefined ? record : { ...record, deleteNoted: noted });
}

/** The delete was refused: nothing is deregistered by us, but a refusal may have taken targets with it. */
export function refusedDelete(work: Work, why: string): StepResult & { readonly change: RecordChange } {
  const { run } = work;
  const remembered = recordDecision(work, { decision: 'refuse', reason: 'delete-refused', evidence: { why } });
  const restoring: RecordChange = ({ deleteNoted: _, ...record }) => ({
    ...record,
    phase: 'restoring',
    phaseSince: run.now,
    refusedAt: run.now,
  });
  return { change: together(remembered, restoring) };
}

/** Our delete took effect (or was answered): parked from now on. */
export function parked(work: Work): StepResult & { readonly change: RecordChange } {
  const { run, ports, session } = work;
  const fromWake = session.record.phase === 'waking';
  if (!fromWake) {
    ports.log.count('Parks');
    announce(work, 'Endpoint Parked', { reason: 'idle', recipeVersion: session.record.recipeVersion ?? null });
  }
  return {
    change: (record) => ({
      ...record,
      phase: 'parked',
      phaseSince: run.now,
      parkedAt: fromWake ? (record.parkedAt ?? run.now) : run.now,
      ...(record.observed && { observed: { ...record.observed, status: 'Deleting' } }),
    }),
  };
}

/** Nothing was changed: up again at once, with the reason. */
export function cancelPark(work: Work, obstacle: Obstacle & { readonly next?: Instant }): StepResult {
  const { run } = work;
  const waits = obstacle.reason === 'active' || obstacle.reason.startsWith('demand-');
  const remembered = recordRefusal(work, obstacle);
  const up: RecordChange = (record) => ({
    ...record,
    phase: 'up',
    phaseSince: run.now,
    ...(!waits && { refusedAt: run.now }),
  });
  return {
    next: obstacle.next ?? (waits ? run.now + MINUTE : run.now + REFUSED_AGAIN),
    change: together(remembered, up),
  };
}
