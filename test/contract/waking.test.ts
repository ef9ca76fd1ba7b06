import {
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DescribeModelCommand,
} from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import type { Rung } from '../../shared/domain/policy.ts';
import { DAY, HOUR, MINUTE } from '../../shared/domain/time.ts';
import { agendaOf, createFleet, type IdleWindowsFleet, PARKING_POLICY } from '../support/idle-windows-fleet.ts';
import { START } from '../support/simulator-clients.ts';

const zero: Rung = { kind: 'zero' };
const office: Rung = { kind: 'bounds', min: 1, max: 3, during: 'office' };
const TYPE = 'ml.g5.xlarge';
const BROKEN = 'The primary container for production variant AllTraffic did not pass the ping health check.';

/** Parked soon after the start, up again from the second hour on. */
const upFrom = (offset: number) =>
  agendaOf([
    [0, zero],
    [offset, office],
  ]);

async function chat(record: Parameters<IdleWindowsFleet['enrol']>[1] = {}): Promise<IdleWindowsFleet> {
  const fleet = await createFleet();
  fleet.seed({ name: 'Chat' });
  await fleet.enrol('Chat', { agenda: upFrom(2 * HOUR), ...record });
  return fleet;
}

/** Every start of the type ends Failed after five minutes. */
function broken(fleet: IdleWindowsFleet, from: number, until: number, reason = BROKEN): void {
  fleet.aws.world.addShortage({
    instanceType: TYPE,
    from: START + from,
    until: START + until,
    failsAfterMs: 5 * MINUTE,
    reason,
  });
}

async function configOf(fleet: IdleWindowsFleet, name: string, instanceType: string, model = 'Chat'): Promise<void> {
  await fleet.people.sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: name,
      ProductionVariants: [
        { VariantName: 'AllTraffic', ModelName: model, InstanceType: instanceType as never, InitialInstanceCount: 1 },
      ],
    }),
  );
}

const creations = (fleet: IdleWindowsFleet) => fleet.aws.callCounts()['SageMaker.CreateEndpoint'] ?? 0;

describe('a broken image', () => {
  it.each([
    ['a health check', BROKEN],
    ['a failure that nobody has seen before', 'Something entirely new happened.'],
  ])('is paid for three times, however long the window asks: %s', async (_, reason) => {
    const fleet = await chat();
    broken(fleet, HOUR, DAY, reason);
    await fleet.tickUntil(8 * HOUR);
    expect(creations(fleet)).toBe(3);
    expect(fleet.decisions()).toContain('refuse wake-gave-up');
    expect(await fleet.status('Chat'), 'our own failed try is deleted').toBe('Absent');
    expect((await fleet.record('chat')).wake).toMatchObject({ paidAttempts: 3, gaveUp: { policyVersion: '1' } });
  });

  it('is not paid for again with the next window', async () => {
    const fleet = await chat({
      agenda: agendaOf([
        [0, zero],
        [2 * HOUR, office],
        [2.5 * HOUR, zero],
        [6 * HOUR, office],
        [8 * HOUR, zero],
        [10 * HOUR, office],
      ]),
    });
    broken(fleet, HOUR, DAY);
    await fleet.tickUntil(11 * HOUR);
    expect(creations(fleet)).toBe(3);
  });

  it('is tried again when its model was made anew under its name', async () => {
    const fleet = await chat();
    broken(fleet, HOUR, 5 * HOUR);
    await fleet.tickUntil(5 * HOUR);
    expect(creations(fleet)).toBe(3);
    const { PrimaryContainer, ExecutionRoleArn } = await fleet.people.sagemaker.send(
      new DescribeModelCommand({ ModelName: 'Chat' }),
    );
    await fleet.people.sagemaker.send(new DeleteModelCommand({ ModelName: 'Chat' }));
    await fleet.people.sagemaker.send(
      new CreateModelCommand({ ModelName: 'Chat', PrimaryContainer, ExecutionRoleArn }),
    );
    await fleet.tickUntil(5 * HOUR + 30 * MINUTE);
    expect(await fleet.record('chat')).toMatchObject({ phase: 'up' });
    expect(creations(fleet)).toBe(4);
  });

  it('is tried again, three times, when its config was made anew under its name', async () => {
    const fleet = await chat();
    broken(fleet, HOUR, DAY);
    await fleet.tickUntil(4 * HOUR);
    await fleet.people.sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName: 'Chat' }));
    await configOf(fleet, 'Chat', TYPE);
    await fleet.tickUntil(8 * HOUR);
    expect(creations(fleet)).toBe(6);
  });

  it('is tried again, three times, under another version of the policy', async () => {
    const fleet = await chat();
    broken(fleet, HOUR, DAY);
    await fleet.tickUntil(4 * HOUR);
    await fleet.store.update('chat', (record) => ({
      ...record,
      policy: { ...PARKING_POLICY, version: '2' },
      nextAt: { scaling: START, windows: START },
    }));
    await fleet.tickUntil(8 * HOUR);
    expect(creations(fleet)).toBe(6);
  });

  it('is tried again when a person says so, and not when a caller wants it up', async () => {
    const fleet = await chat();
    broken(fleet, HOUR, 5 * HOUR);
    await fleet.tickUntil(5 * HOUR + MINUTE);
    const request = { source: 'endpoint-scaler.request', 'detail-type': 'Wake Requested' };
    await fleet.invoke({ ...request, detail: { endpoint: 'Chat', by: 'front door' } });
    await fleet.tickUntil(5 * HOUR + 20 * MINUTE);
    expect(creations(fleet)).toBe(3);
    await fleet.invoke({ ...request, detail: { endpoint: 'Chat', by: 'ada', retry: true } });
    await fleet.tickUntil(6 * HOUR);
    expect(creations(fleet)).toBe(4);
    expect(await fleet.record('chat')).toMatchObject({ phase: 'up' });
  });
});

