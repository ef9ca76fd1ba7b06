import { DescribeEndpointCommand } from '@aws-sdk/client-sagemaker';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { Account } from '../support/lambda/account.ts';
import { stopAll } from '../support/lambda/execution-environment.ts';
import { type Interception, never } from '../support/lambda/gateway.ts';
import { readSample } from '../support/sample-events.ts';

const artifacts = inject('artifacts');

/** Of the function's 50 s. What stalls takes three tries of 8 s; the rest is for what is still to be recorded. */
const ENOUGH_LEFT_MS = 15_000;

const accounts: Account[] = [];
afterAll(async () => {
  await Promise.all(accounts.map((account) => account.close()));
  await stopAll();
});

async function createFleet(): Promise<Account> {
  const account = await Account.create({ artifacts: artifacts!, start: Date.parse('2026-03-23T02:30:00Z') });
  accounts.push(account);
  await account.put('policies/chat-dev', { otherwise: 'zero', zero: { by: 'park', idleFor: '5m', minUp: '5m' } });
  await account.put('policies/transcribe-async', {
    otherwise: { min: 0, max: 5 },
    wake: { on: ['backlog'], backlogPerInstance: 5 },
  });
  account.seed({ name: 'Chat-Dev' }, 'chat-dev');
  account.seed({ name: 'Transcribe', kind: 'async', instances: 0 }, 'transcribe-async');
  await account.pass(1);
  account.gateway.reset();
  return account;
}

const phaseOf = async (account: Account): Promise<string> => (await account.record('Chat-Dev')).phase;

const afterItsEffect: Interception = async (forward, call) => {
  await forward();
  return never(forward, call);
};

/** `[function, event, calls that never answer]`; each function looks at an endpoint and would change it. */
const STALLS = [
  ['ScheduledScaling', 'tick', 'everything', /./, 'error'],
  ['ScheduledScaling', 'tick', 'the documents', /^AmazonSSM/, 'response'],
  ['BacklogWake', 'alarm-own', 'its table', /^DynamoDB_/, 'error'],
  ['BacklogWake', 'alarm-own', 'the bus', /^AWSEvents/, 'response'],
  ['IdleWindows', 'endpoint-state-in-service', 'its table', /^DynamoDB_/, 'error'],
  ['IdleWindows', 'endpoint-state-in-service', 'SageMaker', /^SageMaker/, 'response'],
  ['IdleWindows', 'endpoint-state-in-service', 'the metrics', /^Granite/, 'response'],
] as const;

// Time is real here, and nearly all of it is waiting: all at once.
describe.skipIf(artifacts === undefined).concurrent('built functions whose dependencies never answer', () => {
  it.each(STALLS)('%s, on %s, without %s, ends by itself with time to spare', async (id, event, _, targets, kind) => {
    const account = await createFleet();
    // A policy that is new has not been judged before two ticks.
    await account.skip(120_000);
    account.gateway.intercept(targets, never);
    const outcome = await account.invoke(id, event === 'tick' ? account.tick() : readSample(event));
    expect(outcome).toMatchObject({ kind });
    expect(outcome.ms).toBeLessThan(account.functions.get(id)!.timeoutMs - ENOUGH_LEFT_MS);
    expect(account.gateway.calls.filter(({ ended }) => ended === undefined).length).toBeGreaterThanOrEqual(3);
    expect(account.count('SageMaker.DeleteEndpoint')).toBe(0);
    expect(await phaseOf(account)).not.toBe('parked');

    account.gateway.reset();
    await account.skip(60_000);
    const next = await account.invoke(id, event === 'tick' ? account.tick() : readSample(event));
    expect(next).toMatchObject({ kind: 'response', body: { failures: 0 } });
  });

  it('a delete that never answers is neither repeated nor forgotten', async () => {
    const account = await createFleet();
    account.gateway.intercept(/SageMaker.DeleteEndpoint/, afterItsEffect);
    await account.passUntil('a delete was sent', async () => account.count('SageMaker.DeleteEndpoint') > 0, 20);
    await account.passUntil('Chat-Dev is parked', async () => (await phaseOf(account)) === 'parked', 5);
    await account.pass(3);
    expect(account.count('SageMaker.DeleteEndpoint')).toBe(1);
    expect(account.outcomes.filter(({ outcome }) => outcome.kind !== 'response')).toEqual([]);
  });

  it('a delete that stalls until Lambda kills the run leaves a table from which the next one goes on', async () => {
    const account = await createFleet();
    account.gateway.intercept(/SageMaker.DeleteEndpoint/, afterItsEffect, 1);
    await account.passUntil('it is about to be deleted', async () => (await phaseOf(account)) === 'parking', 20);
    await account.skip(120_000);
    const killed = await account.invoke('IdleWindows', account.tick(), { killAfterMs: 2_000 });
    expect(killed.kind).toBe('timed-out');
    const { lease, phase } = await account.record('Chat-Dev');
    expect([phase, lease?.holder.split('/')[0]]).toEqual(['parking', killed.requestId]);

    // Nobody acts before the lease of the dead run ends.
    await account.invoke('IdleWindows', readSample('endpoint-state-deleted'));
    expect((await account.record('Chat-Dev')).lease?.holder).toBe(lease?.holder);
    await account.passUntil('Chat-Dev is parked', async () => (await phaseOf(account)) === 'parked', 5);
    expect(account.count('SageMaker.DeleteEndpoint')).toBe(1);
    await expect(
      account.people.sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'Chat-Dev' })),
    ).rejects.toThrow(/Could not find/);
  });
});
