import {
  type CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  DescribeAlarmsForMetricCommand,
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  ListTagsForResourceCommand,
  type MetricDatum,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  PutMetricDataCommand,
  type PutMetricDataCommandInput,
  SetAlarmStateCommand,
  type StateValue,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-cloudwatch';
import { beforeEach, describe, expect, test } from 'vitest';
import type { SimulatedAws } from '../../simulator/index.ts';
import { hasRecordings, type Recording, readSnapshot } from '../support/recordings.ts';
import { createAws, createClients, failureOf, START } from '../support/simulator-clients.ts';

const MINUTE = 60_000;
const isHere = hasRecordings('answers and states of CloudWatch');
const recordings = isHere
  ? new Map([
      ...readSnapshot('test_cloudwatch.snapshot.json'),
      ...readSnapshot('test_cloudwatch_metrics.snapshot.json'),
    ])
  : new Map();
const played = new Set<string>();

let aws: SimulatedAws;
let cloudwatch: CloudWatchClient;

beforeEach(() => {
  aws = createAws();
  cloudwatch = createClients(aws).cloudwatch;
});

function recorded(name: string): Recording {
  const found = recordings.get(name);
  if (found === undefined) throw new Error(`${name}: no such recording`);
  played.add(name);
  return found;
}

/** Our answer as the recordings are written down: changing values replaced, embedded JSON opened. */
function normalise(value: unknown, key = ''): unknown {
  if (value instanceof Date) return 'timestamp';
  if (Array.isArray(value)) {
    if (key === 'Timestamps') return 'timestamp';
    return value.map((entry) => normalise(entry));
  }
  if (typeof value === 'string') {
    if (key === 'StateReasonData' || key === 'HistoryData') return normalise(JSON.parse(value));
    if (/^\d{4}-\d\d-\d\dT/.test(value)) return 'date';
    return value.replaceAll(/\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d/g, 'MM/DD/YY HH:MM:SS');
  }
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(
    ([name, member]) => name !== '$metadata' && name !== 'LogAlarms' && member !== undefined,
  );
  return Object.fromEntries(entries.map(([name, member]) => [name, normalise(member, name)]));
}

/** The recording with its placeholders as matchers: `<alarm-name:1>` stands for any text. */
function expectation(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expectation);
  if (typeof value === 'string') return value.includes('<') && value !== '<' ? expect.any(String) : value;
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([name]) => name !== 'ResponseMetadata' && name !== 'LogAlarms');
  return Object.fromEntries(entries.map(([name, member]) => [name, expectation(member)]));
}

function agree(actual: unknown, recording: unknown): void {
  expect(normalise(actual)).toEqual(expectation(recording));
}

function put(MetricData: MetricDatum[], Namespace = 'mine'): Promise<unknown> {
  return cloudwatch.send(new PutMetricDataCommand({ Namespace, MetricData } as PutMetricDataCommandInput));
}

function putAlarm(more: Partial<PutMetricAlarmCommandInput>): Promise<unknown> {
  const simple = {
    AlarmName: 'a',
    MetricName: 'm',
    Namespace: 'mine',
    Statistic: 'Sum',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 30,
    ComparisonOperator: 'GreaterThanThreshold',
  } as const;
  return cloudwatch.send(new PutMetricAlarmCommand({ ...simple, ...more }));
}

const describeAlarms = () => cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: ['a'] }));
const RANGE = { StartTime: new Date(START - MINUTE), EndTime: new Date(START + 10 * MINUTE) };

function query(
  Id: string,
  MetricName: string,
  Stat: string,
  more: { Unit?: string; Dimensions?: { Name: string; Value: string }[] } = {},
) {
  const { Unit, Dimensions } = more;
  return {
    Id,
    MetricStat: {
      Metric: { Namespace: 'mine', MetricName, ...(Dimensions ? { Dimensions } : {}) },
      Period: 60,
      Stat,
      ...(Unit ? { Unit: Unit as never } : {}),
    },
  };
}

