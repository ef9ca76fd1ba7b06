import type { Recipe } from '../domain/recipe.ts';
import type { FleetRecord, Hold, LeadSamples } from '../domain/record.ts';
import type { Instant } from '../domain/time.ts';

/** The state table. Keys are lower-cased names; reads are consistent. Throws only on failures of the table itself. */
export interface FleetStore {
  /** All records of the fleet, by one paged Query; items of a newer schemaVersion are reported, not parsed. */
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

  /** Unexpired and expired holds alike (history is kept), by one Query; the newest per endpoint is the one in force. */
  holds(): Promise<readonly Hold[]>;
  putHold(hold: Hold): Promise<void>;
  removeHold(endpoint: string, at: Instant): Promise<void>;

  /** Writes under a new version (never overwrites), keeps the last 10, and `keep` however old it is. */
  writeRecipe(recipe: Recipe, keep?: number): Promise<void>;
  readRecipe(endpoint: string, version: number): Promise<Recipe | undefined>;
  /** Newest first. */
  recipeVersions(endpoint: string): Promise<readonly number[]>;

  /** Samples of an endpoint and of its instance type. */
  samples(keys: readonly string[]): Promise<ReadonlyMap<string, LeadSamples>>;
  addSample(keys: readonly string[], kind: keyof LeadSamples, value: number): Promise<void>;
}
