import type { Evidence } from '../../domain/decision.ts';
import { movedImages } from '../../domain/images.ts';
import type { Recipe, TargetSnapshot } from '../../domain/recipe.ts';
import { type FleetRecord, RECOVERY_MARK, type WakeProgress } from '../../domain/record.ts';
import { endRehearsal, failRehearsal, proveBy } from '../../domain/rehearsal.ts';
import type { Ruling } from '../../domain/ruling.ts';
import { targetKeyOf, targetViews } from '../../domain/target-view.ts';
import { type DurationMs, HOUR, type Instant, MINUTE } from '../../domain/time.ts';
import type { EndpointView } from '../../ports/endpoints.ts';
import type { Failure } from '../../ports/outcome.ts';
import { judgeAgain, observe } from './consider-park.ts';
import { freshWake } from './failed-attempt.ts';
import { readRecipe } from './orphans.ts';
import type { RecordChange, Work } from './ports.ts';
import { announce, recordDecision, together } from './report.ts';
import { isPassing, restoreSizes } from './restore-sizes.ts';
import { type Smoked, smoke } from './smoke.ts';
import type { StepResult } from './step-result.ts';

type Outstanding = Recipe['outstanding'];

/** What still differs after this long is not on its way any more: it is announced and stays outstanding. */
const RESTORED_WITHIN = 10 * MINUTE;

/** In service with our generation, awaited or (phase `parked`) not any more: from here on it is mended, not made. */
export async function beginRestore(work: Work, view: EndpointView): Promise<StepResult> {
  const { session, run } = work;
  if (!(await session.acquire())) return {};
  const since = servingSince(session.record, view, run.now);
  await session.write(
    together(observe(view, since, run.now), (record) => ({
      ...record,
      phase: 'restoring',
      phaseSince: run.now,
      wake: record.wake ?? freshWake(work),
    })),
  );
  return restore(work, view);
}

function servingSince({ wake }: FleetRecord, view: EndpointView, now: Instant): Instant {
  return Math.min(now, Math.max(wake?.createdAt ?? 0, view.creationTime, view.lastModifiedTime));
}

/** Phase `restoring` and in service: counts, targets with their policies and alarms, read back, then `up`. */
export async function restore(work: Work, view: EndpointView): Promise<StepResult> {
  const { session, ports } = work;
  if (!(await session.acquire())) return {};
  const { record } = session;
  const recipe = await readRecipe(work);
  if (recipe === 'unreadable') {
    // It serves, and stays in this phase until somebody who can read the recipe has put the rest back.
    const evidence = { recipeVersion: record.recipeVersion ?? null };
    ports.log.problem('the recipe of a woken endpoint cannot be read by this version', {
      endpoint: record.endpoint,
      ...evidence,
    });
    return { change: recordDecision(work, { decision: 'refuse', reason: 'recipe-unproven', evidence }) };
  }
  if (recipe === undefined) return comeUp(work, view, recipe, [], { passed: true });

  const sizes = await restoreSizes(work, view, recipe);
  if (!('outstanding' in sizes)) return sizes;
  const outstanding: { item: string; why: string }[] = [...sizes.outstanding];
  for (const target of recipe.targets) {
    // What its owner deployed meanwhile may do without the variant; a fallback that has another one is not the new truth.
    if (record.wake === undefined && !hasVariant(view, target)) continue;
    const restored = await restoreTarget(work, target, view);
    if ('failure' in restored) return { failure: restored.failure };
    if ('differs' in restored) return {};
    outstanding.push(...restored.outstanding);
  }
  if (ports.lacksRights?.() === true) return {};
  const smoked = await smoke(work);
  return 'again' in smoked ? smoked.again : comeUp(work, view, recipe, outstanding, smoked);
}

type RestoredTarget =
  | { readonly outstanding: Outstanding }
  | { readonly failure: Failure }
  | { readonly differs: readonly string[] };

function hasVariant({ variants }: EndpointView, { resourceId }: TargetSnapshot): boolean {
  return variants.some(({ name }) => resourceId.endsWith(`/${name}`));
}

