import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SimulatorServer, startServer } from '../../simulator/server.ts';
import { idle, MONDAY_BERLIN, realTime } from '../story/fleet.ts';
import { FAULTY_KEY, runHere, type ServedAccount, serveScenario } from '../support/served-account.ts';

let account: ServedAccount;
let empty: SimulatorServer;
let folder: string;

beforeAll(async () => {
  account = await serveScenario({
    start: MONDAY_BERLIN,
    for: '5m',
    region: 'eu-central-1',
    policies: { 'chat-dev': idle('30m') },
    endpoints: { chat: realTime('chat-dev') },
  });
  empty = await startServer({
    start: Date.parse(MONDAY_BERLIN),
    seed: 1,
    region: 'us-west-2',
    host: '127.0.0.1',
    port: 0,
    clock: 'virtual',
  });
  folder = mkdtempSync(join(tmpdir(), 'endpoint-scaler-cli-'));
  writeFileSync(
    join(folder, 'config'),
    '[profile dev]\nregion = eu-central-1\naws_access_key_id = AKIADEV\naws_secret_access_key = x\n\n[profile nowhere]\naws_access_key_id = AKIADEV\naws_secret_access_key = x\n',
  );
});
afterAll(async () => {
  await account.close();
  await empty.close();
  rmSync(folder, { recursive: true, force: true });
});

const noKeys = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_REGION: undefined };
const fault = (calls: string, code: string, message: string, httpStatus = 400) =>
  account.run.aws.addCallFault({ from: 0, until: undefined, calls, share: 1, error: { code, message, httpStatus } });

