import { endRehearsal } from '../../domain/rehearsal.ts';
import { isProtected } from '../../domain/tags.ts';
import { MINUTE } from '../../domain/time.ts';
import type { EndpointView } from '../../ports/endpoints.ts';
import { observe } from './consider-park.ts';
import type { RecordChange, Work } from './ports.ts';
import { announce, recordDecision, together } from './report.ts';
import type { StepResult } from './step-result.ts';

const FAILED_AGAIN = 15 * MINUTE;

/** Somebody recreated what we hold parked: with the tag it is an endpoint like any other, without it none of ours. */
export async function adopt(work: Work, view: EndpointView): Promise<StepResult> {
  const { ports, run } = work;
  const tags = await ports.endpoints.tags(view.arn);
  if (!tags.ok) return { failure: tags.failure };
  const policyName = tags.value[`${ports.settings.tagPrefix}:policy`];
  if (policyName === undefined) return letGo(work, 'adopted-foreign');
  const evidence = { config: view.configName, status: view.status };
  const remembered = recordDecision(work, { decision: 'keep', reason: 'adopted', evidence });
  announce(work, 'Endpoint Enrolled', { reason: 'adopted', ...evidence });
  const adopted: RecordChange = ({
    wake: _,
    parkedAt: __,
    deleteNoted: ___,
    late: ____,
    asserted: _____,
    returning: ______,
    ...record
  }) => ({
    ...record,
    phase: 'up',
    phaseSince: run.now,
    policyName,
    protected: isProtected(tags.value, ports.settings.tagPrefix),
    generation: record.generation + 1,
    nextAt: { scaling: run.now, windows: run.now },
  });
  // Normal again after its minimum time up, counted from when we saw it.
  return { next: run.now, change: together(remembered, observe(view, run.now, run.now), adopted, endRehearsal) };
}

/** The record goes to the archive; recipes stay as history, and nothing is ever re-tagged. */
export async function letGo(work: Work, reason: 'adopted-foreign' | 'deleted-by-owner'): Promise<StepResult> {
  const { ports, run, session } = work;
  recordDecision(work, { decision: 'keep', reason, evidence: { phase: session.record.phase } });
  const outcome = await ports.fleet.archive(session.record, run.now);
  if (outcome === 'conflict') return {};
  announce(work, 'Endpoint Let Go', { reason });
  return { archived: true };
}

const MEND: Partial<Readonly<Record<EndpointView['status'], string>>> = {
  Failed: 'AWS takes nothing but its deletion: delete it and create it again',
  UpdateRollbackFailed:
    'it serves on a mix of two endpoint configs: deploy one that works (aws sagemaker update-endpoint --retain-all-variant-properties)',
};

/**
 * Up and failed: a human's to mend; it is never parked, since it might not come back. In phase `restoring` its scaling
 * stays off until then: a scalable target would stand in the way of the update that mends it.
 */
export function announceFailed(work: Work, view: EndpointView): StepResult {
  const { status, failureReason = null } = view;
  const mend = MEND[status] ?? null;
  const isRestoring = work.session.record.phase === 'restoring';
  const advice = isRestoring && mend !== null ? `${mend}; its scaling is put back once it is in service` : mend;
  const evidence = { status, failureReason, advice };
  const remembered = recordDecision(work, { decision: 'refuse', reason: 'endpoint-failed', evidence });
  return { next: work.run.now + FAILED_AGAIN, change: remembered };
}
