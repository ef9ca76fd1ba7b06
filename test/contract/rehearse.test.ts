import { CreateEndpointConfigCommand, DeleteEndpointConfigCommand } from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import type { Rung } from '../../shared/domain/policy.ts';
import { DAY, HOUR, MINUTE } from '../../shared/domain/time.ts';
import { agendaOf, createFleet, type IdleWindowsFleet, PARKING_POLICY } from '../support/idle-windows-fleet.ts';
import { START } from '../support/simulator-clients.ts';

const zero: Rung = { kind: 'zero' };
const TYPE = 'ml.g5.xlarge';
const BROKEN = 'The primary container for production variant AllTraffic did not pass the ping health check.';
const policy = { ...PARKING_POLICY, zero: { ...PARKING_POLICY.zero, minUp: 20 * MINUTE, rehearse: true as const } };

async function chat(record: Parameters<IdleWindowsFleet['enrol']>[1] = {}): Promise<IdleWindowsFleet> {
  const fleet = await createFleet();
  fleet.seed({ name: 'Chat' });
  await fleet.enrol('Chat', { agenda: agendaOf([[0, zero]]), policy, ...record });
  return fleet;
}

const count = (fleet: IdleWindowsFleet, call: string) => fleet.aws.callCounts()[`SageMaker.${call}`] ?? 0;

/** Starts begun in this time end Failed after five minutes; without a reason, for want of capacity. */
function failStarts(fleet: IdleWindowsFleet, until: number, reason?: string): void {
  fleet.aws.world.addShortage({
    instanceType: TYPE,
    from: START,
    until: START + until,
    failsAfterMs: 5 * MINUTE,
    ...(reason !== undefined && { reason }),
  });
}

describe('a first park under `zero: { rehearse: true }`', () => {
  it('is woken at once, and the next one stays: proven', async () => {
    const fleet = await chat();
    await fleet.tickUntilPhase('chat', 'parked');
    const parkedAt = fleet.aws.clock.now();
    expect((await fleet.record('chat')).rehearsal).toMatchObject({ made: expect.any(String) });
    await fleet.tickUntilPhase('chat', 'up');
    // Deleting takes 2 minutes and starting 8.
    expect(fleet.aws.clock.now() - parkedAt).toBeLessThanOrEqual(13 * MINUTE);
    const proven = await fleet.record('chat');
    expect(proven.rehearsal).toBeUndefined();
    expect(proven.proven).toMatchObject({ made: expect.any(String) });
    expect(fleet.decisions()).toContain('wake rehearsal');
    await fleet.tickUntil(3 * HOUR);
    expect(await fleet.record('chat')).toMatchObject({ phase: 'parked' });
    expect([count(fleet, 'CreateEndpoint'), count(fleet, 'DeleteEndpoint')]).toEqual([1, 2]);
  });

  it('without it, none is woken', async () => {
    const fleet = await chat({ policy: PARKING_POLICY });
    await fleet.tickUntil(3 * HOUR);
    expect(count(fleet, 'CreateEndpoint')).toBe(0);
  });

  it('of a config made anew under its name is a first one again', async () => {
    const fleet = await chat();
    await fleet.tickUntil(3 * HOUR);
    await fleet.people.sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName: 'Chat' }));
    await makeConfig(fleet, 'Chat');
    await fleet.invoke({
      source: 'endpoint-scaler.request',
      'detail-type': 'Wake Requested',
      detail: { endpoint: 'Chat' },
    });
    await fleet.tickUntil(8 * HOUR);
    // That wake proved it: our own call started the new config.
    expect([count(fleet, 'CreateEndpoint'), count(fleet, 'DeleteEndpoint')]).toEqual([2, 3]);
  });

  it('a shortage is no failure: it goes on until there is capacity', async () => {
    const fleet = await chat();
    failStarts(fleet, 2 * HOUR);
    await fleet.tickUntil(3 * HOUR);
    const record = await fleet.record('chat');
    expect(record.proven).toBeDefined();
    expect(record.rehearsal).toBeUndefined();
  });

  it('that fails is announced, and nothing is parked again though a later try works', async () => {
    const fleet = await chat();
    failStarts(fleet, 9 * MINUTE, BROKEN);
    await fleet.tickUntil(6 * HOUR);
    const record = await fleet.record('chat');
    expect(record).toMatchObject({ phase: 'up', rehearsal: { failed: { why: BROKEN } } });
    expect(record.proven).toBeUndefined();
    expect(fleet.decisions()).toContain('refuse rehearsal-failed');
    const refused = fleet.events.filter(
      ({ type, detail }) => type === 'Decision Refused' && detail['reason'] === 'rehearsal-failed',
    );
    expect(refused.length).toBeGreaterThan(0);
    const deleted = count(fleet, 'DeleteEndpoint');
    await fleet.tickUntil(12 * HOUR);
    expect(count(fleet, 'DeleteEndpoint')).toBe(deleted);
  });

  it('that failed is rehearsed again when a person holds it down', async () => {
    const fleet = await chat();
    failStarts(fleet, 9 * MINUTE, BROKEN);
    await fleet.tickUntil(4 * HOUR);
    await fleet.store.putHold({
      endpoint: 'Chat',
      mode: 'down',
      from: fleet.aws.clock.now(),
      until: fleet.aws.clock.now() + 8 * HOUR,
      by: 'ada',
      why: 'mended',
    });
    await fleet.store.update('chat', (record) => ({ ...record, nextAt: { scaling: START, windows: START } }));
    await fleet.tickUntil(5 * HOUR);
    expect((await fleet.record('chat')).proven, 'woken although it is held down').toBeDefined();
    await fleet.tickUntil(8 * HOUR);
    expect((await fleet.record('chat')).phase).toBe('parked');
  });

  it('that never starts is paid for three times and brought back by a person', async () => {
    const fleet = await chat();
    failStarts(fleet, DAY, BROKEN);
    await fleet.tickUntil(6 * HOUR);
    expect(count(fleet, 'CreateEndpoint')).toBe(3);
    expect(fleet.decisions()).toContain('refuse wake-gave-up');
    expect(await fleet.record('chat')).toMatchObject({ phase: 'parked', rehearsal: { failed: {} } });
  });
});

async function makeConfig(fleet: IdleWindowsFleet, name: string): Promise<void> {
  await fleet.people.sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: name,
      ProductionVariants: [
        { VariantName: 'AllTraffic', ModelName: 'Chat', InstanceType: TYPE, InitialInstanceCount: 1 },
      ],
    }),
  );
}
