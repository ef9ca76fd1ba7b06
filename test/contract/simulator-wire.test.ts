import { DescribeAlarmsCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  AddTagsCommand,
  CreateEndpointCommand,
  DescribeEndpointCommand,
  ListEndpointsCommand,
} from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import type { CallRecord } from '../../simulator/index.ts';
import { hasRecordings, readSnapshot } from '../support/recordings.ts';
import { createAws, createClients, failureOf, PRODUCT, START, turn } from '../support/simulator-clients.ts';

function seedChat(aws: ReturnType<typeof createAws>): void {
  const timing = { startMs: () => 60_000, deleteMs: 60_000 };
  aws.world.seed({ name: 'Chat', kind: 'real-time', instanceType: 'ml.g5.xlarge', instances: 1, tags: {}, timing });
}

/** One request as a client would send it, without the SDK in between. */
async function post(
  target: string,
  body: string,
): Promise<{ status: number; headers: Record<string, string>; body: Record<string, unknown> }> {
  const handler = createAws().requestHandler({ kind: 'person', name: 'ada' });
  const { response } = await handler.handle({ headers: { 'X-Amz-Target': target }, body });
  const text = new TextDecoder().decode(response.body);
  return { status: response.statusCode, headers: response.headers, body: JSON.parse(text) };
}

