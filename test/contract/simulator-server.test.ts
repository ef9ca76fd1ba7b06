import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { CloudWatchClient, GetMetricStatisticsCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DescribeEndpointCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SimulatorServer, startServer } from '../../simulator/server.ts';
import { failureOf, START } from '../support/simulator-clients.ts';

const REGION = 'us-east-1';
const OPTIONS = { start: START, seed: 1, region: REGION, host: '127.0.0.1', port: 0, clock: 'virtual' as const };

let server: SimulatorServer;

beforeEach(async () => {
  server = await startServer(OPTIONS);
});

afterEach(async () => {
  await server.close();
});

const clientOptions = () => ({
  region: REGION,
  endpoint: server.url,
  maxAttempts: 1,
  credentials: { accessKeyId: 'ada', secretAccessKey: 'x' },
});

async function advance(body: string): Promise<{ status: number; body: Record<string, string> }> {
  const response = await fetch(`${server.url}/_simulator/advance`, { method: 'POST', body });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

const post = (headers: Record<string, string>, body: string | Uint8Array): Promise<Response> =>
  fetch(server.url, { method: 'POST', headers, body: body as string });

describe('the HTTP server', () => {
  it('runs an endpoint from nothing to service on the virtual clock', async () => {
    const sagemaker = new SageMakerClient(clientOptions());
    const role = 'arn:aws:iam::123456789012:role/models';
    await sagemaker.send(
      new CreateModelCommand({
        ModelName: 'Chat',
        ExecutionRoleArn: role,
        PrimaryContainer: { Image: `123456789012.dkr.ecr.${REGION}.amazonaws.com/chat:1` },
      }),
    );
    const variant = {
      VariantName: 'AllTraffic',
      ModelName: 'Chat',
      InstanceType: 'ml.g5.xlarge' as const,
      InitialInstanceCount: 1,
    };
    await sagemaker.send(
      new CreateEndpointConfigCommand({ EndpointConfigName: 'Chat', ProductionVariants: [variant] }),
    );
    await sagemaker.send(new CreateEndpointCommand({ EndpointName: 'Chat', EndpointConfigName: 'Chat' }));
    const status = async () =>
      (await sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'Chat' }))).EndpointStatus;
    expect(await status()).toBe('Creating');
    expect(await advance('{"by":"7m"}')).toEqual({ status: 200, body: { now: '2026-03-23T00:07:00.000Z' } });
    expect(await status()).toBe('Creating');
    await advance('{"by":"1m1s"}');
    expect(await status()).toBe('InService');
  });

  it('names the caller by access key', async () => {
    const callers: string[] = [];
    server.aws.onCall(({ caller }) => callers.push(`${caller.kind} ${caller.name}`));
    await new SSMClient(clientOptions()).send(new PutParameterCommand({ Name: '/a', Value: 'x', Type: 'String' }));
    expect(callers).toEqual(['person ada']);
  });

  it('unpacks large requests, which clients send as gzip', async () => {
    const cloudwatch = new CloudWatchClient(clientOptions());
    const MetricData = Array.from({ length: 200 }, (_, index) => ({
      MetricName: 'Queue',
      Timestamp: new Date(START - 60_000),
      Value: index,
      Dimensions: [{ Name: 'Name', Value: 'n'.repeat(100) }],
    }));
    await cloudwatch.send(new PutMetricDataCommand({ Namespace: 'Mine', MetricData }));
    await advance('{"by":"5m"}');
    const { Datapoints: points } = await cloudwatch.send(
      new GetMetricStatisticsCommand({
        Namespace: 'Mine',
        MetricName: 'Queue',
        StartTime: new Date(START - 300_000),
        EndTime: new Date(START),
        Period: 60,
        Statistics: ['SampleCount'],
        Dimensions: MetricData[0]!.Dimensions,
      }),
    );
    expect(points).toMatchObject([{ SampleCount: 200 }]);
  });

  it('tells its health', async () => {
    const response = await fetch(`${server.url}/_simulator/health`);
    expect(await response.json()).toEqual({ status: 'ok', now: '2026-03-23T00:00:00.000Z', clock: 'virtual' });
  });

  it.each([
    ['{"by":"10 minutes"}', 'by: 10 minutes: must be a duration like 10m or 1d2h3m4s5ms'],
    ['{"to":"2020-01-01T00:00:00Z"}', 'to: 2020-01-01T00:00:00Z: is before now, 2026-03-23T00:00:00.000Z'],
    ['{"by":"1m","to":"2027-01-01T00:00:00Z"}', 'request body: must hold either by (a duration) or to (an instant)'],
    ['nothing', 'request body: must be JSON like {"by":"10m"} or {"to":"2026-03-23T08:00:00Z"}'],
  ])('refuses to advance by %s', async (body, message) => {
    expect(await advance(body)).toEqual({ status: 400, body: { message } });
  });

  it('answers what it does not serve', async () => {
    const unknown = await fetch(`${server.url}/_simulator/other`);
    expect([unknown.status, await unknown.text()]).toMatchObject([
      404,
      expect.stringContaining('POST /_simulator/advance'),
    ]);
    const rest = await fetch(`${server.url}/2015-03-31/functions`);
    expect([rest.status, rest.headers.get('x-amzn-errortype')]).toEqual([501, 'UnknownOperationException']);
    const target = await post({ 'x-amz-target': 'Logs_20140328.PutLogEvents' }, '{}');
    expect([target.status, target.headers.get('x-amzn-errortype')]).toEqual([400, 'UnknownOperationException']);
    const query = await post(
      { 'content-type': 'application/x-www-form-urlencoded' },
      'Action=DescribeAlarms&Version=2010-08-01',
    );
    expect([query.status, await query.text()]).toMatchObject([
      400,
      expect.stringContaining('<Code>UnsupportedProtocol</Code>'),
    ]);
  });

  it('refuses bodies that are broken or without measure', async () => {
    const headers = { 'x-amz-target': 'AmazonSSM.GetParameter' };
    expect((await post({ ...headers, 'content-encoding': 'gzip' }, 'not gzip')).status).toBe(400);
    expect((await post({ ...headers, 'content-encoding': 'br' }, '{}')).status).toBe(415);
    const bomb = gzipSync(Buffer.alloc(17 * 1024 * 1024));
    expect((await post({ ...headers, 'content-encoding': 'gzip' }, bomb)).status).toBe(400);
    const tooLarge = await post(headers, Buffer.alloc(17 * 1024 * 1024)).then(
      ({ status }) => status,
      () => 'connection closed',
    );
    expect([413, 'connection closed']).toContain(tooLarge);
    const broken = await post(headers, '{');
    expect([broken.status, broken.headers.get('x-amzn-errortype')]).toEqual([400, 'SerializationException']);
  });
});

