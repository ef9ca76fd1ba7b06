import type { CallRecord } from '../../../simulator/contract.ts';

/** What of the account a call reads and writes, by the names that other calls would clash on. */
export interface Footprint {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

const ENDPOINT_WRITES: readonly string[] = [
  'CreateEndpoint',
  'DeleteEndpoint',
  'UpdateEndpoint',
  'UpdateEndpointWeightsAndCapacities',
  'AddTags',
  'DeleteTags',
];
const SCALING_WRITES: readonly string[] = [
  'RegisterScalableTarget',
  'DeregisterScalableTarget',
  'PutScalingPolicy',
  'DeleteScalingPolicy',
  'PutScheduledAction',
  'DeleteScheduledAction',
];
const WORLD = ['endpoint', 'scaling', 'alarms', 'metrics'];

/**
 * Coarse on purpose: two calls that share nothing here commute for sure, while two that share something may still
 * commute. Time stands still while runs interleave, so nothing but calls changes anything.
 */
export function footprintOf({ service, operation, input }: CallRecord): Footprint {
  switch (service) {
    case 'DynamoDB':
      return dynamoDb(operation, input);
    case 'SageMaker':
      if (ENDPOINT_WRITES.includes(operation)) return { reads: ['configs'], writes: WORLD };
      if (/Config|Model/.test(operation))
        return operation.startsWith('Create') ? both([], ['configs']) : both(['configs']);
      return both(['endpoint']);
    case 'ApplicationAutoScaling':
      return SCALING_WRITES.includes(operation) ? both([], WORLD) : both(['scaling']);
    case 'CloudWatch':
      if (/^(Put|Delete|Set|Enable|Disable)/.test(operation)) return both([], ['alarms', 'metrics']);
      return operation.startsWith('GetMetric') ? both(['metrics']) : both(['alarms']);
    case 'ResourceGroupsTaggingAPI':
      return both(['endpoint']);
    case 'EventBridge':
      // Nobody listens in this account: an event changes nothing that a run reads.
      return both([]);
    case 'SSM':
      return operation.startsWith('Put') || operation.startsWith('Delete')
        ? both([], ['documents'])
        : both(['documents']);
    default:
      return both(['anything'], ['anything']);
  }
}

function both(reads: readonly string[], writes: readonly string[] = []): Footprint {
  return { reads, writes };
}

/** A partition of the table is one thing: a Query reads all of it. */
// biome-ignore lint/suspicious/noExplicitAny: any operation's input
function dynamoDb(operation: string, input: any): Footprint {
  const values = Object.values(input?.ExpressionAttributeValues ?? {}) as { S?: string }[];
  const key = input?.Key?.pk?.S ?? input?.Item?.pk?.S ?? values.find(({ S }) => S !== undefined)?.S;
  const partition = `table:${key ?? '*'}`;
  return operation === 'GetItem' || operation === 'Query' ? both([partition]) : both([], [partition]);
}

export function areDependent(a: Footprint, b: Footprint): boolean {
  const clash = (left: readonly string[], right: readonly string[]) => left.some((name) => right.includes(name));
  return clash(a.writes, b.writes) || clash(a.writes, b.reads) || clash(a.reads, b.writes);
}
