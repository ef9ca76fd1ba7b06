import {
  boundsCovered,
  type Difference,
  type Drift,
  type DriftAnswer,
  isKnown,
  isLeft,
  isOfPolicies,
  isStillLeft,
  keysOf,
  nameSuspended,
  rungKey,
  type Settled,
  stateOf,
  TARGET_FIELDS,
  targetDifferences,
  versionKey,
} from '../../domain/drift.ts';
import { boundsNow, differ, rungSuspends, suspendedBy } from '../../domain/plan-capacity.ts';
import type { FleetRecord, Observed } from '../../domain/record.ts';
import type { Ruling } from '../../domain/ruling.ts';
import { wakesByStep } from '../../domain/step-wake.ts';
import { targetKeyOf } from '../../domain/target-view.ts';
import { type Instant, iso } from '../../domain/time.ts';
import type { TargetView } from '../../ports/scaling.ts';
import type { RunShared, Turn } from './ports.ts';
import { announce } from './report.ts';
import { ruleView } from './rule.ts';
import { forgetAsserted, hasScaling } from './scaling-policies.ts';
import { SETTLING, type Seen, settledAs } from './settle.ts';
import { isFirstOf, targetIn, targetTurns } from './turn.ts';

const ANSWERS = { mend: 'mended', respect: 'respected', announce: 'announced' } as const;

interface Judged {
  readonly difference: Difference;
  /** What the record remembers it by. */
  readonly key: string;
  readonly answer: DriftAnswer;
}

/**
 * Tells each difference from what we left once, and remembers what is to be left as it is. Answers false where somebody
 * else has the endpoint by now: the next run looks again.
 */
async function judgeDrift(shared: RunShared, turn: Turn, seen: Seen, ruling: Ruling): Promise<boolean> {
  endWhatIsOver(turn, ruling);
  if (!isJudgeable(shared.run.now, turn.record, seen, ruling)) return true;
  const keys = keysOf(differencesOf(turn, seen, ruling));
  const judged = [...keys].map(
    ([difference, key]): Judged => ({
      difference,
      key,
      answer: answerTo(turn.record, seen, ruling, difference, key),
    }),
  );
  const passing = judged.filter(isPassing);
  const lasting = judged.filter((one) => !passing.includes(one));
  const news = judged.filter((one) => isNews(turn.record, seen, one));
  const drift = driftOf(shared.run.now, turn, seen, ruling, lasting);
  const rebased = passing.length === 0 ? undefined : rebase(shared.run.now, seen, turn.record, passing);
  if (!(await remember(turn, drift, rebased, news.length > 0))) return false;
  if (lasting.some(({ difference, answer }) => answer === 'mended' && isOfPolicies(difference.field))) {
    forgetAsserted(turn);
  }
  for (const one of news) tell(shared, turn, one);
  return true;
}

/** What somebody changed, for each scalable target; false: somebody else has the endpoint by now. */
export async function judgeEach(shared: RunShared, whole: Turn, ruling: Ruling): Promise<boolean> {
  for (const turn of targetTurns(whole)) {
    const { observed, policy } = turn.record;
    if (observed === undefined || policy === undefined) continue;
    const seen = { observed, target: targetIn(shared, turn), isFirst: isFirstOf(whole, turn) };
    if (!(await judgeDrift(shared, turn, seen, ruleView(shared, ruling, turn.record)))) return false;
  }
  return true;
}

function isNews(record: FleetRecord, { isFirst }: Seen, { key, answer }: Judged): boolean {
  return answer === 'taken-over' ? isFirst : !isKnown(record, key);
}

/** From then on it is where we start from; what is left of policies and alarms stays a difference. */
function isPassing({ difference, answer }: Judged): boolean {
  return answer === 'taken-over' || (answer === 'left' && !isOfPolicies(difference.field));
}

/** A rung, a version or an incarnation later the policy is asserted again. */
function endWhatIsOver(turn: Turn, ruling: Ruling): void {
  const { drift } = turn.record;
  if (drift?.left === undefined || ruling.want === 'hands-off' || isStillLeft(turn.record, drift, ruling)) return;
  const hadPolicies = drift.left.some(isOfPolicies);
  turn.change(({ drift: over, ...record }) => {
    if (over === undefined) return record;
    const { left = [], bounds: _, ...rest } = over;
    return { ...record, drift: { ...rest, told: [...over.told, ...left] } };
  });
  if (hadPolicies) forgetAsserted(turn);
}

