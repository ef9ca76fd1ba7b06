import { desiredOf, type Recipe } from '../../domain/recipe.ts';
import type { FleetRecord } from '../../domain/record.ts';
import type { EndpointConfigView } from '../../ports/endpoints.ts';
import { createSession, LostRaceError } from '../idle-windows/session.ts';
import { sameValue } from '../idle-windows/snapshot.ts';
import { isOf, recordOn, type UpdatePlan, weightsOf } from './plan-update.ts';
import type { UpdatePorts } from './ports.ts';
import { newRun } from './run.ts';

export type ParkedUpdate =
  | { readonly kind: 'stored'; readonly recipeVersion: number }
  /** Nothing was changed. */
  | { readonly kind: 'refused'; readonly why: string };

/** The owner's new truth while nothing of the endpoint is there: the next wake starts from it. Nothing is created. */
export async function updateParked(ports: UpdatePorts, { record, config }: UpdatePlan): Promise<ParkedUpdate> {
  const { run, lease } = newRun(ports);
  const fresh = await ports.fleet.get(record.endpoint);
  if (fresh?.phase !== 'parked') return changed(record);
  const session = createSession(fresh, { fleet: ports.fleet, clock: ports.clock, run, lease });
  try {
    if (!(await session.acquire())) return changed(record);
    const written = await writeRecipe(ports, session.record, config);
    if (typeof written === 'string') {
      await session.close((same) => same);
      return { kind: 'refused', why: written };
    }
    await session.close(({ orphaned: _, checkedAt: __, imageMoved: ___, ...leased }) => ({
      ...recordOn(leased, config),
      recipeVersion: written.version,
      parkedDesired: desiredOf(written),
      nextAt: { scaling: run.now, windows: run.now },
    }));
    return { kind: 'stored', recipeVersion: written.version };
  } catch (error) {
    if (error instanceof LostRaceError) return changed(record);
    throw error;
  }
}

function changed({ endpoint }: FleetRecord): ParkedUpdate {
  return { kind: 'refused', why: `${endpoint} is being worked on, or is not parked any more: try again` };
}

async function writeRecipe(
  ports: UpdatePorts,
  { endpoint, recipeVersion }: FleetRecord,
  config: EndpointConfigView,
): Promise<Recipe | string> {
  const before = recipeVersion === undefined ? undefined : await ports.fleet.readRecipe(endpoint, recipeVersion);
  if (before === undefined || before === 'unreadable') return `version ${recipeVersion ?? 'none'} cannot be read`;
  const [newest = 0] = await ports.fleet.recipeVersions(endpoint);
  const tags = await ports.endpoints.tags(config.arn);
  if (!tags.ok) {
    ports.log.warn('the tags of an endpoint config cannot be read', {
      config: config.name,
      problem: tags.failure.message,
    });
  }
  const configTags = tags.ok ? { configTags: tags.value } : {};
  const recipe: Recipe = {
    ...deployed(before, config),
    version: newest + 1,
    takenAt: ports.clock.now(),
    preferred: { configName: config.name, config: config.config, ...configTags },
  };
  const written = await ports.fleet.writeRecipe(recipe, recipeVersion);
  if (!written.ok) return written.failure.message;
  const read = await ports.fleet.readRecipe(endpoint, recipe.version);
  return sameValue(recipe, read)
    ? recipe
    : `version ${recipe.version} of the recipe does not read back as it was written`;
}

/** Counts, weights and scaling of the variants that stay; a new one begins as its config says. */
function deployed(before: Recipe, config: EndpointConfigView): Recipe {
  const { shadows: _, imageDigests: __, ...recipe } = before;
  const types = new Map(config.variants.map(({ name, instanceType }) => [name, instanceType]));
  const variants = weightsOf(config.config, 'ProductionVariants').map((initial) => {
    const { desired, weight } = before.variants.find(({ name }) => name === initial.name) ?? initial;
    const instanceType = types.get(initial.name);
    return { name: initial.name, desired, weight, ...(instanceType !== undefined && { instanceType }) };
  });
  const shadows = weightsOf(config.config, 'ShadowProductionVariants').map(
    (initial) => before.shadows?.find(({ name }) => name === initial.name) ?? initial,
  );
  return {
    ...recipe,
    variants,
    ...(shadows.length > 0 && { shadows }),
    targets: before.targets.filter(({ resourceId }) => variants.some(({ name }) => isOf(resourceId, name))),
    // Of the images of another config nothing is known yet.
    imageDigests: {},
  };
}
