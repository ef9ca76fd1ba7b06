import { PutScalingPolicyCommand } from '@aws-sdk/client-application-auto-scaling';
import {
  AddTagsCommand,
  CreateEndpointCommand,
  DeleteEndpointCommand,
  DeleteTagsCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from '@aws-sdk/client-sagemaker';
import { createFleetStore } from '../../../shared/aws/dynamodb.ts';
import { HOUR } from '../../../shared/domain/time.ts';
import { setHold } from '../../../shared/use-cases/hold.ts';
import type { CallGate } from '../../../simulator/contract.ts';
import { PREFIX, TABLE } from '../product-runtime.ts';
import { type Clients, createClients, PERSON } from '../simulator-clients.ts';
import { type Account, ARN, NAME, ownersPolicy } from './account.ts';

/** What can run: `start` begins it under the gate that holds its calls. */
export type Hand = (account: Account, gate: CallGate) => Promise<unknown>;

const ticks = (fn: Parameters<Account['tick']>[0], skew = 0): Hand => {
  return (account, gate) => account.tick(fn, { gate, skew });
};

/** A person's own call; that AWS refuses it in some states is no finding. */
const person = (call: (clients: Clients) => Promise<unknown>): Hand => {
  return async ({ aws }, gate) => {
    try {
      await call(createClients(aws, PERSON, gate));
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  };
};

function isRefusal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && '$metadata' in error;
}

const holds = (mode: 'up' | 'hands-off'): Hand => {
  return async ({ aws }, gate) => {
    const client = createClients(aws, PERSON, gate).dynamodb;
    const now = aws.clock.now();
    const ports = {
      fleet: createFleetStore({ client, tableName: TABLE, report: () => undefined }),
      metrics: { backlog: () => Promise.reject(new Error('only a hold down looks at the queue')) },
      announcer: { announce: () => undefined, flush: () => Promise.resolve() },
    };
    await setHold(ports, { endpoint: NAME, mode, until: now + HOUR, by: 'ada', why: 'demo', replace: true }, now);
  };
};

export const HANDS: Readonly<Record<string, Hand>> = {
  'idle-windows': ticks('idle-windows'),
  'scheduled-scaling': ticks('scheduled-scaling'),
  'idle-windows, 10 s ahead': ticks('idle-windows', 10_000),
  'idle-windows, 10 s behind': ticks('idle-windows', -10_000),
  'backlog-wake': (account, gate) => account.invoke('backlog-wake', alarmEvent(account), { gate }),
  'wake request': (account, gate) => account.invoke('idle-windows', wakeRequest, { gate }),
  'hold up': holds('up'),
  'hold hands-off': holds('hands-off'),
  'person puts a scaling policy': person(({ scaling }) =>
    scaling.send(new PutScalingPolicyCommand(ownersPolicy('late'))),
  ),
  'person takes the tag off': person(({ sagemaker }) =>
    sagemaker.send(new DeleteTagsCommand({ ResourceArn: ARN, TagKeys: [`${PREFIX}:policy`] })),
  ),
  'person protects it': person(({ sagemaker }) =>
    sagemaker.send(new AddTagsCommand({ ResourceArn: ARN, Tags: [{ Key: `${PREFIX}:protect`, Value: 'true' }] })),
  ),
  'person scales it': person(({ sagemaker }) =>
    sagemaker.send(
      new UpdateEndpointWeightsAndCapacitiesCommand({
        EndpointName: NAME,
        DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 2 }],
      }),
    ),
  ),
  'person makes it anew': person(async ({ sagemaker }) => {
    const Tags = [
      { Key: `${PREFIX}:policy`, Value: 'chat' },
      { Key: 'team', Value: 'search' },
    ];
    await sagemaker.send(new CreateEndpointCommand({ EndpointName: NAME, EndpointConfigName: NAME, Tags }));
  }),
  'person deletes it': person(({ sagemaker }) => sagemaker.send(new DeleteEndpointCommand({ EndpointName: NAME }))),
};

const wakeRequest = {
  source: `${PREFIX}.request`,
  'detail-type': 'Wake Requested',
  detail: { endpoint: NAME, by: 'ada' },
};

function alarmEvent({ aws }: Account) {
  const timestamp = new Date(aws.clock.now()).toISOString();
  return {
    source: 'aws.cloudwatch',
    'detail-type': 'CloudWatch Alarm State Change',
    time: timestamp,
    detail: {
      alarmName: 'orders-queue-not-empty',
      state: { value: 'ALARM', reason: '', timestamp },
      previousState: { value: 'OK', reason: '', timestamp },
      configuration: { alarmRule: 'ALARM("orders-visible")' },
    },
  };
}
