import type { FleetRecord } from '../../domain/record.ts';
import { targetViews } from '../../domain/target-view.ts';
import { type DurationMs, type Instant, MINUTE, SECOND } from '../../domain/time.ts';
import type { Failure, Outcome } from '../../ports/outcome.ts';
import { createSession, LostRaceError, type Session } from '../idle-windows/session.ts';
import { readTargets, sameValue, takeRecipe } from '../idle-windows/snapshot.ts';
import { plannedRunning, type Running, readRunning, type UpdatePlan } from './plan-update.ts';
import type { UpdatePorts } from './ports.ts';
import { newRun } from './run.ts';

export interface BeginOptions {
  /** Whether the person wants to stop: asked before every step that changes something. */
  readonly stops: () => boolean;
  /** A run of the scaler is at it: what is waited for. */
  readonly onWait: (what: string) => void;
}

export type Begun =
  /** AWS takes it. `unknown`: its answer was lost, so it may. */
  | { readonly kind: 'begun'; readonly answer: 'taken' | 'unknown' }
  /** Nothing was changed. */
  | { readonly kind: 'untouched'; readonly why: string; readonly failure?: Failure }
  /** Its scaling may be off: idle-windows puts it back as it was. */
  | { readonly kind: 'touched'; readonly why: string; readonly failure?: Failure };

/** How long a run that is about to change the endpoint is waited for, and another command's lease. */
const WAIT_AT_MOST: DurationMs = 3 * MINUTE;
const WAIT: DurationMs = 2 * SECOND;
/** Clocks differ: a run is over so long after its time. */
const OVER_AFTER: DurationMs = 10 * SECOND;

/**
 * Takes the endpoint out of everybody's hands, its scaling off where AWS asks for that, and sends the update. The phase
 * `restoring`, with the recipe of just what is there, is written before anything is changed: whoever dies after that
 * leaves an endpoint whose scaling idle-windows puts back once it is in service, on whichever config that is.
 */
export async function beginUpdate(ports: UpdatePorts, plan: UpdatePlan, options: BeginOptions): Promise<Begun> {
  const until = ports.clock.now() + WAIT_AT_MOST;
  for (;;) {
    const step = await tryOnce(ports, plan, options);
    if (!('waits' in step)) return step;
    if (options.stops()) return { kind: 'untouched', why: STOPPED };
    if (ports.clock.now() >= until) return { kind: 'untouched', why: `${step.waits}: try again` };
    options.onWait(step.waits);
    await ports.sleep(WAIT);
  }
}

const STOPPED = 'interrupted';

async function tryOnce(
  ports: UpdatePorts,
  plan: UpdatePlan,
  options: BeginOptions,
): Promise<Begun | { readonly waits: string }> {
  const { run, lease } = newRun(ports);
  const record = await ports.fleet.get(plan.record.endpoint);
  if (record?.phase !== 'up') return untouched('it is not up any more: try again');
  if (isBeingChanged(record, run.now)) return { waits: 'a run of the scaler is changing it' };
  const session = createSession(record, { fleet: ports.fleet, clock: ports.clock, run, lease });
  try {
    if (!(await session.acquire())) return { waits: 'a run of the scaler has it' };
    const secured = await secure(ports, plan, session, run.now);
    if ('kind' in secured || 'waits' in secured) return secured;
    return await deploy(ports, plan, session, { ...secured, stops: options.stops });
  } catch (error) {
    // Only where somebody took it although the lease was ours: what is there is theirs to see to.
    if (error instanceof LostRaceError) return { kind: 'touched', why: error.message };
    throw error;
  }
}

function untouched(why: string, failure?: Failure): Begun {
  return { kind: 'untouched', why, ...(failure && { failure }) };
}

/** A change of bounds, policies or instances that a run noted and may still be at. */
function isBeingChanged(record: FleetRecord, now: Instant): boolean {
  return [record, ...targetViews(record)].some(({ intent }) => intent !== undefined && now < intent.until + OVER_AFTER);
}

