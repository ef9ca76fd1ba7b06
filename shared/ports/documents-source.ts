import type { Outcome } from './outcome.ts';

/** One SSM parameter below `/<TagPrefix>/`. */
export interface RawDocument {
  readonly kind: 'schedules' | 'policies';
  readonly name: string;
  readonly parameter: string;
  readonly version: number;
  readonly text: string;
}

export interface DocumentSource {
  /** All pages or a failure: a half-read set of documents must change nothing for anyone. */
  readAll(): Promise<Outcome<readonly RawDocument[]>>;
}

/** Finds candidates only: late, with ghosts, lower-cased, blind for parked endpoints. */
export interface CandidateFinder {
  /** Endpoints that carry the policy tag, as the tagging API believes: ARN (lower-cased) and the tags it knows. */
  candidates(): Promise<Outcome<readonly Candidate[]>>;
}

export interface TableFinder {
  /** Names of tables that carry the stack's tag, its own among them, as the tagging API believes: late, with ghosts. */
  tables(): Promise<Outcome<readonly string[]>>;
}

export interface Candidate {
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
}
