/** Items of the state table as they are stored, for tests that speak of the table itself. */
import { readFileSync } from 'node:fs';
import {
  type AttributeValue,
  CreateTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';

export type StoredItem = Record<string, AttributeValue>;

/**
 * What the first release's code wrote: Chat parked, Search up and held, Gone archived, a hold of Chat that was removed,
 * samples, and the breaker of one type. Recorded once from that code; never regenerated with a newer one.
 */
export function firstReleaseItems(): readonly StoredItem[] {
  const text = readFileSync(new URL('first-release.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as Record<string, { S?: string; N?: string; B?: string }>[]).map(
    (item) =>
      Object.fromEntries(
        Object.entries(item).map(([name, { B, ...value }]) => [
          name,
          B === undefined ? value : { B: Buffer.from(B, 'base64') },
        ]),
      ) as StoredItem,
  );
}

/** The same, as a version that does not exist yet would have left it. */
export const asNewer = (item: StoredItem): StoredItem => ({ ...item, schemaVersion: { N: '2' } });

export async function putItems(client: DynamoDBClient, items: readonly StoredItem[], table = 'state'): Promise<void> {
  for (const Item of items) await client.send(new PutItemCommand({ TableName: table, Item }));
}

/** All of the table by key. */
export async function readItems(client: DynamoDBClient, table = 'state'): Promise<ReadonlyMap<string, StoredItem>> {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: table, ConsistentRead: true }));
  return new Map(Items.map((item) => [keyOf(item), plain(item)]));
}

export const keyOf = (item: StoredItem): string => `${item['pk']?.S}/${item['sk']?.S}`;

/** Bytes compare by their content, whatever holds them. */
export function plain(item: StoredItem): StoredItem {
  const entries = Object.entries(item).map(([name, value]) => [
    name,
    value.B === undefined ? value : { B: Buffer.from(value.B) },
  ]);
  return Object.fromEntries(entries) as StoredItem;
}

/** Keyed as the template's table. */
export async function createStateTable(client: DynamoDBClient, table = 'state'): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: table,
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
}
