import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runCommand, type ServedAccount, serveScenario } from '../support/served-account.ts';

let account: ServedAccount;
let folder: string;

beforeAll(async () => {
  account = await serveScenario({
    start: '2026-03-23T00:00:00Z',
    for: '25h',
    schedules: { day: { timezone: 'Europe/Berlin', open: [{ from: '08:00', to: '18:00' }] } },
    policies: {
      steady: { otherwise: { min: 1, max: 2 } },
      nights: {
        capacity: [{ during: 'day', min: 1, max: 1 }],
        otherwise: 'zero',
        zero: { by: 'park', idleFor: '10m', minUp: '5m' },
      },
      queue: { otherwise: { min: 1, max: 5 }, wake: { on: ['backlog'], backlogPerInstance: 5, requestTtl: '2h' } },
    },
    endpoints: {
      Busy: {
        kind: 'real-time',
        policy: 'steady',
        instanceType: 'ml.g5.xlarge',
        traffic: [
          { from: '+0h', to: '+12h', perMinute: 3 },
          { from: '+12h', to: '+25h', perMinute: 1 },
        ],
      },
      Away: {
        kind: 'real-time',
        policy: 'nights',
        instanceType: 'ml.g5.2xlarge',
        startsIn: '4m',
        traffic: [{ from: '+9h', to: '+10h', perMinute: 2 }],
      },
      Calls: {
        kind: 'async',
        policy: 'queue',
        instanceType: 'ml.g5.xlarge',
        instances: 1,
        traffic: [{ from: '+6h', to: '+8h', perMinute: 2 }],
        serves: { concurrent: 1, in: '40s' },
      },
    },
  });
}, 120_000);
afterAll(() => account.close());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'endpoint-scaler-history-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function countsOf(text: string): number[] {
  const [header, ...rows] = text.trimEnd().split('\n');
  expect(header).toBe('minute_index,count');
  return rows.map((row, index) => {
    const [minute, count] = row.split(',').map(Number);
    expect(minute).toBe(index);
    return count!;
  });
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

describe('trace', () => {
  test('every minute of the look back, from the last full one backwards', async () => {
    const { code, out, err } = await account.process(['trace', 'busy', '--days', '1']);
    expect(code).toBe(0);
    const counts = countsOf(out);
    // It ends three minutes ago, at 00:57: the first minute is 00:57 of the day before.
    expect(counts).toHaveLength(1440);
    expect(counts.slice(0, 663).every((count) => count === 3)).toBe(true);
    expect(counts.slice(663).every((count) => count === 1)).toBe(true);
    expect(err).toContain('Busy: 2766 requests in 1440 minutes from 2026-03-23T00:57Z');
    const file = join(folder, 'busy.csv');
    expect(await account.command(['trace', 'Busy', '--days', '1', '--out', file])).toMatchObject({ code: 0, out: '' });
    expect(readFileSync(file, 'utf8')).toBe(out);
  });

  test('what a parked endpoint has no data for is named and refused, and counted as nothing only when asked', async () => {
    const file = join(folder, 'away.csv');
    const refused = await account.command(['trace', 'Away', '--days', '1', '--out', file]);
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(/Away: no data from 2026-03-23T00:57Z to 2026-03-23T0\d:\d\dZ \(\d+ minutes\)/);
    expect(refused.err).toContain('--gaps zero counts them as no requests');
    expect(existsSync(file)).toBe(false);
    const filled = await account.json(['trace', 'Away', '--days', '1', '--gaps', 'zero']);
    expect(filled).toMatchObject({ endpoint: 'Away', minutes: 1440, requests: 120, estimated: false });
    expect(filled.gaps.length).toBeGreaterThan(0);
  });

  test('what arrived in a queue is worked out, and said to be', async () => {
    const { code, out, err } = await account.command(['trace', 'Calls', '--days', '1']);
    expect(code).toBe(0);
    expect(err).toContain('worked out from the size of the queue and what left it');
    const counts = countsOf(out);
    expect(sum(counts)).toBe(240);
    expect(sum(counts.slice(303, 423))).toBeGreaterThanOrEqual(236);
  });

  test('it needs no stack: before the first deployment is when a trace is wanted', async () => {
    const answer = await account.command(['trace', 'Busy', '--days', '1', '--prefix', 'nobody']);
    expect(answer.code).toBe(0);
    expect(countsOf(answer.out)).toHaveLength(1440);
  });

  test.each([
    [['trace', 'Nobody'], 1, 'endpoint: Nobody: an endpoint in us-east-1, there or parked'],
    [['trace', 'Busy', '--days', '15'], 2, '--days: 15: a whole number from 1 to 14'],
    [['trace', 'Busy', '--days', '1.5'], 2, '--days: 1.5: '],
    [['trace', 'Busy', '--gaps', 'repeat'], 2, '--gaps: repeat: zero, which counts'],
    [['trace'], 2, "missing required argument 'endpoint'"],
  ])('%j', async (args, code, told) => {
    const answer = await account.command(args);
    expect(answer.code).toBe(code);
    expect(answer.err).toContain(told);
  });
});

