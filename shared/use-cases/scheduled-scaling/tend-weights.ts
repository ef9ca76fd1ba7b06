import type { Ruling } from '../../domain/ruling.ts';
import {
  currentWeights,
  hasWeights,
  nextWeightChange,
  sayWeights,
  type Weights,
  wantedWeights,
} from '../../domain/weights.ts';
import type { Failure } from '../../ports/outcome.ts';
import { carryOut } from './carry-out.ts';
import type { RunShared, Turn } from './ports.ts';
import { announce, recordDecision } from './report.ts';
import { lookAgain, nextTick } from './turn.ts';

/**
 * Shares of the traffic as the calendar says, kept so. What was there before the first rule is remembered, and comes
 * back when none applies any more. They come after counts: AWS takes one or the other, and nobody waits for a share.
 */
export async function tendWeights(
  shared: RunShared,
  turn: Turn,
  ruling: Ruling,
  isBusy: boolean,
): Promise<Failure | undefined> {
  const { ports, run } = shared;
  const { record } = turn;
  if (record.agenda === undefined || record.targets === undefined || ruling.want === 'hands-off') return undefined;
  lookAgain(turn, run.now, nextWeightChange(record.agenda, run.now) ?? record.agenda.until);
  const wanted = wantedWeights(record, run.now);
  if (wanted === undefined) return undefined;
  const before = currentWeights(record);
  if (hasWeights(before, wanted.weights)) {
    if (wanted.during === undefined) turn.change(({ ownWeights: _, ...fresh }) => fresh);
    return undefined;
  }
  if (isBusy || record.observed?.status !== 'InService') {
    lookAgain(turn, run.now, nextTick(shared));
    return undefined;
  }
  const { weights, during } = wanted;
  const reason = during === undefined ? 'otherwise' : 'window';
  const evidence = {
    during: during ?? null,
    weights: sayWeights(weights),
    weightsBefore: sayWeights(before),
    ...(ruling.reportOnly && { dryRun: true }),
  };
  const finding = { decision: 'scale', reason, evidence } as const;
  if (ruling.reportOnly) {
    recordDecision(ports, run, turn, finding);
    return undefined;
  }
  if (record.ownWeights === undefined) turn.change((fresh) => ({ ...fresh, ownWeights: fresh.ownWeights ?? before }));
  lookAgain(turn, run.now, nextTick(shared));
  const take = () => shift(shared, turn, reason, before, weights);
  return carryOut(shared, turn, finding, { weights }, [{ isChange: true, take }]);
}

async function shift(
  { ports, run }: RunShared,
  turn: Turn,
  reason: 'window' | 'otherwise',
  before: Weights,
  weights: Weights,
): Promise<Failure | undefined> {
  const outcome = await ports.endpoints.setWeights(turn.record.endpoint, weights);
  if (!outcome.ok) return outcome.failure;
  ports.log.count('CapacityChanges');
  announce(ports, run, turn, 'Capacity Changed', { reason, before: { weights: before }, after: { weights } });
  return undefined;
}

/** Whoever lets an endpoint go leaves the traffic as it was before any rule. */
export async function giveWeightsBack({ ports }: RunShared, turn: Turn): Promise<Failure | undefined> {
  const { record } = turn;
  const { ownWeights } = record;
  if (ownWeights === undefined) return undefined;
  if (!hasWeights(currentWeights(record), ownWeights)) {
    const outcome = await ports.endpoints.setWeights(record.endpoint, ownWeights);
    if (!outcome.ok) return outcome.failure;
  }
  turn.change(({ ownWeights: _, ...fresh }) => fresh);
  return undefined;
}
