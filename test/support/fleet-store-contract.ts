/** What the product relies on in its table, whoever keeps it: the simulator, or Amazon's own DynamoDB Local. */
import { randomBytes } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createBreakerStore, createFleetStore, createHoldHistory } from '../../shared/aws/dynamodb.ts';
import type { Recipe } from '../../shared/domain/recipe.ts';
import type { FleetRecord, Hold } from '../../shared/domain/record.ts';
import { DAY, HOUR, MINUTE } from '../../shared/domain/time.ts';
import { START } from './simulator-clients.ts';
import { asNewer, firstReleaseItems, keyOf, plain, putItems, readItems, type StoredItem } from './state-table.ts';

/** Of an account of its own, whose table `state` is empty. */
export type MakeClient = () => Promise<DynamoDBClient>;

const TYPE = 'ml.p4d.24xlarge';
const HOLD: Hold = { endpoint: 'Chat', mode: 'down', from: START + 1, until: START + DAY, by: 'bob', why: 'other' };

function recipe(version: number, text = ''): Recipe {
  return {
    schemaVersion: 1,
    version,
    endpoint: 'Chat',
    takenAt: START,
    creationTime: START,
    preferred: { configName: 'Chat', config: { ProductionVariants: [{ VariantName: 'AllTraffic' }], text } },
    running: { configName: 'Chat' },
    tags: { 'aws:x': 'y' },
    variants: [],
    targets: [],
    imageDigests: {},
    outstanding: [],
  };
}

function recordOf(endpoint: string): FleetRecord {
  return {
    schemaVersion: 1,
    version: 1,
    endpoint,
    arn: `arn:aws:sagemaker:eu-central-1:123456789012:endpoint/${endpoint.toLowerCase()}`,
    kind: 'real-time',
    phase: 'up',
    phaseSince: START,
    generation: 0,
    policyName: 'policies/chat',
    protected: false,
    demand: [],
    nextAt: { scaling: START, windows: START },
  };
}

function opener(makeClient: MakeClient) {
  return async (items: readonly StoredItem[] = []) => {
    const client = await makeClient();
    await putItems(client, items);
    const told: string[] = [];
    const parts = {
      client,
      tableName: 'state',
      report: (_: string, { pk, sk }: Readonly<Record<string, unknown>>) => told.push(`${pk}/${sk}`),
    };
    const store = createFleetStore(parts);
    const enrol = async (endpoint: string, more: Partial<FleetRecord> = {}) => {
      const record = { ...recordOf(endpoint), ...more };
      expect(await store.create(record)).toBe('written');
      return record;
    };
    return { client, store, breakers: createBreakerStore(parts), history: createHoldHistory(parts), enrol, told };
  };
}

export function defineFleetStoreContract(name: string, makeClient: MakeClient): void {
  const open = opener(makeClient);
  describe(`the fleet store on ${name}`, () => {
    defineRecords(open);
    defineRecipes(open);
    defineOthers(open);
    defineVersions(open);
  });
}

type Open = ReturnType<typeof opener>;

function defineRecords(open: Open): void {
  it('finds a record by its name in any case, and lists a fleet of several pages', async () => {
    const { store, enrol } = await open();
    const padding = 'x'.repeat(3_500);
    for (let index = 0; index < 400; index += 1) await enrol(`Chat-${index}`, { asserted: padding });
    expect(await store.get('cHAT-7')).toMatchObject({ endpoint: 'Chat-7', version: 1 });
    expect((await store.list()).length).toBe(400);
  });

  it('parses a record once for as long as nobody writes it', async () => {
    const { store, enrol } = await open();
    await enrol('Chat');
    await enrol('Other');
    const [chat, other] = await store.list();
    await store.update('chat', (record) => ({ ...record, generation: 7 }));
    const again = await store.list();
    expect(again[1]).toBe(other);
    expect(again[0]).not.toBe(chat);
    expect(again[0]).toMatchObject({ endpoint: 'Chat', generation: 7, version: 2 });
    expect(await store.get('chat')).toBe(again[0]);
  });

  it('creates once, and replaces only the version that was read', async () => {
    const { store, enrol } = await open();
    const record = await enrol('Chat');
    expect(await store.create(record)).toBe('conflict');
    expect(await store.replace({ ...record, generation: 1 })).toMatchObject({ written: { version: 2, generation: 1 } });
    expect(await store.replace({ ...record, generation: 9 })).toBe('conflict');
    expect(await store.get('chat')).toMatchObject({ generation: 1 });
  });

  it('loses no update of many at once', async () => {
    const { store, enrol } = await open();
    await enrol('Chat');
    const add = (record: FleetRecord): FleetRecord => ({ ...record, generation: record.generation + 1 });
    await Promise.all([1, 2, 3, 4].map(() => store.update('chat', add)));
    expect(await store.get('chat')).toMatchObject({ generation: 4 });
    expect(await store.update('chat', () => undefined)).toBeUndefined();
    expect(await store.update('nobody', add)).toBeUndefined();
  });

  it('archives a record, unless it was changed meanwhile', async () => {
    const { store, enrol } = await open();
    const record = await enrol('Chat');
    await store.update('chat', (fresh) => ({ ...fresh, generation: 5 }));
    expect(await store.archive(record, START)).toBe('conflict');
    const fresh = await store.get('chat');
    expect(fresh && (await store.archive(fresh, START))).toBe('written');
    expect([await store.get('chat'), (await store.list()).length]).toEqual([undefined, 0]);
  });
}

