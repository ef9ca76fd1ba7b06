import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createScalingControl } from '../aws/application-auto-scaling.ts';
import { createAlarmControl } from '../aws/cloudwatch-alarms.ts';
import { createMetricReader } from '../aws/cloudwatch-metrics.ts';
import { createFleetStore } from '../aws/dynamodb.ts';
import { createCapacityControl } from '../aws/sagemaker.ts';
import { createDocumentSource } from '../aws/ssm.ts';
import { createCandidateFinder, createTableFinder } from '../aws/tagging.ts';
import { createMemory, type ScheduledScalingPorts } from '../use-cases/scheduled-scaling/ports.ts';
import type { Runtime } from './create-runtime.ts';
import { createPolicyLibrary } from './policy-library.ts';

export function scheduledScalingPorts({ config, clock, clientOf, announcer, log }: Runtime): ScheduledScalingPorts {
  const tagging = clientOf(ResourceGroupsTaggingAPIClient);
  const cloudWatch = clientOf(CloudWatchClient);
  return {
    fleet: createFleetStore({ client: clientOf(DynamoDBClient), tableName: config.tableName, report: log.warn }),
    endpoints: createCapacityControl(clientOf(SageMakerClient)),
    scaling: createScalingControl({ scaling: clientOf(ApplicationAutoScalingClient), cloudWatch }),
    alarms: createAlarmControl(cloudWatch),
    metrics: createMetricReader(cloudWatch),
    documents: createDocumentSource(clientOf(SSMClient), config.tagPrefix),
    candidates: createCandidateFinder(tagging, config.tagPrefix),
    tables: createTableFinder(tagging, config.tagPrefix),
    library: createPolicyLibrary(config.tagPrefix),
    announcer,
    log,
    clock,
    settings: { mode: config.mode, tagPrefix: config.tagPrefix, tick: config.tick, tableName: config.tableName },
    memory: createMemory(),
  };
}
