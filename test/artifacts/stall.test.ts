import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { Account } from '../support/lambda/account.ts';
import { stopAll } from '../support/lambda/execution-environment.ts';
import { never } from '../support/lambda/gateway.ts';

const artifacts = inject('artifacts');

const accounts: Account[] = [];
afterEach(async () => {
  await Promise.all(accounts.splice(0).map((account) => account.close()));
  await stopAll();
});
it('trial', async () => {
  const create = async () => {
  const account = await Account.create({ artifacts: artifacts!, start: Date.parse('2026-03-23T02:30:00Z') });
  accounts.push(account);
  await account.put('policies/chat-dev', { otherwise: 'zero', zero: { by: 'park', idleFor: '5m', minUp: '5m' } });
  await account.put('policies/transcribe-async', { otherwise: { min: 0, max: 5 }, wake: { on: ['backlog'], backlogPerInstance: 5 } });
  account.seed({ name: 'Chat-Dev' }, 'chat-dev');
  account.seed({ name: 'Transcribe', kind: 'async', instances: 0 }, 'transcribe-async');
    await account.pass(1);
    return account;
  };
  const rows: string[] = [];
  await Promise.all(['DynamoDB_', 'SageMaker', 'GraniteService', 'AnyScale', 'AmazonSSM', 'ResourceGroups', 'AWSEvents', '.'].flatMap((t) => ['ScheduledScaling', 'BacklogWake', 'IdleWindows'].map(async (id) => {
    const account = await create();
    account.gateway.reset();
    account.gateway.intercept(new RegExp(t), never);
    const event = id === 'BacklogWake' ? JSON.parse(readFileSync('events/alarm-own.json', 'utf8')) : { kind: 'tick', scheduledAt: '2026-03-23T02:30:00Z' };
    const e = await account.environment(id);
    await account.skip(60_000); await e.setClock(account.now);
    const o = await e.invoke(event);
    rows.push(`${t} ${id} ${o.kind} ${o.ms.toFixed(0)} ${account.gateway.calls.filter((c) => c.ended === undefined).map((c) => c.target).join(' ')}`);
  })));
  console.log(rows.sort().join('\n'));
}, 200_000);
