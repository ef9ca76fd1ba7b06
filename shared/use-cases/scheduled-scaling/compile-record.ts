import { fitAgenda } from '../../domain/agenda.ts';
import { checkKind, type KindProblem } from '../../domain/kinds.ts';
import type { Agenda } from '../../domain/policy.ts';
import type { FleetRecord } from '../../domain/record.ts';
import { DAY, HOUR, type Instant, iso } from '../../domain/time.ts';
import type { Compilation, DocumentProblem } from '../../ports/policy-library.ts';
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
  const { record } = turn;
  const from = Math.floor(now / HOUR) * HOUR;
  const compilation = ports.library.compile(record.policyName, record.variant, from, from + AGENDA_LENGTH);
  if (!compilation.ok) {
    markInvalid(ports, now, turn, compilation.problems);
    if (compilation.missing) giveBackWithoutPolicy(now, turn);
    return;
  }
  const kindProblems = checkKind({
    kind: record.kind,
    policy: compilation.policy,
    agenda: compilation.agenda,
    variants: variantsOf(record),
    ...(record.requestTtl === undefined ? {} : { requestTtl: record.requestTtl }),
  });
  if (kindProblems.length > 0) {
    markInvalid(
      ports,
      now,
      turn,
      kindProblems.map((problem) => ofPolicy(ports, record, problem)),
    );
    return;
  }
  take(ports, now, turn, compilation, announced);
}

function take(
  ports: ScheduledScalingPorts,
  now: Instant,
  turn: Turn,
  compilation: Extract<Compilation, { ok: true }>,
  announced: Announced,
): void {
  const { record } = turn;
  const changed =
    record.policy?.version !== compilation.policy.version || record.policy.name !== compilation.policy.name;
  if (!changed && record.invalid === undefined && !isOld(record, now)) return;
  const { policy } = compilation;
  announceHolidays(ports, now, compilation, announced);
  turn.change(({ invalid: _, ...fresh }) => {
    const next = { ...withoutRemoval(fresh), policy, ...(changed ? { ruledSince: now } : {}) };
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
  const used = new TextEncoder().encode(JSON.stringify(rest)).byteLength;
  return fitAgenda(agenda, Math.max(0, RECORD_LIMIT - RECORD_RESERVE - used), now + AGENDA_AT_LEAST);
}

function variantsOf({ variant, variants, observed }: FleetRecord) {
  if (variants !== undefined) return variants.map((name) => ({ name }));
  return [{ name: variant ?? '', instanceType: observed?.instanceType }];
}

function ofPolicy({ settings }: ScheduledScalingPorts, record: FleetRecord, problem: KindProblem): DocumentProblem {
  const { field, value, allowed } = problem;
  return { parameter: `/${settings.tagPrefix}/policies/${record.policyName}`, field, value, allowed };
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
  if (record.phase !== 'up' || record.giveBack?.by !== POLICY_REMOVED) return record;
  const { giveBack: _, ...managed } = record;
  return managed;
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
  { holidaysEnd }: Extract<Compilation, { ok: true }>,
  announced: Announced,
): void {
  if (holidaysEnd === undefined || holidaysEnd.at - now > HOLIDAYS_WARNING) return;
  if (announced.has(holidaysEnd.schedule)) return;
  announced.add(holidaysEnd.schedule);
  const detail = { schedule: holidaysEnd.schedule, until: iso(holidaysEnd.at) };
  ports.announcer.announce({ at: now, type: 'Holidays Expiring', detail });
}
