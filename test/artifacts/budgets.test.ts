import { afterAll, describe, expect, inject, it } from 'vitest';
import { Account } from '../support/lambda/account.ts';
import { stopAll } from '../support/lambda/execution-environment.ts';
import { INIT_BUDGET, INIT_SLACK, measureInits, measureSizes, median, toKib } from '../support/lambda/measure.ts';
import { readSample } from '../support/sample-events.ts';

const artifacts = inject('artifacts');

/** From the alarm to the capacity call, warm, the time of the AWS calls not counted. */
const OWN_TIME_BUDGET_MS = 150;
/** An acknowledged event costs a log line: more than this is a handler that does something it should not. */
const ACKNOWLEDGED_MS = 50;
const BUSY_MACHINE = 2;

afterAll(stopAll);

describe.skipIf(artifacts === undefined)('what is deployed stays within its budget', () => {
  it('in bytes', () => {
    for (const { id, bytes, budget } of measureSizes(artifacts!)) {
      console.log(`${id}: ${toKib(bytes).toFixed(0)} of ${toKib(budget)} KiB, by ${artifacts!.builtBy}`);
      expect(bytes, `${id}: bytes`).toBeLessThanOrEqual(budget);
    }
  });

  it('at its start, against a trivial handler in the same run', async () => {
    for (const { id, initMs, toTrivial, toEmpty } of await measureInits(artifacts!)) {
      const ratios = `${toTrivial.toFixed(2)} × trivial, ${toEmpty.toFixed(2)} × empty`;
      console.log(`${id}: init ${initMs.toFixed(0)} ms, ${ratios}`);
      expect(toTrivial, `${id}: init against a trivial handler's`).toBeLessThanOrEqual(INIT_BUDGET * INIT_SLACK);
    }
  });

  it('when there is nothing to do, and from an alarm to the capacity that answers it', async () => {
    const account = await Account.create({ artifacts: artifacts!, start: Date.parse('2026-03-23T05:50:00Z') });
    try {
      await account.put('policies/queue', {
        otherwise: { min: 0, max: 5 },
        wake: { on: ['backlog'], backlogPerInstance: 5 },
      });
      const seed = { name: 'Transcribe', kind: 'async', instances: 0 } as const;
      account.seed(seed, 'queue');
      await account.pass(2);
      account.server.aws.world.inject('Transcribe', 12);
      await account.skip(3 * 60_000);
      const idle: number[] = [];
      for (let run = 0; run < 11; run += 1) idle.push((await account.invoke('BacklogWake', readSample('unknown'))).ms);
      const { alarm, capacity } = await wakeOnce(account);
      console.log(
        `an unknown event: ${median(idle).toFixed(0)} ms; alarm to capacity call: ${capacity.toFixed(0)} ms of our own`,
      );
      expect(median(idle)).toBeLessThanOrEqual(ACKNOWLEDGED_MS * BUSY_MACHINE);
      expect(alarm).toMatchObject({ kind: 'response', body: { considered: 1, failures: 0 } });
      expect(capacity).toBeLessThanOrEqual(OWN_TIME_BUDGET_MS * BUSY_MACHINE);
    } finally {
      await account.close();
    }
  });
});

/** Sends the alarm to a warm environment; `capacity` is our own time until the call that changes capacity leaves. */
async function wakeOnce(account: Account) {
  account.gateway.reset();
  const alarm = readSample('alarm-own') as unknown as { detail: { state: { timestamp: string } } };
  alarm.detail.state.timestamp = new Date(account.now).toISOString();
  const begun = performance.now();
  const outcome = await account.invoke('BacklogWake', alarm);
  const change = account.gateway.calls.find(({ target }) => target.endsWith('UpdateEndpointWeightsAndCapacities'));
  if (change === undefined) throw new Error(`no capacity call: ${account.gateway.targets().join(', ')}`);
  const before = account.gateway.calls.filter(({ begun: at }) => at < change.begun);
  return { alarm: outcome, capacity: change.begun - begun - timeInCalls(before, change.begun) };
}

/** Milliseconds during which at least one of the calls was under way. */
function timeInCalls(calls: readonly { readonly begun: number; readonly ended?: number }[], until: number): number {
  let total = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const { begun, ended = until } of [...calls].sort((a, b) => a.begun - b.begun)) {
    total += Math.max(0, Math.min(ended, until) - Math.max(begun, reached));
    reached = Math.max(reached, ended);
  }
  return total;
}