describe('requests that AWS refuses before it runs them', () => {
  it('missing required members', async () => {
    const { sagemaker } = createClients(createAws());
    const error = await failureOf(sagemaker.send(new CreateEndpointCommand({} as never)));
    expect(error.name).toBe('ValidationException');
    expect(error.message).toBe(
      "2 validation errors detected: Value null at 'endpointName' failed to satisfy constraint: Member must not be null; " +
        "Value null at 'endpointConfigName' failed to satisfy constraint: Member must not be null",
    );
  });

  it('violated pattern, length, enum and range, with the path of the member', async () => {
    const { sagemaker, events, cloudwatch } = createClients(createAws());
    const name = await failureOf(sagemaker.send(new DescribeEndpointCommand({ EndpointName: `-${'x'.repeat(63)}` })));
    expect(name.message).toContain(
      "at 'endpointName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}; ",
    );
    expect(name.message).toContain('Member must have length less than or equal to 63');
    const target = await failureOf(
      events.send(new PutTargetsCommand({ Rule: 'r', Targets: [{ Id: '!@#$@!#$', Arn: 'arn:aws:sqs:::q' }] })),
    );
    expect(target.message).toBe(
      "1 validation error detected: Value '!@#$@!#$' at 'targets.1.member.id' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+",
    );
    const page = await failureOf(sagemaker.send(new ListEndpointsCommand({ MaxResults: 101 })));
    expect(page.message).toBe(
      "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100",
    );
    const state = await failureOf(
      cloudwatch.send(new SetAlarmStateCommand({ AlarmName: 'a', StateValue: 'INVALID' as never, StateReason: 'x' })),
    );
    expect(state.message).toMatch(
      /^1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy constraint: Member must satisfy enum value set: \[/,
    );
  });

  it('wrong JSON types', async () => {
    for (const body of ['{"EndpointName": 3}', '{"EndpointName": {}}', '{"EndpointName": ["a"]}', '[]', '{not json']) {
      const { status, headers, body: answer } = await post('SageMaker.DescribeEndpoint', body);
      expect(status).toBe(400);
      expect(headers['x-amzn-errortype']).toBe('SerializationException');
      expect(answer['__type']).toBe('SerializationException');
      expect(answer['message']).not.toBe('');
    }
    const number = await post('SageMaker.ListEndpoints', '{"MaxResults": "3"}');
    expect(number.body['__type']).toBe('SerializationException');
  });

  it('operations that do not exist, and those that are not simulated', async () => {
    for (const target of ['SageMaker.DescribeNothing', 'SageMaker.CreateTrainingJob', 'Nobody.Op', '']) {
      const { status, headers } = await post(target, '{}');
      expect(status).toBe(400);
      expect(headers['x-amzn-errortype']).toBe('UnknownOperationException');
    }
  });
});

describe('answers', () => {
  it('ignore members that the model does not know, and take null for absent', async () => {
    const { status } = await post('SageMaker.ListEndpoints', '{"Unknown": [{}], "NameContains": null}');
    expect(status).toBe(200);
  });

  it('hold timestamps as epoch seconds and the protocol version of the service', async () => {
    const aws = createAws();
    seedChat(aws);
    const handler = aws.requestHandler({ kind: 'person', name: 'ada' });
    const { response } = await handler.handle({
      headers: { 'x-amz-target': 'SageMaker.DescribeEndpoint' },
      body: '{"EndpointName":"Chat"}',
    });
    const body = JSON.parse(new TextDecoder().decode(response.body));
    expect(body.CreationTime).toBe(START / 1000 - 30 * 86_400);
    expect(response.headers['content-type']).toBe('application/x-amz-json-1.1');
    expect(response.headers['x-amzn-requestid']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  });

  it('bear CloudWatch query error codes, so that clients see the old names', async () => {
    const state = await post(
      'GraniteServiceVersion20100801.SetAlarmState',
      '{"AlarmName":"a","StateValue":"OK","StateReason":"r"}',
    );
    expect(state.status).toBe(404);
    expect(state.headers['x-amzn-query-error']).toBe('ResourceNotFound;Sender');
    expect(state.body['__type']).toBe('com.amazonaws.cloudwatch.v2010_08_01#ResourceNotFound');
    const invalid = await post(
      'GraniteServiceVersion20100801.SetAlarmState',
      '{"AlarmName":"a","StateValue":"X","StateReason":"r"}',
    );
    expect(invalid.headers['x-amzn-query-error']).toBe('ValidationError;Sender');
    expect(invalid.body['__type']).toBe('com.amazon.coral.validate#ValidationException');
    expect(invalid.headers['content-type']).toBe('application/x-amz-json-1.0');
  });

  it('reach modelled exceptions of the SDK', async () => {
    const { dynamodb } = createClients(createAws());
    const error = await failureOf(dynamodb.send(new DescribeTableCommand({ TableName: 'none' })));
    expect(error.name).toBe('ResourceNotFoundException');
    expect(error['$fault']).toBe('client');
  });
});

describe.skipIf(!hasRecordings('error bodies of CloudWatch'))('recorded error bodies', () => {
  it('of CloudWatch in JSON', async () => {
    const recorded = readSnapshot('test_cloudwatch.snapshot.json').get(
      'TestCloudWatchMultiProtocol::test_exception_serializing_with_no_shape_in_spec[json]',
    );
    const target = 'GraniteServiceVersion20100801.SetAlarmState';
    const invalid = await post(target, '{"AlarmName":"a","StateValue":"INVALID","StateReason":"r"}');
    expect(invalid.body).toEqual(recorded['invalid-value-response']);
    const missing = await post(target, '{"AlarmName":"a","StateValue":"OK","StateReason":"r"}');
    expect(missing.body).toEqual(recorded['not-found-response']);
  });
});

describe('observers', () => {
  it('see every call in order, refused ones too, and whether it changes anything', async () => {
    const aws = createAws();
    seedChat(aws);
    const records: CallRecord[] = [];
    aws.onCall((record) => records.push(record));
    const { sagemaker } = createClients(aws, PRODUCT);
    await sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'Chat' }));
    await failureOf(
      sagemaker.send(
        new AddTagsCommand({
          ResourceArn: 'arn:aws:sagemaker:eu-central-1:123456789012:endpoint/none',
          Tags: [{ Key: 'k', Value: 'v' }],
        }),
      ),
    );
    await failureOf(sagemaker.send(new DescribeEndpointCommand({} as never)));
    expect(records.map(({ seq, operation, mutating, error }) => [seq, operation, mutating, error?.code])).toEqual([
      [0, 'DescribeEndpoint', false, undefined],
      [1, 'AddTags', true, 'ValidationException'],
      [2, 'DescribeEndpoint', false, 'ValidationException'],
    ]);
    expect(records[0]).toMatchObject({ caller: PRODUCT, input: { EndpointName: 'Chat' }, at: START });
    expect(aws.callCounts()).toEqual({ 'SageMaker.AddTags': 1, 'SageMaker.DescribeEndpoint': 2 });
  });

  it('are given the request as it was sent when it was refused as such', async () => {
    const aws = createAws();
    const records: CallRecord[] = [];
    aws.onCall((record) => records.push(record));
    const { cloudwatch } = createClients(aws);
    await failureOf(cloudwatch.send(new DescribeAlarmsCommand({ MaxRecords: 1000 })));
    expect(records[0]!.input).toEqual({ MaxRecords: 1000 });
  });
});

