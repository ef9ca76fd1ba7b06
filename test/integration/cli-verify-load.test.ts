import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asynchronous, MONDAY_UTC, queueOnly, realTime } from '../story/fleet.ts';
import { accountEnv, endOf, type ServedAccount, serveScenario, spawnCommand } from '../support/served-account.ts';

const folder = mkdtempSync(join(tmpdir(), 'load-'));
const body = join(folder, 'request.json');
let account: ServedAccount;

beforeAll(async () => {
  writeFileSync(body, '{"inputs": "hello"}');
  const scaling = [{ kind: 'target-tracking', metric: 'InvocationsPerInstance', target: 1 }];
  account = await serveScenario({
    start: MONDAY_UTC,
    for: '30m',
    policies: { api: { otherwise: { min: 1, max: 3 }, scaling }, queue: queueOnly },
    endpoints: { api: realTime('api', { startsIn: '2m' }), calm: realTime('api'), scribe: asynchronous('queue') },
  });
});
afterAll(async () => {
  await account.close();
  rmSync(folder, { recursive: true, force: true });
});

const load = (endpoint: string, ...more: string[]) => ['verify', endpoint, '--load', '--body', body, ...more];

describe('verify --load', () => {
  it('sends what it was asked for, and shows the scale-out as it happens', async () => {
    const running = account.process(load('api', '--rate', '20', '--for', '12s', '--yes'));
    // A simulated minute for each second here: the alarm takes three of them.
    for (let minute = 0; minute < 20; minute += 1) {
      await wait(500);
      await account.advance('1m');
    }
    const { code, out, err } = await running;
    expect(out).toMatch(
      /^sent +2[0-4]\d in 1\d(\.\d)? s\nanswered +2\d\d\nfailed +0\nlatency +p50 \d+ ms, p95 \d+ ms, p99 \d+ ms, max \d+ ms\n/,
    );
    expect(out).toMatch(/ok +load +it scaled out from 1 to [23]\n/);
    expect(err).toMatch(/: 1 desired, 1 serving, SageMaker says InService\n/);
    expect(err).toMatch(/: [23] desired, /);
    expect(err).toMatch(/TargetTracking-.*-AlarmHigh-.*: ALARM\n/);
    expect(err).toMatch(/activity \S+: \w+: Setting desired instance count to [23]/);
    expect(code).toBe(0);
  });

  it('says so where the load reached no target', async () => {
    const { out } = await account.process(load('calm', '--concurrency', '1', '--at-most', '2', '--yes'));
    expect(out).toMatch(/^sent +2 in /);
    expect(out).toMatch(/WARNING +load +no alarm asked for more; 1 instance throughout/);
  });

  it('stops cleanly, and tells what was sent', async () => {
    const child = spawnCommand(load('calm', '--rate', '20', '--yes'), accountEnv(account.run, account.server));
    const ended = endOf(child);
    const looked = new Promise<void>((resolve) => {
      let seen = '';
      child.stderr.on('data', (text: string) => {
        seen += text;
        if (seen.includes('serving')) resolve();
      });
    });
    await looked;
    await wait(500);
    child.kill('SIGINT');
    const { code, out, err } = await ended;
    expect(code).toBe(130);
    expect(err).toContain('stopping: what is under way is given up');
    expect(out).toMatch(/^sent +\d+ in \d/);
  });

  it.each([
    ['no pace', ['calm'], '--rate, --concurrency: exactly one of them: how hard to load the endpoint'],
    ['too long', ['calm', '--rate', '1', '--for', '16m'], '--for: 16m: a duration above 0, at most 15m'],
    ['too fast', ['calm', '--rate', '201'], '--rate: 201: requests per second, above 0, at most 200'],
    ['too many at once', ['calm', '--concurrency', '51'], '--concurrency: 51: a whole number from 1 to 50'],
    ['too many', ['calm', '--rate', '1', '--at-most', '100001'], '--at-most: 100001: a whole number from 1 to 100000'],
    ['nobody to ask', ['calm', '--rate', '1'], 'nothing was changed: this is no terminal to ask on, so it takes --yes'],
  ])('refuses %s', async (_, [endpoint = '', ...more], said) => {
    const { code, out, err } = await account.command(load(endpoint, ...more));
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(said);
  });

  it('refuses a body that is not there, and an asynchronous endpoint, whose requests come from S3', async () => {
    const missing = await account.command([
      'verify',
      'calm',
      '--load',
      '--rate',
      '1',
      '--body',
      'nowhere.json',
      '--yes',
    ]);
    expect(missing).toMatchObject({
      code: 2,
      err: expect.stringContaining('--body: nowhere.json: cannot be read') as unknown,
    });
    const queue = await account.command(load('scribe', '--rate', '1', '--yes'));
    expect(queue.code).toBe(1);
    expect(queue.err).toContain('scribe: asynchronous endpoints take their requests from S3');
  });
});
