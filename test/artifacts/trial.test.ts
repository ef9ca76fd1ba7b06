import { readFileSync } from 'node:fs';
import { afterAll, expect, inject, it } from 'vitest';
import { Account } from '../support/lambda/account.ts';
import { stopAll } from '../support/lambda/execution-environment.ts';
const artifacts = inject('artifacts')!;
const account = await Account.create({ artifacts });
afterAll(async () => { await account.close(); await stopAll(); });
it('runs', async () => {
  account.seed({ name: 'Chat-Dev' }, 'chat-dev');
  account.seed({ name: 'Transcribe', kind: 'async', instances: 0, load: { arrivals: () => 0, serves: { concurrent: 1, seconds: 40 }, whenAway: 'lost', requestTtlMs: 3600000 } as never }, 'transcribe-async');
  await account.put('policies/chat-dev', { otherwise: 'zero', zero: { by: 'park', idleFor: '5m', minUp: '5m' } });
  await account.put('policies/transcribe-async', { otherwise: { min: 0, max: 5 }, wake: { on: ['backlog'], backlogPerInstance: 5 } });
  const begun = performance.now();
  await account.pass(12);
  console.log('ms', performance.now() - begun);
  for (const id of account.functions.keys()) {
    const e = await account.environment(id);
    console.log(id, await e.init, e.stderr, e.lines().length);
    console.log(e.lines().slice(0, 60).map((l) => JSON.stringify(l)).join('\n').slice(0, 6000));
  }
  console.log(account.outcomes.slice(0, 3), account.outcomes.map(({ id, outcome }) => `${id} ${outcome.kind} ${outcome.ms.toFixed(0)}`).join('\n'));
  console.log(await account.record('chat-dev'));
});
