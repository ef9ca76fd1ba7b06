import { gzipSync } from 'node:zlib';
import { addSample } from '../domain/lead.ts';
import type { Recipe } from '../domain/recipe.ts';
import { type FleetRecord, type Hold, type LeadSamples, SCHEMA_VERSION } from '../domain/record.ts';
import { type Instant, iso } from '../domain/time.ts';
import type { BreakerStore } from '../ports/breakers.ts';
import type { FleetStore } from '../ports/fleet-store.ts';
import type { Outcome } from '../ports/outcome.ts';
import { createTable, type DynamoDbParts, stillAt, type Table } from './dynamodb-table.ts';
import { createItemReader, type Item, isNewer, itemOf, type ReadItem, type ReadItems } from './items.ts';

const UPDATE_ATTEMPTS = 5;
const RECIPES_KEPT = 10;
/** Up to so many keys are cheaper one by one than by a Query over all samples. */
const SAMPLES_ONE_BY_ONE = 4;
/** A function's memory bears a few thousand records of at most 4 KB. */
const RECORDS_REMEMBERED = 5_000;
/** For what a newer version wrote and this one cannot read. */
const UNTIL_UPGRADED: Instant = Date.UTC(9999, 11, 31);
const NO_SAMPLES: LeadSamples = { wakes: [], scaleOuts: [] };

export function createFleetStore(parts: DynamoDbParts): FleetStore {
  const table = createTable(parts);
  const read = createItemReader(parts.report);
  return {
    ...createRecords(table, read),
    ...createHolds(table, read),
    ...createRecipes(table, read),
    ...createSamples(table, read),
  };
}

type Records = Pick<FleetStore, 'list' | 'get' | 'create' | 'update' | 'replace' | 'archive'>;

function createRecords(table: Table, read: ReadItems): Records {
  const recordOf = rememberingRecords(read);

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
      const kept = await table.put(itemOf('archive', `${key}#${iso(at)}`, record, record.version));
      if (!kept) return 'conflict';
      return (await table.remove('fleet', key, stillAt(record.version))) ? 'written' : 'conflict';
    },
  };
}

/** Most records are as they were at the last tick: each is parsed once per text. They are never changed in place. */
function rememberingRecords(read: ReadItems): (item: Item) => FleetRecord | undefined {
  const known = new Map<string, { readonly text: string; readonly record: FleetRecord }>();
  return (item) => {
    const key = item['sk']?.S ?? '';
    const text = item['body']?.S ?? '';
    const before = known.get(key);
    const isSame = before?.text === text && String(before.record.version) === item['version']?.N;
    if (isSame && !isNewer(item)) return before.record;
    const parsed = read<FleetRecord>(item);
    if (typeof parsed === 'string') return undefined;
    const record = { ...parsed.body, version: parsed.version };
    if (known.size >= RECORDS_REMEMBERED && before === undefined) known.clear();
    known.set(key, { text, record });
    return record;
  };
}

type Holds = Pick<FleetStore, 'holds' | 'putHold' | 'removeHold'>;

function createHolds(table: Table, read: ReadItems): Holds {
  const history = (key: string) => `hold-history/${key}`;
  return {
    async holds() {
      const items = await table.query('hold');
      return items.map((item) => holdOf(item, read(item))).filter((hold) => hold !== undefined);
    },
    async putHold(hold) {
      const key = hold.endpoint.toLowerCase();
      await table.put(itemOf(history(key), iso(hold.from), hold, 1));
      if (await table.put(itemOf('hold', key, hold, 1))) return 'written';
      await table.remove(history(key), iso(hold.from));
      return 'newer';
    },
    async removeHold(endpoint, at) {
      const key = endpoint.toLowerCase();
      await table.put(itemOf(history(key), iso(at), { endpoint, removed: true }, 1));
      if (await table.remove('hold', key)) return 'written';
      await table.remove(history(key), iso(at));
      return 'newer';
    },
  };
}

