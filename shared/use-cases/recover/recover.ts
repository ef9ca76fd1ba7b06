import type { Recipe } from '../../domain/recipe.ts';
import { type EndpointStatus, type FleetRecord, RECOVERY_MARK } from '../../domain/record.ts';
import { isAwsTag } from '../../domain/tags.ts';
import type { DurationMs, Instant } from '../../domain/time.ts';
import type { EndpointConfigMaker } from '../../ports/endpoint-configs.ts';
import type { Failure } from '../../ports/outcome.ts';
import { createDrive, type Drive, type DrivePorts, type StepTaken } from './drive.ts';
import { type Recovery, recordFromRecipe } from './plan-recovery.ts';

export interface RecoverPorts extends DrivePorts {
  readonly configs: EndpointConfigMaker;
}

export interface RecoverOptions {
  /** The caller's identity. */
  readonly by: string;
  /** Recreate a deleted endpoint config from the recipe. */
  readonly withConfig: boolean;
  /** What is not back by then is left as it is: repeating goes on. */
  readonly until: Instant;
  /** How long to wait between two looks. */
  readonly every: DurationMs;
}

export type RecoverOutcome =
  /** In service, with everything of the recipe but what AWS definitely refused. */
  | { readonly kind: 'up'; readonly outstanding: NonNullable<FleetRecord['outstanding']> }
  /** Cannot go on without somebody: a permission, a config, a model, a hold. */
  | { readonly kind: 'stuck'; readonly why: string; readonly failure?: Failure }
  /** In service, with everything but what the caller has no right to put back; it stays `restoring`. */
  | { readonly kind: 'incomplete'; readonly failures: readonly Failure[] }
  /** Time is up; it is under way or waits for capacity. */
  | { readonly kind: 'unfinished'; readonly phase: FleetRecord['phase']; readonly why?: string }
  /** It is somebody else's by now, without our tag: the record is in the archive, nothing was changed. */
  | { readonly kind: 'let-go' };

export interface Recovered {
  readonly endpoint: string;
  readonly outcome: RecoverOutcome;
}

export type RecoverProgress = (endpoint: string, phase: FleetRecord['phase'], why: string | undefined) => void;

const AT_ONCE = 4;
/** The same unexpected end so many times in a row is no accident. */
const PROBLEMS_ALLOWED = 3;

/**
 * Recreates parked endpoints with the caller's own rights, without any function running: create, wait, restore, read
 * back, mark the record. Each step may be repeated and each run may be cut off: the record says where it stands.
 */
export async function recover(
  ports: RecoverPorts,
  recoveries: readonly Recovery[],
  options: RecoverOptions,
  progress: RecoverProgress,
): Promise<readonly Recovered[]> {
  const drive = createDrive(ports, `recover-${Math.floor(ports.random() * 1e9)}`);
  const outcomes = new Map<string, RecoverOutcome>();
  const problems = new Map<string, number>();
  for (const recovery of recoveries) await prepare(ports, recovery, options.by);
  for (;;) {
    const open = recoveries.filter(({ endpoint }) => !outcomes.has(endpoint));
    await inBatches(open, async (recovery) => {
      const outcome = await advance({ ports, drive, options, progress, problems }, recovery);
      if (outcome !== undefined) outcomes.set(recovery.endpoint, outcome);
    });
    const left = recoveries.filter(({ endpoint }) => !outcomes.has(endpoint));
    if (left.length === 0) break;
    if (ports.clock.now() + options.every > options.until) {
      for (const { endpoint } of left) outcomes.set(endpoint, await unfinished(ports, endpoint));
      break;
    }
    await ports.sleep(options.every);
  }
  return recoveries.map(({ endpoint }) => ({ endpoint, outcome: outcomes.get(endpoint) ?? { kind: 'let-go' } }));
}

/** Written before the first call, so that whoever else works on it wants it up, too. */
async function prepare(ports: RecoverPorts, recovery: Recovery, by: string): Promise<void> {
  const now = ports.clock.now();
  const { endpoint, recipe } = recovery;
  if (recovery.forgotten && recipe !== undefined) await ports.fleet.create(recordFromRecipe(recipe, now));
  await ports.fleet.update(endpoint, ({ orphaned: _, ...record }) => {
    // It came back meanwhile: nothing is asked for.
    if (record.phase === 'up') return undefined;
    // What was missing before may be there by now: the first step looks afresh.
    return {
      ...record,
      ...(record.phase === 'parked' && recipe !== undefined && { recipeVersion: recipe.version }),
      ...(record.wake && { wake: askedAgain(record.wake) }),
      giveBack: record.giveBack ?? { at: now, by: `${RECOVERY_MARK}${by}` },
      nextAt: { scaling: now, windows: now },
    };
  });
}

/** A person says wake: what was given up or put off is tried again. */
function askedAgain({ gaveUp: _, nextTryAt: __, ...wake }: NonNullable<FleetRecord['wake']>) {
  return { ...wake, paidAttempts: 0 };
}

