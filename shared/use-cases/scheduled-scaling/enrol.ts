import type { FleetRecord } from '../../domain/record.ts';
import { isProtected } from '../../domain/tags.ts';
import { DAY, type Instant, MINUTE, SECOND } from '../../domain/time.ts';
import type { Candidate } from '../../ports/documents-source.ts';
import type { EndpointSummary } from '../../ports/endpoints.ts';
import type { Outcome } from '../../ports/outcome.ts';
import type { Run } from '../../ports/run.ts';
import { inParallel } from './in-parallel.ts';
import { observe } from './observe.ts';
import type { ScheduledScalingPorts, Turn } from './ports.ts';
import { announce } from './report.ts';
import { spreadBy } from './spread.ts';
import { createTurn, dueNow } from './turn.ts';

/** For so long a claim of the tagging API that ListTags contradicted is not asked about again. */
const ASK_AGAIN = 15 * MINUTE;
/** A large fleet is enrolled over several ticks: each endpoint costs three calls, and a run has less than a minute. */
const NEW_PER_TICK = 50;

interface Tagged {
  readonly policyName: string;
  readonly protected: boolean;
}

/**
 * The tagging API only finds candidates (late, with ghosts): where it disagrees with a record, and once a day, ListTags
 * on the endpoint decides. Answers turns for endpoints that are new, observed but not yet written.
 */
export async function enrol(
  ports: ScheduledScalingPorts,
  run: Run,
  turns: readonly Turn[],
  candidates: readonly Candidate[],
): Promise<readonly Turn[]> {
  const claims = new Map(candidates.map(({ arn, tags }) => [arn.toLowerCase(), tagged(ports, tags)] as const));
  const known = new Set(turns.map(({ record }) => record.arn.toLowerCase()));
  await inParallel(turns, (turn) => confirm(ports, run, turn, claims.get(turn.record.arn.toLowerCase())));
  const unknown = [...claims.keys()].filter((arn) => !known.has(arn));
  const worthAsking = unknown.filter((arn) => isWorthAsking(ports, run.now, arn, 'new'));
  return enrolNew(ports, run, worthAsking.slice(0, NEW_PER_TICK));
}

async function confirm(
  ports: ScheduledScalingPorts,
  { now }: Run,
  turn: Turn,
  claim: Tagged | undefined,
): Promise<void> {
  const { record } = turn;
  // A parked endpoint has no tags to look at; what appears in its place is adopted by idle-windows.
  if (record.phase !== 'up') return;
  const arn = record.arn.toLowerCase();
  const claimed = textOf(claim);
  const daily = Math.floor(now / MINUTE) % (DAY / MINUTE) === spreadBy(record.endpoint, DAY / MINUTE);
  if (claimed === textOf(record) && !daily) {
    ports.memory.confirmed.delete(arn);
    return;
  }
  if (!daily && !isWorthAsking(ports, now, arn, claimed)) return;
  const answer = await ports.endpoints.tags(record.arn);
  if (!answer.ok) {
    reportFailure(ports, answer, record.endpoint);
    if (answer.failure.class === 'missing') turn.change(dueNow(now));
    return;
  }
  ports.memory.confirmed.set(arn, { claim: claimed, at: now });
  const actual = tagged(ports, answer.value);
  if (actual === undefined) {
    turn.letGo = true;
    return;
  }
  if (textOf(actual) === textOf(record)) return;
  turn.change((fresh) => retagged(fresh, actual));
  turn.change(dueNow(now));
  turn.due = true;
}

/** Another policy in the tag says that an endpoint that was given back is to be managed again. */
function retagged(record: FleetRecord, actual: Tagged): FleetRecord {
  const { giveBack, ...rest } = record;
  const given = giveBack !== undefined && actual.policyName === record.policyName ? { giveBack } : {};
  return { ...rest, ...actual, ...given };
}

async function enrolNew(ports: ScheduledScalingPorts, run: Run, arns: readonly string[]): Promise<readonly Turn[]> {
  if (arns.length === 0) return [];
  const { now } = run;
  const all = await ports.endpoints.list();
  if (!all.ok) {
    reportFailure(ports, all, undefined);
    return [];
  }
  const byArn = new Map(all.value.map((endpoint) => [endpoint.arn.toLowerCase(), endpoint] as const));
  const turns: Turn[] = [];
  await inParallel(arns, async (arn) => {
    const endpoint = byArn.get(arn);
    const answer = endpoint === undefined ? undefined : await ports.endpoints.tags(endpoint.arn);
    if (endpoint !== undefined && answer?.ok === false && answer.failure.class !== 'missing') {
      // No answer is nothing to remember: the next run asks again.
      reportFailure(ports, answer, endpoint.name);
      return;
    }
    const actual = answer?.ok === true ? tagged(ports, answer.value) : undefined;
    if (endpoint === undefined || actual === undefined || endpoint.status === 'Deleting') {
      ports.memory.confirmed.set(arn, { claim: 'new', at: now });
      return;
    }
    const turn = createTurn(ports.fleet, newRecord(endpoint, actual, now), 'new');
    // Kind and variant decide which rules hold: without them nothing is compiled and nothing written.
    if ((await observe(ports, now, turn, undefined)) === undefined) return;
    announce(ports, run, turn, 'Endpoint Enrolled', { policy: turn.record.policyName, kind: turn.record.kind });
    turn.due = true;
    turns.push(turn);
  });
  return turns;
}

/** Kind, variant and observation are filled in before it is written. */
function newRecord({ name, arn }: EndpointSummary, tags: Tagged, now: Instant): FleetRecord {
  return {
    schemaVersion: 1,
    version: 1,
    endpoint: name,
    arn,
    kind: 'real-time',
    phase: 'up',
    phaseSince: now,
    // A name that lived before has tags of its earlier generations about: this one's begin above them.
    generation: Math.floor(now / SECOND),
    ...tags,
    demand: [],
    nextAt: { scaling: now, windows: now },
  };
}

function tagged({ settings }: ScheduledScalingPorts, tags: Readonly<Record<string, string>>): Tagged | undefined {
  const policyName = tags[`${settings.tagPrefix}:policy`];
  if (policyName === undefined) return undefined;
  return { policyName, protected: isProtected(tags, settings.tagPrefix) };
}

function textOf(tags: Tagged | undefined): string {
  return tags === undefined ? 'absent' : `${tags.policyName} ${tags.protected}`;
}

function isWorthAsking({ memory }: ScheduledScalingPorts, now: Instant, arn: string, claim: string): boolean {
  const asked = memory.confirmed.get(arn);
  return asked === undefined || asked.claim !== claim || now - asked.at >= ASK_AGAIN;
}

function reportFailure(
  { log }: ScheduledScalingPorts,
  { failure }: Extract<Outcome<unknown>, { ok: false }>,
  endpoint: string | undefined,
): void {
  log.count('CallsRefused');
  log.warn('enrolment could not be checked; the next run asks again', { ...failure, ...(endpoint && { endpoint }) });
}
