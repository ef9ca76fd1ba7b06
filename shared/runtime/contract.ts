import type { Clock, LogSink, Random, Sleep } from '../ports/world.ts';

/** What differs between Lambda and a rehearsal; everything else is the same code. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Merged into every SDK client's config: requestHandler, retryStrategy, signer, credentials, region, endpoint … */
  readonly clientDefaults: Readonly<Record<string, unknown>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly sleep: Sleep;
  readonly logSink: LogSink;
}

/** The part of Lambda's context that handlers use. */
export interface HandlerContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** What one run answers and logs as its summary. */
export interface RunSummary {
  readonly function: string;
  readonly trigger: string;
  readonly considered: number;
  readonly skipped: number;
  readonly decisions: Readonly<Record<string, number>>;
  readonly failures: number;
}

export type Handler = (event: unknown, context: HandlerContext) => Promise<RunSummary>;
