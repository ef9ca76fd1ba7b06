import {
  DeleteScalingPolicyCommand,
  DeregisterScalableTargetCommand,
  PutScalingPolicyCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { DescribeAlarmsCommand, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from 'vitest';
import { createScalingControl, createSnapshotControl } from '../../shared/aws/application-auto-scaling.ts';
import { createAlarmControl } from '../../shared/aws/cloudwatch-alarms.ts';
import { createEventBus } from '../../shared/aws/eventbridge.ts';
import { createDocumentSource } from '../../shared/aws/ssm.ts';
import { createCandidateFinder } from '../../shared/aws/tagging.ts';
import type { StepScaling, TargetTracking } from '../../shared/domain/policy.ts';
import { MINUTE, SECOND } from '../../shared/domain/time.ts';
import type { Outcome } from '../../shared/ports/outcome.ts';
import type { SimulatedAws } from '../../simulator/index.ts';
import { type Clients, createAws, createClients, START } from '../support/simulator-clients.ts';

const PRODUCT = { kind: 'product', name: 'ScheduledScaling' } as const;
const RESOURCE = 'endpoint/Chat/variant/AllTraffic';
const TARGET = { resourceId: RESOURCE, dimension: 'instances' } as const;
const KEY = {
  ServiceNamespace: 'sagemaker',
  ResourceId: RESOURCE,
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
} as const;

let aws: SimulatedAws;
let people: Clients;
let product: Clients;

beforeEach(() => {
  aws = createAws();
  people = createClients(aws);
  product = createClients(aws, PRODUCT);
  aws.world.seed({
    name: 'Chat',
    kind: 'real-time',
    instanceType: 'ml.g5.xlarge',
    instances: 1,
    tags: { 'endpoint-scaler:policy': 'chat' },
    timing: { startMs: () => 4 * MINUTE, deleteMs: MINUTE },
  });
});

function unwrap<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.failure.code}: ${outcome.failure.message}`);
  return outcome.value;
}

/** A target as a team has it: suspended, tagged, with both kinds of policies, a scheduled action and a wired alarm. */
async function ownersScaling(): Promise<void> {
  await people.scaling.send(
    new RegisterScalableTargetCommand({
      ...KEY,
      MinCapacity: 1,
      MaxCapacity: 4,
      SuspendedState: { ScheduledScalingSuspended: true },
      Tags: { team: 'search' },
    }),
  );
  await people.scaling.send(
    new PutScalingPolicyCommand({
      ...KEY,
      PolicyName: 'tracks',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 50,
        PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
        DisableScaleIn: true,
      },
    }),
  );
  const { PolicyARN } = await people.scaling.send(
    new PutScalingPolicyCommand({
      ...KEY,
      PolicyName: 'steps',
      PolicyType: 'StepScaling',
      StepScalingPolicyConfiguration: {
        AdjustmentType: 'ChangeInCapacity',
        Cooldown: 120,
        StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
      },
    }),
  );
  await people.scaling.send(
    new PutScheduledActionCommand({
      ...KEY,
      ScheduledActionName: 'mornings',
      Schedule: 'cron(0 7 ? * MON-FRI *)',
      Timezone: 'Europe/Berlin',
      EndTime: new Date(START + 365 * 24 * 60 * MINUTE),
      ScalableTargetAction: { MinCapacity: 2 },
    }),
  );
  await people.cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName: 'latency-high',
      Namespace: 'AWS/SageMaker',
      MetricName: 'ModelLatency',
      Dimensions: [{ Name: 'EndpointName', Value: 'Chat' }],
      Statistic: 'Average',
      Period: 60,
      EvaluationPeriods: 3,
      Threshold: 500_000,
      ComparisonOperator: 'GreaterThanThreshold',
      AlarmActions: [PolicyARN ?? '', 'arn:aws:sns:eu-central-1:123456789012:pages'],
    }),
  );
}

describe('scaling control', () => {
  const control = () => {
    const clients = { scaling: product.scaling, cloudWatch: product.cloudwatch };
    return { ...createScalingControl(clients), ...createSnapshotControl(clients) };
  };
  const tracking: TargetTracking = {
    kind: 'target-tracking',
    metric: 'InvocationsPerInstance',
    target: 100,
    scaleInCooldown: 300 * SECOND,
    scaleOutCooldown: 60 * SECOND,
  };

  it('reads back what it put, and sees each difference', async () => {
    const place = { name: 'Chat', variant: 'AllTraffic' };
    unwrap(await control().register(TARGET, { min: 1, max: 3 }, { tags: { 'endpoint-scaler:made-by': 'x' } }));
    const sources: Readonly<Record<string, TargetTracking['source']>> = {
      InvocationsPerInstance: undefined,
      ConcurrentRequestsPerModel: undefined,
      MemoryUtilization: undefined,
      ApproximateBacklogSizePerInstance: undefined,
      queue: { namespace: 'Orders', name: 'Depth', dimensions: { For: '{endpoint}' }, statistic: 'Average' },
      slow: { namespace: 'Orders', name: 'Latency', dimensions: {}, statistic: 'Maximum', unit: 'Seconds' },
      ratio: {
        math: 'FILL(a, 0) / b',
        metrics: {
          a: 'Invocations',
          b: { namespace: 'Orders', name: 'Workers', dimensions: {}, statistic: 'Maximum' },
        },
      },
    };
    for (const [metric, source] of Object.entries(sources)) {
      const spec = { ...tracking, metric, ...(source && { source }) };
      const policy = { name: `endpoint-scaler-${metric}`, spec, endpoint: place };
      unwrap(await control().putPolicy(TARGET, policy));
      const shown = unwrap(await control().policies(TARGET)).find(({ name }) => name === policy.name);
      if (shown === undefined) throw new Error(`no policy ${policy.name}`);
      expect(control().differences(shown, undefined, policy), metric).toEqual([]);
      for (const other of [
        { ...spec, target: 99 },
        { ...spec, scaleInCooldown: 0 },
        { ...spec, disableScaleIn: true as const },
        { ...tracking, metric: 'DiskUtilization' },
      ]) {
        expect(control().differences(shown, undefined, { ...policy, spec: other }).length, metric).toBe(1);
      }
    }
    const [target] = unwrap(
      await control().targets([TARGET, { resourceId: 'endpoint/none/variant/x', dimension: 'instances' }]),
    );
    expect(target).toMatchObject({
      ...TARGET,
      min: 1,
      max: 3,
      suspended: { in: false, out: false, scheduled: false },
    });
    expect(unwrap(await control().targetTags(target?.arn ?? ''))).toEqual({ 'endpoint-scaler:made-by': 'x' });
  });

  const stepped: StepScaling = {
    kind: 'step',
    alarm: {
      metric: 'ModelLatency',
      threshold: 500_000,
      periods: 3,
      period: 60 * SECOND,
      statistic: 'Average',
      comparison: '>=',
      missing: 'notBreaching',
    },
    steps: [
      { from: 0, to: 500_000, change: { percent: 10 } },
      { from: 500_000, change: { percent: 50 } },
    ],
    minMagnitude: 2,
    aggregation: 'Maximum',
    cooldown: 60 * SECOND,
  };

  it('puts a step policy with the alarm that drives it, and sees each difference of either', async () => {
    const place = { name: 'Chat', variant: 'AllTraffic' };
    unwrap(await control().register(TARGET, { min: 1, max: 3 }));
    const alarmName = 'endpoint-scaler-Chat-step-ModelLatency';
    const policy = { name: 'endpoint-scaler-step-ModelLatency', spec: stepped, endpoint: place, alarmName };
    unwrap(await control().putPolicy(TARGET, policy));
    const [shown] = unwrap(await control().policies(TARGET));
    const alarm = unwrap(await control().alarmDefinitions([alarmName])).get(alarmName);
    if (shown === undefined) throw new Error('no policy');
    expect(shown.definition['StepScalingPolicyConfiguration']).toEqual({
      AdjustmentType: 'PercentChangeInCapacity',
      StepAdjustments: [
        { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 500_000, ScalingAdjustment: 10 },
        { MetricIntervalLowerBound: 500_000, ScalingAdjustment: 50 },
      ],
      MinAdjustmentMagnitude: 2,
      Cooldown: 60,
      MetricAggregationType: 'Maximum',
    });
    expect(alarm).toMatchObject({
      AlarmActions: [shown.arn],
      MetricName: 'ModelLatency',
      Statistic: 'Average',
      Period: 60,
      EvaluationPeriods: 3,
      Threshold: 500_000,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
    expect(control().differences(shown, alarm, policy)).toEqual([]);
    expect(control().differences(shown, undefined, policy), 'without its alarm').toMatchObject([
      { field: 'alarm', actual: 'none' },
    ]);
    const others: readonly StepScaling[] = [
      { ...stepped, cooldown: 0 },
      { ...stepped, alarm: { ...stepped.alarm, threshold: 1 } },
      { ...stepped, alarm: { ...stepped.alarm, comparison: '<' } },
      { ...stepped, alarm: { ...stepped.alarm, missing: 'breaching' } },
      { ...stepped, steps: [{ from: 0, change: { set: 3 } }] },
    ];
    for (const spec of others) {
      expect(control().differences(shown, alarm, { ...policy, spec }), JSON.stringify(spec)).not.toEqual([]);
    }
  });

  it('finds nothing to remove where nothing is', async () => {
    expect((await control().deletePolicy(TARGET, 'none')).ok).toBe(true);
    expect((await control().deregister(TARGET)).ok).toBe(true);
    expect(await control().snapshot(TARGET)).toEqual({ ok: true, value: undefined });
  });

  it('restores a snapshot to the last item, alarms wired to the new ARNs, bounds those of now', async () => {
    await ownersScaling();
    const snapshot = unwrap(await control().snapshot(TARGET));
    if (snapshot === undefined) throw new Error('no snapshot');
    expect(snapshot.policies.map(({ name }) => name)).toEqual(['steps', 'tracks']);
    expect(snapshot.alarms.map(({ name }) => name)).toEqual(['latency-high']);
    expect(unwrap(await control().compare(snapshot))).toEqual([]);

    await people.scaling.send(new DeregisterScalableTargetCommand(KEY));
    expect(unwrap(await control().compare(snapshot))).toEqual([
      `scalable target ${RESOURCE}`,
      'scaling policy steps',
      'scaling policy tracks',
      'scheduled action mornings',
      // The wiring of an alarm differs again when its policy is there, under another ARN.
    ]);
    expect(unwrap(await control().restore(snapshot, { min: 2, max: 6 }))).toEqual({ refused: [], denied: [] });
    expect(unwrap(await control().compare(snapshot))).toEqual([]);
    expect(unwrap(await control().compare(snapshot, { min: 2, max: 6 })), 'bounds and tags as restored').toEqual([]);
    expect(unwrap(await control().compare(snapshot, { min: 2, max: 5 }))).toEqual([`scalable target ${RESOURCE}`]);
    const tagged = { ...snapshot, tags: { ...snapshot.tags, more: 'y' } };
    expect(unwrap(await control().compare(tagged, { min: 2, max: 6 }))).toEqual([
      `tags of scalable target ${RESOURCE}`,
    ]);
    const again = unwrap(await control().snapshot(TARGET));
    expect(again).toMatchObject({ min: 2, max: 6, suspended: { scheduled: true }, tags: { team: 'search' } });
    expect(again?.scheduledActions).toEqual(snapshot.scheduledActions);

    const steps = again?.policies.find(({ name }) => name === 'steps');
    const { MetricAlarms } = await people.cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: ['latency-high'] }));
    expect(steps?.arn).not.toBe(snapshot.policies.find(({ name }) => name === 'steps')?.arn);
    expect(MetricAlarms?.[0]?.AlarmActions).toEqual([steps?.arn, 'arn:aws:sns:eu-central-1:123456789012:pages']);
    expect(MetricAlarms?.[0]).toMatchObject({ Threshold: 500_000, EvaluationPeriods: 3 });
  });

  it('reads back a policy that is missing or different', async () => {
    await ownersScaling();
    const snapshot = unwrap(await control().snapshot(TARGET));
    if (snapshot === undefined) throw new Error('no snapshot');
    await people.scaling.send(new DeleteScalingPolicyCommand({ ...KEY, PolicyName: 'steps' }));
    expect(unwrap(await control().compare(snapshot))).toEqual(['scaling policy steps']);
  });

  it('repeats only what is missing after a run that died in the middle', async () => {
    await ownersScaling();
    const snapshot = unwrap(await control().snapshot(TARGET));
    if (snapshot === undefined) throw new Error('no snapshot');
    await people.scaling.send(new DeleteScalingPolicyCommand({ ...KEY, PolicyName: 'tracks' }));
    const calls: string[] = [];
    aws.onCall(({ caller, mutating, operation }) => {
      if (caller.kind === 'product' && mutating) calls.push(operation);
    });
    unwrap(await control().restore(snapshot, { min: 1, max: 4 }));
    expect(calls).toEqual(['PutScalingPolicy']);
  });

  it('tells a refused item from one that did not come through', async () => {
    await ownersScaling();
    const snapshot = unwrap(await control().snapshot(TARGET));
    if (snapshot === undefined) throw new Error('no snapshot');
    await people.scaling.send(new DeregisterScalableTargetCommand(KEY));
    const denied = { code: 'AccessDeniedException', message: 'User is not authorized to perform this action' };
    const until = START + MINUTE;
    aws.addCallFault({
      from: START,
      until,
      calls: 'ApplicationAutoScaling.PutScheduledAction',
      share: 1,
      error: denied,
    });
    expect(unwrap(await control().restore(snapshot, { min: 1, max: 4 })).refused).toMatchObject([
      { item: 'scheduled action mornings' },
    ]);
    await aws.run(until);
    const throttled = { code: 'ThrottlingException', message: 'Rate exceeded' };
    aws.addCallFault({
      from: until,
      until: undefined,
      calls: 'ApplicationAutoScaling.PutScheduledAction',
      share: 1,
      error: throttled,
    });
    expect(await control().restore(snapshot, { min: 1, max: 4 })).toMatchObject({
      ok: false,
      failure: { class: 'transient' },
    });
  });
});

describe('documents from SSM', () => {
  it('reads all pages, and not the stack’s marker', async () => {
    const put = (name: string, text = '{}') =>
      people.ssm.send(new PutParameterCommand({ Name: `/endpoint-scaler/${name}`, Type: 'String', Value: text }));
    for (let index = 0; index < 23; index += 1) await put(`policies/p${index}`);
    await put('schedules/office', '{"timezone":"UTC"}');
    await put('stack', 'arn');
    const documents = unwrap(await createDocumentSource(product.ssm, 'endpoint-scaler').readAll());
    expect(documents.length).toBe(24);
    expect(documents.find(({ kind }) => kind === 'schedules')).toEqual({
      kind: 'schedules',
      name: 'office',
      parameter: '/endpoint-scaler/schedules/office',
      version: 1,
      text: '{"timezone":"UTC"}',
    });
  });

  it('answers a failure, not half of them, when a page fails', async () => {
    for (let index = 0; index < 23; index += 1) {
      await people.ssm.send(
        new PutParameterCommand({ Name: `/endpoint-scaler/policies/p${index}`, Type: 'String', Value: '{}' }),
      );
    }
    let pages = 0;
    const flaky = createClients(aws, PRODUCT, {
      before: () => {
        pages += 1;
        if (pages === 2) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      },
    });
    expect(await createDocumentSource(flaky.ssm, 'endpoint-scaler').readAll()).toMatchObject({
      ok: false,
      failure: { call: 'SSM.GetParametersByPath' },
    });
  });
});

describe('candidates', () => {
  it('are the endpoints that the tagging API lists, over all pages, with lower-cased ARNs', async () => {
    for (let index = 0; index < 120; index += 1) {
      aws.world.seed({
        name: `Endpoint-${index}`,
        kind: 'real-time',
        instanceType: 'ml.g5.xlarge',
        instances: 1,
        tags: index % 2 === 0 ? { 'endpoint-scaler:policy': 'p' } : {},
        timing: { startMs: () => MINUTE, deleteMs: MINUTE },
      });
    }
    await aws.run(START + 10 * MINUTE);
    const candidates = unwrap(await createCandidateFinder(product.tagging, 'endpoint-scaler').candidates());
    expect(candidates.length).toBe(61);
    expect(candidates.every(({ arn }) => arn === arn.toLowerCase())).toBe(true);
    expect(candidates[0]?.tags).toHaveProperty('endpoint-scaler:policy');
  });
});

describe('alarm control', () => {
  it('puts a wake alarm, reads its state, and removes it even beside one that is gone', async () => {
    const control = createAlarmControl(product.cloudwatch);
    const name = 'endpoint-scaler-Chat-backlog';
    unwrap(await control.putWakeAlarm(name, { endpoint: 'Chat' }));
    await aws.run(START + 30 * SECOND);
    await people.cloudwatch.send(
      new SetAlarmStateCommand({ AlarmName: name, StateValue: 'ALARM', StateReason: 'test' }),
    );
    expect(unwrap(await control.states([name, 'none']))).toEqual([
      { name, state: 'ALARM', stateSince: START + 30 * SECOND },
    ]);
    unwrap(await control.remove(['none', name]));
    expect(unwrap(await control.states([name]))).toEqual([]);
  });
});

describe('the event bus', () => {
  it('bears source, type, detail and time', async () => {
    const seen: Readonly<Record<string, unknown>>[] = [];
    aws.onBusEvent((event) => seen.push(event));
    const entry = { at: START, source: 'endpoint-scaler', type: 'Endpoint Ready', detail: '{"endpoint":"Chat"}' };
    expect(await createEventBus(product.events).put([entry, { ...entry, detail: 'not json' }])).toMatchObject([
      { entry: { detail: 'not json' }, code: 'MalformedDetail' },
    ]);
    expect(seen.filter(({ source }) => source === 'endpoint-scaler')).toMatchObject([
      { 'detail-type': 'Endpoint Ready', detail: { endpoint: 'Chat' } },
    ]);
  });
});
