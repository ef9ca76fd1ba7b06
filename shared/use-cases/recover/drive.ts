import type { EndpointStatus, FleetRecord } from '../../domain/record.ts';
import { type DurationMs, SECOND } from '../../domain/time.ts';
import type { Failure, Outcome } from '../../ports/outcome.ts';
import type { Sleep } from '../../ports/world.ts';
import { createIdleWindows } from '../idle-windows/idle-windows.ts';
import type { IdleWindowsPorts } from '../idle-windows/ports.ts';

/** What a person's command needs to do what `idle-windows` does, with that person's rights. */
export interface DrivePorts extends Omit<IdleWindowsPorts, 'settings' | 'log' | 'lacksRights'> {
  readonly sleep: Sleep;
  readonly settings: Pick<IdleWindowsPorts['settings'], 'tagPrefix'>;
}

export interface StepTaken {
  /** The record after the step; undefined: it is in the archive now. */
  readonly record: FleetRecord | undefined;
  /** Calls that were refused in this step for want of a permission. */
  readonly denied: readonly Failure[];
  /** Everything was put back but what these calls would have: the same step again tries them anew. */
  readonly leftOut: readonly Failure[];
  /** The last call that was refused or did not come through, for people. */
  readonly lastFailure: Failure | undefined;
  /** As SageMaker told it in this step, if it was asked. */
  readonly status: EndpointStatus | undefined;
  /** Something unexpected ended the step; a bug, or the table did not answer. */
  readonly problem: string | undefined;
}

/** One step towards what the record asks for. Never throws for a call that AWS refused. */
export type Drive = (endpoint: string) => Promise<StepTaken>;

/** As a function has; the lease is what keeps a running function and a person's command off each other. */
const RUN_FOR: DurationMs = 50 * SECOND;
const LEASE_MARGIN: DurationMs = 10 * SECOND;

/**
 * The very steps of `idle-windows`, under the same lease and the same fences, for one named endpoint at a time. There
 * is no tick: a tick could park what is up.
 */
export function createDrive(ports: DrivePorts, session: string): Drive {
  let steps = 0;
  return async (endpoint) => {
    steps += 1;
    const failures: Failure[] = [];
    const notPutBack: Failure[] = [];
    let isLeft = false;
    let status: EndpointStatus | undefined;
    const problems: string[] = [];
    const told = telling((failure) => failures.push(failure));
    // The rest is put back before anybody is asked for a right.
    const toldLast = telling((failure) => (failure.class === 'permission' ? notPutBack : failures).push(failure));
    const work = createIdleWindows({
      ...ports,
      log: quietLog(problems),
      endpoints: {
        ...tellingEndpoints(ports.endpoints, told, toldLast),
        describe: told(async (name) => {
          const seen = await ports.endpoints.describe(name);
          if (seen.ok) status = seen.value?.status ?? 'Absent';
          return seen;
        }),
      },
      scaling: tellingScaling(ports.scaling, told, (denied) => notPutBack.push(...denied)),
      lacksRights: () => {
        isLeft = notPutBack.length > 0;
        return isLeft;
      },
      settings: {
        ...ports.settings,
        // Whatever the stack's mode is or was: a person asked.
        mode: 'on',
        tick: 60 * SECOND,
        functionTimeout: RUN_FOR,
        lease: RUN_FOR + LEASE_MARGIN,
        parkBudget: 0,
      },
    });
    const now = ports.clock.now();
    // A new id each time: a lease that was kept because a call's end is unknown keeps this command off, too.
    const id = `${session}-${steps}`;
    const run = { id, holder: id, now, deadline: now + RUN_FOR };
    await work({ kind: 'endpoint-state', endpoint, status: 'IN_SERVICE', at: now }, run);
    await ports.announcer.flush();
    return {
      record: await ports.fleet.get(endpoint),
      denied: failures.filter((failure) => failure.class === 'permission'),
      leftOut: isLeft ? notPutBack : [],
      lastFailure: failures.at(-1),
      status,
      problem: problems[0],
    };
  };
}

/** A person reads the outcome of each endpoint; canonical lines and metrics belong to the functions. */
function quietLog(problems: string[]): IdleWindowsPorts['log'] {
  const nothing = (): void => undefined;
  return {
    record: nothing,
    warn: nothing,
    info: nothing,
    count: nothing,
    problem(message, { error }) {
      const { name = 'Error', message: why = '' } = (error ?? {}) as { name?: string; message?: string };
      problems.push(`${message}: ${name}: ${why}`);
    },
  };
}

type Told = <Args extends readonly unknown[], T>(
  call: (...args: Args) => Promise<Outcome<T>>,
) => (...args: Args) => Promise<Outcome<T>>;

/** Failures are told beside being answered. */
function telling(note: (failure: Failure) => void): Told {
  return (call) =>
    async (...args) => {
      const outcome = await call(...args);
      if (!outcome.ok) note(outcome.failure);
      return outcome;
    };
}

function tellingEndpoints(
  port: DrivePorts['endpoints'],
  told: Told,
  toldLast: Told,
): Omit<DrivePorts['endpoints'], 'describe'> {
  return {
    list: told(port.list),
    describeConfig: told(port.describeConfig),
    modelCreatedAt: told(port.modelCreatedAt),
    tags: told(port.tags),
    create: told(port.create),
    delete: told(port.delete),
    setDesired: toldLast(port.setDesired),
    setWeights: toldLast(port.setWeights),
  };
}

function tellingScaling(
  port: DrivePorts['scaling'],
  told: Told,
  denied: (failures: readonly Failure[]) => void,
): DrivePorts['scaling'] {
  return {
    snapshot: told(port.snapshot),
    async restore(...args) {
      const outcome = await port.restore(...args);
      if (outcome.ok) denied(outcome.value.denied);
      else if (outcome.failure.class === 'permission') denied([outcome.failure]);
      return outcome;
    },
    compare: told(port.compare),
  };
}
