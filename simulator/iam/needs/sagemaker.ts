import type { Permission, RequestContext } from '../../contract.ts';
import { buildArn, type SageMakerResource } from '../../sagemaker/naming.ts';
import type { AccountView, TargetFacts } from '../account.ts';
import { trackingAlarmsOf } from './application-auto-scaling.ts';
import { implied, type NeedsOf, need, readTagList, requestTags, resourceTags, tagKeys } from './need.ts';

const SAGEMAKER = 'sagemaker.amazonaws.com';

interface Tagged {
  readonly Tags?: readonly { Key: string; Value: string }[];
}

function arnOf(account: AccountView, kind: SageMakerResource, name: string): string {
  return buildArn(account, kind, name);
}

function on(account: AccountView, action: string, arn: string, context: RequestContext = {}): Permission {
  return need(`sagemaker:${action}`, arn, { ...resourceTags(account.sageMakerTags(arn)), ...context });
}

/** An operation that asks for itself on one named resource. */
function onNamed(action: string, kind: SageMakerResource, member: string): NeedsOf {
  return (input, account) => [on(account, action, arnOf(account, kind, input[member]))];
}

const onComponent = (action: string): NeedsOf => onNamed(action, 'inference-component', 'InferenceComponentName');

const everywhere =
  (action: string): NeedsOf =>
  () => [need(`sagemaker:${action}`, '*')];

/** Tags in a create call are put by AddTags, which tells by TaggingAction that it is part of the creation. */
function tagging(action: string, arn: string, tags: Readonly<Record<string, string>>): readonly Permission[] {
  if (Object.keys(tags).length === 0) return [];
  const context = { ...requestTags(tags), 'sagemaker:TaggingAction': action };
  return [implied(`SageMaker.${action}`, 'sagemaker:AddTags', arn, context)];
}

function passing(action: string, roles: readonly (string | undefined)[]): readonly Permission[] {
  return roles
    .filter((role) => role !== undefined)
    .map((role) => implied(`SageMaker.${action}`, 'iam:PassRole', role, { 'iam:PassedToService': SAGEMAKER }));
}

/** Deleting an endpoint deregisters its variants' scalable targets in the caller's name (SageMaker guide, endpoint-delete-with-scaling). */
function deregistering(target: TargetFacts, account: AccountView): readonly Permission[] {
  const by = 'SageMaker.DeleteEndpoint';
  return [
    implied(by, 'application-autoscaling:DeregisterScalableTarget', target.arn, {
      ...resourceTags(target.tags),
      'application-autoscaling:service-namespace': 'sagemaker',
      'application-autoscaling:scalable-dimension': target.dimension,
    }),
    ...trackingAlarmsOf(account, target).map((arn) => implied(by, 'cloudwatch:DeleteAlarms', arn)),
  ];
}

function creating(
  kind: SageMakerResource,
  action: string,
  member: string,
  rolesOf: (input: Readonly<Record<string, unknown>>) => readonly (string | undefined)[],
): NeedsOf {
  return (input: Tagged & Readonly<Record<string, string>>, account) => {
    const arn = arnOf(account, kind, input[member]!);
    const tags = readTagList(input.Tags);
    return [
      on(account, action, arn, requestTags(tags)),
      ...tagging(action, arn, tags),
      ...passing(action, rolesOf(input)),
    ];
  };
}

export const SAGEMAKER_NEEDS: Readonly<Record<string, NeedsOf>> = {
  DescribeEndpoint: onNamed('DescribeEndpoint', 'endpoint', 'EndpointName'),
  DescribeEndpointConfig: onNamed('DescribeEndpointConfig', 'endpoint-config', 'EndpointConfigName'),
  DescribeModel: onNamed('DescribeModel', 'model', 'ModelName'),
  DeleteEndpointConfig: onNamed('DeleteEndpointConfig', 'endpoint-config', 'EndpointConfigName'),
  DeleteModel: onNamed('DeleteModel', 'model', 'ModelName'),
  UpdateEndpointWeightsAndCapacities: onNamed('UpdateEndpointWeightsAndCapacities', 'endpoint', 'EndpointName'),
  ListEndpoints: everywhere('ListEndpoints'),
  ListEndpointConfigs: everywhere('ListEndpointConfigs'),
  ListModels: everywhere('ListModels'),
  ListTags: (input: { ResourceArn: string }, account) => [on(account, 'ListTags', input.ResourceArn.toLowerCase())],
  CreateModel: creating('model', 'CreateModel', 'ModelName', (input) => [
    input['ExecutionRoleArn'] as string | undefined,
  ]),
  CreateEndpointConfig: creating('endpoint-config', 'CreateEndpointConfig', 'EndpointConfigName', (input) => [
    input['ExecutionRoleArn'] as string | undefined,
  ]),
  CreateEndpoint(input: Tagged & { EndpointName: string; EndpointConfigName: string }, account) {
    const tags = readTagList(input.Tags);
    const endpoint = arnOf(account, 'endpoint', input.EndpointName);
    const config = arnOf(account, 'endpoint-config', input.EndpointConfigName);
    const fromRequest = requestTags(tags);
    return [
      on(account, 'CreateEndpoint', endpoint, fromRequest),
      on(account, 'CreateEndpoint', config, fromRequest),
      ...tagging('CreateEndpoint', endpoint, tags),
    ];
  },
  UpdateEndpoint: (input: { EndpointName: string; EndpointConfigName: string }, account) => [
    on(account, 'UpdateEndpoint', arnOf(account, 'endpoint', input.EndpointName)),
    on(account, 'UpdateEndpoint', arnOf(account, 'endpoint-config', input.EndpointConfigName)),
  ],
  DeleteEndpoint: (input: { EndpointName: string }, account) => [
    on(account, 'DeleteEndpoint', arnOf(account, 'endpoint', input.EndpointName)),
    ...account.targetsOf(input.EndpointName).flatMap((target) => deregistering(target, account)),
  ],
  ListInferenceComponents: everywhere('ListInferenceComponents'),
  DescribeInferenceComponent: onComponent('DescribeInferenceComponent'),
  UpdateInferenceComponent: onComponent('UpdateInferenceComponent'),
  UpdateInferenceComponentRuntimeConfig: onComponent('UpdateInferenceComponentRuntimeConfig'),
  DeleteInferenceComponent: onComponent('DeleteInferenceComponent'),
  CreateInferenceComponent(input: Tagged & { EndpointName: string; InferenceComponentName: string }, account) {
    const tags = readTagList(input.Tags);
    const component = arnOf(account, 'inference-component', input.InferenceComponentName);
    const endpoint = arnOf(account, 'endpoint', input.EndpointName);
    return [
      on(account, 'CreateInferenceComponent', component, requestTags(tags)),
      on(account, 'CreateInferenceComponent', endpoint, requestTags(tags)),
      ...tagging('CreateInferenceComponent', component, tags),
    ];
  },
  AddTags: (input: Tagged & { ResourceArn: string }, account) => [
    on(account, 'AddTags', input.ResourceArn.toLowerCase(), requestTags(readTagList(input.Tags))),
  ],
  DeleteTags: (input: { ResourceArn: string; TagKeys: string[] }, account) => [
    on(account, 'DeleteTags', input.ResourceArn.toLowerCase(), tagKeys(input.TagKeys)),
  ],
};

/** SageMaker Runtime is a service of its own on the wire, and none in IAM. */
export const RUNTIME_NEEDS: Readonly<Record<string, NeedsOf>> = {
  InvokeEndpoint: onNamed('InvokeEndpoint', 'endpoint', 'EndpointName'),
};
