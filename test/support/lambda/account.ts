import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { createFleetStore } from '../../../shared/aws/dynamodb.ts';
import type { FleetRecord } from '../../../shared/domain/record.ts';
import type { DeployedFunction, EndpointSeed } from '../../../simulator/contract.ts';
import { type SimulatorServer, startServer } from '../../../simulator/server.ts';
import { type Clients, createClients, REGION } from '../simulator-clients.ts';
import type { Artifacts } from './build-functions.ts';
import { ExecutionEnvironment, type InvokeOptions, type Outcome } from './execution-environment.ts';
import { Gateway } from './gateway.ts';

const MINUTE = 60_000;
export const PREFIX = 'endpoint-scaler';
/** 07:30 in Berlin on a Monday. */
export const MORNING = Date.parse('2026-03-23T06:30:00Z');

export interface AccountOptions {
  readonly artifacts: Artifacts;
  readonly start?: number;
  readonly parameters?: Readonly<Record<string, string>>;
}

interface Delivery {
  readonly id: string;
  readonly event: unknown;
}

/**
 * A simulated account over HTTP with the built template deployed in it. What its schedules and rules deliver is handed to
 * the built functions, each in an execution environment of its own that stays warm until it is replaced.
 */
export class Account {
  readonly server: SimulatorServer;
  readonly gateway: Gateway;
  readonly people: Clients;
  readonly functions: ReadonlyMap<string, DeployedFunction>;
  readonly store: ReturnType<typeof createFleetStore>;
  /** Everything that was invoked by the clock, oldest first. */
  readonly outcomes: { readonly id: string; readonly event: unknown; readonly outcome: Outcome }[] = [];
  readonly busEvents: Readonly<Record<string, unknown>>[] = [];
  readonly #folder: string;
  readonly #url: string;
  readonly #environments = new Map<string, ExecutionEnvironment>();
  readonly #deliveries: Delivery[];

  static async create({ artifacts, start = MORNING, parameters = {} }: AccountOptions): Promise<Account> {
    const server = await startServer({ start, seed: 1, region: REGION, host: '127.0.0.1', port: 0, clock: 'virtual' });
    const gateway = new Gateway(server.url);
    const url = await gateway.listen();
    const functions = new Map<string, DeployedFunction>();
    const deliveries: Delivery[] = [];
    server.aws.deploy(readFileSync(artifacts.templateFile, 'utf8'), parameters, (fn) => {
      functions.set(fn.id, fn);
      return {
        async invoke(event) {
          deliveries.push({ id: fn.id, event });
        },
        drop: () => undefined,
      };
    });
    return new Account({ server, gateway, url, functions, deliveries, folder: artifacts.folder });
  }

  private constructor(parts: {
    readonly server: SimulatorServer;
    readonly gateway: Gateway;
    readonly url: string;
    readonly functions: ReadonlyMap<string, DeployedFunction>;
    readonly deliveries: Delivery[];
    readonly folder: string;
  }) {
    this.server = parts.server;
    this.gateway = parts.gateway;
    this.functions = parts.functions;
    this.#url = parts.url;
    this.#folder = parts.folder;
    this.#deliveries = parts.deliveries;
    this.people = createClients(parts.server.aws);
    const tableName = [...parts.functions.values()][0]!.environment['TABLE_NAME']!;
    this.store = createFleetStore({ client: this.people.dynamodb, tableName, report: () => undefined });
    parts.server.aws.onBusEvent((event) => this.busEvents.push(event));
  }

  get now(): number {
    return this.server.aws.clock.now();
  }

  async put(path: string, document: unknown): Promise<void> {
    const input = {
      Name: `/${PREFIX}/${path}`,
      Value: JSON.stringify(document),
      Type: 'String',
      Overwrite: true,
    } as const;
    await this.people.ssm.send(new PutParameterCommand(input));
  }

  seed(seed: Partial<EndpointSeed> & { readonly name: string }, policy: string): void {
    this.server.aws.world.seed({
      kind: 'real-time',
      instanceType: 'ml.g5.xlarge',
      instances: 1,
      tags: { [`${PREFIX}:policy`]: policy, team: 'search' },
      timing: { startMs: () => 4 * MINUTE, deleteMs: MINUTE },
      load: { arrivals: () => 0, serves: { concurrent: 4, seconds: 1 }, whenAway: 'lost' },
      ...seed,
    });
  }

  /** A new environment of the function, at the account's time; `variables` replace the template's, undefined removes one. */
  async start(id: string, variables: Readonly<Record<string, string | undefined>> = {}): Promise<ExecutionEnvironment> {
    const fn = this.functions.get(id);
    if (fn === undefined) throw new Error(`${id}: no function of the template`);
    const all = { ...fn.environment, ...variables };
    const environment = await ExecutionEnvironment.start({
      id,
      folder: join(this.#folder, id),
      variables: Object.fromEntries(
        Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
      timeoutMs: fn.timeoutMs,
      endpointUrl: this.#url,
      now: this.now,
    });
    this.#environments.set(id, environment);
    return environment;
  }

  /** The warm environment of the function, or a new one; its clock is the account's. */
  async environment(id: string): Promise<ExecutionEnvironment> {
    const warm = this.#environments.get(id);
    if (warm === undefined || !warm.isAlive) return this.start(id);
    await warm.setClock(this.now);
    return warm;
  }

  async invoke(id: string, event: unknown, options?: InvokeOptions): Promise<Outcome> {
    return (await this.environment(id)).invoke(event, options);
  }

  /** Ends the function's warm environment, if it has one. */
  async kill(id: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#environments.get(id)?.stop(signal);
  }

  /** Calls of everybody that reached the service, refused ones too. */
  count(operation: string): number {
    return this.server.aws.callCounts()[operation] ?? 0;
  }

  tick(): { readonly kind: 'tick'; readonly scheduledAt: string } {
    return { kind: 'tick', scheduledAt: new Date(this.now).toISOString() };
  }

  /** Simulated minutes pass; what is due in each reaches its function, one after the other. */
  async pass(minutes: number): Promise<void> {
    for (let minute = 0; minute < minutes; minute += 1) {
      await this.server.aws.run(this.now + MINUTE);
      for (let next = this.#deliveries.shift(); next !== undefined; next = this.#deliveries.shift()) {
        this.outcomes.push({ ...next, outcome: await this.invoke(next.id, next.event) });
      }
    }
  }

  /** Passes minutes until it is so; at most `limit` of them. */
  async passUntil(what: string, isSo: () => Promise<boolean>, limit: number): Promise<void> {
    for (let minute = 0; minute < limit; minute += 1) {
      if (await isSo()) return;
      await this.pass(1);
    }
    throw new Error(`after ${limit} simulated minutes: not yet: ${what}`);
  }

  /** What was due in the meantime is lost. */
  async skip(ms: number): Promise<void> {
    await this.server.aws.run(this.now + ms);
    this.#deliveries.length = 0;
  }

  async record(name: string): Promise<FleetRecord> {
    const record = await this.store.get(name);
    if (record === undefined) throw new Error(`${name} is not in the fleet`);
    return record;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#environments.values()].map((environment) => environment.stop()));
    await this.gateway.close();
    await this.server.close();
  }
}
