import type { Evidence } from '../../domain/decision.ts';
import type { Recipe } from '../../domain/recipe.ts';
import type { FleetRecord, WakeProgress } from '../../domain/record.ts';
import { DAY, type Instant, iso, MINUTE } from '../../domain/time.ts';
import {
  aimAt,
  fingerprintOf,
  hasGivenUp,
  restWake,
  shortTypes,
  skipConfig,
  subjectOf,
} from '../../domain/wake-ladder.ts';
import type { CreateEndpointRequest, EndpointConfigView } from '../../ports/endpoints.ts';
import { type ModelsFound, readModels, sendableTags, wakeTag } from './before-park.ts';
import { BREAKER_FOR, freshWake, refusedCreate } from './failed-attempt.ts';
import { checkDependencies, lookForOrphan, readRecipe } from './orphans.ts';
import type { RecordChange, Work } from './ports.ts';
import { announce, recordDecision, together } from './report.ts';
import { sameValue } from './snapshot.ts';
import type { StepResult } from './step-result.ts';

/** A config or a model that is gone seldom comes back by itself. */
const ORPHANED_AGAIN = 15 * MINUTE;
/** How often config and models are looked at after a wake gave up: one made anew lifts it. */
const GIVEN_UP_LOOK = 15 * MINUTE;

/** Phase `parked` and absent: wake when the ruling asks for it, else look daily at what the recipe depends on. */
export async function considerWake(work: Work): Promise<StepResult> {
  const { session, ruling, run } = work;
  const { record } = session;
  if (ruling.want !== 'up') {
    const checkAt = dailyCheckAt(record);
    if (checkAt > run.now) return { next: Math.min(ruling.until, checkAt), change: forgetWake };
    const told = recordDecision(work, { decision: 'keep', reason: ruling.reason, evidence: { parked: true } });
    const checked = await checkDependencies(work);
    const next = checked === undefined ? run.now : run.now + DAY;
    return { next: Math.min(ruling.until, next), change: together(told, checked, forgetWake) };
  }
  if (hasGivenUp(record.wake, record.policy?.version)) {
    const lookAt = (record.wake?.lookedAt ?? record.wake?.gaveUp?.at ?? 0) + GIVEN_UP_LOOK;
    return lookAt > run.now ? stillGivenUp(work, lookAt) : startAttempt(work);
  }
  const nextTryAt = record.wake?.nextTryAt;
  if (nextTryAt !== undefined && nextTryAt > run.now) return { next: Math.min(nextTryAt, ruling.until) };
  return startAttempt(work);
}

/** Three paid attempts failed alike, and nothing that they started is another one since. */
function stillGivenUp(work: Work, lookAt: Instant): StepResult {
  const { wake } = work.session.record;
  const evidence = { paidAttempts: wake?.paidAttempts ?? 0, lastFailure: wake?.lastFailure?.message ?? null };
  const told = recordDecision(work, { decision: 'refuse', reason: 'wake-gave-up', evidence });
  return { next: Math.min(work.ruling.until, lookAt), change: told };
}

export function dailyCheckAt({ checkedAt, parkedAt, phaseSince }: FleetRecord): Instant {
  return (checkedAt ?? parkedAt ?? phaseSince) + DAY;
}

/** Nobody asks any more: the next wake starts from the preferred config. */
export const forgetWake: RecordChange = (record) => {
  if (record.wake === undefined) return record;
  const { wake, ...rest } = record;
  const kept = restWake(wake);
  if (kept === undefined) return rest;
  return sameValue(kept, wake) ? record : { ...rest, wake: kept };
};

/** A reader may not see yet what AWS took just now; what is still absent after this was deleted. */
const NOT_SEEN_YET = 3 * MINUTE;

/** Phase `waking` and absent: how the create call of the attempt ended is unknown, or it was never sent. */
export async function createAgain(work: Work): Promise<StepResult> {
  const takenAt = work.session.record.wake?.takenAt;
  if (takenAt !== undefined && work.run.now - takenAt < NOT_SEEN_YET) return {};
  if (work.ruling.want === 'up') return startAttempt(work);
  return { change: together(forgetWake, (record) => ({ ...record, phase: 'parked', phaseSince: work.run.now })) };
}

