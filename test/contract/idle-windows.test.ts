import {
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import {
  AddTagsCommand,
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteTagsCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  ListTagsCommand,
} from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import type { Rung } from '../../shared/domain/policy.ts';
import { DAY, HOUR, MINUTE } from '../../shared/domain/time.ts';
import type { CallFault } from '../../simulator/index.ts';
import { agendaOf, createFleet, type IdleWindowsFleet, PARKING_POLICY } from '../support/idle-windows-fleet.ts';
import { PREFIX } from '../support/product-runtime.ts';
import { START } from '../support/simulator-clients.ts';

const zero: Rung = { kind: 'zero' };
const office: Rung = { kind: 'bounds', min: 1, max: 3, during: 'office' };
const RESOURCE = 'endpoint/Chat/variant/AllTraffic';
const TARGET = {
  ServiceNamespace: 'sagemaker',
  ResourceId: RESOURCE,
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
} as const;
/** With 10 idle minutes and the metrics' delay, an endpoint of the simulation's start is deleted about now. */
const PARKED_BY = 25 * MINUTE;

async function chat(
  env: Record<string, string> = {},
  record: Parameters<IdleWindowsFleet['enrol']>[1] = {},
): Promise<IdleWindowsFleet> {
  const fleet = await createFleet(env);
  fleet.seed({ name: 'Chat' });
  await fleet.enrol('Chat', record);
  return fleet;
}

function fault(fleet: IdleWindowsFleet, calls: string, from: number, until: number, error: CallFault['error']) {
  return fleet.aws.addCallFault({ calls, from: START + from, until: START + until, share: 1, error });
}

const count = (fleet: IdleWindowsFleet, call: string) => fleet.aws.callCounts()[`SageMaker.${call}`] ?? 0;
const types = (fleet: IdleWindowsFleet) => fleet.events.map(({ type }) => type);
const request = { source: 'endpoint-scaler.request', 'detail-type': 'Wake Requested' };

describe('park', () => {
  it('takes two runs: the one that writes `parking` never deletes', async () => {
    const fleet = await chat();
    await fleet.tickUntilPhase('chat', 'parking');
    const begun = await fleet.record('chat');
    expect(begun).toMatchObject({ phase: 'parking', generation: 1 });
    expect(count(fleet, 'DeleteEndpoint')).toBe(0);
    // A second run in the same minute is too early, whoever asked for it.
    await fleet.invoke({ kind: 'tick', scheduledAt: new Date(fleet.aws.clock.now()).toISOString() });
    expect(count(fleet, 'DeleteEndpoint')).toBe(0);
    await fleet.tickUntil(fleet.aws.clock.now() - START + MINUTE);
    expect(count(fleet, 'DeleteEndpoint')).toBe(1);
    expect(await fleet.record('chat')).toMatchObject({ phase: 'parked', recipeVersion: 1, parkedDesired: 1 });
    expect((await fleet.record('chat')).lease).toBeUndefined();
  });

  it('writes a recipe that holds config, tags, targets and policies, before the delete', async () => {
    const fleet = await chat();
    const order: string[] = [];
    fleet.aws.onCall(({ service, operation, input }) => {
      if (
        operation === 'DeleteEndpoint' ||
        (service === 'DynamoDB' && operation === 'PutItem' && String(input.Item.pk.S).startsWith('recipe/'))
      )
        order.push(operation);
      if (operation === 'GetItem' && String(input.Key.pk.S).startsWith('recipe/')) order.push('read back');
    });
    await register(fleet);
    await fleet.tickUntil(PARKED_BY);
    expect(order).toEqual(['PutItem', 'read back', 'DeleteEndpoint']);
    const recipe = await fleet.store.readRecipe('chat', 1);
    expect(recipe).toMatchObject({
      endpoint: 'Chat',
      preferred: {
        configName: 'Chat',
        config: { ProductionVariants: [{ VariantName: 'AllTraffic', InstanceType: 'ml.g5.xlarge' }] },
      },
      tags: { team: 'search' },
      targets: [{ resourceId: RESOURCE, min: 1, max: 3, policies: [{ name: 'requests' }] }],
    });
  });

  it('is given up at once when somebody asks for the endpoint meanwhile', async () => {
    const fleet = await chat();
    await fleet.tickUntilPhase('chat', 'parking');
    await fleet.invoke({ ...request, detail: { endpoint: 'CHAT', by: 'ada' } });
    await fleet.tickUntil(fleet.aws.clock.now() - START + 3 * MINUTE);
    expect(await fleet.record('chat')).toMatchObject({ phase: 'up', demand: [{ source: 'request', by: 'ada' }] });
    expect(count(fleet, 'DeleteEndpoint')).toBe(0);
    expect(fleet.decisions()).toContain('refuse demand-request');
  });

  it('is given up when the endpoint was used between the runs', async () => {
    // Metrics are a minute late: the run that writes `parking` cannot see this request, the one that would delete can.
    const parkingAt = 20 * MINUTE;
    const fleet = await chat(
      {},
      {
        agenda: agendaOf([
          [0, office],
          [parkingAt, zero],
        ]),
      },
    );
    await fleet.tickUntil(parkingAt - MINUTE);
    fleet.aws.world.inject('Chat', 1);
    await fleet.tickUntil(parkingAt);
    expect((await fleet.record('chat')).phase).toBe('parking');
    await fleet.tickUntil(fleet.aws.clock.now() - START + 3 * MINUTE);
    expect(count(fleet, 'DeleteEndpoint')).toBe(0);
    expect((await fleet.record('chat')).phase).toBe('up');
    expect(fleet.decisions()).toContain('refuse active');
  });

  it.each<[string, Record<string, string>, string]>([
    ['not enrolled any more', {}, 'refuse not-enrolled'],
    ['protected', { [`${PREFIX}:policy`]: 'chat', [`${PREFIX}:protect`]: 'true' }, 'refuse protected'],
    ['another policy', { [`${PREFIX}:policy`]: 'other' }, 'refuse changed-meanwhile'],
    ['a stack’s', { [`${PREFIX}:policy`]: 'chat', 'aws:cloudformation:stack-name': 'app' }, 'refuse stack-owned'],
    [
      'full of tags',
      {
        [`${PREFIX}:policy`]: 'chat',
        ...Object.fromEntries(Array.from({ length: 49 }, (_, index) => [`t${index}`, 'x'])),
      },
      'refuse too-many-tags',
    ],
  ])('is refused when the endpoint is %s', async (_name, tags, decision) => {
    const fleet = await createFleet();
    fleet.seed({ name: 'Chat', tags });
    await fleet.enrol('Chat');
    await fleet.tickUntil(PARKED_BY);
    expect(fleet.decisions()).toContain(decision);
    expect(types(fleet)).toContain('Decision Refused');
    expect(await fleet.status('Chat')).toBe('InService');
  });

  it('never follows from unknown activity', async () => {
    const fleet = await chat();
    fleet.aws.world.troubleMetrics('Chat', START, START + 3 * HOUR, 'missing');
    await fleet.tickUntil(2 * HOUR);
    expect(count(fleet, 'DeleteEndpoint')).toBe(0);
    expect(fleet.decisions()).toEqual(['refuse activity-unknown']);
  });

  it('of a busy endpoint costs one look per idle window', async () => {
    const fleet = await createFleet();
    fleet.seed({
      name: 'Chat',
      load: { arrivals: (slot) => (slot % 6 === 0 ? 1 : 0), serves: { concurrent: 4, seconds: 1 }, whenAway: 'lost' },
    });
    await fleet.enrol('Chat');
    await fleet.tickUntil(HOUR);
    const before = fleet.aws.callCounts()['CloudWatch.GetMetricData'] ?? 0;
    await fleet.tickUntil(3 * HOUR);
    expect((fleet.aws.callCounts()['CloudWatch.GetMetricData'] ?? 0) - before).toBeLessThanOrEqual(12);
  });

  it('keeps to its budget', async () => {
    const fleet = await createFleet({ PARK_BUDGET: '2' });
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      fleet.seed({ name });
      await fleet.enrol(name);
    }
    const perMinute = new Map<number, number>();
    fleet.aws.onCall(({ operation, at }) => {
      if (operation === 'DeleteEndpoint') perMinute.set(at, (perMinute.get(at) ?? 0) + 1);
    });
    await fleet.tickUntil(PARKED_BY);
    expect([...perMinute.values()]).toEqual([2, 2, 1]);
  });
});

