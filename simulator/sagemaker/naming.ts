import { ApiError, type Kernel } from '../contract.ts';

export type SageMakerResource = 'endpoint' | 'endpoint-config' | 'model' | 'inference-component';

const RESOURCE_WORDS: Readonly<Record<SageMakerResource, string>> = {
  endpoint: 'endpoint',
  'endpoint-config': 'endpoint configuration',
  model: 'model',
  'inference-component': 'inference component',
};

/** SageMaker lower-cases the name inside its ARNs and treats names as equal without regard to case. */
export function nameKey(name: string): string {
  return name.toLowerCase();
}

export function buildArn(
  kernel: Pick<Kernel, 'region' | 'accountId'>,
  resource: SageMakerResource,
  name: string,
): string {
  return `arn:aws:sagemaker:${kernel.region}:${kernel.accountId}:${resource}/${nameKey(name)}`;
}

/** An endpoint's own ARN, as the account reads AWS's silence on the case of the name in it. */
export function endpointArn(kernel: Kernel, name: string): string {
  const arn = buildArn(kernel, 'endpoint', name);
  return kernel.readings.endpointArn === 'lower-case' ? arn : `${arn.slice(0, arn.lastIndexOf('/') + 1)}${name}`;
}

/** SageMaker models hardly any error: nearly every refusal is this code, told apart by its text alone. */
export function validationError(message: string): ApiError {
  return new ApiError('ValidationException', message, 400);
}

export function notFound(resource: SageMakerResource, arn: string): ApiError {
  return validationError(`Could not find ${RESOURCE_WORDS[resource]} "${arn}".`);
}

export function alreadyExists(resource: SageMakerResource, arn: string): ApiError {
  return validationError(`Cannot create already existing ${RESOURCE_WORDS[resource]} "${arn}".`);
}

export function inProgress(arn: string): ApiError {
  return validationError(`Cannot update in-progress endpoint "${arn}".`);
}

export const CAPACITY_FAILURE =
  'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. ' +
  'Please retry using a different ML instance type or after some time.';

/** SageMaker's FailureReason where a container comes up and does not answer its ping (SageMaker guide, troubleshooting). */
export function healthCheckFailure(variant: string): string {
  return (
    `The primary container for production variant ${variant} did not pass the ping health check. ` +
    'Please check CloudWatch logs for this endpoint.'
  );
}

/** The quota refusal is synchronous (HTTP 400) and names limit, use and request (SageMaker guide, endpoint-scaling-query-history). */
export function quotaExceeded(instanceType: string, limit: number, used: number, delta: number): ApiError {
  return new ApiError(
    'ResourceLimitExceeded',
    `The account-level service limit '${instanceType} for endpoint usage' is ${limit} Instances, with current utilization of ` +
      `${used} Instances and a request delta of ${delta} Instances. Please use AWS Service Quotas to request an increase for this quota.`,
    400,
  );
}
