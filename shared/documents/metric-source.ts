import * as v from 'valibot';
import { METRIC_NAMES } from '../domain/metric-names.ts';
import type { CustomMetric, MetricMath } from '../domain/policy.ts';
import { mathAllowed } from './metric-math.ts';
import { at, fields, named, oneOf, word } from './schema.ts';

const MAX_METRICS = 10;
export const METRIC_ALLOWED = `one of the metrics ${METRIC_NAMES.join(', ')}`;
const FORMS =
  'the short name of a metric, { namespace, name, dimensions, statistic }, or { math, metrics } with a name for each';
/** What CloudWatch takes as a statistic: five words, and percentiles and their kin. */
const STATISTIC_ALLOWED = 'a statistic: Average, Minimum, Maximum, Sum, SampleCount, or a percentile like p90';
const STATISTIC_PATTERN =
  /^(?:Average|Minimum|Maximum|Sum|SampleCount|IQM|(?:p|tm|wm|tc|ts)\d{1,2}(?:\.\d{1,10})?|p100)$/;
const DIMENSION_ALLOWED =
  'a text of 1 to 255 characters; {endpoint}, {variant} and {component} stand for the endpoint’s own, and there are no others';
// An unknown placeholder would be taken literally, and the metric never have data.
const DIMENSION = /^(?!.*\{(?!(?:endpoint|variant|component)\})[^{}]*\})\S.{0,254}$/;
/** Application Auto Scaling's limit for expressions. */
const MATH_ALLOWED = 'a metric math expression of at most 2048 characters';

export const statistic = word(STATISTIC_PATTERN, STATISTIC_ALLOWED);

const tableMetric = v.pipe(v.picklist(METRIC_NAMES, METRIC_ALLOWED), v.description(METRIC_ALLOWED));

const custom = v.pipe(
  fields({
    namespace: word(/^[^:\s][^:]{0,254}$/, 'a CloudWatch namespace of 1 to 255 characters, without a colon'),
    name: word(/^\S.{0,254}$/, 'the name of a metric, 1 to 255 characters'),
    dimensions: v.optional(
      v.pipe(
        named(word(/^[^\s:].{0,254}$/, 'the name of a dimension'), word(DIMENSION, DIMENSION_ALLOWED)),
        v.maxEntries(30, 'at most 30 dimensions'),
      ),
    ),
    statistic,
    unit: v.optional(word(/^[A-Za-z/]{1,32}$/, 'a unit of CloudWatch, like Count or Percent')),
  }),
  v.transform(
    ({ dimensions = {}, ...rest }): CustomMetric => ({
      namespace: rest.namespace,
      name: rest.name,
      dimensions,
      statistic: rest.statistic,
      ...(rest.unit === undefined ? {} : { unit: rest.unit }),
    }),
  ),
);

const isObject = (input: unknown): input is object => typeof input === 'object' && input !== null;

const ID_ALLOWED = 'an id as metric math knows it: a small letter, then letters, digits and _';

const math = v.pipe(
  fields({
    math: v.pipe(v.string(MATH_ALLOWED), v.regex(/^(?=.*\S)[^\n]{1,2048}$/, MATH_ALLOWED), v.description(MATH_ALLOWED)),
    metrics: v.pipe(
      named(
        word(/^[a-z][A-Za-z0-9_]{0,254}$/, ID_ALLOWED),
        oneOf((input) => (isObject(input) ? 1 : 0), [tableMetric, custom]),
      ),
      v.maxEntries(MAX_METRICS, `at most ${MAX_METRICS} metrics`),
      v.minEntries(1, 'at least one metric'),
    ),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const wrong = mathAllowed(dataset.value.math, Object.keys(dataset.value.metrics));
    if (wrong !== undefined) addIssue({ message: wrong, path: at('math') });
    const words = new Set(dataset.value.math.match(/[A-Za-z_][A-Za-z0-9_]*/g) ?? []);
    for (const id of Object.keys(dataset.value.metrics)) {
      // AWS takes it, yet a metric that the expression does not name is a slip of the pen.
      if (!words.has(id)) addIssue({ message: 'a metric that the expression names', path: at('metrics', id) });
      if (id === RESULT_ID) addIssue({ message: `another id: ${RESULT_ID} is the result`, path: at('metrics', id) });
    }
  }),
  v.transform((input): MetricMath => input),
);

/** Id of the expression among the queries of a policy or an alarm. */
export const RESULT_ID = 'result';

/** The metric of a scaling policy or of its alarm, in any of its three forms. */
export const metricSource = v.pipe(
  oneOf(
    (input) => {
      if (!isObject(input)) return 0;
      return 'math' in input || 'metrics' in input ? 2 : 1;
    },
    [tableMetric, custom, math],
  ),
  v.description(FORMS),
);

export type MetricSourceInput = v.InferOutput<typeof metricSource>;

/** The name by which a source is known where its policy gives none; undefined: an expression has none. */
export function nameOfSource(source: MetricSourceInput): string | undefined {
  if (typeof source === 'string') return source;
  return 'math' in source ? undefined : source.name.replace(/[^A-Za-z0-9_]/g, '_').slice(0, 64);
}
