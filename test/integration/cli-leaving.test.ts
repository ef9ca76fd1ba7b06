import { afterEach, describe, expect, test } from 'vitest';
import {
  accountEnv,
  endOf,
  FAULTY_KEY,
  type ServedAccount,
  serveScenario,
  spawnCommand,
  whileTimePasses,
} from '../support/served-account.ts';

const PARKED = {
  start: '2026-03-23T00:00:00Z',
  for: '2h',
  policies: {
    nights: { otherwise: 'zero', zero: { by: 'park', idleFor: '10m', minUp: '5m' } },
    queue: { otherwise: { min: 0, max: 5 }, wake: { on: ['backlog'], backlogPerInstance: 5 } },
  },
  happens: [
    {
      at: '+1s',
      call: 'ApplicationAutoScaling.RegisterScalableTarget',
      with: {
        ServiceNamespace: 'sagemaker',
        ResourceId: 'endpoint/Draw/variant/AllTraffic',
        ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
        MinCapacity: 1,
        MaxCapacity: 3,
      },
    },
    {
      at: '+2s',
      call: 'ApplicationAutoScaling.PutScalingPolicy',
      with: {
        PolicyName: 'load',
        ServiceNamespace: 'sagemaker',
        ResourceId: 'endpoint/Draw/variant/AllTraffic',
        ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
        PolicyType: 'StepScaling',
        StepScalingPolicyConfiguration: {
          AdjustmentType: 'ChangeInCapacity',
          StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
        },
      },
    },
  ],
  endpoints: {
    Chat: {
      kind: 'real-time',
      policy: 'nights',
      instanceType: 'ml.g5.xlarge',
      tags: { team: 'search' },
      startsIn: '4m',
    },
    Draw: { kind: 'real-time', policy: 'nights', instanceType: 'ml.g5.xlarge', startsIn: '4m' },
    Calls: { kind: 'async', policy: 'queue', instanceType: 'ml.g5.xlarge', instances: 0, startsIn: '4m' },
  },
};

let account: ServedAccount;
afterEach(() => account.close());

type Service = Parameters<ServedAccount['run']['aws']['call']>[1];

// biome-ignore lint/suspicious/noExplicitAny: any operation's answer
function call(service: Service, operation: string, input: object): any {
  return account.run.aws.call({ kind: 'person', name: 'test' }, service, operation, input);
}

function statusOf(EndpointName: string): string {
  try {
    return call('SageMaker', 'DescribeEndpoint', { EndpointName }).EndpointStatus;
  } catch (error) {
    if (String(error).includes('Could not find endpoint')) return 'Absent';
    throw error;
  }
}

function tagsOf(name: string): Record<string, string> {
  const { EndpointArn } = call('SageMaker', 'DescribeEndpoint', { EndpointName: name });
  const { Tags } = call('SageMaker', 'ListTags', { ResourceArn: EndpointArn });
  return Object.fromEntries(Tags.map(({ Key, Value }: { Key: string; Value: string }) => [Key, Value]));
}

/** No tick and no event reaches a function from now on, and the stack's parameters are gone. */
function deleteStack(): string {
  const { aws } = account.run;
  const now = aws.clock.now();
  const table = JSON.parse(call('SSM', 'GetParameter', { Name: '/endpoint-scaler/settings' }).Parameter.Value).table;
  aws.addDeliveryFault({ from: now, until: undefined, of: 'tick', mode: 'drop' });
  aws.addDeliveryFault({ from: now, until: undefined, of: undefined, mode: 'drop' });
  call('SSM', 'DeleteParameters', { Names: ['/endpoint-scaler/settings', '/endpoint-scaler/stack'] });
  return table;
}

function deny(calls: string, action: string, forMs: number): void {
  const now = account.run.aws.clock.now();
  account.run.aws.addCallFault({
    from: now,
    until: now + forMs,
    calls,
    share: 1,
    error: {
      code: 'AccessDeniedException',
      message: `User: arn:aws:iam::123456789012:user/ada is not authorized to perform: ${action} on resource: arn:aws:sagemaker:us-east-1:123456789012:endpoint/chat`,
    },
  });
}

