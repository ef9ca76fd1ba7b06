import { readFileSync } from 'node:fs';
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DescribeRuleCommand, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import type { DeployedFunction, InvocationContext, SimulatedAws } from '../../simulator/index.ts';
import { createAws, createClients, failureOf, REGION, START } from '../support/simulator-clients.ts';

const MINUTE = 60_000;

interface Run {
  readonly at: number;
  readonly event: unknown;
  readonly context: InvocationContext;
}

type Behaviour = (event: unknown, context: InvocationContext, aws: SimulatedAws) => Promise<unknown>;

/** Deploys a template whose functions all do the same; returns what happened to them. */
function deploy(
  template: string,
  options: { aws?: SimulatedAws; parameters?: Record<string, string>; behaviour?: Behaviour } = {},
) {
  const aws = options.aws ?? createAws();
  const runs: Run[] = [];
  const ends: string[] = [];
  let drops = 0;
  const deployment = aws.deploy(template, options.parameters ?? {}, () => ({
    async invoke(event, context) {
      runs.push({ at: aws.clock.now(), event, context });
      return await options.behaviour?.(event, context, aws);
    },
    drop() {
      drops += 1;
    },
  }));
  deployment.onInvocationEnd(({ at, outcome }) => ends.push(`${(at - START) / MINUTE} ${outcome}`));
  return { aws, deployment, runs, ends, dropped: () => drops };
}

const functionWith = (events: string, properties = 'Timeout: 10'): string => `
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      ${properties}
      Events:
${events.replace(/^/gm, '        ')}
`;

const TICK = functionWith(
  "Tick: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 minute), Input: '{}' } }",
);
const ON_EVENT = functionWith(
  'Event: { Type: EventBridgeRule, Properties: { Pattern: { source: [mine] } } }',
  'Timeout: 10\n      EventInvokeConfig: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 3600 }',
);

const minutes = (runs: readonly Run[]): number[] => runs.map((run) => (run.at - START) / MINUTE);

function emit(aws: SimulatedAws, source = 'mine'): void {
  aws.emit({ source, detailType: 'Thing', detail: { n: 1 } });
}

describe('schedules of a template', () => {
  it('run the function from its deployment on, with the scheduled time in the input', async () => {
    const { aws, runs } = deploy(
      functionWith(
        'Tick: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(5 minutes), Input: \'{"at":"<aws.scheduler.scheduled-time>","arn":"<aws.scheduler.schedule-arn>"}\' } }',
      ),
    );
    await aws.run(START + 12 * MINUTE);
    expect(minutes(runs)).toEqual([0, 5, 10]);
    expect(runs[1]!.event).toEqual({
      at: '2026-03-23T00:05:00Z',
      arn: `arn:aws:scheduler:${REGION}:123456789012:schedule/default/stack-WorkerTick`,
    });
  });

  it('take zones, start, end and state', async () => {
    const events = `
Cron: { Type: ScheduleV2, Properties: { ScheduleExpression: cron(0 8 * * ? *), ScheduleExpressionTimezone: Europe/Berlin, Input: '"cron"' } }
Bounded: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 hour), StartDate: '2026-03-23T03:30:00Z', EndDate: '2026-03-23T05:30:00Z', Input: '"bounded"' } }
Once: { Type: ScheduleV2, Properties: { ScheduleExpression: at(2026-03-23T10:00:00), Input: '"once"' } }
Rule: { Type: Schedule, Properties: { Schedule: rate(6 hours), Input: '"rule"' } }
Off: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 minute), State: DISABLED } }
Dark: { Type: Schedule, Properties: { Schedule: rate(1 minute), Enabled: false } }`.trim();
    const { aws, runs } = deploy(functionWith(events));
    await aws.run(START + 12 * 60 * MINUTE);
    expect(runs.map((run) => `${(run.at - START) / MINUTE / 60} ${run.event}`)).toEqual([
      '3.5 bounded',
      '4.5 bounded',
      '6 rule',
      '7 cron',
      '10 once',
      '12 rule',
    ]);
  });

  it('may be a resource of their own', async () => {
    const { aws, runs } = deploy(`${TICK.replace('rate(1 minute)', 'rate(1 day)')}
  Night:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: rate(2 hours)
      FlexibleTimeWindow: { Mode: 'OFF' }
      Target: { Arn: !GetAtt Worker.Arn, RoleArn: 'arn:x', Input: !Sub '{"stack":"\${AWS::StackName}"}' }`);
    await aws.run(START + 2 * 60 * MINUTE);
    expect(runs.map((run) => run.event)).toEqual([{}, { stack: 'stack' }, { stack: 'stack' }]);
  });
});

