import { HOUR, type Instant } from './time.ts';

/** A park that a dry run would have made. */
export interface DryPark {
  readonly at: Instant;
  readonly instances: number;
  readonly instanceType?: string;
}

/** Instance hours that would not have been paid for until then; what they cost is told where a price list is known. */
export function hoursSaved({ at, instances }: DryPark, until: Instant): number {
  const hours = (Math.max(0, until - at) / HOUR) * instances;
  return Math.round(hours * 100) / 100;
}
