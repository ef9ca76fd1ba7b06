import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SSMClient } from '@aws-sdk/client-ssm';
import { type Caller, type CallGate, createSimulatedAws, type SimulatedAws } from '../../simulator/index.ts';

export const START = Date.parse('2026-03-23T00:00:00Z');
export const REGION = 'eu-central-1';

export function createAws(overrides: { start?: number; taggingLagMs?: number; seed?: number } = {}): SimulatedAws {
  return createSimulatedAws({ start: START, seed: 1, region: REGION, ...overrides });
}

export const PERSON: Caller = { kind: 'person', name: 'ada' };
export const PRODUCT: Caller = { kind: 'product', name: 'IdleWindows' };

export interface Clients {
  readonly sagemaker: SageMakerClient;
  readonly scaling: ApplicationAutoScalingClient;
  readonly cloudwatch: CloudWatchClient;
  readonly events: EventBridgeClient;
  readonly ssm: SSMClient;
  readonly dynamodb: DynamoDBClient;
  readonly tagging: ResourceGroupsTaggingAPIClient;
}

/** Real SDK clients that talk to the simulated account, one attempt each. */
export function createClients(aws: SimulatedAws, caller: Caller = PERSON, gate?: CallGate): Clients {
  const options = {
    region: REGION,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
    requestHandler: aws.requestHandler(caller, gate) as never,
  };
  return {
    sagemaker: new SageMakerClient(options),
    scaling: new ApplicationAutoScalingClient(options),
    cloudwatch: new CloudWatchClient(options),
    events: new EventBridgeClient(options),
    ssm: new SSMClient(options),
    dynamodb: new DynamoDBClient(options),
    tagging: new ResourceGroupsTaggingAPIClient(options),
  };
}

/** The error of a call that must fail. */
export async function failureOf(call: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await call;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error('the call succeeded');
}

/** Lets pending promises of product code run on. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
