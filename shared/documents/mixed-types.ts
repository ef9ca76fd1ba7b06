import * as v from 'valibot';
import { at, named, word } from './schema.ts';

const SERVES_ALLOWED = 'requests that one instance serves at once, more than 0';
/** SageMaker's limit on instance pools, twice: fallback configs may name other types. */
const MAX_TYPES = 10;
const WEIGHTED_METRIC = 'ConcurrentRequestsPerModel';

export const instanceType = word(/^ml\.[a-z0-9-]+\.[a-z0-9]+$/, 'a SageMaker instance type like ml.g5.2xlarge');

export const servesByType = v.pipe(
  named(instanceType, v.pipe(v.number(SERVES_ALLOWED), v.finite(SERVES_ALLOWED), v.gtValue(0, SERVES_ALLOWED))),
  v.minEntries(1, 'at least one instance type'),
  v.maxEntries(MAX_TYPES, `at most ${MAX_TYPES} instance types`),
  v.description('instance types with the requests that one instance serves at once, { ml.g5.2xlarge: 8 }'),
);

interface WeightedInput {
  readonly metric: unknown;
  readonly target: unknown;
  readonly reference?: string | undefined;
  readonly serves?: Readonly<Record<string, number>> | undefined;
}

/** A target over several instance types is in units of one of them, and of the one metric that AWS publishes by type. */
export function weightIssues({ metric, target, reference, serves }: WeightedInput) {
  const issues: { message: string; path: ReturnType<typeof at> }[] = [];
  const complain = (key: string, message: string) => issues.push({ message, path: at(key) });
  if (serves === undefined) {
    if (reference !== undefined) complain('serves', 'required with `reference`: how much each type serves');
    return issues;
  }
  const types = Object.keys(serves);
  const most = reference === undefined ? undefined : serves[reference];
  if (metric !== WEIGHTED_METRIC) complain('serves', `absent: only ${WEIGHTED_METRIC} is weighed by instance type`);
  if (reference === undefined) complain('reference', 'required with `serves`: the type that the target speaks of');
  else if (!types.includes(reference) && types.length > 0) complain('reference', `one of ${types.join(', ')}`);
  else if (typeof target === 'number' && most !== undefined && most > 0 && target > most)
    complain('target', `at most ${most}, which is what one ${reference} serves`);
  return issues;
}
