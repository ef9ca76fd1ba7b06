import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createFleetStore } from '../../shared/aws/dynamodb.ts';
import type { Recipe } from '../../shared/domain/recipe.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';
import { DAY, HOUR, MINUTE } from '../../shared/domain/time.ts';
import { giveBack } from '../../shared/use-cases/give-back.ts';
import { type HoldRequest, removeHold, setHold } from '../../shared/use-cases/hold.ts';
import { createFleet } from '../support/idle-windows-fleet.ts';
import { START } from '../support/simulator-clients.ts';

function recipe(version: number): Recipe {
  return {
    schemaVersion: 1,
    version,
    endpoint: 'Chat',
    takenAt: START,
    creationTime: START,
    preferred: { configName: 'Chat', config: { ProductionVariants: [{ VariantName: 'AllTraffic' }] } },
    running: { configName: 'Chat' },
    tags: { 'aws:x': 'y' },
    variants: [],
    targets: [],
    imageDigests: {},
    outstanding: [],
  };
}

describe('the fleet store', () => {
  it('finds a record by its name in any case, and lists a fleet of several pages', async () => {
    const { store, enrol } = await createFleet();
    const padding = 'x'.repeat(3_500);
    for (let index = 0; index < 400; index += 1) await enrol(`Chat-${index}`, { asserted: padding });
    expect(await store.get('cHAT-7')).toMatchObject({ endpoint: 'Chat-7', version: 1 });
    expect((await store.list()).length).toBe(400);
  });

  it('parses a record once for as long as nobody writes it', async () => {
    const { store, enrol } = await createFleet();
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
    const { store, enrol } = await createFleet();
    const record = await enrol('Chat');
    expect(await store.create(record)).toBe('conflict');
    expect(await store.replace({ ...record, generation: 1 })).toMatchObject({ written: { version: 2, generation: 1 } });
    expect(await store.replace({ ...record, generation: 9 })).toBe('conflict');
    expect(await store.get('chat')).toMatchObject({ generation: 1 });
  });

  it('loses no update of many at once', async () => {
    const { store, enrol } = await createFleet();
    await enrol('Chat');
    const add = (record: FleetRecord): FleetRecord => ({ ...record, generation: record.generation + 1 });
    await Promise.all([1, 2, 3, 4].map(() => store.update('chat', add)));
    expect(await store.get('chat')).toMatchObject({ generation: 4 });
    expect(await store.update('chat', () => undefined)).toBeUndefined();
    expect(await store.update('nobody', add)).toBeUndefined();
  });

  it('archives a record, unless it was changed meanwhile', async () => {
    const { store, enrol } = await createFleet();
    const record = await enrol('Chat');
    await store.update('chat', (fresh) => ({ ...fresh, generation: 5 }));
    expect(await store.archive(record, START)).toBe('conflict');
    const fresh = await store.get('chat');
    expect(fresh && (await store.archive(fresh, START))).toBe('written');
    expect([await store.get('chat'), (await store.list()).length]).toEqual([undefined, 0]);
  });

  it('keeps ten recipes, overwrites none, and reads back what it wrote', async () => {
    const { store } = await createFleet();
    for (let version = 1; version <= 12; version += 1) await store.writeRecipe(recipe(version));
    expect(await store.recipeVersions('CHAT')).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
    expect(await store.readRecipe('chat', 12)).toEqual(recipe(12));
    expect(await store.readRecipe('chat', 1)).toBeUndefined();
    await store.writeRecipe(recipe(12));
    await expect(store.writeRecipe({ ...recipe(12), takenAt: START + 1 })).rejects.toThrow('never overwritten');
    expect(await store.readRecipe('chat', 12), 'a repeated call of the same changes nothing').toEqual(recipe(12));
  });

  it('reports items of a newer schema and leaves them as they are', async () => {
    const { people, enrol } = await createFleet();
    await enrol('old');
    const told: string[] = [];
    const store = createFleetStore({
      client: people.dynamodb,
      tableName: 'state',
      report: (_, { sk }) => told.push(String(sk)),
    });
    const key = { pk: { S: 'fleet' }, sk: { S: 'new' } };
    await people.dynamodb.send(
      new PutItemCommand({
        TableName: 'state',
        Item: { ...key, schemaVersion: { N: '2' }, version: { N: '1' }, body: { S: '{"endpoint":"new"}' } },
      }),
    );
    expect((await store.list()).map(({ endpoint }) => endpoint)).toEqual(['old']);
    expect(await store.update('new', (record) => record)).toBeUndefined();
    expect(told).toEqual(['new', 'new']);
    const { Item } = await people.dynamodb.send(new GetItemCommand({ TableName: 'state', Key: key }));
    expect(Item?.['version']).toEqual({ N: '1' });
  });

  it('keeps samples by endpoint and type, by few keys and by many', async () => {
    const { store } = await createFleet();
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
});

describe('holds', () => {
  async function held(request: Partial<HoldRequest> = {}, record: Partial<FleetRecord> = {}) {
    const fleet = await createFleet();
    await fleet.enrol('Chat', { nextAt: { scaling: START + DAY, windows: START + DAY }, ...record });
    const announced: string[] = [];
    const ports = {
      fleet: fleet.store,
      metrics: {
        backlog: async () => ({ ok: true as const, value: { size: [[START, 3] as const], withoutCapacity: [] } }),
      },
      announcer: { announce: ({ type }: { type: string }) => announced.push(type), flush: async () => undefined },
    };
    const set = (more: Partial<HoldRequest> = {}) =>
      setHold(
        ports,
        {
          endpoint: 'chat',
          mode: 'up',
          until: START + HOUR,
          by: 'ada',
          why: 'demo',
          replace: false,
          ...request,
          ...more,
        },
        START,
      );
    return { fleet, ports, announced, set };
  }

  it('is stored under the endpoint’s own name and makes it due for both functions', async () => {
    const { fleet, announced, set } = await held();
    expect(await set()).toMatchObject({ ok: true, hold: { endpoint: 'Chat', mode: 'up', from: START } });
    expect(await fleet.store.get('chat')).toMatchObject({ nextAt: { scaling: START, windows: START } });
    expect(announced).toEqual(['Hold Set']);
  });

  it.each<[string, Partial<HoldRequest>, Partial<FleetRecord>, string]>([
    ['more than 30 days', { until: START + 30 * DAY + 1 }, {}, 'until'],
    ['an instant that has passed', { until: START }, {}, 'until'],
    ['no instant', { until: Number.NaN }, {}, 'until'],
    ['no reason', { why: ' ' }, {}, 'why'],
    ['an endpoint that is not in the fleet', { endpoint: 'nobody' }, {}, 'endpoint'],
    ['down on a queue with work', { mode: 'down' }, { kind: 'async' }, 'mode'],
  ])('is refused for %s', async (_name, request, record, field) => {
    const { fleet, set } = await held(request, record);
    expect(await set()).toMatchObject({ ok: false, problem: { field } });
    expect(await fleet.store.holds()).toEqual([]);
  });

  it('replaces a running one only when asked to, and an expired one always', async () => {
    const { fleet, ports, set, announced } = await held();
    await set({ until: START + MINUTE });
    expect(await set({ mode: 'down' })).toMatchObject({ ok: false, problem: { field: 'replace' } });
    expect(await set({ mode: 'down', replace: true })).toMatchObject({ ok: true, replaced: { mode: 'up' } });
    expect((await fleet.store.holds()).map(({ mode }) => mode)).toEqual(['down']);
    expect(await removeHold(ports, { endpoint: 'CHAT', by: 'bob' }, START + 1)).toMatchObject({ mode: 'down' });
    expect(await removeHold(ports, { endpoint: 'chat', by: 'bob' }, START + 2)).toBeUndefined();
    expect(announced.at(-1)).toBe('Hold Ended');
  });

  it('hands-off has to end before an endpoint is given back', async () => {
    const { fleet, ports, set } = await held();
    await set({ mode: 'hands-off' });
    expect(await giveBack(ports, { endpoint: 'chat', by: 'ada' }, START + 1)).toMatchObject({ ok: false });
    await removeHold(ports, { endpoint: 'chat', by: 'ada' }, START + 2);
    expect(await giveBack(ports, { endpoint: 'chat', by: 'ada' }, START + 3)).toEqual({ ok: true, phase: 'up' });
    expect(await fleet.store.get('chat')).toMatchObject({ giveBack: { by: 'ada' } });
  });
});
