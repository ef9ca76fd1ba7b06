import type { Permission, ServiceName } from '../../contract.ts';
import type { AccountView } from '../account.ts';
import { SCALING_NEEDS } from './application-auto-scaling.ts';
import { type NeedsOf, need } from './need.ts';
import { CLOUDWATCH_NEEDS, DYNAMODB_NEEDS, EVENTBRIDGE_NEEDS, SSM_NEEDS, TAGGING_NEEDS } from './other-services.ts';
import { RUNTIME_NEEDS, SAGEMAKER_NEEDS } from './sagemaker.ts';

const NEEDS: Readonly<
  Record<ServiceName, { readonly prefix: string; readonly operations: Readonly<Record<string, NeedsOf>> }>
> = {
  SageMaker: { prefix: 'sagemaker', operations: SAGEMAKER_NEEDS },
  SageMakerRuntime: { prefix: 'sagemaker', operations: RUNTIME_NEEDS },
  ApplicationAutoScaling: { prefix: 'application-autoscaling', operations: SCALING_NEEDS },
  CloudWatch: { prefix: 'cloudwatch', operations: CLOUDWATCH_NEEDS },
  EventBridge: { prefix: 'events', operations: EVENTBRIDGE_NEEDS },
  SSM: { prefix: 'ssm', operations: SSM_NEEDS },
  DynamoDB: { prefix: 'dynamodb', operations: DYNAMODB_NEEDS },
  ResourceGroupsTaggingAPI: { prefix: 'tag', operations: TAGGING_NEEDS },
};

/**
 * What a call needs, in the order in which AWS asks: the operation's own permission, then those of what it does in the
 * caller's name. An operation without an entry needs its action on everything.
 */
export function permissionsOf(
  service: ServiceName,
  operation: string,
  input: unknown,
  account: AccountView,
): readonly Permission[] {
  const { prefix, operations } = NEEDS[service];
  const needsOf = operations[operation];
  return needsOf === undefined ? [need(`${prefix}:${operation}`, '*')] : needsOf(input, account);
}
