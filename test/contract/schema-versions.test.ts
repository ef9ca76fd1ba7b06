/** Items that another version of the scaler wrote: the first release's are ours to use, a newer one's to leave alone. */
import { DeleteEndpointCommand } from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import { createBreakerStore, createFleetStore, createHoldHistory } from '../../shared/aws/dynamodb.ts';
import type { Recipe } from '../../shared/domain/recipe.ts';
import type { Hold } from '../../shared/domain/record.ts';
import { DAY, HOUR, MINUTE } from '../../shared/domain/time.ts';
import { removeHold, setHold } from '../../shared/use-cases/hold.ts';
import { planRecovery } from '../../shared/use-cases/recover/plan-recovery.ts';
import { createFleet } from '../support/idle-windows-fleet.ts';
import { START } from '../support/simulator-clients.ts';
import {
  asNewer,
  firstReleaseItems,
  keyOf,
  plain,
  putItems,
  readItems,
  type StoredItem,
} from '../support/state-table.ts';

const TYPE = 'ml.p4d.24xlarge';
const HOLD: Hold = { endpoint: 'Search', mode: 'down', from: START + 1, until: START + DAY, by: 'bob', why: 'other' };

async function tableWith(items: readonly StoredItem[]) {
  const fleet = await createFleet();
  await putItems(fleet.people.dynamodb, items);
  const told: string[] = [];
  const parts = {
    client: fleet.people.dynamodb,
    tableName: 'state',
    report: (message: string, { pk, sk }: Readonly<Record<string, unknown>>) => told.push(`${pk}/${sk}: ${message}`),
  };
  const store = createFleetStore(parts);
  return { fleet, told, store, breakers: createBreakerStore(parts), history: createHoldHistory(parts) };
}

const bodyOf = (item: StoredItem | undefined): Record<string, unknown> => JSON.parse(item?.['body']?.S ?? '{}');

async function readOldRecipe(): Promise<Recipe> {
  const { store } = await tableWith(firstReleaseItems());
  const recipe = await store.readRecipe('chat', 1);
  if (recipe === undefined || recipe === 'unreadable') throw new Error('the first release’s recipe cannot be read');
  return recipe;
}

/** Chat exists for SageMaker as config and model alone, as after a park. */
async function takeAway({ people, seed, aws }: Awaited<ReturnType<typeof createFleet>>): Promise<void> {
  seed({ name: 'Chat' });
  await people.sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Chat' }));
  await aws.run(START + 5 * MINUTE);
}

const WAKE = { source: 'endpoint-scaler.request', 'detail-type': 'Wake Requested', detail: { endpoint: 'Chat' } };

