import { mergeTargets } from '../../domain/merge-targets.ts';
import { countItem, isCountOf, type Recipe, type TargetSnapshot, weightItem } from '../../domain/recipe.ts';
import type { FleetRecord } from '../../domain/record.ts';
import { targetKey } from '../../domain/scalable-target.ts';
import type { Instant } from '../../domain/time.ts';
import type { EndpointConfigView, EndpointView, VariantView } from '../../ports/endpoints.ts';
import type { Outcome } from '../../ports/outcome.ts';
import { type Obstacle, type ParkFacts, wakeTag } from './before-park.ts';
import type { IdleWindowsPorts } from './ports.ts';

/** What a snapshot reads and writes through. */
export interface SnapshotPorts extends Pick<IdleWindowsPorts, 'fleet' | 'log'> {
  readonly endpoints: Pick<IdleWindowsPorts['endpoints'], 'tags'>;
  readonly settings: Pick<IdleWindowsPorts['settings'], 'tagPrefix'>;
}

export interface RecipeInput {
  readonly record: FleetRecord;
  readonly view: EndpointView;
  readonly config: EndpointConfigView;
  /** Undefined: nobody could tell. */
  readonly configTags: Readonly<Record<string, string>> | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly targets: readonly TargetSnapshot[];
  readonly previous: Recipe | undefined;
  readonly version: number;
  readonly now: Instant;
  readonly tagPrefix: string;
}

/** The recipe of what is there now, with what an earlier one knows better. */
export function buildRecipe(input: RecipeInput): Recipe {
  const { record, view, config, configTags, tags, targets, previous, version, now, tagPrefix } = input;
  // An incarnation that an earlier recipe tells of was not made since; what it lacks its owner took away.
  const recreatedByHand = tags[wakeTag(tagPrefix)] === undefined && previous?.creationTime !== view.creationTime;
  // What our own wake started, on the config that it named: nobody has deployed anything since.
  const isAsWoken = record.running?.creationTime === view.creationTime && record.running.configName === view.configName;
  const fallbackOf = isAsWoken && view.configName !== previous?.preferred.configName ? previous : undefined;
  const outstanding = record.outstanding ?? [];
  const older = { recipe: previous, endpoint: view.name, recreatedByHand, outstanding, now };
  const current = { configName: config.name, config: config.config, ...(configTags && { configTags }) };
  // Opaque to AWS's create call, which need not show it again; whoever deploys afterwards says what holds.
  const deploymentConfig =
    view.deploymentConfig ?? (isAsWoken || recreatedByHand ? previous?.deploymentConfig : undefined);
  const known = new Set(variantNames(fallbackOf));
  return {
    schemaVersion: 1,
    version,
    endpoint: view.name,
    takenAt: now,
    creationTime: view.creationTime,
    preferred: fallbackOf?.preferred ?? current,
    running: { configName: view.configName },
    tags,
    variants: variantsOf(input),
    ...shadowsOf(input, fallbackOf),
    ...(deploymentConfig && { deploymentConfig }),
    targets: mergeTargets(
      // A target of a variant that only the fallback has would be refused at every wake of the preferred config.
      targets.filter(({ resourceId }) => fallbackOf === undefined || known.has(resourceId.split('/').at(-1) ?? '')),
      older,
    ),
    imageDigests: fallbackOf?.imageDigests ?? view.imageDigests ?? previous?.imageDigests ?? {},
    outstanding,
  };
}

/** Counts and weights as they are, but those that a restore was refused: they are still what the owner asked for. */
function variantsOf({ view, config, previous, record }: RecipeInput): Recipe['variants'] {
  const types = new Map(config.variants.map(({ name, instanceType }) => [name, instanceType]));
  return view.variants.map((variant, index) => {
    // The only variant of a fallback may have another name.
    const other = view.variants.length === 1 ? previous?.variants[index] : undefined;
    const before = previous?.variants.find(({ name }) => name === variant.name) ?? other;
    const instanceType = types.get(variant.name);
    return { ...sizeOf(variant, before, record), ...(instanceType !== undefined && { instanceType }) };
  });
}

function shadowsOf({ view, previous, record }: RecipeInput, fallbackOf: Recipe | undefined): Pick<Recipe, 'shadows'> {
  const sized = (view.shadows ?? []).map((shadow) =>
    sizeOf(
      shadow,
      previous?.shadows?.find(({ name }) => name === shadow.name),
      record,
    ),
  );
  const shadows = fallbackOf === undefined ? sized : (fallbackOf.shadows ?? []);
  return shadows.length > 0 ? { shadows } : {};
}

interface Size {
  readonly name: string;
  readonly desired: number;
  readonly weight: number;
}

