import type { Evidence } from '../../domain/decision.ts';
import type { Recipe } from '../../domain/recipe.ts';
import type { FleetRecord, WakeProgress } from '../../domain/record.ts';
import { DAY, type Instant } from '../../domain/time.ts';
import { hasGivenUp, planAfterFailure, type WakeFailure, wakeFailureReason } from '../../domain/wake-ladder.ts';
import type { EndpointConfigView, EndpointView } from '../../ports/endpoints.ts';
import type { Failure } from '../../ports/outcome.ts';
import { findMissingModels, sendableTags, wakeTag } from './before-park.ts';
import type { RecordChange, Work } from './ports.ts';
import { announce, iso, recordDecision, together } from './report.ts';
import type { StepResult } from './step-result.ts';

const BREAKER_FOR = DAY;
const DAILY = DAY;

/** Phase `parked` and absent: wake when the ruling asks for it, else look daily at what the recipe depends on. */
export async function considerWake(work: Work): Promise<StepResult> {
  const { session, ruling, run } = work;
  const { record } = session;
  if (ruling.want !== 'up') {
    const checkAt = dailyCheckAt(record);
    const checked = checkAt <= run.now ? await checkDependencies(work) : undefined;
    return {
      next: Math.min(ruling.until, checked === undefined ? checkAt : run.now + DAILY),
      change: together(checked, forgetWake),
    };
  }
  if (hasGivenUp(record.wake, record.policy?.version)) {
    const evidence = { attempts: record.wake?.attempts ?? 0, lastFailure: record.wake?.lastFailure?.message ?? null };
    return {
      next: ruling.until,
      change: recordDecision(work, { decision: 'refuse', reason: 'wake-gave-up', evidence }),
    };
  }
  const nextTryAt = record.wake?.nextTryAt;
  if (nextTryAt !== undefined && nextTryAt > run.now) return { next: Math.min(nextTryAt, ruling.until) };
  return startAttempt(work);
}

export function dailyCheckAt({ checkedAt, parkedAt, phaseSince }: FleetRecord): Instant {
  return (checkedAt ?? parkedAt ?? phaseSince) + DAILY;
}

/** Nobody asks any more: the next wake starts from the preferred config. */
const forgetWake: RecordChange = (record) => {
  if (record.wake === undefined) return record;
  const { wake: _, ...rest } = record;
  return rest;
};

/** Phase `waking` and absent: how the create call of the attempt ended is unknown, or it was refused. */
export async function createAgain(work: Work): Promise<StepResult> {
  if (work.ruling.want === 'up') return startAttempt(work);
  return { change: together(forgetWake, (record) => ({ ...record, phase: 'parked', phaseSince: work.run.now })) };
}

async function readRecipe({ ports, session }: Work): Promise<Recipe | undefined> {
  const { record } = session;
  if (record.recipeVersion === undefined) return undefined;
  return ports.fleet.readRecipe(record.endpoint, record.recipeVersion);
}

/** Under the lease: the ladder of configs from where the wake stands, until one call is taken or all are refused. */
async function startAttempt(work: Work): Promise<StepResult> {
  const { session } = work;
  if (!(await session.acquire())) return {};
  const recipe = await readRecipe(work);
  if (recipe === undefined) {
    const evidence = { recipeVersion: session.record.recipeVersion ?? null };
    work.ports.log.problem('the recipe of a parked endpoint is not in the table', {
      endpoint: session.record.endpoint,
      ...evidence,
    });
    return { change: recordDecision(work, { decision: 'refuse', reason: 'recipe-unproven', evidence }) };
  }
  const configs = [recipe.preferred.configName, ...(session.record.policy?.wake.fallbackConfigs ?? [])];
  const orphan = await lookForOrphan(work, recipe.preferred.configName);
  if (orphan.failure !== undefined || orphan.config === undefined) {
    return { ...(orphan.failure && { failure: orphan.failure }), ...(orphan.change && { change: orphan.change }) };
  }
  // At most one round over the ladder a run: after it, time has to pass.
  for (let tried = 0; tried < configs.length; tried += 1) {
    const index = Math.min(session.record.wake?.configIndex ?? 0, configs.length - 1);
    const configName = configs[index] ?? recipe.preferred.configName;
    const config = index === 0 ? orphan.config : await readFallback(work, configName);
    const result = await attempt(work, recipe, configName, config, configs.length);
    if (result !== 'next') return result;
  }
  return {};
}

async function readFallback({ ports, session }: Work, name: string): Promise<EndpointConfigView | undefined> {
  const config = await ports.endpoints.describeConfig(name);
  if (config.ok && config.value !== undefined) return config.value;
  ports.log.warn('a fallback config cannot be read', {
    endpoint: session.record.endpoint,
    config: name,
    problem: config.ok ? 'it does not exist' : config.failure.message,
  });
  return undefined;
}