describe('a delete that ends badly', () => {
  it('refused: nothing is lost, up again, and not tried for ten minutes', async () => {
    const fleet = await chat();
    await register(fleet);
    fault(fleet, 'SageMaker.DeleteEndpoint', 0, HOUR, {
      code: 'AccessDeniedException',
      message: 'not authorized to perform: sagemaker:DeleteEndpoint',
    });
    await fleet.tickUntil(40 * MINUTE);
    const tries: number[] = [];
    fleet.aws.onCall(({ operation, at }) => operation === 'DeleteEndpoint' && tries.push(at));
    expect(fleet.decisions()).toContain('refuse delete-refused');
    expect(await fleet.record('chat')).toMatchObject({ phase: 'up' });
    expect((await fleet.record('chat')).deleteNoted).toBeUndefined();
    await fleet.tickUntil(2 * HOUR);
    expect(tries.length).toBeGreaterThan(1);
    for (const [index, at] of tries.entries())
      if (index > 0) expect(at - (tries[index - 1] ?? 0)).toBeGreaterThanOrEqual(10 * MINUTE);
    expect((await fleet.record('chat')).phase, 'parked once it is allowed').toBe('parked');
  });

  it('carried out, but its answer was lost: the next runs know it as ours', async () => {
    let crashed = false;
    const fleet = await createFleet(
      {},
      {
        after({ operation }) {
          if (operation !== 'DeleteEndpoint' || crashed) return;
          crashed = true;
          throw Object.assign(new Error('connection reset'), { name: 'TimeoutError' });
        },
      },
    );
    fleet.seed({ name: 'Chat' });
    await fleet.enrol('Chat');
    await fleet.tickUntil(PARKED_BY + 5 * MINUTE);
    expect(crashed).toBe(true);
    expect(await fleet.record('chat')).toMatchObject({ phase: 'parked' });
    expect(count(fleet, 'DeleteEndpoint')).toBe(1);
    await fleet.invoke({ ...request, detail: { endpoint: 'chat' } });
    expect(await fleet.status('Chat')).toBe('Creating');
  });
});

