import { AddTagsCommand, DeleteTagsCommand } from '@aws-sdk/client-sagemaker';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { createHandler as createBacklogWake } from '../../functions/backlog-wake/handler.ts';
import { createHandler as createScheduledScaling } from '../../functions/scheduled-scaling/handler.ts';
import { createFleetStore } from '../../shared/aws/dynamodb.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';
import { DAY, MINUTE } from '../../shared/domain/time.ts';
import type { LogLine } from '../../shared/ports/world.ts';
import type { RunSummary } from '../../shared/runtime/contract.ts';
import type { CallGate, CallRecord, EndpointSeed, SimulatedAws } from '../../simulator/index.ts';
import { createProductRuntime, PREFIX, TABLE } from './product-runtime.ts';
import { type Clients, createAws, createClients, REGION, START } from './simulator-clients.ts';
import { createStateTable } from './state-table.ts';

export interface ScalingFleet {
  readonly aws: SimulatedAws;
  readonly people: Clients;
  readonly store: ReturnType<typeof createFleetStore>;
  readonly lines: LogLine[];
  readonly events: { readonly type: string; readonly detail: Record<string, unknown> }[];
  /** Calls of the product since the last `forgetCalls`. */
  readonly calls: CallRecord[];
  forgetCalls(): void;
  seed(seed: Partial<EndpointSeed> & { readonly name: string }, policy?: string): void;
  put(path: string, document: unknown): Promise<void>;
  tag(name: string, tags: Readonly<Record<string, string>>): Promise<void>;
  untag(name: string, keys: readonly string[]): Promise<void>;
  /** One tick of scheduled-scaling at the offset from the start. */
  tick(offset: number): Promise<RunSummary>;
  /** Ticks once a minute up to the offset. */
  tickUntil(offset: number): Promise<void>;
  alarm(event: unknown): Promise<RunSummary>;
  /** The functions lose what they remember. */
  coldStart(env?: Readonly<Record<string, string>>): void;
  record(name: string): Promise<FleetRecord>;
  decisions(name?: string): readonly string[];
}

export async function createScalingFleet(
  env: Readonly<Record<string, string>> = {},
  gate: CallGate = {},
): Promise<ScalingFleet> {
  const aws = createAws();
  const people = createClients(aws);
  await createStateTable(people.dynamodb, TABLE);
  const lines: LogLine[] = [];
  const calls: CallRecord[] = [];
  const events: ScalingFleet['events'] = [];
  aws.onCall((record) => {
    if (record.caller.kind === 'product') calls.push(record);
  });
  aws.onBusEvent((event) => {
    if (!String(event['source']).startsWith(PREFIX)) return;
    events.push({ type: String(event['detail-type']), detail: event['detail'] as Record<string, unknown> });
  });
  const runtimeOf = (name: string, more: Readonly<Record<string, string>>) =>
    createProductRuntime(aws, {
      caller: { kind: 'product', name },
      gate,
      env: { ...env, ...more },
      world: { logSink: (line) => lines.push(line) },
    });
  let scaling = createScheduledScaling(runtimeOf('ScheduledScaling', {}));
  let waking = createBacklogWake(runtimeOf('BacklogWake', {}));
  let invocations = 0;
  const context = () => {
    invocations += 1;
    return { awsRequestId: `run-${invocations}`, getRemainingTimeInMillis: () => 50_000 };
  };
  const store = createFleetStore({ client: people.dynamodb, tableName: TABLE, report: () => undefined });
  const arnOf = (name: string) => `arn:aws:sagemaker:${REGION}:${aws.accountId}:endpoint/${name.toLowerCase()}`;

  async function tick(offset: number): Promise<RunSummary> {
    await aws.run(START + offset);
    return scaling({ kind: 'tick', scheduledAt: new Date(START + offset).toISOString() }, context());
  }

  return {
    aws,
    people,
    store,
    lines,
    events,
    calls,
    tick,
    forgetCalls: () => void calls.splice(0),
    seed(seed, policy) {
      aws.world.seed({
        kind: 'real-time',
        instanceType: 'ml.g5.xlarge',
        instances: 1,
        tags: policy === undefined ? {} : { [`${PREFIX}:policy`]: policy },
        timing: { startMs: () => 4 * MINUTE, deleteMs: MINUTE },
        load: { arrivals: () => 0, serves: { concurrent: 4, seconds: 1 }, whenAway: 'lost' },
        ...seed,
      });
    },
    async put(path, document) {
      const Value = typeof document === 'string' ? document : JSON.stringify(document);
      await people.ssm.send(
        new PutParameterCommand({ Name: `/${PREFIX}/${path}`, Type: 'String', Overwrite: true, Value }),
      );
    },
    async tag(name, tags) {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      await people.sagemaker.send(new AddTagsCommand({ ResourceArn: arnOf(name), Tags }));
    },
    async untag(name, keys) {
      await people.sagemaker.send(new DeleteTagsCommand({ ResourceArn: arnOf(name), TagKeys: [...keys] }));
    },
    async tickUntil(offset) {
      const first = Math.max(0, Math.ceil((aws.clock.now() - START) / MINUTE) * MINUTE);
      for (let at = first; at <= Math.min(offset, DAY * 10); at += MINUTE) await tick(at);
    },
    async alarm(event) {
      return waking(event, context());
    },
    coldStart(more = {}) {
      scaling = createScheduledScaling(runtimeOf('ScheduledScaling', more));
      waking = createBacklogWake(runtimeOf('BacklogWake', more));
    },
    async record(name) {
      const record = await store.get(name);
      if (record === undefined) throw new Error(`${name} is not in the fleet`);
      return record;
    },
    decisions: (name) =>
      lines
        .filter(({ logType, endpoint }) => logType === 'decision' && (name === undefined || endpoint === name))
        .map(({ decision, reason }) => `${String(decision)} ${String(reason)}`),
  };
}