describe('a clock that follows the wall clock', () => {
  it('moves by itself at its speed and cannot be advanced', async () => {
    const fast = await startServer({ ...OPTIONS, clock: 60_000 });
    try {
      const now = async (): Promise<number> =>
        Date.parse(((await (await fetch(`${fast.url}/_simulator/health`)).json()) as { now: string }).now);
      const before = await now();
      while ((await now()) < before + 60_000) await new Promise((resolve) => setTimeout(resolve, 20));
      const response = await fetch(`${fast.url}/_simulator/advance`, { method: 'POST', body: '{"by":"1m"}' });
      expect([response.status, await response.json()]).toEqual([
        409,
        { message: 'clock 60000x moves by itself; only a virtual clock can be advanced' },
      ]);
    } finally {
      await fast.close();
    }
  });
});

describe('the command', () => {
  const run = (...args: string[]) =>
    spawn(process.execPath, ['simulator/main.ts', ...args], {
      cwd: new URL('../..', import.meta.url),
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  it('serves until it is told to stop', async () => {
    const child = run('--port', '0', '--start', '2026-03-23T00:00:00+01:00', '--region', 'eu-west-1');
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    while (!output.includes('\n')) await once(child.stdout, 'data');
    expect(output).toMatch(/^Simulated AWS on http:\/\/127\.0\.0\.1:\d+ \(clock virtual, eu-west-1\)\n$/);
    const url = /http:\S+/.exec(output)![0];
    const ssm = new SSMClient({ ...clientOptions(), region: 'eu-west-1', endpoint: url });
    await ssm.send(new PutParameterCommand({ Name: '/a', Value: 'x', Type: 'String' }));
    expect((await failureOf(ssm.send(new PutParameterCommand({ Name: '/a', Value: 'x', Type: 'String' })))).name).toBe(
      'ParameterAlreadyExists',
    );
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  });

  it.each([
    [['--port', 'x'], '--port: x: must be a whole number from 0 to 65535'],
    [['--clock', 'slow'], '--clock: slow: must be virtual, real, or a speed like 60x'],
    [['--start', '2026-03-23T00:00:00'], '--start: 2026-03-23T00:00:00: must be an ISO date and time with offset'],
    [['--bogus'], "Unknown option '--bogus'"],
  ])('refuses %j', async (args, message) => {
    const child = run(...args);
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    const [code] = await once(child, 'close');
    expect([code, errors]).toEqual([2, expect.stringContaining(message)]);
    expect(errors).toContain('Usage: npm run simulator');
  });
});
