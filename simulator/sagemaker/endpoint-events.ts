import type { Kernel } from '../contract.ts';
import { countCurrent, type Endpoint, type EndpointStatus } from './endpoint.ts';

/** SageMaker's events spell statuses UPPER_SNAKE where its API says `InService` (SageMaker guide, automating-sagemaker-with-eventbridge). */
export function toEventStatus(status: EndpointStatus | 'Deleted'): string {
  return status.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
}

/**
 * `SageMaker Endpoint State Change` in the documented shape: times are epoch milliseconds, Tags is empty as in every
 * published sample, and FailureReason is not part of it.
 */
export function emitEndpointEvent(kernel: Kernel, endpoint: Endpoint, status: EndpointStatus | 'Deleted'): void {
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
        CurrentInstanceCount: countCurrent(variant),
        DesiredInstanceCount: variant.desired,
      })),
      EndpointStatus: toEventStatus(status),
      CreationTime: endpoint.createdAt,
      LastModifiedTime: endpoint.modifiedAt,
      Tags: {},
    },
  });
}