describe('wake', () => {
  it('brings everything back, in time for its window', async () => {
    const fleet = await chat(
      {},
      {
        agenda: agendaOf([
          [0, zero],
          [2 * HOUR, office],
        ]),
      },
    );
    await register(fleet);
    await fleet.tickUntil(2 * HOUR);
    expect(await fleet.record('chat')).toMatchObject({ phase: 'up' });
    const { Tags = [] } = await fleet.people.sagemaker.send(
      new ListTagsCommand({ ResourceArn: (await fleet.record('chat')).arn }),
    );
    expect(Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]))).toEqual({
      [`${PREFIX}:policy`]: 'chat',
      team: 'search',
      [`${PREFIX}:wake`]: '2',
    });
    const { ScalableTargets = [] } = await fleet.people.scaling.send(
      new DescribeScalableTargetsCommand({ ServiceNamespace: 'sagemaker', ResourceIds: [RESOURCE] }),
    );
    expect(ScalableTargets).toMatchObject([{ MinCapacity: 1, MaxCapacity: 3 }]);
    const { ScalingPolicies = [] } = await fleet.people.scaling.send(
      new DescribeScalingPoliciesCommand({ ServiceNamespace: 'sagemaker', ResourceId: RESOURCE }),
    );
    expect(ScalingPolicies.map(({ PolicyName }) => PolicyName)).toEqual(['requests']);
    expect(types(fleet).filter((type) => type !== 'Decision Refused')).toEqual([
      'Endpoint Parked',
      'Wake Started',
      'Endpoint Ready',
    ]);
    expect(await fleet.store.samples(['chat', 'ml.g5.xlarge'])).toEqual(
      new Map([
        ['chat', { wakes: [8 * MINUTE], scaleOuts: [] }],
        ['ml.g5.xlarge', { wakes: [8 * MINUTE], scaleOuts: [] }],
      ]),
    );
  });

  it('starts in the run of the request itself, whatever the case of the name', async () => {
    const fleet = await chat();
    await fleet.tickUntil(HOUR);
    await fleet.invoke({ ...request, detail: { endpoint: 'cHAT', by: 'ada', why: 'demo' } });
    expect(await fleet.status('Chat')).toBe('Creating');
    expect(fleet.decisions().at(-1)).toBe('wake demand-request');
  });

  it('acknowledges a request for an endpoint that is not in the fleet', async () => {
    const fleet = await chat();
    expect(await fleet.invoke({ ...request, detail: { endpoint: 'nobody' } })).toMatchObject({
      considered: 0,
      failures: 0,
    });
    expect(fleet.lines.some(({ level, message }) => level === 'WARN' && message.includes('not in the fleet'))).toBe(
      true,
    );
  });

  it('ends its demand when the endpoint was idle again, and parks', async () => {
    const fleet = await chat();
    await fleet.tickUntil(HOUR);
    await fleet.invoke({ ...request, detail: { endpoint: 'chat' } });
    await fleet.tickUntil(HOUR + 12 * MINUTE);
    expect((await fleet.record('chat')).phase).toBe('up');
    await fleet.tickUntil(2 * HOUR);
    expect(await fleet.record('chat')).toMatchObject({ phase: 'parked', demand: [] });
    expect(count(fleet, 'DeleteEndpoint')).toBe(2);
  });

  it('brings the count that a hold or window asks for', async () => {
    const three: Rung = { kind: 'bounds', min: 3, max: 6, during: 'office' };
    const fleet = await chat(
      {},
      {
        agenda: agendaOf([
          [0, zero],
          [2 * HOUR, three],
        ]),
      },
    );
    await fleet.tickUntil(2 * HOUR + 20 * MINUTE);
    const endpoint = await fleet.people.sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'Chat' }));
    expect(endpoint.ProductionVariants).toMatchObject([{ CurrentInstanceCount: 3, DesiredInstanceCount: 3 }]);
    expect((await fleet.record('chat')).phase).toBe('up');
  });

  it('creates once, however often and at once it is asked', async () => {
    const fleet = await chat();
    await fleet.tickUntil(HOUR);
    const asked = { ...request, detail: { endpoint: 'chat' } };
    await Promise.all([fleet.invoke(asked), fleet.invoke(asked), fleet.invoke(asked)]);
    await fleet.invoke(asked);
    expect(count(fleet, 'CreateEndpoint')).toBe(1);
    expect(await fleet.record('chat')).toMatchObject({ phase: 'waking', generation: 2 });
  });
});

