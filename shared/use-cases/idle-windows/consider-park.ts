import { METRIC_DELAY } from '../../domain/activity.ts';
import { endsDemand } from '../../domain/demand.ts';
import { imageChange } from '../../domain/images.ts';
import { idleForOf, minUpOf, parks } from '../../domain/kinds.ts';
import type { FleetRecord } from '../../domain/record.ts';
import { rehearsalFailure } from '../../domain/rehearsal.ts';
import type { Ruling, RulingInput } from '../../domain/ruling.ts';
import { sizedAs } from '../../domain/target-view.ts';
import { type Instant, iso, MINUTE } from '../../domain/time.ts';
import { fingerprintOf } from '../../domain/wake-ladder.ts';
import type { EndpointView } from '../../ports/endpoints.ts';
import { findObstacle, inServiceSince, type Obstacle, type ParkFacts, readParkFacts } from './before-park.ts';
import { tellDryPark, tellDryWake } from './dry-run.ts';
import { judge } from './judge.ts';
import type { RecordChange, Work } from './ports.ts';
import { readActivity } from './read-activity.ts';
import { recordDecision, together } from './report.ts';
import { sameValue } from './snapshot.ts';
import type { StepResult } from './step-result.ts';

/** A refusal is looked at again after this. */
export const REFUSED_AGAIN = 10 * MINUTE;
/** A park shortly before a lead begins would be followed by a wake before the deletion has ended. */
const LEAD_MARGIN = 5 * MINUTE;
const REPORT_AGAIN = 15 * MINUTE;
const MODE_AGAIN = 15 * MINUTE;

/** The ruling of a record that this run may have read again, or of a what-if. */
export function judgeAgain(
  { ports, run, shared, leadMs, session }: Work,
  changes: Partial<RulingInput> = {},
  record = session.record,
): Ruling {
  const hold = shared.holds.get(record.endpoint.toLowerCase());
  return judge({ record, hold, now: run.now, mode: ports.settings.mode, leadMs }, changes);
}