function defineRecipes(open: Open): void {
  it('keeps ten recipes, overwrites none, and reads back what it wrote', async () => {
    const { store } = await open();
    for (let version = 1; version <= 12; version += 1) await store.writeRecipe(recipe(version));
    expect(await store.recipeVersions('CHAT')).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
    expect(await store.readRecipe('chat', 12)).toEqual(recipe(12));
    expect(await store.readRecipe('chat', 1)).toBeUndefined();
    await store.writeRecipe(recipe(12));
    await expect(store.writeRecipe({ ...recipe(12), takenAt: START + 1 })).rejects.toThrow('never overwritten');
    expect(await store.readRecipe('chat', 12), 'a repeated call of the same changes nothing').toEqual(recipe(12));
  });

  it('keeps a recipe of a megabyte that compresses well, byte for byte', async () => {
    const { store } = await open();
    const words = Array.from(
      { length: 30_000 },
      (_, index) => `"alarm-${index} für ä\u{1f600}\\"': Größe ${index % 97}`,
    );
    const large = recipe(1, words.join('\n'));
    expect(Buffer.byteLength(JSON.stringify(large))).toBeGreaterThan(1_000_000);
    expect(await store.writeRecipe(large)).toEqual({ ok: true, value: undefined });
    expect(JSON.stringify(await store.readRecipe('chat', 1))).toBe(JSON.stringify(large));
  });

  it('answers a recipe too large for an item with a definite failure, and writes nothing', async () => {
    const { store } = await open();
    const written = await store.writeRecipe(recipe(1, randomBytes(450_000).toString('base64')));
    expect(written).toMatchObject({ ok: false, failure: { class: 'rejected', definite: true } });
    expect(await store.recipeVersions('chat')).toEqual([]);
  });
}

function defineOthers(open: Open): void {
  it('keeps samples by endpoint and type, by few keys and by many', async () => {
    const { store } = await open();
    await store.addSample(['Chat', 'ml.g5.xlarge'], 'wakes', 5);
    await store.addSample(['other', 'ml.g5.xlarge'], 'wakes', 7);
    await store.addSample(['chat'], 'scaleOuts', 1);
    const few = await store.samples(['chat', 'ml.g5.xlarge', 'nobody']);
    const many = await store.samples(['chat', 'ml.g5.xlarge', 'nobody', 'a', 'b', 'c']);
    expect(few).toEqual(
      new Map([
        ['chat', { wakes: [5], scaleOuts: [1] }],
        ['ml.g5.xlarge', { wakes: [5, 7], scaleOuts: [] }],
      ]),
    );
    expect(many).toEqual(few);
  });

  it('keeps one hold an endpoint, and the history of all', async () => {
    const { store, history } = await open();
    expect(await store.putHold({ ...HOLD, from: START })).toBe('written');
    expect(await store.putHold(HOLD)).toBe('written');
    expect(await store.holds()).toEqual([HOLD]);
    expect(await store.removeHold('CHAT', START + HOUR)).toBe('written');
    expect(await store.holds()).toEqual([]);
    expect((await history.of('chat')).map(({ kind, at }) => [kind, at - START])).toEqual([
      ['set', 0],
      ['set', 1],
      ['removed', HOUR],
    ]);
  });

  it('opens and closes breakers', async () => {
    const { breakers } = await open();
    await breakers.open(TYPE, START + DAY);
    await breakers.open(TYPE, START + 2 * DAY);
    expect(await breakers.openUntil()).toEqual(new Map([[TYPE, START + 2 * DAY]]));
    await breakers.close(TYPE);
    await breakers.close(TYPE);
    expect((await breakers.openUntil()).size).toBe(0);
  });
}

