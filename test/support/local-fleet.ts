import {
  ApplicationAutoScalingClient,
  DescribeScalingPoliciesCommand,
  DescribeScheduledActionsCommand,
  PutScalingPolicyCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeEndpointCommand, ListTagsCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import type { LocalAws } from '../../scripts/local/local-aws.ts';
import { aws, CLIENT } from './deployed-stack.ts';

/** Endpoints of the simulated account, as their owners made them: idle for 30 days, quick to start. */
export interface LocalFleet {
  /** Puts the tag, as the README says. */
  enrol(endpoint: string, tagPrefix: string, policy: string): Promise<void>;
  /** `Absent` when there is none. */
  status(endpoint: string): Promise<string>;
  desired(endpoint: string): Promise<number>;
  /** Its owner's own scaling: a target, a policy and a scheduled action. */
  giveScaling(endpoint: string): Promise<void>;
  /** What of its owner's a client of the AWS APIs sees at an endpoint. */
  possessions(endpoint: string): Promise<unknown>;
  arrive(endpoint: string, requests: number): void;
  /** Names of alarms. */
  alarms(prefix: string): Promise<readonly string[]>;
}

const STARTS_IN_MS = 6_000;
const DELETES_IN_MS = 3_000;

const targetOf = (endpoint: string) => ({
  ServiceNamespace: 'sagemaker' as const,
  ResourceId: `endpoint/${endpoint}/variant/AllTraffic`,
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount' as const,
});

export function createLocalFleet(local: LocalAws, realTime: readonly string[], async: readonly string[]): LocalFleet {
  const { world } = local.account.aws;
  const timing = { startMs: () => STARTS_IN_MS, deleteMs: DELETES_IN_MS };
  const common = { timing, instanceType: 'ml.g5.xlarge', tags: { team: 'search' } };
  for (const name of realTime) world.seed({ ...common, name, kind: 'real-time', instances: 1 });
  const load = { arrivals: () => 0, serves: { concurrent: 1, seconds: 30 }, whenAway: 'lost' as const };
  for (const name of async) world.seed({ ...common, name, kind: 'async', instances: 0, load });
  const options = { ...CLIENT, endpoint: local.account.url };
  const sagemaker = new SageMakerClient(options);
  const cloudwatch = new CloudWatchClient(options);
  const scaling = new ApplicationAutoScalingClient(options);

  async function describe(endpoint: string) {
    try {
      return await sagemaker.send(new DescribeEndpointCommand({ EndpointName: endpoint }));
    } catch (error) {
      if ((error as Error).name === 'ValidationException') return undefined;
      throw error;
    }
  }

  return {
    async enrol(endpoint, tagPrefix, policy) {
      const { EndpointArn = '' } = (await describe(endpoint)) ?? {};
      const tag = `Key=${tagPrefix}:policy,Value=${policy}`;
      await aws(local, 'sagemaker', 'add-tags', '--resource-arn', EndpointArn, '--tags', tag);
    },
    status: async (endpoint) => (await describe(endpoint))?.EndpointStatus ?? 'Absent',
    desired: async (endpoint) => (await describe(endpoint))?.ProductionVariants?.[0]?.DesiredInstanceCount ?? 0,
    async giveScaling(endpoint) {
      const target = targetOf(endpoint);
      await scaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 1, MaxCapacity: 4 }));
      await scaling.send(
        new PutScalingPolicyCommand({
          ...target,
          PolicyName: 'owners-own',
          PolicyType: 'TargetTrackingScaling',
          TargetTrackingScalingPolicyConfiguration: {
            TargetValue: 70,
            PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
          },
        }),
      );
      const action = { ScheduledActionName: 'sale', Schedule: 'at(2099-11-26T00:00:00)' };
      const capacity = { ScalableTargetAction: { MinCapacity: 2, MaxCapacity: 4 } };
      await scaling.send(new PutScheduledActionCommand({ ...target, ...action, ...capacity }));
    },
    async possessions(endpoint) {
      const { EndpointArn, EndpointConfigName } = (await describe(endpoint)) ?? {};
      const { ServiceNamespace, ResourceId } = targetOf(endpoint);
      const [{ Tags = [] }, { ScalingPolicies = [] }, { ScheduledActions = [] }] = await Promise.all([
        sagemaker.send(new ListTagsCommand({ ResourceArn: EndpointArn })),
        scaling.send(new DescribeScalingPoliciesCommand({ ServiceNamespace, ResourceId })),
        scaling.send(new DescribeScheduledActionsCommand({ ServiceNamespace, ResourceId })),
      ]);
      return {
        config: EndpointConfigName,
        // The generation of its wake is the one tag that a return to service adds.
        tags: Object.fromEntries(
          Tags.filter(({ Key }) => !Key?.endsWith(':wake')).map(({ Key, Value }) => [Key, Value]),
        ),
        policies: ScalingPolicies.map((policy) => [policy.PolicyName, policy.TargetTrackingScalingPolicyConfiguration]),
        actions: ScheduledActions.map(({ ScheduledActionName, Schedule, ScalableTargetAction }) => ({
          ScheduledActionName,
          Schedule,
          ScalableTargetAction,
        })),
      };
    },
    async alarms(prefix) {
      const { MetricAlarms = [] } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNamePrefix: prefix }));
      return MetricAlarms.map(({ AlarmName }) => AlarmName ?? '');
    },
    arrive: (endpoint, requests) => world.inject(endpoint, requests),
  };
}
