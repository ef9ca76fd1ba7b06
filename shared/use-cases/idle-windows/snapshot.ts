import type { Recipe, TargetSnapshot } from '../../domain/recipe.ts';
import type { FleetRecord } from '../../domain/record.ts';
import type { Instant } from '../../domain/time.ts';
import type { EndpointConfigView, EndpointView } from '../../ports/endpoints.ts';
import type { Outcome } from '../../ports/outcome.ts';
import { type ParkFacts, wakeTag } from './before-park.ts';
import type { IdleWindowsPorts } from './ports.ts';

export interface RecipeInput {
  readonly record: FleetRecord;
  readonly view: EndpointView;
  readonly config: EndpointConfigView;
  readonly tags: Readonly<Record<string, string>>;
  readonly targets: readonly TargetSnapshot[];
  readonly previous: Recipe | undefined;
  readonly version: number;
  readonly now: Instant;
  readonly tagPrefix: string;
}

/** The recipe of what is there now, with what an earlier one knows better. */
export function buildRecipe(input: RecipeInput): Recipe {
  const { record, view, config, tags, targets, previous, version, now, tagPrefix } = input;
  const madeByUs = tags[wakeTag(tagPrefix)] !== undefined;
  const isFallback =
    previous !== undefined &&
    record.running?.creationTime === view.creationTime &&
    record.running.configName === view.configName &&
    view.configName !== previous.preferred.configName;
  const types = new Map(config.variants.map(({ name, instanceType }) => [name, instanceType]));
  const outstanding = record.outstanding ?? [];
  return {
    schemaVersion: 1,
    version,
    endpoint: view.name,
    takenAt: now,
    creationTime: view.creationTime,
    preferred: isFallback ? previous.preferred : { configName: config.name, config: config.config },
    running: { configName: view.configName },
    tags,
    variants: view.variants.map(({ name, desired, weight }) => {
      const instanceType = types.get(name);
      return { name, desired, weight, ...(instanceType !== undefined && { instanceType }) };
    }),
    ...(view.deploymentConfig && { deploymentConfig: view.deploymentConfig }),
    // What a restore was refused, and what somebody who recreated the endpoint by hand did not put back.
    targets: mergeTargets(targets, targetsOf(view.name, previous), outstanding.length > 0 || !madeByUs),
    imageDigests: view.imageDigests ?? previous?.imageDigests ?? {},
    outstanding,
  };
}

/** An earlier recipe's targets, under the name as it is spelled now. */
function targetsOf(endpoint: string, recipe: Recipe | undefined): readonly TargetSnapshot[] {
  return (recipe?.targets ?? []).map((target) => ({
    ...target,
    resourceId: target.resourceId.replace(/^endpoint\/[^/]+/, `endpoint/${endpoint}`),
  }));
}

function mergeTargets(
  now: readonly TargetSnapshot[],
  before: readonly TargetSnapshot[],
  keepOlder: boolean,
): readonly TargetSnapshot[] {
  if (!keepOlder) return now;
  const merged = now.map((target) => {
    const older = before.find(({ resourceId }) => resourceId === target.resourceId);
    return older === undefined ? target : mergeTarget(target, older);
  });
  const lost = before.filter(({ resourceId }) => !now.some((target) => target.resourceId === resourceId));
  return [...merged, ...lost];
}

function mergeTarget(target: TargetSnapshot, older: TargetSnapshot): TargetSnapshot {
  const missing = <T extends { readonly name: string }>(has: readonly T[], had: readonly T[]): readonly T[] =>
    had.filter(({ name }) => !has.some((item) => item.name === name));
  return {
    ...target,
    policies: [...target.policies, ...missing(target.policies, older.policies)],
    scheduledActions: [...target.scheduledActions, ...missing(target.scheduledActions, older.scheduledActions)],
    alarms: [...target.alarms, ...missing(target.alarms, older.alarms)],
  };
}

export function resourceIdOf(endpoint: string, variant: string): string {
  return `endpoint/${endpoint}/variant/${variant}`;
}

/**
 * Takes the recipe, writes it and reads it back. `unproven` when what was read is not what was written: then nothing may
 * be deleted.
 */
export async function takeRecipe(
  ports: IdleWindowsPorts,
  record: FleetRecord,
  facts: ParkFacts & { readonly config: EndpointConfigView },
  now: Instant,
): Promise<Outcome<Recipe | 'unproven'>> {
  const { view, config, tags } = facts;
  const targets: TargetSnapshot[] = [];
  for (const { name } of view.variants) {
    const snapshot = await ports.scaling.snapshot(resourceIdOf(view.name, name));
    if (!snapshot.ok) return snapshot;
    if (snapshot.value !== undefined) targets.push(snapshot.value);
  }
  const [newest] = await ports.fleet.recipeVersions(record.endpoint);
  // Only what this record parked: an endpoint of that name that was let go long ago is somebody else's history.
  const { recipeVersion } = record;
  const previous =
    recipeVersion === undefined ? undefined : await ports.fleet.readRecipe(record.endpoint, recipeVersion);
  const { tagPrefix } = ports.settings;
  const version = (newest ?? 0) + 1;
  const recipe = buildRecipe({ record, view, config, tags, targets, previous, version, now, tagPrefix });
  // A park that is refused at the last moment, again and again, must not push out what differs.
  const latest = newest === undefined ? undefined : await ports.fleet.readRecipe(record.endpoint, newest);
  if (latest !== undefined && sameValue({ ...recipe, version: latest.version, takenAt: latest.takenAt }, latest)) {
    return { ok: true, value: latest };
  }
  await ports.fleet.writeRecipe(recipe, recipeVersion);
  const read = await ports.fleet.readRecipe(record.endpoint, version);
  return { ok: true, value: sameValue(recipe, read) ? recipe : 'unproven' };
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
