/** Items that another version of the scaler wrote: the first release's are ours to use, a newer one's to leave alone. */
import { DeleteEndpointCommand } from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../shared/domain/time.ts';
import { removeHold, setHold } from '../../shared/use-cases/hold.ts';
import { planRecovery } from '../../shared/use-cases/recover/plan-recovery.ts';
import { createFleet } from '../support/idle-windows-fleet.ts';
import { START } from '../support/simulator-clients.ts';
import { asNewer, firstReleaseItems, putItems, type StoredItem } from '../support/state-table.ts';

async function tableWith(items: readonly StoredItem[]) {
  const fleet = await createFleet();
  await putItems(fleet.people.dynamodb, items);
  return { fleet, store: fleet.store };
}

/** Chat exists for SageMaker as config and model alone, as after a park. */
async function takeAway({ people, seed, aws }: Awaited<ReturnType<typeof createFleet>>): Promise<void> {
  seed({ name: 'Chat' });
  await people.sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Chat' }));
  await aws.run(START + 5 * MINUTE);
}

const WAKE = { source: 'endpoint-scaler.request', 'detail-type': 'Wake Requested', detail: { endpoint: 'Chat' } };

describe('what the first release wrote', () => {
  it('wakes what it parked', async () => {
    const { fleet } = await tableWith(firstReleaseItems());
    await takeAway(fleet);
    await fleet.invoke(WAKE);
    await fleet.tickUntilPhase('Chat', 'up');
    expect(await fleet.status('Chat')).toBe('InService');
  });
});

describe('what a newer version wrote', () => {
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
