import type { Activity } from '../../shared/domain/activity.ts';
import { stepsFrom } from '../../shared/domain/agenda.ts';
import { namesLeft } from '../../shared/domain/drift.ts';
import { parks } from '../../shared/domain/kinds.ts';
import { nextStep, PHASE_STEPS } from '../../shared/domain/phases.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';
import type { Ruling } from '../../shared/domain/ruling.ts';
import type { Dimension } from '../../shared/domain/scalable-target.ts';
import { targetViews } from '../../shared/domain/target-view.ts';
import { DAY, HOUR, type Instant } from '../../shared/domain/time.ts';
import type { EndpointView } from '../../shared/ports/endpoints.ts';
import type { Work } from '../../shared/use-cases/idle-windows/ports.ts';
import { readFacts } from '../../shared/use-cases/idle-windows/work-on-endpoint.ts';
import { besideOthers } from '../../shared/use-cases/scheduled-scaling/rule.ts';
import { readUse } from '../account/activity.ts';
import type { Account } from '../account/connect.ts';
import { readZones } from '../account/documents.ts';
import { must } from '../account/failures.ts';
import { type Fleet, readFleet, ruleOn } from '../account/fleet.ts';
import { readAlarms, readMonitoringSchedules, type Watcher } from '../account/watchers.ts';
import { prepareWork } from '../account/work.ts';
import type { Io } from '../output.ts';
import { writeJson } from '../output.ts';
import { formatLocal, readWhen } from '../times.ts';
import { explainScaling, type ScalingLine } from './explain-scaling.ts';
import { describeExplanation } from './explain-text.ts';
import { headJson } from './status.ts';

export interface ExplainOptions {
  readonly at?: string;
  readonly json?: string;
}

/** Everything that decides about one endpoint. */
export interface Explanation {
  readonly record: FleetRecord;
  /** The instant that is explained. */
  readonly at: Instant;
  /** It is now, so that reality could be read, too. */
  readonly live: boolean;
  readonly ruling: Ruling;
  readonly status: string | undefined;
  readonly step: { readonly name: string; readonly means: string } | undefined;
  readonly activity: Activity | undefined;
  readonly agenda: ReturnType<typeof stepsFrom>;
  /** Where there are several scalable targets: what is asked of each, and as it was seen last. */
  readonly targets: readonly TargetLine[];
  readonly scaling: readonly ScalingLine[];
  readonly watchers: readonly Watcher[];
  readonly unread: readonly string[];
}

export interface TargetLine {
  readonly name: string;
  readonly dimension: Dimension;
  readonly ruling: Ruling;
  readonly desired: number | undefined;
  readonly serving: number | undefined;
}

const BEFORE = 12 * HOUR;
const AFTER = 2 * DAY;

export async function explainEndpoint(account: Account, io: Io, name: string, options: ExplainOptions): Promise<void> {
  const [fleet, zones] = await Promise.all([readFleet(account, [name]), readZones(account, io)]);
  const record = fleet.records[0]!;
  const at = options.at === undefined ? fleet.now : readWhen('--at', options.at, fleet.now);
  const ruling = ruleOn(account, fleet, record, at);
  const work = prepareWork(account, fleet, record, fleet.holds.get(record.endpoint.toLowerCase()));
  const reality = options.at === undefined ? await readReality(account, work) : undefined;
  const explanation: Explanation = {
    record,
    at,
    live: reality !== undefined,
    ruling,
    status: reality?.status,
    step: reality?.step,
    activity: reality?.activity,
    agenda: agendaAround(record, at),
    targets: targetsOf(account, fleet, record, ruling, at),
    scaling: scalingOf(record),
    watchers: reality?.watchers ?? [],
    unread: reality?.unread ?? [],
  };
  const zone = zones(record.policyName);
  for (const text of explanation.unread) io.note(`not read: ${text}`);
  if (options.json !== undefined) {
    const local = (instant: Instant) => (zone === undefined ? null : formatLocal(zone, instant));
    writeJson(io, options.json, { ...headJson(account, fleet.now), ...explanationJson(explanation, local) });
  }
  if (options.json !== '-') io.out(describeExplanation(explanation, zone, account));
}

function targetsOf(
  account: Account,
  fleet: Fleet,
  record: FleetRecord,
  whole: Ruling,
  at: Instant,
): readonly TargetLine[] {
  return targetViews(record).flatMap((view) => {
    const { part, observed } = view;
    if (part === undefined) return [];
    const ruling = besideOthers(view, whole, ruleOn(account, fleet, view, at));
    const { name, dimension } = part;
    return [{ name, dimension, ruling, desired: observed?.desired, serving: observed?.serving }];
  });
}

