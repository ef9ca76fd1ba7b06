import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { createSnapshotControl } from '../aws/application-auto-scaling.ts';
import { createAlarmControl } from '../aws/cloudwatch-alarms.ts';
import { createMetricReader } from '../aws/cloudwatch-metrics.ts';
import { createBreakerStore, createFleetStore } from '../aws/dynamodb.ts';
import { createParkingControl } from '../aws/sagemaker.ts';
import { createEndpointInvoker } from '../aws/sagemaker-runtime.ts';
import type { IdleWindowsPorts } from '../use-cases/idle-windows/ports.ts';
import type { Runtime } from './create-runtime.ts';

/** The adapters of idle-windows: the one function whose SageMaker client creates and deletes. */
export function idleWindowsPorts(runtime: Runtime): IdleWindowsPorts {
  const { clientOf, config, clock, sleep, log, announcer, random } = runtime;
  const table = {
    client: clientOf(DynamoDBClient),
    tableName: config.tableName,
    report: log.warn,
  };
  const cloudWatch = clientOf(CloudWatchClient);
  return {
    fleet: createFleetStore(table),
    breakers: createBreakerStore(table),
    endpoints: createParkingControl({
      client: clientOf(SageMakerClient),
      sentOnce: clientOf(SageMakerClient, { sentOnce: true }),
      clock,
      sleep,
    }),
    invoker: createEndpointInvoker({ sentOnce: clientOf(SageMakerRuntimeClient, { sentOnce: true }), sleep }),
    scaling: createSnapshotControl({ scaling: clientOf(ApplicationAutoScalingClient), cloudWatch }),
    metrics: createMetricReader(cloudWatch),
    alarms: createAlarmControl(cloudWatch),
    announcer,
    log,
    clock,
    random,
    settings: config,
  };
}
