import { afterEach, describe, expect, test } from 'vitest';
import type { CallRecord } from '../../simulator/contract.ts';
import {
  type Answer,
  accountEnv,
  type CommandProcess,
  endOf,
  FAULTY_KEY,
  type ServedAccount,
  serveScenario,
  spawnCommand,
  whileTimePasses,
} from '../support/served-account.ts';

const MINUTE = 60_000;
/** Adds, and takes nothing away by itself: what is desired stays until somebody changes it. */
const onLatency = {
  kind: 'step',
  alarm: { metric: 'ModelLatency', threshold: '500ms', periods: 3 },
  steps: [{ from: 0, add: 1 }],
};
const steady = { otherwise: { min: 1, max: 6 }, scaling: [onLatency] };
const chat = { kind: 'real-time', policy: 'steady', instanceType: 'ml.g5.xlarge', instances: 3, startsIn: '4m' };
const nights = { otherwise: 'zero', zero: { by: 'park', idleFor: '10m', minUp: '5m' } };

const serve = (document: Readonly<Record<string, unknown>>): Promise<ServedAccount> =>
  serveScenario({ start: '2026-03-23T00:00:00Z', for: '15m', ...document });

let account: ServedAccount;
afterEach(() => account.close());

type Service = Parameters<ServedAccount['run']['aws']['call']>[1];
const OWNER = { kind: 'person', name: 'owner' } as const;

// biome-ignore lint/suspicious/noExplicitAny: any operation's answer
function call(service: Service, operation: string, input: object): any {
  return account.run.aws.call(OWNER, service, operation, input);
}

// biome-ignore lint/suspicious/noExplicitAny: any operation's answer
const describeEndpoint = (EndpointName: string): any => call('SageMaker', 'DescribeEndpoint', { EndpointName });

const variant = (endpoint: string, name = 'AllTraffic') => ({
  ServiceNamespace: 'sagemaker',
  ResourceId: `endpoint/${endpoint}/variant/${name}`,
});
const DIMENSION = { ScalableDimension: 'sagemaker:variant:DesiredInstanceCount' };

type Json = Readonly<Record<string, unknown>>;

/** Another config of the endpoint: like its own, but for what `change` says of each variant. */
function addConfig(
  EndpointConfigName: string,
  of: string,
  change: (variants: Json[]) => Json[],
  more: Json = {},
): void {
  const { ProductionVariants, AsyncInferenceConfig } = call('SageMaker', 'DescribeEndpointConfig', {
    EndpointConfigName: of,
  });
  const shared = AsyncInferenceConfig === undefined ? {} : { AsyncInferenceConfig };
  const ofVariants = { ProductionVariants: change(ProductionVariants) };
  call('SageMaker', 'CreateEndpointConfig', { EndpointConfigName, ...shared, ...more, ...ofVariants });
}

const onType =
  (InstanceType: string) =>
  (variants: Json[]): Json[] =>
    variants.map((one) => ({ ...one, InstanceType, InitialInstanceCount: 1 }));

/** What a client of Application Auto Scaling and CloudWatch can see of a variant's scaling, but for ids and times. */
function scalingOf(endpoint: string, name?: string) {
  const of = variant(endpoint, name);
  const { ScalableTargets } = call('ApplicationAutoScaling', 'DescribeScalableTargets', {
    ServiceNamespace: 'sagemaker',
    ResourceIds: [of.ResourceId],
  });
  const { ScalingPolicies } = call('ApplicationAutoScaling', 'DescribeScalingPolicies', of);
  const { ScheduledActions } = call('ApplicationAutoScaling', 'DescribeScheduledActions', of);
  const { MetricAlarms } = call('CloudWatch', 'DescribeAlarms', { AlarmNamePrefix: 'endpoint-scaler-' });
  const arns = ScalingPolicies.map(({ PolicyARN }: { PolicyARN: string }) => PolicyARN);
  return {
    bounds: ScalableTargets.map(({ MinCapacity, MaxCapacity }: Json) => [MinCapacity, MaxCapacity]),
    policies: ScalingPolicies.map(({ PolicyName, StepScalingPolicyConfiguration }: Json) => ({
      PolicyName,
      StepScalingPolicyConfiguration,
    })),
    actions: ScheduledActions.map(({ ScheduledActionName, Schedule, ScalableTargetAction }: Json) => ({
      ScheduledActionName,
      Schedule,
      ScalableTargetAction,
    })),
    wired: MetricAlarms.filter(({ AlarmActions }: { AlarmActions: string[] }) =>
      AlarmActions.some((action) => arns.includes(action)),
    ).map(({ AlarmName }: Json) => AlarmName),
  };
}

const countsOf = (endpoint: string): Json =>
  Object.fromEntries(
    describeEndpoint(endpoint).ProductionVariants.map((one: Json) => [one['VariantName'], one['DesiredInstanceCount']]),
  );

async function phaseOf(endpoint: string): Promise<string> {
  return (await account.json(['status', endpoint])).endpoints[0].phase;
}