describe('rules of a template', () => {
  it('run the function for matching events only', async () => {
    const { aws, runs } = deploy(ON_EVENT);
    emit(aws, 'other');
    emit(aws);
    await createClients(aws).events.send(
      new PutEventsCommand({ Entries: [{ Source: 'mine', DetailType: 'Mail', Detail: '{"n":2}' }] }),
    );
    await aws.run(START);
    expect(runs.map((run) => run.event)).toMatchObject([
      { source: 'mine', detail: { n: 1 } },
      { 'detail-type': 'Mail', detail: { n: 2 } },
    ]);
  });

  it('may be resources with a constant input', async () => {
    const { aws, runs } = deploy(`${TICK.replace('rate(1 minute)', 'rate(1 day)')}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: { source: [mine] }
      Targets: [{ Id: t, Arn: !GetAtt Worker.Arn, Input: '{"kind":"mine"}' }]`);
    await aws.run(START);
    emit(aws);
    await aws.run(START);
    expect(runs.map((run) => run.event)).toEqual([{}, { kind: 'mine' }]);
    const { events } = createClients(aws);
    expect((await failureOf(events.send(new DescribeRuleCommand({ Name: 'Rule' })))).name).toBe(
      'ResourceNotFoundException',
    );
  });
});

describe('asynchronous invocations', () => {
  it('that fail are tried again after one and two minutes, with the same request id', async () => {
    const { aws, runs, ends, dropped } = deploy(ON_EVENT, { behaviour: () => Promise.reject(new Error('no')) });
    emit(aws);
    await aws.run(START + 60 * MINUTE);
    expect(minutes(runs)).toEqual([0, 1, 3]);
    expect(runs.map((run) => run.context.attempt)).toEqual([1, 2, 3]);
    expect(new Set(runs.map((run) => run.context.requestId)).size).toBe(1);
    expect(ends).toEqual(['0 error', '1 error', '3 error']);
    expect(dropped()).toBe(0);
  });

  it('are not tried again beyond what the template says', async () => {
    const template = ON_EVENT.replace('MaximumRetryAttempts: 2', 'MaximumRetryAttempts: 1');
    const { aws, runs } = deploy(template, { behaviour: () => Promise.reject(new Error('no')) });
    emit(aws);
    await aws.run(START + 60 * MINUTE);
    expect(minutes(runs)).toEqual([0, 1]);
    const young = deploy(ON_EVENT.replace('MaximumEventAgeInSeconds: 3600', 'MaximumEventAgeInSeconds: 90'), {
      behaviour: () => Promise.reject(new Error('no')),
    });
    emit(young.aws);
    await young.aws.run(START + 60 * MINUTE);
    expect(minutes(young.runs)).toEqual([0, 1]);
  });

  it('are killed at their timeout, which drops the environment', async () => {
    const { aws, runs, ends, dropped } = deploy(ON_EVENT, {
      behaviour: async (_event, { attempt }, account) => {
        if (attempt === 1) await account.clock.sleep(20_000);
      },
    });
    emit(aws);
    await aws.run(START + 10 * MINUTE);
    expect(runs[0]!.context.deadline).toBe(START + 10_000);
    expect(ends).toEqual([`${10 / 60} timed-out`, `${70 / 60} ok`]);
    expect(dropped()).toBe(1);
  });

  it('may crash, and run side by side', async () => {
    const { aws, deployment, ends, runs, dropped } = deploy(ON_EVENT, {
      behaviour: (_event, _context, account) => account.clock.sleep(5000),
    });
    emit(aws);
    emit(aws);
    await aws.run(START + 1000);
    expect(runs.length).toBe(2);
    deployment.crash(runs[0]!.context.requestId);
    await aws.run(START + 10 * MINUTE);
    expect(ends).toEqual([`${1 / 60} crashed`, `${5 / 60} ok`, `${66 / 60} ok`]);
    deployment.crash(runs[0]!.context.requestId);
    expect(dropped()).toBe(1);
  });

  it('wait for a free place under reserved concurrency', async () => {
    const { aws, runs } = deploy(
      ON_EVENT.replace('Timeout: 10', 'Timeout: 10\n      ReservedConcurrentExecutions: 1'),
      {
        behaviour: (_event, _context, account) => account.clock.sleep(2500),
      },
    );
    emit(aws);
    emit(aws);
    await aws.run(START + MINUTE);
    expect(runs.map((run) => run.at - START)).toEqual([0, 3000]);
  });

  it('get their own copy of the event', async () => {
    const { aws, runs } = deploy(ON_EVENT, {
      behaviour: async (event) => {
        (event as { detail: { n: number } }).detail.n += 1;
        throw new Error('no');
      },
    });
    emit(aws);
    await aws.run(START + 5 * MINUTE);
    expect(runs.map((run) => (run.event as { detail: { n: number } }).detail.n)).toEqual([2, 2, 2]);
  });
});