describe('a wake without capacity', () => {
  async function withFallback(): Promise<IdleWindowsFleet> {
    const policy = { ...PARKING_POLICY, wake: { ...PARKING_POLICY.wake, fallbackConfigs: ['chat-g6'] } };
    const fleet = await chat(
      {},
      {
        policy,
        agenda: agendaOf([
          [0, zero],
          [2 * HOUR, office],
        ]),
      },
    );
    await fleet.people.sagemaker.send(
      new CreateEndpointConfigCommand({
        EndpointConfigName: 'chat-g6',
        ProductionVariants: [
          { VariantName: 'AllTraffic', ModelName: 'Chat', InstanceType: 'ml.g6.xlarge', InitialInstanceCount: 1 },
        ],
      }),
    );
    return fleet;
  }

  it('takes the next config of the ladder, which is not the new truth', async () => {
    const fleet = await withFallback();
    fleet.aws.world.addShortage({
      instanceType: 'ml.g5.xlarge',
      from: START + HOUR,
      until: START + 3 * HOUR,
      failsAfterMs: 30 * MINUTE,
    });
    await fleet.tickUntil(3 * HOUR);
    const endpoint = await fleet.people.sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'Chat' }));
    expect(endpoint).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'chat-g6' });
    expect(types(fleet)).toContain('Endpoint Late');
    expect(fleet.events.find(({ type }) => type === 'Wake Failed')?.detail).toMatchObject({
      reason: 'wake-failed-capacity',
      config: 'Chat',
    });
    expect(fleet.events.find(({ type }) => type === 'Endpoint Ready')?.detail['lateSeconds']).toBeGreaterThan(0);
    expect((await fleet.breakers.openUntil()).get('ml.g5.xlarge')).toBeGreaterThan(START + DAY);
    expect(await fleet.store.readRecipe('chat', 1)).toMatchObject({ preferred: { configName: 'Chat' } });
  });

  it('goes on until there is capacity, then closes the breaker', async () => {
    const fleet = await chat(
      {},
      {
        agenda: agendaOf([
          [0, zero],
          [2 * HOUR, office],
        ]),
      },
    );
    fleet.aws.world.addShortage({
      instanceType: 'ml.g5.xlarge',
      from: START + HOUR,
      until: START + 4 * HOUR,
      failsAfterMs: 30 * MINUTE,
    });
    await fleet.tickUntil(5 * HOUR);
    expect((await fleet.record('chat')).phase).toBe('up');
    expect((await fleet.breakers.openUntil()).size).toBe(0);
    expect((await fleet.store.samples(['chat'])).get('chat')?.wakes, 'failed attempts are no samples').toEqual([
      8 * MINUTE,
    ]);
    const late = fleet.events.filter(({ type }) => type === 'Endpoint Late');
    expect(
      late.map(({ detail }) => detail['window']),
      'announced once, when the window begins',
    ).toEqual([new Date(START + 2 * HOUR).toISOString()]);
  });

  it('parks no endpoint of a type that met no capacity', async () => {
    const fleet = await chat();
    await fleet.breakers.open('ml.g5.xlarge', START + DAY);
    await fleet.tickUntil(HOUR);
    expect(fleet.decisions()).toContain('refuse breaker-open');
    expect(count(fleet, 'DeleteEndpoint')).toBe(0);
  });

  it('is retried when the quota is used up, synchronously refused', async () => {
    const fleet = await chat(
      {},
      {
        agenda: agendaOf([
          [0, zero],
          [2 * HOUR, office],
        ]),
      },
    );
    fault(fleet, 'SageMaker.CreateEndpoint', HOUR, 2 * HOUR + 30 * MINUTE, {
      code: 'ResourceLimitExceeded',
      message: "The account-level service limit 'ml.g5.xlarge for endpoint usage' is 1 Instances",
    });
    await fleet.tickUntil(3 * HOUR);
    expect((await fleet.record('chat')).phase).toBe('up');
    expect(fleet.decisions()).toContain('refuse wake-failed-quota');
  });
});

