import { describe, expect, it } from 'vitest';
import type { BusEntry, EventBus } from '../../../shared/aws/eventbridge.ts';
import type { RunCounts } from '../../../shared/ports/run.ts';
import type { LogLine } from '../../../shared/ports/world.ts';
import { createAnnouncer } from '../../../shared/runtime/announcer.ts';
import { clientFactory } from '../../../shared/runtime/clients.ts';
import { ConfigError, parseConfig } from '../../../shared/runtime/config.ts';
import { createRunLog } from '../../../shared/runtime/decision-log.ts';
import { createRunner } from '../../../shared/runtime/run.ts';

const ENV = {
  AWS_REGION: 'eu-central-1',
  TABLE_NAME: 'state',
  TAG_PREFIX: 'endpoint-scaler',
  MODE: 'on',
  TICK_SECONDS: '60',
  FUNCTION_TIMEOUT_SECONDS: '50',
  PARK_BUDGET: '10',
  LOG_LEVEL: 'INFO',
};
const NOW = Date.parse('2026-03-23T06:48:20Z');

describe('parseConfig', () => {
  it('turns seconds into milliseconds and freezes', () => {
    const config = parseConfig(ENV);
    expect(config).toMatchObject({ tick: 60_000, functionTimeout: 50_000, lease: 60_000, parkBudget: 10, mode: 'on' });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('tells all problems at once, each with its name, value and what is allowed', () => {
    const env = {
      ...ENV,
      MODE: 'paused',
      PARK_BUDGET: '-1',
      TICK_SECONDS: '5',
      TABLE_NAME: undefined,
      TAG_PREFIX: 'Has Spaces',
    };
    let problems: readonly string[] = [];
    try {
      parseConfig(env);
    } catch (error) {
      problems = error instanceof ConfigError ? error.problems : [];
    }
    expect(problems).toEqual([
      'TABLE_NAME is missing: the name of the state table',
      "TAG_PREFIX is 'Has Spaces': lower-case letters, digits and hyphens, at most 32",
      "MODE is 'paused': one of on, wake-only, dry-run, off",
      "TICK_SECONDS is '5': an integer from 60 to 900",
      "PARK_BUDGET is '-1': an integer from 0 to 1000",
    ]);
  });
});

type Send = (args: unknown) => Promise<unknown>;
type Middleware = (next: Send, context: { readonly commandName: string }) => Send;

describe('clientFactory', () => {
  class Client {
    readonly config: Record<string, unknown>;
    readonly middlewares: Middleware[] = [];
    readonly middlewareStack = { add: (middleware: Middleware) => this.middlewares.push(middleware) };
    constructor(config: Record<string, unknown>) {
      this.config = config;
    }
  }

  it('builds each client once, with every setting said and the world’s own on top', () => {
    const clientOf = clientFactory('eu-central-1', { endpoint: 'http://127.0.0.1:1', maxAttempts: 1 });
    const client = clientOf(Client);
    expect(clientOf(Client)).toBe(client);
    expect(client.config).toMatchObject({
      region: 'eu-central-1',
      retryMode: 'standard',
      defaultsMode: 'standard',
      useFipsEndpoint: false,
      useDualstackEndpoint: false,
      endpoint: 'http://127.0.0.1:1',
      maxAttempts: 1,
    });
  });

  it('sends nothing of a run whose time is over, by any client', async () => {
    let over = false;
    const clientOf = clientFactory('eu-central-1', {}, () => over);
    for (const client of [clientOf(Client), clientOf(Client, { sentOnce: true })]) {
      over = false;
      const sent: unknown[] = [];
      const send = client.middlewares[0]!(async (args) => sent.push(args), { commandName: 'DeleteEndpointCommand' });
      await send('in time');
      over = true;
      await expect(send('too late')).rejects.toThrow("DeleteEndpointCommand was not sent: the run's time is over");
      expect(sent).toEqual(['in time']);
    }
  });

  it('never repeats a call of a client that sends once, whatever the world’s retry strategy', async () => {
    const clientOf = clientFactory('eu-central-1', { retryStrategy: { mode: 'eager' } });
    const once = clientOf(Client, { sentOnce: true });
    expect(once).not.toBe(clientOf(Client));
    const strategy = once.config['retryStrategy'] as { refreshRetryTokenForRetry(): Promise<unknown> };
    await expect(strategy.refreshRetryTokenForRetry()).rejects.toThrow('sent once');
  });
});

function runLog() {
  const lines: LogLine[] = [];
  return { lines, log: createRunLog((line) => lines.push(line)) };
}

describe('the announcer', () => {
  const announcement = (endpoint: string) => ({
    at: NOW,
    type: 'Endpoint Ready' as const,
    endpoint,
    detail: { reason: 'restored' },
  });

  it('sends ten a call, and what the bus did not take once more', async () => {
    const sent: string[][] = [];
    const bus: EventBus = {
      async put(entries) {
        sent.push(entries.map(({ detail }) => (JSON.parse(detail) as { endpoint: string }).endpoint));
        const [first] = entries;
        return sent.length === 1 && first ? [{ entry: first, code: 'ThrottlingException', message: 'slow down' }] : [];
      },
    };
    const { lines, log } = runLog();
    const announcer = createAnnouncer(() => bus, log);
    for (let index = 0; index < 23; index += 1) announcer.announce(announcement(`e${index}`));
    await announcer.flush();
    expect(sent.map(({ length }) => length)).toEqual([10, 10, 3, 1]);
    expect(sent[3]).toEqual(['e0']);
    expect(lines).toEqual([]);
    await announcer.flush();
    expect(sent.length).toBe(4);
  });

  it('never throws: what is lost is logged and counted', async () => {
    const entries: BusEntry[] = [];
    const bus: EventBus = {
      async put(batch) {
        entries.push(...batch);
        throw new Error('no network');
      },
    };
    const { lines, log } = runLog();
    const announcer = createAnnouncer(() => bus, log);
    announcer.announce(announcement('chat'));
    await announcer.flush();
    // The SDK has tried a call that throws three times already.
    expect(entries.length).toBe(1);
    expect(log.metrics()).toEqual({ EventsLost: 1 });
    expect(lines[0]).toMatchObject({ level: 'WARN', type: 'Endpoint Ready', reason: 'no network' });
  });
});

describe('a run', () => {
  const tick = (age: number) => ({ kind: 'tick', scheduledAt: new Date(NOW - age).toISOString() });

  function harness(work: () => Promise<RunCounts>) {
    const { lines, log } = runLog();
    let flushed = 0;
    const announcer = {
      announce: () => undefined,
      flush: async () => {
        flushed += 1;
      },
    };
    const deadlines: number[] = [];
    const run = createRunner({
      config: parseConfig(ENV),
      clock: { now: () => NOW },
      random: () => 0.5,
      sink: (line) => lines.push(line),
      log,
      announcer,
      onBegin: ({ deadline }) => deadlines.push(deadline),
    });
    let worked = 0;
    const invoke = (event: unknown) =>
      run('idle-windows', event, { awsRequestId: 'r1', getRemainingTimeInMillis: () => 50_000 }, async (_, given) => {
        worked += 1;
        expect(given).toEqual({ id: 'r1', holder: 'r1/i', now: NOW, deadline: NOW + 50_000 });
        expect(deadlines.at(-1), 'told before anything is called').toBe(NOW + 50_000);
        return work();
      });
    const metrics = () => lines.findLast(({ logType }) => logType === 'metric')?.['metrics'];
    return { invoke, lines, metrics, worked: () => worked, flushed: () => flushed };
  }
  const counts = { considered: 3, skipped: 1, failures: 0 };

  it('ends with a summary, metrics and a flush', async () => {
    const h = harness(async () => counts);
    expect(await h.invoke(tick(20_000))).toEqual({
      function: 'idle-windows',
      trigger: 'tick',
      decisions: {},
      ...counts,
    });
    expect(h.metrics()).toEqual({ Heartbeat: 1, RunDuration: 0, EndpointsConsidered: 3 });
    expect(h.flushed()).toBe(1);
  });

  it('drops and counts a tick older than two periods and the most that a clock may be wrong, and works on one that is not', async () => {
    const h = harness(async () => counts);
    await h.invoke(tick(420_000));
    expect(h.worked()).toBe(1);
    await h.invoke(tick(420_001));
    expect(h.worked()).toBe(1);
    expect(h.metrics()).toMatchObject({ TicksStale: 1 });
  });

  it('drops a tick that comes two periods behind a newer one, whatever its clock says', async () => {
    const h = harness(async () => counts);
    await h.invoke(tick(180_000));
    await h.invoke(tick(240_000));
    expect(h.worked(), 'one period behind: worked on').toBe(2);
    await h.invoke(tick(300_000));
    expect(h.worked()).toBe(2);
    expect(h.metrics()).toMatchObject({ TicksStale: 1 });
  });

  it('takes no tick from the future for the newest', async () => {
    const h = harness(async () => counts);
    await h.invoke(tick(-365 * 86_400_000));
    await h.invoke(tick(0));
    expect(h.worked()).toBe(2);
  });

  it('acknowledges and counts what is unknown or malformed', async () => {
    const h = harness(async () => counts);
    await h.invoke({ source: 'aws.ec2', 'detail-type': 'x' });
    expect(h.metrics()).toMatchObject({ EventsUnknown: 1 });
    await h.invoke({ kind: 'tick' });
    expect(h.metrics()).toMatchObject({ EventsMalformed: 1 });
    expect(h.worked()).toBe(0);
  });

  it('fails in the end, after everything is written, so that Lambda counts an error', async () => {
    const h = harness(async () => ({ ...counts, failures: 2 }));
    await expect(h.invoke(tick(0))).rejects.toThrow('2 unexpected failures');
    expect(h.flushed()).toBe(1);
    expect(h.lines.some(({ logType }) => logType === 'run')).toBe(true);
    const broken = harness(async () => {
      throw new TypeError('a bug');
    });
    await expect(broken.invoke(tick(0))).rejects.toThrow('1 unexpected failures');
    expect(broken.lines.find(({ logType }) => logType === 'problem')).toMatchObject({
      level: 'ERROR',
      error: { message: 'a bug' },
    });
  });

  it('counts decisions of this run only, and tells repeated ones at DEBUG', async () => {
    const { lines, log } = runLog();
    const decision = {
      at: NOW,
      function: 'idle-windows',
      endpoint: 'chat',
      decision: 'keep',
      reason: 'active',
      evidence: {},
      acted: false,
    } as const;
    log.begin({ id: 'r1', function: 'idle-windows' });
    log.record(decision, false);
    log.begin({ id: 'r2', function: 'idle-windows' });
    log.record(decision, true);
    expect(log.decisions()).toEqual({ keep: 1 });
    expect(lines.map(({ level, logType, runId }) => [level, logType, runId])).toEqual([
      ['INFO', 'decision', 'r1'],
      ['DEBUG', 'decision-repeat', 'r2'],
    ]);
    expect(lines[0]?.['at']).toBe('2026-03-23T06:48:20.000Z');
  });
});