describe('delivery faults', () => {
  const fault = { from: START, until: START + 10 * MINUTE };

  it('drop, double and delay events, and count those that were to be delivered', async () => {
    const drop = deploy(ON_EVENT);
    const handle = drop.aws.addDeliveryFault({ ...fault, of: 'Thing', mode: 'drop' });
    emit(drop.aws, 'nobody listens');
    emit(drop.aws);
    await drop.aws.run(START + 20 * MINUTE);
    emit(drop.aws);
    await drop.aws.run(START + 20 * MINUTE);
    expect([minutes(drop.runs), handle.times()]).toEqual([[20], 1]);

    const twice = deploy(ON_EVENT);
    twice.aws.addDeliveryFault({ ...fault, of: undefined, mode: 'twice' });
    emit(twice.aws);
    await twice.aws.run(START);
    expect(minutes(twice.runs)).toEqual([0, 0]);

    const late = deploy(ON_EVENT);
    late.aws.addDeliveryFault({ ...fault, of: undefined, mode: { delayMs: 20 * MINUTE } });
    emit(late.aws);
    await late.aws.run(START + 30 * MINUTE);
    expect(minutes(late.runs)).toEqual([20]);
  });

  it('hit ticks only when they are named', async () => {
    const events = deploy(TICK);
    const untouched = events.aws.addDeliveryFault({ ...fault, of: undefined, mode: 'drop' });
    await events.aws.run(START + 2 * MINUTE);
    expect([minutes(events.runs), untouched.times()]).toEqual([[0, 1, 2], 0]);

    const ticks = deploy(TICK);
    const handle = ticks.aws.addDeliveryFault({
      from: START + MINUTE,
      until: START + 3 * MINUTE,
      of: 'tick',
      mode: 'drop',
    });
    emit(ticks.aws);
    await ticks.aws.run(START + 4 * MINUTE);
    expect([minutes(ticks.runs), handle.times()]).toEqual([[0, 3, 4], 2]);
  });
});

const FULL = `
Parameters:
  Stage: { Type: String, Default: dev, AllowedValues: [dev, prod] }
  Prefix: { Type: String, Default: scaler, AllowedPattern: '^[a-z]+$', ConstraintDescription: lower case }
  Budget: { Type: Number, Default: 10, MinValue: 1, MaxValue: 20 }
  Zones: { Type: CommaDelimitedList, Default: 'a, b' }
Mappings:
  Sizes: { dev: { memory: 256 }, prod: { memory: 512 } }
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsSmall: !And [!Not [!Condition IsProd], !Or [!Equals [!Ref Prefix, scaler], !Equals [1, 2]]]
Globals:
  Function:
    Timeout: 20
    Environment: { Variables: { STAGE: !Ref Stage, COUNT: 3 } }
Resources:
  Data:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
      BillingMode: PAY_PER_REQUEST
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }
  Marker:
    Type: AWS::SSM::Parameter
    Properties: { Type: String, Name: !Sub '/\${Prefix}/stack', Value: !Join ['-', [!Ref AWS::Region, !Select [1, !Split [',', 'x,y']]]] }
  ProdOnly:
    Type: AWS::SSM::Parameter
    Condition: IsProd
    Properties: { Type: String, Name: /prod-only, Value: x }
  Backlog:
    Type: AWS::CloudWatch::Alarm
    Properties: { AlarmName: backlog, MetricName: m, Namespace: n, Statistic: Sum, Period: '60', EvaluationPeriods: 1, Threshold: '1', ComparisonOperator: GreaterThanThreshold, AlarmActions: [!Ref Topic] }
  Topic: { Type: AWS::SNS::Topic }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      MemorySize: !FindInMap [Sizes, !Ref Stage, memory]
      Environment:
        Variables:
          TABLE: !Ref Data
          ARN: !GetAtt Data.Arn
          SMALL: !If [IsSmall, 'yes', 'no']
          NONE: !If [IsProd, x, !Ref AWS::NoValue]
          LITERAL: !Sub ['\${!Keep} \${Name}', { Name: !Ref Budget }]
          ZONE: !Select [1, !Ref Zones]
          COUNT: 4
`;

