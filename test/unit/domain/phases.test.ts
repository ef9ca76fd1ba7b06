import { describe, expect, it } from 'vitest';
import {
  dependsOnOwnership,
  nextStep,
  PHASE_STEPS,
  type PhaseFacts,
  printPhaseTable,
} from '../../../shared/domain/phases.ts';
import { ENDPOINT_STATUSES, PHASES } from '../../../shared/domain/record.ts';

const nothing: PhaseFacts = { deleteNoted: false, ours: false, sameIncarnation: false, deleteOverdue: false };

describe('the phase table', () => {
  it('is total: every phase, status and combination of facts has a step', () => {
    for (const phase of PHASES)
      for (const status of ENDPOINT_STATUSES)
        for (let bits = 0; bits < 16; bits += 1) {
          const facts = {
            deleteNoted: (bits & 1) > 0,
            ours: (bits & 2) > 0,
            sameIncarnation: (bits & 4) > 0,
            deleteOverdue: (bits & 8) > 0,
          };
          expect(PHASE_STEPS, `${phase} ${status} ${bits}`).toHaveProperty(nextStep(phase, status, facts));
        }
    expect(printPhaseTable()).toHaveLength(PHASES.length * ENDPOINT_STATUSES.length);
  });

  it.each(PHASES.filter((phase) => phase !== 'parked'))(
    '%s: Deleting or Absent after a noted delete of ours is parked',
    (phase) => {
      for (const status of ['Deleting', 'Absent'] as const)
        expect(nextStep(phase, status, { ...nothing, deleteNoted: true })).toBe('becomeParked');
    },
  );

  it('up and absent without a delete of ours was deleted by its owner: archived, never recreated', () => {
    expect(nextStep('up', 'Absent', nothing)).toBe('archive');
    expect(nextStep('restoring', 'Absent', nothing)).toBe('archive');
  });

  it.each(['Failed', 'OutOfService', 'UpdateRollbackFailed'] as const)(
    'up and %s is announced, never parked',
    (status) => {
      expect(nextStep('up', status, nothing)).toBe('announceFailed');
      expect(nextStep('parking', status, nothing)).toBe('cancelPark');
    },
  );

  it('parked: what others create is waited for, then adopted', () => {
    expect(nextStep('parked', 'Creating', nothing)).toBe('wait');
    expect(nextStep('parked', 'InService', nothing)).toBe('adopt');
  });

  it('parked: the shown past of what we deleted is waited for, but not for ever', () => {
    const same = { ...nothing, sameIncarnation: true };
    expect(nextStep('parked', 'InService', same)).toBe('wait');
    expect(nextStep('parked', 'InService', { ...same, deleteOverdue: true })).toBe('refusedDelete');
    expect(nextStep('parked', 'InService', { ...nothing, deleteOverdue: true }), 'another incarnation').toBe('adopt');
  });

  it.each(['waking', 'parked'] as const)('%s and Failed is deleted only with our current generation', (phase) => {
    expect(nextStep(phase, 'Failed', { ...nothing, ours: true })).toBe('deleteFailed');
    expect(nextStep(phase, 'Failed', nothing)).toBe('adopt');
  });

  it('deletes a failed try from no other cell', () => {
    const cells = printPhaseTable().filter(({ next }) => next.includes('deleteFailed'));
    expect(cells.map(({ phase, status }) => `${phase} ${status}`)).toEqual(['parked Failed', 'waking Failed']);
  });

  it('parked and in service with our generation: a create that was given up took effect after all', () => {
    expect(nextStep('parked', 'InService', { ...nothing, ours: true })).toBe('beginRestore');
    expect(dependsOnOwnership('parked', 'InService'), 'its tags are read').toBe(true);
  });

  it('deletes a working endpoint from one cell only', () => {
    expect(printPhaseTable().filter(({ next }) => next.includes('finishPark'))).toEqual([
      { phase: 'parking', status: 'InService', next: 'finishPark' },
    ]);
    expect(nextStep('parking', 'Updating', nothing)).toBe('cancelPark');
  });
});