/** One create call. `next`: refused for want of capacity or quota, and the ladder has another config. */
async function attempt(
  work: Work,
  recipe: Recipe,
  configName: string,
  config: EndpointConfigView | undefined,
  ladder: number,
): Promise<StepResult | 'next'> {
  const { ports, session, ruling } = work;
  const abortAt = session.abortAt();
  if (abortAt === undefined) return {};
  const first = session.record.wake === undefined || session.record.wake.attempts === 0;
  const instanceType = config?.variants[0]?.instanceType;
  await session.write(noteAttempt(work, configName, instanceType));
  const { generation, wake } = session.record;
  const evidence: Evidence = {
    config: configName,
    generation,
    attempt: wake?.attempts ?? 1,
    instanceType: instanceType ?? null,
    recipeVersion: recipe.version,
  };
  const remembered = recordDecision(work, { decision: 'wake', reason: ruling.reason, evidence, acted: true });
  const tags = {
    ...Object.fromEntries(sendableTags(recipe.tags, ports.settings.tagPrefix)),
    [wakeTag(ports.settings.tagPrefix)]: String(generation),
  };
  const answer = await ports.endpoints.create(
    {
      name: recipe.endpoint,
      configName,
      tags,
      ...(recipe.deploymentConfig && { deploymentConfig: recipe.deploymentConfig }),
    },
    abortAt,
  );
  if (answer.ok) {
    ports.log.count('Wakes');
    if (first)
      announce(work, 'Wake Started', {
        reason: ruling.reason,
        ...evidence,
        ...(ruling.window && { window: iso(ruling.window) }),
      });
    return { change: remembered };
  }
  if (!answer.failure.definite) return { failure: answer.failure, keepLease: true, change: remembered };
  return refusedCreate(work, answer.failure, { remembered, ladder, instanceType, evidence });
}

/** Written before the call. An attempt whose end is unknown keeps its generation, so that we know its endpoint as ours. */
function noteAttempt(work: Work, configName: string, instanceType: string | undefined): RecordChange {
  const { run, ruling } = work;
  return ({ deleteNoted: _, orphaned: __, ...record }) => {
    const unresolved = record.wake?.createdAt !== undefined;
    const {
      nextTryAt: ___,
      countAskedAt: ____,
      gaveUp: _____,
      instanceType: ______,
      ...before
    } = record.wake ?? freshWake(work);
    return {
      ...record,
      phase: 'waking',
      phaseSince: record.phase === 'waking' ? record.phaseSince : run.now,
      generation: unresolved ? record.generation : record.generation + 1,
      wake: {
        ...before,
        attempts: before.attempts + 1,
        createdAt: run.now,
        configName,
        ...(instanceType !== undefined && { instanceType }),
      },
      ...(ruling.reason === 'lead' &&
        ruling.window !== undefined && {
          lead: {
            window: ruling.window,
            begunAt: record.lead?.window === ruling.window ? record.lead.begunAt : run.now,
          },
        }),
    };
  };
}

function freshWake({ run, ruling }: Work): WakeProgress {
  return { startedAt: run.now, reason: ruling.reason, configIndex: 0, attempts: 0, paidAttempts: 0 };
}

interface Refused {
  readonly remembered: RecordChange;
  readonly ladder: number;
  readonly instanceType: string | undefined;
  readonly evidence: Evidence;
}

async function refusedCreate(work: Work, failure: Failure, refused: Refused): Promise<StepResult | 'next'> {
  const { session, run } = work;
  const failedBefore = session.record.wake?.lastFailure?.class === failure.class;
  const change = await noteFailure(work, failure.class, failure.message, { ...refused, paid: false });
  const parked: RecordChange = (record) => ({ ...record, phase: 'parked', phaseSince: run.now });
  await session.write(together(refused.remembered, change));
  const { wake } = session.record;
  const silent = failure.class === 'transient' || failure.class === 'exists' || failure.class === 'in-progress';
  const reason = wakeFailureReason(failure.class);
  const told = recordDecision(work, { decision: 'refuse', reason, evidence: refused.evidence, failure });
  if (!silent && !failedBefore) announceFailure(work, reason, failure.message, refused.evidence);
  const another = (failure.class === 'capacity' || failure.class === 'quota') && wake?.nextTryAt === undefined;
  if (another) {
    await session.write(told);
    return 'next';
  }
  return { failure, change: together(told, parked), ...(wake?.nextTryAt !== undefined && { next: wake.nextTryAt }) };
}

async function noteFailure(
  work: Work,
  failure: WakeFailure,
  message: string,
  about: { readonly ladder: number; readonly instanceType: string | undefined; readonly paid: boolean },
): Promise<RecordChange> {
  const { ports, run } = work;
  if (failure === 'capacity' && about.instanceType !== undefined) {
    await ports.breakers.open(about.instanceType, run.now + BREAKER_FOR);
  }
  const jitter = ports.random();
  return (record) => ({
    ...record,
    wake: planAfterFailure(record.wake ?? freshWake(work), {
      at: run.now,
      failure,
      message,
      paid: about.paid,
      ladder: about.ladder,
      policyVersion: record.policy?.version ?? '',
      jitter,
    }),
  });
}

