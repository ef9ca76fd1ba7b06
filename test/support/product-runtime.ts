import type { World } from '../../shared/runtime/contract.ts';
import { createRuntime, type Runtime } from '../../shared/runtime/create-runtime.ts';
import type { Caller, CallGate, SimulatedAws } from '../../simulator/index.ts';
import { REGION } from './simulator-clients.ts';

export const PREFIX = 'endpoint-scaler';
export const TABLE = 'state';
export const TIMEOUT_SECONDS = 50;

export interface ProductRuntime {
  readonly caller: Caller;
  readonly gate?: CallGate;
  /** Over what the stack sets. */
  readonly env?: Readonly<Record<string, string>>;
  /** Of the world the functions run in: the simulated account's, where not given. */
  readonly world: Pick<World, 'logSink'> & Partial<World>;
}

/** What a function of the deployed stack runs with, in the simulated account; each call is one attempt. */
export function createProductRuntime(aws: SimulatedAws, { caller, gate, env, world }: ProductRuntime): Runtime {
  return createRuntime({
    env: {
      AWS_REGION: REGION,
      TABLE_NAME: TABLE,
      TAG_PREFIX: PREFIX,
      MODE: 'on',
      TICK_SECONDS: '60',
      FUNCTION_TIMEOUT_SECONDS: String(TIMEOUT_SECONDS),
      PARK_BUDGET: '10',
      LOG_LEVEL: 'DEBUG',
      ...env,
    },
    clientDefaults: {
      requestHandler: aws.requestHandler(caller, gate),
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
      maxAttempts: 1,
    },
    clock: aws.clock,
    random: aws.random(caller.name),
    sleep: (ms) => aws.clock.sleep(ms),
    ...world,
  });
}