/** Endpoint Chat with everything that can hang on a variant, and two configs more. */
async function serveChat(more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  account = await serve({ policies: { steady }, endpoints: { Chat: chat }, ...more });
  call('ApplicationAutoScaling', 'RegisterScalableTarget', {
    ...variant('Chat'),
    ...DIMENSION,
    MinCapacity: 1,
    MaxCapacity: 6,
  });
  call('ApplicationAutoScaling', 'PutScheduledAction', {
    ...variant('Chat'),
    ...DIMENSION,
    ScheduledActionName: 'of the owner',
    Schedule: 'cron(0 6 * * ? *)',
    ScalableTargetAction: { MaxCapacity: 6 },
  });
  addConfig('Chat-g6', 'Chat', onType('ml.g6.xlarge'));
  addConfig('Chat-again', 'Chat', onType('ml.g5.xlarge'));
}

const update = (...args: readonly string[]): Promise<Answer> =>
  whileTimePasses(account, account.command(['update', ...args, '--every', '200ms']));

/** Calls of the command's processes, functions and AWS itself left out. */
function watchCommand(listener: (call: CallRecord) => void): void {
  account.run.aws.onCall((record) => {
    const { kind, name } = record.caller;
    if (name === FAULTY_KEY || (kind === 'person' && name !== OWNER.name)) listener(record);
  });
}

/** What the command changes outside of the state table. */
function watchChanges(): string[] {
  const changes: string[] = [];
  watchCommand(({ mutating, service, operation }) => {
    if (mutating && service !== 'DynamoDB') changes.push(operation);
  });
  return changes;
}

/** What the product tells on the bus from now on. */
function watchEvents(): string[] {
  const types: string[] = [];
  account.run.aws.onCall(({ operation, input }) => {
    if (operation === 'PutEvents') types.push(...input.Entries.map(({ DetailType }: Json) => DetailType));
  });
  return types;
}

/** A process that a signal ends as soon as the command has made this call. */
async function signalled(args: readonly string[], signal: NodeJS.Signals, when: (call: CallRecord) => boolean) {
  let child: CommandProcess | undefined;
  let sent = 0;
  watchCommand((record) => {
    if (sent > 0 || !when(record)) return;
    sent += 1;
    child?.kill(signal);
  });
  child = spawnCommand([...args, '--every', '200ms'], accountEnv(account.run, account.server));
  const ended = await whileTimePasses(account, endOf(child));
  return { ...ended, sent: sent > 0 };
}

function breakCalls(calls: string, code = 'AccessDeniedException'): void {
  const from = account.run.aws.clock.now();
  const message = `User: arn:aws:iam::123456789012:user/ada is not authorized to perform: ${calls} because of a policy`;
  account.run.aws.addCallFault({ from, until: from + 60 * MINUTE, calls, share: 1, error: { code, message } });
}

