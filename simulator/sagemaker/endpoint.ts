import type { EndpointTiming, EpochMs } from '../contract.ts';
import type { Host } from './components/component.ts';

export type EndpointStatus =
  | 'OutOfService'
  | 'Creating'
  | 'Updating'
  | 'SystemUpdating'
  | 'RollingBack'
  | 'InService'
  | 'Deleting'
  | 'Failed'
  | 'UpdateRollbackFailed';

/**
 * Statuses in which an endpoint answers requests: an update or a rollback leaves the old capacity in place, and one
 * whose rollback failed is "in service with a mix of the old and new endpoint configurations" (API reference).
 */
export const SERVING_STATUSES: ReadonlySet<EndpointStatus> = new Set([
  'InService',
  'Updating',
  'SystemUpdating',
  'RollingBack',
  'UpdateRollbackFailed',
]);

/** Any change is refused in these (`Cannot update in-progress endpoint`). */
export const BUSY_STATUSES: ReadonlySet<EndpointStatus> = new Set([
  'Creating',
  'Updating',
  'SystemUpdating',
  'RollingBack',
  'Deleting',
]);

export interface InstancePool {
  readonly InstanceType: string;
  readonly Priority: number;
}

/** What stands for the instance type of a serverless variant, whose capacity is its provisioned concurrency. */
export const SERVERLESS = 'serverless';

export interface ServerlessConfig {
  readonly MemorySizeInMB: number;
  readonly MaxConcurrency: number;
  readonly ProvisionedConcurrency?: number;
}

/** ProductionVariant as given at CreateEndpointConfig; fields we do not interpret are kept untouched. */
export interface ProductionVariant {
  readonly VariantName: string;
  readonly ModelName?: string;
  readonly InitialInstanceCount?: number;
  readonly InstanceType?: string;
  readonly InstancePools?: readonly InstancePool[];
  readonly VariantInstanceProvisionTimeoutInSeconds?: number;
  readonly InitialVariantWeight?: number;
  readonly ServerlessConfig?: ServerlessConfig;
  readonly ManagedInstanceScaling?: Readonly<Record<string, unknown>>;
  readonly RoutingConfig?: Readonly<Record<string, unknown>>;
}

export interface EndpointConfig {
  readonly EndpointConfigName: string;
  readonly ProductionVariants: readonly ProductionVariant[];
  readonly ShadowProductionVariants?: readonly ProductionVariant[];
  readonly AsyncInferenceConfig?: Readonly<Record<string, unknown>>;
  readonly DataCaptureConfig?: Readonly<Record<string, unknown>>;
  readonly [member: string]: unknown;
}

export interface StoredConfig {
  readonly arn: string;
  readonly createdAt: EpochMs;
  readonly config: EndpointConfig;
}

export interface StoredModel {
  readonly arn: string;
  readonly createdAt: EpochMs;
  readonly model: Readonly<Record<string, unknown>> & { readonly ModelName: string };
}

/** Instances of a variant by type; a variant without pools has one type only. */
export interface Variant {
  /**
   * An endpoint update gives a variant that hosts components another one, and leaves its instances; of a serverless one
   * the maximum concurrency may change by itself.
   */
  definition: ProductionVariant;
  /** In service or, while Creating, none. Of a serverless variant: its provisioned concurrency. */
  readonly current: Map<string, number>;
  desired: number;
  weight: number;
  desiredWeight: number;
  /** What DescribeEndpoint says of a variant in change. */
  transition: { readonly Status: string; readonly StatusMessage: string; readonly StartTime: Date } | undefined;
  readonly images: readonly DeployedImage[];
  /** Of a variant that hosts inference components: its instances, launched and being launched. */
  readonly hosts: Host[];
  /** Since when hosts are without a copy. */
  readonly vacancy: Map<Host, EpochMs>;
}

export interface DeployedImage {
  readonly SpecifiedImage: string;
  readonly ResolvedImage: string;
  readonly ResolutionTime: Date;
}

export interface Endpoint {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: EpochMs;
  config: EndpointConfig;
  modifiedAt: EpochMs;
  status: EndpointStatus;
  variants: Variant[];
  /** Get a copy of the traffic and answer nobody. */
  shadows: Variant[];
  failureReason: string | undefined;
  deploymentConfig: Readonly<Record<string, unknown>> | undefined;
  pending: { readonly configName: string; readonly startedAt: EpochMs } | undefined;
}

export const DEFAULT_TIMING: EndpointTiming = { startMs: () => 8 * 60_000, deleteMs: 2 * 60_000 };

export function countCurrent(variant: Pick<Variant, 'current'>): number {
  let sum = 0;
  for (const count of variant.current.values()) sum += count;
  return sum;
}

/** Instances able to answer now. */
export function countServing(endpoint: Endpoint): number {
  if (!SERVING_STATUSES.has(endpoint.status)) return 0;
  return endpoint.variants.reduce((sum, variant) => sum + countCurrent(variant), 0);
}

/** Whether a request finds something to answer it: a serverless variant starts what it needs. */
export function answers(endpoint: Endpoint): boolean {
  if (!SERVING_STATUSES.has(endpoint.status)) return false;
  return countServing(endpoint) > 0 || endpoint.variants.some(({ definition }) => definition.ServerlessConfig);
}

export function countDesired(endpoint: Endpoint): number {
  return endpoint.variants.reduce((sum, variant) => sum + variant.desired, 0);
}

export function isAsync(endpoint: Endpoint): boolean {
  return endpoint.config.AsyncInferenceConfig !== undefined;
}

/** A variant whose model is part of it, on instances of its own: SageMaker never lets it go below one instance. */
export function isClassicRealTime(endpoint: Endpoint, variant: Variant): boolean {
  return (
    !isAsync(endpoint) &&
    variant.definition.ModelName !== undefined &&
    variant.definition.ServerlessConfig === undefined
  );
}

/** A variant without a model: inference components bring theirs. */
export function hostsComponents({ ModelName, ServerlessConfig }: ProductionVariant): boolean {
  return ModelName === undefined && ServerlessConfig === undefined;
}

/** Instance types a variant may run on, best first. */
export function listInstanceTypes(definition: ProductionVariant): readonly string[] {
  if (definition.InstancePools) {
    return [...definition.InstancePools].sort((a, b) => a.Priority - b.Priority).map((pool) => pool.InstanceType);
  }
  if (definition.ServerlessConfig) return [SERVERLESS];
  return definition.InstanceType === undefined ? [] : [definition.InstanceType];
}

/** The type that carries the first variant now, or would first. */
export function describeInstanceType(endpoint: Endpoint): string {
  const variant = endpoint.variants[0];
  return variant ? describeVariantType(variant) : '';
}

export function describeVariantType(variant: Pick<Variant, 'current' | 'definition'>): string {
  const running = [...variant.current].find(([, count]) => count > 0);
  return running?.[0] ?? listInstanceTypes(variant.definition)[0] ?? '';
}
