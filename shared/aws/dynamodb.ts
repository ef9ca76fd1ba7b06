import { gunzipSync, gzipSync } from 'node:zlib';
import { addSample } from '../domain/lead.ts';
import type { Recipe } from '../domain/recipe.ts';
import { type FleetRecord, type Hold, type LeadSamples, SCHEMA_VERSION } from '../domain/record.ts';
import { type Instant, iso } from '../domain/time.ts';
import type { BreakerStore } from '../ports/breakers.ts';
import type { FleetStore } from '../ports/fleet-store.ts';
import {
  createParser,
  createTable,
  type DynamoDbParts,
  type Item,
  itemOf,
  type Parse,
  stillAt,
  type Table,
  type TableParts,
} from './dynamodb-table.ts';

const UPDATE_ATTEMPTS = 5;
const RECIPES_KEPT = 10;
/** Up to so many keys are cheaper one by one than by a Query over all samples. */
const SAMPLES_ONE_BY_ONE = 4;
/** A function's memory bears a few thousand records of at most 4 KB. */
const RECORDS_REMEMBERED = 5_000;
const NO_SAMPLES: LeadSamples = { wakes: [], scaleOuts: [] };

export function createFleetStore(parts: DynamoDbParts): FleetStore {
  const table = createTable(parts);
  const parse = createParser(parts.report);
  return {
    ...createRecords(table, parse),
    ...createHolds(table, parse),
    ...createRecipes(table),
    ...createSamples(table, parse),
  };
}

type Records = Pick<FleetStore, 'list' | 'get' | 'create' | 'update' | 'replace' | 'archive'>;

function createRecords(table: Table, parse: Parse): Records {
  const recordOf = rememberingRecords(parse);

  async function get(endpoint: string): Promise<FleetRecord | undefined> {
    const item = await table.get('fleet', endpoint.toLowerCase());
    return item && recordOf(item);
  }

  async function replace(record: FleetRecord): Promise<{ readonly written: FleetRecord } | 'conflict'> {
    const written = { ...record, version: record.version + 1 };
    const item = itemOf('fleet', record.endpoint.toLowerCase(), written, written.version);
    return (await table.put(item, stillAt(record.version))) ? { written } : 'conflict';
  }

  return {
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
      throw lostAgainstOthers(`fleet/${endpoint.toLowerCase()}`);
    },
    async archive(record, at) {
      const key = record.endpoint.toLowerCase();
      // Archived first: dying in between leaves a copy too many, never a record too few.
      await table.put(itemOf('archive', `${key}#${iso(at)}`, record, record.version));
      return (await table.remove('fleet', key, stillAt(record.version))) ? 'written' : 'conflict';
    },
  };
}

/** Most records are as they were at the last tick: each is parsed once per text. They are never changed in place. */
function rememberingRecords(parse: Parse): (item: Item) => FleetRecord | undefined {
  const known = new Map<string, { readonly text: string; readonly record: FleetRecord }>();
  return (item) => {
    const key = item['sk']?.S ?? '';
    const text = item['body']?.S ?? '';
    const before = known.get(key);
    if (before?.text === text && String(before.record.version) === item['version']?.N) return before.record;
    const parsed = parse<FleetRecord>(item);
    if (parsed === undefined) return undefined;
    const record = { ...parsed.body, version: parsed.version };
    if (known.size >= RECORDS_REMEMBERED && before === undefined) known.clear();
    known.set(key, { text, record });
    return record;
  };
}

type Holds = Pick<FleetStore, 'holds' | 'putHold' | 'removeHold'>;

function createHolds(table: Table, parse: Parse): Holds {
  const history = (key: string) => `hold-history/${key}`;
  return {
    async holds() {
      const items = await table.query('hold');
      return items.map((item) => parse<Hold>(item)?.body).filter((hold) => hold !== undefined);
    },
    async putHold(hold) {
      const key = hold.endpoint.toLowerCase();
      await table.put(itemOf(history(key), iso(hold.from), hold, 1));
      await table.put(itemOf('hold', key, hold, 1));
    },
    async removeHold(endpoint, at) {
      const key = endpoint.toLowerCase();
      await table.put(itemOf(history(key), iso(at), { endpoint, removed: true }, 1));
      await table.remove('hold', key);
    },
  };
}

type Samples = Pick<FleetStore, 'samples' | 'addSample'>;

function createSamples(table: Table, parse: Parse): Samples {
  async function read(key: string): Promise<{ readonly samples: LeadSamples; readonly version: number }> {
    const item = await table.get('samples', key.toLowerCase());
    const parsed = item && parse<LeadSamples>(item);
    return { samples: parsed?.body ?? NO_SAMPLES, version: parsed?.version ?? 0 };
  }

  async function add(key: string, kind: keyof LeadSamples, value: number): Promise<void> {
    for (let attempt = 0; attempt < UPDATE_ATTEMPTS; attempt += 1) {
      const { samples, version } = await read(key);
      const item = itemOf('samples', key.toLowerCase(), addSample(samples, kind, value), version + 1);
      const condition = version === 0 ? { ConditionExpression: 'attribute_not_exists(pk)' } : stillAt(version);
      if (await table.put(item, condition)) return;
    }
    throw lostAgainstOthers(`samples/${key}`);
  }

  return {
    async samples(keys) {
      if (keys.length <= SAMPLES_ONE_BY_ONE) {
        const found = await Promise.all(keys.map(async (key) => [key, (await read(key)).samples] as const));
        return new Map(found.filter(([, samples]) => samples !== NO_SAMPLES));
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
      for (const key of keys) await add(key, kind, value);
    },
  };
}

function lostAgainstOthers(item: string): Error {
  return new Error(`${item}: ${UPDATE_ATTEMPTS} conditional writes in a row lost against others`);
}

/** Breakers live beside the fleet: one small item per instance type that met no capacity. */
export function createBreakerStore(parts: TableParts): BreakerStore {
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

export function createHoldHistory(parts: TableParts): HoldHistory {
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
    async writeRecipe(recipe, keep) {
      const pk = partition(recipe.endpoint);
      const sk = versionKey(recipe.version);
      const body = gzipSync(JSON.stringify(recipe));
      const written = await table.put(
        {
          pk: { S: pk },
          sk: { S: sk },
          schemaVersion: { N: String(recipe.schemaVersion) },
          body: { B: body },
        },
        { ConditionExpression: 'attribute_not_exists(pk)' },
      );
      // The SDK sends a call again whose answer was lost: then it is our own that is there.
      const isThere = written || body.equals((await table.get(pk, sk))?.['body']?.B ?? Buffer.of());
      if (!isThere) throw new Error(`${pk}/${recipe.version} exists already: recipes are never overwritten`);
      const old = (await recipeVersions(recipe.endpoint)).slice(RECIPES_KEPT);
      for (const version of old) if (version !== keep) await table.remove(pk, versionKey(version));
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