describe('what the first release wrote', () => {
  it('is read, item by item', async () => {
    const { told, store, breakers, history } = await tableWith(firstReleaseItems());
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

  it('wakes what it parked', async () => {
    const { fleet } = await tableWith(firstReleaseItems());
    await takeAway(fleet);
    await fleet.invoke(WAKE);
    await fleet.tickUntilPhase('Chat', 'up');
    expect(await fleet.status('Chat')).toBe('InService');
  });
});

describe('what a newer version wrote', () => {
  it('stays as it is, whatever this one does', async () => {
    const items = firstReleaseItems().map(asNewer);
    const { fleet, told, store, breakers, history } = await tableWith(items);
    const old = firstReleaseItems().find((item) => keyOf(item) === 'fleet/chat');
    const record = { ...(bodyOf(old) as unknown as Parameters<typeof store.replace>[0]), version: 6 };
    expect(await store.list()).toEqual([]);
    expect(await store.create(record)).toBe('conflict');
    expect(await store.replace(record)).toBe('conflict');
    expect(await store.update('chat', (fresh) => fresh)).toBeUndefined();
    expect(await store.archive(record, START + DAY)).toBe('conflict');
    expect(await store.putHold(HOLD)).toBe('newer');
    expect(await store.removeHold('search', START + 2)).toBe('newer');
    await store.addSample(['Chat', 'ml.g5.xlarge'], 'wakes', 1);
    await breakers.open(TYPE, START + 1);
    await breakers.close(TYPE);
    const recipe = await readOldRecipe();
    for (let version = 2; version <= 14; version += 1) await store.writeRecipe({ ...recipe, version });
    await fleet.tickUntil(30 * MINUTE);
    const after = await readItems(fleet.people.dynamodb);
    for (const item of items) expect(after.get(keyOf(item)), keyOf(item)).toEqual(plain(item));
    expect([...after.keys()].filter((key) => key.startsWith('hold')).sort(), 'no trace of what was refused').toEqual(
      items
        .map(keyOf)
        .filter((key) => key.startsWith('hold'))
        .sort(),
    );
    expect(await history.of('chat')).toEqual([]);
    for (const key of ['fleet/chat', 'hold-history/chat', 'samples/chat', `breaker/${TYPE}`])
      expect(
        told.some((line) => line.startsWith(key)),
        key,
      ).toBe(true);
  });

  it('does not count among the ten recipes that are kept', async () => {
    const { store } = await tableWith(firstReleaseItems().map(asNewer));
    const recipe = await readOldRecipe();
    for (let version = 2; version <= 14; version += 1) await store.writeRecipe({ ...recipe, version });
    expect(await store.recipeVersions('chat')).toEqual([14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 1]);
  });

  it('counts as no samples, as an open breaker and as a hold that leaves the endpoint alone', async () => {
    const { store, breakers } = await tableWith(firstReleaseItems().map(asNewer));
    expect((await store.samples(['chat', 'ml.g5.xlarge'])).size).toBe(0);
    expect((await store.samples(['chat', 'a', 'b', 'c', 'd'])).size).toBe(0);
    expect((await breakers.openUntil()).get(TYPE)).toBeGreaterThan(START + 365 * DAY);
    const [hold] = await store.holds();
    expect(hold).toMatchObject({ endpoint: 'search', mode: 'hands-off' });
    expect(hold?.until).toBeGreaterThan(START + 365 * DAY);
  });

  it('is a record that was remembered before, too', async () => {
    const items = firstReleaseItems();
    const { fleet, store } = await tableWith(items);
    expect((await store.list()).length).toBe(2);
    await putItems(fleet.people.dynamodb, items.filter((item) => keyOf(item) === 'fleet/chat').map(asNewer));
    expect((await store.list()).map(({ endpoint }) => endpoint)).toEqual(['Search']);
  });

  it('a hold is neither replaced nor removed, and says why', async () => {
    const items = firstReleaseItems().map((item) => (item['pk']?.S === 'hold' ? asNewer(item) : item));
    const { store } = await tableWith(items);
    const ports = {
      fleet: store,
      metrics: { backlog: async () => ({ ok: true as const, value: { size: [], withoutCapacity: [] } }) },
      announcer: { announce: () => undefined, flush: async () => undefined },
    };
    const request = {
      endpoint: 'Search',
      mode: 'up',
      until: START + HOUR,
      by: 'ada',
      why: 'demo',
      replace: true,
    } as const;
    expect(await setHold(ports, request, START)).toMatchObject({ ok: false, problem: { field: 'replace' } });
    expect(await removeHold(ports, { endpoint: 'Search', by: 'ada' }, START)).toBe('newer');
  });

  it('a recipe is not woken from, and its endpoint waits with a reason', async () => {
    const items = firstReleaseItems().map((item) => (item['pk']?.S === 'recipe/chat' ? asNewer(item) : item));
    const { fleet, store } = await tableWith(items);
    await takeAway(fleet);
    await fleet.invoke(WAKE);
    await fleet.tickUntil(20 * MINUTE);
    expect(await fleet.status('Chat')).toBe('Absent');
    expect(fleet.decisions()).toContain('refuse recipe-unproven');
    const { impossible } = await planRecovery(store, { endpoints: ['Chat'] });
    expect(impossible).toMatchObject([{ endpoint: 'Chat', why: expect.stringContaining('newer version') }]);
  });

  it('a recipe refuses the next park of its endpoint', async () => {
    const { fleet, store } = await tableWith(
      firstReleaseItems()
        .filter((item) => item['pk']?.S === 'recipe/chat')
        .map(asNewer),
    );
    fleet.seed({ name: 'Chat' });
    await fleet.enrol('Chat', { recipeVersion: 1 });
    await fleet.tickUntil(45 * MINUTE);
    expect(await fleet.status('Chat')).toBe('InService');
    expect(fleet.decisions()).toContain('refuse recipe-unproven');
    expect(await store.recipeVersions('chat')).toEqual([1]);
  });

  it('a recipe keeps a woken endpoint in `restoring`: nothing of it is put back by half', async () => {
    const { fleet } = await tableWith(firstReleaseItems());
    await takeAway(fleet);
    await fleet.invoke(WAKE);
    await fleet.tickUntilPhase('Chat', 'waking');
    const recipe = firstReleaseItems().filter((item) => item['pk']?.S === 'recipe/chat');
    await putItems(fleet.people.dynamodb, recipe.map(asNewer));
    await fleet.tickUntil(40 * MINUTE);
    expect(await fleet.status('Chat')).toBe('InService');
    expect((await fleet.record('Chat')).phase).toBe('restoring');
    await putItems(fleet.people.dynamodb, recipe);
    await fleet.tickUntilPhase('Chat', 'up');
  });
});

describe('damaged items', () => {
  it('are reported one by one, and the rest of a history and of the recipes is read', async () => {
    const damaged = firstReleaseItems().map((item) => {
      const isHit = keyOf(item).startsWith('hold-history/chat/2026-03-23T00') || item['pk']?.S === 'recipe/chat';
      return isHit ? { ...item, body: { S: '{' } } : item;
    });
    const { store, history, told } = await tableWith(damaged);
    expect((await history.of('chat')).map(({ kind }) => kind)).toEqual(['removed']);
    expect(await store.readRecipe('chat', 1)).toBe('unreadable');
    expect(told.length).toBe(2);
  });
});
