import { ApiError, type Kernel, type Operation, type TaggedResource } from '../contract.ts';
import { type KeySchema, Table, tableNotFound } from './table.ts';
import { type Item, validationError } from './values.ts';

// biome-ignore lint/suspicious/noExplicitAny: inputs are validated against the published model before they arrive
export type Input = any;

/** Parameters of the API before expressions: still in the model, and refused here because we do not simulate them. */
const LEGACY = [
  'Expected',
  'AttributeUpdates',
  'ConditionalOperator',
  'AttributesToGet',
  'KeyConditions',
  'QueryFilter',
  'ScanFilter',
];

export function refuseLegacy(input: Input): void {
  for (const name of LEGACY) {
    if (input[name] !== undefined) {
      throw validationError(`${name}: this legacy parameter is not simulated; use the expression parameters instead`);
    }
  }
}

/** State and look-up of all tables. */
export class TableStore {
  readonly #tables = new Map<string, Table>();

  /** Accepts a name or an ARN, as DynamoDB does. */
  find(nameOrArn: string): Table {
    const name = nameOrArn.startsWith('arn:') ? nameOrArn.slice(nameOrArn.indexOf('/') + 1) : nameOrArn;
    const table = this.#tables.get(name);
    if (table === undefined) throw tableNotFound(name);
    return table;
  }

  has(name: string): boolean {
    return this.#tables.has(name);
  }

  add(table: Table): void {
    this.#tables.set(table.name, table);
  }

  names(): readonly string[] {
    return [...this.#tables.keys()].sort();
  }

  /** Tables that bear tags; no operation here changes them. */
  taggedResources(): readonly TaggedResource[] {
    const tagged = [...this.#tables.values()].filter(({ tags }) => tags.length > 0);
    return tagged.map(({ arn, createdAt: at, tags }) => ({
      arn,
      history: [{ at, tags: Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])) }],
    }));
  }
}

export function capacity(input: Input, table: Table, bytes: number, unitBytes: number): Record<string, unknown> {
  const wanted = input.ReturnConsumedCapacity;
  if (wanted === undefined || wanted === 'NONE') return {};
  const units = Math.max(1, Math.ceil(bytes / unitBytes));
  const read = unitBytes === 4096 && input.ConsistentRead !== true ? units / 2 : units;
  return { ConsumedCapacity: { TableName: table.name, CapacityUnits: read } };
}

function readKeySchema(input: Input): KeySchema {
  const types: Record<string, string> = {};
  for (const { AttributeName: name, AttributeType: type } of input.AttributeDefinitions ?? []) types[name] = type;
  const schema: Input[] = input.KeySchema ?? [];
  const hash = schema.find((element) => element.KeyType === 'HASH')?.AttributeName;
  const range = schema.find((element) => element.KeyType === 'RANGE')?.AttributeName;
  if (hash === undefined || schema[0]?.KeyType !== 'HASH') {
    throw validationError('1 validation error detected: the first KeySchemaElement is not a HASH key type');
  }
  for (const name of [hash, range]) {
    if (name !== undefined && types[name] === undefined) {
      throw validationError(
        'One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions.',
      );
    }
  }
  const used = new Set(schema.map((element) => element.AttributeName));
  if (Object.keys(types).some((name) => !used.has(name))) {
    throw validationError(
      'One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions',
    );
  }
  return { hash, range, types };
}

function describeTable(table: Table): Record<string, unknown> {
  return {
    TableName: table.name,
    TableArn: table.arn,
    TableId: table.id,
    TableStatus: 'ACTIVE',
    CreationDateTime: new Date(table.createdAt),
    ItemCount: table.count,
    TableSizeBytes: table.bytes,
    ...table.definition,
  };
}

/** A new table is ACTIVE at once: nothing that uses this simulator creates tables while it runs. */
function createCreateTable(kernel: Kernel, store: TableStore): Operation {
  return (input: Input, { now }) => {
    if (input.GlobalSecondaryIndexes !== undefined || input.LocalSecondaryIndexes !== undefined) {
      throw validationError('GlobalSecondaryIndexes, LocalSecondaryIndexes: secondary indexes are not simulated');
    }
    const name: string = input.TableName;
    if (store.has(name)) throw new ApiError('ResourceInUseException', `Table already exists: ${name}`);
    const throughput = input.ProvisionedThroughput ?? { ReadCapacityUnits: 0, WriteCapacityUnits: 0 };
    const table = new Table({
      name,
      arn: `arn:aws:dynamodb:${kernel.region}:${kernel.accountId}:table/${name}`,
      id: kernel.uuid('dynamodb'),
      createdAt: now,
      keys: readKeySchema(input),
      definition: {
        AttributeDefinitions: input.AttributeDefinitions,
        KeySchema: input.KeySchema,
        ProvisionedThroughput: { NumberOfDecreasesToday: 0, ...throughput },
        BillingModeSummary: { BillingMode: input.BillingMode ?? 'PROVISIONED' },
      },
      tags: input.Tags ?? [],
    });
    store.add(table);
    return { TableDescription: describeTable(table) };
  };
}

/** AWS pages by name: the next page begins after the last name of the one before. */
function listTables(store: TableStore, { ExclusiveStartTableName: after, Limit = 100 }: Input): object {
  const names = store.names().filter((name) => after === undefined || name > after);
  const page = names.slice(0, Limit);
  return { TableNames: page, ...(names.length > page.length && { LastEvaluatedTableName: page.at(-1) }) };
}

export function createTableOperations(
  kernel: Kernel,
  store: TableStore,
): Readonly<Record<'CreateTable' | 'DescribeTable' | 'ListTables' | 'ListTagsOfResource', Operation>> {
  return {
    CreateTable: createCreateTable(kernel, store),
    DescribeTable: (input: Input) => ({ Table: describeTable(store.find(input.TableName)) }),
    ListTables: (input: Input) => listTables(store, input),
    ListTagsOfResource: (input: Input) => ({ Tags: store.find(input.ResourceArn).tags }),
  };
}

export function refuseDuplicates(writes: readonly { table: Table; key: Item }[], message: string): void {
  const seen = new Set<string>();
  for (const { table, key } of writes) {
    const id = `${table.name} ${JSON.stringify(table.keyNames().map((name) => key[name]))}`;
    if (seen.has(id)) throw validationError(message);
    seen.add(id);
  }
}
