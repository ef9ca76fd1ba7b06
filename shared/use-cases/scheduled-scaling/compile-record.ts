import { fitAgenda } from '../../domain/agenda.ts';
import { checkKind, checkManagedScaling, type KindProblem } from '../../domain/check-kind.ts';
import { isBurstable } from '../../domain/kinds.ts';
import type { Agenda } from '../../domain/policy.ts';
import type { FleetRecord } from '../../domain/record.ts';
import type { ScalableTarget } from '../../domain/scalable-target.ts';
import { targetOf, targetViews } from '../../domain/target-view.ts';
import { DAY, HOUR, type Instant, iso } from '../../domain/time.ts';
import type { Compilation, DocumentProblem, PolicyLibrary } from '../../ports/policy-library.ts';
import type { ScheduledScalingPorts, Turn } from './ports.ts';
import { spreadBy } from './spread.ts';
import { dueNow } from './turn.ts';

const AGENDA_LENGTH = 8 * DAY;
const AGENDA_AT_LEAST = 2 * DAY;
/** Renewed daily, each endpoint at another time, so that at least 7 of its 8 days are always ahead. */
const RENEW_AFTER = 18 * HOUR;
const RENEW_SPREAD = 6 * HOUR;
const RECORD_LIMIT = 4_096;
/** For what the record still gets (a wake, demands, a lease). */
const RECORD_RESERVE = 900;
const HOLIDAYS_WARNING = 60 * DAY;

/** Schedules whose holidays were announced as running out in this run already: several endpoints share one. */
export type Announced = Set<string>;

/** Brings policy and agenda of a record up to date with the documents as last read. */
export function compileRecord(ports: ScheduledScalingPorts, now: Instant, turn: Turn, announced: Announced): void {
  const compilation = compileFor(ports, now, turn.record);
  if (compilation.ok) {
    take(ports, now, turn, compilation, announced);
    return;
  }
  markInvalid(ports, now, turn, compilation.problems);
  if (compilation.missing) giveBackWithoutPolicy(now, turn);
}

/** The policy of a record's tag for the variants and the kind that the record tells of, or all that is wrong with it. */
export function compileFor(
  ports: { readonly library: Pick<PolicyLibrary, 'compile'>; readonly settings: { readonly tagPrefix: string } },
  now: Instant,
  record: FleetRecord,
): Compilation {
  const from = Math.floor(now / HOUR) * HOUR;
  const compilation = ports.library.compile(record.policyName, targetsOf(record), from, from + AGENDA_LENGTH);
  if (!compilation.ok) return compilation;
  const problems = checkKinds(record, compilation);
  if (problems.length === 0) return compilation;
  const { tagPrefix } = ports.settings;
  return { ok: false, missing: false, problems: problems.map((problem) => ofPolicy(tagPrefix, record, problem)) };
}

/** The variants of an endpoint, as far as they are known. */
function targetsOf(record: FleetRecord): readonly ScalableTarget[] {
  const only = targetOf(record);
  return record.targets ?? (only === undefined ? [] : [only]);
}

type Compiled = Extract<Compilation, { ok: true }>;

/** The rules of the endpoint's kind, for each scalable target. */
function checkKinds(record: FleetRecord, compilation: Compiled): readonly KindProblem[] {
  const { kind, targets } = record;
  if (targets === undefined || compilation.targets === undefined) {
    const { policy, agenda } = compilation;
    return checkKind({
      kind,
      policy,
      agenda,
      variants: variantsOf(record),
      managedMin: record.managedMin,
      maxConcurrency: record.maxConcurrency,
    });
  }
  const { policy: whole, agenda: days } = compilation;
  const filled = withTargets({ ...record, policy: whole }, compilation);
  const views = targetViews({ ...filled, agenda: days });
  const problems = views.flatMap(({ policy, agenda, part, observed }) => {
    if (policy === undefined || agenda === undefined || part === undefined) return [];
    const variants = [{ name: part.name, instanceType: observed?.instanceType }];
    // Instances go once all components are at zero, so that is asked of the whole.
    return checkKind({ kind, policy, agenda, variants, managedMin: 0 }).map((problem) => ofTarget(problem, part));
  });
  if (kind === 'components') problems.push(...checkManagedScaling(whole, record.managedMin));
  const bytes = sizeOf({ ...filled, agenda: fitIntoRecord(filled, days, days.from) });
  if (bytes > RECORD_LIMIT) {
    const field = kind === 'components' ? 'components' : 'variants';
    const value = `${views.length} ${field}`;
    const allowed = `fewer ${field}, rungs or scaling policies: compiled, they need ${bytes} bytes of the ${RECORD_LIMIT} that a record holds`;
    return [{ code: 'policy-invalid', field, value, allowed }];
  }
  // What is said once for the endpoint is wrong for each of its targets.
  return [...new Map(problems.map((problem) => [problem.field, problem])).values()];
}

const OF_ENDPOINT: readonly string[] = [
  'endpoint',
  'zero.by',
  'wake.smoke',
  'wake.by',
  'wake.requestTtl',
  'wake.on',
  'otherwise',
];

function ofTarget(problem: KindProblem, { name, dimension }: ScalableTarget): KindProblem {
  const place = dimension === 'copies' ? 'components' : 'variants';
  return OF_ENDPOINT.includes(problem.field) ? problem : { ...problem, field: `${place}.${name}.${problem.field}` };
}

