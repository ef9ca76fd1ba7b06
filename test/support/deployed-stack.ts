import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type AttributeValue,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { ACCOUNT, type LocalAws, REGION } from '../../scripts/local/local-aws.ts';
import { CommandError, prepareDeployment, samBuild, samDeploy } from '../../scripts/local/sam.ts';
import { type CommandResult, run } from '../../scripts/run-command.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';

export type FunctionId = 'ScheduledScaling' | 'BacklogWake' | 'IdleWindows';
type Json = Readonly<Record<string, unknown>>;
type Item = Record<string, AttributeValue>;

export interface StackResource {
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId: string;
  readonly ResourceType: string;
}

export interface Answer {
  /** What the handler returned, or the error it ended with. */
  readonly payload: Json;
  readonly failed: boolean;
}

export const CLIENT = { region: REGION, credentials: { accessKeyId: ACCOUNT, secretAccessKey: 'local' } };
/** What `sam build` reads of a checkout. */
const SOURCES = ['functions', 'shared', 'node_modules', 'package.json', 'template.yaml', 'samconfig.toml', 'tsconfig.json'];

/** The working tree behind links, so that `sam build` there does not meet other builds of the same tree. */
export function linkCheckout(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const source of SOURCES) symlinkSync(resolve(source), join(folder, source));
  return folder;
}

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
  #calls = 0;

  constructor(local: LocalAws, name: string) {
    this.name = name;
    this.#local = local;
    this.#folder = join(local.folder, name);
    this.#dynamodb = new DynamoDBClient({ ...CLIENT, endpoint: local.ministack.url });
  }

  get resources(): readonly StackResource[] {
    return this.#resources;
  }

  get tableName(): string {
    return this.physicalId('StateTable');
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
    await this.#keep(items);
    return result;
  }

  /** Deletes the stack; answers when CloudFormation has. */
  async delete(): Promise<void> {
    await aws(this.#local, 'cloudformation', 'delete-stack', '--stack-name', this.name);
    await aws(this.#local, 'cloudformation', 'wait', 'stack-delete-complete', '--stack-name', this.name);
  }

  physicalId(logicalId: string): string {
    const found = this.#resources.find(({ LogicalResourceId }) => LogicalResourceId === logicalId);
    if (found === undefined) throw new Error(`${this.name} has no resource ${logicalId}`);
    return found.PhysicalResourceId;
  }

  /** Physical ids of everything that holds what must outlive an upgrade. */
  stateful(): Readonly<Record<string, string>> {
    const types = ['AWS::DynamoDB::Table', 'AWS::SSM::Parameter', 'AWS::SQS::Queue', 'AWS::SNS::Topic', 'AWS::KMS::Key'];
    const found = this.#resources.filter(({ ResourceType }) => types.includes(ResourceType));
    return Object.fromEntries(found.map((resource) => [resource.LogicalResourceId, resource.PhysicalResourceId]));
  }

  async invoke(id: FunctionId, event: Json): Promise<Answer> {
    this.#calls += 1;
    const [input, output] = ['event', 'answer'].map((kind) => join(this.#folder, `${kind}-${this.#calls}.json`));
    writeFileSync(input!, JSON.stringify(event));
    const name = this.physicalId(id);
    const { FunctionError } = await aws(
      this.#local,
      ...['lambda', 'invoke', '--function-name', name, '--payload', `file://${input}`, output!],
    );
    return { payload: JSON.parse(readFileSync(output!, 'utf8')) as Json, failed: FunctionError !== undefined };
  }

  /** A tick beside those that the schedule sends. It must not fail. */
  async tick(id: FunctionId): Promise<Json> {
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
    const { Items } = await this.#dynamodb.send(
      new QueryCommand({
        TableName: this.tableName,
        KeyConditionExpression: 'pk = :fleet',
        ExpressionAttributeValues: { ':fleet': { S: 'fleet' } },
        ConsistentRead: true,
      }),
    );
    return (Items ?? []).map((item) => JSON.parse(item['body']?.S ?? 'null') as FleetRecord);
  }

  async putItem(item: Item): Promise<void> {
    await this.#dynamodb.send(new PutItemCommand({ TableName: this.tableName, Item: item }));
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
