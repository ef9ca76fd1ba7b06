import { readFileSync } from 'node:fs';
import { DescribeEndpointCommand, UpdateEndpointWeightsAndCapacitiesCommand } from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import type { CompiledPolicy } from '../../shared/domain/policy.ts';
import { DAY, MINUTE } from '../../shared/domain/time.ts';
import { createScalingFleet, type ScalingFleet } from '../support/scheduled-scaling-fleet.ts';
import { REGION, START } from '../support/simulator-clients.ts';

const QUEUE = {
  otherwise: { min: 0, max: 5 },
  wake: { on: ['backlog', 'alarm:orders-queue-not-empty'], backlogPerInstance: 5 },
};
const LOAD = {
  arrivals: () => 0,
  serves: { concurrent: 1, seconds: 40 },
  whenAway: 'lost',
  requestTtlSeconds: 21_600,
} as const;

/** A sample event as if it happened at an instant of the test. */
function event(name: string, at: number): Record<string, unknown> {
  const text = readFileSync(`events/${name}.json`, 'utf8');
  const stamp = new Date(at).toISOString();
  return JSON.parse(text.replaceAll('2026-03-23T06:01:12.345+0000', stamp.replace('Z', '+0000'))) as Record<
    string,
    unknown
  >;
}

async function asleep(env: Readonly<Record<string, string>> = {}): Promise<ScalingFleet> {
  const fleet = await createScalingFleet(env);
  await fleet.put('policies/queue', QUEUE);
  fleet.seed({ name: 'Transcribe', kind: 'async', instances: 0, load: LOAD }, 'queue');
  await fleet.tickUntil(5 * MINUTE);
  fleet.aws.world.inject('Transcribe', 12);
  await fleet.aws.run(START + 7 * MINUTE);
  fleet.forgetCalls();
  return fleet;
}

async function desiredOf(fleet: ScalingFleet): Promise<number | undefined> {
  const { ProductionVariants } = await fleet.people.sagemaker.send(
    new DescribeEndpointCommand({ EndpointName: 'Transcribe' }),
  );
  return ProductionVariants?.[0]?.DesiredInstanceCount;
}

