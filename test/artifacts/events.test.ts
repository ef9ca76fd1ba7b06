import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Account } from '../support/lambda/account.ts';
import { type Line, stopAll } from '../support/lambda/execution-environment.ts';
import { metricsOf, problemsOf } from '../support/lambda/log-contract.ts';
import { readSample, sampleNames } from '../support/sample-events.ts';

const artifacts = inject('artifacts');

/** What each sample is; written by hand. A function works on its own triggers and acknowledges every other. */
const KINDS: Readonly<Record<string, string>> = {
  'alarm-action': 'alarm',
  'alarm-malformed': 'malformed',
  'alarm-metric-math': 'alarm',
  'alarm-named-composite': 'alarm',
  'alarm-own': 'alarm',
  'alarm-own-duplicate': 'alarm',
  'alarm-own-ok': 'alarm',
  'alarm-target-tracking': 'alarm',
  'endpoint-ready': 'endpoint-ready',
  'endpoint-ready-duplicate': 'endpoint-ready',
  'endpoint-ready-malformed': 'malformed',
  'endpoint-state-deleted': 'endpoint-state',
  'endpoint-state-duplicate': 'endpoint-state',
  'endpoint-state-epoch-time': 'endpoint-state',
  'endpoint-state-failed': 'endpoint-state',
  'endpoint-state-in-service': 'endpoint-state',
  'endpoint-state-malformed': 'malformed',
  'endpoint-state-updating': 'endpoint-state',
  tick: 'tick',
  'tick-duplicate': 'tick',
  'tick-malformed': 'malformed',
  'tick-stale': 'tick',
  unknown: 'unknown',
  'wake-requested': 'wake-requested',
  'wake-requested-by-alarm': 'wake-requested',
  'wake-requested-duplicate': 'wake-requested',
  'wake-requested-malformed': 'malformed',
};

const OWN_TRIGGERS = {
  ScheduledScaling: ['tick', 'endpoint-ready'],
  BacklogWake: ['alarm'],
  IdleWindows: ['tick', 'endpoint-state', 'wake-requested'],
} as const;
const NAMES = {
  ScheduledScaling: 'scheduled-scaling',
  BacklogWake: 'backlog-wake',
  IdleWindows: 'idle-windows',
} as const;

/** Samples that reach a function with nothing left to do for it. */
const WORTHLESS = ['tick-stale', 'alarm-own-ok'];
/** Shortly after the tick of the samples was due. */
const TICKING = Date.parse('2026-03-23T06:48:20Z');

const samples = sampleNames();

it('every sample event is in the table', () => {
  expect(samples).toEqual(Object.keys(KINDS).sort());
});

/** One endpoint parked, an asynchronous one at zero with a backlog. */
async function createFleet(): Promise<Account> {
  const account = await Account.create({ artifacts: artifacts!, start: Date.parse('2026-03-23T02:00:00Z') });
  await account.put('policies/chat-dev', {
    otherwise: 'zero',
    zero: { by: 'park', idleFor: '5m', minUp: '5m' },
    wake: { on: ['request', 'alarm:orders-queue-not-empty'] },
  });
  await account.put('policies/transcribe-async', {
    otherwise: { min: 0, max: 5 },
    wake: { on: ['backlog', 'alarm:transcribe-falls-behind'], backlogPerInstance: 5 },
  });
  account.seed({ name: 'Chat-Dev' }, 'chat-dev');
  account.seed({ name: 'Transcribe', kind: 'async', instances: 0 }, 'transcribe-async');
  await account.passUntil(
    'Chat-Dev is parked',
    async () => (await account.store.get('chat-dev'))?.phase === 'parked',
    20,
  );
  return account;
}

describe.skipIf(artifacts === undefined).each(Object.keys(OWN_TRIGGERS) as (keyof typeof OWN_TRIGGERS)[])(
  'the built %s, given every sample event',
  (id) => {
    let account: Account;
    const seen: Line[] = [];

    beforeAll(async () => {
      account = await createFleet();
      await account.skip(TICKING - account.now);
    });
    afterAll(async () => {
      await account.close();
      await stopAll();
    });

    it.each(samples)('%s', async (name) => {
      const environment = await account.environment(id);
      account.gateway.reset();
      const before = environment.lines().length;
      const outcome = await environment.invoke(readSample(name));
      const lines = environment.lines().slice(before);
      seen.push(...lines);

      const kind = KINDS[name]!;
      expect(outcome, environment.log).toMatchObject({
        kind: 'response',
        body: { function: NAMES[id], trigger: kind, failures: 0 },
      });
      const isOwn = OWN_TRIGGERS[id].some((trigger) => trigger === kind);
      const works = isOwn && !WORTHLESS.includes(name);
      expect(account.gateway.targets(id).length > 0, `calls: ${account.gateway.targets(id).join(', ')}`).toBe(works);

      expect(lines.filter(({ logType }) => logType === 'run')).toMatchObject([
        { runId: outcome.requestId, trigger: kind },
      ]);
      const { EventsMalformed = 0, EventsUnknown = 0, TicksStale = 0, Heartbeat = 0 } = metricsOf(lines);
      const isForeign = !isOwn && kind !== 'malformed' && name !== 'tick-stale';
      expect({ EventsMalformed, EventsUnknown, TicksStale, Heartbeat }).toEqual({
        EventsMalformed: kind === 'malformed' ? 1 : 0,
        EventsUnknown: isForeign ? 1 : 0,
        TicksStale: name === 'tick-stale' ? 1 : 0,
        Heartbeat: kind === 'tick' && name !== 'tick-stale' ? 1 : 0,
      });
      expect(lines.filter(({ level, message }) => level === 'WARN' && /malformed/.test(String(message)))).toHaveLength(
        kind === 'malformed' ? 1 : 0,
      );
    });

    it('wrote nothing but lines with the documented fields', () => {
      expect(seen.length).toBeGreaterThanOrEqual(2 * samples.length);
      expect(seen.flatMap(problemsOf)).toEqual([]);
    });
  },
);
