import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { SCHEMA_VERSION } from '../domain/record.ts';

export interface DynamoDbParts {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Told of items that this version cannot read; they are left as they are. */
  readonly report: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

export type TableParts = Pick<DynamoDbParts, 'client' | 'tableName'>;

export type Item = Record<string, AttributeValue>;

const MAX_PAGES = 1_000;

export type Parse = <T>(item: Item) => { readonly body: T; readonly version: number } | undefined;

/** An item of a newer schema belongs to a newer version of us: reading it as ours would lose what that one wrote. */
export function createParser(report: DynamoDbParts['report']): Parse {
  return <T>(item: Item) => {
    const schemaVersion = Number(item['schemaVersion']?.N ?? 0);
    if (schemaVersion > SCHEMA_VERSION) {
      report('an item was written by a newer version: it is left alone', {
        pk: item['pk']?.S,
        sk: item['sk']?.S,
        schemaVersion,
      });
      return undefined;
    }
    const body = bodyOf(item);
    if (body === undefined) {
      report('an item cannot be read: it is left alone', { pk: item['pk']?.S, sk: item['sk']?.S });
      return undefined;
    }
    return { body: body as T, version: Number(item['version']?.N ?? 0) };
  };
}

/** Undefined: not the JSON object that we write; one such item must not stop the whole fleet. */
function bodyOf(item: Item): object | undefined {
  try {
    const body: unknown = JSON.parse(item['body']?.S ?? '');
    return typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}

/** The condition of every write of an item that was read before. */
export function stillAt(version: number): Condition {
  return {
    ConditionExpression: '#version = :expected',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':expected': { N: String(version) } },
  };
}

export function itemOf(pk: string, sk: string, body: object, version: number): Item {
  return {
    pk: { S: pk },
    sk: { S: sk },
    schemaVersion: { N: String(SCHEMA_VERSION) },
    version: { N: String(version) },
    body: { S: JSON.stringify(body) },
  };
}

type Condition = Pick<
  ConstructorParameters<typeof PutItemCommand>[0],
  'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

export interface Table {
  get(pk: string, sk: string): Promise<Item | undefined>;
  query(pk: string, options?: { ScanIndexForward?: boolean; ProjectionExpression?: string }): Promise<readonly Item[]>;
  /** False: the condition did not hold. */
  put(item: Item, condition?: Condition): Promise<boolean>;
  remove(pk: string, sk: string, condition?: Condition): Promise<boolean>;
}

export function createTable({ client, tableName: TableName }: TableParts): Table {
  const keyOf = (pk: string, sk: string): Item => ({ pk: { S: pk }, sk: { S: sk } });
  return {
    async get(pk, sk) {
      const answer = await client.send(new GetItemCommand({ TableName, Key: keyOf(pk, sk), ConsistentRead: true }));
      return answer.Item;
    },
    async query(pk, options = {}) {
      const items: Item[] = [];
      let start: Item | undefined;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const answer = await client.send(
          new QueryCommand({
            TableName,
            ConsistentRead: true,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: { ':pk': { S: pk } },
            ExclusiveStartKey: start,
            ...options,
          }),
        );
        items.push(...(answer.Items ?? []));
        start = answer.LastEvaluatedKey;
        if (start === undefined) return items;
      }
      throw new Error(`${pk}: more than ${MAX_PAGES} pages`);
    },
    put: (Item, condition = {}) =>
      conditionally(() => client.send(new PutItemCommand({ TableName, Item, ...condition }))),
    remove: (pk, sk, condition = {}) =>
      conditionally(() => client.send(new DeleteItemCommand({ TableName, Key: keyOf(pk, sk), ...condition }))),
  };
}

async function conditionally(send: () => Promise<unknown>): Promise<boolean> {
  try {
    await send();
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}
