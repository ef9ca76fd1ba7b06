import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type AttributeValue,
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { ACCOUNT, type LocalAws, REGION } from '../../scripts/local/local-aws.ts';
import { CommandError, prepareDeployment, samBuild, samDeploy } from '../../scripts/local/sam.ts';
import { type CommandResult, run } from '../../scripts/run-command.ts';
import type { FleetRecord, Hold } from '../../shared/domain/record.ts';

export type FunctionId = 'ScheduledScaling' | 'BacklogWake' | 'IdleWindows';
type Json = Readonly<Record<string, unknown>>;
type Item = Record<string, AttributeValue>;

export interface StackResource {
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId: string;
  readonly ResourceType: string;
}

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Properties?: Json }>>;
}

/** Properties of stateful types that CloudFormation cannot change in place. */
const REPLACED_FOR: Readonly<Record<string, readonly string[]>> = {
  'AWS::DynamoDB::Table': ['TableName', 'KeySchema', 'AttributeDefinitions', 'ImportSourceSpecification'],
  'AWS::SSM::Parameter': ['Name'],
  'AWS::SQS::Queue': ['QueueName', 'FifoQueue'],
  'AWS::SNS::Topic': ['TopicName', 'FifoTopic'],
};

export interface Answer {
  /** What the handler returned, or the error it ended with. */
  readonly payload: Json;
  readonly failed: boolean;
}

export const CLIENT = { region: REGION, credentials: { accessKeyId: ACCOUNT, secretAccessKey: 'local' } };
/** The AWS CLI. */
export async function aws(local: LocalAws, ...args: readonly string[]): Promise<Json> {
  // This one takes no endpoint for SQS from the environment.
  const endpoint = args[0] === 'sqs' ? ['--endpoint-url', local.ministack.url] : [];
  const result = await run('aws', [...args, ...endpoint, '--output', 'json'], { env: local.environment });
  if (result.code !== 0) throw new CommandError(`aws ${args.join(' ')}`, result);
  return result.output.trim() === '' ? {} : (JSON.parse(result.output) as Json);
}

/** Asks until there is an answer. `what` says what was awaited when there is none in time. */
export async function eventually<T>(what: string, seconds: number, ask: () => Promise<T | undefined>): Promise<T> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > until) throw new Error(`not within ${seconds} s: ${what}`);
    await wait(500);
  }
}

/** One stack of ours in the local AWS: what its operator does with it, and what can be seen of it. */
export class DeployedStack {
  readonly name: string;
  readonly #local: LocalAws;
  readonly #folder: string;
  readonly #dynamodb: DynamoDBClient;
  #resources: readonly StackResource[] = [];
  #tableName = '';
  #calls = 0;
  readonly #ticks = new Map<FunctionId, number>();

  constructor(local: LocalAws, name: string) {
    this.name = name;
    this.#local = local;
    this.#folder = join(local.folder, name);
    this.#dynamodb = new DynamoDBClient({ ...CLIENT, endpoint: local.ministack.url });
  }

