import { PutScalingPolicyCommand, RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { createHandler as createBacklogWake } from '../../../functions/backlog-wake/handler.ts';
import { createHandler as createIdleWindows } from '../../../functions/idle-windows/handler.ts';
import { createHandler as createScheduledScaling } from '../../../functions/scheduled-scaling/handler.ts';
import { createFleetStore } from '../../../shared/aws/dynamodb.ts';
import { MINUTE, SECOND } from '../../../shared/domain/time.ts';
import type { LogLine } from '../../../shared/ports/world.ts';
import type { Handler } from '../../../shared/runtime/contract.ts';
import type { Runtime } from '../../../shared/runtime/create-runtime.ts';
import type { CallGate, CallRecord, SimulatedAws } from '../../../simulator/index.ts';
import { createProductRuntime, PREFIX, TABLE, TIMEOUT_SECONDS } from '../product-runtime.ts';
import { type Clients, createAws, createClients, PERSON, REGION } from '../simulator-clients.ts';
import { createStateTable } from '../state-table.ts';

export const NAME = 'chat';
export const ARN = `arn:aws:sagemaker:${REGION}:123456789012:endpoint/${NAME}`;
export const TARGET = {
  ServiceNamespace: 'sagemaker',
  ResourceId: `endpoint/${NAME}/variant/AllTraffic`,
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
} as const;
export const TIMEOUT = TIMEOUT_SECONDS * SECOND;
/** Times of the account: short, so that a schedule and what follows it take few ticks. */
const STARTS_IN = 90 * SECOND;
const DELETES_IN = 30 * SECOND;

export const FUNCTIONS = ['idle-windows', 'scheduled-scaling', 'backlog-wake'] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

const HANDLERS: Readonly<Record<FunctionName, (runtime: Runtime) => Handler>> = {
  'idle-windows': createIdleWindows,
  'scheduled-scaling': createScheduledScaling,
  'backlog-wake': createBacklogWake,
};

export const POLICY = {
  otherwise: 'zero',
  zero: { by: 'park', idleFor: '10m', minUp: '5m' },
  wake: { on: ['request', 'alarm:orders-queue-not-empty'], lead: '2m' },
  scaling: [{ kind: 'target-tracking', metric: 'InvocationsPerInstance', target: 100 }],
};

export interface Account {
  readonly aws: SimulatedAws;
  readonly people: Clients;
  readonly store: ReturnType<typeof createFleetStore>;
  readonly lines: LogLine[];
  readonly calls: CallRecord[];
  readonly events: { readonly type: string; readonly detail: Record<string, unknown> }[];
  /** A run in an environment of its own. `skew`: its clock is wrong by so much. */
  invoke(fn: FunctionName, event: unknown, options?: RunOptions): Promise<unknown>;
  tick(fn: FunctionName, options?: RunOptions): Promise<unknown>;
  /** Both functions' ticks, each minute from now on. */
  goOn(minutes: number): Promise<void>;
}

export interface RunOptions {
  readonly gate?: CallGate;
  readonly skew?: number;
  /** While the environment is frozen: settles when it thaws. */
  readonly frozen?: () => Promise<void> | undefined;
}

/** One endpoint that its policy parks when idle, with a scalable target and a scaling policy of its owner's. */
export async function createAccount(): Promise<Account> {
  const aws = createAws({ taggingLagMs: 0 });
  const people = createClients(aws, PERSON);
  await createStateTable(people.dynamodb, TABLE);
  await people.ssm.send(
    new PutParameterCommand({ Name: `/${PREFIX}/policies/chat`, Type: 'String', Value: JSON.stringify(POLICY) }),
  );
  aws.world.seed({
    name: NAME,
    kind: 'real-time',
    instanceType: 'ml.g5.xlarge',
    instances: 1,
    tags: { [`${PREFIX}:policy`]: 'chat', team: 'search' },
    timing: { startMs: () => STARTS_IN, deleteMs: DELETES_IN },
    load: { arrivals: () => 0, serves: { concurrent: 4, seconds: 1 }, whenAway: 'lost' },
  });
  await people.scaling.send(new RegisterScalableTargetCommand({ ...TARGET, MinCapacity: 1, MaxCapacity: 3 }));
  await people.scaling.send(new PutScalingPolicyCommand(ownersPolicy('owners')));
  const lines: LogLine[] = [];
  const calls: CallRecord[] = [];
  const events: Account['events'] = [];
  aws.onCall((record) => calls.push(record));
  aws.onBusEvent((event) => {
    if (event['source'] !== PREFIX) return;
    events.push({ type: String(event['detail-type']), detail: event['detail'] as Record<string, unknown> });
  });
  let runs = 0;
  const invoke: Account['invoke'] = (fn, event, options = {}) => {
    runs += 1;
    const handler = HANDLERS[fn](runtimeOf(aws, fn, runs, lines, options));
    return handler(event, { awsRequestId: `run-${runs}`, getRemainingTimeInMillis: () => TIMEOUT });
  };
  const tick: Account['tick'] = (fn, options) =>
    invoke(fn, { kind: 'tick', scheduledAt: new Date(aws.clock.now()).toISOString() }, options);
  return {
    aws,
    people,
    lines,
    calls,
    events,
    invoke,
    tick,
    store: createFleetStore({ client: people.dynamodb, tableName: TABLE, report: () => undefined }),
    async goOn(minutes) {
      for (let minute = 0; minute < minutes; minute += 1) {
        await aws.run(Math.floor(aws.clock.now() / MINUTE + 1) * MINUTE);
        await tick('scheduled-scaling');
        await tick('idle-windows');
      }
    },
  };
}

export function ownersPolicy(PolicyName: string) {
  return {
    ...TARGET,
    PolicyName,
    PolicyType: 'TargetTrackingScaling' as const,
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: 70,
      PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' as const },
    },
  };
}

function runtimeOf(
  aws: SimulatedAws,
  fn: FunctionName,
  run: number,
  lines: LogLine[],
  { gate = {}, skew = 0, frozen }: RunOptions,
): Runtime {
  return createProductRuntime(aws, {
    caller: { kind: 'product', name: fn },
    gate,
    world: {
      clock: { now: () => aws.clock.now() + skew },
      random: aws.random(`run-${run}`),
      sleep: async (ms) => {
        await aws.clock.sleep(ms);
        await frozen?.();
      },
      logSink: (line) => lines.push(line),
    },
  });
}
