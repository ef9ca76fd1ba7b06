import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { createMetricReader } from '../aws/cloudwatch-metrics.ts';
import { createFleetStore } from '../aws/dynamodb.ts';
import { createCapacityControl } from '../aws/sagemaker.ts';
import type { BacklogWakePorts } from '../use-cases/backlog-wake/ports.ts';
import type { Runtime } from './create-runtime.ts';

export function backlogWakePorts({ config, clientOf, announcer, log }: Runtime): BacklogWakePorts {
  return {
    fleet: createFleetStore({ client: clientOf(DynamoDBClient), tableName: config.tableName, report: log.warn }),
    endpoints: createCapacityControl(clientOf(SageMakerClient)),
    metrics: createMetricReader(clientOf(CloudWatchClient)),
    announcer,
    log,
    settings: { mode: config.mode, tagPrefix: config.tagPrefix, tick: config.tick },
  };
}