async function restoreTarget(work: Work, target: TargetSnapshot, view: EndpointView): Promise<RestoredTarget> {
  const { ports, session, run } = work;
  const { wake, phaseSince } = session.record;
  // Of what was away, those of the rung in force; what was not keeps its own, which scheduled-scaling alone lowers.
  const { min, max } = (wake && rulingOfTarget(work, target)?.bounds) ?? target;
  const bounds = { min, max };
  // A refused delete may have taken nothing: then nothing is asserted again.
  const before = wake === undefined ? await ports.scaling.compare(target) : undefined;
  if (before?.ok && before.value.length === 0) return { outstanding: [] };
  const restored = await ports.scaling.restore(target, bounds);
  if (!restored.ok) {
    if (isPassing(restored.failure)) return { failure: restored.failure };
    return { outstanding: [{ item: target.resourceId, why: restored.failure.message }] };
  }
  const compared = await ports.scaling.compare(target, bounds);
  if (!compared.ok) return { failure: compared.failure };
  const refused = new Set(restored.value.refused.map(({ item }) => item));
  const differs = compared.value.filter((item) => !refused.has(item));
  if (differs.length === 0) return { outstanding: restored.value.refused };
  if (run.now - Math.max(phaseSince, servingSince(session.record, view, run.now)) < RESTORED_WITHIN) return { differs };
  return {
    outstanding: [
      ...restored.value.refused,
      ...differs.map((item) => ({ item, why: 'it differs from the recipe on read-back' })),
    ],
  };
}

/** Bounds speak of the only target, or of each by name. */
function rulingOfTarget(work: Work, { resourceId }: TargetSnapshot): Ruling | undefined {
  const { record } = work.session;
  if (record.targets === undefined) return work.ruling;
  const view = targetViews(record).find((one) => targetKeyOf(one)?.resourceId === resourceId);
  return view && judgeAgain(work, {}, view);
}

/** Everything is back or definitely refused: sample, announcement, and the endpoint is the calendar's again. */
async function comeUp(
  work: Work,
  view: EndpointView,
  recipe: Recipe | undefined,
  outstanding: Outstanding,
  smoked: Exclude<Smoked, { readonly again: StepResult }>,
): Promise<StepResult> {
  const { session, ports, run } = work;
  const { record } = session;
  const since = servingSince(record, view, run.now);
  // A model that answered only after some tries was not ready when its endpoint came into service.
  const readyAt = record.wake?.smokeTries === undefined ? since : run.now;
  const ready = record.wake?.createdAt === undefined ? undefined : readyAt - record.wake.createdAt;
  const type = record.wake?.instanceType ?? record.observed?.instanceType;
  const late = record.late === undefined ? 0 : Math.max(0, run.now - record.late.since);
  const evidence = {
    config: view.configName,
    secondsToReady: ready === undefined ? null : Math.round(ready / 1000),
    lateSeconds: Math.round(late / 1000),
    outstanding: outstanding.map(({ item }) => item).join('; ') || null,
  };
  const remembered = recordDecision(work, { decision: 'keep', reason: 'restored', evidence, acted: true });
  const fault = smoked.passed ? undefined : tellSmokeFailed(work, smoked.why, evidence);
  report(work, smoked.passed, ready, late, evidence);
  const returned = tellReturn(work, view, recipe);
  const proof = smoked.passed ? prove(record.wake, view.configName, run.now) : undefined;
  const moved = recipe === undefined ? undefined : tellMovedImages(work, view, recipe);
  // In service does not say on what: a failed update and an owner's own deployment look the same.
  if (record.wake !== undefined && isOwners(record.wake, view.configName)) {
    const before = { config: record.wake.configName };
    announce(work, 'Model Changed', { reason: 'restored', before, after: { config: view.configName } });
  }
  if (outstanding.length > 0) {
    ports.log.warn('a restore left something out', { endpoint: record.endpoint, outstanding });
    announce(work, 'Decision Refused', { reason: 'call-refused', outstanding });
  }
  return {
    next: run.now,
    ...(ready !== undefined && {
      afterwards: () => learn(work, type, ready, outstanding.length === 0 && smoked.passed),
    }),
    change: together(
      remembered,
      observe(view, since, run.now),
      up(run.now, outstanding),
      ran(work, view, recipe),
      proof,
      fault,
      moved,
      returned,
    ),
  };
}

function report(
  work: Work,
  passed: boolean,
  ready: DurationMs | undefined,
  late: DurationMs,
  evidence: Readonly<Record<string, unknown>>,
): void {
  const { ports, run } = work;
  const { record } = work.session;
  if (ready !== undefined) ports.log.count('TimeToReady', ready / 1000);
  if (late > 0) ports.log.count('ReadyLateness', late / 1000);
  if (record.parkedAt !== undefined) ports.log.count('HoursAtZero', (run.now - record.parkedAt) / HOUR);
  const isReady = record.wake !== undefined && passed;
  if (isReady) announce(work, 'Endpoint Ready', { reason: record.wake.reason, ...evidence });
}