/** Where there are several targets, each line names its own. */
function scalingOf(record: FleetRecord): readonly ScalingLine[] {
  return targetViews(record).flatMap((view) =>
    explainScaling(view).map((line) =>
      view.part === undefined ? line : { ...line, name: `${view.part.name}: ${line.name}` },
    ),
  );
}

/** Reality is read now: what SageMaker says, who uses it, and who would notice its absence. */
async function readReality(account: Account, work: Work) {
  const { record } = work.session;
  const view = must(await account.endpoints.describe(record.endpoint));
  const [facts, activity, alarms, schedules] = await Promise.all([
    readFacts(work, view),
    readUse(account, work, view),
    readAlarms(account, record.endpoint),
    readMonitoringSchedules(account, record.endpoint),
  ]);
  const unread = [facts, alarms, schedules].flatMap((outcome) =>
    outcome.ok ? [] : [account.explainFailure(outcome.failure)],
  );
  return {
    status: view?.status ?? 'Absent',
    step: facts.ok ? stepOf(work, view, facts.value) : undefined,
    activity,
    watchers: [...(alarms.ok ? alarms.value : []), ...(schedules.ok ? schedules.value : [])],
    unread,
  };
}

function stepOf(work: Work, view: EndpointView | undefined, facts: Parameters<typeof nextStep>[2]) {
  const { phase, kind, policy } = work.session.record;
  const name = nextStep(phase, view?.status ?? 'Absent', facts);
  // What is never parked has nothing to begin.
  const means = name === 'decide' && !parks(kind, policy) ? 'as the ruling says' : PHASE_STEPS[name];
  return { name, means };
}

function agendaAround({ agenda }: FleetRecord, at: Instant): Explanation['agenda'] {
  if (agenda === undefined) return [];
  return stepsFrom(agenda, agenda.from).filter(({ from, until }) => until > at - BEFORE && from < at + AFTER);
}

function explanationJson({ record, ruling, ...rest }: Explanation, local: (at: Instant) => string | null) {
  const { activity } = rest;
  return {
    endpoint: record.endpoint,
    kind: record.kind,
    policy: record.policyName,
    phase: record.phase,
    explains: iso(rest.at),
    live: rest.live,
    status: rest.status ?? null,
    invalid: record.invalid === undefined ? null : { ...record.invalid, since: iso(record.invalid.since) },
    ruling: {
      want: ruling.want,
      reason: ruling.reason,
      bounds: ruling.bounds ?? null,
      desired: ruling.desired ?? null,
      mayLower: ruling.mayLower,
      reportOnly: ruling.reportOnly,
      until: iso(ruling.until),
      ladder: ruling.ladder,
      evidence: ruling.evidence,
    },
    step: rest.step ?? null,
    activity:
      activity === undefined
        ? null
        : { verdict: activity.verdict, evidence: activity.evidence, idleAt: iso(activity.idleAt) },
    drift: targetViews(record).flatMap(({ drift, part, policy }) =>
      drift === undefined
        ? []
        : [
            {
              target: part?.name ?? null,
              since: iso(drift.since),
              left: namesLeft(drift),
              onDrift: policy?.onDrift ?? 'mend',
            },
          ],
    ),
    demand: record.demand.map(({ since, renewedAt, ...demand }) => ({
      ...demand,
      since: iso(since),
      renewedAt: iso(renewedAt),
    })),
    lastDecision:
      record.lastDecision === undefined ? null : { ...record.lastDecision, at: iso(record.lastDecision.at) },
    lastScaling: record.lastScaling === undefined ? null : { ...record.lastScaling, at: iso(record.lastScaling.at) },
    agenda: rest.agenda.map(({ from, until, rung }) => ({
      from: iso(from),
      fromLocal: local(from),
      until: iso(until),
      untilLocal: local(until),
      rung,
    })),
    targets: rest.targets.map(({ name, dimension, ruling: own, desired, serving }) => ({
      name,
      dimension,
      want: own.want,
      bounds: own.bounds ?? null,
      reason: own.reason,
      desired: desired ?? null,
      serving: serving ?? null,
    })),
    scaling: rest.scaling,
    watchers: rest.watchers,
    unread: rest.unread,
  };
}

function iso(at: Instant): string {
  return new Date(at).toISOString();
}
