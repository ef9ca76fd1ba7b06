import type { ContainerDefinition, InferenceComponentSpecificationSummary } from '@aws-sdk/client-sagemaker';
import type { FleetRecord } from '../../shared/domain/record.ts';
import { targetViews } from '../../shared/domain/target-view.ts';
import { inParallel } from '../account/fleet.ts';
import { describeComponent, describeModel, MODEL_ADVICE } from './describe.ts';
import { type Finding, type Patient, unread } from './finding.ts';
import { containersOf } from './made-of.ts';

const AT_ONCE = 4;
const CHECK = 'dependencies';

interface Look {
  readonly findings: readonly Finding[];
  readonly containers: readonly ContainerDefinition[];
}

/** What new copies of the inference components of an endpoint are started from: a model, or a container of their own. */
export async function lookAtComponents(patient: Patient, record: FleetRecord): Promise<Look> {
  if (record.kind !== 'components') return { findings: [], containers: [] };
  const names = targetViews(record).flatMap(({ part }) => part?.name ?? []);
  const looks = await inParallel(names, AT_ONCE, (name) => lookAtComponent(patient, record, name));
  return {
    findings: looks.flatMap(({ findings }) => findings),
    containers: looks.flatMap(({ containers }) => containers),
  };
}

async function lookAtComponent(patient: Patient, { endpoint }: FleetRecord, name: string): Promise<Look> {
  const component = await describeComponent(patient, name);
  // Components come and go; that one is gone is for its owner to know.
  if (!component.ok) return { findings: unread(patient, CHECK, component, endpoint), containers: [] };
  const { Specification, Specifications = [] } = component.value ?? {};
  const specifications = Specification === undefined ? Specifications : [Specification, ...Specifications];
  const modelNames = [...new Set(specifications.flatMap(({ ModelName }) => ModelName ?? []))];
  const findings: Finding[] = [];
  const containers = specifications.flatMap(ownContainer);
  for (const modelName of modelNames) {
    const model = await describeModel(patient, modelName);
    findings.push(...unread(patient, CHECK, model, endpoint));
    if (!model.ok) continue;
    if (model.value === undefined) findings.push(gone(endpoint, name, modelName));
    else containers.push(...containersOf(model.value));
  }
  return { findings, containers };
}

function gone(endpoint: string, component: string, model: string): Finding {
  const found = `model ${model} of inference component ${component} is gone: it cannot be given more copies`;
  return { level: 'error', check: CHECK, subject: endpoint, found, advice: MODEL_ADVICE };
}

function ownContainer({ Container }: InferenceComponentSpecificationSummary): readonly ContainerDefinition[] {
  if (Container === undefined) return [];
  const { DeployedImage, ArtifactUrl } = Container;
  return [{ Image: DeployedImage?.SpecifiedImage, ModelDataUrl: ArtifactUrl }];
}