describe('update of an endpoint that serves', () => {
  test('takes scaling off that AWS wants off, keeps the counts, and has all of it put back', async () => {
    await serveChat();
    const before = scalingOf('Chat');
    expect([before.bounds, before.policies.length, before.actions.length, before.wired.length]).toEqual([
      [[1, 6]],
      1,
      1,
      1,
    ]);
    const changes = watchChanges();
    const events = watchEvents();
    const serving: number[] = [];
    account.run.aws.onCall(({ operation, output }) => {
      if (operation === 'DescribeEndpoint' && output?.EndpointName === 'Chat')
        serving.push(output.ProductionVariants[0].CurrentInstanceCount);
    });
    const shown = await account.command(['update', 'chat', '--config', 'Chat-g6', '--dry-run']);
    expect(shown).toMatchObject({ code: 0, err: 'nothing was changed\n' });
    expect(shown.out).toMatch(
      /^Chat: Chat → Chat-g6\n.*\nAllTraffic {2}ml\.g5\.xlarge → ml\.g6\.xlarge {2}3, kept {4}taken off and put back: 1 to 6, endpoint-scaler-\S+, of the owner\n$/,
    );
    expect(changes).toEqual([]);

    const done = await update('Chat', '--config', 'Chat-g6', '--yes', '--wait');
    expect(done).toMatchObject({ code: 0 });
    expect(done.out).toMatch(/Chat: in service on Chat-g6 with its scaling after \dm/);
    expect(describeEndpoint('Chat')).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'Chat-g6' });
    expect(countsOf('Chat')).toEqual({ AllTraffic: 3 });
    expect(Math.min(...serving), 'it served all the while').toBe(3);
    expect(scalingOf('Chat')).toEqual(before);
    expect(changes).toEqual(['DeregisterScalableTarget', 'UpdateEndpoint']);
    expect(await phaseOf('Chat')).toBe('up');
    await account.advance('20m');
    expect(scalingOf('Chat'), 'and stays').toEqual(before);
    expect(events, 'nothing was late, nothing refused, nobody else changed it').toEqual([]);
  });

  test('begins and says so where nobody waits; another model alone needs nothing off', async () => {
    await serveChat();
    const before = scalingOf('Chat');
    const changes = watchChanges();
    const answer = await account.json(['update', 'Chat', '--config', 'Chat-again', '--yes']);
    expect(answer).toEqual({ endpoint: 'Chat', phase: 'up', to: 'Chat-again', from: 'Chat', outcome: 'begun' });
    expect(changes).toEqual(['UpdateEndpoint']);
    expect(await phaseOf('Chat')).toBe('restoring');
    const meanwhile = await account.command(['update', 'Chat', '--config', 'Chat-g6', '--yes']);
    expect(meanwhile).toMatchObject({
      code: 1,
      err: 'Chat: not updated: it is restoring: wait until it is up or parked\n',
    });
    await account.advance('10m');
    expect(await phaseOf('Chat')).toBe('up');
    expect(describeEndpoint('Chat').EndpointConfigName).toBe('Chat-again');
    expect([scalingOf('Chat'), countsOf('Chat')]).toEqual([before, { AllTraffic: 3 }]);
  });

  test('killed after any of its calls, the functions mend what it left', { timeout: 400_000 }, async () => {
    await serveChat();
    const before = scalingOf('Chat');
    const events = watchEvents();
    const died: string[] = [];
    for (let nth = 1; ; nth += 1) {
      const from = describeEndpoint('Chat').EndpointConfigName;
      const to = from === 'Chat-g6' ? 'Chat' : 'Chat-g6';
      const made: string[] = [];
      // What comes before the lease only reads.
      const isNow = (one: CallRecord): boolean => {
        if (made.length > 0 || isLease(one)) made.push(one.operation);
        return made.length === nth;
      };
      const { code, sent } = await signalled(['update', 'Chat', '--config', to, '--yes'], 'SIGKILL', isNow);
      if (!sent) {
        expect(code, 'it came to its end').toBe(0);
        break;
      }
      died.push(made.at(-1)!);
      // Its lease, the update, and the ticks after it.
      await account.advance('15m');
      const where = `killed after call ${nth}, ${made.at(-1)}`;
      expect(scalingOf('Chat'), where).toEqual(before);
      expect(countsOf('Chat'), where).toEqual({ AllTraffic: 3 });
      expect(await phaseOf('Chat'), where).toBe('up');
      const { EndpointStatus, EndpointConfigName } = describeEndpoint('Chat');
      expect([EndpointStatus, EndpointConfigName], where).toEqual([
        'InService',
        made.includes('UpdateEndpoint') ? to : from,
      ]);
    }
    expect(died).toEqual(expect.arrayContaining(['PutItem', 'DeregisterScalableTarget', 'UpdateEndpoint']));
    expect(events, 'nobody was told of anything late, refused or foreign').toEqual([]);
  });

  test('the end of UpdateEndpoint unknown, it says so and waits for what AWS made of it', async () => {
    await serveChat();
    const before = scalingOf('Chat');
    breakCalls('SageMaker.UpdateEndpoint', 'InternalFailure');
    const args = ['update', 'Chat', '--config', 'Chat-g6', '--yes', '--wait', '--every', '200ms'];
    const done = await whileTimePasses(account, account.command(args, { AWS_ACCESS_KEY_ID: FAULTY_KEY }));
    expect(done.err).toContain('whether AWS took the update is not known: its answer was lost');
    expect(done.err).toContain('Chat: not updated: AWS has it on Chat: it never began; its scaling is as it was');
    expect([done.code, scalingOf('Chat'), countsOf('Chat')]).toEqual([1, before, { AllTraffic: 3 }]);
  });

  test.each(['reset', 'truncated', 'html'] as const)(
    'taken by AWS, its answer lost on the network (%s): it says so, sends nothing again, and waits for the update',
    async (kind) => {
      await serveChat();
      const before = scalingOf('Chat');
      const changes = watchChanges();
      const from = account.run.aws.clock.now();
      const lost = { from, until: undefined, calls: 'SageMaker.UpdateEndpoint', share: 1, effect: 'after' } as const;
      const fault = account.run.aws.addNetworkFault({ ...lost, kind });
      const args = ['update', 'Chat', '--config', 'Chat-g6', '--yes', '--wait', '--every', '200ms'];
      const done = await whileTimePasses(account, account.command(args, { AWS_ACCESS_KEY_ID: FAULTY_KEY }));
      expect([fault.times(), changes]).toEqual([1, ['DeregisterScalableTarget', 'UpdateEndpoint']]);
      expect(done.err).toContain('whether AWS took the update is not known: its answer was lost');
      expect(done.out).toMatch(/Chat: in service on Chat-g6 with its scaling after \dm/);
      expect([done.code, scalingOf('Chat'), countsOf('Chat')]).toEqual([0, before, { AllTraffic: 3 }]);
      expect(await phaseOf('Chat')).toBe('up');
    },
  );

  test.each([
    ['SageMaker.UpdateEndpoint', ['DeregisterScalableTarget', 'UpdateEndpoint']],
    ['ApplicationAutoScaling.DeregisterScalableTarget', ['DeregisterScalableTarget']],
  ])('%s refused: told, and the scaling is as it was', async (refused, tried) => {
    await serveChat();
    const before = scalingOf('Chat');
    const changes = watchChanges();
    breakCalls(refused);
    const args = ['update', 'Chat', '--config', 'Chat-g6', '--yes', '--every', '200ms'];
    const answer = await whileTimePasses(account, account.command(args, { AWS_ACCESS_KEY_ID: FAULTY_KEY }));
    expect(answer.code).toBe(1);
    expect(answer.err).toMatch(/Chat: not updated: AWS refused .*; its scaling is as it was\n$/);
    expect([...new Set(changes)]).toEqual(tried);
    expect([scalingOf('Chat'), countsOf('Chat')]).toEqual([before, { AllTraffic: 3 }]);
    expect([await phaseOf('Chat'), describeEndpoint('Chat').EndpointConfigName]).toEqual(['up', 'Chat']);
  });

  test('rolled back by AWS: told with the reason, and the scaling is back on the old config', async () => {
    await serveChat();
    const before = scalingOf('Chat');
    const from = account.run.aws.clock.now();
    account.run.aws.world.addShortage({ instanceType: 'ml.g6.xlarge', from, failsAfterMs: 10 * MINUTE });
    const answer = await update('Chat', '--config', 'Chat-g6', '--yes', '--wait');
    expect(answer.code).toBe(1);
    expect(answer.err).toMatch(
      /Chat: not updated: AWS went back to Chat: .*InsufficientInstanceCapacity.*; its scaling is as it was\n$/,
    );
    expect([scalingOf('Chat'), countsOf('Chat')]).toEqual([before, { AllTraffic: 3 }]);
    expect([await phaseOf('Chat'), describeEndpoint('Chat').EndpointConfigName]).toEqual(['up', 'Chat']);
  });

  test('not even rolled back: told, and the scaling is back once AWS has it in service again', async () => {
    await serveChat();
    const before = scalingOf('Chat');
    const status = 'UpdateRollbackFailed';
    watchCommand(({ operation, at }) => {
      if (operation !== 'UpdateEndpoint') return;
      account.run.aws.world.addStuckStatus({ endpoint: 'Chat', status, from: at + MINUTE, until: at + 40 * MINUTE });
    });
    const answer = await update('Chat', '--config', 'Chat-g6', '--yes', '--wait');
    expect(answer.code).toBe(1);
    expect(answer.err).toContain(
      `Chat: SageMaker says ${status}: its scaling is put back as soon as it is in service again\n`,
    );
    expect(scalingOf('Chat').bounds).toEqual([]);
    const again = await account.command(['update', 'Chat', '--config', 'Chat-g6', '--yes']);
    expect(again).toMatchObject({
      code: 1,
      err: 'Chat: not updated: it is restoring: wait until it is up or parked\n',
    });
    await account.advance('45m');
    expect([scalingOf('Chat'), await phaseOf('Chat')]).toEqual([before, 'up']);
  });

  describe('not even rolled back, and left so', () => {
    const status = 'UpdateRollbackFailed';

    async function serveBroken() {
      await serveChat();
      const before = scalingOf('Chat');
      watchCommand(({ operation, at }) => {
        if (operation !== 'UpdateEndpoint') return;
        account.run.aws.world.addStuckStatus({ endpoint: 'Chat', status, from: at + MINUTE, until: at + 180 * MINUTE });
      });
      const told: Json[] = [];
      account.run.aws.onCall(({ operation, input }) => {
        if (operation !== 'PutEvents') return;
        for (const { DetailType, Detail } of input.Entries) told.push({ DetailType, ...JSON.parse(Detail) });
      });
      expect((await update('Chat', '--config', 'Chat-g6', '--yes', '--wait')).code).toBe(1);
      await account.advance('160m');
      expect([await phaseOf('Chat'), scalingOf('Chat').bounds]).toEqual(['restoring', []]);
      return { before, told };
    }

    test('it is told once what to do, also by recover, and scaling is back once somebody has deployed what works', async () => {
      const { before, told } = await serveBroken();
      expect(told).toMatchObject([
        {
          DetailType: 'Decision Refused',
          reason: 'endpoint-failed',
          status,
          advice:
            'it serves on a mix of two endpoint configs: deploy one that works (aws sagemaker update-endpoint ' +
            '--retain-all-variant-properties); its scaling is put back once it is in service',
        },
      ]);
      const recovered = await account.command(['recover', '--endpoint', 'Chat', '--yes', '--every', '200ms']);
      expect(recovered.code).toBe(1);
      expect(recovered.out).toContain(
        `Chat: not recovered: SageMaker says ${status}: its scaling can be put back once it is in service again`,
      );
      // On other instances: with a scalable target in place AWS would refuse it.
      await account.advance('14m');
      call('SageMaker', 'UpdateEndpoint', {
        EndpointName: 'Chat',
        EndpointConfigName: 'Chat-g6',
        RetainAllVariantProperties: true,
      });
      await account.advance('10m');
      expect(describeEndpoint('Chat')).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'Chat-g6' });
      expect([scalingOf('Chat'), countsOf('Chat'), await phaseOf('Chat')]).toEqual([before, { AllTraffic: 3 }, 'up']);
      expect(told.slice(1), 'nothing more was refused, late or foreign').toEqual([]);
    });

    test('deleted and created again by its owner, it is looked after as any other', async () => {
      const { before } = await serveBroken();
      call('SageMaker', 'DeleteEndpoint', { EndpointName: 'Chat' });
      await account.advance('5m');
      const Tags = [{ Key: 'endpoint-scaler:policy', Value: 'steady' }];
      call('SageMaker', 'CreateEndpoint', { EndpointName: 'Chat', EndpointConfigName: 'Chat-g6', Tags });
      await account.advance('20m');
      const { bounds, policies, wired } = scalingOf('Chat');
      expect({ bounds, policies, wired, phase: await phaseOf('Chat') }).toEqual({
        bounds: before.bounds,
        policies: before.policies,
        wired: before.wired,
        phase: 'up',
      });
    });
  });

  test('Ctrl-C before anything is changed leaves everything as it was', async () => {
    await serveChat();
    const before = scalingOf('Chat');
    const changes = watchChanges();
    const { code, err } = await signalled(['update', 'Chat', '--config', 'Chat-g6', '--yes'], 'SIGINT', isLease);
    expect(code).toBe(130);
    expect(err).toContain('stopping before the next change');
    expect(err).toContain('Chat: not updated, nothing was changed: interrupted');
    expect(changes).toEqual([]);
    await account.advance('2m');
    expect([scalingOf('Chat'), countsOf('Chat'), await phaseOf('Chat')]).toEqual([before, { AllTraffic: 3 }, 'up']);
  });

  test('Ctrl-C in the middle ends it before the next change, or says that the update has begun', async () => {
    await serveChat();
    const before = scalingOf('Chat');
    const changes = watchChanges();
    const isNow = ({ operation }: CallRecord): boolean => operation === 'DeregisterScalableTarget';
    const { code, err, out } = await signalled(['update', 'Chat', '--config', 'Chat-g6', '--yes'], 'SIGINT', isNow);
    expect(code).toBe(130);
    // The answer and the signal reach the process at the same moment.
    const isBegun = changes.includes('UpdateEndpoint');
    if (isBegun) expect(out).toContain('Chat: the update has begun; its scaling is put back once it is in service');
    else expect(err).toContain('Chat: not updated: interrupted; idle-windows puts its scaling back within minutes');
    await account.advance('10m');
    expect([scalingOf('Chat'), countsOf('Chat'), await phaseOf('Chat')]).toEqual([before, { AllTraffic: 3 }, 'up']);
    expect(describeEndpoint('Chat').EndpointConfigName).toBe(isBegun ? 'Chat-g6' : 'Chat');
  });

  test('Ctrl-C while it waits leaves the rest to the functions', async () => {
    await serveChat();
    const before = scalingOf('Chat');
    let begun = false;
    const isWaiting = ({ operation }: CallRecord): boolean => {
      if (operation === 'UpdateEndpoint') begun = true;
      return begun && operation === 'DescribeEndpoint';
    };
    const args = ['update', 'Chat', '--config', 'Chat-g6', '--yes', '--wait'];
    const { code } = await signalled(args, 'SIGINT', isWaiting);
    expect(code).toBe(130);
    await account.advance('10m');
    expect([scalingOf('Chat'), await phaseOf('Chat')]).toEqual([before, 'up']);
    expect(describeEndpoint('Chat').EndpointConfigName).toBe('Chat-g6');
  });

  test('nobody is told that it is late in its window: it serves', async () => {
    const day = { capacity: [{ during: 'always', min: 1, max: 6 }], otherwise: 'zero', zero: { by: 'park' } };
    await serveChat({
      schedules: { always: { timezone: 'UTC', open: [{ from: '00:00', to: '24:00' }] } },
      policies: { steady: { ...day, scaling: [onLatency] } },
    });
    const events = watchEvents();
    expect(await update('Chat', '--config', 'Chat-g6', '--yes', '--wait')).toMatchObject({ code: 0 });
    expect(events).toEqual([]);
  });

  test('what its owner took away between two updates does not come back with the second', async () => {
    await serveChat();
    expect(await update('Chat', '--config', 'Chat-g6', '--yes', '--wait')).toMatchObject({ code: 0 });
    const action = { ...variant('Chat'), ...DIMENSION, ScheduledActionName: 'of the owner' };
    call('ApplicationAutoScaling', 'DeleteScheduledAction', action);
    const before = scalingOf('Chat');
    expect(before.actions).toEqual([]);
    expect(await update('Chat', '--config', 'Chat', '--yes', '--wait')).toMatchObject({ code: 0 });
    expect(scalingOf('Chat')).toEqual(before);
  });

  test('after a long update, what does not read back at once is looked at again before it is given up', async () => {
    await serveChat({ endpoints: { Chat: { ...chat, startsIn: '25m' } } });
    const before = scalingOf('Chat');
    const events = watchEvents();
    let lost = 0;
    account.run.aws.onCall(({ operation, caller }) => {
      if (operation !== 'PutScheduledAction' || caller.kind !== 'product' || lost > 0) return;
      lost += 1;
      const action = { ...variant('Chat'), ...DIMENSION, ScheduledActionName: 'of the owner' };
      call('ApplicationAutoScaling', 'DeleteScheduledAction', action);
    });
    expect(await update('Chat', '--config', 'Chat-g6', '--yes', '--wait')).toMatchObject({ code: 0 });
    expect([lost, scalingOf('Chat'), events]).toEqual([1, before, []]);
  });

  test('says when no function works on it, and recover puts its scaling back', async () => {
    await serveChat();
    const before = scalingOf('Chat');
    const from = account.run.aws.clock.now();
    for (const of of ['tick', undefined])
      account.run.aws.addDeliveryFault({ from, until: undefined, of, mode: 'drop' });
    const answer = await update('Chat', '--config', 'Chat-g6', '--yes', '--wait');
    expect(answer.code).toBe(1);
    expect(answer.err).toContain('Chat: no function works on it: endpoint-scaler recover --endpoint Chat puts');
    expect(scalingOf('Chat').bounds).toEqual([]);
    const recovered = await whileTimePasses(account, account.command(['recover', '--endpoint', 'Chat', '--yes']));
    expect(recovered).toMatchObject({ code: 0 });
    expect(scalingOf('Chat')).toEqual(before);
  });
});