function sizeOf({ name, desired, weight }: VariantView, before: Size | undefined, { outstanding }: FleetRecord): Size {
  if (before === undefined) return { name, desired, weight };
  const items = (outstanding ?? []).map(({ item }) => item);
  // A count that was refused may have been a rung's or a demand's: the larger of the two is nearer to the owner's.
  const keptCount = items.some((item) => isCountOf(item, name)) ? Math.max(before.desired, desired) : desired;
  return {
    name,
    desired: items.includes(countItem(name, before.desired)) ? before.desired : keptCount,
    weight: items.includes(weightItem(name, before.weight)) ? before.weight : weight,
  };
}

/** Of the preferred config, in CreateEndpointConfig's shape. */
function variantNames(recipe: Recipe | undefined): readonly string[] {
  const variants = recipe?.preferred.config['ProductionVariants'] as readonly { VariantName?: string }[] | undefined;
  return (variants ?? []).flatMap(({ VariantName }) => VariantName ?? []);
}

/** What of an endpoint's scaling a delete would take with it. */
export async function readTargets(
  { scaling }: Pick<IdleWindowsPorts, 'scaling'>,
  view: EndpointView,
): Promise<Outcome<readonly TargetSnapshot[]>> {
  const targets: TargetSnapshot[] = [];
  for (const { name } of view.variants) {
    const snapshot = await scaling.snapshot(targetKey(view.name, { name, dimension: 'instances' }));
    if (!snapshot.ok) return snapshot;
    if (snapshot.value !== undefined) targets.push(snapshot.value);
  }
  return { ok: true, value: targets };
}

/**
 * Takes the recipe, writes it and reads it back. An obstacle when the table does not hold just what is there now: then
 * nothing may be deleted.
 */
export async function takeRecipe(
  ports: SnapshotPorts,
  record: FleetRecord,
  facts: Pick<ParkFacts, 'view' | 'tags'> & {
    readonly config: EndpointConfigView;
    readonly targets: readonly TargetSnapshot[];
  },
  now: Instant,
): Promise<Outcome<Recipe | Obstacle>> {
  const { view, config, tags, targets } = facts;
  const [newest] = await ports.fleet.recipeVersions(record.endpoint);
  // Only what this record parked: an endpoint of that name that was let go long ago is somebody else's history.
  const { recipeVersion } = record;
  const previous =
    recipeVersion === undefined ? undefined : await ports.fleet.readRecipe(record.endpoint, recipeVersion);
  // What it knows better could not be merged, and would be lost.
  if (previous === 'unreadable') return unproven({ unreadable: recipeVersion ?? null });
  const { tagPrefix } = ports.settings;
  const version = (newest ?? 0) + 1;
  const configTags = await readConfigTags(ports, config, previous);
  const recipe = buildRecipe({ record, view, config, configTags, tags, targets, previous, version, now, tagPrefix });
  // A park that is refused at the last moment, again and again, must not push out what differs.
  const latest = newest === undefined ? undefined : await ports.fleet.readRecipe(record.endpoint, newest);
  const isReadable = latest !== undefined && latest !== 'unreadable';
  if (isReadable && sameValue({ ...recipe, version: latest.version, takenAt: latest.takenAt }, latest)) {
    return { ok: true, value: latest };
  }
  const written = await ports.fleet.writeRecipe(recipe, recipeVersion);
  if (!written.ok) {
    return { ok: true, value: { reason: 'recipe-too-large', evidence: { message: written.failure.message } } };
  }
  const read = await ports.fleet.readRecipe(record.endpoint, version);
  return sameValue(recipe, read) ? { ok: true, value: recipe } : unproven({});
}

function unproven(evidence: Obstacle['evidence']): Outcome<Obstacle> {
  return { ok: true, value: { reason: 'recipe-unproven', evidence } };
}

/** They outlive the endpoint and are needed only for a config that is gone: without an answer, those known before. */
async function readConfigTags(
  { endpoints, log }: SnapshotPorts,
  config: EndpointConfigView,
  previous: Recipe | undefined,
): Promise<Readonly<Record<string, string>> | undefined> {
  const tags = await endpoints.tags(config.arn);
  if (tags.ok) return tags.value;
  log.warn('the tags of an endpoint config cannot be read', { config: config.name, problem: tags.failure.message });
  return previous?.preferred.configName === config.name ? previous.preferred.configTags : undefined;
}

/** Equality of plain data; members that are undefined do not count. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  const right = new Map(Object.entries(b).filter(([, value]) => value !== undefined));
  return left.length === right.size && left.every(([key, value]) => right.has(key) && sameValue(value, right.get(key)));
}
