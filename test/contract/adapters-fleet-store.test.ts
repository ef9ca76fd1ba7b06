import { describe, expect, it } from 'vitest';
import type { FleetRecord } from '../../shared/domain/record.ts';
import { DAY, HOUR, MINUTE } from '../../shared/domain/time.ts';
import { giveBack } from '../../shared/use-cases/give-back.ts';
import { type HoldRequest, removeHold, setHold } from '../../shared/use-cases/hold.ts';
import { defineFleetStoreContract } from '../support/fleet-store-contract.ts';
import { createFleet } from '../support/idle-windows-fleet.ts';
import { START } from '../support/simulator-clients.ts';

defineFleetStoreContract('the simulator’s table', async () => (await createFleet()).people.dynamodb);

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
