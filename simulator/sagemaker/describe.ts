import { countCurrent, type Endpoint, type Variant } from './endpoint.ts';

function present<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

function describeVariant(variant: Variant): object {
  const { definition } = variant;
  const serverless = definition.ServerlessConfig;
  const withConcurrency = (count: number) =>
    serverless && present({ ...serverless, ProvisionedConcurrency: count > 0 ? count : undefined });
  return present({
    VariantName: definition.VariantName,
    DeployedImages: variant.images.length === 0 ? undefined : variant.images,
    CurrentWeight: variant.weight,
    DesiredWeight: variant.desiredWeight,
    CurrentInstanceCount: serverless ? undefined : countCurrent(variant),
    DesiredInstanceCount: serverless ? undefined : variant.desired,
    InstancePools: definition.InstancePools?.map(({ InstanceType }) => ({
      InstanceType,
      CurrentInstanceCount: variant.current.get(InstanceType) ?? 0,
    })),
    VariantStatus: variant.transition ? [variant.transition] : undefined,
    CurrentServerlessConfig: withConcurrency(countCurrent(variant)),
    DesiredServerlessConfig: withConcurrency(variant.desired),
    ManagedInstanceScaling: definition.ManagedInstanceScaling,
    RoutingConfig: definition.RoutingConfig,
  });
}

export function describeEndpoint(endpoint: Endpoint): object {
  const { config } = endpoint;
  const capture = config.DataCaptureConfig;
  return present({
    EndpointName: endpoint.name,
    EndpointArn: endpoint.arn,
    EndpointConfigName: config.EndpointConfigName,
    ProductionVariants: endpoint.variants.map(describeVariant),
    ShadowProductionVariants: endpoint.shadows.length > 0 ? endpoint.shadows.map(describeVariant) : undefined,
    // The summary of the API has other members than the config it comes from.
    DataCaptureConfig: capture
      ? {
          EnableCapture: capture['EnableCapture'] ?? false,
          CaptureStatus: capture['EnableCapture'] === true ? 'Started' : 'Stopped',
          CurrentSamplingPercentage: capture['InitialSamplingPercentage'],
          DestinationS3Uri: capture['DestinationS3Uri'],
          KmsKeyId: capture['KmsKeyId'] ?? '',
        }
      : undefined,
    EndpointStatus: endpoint.status,
    FailureReason: endpoint.failureReason,
    CreationTime: new Date(endpoint.createdAt),
    LastModifiedTime: new Date(endpoint.modifiedAt),
    LastDeploymentConfig: endpoint.deploymentConfig,
    AsyncInferenceConfig: config.AsyncInferenceConfig,
    PendingDeploymentSummary: endpoint.pending
      ? { EndpointConfigName: endpoint.pending.configName, StartTime: new Date(endpoint.pending.startedAt) }
      : undefined,
    ExplainerConfig: config['ExplainerConfig'],
    MetricsConfig: config['MetricsConfig'],
  });
}
