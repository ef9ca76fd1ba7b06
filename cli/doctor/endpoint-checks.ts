import { DescribeModelCommand, type DescribeModelCommandOutput, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { outcomeOf } from '../../shared/aws/classify.ts';
import { parks } from '../../shared/domain/kinds.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';
import type { EndpointConfigView } from '../../shared/ports/endpoints.ts';
import { inParallel } from '../account/fleet.ts';
import { type Check, type Finding, notChecked, orOk, type Patient, unread } from './finding.ts';
import { judgeLadder } from './ladder.ts';

const AT_ONCE = 4;

/** What each endpoint is (or would be) made of: config, models, network; by their own names only. */
export const checkEndpoints: Check = async (patient) => {
  const findings = await inParallel(patient.fleet.records, AT_ONCE, (record) => checkEndpoint(patient, record));
  const flat = findings.flat();
  const wrong = flat.filter(({ check }) => check === 'dependencies');
  const rest = flat.filter(({ check }) => check !== 'dependencies');
  return [...orOk(wrong, 'dependencies', 'every endpoint’s config and models are there'), ...rest];
};

async function checkEndpoint(patient: Patient, record: FleetRecord): Promise<readonly Finding[]> {
  const source = await findConfigName(patient, record);
  if ('findings' in source) return source.findings;
  const { configName } = source;
  const config = await patient.account.endpoints.describeConfig(configName);
  if (!config.ok) return unread(patient, 'dependencies', config, record.endpoint);
  if (config.value === undefined) return [gone(record, `endpoint config ${configName}`)];
  const models = await Promise.all(config.value.models.map((name) => describeModel(patient, name)));
  const missing = models.flatMap((model, index) =>
    model.ok && model.value === undefined ? [gone(record, `model ${config.value!.models[index]}`)] : [],
  );
  const found = models.flatMap((model) => (model.ok && model.value !== undefined ? [model.value] : []));
  return [
    ...models.flatMap((model) => unread(patient, 'dependencies', model, record.endpoint)),
    ...missing,
    ...checkNetwork(record, config.value, found),
    ...(parks(record.kind, record.policy) ? await judgeLadder(patient, record, config.value) : []),
  ];
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
      ? 'create the model again under its name'
      : 'create the config again under its name, or use endpoint-scaler recover --with-config',
  };
}

async function describeModel({ account }: Patient, name: string) {
  const client = account.runtime.clientOf(SageMakerClient);
  const outcome = await outcomeOf(
    'SageMaker.DescribeModel',
    (): Promise<DescribeModelCommandOutput | undefined> => client.send(new DescribeModelCommand({ ModelName: name })),
  );
  if (outcome.ok || outcome.failure.class !== 'missing') return outcome;
  return { ok: true as const, value: undefined };
}

/** In a VPC a wake needs a path to S3, free addresses and DNS: reading those takes the EC2 API. */
function checkNetwork(
  { endpoint }: FleetRecord,
  { config }: EndpointConfigView,
  models: readonly DescribeModelCommandOutput[],
): readonly Finding[] {
  const own = (config['VpcConfig'] as { readonly Subnets?: readonly string[] } | undefined)?.Subnets ?? [];
  const subnets = new Set([...own, ...models.flatMap(({ VpcConfig }) => VpcConfig?.Subnets ?? [])]);
  if (subnets.size === 0) return [];
  const why = `it runs in a VPC (${[...subnets].sort().join(', ')}); S3 path, DNS, security groups and free addresses (2 per instance) are not read (EC2)`;
  const few: Finding[] =
    subnets.size < 2
      ? [
          {
            level: 'warning',
            check: 'network',
            subject: endpoint,
            found: 'it has one subnet',
            advice: 'AWS asks for two subnets in different zones',
          },
        ]
      : [];
  return [...few, notChecked('network', why, endpoint)];
}
