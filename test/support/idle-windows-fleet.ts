import { createHandler } from '../../functions/idle-windows/handler.ts';
import { createBreakerStore, createFleetStore } from '../../shared/aws/dynamodb.ts';
import type { Agenda, CompiledPolicy } from '../../shared/domain/policy.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';
import { DAY, MINUTE } from '../../shared/domain/time.ts';
import type { LogLine } from '../../shared/ports/world.ts';
import type { RunSummary } from '../../shared/runtime/contract.ts';
import type { CallGate, EndpointSeed, SimulatedAws } from '../../simulator/index.ts';
import { createProductRuntime, PREFIX, TABLE } from './product-runtime.ts';
import { type Clients, createAws, createClients, PERSON, PRODUCT, REGION, START } from './simulator-clients.ts';
import { createStateTable } from './state-table.ts';

export interface IdleWindowsFleet {
  readonly aws: SimulatedAws;
  readonly people: Clients;
  readonly store: ReturnType<typeof createFleetStore>;
  readonly breakers: ReturnType<typeof createBreakerStore>;
  readonly lines: LogLine[];
  /** Detail types and details that the product put on the bus, oldest first. */
  readonly events: { readonly type: string; readonly endpoint: string; readonly detail: Record<string, unknown> }[];
  seed(seed: Partial<EndpointSeed> & { readonly name: string }): void;
  enrol(name: string, record?: Partial<FleetRecord>): Promise<FleetRecord>;
  /** One run of the function now. */
  invoke(event: unknown): Promise<RunSummary>;
  /** Ticks once a minute until the offset from the start has been reached; the last tick falls on it. */
  tickUntil(offset: number): Promise<void>;
  /** Ticks until the record is in the phase; at most two hours. */
  tickUntilPhase(name: string, phase: FleetRecord['phase']): Promise<void>;
  record(name: string): Promise<FleetRecord>;
  status(name: string): Promise<string>;
  /** `decision reason` of the function's canonical lines, repeated ones left out. */
  decisions(): readonly string[];
}

export const PARKING_POLICY: CompiledPolicy = {
  name: 'chat',
  version: '1',
  zero: { by: 'park', idleFor: 10 * MINUTE, minUp: 5 * MINUTE },
  wake: { lead: 'learned', fallbackConfigs: [] },
  scaling: [],
  mayBeZero: true,
};

/** Rungs by offset from the start, in force one after the other. */
export function agendaOf(steps: readonly (readonly [number, Agenda['rungs'][number]])[], until = 8 * DAY): Agenda {
  return {
    from: START,
    until: START + until,
    rungs: steps.map(([, rung]) => rung),
    steps: steps.map(([offset], index) => [START + offset, index]),
  };
}

export async function createFleet(
  env: Readonly<Record<string, string>> = {},
  gate: CallGate = {},
): Promise<IdleWindowsFleet> {
  const aws = createAws();
  const people = createClients(aws, PERSON);
  await createStateTable(people.dynamodb, TABLE);
  const lines: LogLine[] = [];
  const events: IdleWindowsFleet['events'] = [];
  aws.onBusEvent((event) => {
    if (event['source'] !== PREFIX) return;
    const detail = event['detail'] as Record<string, unknown>;
    events.push({ type: String(event['detail-type']), endpoint: String(detail['endpoint']), detail });
  });
  const handler = createHandler(
    createProductRuntime(aws, {
      caller: PRODUCT,
      gate,
      env,
      world: { random: aws.random('product'), logSink: (line) => lines.push(line) },
    }),
  );
  const store = createFleetStore({ client: people.dynamodb, tableName: TABLE, report: () => undefined });
  let invocations = 0;
  let nextTick = START;
  const invoke = (event: unknown) => {
    invocations += 1;
    return handler(event, { awsRequestId: `run-${invocations}`, getRemainingTimeInMillis: () => 50_000 });
  };
  const tickUntil = async (offset: number) => {
    for (; nextTick <= START + offset; nextTick += MINUTE) {
      await aws.run(nextTick);
      await invoke({ kind: 'tick', scheduledAt: new Date(nextTick).toISOString() });
    }
  };
  return {
    aws,
    people,
    store,
    lines,
    events,
    invoke,
    breakers: createBreakerStore({ client: people.dynamodb, tableName: TABLE, report: () => undefined }),
    seed(seed) {
      aws.world.seed({
        kind: 'real-time',
        instanceType: 'ml.g5.xlarge',
        instances: 1,
        tags: { [`${PREFIX}:policy`]: PARKING_POLICY.name, team: 'search' },
        timing: { startMs: () => 8 * MINUTE, deleteMs: 2 * MINUTE },
        load: { arrivals: () => 0, serves: { concurrent: 4, seconds: 1 }, whenAway: 'lost' },
        ...seed,
      });
    },
    async enrol(name, record = {}) {
      const all: FleetRecord = {
        schemaVersion: 1,
        version: 1,
        endpoint: name,
        arn: `arn:aws:sagemaker:${REGION}:123456789012:endpoint/${name.toLowerCase()}`,
        kind: 'real-time',
        variant: 'AllTraffic',
        phase: 'up',
        phaseSince: START,
        generation: 0,
        policyName: PARKING_POLICY.name,
        protected: false,
        policy: PARKING_POLICY,
        agenda: agendaOf([[0, { kind: 'zero' }]]),
        demand: [],
        nextAt: { scaling: START, windows: START },
        ...record,
      };
      await store.create(all);
      return all;
    },
    tickUntil,
    async tickUntilPhase(name, phase) {
      for (let ticks = 0; ticks < 120; ticks += 1) {
        if ((await store.get(name))?.phase === phase) return;
        await tickUntil(nextTick - START);
      }
      throw new Error(`${name} did not come into phase ${phase} within two hours`);
    },
    async record(name) {
      const record = await store.get(name);
      if (record === undefined) throw new Error(`${name} is not in the fleet`);
      return record;
    },
    async status(name) {
      const { DescribeEndpointCommand } = await import('@aws-sdk/client-sagemaker');
      try {
        return (await people.sagemaker.send(new DescribeEndpointCommand({ EndpointName: name }))).EndpointStatus ?? '';
      } catch {
        return 'Absent';
      }
    },
    decisions: () =>
      lines.filter(({ logType }) => logType === 'decision').map((line) => `${line['decision']} ${line['reason']}`),
  };
}
