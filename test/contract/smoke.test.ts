import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { describe, expect, it } from 'vitest';
import { createEndpointInvoker } from '../../shared/aws/sagemaker-runtime.ts';
import type { Rung } from '../../shared/domain/policy.ts';
import { HOUR, MINUTE, SECOND } from '../../shared/domain/time.ts';
import type { CallFault } from '../../simulator/index.ts';
import { agendaOf, createFleet, type IdleWindowsFleet, PARKING_POLICY } from '../support/idle-windows-fleet.ts';
import { PERSON, REGION, START } from '../support/simulator-clients.ts';

const zero: Rung = { kind: 'zero' };
const office: Rung = { kind: 'bounds', min: 1, max: 3, during: 'office' };
const INVOKE = 'SageMakerRuntime.InvokeEndpoint';
const smoke = { body: '{"inputs":"hello"}', contentType: 'application/json', timeout: 10 * SECOND, expect: 200 };

async function chat(more: Partial<typeof smoke> = {}, zeroMore: object = {}): Promise<IdleWindowsFleet> {
  const fleet = await createFleet();
  fleet.seed({ name: 'Chat' });
  const policy = {
    ...PARKING_POLICY,
    zero: { ...PARKING_POLICY.zero, minUp: 5 * MINUTE, ...zeroMore },
    wake: { ...PARKING_POLICY.wake, smoke: { ...smoke, ...more } },
  };
  const agenda = agendaOf([
    [0, zero],
    [2 * HOUR, office],
  ]);
  await fleet.enrol('Chat', { policy, agenda });
  return fleet;
}

function failing(fleet: IdleWindowsFleet, until: number, error: CallFault['error']): void {
  fleet.aws.addCallFault({ calls: INVOKE, from: START, until: START + until, share: 1, error });
}

const invocations = (fleet: IdleWindowsFleet) => fleet.aws.callCounts()[INVOKE] ?? 0;
const of = (fleet: IdleWindowsFleet, type: string) => fleet.events.filter((event) => event.type === type);

describe('wake: { smoke }', () => {
  it('is sent once, as the policy says, when everything is restored, and then the endpoint is ready', async () => {
    const fleet = await chat();
    const sent: unknown[] = [];
    fleet.aws.onCall(({ operation, input }) => {
      if (operation === 'InvokeEndpoint') sent.push(input);
    });
    await fleet.tickUntil(2 * HOUR);
    expect(sent).toMatchObject([{ EndpointName: 'Chat', ContentType: 'application/json' }]);
    expect(new TextDecoder().decode((sent[0] as { Body: Uint8Array }).Body)).toBe(smoke.body);
    expect(of(fleet, 'Endpoint Ready')).toHaveLength(1);
    expect(await fleet.record('chat')).toMatchObject({ phase: 'up' });
  });

  it('not answered yet: it is not ready, it is tried again a minute later, and the lead learns it', async () => {
    const fleet = await chat();
    // In service shortly before the window, and the model takes a little longer.
    await fleet.tickUntil(2 * HOUR - 10 * MINUTE);
    failing(fleet, 2 * HOUR - 90 * SECOND, { code: 'ModelNotReadyException', message: 'loading', httpStatus: 429 });
    await fleet.tickUntil(2 * HOUR + 10 * MINUTE);
    const [ready] = of(fleet, 'Endpoint Ready');
    expect(invocations(fleet)).toBeGreaterThan(2);
    expect(ready?.detail['secondsToReady']).toBeGreaterThan(8 * 60);
    const [sample] = (await fleet.store.samples(['chat'])).get('chat')?.wakes ?? [];
    expect(sample).toBeGreaterThan(8 * MINUTE);
    expect(of(fleet, 'Decision Refused').map(({ detail }) => detail['reason'])).toContain('smoke-failed');
    expect(of(fleet, 'Wake Failed')).toEqual([]);
  });

  it('never answered: told after five tries, up and never deleted for it, and no sample', async () => {
    const fleet = await chat();
    failing(fleet, 4 * HOUR, {
      code: 'ModelError',
      message: 'boom',
      httpStatus: 424,
      fields: { OriginalStatusCode: 503 },
    });
    await fleet.tickUntil(4 * HOUR);
    expect(invocations(fleet)).toBe(5);
    expect(await fleet.record('chat')).toMatchObject({
      phase: 'up',
      smokeFailed: { why: 'the model answered 503, expected is 200' },
    });
    expect(await fleet.status('Chat')).toBe('InService');
    expect(of(fleet, 'Endpoint Ready')).toEqual([]);
    expect(of(fleet, 'Wake Failed').map(({ detail }) => detail['reason'])).toEqual(['smoke-failed']);
    expect((await fleet.store.samples(['chat'])).get('chat')).toBeUndefined();
    expect((await fleet.breakers.openUntil()).size).toBe(0);
  });

  it('expects what the policy says: a model that refuses an empty body is alive', async () => {
    const fleet = await chat({ expect: 400, body: '' });
    failing(fleet, 4 * HOUR, {
      code: 'ModelError',
      message: 'no',
      httpStatus: 424,
      fields: { OriginalStatusCode: 400 },
    });
    await fleet.tickUntil(2 * HOUR);
    expect(invocations(fleet)).toBe(1);
    expect(of(fleet, 'Endpoint Ready')).toHaveLength(1);
  });

  it('denied: told like any other failure', async () => {
    const fleet = await chat();
    failing(fleet, 4 * HOUR, {
      code: 'AccessDeniedException',
      message: 'is not authorized to perform: sagemaker:InvokeEndpoint',
      httpStatus: 403,
    });
    await fleet.tickUntil(3 * HOUR);
    expect((await fleet.record('chat')).smokeFailed?.why).toContain('sagemaker:InvokeEndpoint');
  });

  it('fails a rehearsal', async () => {
    const fleet = await chat({}, { rehearse: true });
    failing(fleet, HOUR, { code: 'ModelError', message: 'boom', httpStatus: 424, fields: { OriginalStatusCode: 500 } });
    await fleet.tickUntil(90 * MINUTE);
    expect(await fleet.record('chat')).toMatchObject({ phase: 'up', rehearsal: { failed: {} } });
    expect(fleet.decisions()).toContain('refuse rehearsal-failed');
  });

  it('is not sent where no policy asks for it', async () => {
    const fleet = await createFleet();
    fleet.seed({ name: 'Chat' });
    await fleet.enrol('Chat', {
      agenda: agendaOf([
        [0, zero],
        [HOUR, office],
      ]),
    });
    await fleet.tickUntil(90 * MINUTE);
    expect((await fleet.record('chat')).phase).toBe('up');
    expect(invocations(fleet)).toBe(0);
  });
});

