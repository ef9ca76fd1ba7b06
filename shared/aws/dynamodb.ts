import { gunzipSync, gzipSync } from 'node:zlib';
import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { addSample } from '../domain/lead.ts';
import type { Recipe } from '../domain/recipe.ts';
import { type FleetRecord, type Hold, type LeadSamples, SCHEMA_VERSION } from '../domain/record.ts';
import type { Instant } from '../domain/time.ts';
import type { BreakerStore } from '../ports/breakers.ts';
import type { FleetStore } from '../ports/fleet-store.ts';

export interface DynamoDbParts {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Told of items that this version cannot read; they are left as they are. */
  readonly report: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

type Item = Record<string, AttributeValue>;

const UPDATE_ATTEMPTS = 5;
const MAX_PAGES = 1_000;
const RECIPES_KEPT = 10;
/** Up to so many keys are cheaper one by one than by a Query over all samples. */
const SAMPLES_ONE_BY_ONE = 4;
const NO_SAMPLES: LeadSamples = { wakes: [], scaleOuts: [] };

export function createFleetStore(parts: DynamoDbParts): FleetStore {
  const table = createTable(parts);
  const { report } = parts;

  /** An item of a newer schema belongs to a newer version of us: reading it as ours would lose what that one wrote. */
  function parse<T>(item: Item): { readonly body: T; readonly version: number } | undefined {
    const schemaVersion = Number(item['schemaVersion']?.N ?? 0);
    if (schemaVersion > SCHEMA_VERSION) {
      report('an item was written by a newer version: it is left alone', {
        pk: item['pk']?.S,
        sk: item['sk']?.S,
        schemaVersion,
      });
      return undefined;
    }
    return { body: JSON.parse(item['body']?.S ?? 'null') as T, version: Number(item['version']?.N ?? 0) };
  }

  function recordOf(item: Item | undefined): FleetRecord | undefined {
    const parsed = item && parse<FleetRecord>(item);
    return parsed && { ...parsed.body, version: parsed.version };
  }

  async function get(endpoint: string): Promise<FleetRecord | undefined> {
    return recordOf(await table.get('fleet', endpoint.toLowerCase()));
  }

  async function replace(record: FleetRecord): Promise<{ readonly written: FleetRecord } | 'conflict'> {
    const written = { ...record, version: record.version + 1 };
    const ok = await table.put(itemOf('fleet', record.endpoint.toLowerCase(), written, written.version), {
      ConditionExpression: '#version = :expected',
      ExpressionAttributeNames: { '#version': 'version' },
      ExpressionAttributeValues: { ':expected': { N: String(record.version) } },
    });
    return ok ? { written } : 'conflict';
  }

  async function readSamples(key: string): Promise<{ readonly samples: LeadSamples; readonly version: number }> {
    const item = await table.get('samples', key.toLowerCase());
    const parsed = item && parse<LeadSamples>(item);
    return { samples: parsed?.body ?? NO_SAMPLES, version: parsed?.version ?? 0 };
  }

  return {
    ...createRecipes(table),
    get,
    replace,
    async list() {
      const records = (await table.query('fleet')).map(recordOf);
      return records.filter((record) => record !== undefined);
    },
    async create(record) {
      const item = itemOf('fleet', record.endpoint.toLowerCase(), record, record.version);
      return (await table.put(item, { ConditionExpression: 'attribute_not_exists(pk)' })) ? 'written' : 'conflict';
    },
    async update(endpoint, change) {
      for (let attempt = 0; attempt < UPDATE_ATTEMPTS; attempt += 1) {
        const record = await get(endpoint);
        const changed = record && change(record);
        if (record === undefined || changed === undefined) return undefined;
        const outcome = await replace({ ...changed, version: record.version });
        if (outcome !== 'conflict') return outcome.written;
      }
      throw new Error(
        `fleet/${endpoint.toLowerCase()}: ${UPDATE_ATTEMPTS} conditional writes in a row lost against others`,
      );
    },
    async archive(record, at) {
      const key = record.endpoint.toLowerCase();
      // Archived first: dying in between leaves a copy too many, never a record too few.
      await table.put(itemOf('archive', `${key}#${new Date(at).toISOString()}`, record, record.version));
      const deleted = await table.remove('fleet', key, {
        ConditionExpression: '#version = :expected',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':expected': { N: String(record.version) } },
      });
      return deleted ? 'written' : 'conflict';
    },
    async holds() {
      const items = await table.query('hold');
      return items.map((item) => parse<Hold>(item)?.body).filter((hold) => hold !== undefined);
    },
    async putHold(hold) {
      const key = hold.endpoint.toLowerCase();
      await table.put(itemOf(`hold-history/${key}`, new Date(hold.from).toISOString(), hold, 1));
      await table.put(itemOf('hold', key, hold, 1));
    },
    async removeHold(endpoint, at) {
      const key = endpoint.toLowerCase();
      await table.put(itemOf(`hold-history/${key}`, new Date(at).toISOString(), { endpoint, removed: true }, 1));
      await table.remove('hold', key);
    },
    async samples(keys) {
      if (keys.length <= SAMPLES_ONE_BY_ONE) {
        const read = await Promise.all(keys.map(async (key) => [key, (await readSamples(key)).samples] as const));
        return new Map(read.filter(([, samples]) => samples !== NO_SAMPLES));
      }
      const wanted = new Map(keys.map((key) => [key.toLowerCase(), key]));
      const found = new Map<string, LeadSamples>();
      for (const item of await table.query('samples')) {
        const key = wanted.get(item['sk']?.S ?? '');
        const samples = key === undefined ? undefined : parse<LeadSamples>(item)?.body;
        if (key !== undefined && samples !== undefined) found.set(key, samples);
      }
      return found;
    },
    async addSample(keys, kind, value) {
      for (const key of keys) await addOne(key, kind, value);
    },
  };