/** Nobody knows what a hold of a newer version asks for: its endpoint is left alone until that version is back. */
function holdOf(item: Item, parsed: ReadItem<Hold>): Hold | undefined {
  if (parsed === 'damaged') return undefined;
  if (parsed !== 'newer') return parsed.body;
  const why = 'its hold was written by a newer version of the scaler, which alone can read it';
  const endpoint = item['sk']?.S ?? '';
  return { endpoint, mode: 'hands-off', from: 0, until: UNTIL_UPGRADED, by: 'endpoint-scaler', why };
}

type Samples = Pick<FleetStore, 'samples' | 'addSample'>;

function createSamples(table: Table, read: ReadItems): Samples {
  async function find(key: string): Promise<ReadItem<LeadSamples>> {
    const item = await table.get('samples', key.toLowerCase());
    return item === undefined ? { body: NO_SAMPLES, version: 0 } : read<LeadSamples>(item);
  }

  async function add(key: string, kind: keyof LeadSamples, value: number): Promise<void> {
    for (let attempt = 0; attempt < UPDATE_ATTEMPTS; attempt += 1) {
      const found = await find(key);
      // One lead time less is no loss; what is there is kept for whoever can read it.
      if (typeof found === 'string') return;
      const { body, version } = found;
      const item = itemOf('samples', key.toLowerCase(), addSample(body, kind, value), version + 1);
      const condition = version === 0 ? { ConditionExpression: 'attribute_not_exists(pk)' } : stillAt(version);
      if (await table.put(item, condition)) return;
    }
    throw lostAgainstOthers(`samples/${key}`);
  }

  return {
    async samples(keys) {
      if (keys.length <= SAMPLES_ONE_BY_ONE) {
        const found = await Promise.all(keys.map(async (key) => [key, samplesOf(await find(key))] as const));
        return new Map(found.filter(([, samples]) => samples !== NO_SAMPLES));
      }
      const wanted = new Map(keys.map((key) => [key.toLowerCase(), key]));
      const found = new Map<string, LeadSamples>();
      for (const item of await table.query('samples')) {
        const key = wanted.get(item['sk']?.S ?? '');
        const samples = key === undefined ? NO_SAMPLES : samplesOf(read<LeadSamples>(item));
        if (key !== undefined && samples !== NO_SAMPLES) found.set(key, samples);
      }
      return found;
    },
    async addSample(keys, kind, value) {
      for (const key of keys) await add(key, kind, value);
    },
  };
}

function samplesOf(found: ReadItem<LeadSamples>): LeadSamples {
  return typeof found === 'string' ? NO_SAMPLES : found.body;
}

function lostAgainstOthers(item: string): Error {
  return new Error(`${item}: ${UPDATE_ATTEMPTS} conditional writes in a row lost against others`);
}

/** Breakers live beside the fleet: one small item per instance type that met no capacity. */
export function createBreakerStore(parts: DynamoDbParts): BreakerStore {
  const table = createTable(parts);
  const read = createItemReader(parts.report);
  const untilOf = (item: Item): Instant => {
    const found = read<{ readonly until: Instant }>(item);
    // What cannot be told forbids: nothing of that type is deleted.
    return typeof found === 'string' ? UNTIL_UPGRADED : found.body.until;
  };
  return {
    async openUntil() {
      const items = await table.query('breaker');
      return new Map(items.map((item) => [item['sk']?.S ?? '', untilOf(item)]));
    },
    async open(instanceType, until) {
      const written = await table.put({
        pk: { S: 'breaker' },
        sk: { S: instanceType },
        schemaVersion: { N: String(SCHEMA_VERSION) },
        until: { N: String(until) },
      });
      if (!written) tellKept(instanceType);
    },
    async close(instanceType) {
      if (!(await table.remove('breaker', instanceType))) tellKept(instanceType);
    },
  };

  function tellKept(sk: string): void {
    parts.report('an item was written by a newer version: it is left alone', { pk: 'breaker', sk });
  }
}