describe('somebody else’s hand', () => {
  const recreate = (fleet: IdleWindowsFleet, tags: Record<string, string>) =>
    fleet.people.sagemaker.send(
      new CreateEndpointCommand({
        EndpointName: 'Chat',
        EndpointConfigName: 'Chat',
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    );

  it('adopts what was recreated with the tag, and leaves it its minimum time up', async () => {
    const fleet = await chat();
    await fleet.tickUntil(30 * MINUTE);
    await recreate(fleet, { [`${PREFIX}:policy`]: 'chat' });
    await fleet.tickUntil(60 * MINUTE);
    expect(fleet.decisions()).toContain('keep adopted');
    expect(await fleet.status('Chat')).toBe('InService');
    expect((await fleet.store.recipeVersions('chat')).length).toBe(1);
  });

  it('lets go of what was recreated without it, and never touches it', async () => {
    const fleet = await chat();
    await fleet.tickUntil(30 * MINUTE);
    await recreate(fleet, { team: 'other' });
    await fleet.tickUntil(3 * HOUR);
    expect(await fleet.store.get('chat')).toBeUndefined();
    expect(await fleet.status('Chat')).toBe('InService');
    expect(await fleet.store.readRecipe('chat', 1), 'kept as history').toBeDefined();
    const { Tags = [] } = await fleet.people.sagemaker.send(
      new ListTagsCommand({
        ResourceArn:
          (await fleet.people.sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'Chat' }))).EndpointArn ?? '',
      }),
    );
    expect(Tags).toEqual([{ Key: 'team', Value: 'other' }]);
  });

  it('archives what its owner deleted, and never recreates it', async () => {
    const fleet = await chat({}, { agenda: agendaOf([[0, office]]) });
    await fleet.people.sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Chat' }));
    await fleet.tickUntil(HOUR);
    expect(await fleet.store.get('chat')).toBeUndefined();
    expect(count(fleet, 'CreateEndpoint')).toBe(0);
    expect(types(fleet)).toContain('Endpoint Let Go');
  });

  it('announces an orphan and does not recreate it', async () => {
    const fleet = await chat();
    await fleet.tickUntil(30 * MINUTE);
    const config = await fleet.people.sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName: 'Chat' }));
    expect(config.EndpointConfigName).toBe('Chat');
    await fleet.people.sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName: 'Chat' }));
    await fleet.tickUntil(DAY + HOUR);
    expect(types(fleet).filter((type) => type === 'Endpoint Orphaned')).toHaveLength(1);
    await fleet.invoke({ ...request, detail: { endpoint: 'chat' } });
    expect(count(fleet, 'CreateEndpoint')).toBe(0);
  });

  it('keeps the scaling of the recipe when the endpoint came back by hand without it', async () => {
    const fleet = await chat();
    await register(fleet);
    await fleet.tickUntil(30 * MINUTE);
    await recreate(fleet, { [`${PREFIX}:policy`]: 'chat' });
    await fleet.tickUntil(3 * HOUR);
    expect((await fleet.record('chat')).phase).toBe('parked');
    expect(await fleet.store.readRecipe('chat', 2)).toMatchObject({ targets: [{ policies: [{ name: 'requests' }] }] });
  });
});

