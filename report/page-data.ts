import type { DecisionResult } from '../rehearsal/result.ts';
import type { Day } from './zone.ts';

/** What the page draws, embedded in it as JSON. Instants are epoch milliseconds. */
export interface PageData {
  readonly from: number;
  readonly to: number;
  readonly timezone: string;
  readonly days: readonly Day[];
  readonly fleet: FleetSeries;
  readonly endpoints: readonly EndpointSeries[];
}

export interface FleetSeries {
  /** Bands from the bottom up; beyond eight endpoints the smallest are one band. */
  readonly bands: readonly { readonly name: string; readonly hourly: readonly number[] }[];
  /** Instances that would stand there all the time. */
  readonly alwaysOn: number;
  /** What the numbers count. */
  readonly counts: string;
}

export interface EndpointSeries {
  readonly name: string;
  /** What the steps count. */
  readonly counts: string;
  readonly steps: readonly Step[];
  readonly absences: readonly Stretch[];
  readonly windows: readonly WindowShade[];
  readonly requestsByHour: readonly number[];
  readonly decisions: readonly Mark[];
}

export interface Step {
  readonly at: number;
  readonly desired: number;
  readonly serving: number;
  readonly status: string;
}

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface WindowShade extends Stretch {
  readonly during: string;
  /** End of the lateness; equal to `from` when in time. */
  readonly lateTo: number;
}

/** A decision; what its codes mean in words is the page's to know. */
export interface Mark extends Omit<DecisionResult, 'at' | 'until'> {
  readonly at: number;
  readonly until: number;
}
