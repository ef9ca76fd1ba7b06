import type { Endpoint, EndpointConfig, ProductionVariant, ServerlessConfig, Variant } from './endpoint.ts';
import { validationError } from './naming.ts';

const MEMORY_STEP_MB = 1_024;
const MEMORY_SIZES = [1_024, 2_048, 3_072, 4_096, 5_120, 6_144];

/** ServerlessUpdateConfig as given. */
export interface ServerlessUpdate {
  readonly MaxConcurrency?: number;
  readonly ProvisionedConcurrency?: number;
}

/** Ranges are checked by shape; that one must not exceed the other is said in the API reference, the text is not published. */
function checkConcurrency(
  variant: string,
  { MaxConcurrency, ProvisionedConcurrency }: Pick<ServerlessConfig, 'MaxConcurrency' | 'ProvisionedConcurrency'>,
): void {
  if (ProvisionedConcurrency === undefined || ProvisionedConcurrency <= MaxConcurrency) return;
  throw validationError(
    `ProvisionedConcurrency ${ProvisionedConcurrency} of variant "${variant}" must be less than or equal to its MaxConcurrency ${MaxConcurrency}.`,
  );
}

/** What a serverless variant must not have beside it (SageMaker guide, serverless-endpoints: feature exclusions). */
export function checkServerlessVariant(config: EndpointConfig, variant: ProductionVariant): void {
  const { VariantName: name, ServerlessConfig: serverless } = variant;
  if (serverless === undefined) return;
  if (variant.InitialInstanceCount !== undefined) {
    throw validationError(`Variant "${name}" with ServerlessConfig must not specify InitialInstanceCount.`);
  }
  if (variant.ModelName === undefined) {
    throw validationError(`Variant "${name}" with ServerlessConfig must specify a ModelName.`);
  }
  if (config.ProductionVariants.length > 1 || (config.ShadowProductionVariants ?? []).length > 0) {
    throw validationError('Multiple production variants are not supported for serverless endpoints.');
  }
  if (config.AsyncInferenceConfig !== undefined) {
    throw validationError('AsyncInferenceConfig is not supported for serverless endpoints.');
  }
  if (config.DataCaptureConfig !== undefined) {
    throw validationError('DataCaptureConfig is not supported for serverless endpoints.');
  }
  if (!MEMORY_SIZES.includes(serverless.MemorySizeInMB)) {
    throw validationError(
      `MemorySizeInMB ${serverless.MemorySizeInMB} of variant "${name}" must be in steps of ${MEMORY_STEP_MB}: ${MEMORY_SIZES.join(', ')}.`,
    );
  }
  checkConcurrency(name, serverless);
}

/** An endpoint on instances stays on instances (SageMaker guide, serverless-endpoints-create-endpoint). */
export function checkConversion(endpoint: Endpoint, config: EndpointConfig): void {
  const hasServerless = (variants: readonly ProductionVariant[]): boolean =>
    variants.some(({ ServerlessConfig }) => ServerlessConfig !== undefined);
  if (!hasServerless(config.ProductionVariants) || hasServerless(endpoint.config.ProductionVariants)) return;
  throw validationError(`Cannot convert endpoint "${endpoint.arn}" from instances to a serverless endpoint.`);
}

/** What a variant may be asked for by one entry of UpdateEndpointWeightsAndCapacities. */
export function checkServerlessUpdate(
  { definition, desired }: Variant,
  count: number | undefined,
  update: ServerlessUpdate | undefined,
): void {
  const { VariantName: name, ServerlessConfig: serverless } = definition;
  if (serverless === undefined) {
    if (update !== undefined)
      throw validationError(`Variant ${name} is not serverless: ServerlessUpdateConfig is not supported.`);
    return;
  }
  if (count !== undefined) {
    throw validationError(
      `Variant ${name} is serverless: DesiredInstanceCount is not supported, use ServerlessUpdateConfig.`,
    );
  }
  if (update === undefined) return;
  const wanted = update.ProvisionedConcurrency ?? (desired > 0 ? desired : undefined);
  // Callers from outside are refused by shape; Application Auto Scaling, whose targets may have minimum 0, ends here.
  if (wanted !== undefined && wanted < 1) {
    throw validationError(
      `1 validation error detected: Value '${wanted}' at 'desiredWeightsAndCapacities.1.member.serverlessUpdateConfig.provisionedConcurrency' ` +
        'failed to satisfy constraint: Member must have value greater than or equal to 1',
    );
  }
  checkConcurrency(name, {
    MaxConcurrency: update.MaxConcurrency ?? serverless.MaxConcurrency,
    ...(wanted && { ProvisionedConcurrency: wanted }),
  });
}

/** The maximum takes effect with the call: nothing has to start for it. */
export function takeMaximum(variant: Variant, { MaxConcurrency }: ServerlessUpdate): void {
  const { definition } = variant;
  if (MaxConcurrency === undefined || definition.ServerlessConfig === undefined) return;
  variant.definition = { ...definition, ServerlessConfig: { ...definition.ServerlessConfig, MaxConcurrency } };
}