/** Holds that were set for an endpoint and ends before their time, oldest first. */
export interface HoldHistory {
  of(endpoint: string): Promise<readonly HoldEvent[]>;
}

export type HoldEvent =
  | { readonly kind: 'set'; readonly at: Instant; readonly hold: Hold }
  | { readonly kind: 'removed'; readonly at: Instant };

export function createHoldHistory(parts: DynamoDbParts): HoldHistory {
  const table = createTable(parts);
  const read = createItemReader(parts.report);
  return {
    async of(endpoint) {
      const items = await table.query(`hold-history/${endpoint.toLowerCase()}`);
      return items.flatMap((item): HoldEvent[] => {
        const found = read<Hold & { readonly removed?: boolean }>(item);
        if (typeof found === 'string') return [];
        const at = Date.parse(item['sk']?.S ?? '');
        return [found.body.removed === true ? { kind: 'removed', at } : { kind: 'set', at, hold: found.body }];
      });
    },
  };
}

type Recipes = Pick<FleetStore, 'writeRecipe' | 'readRecipe' | 'recipeVersions'>;

function createRecipes(table: Table, read: ReadItems): Recipes {
  const partition = (endpoint: string) => `recipe/${endpoint.toLowerCase()}`;
  const stored = (endpoint: string) =>
    table.query(partition(endpoint), { ScanIndexForward: false, ProjectionExpression: 'pk, sk, schemaVersion' });

  async function prune(endpoint: string, keep: number | undefined): Promise<void> {
    // Those of a newer version are that one's to count and to remove.
    const ours = (await stored(endpoint)).filter((item) => !isNewer(item)).map(versionOf);
    for (const version of ours.slice(RECIPES_KEPT)) {
      if (version !== keep) await table.remove(partition(endpoint), versionKey(version));
    }
  }

  return {
    async recipeVersions(endpoint) {
      return (await stored(endpoint)).map(versionOf);
    },
    async writeRecipe(recipe, keep) {
      const pk = partition(recipe.endpoint);
      const sk = versionKey(recipe.version);
      const body = gzipSync(JSON.stringify(recipe));
      const item = {
        pk: { S: pk },
        sk: { S: sk },
        schemaVersion: { N: String(recipe.schemaVersion) },
        body: { B: body },
      };
      const written = await unlessTooLarge(() => table.put(item, { ConditionExpression: 'attribute_not_exists(pk)' }));
      if (!written.ok) return written;
      // The SDK sends a call again whose answer was lost: then it is our own that is there.
      const isThere = written.value || body.equals((await table.get(pk, sk))?.['body']?.B ?? Buffer.of());
      if (!isThere) throw new Error(`${pk}/${recipe.version} exists already: recipes are never overwritten`);
      await prune(recipe.endpoint, keep);
      return { ok: true, value: undefined };
    },
    async readRecipe(endpoint, version) {
      const item = await table.get(partition(endpoint), versionKey(version));
      if (item === undefined) return undefined;
      const found = read<Recipe>(item);
      return typeof found === 'string' ? 'unreadable' : found.body;
    },
  };
}

/** DynamoDB takes items of at most 400 KB, and says so only when one is larger. */
async function unlessTooLarge<T>(put: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await put() };
  } catch (error) {
    const isTooLarge =
      error instanceof Error && error.name === 'ValidationException' && /item size/i.test(error.message);
    if (!isTooLarge) throw error;
    const { name: code, message } = error;
    return { ok: false, failure: { class: 'rejected', code, message, call: 'DynamoDB.PutItem', definite: true } };
  }
}

function versionOf(item: Item): number {
  return Number(item['sk']?.S);
}

/** Zero-padded, so that the table's text order is the order of versions. */
function versionKey(version: number): string {
  return String(version).padStart(10, '0');
}
