import { desiredOf, type Recipe } from '../../domain/recipe.ts';
import type { FleetRecord, TargetState } from '../../domain/record.ts';
import { type Instant, SECOND } from '../../domain/time.ts';
import type { FleetStore } from '../../ports/fleet-store.ts';

export interface RecoveryRequest {
  /** Names; empty: everything of the table that is not up. */
  readonly endpoints: readonly string[];
  /** Recipe to recreate from instead of the newest that the record names; only with a single endpoint. */
  readonly version?: number;
}

/** One endpoint that is to be recreated, and from what. */
export interface Recovery {
  readonly endpoint: string;
  readonly phase: FleetRecord['phase'];
  readonly policyName: string;
  /** Absent: its recipe is not known before the first step (a park that was broken off). */
  readonly recipe?: Recipe;
  readonly parkedAt?: Instant;
  /** The table has no record of it any more (it was forgotten): one is made from the recipe. */
  readonly forgotten: boolean;
}

export interface RecoveryPlan {
  readonly recoveries: readonly Recovery[];
  /** Records of endpoints that are up: nothing to do. */
  readonly up: readonly string[];
  /** Named or parked, but nothing can be recreated, and why. */
  readonly impossible: readonly { readonly endpoint: string; readonly why: string }[];
}

type Fleet = Pick<FleetStore, 'list' | 'readRecipe' | 'recipeVersions'>;

/** What the table holds that could be recreated. Changes nothing. */
export async function planRecovery(fleet: Fleet, request: RecoveryRequest): Promise<RecoveryPlan> {
  const records = new Map((await fleet.list()).map((record) => [record.endpoint.toLowerCase(), record]));
  const named = request.endpoints.map((name) => name.toLowerCase());
  const keys = named.length > 0 ? [...new Set(named)] : [...records.keys()].sort();
  const recoveries: Recovery[] = [];
  const up: string[] = [];
  const impossible: { endpoint: string; why: string }[] = [];
  for (const key of keys) {
    const record = records.get(key);
    if (record?.phase === 'up') {
      up.push(record.endpoint);
      continue;
    }
    const endpoint = record?.endpoint ?? request.endpoints.find((name) => name.toLowerCase() === key) ?? key;
    const planned = await planOne(fleet, endpoint, record, request.version);
    if (typeof planned === 'string') impossible.push({ endpoint, why: planned });
    else recoveries.push(planned);
  }
  return { recoveries, up, impossible };
}

async function planOne(
  fleet: Fleet,
  endpoint: string,
  record: FleetRecord | undefined,
  version: number | undefined,
): Promise<Recovery | string> {
  const versions = await fleet.recipeVersions(endpoint);
  const wanted = version ?? record?.recipeVersion ?? versions[0];
  if (wanted === undefined) {
    // Nothing was deleted yet when a park was broken off before its recipe.
    if (record?.phase === 'parking') return { ...factsOf(record), forgotten: false };
    return 'the table holds no recipe of it';
  }
  const there = versions.length === 0 ? 'none' : versions.join(', ');
  if (version !== undefined && record !== undefined && record.phase !== 'parked') {
    return `it is ${record.phase}: another version can be chosen only while it is parked`;
  }
  const recipe = await fleet.readRecipe(endpoint, wanted);
  if (recipe === undefined) return `version ${wanted} of its recipe is not in the table (there: ${there})`;
  if (recipe === 'unreadable') {
    return `version ${wanted} of its recipe cannot be read: a newer version of the scaler wrote it, or it is damaged`;
  }
  if (record === undefined) {
    const policyName = policyOf(recipe);
    return { endpoint: recipe.endpoint, phase: 'parked', policyName, recipe, forgotten: true };
  }
  return { ...factsOf(record), recipe, forgotten: false };
}

function factsOf(record: FleetRecord): Omit<Recovery, 'recipe' | 'forgotten'> {
  const { endpoint, phase, policyName, parkedAt } = record;
  return { endpoint, phase, policyName, ...(parkedAt !== undefined && { parkedAt }) };
}

function policyOf({ tags }: Recipe): string {
  return Object.entries(tags).find(([key]) => key.endsWith(':policy'))?.[1] ?? '';
}

function targetsOf({ variants }: Recipe): readonly TargetState[] {
  return variants.map(({ name, desired, instanceType }) => ({
    name,
    dimension: 'instances',
    desired,
    ...(instanceType !== undefined && { instanceType }),
  }));
}

/** The record of a parked endpoint, as a recipe alone tells it. */
export function recordFromRecipe(recipe: Recipe, now: Instant): FleetRecord {
  const [variant, ...more] = recipe.variants;
  return {
    schemaVersion: 1,
    version: 1,
    endpoint: recipe.endpoint,
    arn: '',
    kind: 'real-time',
    ...(variant !== undefined && more.length === 0 ? { variant: variant.name } : { targets: targetsOf(recipe) }),
    phase: 'parked',
    phaseSince: now,
    // Seconds since 1970: higher than any generation that an earlier record counted up to.
    generation: Math.floor(now / SECOND),
    policyName: policyOf(recipe),
    protected: false,
    demand: [],
    recipeVersion: recipe.version,
    parkedDesired: desiredOf(recipe),
    nextAt: { scaling: now, windows: now },
  };
}