function announceFailure(work: Work, reason: string, message: string, evidence: Evidence): void {
  const { record } = work.session;
  const late = record.late === undefined ? {} : { lateSeconds: Math.round((work.run.now - record.late.window) / 1000) };
  const next = record.wake?.nextTryAt;
  announce(work, 'Wake Failed', {
    reason,
    message,
    ...evidence,
    ...late,
    nextTryAt: next === undefined ? null : iso(next),
  });
}

/** Phase `waking` and Failed with our generation: note what it was, delete it, go on with the ladder. */
export async function deleteFailed(work: Work, view: EndpointView): Promise<StepResult> {
  const { session, ports, run } = work;
  if (!(await session.acquire())) return {};
  const abortAt = session.abortAt();
  if (abortAt === undefined) return {};
  const evidence: Evidence = {
    config: view.configName,
    generation: session.record.generation,
    failureReason: view.failureReason ?? null,
  };
  // Counted once: the attempt's createdAt is gone after it.
  if (session.record.wake?.createdAt !== undefined) {
    const failure = view.failureClass ?? 'unknown';
    const ladder = 1 + (session.record.policy?.wake.fallbackConfigs.length ?? 0);
    const { instanceType } = session.record.wake;
    const noted = await noteFailure(work, failure, view.failureReason ?? '', { ladder, instanceType, paid: true });
    const reason = wakeFailureReason(failure);
    const told = recordDecision(work, { decision: 'refuse', reason, evidence });
    await session.write(together(noted, told));
    announceFailure(work, reason, view.failureReason ?? '', evidence);
  }
  await session.write((record) => ({
    ...record,
    deleteNoted: { creationTime: view.creationTime, at: run.now },
    observed: observedFailed(record, view, run.now),
  }));
  const remembered = recordDecision(work, { decision: 'wake', reason: 'endpoint-failed', evidence, acted: true });
  const answer = await ports.endpoints.delete(view.name, abortAt);
  const parked: RecordChange = (record) => ({ ...record, phase: 'parked', phaseSince: run.now });
  if (answer.ok) return { change: together(remembered, parked) };
  const { failure } = answer;
  if (!failure.definite) return { failure, keepLease: true, change: remembered };
  const unnoted: RecordChange = ({ deleteNoted: _, ...record }) => record;
  return { failure, change: together(remembered, unnoted) };
}

function observedFailed(record: FleetRecord, view: EndpointView, now: Instant): NonNullable<FleetRecord['observed']> {
  const type = record.observed?.instanceType;
  return {
    at: now,
    status: view.status,
    configName: view.configName,
    creationTime: view.creationTime,
    lastModifiedTime: view.lastModifiedTime,
    desired: 0,
    serving: 0,
    ...(type !== undefined && { instanceType: type }),
  };
}

interface Orphan {
  readonly config?: EndpointConfigView;
  readonly failure?: Failure;
  readonly change?: RecordChange;
}

/** The preferred config and its models; what is surely gone makes the parked endpoint an orphan. */
async function lookForOrphan(work: Work, configName: string): Promise<Orphan> {
  const { ports, run } = work;
  const config = await ports.endpoints.describeConfig(configName);
  if (!config.ok) return { failure: config.failure };
  const missing = await findMissingModels(ports, config.value);
  if (!missing.ok) return { failure: missing.failure };
  const what =
    config.value === undefined
      ? `endpoint config ${configName}`
      : missing.value.map((name) => `model ${name}`).join(', ');
  if (config.value !== undefined && missing.value.length === 0) return { config: config.value };
  const { orphaned } = work.session.record;
  const told = recordDecision(work, { decision: 'refuse', reason: 'orphaned', evidence: { missing: what } });
  if (orphaned === undefined) announce(work, 'Endpoint Orphaned', { reason: 'orphaned', missing: what });
  const change: RecordChange = (record) => ({ ...record, orphaned: record.orphaned ?? { since: run.now, what } });
  return { change: together(told, change) };
}

/** Daily while parked: what is gone is announced before somebody needs the endpoint. */
async function checkDependencies(work: Work): Promise<RecordChange | undefined> {
  const recipe = await readRecipe(work);
  if (recipe === undefined) return undefined;
  const orphan = await lookForOrphan(work, recipe.preferred.configName);
  if (orphan.failure !== undefined) return undefined;
  const checked: RecordChange = (record) => ({ ...record, checkedAt: work.run.now });
  const found: RecordChange = ({ orphaned: _, ...record }) => record;
  return together(orphan.change ?? found, checked);
}