/** Under the lease: the ladder of configs from where the wake stands, until one call is taken or all are refused. */
async function startAttempt(work: Work): Promise<StepResult> {
  const { session, ports } = work;
  if (!(await session.acquire())) return {};
  const recipe = await readRecipe(work);
  if (recipe === undefined || recipe === 'unreadable') {
    const { endpoint, recipeVersion } = session.record;
    const evidence = { recipeVersion: recipeVersion ?? null };
    const problem = recipe === undefined ? 'is not in the table' : 'cannot be read by this version';
    ports.log.problem(`the recipe of a parked endpoint ${problem}`, { endpoint, ...evidence });
    return { change: recordDecision(work, { decision: 'refuse', reason: 'recipe-unproven', evidence }) };
  }
  const preferred = await lookForOrphan(work, recipe.preferred.configName);
  const { config, failure, change, models = [] } = preferred;
  if (config === undefined && failure !== undefined) return { failure, ...(change && { change }) };
  if (config === undefined) return { next: work.run.now + ORPHANED_AGAIN, ...(change && { change }) };

  const ladder = await readLadder(work, config, models);
  const aimed = await aim(work, ladder);
  if (aimed.gaveUp !== undefined) {
    const looked: RecordChange = (record) => ({ ...record, wake: { ...aimed, lookedAt: work.run.now } });
    const { change: told, ...rest } = stillGivenUp(work, work.run.now + GIVEN_UP_LOOK);
    return { ...rest, change: together(looked, told) };
  }
  if (!sameValue(aimed, session.record.wake)) await session.write((record) => ({ ...record, wake: aimed }));
  // At most one round over the ladder a run: after it, time has to pass.
  for (let tried = 0; tried < ladder.rungs.length; tried += 1) {
    const index = Math.min(session.record.wake?.configIndex ?? 0, ladder.rungs.length - 1);
    const { name, config: candidate, made } = ladder.rungs[index] ?? { name: config.name, config, made: undefined };
    const instanceType = candidate?.variants[0]?.instanceType;
    if (hasJustFailed(work, candidate) || isBroken(work, name)) {
      const change = skipped(work, ladder.rungs.length);
      if (index + 1 === ladder.rungs.length) return { change };
      await session.write(change);
      continue;
    }
    const result = await attempt(work, recipe, { configName: name, instanceType, made, ladder: ladder.rungs.length });
    if (result !== 'next') return result;
  }
  return {};
}

interface Rung {
  readonly name: string;
  readonly config: EndpointConfigView | undefined;
  /** Config and models as they were made; undefined: not readable just now. */
  readonly made: string | undefined;
}

interface Ladder {
  /** The preferred config, then the fallbacks; without a config: it cannot be read, and AWS says what is wrong with it. */
  readonly rungs: readonly Rung[];
  /** What an attempt starts; undefined: some of it could not be read just now. */
  readonly subject: string | undefined;
}

async function readLadder(work: Work, preferred: EndpointConfigView, models: ModelsFound['made']): Promise<Ladder> {
  const names = work.session.record.policy?.wake.fallbackConfigs ?? [];
  const fallbacks = await Promise.all(names.map((name) => readFallback(work, name)));
  const version = work.session.record.policy?.version;
  const rungs = [{ name: preferred.name, config: preferred, made: fingerprintOf(preferred, models) }, ...fallbacks];
  const made = rungs.flatMap((rung) => rung.made ?? []);
  return { rungs, subject: made.length === rungs.length ? subjectOf(version, made) : undefined };
}

/** Where the wake stands, for what it would start now; a first attempt walks around what others just found short. */
async function aim(work: Work, { rungs, subject }: Ladder): Promise<WakeProgress> {
  const { session, shared, run } = work;
  const progress = session.record.wake ?? freshWake(work);
  const aimed = subject === undefined ? progress : aimAt(progress, subject);
  if (aimed.attempts > 0 || aimed.gaveUp !== undefined || rungs.length === 1) return aimed;
  const shortSince = new Map([...(await shared.breakers())].map(([type, until]) => [type, until - BREAKER_FOR]));
  const types = rungs.map(({ config }) => ({
    instanceType: config?.variants[0]?.instanceType,
    pooled: config?.variants[0]?.pools !== undefined,
  }));
  const short = shortTypes(types, shortSince, run.now);
  return short.length === 0 ? aimed : { ...aimed, failedTypes: short };
}

/** No second half an hour for a type that has none; pools have types of their own to walk. */
function hasJustFailed({ session }: Work, candidate: EndpointConfigView | undefined): boolean {
  const failed = session.record.wake?.failedTypes ?? [];
  const [variant] = candidate?.variants ?? [];
  return variant?.instanceType !== undefined && variant.pools === undefined && failed.includes(variant.instanceType);
}

/** The owner's own config is never among them. */
function isBroken({ session }: Work, configName: string): boolean {
  return session.record.wake?.brokenConfigs?.includes(configName) ?? false;
}

function skipped(work: Work, ladder: number): RecordChange {
  const jitter = work.ports.random();
  return (record) => {
    const wake = skipConfig(record.wake ?? freshWake(work), { at: work.run.now, ladder, jitter });
    const over = wake.nextTryAt !== undefined;
    return { ...record, wake, ...(over && { phase: 'parked' as const, phaseSince: work.run.now }) };
  };
}

