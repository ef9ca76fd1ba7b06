import type { Recipe } from '../../domain/recipe.ts';
import { failRehearsal } from '../../domain/rehearsal.ts';
import type { EndpointConfigView } from '../../ports/endpoints.ts';
import type { Failure } from '../../ports/outcome.ts';
import { type ModelsFound, readModels } from './before-park.ts';
import type { RecordChange, Work } from './ports.ts';
import { announce, recordDecision, together } from './report.ts';

export interface Dependencies {
  /** The preferred config; absent: it or a model of it is gone, or nobody could tell. */
  readonly config?: EndpointConfigView;
  /** With the config: its models. */
  readonly models?: ModelsFound['made'];
  readonly failure?: Failure;
  readonly change?: RecordChange;
}

/** The preferred config and its models; what is surely gone makes the parked endpoint an orphan. */
export async function lookForOrphan(work: Work, configName: string): Promise<Dependencies> {
  const { ports, run } = work;
  const config = await ports.endpoints.describeConfig(configName);
  if (!config.ok) return { failure: config.failure };
  const { made, missing, unanswered } = await readModels(ports, config.value);
  const [failure] = unanswered;
  if (missing.length === 0 && failure !== undefined) return { failure };
  if (config.value !== undefined && missing.length === 0) return { config: config.value, models: made };
  const models = missing.map((name) => `model ${name}`).join(', ');
  const what = config.value === undefined ? `endpoint config ${configName}` : models;
  const { orphaned } = work.session.record;
  const told = recordDecision(work, { decision: 'refuse', reason: 'orphaned', evidence: { missing: what } });
  if (orphaned === undefined) announce(work, 'Endpoint Orphaned', { reason: 'orphaned', missing: what });
  const marked: RecordChange = (record) => ({
    ...failRehearsal(record, run.now, `${what} is gone`),
    orphaned: record.orphaned ?? { since: run.now, what },
  });
  return { change: together(told, marked) };
}

/** Daily while parked: what is gone is announced before somebody needs the endpoint. Undefined: nobody could tell. */
export async function checkDependencies(work: Work): Promise<RecordChange | undefined> {
  const recipe = await readRecipe(work);
  if (recipe === undefined || recipe === 'unreadable') return undefined;
  const found = await lookForOrphan(work, recipe.preferred.configName);
  if (found.failure !== undefined) return undefined;
  const checked: RecordChange = (record) => ({ ...record, checkedAt: work.run.now });
  const back: RecordChange = ({ orphaned: _, ...record }) => record;
  return together(found.change ?? back, checked);
}

/** The recipe that the park wrote and read back. */
export async function readRecipe({ ports, session }: Work): Promise<Recipe | 'unreadable' | undefined> {
  const { record } = session;
  if (record.recipeVersion === undefined) return undefined;
  return ports.fleet.readRecipe(record.endpoint, record.recipeVersion);
}
