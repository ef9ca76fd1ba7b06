import type { ServiceName } from './contract.ts';

/** Operations that change the simulated world. By list: `TestEventPattern` and `BatchGetItem` show why not by prefix. */
const MUTATING: Readonly<Record<ServiceName, string>> = {
  SageMaker: `CreateModel DeleteModel CreateEndpointConfig DeleteEndpointConfig CreateEndpoint DeleteEndpoint UpdateEndpoint
    UpdateEndpointWeightsAndCapacities CreateInferenceComponent UpdateInferenceComponent
    UpdateInferenceComponentRuntimeConfig DeleteInferenceComponent AddTags DeleteTags`,
  // A request to a model changes nothing of the account.
  SageMakerRuntime: '',
  ApplicationAutoScaling: `DeleteScalingPolicy DeleteScheduledAction DeregisterScalableTarget PutScalingPolicy
    PutScheduledAction RegisterScalableTarget TagResource UntagResource`,
  CloudWatch: `PutMetricAlarm PutCompositeAlarm DeleteAlarms SetAlarmState EnableAlarmActions DisableAlarmActions PutMetricData
    TagResource UntagResource`,
  EventBridge: 'PutEvents PutRule DeleteRule EnableRule DisableRule PutTargets RemoveTargets',
  SSM: 'PutParameter DeleteParameter DeleteParameters AddTagsToResource',
  DynamoDB: 'CreateTable PutItem UpdateItem DeleteItem BatchWriteItem TransactWriteItems',
  ResourceGroupsTaggingAPI: '',
};

const names = new Set(
  Object.entries(MUTATING).flatMap(([service, operations]) =>
    operations.split(/\s+/).map((operation) => `${service}.${operation}`),
  ),
);

export function isMutating(service: ServiceName, operation: string): boolean {
  return names.has(`${service}.${operation}`);
}