/** The first write of the command: from here on it is the endpoint's only worker. */
const isLease = ({ operation }: CallRecord): boolean => operation === 'PutItem';

describe('update of several variants', () => {
  const policies = {
    shop: {
      variants: {
        blue: { scaling: [onLatency] },
        green: { scaling: [onLatency] },
      },
      otherwise: { min: 1, max: 6 },
    },
  };
  const { instances: _, ...one } = chat;
  const shop = {
    ...one,
    policy: 'shop',
    variants: { blue: { instances: 3, weight: 3 }, green: { instanceType: 'ml.g6.xlarge', instances: 2, weight: 1 } },
  };

  test('takes off what changes its type alone; counts and shares stay, each target comes back', async () => {
    account = await serve({ policies, endpoints: { Shop: shop } });
    const both = () => ['blue', 'green'].map((name) => scalingOf('Shop', name));
    const before = both();
    expect(before.map(({ policies: put }) => put.length)).toEqual([1, 1]);
    addConfig('Shop-next', 'Shop', ([blue, green]) => [
      { ...blue, InstanceType: 'ml.g6.xlarge', InitialInstanceCount: 1, InitialVariantWeight: 1 },
      { ...green, InitialInstanceCount: 1, InitialVariantWeight: 1 },
    ]);
    const off: string[] = [];
    watchCommand(({ operation, input }) => {
      if (operation === 'DeregisterScalableTarget') off.push(input.ResourceId);
    });
    const done = await update('Shop', '--config', 'Shop-next', '--yes', '--wait');
    expect(done).toMatchObject({ code: 0 });
    expect(done.out).toMatch(/green +ml\.g6\.xlarge +2, kept +stays: 1 to 6, /);
    expect(off).toEqual(['endpoint/Shop/variant/blue']);
    expect(countsOf('Shop')).toEqual({ blue: 3, green: 2 });
    const weights = describeEndpoint('Shop').ProductionVariants.map(({ DesiredWeight }: Json) => DesiredWeight);
    expect(weights).toEqual([3, 1]);
    expect(both()).toEqual(before);
  });

  test('a variant that goes takes its scaling along, and nobody looks for it afterwards', async () => {
    account = await serve({ policies: { steady }, endpoints: { Shop: { ...shop, policy: 'steady' } } });
    for (const [name, max] of [
      ['blue', 6],
      ['green', 4],
    ] as const) {
      const bounds = { MinCapacity: 1, MaxCapacity: max };
      call('ApplicationAutoScaling', 'RegisterScalableTarget', { ...variant('Shop', name), ...DIMENSION, ...bounds });
    }
    addConfig('Shop-blue', 'Shop', ([blue]) => [{ ...blue, InstanceType: 'ml.g6.xlarge' }]);
    const events = watchEvents();
    const done = await update('Shop', '--config', 'Shop-blue', '--yes', '--wait');
    expect(done).toMatchObject({ code: 0 });
    expect(done.out).toMatch(/green +ml\.g6\.xlarge +2, gone +goes with the variant: 1 to 4\n/);
    expect(countsOf('Shop')).toEqual({ blue: 3 });
    expect(scalingOf('Shop', 'green').bounds).toEqual([]);
    expect(scalingOf('Shop', 'blue').bounds).toEqual([[1, 6]]);
    await account.advance('20m');
    expect(events).not.toContain('Decision Refused');
  });

  test('a rolled-back removal brings the target of the variant back', async () => {
    account = await serve({ policies, endpoints: { Shop: shop } });
    call('SSM', 'PutParameter', {
      Name: '/endpoint-scaler/policies/shop',
      Type: 'String',
      Overwrite: true,
      Value: JSON.stringify({ otherwise: { min: 1, max: 6 }, scaling: [onLatency] }),
    });
    const before = scalingOf('Shop', 'green');
    addConfig('Shop-blue', 'Shop', ([blue]) => [{ ...blue, InstanceType: 'ml.g4dn.xlarge' }]);
    const from = account.run.aws.clock.now();
    account.run.aws.world.addShortage({ instanceType: 'ml.g4dn.xlarge', from, failsAfterMs: 10 * MINUTE });
    const answer = await update('Shop', '--config', 'Shop-blue', '--yes', '--wait');
    expect(answer.code).toBe(1);
    expect(scalingOf('Shop', 'green')).toEqual(before);
  });
});

