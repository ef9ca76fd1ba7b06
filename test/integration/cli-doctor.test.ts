import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../cli/doctor/finding.ts';
import { idle, office, officeHours, realTime } from '../story/fleet.ts';
import { FAULTY_KEY, type ServedAccount, serveScenario } from '../support/served-account.ts';

let account: ServedAccount;
const person = { kind: 'person', name: 'someone' } as const;

beforeAll(async () => {
  account = await serveScenario({
    start: '2026-03-02T20:00:00+01:00',
    for: '2h',
    region: 'eu-central-1',
    schedules: { office },
    policies: {
      hours: officeHours({ capacity: [] }),
      spare: idle('30m', { wake: { on: ['request'], fallbackConfigs: ['plan-b', 'never-made'] } }),
    },
    endpoints: { chat: realTime('hours'), search: realTime('spare') },
  });
  const variant = {
    VariantName: 'AllTraffic',
    ModelName: 'search',
    InstanceType: 'ml.g5.xlarge',
    InitialInstanceCount: 1,
  };
  account.run.aws.call(person, 'SageMaker', 'CreateEndpointConfig', {
    EndpointConfigName: 'plan-b',
    ProductionVariants: [{ ...variant, VariantInstanceProvisionTimeoutInSeconds: 600 }],
  });
});
afterAll(() => account.close());

/** Levels by check and subject. */
async function examine(
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; find: (check: string, subject?: string) => Finding[] }> {
  const { code, out } = await account.command(['doctor', '--json', '-'], env);
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  return {
    code,
    find: (check, subject) =>
      findings.filter((f) => f.check === check && (subject === undefined || f.subject === subject)),
  };
}

