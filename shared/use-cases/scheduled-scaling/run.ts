import type { Hold } from '../../domain/record.ts';
import { targetKeyOf, targetViews } from '../../domain/target-view.ts';
import { HOUR, MINUTE, SECOND } from '../../domain/time.ts';
import type { EndpointSummary } from '../../ports/endpoints.ts';
import { type Run, type RunCounts, RunOverError, type Trigger } from '../../ports/run.ts';
import { tellActivities } from './activities.ts';
import { type Announced, compileRecord, isPolicyBack } from './compile-record.ts';
import { enrol } from './enrol.ts';
import { findDrift } from './find-drift.ts';
import { inParallel } from './in-parallel.ts';
import { findLeftTables } from './left-tables.ts';
import { letGo } from './let-go.ts';
import type { RunShared, ScheduledScalingPorts, Turn } from './ports.ts';
import { readQueues } from './queues.ts';
import { readSamples } from './samples.ts';
import { tend } from './tend.ts';
import { createTurn } from './turn.ts';
import { readWakeAlarms } from './wake-alarms.ts';

/** The whole fleet is looked at then, whatever the records say, by bulk reads. */
const RECHECK = 15 * MINUTE;
/** Scaling policies are compared apart from the rest, so that no tick makes all the calls. */
const DRIFT_OFFSET = 3 * MINUTE;
const ACTIVITIES_OFFSET = 9 * MINUTE;
const LEFT_TABLES_OFFSET = 7 * MINUTE;
/** From so many on, one sweep over all endpoints is cheaper than looking at each. */
const SWEEP_FROM = 6;
/** Nothing new is begun so close to the end of the run. */
const LEFT_FOR_RECORDING = 8 * SECOND;
const NOTHING: RunCounts = { considered: 0, skipped: 0, failures: 0 };

export async function runScheduledScaling(
  ports: ScheduledScalingPorts,
  trigger: Trigger,
  run: Run,
): Promise<RunCounts> {
  if (ports.settings.mode === 'off') return NOTHING;
  switch (trigger.kind) {
    case 'tick':
      return runTick(ports, run, {
        recheck: isFirstIn(RECHECK, trigger.scheduledAt, ports.settings.tick),
        drift: isFirstIn(RECHECK, trigger.scheduledAt - DRIFT_OFFSET, ports.settings.tick),
        activities: isFirstIn(RECHECK, trigger.scheduledAt - ACTIVITIES_OFFSET, ports.settings.tick),
        leftTables: isFirstIn(HOUR, trigger.scheduledAt - LEFT_TABLES_OFFSET, ports.settings.tick),
        queues: (period, offset) => isFirstIn(period, trigger.scheduledAt - offset, ports.settings.tick),
      });
    case 'endpoint-ready':
      return runReady(ports, run, trigger.endpoint);
    case 'alarm':
    case 'endpoint-state':
    case 'wake-requested':
      ports.log.count('EventsUnknown');
      return NOTHING;
    default:
      return trigger satisfies never;
  }
}

function isFirstIn(period: number, at: number, tick: number): boolean {
  return Math.floor(at / period) !== Math.floor((at - tick) / period);
}

/** An endpoint came back: its bounds are asserted now instead of at the next tick. */
async function runReady(ports: ScheduledScalingPorts, run: Run, endpoint: string): Promise<RunCounts> {
  const record = await ports.fleet.get(endpoint);
  if (record === undefined || record.phase !== 'up' || isPolicyBack(record)) return { ...NOTHING, skipped: 1 };
  const turn = createTurn(ports.fleet, record, 'read');
  const shared = await gather(ports, run, [turn], await readHolds(ports), undefined);
  return finish(shared, [turn], 0);
}

/** What this tick does beside what is due by its record. */
type Due = Readonly<Record<'recheck' | 'drift' | 'activities' | 'leftTables', boolean>> & {
  readonly queues: Parameters<typeof readQueues>[3];
};

async function runTick(
  ports: ScheduledScalingPorts,
  run: Run,
  { recheck, drift, activities, leftTables, queues }: Due,
): Promise<RunCounts> {
  const [records, holds, documents, candidates] = await Promise.all([
    ports.fleet.list(),
    readHolds(ports),
    ports.documents.readAll(),
    ports.candidates.candidates(),
    ...(leftTables ? [findLeftTables(ports, run)] : []),
  ]);
  const turns = records.map((record) => createTurn(ports.fleet, record, 'read'));
  if (candidates.ok) turns.push(...(await enrol(ports, run, turns, candidates.value)));
  else warn(ports, 'candidates for enrolment could not be read; nothing is enrolled or let go', candidates.failure);
  if (documents.ok) {
    ports.library.update(documents.value);
    tellProblems(ports);
    const announced: Announced = new Set();
    for (const turn of turns) if (!turn.letGo) compileRecord(ports, run.now, turn, announced);
    countInvalid(ports, turns);
  } else warn(ports, 'the documents could not be read completely; nothing changes because of them', documents.failure);
  await Promise.all([readWakeAlarms(ports, run.now, turns), readQueues(ports, run.now, turns, queues)]);
  if (drift) await findDrift(ports, run.now, turns);
  if (activities) await tellActivities(ports, run, turns);
  const due = turns.filter((turn) => isDue(turn, run.now, recheck));
  const sweep = due.length >= SWEEP_FROM ? await sweepEndpoints(ports) : undefined;
  const shared = await gather(ports, run, due, holds, sweep);
  return finish(shared, turns, turns.length - due.length, new Set(due));
}