const getData = (...MetricDataQueries: ReturnType<typeof query>[]) =>
  cloudwatch.send(new GetMetricDataCommand({ MetricDataQueries, ...RANGE }));

/** Alarms of these recordings act on topics that are not in this account: the ARN is all that matters. */
const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:topic';
const INSTANCE = [{ Name: 'InstanceId', Value: 'abc' }];
const SNS_ALARM: Partial<PutMetricAlarmCommandInput> = {
  AlarmDescription: 'testing cloudwatch alarms',
  MetricName: 'my-metric1',
  Dimensions: INSTANCE,
  Unit: 'Seconds',
  Statistic: 'Average',
  Period: 10,
  Threshold: 2,
  EvaluationPeriods: 2,
  TreatMissingData: 'ignore',
  AlarmActions: [TOPIC],
  OKActions: [TOPIC],
};

describe.skipIf(!isHere)('alarms answer as recorded', () => {
  test('the fields of new alarms, with and without options', async () => {
    await putAlarm({});
    agree(
      await describeAlarms(),
      recorded('TestCloudwatch::test_describe_alarms_converts_date_format_correctly[json]')['describe-alarms'],
    );
    await putAlarm({ Period: 10 });
    agree(
      await describeAlarms(),
      recorded('TestCloudwatch::test_describe_minimal_metric_alarm[json]').describe_minimal_metric_alarm,
    );
    await putAlarm({
      AlarmDescription: '<',
      Period: 600,
      Threshold: 1,
      AlarmActions: ['arn:aws:sns:eu-central-1:111122223333:MyTopic'],
    });
    agree(
      await describeAlarms(),
      recorded('TestCloudwatch::test_put_metric_alarm_escape_character[json]')['describe-alarms-escaped-character'],
    );
  });

  test('a deleted alarm is gone', async () => {
    const recording = recorded('TestCloudwatch::test_delete_alarm[json]');
    await putAlarm({ MetricName: 'metric1' });
    agree(await describeAlarms(), recording['describe-alarm']);
    await cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: ['a'] }));
    agree(await describeAlarms(), recording['describe-after-delete']);
  });

  test('an alarm with a datapoint: state, reason, history, by metric', async () => {
    const recording = recorded('TestCloudwatch::test_put_metric_alarm');
    await putAlarm({ ...SNS_ALARM, EvaluationPeriods: 1, Threshold: 21 });
    agree(await describeAlarms(), recording['describe-alarm']);
    const datum = {
      MetricName: 'my-metric1',
      Dimensions: INSTANCE,
      Unit: 'Seconds',
      StorageResolution: 1,
    } as const;
    await put([
      { ...datum, Value: 21 },
      { ...datum, Value: 22 },
    ]);
    await aws.run(START + 20_000);
    const forMetric = {
      MetricName: 'my-metric1',
      Namespace: 'mine',
      Dimensions: INSTANCE,
      Unit: 'Seconds',
      Statistic: 'Average',
      Period: 10,
    } as const;
    agree(
      await cloudwatch.send(new DescribeAlarmsForMetricCommand(forMetric)),
      recording['describe-alarms-for-metric'],
    );
    agree(
      await cloudwatch.send(new DescribeAlarmHistoryCommand({ AlarmName: 'a', HistoryItemType: 'StateUpdate' })),
      recording['describe-alarm-history'],
    );
  });

  test('missing datapoints treated as breaching', async () => {
    const recording = recorded('TestCloudwatch::test_breaching_alarm_actions[json]');
    await putAlarm({ ...SNS_ALARM, MetricName: 'my-metric101', TreatMissingData: 'breaching' });
    await aws.run(START + 10_000);
    agree(await describeAlarms(), recording['alarm-1-describe']);
  });

  test('a sample count over the threshold', async () => {
    const recording = recorded('TestSQSMetrics::test_alarm_number_of_messages_sent');
    const alarm = {
      AlarmDescription: 'test messages sent',
      MetricName: 'NumberOfMessagesSent',
      Dimensions: [{ Name: 'QueueName', Value: 'q' }],
    };
    await putAlarm({
      ...alarm,
      Statistic: 'SampleCount',
      Threshold: 0,
      TreatMissingData: 'missing',
      AlarmActions: [TOPIC],
    });
    await put([{ MetricName: 'NumberOfMessagesSent', Dimensions: alarm.Dimensions, Value: 1 }]);
    await aws.run(START + 2 * MINUTE);
    agree(await describeAlarms(), recording['NumberOfMessagesSent-describe']);
  });

  test('states set by hand, actions off and on', async () => {
    const recording = recorded('TestCloudwatch::test_enable_disable_alarm_actions[json]');
    const set = (StateValue: StateValue, StateReason: string) =>
      cloudwatch.send(new SetAlarmStateCommand({ AlarmName: 'a', StateValue, StateReason }));
    await putAlarm({ ...SNS_ALARM, MetricName: 'my-metric101' });
    agree(await describeAlarms(), recording.describe_alarm);
    await set('ALARM', 'testing alarm');
    agree(await describeAlarms(), recording['alarm-state-describe']);
    await cloudwatch.send(new DisableAlarmActionsCommand({ AlarmNames: ['a'] }));
    await set('OK', 'testing OK state');
    agree(await describeAlarms(), recording['ok-state-action-disabled-describe']);
    await cloudwatch.send(new EnableAlarmActionsCommand({ AlarmNames: ['a'] }));
    agree(await describeAlarms(), recording.describe_alarm_enabled);
  });

  test('states set by hand, with percent', async () => {
    const recording = recorded('TestCloudwatch::test_set_alarm[json]');
    const [alarm] = recording['triggered-alarm'].MetricAlarms;
    const {
      AlarmDescription,
      MetricName,
      Dimensions,
      Period,
      Threshold,
      EvaluationPeriods,
      Statistic,
      Unit,
      TreatMissingData,
      ComparisonOperator,
    } = alarm;
    await putAlarm({
      AlarmDescription,
      MetricName,
      Dimensions,
      Period,
      Threshold,
      EvaluationPeriods,
      Statistic,
      Unit,
      TreatMissingData,
      ComparisonOperator,
      AlarmActions: [TOPIC],
      OKActions: [TOPIC],
    });
    await cloudwatch.send(
      new SetAlarmStateCommand({ AlarmName: 'a', StateValue: 'ALARM', StateReason: 'testing alarm' }),
    );
    agree(await describeAlarms(), recording['triggered-alarm']);
    await cloudwatch.send(
      new SetAlarmStateCommand({ AlarmName: 'a', StateValue: 'OK', StateReason: 'resetting alarm' }),
    );
    agree(await describeAlarms(), recording['reset-alarm']);
  });

  test('refused states', async () => {
    const recording = recorded('TestCloudwatch::test_set_alarm_invalid_input[json]');
    const set = (AlarmName: string, StateValue: string) =>
      failureOf(
        cloudwatch.send(
          new SetAlarmStateCommand({ AlarmName, StateValue: StateValue as StateValue, StateReason: 'x' }),
        ),
      );
    const notFound = await set('none', 'OK');
    expect(notFound.name).toBe(recording['error-resource-not-found'].Error.Code);
    expect((notFound['$metadata'] as { httpStatusCode: number }).httpStatusCode).toBe(
      recording['error-resource-not-found'].ResponseMetadata.HTTPStatusCode,
    );
    await putAlarm({});
    const invalid = await set('a', 'INVALID');
    const { Code, QueryErrorCode, Message } = recording['error-invalid-state'].Error;
    expect([Code, QueryErrorCode]).toContain(invalid.name);
    expect(invalid.message).toBe(Message);
  });

  test('the event of a transition carries what the direct action of the same alarm carries', async () => {
    const { state, previousState, configuration } = recorded('TestCloudwatch::test_alarm_lambda_target')[
      'lambda-alarm-invocations'
    ].alarmData;
    const events: Readonly<Record<string, unknown>>[] = [];
    aws.onBusEvent((event) => events.push(event));
    await putAlarm({
      AlarmDescription: 'testing lambda alarm action',
      MetricName: 'metric1',
      Namespace: 'namespace',
      Statistic: 'Average',
      Period: 10,
    });
    await cloudwatch.send(
      new SetAlarmStateCommand({ AlarmName: 'a', StateValue: 'ALARM', StateReason: 'testing alarm' }),
    );
    const event = events.find((e) => e['detail-type'] === 'CloudWatch Alarm State Change')!;
    agree(event['detail'], { alarmName: '<alarm-name:1>', state, previousState, configuration });
  });

  test.each(['test_store_tags[json]', 'test_tagging_metric_alarm[json]'])('tags of alarms: %s', async (name) => {
    const recording = recorded(`TestCloudwatch::${name}`);
    const ResourceARN = `arn:aws:cloudwatch:eu-central-1:123456789012:alarm:a`;
    const list = () => cloudwatch.send(new ListTagsForResourceCommand({ ResourceARN }));
    const first = recording.list_tags_for_resource_after_creation?.Tags as { Key: string; Value: string }[] | undefined;
    await putAlarm(first ? { Tags: first } : { MetricName: 'store_tags' });
    agree(await list(), recording.list_tags_for_resource_after_creation ?? recording['list_tags_for_resource_empty ']);
    await cloudwatch.send(
      new TagResourceCommand({
        ResourceARN,
        Tags: [
          { Key: 'tag1', Value: 'foo' },
          { Key: 'tag2', Value: 'bar' },
        ],
      }),
    );
    agree(await list(), recording.list_tags_for_resource_updated ?? recording.list_tags_for_resource);
    await cloudwatch.send(new UntagResourceCommand({ ResourceARN, TagKeys: ['tag1'] }));
    agree(await list(), recording.list_tags_for_resource_post_untag);
    if (recording.describe_alarms) agree(await describeAlarms(), recording.describe_alarms);
    await cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: ['a'] }));
    if (recording.list_tags_for_deleted_resource) agree(await list(), recording.list_tags_for_deleted_resource);
  });
});

