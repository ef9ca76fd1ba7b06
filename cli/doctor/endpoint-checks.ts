import { parks } from '../../shared/domain/kinds.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';
import { inParallel } from '../account/fleet.ts';
import { checkBelongings } from './belonging-checks.ts';
import { lookAtComponents } from './component-checks.ts';
import { describeModel, MODEL_ADVICE } from './describe.ts';
import { type Check, type Finding, orOk, type Patient, unread } from './finding.ts';
import { judgeLadder } from './ladder.ts';
import type { MadeOf } from './made-of.ts';
import { checkNetworks } from './network-checks.ts';
import { judgePools } from './pools.ts';

const AT_ONCE = 4;

/** What each endpoint is (or would be) made of: config, models, network; by their own names only. */
export const checkEndpoints: Check = async (patient) => {
  const looks = await inParallel(patient.fleet.records, AT_ONCE, (record) => checkEndpoint(patient, record));
  const flat = looks.flatMap(({ findings }) => findings);
  const made = looks.flatMap((look) => look.made ?? []);
  const wrong = flat.filter(({ check }) => check === 'dependencies');
  const rest = flat.filter(({ check }) => check !== 'dependencies');
  return [
    ...orOk(wrong, 'dependencies', 'every endpoint’s config and models are there'),
    ...(await checkBelongings(patient, made)),
    ...(await checkNetworks(patient, made)),
    ...rest,
  ];
};

interface Look {
  readonly findings: readonly Finding[];
  /** Absent: its config could not be read. */
  readonly made?: MadeOf;
}

async function checkEndpoint(patient: Patient, record: FleetRecord): Promise<Look> {
  const source = await findConfigName(patient, record);
  if ('findings' in source) return source;
  const { configName } = source;
  const config = await patient.account.endpoints.describeConfig(configName);
  if (!config.ok) return { findings: unread(patient, 'dependencies', config, record.endpoint) };
  if (config.value === undefined) return { findings: [gone(record, `endpoint config ${configName}`)] };
  const models = await Promise.all(config.value.models.map((name) => describeModel(patient, name)));
  const missing = models.flatMap((model, index) =>
    model.ok && model.value === undefined ? [gone(record, `model ${config.value!.models[index]}`)] : [],
  );
  const found = models.flatMap((model) => (model.ok && model.value !== undefined ? [model.value] : []));
  const components = await lookAtComponents(patient, record);
  const findings = [
    ...models.flatMap((model) => unread(patient, 'dependencies', model, record.endpoint)),
    ...missing,
    ...components.findings,
    ...(parks(record.kind, record.policy) ? await judgeLadder(patient, record, config.value) : []),
    ...judgePools(record, config.value),
  ];
  return { findings, made: { record, config: config.value, models: found, containers: components.containers } };
}

type Source = { readonly configName: string } | { readonly findings: readonly Finding[] };

/** Up: what runs. Away: what the recipe would bring back, which has to be readable. */
async function findConfigName(patient: Patient, record: FleetRecord): Promise<Source> {
  const { endpoint, phase, recipeVersion } = record;
  const base = { level: 'error', check: 'dependencies', subject: endpoint } as const;
  if (phase === 'parked' || phase === 'waking') {
    const advice =
      'restore the table to a point in time before, or create the endpoint by hand: it is adopted with its tag';
    if (recipeVersion === undefined) return { findings: [{ ...base, found: `is ${phase} and has no recipe`, advice }] };
    const recipe = await patient.account.fleet.readRecipe(endpoint, recipeVersion);
    if (recipe === undefined) {
      return {
        findings: [{ ...base, found: `is ${phase}, and its recipe ${recipeVersion} is not in the table`, advice }],
      };
    }
    if (recipe === 'unreadable') {
      const found = `is ${phase}, and its recipe ${recipeVersion} cannot be read`;
      const why = 'a newer version of the scaler wrote it, or it is damaged: upgrade, else';
      return { findings: [{ ...base, found, advice: `${why} ${advice}` }] };
    }
    return { configName: recipe.preferred.configName };
  }
  const view = await patient.account.endpoints.describe(endpoint);
  if (!view.ok) return { findings: unread(patient, 'dependencies', view, endpoint) };
  if (view.value === undefined) {
    const found = `is ${phase}, and SageMaker does not find it`;
    return {
      findings: [
        { ...base, level: 'warning', found, advice: 'somebody deleted it; the next sweep archives its record' },
      ],
    };
  }
  return { configName: view.value.configName };
}

function gone({ endpoint, phase }: FleetRecord, what: string): Finding {
  const away = phase === 'parked' || phase === 'waking';
  return {
    level: 'error',
    check: 'dependencies',
    subject: endpoint,
    found: `${what} is gone${away ? ': it cannot be recreated' : ': it is not parked, and cannot be updated'}`,
    advice: what.startsWith('model')
      ? MODEL_ADVICE
      : 'create the config again under its name, or use endpoint-scaler recover --with-config',
  };
}
