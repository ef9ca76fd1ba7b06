import { describe, expect, it } from 'vitest';
import { requestWake } from '../../shared/domain/demand.ts';
import { HOUR, MINUTE } from '../../shared/domain/time.ts';
import { giveBack } from '../../shared/use-cases/give-back.ts';
import type { CallGate } from '../../simulator/contract.ts';
import { createFleet } from '../support/idle-windows-fleet.ts';
import { createScalingFleet } from '../support/scheduled-scaling-fleet.ts';
import { START } from '../support/simulator-clients.ts';

/** Acts once, between a run's last look at the record of `chat` and its write of it. */
function beforeRecordIsWritten() {
  const state: { act?: () => Promise<unknown>; acted: boolean } = { acted: false };
  const gate: CallGate = {
    before: async ({ service, operation }) => {
      if (service !== 'DynamoDB' || operation !== 'PutItem' || state.acted || state.act === undefined) return;
      state.acted = true;
      await state.act();
    },
  };
  return { gate, state };
}

describe('whoever asks for a look while a run writes when it looks next', () => {
  it('is given the endpoint back in the next tick of scheduled scaling', async () => {
    const { gate, state } = beforeRecordIsWritten();
    const fleet = await createScalingFleet({}, gate);
    fleet.seed({ name: 'chat' }, 'office');
    await fleet.put('policies/office', { capacity: [], otherwise: { min: 1, max: 2 } });
    await fleet.tickUntil(2 * MINUTE);
    await fleet.put('policies/office', { capacity: [], otherwise: { min: 1, max: 3 } });
    const announcer = { announce: () => undefined, flush: () => Promise.resolve() };
    const asked = START + 3 * MINUTE;
    state.act = () => giveBack({ fleet: fleet.store, announcer }, { endpoint: 'chat', by: 'me' }, asked);
    await fleet.tick(3 * MINUTE);
    expect(state.acted, 'the write that is raced with').toBe(true);
    expect((await fleet.record('chat')).giveBack).toEqual({ at: asked, by: 'me' });
    await fleet.tick(4 * MINUTE);
    expect((await fleet.record('chat')).giveBack).toMatchObject({ doneAt: START + 4 * MINUTE });
  });

  it('is woken for in the next tick of idle windows', async () => {
    const { gate, state } = beforeRecordIsWritten();
    const fleet = await createFleet({}, gate);
    fleet.seed({ name: 'chat' });
    await fleet.enrol('chat');
    await fleet.tickUntilPhase('chat', 'parked');
    let asked = 0;
    state.act = () => {
      asked = fleet.aws.clock.now();
      return fleet.store.update('chat', (record) => requestWake(record, { at: asked, now: asked, by: 'me' }));
    };
    for (let offset = 0; !state.acted && offset < 3 * HOUR; offset += MINUTE) await fleet.tickUntil(offset);
    expect(state.acted, 'the write that is raced with').toBe(true);
    await fleet.tickUntil(asked - START + MINUTE);
    expect(await fleet.record('chat')).toMatchObject({ phase: 'waking' });
  });
});