describe('a shortage that others have met', () => {
  const policy = { ...PARKING_POLICY, wake: { lead: 'learned' as const, fallbackConfigs: ['chat-g6'] } };

  async function twoRungs(openedAt: number): Promise<IdleWindowsFleet> {
    const fleet = await chat({ policy });
    await configOf(fleet, 'chat-g6', 'ml.g6.xlarge');
    await fleet.tickUntil(HOUR);
    await fleet.breakers.open(TYPE, START + openedAt + DAY);
    fleet.aws.world.addShortage({
      instanceType: TYPE,
      from: START + HOUR,
      until: START + 3 * HOUR,
      failsAfterMs: 30 * MINUTE,
    });
    return fleet;
  }

  it('is walked around while it is recent: the window is met', async () => {
    const fleet = await twoRungs(90 * MINUTE);
    await fleet.tickUntil(2 * HOUR);
    expect(await fleet.record('chat')).toMatchObject({ phase: 'up', running: { configName: 'chat-g6' } });
    expect(creations(fleet)).toBe(1);
  });

  it('is met again when it is an hour old', async () => {
    const fleet = await twoRungs(30 * MINUTE);
    await fleet.tickUntil(2 * HOUR);
    expect((await fleet.record('chat')).wake).toMatchObject({ configName: 'Chat', configIndex: 0 });
  });

  it('keeps no config from its first try where nothing else is left', async () => {
    const fleet = await chat();
    await fleet.tickUntil(HOUR);
    await fleet.breakers.open(TYPE, START + 2 * HOUR + DAY);
    await fleet.tickUntil(2 * HOUR + 10 * MINUTE);
    expect((await fleet.record('chat')).phase).toBe('up');
  });
});

describe('hundreds due at once', () => {
  it('wakes come before parks', async () => {
    const fleet = await createFleet({ PARK_BUDGET: '100' });
    const order: string[] = [];
    const names = Array.from({ length: 12 }, (_, index) => `idle-${index}`);
    for (const name of [...names, 'wanted']) fleet.seed({ name });
    // The table lists by name, so that the one that is wanted comes last.
    await fleet.enrol('wanted', { agenda: upFrom(2 * HOUR) });
    await fleet.tickUntil(2 * HOUR - 30 * MINUTE);
    expect((await fleet.record('wanted')).phase).toBe('parked');
    const at = fleet.aws.clock.now() - START + MINUTE;
    const request = { source: 'endpoint-scaler.request', 'detail-type': 'Wake Requested' };
    for (const name of names) await fleet.enrol(name);
    await fleet.store.update('wanted', (record) => ({
      ...record,
      demand: [{ source: 'request', since: START + at, renewedAt: START + at, by: request.source }],
      nextAt: { scaling: START, windows: START },
    }));
    fleet.aws.onCall(({ operation, input }) => {
      if (operation === 'DescribeEndpoint') order.push(String(input.EndpointName));
    });
    await fleet.tickUntil(at);
    expect(order.indexOf('wanted')).toBeLessThan(4);
    expect(order.length).toBeGreaterThan(names.length);
  });

  it('a used-up park budget costs no reading of activity', async () => {
    const fleet = await createFleet({ PARK_BUDGET: '1' });
    const names = Array.from({ length: 9 }, (_, index) => `idle-${index}`);
    for (const name of names) fleet.seed({ name });
    for (const name of names) await fleet.enrol(name);
    const readings = () => fleet.aws.callCounts()['CloudWatch.GetMetricData'] ?? 0;
    await fleet.tickUntilPhase('idle-0', 'parking');
    const before = readings();
    await fleet.tickUntil(fleet.aws.clock.now() - START + MINUTE);
    // The one that is judged again directly before its delete, and at most as many as are worked on at once.
    expect(readings() - before).toBeLessThanOrEqual(2 + 4);
    expect(fleet.decisions()).toContain('refuse park-budget');
  });
});