/** Each target gets its part of the policy beside what is remembered of it. */
function withTargets(record: FleetRecord, { targets: compiled }: Compiled): FleetRecord {
  if (record.targets === undefined || compiled === undefined) return record;
  const targets = record.targets.map(({ began: _, ...state }) => {
    const part = compiled.find(({ name, dimension }) => name === state.name && dimension === state.dimension);
    return { ...state, ...part };
  });
  return { ...record, targets };
}

/** Nothing of the policy is known for a target that is new, or of an endpoint that has become one of several. */
function isIncomplete({ targets = [], policy }: FleetRecord): boolean {
  return policy !== undefined && targets.some(({ rules }) => rules === undefined);
}

function take(
  ports: ScheduledScalingPorts,
  now: Instant,
  turn: Turn,
  compilation: Compiled,
  announced: Announced,
): void {
  const { record } = turn;
  const changed =
    record.policy?.version !== compilation.policy.version || record.policy.name !== compilation.policy.name;
  const asBefore = !changed && record.invalid === undefined && !isPolicyBack(record);
  if (asBefore && !isOld(record, now) && !isIncomplete(record)) return;
  const { policy } = compilation;
  announceHolidays(ports, now, compilation, announced);
  turn.change(({ invalid: _, ...fresh }) => {
    const ruled = { ...withoutRemoval(fresh), policy, ...(changed ? { ruledSince: now } : {}) };
    const next = withTargets(ruled, compilation);
    return { ...next, agenda: fitIntoRecord(next, compilation.agenda, now) };
  });
  turn.change(dueNow(now));
  turn.due = true;
}

function isOld({ endpoint, agenda }: FleetRecord, now: Instant): boolean {
  return agenda === undefined || now - agenda.from >= RENEW_AFTER + spreadBy(endpoint, RENEW_SPREAD);
}

/** A record holds 4 KB: an agenda with many edges gets fewer days. */
function fitIntoRecord(record: FleetRecord, agenda: Agenda, now: Instant): Agenda {
  const { agenda: _, ...rest } = record;
  const used = sizeOf(rest);
  return fitAgenda(agenda, Math.max(0, RECORD_LIMIT - RECORD_RESERVE - used), now + AGENDA_AT_LEAST);
}

function sizeOf(value: object): number {
  return new TextEncoder().encode(JSON.stringify(value)).byteLength;
}

function variantsOf({ variant, targets, observed, pools }: FleetRecord) {
  if (targets !== undefined) return targets;
  return [{ name: variant ?? '', instanceType: pools?.find(isBurstable) ?? observed?.instanceType }];
}

function ofPolicy(tagPrefix: string, record: FleetRecord, problem: KindProblem): DocumentProblem {
  const { field, value, allowed } = problem;
  return { parameter: `/${tagPrefix}/policies/${record.policyName}`, field, value, allowed };
}

/** Nothing is lowered while documents are invalid; the last valid policy in the record goes on raising and waking. */
function markInvalid(
  ports: ScheduledScalingPorts,
  now: Instant,
  turn: Turn,
  problems: readonly DocumentProblem[],
): void {
  const [first] = problems;
  if (first === undefined) return;
  const problem = `${first.parameter}: ${first.field}: ${first.value}: ${first.allowed}`;
  if (turn.record.invalid?.problem === problem) return;
  const { endpoint } = turn.record;
  turn.change((record) => ({ ...record, invalid: { since: record.invalid?.since ?? now, problem } }));
  turn.change(dueNow(now));
  turn.due = true;
  ports.log.warn('a document is invalid: its endpoints are neither parked nor lowered', { endpoint, ...first });
  ports.announcer.announce({
    at: now,
    type: 'Policy Invalid',
    endpoint,
    detail: { reason: 'policy-invalid', ...first },
  });
}

const POLICY_REMOVED = 'policy removed';

/** The removed policy is there again; an endpoint that is on its way up goes on until it is. */
function withoutRemoval(record: FleetRecord): FleetRecord {
  if (!isOfRemoved(record)) return record;
  const { giveBack: _, ...managed } = record;
  return managed;
}

function isOfRemoved({ phase, giveBack }: FleetRecord): boolean {
  return phase === 'up' && giveBack?.by === POLICY_REMOVED;
}

/** Its policy came back while the endpoint was on its way up: the next look at the documents takes the give-back back. */
export function isPolicyBack(record: FleetRecord): boolean {
  return isOfRemoved(record) && record.invalid === undefined;
}

/** Whoever takes a policy away ends what it asked for; of an endpoint that never had one nothing was made. */
function giveBackWithoutPolicy(now: Instant, turn: Turn): void {
  const { phase, policy, giveBack } = turn.record;
  if (giveBack !== undefined || (phase === 'up' && policy === undefined)) return;
  turn.change((record) => ({ ...record, giveBack: { at: now, by: POLICY_REMOVED } }));
  turn.change(dueNow(now));
  turn.due = true;
}

function announceHolidays(
  ports: ScheduledScalingPorts,
  now: Instant,
  { holidaysEnd }: Compiled,
  announced: Announced,
): void {
  if (holidaysEnd === undefined || holidaysEnd.at - now > HOLIDAYS_WARNING) return;
  if (announced.has(holidaysEnd.schedule)) return;
  announced.add(holidaysEnd.schedule);
  const detail = { schedule: holidaysEnd.schedule, until: iso(holidaysEnd.at) };
  ports.announcer.announce({ at: now, type: 'Holidays Expiring', detail });
}