describe('call faults', () => {
  const error = { code: 'ThrottlingException', message: 'Rate exceeded' };

  it('answer instead of the operation, for the product only, in their time', async () => {
    const aws = createAws();
    seedChat(aws);
    const fault = aws.addCallFault({ from: START + 1000, until: START + 2000, calls: 'SageMaker.*', share: 1, error });
    const describeChat = (clients: ReturnType<typeof createClients>) =>
      clients.sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'Chat' }));
    const product = createClients(aws, PRODUCT);
    await describeChat(product);
    await aws.run(START + 1000);
    expect((await failureOf(describeChat(product))).name).toBe('ThrottlingException');
    await describeChat(createClients(aws));
    await aws.run(START + 2000);
    await describeChat(product);
    expect(fault.times()).toBe(1);
  });

  it('hit about the asked share, the same ones for the same seed', async () => {
    const outcomes = async (seed: number): Promise<string> => {
      const aws = createAws({ seed });
      seedChat(aws);
      aws.addCallFault({ from: START, until: undefined, calls: '*', share: 0.3, error });
      const { sagemaker } = createClients(aws, PRODUCT);
      let text = '';
      for (let call = 0; call < 200; call += 1) {
        const failed = await sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'Chat' })).then(
          () => '.',
          () => 'x',
        );
        text += failed;
      }
      return text;
    };
    const first = await outcomes(7);
    const hits = first.split('x').length - 1;
    expect(hits).toBeGreaterThan(35);
    expect(hits).toBeLessThan(85);
    expect(await outcomes(7)).toBe(first);
    expect(await outcomes(8)).not.toBe(first);
  });

  it('are refused where they name no service', () => {
    const aws = createAws();
    expect(() =>
      aws.addCallFault({ from: 0, until: undefined, calls: 'Sagemaker.DeleteEndpoint', share: 1, error }),
    ).toThrow(/services: SageMaker/);
    expect(() => aws.addCallFault({ from: 0, until: undefined, calls: '*', share: 1.5, error })).toThrow(/share: 1.5/);
  });
});

describe('gates', () => {
  it('hold a call before or after it took effect', async () => {
    const aws = createAws();
    seedChat(aws);
    const seen: string[] = [];
    let release = (): void => {};
    const { sagemaker } = createClients(aws, PRODUCT, {
      before: ({ operation }) => {
        seen.push(`before ${operation}`);
      },
      after: (record) => {
        seen.push(`after ${record.operation}`);
        return new Promise<void>((resolve) => {
          release = resolve;
        });
      },
    });
    let isDone = false;
    const call = sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'Chat' })).then(() => {
      isDone = true;
    });
    while (seen.length < 2) await turn();
    await aws.run(START + 60_000);
    expect(seen).toEqual(['before DescribeEndpoint', 'after DescribeEndpoint']);
    expect(aws.callCounts()).toEqual({ 'SageMaker.DescribeEndpoint': 1 });
    expect(isDone).toBe(false);
    release();
    await call;
    expect(isDone).toBe(true);
  });

  it('let an aborted call fail as it does over a network', async () => {
    const aws = createAws();
    const controller = new AbortController();
    const { sagemaker } = createClients(aws, PRODUCT, { before: () => new Promise<void>(() => {}) });
    const call = failureOf(sagemaker.send(new ListEndpointsCommand({}), { abortSignal: controller.signal }));
    await aws.run(START + 1000);
    controller.abort();
    expect((await call).name).toBe('AbortError');
    expect(aws.callCounts()).toEqual({});
  });
});
