export type CalledFunction = 'scheduled-scaling' | 'backlog-wake' | 'idle-windows';

/** How often each is picked: by how much it can break. */
export const FUNCTIONS: readonly { readonly weight: number; readonly name: CalledFunction }[] = [
  { weight: 4, name: 'scheduled-scaling' },
  { weight: 2, name: 'backlog-wake' },
  { weight: 6, name: 'idle-windows' },
];

const ALL = [
  'CloudWatch.GetMetricData',
  'DynamoDB.GetItem',
  'DynamoDB.PutItem',
  'DynamoDB.Query',
  'EventBridge.PutEvents',
  'SageMaker.DescribeEndpoint',
  'SageMaker.UpdateEndpointWeightsAndCapacities',
];
const SCALING = [
  'ApplicationAutoScaling.DescribeScalableTargets',
  'ApplicationAutoScaling.DescribeScalingPolicies',
  'ApplicationAutoScaling.ListTagsForResource',
  'ApplicationAutoScaling.PutScalingPolicy',
  'ApplicationAutoScaling.RegisterScalableTarget',
  'ApplicationAutoScaling.DeregisterScalableTarget',
  'ApplicationAutoScaling.DeleteScalingPolicy',
  'CloudWatch.DeleteAlarms',
  'CloudWatch.DescribeAlarms',
  'DynamoDB.DeleteItem',
  'SageMaker.DescribeEndpointConfig',
  'SageMaker.ListEndpoints',
  'SageMaker.ListTags',
];

/** Where each function can die: every call that it makes. The soak says which of the calls it sees are missing here. */
export const CALLS_OF: Readonly<Record<CalledFunction, readonly string[]>> = {
  'scheduled-scaling': [
    ...ALL,
    ...SCALING,
    'CloudWatch.PutMetricAlarm',
    'ResourceGroupsTaggingAPI.GetResources',
    'SSM.GetParametersByPath',
  ],
  'backlog-wake': ALL,
  'idle-windows': [
    ...ALL,
    ...SCALING,
    'ApplicationAutoScaling.DescribeScheduledActions',
    'ApplicationAutoScaling.PutScheduledAction',
    'CloudWatch.PutMetricAlarm',
    'SageMaker.CreateEndpoint',
    'SageMaker.DeleteEndpoint',
    'SageMaker.DescribeModel',
  ],
};