describe.skipIf(!isHere)('metrics answer as recorded', () => {
  test('lists of values with counts', async () => {
    const recording = recorded('TestCloudwatch::test_put_metric_data_values_list[json]').get_metric_statistics;
    await put([{ MetricName: 'test-metric', Unit: 'Count', Values: [1, 10], Counts: [2, 4] }]);
    const answer = cloudwatch.send(
      new GetMetricStatisticsCommand({
        Namespace: 'mine',
        MetricName: 'test-metric',
        Period: 60,
        Statistics: ['Maximum', 'SampleCount', 'Sum'],
        ...RANGE,
      }),
    );
    agree(await answer, recording);
  });

  test.each([
    ['invalid-param-combination', { Value: 1, Values: [1] }],
    ['invalid-param-value', { Values: [1, 2], Counts: [1] }],
    ['invalid-param-combination-2', { Value: 1, StatisticValues: { SampleCount: 1, Sum: 1, Minimum: 1, Maximum: 1 } }],
  ])('refused data: %s', async (name, members) => {
    const { Error: error } = recorded('TestCloudwatch::test_put_metric_data_validation[json]')[name];
    const failure = await failureOf(put([{ MetricName: 'm', ...members }]));
    expect([error.Code, error.QueryErrorCode]).toContain(failure.name);
    expect(failure.message).toBe(error.Message);
  });

  test('several metrics in one call', async () => {
    await put([
      { MetricName: 'metric1', Value: 25 },
      { MetricName: 'metric1', Value: 25 },
      { MetricName: 'metric2', Value: 25 },
      { MetricName: 'metric3', Value: 55 },
    ]);
    const answer = await getData(
      query('result1', 'metric1', 'Sum'),
      query('result2', 'metric2', 'Sum'),
      query('result3', 'metric3', 'Sum'),
    );
    agree(answer, recorded('TestCloudwatch::test_get_metric_data_for_multiple_metrics[json]').get_metric_data);
  });

  test.each(['Sum', 'SampleCount', 'Minimum', 'Maximum', 'Average'])('the statistic %s', async (stat) => {
    await put(Array.from({ length: 11 }, (_, i) => ({ MetricName: 'metric1', Value: i + 1 })));
    agree(
      await getData(query('result1', 'metric1', stat)),
      recorded(`TestCloudwatch::test_get_metric_data_stats[json-${stat}]`).get_metric_data,
    );
  });

  test('dimensions and results that are empty', async () => {
    const Dimensions = [{ Name: 'InstanceId', Value: 'one' }];
    await put([
      { MetricName: 'metric1', Value: 11, Dimensions },
      { MetricName: 'metric1', Value: 500, Dimensions: [{ Name: 'InstanceId', Value: 'two' }] },
    ]);
    agree(
      await getData(query('result1', 'metric1', 'Average', { Dimensions })),
      recorded('TestCloudwatch::test_get_metric_data_with_dimensions[json]').get_metric_data,
    );
    agree(
      await getData(query('result', 'none', 'Sum')),
      recorded('TestCloudwatch::test_get_metric_with_no_results[json]').result,
    );
    agree(
      await getData(query('any', 'metric1', 'Sum')),
      recorded('TestCloudwatch::test_get_metric_with_null_dimensions[json]').get_metric_with_null_dimensions,
    );
  });

  test('basic operations', async () => {
    const recording = recorded('TestCloudWatchMultiProtocol::test_basic_operations_multiple_protocols[json]');
    agree(await describeAlarms(), recording['describe-alarms']);
    await put([
      { MetricName: 'someMetric', Value: 41 },
      { MetricName: 'part', Value: 23 },
    ]);
    agree(
      await getData(query('some', 'someMetric', 'Sum'), query('part', 'part', 'Sum')),
      recording['get-metric-data'],
    );
  });

  test('statistics of a metric', async () => {
    await put(Array.from({ length: 10 }, (_, i) => ({ MetricName: 'metric', Value: i })));
    const answer = await cloudwatch.send(
      new GetMetricStatisticsCommand({
        Namespace: 'mine',
        MetricName: 'metric',
        Period: 60,
        Statistics: ['Average', 'Sum', 'Minimum', 'Maximum', 'SampleCount'],
        ...RANGE,
      }),
    );
    agree(answer, recorded('TestCloudwatch::test_get_metric_statistics[json]').get_metric_statistics);
  });

  test('units', async () => {
    await put([
      { MetricName: 'm-test', Value: 5, Unit: 'Count' },
      { MetricName: 'm-test', Value: 10 },
      { MetricName: 'm-test', Value: 1, Unit: 'Seconds' },
    ]);
    const statistics = await cloudwatch.send(
      new GetMetricStatisticsCommand({
        Namespace: 'mine',
        MetricName: 'm-test',
        Period: 60,
        Statistics: ['Average'],
        ...RANGE,
      }),
    );
    const recording = recorded(
      'TestCloudwatch::test_handle_different_units[json]',
    ).get_metric_statistics_with_different_units;
    const byUnit = (answer: { Datapoints?: { Unit?: string | undefined }[] | undefined }) => ({
      ...answer,
      Datapoints: answer.Datapoints?.toSorted((a, b) => (a.Unit! < b.Unit! ? -1 : 1)),
    });
    agree(byUnit(statistics), byUnit(recording));
    agree(
      await getData(query('m1', 'm-test', 'Average', { Unit: 'Seconds' })),
      recorded('TestCloudwatch::test_get_metric_data_with_different_units[json]').get_metric_data_with_different_units,
    );
  });

  test.each([
    [
      'metric_data0',
      [
        ['Milliseconds', 60_000],
        ['Seconds', 1],
      ],
    ],
    [
      'metric_data1',
      [
        ['Milliseconds', 120_000],
        ['Seconds', 1],
      ],
    ],
    [
      'metric_data2',
      [
        ['Count', 5],
        ['Milliseconds', 1],
        ['Seconds', 1],
      ],
    ],
  ] as const)('several units and none asked for: %s', async (name, units) => {
    await put(units.map(([Unit, Value]) => ({ MetricName: 'm-test', Unit, Value })));
    const recording = recorded(`TestCloudwatch::test_get_metric_data_different_units_no_unit_in_query[json-${name}]`);
    agree(await getData(query('m1', 'm-test', 'Sum')), recording.get_metric_data_with_no_unit_specified);
  });

  test('many dimensions', async () => {
    const recording = recorded('TestCloudwatch::test_multiple_dimensions_statistics[json]');
    const [{ Dimensions }] = recording['list-metrics'].Metrics;
    await put([
      { MetricName: 'http.server.requests.count', Value: 5, Unit: 'Count', Dimensions },
      { MetricName: 'http.server.requests.count', Value: 3, Unit: 'Count', Dimensions },
    ]);
    agree(
      await getData(query('result1', 'http.server.requests.count', 'Maximum', { Dimensions, Unit: 'Count' })),
      recording['get-metric-stats-max'],
    );
    agree(await cloudwatch.send(new ListMetricsCommand({ Namespace: 'mine' })), recording['list-metrics']);
  });

  test('too many datapoints, and a range the wrong way round', async () => {
    const recording = recorded('TestCloudwatch::test_invalid_amount_of_datapoints[json]');
    const statistics = (seconds: number, Period: number) =>
      cloudwatch.send(
        new GetMetricStatisticsCommand({
          Namespace: 'mine',
          MetricName: 'metric_name',
          Statistics: ['SampleCount'],
          Period,
          StartTime: new Date(START - seconds * 1000),
          EndTime: new Date(START),
        }),
      );
    for (const [seconds, name] of [
      [86_400, 'error-invalid-amount-datapoints'],
      [0, 'error-invalid-time-frame'],
    ] as const) {
      const failure = await failureOf(statistics(seconds, 1));
      const { Code, QueryErrorCode, Message } = recording[name].Error;
      expect([Code, QueryErrorCode]).toContain(failure.name);
      expect(failure.message).toBe(Message);
    }
    agree(await statistics(1440, 1), recording['get-metric-statitics']);
  });
});