  async function addOne(key: string, kind: keyof LeadSamples, value: number): Promise<void> {
    for (let attempt = 0; attempt < UPDATE_ATTEMPTS; attempt += 1) {
      const { samples, version } = await readSamples(key);
      const item = itemOf('samples', key.toLowerCase(), addSample(samples, kind, value), version + 1);
      const condition =
        version === 0
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: '#version = :expected',
              ExpressionAttributeNames: { '#version': 'version' },
              ExpressionAttributeValues: { ':expected': { N: String(version) } },
            };
      if (await table.put(item, condition)) return;
    }
    throw new Error(`samples/${key}: ${UPDATE_ATTEMPTS} conditional writes in a row lost against others`);
  }
}

/** Breakers live beside the fleet: one small item per instance type that met no capacity. */
export function createBreakerStore(parts: Pick<DynamoDbParts, 'client' | 'tableName'>): BreakerStore {
  const table = createTable(parts);
  return {
    async openUntil() {
      const items = await table.query('breaker');
      return new Map(items.map((item) => [item['sk']?.S ?? '', Number(item['until']?.N ?? 0)]));
    },
    async open(instanceType, until) {
      await table.put({
        pk: { S: 'breaker' },
        sk: { S: instanceType },
        schemaVersion: { N: String(SCHEMA_VERSION) },
        until: { N: String(until) },
      });
    },
    async close(instanceType) {
      await table.remove('breaker', instanceType);
    },
  };
}

/** Holds that were set for an endpoint and ends before their time, oldest first. */
export interface HoldHistory {
  of(endpoint: string): Promise<readonly HoldEvent[]>;
}

export type HoldEvent =
  | { readonly kind: 'set'; readonly at: Instant; readonly hold: Hold }
  | { readonly kind: 'removed'; readonly at: Instant };

export function createHoldHistory(parts: Pick<DynamoDbParts, 'client' | 'tableName'>): HoldHistory {
  const table = createTable(parts);
  return {
    async of(endpoint) {
      const items = await table.query(`hold-history/${endpoint.toLowerCase()}`);
      return items.map((item) => {
        const body = JSON.parse(item['body']?.S ?? '{}') as Hold & { readonly removed?: boolean };
        const at = Date.parse(item['sk']?.S ?? '');
        return body.removed === true ? { kind: 'removed', at } : { kind: 'set', at, hold: body };
      });
    },
  };
}

type Recipes = Pick<FleetStore, 'writeRecipe' | 'readRecipe' | 'recipeVersions'>;

function createRecipes(table: Table): Recipes {
  const partition = (endpoint: string) => `recipe/${endpoint.toLowerCase()}`;
  async function recipeVersions(endpoint: string): Promise<readonly number[]> {
    const items = await table.query(partition(endpoint), { ScanIndexForward: false, ProjectionExpression: 'pk, sk' });
    return items.map((item) => Number(item['sk']?.S));
  }
  return {
    recipeVersions,
    async writeRecipe(recipe) {
      const pk = partition(recipe.endpoint);
      const written = await table.put(
        {
          pk: { S: pk },
          sk: { S: versionKey(recipe.version) },
          schemaVersion: { N: String(recipe.schemaVersion) },
          body: { B: gzipSync(JSON.stringify(recipe)) },
        },
        { ConditionExpression: 'attribute_not_exists(pk)' },
      );
      if (!written) throw new Error(`${pk}/${recipe.version} exists already: recipes are never overwritten`);
      const old = (await recipeVersions(recipe.endpoint)).slice(RECIPES_KEPT);
      for (const version of old) await table.remove(pk, versionKey(version));
    },
    async readRecipe(endpoint, version) {
      const item = await table.get(partition(endpoint), versionKey(version));
      const body = item?.['body']?.B;
      return body === undefined ? undefined : (JSON.parse(gunzipSync(body).toString('utf8')) as Recipe);
    },
  };
}

/** Zero-padded, so that the table's text order is the order of versions. */
function versionKey(version: number): string {
  return String(version).padStart(10, '0');
}

function itemOf(pk: string, sk: string, body: object, version: number): Item {
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

interface Table {
  get(pk: string, sk: string): Promise<Item | undefined>;
  query(pk: string, options?: { ScanIndexForward?: boolean; ProjectionExpression?: string }): Promise<readonly Item[]>;
  /** False: the condition did not hold. */
  put(item: Item, condition?: Condition): Promise<boolean>;
  remove(pk: string, sk: string, condition?: Condition): Promise<boolean>;
}

function createTable({ client, tableName: TableName }: Pick<DynamoDbParts, 'client' | 'tableName'>): Table {
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