describe('the connection to an account', () => {
  it('takes keys and region from the environment, either name of the latter', async () => {
    expect((await account.process(['status'])).out).toContain('endpoint-scaler in eu-central-1, mode on');
    const answer = await account.process(['status'], { AWS_REGION: undefined, AWS_DEFAULT_REGION: 'eu-central-1' });
    expect(answer).toMatchObject({ code: 0, err: '' });
    expect(answer.out).toContain('chat');
  });

  it('takes keys and region from a profile, named by option or environment', async () => {
    const env = { ...noKeys, AWS_CONFIG_FILE: join(folder, 'config') };
    for (const [args, more] of [
      [['--profile', 'dev'], {}],
      [[], { AWS_PROFILE: 'dev' }],
    ] as const) {
      const answer = await account.process(['status', ...args], { ...env, ...more });
      expect(answer).toMatchObject({ code: 0, err: '' });
      expect(answer.out).toContain('endpoint-scaler in eu-central-1');
    }
  });

  it('prefers a named profile to keys in the environment, and says nothing about it', async () => {
    const callers: string[] = [];
    account.run.aws.onCall(({ caller }) => callers.push(caller.name));
    const env = { AWS_CONFIG_FILE: join(folder, 'config') };
    expect(await account.process(['status', '--profile', 'dev'], env)).toMatchObject({ code: 0, err: '' });
    expect(new Set(callers)).toEqual(new Set(['AKIADEV']));
  });

  it.each([
    [
      ['--profile', 'nobody', '--region', 'eu-central-1'],
      'no AWS credentials in profile nobody: it has to be in ~/.aws/config',
    ],
    [['--region', 'eu-central-1'], 'no AWS credentials: give --profile'],
    [['--profile', 'nowhere'], 'no AWS Region: give --region, set AWS_REGION'],
  ])('without what it needs: %j', async (args, expected) => {
    const answer = await account.process(['status', ...args], { ...noKeys, AWS_CONFIG_FILE: join(folder, 'config') });
    expect(answer).toMatchObject({ code: 1, out: '' });
    expect(answer.err).toContain(expected);
    expect(answer.err.trim().split('\n')).toHaveLength(1);
  });

  it('says where it looked when there is no stack: wrong Region, wrong prefix', async () => {
    const region = await account.process(['status'], { AWS_ENDPOINT_URL: empty.url, AWS_REGION: 'us-west-2' });
    expect(region).toEqual({
      code: 1,
      out: '',
      err: 'there is no stack with the prefix endpoint-scaler in us-west-2 (no parameter /endpoint-scaler/settings): check --region, --profile and --prefix, or name the table with --table\n',
    });
    const prefix = await account.process(['status', '--prefix', 'team-a']);
    expect(prefix).toMatchObject({ code: 1, out: '' });
    expect(prefix.err).toContain('no stack with the prefix team-a in eu-central-1');
  });

  it.each([
    [['--region', 'Mars'], '--region: Mars: a Region like eu-central-1'],
    [['--prefix', 'A B'], '--prefix: A B: lower-case letters'],
  ])('wrong usage %j', async (args, expected) => {
    const answer = await account.process(['status', ...args]);
    expect(answer).toMatchObject({ code: 2, out: '' });
    expect(answer.err).toContain(expected);
  });

  it('looks at a table without a stack and says that it does', async () => {
    const answer = await account.process(['status', '--prefix', 'gone', '--table', account.run.tableName]);
    expect(answer.code).toBe(0);
    expect(answer.out).toContain('chat');
    expect(answer.err).toContain('no stack with the prefix gone');
    const missing = await account.process(['status', '--prefix', 'gone', '--table', 'nope']);
    expect(missing).toMatchObject({ code: 1, out: '' });
    expect(missing.err).toContain(
      'the state table does not exist in eu-central-1: check --region, --prefix or --table',
    );
  });

  it('names the host when nobody answers', async () => {
    const answer = await account.process(['status'], { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
    expect(answer).toMatchObject({ code: 1, out: '' });
    expect(answer.err).toMatch(/ECONNREFUSED.*is there a network, and is eu-central-1 right/);
    expect(answer.err).not.toContain('    at ');
  });

  it('shows every call with --verbose', async () => {
    const answer = await account.process(['status', '--verbose']);
    expect(answer.err).toMatch(/ssm:GetParameters: 200 in \d+ ms/);
  });
});

describe('refusals of AWS', () => {
  const faulty = { AWS_ACCESS_KEY_ID: FAULTY_KEY };
  const who = 'arn:aws:sts::123456789012:assumed-role/dev/ada';

  it('names action, resource and who was refused', async () => {
    const table = 'arn:aws:dynamodb:eu-central-1:123456789012:table/state';
    const message = `User: ${who} is not authorized to perform: dynamodb:Query on resource: ${table} because no identity-based policy allows the dynamodb:Query action`;
    fault('DynamoDB.Query', 'AccessDeniedException', message);
    expect(await account.command(['status'], faulty)).toEqual({
      code: 1,
      out: '',
      err: `AWS refused dynamodb:Query on ${table} to ${who}: docs/cli.md lists what each command needs\n`,
    });
  });

  it('goes on without what is only nice to have, and says what it did not read', async () => {
    const more = await serveScenario({
      start: MONDAY_BERLIN,
      for: '5m',
      policies: { 'chat-dev': idle('30m') },
      endpoints: { chat: realTime('chat-dev') },
    });
    try {
      for (const calls of ['SSM.GetParametersByPath', 'ApplicationAutoScaling.*']) {
        const message = `User: ${who} is not authorized to perform: x:Y on resource: *`;
        more.run.aws.addCallFault({
          from: 0,
          until: undefined,
          calls,
          share: 1,
          error: { code: 'AccessDeniedException', message },
        });
      }
      const answer = await more.command(['status'], faulty);
      expect(answer.code).toBe(0);
      expect(answer.out).toContain('chat');
      expect(answer.err).toContain('times are in UTC only: AWS refused x:Y on * to');
      expect(answer.err).toContain('not read: AWS refused x:Y');
    } finally {
      await more.close();
    }
  });

  it.each([
    [
      'ExpiredTokenException',
      'The security token included in the request is expired',
      /^the AWS credentials have expired: sign in again/,
    ],
    [
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
      /^AWS does not accept the credentials: The security token/,
    ],
    ['ThrottlingException', 'Rate exceeded', /^AWS throttled ssm:GetParameters three times in a row/],
    ['AccessDeniedException', 'no words', /^AWS refused ssm:GetParameters: no words/],
    ['InternalServerError', 'oops', /^ssm:GetParameters failed: InternalServerError: oops/],
  ])('%s is one sentence', async (code, message, expected) => {
    const server = await startServer({
      start: Date.parse(MONDAY_BERLIN),
      seed: 1,
      region: 'eu-central-1',
      host: '127.0.0.1',
      port: 0,
      clock: 'virtual',
      callerOf: (name) => ({ kind: 'product', name }),
    });
    try {
      server.aws.addCallFault({ from: 0, until: undefined, calls: 'SSM.*', share: 1, error: { code, message } });
      const env = {
        AWS_ENDPOINT_URL: server.url,
        AWS_REGION: 'eu-central-1',
        AWS_ACCESS_KEY_ID: 'A',
        AWS_SECRET_ACCESS_KEY: 'x',
      };
      const answer = await runHere(['status'], env);
      expect(answer).toMatchObject({ code: 1, out: '' });
      expect(answer.err).toMatch(expected);
      expect(answer.err.trim().split('\n')).toHaveLength(1);
    } finally {
      await server.close();
    }
  });
});