/** What the ruling is once the stored demand has ended; an idle verdict ends it. */
function rulingWithoutDemand(work: Work): Ruling {
  return work.ruling.reason.startsWith('demand-') ? judgeAgain(work, { demand: [] }) : work.ruling;
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
export function cheapObstacle(work: Work, since: Instant): Obstacle | undefined {
  const { record } = work.session;
  const { now } = work.run;
  const ruling = rulingWithoutDemand(work);
  const next = ruling.until;
  if (record.policy === undefined) return { reason: 'policy-invalid', evidence: {}, next };
  if (record.protected) return { reason: 'protected', evidence: {}, next };
  if (record.invalid !== undefined)
    return { reason: 'policy-invalid', evidence: { problem: record.invalid.problem }, next };
  // A deployment that changes the mode changes no record.
  if (!ruling.mayLower) return { reason: 'mode-wake-only', evidence: {}, next: Math.min(next, now + MODE_AGAIN) };
  const upUntil = since + minUpOf(record.policy);
  if (upUntil > now) {
    return { reason: 'minimum-uptime', evidence: { inServiceSince: iso(since), until: iso(upUntil) }, next: upUntil };
  }
  const soon = judgeAgain(work, { demand: [], leadMs: work.leadMs + LEAD_MARGIN });
  if (soon.want === 'zero') return undefined;
  return { reason: 'lead-begun', evidence: { window: iso(soon.window ?? now) }, next: soon.until };
}

/** No more parks of a type whose wakes meet no capacity: what runs, and what the next wake would begin with. */
export async function breakerObstacle(work: Work, runningType: string | undefined): Promise<Obstacle | undefined> {
  const types = [runningType, work.session.record.running?.preferredType].filter((type) => type !== undefined);
  if (types.length === 0) return undefined;
  const breakers = await work.shared.breakers();
  for (const instanceType of types) {
    const until = breakers.get(instanceType);
    if (until === undefined || until <= work.run.now) continue;
    return { reason: 'breaker-open', evidence: { instanceType, until: iso(until) } };
  }
  return undefined;
}

/** What earlier wakes of the same showed: one failed, or brought another image, and nobody said that it may be parked again. */
export function lessonObstacle(work: Work, { config, models }: ParkFacts): Obstacle | undefined {
  const { record } = work.session;
  if (config === undefined) return undefined;
  const hold = work.shared.holds.get(record.endpoint.toLowerCase());
  const made = fingerprintOf(config, models);
  const failed = rehearsalFailure(record, made, hold);
  if (failed) return { reason: 'rehearsal-failed', evidence: { failedAt: iso(failed.at), why: failed.why } };
  const moved = imageChange(record, made, hold);
  return moved && { reason: 'image-moved', evidence: { wokenAt: iso(moved.at), images: moved.images } };
}

/** Phase `up`, and zero is what the endpoint should be: judge, and write `parking` when nothing is in the way. */
export async function considerPark(work: Work, view: EndpointView): Promise<StepResult> {
  const { session, run } = work;
  const since = inServiceSince(session.record, view, run.now);
  const seen = observe(view, since, run.now);
  const obstacle = cheapObstacle(work, since);
  if (obstacle !== undefined) {
    const isWanted = obstacle.reason === 'lead-begun';
    return refusePark(work, obstacle, together(seen, isWanted ? tellDryWake(work, run.now) : undefined));
  }
  if (!work.ruling.reportOnly && !work.shared.hasParks()) return refusePark(work, overBudget(work), seen);
  const names = view.variants.map(({ name }) => name);
  const activity = await readActivity(work, names, since);
  if (activity.verdict !== 'idle') {
    const unused = activity.verdict === 'unknown';
    const remembered = recordDecision(work, {
      decision: unused ? 'refuse' : 'keep',
      reason: unused ? 'activity-unknown' : 'active',
      evidence: activity.evidence,
    });
    // Somebody called: from then on it would have been awake again.
    const awake = activity.lastActiveAt === undefined ? undefined : tellDryWake(work, activity.lastActiveAt);
    return { next: activity.idleAt, change: together(seen, awake ?? remembered) };
  }
  const { record } = session;
  const idleFor = record.policy === undefined ? 0 : idleForOf(record.kind, record.policy);
  if (!endsDemand(record.demand, run.now, idleFor)) {
    return { next: Math.max(...record.demand.map(({ renewedAt }) => renewedAt)) + idleFor, change: seen };
  }
  return beginPark(work, view, together(seen, endDemand(record, run.now)), activity.evidence);
}

/** Idle, and nobody asks: what else forbids a park is read from AWS. */
async function beginPark(
  work: Work,
  view: EndpointView,
  seen: RecordChange,
  idleness: Obstacle['evidence'],
): Promise<StepResult> {
  const { session, run, ports, shared } = work;
  const facts = await readParkFacts(ports, view);
  if (!facts.ok) {
    const evidence = { call: facts.failure.call, code: facts.failure.code };
    const told = recordRefusal(work, { reason: 'call-failed', evidence });
    return { failure: facts.failure, change: together(seen, told) };
  }
  const instanceType = facts.value.config?.variants[0]?.instanceType;
  const before = together(seen, learnType(instanceType));
  const blocked =
    findObstacle(session.record, facts.value, ports.settings.tagPrefix) ??
    lessonObstacle(work, facts.value) ??
    (await breakerObstacle(work, instanceType));
  if (blocked !== undefined) return refusePark(work, blocked, before);
  if (work.ruling.reportOnly) {
    const { policy, kind } = session.record;
    const told = tellDryPark(work, view, instanceType, idleness);
    // Windows of activity that touch each other: no request that would have woken it is overlooked.
    const again = policy === undefined ? REPORT_AGAIN : Math.min(REPORT_AGAIN, idleForOf(kind, policy));
    return { next: run.now + again, change: together(before, told) };
  }
  if (!shared.takePark()) return refusePark(work, overBudget(work), before);
  // Fences every run that still sees `up`; the deletion follows in a later run.
  const parking: RecordChange = (fresh) => ({
    ...fresh,
    phase: 'parking',
    phaseSince: ports.clock.now(),
    generation: fresh.generation + 1,
  });
  return { change: together(before, parking) };
}

/** The next tick has a budget of its own. */
function overBudget({ ports, run }: Work): Obstacle {
  return { reason: 'park-budget', evidence: { budget: ports.settings.parkBudget }, next: run.now };
}

function refusePark(work: Work, obstacle: Obstacle, seen: RecordChange): StepResult {
  return {
    next: obstacle.next ?? work.run.now + REFUSED_AGAIN,
    change: together(seen, recordRefusal(work, obstacle)),
  };
}

export function recordRefusal(work: Work, { reason, evidence }: Obstacle): RecordChange {
  work.ports.log.count('RefusedParks');
  return recordDecision(work, { decision: 'refuse', reason, evidence });
}

/** The demand that was judged has ended; what came while this run was reading stays. */
function endDemand(judged: FleetRecord, now: Instant): RecordChange {
  return (fresh) => {
    if (fresh.demand.length === 0) return fresh;
    const newer = fresh.demand.filter((demand) => !judged.demand.some((old) => sameValue(old, demand)));
    // What was judged ends where the metrics end: an alarm that went off after that was not heard yet.
    return { ...fresh, demand: newer, lastIdleAt: now - METRIC_DELAY };
  };
}

function learnType(instanceType: string | undefined): RecordChange {
  return (record) =>
    record.observed === undefined || instanceType === undefined
      ? record
      : { ...record, observed: { ...record.observed, instanceType } };
}

export function observe(view: EndpointView, since: Instant, now: Instant): RecordChange {
  return (record) => {
    const type = record.observed?.instanceType;
    return {
      ...record,
      // Whoever recreates an endpoint may spell its name in another case; metrics and targets go by that.
      endpoint: view.name,
      arn: view.arn,
      ...(record.targets && { targets: record.targets.map((state) => sizedAs(state, view.variants)) }),
      observed: {
        at: now,
        status: view.status,
        configName: view.configName,
        creationTime: view.creationTime,
        lastModifiedTime: view.lastModifiedTime,
        desired: view.variants.reduce((sum, { desired }) => sum + desired, 0),
        serving: view.variants.reduce((sum, { serving }) => sum + serving, 0),
        inServiceSince: since,
        ...(type !== undefined && { instanceType: type }),
      },
    };
  };
}