describe('doctor', () => {
  it('finds a fallback config that nobody made, and prints how late a shortage can make an endpoint', async () => {
    const { code, find } = await examine();
    expect(code).toBe(1);
    const [missing, slow] = find('ladder', 'search');
    expect(missing).toMatchObject({
      level: 'error',
      found: 'fallback config never-made of policy spare does not exist',
      advice: expect.any(String),
    });
    expect(slow).toMatchObject({ level: 'warning' });
    expect(slow?.found).toMatch(
      /^config search without instance pools or a provision timeout of at most 10m; worst case: with the last of its 2 configs, after the others had no capacity it is late by up to 32m/,
    );
    expect(find('ladder', 'chat')).toMatchObject([
      { level: 'warning', found: expect.stringContaining('with its only config') },
    ]);
  });

  it('finds everything else in order', async () => {
    const { find } = await examine();
    for (const check of [
      'credentials',
      'region',
      'stack',
      'mode',
      'progress',
      'refused calls',
      'documents',
      'enrolment',
      'dependencies',
      'tables left behind',
    ]) {
      expect([check, find(check)[0]?.level]).toEqual([check, 'ok']);
    }
    expect(find('functions').map(({ level }) => level)).toEqual(['ok', 'ok', 'ok']);
    expect(find('roles of the functions')).toMatchObject([{ level: 'not-checked' }]);
  });

  it('prints it for people, with what to do', async () => {
    const { out, err, code } = await account.command(['doctor']);
    expect({ err, code }).toEqual({ err: '', code: 1 });
    expect(out).toMatch(/ok +mode +on\n/);
    expect(out).toMatch(
      /ERROR +ladder +search: fallback config never-made of policy spare does not exist\n +→ create it, or take it out/,
    );
    expect(out).toMatch(/\n2 errors, \d+ warnings, \d+ ok, \d+ not checked\n$/);
  });

  it('says which checks a missing permission made impossible, and makes the others', async () => {
    const message = 'User: u is not authorized to perform: dynamodb:ListTables on resource: *';
    account.run.aws.addCallFault({
      from: 0,
      until: undefined,
      calls: 'DynamoDB.ListTables',
      share: 1,
      error: { code: 'AccessDeniedException', message },
    });
    const { find } = await examine({ AWS_ACCESS_KEY_ID: FAULTY_KEY });
    expect(find('tables left behind')).toEqual([
      {
        level: 'not-checked',
        check: 'tables left behind',
        found: 'AWS refused dynamodb:ListTables on * to u: docs/cli.md lists what each command needs',
      },
    ]);
    expect(find('documents')).toMatchObject([{ level: 'ok' }]);
  });

  it('names broken documents and policies that are missing, by parameter and field', async () => {
    const { aws } = account.run;
    const put = (name: string, value: unknown) =>
      aws.call(person, 'SSM', 'PutParameter', {
        Name: `/endpoint-scaler/${name}`,
        Type: 'String',
        Value: typeof value === 'string' ? value : JSON.stringify(value),
        Overwrite: true,
      });
    put('policies/broken', { capacity: [{ during: 'office', min: 3, max: 1 }] });
    put('policies/lost', { capacity: [{ during: 'nights', min: 1, max: 1 }], otherwise: 'zero', zero: { by: 'park' } });
    put('schedules/garbled', '{');
    const { code, find } = await examine();
    expect(code).toBe(1);
    const subjects = find('documents').map(({ level, subject }) => `${level} ${subject}`);
    expect(subjects).toEqual(
      expect.arrayContaining([
        'error /endpoint-scaler/policies/broken',
        'error /endpoint-scaler/policies/lost',
        'error /endpoint-scaler/schedules/garbled',
      ]),
    );
    for (const name of ['policies/broken', 'policies/lost', 'schedules/garbled']) {
      aws.call(person, 'SSM', 'DeleteParameter', { Name: `/endpoint-scaler/${name}` });
    }
  });

  it('finds what a parked endpoint could not come back from', async () => {
    const { aws } = account.run;
    expect((await account.json(['status', 'chat'])).endpoints[0].phase).toBe('parked');
    aws.call(person, 'SageMaker', 'DeleteModel', { ModelName: 'chat' });
    expect((await examine()).find('dependencies', 'chat')).toMatchObject([
      { level: 'error', found: 'model chat is gone: it cannot be recreated' },
    ]);
    aws.call(person, 'SageMaker', 'DeleteEndpointConfig', { EndpointConfigName: 'chat' });
    const [gone] = (await examine()).find('dependencies', 'chat');
    expect(gone).toMatchObject({ level: 'error', found: 'endpoint config chat is gone: it cannot be recreated' });
    expect(gone?.advice).toContain('recover --with-config');
  });

  it('finds endpoints that are tagged and not enrolled, and says that EC2 did not answer about a VPC', async () => {
    const { aws } = account.run;
    const vpc = { Subnets: ['subnet-1'], SecurityGroupIds: ['sg-1'] };
    aws.call(person, 'SageMaker', 'CreateModel', {
      ModelName: 'walled',
      ExecutionRoleArn: 'arn:aws:iam::123456789012:role/models',
      PrimaryContainer: { Image: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/m:1' },
      VpcConfig: vpc,
    });
    const variant = {
      VariantName: 'AllTraffic',
      ModelName: 'walled',
      InstanceType: 'ml.g5.xlarge',
      InitialInstanceCount: 1,
    };
    aws.call(person, 'SageMaker', 'CreateEndpointConfig', {
      EndpointConfigName: 'walled',
      ProductionVariants: [variant],
    });
    aws.call(person, 'SageMaker', 'CreateEndpoint', {
      EndpointName: 'walled',
      EndpointConfigName: 'walled',
      Tags: [{ Key: 'endpoint-scaler:policy', Value: 'no-such' }],
    });
    await account.advance('20m');
    const { find } = await examine();
    expect(find('enrolment', 'walled')).toMatchObject([
      { level: 'error', found: 'its tag names the policy no-such, and there is none of that name' },
    ]);
    expect(find('network')).toMatchObject([
      { level: 'not-checked', subject: 'subnets', found: expect.stringContaining('ec2:DescribeSubnets failed') },
    ]);
  });

  it('finds a table that an earlier stack left behind with parked endpoints in it', async () => {
    const { aws, tableName } = account.run;
    const TableName = 'older-StateTable-ABC';
    aws.call(person, 'DynamoDB', 'CreateTable', {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      Tags: [{ Key: 'endpoint-scaler:table', Value: 'state' }],
    });
    const { Item } = aws.call(person, 'DynamoDB', 'GetItem', {
      TableName: tableName,
      Key: { pk: { S: 'fleet' }, sk: { S: 'search' } },
    });
    expect((await examine()).find('tables left behind')).toMatchObject([{ level: 'ok' }]);
    aws.call(person, 'DynamoDB', 'PutItem', { TableName, Item });
    expect((await examine()).find('tables left behind')).toMatchObject([
      {
        level: 'error',
        subject: TableName,
        found: 'holds 1 endpoint away: search',
        advice: expect.stringContaining(`ExistingTable=${TableName}`),
      },
    ]);
  });

  it('notices that nobody works, and that this machine’s clock is wrong', async () => {
    account.run.aws.addDeliveryFault({
      from: account.run.aws.clock.now(),
      until: undefined,
      of: 'tick',
      mode: 'drop',
    });
    await account.command(['hold', 'search', 'up', '--until', '+1d', '--why', 'demo']);
    await account.advance('90m');
    const { find } = await examine();
    expect(find('progress', 'search')).toMatchObject([
      { level: 'error', found: expect.stringMatching(/^due since .*, 1h(29|30)m ago, and nobody has looked at it$/) },
    ]);
    expect(find('functions', 'idle-windows')).toMatchObject([
      { level: 'error', found: 'CloudWatch shows no run in the last hour' },
    ]);
    expect(find('clock')).toMatchObject([
      { level: 'error', found: expect.stringMatching(/clock is \d+d.* ahead of AWS's/) },
    ]);
  });

  it('finds no fault with a clock that is right', async () => {
    const start = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 5 * 60_000).toISOString();
    const live = await serveScenario(
      { start, for: '2m', policies: { spare: idle('30m') }, endpoints: { search: realTime('spare') } },
      { realTime: true },
    );
    try {
      const { findings } = JSON.parse((await live.command(['doctor', '--json', '-'])).out) as { findings: Finding[] };
      expect(findings.find(({ check }) => check === 'clock')).toEqual({
        level: 'ok',
        check: 'clock',
        found: 'agrees with AWS',
      });
    } finally {
      await live.close();
    }
  });
});
