import {
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
  DescribeScheduledActionsCommand,
  ListTagsForResourceCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { DescribeAlarmsCommand, ListTagsForResourceCommand as ListAlarmTagsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeEndpointCommand, DescribeEndpointConfigCommand, ListTagsCommand } from '@aws-sdk/client-sagemaker';
import type { Clients } from './simulator-clients.ts';

const NAMESPACE = 'sagemaker';

/** Everything that AWS's APIs show of an endpoint, but what is new with every creation: times, ARNs of policies, uuids. */
export async function dumpEndpoint(people: Clients, name: string, alarmPrefix: string): Promise<object> {
  const { sagemaker, cloudwatch } = people;
  const {
    $metadata: _,
    CreationTime: __,
    LastModifiedTime: ___,
    ...endpoint
  } = await sagemaker.send(new DescribeEndpointCommand({ EndpointName: name }));
  const { $metadata: ____, ...config } = await sagemaker.send(
    new DescribeEndpointConfigCommand({ EndpointConfigName: endpoint.EndpointConfigName }),
  );
  const variants = [...(endpoint.ProductionVariants ?? []), ...(endpoint.ShadowProductionVariants ?? [])];
  const targets = [];
  for (const { VariantName } of variants)
    targets.push(await dumpTarget(people, `endpoint/${name}/variant/${VariantName}`));
  const { MetricAlarms } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNamePrefix: alarmPrefix }));
  const alarms = [];
  for (const { AlarmConfigurationUpdatedTimestamp: _____, ...alarm } of MetricAlarms ?? []) {
    const tags = await cloudwatch.send(new ListAlarmTagsCommand({ ResourceARN: alarm.AlarmArn }));
    // All actions of a list run: it has no order.
    const lists = [alarm.AlarmActions, alarm.OKActions, alarm.InsufficientDataActions].map((list) =>
      (list ?? []).map(withoutUuids).sort(),
    );
    const [AlarmActions, OKActions, InsufficientDataActions] = lists;
    alarms.push({ ...alarm, AlarmActions, OKActions, InsufficientDataActions, Tags: byKey(tags.Tags) });
  }
  const dump = {
    endpoint: withoutTimes(endpoint),
    tags: await tagsOf(people, endpoint.EndpointArn),
    config,
    configTags: await tagsOf(people, config.EndpointConfigArn),
    targets,
    alarms,
  };
  return JSON.parse(withoutUuids(JSON.stringify(dump))) as object;
}

async function dumpTarget({ scaling }: Clients, ResourceId: string): Promise<object> {
  const { ScalableTargets } = await scaling.send(
    new DescribeScalableTargetsCommand({
      ServiceNamespace: NAMESPACE,
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
      ResourceIds: [ResourceId],
    }),
  );
  const tags = [];
  for (const { ScalableTargetARN } of ScalableTargets ?? []) {
    tags.push((await scaling.send(new ListTagsForResourceCommand({ ResourceARN: ScalableTargetARN }))).Tags);
  }
  const { ScalingPolicies } = await scaling.send(
    new DescribeScalingPoliciesCommand({ ServiceNamespace: NAMESPACE, ResourceId }),
  );
  const { ScheduledActions } = await scaling.send(
    new DescribeScheduledActionsCommand({ ServiceNamespace: NAMESPACE, ResourceId }),
  );
  return {
    targets: (ScalableTargets ?? []).map(({ CreationTime: _, ScalableTargetARN: __, ...target }) => target),
    tags,
    policies: sorted(ScalingPolicies ?? [], ({ PolicyName }) => PolicyName).map(
      ({ CreationTime: _, ...policy }) => policy,
    ),
    actions: sorted(ScheduledActions ?? [], ({ ScheduledActionName }) => ScheduledActionName).map(
      ({ CreationTime: _, ...action }) => action,
    ),
  };
}

async function tagsOf({ sagemaker }: Clients, ResourceArn: string | undefined): Promise<object> {
  const found: { Key?: string | undefined; Value?: string | undefined }[] = [];
  let NextToken: string | undefined;
  do {
    const page = await sagemaker.send(new ListTagsCommand({ ResourceArn, NextToken }));
    found.push(...(page.Tags ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return byKey(found.filter(({ Key }) => Key !== 'endpoint-scaler:wake'));
}

function byKey(tags: readonly { Key?: string | undefined; Value?: string | undefined }[] = []): object {
  return Object.fromEntries(sorted(tags, ({ Key }) => Key).map(({ Key, Value }) => [Key, Value]));
}

function sorted<T>(items: readonly T[], name: (item: T) => string | undefined): readonly T[] {
  return [...items].sort((a, b) => ((name(a) ?? '') < (name(b) ?? '') ? -1 : 1));
}

/** When an image was resolved belongs to the incarnation. */
function withoutTimes(endpoint: object): object {
  return JSON.parse(JSON.stringify(endpoint, (key, value) => (key === 'ResolutionTime' ? undefined : value))) as object;
}

function withoutUuids(text: string): string {
  return text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>');
}
