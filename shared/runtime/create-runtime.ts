import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { createEventBus } from '../aws/eventbridge.ts';
import type { Announcer, DecisionLog } from '../ports/announcer.ts';
import type { Clock, Random, Sleep } from '../ports/world.ts';
import { createAnnouncer } from './announcer.ts';
import { type ClientOf, clientFactory } from './clients.ts';
import { type Config, parseConfig } from './config.ts';
import type { World } from './contract.ts';
import { createRunLog } from './decision-log.ts';
import { createRunner, type Runner } from './run.ts';

/** The composition root: what every function shares. The adapters of one function are put together in `<function>-ports.ts`. */
export interface Runtime {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly sleep: Sleep;
  readonly clientOf: ClientOf;
  readonly announcer: Announcer;
  readonly log: DecisionLog;
  /** Parses the event, runs the work, writes summary and metrics, sends the announcements. */
  readonly run: Runner;
}

/** Throws ConfigError with every problem of the environment: a function that cannot work fails at its start. */
export function createRuntime(world: World): Runtime {
  const config = parseConfig(world.env);
  // An environment runs one event at a time.
  let deadline = Number.POSITIVE_INFINITY;
  const clientOf = clientFactory(config.region, world.clientDefaults, () => world.clock.now() >= deadline);
  const log = createRunLog(world.logSink);
  const announcer = createAnnouncer(() => createEventBus(clientOf(EventBridgeClient)), log);
  return {
    config,
    clock: world.clock,
    random: world.random,
    sleep: world.sleep,
    clientOf,
    announcer,
    log,
    run: createRunner({
      config,
      clock: world.clock,
      random: world.random,
      sink: world.logSink,
      log,
      announcer,
      onBegin: (run) => {
        deadline = run.deadline;
      },
    }),
  };
}