/** Under the lease: the recipe of what is there, and the phase in which no function but idle-windows acts. */
async function secure(
  ports: UpdatePorts,
  plan: UpdatePlan,
  session: Session,
  now: Instant,
): Promise<Running | Begun | { readonly waits: string }> {
  const give = async <T>(answer: T): Promise<T> => {
    await session.close((record) => record);
    return answer;
  };
  const running = await readAgain(ports, plan);
  if ('kind' in running) return give(running);
  const taken = await takeRecipe(ports, session.record, running, now);
  if (!taken.ok) return give(untouched(taken.failure.message, taken.failure));
  if ('reason' in taken.value) return give(untouched(`its recipe cannot be taken: ${taken.value.reason}`));
  const { targets, version } = taken.value;
  const lost = running.targets.find(({ resourceId }) => !targets.some((target) => target.resourceId === resourceId));
  if (lost !== undefined) {
    // On a fallback config with variants of its own.
    return give(
      untouched(`the scaling of ${lost.resourceId} is in no recipe: let it come back on its own config first`),
    );
  }
  const start = { phase: session.record.phase, phaseSince: session.record.phaseSince };
  await session.write(({ returning: _, ...record }) => ({
    ...record,
    recipeVersion: version,
    phase: 'restoring',
    phaseSince: now,
  }));
  // Noted between our look and our write; from now on no run can note anything.
  if (isBeingChanged(session.record, now)) {
    await session.close((record) => ({ ...record, ...start }));
    return { waits: 'a run of the scaler is changing it' };
  }
  return running;
}

/** The endpoint as it was planned for. */
async function readAgain(ports: UpdatePorts, { running: before, record }: UpdatePlan): Promise<Running | Begun> {
  const seen = await ports.endpoints.describe(record.endpoint);
  if (!seen.ok) return untouched(seen.failure.message, seen.failure);
  if (seen.value === undefined || seen.value.status !== 'InService' || !isSame(before, seen.value)) {
    return untouched(
      `SageMaker says ${seen.value?.status ?? 'Absent'}, and it is not as it was a moment ago: try again`,
    );
  }
  const running = await readRunning(ports, seen.value);
  if (!running.ok) return untouched(running.failure.message, running.failure);
  return 'refused' in running.value ? untouched(running.value.refused) : running.value;
}

function isSame(before: Running | undefined, { creationTime, configName }: Running['view']): boolean {
  return before?.view.creationTime === creationTime && before.view.configName === configName;
}

/** Off with what is in the way, and the one call. */
async function deploy(
  ports: UpdatePorts,
  plan: UpdatePlan,
  session: Session,
  { stops, ...running }: Running & Pick<BeginOptions, 'stops'>,
): Promise<Begun> {
  const { view, targets } = running;
  const now = ports.clock.now();
  // Nothing was changed yet: as it was.
  const backOff = async (why: string, failure?: Failure): Promise<Begun> => {
    await session.close((record) => ({
      ...record,
      phase: 'up',
      phaseSince: now,
      nextAt: { scaling: now, windows: now },
    }));
    return untouched(why, failure);
  };
  const leave = async (why: string, failure?: Failure): Promise<Begun> => {
    await session.close((record) => record);
    return { kind: 'touched', why, ...(failure && { failure }) };
  };
  const again = await readTargets(ports, view);
  if (!again.ok) return backOff(again.failure.message, again.failure);
  if (!sameValue(again.value, targets)) return backOff('its scaling was changed at this moment: try again');
  if (stops()) return backOff(STOPPED);
  const off = await deregister(ports, plan, running);
  if (!off.ok) return leave(off.failure.message, off.failure);
  if (stops()) return leave(STOPPED);
  const abortAt = session.abortAt();
  if (abortAt === undefined) return leave('AWS was too slow: too little of the lease was left for the update');
  const answer = await ports.updates.update(
    { name: view.name, configName: plan.config.name, retainDeploymentConfig: view.deploymentConfig !== undefined },
    abortAt,
  );
  if (answer.ok) {
    await session.close((record) => record);
    return { kind: 'begun', answer: 'taken' };
  }
  if (answer.failure.definite) return leave(answer.failure.message, answer.failure);
  // It may still happen: the lease runs out by itself.
  return { kind: 'begun', answer: 'unknown' };
}

async function deregister({ scaling }: UpdatePorts, { config }: UpdatePlan, running: Running): Promise<Outcome<void>> {
  for (const { deregisters, target } of plannedRunning(running, config)) {
    if (!deregisters || target === undefined) continue;
    const answer = await scaling.deregister({ resourceId: target.resourceId, dimension: 'instances' });
    if (!answer.ok && answer.failure.class !== 'missing') return answer;
  }
  return { ok: true, value: undefined };
}