interface Session {
  readonly ports: RecoverPorts;
  readonly drive: Drive;
  readonly options: RecoverOptions;
  readonly progress: RecoverProgress;
  /** Unexpected ends in a row, by endpoint. */
  readonly problems: Map<string, number>;
}

async function advance(session: Session, { endpoint, recipe }: Recovery): Promise<RecoverOutcome | undefined> {
  const { ports, drive, options, progress, problems } = session;
  const before = await ports.fleet.get(endpoint);
  if (before === undefined) return { kind: 'let-go' };
  if (before.phase === 'up') return comeUp(ports, before);
  const held = await heldBy(ports, endpoint);
  if (held !== undefined) return { kind: 'stuck', why: held };
  if (options.withConfig && recipe !== undefined) {
    const refused = await makeConfig(ports, recipe);
    if (refused !== undefined) return { kind: 'stuck', why: tell(refused), failure: refused };
  }
  const step = await drive(endpoint);
  const { record } = step;
  if (record === undefined) return { kind: 'let-go' };
  progress(record.endpoint, record.phase, record.wake?.lastFailure?.message);
  if (record.phase === 'up') return comeUp(ports, record);
  const inARow = step.problem === undefined ? 0 : (problems.get(endpoint) ?? 0) + 1;
  problems.set(endpoint, inARow);
  if (step.problem !== undefined && inARow >= PROBLEMS_ALLOWED) return { kind: 'stuck', why: step.problem };
  return stuckAt(record, step, options);
}

/** What AWS leaves only by somebody's hand. */
const BROKEN: ReadonlySet<EndpointStatus> = new Set(['Failed', 'OutOfService', 'UpdateRollbackFailed']);

/** Undefined: it goes on by itself. */
function stuckAt(
  record: FleetRecord,
  { denied, leftOut, lastFailure, status }: StepTaken,
  options: RecoverOptions,
): RecoverOutcome | undefined {
  if (leftOut.length > 0) return { kind: 'incomplete', failures: leftOut };
  if (record.phase === 'restoring' && status !== undefined && BROKEN.has(status)) {
    return { kind: 'stuck', why: `SageMaker says ${status}: its scaling can be put back once it is in service again` };
  }
  const [failure] = denied;
  if (failure !== undefined) return { kind: 'stuck', why: tell(failure), failure };
  if (record.orphaned !== undefined) {
    const { what } = record.orphaned;
    const hint = what.startsWith('endpoint config') && !options.withConfig ? ': --with-config recreates it' : '';
    return { kind: 'stuck', why: `${what} is gone${hint}` };
  }
  if (record.wake?.gaveUp !== undefined) {
    return { kind: 'stuck', why: record.wake.lastFailure?.message ?? 'the start failed too often' };
  }
  if (lastFailure?.definite && lastFailure.class === 'rejected') {
    return { kind: 'stuck', why: tell(lastFailure), failure: lastFailure };
  }
  return undefined;
}

/** What recovery asked for itself is taken back: the endpoint is one like any other. */
async function comeUp(ports: RecoverPorts, record: FleetRecord): Promise<RecoverOutcome> {
  if (record.giveBack?.by.startsWith(RECOVERY_MARK)) {
    await ports.fleet.update(record.endpoint, ({ giveBack, ...fresh }) =>
      giveBack?.by.startsWith(RECOVERY_MARK) ? fresh : undefined,
    );
  }
  return { kind: 'up', outstanding: record.outstanding ?? [] };
}

async function heldBy({ fleet, clock }: RecoverPorts, endpoint: string): Promise<string | undefined> {
  const key = endpoint.toLowerCase();
  const hold = (await fleet.holds()).find((candidate) => candidate.endpoint.toLowerCase() === key);
  if (hold?.mode !== 'hands-off' || hold.until <= clock.now()) return undefined;
  return `it is held hands-off by ${hold.by} (${hold.why}): endpoint-scaler unhold ${endpoint}`;
}

/** Only where it is surely gone. */
async function makeConfig({ endpoints, configs }: RecoverPorts, { preferred }: Recipe): Promise<Failure | undefined> {
  const there = await endpoints.describeConfig(preferred.configName);
  if (!there.ok) return there.failure.class === 'permission' ? there.failure : undefined;
  if (there.value !== undefined) return undefined;
  // AWS keeps `aws:` for itself.
  const tags = Object.entries(preferred.configTags ?? {}).filter(([key]) => !isAwsTag(key));
  const made = await configs.create(preferred.configName, preferred.config, Object.fromEntries(tags));
  if (made.ok || made.failure.class === 'exists' || made.failure.class === 'transient') return undefined;
  return made.failure;
}

async function unfinished(ports: RecoverPorts, endpoint: string): Promise<RecoverOutcome> {
  const record = await ports.fleet.get(endpoint);
  if (record === undefined) return { kind: 'let-go' };
  const why = record.wake?.lastFailure?.message;
  return { kind: 'unfinished', phase: record.phase, ...(why !== undefined && { why }) };
}

function tell({ call, code, message }: Failure): string {
  return `${call}: ${code}: ${message}`;
}

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += AT_ONCE) {
    await Promise.all(items.slice(start, start + AT_ONCE).map(work));
  }
}
