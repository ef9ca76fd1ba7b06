import { beforeEach, describe, expect, test } from 'vitest';
import { createWorldUnderTest, HOUR, MINUTE, START, type WorldUnderTest } from '../support/world-kernel.ts';

let w: WorldUnderTest;

beforeEach(() => {
  w = createWorldUnderTest();
});

function put(value: number, more: object = {}): void {
  w.call('CloudWatch', 'PutMetricData', {
    Namespace: 'Mine',
    MetricData: [{ MetricName: 'm', Value: value, ...more }],
  });
}

function putAlarm(more: object = {}): void {
  w.call('CloudWatch', 'PutMetricAlarm', {
    AlarmName: 'a',
    Namespace: 'Mine',
    MetricName: 'm',
    Statistic: 'Sum',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 5,
    ComparisonOperator: 'GreaterThanThreshold',
    ...more,
  });
}

// biome-ignore lint/suspicious/noExplicitAny: bodies of the API
function alarm(): any {
  return w.call('CloudWatch', 'DescribeAlarms', { AlarmNames: ['a'] }).MetricAlarms[0];
}

/** One datapoint in each of the next minutes; undefined = none. */
function play(values: readonly (number | undefined)[]): void {
  for (const value of values) {
    w.advance(1);
    if (value !== undefined) put(value);
    w.advance(MINUTE - 1);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: bodies of the API
function getData(queries: object[], more: object = {}): any {
  return w.call('CloudWatch', 'GetMetricData', {
    StartTime: new Date(START),
    EndTime: new Date(w.now()),
    ScanBy: 'TimestampAscending',
    MetricDataQueries: queries,
    ...more,
  });
}

function stat(Id: string, more: object = {}, query: object = {}): object {
  return {
    Id,
    MetricStat: { Metric: { Namespace: 'Mine', MetricName: 'm' }, Period: 60, Stat: 'Sum', ...more },
    ...query,
  };
}

describe('alarms', () => {
  test('begin with insufficient data, and tell of every transition in the documented body', () => {
    putAlarm({ AlarmDescription: 'mine', Dimensions: [{ Name: 'd', Value: 'x' }] });
    put(9, { Dimensions: [{ Name: 'd', Value: 'x' }] });
    expect(alarm()).toMatchObject({
      StateValue: 'INSUFFICIENT_DATA',
      StateReason: 'Unchecked: Initial alarm creation',
    });
    w.advance(2 * MINUTE);
    const event = w.events.find((e) => e.detailType === 'CloudWatch Alarm State Change')!;
    expect(event).toEqual({
      source: 'aws.cloudwatch',
      detailType: 'CloudWatch Alarm State Change',
      resources: ['arn:aws:cloudwatch:eu-central-1:123456789012:alarm:a'],
      at: START + 2 * MINUTE,
      detail: {
        alarmName: 'a',
        configuration: {
          description: 'mine',
          metrics: [
            {
              id: expect.any(String),
              metricStat: { metric: { namespace: 'Mine', name: 'm', dimensions: { d: 'x' } }, period: 60, stat: 'Sum' },
              returnData: true,
            },
          ],
        },
        previousState: {
          value: 'INSUFFICIENT_DATA',
          reason: 'Unchecked: Initial alarm creation',
          timestamp: '2026-03-23T00:00:00.000+0000',
        },
        state: {
          value: 'ALARM',
          reason: 'Threshold Crossed: 1 datapoint [9.0 (23/03/26 00:00:00)] was greater than the threshold (5.0).',
          reasonData: expect.any(String),
          timestamp: '2026-03-23T00:02:00.000+0000',
        },
      },
    });
    expect(JSON.parse((event.detail['state'] as { reasonData: string }).reasonData)).toEqual({
      version: '1.0',
      queryDate: '2026-03-23T00:02:00.000+0000',
      startDate: '2026-03-23T00:00:00.000+0000',
      statistic: 'Sum',
      period: 60,
      recentDatapoints: [9],
      threshold: 5,
      evaluatedDatapoints: [{ timestamp: '2026-03-23T00:00:00.000+0000', sampleCount: 1, value: 9 }],
    });
  });

  test('2 of 3 datapoints, back and forth, with their reasons', () => {
    putAlarm({ EvaluationPeriods: 3, DatapointsToAlarm: 2 });
    play([1, 1, 1, 9, 1, 9, 1, 1, 1]);
    w.advance(2 * MINUTE);
    const history = w.call('CloudWatch', 'DescribeAlarmHistory', {
      AlarmName: 'a',
      HistoryItemType: 'StateUpdate',
      ScanBy: 'TimestampAscending',
    });
    expect(
      history.AlarmHistoryItems.map((i: { HistorySummary: string; Timestamp: Date }) => [
        (i.Timestamp.getTime() - START) / MINUTE,
        i.HistorySummary,
      ]),
    ).toEqual([
      [2, 'Alarm updated from INSUFFICIENT_DATA to OK'],
      [7, 'Alarm updated from OK to ALARM'],
      [8, 'Alarm updated from ALARM to OK'],
    ]);
    expect(alarm().StateReason).toMatch(
      /^Threshold Crossed: 2 out of the last 3 datapoints \[.*\] were not greater than the threshold \(5\.0\) \(minimum 2 datapoints for ALARM -> OK transition\)\.$/,
    );
  });

  test.each([
    ['missing', 'INSUFFICIENT_DATA'],
    ['ignore', 'ALARM'],
    ['breaching', 'ALARM'],
    ['notBreaching', 'OK'],
  ])('treat missing data as %s: %s once the data end', (TreatMissingData, state) => {
    putAlarm({ TreatMissingData });
    play([9, 9]);
    w.advance(10 * MINUTE);
    expect(alarm().StateValue).toBe(state);
  });

  test('an overwritten alarm keeps its state until it is judged again', () => {
    putAlarm();
    play([9, 9]);
    expect(alarm().StateValue).toBe('ALARM');
    const { StateUpdatedTimestamp } = alarm();
    putAlarm({ Threshold: 50 });
    expect(alarm()).toMatchObject({ StateValue: 'ALARM', StateUpdatedTimestamp, Threshold: 50 });
    w.advance(MINUTE);
    expect(alarm().StateValue).toBe('OK');
    const changes = w.events
      .filter((e) => e.detailType === 'CloudWatch Alarm Configuration Change')
      .map((e) => e.detail['operation']);
    expect(changes).toEqual(['create', 'update']);
  });

  test('of ten seconds are judged every ten seconds', () => {
    putAlarm({ Period: 10 });
    put(9, { StorageResolution: 1 });
    w.advance(10_000);
    expect(alarm().StateValue).toBe('INSUFFICIENT_DATA');
    w.advance(10_000);
    expect(alarm().StateValue).toBe('ALARM');
  });

  test('of an expression name their members in the event', () => {
    w.call('CloudWatch', 'PutMetricAlarm', {
      AlarmName: 'a',
      EvaluationPeriods: 1,
      Threshold: 5,
      ComparisonOperator: 'GreaterThanThreshold',
      Metrics: [
        stat('m1', {}, { ReturnData: false }),
        { Id: 'e1', Expression: 'FILL(m1, 0) + 6', Label: 'sum', ReturnData: true },
      ],
    });
    w.advance(2 * MINUTE);
    const event = w.events.find((e) => e.detailType === 'CloudWatch Alarm State Change')!;
    expect(event.detail).toMatchObject({
      state: { value: 'ALARM' },
      configuration: {
        metrics: [
          { id: 'm1', returnData: false },
          { id: 'e1', expression: 'FILL(m1, 0) + 6', label: 'sum', returnData: true },
        ],
      },
    });
  });

  test.each([
    [{ Period: 45 }, 'Period must be 10, 20, 30 or a multiple of 60'],
    [{ EvaluationPeriods: 1441 }, 'across more than a day'],
    [{ Period: 3600, EvaluationPeriods: 169 }, 'across more than seven days'],
    [{ DatapointsToAlarm: 2 }, 'DatapointsToAlarm'],
    [{ TreatMissingData: 'whatever' }, 'Allowed: missing, ignore, breaching, notBreaching'],
    [{ ExtendedStatistic: 'p99' }, 'Statistic and ExtendedStatistic are mutually exclusive'],
    [
      { Statistic: undefined, ExtendedStatistic: 'tm95' },
      "'tm95' is not supported by this simulator. Supported: percentiles",
    ],
    [{ Statistic: undefined }, 'The parameter Statistic is required'],
    [{ Metrics: [{ Id: 'e', Expression: '1' }] }, 'mutually exclusive'],
    [{ AlarmActions: ['sns'] }, 'Invalid arn syntax: sns'],
  ])('%j is refused', (more, message) => {
    expect(() => putAlarm(more)).toThrow(message);
  });

  test('a percentile counts samples, and is told of as a statistic', () => {
    const percentile = (ExtendedStatistic: string) => {
      putAlarm({ Statistic: undefined, ExtendedStatistic, TreatMissingData: 'notBreaching' });
      w.advance(1);
      put(0, { Value: undefined, Values: [1, 9], Counts: [95, 5] });
      w.advance(3 * MINUTE - 1);
      const { StateReasonData, ...shown } = alarm();
      const crossed = w
        .call('CloudWatch', 'DescribeAlarmHistory', { AlarmName: 'a', HistoryItemType: 'StateUpdate' })
        .AlarmHistoryItems.some(({ HistorySummary }: { HistorySummary: string }) =>
          HistorySummary.endsWith('to ALARM'),
        );
      w.call('CloudWatch', 'DeleteAlarms', { AlarmNames: ['a'] });
      return { crossed, shown, statistic: JSON.parse(StateReasonData).statistic };
    };
    const high = percentile('p96');
    expect(high).toMatchObject({ crossed: true, statistic: 'p96', shown: { ExtendedStatistic: 'p96' } });
    expect(high.shown.Statistic).toBeUndefined();
    expect(percentile('p95').crossed, '95 of 100 samples are low').toBe(false);
    expect(percentile('p95.5').crossed).toBe(true);
    expect(percentile('p100').crossed).toBe(true);
  });

  test('a percentile has no data from before its alarm; samples of a set are its extremes', () => {
    put(9);
    putAlarm({ Statistic: undefined, ExtendedStatistic: 'p50', EvaluationPeriods: 3, DatapointsToAlarm: 1 });
    w.advance(2 * MINUTE);
    expect(alarm().StateValue).toBe('INSUFFICIENT_DATA');
    // A mean of 3 from 1 to 9 is three of four at 1.
    put(0, { Value: undefined, StatisticValues: { SampleCount: 4, Sum: 12, Minimum: 1, Maximum: 9 } });
    w.advance(2 * MINUTE);
    expect(alarm().StateValue).toBe('OK');
    expect(JSON.parse(alarm().StateReasonData).recentDatapoints).toEqual([1]);
  });

  test('SetAlarmState is undone by the next evaluation; names over 100 are refused', () => {
    putAlarm({ TreatMissingData: 'notBreaching' });
    w.advance(MINUTE);
    w.call('CloudWatch', 'SetAlarmState', { AlarmName: 'a', StateValue: 'ALARM', StateReason: 'test' });
    expect(alarm()).toMatchObject({ StateValue: 'ALARM', StateReason: 'test' });
    w.advance(MINUTE);
    expect(alarm().StateValue).toBe('OK');
    expect(w.refusal('CloudWatch', 'SetAlarmState', { AlarmName: 'none', StateValue: 'OK', StateReason: '' })).toBe(
      'ResourceNotFound: ',
    );
    expect(
      w.refusal('CloudWatch', 'DeleteAlarms', { AlarmNames: Array.from({ length: 101 }, (_, i) => `x${i}`) }),
    ).toContain('ValidationError');
    w.call('CloudWatch', 'DeleteAlarms', { AlarmNames: ['a', 'none'] });
    expect(alarm()).toBeUndefined();
  });

  test('DescribeAlarms selects by prefix, action and state, a hundred a page', () => {
    for (let i = 0; i < 120; i++) {
      putAlarm({ AlarmName: `n${String(i).padStart(3, '0')}`, AlarmActions: i === 7 ? ['arn:aws:sns:x:1:t'] : [] });
    }
    const first = w.call('CloudWatch', 'DescribeAlarms', { AlarmNamePrefix: 'n' });
    expect(first.MetricAlarms).toHaveLength(100);
    expect(
      w.call('CloudWatch', 'DescribeAlarms', { AlarmNamePrefix: 'n', NextToken: first.NextToken }).MetricAlarms,
    ).toHaveLength(20);
    expect(w.call('CloudWatch', 'DescribeAlarms', { ActionPrefix: 'arn:aws:sns' }).MetricAlarms).toHaveLength(1);
    expect(w.call('CloudWatch', 'DescribeAlarms', { StateValue: 'ALARM' }).MetricAlarms).toHaveLength(0);
  });
});

describe('GetMetricData', () => {
  test('sums periods, evaluates expressions, and leaves out what is not returned', () => {
    play([1, 2, undefined, 4]);
    const { MetricDataResults } = getData([
      stat('m1'),
      stat('five', { Period: 300 }),
      { Id: 'e1', Expression: 'FILL(m1, 0) * 10' },
      stat('hidden', {}, { ReturnData: false }),
    ]);
    expect(MetricDataResults.map((r: { Id: string; Values: number[] }) => [r.Id, r.Values])).toEqual([
      ['m1', [1, 2, 4]],
      ['five', [7]],
      ['e1', [10, 20, 0, 40]],
    ]);
    expect(MetricDataResults[0].Timestamps[2]).toEqual(new Date(START + 3 * MINUTE));
  });

  test('is newest first unless asked otherwise, and pages by datapoints', () => {
    play([1, 2, 3, 4]);
    const first = getData([stat('a'), stat('b')], { MaxDatapoints: 3, ScanBy: 'TimestampDescending' });
    expect(first.MetricDataResults).toMatchObject([{ Id: 'a', Values: [4, 3, 2], StatusCode: 'PartialData' }]);
    const second = getData([stat('a'), stat('b')], {
      MaxDatapoints: 3,
      ScanBy: 'TimestampDescending',
      NextToken: first.NextToken,
    });
    expect(second.MetricDataResults).toMatchObject([
      { Id: 'a', Values: [1], StatusCode: 'Complete' },
      { Id: 'b', Values: [4, 3], StatusCode: 'PartialData' },
    ]);
    const third = getData([stat('a'), stat('b')], {
      MaxDatapoints: 3,
      ScanBy: 'TimestampDescending',
      NextToken: second.NextToken,
    });
    expect(third.MetricDataResults).toMatchObject([{ Id: 'b', Values: [2, 1], StatusCode: 'Complete' }]);
    expect(third.NextToken).toBeUndefined();
  });

  test.each([
    [[{ Id: 'e', Expression: 'SEARCH(1)' }], "function 'SEARCH' is not supported"],
    [[{ Id: 'e', Expression: 'm9 + 1' }], "Undefined variable 'm9'"],
    [
      [
        { Id: 'e', Expression: 'f' },
        { Id: 'f', Expression: 'e' },
      ],
      'Circular dependency',
    ],
    [[stat('a'), stat('a')], 'not unique'],
    [[stat('a', { Stat: 'p99' })], "'p99' is not supported"],
    [[stat('a', { Period: 45 })], 'Period'],
    [[{ Id: 'a' }], 'exactly one of MetricStat and Expression'],
  ])('%j is refused', (queries, message) => {
    w.advance(HOUR);
    expect(() => getData(queries)).toThrow(message);
  });

  test('a metric is its exact dimensions; minutes are kept 15 days', () => {
    put(1, { Dimensions: [{ Name: 'a', Value: '1' }] });
    put(5);
    w.advance(MINUTE);
    expect(getData([stat('m1')]).MetricDataResults[0].Values).toEqual([5]);
    w.advance(15 * 24 * HOUR);
    expect(getData([stat('m1')]).MetricDataResults[0].Values).toEqual([]);
    expect(getData([stat('m1', { Period: 300 })]).MetricDataResults[0].Values).toEqual([5]);
  });
});

test('ListMetrics filters, and forgets metrics silent for two weeks', () => {
  put(1, { Dimensions: [{ Name: 'a', Value: '1' }] });
  put(1);
  const list = (input: object): unknown[] => w.call('CloudWatch', 'ListMetrics', input).Metrics;
  expect(list({ Namespace: 'Mine' })).toHaveLength(2);
  expect(list({ Dimensions: [{ Name: 'a' }] })).toEqual([
    { Namespace: 'Mine', MetricName: 'm', Dimensions: [{ Name: 'a', Value: '1' }] },
  ]);
  w.advance(4 * HOUR);
  expect(list({ RecentlyActive: 'PT3H' })).toEqual([]);
  expect(list({ MetricName: 'm' })).toHaveLength(2);
  w.advance(14 * 24 * HOUR);
  expect(list({})).toEqual([]);
});
