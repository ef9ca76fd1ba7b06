/** What once went wrong in the table, in the record, or between two runs. */
import {
  DescribeScalableTargetsCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import type { Recipe } from '../../shared/domain/recipe.ts';
import { DAY, HOUR, MINUTE } from '../../shared/domain/time.ts';
import { createFleet, type IdleWindowsFleet } from '../support/idle-windows-fleet.ts';
import { PREFIX } from '../support/product-runtime.ts';
import { START } from '../support/simulator-clients.ts';

const TARGET = {
  ServiceNamespace: 'sagemaker',
  ResourceId: 'endpoint/Chat/variant/AllTraffic',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
} as const;
const request = { source: 'endpoint-scaler.request', 'detail-type': 'Wake Requested', detail: { endpoint: 'Chat' } };

async function chat(): Promise<IdleWindowsFleet> {
  const fleet = await createFleet();
  fleet.seed({ name: 'Chat' });
  await fleet.enrol('Chat');
  return fleet;
}

describe('the table', () => {
  it.each(['{"endpoint":', 'null', '7'])('an item whose body is %s stops nobody else', async (body) => {
    const fleet = await chat();
    await fleet.people.dynamodb.send(
      new PutItemCommand({
        TableName: 'state',
        Item: {
          pk: { S: 'fleet' },
          sk: { S: 'other' },
          schemaVersion: { N: '1' },
          version: { N: '1' },
          body: { S: body },
        },
      }),
    );
    await fleet.tickUntil(30 * MINUTE);
    expect(await fleet.status('Chat'), 'parked as ever').toBe('Absent');
    expect(fleet.lines.map(({ message }) => message)).toContain('an item cannot be read: it is left alone');
  });

  it('keeps the recipe that a record names, however many are written after it', async () => {
    const fleet = await chat();
    const recipe = (version: number): Recipe => ({
      schemaVersion: 1,
      version,
      endpoint: 'Chat',
      takenAt: START,
      creationTime: START,
      preferred: { configName: 'Chat', config: {} },
      running: { configName: 'Chat' },
      tags: {},
      variants: [],
      targets: [],
      imageDigests: {},
      outstanding: [],
    });
    for (let version = 1; version <= 14; version += 1) await fleet.store.writeRecipe(recipe(version), 2);
    expect(await fleet.store.recipeVersions('Chat')).toEqual([14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 2]);
  });

  it('parks that are refused at the last moment write no recipe that says the same again', async () => {
    const fleet = await chat();
    const error = { code: 'AccessDeniedException', message: 'not authorized', httpStatus: 403 };
    fleet.aws.addCallFault({ calls: 'SageMaker.DeleteEndpoint', from: START, until: START + DAY, share: 1, error });
    await fleet.tickUntil(3 * HOUR);
    expect(fleet.aws.callCounts()['SageMaker.DeleteEndpoint']).toBeGreaterThan(5);
    expect(await fleet.store.recipeVersions('Chat')).toEqual([1]);
  });
});

describe('a parked endpoint', () => {
  it('has its line every day', async () => {
    const fleet = await chat();
    await fleet.tickUntil(2 * DAY + 2 * HOUR);
    expect(fleet.decisions().slice(-2)).toEqual(['keep otherwise', 'keep otherwise']);
  });

  it('that appears with our own generation after all is restored, not adopted', async () => {
    const fleet = await chat();
    await fleet.people.scaling.send(new RegisterScalableTargetCommand({ ...TARGET, MinCapacity: 1, MaxCapacity: 3 }));
    await fleet.tickUntilPhase('chat', 'parked');
    await fleet.tickUntil(HOUR);
    const { generation } = await fleet.record('chat');
    // A create of ours whose answer was lost, and whose reason vanished before it took effect.
    const Tags = [
      { Key: `${PREFIX}:policy`, Value: 'chat' },
      { Key: `${PREFIX}:wake`, Value: String(generation) },
    ];
    await fleet.people.sagemaker.send(
      new CreateEndpointCommand({ EndpointName: 'Chat', EndpointConfigName: 'Chat', Tags }),
    );
    await fleet.tickUntil(HOUR + 23 * MINUTE);
    expect(fleet.decisions()).not.toContain('keep adopted');
    expect(fleet.decisions()).toContain('keep restored');
    const { ScalableTargets } = await fleet.people.scaling.send(
      new DescribeScalableTargetsCommand({ ServiceNamespace: 'sagemaker' }),
    );
    expect(ScalableTargets).toMatchObject([{ MaxCapacity: 3 }]);
  });
});

describe('an endpoint that comes into service', () => {
  it('on another config than our call named is its owner’s: announced, and no fallback of ours', async () => {
    const fleet = await chat();
    await fleet.tickUntilPhase('chat', 'parked');
    await fleet.tickUntil(HOUR);
    await fleet.invoke(request);
    await fleet.store.update('chat', (record) =>
      record.wake ? { ...record, wake: { ...record.wake, configName: 'other' } } : record,
    );
    await fleet.tickUntil(HOUR + 15 * MINUTE);
    const changed = fleet.events.filter(({ type }) => type === 'Model Changed');
    expect(changed.map(({ detail }) => [detail['before'], detail['after']])).toEqual([
      [{ config: 'other' }, { config: 'Chat' }],
    ]);
    expect((await fleet.record('chat')).running).toBeUndefined();
  });

  it('is a lead sample once its record says that it is up: a run that dies in between counts none twice', async () => {
    const fleet = await chat();
    const writes: string[] = [];
    fleet.aws.onCall(({ service, operation, input }) => {
      if (service !== 'DynamoDB' || operation !== 'PutItem') return;
      const pk = String(input.Item.pk.S);
      if (pk === 'samples') writes.push('sample');
      if (pk === 'fleet') writes.push(JSON.parse(input.Item.body.S).phase);
    });
    await fleet.tickUntilPhase('chat', 'parked');
    await fleet.tickUntil(HOUR);
    await fleet.invoke(request);
    await fleet.tickUntil(HOUR + 15 * MINUTE);
    expect(writes[writes.indexOf('sample') - 1]).toBe('up');
  });
});