function defineVersions(open: Open): void {
  it('reads all that the first release wrote', async () => {
    const { store, breakers, history, told } = await open(firstReleaseItems());
    expect((await store.list()).map(({ endpoint, phase }) => [endpoint, phase])).toEqual([
      ['Chat', 'parked'],
      ['Search', 'up'],
    ]);
    expect(await store.readRecipe('chat', 1)).toMatchObject({ endpoint: 'Chat', preferred: { configName: 'Chat' } });
    expect((await store.holds()).map(({ endpoint, mode }) => [endpoint, mode])).toEqual([['Search', 'up']]);
    expect((await history.of('Chat')).map(({ kind }) => kind)).toEqual(['set', 'removed']);
    expect((await store.samples(['chat'])).get('chat')).toEqual({ wakes: [8 * MINUTE], scaleOuts: [3 * MINUTE] });
    expect(await breakers.openUntil()).toEqual(new Map([[TYPE, START + DAY]]));
    expect(told).toEqual([]);
  });

  it('leaves what a newer version wrote as it is, whatever it is asked for', async () => {
    const items = firstReleaseItems().map(asNewer);
    const { client, store, breakers, history, told } = await open(items);
    const record = { ...recordOf('Chat'), version: 6 };
    expect(await store.list()).toEqual([]);
    expect(await store.create(record)).toBe('conflict');
    expect(await store.replace(record)).toBe('conflict');
    expect(await store.update('chat', (fresh) => fresh)).toBeUndefined();
    expect(await store.archive(record, START + DAY)).toBe('conflict');
    expect(await store.putHold({ ...HOLD, endpoint: 'Search' })).toBe('newer');
    expect(await store.removeHold('search', START + 2)).toBe('newer');
    await store.addSample(['Chat', 'ml.g5.xlarge'], 'wakes', 1);
    await breakers.open(TYPE, START + 1);
    await breakers.close(TYPE);
    for (let version = 2; version <= 14; version += 1) await store.writeRecipe(recipe(version));
    const after = await readItems(client);
    for (const item of items) expect(after.get(keyOf(item)), keyOf(item)).toEqual(plain(item));
    const holdsOf = (keys: readonly string[]) => keys.filter((key) => key.startsWith('hold')).sort();
    expect(holdsOf([...after.keys()]), 'no trace of what was refused').toEqual(holdsOf(items.map(keyOf)));
    expect(await history.of('chat')).toEqual([]);
    expect(await store.recipeVersions('chat'), 'the newer one is none of the ten').toEqual([
      14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 1,
    ]);
    for (const key of ['fleet/chat', 'hold-history/chat', 'samples/chat', `breaker/${TYPE}`])
      expect(
        told.some((line) => line.startsWith(key)),
        key,
      ).toBe(true);
  });

  it('tells samples of a newer version as none, its breaker as open, its hold as hands-off, its recipe as unreadable', async () => {
    const { store, breakers } = await open(firstReleaseItems().map(asNewer));
    expect((await store.samples(['chat', 'ml.g5.xlarge'])).size).toBe(0);
    expect((await store.samples(['chat', 'a', 'b', 'c', 'd'])).size).toBe(0);
    expect((await breakers.openUntil()).get(TYPE)).toBeGreaterThan(START + 365 * DAY);
    const [hold] = await store.holds();
    expect(hold).toMatchObject({ endpoint: 'search', mode: 'hands-off' });
    expect(hold?.until).toBeGreaterThan(START + 365 * DAY);
    expect(await store.readRecipe('chat', 1)).toBe('unreadable');
  });

  it('keeps ten recipes of its own beside newer ones of a newer version', async () => {
    const old = firstReleaseItems().filter((item) => item['pk']?.S === 'recipe/chat');
    const { store } = await open(old.map((item) => asNewer({ ...item, sk: { S: '0000000099' } })));
    for (let version = 1; version <= 11; version += 1) await store.writeRecipe(recipe(version));
    expect(await store.recipeVersions('chat')).toEqual([99, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
  });

  it('sees that a record it remembers is a newer version’s now', async () => {
    const items = firstReleaseItems();
    const { client, store } = await open(items);
    expect((await store.list()).length).toBe(2);
    await putItems(client, items.filter((item) => keyOf(item) === 'fleet/chat').map(asNewer));
    expect((await store.list()).map(({ endpoint }) => endpoint)).toEqual(['Search']);
  });

  it('reports damaged items one by one, and reads the rest', async () => {
    const damaged = firstReleaseItems().map((item) => {
      const isHit = keyOf(item).startsWith('hold-history/chat/2026-03-23T00') || item['pk']?.S === 'recipe/chat';
      return isHit ? { ...item, body: { S: '{' } } : item;
    });
    const { store, history, told } = await open(damaged);
    expect((await history.of('chat')).map(({ kind }) => kind)).toEqual(['removed']);
    expect(await store.readRecipe('chat', 1)).toBe('unreadable');
    expect(told.length).toBe(2);
  });
}
