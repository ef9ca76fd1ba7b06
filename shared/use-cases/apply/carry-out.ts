import type { DocumentStore } from '../../ports/document-store.ts';
import type { Failure, Outcome } from '../../ports/outcome.ts';
import { type ApplyChange, parameterOf } from './plan-apply.ts';

/** Why a change was not made, or made although somebody else wrote at the same moment. */
export type Obstruction =
  | { readonly kind: 'call'; readonly failure: Failure }
  /** Somebody wrote, created or deleted it since the plan was made. */
  | { readonly kind: 'changed-meanwhile'; readonly what: string };

export interface ApplyReport {
  readonly done: readonly ApplyChange[];
  /** The change that ended the run; absent: everything was done. */
  readonly failed?: { readonly change: ApplyChange; readonly why: Obstruction };
  /** Not begun, because the one before them failed. */
  readonly notTried: readonly ApplyChange[];
  /** Written, with something that its author should look at. */
  readonly warnings: readonly { readonly change: ApplyChange; readonly what: string }[];
}

type Step = { readonly why?: Obstruction; readonly warning?: string };

/**
 * One after the other, in the plan's order, and no further than the first that fails: what comes later may rest on it.
 * Repeating makes only what is left.
 */
export async function carryOut(
  store: DocumentStore,
  changes: readonly ApplyChange[],
  owner: string,
  progress: (change: ApplyChange) => void = () => undefined,
): Promise<ApplyReport> {
  const done: ApplyChange[] = [];
  const warnings: { change: ApplyChange; what: string }[] = [];
  for (const [index, change] of changes.entries()) {
    progress(change);
    const { why, warning } = await make(store, change, owner);
    if (why !== undefined) return { done, failed: { change, why }, notTried: changes.slice(index + 1), warnings };
    done.push(change);
    if (warning !== undefined) warnings.push({ change, what: warning });
  }
  return { done, notTried: [], warnings };
}

function make(store: DocumentStore, change: ApplyChange, owner: string): Promise<Step> {
  switch (change.action) {
    case 'create':
      return create(store, change, owner);
    case 'change':
      return overwrite(store, change, owner);
    case 'delete':
      return remove(store, change);
    default:
      return change satisfies never;
  }
}

async function create(
  store: DocumentStore,
  { write }: Extract<ApplyChange, { action: 'create' }>,
  owner: string,
): Promise<Step> {
  const answer = await store.create(write, owner);
  if (answer.ok) return {};
  if (answer.failure.class === 'exists') return changedMeanwhile('somebody created it since the plan was made');
  return refused(answer);
}

async function overwrite(
  store: DocumentStore,
  { write, before, adopts }: Extract<ApplyChange, { action: 'change' }>,
  owner: string,
): Promise<Step> {
  const same = await isAsPlanned(store, before);
  if (same !== undefined) return same;
  if (adopts) {
    // The tag first: dying in between leaves a document that the next run may change, not a changed one that it may not.
    const adopted = await store.adopt(write.parameter, owner);
    if (!adopted.ok) return refused(adopted);
  }
  const written = await store.overwrite(write);
  if (!written.ok) return refused(written);
  if (written.value === before.version + 1) return {};
  // The moment between look and write cannot be closed; the version says whether anybody used it.
  return {
    warning: `somebody wrote version ${written.value - 1} at the same moment, and this is version ${written.value}: compare the two`,
  };
}

async function remove(store: DocumentStore, { before }: Extract<ApplyChange, { action: 'delete' }>): Promise<Step> {
  const same = await isAsPlanned(store, before);
  if (same !== undefined) return same;
  const answer = await store.remove(parameterOf({ action: 'delete', before }));
  return answer.ok ? {} : refused(answer);
}

async function isAsPlanned(
  store: DocumentStore,
  before: { readonly parameter: string; readonly version: number },
): Promise<Step | undefined> {
  const now = await store.read(before.parameter);
  if (!now.ok) return refused(now);
  if (now.value === undefined) return changedMeanwhile('somebody deleted it since the plan was made');
  if (now.value.version === before.version) return undefined;
  return changedMeanwhile(
    `somebody wrote version ${now.value.version} since the plan was made, which saw version ${before.version}`,
  );
}

function changedMeanwhile(what: string): Step {
  return { why: { kind: 'changed-meanwhile', what } };
}

function refused(answer: Extract<Outcome<unknown>, { ok: false }>): Step {
  return { why: { kind: 'call', failure: answer.failure } };
}