describe('uninstall', () => {
  test('wakes everything, waits, gives a queue an instance, and only then names the command that deletes the stack', async () => {
    account = await serveScenario(PARKED);
    expect([statusOf('Chat'), statusOf('Draw')]).toEqual(['Absent', 'Absent']);
    // Asked and broken off: nothing is lost, and the stack is not to be deleted yet.
    const asked = await account.command(['uninstall', '--yes']);
    expect(asked.code).toBe(1);
    expect(asked.out).toContain('Chat: parked, being woken');
    expect(asked.out).not.toContain('delete-stack');
    expect(asked.err).toContain('do not delete the stack yet');

    const work = account.command(['uninstall', '--yes', '--wait', '--every', '200ms']);
    const done = await whileTimePasses(account, work);
    expect(done).toMatchObject({ code: 0 });
    expect(done.out).toContain('Chat: given back, in service, with nothing of ours on it');
    expect(done.out).toMatch(/aws cloudformation delete-stack --stack-name \S+ --region us-east-1/);
    expect([statusOf('Chat'), statusOf('Draw')]).toEqual(['InService', 'InService']);
    await account.advance('10m');
    const { ProductionVariants } = call('SageMaker', 'DescribeEndpoint', { EndpointName: 'Calls' });
    expect(ProductionVariants[0].DesiredInstanceCount).toBe(1);
    expect(
      call('CloudWatch', 'DescribeAlarms', { AlarmNames: ['endpoint-scaler-Calls-backlog'] }).MetricAlarms,
    ).toEqual([]);

    // The functions live on until the stack is gone: they park nothing of it again, and repeating changes nothing.
    await account.advance('3h');
    expect([statusOf('Chat'), statusOf('Draw')]).toEqual(['InService', 'InService']);
    const again = await account.json(['uninstall', '--yes']);
    expect(again.complete).toBe(true);
    expect(
      call('SageMaker', 'DescribeEndpoint', { EndpointName: 'Calls' }).ProductionVariants[0].DesiredInstanceCount,
    ).toBe(1);
  });

  test('says so when no function works on what is parked', async () => {
    account = await serveScenario(PARKED);
    const now = account.run.aws.clock.now();
    account.run.aws.addDeliveryFault({ from: now, until: undefined, of: 'tick', mode: 'drop' });
    const work = account.command(['uninstall', '--yes', '--wait', '--every', '200ms']);
    const answer = await whileTimePasses(account, work);
    expect(answer.code).toBe(1);
    expect(answer.out).toContain('Chat: parked: no function works on it');
    expect(answer.out).toContain('endpoint-scaler recover --endpoint Chat');
    expect(answer.out).not.toContain('delete-stack');
  });
});