function isDue(turn: Turn, now: number, recheck: boolean): boolean {
  if (turn.record.phase !== 'up') return false;
  if (turn.record.giveBack?.doneAt !== undefined) return turn.letGo;
  const { record } = turn;
  if ([record, ...targetViews(record)].some(({ intent }) => intent !== undefined)) return true;
  return turn.letGo || turn.due || recheck || turn.record.nextAt.scaling <= now;
}

/** Bulk reads for everything that is due. Targets that could not be read stop the run's changes: nobody knows what differs. */
async function gather(
  ports: ScheduledScalingPorts,
  run: Run,
  due: readonly Turn[],
  holds: RunShared['holds'],
  sweep: RunShared['sweep'],
): Promise<RunShared | undefined> {
  if (due.length === 0) return { ports, run, holds, targets: new Map(), samples: new Map() };
  const views = due.flatMap(({ record }) => targetViews(record));
  const keys = views.map(targetKeyOf).filter((key) => key !== undefined);
  const [targets, samples] = await Promise.all([
    ports.scaling.targets(keys),
    readSamples(
      ports,
      run.now,
      due.map(({ record }) => record),
    ),
  ]);
  if (!targets.ok) {
    warn(ports, 'scalable targets could not be read; nothing is changed in this run', targets.failure);
    return undefined;
  }
  return {
    ports,
    run,
    holds,
    samples,
    targets: new Map(targets.value.map((target) => [target.resourceId, target])),
    ...(sweep === undefined ? {} : { sweep }),
  };
}

async function finish(
  shared: RunShared | undefined,
  turns: readonly Turn[],
  skipped: number,
  due: ReadonlySet<Turn> = new Set(turns),
): Promise<RunCounts> {
  let failures = 0;
  await inParallel(turns, async (turn) => {
    try {
      await work(shared, turn, due.has(turn));
    } catch (error) {
      if (error instanceof RunOverError) throw error;
      failures += 1;
      const fields =
        error instanceof Error ? { name: error.name, reason: error.message, stack: error.stack } : { error };
      shared?.ports.log.problem('the work on one endpoint failed unexpectedly', {
        endpoint: turn.record.endpoint,
        ...fields,
      });
    }
  });
  return { considered: turns.length - skipped, skipped, failures };
}

async function work(shared: RunShared | undefined, turn: Turn, due: boolean): Promise<void> {
  const inTime = shared !== undefined && shared.ports.clock.now() < shared.run.deadline - LEFT_FOR_RECORDING;
  if (due && inTime) {
    if (turn.letGo) return letGo(shared, turn);
    await tend(shared, turn);
  }
  await turn.save();
}

async function readHolds(ports: ScheduledScalingPorts): Promise<ReadonlyMap<string, Hold>> {
  return new Map((await ports.fleet.holds()).map((hold) => [hold.endpoint.toLowerCase(), hold]));
}

async function sweepEndpoints(ports: ScheduledScalingPorts): Promise<ReadonlyMap<string, EndpointSummary> | undefined> {
  const all = await ports.endpoints.list();
  if (all.ok) return new Map(all.value.map((endpoint) => [endpoint.arn.toLowerCase(), endpoint]));
  warn(ports, 'the endpoints could not be listed; each is looked at by itself', all.failure);
  return undefined;
}

/** Documents that no endpoint uses have nobody else to be told by. */
function tellProblems({ library, log, memory }: ScheduledScalingPorts): void {
  const problems = library.problems();
  for (const problem of problems) {
    const text = JSON.stringify(problem);
    if (memory.loggedProblems.has(text)) continue;
    memory.loggedProblems.add(text);
    log.warn('a document is invalid', { ...problem });
  }
}

/** Broken documents, and valid ones that name what is not there. None is not published: a metric costs by the hour. */
function countInvalid({ library, log, settings }: ScheduledScalingPorts, turns: readonly Turn[]): void {
  const invalid = new Set(library.problems().map(({ parameter }) => parameter));
  for (const { record } of turns) {
    if (record.invalid !== undefined) invalid.add(`/${settings.tagPrefix}/policies/${record.policyName}`);
  }
  if (invalid.size > 0) log.count('InvalidDocuments', invalid.size);
}

function warn(ports: ScheduledScalingPorts, message: string, failure: object): void {
  ports.log.count('CallsRefused');
  ports.log.warn(message, { ...failure });
}
