import type { FleetRecord, Intent } from '../../domain/record.ts';
import { currentWeights, hasWeights, sayWeights } from '../../domain/weights.ts';
import type { Failure } from '../../ports/outcome.ts';
import type { RecordChange, RunShared, Turn } from './ports.ts';
import { announce, type Finding, recordAction } from './report.ts';
import { withoutSettled } from './settle.ts';
import type { Situation } from './tend.ts';

/** One call, or none where nothing is due. */
export interface Step {
  /** Whether it changes capacity or scaling; the wake alarm alone is no change of the endpoint. */
  readonly isChange: boolean;
  /** What it is about, where a refusal says nothing about the steps after it. */
  readonly alone?: string;
  take(): Promise<Failure | undefined>;
}

interface Refused {
  readonly name: string;
  readonly failure: Failure;
}

/** AWS has looked at just this and will not have it; the rest may be fine. */
function isAboutThatAlone({ definite, class: kind }: Failure): boolean {
  return definite && kind !== 'transient' && kind !== 'in-progress' && kind !== 'missing';
}

/** One refusal that names all of what was refused. */
function together(refused: readonly Refused[]): Failure | undefined {
  const [first] = refused;
  if (first === undefined) return undefined;
  return { ...first.failure, message: refused.map(({ name, failure }) => `${name}: ${failure.message}`).join('; ') };
}

/**
 * Makes a change of the world. What is intended is written first, so that a run that dies after a call is spoken for by
 * the next one; the decision's line is written with the first call that took effect, since a refused change is none.
 * Answers the first failure after which nothing more was done, or else what was refused by itself.
 */
export async function carryOut(
  { ports, run }: RunShared,
  turn: Turn,
  finding: Finding,
  intent: Pick<Intent, 'bounds' | 'desired' | 'policies' | 'weights'>,
  steps: readonly Step[],
): Promise<Failure | undefined> {
  const noted: Intent = { holder: run.holder, at: run.now, until: run.deadline, reason: finding.reason, ...intent };
  turn.change((record) => ({ ...record, intent: noted }));
  if ((await turn.save()) === 'lost') return undefined;
  let told = false;
  const refused: Refused[] = [];
  for (const { isChange, alone: name, take } of steps) {
    const failure = await take();
    if (failure !== undefined) {
      if (name !== undefined && isAboutThatAlone(failure)) {
        refused.push({ name, failure });
        continue;
      }
      turn.change(withoutIntent);
      return failure;
    }
    if (told || !isChange) continue;
    recordAction(ports, run, turn, finding);
    told = true;
  }
  turn.change(withoutIntent);
  return together(refused);
}

export const withoutIntent: RecordChange = ({ intent: _, ...record }) => record;

/** The line and the event of a change whose run died before it could tell; of one that never took effect, nothing. */
export function tellUntold({ ports, run }: RunShared, turn: Turn, seen: Seen): void {
  const { intent } = turn.record;
  if (intent === undefined || run.now <= intent.until) return;
  turn.change((record) => leaveForLater(record, seen));
  // The run died between its call and its record: what is there now is nobody else's doing.
  if (intent.bounds !== undefined) turn.change(withoutSettled);
  const bounds = boundsMade(intent, seen);
  const desired = desiredMade(intent, seen);
  const put = policiesPut(intent, seen);
  const weights = weightsMade(intent, turn.record);
  if (bounds === undefined && desired === undefined && weights === undefined && put.length === 0) return;
  recordAction(ports, run, turn, {
    decision: 'scale',
    reason: intent.reason,
    evidence: {
      ...(bounds && { newMin: bounds.min, newMax: bounds.max }),
      ...(desired !== undefined && { newDesired: desired }),
      ...(put.length > 0 && { policiesPut: put.join(',') }),
      ...(weights && { weights: sayWeights(weights) }),
      foundDone: true,
    },
  });
  if (bounds === undefined && desired === undefined && weights === undefined) return;
  ports.log.count('CapacityChanges');
  const after = { ...bounds, ...(desired === undefined ? {} : { desired }), ...(weights && { weights }) };
  announce(ports, run, turn, 'Capacity Changed', { reason: intent.reason, before: null, after });
}

type Seen = Pick<Situation, 'observed' | 'target' | 'policies'>;

/** What became of its policies shows once they are read: with the next assertion, when the endpoint is in service. */
function leaveForLater(record: FleetRecord, { observed, policies }: Seen): FleetRecord {
  const { intent } = record;
  const isUnknown = intent?.policies !== undefined && policies === undefined && observed.status !== 'InService';
  if (!isUnknown) return withoutIntent(record);
  const { bounds: _, desired: __, fromZero: ___, weights: ____, ...rest } = intent;
  return { ...record, intent: rest };
}

function boundsMade({ bounds }: Intent, { target }: Seen): Intent['bounds'] {
  return bounds !== undefined && target?.min === bounds.min && target.max === bounds.max ? bounds : undefined;
}

function desiredMade({ desired, fromZero }: Intent, { observed }: Seen): number | undefined {
  const isRaised = fromZero === true && observed.desired > 0;
  return isRaised || desired === observed.desired ? observed.desired : undefined;
}

function weightsMade({ weights }: Intent, record: FleetRecord): Intent['weights'] {
  return weights !== undefined && hasWeights(currentWeights(record), weights) ? weights : undefined;
}

function policiesPut({ policies: wanted = [] }: Intent, { policies }: Seen): readonly string[] {
  return policies === undefined ? [] : wanted.filter((name) => !policies.put.some((put) => put.name === name));
}