describe('scenario', () => {
  test('the fleet of the account, ready to be simulated', async () => {
    const out = join(folder, 'mine');
    const refused = await account.command(['scenario', '--days', '1', '--out', out]);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('Away: no data');
    expect(existsSync(out)).toBe(false);

    const made = await account.process(['scenario', '--days', '1', '--out', out, '--gaps', 'zero']);
    expect(made).toMatchObject({ code: 0 });
    expect(made.out.split('\n')).toContain(join(out, 'traces/Away.csv'));
    const text = readFileSync(join(out, 'scenario.yaml'), 'utf8');
    expect(parse(text)).toMatchObject({
      start: '2026-03-23T00:57:00Z',
      for: '1d',
      region: 'us-east-1',
      endpoints: {
        Away: {
          kind: 'real-time',
          policy: 'nights',
          instanceType: 'ml.g5.2xlarge',
          instances: 1,
          traffic: { trace: 'traces/Away.csv' },
        },
        Calls: { kind: 'async', policy: 'queue', instances: 1, requestTtl: '2h' },
      },
    });
    // The park of the first minutes was followed by a wake, which is what the next start is expected to take.
    expect(parse(text).endpoints.Away.startsIn).toBeDefined();
    const env = { AWS_REGION: undefined };
    expect(await runCommand(['validate', out], env)).toMatchObject({ code: 0 });
    const simulated = await runCommand(
      ['simulate', join(out, 'scenario.yaml'), '--json', join(folder, 'result.json')],
      env,
    );
    expect(simulated.err).not.toContain('invariant');
    expect(simulated).toMatchObject({ code: 0 });
    const result = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'));
    expect(result.endpoints.Busy.requests.total).toBe(2766);
  });

  test('a folder with something in it is left alone', async () => {
    writeFileSync(join(folder, 'mine.txt'), 'x');
    const answer = await account.command(['scenario', '--out', folder]);
    expect(answer.code).toBe(2);
    expect(answer.err).toContain('a folder that is not there yet, or empty');
    expect(readdirSync(folder)).toEqual(['mine.txt']);
  });

  test('the other half: the folder that scenario writes is one that apply takes', async () => {
    const out = join(folder, 'mine');
    await account.command(['scenario', '--days', '1', '--out', out, '--gaps', 'zero']);
    const answer = await account.command(['apply', out]);
    expect(answer).toMatchObject({ code: 0 });
    expect(answer.out).toContain('nothing to do');
  });
});

describe('endpoints that have no trace', () => {
  const other = {
    start: '2026-03-23T00:00:00Z',
    for: '1h',
    policies: {
      shared: { components: { chat: {} }, otherwise: { min: 1, max: 2 } },
      hours: { otherwise: { min: 1, max: 4 } },
    },
    endpoints: {
      Hosting: {
        kind: 'components',
        policy: 'shared',
        instanceType: 'ml.g5.12xlarge',
        instances: { min: 1, max: 2 },
        components: { chat: { serves: { concurrent: 4, in: '800ms' }, copies: 1 } },
      },
      Little: { kind: 'serverless', policy: 'hours', memoryMb: 2048, maxConcurrency: 8, provisionedConcurrency: 1 },
    },
  };
  const why = (kind: string) =>
    `its kind is ${kind}: traces are of real-time and async endpoints; write this one by hand (docs/scenarios.md)`;
  let served: ServedAccount;
  afterEach(() => served.close());

  test('are named with what is allowed, and a scenario of nothing else is none', async () => {
    served = await serveScenario(other);
    const out = join(folder, 'none');
    const answer = await served.command(['scenario', '--days', '1', '--gaps', 'zero', '--out', out]);
    expect(answer.code).toBe(1);
    expect(answer.err).toContain(`Hosting: left out: ${why('components')}`);
    expect(answer.err).toContain(`Little: left out: ${why('serverless')}`);
    expect(answer.err).toContain('no endpoint of the fleet has a history that makes a scenario');
    expect(existsSync(out)).toBe(false);
    expect((await served.command(['trace', 'Little'])).err).toContain(`Little: ${why('serverless')}`);
  });
});