describe('SageMaker Runtime', () => {
  async function runtime(): Promise<{ fleet: IdleWindowsFleet; client: SageMakerRuntimeClient }> {
    const fleet = await createFleet();
    fleet.seed({ name: 'Chat' });
    const client = new SageMakerRuntimeClient({
      region: REGION,
      requestHandler: fleet.aws.requestHandler(PERSON) as never,
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
      maxAttempts: 1,
    });
    return { fleet, client };
  }

  it('answers a request by REST, and counts it as one of the endpoint’s', async () => {
    const { fleet, client } = await runtime();
    const answer = await client.send(
      new InvokeEndpointCommand({ EndpointName: 'Chat', Body: 'x', ContentType: 'text/csv' }),
    );
    expect(answer).toMatchObject({ ContentType: 'application/json', InvokedProductionVariant: 'AllTraffic' });
    expect(new TextDecoder().decode(answer.Body)).toBe('{}');
    await fleet.aws.run(START + 2 * MINUTE);
    expect(fleet.aws.world.requests('Chat').total).toBe(1);
  });

  it('knows no endpoint that is not there, and refuses a name that is none', async () => {
    const { client } = await runtime();
    await expect(client.send(new InvokeEndpointCommand({ EndpointName: 'gone', Body: 'x' }))).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'Endpoint gone of account 123456789012 not found.',
    });
    await expect(client.send(new InvokeEndpointCommand({ EndpointName: 'a_b', Body: 'x' }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  it('is asked once, for so long as it may take', async () => {
    const { fleet, client } = await runtime();
    const { clock } = fleet.aws;
    const never = {
      handle: (_: unknown, { abortSignal }: { abortSignal: AbortSignal }) =>
        new Promise((_resolve, reject) => {
          abortSignal.addEventListener('abort', () =>
            reject(Object.assign(new Error('Request aborted'), { name: 'AbortError' })),
          );
        }),
    };
    client.config.requestHandler = never as never;
    const invoker = createEndpointInvoker({ sentOnce: client, sleep: (ms) => clock.sleep(ms) });
    const asked = invoker.invoke({ endpoint: 'Chat', body: 'x', contentType: 'text/plain', timeout: 7 * SECOND });
    await fleet.aws.run(START + 8 * SECOND);
    expect(await asked).toMatchObject({ ok: false, failure: { class: 'transient', definite: false } });
  });
});
