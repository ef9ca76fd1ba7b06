import { describe, expect, test } from 'vitest';
import type { AlarmDefinition, MissingDataTreatment } from '../../simulator/cloudwatch/alarm.ts';
import { judge } from '../../simulator/cloudwatch/alarm-evaluation.ts';

const TREATMENTS: readonly MissingDataTreatment[] = ['missing', 'ignore', 'breaching', 'notBreaching'];

/** `0` fine, `X` breaching, `-` missing; the last is the newest, as the CloudWatch user guide prints its tables. */
function judgeAll(points: string, datapointsToAlarm: number): string[] {
  const values = Float64Array.from(points.split(' '), (c) => (c === '-' ? NaN : c === 'X' ? 10 : 0));
  return TREATMENTS.map((TreatMissingData) => {
    const definition: AlarmDefinition = {
      AlarmName: 'a',
      EvaluationPeriods: 3,
      DatapointsToAlarm: datapointsToAlarm,
      Threshold: 5,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData,
    };
    return judge(values, definition).state;
  });
}

describe("alarms judge missing data as the user guide's tables say", () => {
  test.each([
    ['0 - X - X', ['OK', 'OK', 'OK', 'OK']],
    ['0 - - - -', ['OK', 'OK', 'OK', 'OK']],
    ['- - - - -', ['INSUFFICIENT_DATA', 'retain', 'ALARM', 'OK']],
    ['0 X X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['- - X - -', ['ALARM', 'retain', 'ALARM', 'OK']],
  ])('3 out of 3: %s', (points, states) => {
    expect(judgeAll(points, 3)).toEqual(states);
  });

  test.each([
    ['0 - X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['0 0 X 0 X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['0 - X - -', ['OK', 'OK', 'ALARM', 'OK']],
    ['- - - - 0', ['OK', 'OK', 'ALARM', 'OK']],
    ['- - - X -', ['ALARM', 'retain', 'ALARM', 'OK']],
  ])('2 out of 3: %s', (points, states) => {
    expect(judgeAll(points, 2)).toEqual(states);
  });

  test('a lone newest breach is no alarm of three', () => {
    expect(judgeAll('- - - - X', 3)).toEqual(['retain', 'retain', 'ALARM', 'OK']);
  });

  test.each([
    ['GreaterThanOrEqualToThreshold', 5, 'ALARM'],
    ['GreaterThanThreshold', 5, 'OK'],
    ['LessThanThreshold', 5, 'OK'],
    ['LessThanOrEqualToThreshold', 5, 'ALARM'],
    ['LessThanThreshold', 4, 'ALARM'],
    ['GreaterThanThreshold', 6, 'ALARM'],
  ] as const)('%s of %d', (ComparisonOperator, value, state) => {
    const definition = { AlarmName: 'a', EvaluationPeriods: 1, Threshold: 5, ComparisonOperator };
    expect(judge(Float64Array.of(NaN, NaN, value), definition).state).toBe(state);
  });
});
