import type { ContainerDefinition, DescribeModelCommandOutput } from '@aws-sdk/client-sagemaker';
import type { FleetRecord } from '../../shared/domain/record.ts';
import type { EndpointConfigView } from '../../shared/ports/endpoints.ts';
import type { NetworkNeeds } from './network.ts';

/** What an endpoint is made of, or would be made of again by a wake. */
export interface MadeOf {
  readonly record: FleetRecord;
  readonly config: EndpointConfigView;
  readonly models: readonly DescribeModelCommandOutput[];
  /** Of its inference components, whose role and network are the endpoint config's. */
  readonly containers: readonly ContainerDefinition[];
}

export function isAway({ phase }: FleetRecord): boolean {
  return phase === 'parked' || phase === 'waking';
}

interface VpcConfig {
  readonly Subnets?: readonly string[];
  readonly SecurityGroupIds?: readonly string[];
}

/** Undefined: it runs in SageMaker's own network, and there is nothing to look at. */
export function networkNeedsOf({ record, config, models }: MadeOf): NetworkNeeds | undefined {
  const own = config.config['VpcConfig'] as VpcConfig | undefined;
  const vpcs = [own, ...models.map(({ VpcConfig }) => VpcConfig)];
  const subnets = distinct(vpcs.flatMap((vpc) => vpc?.Subnets ?? []));
  if (subnets.length === 0) return undefined;
  const serving = isAway(record) ? 0 : (record.observed?.serving ?? 0);
  const wanted = Math.max(1, record.parkedDesired ?? record.observed?.desired ?? 1);
  return {
    subnets,
    groups: distinct(vpcs.flatMap((vpc) => vpc?.SecurityGroupIds ?? [])),
    wakes: isAway(record) ? wanted : 0,
    grows: Math.max(0, (record.policy?.highestMax ?? wanted) - serving),
    imagesByVpc: models.some((model) =>
      containersOf(model).some(({ ImageConfig }) => ImageConfig?.RepositoryAccessMode === 'Vpc'),
    ),
    isolated: models.length > 0 && models.every(({ EnableNetworkIsolation }) => EnableNetworkIsolation === true),
  };
}

/** S3 URIs; one that ends with a slash is a prefix. */
export function dataOf(made: MadeOf): readonly string[] {
  const uris = allContainers(made).flatMap((container) => {
    const sources = [container.ModelDataSource, ...(container.AdditionalModelDataSources ?? [])];
    const fromSources = sources.flatMap((source) => {
      const { S3Uri, S3DataType } = source?.S3DataSource ?? {};
      if (S3Uri === undefined) return [];
      return [S3DataType === 'S3Prefix' && !S3Uri.endsWith('/') ? `${S3Uri}/` : S3Uri];
    });
    return container.ModelDataUrl === undefined ? fromSources : [container.ModelDataUrl, ...fromSources];
  });
  return distinct(uris.filter((uri) => uri.startsWith('s3://')));
}

export function imagesOf(made: MadeOf): readonly string[] {
  return distinct(allContainers(made).flatMap(({ Image }) => (Image === undefined ? [] : [Image])));
}

export function rolesOf({ config, models }: MadeOf): readonly string[] {
  const roles = [config.config['ExecutionRoleArn'], ...models.map(({ ExecutionRoleArn }) => ExecutionRoleArn)];
  return distinct(roles.filter((role) => typeof role === 'string'));
}

/** Of the instances' volumes, of captured data and of asynchronous answers. */
export function keysOf({ config: { config } }: MadeOf): readonly string[] {
  const capture = config['DataCaptureConfig'] as { readonly KmsKeyId?: string } | undefined;
  const answers = config['AsyncInferenceConfig'] as
    | { readonly OutputConfig?: { readonly KmsKeyId?: string } }
    | undefined;
  const keys = [config['KmsKeyId'], capture?.KmsKeyId, answers?.OutputConfig?.KmsKeyId];
  return distinct(keys.filter((key) => typeof key === 'string' && key !== ''));
}

function allContainers({ models, containers }: MadeOf): readonly ContainerDefinition[] {
  return [...models.flatMap(containersOf), ...containers];
}

export function containersOf({
  PrimaryContainer,
  Containers,
}: DescribeModelCommandOutput): readonly ContainerDefinition[] {
  return PrimaryContainer === undefined ? (Containers ?? []) : [PrimaryContainer, ...(Containers ?? [])];
}

function distinct(values: readonly unknown[]): readonly string[] {
  return [...new Set(values as readonly string[])].sort();
}
