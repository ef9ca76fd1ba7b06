import { describe, expect, it } from 'vitest';
import type { FleetRecord } from '../../shared/domain/record.ts';
import { HOUR, MINUTE } from '../../shared/domain/time.ts';
import type { CallGate } from '../../simulator/contract.ts';
import { createFleet } from '../support/idle-windows-fleet.ts';
import { START } from '../support/simulator-clients.ts';

type Fleet = Awaited<ReturnType<typeof createFleet>>;

const changed = (fleet: Fleet, change: Partial<FleetRecord>) =>
  fleet.store.update('chat', (record) => ({ ...record, ...change }));

/** What others may write between the last look at the world and the note that precedes DeleteEndpoint. */
const HANDS: Readonly<Record<string, (fleet: Fleet) => Promise<unknown>>> = {
  'policy-invalid': (fleet) => changed(fleet, { invalid: { since: START, problem: 'broken' } }),
  protected: (fleet) => changed(fleet, { protected: true }),
  'demand-request': (fleet) =>
    changed(fleet, { demand: [{ source: 'request', since: START, renewedAt: START + 10 * HOUR }] }),
  'hold-up': (fleet) =>
    fleet.store.putHold({ endpoint: 'chat', mode: 'up', from: START, until: START + 24 * HOUR, by: 'me', why: 'demo' }),
};

describe('between the last look and the delete', () => {
  it.each(Object.keys(HANDS))('%s is heard: nothing is deleted', async (reason) => {
    const state: { fleet?: Fleet; recipeWritten: boolean; meddled: boolean } = { recipeWritten: false, meddled: false };
    const gate: CallGate = {
      after: ({ service, operation, input }) => {
        if (service !== 'DynamoDB' || operation !== 'PutItem') return;
        state.recipeWritten ||= String(input.Item?.pk?.S).startsWith('recipe/');
      },
      before: async ({ service, operation }) => {
        if (state.fleet === undefined || !state.recipeWritten || state.meddled) return;
        if (service !== 'DynamoDB' || operation !== 'PutItem') return;
        state.meddled = true;
        await HANDS[reason]?.(state.fleet);
      },
    };
    const fleet = await createFleet({}, gate);
    fleet.seed({ name: 'chat' });
    await fleet.enrol('chat');
    state.fleet = fleet;
    await fleet.tickUntil(60 * MINUTE);
    expect(state.meddled, 'the write that is raced with').toBe(true);
    expect(await fleet.status('chat')).toBe('InService');
    expect(fleet.decisions()).toContain(`refuse ${reason}`);
  });
});
