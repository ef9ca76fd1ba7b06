/** What a load test says of one instance, and how much of it a target may use. */
export interface SizeInput {
  /** Requests per second that one instance bears. */
  readonly perSecond: number;
  /** Requests that it works on at once at that rate. */
  readonly concurrency: number;
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
  readonly invocationsPerInstance: number;
  /** Target for concurrent requests per model. */
  readonly concurrentRequests: number;
  readonly min?: number;
  readonly max?: number;
}

/** The smallest steps in which the two are told. */
const FINEST_COUNT = 1;
const FINEST_CONCURRENCY = 0.1;

/**
 * AWS's rule: target = limit × safety factor, times 60 where the metric is a sum over a minute
 * (docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-loadtest.html). Headroom divides both.
 */
export function sizeTargets({ perSecond, concurrency, safety, headroom, peak, trough }: SizeInput): Sizes {
  const usable = safety / (1 + headroom);
  const instancesFor = (rate: number) => Math.max(1, Math.ceil(rounded(rate / (perSecond * usable), 6)));
  return {
    invocationsPerInstance: Math.max(FINEST_COUNT, Math.floor(rounded(perSecond * 60 * usable, 6))),
    concurrentRequests: Math.max(FINEST_CONCURRENCY, rounded(concurrency * usable, 1)),
    ...(trough === undefined ? {} : { min: instancesFor(trough) }),
    ...(peak === undefined ? {} : { max: instancesFor(peak) }),
  };
}

/** Undefined: nothing is unwise about it. */
export function safetyWarning(safety: number): string | undefined {
  if (safety <= 0.8) return undefined;
  return 'better at most 80%: above 80 % of the measured limit nothing is left for the time in which an instance starts';
}

/** Without the last digits of binary fractions: 70 % of 10 is 7, not one less. */
function rounded(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
