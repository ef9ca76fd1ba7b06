import { SageMakerClient, type SageMakerClientConfig } from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import { createMetricReader } from '../../shared/aws/cloudwatch-metrics.ts';
import { createEndpointControl } from '../../shared/aws/sagemaker.ts';
import { MINUTE } from '../../shared/domain/time.ts';
import { createFleet } from '../support/idle-windows-fleet.ts';
import { PREFIX } from '../support/product-runtime.ts';
import { REGION, START } from '../support/simulator-clients.ts';

async function world() {
  const fleet = await createFleet();
  fleet.seed({ name: 'Chat' });
  fleet.seed({ name: 'Queue', kind: 'async', instances: 0 });
  const { sagemaker } = fleet.people;
  const { clock } = fleet.aws;
  const control = createEndpointControl({
    client: sagemaker,
    sentOnce: sagemaker,
    clock,
    sleep: (ms) => clock.sleep(ms),
  });
  return { ...fleet, control };
}

describe('endpoint control', () => {
  it('tells absent from present, with the preserved case of names', async () => {
    const { control } = await world();
    expect(await control.describe('nobody')).toEqual({ ok: true, value: undefined });
    expect(await control.describe('Chat')).toMatchObject({
      ok: true,
      value: {
        name: 'Chat',
        status: 'InService',
        configName: 'Chat',
        variants: [{ name: 'AllTraffic', desired: 1, serving: 1 }],
      },
    });
    const listed = await control.list();
    expect(listed.ok && listed.value.map(({ name, status }) => `${name} ${status}`).sort()).toEqual([
      'Chat InService',
      'Queue InService',
    ]);
    const arn = `arn:aws:sagemaker:${REGION}:123456789012:endpoint/chat`;
    expect(await control.tags(arn)).toMatchObject({ ok: true, value: { [`${PREFIX}:policy`]: 'chat' } });
  });

  it('reads the kind, the models and the types from the config, in the shape of a request', async () => {
    const { control } = await world();
    const chat = await control.describeConfig('Chat');
    expect(chat).toMatchObject({
      ok: true,
      value: { kind: 'real-time', models: ['Chat'], variants: [{ instanceType: 'ml.g5.xlarge', reserved: false }] },
    });
    expect(chat.ok && Object.keys(chat.value?.config ?? {})).not.toContain('CreationTime');
    expect(await control.describeConfig('Queue')).toMatchObject({ ok: true, value: { kind: 'async' } });
    expect(await control.describeConfig('nobody')).toEqual({ ok: true, value: undefined });
    expect([await control.modelCreatedAt('Chat'), await control.modelCreatedAt('nobody')]).toEqual([
      { ok: true, value: expect.any(Number) },
      { ok: true, value: undefined },
    ]);
    expect(chat.ok && chat.value?.createdAt).toBeGreaterThan(0);
  });

  it('reads provisioned concurrency where there are no instances, asked for and there', async () => {
    const { control, aws, seed } = await world();
    const serverless = { memoryMb: 2_048, maxConcurrency: 9 };
    seed({ name: 'Small', kind: 'serverless', instances: 2, serverless });
    seed({ name: 'Bare', kind: 'serverless', instances: 0, serverless });
    expect(await control.describeConfig('Small')).toMatchObject({ ok: true, value: { kind: 'serverless' } });
    const target = { name: 'AllTraffic', dimension: 'provisioned-concurrency' } as const;
    expect(await control.setDesired('Small', target, 5)).toMatchObject({ ok: true });
    expect(aws.clock.now()).toBe(START);
    expect(await control.describe('Small')).toMatchObject({
      value: { status: 'Updating', variants: [{ desired: 5, serving: 2, maxConcurrency: 9 }] },
    });
    expect(await control.describe('Bare')).toMatchObject({ value: { variants: [{ desired: 0, serving: 0 }] } });
  });

  it('answers refusals as values with their class', async () => {
    const { control } = await world();
    const soon = START + MINUTE;
    expect(await control.create({ name: 'Chat', configName: 'Chat', tags: {} }, soon)).toMatchObject({
      ok: false,
      failure: { class: 'exists', definite: true },
    });
    expect(await control.delete('Chat', soon)).toMatchObject({ ok: true });
    expect(await control.delete('Chat', soon)).toMatchObject({
      ok: false,
      failure: { class: 'in-progress', definite: true },
    });
    expect(await control.delete('nobody', soon)).toMatchObject({ ok: false, failure: { class: 'missing' } });
  });

  it('aborts a create or delete at the instant given, and does not call that definite', async () => {
    const { aws } = await world();
    const never: SageMakerClientConfig['requestHandler'] = {
      handle: (_request: unknown, options?: { abortSignal?: AbortSignal }) =>
        new Promise((_resolve, reject) => {
          options?.abortSignal?.addEventListener('abort', () =>
            reject(Object.assign(new Error('aborted'), { name: 'AbortError' })),
          );
        }),
    } as never;
    const client = new SageMakerClient({
      region: REGION,
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
      maxAttempts: 1,
      requestHandler: never,
    });
    const control = createEndpointControl({
      client,
      sentOnce: client,
      clock: aws.clock,
      sleep: (ms) => aws.clock.sleep(ms),
    });
    const deleting = control.delete('Chat', START + 30_000);
    await aws.run(START + 30_000);
    expect(await deleting).toMatchObject({ ok: false, failure: { class: 'transient', definite: false } });
  });

  it('is not to be had without a client that sends once', async () => {
    const { people, aws } = await world();
    const control = createEndpointControl({
      client: people.sagemaker,
      clock: aws.clock,
      sleep: (ms) => aws.clock.sleep(ms),
    });
    await expect(control.delete('Chat', START + MINUTE)).rejects.toThrow('no client');
  });
});

describe('metric reader', () => {
  it('reads all variants in one call, zeros as zeros', async () => {
    const { aws, people, seed } = await createFleet();
    const load = {
      arrivals: (slot: number) => (slot === 60 ? 2 : 0),
      serves: { concurrent: 4, seconds: 1 },
      whenAway: 'lost',
    } as const;
    seed({ name: 'Chat', load });
    await aws.run(START + 15 * MINUTE);
    const before = aws.callCounts()['CloudWatch.GetMetricData'] ?? 0;
    const use = await createMetricReader(people.cloudwatch).realTimeUse(
      'Chat',
      ['AllTraffic', 'ghost'],
      START,
      START + 15 * MINUTE,
    );
    expect((aws.callCounts()['CloudWatch.GetMetricData'] ?? 0) - before).toBe(1);
    const [main, ghost] = use.ok ? use.value : [];
    expect(main?.invocations.length).toBeGreaterThanOrEqual(12);
    expect(main?.invocations.filter(([, value]) => value > 0)).toEqual([[START + 10 * MINUTE, 2]]);
    expect(main?.concurrency.some(([, value]) => value > 0)).toBe(true);
    expect(ghost).toEqual({ variant: 'ghost', invocations: [], concurrency: [] });
  });

  it('reads the backlog of a queue', async () => {
    const { aws, people } = await world();
    aws.world.inject('Queue', 4);
    await aws.run(START + 5 * MINUTE);
    const backlog = await createMetricReader(people.cloudwatch).backlog('Queue', START, START + 5 * MINUTE);
    expect(backlog.ok && backlog.value.size.at(-1)?.[1]).toBe(4);
    expect(backlog.ok && backlog.value.withoutCapacity.at(-1)?.[1]).toBe(1);
  });
});