describe('modes', () => {
  it('dry-run reports a park and changes nothing', async () => {
    const fleet = await chat({ MODE: 'dry-run' });
    await fleet.tickUntil(2 * HOUR);
    expect(fleet.decisions()).toContain('park mode-dry-run');
    expect(count(fleet, 'DeleteEndpoint')).toBe(0);
    expect((await fleet.record('chat')).phase).toBe('up');
  });

  it('wake-only parks nothing', async () => {
    const fleet = await chat({ MODE: 'wake-only' });
    await fleet.tickUntil(HOUR);
    expect(fleet.decisions()).toContain('refuse mode-wake-only');
    expect(count(fleet, 'DeleteEndpoint')).toBe(0);
  });

  it('off does nothing at all, and says so hourly while something is parked', async () => {
    const fleet = await createFleet({ MODE: 'off' });
    await fleet.enrol('Chat', { phase: 'parked', agenda: agendaOf([[0, office]]) });
    await fleet.tickUntil(2 * HOUR);
    expect(types(fleet)).toEqual(['Scaler Off', 'Scaler Off', 'Scaler Off']);
    expect(Object.keys(fleet.aws.callCounts()).filter((call) => call.startsWith('SageMaker'))).toEqual([]);
  });
});

describe('crash safety', () => {
  it('does not act while another run’s lease lasts', async () => {
    const fleet = await chat();
    await fleet.tickUntil(30 * MINUTE);
    const now = fleet.aws.clock.now();
    await fleet.store.update('chat', (record) => ({ ...record, lease: { holder: 'another', until: now + MINUTE } }));
    await fleet.invoke({ ...request, detail: { endpoint: 'chat' } });
    expect(count(fleet, 'CreateEndpoint')).toBe(0);
    await fleet.tickUntil(31 * MINUTE);
    expect(count(fleet, 'CreateEndpoint')).toBe(1);
  });

  it('repeats a create whose end is unknown with the same generation', async () => {
    const fleet = await chat();
    await fleet.tickUntil(30 * MINUTE);
    fault(fleet, 'SageMaker.CreateEndpoint', 0, 31 * MINUTE, {
      code: 'InternalFailure',
      message: 'try again',
      httpStatus: 500,
    });
    await fleet.invoke({ ...request, detail: { endpoint: 'chat' } });
    const first = await fleet.record('chat');
    expect(first).toMatchObject({ phase: 'waking', generation: 2 });
    await fleet.tickUntil(45 * MINUTE);
    expect(await fleet.record('chat')).toMatchObject({ phase: 'up', generation: 2 });
  });

  it('one endpoint’s failure stops none of the others, and fails the run', async () => {
    const fleet = await chat();
    fleet.seed({ name: 'b' });
    await fleet.enrol('b');
    await fleet.tickUntil(PARKED_BY);
    await fleet.store.update('chat', (record) => ({ ...record, phase: 'waking', recipeVersion: 77 }));
    await fleet.store.update('chat', (record) => ({
      ...record,
      demand: [{ source: 'request', since: START, renewedAt: START }],
    }));
    await fleet.invoke({ ...request, detail: { endpoint: 'b' } });
    expect(await fleet.status('b')).toBe('Creating');
  });

  it('gives back when the flag says so, and parks no more', async () => {
    const fleet = await chat();
    await fleet.tickUntil(30 * MINUTE);
    await fleet.store.update('chat', (record) => ({
      ...record,
      giveBack: { at: START, by: 'ada' },
      nextAt: { scaling: 0, windows: 0 },
    }));
    await fleet.tickUntil(3 * HOUR);
    expect(await fleet.status('Chat')).toBe('InService');
    expect(count(fleet, 'DeleteEndpoint')).toBe(1);
    expect(fleet.decisions().slice(-2)).toEqual(['wake give-back', 'keep restored']);
  });

  it('removes nothing but its own tag’s endpoints', async () => {
    const fleet = await chat();
    fleet.seed({ name: 'stranger', tags: {} });
    await fleet.tickUntil(2 * HOUR);
    expect(await fleet.status('stranger')).toBe('InService');
  });

  it('follows a tag that was taken away while parking', async () => {
    const fleet = await chat();
    await fleet.tickUntilPhase('chat', 'parking');
    const { arn } = await fleet.record('chat');
    await fleet.people.sagemaker.send(new DeleteTagsCommand({ ResourceArn: arn, TagKeys: [`${PREFIX}:policy`] }));
    await fleet.people.sagemaker.send(new AddTagsCommand({ ResourceArn: arn, Tags: [{ Key: 'x', Value: 'y' }] }));
    await fleet.tickUntil(fleet.aws.clock.now() - START + 5 * MINUTE);
    expect(count(fleet, 'DeleteEndpoint')).toBe(0);
    expect(fleet.decisions()).toContain('refuse not-enrolled');
  });
});

async function register(fleet: IdleWindowsFleet): Promise<void> {
  await fleet.people.scaling.send(new RegisterScalableTargetCommand({ ...TARGET, MinCapacity: 1, MaxCapacity: 3 }));
  await fleet.people.scaling.send(
    new PutScalingPolicyCommand({
      ...TARGET,
      PolicyName: 'requests',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 100,
        PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
      },
    }),
  );
}
