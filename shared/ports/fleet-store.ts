import type { Recipe } from '../domain/recipe.ts';
import type { FleetRecord, Hold, LeadSamples } from '../domain/record.ts';
import type { Instant } from '../domain/time.ts';
import type { Outcome } from './outcome.ts';

/**
 * The state table. Keys are lower-cased names; reads are consistent. Throws only on failures of the table itself. Items
 * of a newer schemaVersion, and damaged ones, are reported; those of a newer one are never overwritten or removed.
 */
export interface FleetStore {
  /** All records of the fleet, by one paged Query, but those that this version cannot read. */
  list(): Promise<readonly FleetRecord[]>;
  get(endpoint: string): Promise<FleetRecord | undefined>;
  /** Creates a record; `conflict` when there is one. */
  create(record: FleetRecord): Promise<'written' | 'conflict'>;
  /**
   * Read, change, conditional write on `version`, again on conflict (bounded). `change` is pure; it returns undefined
   * to leave the record as it is. Answers the record as written, or undefined when there is none or nothing was changed.
   */
  update(endpoint: string, change: (record: FleetRecord) => FleetRecord | undefined): Promise<FleetRecord | undefined>;
  /** Conditional write of a record read before (its `version` is what is expected). */
  replace(record: FleetRecord): Promise<{ readonly written: FleetRecord } | 'conflict'>;
  /** Moves the record to `archive/<endpoint>` (never lost, not listed). */
  archive(record: FleetRecord, at: Instant): Promise<'written' | 'conflict'>;

  /**
   * Unexpired and expired holds alike (history is kept), by one Query; the newest per endpoint is the one in force. One
   * that a newer version wrote is told as `hands-off` without end.
   */
  holds(): Promise<readonly Hold[]>;
  /** `newer`: the hold that is there is a newer version's, and stays. */
  putHold(hold: Hold): Promise<'written' | 'newer'>;
  removeHold(endpoint: string, at: Instant): Promise<'written' | 'newer'>;

  /**
   * Writes under a new version (never overwrites), keeps the last 10, and `keep` however old it is. Fails when the recipe
   * is too large for an item; then nothing was written.
   */
  writeRecipe(recipe: Recipe, keep?: number): Promise<Outcome<void>>;
  /** `unreadable`: it is there, and was written by a newer version or is damaged. */
  readRecipe(endpoint: string, version: number): Promise<Recipe | 'unreadable' | undefined>;
  /** Newest first. */
  recipeVersions(endpoint: string): Promise<readonly number[]>;

  /** Samples of an endpoint and of its instance type. */
  samples(keys: readonly string[]): Promise<ReadonlyMap<string, LeadSamples>>;
  addSample(keys: readonly string[], kind: keyof LeadSamples, value: number): Promise<void>;
}
