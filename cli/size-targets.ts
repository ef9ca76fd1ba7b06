/** What a load test says of one instance, and how much of it a target may use. */
export interface SizeInput {
  /** Requests per second that one instance bears; undefined where a concurrency without a latency does not say it. */
  readonly perSecond?: number;
  /** Requests that it works on at once at that rate; undefined where a rate without a latency does not say it. */
  readonly concurrency?: number;
  /** Share of the limit that a target uses, in (0, 1]: the rest bears the load while an instance starts. */
  readonly safety: number;
  /** How much more than today is to fit, as a share: 0.2 is 20 % more. */
  readonly headroom: number;
  /** Requests per second of the busiest and of the quietest time. */
  readonly peak?: number;
  readonly trough?: number;
}

export interface Sizes {
  /** Target for SageMakerVariantInvocationsPerInstance: a minute's requests of one instance. */
  readonly invocationsPerInstance?: number;
  /** Target for concurrent requests per model. */
  readonly concurrentRequests?: number;
  readonly min?: number;
  readonly max?: number;
}

const SIGNIFICANT_DIGITS = 4;
/** Beyond them a double tells of its own binary fractions. */
const EXACT_DIGITS = 12;

/**
 * AWS's rule: target = limit × safety factor, times 60 where the metric is a sum over a minute
 * (docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-loadtest.html). Headroom divides both. A target is a double
 * for AWS; it is only ever rounded down, since a target above the product may lie above the limit itself.
 */
export function sizeTargets({ perSecond, concurrency, safety, headroom, peak, trough }: SizeInput): Sizes {
  const usable = safety / (1 + headroom);
  const sizes: { -readonly [field in keyof Sizes]: Sizes[field] } = {};
  if (concurrency !== undefined) sizes.concurrentRequests = roundDown(concurrency * usable);
  if (perSecond === undefined) return sizes;
  sizes.invocationsPerInstance = roundDown(perSecond * 60 * usable);
  const instancesFor = (rate: number) => Math.max(1, Math.ceil(withoutNoise(rate / (perSecond * usable))));
  if (trough !== undefined) sizes.min = instancesFor(trough);
  if (peak !== undefined) sizes.max = instancesFor(peak);
  return sizes;
}

/** Undefined: nothing is unwise about it. */
export function safetyWarning(safety: number): string | undefined {
  if (safety <= 0.8) return undefined;
  return 'better at most 80%: above 80 % of the measured limit nothing is left for the time in which an instance starts';
}

/** To four digits, or to a whole number where that has more. */
export function roundDown(product: number): number {
  const [digits = '', exponent = ''] = product.toExponential(EXACT_DIGITS - 1).split('e');
  const kept = Math.max(SIGNIFICANT_DIGITS, Number(exponent) + 1);
  // One more for the point.
  return Number(`${digits.slice(0, kept + 1)}e${exponent}`);
}

/** Without the last digits of binary fractions: 70 % of 10 is 7, not a bit less or more. */
export function withoutNoise(value: number): number {
  return Number(value.toPrecision(EXACT_DIGITS));
}