/** A change of ours under way, a hold that asks for no call, an old answer, or a phase that only begins: nothing is told. */
function isJudgeable(now: Instant, record: FleetRecord, { observed }: Seen, ruling: Ruling): boolean {
  const { intent, settled, phaseSince } = record;
  if (observed.status !== 'InService' || ruling.want === 'hands-off' || intent !== undefined) return false;
  if (settled === undefined || settled.at < phaseSince || now - settled.at < SETTLING) return false;
  return observed.creationTime >= settled.creationTime;
}

function differencesOf(turn: Turn, seen: Seen, ruling: Ruling): readonly Difference[] {
  const { observed, target } = seen;
  const { settled } = turn.record;
  if (settled === undefined) return [];
  if (settled.creationTime !== observed.creationTime) {
    const [expected, actual] = [iso(settled.creationTime), iso(observed.creationTime)];
    return [{ field: 'endpoint', expected, actual }];
  }
  const ofTarget = targetDifferences(expectedState(turn.record, settled, target, ruling), stateOf(target));
  // Policies go with their target.
  const isTaken = ofTarget.some(({ field }) => field === 'target');
  const ofPolicies = isTaken ? [] : (comparedOf(turn) ?? []);
  return [...deployed(settled, observed), ...ofTarget, ...ofPolicies];
}

/** Undefined: policies and alarms were not compared in this run. */
function comparedOf({ record, differences }: Turn): readonly Difference[] | undefined {
  return differences?.get(targetKeyOf(record)?.resourceId ?? '');
}

function deployed(settled: Settled, observed: Observed): readonly Difference[] {
  if (settled.config === undefined || settled.config === observed.configName) return [];
  const config: Difference = { field: 'config', expected: settled.config, actual: observed.configName };
  if (settled.instanceType === observed.instanceType) return [config];
  const [expected, actual] = [settled.instanceType ?? 'unknown', observed.instanceType ?? 'unknown'];
  return [config, { field: 'instanceType', expected, actual }];
}

/** What is left as somebody set it stays a difference until AWS holds what the policy says. */
function expectedState(
  record: FleetRecord,
  { target: was }: Settled,
  target: TargetView | undefined,
  ruling: Ruling,
): Settled['target'] {
  if (!TARGET_FIELDS.some((field) => isLeft(record, field))) return was;
  const wanted = boundsNow({ ruling, kind: record.kind, target, highestMax: record.policy?.highestMax }) ?? was;
  if (wanted === null) return was;
  const suspended = suspendedBy(ruling, record, target?.suspended);
  const said = suspended === undefined ? (was?.suspended ?? 'nothing') : nameSuspended(suspended);
  return { min: wanted.min, max: wanted.max, suspended: said };
}

function answerTo(
  record: FleetRecord,
  { target }: Seen,
  ruling: Ruling,
  difference: Difference,
  key: string,
): DriftAnswer {
  const { field, subject } = difference;
  if (field === 'endpoint' || field === 'config' || field === 'instanceType') return 'taken-over';
  if (!isOurs(record, target, ruling, difference)) return 'left';
  // Told before and not left: it was to be mended, and still is.
  if (isKnown(record, key) && !isLeft(record, field, subject)) return 'mended';
  return ANSWERS[record.policy?.onDrift ?? 'mend'];
}

/** Whether the policy says anything of it now, and the mode lets us act on it. */
function isOurs(record: FleetRecord, target: TargetView | undefined, ruling: Ruling, { field }: Difference): boolean {
  if (ruling.reportOnly) return false;
  const wanted = boundsNow({ ruling, kind: record.kind, target, highestMax: record.policy?.highestMax });
  switch (field) {
    case 'target':
      return wanted !== undefined && (hasScaling(record) || wakesByStep(record));
    case 'bounds':
      return wanted !== undefined && (ruling.mayLower || !boundsCovered(wanted, target));
    case 'suspended':
      return isSuspensionOurs(record, target, ruling) || record.policy?.scaleIn !== undefined;
    default:
      return true;
  }
}