describe('update of a queue', () => {
  test('at zero stays at zero, and is raised for its backlog afterwards', async () => {
    const queue = { otherwise: { min: 0, max: 5 }, wake: { on: ['backlog'], backlogPerInstance: 5 } };
    const calls = { kind: 'async', policy: 'queue', instanceType: 'ml.g5.xlarge', instances: 0, startsIn: '4m' };
    account = await serve({ policies: { queue }, endpoints: { Calls: calls } });
    addConfig('Calls-g6', 'Calls', onType('ml.g6.xlarge'));
    expect(await update('Calls', '--config', 'Calls-g6', '--yes', '--wait')).toMatchObject({ code: 0 });
    expect(describeEndpoint('Calls').EndpointConfigName).toBe('Calls-g6');
    expect(countsOf('Calls')).toEqual({ AllTraffic: 0 });
    account.run.aws.world.inject('Calls', 7);
    await account.advance('4m');
    expect(countsOf('Calls')).toEqual({ AllTraffic: 2 });
  });
});

describe('update of a parked endpoint', () => {
  const parked = { policies: { nights }, endpoints: { Night: { ...chat, policy: 'nights', instances: 2 } } };

  async function servePark(): Promise<void> {
    account = await serve({ ...parked, for: '30m' });
    expect(await phaseOf('Night')).toBe('parked');
    call('SageMaker', 'CreateEndpointConfig', {
      EndpointConfigName: 'Night-g6',
      ProductionVariants: [
        { VariantName: 'AllTraffic', ModelName: 'Night', InstanceType: 'ml.g6.xlarge', InitialInstanceCount: 1 },
      ],
    });
  }

  test('creates nothing; the next wake starts it on the new config, with its count', async () => {
    await servePark();
    const changes = watchChanges();
    const shown = await account.command(['update', 'night', '--config', 'Night-g6', '--dry-run']);
    expect(shown.out).toMatch(/^Night: Night → Night-g6, parked: nothing is created, its next wake starts with it\n/);
    const recipes = (): number => call('DynamoDB', 'Query', recipesOf('night')).Count;
    expect(recipes()).toBe(1);
    const stored = await account.json(['update', 'Night', '--config', 'Night-g6', '--yes']);
    expect(stored).toMatchObject({ outcome: 'stored', from: 'Night', to: 'Night-g6', recipeVersion: 2 });
    expect([recipes(), changes]).toEqual([2, []]);
    expect(await account.command(['update', 'Night', '--config', 'Night-g6', '--yes'])).toMatchObject({
      code: 0,
      out: 'Night: has Night-g6 already: nothing to do\n',
    });
    await account.advance('5m');
    expect(await phaseOf('Night')).toBe('parked');
    const woken = await whileTimePasses(account, account.command(['wake', 'Night', '--wait', '--every', '200ms']));
    expect(woken).toMatchObject({ code: 0 });
    const { EndpointConfigName } = describeEndpoint('Night');
    expect([EndpointConfigName, countsOf('Night')]).toEqual(['Night-g6', { AllTraffic: 2 }]);
  });

  test('killed after any of its calls, it wakes on the one config or the other', { timeout: 300_000 }, async () => {
    await servePark();
    for (let nth = 1; ; nth += 1) {
      let made = 0;
      const isNow = (one: CallRecord): boolean => {
        if (made > 0 || isLease(one)) made += 1;
        return made === nth;
      };
      const { code, sent } = await signalled(['update', 'Night', '--config', 'Night-g6', '--yes'], 'SIGKILL', isNow);
      await account.advance('5m');
      expect(await phaseOf('Night'), `killed after call ${nth}`).toBe('parked');
      if (sent) continue;
      expect(code).toBe(0);
      break;
    }
    const woken = await whileTimePasses(account, account.command(['wake', 'Night', '--wait', '--every', '200ms']));
    expect(woken).toMatchObject({ code: 0 });
    expect(describeEndpoint('Night').EndpointConfigName).toBe('Night-g6');
  });
});

