import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Account } from '../support/lambda/account.ts';
import {
  type ExecutionEnvironment,
  type Init,
  type Outcome,
  stopAll,
} from '../support/lambda/execution-environment.ts';
import { answerError, answerHtml, type Interception } from '../support/lambda/gateway.ts';
import { problemsOf } from '../support/lambda/log-contract.ts';
import { readSample } from '../support/sample-events.ts';

const artifacts = inject('artifacts');
const FUNCTIONS = ['ScheduledScaling', 'BacklogWake', 'IdleWindows'] as const;

let account: Account;

beforeAll(async () => {
  if (artifacts === undefined) return;
  account = await Account.create({ artifacts });
  await account.put('policies/chat-dev', { otherwise: 'zero', zero: { by: 'park', idleFor: '30m', minUp: '5m' } });
  await account.put('policies/transcribe-async', {
    otherwise: { min: 0, max: 5 },
    wake: { on: ['backlog'], backlogPerInstance: 5 },
  });
  // In use: only a reading that did not come through could make it look idle.
  const load = { arrivals: () => 1, serves: { concurrent: 4, seconds: 1 }, whenAway: 'lost' } as const;
  account.seed({ name: 'Chat-Dev', load }, 'chat-dev');
  account.seed({ name: 'Transcribe', kind: 'async', instances: 0 }, 'transcribe-async');
  await account.pass(3);
});

afterAll(async () => {
  await account?.close();
  await stopAll();
});

/** Frames of a stack that name a file of ours, as `path:line` from the root of the repository. */
function framesOf(trace: readonly string[]): readonly string[] {
  return trace.flatMap((frame) => /\b((?:functions|shared)\/[\w/-]+\.ts:\d+)/.exec(frame)?.[1] ?? []);
}

/** The line of source that a mapped frame points at. */
function sourceOf(frame: string | undefined): string {
  const [file = '', line = '0'] = (frame ?? '').split(':');
  expect(existsSync(file), `${frame}: no such file`).toBe(true);
  return readFileSync(file, 'utf8').split('\n')[Number(line) - 1] ?? '';
}

function errorOf(settled: Init | Outcome): { errorType: string; errorMessage: string; trace: readonly string[] } {
  if (settled.kind !== 'error') throw new Error(`must have failed, but: ${JSON.stringify(settled)}`);
  return settled.error;
}

describe.skipIf(artifacts === undefined)('an environment that cannot work', () => {
  const REQUIRED = [
    'TABLE_NAME',
    'TAG_PREFIX',
    'MODE',
    'TICK_SECONDS',
    'FUNCTION_TIMEOUT_SECONDS',
    'PARK_BUDGET',
    'LOG_LEVEL',
  ];

  it.each(FUNCTIONS)('%s: fails at its init and names everything that is missing at once', async (id) => {
    const environment = await account.start(id, Object.fromEntries(REQUIRED.map((name) => [name, undefined])));
    const error = errorOf(await environment.init);
    expect(error.errorType).toBe('ConfigError');
    for (const name of REQUIRED) expect(error.errorMessage).toContain(`${name} is missing`);
    const frames = framesOf(error.trace);
    expect(sourceOf(frames[0])).toContain('throw new ConfigError');
    const folder = { ScheduledScaling: 'scheduled-scaling', BacklogWake: 'backlog-wake', IdleWindows: 'idle-windows' }[
      id
    ];
    expect(frames.at(-1), error.trace.join('\n')).toMatch(new RegExp(`^functions/${folder}/app\\.ts:`));
    expect((await environment.stop()).code, 'exit code').not.toBe(0);
  });

  it('names each value that is not allowed, beside what is', async () => {
    const environment = await account.start('IdleWindows', {
      MODE: 'sometimes',
      PARK_BUDGET: '-1',
      LOG_LEVEL: undefined,
    });
    const { errorMessage } = errorOf(await environment.init);
    expect(errorMessage).toContain("MODE is 'sometimes': one of on, wake-only, dry-run, off");
    expect(errorMessage).toContain("PARK_BUDGET is '-1': an integer from 0 to 1000");
    expect(errorMessage).toContain('LOG_LEVEL is missing');
    await environment.stop();
  });

  it('is told when the handler is not in the bundle', async () => {
    const fn = account.functions.get('BacklogWake')!;
    expect(existsSync(join(artifacts!.folder, fn.id, 'app.mjs'))).toBe(true);
    const environment = await account.start('BacklogWake', { _HANDLER: 'app.nothing' });
    expect(errorOf(await environment.init).errorType).toBe('Runtime.HandlerNotFound');
    await environment.stop();
  });
});

