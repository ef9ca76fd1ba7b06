import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { SCHEMA_VERSION } from '../domain/record.ts';
import type { Item } from './items.ts';

export interface DynamoDbParts {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Told of items that this version cannot read; they are left as they are. */
  readonly report: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

const MAX_PAGES = 1_000;

/** The condition of every write of an item that was read before. */
export function stillAt(version: number): Condition {
  return {
    ConditionExpression: '#version = :expected',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':expected': { N: String(version) } },
  };
}

type Condition = Pick<
  ConstructorParameters<typeof PutItemCommand>[0],
  'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

export interface Table {
  get(pk: string, sk: string): Promise<Item | undefined>;
  query(pk: string, options?: { ScanIndexForward?: boolean; ProjectionExpression?: string }): Promise<readonly Item[]>;
  /** False: the condition did not hold, or what is there was written by a newer version of us, which no write touches. */
  put(item: Item, condition?: Condition): Promise<boolean>;
  remove(pk: string, sk: string, condition?: Condition): Promise<boolean>;
}

export function createTable({ client, tableName: TableName }: Pick<DynamoDbParts, 'client' | 'tableName'>): Table {
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
      conditionally(() => client.send(new PutItemCommand({ TableName, Item, ...andNotNewer(condition) }))),
    remove: (pk, sk, condition = {}) =>
      conditionally(() =>
        client.send(new DeleteItemCommand({ TableName, Key: keyOf(pk, sk), ...andNotNewer(condition) })),
      ),
  };
}

function andNotNewer({ ConditionExpression, ExpressionAttributeValues, ...names }: Condition): Condition {
  const notNewer = '(attribute_not_exists(schemaVersion) OR schemaVersion <= :known)';
  return {
    ...names,
    ConditionExpression: ConditionExpression === undefined ? notNewer : `${ConditionExpression} AND ${notNewer}`,
    ExpressionAttributeValues: { ...ExpressionAttributeValues, ':known': { N: String(SCHEMA_VERSION) } },
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
