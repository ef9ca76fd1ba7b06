import { ENDPOINT_STATUSES, type EndpointStatus, PHASES, type Phase } from './record.ts';

/** The one next step for an endpoint, from what its record says and what it is. */
export const PHASE_STEPS = {
  decide: 'as the ruling says; a park may begin',
  wait: 'look again: something is in progress',
  announceFailed: 'announce, never park',
  archive: 'deleted by its owner: archive the record, never recreate',
  becomeParked: 'our delete took effect: parked',
  finishPark: 'judge every condition again, write the recipe, delete',
  cancelPark: 'nothing was changed: up again, with a refusal',
  considerWake: 'as the ruling says; a wake may begin',
  adopt: 'somebody recreated it: adopt it, or let it go without the tag',
  create: 'send the create call of the attempt under way (again)',
  beginRestore: 'in service again: note the lead sample, restore',
  deleteFailed: 'our failed try: delete it, next config of the ladder',
  restore: 'put back what is missing, read back, then up',
  refusedDelete: 'our delete did not take: read back, mend, then up',
} as const;
export type PhaseStep = keyof typeof PHASE_STEPS;

/** What a cell may depend on beside phase and status. */
export interface PhaseFacts {
  /** A DeleteEndpoint of ours for this incarnation was sent and never definitely refused. */
  readonly deleteNoted: boolean;
  /** The incarnation bears our current generation; only asked for while parked or waking. */
  readonly ours: boolean;
  /** It is still the incarnation that we deleted (SageMaker shows its past for a moment). */
  readonly sameIncarnation: boolean;
  /** That delete was so long ago that it cannot have taken effect. */
  readonly deleteOverdue: boolean;
}

type Condition = 'deleteNoted' | 'ours' | 'deleteOverdue' | 'sameIncarnation' | 'otherwise';
type Cell = readonly (readonly [Condition, PhaseStep])[];

const always = (step: PhaseStep): Cell => [['otherwise', step]];
const notedElse = (step: PhaseStep): Cell => [
  ['deleteNoted', 'becomeParked'],
  ['otherwise', step],
];
const oursElse = (step: PhaseStep, otherwise: PhaseStep): Cell => [
  ['ours', step],
  ['otherwise', otherwise],
];
const IN_PROGRESS = {
  Creating: always('wait'),
  Updating: always('wait'),
  SystemUpdating: always('wait'),
  RollingBack: always('wait'),
};
const CANCELLED = {
  Creating: always('cancelPark'),
  Updating: always('cancelPark'),
  SystemUpdating: always('cancelPark'),
  RollingBack: always('cancelPark'),
  Failed: always('cancelPark'),
  OutOfService: always('cancelPark'),
  UpdateRollbackFailed: always('cancelPark'),
};
const FAILED = {
  Failed: always('announceFailed'),
  OutOfService: always('announceFailed'),
  UpdateRollbackFailed: always('announceFailed'),
};
/** `ours`: a create call whose end was unknown and whose reason then vanished took effect after all. */
const reappeared = (ours: PhaseStep): Cell => [
  ['deleteOverdue', 'refusedDelete'],
  ['sameIncarnation', 'wait'],
  ['ours', ours],
  ['otherwise', 'adopt'],
];

/** The total table: every phase with every status, and in a cell the first condition that holds. */
export const PHASE_TABLE: Readonly<Record<Phase, Readonly<Record<EndpointStatus, Cell>>>> = {
  up: {
    ...IN_PROGRESS,
    ...FAILED,
    InService: always('decide'),
    Deleting: notedElse('wait'),
    Absent: notedElse('archive'),
  },
  parking: {
    ...CANCELLED,
    InService: always('finishPark'),
    Deleting: notedElse('cancelPark'),
    Absent: notedElse('archive'),
  },
  parked: {
    ...IN_PROGRESS,
    InService: reappeared('beginRestore'),
    Failed: reappeared('deleteFailed'),
    OutOfService: reappeared('adopt'),
    UpdateRollbackFailed: reappeared('adopt'),
    Deleting: always('wait'),
    Absent: always('considerWake'),
  },
  waking: {
    ...IN_PROGRESS,
    InService: oursElse('beginRestore', 'adopt'),
    Failed: oursElse('deleteFailed', 'adopt'),
    OutOfService: oursElse('announceFailed', 'adopt'),
    UpdateRollbackFailed: oursElse('announceFailed', 'adopt'),
    Deleting: notedElse('wait'),
    Absent: notedElse('create'),
  },
  restoring: {
    ...IN_PROGRESS,
    ...FAILED,
    InService: always('restore'),
    Deleting: notedElse('wait'),
    Absent: notedElse('archive'),
  },
};

export function nextStep(phase: Phase, status: EndpointStatus, facts: PhaseFacts): PhaseStep {
  for (const [condition, step] of PHASE_TABLE[phase][status]) {
    if (holds(condition, facts)) return step;
  }
  throw new Error(`phase table: no step for ${phase} and ${status}`);
}

function holds(condition: Condition, facts: PhaseFacts): boolean {
  switch (condition) {
    case 'deleteNoted':
      return facts.deleteNoted;
    case 'ours':
      return facts.ours;
    case 'sameIncarnation':
      return facts.sameIncarnation;
    case 'deleteOverdue':
      return facts.sameIncarnation && facts.deleteOverdue;
    case 'otherwise':
      return true;
    default:
      return condition satisfies never;
  }
}

/** Whether a cell needs to know if the incarnation is ours: that costs a call. */
export function dependsOnOwnership(phase: Phase, status: EndpointStatus): boolean {
  return PHASE_TABLE[phase][status].some(([condition]) => condition === 'ours');
}

/** The table as the docs print it: one row per phase and status, in order. */
export function printPhaseTable(): readonly {
  readonly phase: Phase;
  readonly status: EndpointStatus;
  readonly next: string;
}[] {
  return PHASES.flatMap((phase) =>
    ENDPOINT_STATUSES.map((status) => ({
      phase,
      status,
      next: PHASE_TABLE[phase][status]
        .map(([condition, step]) => (condition === 'otherwise' ? step : `${condition}: ${step}`))
        .join('; '),
    })),
  );
}
