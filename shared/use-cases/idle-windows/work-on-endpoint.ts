import { dependsOnOwnership, nextStep, type PhaseFacts, type PhaseStep } from '../../domain/phases.ts';
import { specName } from '../../domain/policy.ts';
import type { EndpointStatus, FleetRecord } from '../../domain/record.ts';
import { targetViews } from '../../domain/target-view.ts';
import { HOUR, type Instant, MINUTE } from '../../domain/time.ts';
import type { EndpointView } from '../../ports/endpoints.ts';
import type { Outcome } from '../../ports/outcome.ts';
import { ownAlarmNames, stepAlarmName } from '../wake-triggers.ts';
import { wakeTag } from './before-park.ts';
import { considerPark, mayBecomeParked, nextLook } from './consider-park.ts';
import { isDryParkOver, tellDryWake } from './dry-run.ts';
import { deleteFailed } from './failed-attempt.ts';
import { cancelPark, finishPark, parked, refusedDelete } from './finish-park.ts';
import { adopt, announceFailed, letGo } from './foreign-hand.ts';
import { noteLateness } from './late.ts';
import type { RecordChange, Work } from './ports.ts';
import { together } from './report.ts';
import { beginRestore, restore } from './restore.ts';
import type { StepResult } from './step-result.ts';
import { awaitService, considerWake, createAgain, dailyCheckAt, forgetWake } from './wake.ts';

/** A delete that was answered shows as Deleting at once; after this it has surely not taken effect. */
const DELETE_OVERDUE = 10 * MINUTE;
const EARLY = 30 * MINUTE;
const LONGEST_WAIT = 6 * HOUR;

/** Observe, decide, act, record: one endpoint in one run. It neither knows nor needs the rest of the fleet. */
export async function workOnEndpoint(work: Work): Promise<void> {
  const { ports, session } = work;
  const late = noteLateness(work);
  const awake = isDryParkOver(work) ? tellDryWake(work, work.run.now) : undefined;
  const result = isWorthALook(work) ? await lookAndStep(work) : letRest(work);
  if (result.archived) return;
  if (result.failure !== undefined) {
    const { call, code, message } = result.failure;
    ports.log.count('CallsRefused');
    ports.log.warn('a call did not come through', { endpoint: session.record.endpoint, call, code, problem: message });
  }
  await finish(work, { ...result, change: together(late, awake, result.change) });
}

/** Phase `up` and `parked` cost a call only when something could follow from it. */
function isWorthALook(work: Work): boolean {
  const { session, ruling, forced, run } = work;
  const { record } = session;
  if (ruling.want === 'hands-off') return false;
  switch (record.phase) {
    case 'up':
      return forced || mayBecomeParked(work);
    case 'parked':
      return forced || ruling.want === 'up' || dailyCheckAt(record) <= run.now;
    case 'parking':
    case 'waking':
    case 'restoring':
      return true;
    default:
      return record.phase satisfies never;
  }
}

/** Nothing to look at; a wake that nobody asks for any more is over. */
function letRest(work: Work): StepResult {
  const { session, ruling } = work;
  const isOver = session.record.phase === 'parked' && ruling.want !== 'hands-off';
  return { next: putOff(work), ...(isOver && { change: forgetWake }) };
}

/** Until something can change by itself; long waits end early, so that a lead that grew meanwhile is not missed. */
function putOff(work: Work): Instant {
  const { session, ruling, run } = work;
  const { record } = session;
  const next = record.phase === 'up' ? nextLook(work) : Math.min(ruling.until, dailyCheckAt(record));
  return next - run.now > EARLY ? next - EARLY : next;
}

async function lookAndStep(work: Work): Promise<StepResult> {
  const { ports, session } = work;
  const seen = await ports.endpoints.describe(session.record.endpoint);
  if (!seen.ok) return { failure: seen.failure };
  const facts = await readFacts(work, seen.value);
  if (!facts.ok) return { failure: facts.failure };
  const status: EndpointStatus = seen.value?.status ?? 'Absent';
  return takeStep(work, nextStep(session.record.phase, status, facts.value), seen.value);
}

