import {
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { DescribeEndpointCommand, ListTagsCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { Account } from '../support/lambda/account.ts';
import { stopAll } from '../support/lambda/execution-environment.ts';
import { type Interception, never } from '../support/lambda/gateway.ts';
import { problemsOf } from '../support/lambda/log-contract.ts';
import { readSample } from '../support/sample-events.ts';

const artifacts = inject('artifacts');
const SCALING = {
  ServiceNamespace: 'sagemaker',
  ResourceId: 'endpoint/Chat-Dev/variant/AllTraffic',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
} as const;

const accounts: Account[] = [];
afterEach(async () => {
  await Promise.all(accounts.splice(0).map((account) => account.close()));
  await stopAll();
});

/** An endpoint that nobody uses, with its owner's scaling, and an asynchronous one with requests waiting and no instance. */
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
  await account.people.scaling.send(new RegisterScalableTargetCommand({ ...SCALING, MinCapacity: 1, MaxCapacity: 3 }));
  await account.people.scaling.send(
    new PutScalingPolicyCommand({
      ...SCALING,
      PolicyName: 'owners',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 40,
        PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
      },
    }),
  );
  return account;
}

/** Requests wait, and have waited long enough for the metric, which comes a minute late, to tell. */
async function leaveWaiting(account: Account, requests: number): Promise<void> {
  account.server.aws.world.inject('Transcribe', requests);
  await account.skip(3 * 60_000);
}

const phaseOf = async (account: Account): Promise<string | undefined> => (await account.store.get('chat-dev'))?.phase;

/** What a client of the AWS APIs sees of the endpoint; what is new with each incarnation is left out. */
async function lookAt({ people }: Account): Promise<unknown> {
  const { EndpointArn, EndpointConfigName, EndpointStatus } = await people.sagemaker.send(
    new DescribeEndpointCommand({ EndpointName: 'Chat-Dev' }),
  );
  const { Tags = [] } = await people.sagemaker.send(new ListTagsCommand({ ResourceArn: EndpointArn! }));
  const namespace = { ServiceNamespace: SCALING.ServiceNamespace };
  const { ScalableTargets = [] } = await people.scaling.send(new DescribeScalableTargetsCommand(namespace));
  const { ScalingPolicies = [] } = await people.scaling.send(new DescribeScalingPoliciesCommand(namespace));
  return {
    EndpointConfigName,
    EndpointStatus,
    tags: Object.fromEntries(Tags.filter(({ Key }) => !Key!.endsWith(':wake')).map(({ Key, Value }) => [Key, Value])),
    targets: ScalableTargets.filter(({ ResourceId }) => ResourceId === SCALING.ResourceId).map(
      ({ MinCapacity, MaxCapacity }) => [MinCapacity, MaxCapacity],
    ),
    policies: ScalingPolicies.filter(({ ResourceId }) => ResourceId === SCALING.ResourceId).map(
      ({ PolicyName, TargetTrackingScalingPolicyConfiguration: tracking }) => [PolicyName, tracking?.TargetValue],
    ),
  };
}

/** The function's process ends at its first call of each operation: the odd ones before it takes effect, the even ones after. */
function killAtEachOperation(account: Account, id: string, killed: string[]): Interception {
  return async (forward, call) => {
    if (call.caller !== id || killed.includes(call.target)) return forward();
    killed.push(call.target);
    if (killed.length % 2 === 0) await forward();
    await account.kill(id, killed.length % 3 === 0 ? 'SIGTERM' : 'SIGKILL');
    return never(forward, call);
  };
}

/** Of the killed operations, those that a change of the world must not be repeated for. */
const ONCE = ['SageMaker.DeleteEndpoint', 'SageMaker.CreateEndpoint'];