describe('recover', () => {
  test('recreates everything from the table of a deleted stack, with no function running', async () => {
    account = await serveScenario(PARKED);
    const table = deleteStack();
    const shown = await account.command(['recover', '--table', table, '--dry-run']);
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.out).toMatch(/Chat {2,}parked {2,}1 of 2026-03-23T/);
    expect(statusOf('Chat')).toBe('Absent');

    const work = account.command(['recover', '--table', table, '--yes', '--every', '200ms']);
    const done = await whileTimePasses(account, work);
    expect(done.err).not.toContain('    at ');
    expect(done).toMatchObject({ code: 0 });
    expect(done.out).toContain('Chat: up, with everything of its recipe');
    expect([statusOf('Chat'), statusOf('Draw')]).toEqual(['InService', 'InService']);
    expect(tagsOf('Chat')).toMatchObject({ team: 'search', 'endpoint-scaler:policy': 'nights' });
    const { ScalableTargets } = call('ApplicationAutoScaling', 'DescribeScalableTargets', {
      ServiceNamespace: 'sagemaker',
      ResourceIds: ['endpoint/Draw/variant/AllTraffic'],
    });
    expect(ScalableTargets).toMatchObject([{ MinCapacity: 1, MaxCapacity: 3 }]);

    const again = await account.command(['recover', '--table', table, '--yes']);
    expect(again).toMatchObject({ code: 0, out: "nothing to recover: 3 of the table's endpoints are up\n" });
  });

  test('killed half way and repeated, it goes on and creates nothing twice', async () => {
    account = await serveScenario(PARKED);
    const table = deleteStack();
    const creates: string[] = [];
    account.run.aws.onCall(({ operation, input, error }) => {
      if (operation === 'CreateEndpoint') creates.push(`${input.EndpointName}${error === undefined ? '' : ' refused'}`);
    });
    const args = ['recover', '--table', table, '--yes', '--every', '200ms'];
    const child = spawnCommand(args, accountEnv(account.run, account.server));
    const ended = endOf(child);
    for (let waited = 0; creates.length < 2 && waited < 200; waited += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill('SIGKILL');
    await ended;
    expect([...creates].sort()).toEqual(['Chat', 'Draw']);
    // A lease that the killed one still holds runs out by itself.
    const done = await whileTimePasses(account, account.command(args));
    expect(done).toMatchObject({ code: 0 });
    expect([...creates].sort()).toEqual(['Chat', 'Draw']);
    expect([statusOf('Chat'), statusOf('Draw')]).toEqual(['InService', 'InService']);
  });

  test('broken off while the functions work, it comes up and stays what it was: one of ours', async () => {
    account = await serveScenario(PARKED);
    const args = ['recover', '--endpoint', 'Chat', '--yes', '--every', '10s', '--timeout', '1s'];
    const answer = await account.command(args);
    expect([answer.code, answer.out]).toEqual([1, expect.stringContaining('Chat: still waking')]);
    await account.advance('6m');
    expect(statusOf('Chat')).toBe('InService');
    const { endpoints } = await account.json(['status', 'Chat']);
    expect(endpoints).toMatchObject([{ phase: 'up', policy: 'nights' }]);
    await account.advance('1h');
    expect(statusOf('Chat'), 'nobody used it').toBe('Absent');
  });

  test('a deleted endpoint config is recreated when asked, and named when not', async () => {
    account = await serveScenario(PARKED);
    const table = deleteStack();
    call('SageMaker', 'DeleteEndpointConfig', { EndpointConfigName: 'Chat' });
    const args = ['recover', '--table', table, '--endpoint', 'chat', '--yes', '--every', '200ms'];
    const refused = await whileTimePasses(account, account.command(args));
    expect(refused.code).toBe(1);
    expect(refused.out).toContain('Chat: not recovered: endpoint config Chat is gone: --with-config recreates it');
    const done = await whileTimePasses(account, account.command([...args, '--with-config', '--version', '1']));
    expect(done).toMatchObject({ code: 0 });
    expect(statusOf('Chat')).toBe('InService');
    expect(
      call('SageMaker', 'DescribeEndpointConfig', { EndpointConfigName: 'Chat' }).ProductionVariants[0],
    ).toMatchObject({
      InstanceType: 'ml.g5.xlarge',
    });
    expect(statusOf('Draw')).toBe('Absent');
  });

  test('a missing permission is named with action and resource, and nothing is half recreated', async () => {
    account = await serveScenario(PARKED);
    const table = deleteStack();
    deny('SageMaker.CreateEndpoint', 'sagemaker:CreateEndpoint', 60_000);
    const args = ['recover', '--table', table, '--endpoint', 'Chat', '--yes', '--every', '200ms'];
    const answer = await account.command(args, { AWS_ACCESS_KEY_ID: FAULTY_KEY });
    expect(answer.code).toBe(1);
    expect(answer.out).toContain(
      'Chat: not recovered: AWS refused sagemaker:CreateEndpoint on arn:aws:sagemaker:us-east-1:123456789012:endpoint/chat',
    );
    expect(statusOf('Chat')).toBe('Absent');
    await account.advance('2m');
    expect(await whileTimePasses(account, account.command(args))).toMatchObject({ code: 0 });
  });

  test.each([
    ['RegisterScalableTarget', 'application-autoscaling:RegisterScalableTarget', []],
    ['PutScalingPolicy', 'application-autoscaling:PutScalingPolicy', [{ MinCapacity: 1, MaxCapacity: 3 }]],
    ['DescribeScalableTargets', 'application-autoscaling:DescribeScalableTargets', []],
  ])(
    'what the operator may not put back (%s) is named with its action, the rest is recovered, and repeating goes on',
    async (operation, action, targets) => {
      account = await serveScenario(PARKED);
      const table = deleteStack();
      deny(`ApplicationAutoScaling.${operation}`, action, 4 * 3_600_000);
      const args = ['recover', '--table', table, '--yes', '--every', '200ms'];
      const short = await whileTimePasses(account, account.command(args, { AWS_ACCESS_KEY_ID: FAULTY_KEY }));
      expect(short.code).toBe(1);
      expect(short.out).toContain('Chat: up, with everything of its recipe');
      expect(short.out).toMatch(
        new RegExp(`Draw: in service, and not whole: AWS refused ${action} on \\S+ to \\S+/ada: .*repeat the command`),
      );
      expect([statusOf('Chat'), statusOf('Draw')]).toEqual(['InService', 'InService']);
      const scaling = { ServiceNamespace: 'sagemaker', ResourceIds: ['endpoint/Draw/variant/AllTraffic'] };
      const targetsNow = () => call('ApplicationAutoScaling', 'DescribeScalableTargets', scaling).ScalableTargets;
      expect(targetsNow()).toMatchObject(targets);

      // With the rights of somebody who has them.
      const done = await whileTimePasses(account, account.command(args));
      expect(done).toMatchObject({ code: 0 });
      expect(done.out).toContain('Draw: up, with everything of its recipe');
      expect(targetsNow()).toMatchObject([{ MinCapacity: 1, MaxCapacity: 3 }]);
      const { ScalingPolicies } = call('ApplicationAutoScaling', 'DescribeScalingPolicies', {
        ServiceNamespace: 'sagemaker',
        ResourceId: 'endpoint/Draw/variant/AllTraffic',
      });
      expect(ScalingPolicies).toMatchObject([{ PolicyName: 'load' }]);
    },
  );

  test('a forgotten endpoint comes back from its last recipe', async () => {
    account = await serveScenario(PARKED);
    const table = deleteStack();
    expect(await account.command(['forget', 'Chat', '--table', table, '--yes'])).toMatchObject({ code: 0 });
    const args = ['recover', '--table', table, '--yes', '--every', '200ms', '--endpoint', 'Chat'];
    const done = await whileTimePasses(account, account.command(args));
    expect(done).toMatchObject({ code: 0 });
    expect(done.out).toMatch(/Chat {2,}forgotten {2,}1 of /);
    expect(statusOf('Chat')).toBe('InService');
    expect(tagsOf('Chat')).toMatchObject({ team: 'search', 'endpoint-scaler:policy': 'nights' });
  });

  test('a hands-off hold is respected, and said', async () => {
    account = await serveScenario(PARKED);
    await account.command(['hold', 'Chat', 'hands-off', '--until', '+8h', '--why', 'migration']);
    const table = deleteStack();
    const args = ['recover', '--table', table, '--yes', '--every', '200ms', '--endpoint', 'Chat'];
    const answer = await account.command(args);
    expect(answer.code).toBe(1);
    expect(answer.out).toMatch(
      /Chat: not recovered: it is held hands-off by ada .*\(migration\): endpoint-scaler unhold Chat/,
    );
    expect(statusOf('Chat')).toBe('Absent');
  });

  test.each([
    [['--endpoint', 'Nobody'], 1, 'Nobody: cannot be recreated: the table holds no recipe of it'],
    [['--endpoint', 'Chat', '--recipe', '7'], 1, 'version 7 of its recipe is not in the table (there: 1)'],
    [['--recipe', '1'], 2, '--recipe: only together with one --endpoint'],
    [['--endpoint', 'Chat', '--version', 'one'], 2, '--recipe: one: a whole number from 1'],
    [['--timeout', 'soon'], 2, '--timeout: soon: '],
    [[], 2, 'it takes --yes'],
  ])('recover %j', async (args, code, told) => {
    account = await serveScenario(PARKED);
    const answer = await account.command(['recover', ...args]);
    expect(answer.code).toBe(code);
    expect(answer.err).toContain(told);
    expect(statusOf('Chat')).toBe('Absent');
  });
});