/** What the phase table's cells depend on beside phase and status. */
export async function readFacts(
  { ports, session, run }: Work,
  view: EndpointView | undefined,
): Promise<Outcome<PhaseFacts>> {
  const { record } = session;
  const { deleteNoted } = record;
  const incarnation = view?.creationTime ?? record.observed?.creationTime;
  const noted = deleteNoted !== undefined && (incarnation === undefined || incarnation === deleteNoted.creationTime);
  const facts = {
    deleteNoted: noted,
    sameIncarnation: noted && view !== undefined,
    deleteOverdue: noted && run.now - deleteNoted.at > DELETE_OVERDUE,
    ours: false,
  };
  if (view === undefined || !dependsOnOwnership(record.phase, view.status)) return { ok: true, value: facts };
  const tags = await ports.endpoints.tags(view.arn);
  if (!tags.ok) return tags;
  const ours = tags.value[wakeTag(ports.settings.tagPrefix)] === String(record.generation);
  return { ok: true, value: { ...facts, ours } };
}

/** The only place that knows which code does a step of the table. */
async function takeStep(work: Work, step: PhaseStep, view: EndpointView | undefined): Promise<StepResult> {
  switch (step) {
    case 'wait':
      return work.session.record.phase === 'waking' ? awaitService(work) : {};
    case 'archive':
      return archive(work);
    case 'becomeParked':
      return parked(work);
    case 'considerWake':
      return considerWake(work);
    case 'create':
      return createAgain(work);
    case 'cancelPark':
      return cancelPark(work, { reason: 'not-in-service', evidence: { status: view?.status ?? 'Absent' } });
    case 'refusedDelete':
      return refusedDelete(work, 'the endpoint is still there long after its deletion');
    case 'decide':
    case 'announceFailed':
    case 'finishPark':
    case 'adopt':
    case 'beginRestore':
    case 'deleteFailed':
    case 'restore':
      if (view === undefined) throw new Error(`the phase table names ${step} for an endpoint that is absent`);
      return takeStepOnEndpoint(work, step, view);
    default:
      return step satisfies never;
  }
}

type StepOnEndpoint = Extract<
  PhaseStep,
  'decide' | 'announceFailed' | 'finishPark' | 'adopt' | 'beginRestore' | 'deleteFailed' | 'restore'
>;

function takeStepOnEndpoint(work: Work, step: StepOnEndpoint, view: EndpointView): Promise<StepResult> | StepResult {
  switch (step) {
    case 'decide':
      return mayBecomeParked(work) ? considerPark(work, view) : { next: nextLook(work) };
    case 'announceFailed':
      return announceFailed(work, view);
    case 'finishPark':
      return finishPark(work, view);
    case 'adopt':
      return adopt(work, view);
    case 'beginRestore':
      return beginRestore(work, view);
    case 'deleteFailed':
      return deleteFailed(work, view);
    case 'restore':
      return restore(work, view);
    default:
      return step satisfies never;
  }
}

/** Deleted by its owner: scalable targets went with it, the alarms that we made are left to remove. */
async function archive(work: Work): Promise<StepResult> {
  const { ports, session } = work;
  const names = leftAlarms(ports.settings.tagPrefix, session.record);
  if (names.length > 0) {
    const removed = await ports.alarms.remove(names);
    if (!removed.ok && removed.failure.class !== 'missing') return { failure: removed.failure };
  }
  return letGo(work, 'deleted-by-owner');
}

/** The wake alarm, and those that drive step policies: AWS leaves them behind. */
function leftAlarms(tagPrefix: string, record: FleetRecord): readonly string[] {
  const ofSteps = targetViews(record).flatMap((view) =>
    (view.policy?.scaling ?? [])
      .filter((spec) => spec.kind === 'step')
      .map((spec) => stepAlarmName(tagPrefix, view, specName(spec))),
  );
  return [...ownAlarmNames(tagPrefix, record), ...ofSteps];
}

/** One last write with everything that has to be remembered; none where nothing has. */
async function finish(work: Work, result: StepResult): Promise<void> {
  const { session, run, ruling } = work;
  // Whoever waits for a window's endpoint hears at its begin that it is late, not when the next attempt is due.
  const begins = (ruling.window ?? 0) > run.now ? ruling.window : undefined;
  const next = Math.min(result.next ?? run.now, run.now + LONGEST_WAIT, begins ?? Number.POSITIVE_INFINITY);
  const change = together(result.change, putNext(run.now, next));
  const leased = session.record.lease?.holder === run.holder;
  if (leased && !result.keepLease) await session.close(change);
  else if (change(session.record) !== session.record) await session.write(change);
  await result.afterwards?.();
}

function putNext(now: Instant, next: Instant): RecordChange {
  return (record) => {
    const quiet = record.phase === 'up' || record.phase === 'parked';
    if (!quiet || next <= now || next === record.nextAt.windows) return record;
    return { ...record, nextAt: { ...record.nextAt, windows: next } };
  };
}