describe.skipIf(artifacts === undefined)('built functions whose environment ends mid-way', () => {
  it('park and wake in the end, each exactly once, and lose nothing', async () => {
    const account = await createFleet();
    const before = await lookAt(account);
    const killed: string[] = [];
    account.gateway.intercept(/./, killAtEachOperation(account, 'IdleWindows', killed));
    await account.passUntil('Chat-Dev is parked', async () => (await phaseOf(account)) === 'parked', 60);
    await account.pass(3);
    const parkedAfter = killed.length;
    await expect(lookAt(account)).rejects.toThrow(/Could not find/);

    const request = { ...readSample('wake-requested'), time: new Date(account.now).toISOString() };
    await account.invoke('IdleWindows', request);
    // A run that died before it had stored the request fails; Lambda hands the same event over again.
    await account.invoke('IdleWindows', request);
    await account.invoke('IdleWindows', request);
    await account.passUntil('Chat-Dev is up', async () => (await phaseOf(account)) === 'up', 60);

    expect(await lookAt(account)).toEqual(before);
    expect({ parkedAfter, killed, woken: killed.slice(parkedAfter) }).toMatchObject({
      killed: expect.arrayContaining([...ONCE, 'DynamoDB_20120810.Query', 'DynamoDB_20120810.PutItem']),
    });
    const effects = ONCE.map((operation) => account.count(operation));
    expect(effects, `reached SageMaker: ${ONCE.join(', ')}`).toEqual([1, 1]);
    const ended = account.outcomes.filter(({ outcome }) => outcome.kind === 'exited');
    expect(ended.length).toBeGreaterThanOrEqual(8);
    expect(account.outcomes.filter(({ outcome }) => outcome.kind === 'error')).toEqual([]);
  });

  it('answer a backlog once, although the run that did it died before it could record it', async () => {
    const account = await createFleet();
    await account.pass(2);
    await leaveWaiting(account, 12);
    const operation = 'SageMaker.UpdateEndpointWeightsAndCapacities';
    account.gateway.intercept(
      /UpdateEndpointWeightsAndCapacities/,
      async (forward, call) => {
        await forward();
        await account.kill(call.caller);
        return never(forward, call);
      },
      1,
    );
    const alarm = readSample('alarm-own') as unknown as { detail: { state: { timestamp: string } } };
    alarm.detail.state.timestamp = new Date(account.now).toISOString();
    expect(await account.invoke('BacklogWake', alarm)).toMatchObject({ kind: 'exited', signal: 'SIGKILL' });
    expect(await account.invoke('BacklogWake', alarm)).toMatchObject({ kind: 'response', body: { failures: 0 } });
    await account.passUntil(
      'Transcribe serves',
      async () => {
        const { ProductionVariants } = await account.people.sagemaker.send(
          new DescribeEndpointCommand({ EndpointName: 'Transcribe' }),
        );
        return ProductionVariants?.[0]?.CurrentInstanceCount === 3;
      },
      20,
    );
    expect(account.count(operation)).toBe(1);
  });
});

describe.skipIf(artifacts === undefined)(
  'built functions, driven by the schedules and rules of the built template',
  () => {
    it('park, wake on a request that comes twice, and log nothing undocumented', async () => {
      const account = await createFleet();
      const before = await lookAt(account);
      await account.passUntil('Chat-Dev is parked', async () => (await phaseOf(account)) === 'parked', 20);
      for (const name of ['wake-requested', 'wake-requested-duplicate']) {
        const request = { ...readSample(name), time: new Date(account.now).toISOString() };
        expect(await account.invoke('IdleWindows', request)).toMatchObject({ kind: 'response', body: { failures: 0 } });
      }
      await account.passUntil('Chat-Dev is up', async () => (await phaseOf(account)) === 'up', 20);
      expect(account.count('SageMaker.CreateEndpoint')).toBe(1);
      expect(await lookAt(account)).toEqual(before);
      await account.pass(1);
      const ready = account.outcomes.filter(
        ({ event }) => (event as Record<string, unknown>)['detail-type'] === 'Endpoint Ready',
      );
      expect(ready.map(({ id, outcome }) => `${id} ${outcome.kind}`)).toEqual(['ScheduledScaling response']);
      expect(account.outcomes.filter(({ outcome }) => outcome.kind !== 'response')).toEqual([]);
      for (const id of account.functions.keys()) {
        const lines = (await account.environment(id)).lines();
        expect(lines.flatMap(problemsOf)).toEqual([]);
      }
    });

    it('bring capacity from zero for a backlog once, although the alarm is told twice', async () => {
      const account = await createFleet();
      await account.pass(2);
      await leaveWaiting(account, 12);
      for (const name of ['alarm-own', 'alarm-own-duplicate']) {
        const alarm = readSample(name) as unknown as { detail: { state: { timestamp: string } } };
        alarm.detail.state.timestamp = new Date(account.now).toISOString();
        expect(await account.invoke('BacklogWake', alarm)).toMatchObject({ kind: 'response', body: { failures: 0 } });
      }
      const changes = account.gateway.calls.filter(({ target }) =>
        target.endsWith('UpdateEndpointWeightsAndCapacities'),
      );
      expect(changes.map(({ caller, input }) => [caller, input['DesiredWeightsAndCapacities']])).toEqual([
        ['BacklogWake', [{ VariantName: 'AllTraffic', DesiredInstanceCount: 3 }]],
      ]);
    });
  },
);
