import { CreateModelCommand, DeleteModelCommand, DescribeModelCommand } from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import { movedImages } from '../../shared/domain/images.ts';
import type { Rung } from '../../shared/domain/policy.ts';
import { HOUR } from '../../shared/domain/time.ts';
import { agendaOf, createFleet, type IdleWindowsFleet, PARKING_POLICY } from '../support/idle-windows-fleet.ts';
import { START } from '../support/simulator-clients.ts';

const zero: Rung = { kind: 'zero' };
const office: Rung = { kind: 'bounds', min: 1, max: 3, during: 'office' };
const IMAGE = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/chat:latest';
const HOURS = [0, 2, 3, 6, 7, 10, 11].map((at, index) => [at * HOUR, index % 2 === 0 ? zero : office] as const);

/** Parked four times, woken three times. */
async function chat(zeroMore: object = {}): Promise<IdleWindowsFleet> {
  const fleet = await createFleet();
  fleet.seed({ name: 'Chat' });
  const policy = { ...PARKING_POLICY, zero: { ...PARKING_POLICY.zero, minUp: 0, ...zeroMore } };
  await fleet.enrol('Chat', { policy, agenda: agendaOf(HOURS) });
  return fleet;
}

async function imageOf(fleet: IdleWindowsFleet): Promise<string> {
  const { PrimaryContainer } = await fleet.people.sagemaker.send(new DescribeModelCommand({ ModelName: 'Chat' }));
  return PrimaryContainer?.Image ?? '';
}

const deletions = (fleet: IdleWindowsFleet) => fleet.aws.callCounts()['SageMaker.DeleteEndpoint'] ?? 0;
const changes = (fleet: IdleWindowsFleet) => fleet.events.filter(({ type }) => type === 'Model Changed');

describe('a tag that was moved while its endpoint was parked', () => {
  it('is announced with both digests, and the endpoint is not parked again', async () => {
    const fleet = await chat();
    await fleet.tickUntil(HOUR);
    const image = await imageOf(fleet);
    fleet.aws.world.pushImage(image);
    await fleet.tickUntil(12 * HOUR);
    expect(changes(fleet)).toHaveLength(1);
    const [{ detail } = { detail: {} }] = changes(fleet);
    expect(detail).toMatchObject({ reason: 'image-moved', allowed: false });
    const { before = {}, after = {} } = detail as Record<string, Record<string, string>>;
    expect(Object.keys(before)).toEqual([image]);
    expect(after[image]).toMatch(/@sha256:/);
    expect(after[image]).not.toBe(before[image]);
    expect(fleet.decisions()).toContain('refuse image-moved');
    expect(deletions(fleet)).toBe(1);
    expect((await fleet.record('chat')).imageMoved).toMatchObject({ images: image });
  });

  it('is announced and parked again where the policy allows it', async () => {
    const fleet = await chat({ allowImageChange: true });
    await fleet.tickUntil(HOUR);
    fleet.aws.world.pushImage(await imageOf(fleet));
    await fleet.tickUntil(12 * HOUR);
    expect(changes(fleet).map(({ detail }) => detail['allowed'])).toEqual([true]);
    expect(deletions(fleet)).toBe(4);
  });

  it('is parked again when a person holds it down', async () => {
    const fleet = await chat();
    await fleet.tickUntil(HOUR);
    fleet.aws.world.pushImage(await imageOf(fleet));
    await fleet.tickUntil(4 * HOUR);
    const now = fleet.aws.clock.now();
    await fleet.store.putHold({
      endpoint: 'Chat',
      mode: 'down',
      from: now,
      until: now + HOUR,
      by: 'ada',
      why: 'it is meant',
    });
    await fleet.store.update('chat', (record) => ({ ...record, nextAt: { scaling: START, windows: START } }));
    await fleet.tickUntil(12 * HOUR);
    expect(deletions(fleet)).toBe(4);
  });

  it('is forgotten when the model was made anew', async () => {
    const fleet = await chat();
    await fleet.tickUntil(HOUR);
    fleet.aws.world.pushImage(await imageOf(fleet));
    await fleet.tickUntil(5 * HOUR);
    expect(deletions(fleet)).toBe(1);
    const { PrimaryContainer, ExecutionRoleArn } = await fleet.people.sagemaker.send(
      new DescribeModelCommand({ ModelName: 'Chat' }),
    );
    await fleet.people.sagemaker.send(new DeleteModelCommand({ ModelName: 'Chat' }));
    await fleet.people.sagemaker.send(
      new CreateModelCommand({ ModelName: 'Chat', PrimaryContainer, ExecutionRoleArn }),
    );
    await fleet.tickUntil(12 * HOUR);
    expect(deletions(fleet)).toBeGreaterThan(2);
  });

  it('and none that stayed is announced', async () => {
    const fleet = await chat();
    await fleet.tickUntil(12 * HOUR);
    expect(changes(fleet)).toEqual([]);
    expect(deletions(fleet)).toBe(4);
  });
});

describe('movedImages', () => {
  it('compares what is named alike, and only what is told', () => {
    expect(movedImages({ [IMAGE]: 'a' }, { [IMAGE]: 'b' })).toEqual([IMAGE]);
    expect(movedImages({ [IMAGE]: 'a' }, { [IMAGE]: 'a', other: 'c' })).toEqual([]);
    expect(movedImages({ [IMAGE]: 'a' }, {})).toEqual([]);
    expect(movedImages({}, { [IMAGE]: 'a' })).toEqual([]);
  });
});