describe('backlog-wake', () => {
  it.each(['alarm-own', 'alarm-action', 'alarm-named-composite'])(
    '%s: from zero to ceil(12 / 5) in one step',
    async (name) => {
      const fleet = await asleep();
      await fleet.alarm(event(name, START + 7 * MINUTE));
      expect(await desiredOf(fleet)).toBe(3);
      expect((await fleet.record('transcribe')).demand.length).toBe(1);
      expect(fleet.decisions('Transcribe').at(-1)).toBe('scale backlog-wake');
      expect(fleet.events.at(-1)).toMatchObject({
        type: 'Capacity Changed',
        detail: { before: { desired: 0 }, after: { desired: 3 }, backlog: 12 },
      });
    },
  );

  it('stores the demand before the capacity call, three waves after the event', async () => {
    const fleet = await asleep();
    await fleet.alarm(event('alarm-own', START + 7 * MINUTE));
    const order = fleet.calls.map(({ operation }) => operation);
    const capacity = order.indexOf('UpdateEndpointWeightsAndCapacities');
    expect(order.slice(0, capacity).sort()).toEqual([
      'DescribeEndpoint',
      'GetItem',
      'GetMetricData',
      'PutItem',
      'Query',
    ]);
    expect(order.indexOf('PutItem')).toBe(capacity - 1);
  });

  it('does nothing twice: a duplicate finds capacity, an OK event and a foreign alarm find nothing to do', async () => {
    const fleet = await asleep();
    await fleet.alarm(event('alarm-own', START + 7 * MINUTE));
    await fleet.alarm(event('alarm-own-duplicate', START + 7 * MINUTE));
    await fleet.alarm(event('alarm-own-ok', START + 8 * MINUTE));
    const foreign = event('alarm-named-composite', START + 8 * MINUTE);
    (foreign['detail'] as { alarmName: string }).alarmName = 'somebody-elses';
    expect(await fleet.alarm(foreign)).toMatchObject({ considered: 0 });
    expect(fleet.calls.filter(({ operation }) => operation.startsWith('Update')).length).toBe(1);
  });

  it('leaves a refused wake to the next tick, without a second event', async () => {
    const fleet = await asleep();
    const busy = { code: 'ValidationException', message: 'Cannot update in-progress endpoint "arn:aws:sagemaker:…".' };
    const until = START + 7 * MINUTE + 30_000;
    fleet.aws.addCallFault({
      from: START,
      until,
      calls: 'SageMaker.UpdateEndpointWeightsAndCapacities',
      share: 1,
      error: busy,
    });
    await fleet.alarm(event('alarm-own', START + 7 * MINUTE));
    expect(fleet.decisions('Transcribe').at(-1)).toBe('keep in-progress');
    expect(await desiredOf(fleet)).toBe(0);
    await fleet.tick(8 * MINUTE);
    expect(await desiredOf(fleet)).toBe(3);
  });

  it('ignores an alarm that went off before the endpoint was last found idle', async () => {
    const fleet = await asleep();
    await fleet.store.update('transcribe', (record) => ({ ...record, lastIdleAt: START + 8 * MINUTE }));
    await fleet.alarm(event('alarm-own', START + 7 * MINUTE));
    expect(await desiredOf(fleet)).toBe(0);
    expect((await fleet.record('transcribe')).demand).toEqual([]);
  });

  it.each(['off', 'dry-run'])('changes nothing in mode %s', async (mode) => {
    const fleet = await asleep({ MODE: mode });
    await fleet.alarm(event('alarm-own', START + 7 * MINUTE));
    expect(await desiredOf(fleet)).toBe(0);
  });

  it('is outranked by a hold', async () => {
    const fleet = await asleep();
    const hold = { endpoint: 'Transcribe', from: START, until: START + DAY, by: 'ada', why: 'maintenance' };
    await fleet.store.putHold({ ...hold, mode: 'hands-off' });
    await fleet.alarm(event('alarm-own', START + 7 * MINUTE));
    expect(fleet.decisions('Transcribe').at(-1)).toBe('keep hold-hands-off');
    expect(await desiredOf(fleet)).toBe(0);
  });

  it('is no second hand on an endpoint that somebody already raised', async () => {
    const fleet = await asleep();
    await fleet.people.sagemaker.send(
      new UpdateEndpointWeightsAndCapacitiesCommand({
        EndpointName: 'Transcribe',
        DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 1 }],
      }),
    );
    await fleet.alarm(event('alarm-own', START + 7 * MINUTE));
    expect(await desiredOf(fleet)).toBe(1);
  });

  it('stores demand for a parked endpoint and asks for its wake', async () => {
    const fleet = await createScalingFleet();
    const policy: CompiledPolicy = {
      name: 'chat',
      version: '1',
      zero: { by: 'park', idleFor: 30 * MINUTE, minUp: 20 * MINUTE },
      wake: { on: ['request', 'alarm:orders-queue-not-empty'], lead: 'learned', fallbackConfigs: [] },
      scaling: [],
      mayBeZero: true,
    };
    await fleet.store.create({
      schemaVersion: 1,
      version: 1,
      endpoint: 'Chat',
      arn: `arn:aws:sagemaker:${REGION}:123456789012:endpoint/chat`,
      kind: 'real-time',
      variant: 'AllTraffic',
      phase: 'parked',
      phaseSince: START,
      generation: 1,
      policyName: 'chat',
      protected: false,
      policy,
      agenda: { from: START, until: START + 8 * DAY, rungs: [{ kind: 'zero' }], steps: [[START, 0]] },
      demand: [],
      parkedDesired: 2,
      nextAt: { scaling: START + DAY, windows: START + DAY },
    });
    await fleet.aws.run(START + 7 * MINUTE);
    await fleet.alarm(event('alarm-named-composite', START + 7 * MINUTE));
    expect(await fleet.record('chat')).toMatchObject({
      demand: [{ source: 'alarm:orders-queue-not-empty', since: START + 7 * MINUTE }],
      nextAt: { windows: START + 7 * MINUTE },
    });
    expect(fleet.events).toMatchObject([
      { type: 'Wake Requested', detail: { endpoint: 'Chat', demand: 'alarm:orders-queue-not-empty' } },
    ]);
    expect(fleet.calls.some(({ service }) => service === 'SageMaker')).toBe(false);
  });
});
