import { afterEach, expect, test } from 'vitest';
import { PRODUCT } from '../../rehearsal/product.ts';
import type { LogLine } from '../../shared/ports/world.ts';
import { type ServedAccount, serveScenario } from '../support/served-account.ts';

const SETTINGS = '/endpoint-scaler/settings';
const NEW_TABLE = 'again-StateTable-NEW';
const TRIES = 300;
let account: ServedAccount;
afterEach(() => account.close());

// biome-ignore lint/suspicious/noExplicitAny: any operation's answer
function call(service: Parameters<ServedAccount['run']['aws']['call']>[1], operation: string, input: object): any {
  return account.run.aws.call({ kind: 'person', name: 'test' }, service, operation, input);
}

function isInService(): boolean {
  const { Endpoints } = call('SageMaker', 'ListEndpoints', {});
  return Endpoints.some(
    (endpoint: Record<string, unknown>) =>
      endpoint['EndpointName'] === 'Chat' && endpoint['EndpointStatus'] === 'InService',
  );
}

/** A stack with a parked endpoint is deleted: its functions never run again, its table stays. */
async function leaveTableBehind(): Promise<string> {
  account = await serveScenario({
    start: '2026-03-23T00:00:00Z',
    for: '1h',
    policies: { nights: { otherwise: 'zero', zero: { by: 'park', idleFor: '10m', minUp: '5m' } } },
    endpoints: { Chat: { kind: 'real-time', policy: 'nights', instanceType: 'ml.g5.xlarge', startsIn: '4m' } },
  });
  expect(isInService()).toBe(false);
  const { aws } = account.run;
  for (const of of ['tick', undefined])
    aws.addDeliveryFault({ from: aws.clock.now(), until: undefined, of, mode: 'drop' });
  return account.run.tableName;
}

/** The next stack's parameter and, where it takes none over, its table; `tick` is one run of each of its ticked functions. */
function deployAgain(table: string) {
  const { aws, deployment } = account.run;
  if (table === NEW_TABLE) {
    const { Table } = call('DynamoDB', 'DescribeTable', { TableName: account.run.tableName });
    call('DynamoDB', 'CreateTable', {
      TableName: table,
      KeySchema: Table.KeySchema,
      AttributeDefinitions: Table.AttributeDefinitions,
      BillingMode: 'PAY_PER_REQUEST',
      Tags: [{ Key: 'endpoint-scaler:table', Value: 'state' }],
    });
  }
  const settings = JSON.parse(call('SSM', 'GetParameter', { Name: SETTINGS }).Parameter.Value);
  const Value = JSON.stringify({ ...settings, table });
  call('SSM', 'PutParameter', { Name: SETTINGS, Type: 'String', Overwrite: true, Value });
  const lines: LogLine[] = [];
  const handlers = deployment.functions
    .filter(({ id }) => id !== 'BacklogWake')
    .map(({ id, environment }) =>
      PRODUCT[id]!.start({
        env: { AWS_REGION: aws.region, ...environment, TABLE_NAME: table },
        clientDefaults: {
          requestHandler: aws.requestHandler({ kind: 'product', name: id }),
          credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
          maxAttempts: 1,
        },
        clock: aws.clock,
        random: aws.random(id),
        sleep: (ms) => aws.clock.sleep(ms),
        logSink: (line) => lines.push(line),
      }),
    );
  async function tick(): Promise<void> {
    const event = { kind: 'tick', scheduledAt: new Date(aws.clock.now()).toISOString() };
    const context = { awsRequestId: 'run', getRemainingTimeInMillis: () => 50_000 };
    let running = true;
    const runs = Promise.all(handlers.map((handler) => handler(event, context))).finally(() => {
      running = false;
    });
    while (running) await account.advance('1s');
    await runs;
    const intoMinute = aws.clock.now() % 60_000;
    await account.advance(`${(60_000 - intoMinute) / 1000}s`);
  }
  return { lines, tick };
}

test('a stack beside a table left behind counts it, doctor looks inside, and recover empties it', async () => {
  const old = await leaveTableBehind();
  const { lines, tick } = deployAgain(NEW_TABLE);
  for (let minute = 0; minute < 9; minute += 1) await tick();
  expect(lines).toContainEqual(expect.objectContaining({ level: 'WARN', table: old }));
  expect(lines).toContainEqual(
    expect.objectContaining({ function: 'scheduled-scaling', metrics: expect.objectContaining({ LeftTables: 1 }) }),
  );
  const left = async () =>
    JSON.parse((await account.command(['doctor', '--json', '-'])).out).findings.filter(
      ({ check }: Record<string, unknown>) => check === 'tables left behind',
    );
  expect(await left()).toMatchObject([{ level: 'error', subject: old, found: 'holds 1 endpoint away: Chat' }]);
  let done = false;
  const recovery = account.command(['recover', '--table', old, '--yes', '--every', '200ms']).finally(() => {
    done = true;
  });
  for (let tries = 0; !done && tries < TRIES; tries += 1) {
    await account.advance('20s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(await recovery).toMatchObject({ code: 0 });
  expect(isInService()).toBe(true);
  expect(await left()).toMatchObject([{ level: 'ok' }]);
});

test('a stack that takes the table over wakes what is parked in it', async () => {
  const old = await leaveTableBehind();
  const { lines, tick } = deployAgain(old);
  await account.command(['hold', 'Chat', 'up', '--until', '+4h', '--why', 'taken over']);
  for (let minute = 0; minute < 9; minute += 1) await tick();
  expect(isInService()).toBe(true);
  expect(lines.filter(({ table }) => table !== undefined)).toEqual([]);
});