const recipesOf = (endpoint: string) => ({
  TableName: account.run.tableName,
  KeyConditionExpression: 'pk = :recipes',
  ExpressionAttributeValues: { ':recipes': { S: `recipe/${endpoint}` } },
});

describe('update refuses before anything is touched', () => {
  async function serveRefusals(): Promise<void> {
    const queue = { otherwise: { min: 0, max: 5 } };
    const { instances: _, ...one } = chat;
    const shop = { variants: { blue: {}, green: {} }, otherwise: { min: 1, max: 6 } };
    account = await serve({
      policies: { steady, queue, shop, shared: { otherwise: { min: 1, max: 2 } } },
      endpoints: {
        Chat: chat,
        Held: chat,
        Calls: { ...chat, kind: 'async', policy: 'queue', instances: 0 },
        Shop: { ...one, policy: 'shop', variants: { blue: { instances: 1 }, green: { instances: 1 } } },
        Shared: { kind: 'components', policy: 'shared', instanceType: 'ml.g5.12xlarge' },
      },
      happens: [{ at: '+5m', hold: 'Held', mode: 'hands-off', until: '+8h', why: 'migration' }],
    });
    addConfig('Chat-g6', 'Chat', onType('ml.g6.xlarge'));
    addConfig('Queue', 'Chat', (variants) => variants, {
      AsyncInferenceConfig: { OutputConfig: { S3OutputPath: 's3://results/' } },
    });
    addConfig('Two', 'Chat', ([one]) => [one!, { ...one, VariantName: 'Other' }]);
    addConfig('Burst', 'Chat', onType('ml.t2.medium'));
    const model = call('SageMaker', 'DescribeModel', { ModelName: 'Chat' });
    call('SageMaker', 'CreateModel', { ...model, ModelName: 'gone' });
    addConfig('Hollow', 'Chat', ([one]) => [{ ...one, ModelName: 'gone' }]);
    call('SageMaker', 'DeleteModel', { ModelName: 'gone' });
  }

  test.each([
    [['Chat', '--config', 'nope'], '--config: nope: the name of an endpoint config that exists'],
    [['Chat', '--config', 'Queue'], '--config: Queue: async: a config of the kind real-time, like the endpoint'],
    [['Calls', '--config', 'Chat-g6'], '--config: Chat-g6: real-time: a config of the kind async, like the endpoint'],
    [['Chat', '--config', 'Hollow'], '--config: Hollow: model gone of it does not exist'],
    [
      ['Chat', '--config', 'Two'],
      '--config: Two: its policy does not fit it: /endpoint-scaler/policies/steady: capacity',
    ],
    [
      ['Chat', '--config', 'Burst'],
      '--config: Burst: its policy does not fit it: /endpoint-scaler/policies/steady: scaling',
    ],
    [
      ['Shop', '--config', 'Chat-g6'],
      '--config: Chat-g6: AllTraffic: with blue, green, too, which policy shop names: change the policy first',
    ],
    [['Shared', '--config', 'Chat-g6'], 'it hosts inference components: their scalable targets are their own'],
    [['Held', '--config', 'Chat-g6'], 'it is held hands-off by operator (migration): end the hold first'],
  ])('%j', async (args, told) => {
    await serveRefusals();
    const changes = watchChanges();
    const answer = await account.command(['update', ...args, '--yes']);
    expect(answer.err).toContain(`${args[0]}: not updated: ${told}`);
    expect(answer.code).toBe(1);
    expect(changes).toEqual([]);
  });

  test('and everything else that nobody could mean', async () => {
    await serveChat({ parameters: { Mode: 'wake-only' } });
    const changes = watchChanges();
    const ask = async (...args: readonly string[]) => {
      const { code, err, out } = await account.command(['update', ...args]);
      return [code, err + out];
    };
    expect(await ask('Chat')).toEqual([2, expect.stringContaining("required option '--config <name>'")]);
    expect(await ask('Chat', '--config', 'Chat-g6')).toEqual([2, expect.stringContaining('it takes --yes')]);
    expect(await ask('Cat', '--config', 'Chat-g6', '--yes')).toEqual([
      1,
      expect.stringContaining('(did you mean Chat?)'),
    ]);
    expect(await ask('Chat', '--config', 'Chat', '--yes')).toEqual([0, 'Chat: has Chat already: nothing to do\n']);
    expect(await ask('Chat', '--config', 'Chat-g6', '--yes', '--timeout', 'soon')).toEqual([
      2,
      expect.stringContaining('--timeout: soon: '),
    ]);
    call('SageMaker', 'UpdateEndpointWeightsAndCapacities', {
      EndpointName: 'Chat',
      DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 4 }],
    });
    expect(await ask('Chat', '--config', 'Chat-g6', '--yes')).toEqual([
      1,
      'Chat: not updated: SageMaker says Updating: an update begins from InService\n',
    ]);
    expect(changes).toEqual([]);
  });

  test('in mode off, where nobody would put its scaling back', async () => {
    await serveChat();
    const settings = call('SSM', 'GetParameter', { Name: '/endpoint-scaler/settings' }).Parameter;
    const Value = JSON.stringify({ ...JSON.parse(settings.Value), mode: 'off' });
    call('SSM', 'PutParameter', { ...settings, Value, Overwrite: true });
    const answer = await account.command(['update', 'Chat', '--config', 'Chat-g6', '--yes']);
    expect(answer).toMatchObject({ code: 1 });
    expect(answer.err).toContain("Chat: not updated: the stack's mode is off: nobody would put its scaling back");
  });
});

test('in mode dry-run, the bounds stay as they were, whatever the rung in force says', async () => {
  const policies = { steady: { ...steady, otherwise: { min: 2, max: 3 } } };
  await serveChat({ parameters: { Mode: 'dry-run' }, policies });
  const before = scalingOf('Chat');
  expect(before.bounds).toEqual([[1, 6]]);
  expect(await update('Chat', '--config', 'Chat-g6', '--yes', '--wait')).toMatchObject({ code: 0 });
  await account.advance('5m');
  expect([scalingOf('Chat'), countsOf('Chat')]).toEqual([before, { AllTraffic: 3 }]);
});