/** Beside a hold only scale-out is. */
function isSuspensionOurs(record: FleetRecord, target: TargetView | undefined, ruling: Ruling): boolean {
  const wanted = suspendedBy(ruling, record, target?.suspended);
  if (wanted === undefined) return false;
  return rungSuspends(record) || target === undefined || differ(target.suspended, wanted);
}

function driftOf(
  now: Instant,
  turn: Turn,
  { target }: Seen,
  ruling: Ruling,
  lasting: readonly Judged[],
): Drift | undefined {
  const { record } = turn;
  const differences = comparedOf(turn);
  const before = record.drift;
  // Policies and alarms are compared every quarter of an hour: in between it is as it was.
  const unswept = (keys: readonly string[] = []) => (differences === undefined ? keys.filter(isOfPolicies) : []);
  const isLeftNow = ({ answer }: Judged) => answer === 'respected' || answer === 'announced';
  const keysWhere = (is: (one: Judged) => boolean) => [...new Set(lasting.filter(is).map(({ key }) => key))];
  const told = [...keysWhere((one) => !isLeftNow(one)), ...unswept(before?.told)];
  const left = [...keysWhere(isLeftNow), ...unswept(before?.left)];
  if (told.length + left.length === 0) return undefined;
  const bounds = lasting.find((one) => one.difference.field === 'bounds' && isLeftNow(one));
  const theirs =
    bounds && isKnown(record, bounds.key) ? before?.bounds : target && { min: target.min, max: target.max };
  return {
    since: before?.since ?? now,
    told,
    ...(left.length > 0 && { left }),
    ...(bounds && theirs && { bounds: theirs }),
    under: versionKey(record),
    rung: before?.left === undefined ? rungKey(ruling) : before.rung,
  };
}

/** What is not ours to change, and what was deployed, is where we start from. */
function rebase(now: Instant, seen: Seen, { settled }: FleetRecord, passing: readonly Judged[]): Settled {
  const fields = new Set(passing.map(({ difference }) => difference.field));
  const shown = stateOf(seen.target);
  const fresh = settledAs(now, seen, shown);
  if (settled === undefined || fields.has('endpoint') || fields.has('target')) return fresh;
  const { target: was } = settled;
  if (was === null || shown === null) return { ...fresh, target: was };
  const bounds = fields.has('bounds') ? shown : was;
  const { suspended } = fields.has('suspended') ? shown : was;
  return { ...fresh, at: settled.at, target: { min: bounds.min, max: bounds.max, suspended } };
}

/** Written before anything is told of it, and only on top of what was judged: another run may have acted meanwhile. */
async function remember(
  turn: Turn,
  drift: Drift | undefined,
  rebased: Settled | undefined,
  hasNews: boolean,
): Promise<boolean> {
  const { settled } = turn.record;
  if (!hasNews && rebased === undefined && isSameDrift(turn.record.drift, drift)) return true;
  let isTaken = false;
  turn.change((fresh) => {
    isTaken = fresh.intent === undefined && fresh.settled?.at === settled?.at;
    if (!isTaken) return fresh;
    const { drift: _, ...record } = fresh;
    return { ...record, ...(drift && { drift }), ...(rebased && { settled: rebased }) };
  });
  if (!hasNews) return true;
  return (await turn.save()) !== 'lost' && isTaken;
}

function isSameDrift(a: Drift | undefined, b: Drift | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** A line and an event for each difference. */
function tell({ ports, run }: RunShared, turn: Turn, { difference, answer }: Judged): void {
  const { endpoint, policyName, part } = turn.record;
  const evidence = { policy: policyName, ...(part && { target: part.name }), ...difference, done: answer };
  const line = { at: run.now, function: 'scheduled-scaling', endpoint, decision: 'keep' } as const;
  ports.log.record({ ...line, reason: 'drift-found', evidence, acted: false }, false);
  announce(ports, run, turn, 'Drift Found', { reason: 'drift-found', ...evidence });
}