const FAULTS: Readonly<Record<string, Interception>> = {
  'an internal failure': answerError(500, 'InternalFailure'),
  'a refusal': answerError(400, 'AccessDeniedException', 'User: … is not authorized to perform this'),
  throttling: answerError(400, 'ThrottlingException', 'Rate exceeded'),
  'a page of HTML': answerHtml,
  'an answer cut short': async () => ({
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: '{"Ite',
  }),
};

async function readTable(): Promise<unknown> {
  const { TABLE_NAME } = account.functions.get('IdleWindows')!.environment;
  const { Items = [] } = await account.people.dynamodb.send(new ScanCommand({ TableName: TABLE_NAME! }));
  return Items;
}

/** An event on which the function looks at an endpoint, due or not. */
function triggerOf(id: (typeof FUNCTIONS)[number]): unknown {
  if (id === 'ScheduledScaling') return account.tick();
  return readSample(id === 'BacklogWake' ? 'alarm-own' : 'endpoint-state-in-service');
}

async function invokeUnder(id: (typeof FUNCTIONS)[number], fault: Interception, targets: RegExp) {
  const environment: ExecutionEnvironment = await account.environment(id);
  account.gateway.reset();
  account.gateway.intercept(targets, fault);
  const before = { lines: environment.lines().length, table: await readTable() };
  const outcome = await environment.invoke(triggerOf(id));
  expect(
    account.gateway.targets(id).filter((target) => targets.test(target)),
    'calls that were hit',
  ).not.toEqual([]);
  account.gateway.reset();
  const lines = environment.lines().slice(before.lines);
  expect(lines.flatMap(problemsOf)).toEqual([]);
  expect(environment.isAlive, 'the environment stays').toBe(true);
  return { environment, outcome, lines, before };
}

describe.skipIf(artifacts === undefined).each(FUNCTIONS)('%s, whose dependencies throw', (id) => {
  it.each(Object.keys(FAULTS))(
    'from its table: %s: the run fails with a mapped stack, and the next one works',
    async (fault) => {
      const { environment, outcome, lines, before } = await invokeUnder(id, FAULTS[fault]!, /^DynamoDB_/);
      const error = errorOf(outcome);
      expect(error.errorMessage).toMatch(/^\d+ unexpected failures? in this run/);
      expect(sourceOf(framesOf(error.trace)[0])).toContain('throw new Error');
      expect(await readTable()).toEqual(before.table);
      const [problem] = lines.filter(({ logType }) => logType === 'problem');
      const stack = String((problem?.['error'] as { stack?: unknown } | undefined)?.stack ?? '');
      expect(framesOf(stack.split('\n')), `${JSON.stringify(problem)}`).not.toEqual([]);
      expect(lines.filter(({ logType }) => logType === 'run')).toMatchObject([{ failures: 1 }]);

      const next = await environment.invoke(triggerOf(id));
      expect(next, environment.log).toMatchObject({ kind: 'response', body: { failures: 0 } });
    },
  );

  it.each(Object.keys(FAULTS))(
    'from everything but its table: %s: nothing changes, and that is no bug',
    async (fault) => {
      await account.pass(1);
      const statuses = () =>
        Promise.all(['Chat-Dev', 'Transcribe'].map(async (name) => (await account.record(name)).phase));
      const { outcome, lines } = await invokeUnder(id, FAULTS[fault]!, /^(?!DynamoDB_)/);
      expect(outcome, JSON.stringify(lines)).toMatchObject({ kind: 'response', body: { failures: 0 } });
      expect(await statuses()).toEqual(['up', 'up']);
      expect(lines.filter(({ logType }) => logType === 'problem')).toEqual([]);
    },
  );
});