/** A fallback that cannot be read is tried all the same: AWS says what is wrong with it. */
async function readFallback({ ports, session }: Work, name: string): Promise<Rung> {
  const config = await ports.endpoints.describeConfig(name);
  if (config.ok && config.value !== undefined) {
    const { made, missing, unanswered } = await readModels(ports, config.value);
    const gone = missing.map((model) => ({ name: model, createdAt: 0 }));
    const known = unanswered.length > 0 ? undefined : fingerprintOf(config.value, [...made, ...gone]);
    return { name, config: config.value, made: known };
  }
  ports.log.warn('a fallback config cannot be read', {
    endpoint: session.record.endpoint,
    config: name,
    problem: config.ok ? 'it does not exist' : config.failure.message,
  });
  return { name, config: undefined, made: config.ok ? fingerprintOf({ name, createdAt: 0 }, []) : undefined };
}

interface Candidate {
  readonly configName: string;
  readonly instanceType: string | undefined;
  readonly made: string | undefined;
  readonly ladder: number;
}

/** One create call. `next`: refused for want of capacity or quota, and the ladder has another config. */
async function attempt(work: Work, recipe: Recipe, candidate: Candidate): Promise<StepResult | 'next'> {
  const { ports, session, ruling } = work;
  const { configName, instanceType, ladder } = candidate;
  const abortAt = session.abortAt();
  if (abortAt === undefined) return {};
  const isFirst = (session.record.wake?.attempts ?? 0) === 0;
  await session.write(noteAttempt(work, candidate));
  const answer = await ports.endpoints.create(requestOf(work, recipe, configName), abortAt);
  const evidence = evidenceOf(session.record);
  if (answer.ok) {
    ports.log.count('Wakes');
    const window = ruling.window === undefined ? null : iso(ruling.window);
    if (isFirst) announce(work, 'Wake Started', { reason: ruling.reason, ...evidence, window });
    const told = recordDecision(work, { decision: 'wake', reason: ruling.reason, evidence, acted: true });
    const taken: RecordChange = (record) =>
      record.wake === undefined ? record : { ...record, wake: { ...record.wake, takenAt: work.run.now } };
    return { change: together(told, taken) };
  }
  const { failure } = answer;
  if (failure.definite) return refusedCreate(work, failure, { ladder, instanceType, evidence });
  // It may still happen: the lease stays until nobody can be acting any more.
  const told = recordDecision(work, { decision: 'wake', reason: ruling.reason, evidence, acted: true, failure });
  return { failure, keepLease: true, change: told };
}

function evidenceOf({ generation, wake, recipeVersion }: FleetRecord): Evidence {
  return {
    config: wake?.configName ?? null,
    generation,
    attempt: wake?.attempts ?? 1,
    instanceType: wake?.instanceType ?? null,
    recipeVersion: recipeVersion ?? null,
  };
}

/** Phase `waking` and in progress. The line of a creation by a run that died after its call is written now. */
export function awaitService(work: Work): StepResult {
  const { wake, lastDecision } = work.session.record;
  if (wake?.createdAt === undefined) return {};
  if (lastDecision?.decision === 'wake' && lastDecision.at >= wake.createdAt) return {};
  const evidence = evidenceOf(work.session.record);
  return { change: recordDecision(work, { decision: 'wake', reason: work.ruling.reason, evidence, acted: true }) };
}

function requestOf({ ports, session }: Work, recipe: Recipe, configName: string): CreateEndpointRequest {
  const { tagPrefix } = ports.settings;
  return {
    name: recipe.endpoint,
    configName,
    tags: {
      ...Object.fromEntries(sendableTags(recipe.tags, tagPrefix)),
      [wakeTag(tagPrefix)]: String(session.record.generation),
    },
    ...(recipe.deploymentConfig && { deploymentConfig: recipe.deploymentConfig }),
  };
}

/** Written before the call. An attempt whose end is unknown keeps its generation, so that we know its endpoint as ours. */
function noteAttempt(work: Work, { configName, instanceType, made }: Candidate): RecordChange {
  const { run, ruling } = work;
  return ({ deleteNoted: _, orphaned: __, ...record }) => {
    const {
      nextTryAt: ___,
      countAskedAt: ____,
      weightAskedAt: _____,
      shadowsAsked: __________,
      instanceType: ______,
      made: _______,
      takenAt: ________,
      ...before
    } = record.wake ?? freshWake(work);
    const isFirst = before.attempts === 0;
    return {
      ...record,
      phase: 'waking',
      phaseSince: record.phase === 'waking' ? record.phaseSince : run.now,
      generation: before.createdAt === undefined ? record.generation + 1 : record.generation,
      wake: {
        ...before,
        ...(isFirst && { startedAt: run.now, reason: ruling.reason }),
        attempts: before.attempts + 1,
        createdAt: run.now,
        configName,
        ...(instanceType !== undefined && { instanceType }),
        ...(made !== undefined && { made }),
      },
      ...(ruling.reason === 'lead' &&
        ruling.window !== undefined && { lead: leadBegun(record, ruling.window, run.now) }),
    };
  };
}

/** A lead that has begun stays begun, from when it did. */
function leadBegun({ lead }: FleetRecord, window: Instant, now: Instant): NonNullable<FleetRecord['lead']> {
  return lead?.window === window ? lead : { window, begunAt: now };
}
