import type { Kernel, Readings } from '../contract.ts';
import { countCurrent, type Endpoint, type EndpointStatus } from './endpoint.ts';

/** No sample of an event with one of these is published. */
const UNSEEN_STATUSES: ReadonlySet<string> = new Set(['SystemUpdating', 'UpdateRollbackFailed', 'OutOfService']);

/** SageMaker's events spell statuses UPPER_SNAKE where its API says `InService` (SageMaker guide, automating-sagemaker-with-eventbridge). */
export function toEventStatus(status: EndpointStatus | 'Deleted', spelling: Readings['eventSpelling']): string {
  if (spelling === 'api' && UNSEEN_STATUSES.has(status)) return status;
  return status.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
}

/**
 * `SageMaker Endpoint State Change` in the documented shape: times are epoch milliseconds, Tags is empty as in every
 * published sample unless the account reads it otherwise, and FailureReason is not part of it.
 */
export function emitEndpointEvent(
  kernel: Kernel,
  endpoint: Endpoint,
  status: EndpointStatus | 'Deleted',
  tags: Readonly<Record<string, string>>,
): void {
  kernel.emit({
    source: 'aws.sagemaker',
    detailType: 'SageMaker Endpoint State Change',
    resources: [endpoint.arn],
    detail: {
      EndpointName: endpoint.name,
      EndpointArn: endpoint.arn,
      EndpointConfigName: endpoint.config.EndpointConfigName,
      ProductionVariants: endpoint.variants.map((variant) => ({
        VariantName: variant.definition.VariantName,
        CurrentWeight: variant.weight,
        DesiredWeight: variant.desiredWeight,
        ...(variant.definition.ServerlessConfig === undefined && {
          CurrentInstanceCount: countCurrent(variant),
          DesiredInstanceCount: variant.desired,
        }),
      })),
      EndpointStatus: toEventStatus(status, kernel.readings.eventSpelling),
      CreationTime: endpoint.createdAt,
      LastModifiedTime: endpoint.modifiedAt,
      Tags: kernel.readings.endpointEventTags === 'filled' ? tags : {},
    },
  });
}
