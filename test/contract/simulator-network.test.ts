import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateEndpointCommand, DescribeEndpointCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import type { NetworkFault } from '../../simulator/contract.ts';
import { createSimulatedAws } from '../../simulator/index.ts';

const START = Date.UTC(2026, 2, 23);
const CREDENTIALS = { accessKeyId: 'x', secretAccessKey: 'x' };
const BODY = JSON.stringify({
  EndpointName: 'chat',
  EndpointArn: 'arn:aws:sagemaker:us-east-1:123456789012:endpoint/chat',
});

/** What a client sees of a call: all that a product can tell failures apart by. */
interface Seen {
  readonly name: string;
  readonly code: unknown;
  readonly status: unknown;
  readonly attempts: unknown;
}

async function see(client: SageMakerClient): Promise<Seen | 'an answer'> {
  try {
    await client.send(new DescribeEndpointCommand({ EndpointName: 'chat' }));
    return 'an answer';
  } catch (error) {
    const { name, code, $metadata } = error as { name: string; code?: unknown; $metadata?: Record<string, unknown> };
    return { name, code, status: $metadata?.['httpStatusCode'], attempts: $metadata?.['attempts'] };
  }
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A real server that fails as networks do. */
const REALITY: Readonly<Record<NetworkFault['kind'], Answer>> = {
  reset: (request) => {
    request.socket.destroy();
  },
  truncated: (_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(BODY.slice(0, BODY.length / 2));
  },
  html: (_, response) => {
    response.writeHead(502, { 'content-type': 'text/html' });
    response.end('<html><head><title>502 Bad Gateway</title></head></html>');
  },
};

async function inReality(kind: NetworkFault['kind'], maxAttempts: number): Promise<Seen | 'an answer'> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => REALITY[kind](request, response));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const client = new SageMakerClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: CREDENTIALS,
    maxAttempts,
  });
  try {
    return await see(client);
  } finally {
    client.destroy();
    server.close();
    server.closeAllConnections();
  }
}

function simulated(fault: Partial<NetworkFault>) {
  const aws = createSimulatedAws({ start: START, seed: 1, region: 'us-east-1' });
  aws.world.seed({
    name: 'chat',
    kind: 'real-time',
    instanceType: 'ml.g5.2xlarge',
    instances: 1,
    tags: {},
    timing: { startMs: () => 60_000, deleteMs: 60_000 },
  });
  const whole = {
    from: START,
    until: undefined,
    calls: '*',
    share: 1,
    kind: 'reset',
    effect: 'before',
    ...fault,
  } as const;
  const handle = aws.addNetworkFault(whole);
  const clientOf = (kind: 'product' | 'person', maxAttempts = 1) =>
    new SageMakerClient({
      region: 'us-east-1',
      endpoint: 'https://aws.invalid',
      credentials: CREDENTIALS,
      maxAttempts,
      requestHandler: aws.requestHandler({ kind, name: 'test' }),
    });
  return { aws, handle, clientOf };
}

describe.concurrent('a network that fails looks to the SDK as it does in reality', () => {
  it.each([
    ['reset', 1],
    ['reset', 3],
    ['truncated', 1],
    ['truncated', 3],
    ['html', 1],
    ['html', 3],
  ] as const)('%s, attempts allowed: %i', async (kind, attempts) => {
    const { clientOf, handle } = simulated({ kind, effect: 'after' });
    const here = await see(clientOf('product', attempts));
    expect(here).toEqual(await inReality(kind, attempts));
    expect(here).not.toBe('an answer');
    expect(handle.times()).toBeGreaterThan(0);
  });
});

describe('what became of the call', () => {
  const create = new CreateEndpointCommand({ EndpointName: 'new', EndpointConfigName: 'chat' });

  it.each(['reset', 'truncated', 'html'] as const)(
    '%s after the effect: done, only the answer is lost',
    async (kind) => {
      const { aws, clientOf } = simulated({ kind, effect: 'after', calls: 'SageMaker.CreateEndpoint' });
      await expect(clientOf('product').send(create)).rejects.toThrow();
      const found = await clientOf('person').send(new DescribeEndpointCommand({ EndpointName: 'new' }));
      expect(found.EndpointStatus).toBe('Creating');
      expect(aws.callCounts()['SageMaker.CreateEndpoint']).toBe(1);
    },
  );

  it.each(['reset', 'truncated', 'html'] as const)(
    '%s before it: nothing happened, and the record says so',
    async (kind) => {
      const { aws, clientOf } = simulated({ kind, effect: 'before', calls: 'SageMaker.CreateEndpoint' });
      const errors: (string | undefined)[] = [];
      aws.onCall(({ operation, error }) => operation === 'CreateEndpoint' && errors.push(error?.code));
      await expect(clientOf('product').send(create)).rejects.toThrow();
      await expect(clientOf('person').send(new DescribeEndpointCommand({ EndpointName: 'new' }))).rejects.toThrow(
        'Could not find endpoint',
      );
      expect(errors).toEqual([{ reset: 'ConnectionReset', truncated: 'ServiceUnavailable', html: 'BadGateway' }[kind]]);
    },
  );

  it('hits the product alone', async () => {
    const { clientOf, handle } = simulated({ kind: 'html' });
    expect(await see(clientOf('person'))).toBe('an answer');
    expect(handle.times()).toBe(0);
  });
});
