import { describe, expect, test } from 'vitest';
import { mathAllowed } from '../../../shared/documents/metric-math.ts';
import { compileExpression } from '../../../simulator/cloudwatch/metric-math.ts';

const IDS = ['a', 'b', 'busy_share'];

describe('metric math that a scaling policy may read', () => {
  test.each([
    'a',
    'a / 2',
    '-a ^ 2 + 1.5e3 * .5',
    'FILL(busy_share, 0) / 4',
    'FILL(a, REPEAT) + FILL(b, LINEAR)',
    'SUM([a, b])',
    'MAX([FILL(a, 0), b * 2])',
    'SUM(METRICS())',
    'SUM(METRICS("a"))',
    'IF(a > 5 AND b <= 2 || a != b, a, 0)',
    'IF(DAY(a) < 6 && HOUR(a) >= 9, a)',
    'CEIL(a / PERIOD(a))',
    'RATE(a) - RUNNING_SUM(b)',
    'FIRST(SORT(METRICS(), AVG, DESC))',
    'AVG([a,\tb]) * TIME_SERIES(1)',
    `${'('.repeat(1000)}a${')'.repeat(1000)}`,
  ])('%s', (math) => {
    expect(mathAllowed(math, IDS)).toBeUndefined();
  });

  test.each([
    ['a+', 'metric math that can be read: a value is missing at its end'],
    ['', 'metric math that can be read: a value is missing at its end'],
    ['(a', 'metric math that can be read: ) is missing at its end'],
    ['FILL(a,0))', 'metric math that can be read: an operator is missing at character 10, where ) stands'],
    ['FILL(a,)', 'metric math that can be read: a value is missing at character 8, where ) stands'],
    ['SUM([a, b)', 'metric math that can be read: ] is missing at character 10, where ) stands'],
    ['a b', 'metric math that can be read: an operator is missing at character 3, where b stands'],
    ['2a', 'metric math that can be read: an operator is missing at character 2, where a stands'],
    ['a = b', 'metric math that can be read: a sign that it does not know at character 3, where = stands'],
    ['a + "b"', 'metric math that can be read: a value is missing at character 5, where "b" stands'],
    ['a + "b', 'metric math that can be read: a sign that it does not know at character 5, where " stands'],
    ['FILL(a, 0) / c', 'names that `metrics` gives, a, b, busy_share; c is none'],
    ['REPEAT + a', 'names that `metrics` gives, a, b, busy_share; REPEAT is none'],
    ['A + b', 'names that `metrics` gives, a, b, busy_share; A is none'],
    ['FROB(a)', expect.stringMatching(/^functions of metric math, ABS, .*YEAR; FROB is none$/)],
    ['sum([a, b])', expect.stringMatching(/; sum is none$/)],
    ['FILL(a)', '2 arguments of FILL, not 1'],
    ['ABS()', 'one argument of ABS, not 0'],
    ['IF(a)', '2 to 3 arguments of IF, not 1'],
    ['SUM()', 'an argument or more of SUM, not 0'],
    [`SUM(SEARCH('x', 'Sum'))`, expect.stringMatching(/^an expression without SEARCH: /)],
    ['[a, b]', expect.stringMatching(/^an expression that gives one time series: /)],
    ['METRICS()', expect.stringMatching(/^an expression that gives one time series: /)],
    ['a + FILL(METRICS(), 0) * 2', expect.stringMatching(/^an expression that gives one time series: /)],
    ['SORT([a, b], SUM, ASC)', expect.stringMatching(/^an expression that gives one time series: /)],
  ])('not %s', (math, allowed) => {
    expect(mathAllowed(math, IDS)).toEqual(allowed);
  });

  // Two readers that know nothing of each other: what the simulated CloudWatch evaluates is not refused here.
  test.each(['a + b', 'MIN([a, b])', 'MAX(a, b)', 'IF(a >= b, FLOOR(a))', 'FILL(-a, b)', 'a == b OR a < 2 AND b > 1'])(
    'as CloudWatch evaluates it: %s',
    (math) => {
      const { ids } = compileExpression(math);
      expect(mathAllowed(math, ids)).toBeUndefined();
    },
  );
});