/** In service, and its model does not answer as the policy says: told, and no proof that it comes back. */
function tellSmokeFailed(work: Work, why: string, evidence: Evidence): RecordChange {
  const { now } = work.run;
  const told = recordDecision(work, { decision: 'refuse', reason: 'smoke-failed', evidence: { why } });
  announce(work, 'Wake Failed', { reason: 'smoke-failed', message: why, ...evidence, nextTryAt: null });
  return together(told, (record) => ({ ...failRehearsal(record, now, why), smokeFailed: { at: now, why } }));
}

/**
 * After a refused delete it is the incarnation that was there before: what it runs on was known. Another config than our
 * call named is its owner's, deployed while it started.
 */
function ran(work: Work, { creationTime, configName }: EndpointView, recipe: Recipe | undefined): RecordChange {
  const { wake } = work.session.record;
  if (wake === undefined) return (record) => record;
  if (isOwners(wake, configName)) return ({ running: _, ...record }) => record;
  const isFallback = recipe !== undefined && recipe.preferred.configName !== configName;
  const preferredType = isFallback ? preferredTypeOf(recipe) : undefined;
  const running = { creationTime, configName, ...(preferredType !== undefined && { preferredType }) };
  return (record) => ({ ...record, running });
}

/** What our own call started serves: it comes back. */
function prove(wake: WakeProgress | undefined, configName: string, now: Instant): RecordChange {
  if (wake?.made === undefined || isOwners(wake, configName)) return endRehearsal;
  const { made } = wake;
  return (record) => proveBy(record, made, now);
}

function isOwners({ configName }: WakeProgress, actual: string): boolean {
  return configName !== undefined && configName !== actual;
}

/** In CreateEndpointConfig's shape; instance pools begin with their first type. */
function preferredTypeOf({ preferred }: Recipe): string | undefined {
  const variants = preferred.config['ProductionVariants'] as
    | readonly {
        readonly InstanceType?: string;
        readonly InstancePools?: readonly { readonly InstanceType?: string }[];
      }[]
    | undefined;
  const [variant] = variants ?? [];
  return variant?.InstanceType ?? variant?.InstancePools?.[0]?.InstanceType;
}

/** A wake that worked is a sample and closes the breaker of its type. A count that never came is no sample. */
async function learn(
  { ports, session }: Work,
  type: string | undefined,
  ready: DurationMs,
  complete: boolean,
): Promise<void> {
  if (complete)
    await ports.fleet.addSample([session.record.endpoint, ...(type === undefined ? [] : [type])], 'wakes', ready);
  if (type !== undefined) await ports.breakers.close(type);
}

/** It was taken away for its own config, and came up on a fallback all the same. */
function tellReturn(work: Work, view: EndpointView, recipe: Recipe | undefined): RecordChange | undefined {
  const { returning, wake } = work.session.record;
  const preferred = recipe?.preferred.configName;
  if (returning === undefined || wake === undefined || preferred === undefined) return undefined;
  if (view.configName === preferred) return undefined;
  const evidence = { preferred, config: view.configName, lastFailure: wake.lastFailure?.message ?? null };
  return recordDecision(work, { decision: 'refuse', reason: 'return-failed', evidence });
}

/** Another image under the same name is told in any case; unless the policy allows it, the next park is refused. */
function tellMovedImages(work: Work, view: EndpointView, recipe: Recipe): RecordChange | undefined {
  const after = view.imageDigests ?? {};
  const images = movedImages(recipe.imageDigests, after);
  if (images.length === 0) return undefined;
  const { policy, wake } = work.session.record;
  const allowed = policy?.zero?.allowImageChange === true;
  const only = (digests: Readonly<Record<string, string>>) =>
    Object.fromEntries(images.map((image) => [image, digests[image]]));
  const change = { before: only(recipe.imageDigests), after: only(after) };
  announce(work, 'Model Changed', { reason: 'image-moved', allowed, ...change });
  const { made } = wake ?? {};
  if (allowed || made === undefined) return undefined;
  const imageMoved = { at: work.run.now, made, images: images.join(', ').slice(0, 200) };
  return (record) => ({ ...record, imageMoved });
}

function up(now: Instant, outstanding: Outstanding): RecordChange {
  // `asserted` goes too: what stood on the endpoint that is gone proves nothing about this one.
  return ({
    wake: _,
    parkedAt: __,
    late: ___,
    asserted: ____,
    deleteNoted: _____,
    outstanding: ______,
    checkedAt: _______,
    smokeFailed: ________,
    returning: _________,
    giveBack,
    ...record
  }) => ({
    ...record,
    ...(giveBack && !giveBack.by.startsWith(RECOVERY_MARK) && { giveBack }),
    phase: 'up',
    phaseSince: now,
    ...(outstanding.length > 0 && { outstanding }),
    nextAt: { scaling: now, windows: now },
  });
}