/** Recordings that do not apply, by what they would need. */
const LEFT_OUT: readonly [RegExp, string][] = [
  [/\[(query|smithy-rpc-v2-cbor)/, 'another protocol of the same case; the wire format is tested on its own'],
  [/composite/, 'composite alarms are not modelled'],
  [/dashboard/, 'dashboards are not modelled'],
  [
    /metric_stream|insight_rule|anomaly_detector/,
    'metric streams, insight rules and anomaly detectors are not modelled',
  ],
  [/label/, 'dynamic labels, PROP(…), are not modelled'],
  [/exception_serializing/, 'raw bodies; the wire format is tested on its own'],
  [/test_aws_sqs_metrics_created|Lambda/, 'metrics of SQS and Lambda, which nothing here publishes'],
];

test.skipIf(!isHere)('every recording is played or left out for a printed reason', () => {
  const left = [...recordings.keys()].filter((name) => !played.has(name));
  for (const [pattern, reason] of LEFT_OUT) {
    const names = left.filter((name) => pattern.test(name) && LEFT_OUT.find(([p]) => p.test(name))![0] === pattern);
    process.stdout.write(`left out (${names.length}): ${reason}\n`);
    expect(names.length).toBeGreaterThan(0);
  }
  expect(left.filter((name) => !LEFT_OUT.some(([pattern]) => pattern.test(name)))).toEqual([]);
});
