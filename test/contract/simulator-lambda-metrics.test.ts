import { GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import { createAws, createClients, START } from '../support/simulator-clients.ts';

const MINUTE = 60_000;

const template = (retries: number, reserved = 1000): string => `
Parameters:
  Names: { Type: CommaDelimitedList, Default: '', AllowedPattern: '^$|^[a-z]+$', ConstraintDescription: lower-case words }
  More: { Type: CommaDelimitedList, Default: '' }
Rules:
  NamesNeedMore:
    RuleCondition: !Not [!EachMemberEquals [!Ref Names, '']]
    Assertions:
      - Assert: !Not [!EachMemberEquals [!Ref More, '']]
        AssertDescription: Names needs More, too
Resources:
  GivenUp: { Type: AWS::SQS::Queue, Properties: { QueueName: given-up } }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: worker
      Timeout: 10
      ReservedConcurrentExecutions: ${reserved}
      EventInvokeConfig:
        MaximumRetryAttempts: ${retries}
        DestinationConfig: { OnFailure: { Type: SQS, Destination: !GetAtt GivenUp.Arn } }
      Events:
        Event: { Type: EventBridgeRule, Properties: { Pattern: { source: [mine] } } }
`;

function deploy(text: string, invoke: () => Promise<unknown>, parameters: Readonly<Record<string, string>> = {}) {
  const aws = createAws();
  aws.deploy(text, parameters, () => ({ invoke, drop: () => undefined }));
  const { cloudwatch } = createClients(aws);
  return {
    aws,
    emit: () => aws.emit({ source: 'mine', detailType: 'Thing', detail: {} }),
    async sumOf(namespace: string, metric: string, dimension: string, statistic: 'Sum' | 'Maximum' = 'Sum') {
      const answer = await cloudwatch.send(
        new GetMetricStatisticsCommand({
          Namespace: namespace,
          MetricName: metric,
          Dimensions: [{ Name: namespace === 'AWS/SQS' ? 'QueueName' : 'FunctionName', Value: dimension }],
          StartTime: new Date(START),
          EndTime: new Date(START + 3_600_000),
          Period: 3600,
          Statistics: [statistic],
        }),
      );
      return answer.Datapoints?.[0]?.[statistic];
    },
  };
}

describe('metrics of functions and their failure queues', () => {
  it('count runs and errors, and what was given up after the last attempt', async () => {
    const { aws, emit, sumOf } = deploy(template(1), () => Promise.reject(new Error('no')));
    expect(await sumOf('AWS/Lambda', 'Errors', 'worker'), 'silent before the first run').toBeUndefined();
    emit();
    await aws.run(START + 30_000);
    expect(await sumOf('AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'given-up', 'Maximum')).toBeUndefined();
    await aws.run(START + 10 * MINUTE);
    expect(await sumOf('AWS/Lambda', 'Invocations', 'worker')).toBe(2);
    expect(await sumOf('AWS/Lambda', 'Errors', 'worker')).toBe(2);
    expect(await sumOf('AWS/Lambda', 'AsyncEventsDropped', 'worker')).toBe(1);
    expect(await sumOf('AWS/Lambda', 'AsyncEventAge', 'worker', 'Maximum')).toBe(MINUTE);
    expect(await sumOf('AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'given-up', 'Maximum')).toBe(1);
  });

  it('publish errors of zero for runs that work', async () => {
    const { aws, emit, sumOf } = deploy(template(2), () => Promise.resolve());
    emit();
    await aws.run(START + MINUTE);
    expect(await sumOf('AWS/Lambda', 'Errors', 'worker')).toBe(0);
    expect(await sumOf('AWS/Lambda', 'Throttles', 'worker')).toBeUndefined();
  });

  it('count what reserved concurrency turns away', async () => {
    const { aws, emit, sumOf } = deploy(template(0, 1), () => aws.clock.sleep(2_500));
    emit();
    emit();
    await aws.run(START + MINUTE);
    expect(await sumOf('AWS/Lambda', 'Throttles', 'worker')).toBeGreaterThanOrEqual(1);
    expect(await sumOf('AWS/Lambda', 'Errors', 'worker')).toBe(0);
  });
});

describe('parameters of a template', () => {
  const nothing = () => Promise.resolve();

  it('match their pattern value by value where they are lists', () => {
    expect(() => deploy(template(0), nothing, { Names: 'a,b', More: 'x' })).not.toThrow();
    expect(() => deploy(template(0), nothing, { Names: 'a,B', More: 'x' })).toThrow(/Names: B: .*lower-case words/);
  });

  it('are refused by the rules of the template with their own sentence', () => {
    expect(() => deploy(template(0), nothing, { Names: 'a' })).toThrow('Rules.NamesNeedMore: Names needs More, too');
    expect(() => deploy(template(0), nothing, { More: 'x' })).not.toThrow();
  });
});