describe('templates', () => {
  const functionOf = (template: string, parameters: Record<string, string> = {}): DeployedFunction =>
    deploy(template, { parameters }).deployment.functions[0]!;

  it('evaluate parameters, conditions, functions and globals', () => {
    const { environment, memoryMb, timeoutMs } = functionOf(FULL);
    const table = environment['TABLE'];
    expect(table).toMatch(/^stack-Data-[A-Z0-9]{12}$/);
    expect({ ...environment, memoryMb, timeoutMs }).toMatchObject({
      STAGE: 'dev',
      COUNT: '4',
      ARN: `arn:aws:dynamodb:${REGION}:123456789012:table/${table}`,
      SMALL: 'yes',
      LITERAL: `\${Keep} 10`,
      ZONE: 'b',
      AWS_REGION: REGION,
      memoryMb: 256,
      timeoutMs: 20_000,
    });
    expect(environment).not.toHaveProperty('NONE');
    expect(functionOf(FULL, { Stage: 'prod' })).toMatchObject({
      memoryMb: 512,
      environment: { SMALL: 'no', NONE: 'x' },
    });
  });

  it('create what they hold', async () => {
    const { aws, deployment } = deploy(FULL, { parameters: { Prefix: 'mine' } });
    const { ssm, dynamodb, cloudwatch } = createClients(aws);
    expect((await ssm.send(new GetParameterCommand({ Name: '/mine/stack' }))).Parameter!.Value).toBe(`${REGION}-y`);
    expect((await failureOf(ssm.send(new GetParameterCommand({ Name: '/prod-only' })))).name).toBe('ParameterNotFound');
    const { Table: table } = await dynamodb.send(
      new DescribeTableCommand({ TableName: deployment.functions[0]!.environment['TABLE']! }),
    );
    expect(table!.TableStatus).toBe('ACTIVE');
    const { MetricAlarms: alarms } = await cloudwatch.send(new DescribeAlarmsCommand({}));
    expect(alarms).toMatchObject([{ AlarmName: 'backlog', Period: 60, Threshold: 1 }]);
    expect(alarms![0]!.AlarmActions![0]).toMatch(/^arn:aws:sns:eu-central-1:123456789012:stack-Topic-/);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['a value that is not allowed', { Stage: 'test' }, /^Parameters\.Stage: test: must be one of dev, prod$/],
    ['a pattern', { Prefix: 'Caps' }, /^Parameters\.Prefix: Caps: must match \^\[a-z\]\+\$ \(lower case\)$/],
    ['a number too large', { Budget: '21' }, /^Parameters\.Budget: 21: must be 20 or less$/],
    ['no number', { Budget: 'ten' }, /^Parameters\.Budget: ten: must be a number$/],
    [
      'an unknown parameter',
      { Bugdet: '1' },
      /^Parameters\.Bugdet: the template has no such parameter; it has: Stage, Prefix, Budget, Zones$/,
    ],
  ])('are refused with %s', (_what, parameters, message) => {
    expect(() => deploy(FULL, { parameters })).toThrow(message);
  });

  it.each<[string, string, RegExp]>([
    [
      'a resource type that could change a run',
      'Q: { Type: AWS::StepFunctions::StateMachine }',
      /^Resources\.Q: AWS::StepFunctions::StateMachine: this resource type is not simulated$/,
    ],
    [
      'a topic that runs a function',
      'S: { Type: AWS::SNS::Subscription, Properties: { Protocol: lambda } }',
      /^Resources\.S: AWS::SNS::Subscription/,
    ],
    [
      'an import',
      'P: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: !ImportValue x } }',
      /^Resources\.P\.Properties\.Value: Fn::ImportValue: this function is not simulated$/,
    ],
    [
      'an unknown reference',
      'P: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: !Ref Nobody } }',
      /Ref Nobody: no such parameter or resource$/,
    ],
    [
      'an event source nobody drives',
      'F: { Type: AWS::Serverless::Function, Properties: { Events: { Q: { Type: SQS, Properties: { Queue: x } } } } }',
      /^Resources\.F\.Properties\.Events\.Q\.Properties: Type SQS: this event source is not simulated/,
    ],
    [
      'a broken schedule',
      'F: { Type: AWS::Serverless::Function, Properties: { Events: { T: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 second) } } } } }',
      /^Resources\.F\.Properties\.Events\.T\.Properties\.ScheduleExpression: rate\(1 second\)/,
    ],
    [
      'a broken pattern',
      'F: { Type: AWS::Serverless::Function, Properties: { Events: { T: { Type: EventBridgeRule, Properties: { Pattern: { source: x } } } } } }',
      /EventBridge\.PutRule: InvalidEventPatternException: Event pattern is not valid\. Reason: "source" must be an object or an array/,
    ],
    [
      'a property of an event that could matter',
      'F: { Type: AWS::Serverless::Function, Properties: { Events: { T: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 day), Jitter: 3 } } } } }',
      /\.Jitter: this property is not simulated/,
    ],
    [
      'what a service refuses',
      'P: { Type: AWS::SSM::Parameter, Properties: { Type: String, Name: /aws/x, Value: x } }',
      /^Resources\.P\.Properties: SSM\.PutParameter: AccessDeniedException/,
    ],
    ['YAML that is broken', 'P: { Type: [', /^line \d+: /],
  ])('are refused with %s', (_what, resource, message) => {
    expect(() => deploy(`Resources:\n  ${resource}\n`)).toThrow(message);
  });

  it('do not deploy twice where a name is taken', () => {
    const { aws } = deploy(FULL);
    expect(() => deploy(FULL, { aws })).toThrow(
      /^Resources\.Marker\.Properties: SSM\.PutParameter: ParameterAlreadyExists/,
    );
    deploy(FULL, { aws, parameters: { Prefix: 'other' } });
  });

  it("include the product's own", async () => {
    const text = readFileSync(new URL('../../template.yaml', import.meta.url), 'utf8');
    const { aws, deployment, runs } = deploy(text);
    expect(deployment.functions.map((fn) => fn.id).sort()).toEqual(['BacklogWake', 'IdleWindows', 'ScheduledScaling']);
    await aws.run(START + MINUTE);
    expect(runs.length).toBeGreaterThanOrEqual(4);
    await createClients(aws).ssm.send(new PutParameterCommand({ Name: '/x', Value: 'y', Type: 'String' }));
  });
});

