import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createMetricReader } from '../shared/aws/cloudwatch-metrics.ts';
import { createFleetStore } from '../shared/aws/dynamodb.ts';
import { createRuntime } from '../shared/runtime/create-runtime.ts';
import { type GiveBackPorts, giveBack } from '../shared/use-cases/give-back.ts';
import { type HoldPorts, removeHold, setHold } from '../shared/use-cases/hold.ts';
import type { UnscriptedRun } from './run.ts';
import { createVirtualWorld } from './virtual-world.ts';

/** What people do with the operator's command in a scenario; a refusal throws, with what it says. */
export interface Operator {
  hold(hold: {
    readonly endpoint: string;
    readonly mode: 'up' | 'down' | 'hands-off';
    readonly until: number;
    readonly why: string;
  }): Promise<unknown>;
  unhold(endpoint: string): Promise<unknown>;
  giveBack(endpoint: string): Promise<unknown>;
}

const WHO = 'operator';

/** The use cases of the command, with a runtime of its own: an operator has rights and a clock, and is no function. */
export function createOperator({ aws, deployment }: UnscriptedRun): Operator {
  const ports = lazily((): HoldPorts & GiveBackPorts => {
    const environment = deployment.functions[0]?.environment ?? {};
    const { clientOf, config, announcer, log } = createRuntime(
      createVirtualWorld({
        aws,
        caller: { kind: 'person', name: WHO },
        env: { AWS_REGION: aws.region, ...environment },
        logSink: () => {},
        stream: 'operator',
      }),
    );
    return {
      fleet: createFleetStore({ client: clientOf(DynamoDBClient), tableName: config.tableName, report: log.warn }),
      metrics: createMetricReader(clientOf(CloudWatchClient)),
      announcer,
    };
  });
  const now = async (): Promise<number> => {
    // A turn of the clock: it tells the simulator that somebody is at work, so that time waits.
    await aws.clock.sleep(0);
    return aws.clock.now();
  };
  return {
    async hold({ endpoint, mode, until, why }) {
      const outcome = await setHold(ports(), { endpoint, mode, until, why, by: WHO, replace: true }, await now());
      if (outcome.ok) return { hold: outcome.hold.mode };
      const { field, value, allowed } = outcome.problem;
      throw new Error(`${field}: ${value}: ${allowed}`);
    },
    async unhold(endpoint) {
      const ended = await removeHold(ports(), { endpoint, by: WHO }, await now());
      if (ended === undefined) throw new Error(`${endpoint}: no hold is in force`);
      if (ended === 'newer') throw new Error(`${endpoint}: its hold is a newer version's`);
      return { ended: ended.mode };
    },
    async giveBack(endpoint) {
      const outcome = await giveBack(ports(), { endpoint, by: WHO }, await now());
      if (!outcome.ok) throw new Error(outcome.problem);
      return { phase: outcome.phase };
    },
  };
}

function lazily<T>(create: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= create();
    return made;
  };
}