  /** Ticks that a function ran on without being sent one by hand. */
  async scheduledTicks(id: FunctionId): Promise<number> {
    const runs = (await this.logs(id)).filter(({ logType, trigger }) => logType === 'run' && trigger === 'tick');
    return runs.length - (this.#ticks.get(id) ?? 0);
  }

  get resources(): readonly StackResource[] {
    return this.#resources;
  }

  /** The table that its functions work with: its own, or one that it took over. */
  get tableName(): string {
    return this.#tableName;
  }

  /** `sam build` in a checkout; answers what ministack cannot take of it. */
  async build(checkout: string): Promise<readonly string[]> {
    const built = await samBuild(checkout, this.#local.environment);
    return (await prepareDeployment(checkout, built, this.#folder)).leftOut;
  }

  async deploy(...args: readonly string[]): Promise<CommandResult> {
    const items = this.#resources.length === 0 ? [] : await this.#items();
    const result = await samDeploy(this.#folder, this.#local.environment, args);
    const answer = await aws(this.#local, 'cloudformation', 'describe-stack-resources', '--stack-name', this.name);
    this.#resources = answer['StackResources'] as StackResource[];
    this.#tableName = await this.#tableOfFunctions();
    await this.#keep(items);
    return result;
  }

  /** The documented way out: answers when every endpoint is back and on its own. */
  async giveBackEverything(): Promise<void> {
    const args = ['uninstall', '--yes', '--wait', '--every', '2s', '--timeout', '2m'];
    const running = run('node', ['bin/endpoint-scaler.js', ...args], { env: this.#local.environment });
    // The schedules would do it, a minute later each.
    const ticks = Promise.all([this.tick('ScheduledScaling'), this.tick('IdleWindows')]);
    const [result] = await Promise.all([running, ticks]);
    if (result.code !== 0) throw new CommandError(`endpoint-scaler ${args.join(' ')}`, result);
  }

  /** Deletes the stack; answers when CloudFormation has. */
  async delete(): Promise<void> {
    await aws(this.#local, 'cloudformation', 'delete-stack', '--stack-name', this.name);
    await aws(this.#local, 'cloudformation', 'wait', 'stack-delete-complete', '--stack-name', this.name);
    this.#resources = [];
  }

  async #tableOfFunctions(): Promise<string> {
    const name = this.physicalId('IdleWindows');
    const answer = await aws(this.#local, 'lambda', 'get-function-configuration', '--function-name', name);
    const { Variables } = answer['Environment'] as { Variables: Readonly<Record<string, string>> };
    return Variables['TABLE_NAME'] ?? '';
  }

  /** What the deletion of the stack would leave behind, were the table's `DeletionPolicy: Retain` heeded. */
  async copyTable(TableName: string): Promise<number> {
    const names = ['pk', 'sk'] as const;
    await this.#dynamodb.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        KeySchema: names.map((AttributeName, at) => ({ AttributeName, KeyType: at === 0 ? 'HASH' : 'RANGE' })),
      }),
    );
    const items = await this.#items();
    for (const Item of items) await this.#dynamodb.send(new PutItemCommand({ TableName, Item }));
    return items.length;
  }

  physicalId(logicalId: string): string {
    const found = this.#resources.find(({ LogicalResourceId }) => LogicalResourceId === logicalId);
    if (found === undefined) throw new Error(`${this.name} has no resource ${logicalId}`);
    return found.PhysicalResourceId;
  }

  /** What holds state and must outlive an upgrade: its id, and what CloudFormation would replace it for. */
  stateful(): Readonly<Record<string, unknown>> {
    const { Resources } = JSON.parse(
      readFileSync(join(this.#folder, '.aws-sam/build/template.yaml'), 'utf8'),
    ) as Template;
    const found = this.#resources.filter(({ ResourceType }) => ResourceType in REPLACED_FOR);
    const entries = found.map(({ LogicalResourceId, PhysicalResourceId, ResourceType }) => {
      const properties = Resources[LogicalResourceId]?.Properties ?? {};
      const identity = (REPLACED_FOR[ResourceType] ?? []).map((name) => [name, properties[name] ?? null]);
      return [LogicalResourceId, { id: PhysicalResourceId, ...Object.fromEntries(identity) }] as const;
    });
    return Object.fromEntries(entries);
  }

  async invoke(id: FunctionId, event: Json): Promise<Answer> {
    const { answer, output } = await this.#send(id, event);
    const payload = JSON.parse(readFileSync(output, 'utf8')) as Json;
    return { payload, failed: answer['FunctionError'] !== undefined };
  }

  /** Asynchronously, as EventBridge and the Scheduler do it: Lambda tries again, and keeps what failed for good. */
  async invokeLater(id: FunctionId, event: Json): Promise<void> {
    await this.#send(id, event, '--invocation-type', 'Event');
  }

  async #send(id: FunctionId, event: Json, ...options: readonly string[]): Promise<{ answer: Json; output: string }> {
    this.#calls += 1;
    const input = join(this.#folder, `event-${this.#calls}.json`);
    const output = join(this.#folder, `answer-${this.#calls}.json`);
    writeFileSync(input, JSON.stringify(event));
    const name = this.physicalId(id);
    const payload = ['--payload', `file://${input}`, ...options, output];
    return { output, answer: await aws(this.#local, 'lambda', 'invoke', '--function-name', name, ...payload) };
  }

  /** A tick beside those that the schedule sends. It must not fail. */
  async tick(id: FunctionId): Promise<Json> {
    this.#ticks.set(id, (this.#ticks.get(id) ?? 0) + 1);
    const { payload, failed } = await this.invoke(id, { kind: 'tick', scheduledAt: new Date().toISOString() });
    if (failed) throw new Error(`the tick of ${this.name} ${id} failed: ${JSON.stringify(payload)}`);
    return payload;
  }

  /** The lines a function has logged so far, oldest first. */
  async logs(id: FunctionId): Promise<readonly Json[]> {
    const group = this.physicalId(`${id}Logs`);
    const { events } = await aws(this.#local, 'logs', 'filter-log-events', '--log-group-name', group);
    const texts = (events as { message: string }[]).map(({ message }) => message.trim());
    return texts.filter((text) => text.startsWith('{')).map((text) => JSON.parse(text) as Json);
  }

  async record(endpoint: string): Promise<FleetRecord | undefined> {
    return (await this.records()).find((record) => record.endpoint === endpoint);
  }

  async records(): Promise<readonly FleetRecord[]> {
    return (await this.#bodies('fleet')) as FleetRecord[];
  }

  /** What was put on it and nobody ended, in force or over. */
  async hold(endpoint: string): Promise<Hold | undefined> {
    return ((await this.#bodies('hold')) as Hold[]).find((hold) => hold.endpoint === endpoint);
  }

  async #bodies(partition: 'fleet' | 'hold'): Promise<readonly unknown[]> {
    const { Items } = await this.#dynamodb.send(
      new QueryCommand({
        TableName: this.tableName,
        KeyConditionExpression: 'pk = :partition',
        ExpressionAttributeValues: { ':partition': { S: partition } },
        ConsistentRead: true,
      }),
    );
    return (Items ?? []).map((item) => JSON.parse(item['body']?.S ?? 'null') as unknown);
  }

  async putItem(item: Item): Promise<void> {
    await this.#dynamodb.send(new PutItemCommand({ TableName: this.tableName, Item: item }));
  }

  async removeItem(key: Item): Promise<void> {
    await this.#dynamodb.send(new DeleteItemCommand({ TableName: this.tableName, Key: key }));
  }

  async #items(): Promise<readonly Item[]> {
    const { Items } = await this.#dynamodb.send(new ScanCommand({ TableName: this.tableName }));
    return Items ?? [];
  }

  /** CloudFormation keeps what is in a table that it updates in place; ministack empties it. */
  async #keep(items: readonly Item[]): Promise<void> {
    if (items.length === 0 || (await this.#items()).length > 0) return;
    process.stdout.write(`${this.name}: ministack emptied the table it updated: ${items.length} items put back\n`);
    for (const item of items) await this.putItem(item);
  }
}