describe('a stack that is deployed again', () => {
  const template = `
Parameters:
  Source: { Type: String, Default: mine }
  Minutes: { Type: Number, Default: 1, AllowedValues: [1, 5] }
  Extra: { Type: String, Default: 'no' }
Conditions:
  HasExtra: !Equals [!Ref Extra, 'yes']
Resources:
  Note:
    Type: AWS::SSM::Parameter
    Properties: { Type: String, Name: /note, Value: !Ref Source }
  Second:
    Type: AWS::SSM::Parameter
    Condition: HasExtra
    Properties: { Type: String, Name: /second, Value: here }
  Other:
    Type: AWS::Events::Rule
    Condition: HasExtra
    Properties: { Name: other, EventPattern: { source: [other] }, Targets: [{ Id: a, Arn: !GetAtt Worker.Arn }] }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: worker
      Environment: { Variables: { SOURCE: !Ref Source } }
      Events:
        Tick: { Type: ScheduleV2, Properties: { ScheduleExpression: !Sub 'cron(0/\${Minutes} * * * ? *)', Input: '{"tick":true}' } }
        Event: { Type: EventBridgeRule, Properties: { Pattern: { source: [!Ref Source] } } }
`;
  const sources = (runs: readonly Run[]): unknown[] =>
    runs.map(({ event }) => (event as { source?: string }).source ?? 'tick');

  it('has the environment, rules, schedules and parameters of the new values, and keeps its names', async () => {
    const { aws, runs, deployment } = deploy(template);
    const { ssm, events } = createClients(aws);
    const before = deployment.functions[0]!;
    await aws.run(START + 2.5 * MINUTE);
    deployment.update({ Source: 'yours', Minutes: '5', Extra: 'yes' });
    const after = deployment.functions[0]!;
    expect(after.environment).toEqual({ ...before.environment, SOURCE: 'yours' });
    for (const source of ['mine', 'yours', 'other']) emit(aws, source);
    await aws.run(START + 11 * MINUTE);
    expect(sources(runs)).toEqual(['tick', 'tick', 'tick', 'yours', 'other', 'tick', 'tick']);
    expect(minutes(runs).slice(-2), 'the old schedule is gone').toEqual([5, 10]);
    expect((await ssm.send(new GetParameterCommand({ Name: '/note' }))).Parameter).toMatchObject({
      Value: 'yours',
      Version: 2,
    });
    deployment.update({ Extra: 'no' });
    expect(await failureOf(ssm.send(new GetParameterCommand({ Name: '/second' })))).toMatchObject({
      name: 'ParameterNotFound',
    });
    await expect(events.send(new DescribeRuleCommand({ Name: 'other' }))).rejects.toThrow('does not exist');
  });

  it('leaves alone what did not change, and refuses a value that is not allowed', async () => {
    const { aws, deployment } = deploy(template);
    const calls: string[] = [];
    aws.onCall(({ operation }) => calls.push(operation));
    deployment.update({});
    expect(calls).toEqual([]);
    expect(() => deployment.update({ Minutes: '3' })).toThrow('Minutes');
  });
});
