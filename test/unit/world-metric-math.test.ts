import { describe, expect, test } from 'vitest';
import { compileExpression, type MathValue } from '../../simulator/cloudwatch/metric-math.ts';

const VALUES = new Map<string, MathValue>([
  ['a', Float64Array.of(1, NaN, 3)],
  ['b', Float64Array.of(10, 20, 0)],
]);

function evaluate(expression: string): number | number[] {
  const value = compileExpression(expression).evaluate(VALUES, 3);
  return typeof value === 'number' ? value : [...value];
}

describe('metric math', () => {
  test.each<[string, number | number[]]>([
    ['1 + 2 * 3', 7],
    ['-(2 - 5)', 3],
    ['2 ^ 3 * 2', 16],
    ['a + b', [11, NaN, 3]],
    ['a / b', [0.1, NaN, NaN]],
    ['FILL(a, 0) * 2', [2, 0, 6]],
    ['FILL(a, REPEAT)', [1, 1, 3]],
    ['FILL(a, LINEAR)', [1, 2, 3]],
    ['SUM([a, b])', [11, 20, 3]],
    ['SUM(a)', 4],
    ['MAX(b)', 20],
    ['IF(b > 5, b, 0)', [10, 20, 0]],
    ['b >= 10 AND b < 20', [1, 0, 0]],
    ['CEIL(b / 7)', [2, 3, 0]],
  ])('%s', (expression, expected) => {
    const got = evaluate(expression);
    if (typeof expected === 'number') expect(got).toBe(expected);
    else expect(got).toEqual(expected);
  });

  test.each([
    ['ANOMALY_DETECTION_BAND(a)', "function 'ANOMALY_DETECTION_BAND' is not supported"],
    ['a +', 'unexpected end of expression'],
    ['a ; b', "unexpected ';'"],
    ['METRICS', "'METRICS' is not supported here"],
    ['constructor(a)', "function 'constructor' is not supported"],
  ])('%s is refused by name', (expression, message) => {
    expect(() => compileExpression(expression)).toThrow(message);
  });
});
