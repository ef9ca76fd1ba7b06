import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { asynchronous, busyBefore, busyUntil, idle, MONDAY_UTC, queueOnly, realTime } from './fleet.ts';
import { creations, deletions, desiredReached, expectAway, expectBetween, expectUntouched } from './reading.ts';
import { type Document, runScenario } from './run-scenario.ts';

const template = readFileSync(new URL('../../template.yaml', import.meta.url), 'utf8');

/** The template with one thing changed, everywhere it stands. */
function edited(from: string | RegExp, to: string): string {
  const text = template.replaceAll(typeof from === 'string' ? from : new RegExp(from, 'g'), to);
  if (text === template) throw new Error(`template.yaml holds no ${from}`);
  return text;
}

const scenario: Document = {
  start: MONDAY_UTC,
  for: '4h',
  policies: { quick: idle('5m'), queue: queueOnly },
  endpoints: {
    chat: realTime('quick', { whenAway: 'asks', ...busyUntil('1h3m') }),
    transcribe: asynchronous('queue'),
  },
  happens: [
    ...busyBefore('chat'),
    { at: '+2h1m', requests: 1, to: 'chat' },
    { at: '+2h1m', requests: 12, to: 'transcribe' },
  ],
};

const run = async (text: string): Promise<RehearsalResult> =>
  (await runScenario(scenario, { files: { 'template.yaml': text }, args: ['--template', 'template.yaml'] })).result;

describe.concurrent('what runs is what template.yaml deploys', () => {
  let plain: RehearsalResult;
  beforeAll(async () => {
    plain = await run(template);
  });

  it('as it is: by the minute, woken by events', () => {
    expectBetween(deletions(plain, 'chat')[0], '1h9m', '1h14m', 'five idle minutes, judged two minutes late, two runs');
    expectBetween(creations(plain, 'chat')[0], '2h1m', '2h3m', 'woken by the request');
    expectBetween(desiredReached(plain, 'transcribe', 3, '2h'), '2h1m', '2h6m', 'woken by the alarm');
  });

  it('another rate of the tick, other instants', async () => {
    const slow = await run(edited('rate(1 minute)', 'rate(30 minutes)'));
    const [parked] = deletions(slow, 'chat');
    expectBetween(parked, '1h30m', '2h1m', 'with a tick each half hour it parks at one of them');
    expect((slow.calls['DynamoDB.Query'] ?? 0) * 4, 'thirty times fewer ticks, fewer reads of the fleet').toBeLessThan(
      plain.calls['DynamoDB.Query'] ?? 0,
    );
  });

  it('another event pattern, other wakes', async () => {
    const deaf = await run(edited('detail-type: [Wake Requested]', 'detail-type: [Wake Asked]'));
    expect(creations(deaf, 'chat'), 'a request that matches no rule reaches nobody').toEqual([]);
    expectAway(deaf, 'chat', '1h20m', '4h', 'a request that matches no rule reaches nobody');
  });

  it('another environment variable, another mode', async () => {
    const off = await run(edited('MODE: !Ref Mode', "MODE: 'off'"));
    for (const name of ['chat', 'transcribe']) expectUntouched(off, name, 'section 3: mode off does nothing at all');
  });

  it('another default of a parameter', async () => {
    const none = await run(edited(/(ParkBudget:\n\s+Type: Number\n\s+Default:) 10/, '$1 0'));
    expectUntouched(none, 'chat', 'section 6: the park budget of a tick is 0');
  });
});
