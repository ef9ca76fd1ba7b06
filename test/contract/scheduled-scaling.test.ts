import {
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { DeleteAlarmsCommand, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeEndpointCommand } from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../shared/domain/time.ts';
import { PREFIX } from '../support/product-runtime.ts';
import { createScalingFleet, type ScalingFleet } from '../support/scheduled-scaling-fleet.ts';
import { START } from '../support/simulator-clients.ts';

const TRACKING = { kind: 'target-tracking', metric: 'InvocationsPerInstance', target: 100 };
const variant = (endpoint: string) => ({
  ServiceNamespace: 'sagemaker' as const,
  ResourceId: `endpoint/${endpoint}/variant/AllTraffic`,
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount' as const,
});
const QUEUE = { otherwise: { min: 0, max: 5 }, wake: { on: ['backlog'], backlogPerInstance: 5 } };

async function targetOf(fleet: ScalingFleet, endpoint: string) {
  const { ScalableTargets } = await fleet.people.scaling.send(
    new DescribeScalableTargetsCommand({ ServiceNamespace: 'sagemaker', ResourceIds: [variant(endpoint).ResourceId] }),
  );
  const [target] = ScalableTargets ?? [];
  return target && { min: target.MinCapacity, max: target.MaxCapacity };
}
async function policiesOf(fleet: ScalingFleet, endpoint: string) {
  const { ScalingPolicies } = await fleet.people.scaling.send(
    new DescribeScalingPoliciesCommand({ ServiceNamespace: 'sagemaker', ResourceId: variant(endpoint).ResourceId }),
  );
  return (ScalingPolicies ?? []).map(({ PolicyName }) => PolicyName ?? '').toSorted((a, b) => (a < b ? -1 : 1));
}
async function desiredOf(fleet: ScalingFleet, endpoint: string) {
  const { ProductionVariants } = await fleet.people.sagemaker.send(
    new DescribeEndpointCommand({ EndpointName: endpoint }),
  );
  return ProductionVariants?.[0]?.DesiredInstanceCount;
}
const mutating = (fleet: ScalingFleet) =>
  fleet.calls.filter(
    ({ mutating: changes, service }) => changes && service !== 'DynamoDB' && service !== 'EventBridge',
  );

/** An owner's own target with a policy of his, as it stood before the endpoint was enrolled. */
async function ownScaling(fleet: ScalingFleet, endpoint: string): Promise<void> {
  await fleet.people.scaling.send(
    new RegisterScalableTargetCommand({ ...variant(endpoint), MinCapacity: 1, MaxCapacity: 4 }),
  );
  await fleet.people.scaling.send(
    new PutScalingPolicyCommand({
      ...variant(endpoint),
      PolicyName: 'owners',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 50,
        PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
      },
    }),
  );
}

describe('enrolment', () => {
  it('takes name and case from SageMaker, the kind from the config, and announces it once', async () => {
    const fleet = await createScalingFleet();
    await fleet.put('policies/checkout', { otherwise: { min: 1, max: 3 } });
    fleet.seed({ name: 'Check-Out' }, 'checkout');
    fleet.seed({ name: 'stranger' });
    await fleet.tickUntil(5 * MINUTE);
    expect(await fleet.record('check-out')).toMatchObject({
      endpoint: 'Check-Out',
      kind: 'real-time',
      variant: 'AllTraffic',
      phase: 'up',
      policyName: 'checkout',
      protected: false,
      observed: { status: 'InService', instanceType: 'ml.g5.xlarge', desired: 1, serving: 1 },
    });
    expect((await fleet.store.list()).length).toBe(1);
    // An earlier life of the name may have left tags with generations of its own.
    expect((await fleet.record('check-out')).generation).toBeGreaterThanOrEqual(Math.floor(START / 1000));
    expect(fleet.events.filter(({ type }) => type === 'Endpoint Enrolled')).toMatchObject([
      { detail: { endpoint: 'Check-Out' } },
    ]);
  });

  it('asks ListTags where the tagging API disagrees, not at each tick of its lag', async () => {
    const fleet = await createScalingFleet();
    await fleet.put('policies/checkout', { otherwise: 'leave' });
    fleet.seed({ name: 'chat' }, 'checkout');
    await fleet.tickUntil(10 * MINUTE);
    await fleet.tag('chat', { [`${PREFIX}:protect`]: 'true' });
    fleet.forgetCalls();
    await fleet.tickUntil(30 * MINUTE);
    expect((await fleet.record('chat')).protected).toBe(true);
    expect(fleet.calls.filter(({ operation }) => operation === 'ListTags').length).toBe(1);
  });

  it('refuses several variants and unknown policies for that endpoint alone', async () => {
    const fleet = await createScalingFleet();
    await fleet.put('policies/good', { otherwise: { min: 2, max: 3 } });
    fleet.seed({ name: 'ghostly' }, 'no-such');
    fleet.seed({ name: 'fine' }, 'good');
    await fleet.tickUntil(6 * MINUTE);
    expect(await desiredOf(fleet, 'fine')).toBe(2);
    expect(fleet.events.filter(({ type }) => type === 'Policy Invalid')).toMatchObject([
      { detail: { endpoint: 'ghostly', parameter: '/endpoint-scaler/policies/no-such', field: 'document' } },
    ]);
    expect(fleet.decisions('ghostly')).toEqual(['refuse policy-invalid']);
  });
});

describe('a scaling policy that AWS refuses', () => {
  const STEP = {
    kind: 'step',
    alarm: { metric: 'ModelLatency', threshold: '5s', periods: 3 },
    steps: [{ from: 0, add: 1 }],
  };
  const refuse = (fleet: ScalingFleet, calls: string, until?: number) =>
    fleet.aws.addCallFault({
      from: START,
      until,
      calls,
      share: 1,
      error: { code: 'ValidationException', message: 'Undefined variable' },
    });
  const refusals = (fleet: ScalingFleet) => fleet.events.filter(({ type }) => type === 'Decision Refused');

  it('keeps none of its siblings from its place, and is told once by its name', async () => {
    const fleet = await createScalingFleet();
    await fleet.put('policies/several', { otherwise: { min: 1, max: 3 }, scaling: [STEP, TRACKING] });
    fleet.seed({ name: 'chat' }, 'several');
    // Only the alarm of a step policy is ours to put.
    refuse(fleet, 'CloudWatch.PutMetricAlarm', START + 30 * MINUTE);
    await fleet.tickUntil(25 * MINUTE);
    expect(await policiesOf(fleet, 'chat')).toContain('endpoint-scaler-InvocationsPerInstance');
    expect(refusals(fleet)).toMatchObject([
      {
        detail: {
          endpoint: 'chat',
          reason: 'call-refused',
          code: 'ValidationException',
          message: 'endpoint-scaler-step-ModelLatency: Undefined variable',
        },
      },
    ]);
    expect((await fleet.record('chat')).asserted, 'tried again').toBeUndefined();
    await fleet.tickUntil(50 * MINUTE);
    expect((await fleet.record('chat')).asserted).toBeDefined();
    const { MetricAlarms } = await fleet.people.cloudwatch.send(new DescribeAlarmsCommand({}));
    expect(MetricAlarms?.map(({ AlarmName }) => AlarmName)).toContain('endpoint-scaler-chat-step-ModelLatency');
    expect(refusals(fleet).length).toBe(1);
  });

  it('keeps neither the wake alarm nor the way out of zero from being there', async () => {
    const fleet = await createScalingFleet();
    const scaling = [{ kind: 'target-tracking', metric: 'ApproximateBacklogSizePerInstance', target: 5 }];
    await fleet.put('policies/queue', { ...QUEUE, scaling });
    fleet.seed({ name: 'jobs', kind: 'async', instances: 0 }, 'queue');
    refuse(fleet, 'ApplicationAutoScaling.PutScalingPolicy');
    await fleet.tickUntil(10 * MINUTE);
    expect(await policiesOf(fleet, 'jobs')).toEqual([]);
    const { MetricAlarms } = await fleet.people.cloudwatch.send(new DescribeAlarmsCommand({}));
    expect(MetricAlarms?.map(({ AlarmName }) => AlarmName)).toEqual(['endpoint-scaler-jobs-backlog']);
    expect(refusals(fleet).length).toBe(1);
  });

  it('stops where nothing of the target can be changed now', async () => {
    const fleet = await createScalingFleet();
    await fleet.put('policies/several', { otherwise: { min: 1, max: 3 }, scaling: [STEP, TRACKING] });
    fleet.seed({ name: 'chat' }, 'several');
    const error = { code: 'ConcurrentUpdateException', message: 'Already updating' };
    const calls = 'ApplicationAutoScaling.PutScalingPolicy';
    fleet.aws.addCallFault({ from: START, until: undefined, calls, share: 1, error });
    await fleet.tickUntil(3 * MINUTE);
    const asked = fleet.calls.filter(({ operation }) => operation === 'PutScalingPolicy');
    expect(new Set(asked.map(({ input }) => input.PolicyName))).toEqual(new Set(['endpoint-scaler-step-ModelLatency']));
  });
});

describe('letting go', () => {
  it('removes what we made, and nothing else', async () => {
    const fleet = await createScalingFleet();
    await fleet.put('policies/tracked', { otherwise: { min: 1, max: 3 }, scaling: [TRACKING] });
    fleet.seed({ name: 'ours' }, 'tracked');
    fleet.seed({ name: 'theirs' }, 'tracked');
    await ownScaling(fleet, 'theirs');
    await fleet.tickUntil(5 * MINUTE);
    expect(await policiesOf(fleet, 'ours')).toEqual(['endpoint-scaler-InvocationsPerInstance']);
    expect(await policiesOf(fleet, 'theirs')).toEqual(['endpoint-scaler-InvocationsPerInstance', 'owners']);
    for (const name of ['ours', 'theirs']) await fleet.untag(name, [`${PREFIX}:policy`]);
    await fleet.tickUntil(15 * MINUTE);
    expect(await targetOf(fleet, 'ours')).toBeUndefined();
    expect(await policiesOf(fleet, 'theirs')).toEqual(['owners']);
    expect(await targetOf(fleet, 'theirs')).toEqual({ min: 1, max: 3 });
    expect(await fleet.store.list()).toEqual([]);
    expect(fleet.events.filter(({ type }) => type === 'Endpoint Let Go').length).toBe(2);
  });

  it('changes nothing for anyone when a page of the tagging API fails', async () => {
    const fleet = await createScalingFleet();
    await fleet.put('policies/checkout', { otherwise: 'leave' });
    fleet.seed({ name: 'chat' }, 'checkout');
    await fleet.tickUntil(5 * MINUTE);
    const error = { code: 'ThrottlingException', message: 'Rate exceeded' };
    fleet.aws.addCallFault({ from: START, until: undefined, calls: 'ResourceGroupsTaggingAPI.*', share: 1, error });
    await fleet.tickUntil(8 * MINUTE);
    expect((await fleet.store.list()).length).toBe(1);
  });
});

describe('documents', () => {
  it('half-read, change nothing; the records go on', async () => {
    const fleet = await createScalingFleet();
    for (let index = 0; index < 12; index += 1)
      await fleet.put(`policies/p${index}`, { otherwise: { min: 1, max: 3 } });
    fleet.seed({ name: 'chat' }, 'p11');
    await fleet.tickUntil(2 * MINUTE);
    const before = await fleet.record('chat');
    fleet.coldStart();
    const error = { code: 'InternalServerError', message: 'try again', httpStatus: 500 };
    fleet.aws.addCallFault({ from: START, until: undefined, calls: 'SSM.GetParametersByPath', share: 0.5, error });
    await fleet.tickUntil(20 * MINUTE);
    const after = await fleet.record('chat');
    expect(after.invalid).toBeUndefined();
    expect(after.policy).toEqual(before.policy);
  });

  it('broken, keep the last valid version, name what is wrong, and lower nothing', async () => {
    const fleet = await createScalingFleet();
    await fleet.put('policies/checkout', { otherwise: { min: 3, max: 5 } });
    fleet.seed({ name: 'chat' }, 'checkout');
    await fleet.tickUntil(6 * MINUTE);
    expect(await desiredOf(fleet, 'chat')).toBe(3);
    await fleet.put('policies/checkout', { otherwise: { min: 1, max: 5 }, colour: 'red' });
    await fleet.tickUntil(10 * MINUTE);
    expect((await fleet.record('chat')).invalid?.problem).toMatch(/policies\/checkout: colour: /);
    expect(await desiredOf(fleet, 'chat')).toBe(3);
    expect(fleet.events.filter(({ type }) => type === 'Policy Invalid').length).toBe(1);
    await fleet.put('policies/checkout', { otherwise: { min: 1, max: 5 } });
    await fleet.tickUntil(20 * MINUTE);
    expect((await fleet.record('chat')).invalid).toBeUndefined();
    expect(await desiredOf(fleet, 'chat')).toBe(1);
  });

  it('with step scaling put policy and alarm, mend either, and take both away again', async () => {
    const fleet = await createScalingFleet();
    const step = {
      kind: 'step',
      alarm: { metric: 'ModelLatency', threshold: '500ms', periods: 3 },
      steps: [{ from: 0, add: 1 }],
    };
    await fleet.put('policies/stepped', { otherwise: { min: 1, max: 3 }, scaling: [step] });
    fleet.seed({ name: 'Chat' }, 'stepped');
    await fleet.tickUntil(3 * MINUTE);
    expect(await policiesOf(fleet, 'Chat')).toEqual(['endpoint-scaler-step-ModelLatency']);
    const alarms = async () =>
      (await fleet.people.cloudwatch.send(new DescribeAlarmsCommand({}))).MetricAlarms?.map(
        ({ AlarmName, Threshold, AlarmActions }) => ({ AlarmName, Threshold, actions: AlarmActions?.length }),
      );
    const name = 'endpoint-scaler-Chat-step-ModelLatency';
    const asPut = [{ AlarmName: name, Threshold: 500_000, actions: 1 }];
    expect(await alarms()).toEqual(asPut);

    await fleet.people.cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: [name] }));
    await fleet.tickUntil(40 * MINUTE);
    expect(await alarms(), 'deleted by somebody').toEqual(asPut);

    fleet.forgetCalls();
    await fleet.tickUntil(80 * MINUTE);
    expect(mutating(fleet), 'nothing differs').toEqual([]);

    await fleet.put('policies/stepped', { otherwise: { min: 1, max: 3 } });
    await fleet.tickUntil(82 * MINUTE);
    expect(await policiesOf(fleet, 'Chat')).toEqual([]);
    expect(await alarms(), 'a step policy leaves its alarm behind; we do not').toEqual([]);
  });

  it('with a percentile put an alarm that has one, once', async () => {
    const fleet = await createScalingFleet();
    const step = {
      kind: 'step',
      alarm: { metric: 'ModelLatency', statistic: 'p99', threshold: '2s', periods: 2 },
      steps: [{ from: 0, add: 1 }],
    };
    await fleet.put('policies/stepped', { otherwise: { min: 1, max: 3 }, scaling: [step] });
    fleet.seed({ name: 'Chat' }, 'stepped');
    await fleet.tickUntil(3 * MINUTE);
    const [shown] = (await fleet.people.cloudwatch.send(new DescribeAlarmsCommand({}))).MetricAlarms ?? [];
    expect(shown).toMatchObject({ MetricName: 'ModelLatency', ExtendedStatistic: 'p99', Threshold: 2_000_000 });
    expect(shown?.Statistic).toBeUndefined();
    fleet.forgetCalls();
    await fleet.tickUntil(40 * MINUTE);
    expect(mutating(fleet), 'nothing differs').toEqual([]);
  });

  it('with a percentage of CPU multiply it by the cores, and say where nobody knows how many there are', async () => {
    const fleet = await createScalingFleet();
    const tracking = { kind: 'target-tracking', metric: 'CPUUtilization', target: 70 };
    await fleet.put('policies/cpu', { otherwise: { min: 1, max: 3 }, scaling: [tracking] });
    fleet.seed({ name: 'four', instanceType: 'ml.m5.xlarge' }, 'cpu');
    fleet.seed({ name: 'metal', instanceType: 'ml.c7i.metal' }, 'cpu');
    await fleet.tickUntil(20 * MINUTE);
    const shown = await fleet.people.scaling.send(
      new DescribeScalingPoliciesCommand({ ServiceNamespace: 'sagemaker' }),
    );
    expect(
      shown.ScalingPolicies?.map(({ ResourceId, TargetTrackingScalingPolicyConfiguration: tracked }) => [
        ResourceId,
        tracked?.TargetValue,
      ]),
    ).toEqual([['endpoint/four/variant/AllTraffic', 280]]);
    const said = fleet.events.filter(({ type }) => type === 'Policy Not Applied');
    expect(said).toMatchObject([
      { detail: { endpoint: 'metal', scaling: 'CPUUtilization', instanceType: 'ml.c7i.metal' } },
    ]);
  });
});

describe('a rung that suspends', () => {
  const suspendedOf = async (fleet: ScalingFleet) => {
    const { ScalableTargets } = await fleet.people.scaling.send(
      new DescribeScalableTargetsCommand({ ServiceNamespace: 'sagemaker' }),
    );
    return ScalableTargets?.[0]?.SuspendedState;
  };
  const SOME = { DynamicScalingInSuspended: true, DynamicScalingOutSuspended: false, ScheduledScalingSuspended: true };
  const NONE = {
    DynamicScalingInSuspended: false,
    DynamicScalingOutSuspended: false,
    ScheduledScalingSuspended: false,
  };

  it('suspends while it is in force, and lets scaling go on after it', async () => {
    const fleet = await createScalingFleet();
    // START is midnight, UTC.
    await fleet.put('schedules/freeze', { timezone: 'UTC', open: [{ from: '00:00', to: '01:00' }] });
    const capacity = [{ during: 'freeze', min: 1, max: 3, suspend: ['in', 'scheduled'] }];
    await fleet.put('policies/frozen', { capacity, otherwise: { min: 1, max: 3 }, scaling: [TRACKING] });
    fleet.seed({ name: 'chat' }, 'frozen');
    await fleet.tickUntil(3 * MINUTE);
    expect(await suspendedOf(fleet)).toEqual(SOME);
    fleet.forgetCalls();
    await fleet.tickUntil(58 * MINUTE);
    expect(mutating(fleet), 'nothing differs').toEqual([]);
    await fleet.tickUntil(62 * MINUTE);
    expect(await suspendedOf(fleet)).toEqual(NONE);
  });

  it('is gone from the policy, or the endpoint let go: scaling goes on', async () => {
    const fleet = await createScalingFleet();
    const frozen = { min: 1, max: 3, suspend: ['in', 'scheduled'] };
    await fleet.put('policies/frozen', { otherwise: frozen, scaling: [TRACKING] });
    fleet.seed({ name: 'chat' }, 'frozen');
    await ownScaling(fleet, 'chat');
    await fleet.tickUntil(3 * MINUTE);
    expect(await suspendedOf(fleet)).toEqual(SOME);
    await fleet.put('policies/frozen', { otherwise: { min: 1, max: 3 }, scaling: [TRACKING] });
    await fleet.tickUntil(6 * MINUTE);
    expect(await suspendedOf(fleet), 'the word is gone').toEqual(NONE);
    await fleet.put('policies/frozen', { otherwise: frozen, scaling: [TRACKING] });
    await fleet.tickUntil(9 * MINUTE);
    expect(await suspendedOf(fleet)).toEqual(SOME);
    await fleet.untag('chat', [`${PREFIX}:policy`]);
    await fleet.tickUntil(20 * MINUTE);
    expect(await suspendedOf(fleet), 'the tag is gone; the owner keeps his target').toEqual(NONE);
  });

  it('leaves the owner’s suspension alone where no rung says anything of it', async () => {
    const fleet = await createScalingFleet();
    await fleet.put('policies/plain', { otherwise: { min: 1, max: 3 }, scaling: [TRACKING] });
    fleet.seed({ name: 'chat' }, 'plain');
    await fleet.people.scaling.send(
      new RegisterScalableTargetCommand({ ...variant('chat'), MinCapacity: 1, MaxCapacity: 2, SuspendedState: SOME }),
    );
    await fleet.tickUntil(20 * MINUTE);
    expect(await targetOf(fleet, 'chat')).toEqual({ min: 1, max: 3 });
    expect(await suspendedOf(fleet)).toEqual(SOME);
  });
});

describe('a tick', () => {
  it('makes no change when nothing differs, and repairs what somebody changed', async () => {
    const fleet = await createScalingFleet();
    await fleet.put('policies/tracked', { otherwise: { min: 1, max: 3 }, scaling: [TRACKING] });
    fleet.seed({ name: 'chat' }, 'tracked');
    await fleet.tickUntil(2 * MINUTE);
    fleet.forgetCalls();
    await fleet.tickUntil(44 * MINUTE);
    expect(mutating(fleet)).toEqual([]);
    const writes = fleet.calls.filter(({ operation }) => operation === 'PutItem');
    expect(writes).toEqual([]);
    await fleet.people.scaling.send(
      new RegisterScalableTargetCommand({ ...variant('chat'), MinCapacity: 1, MaxCapacity: 9 }),
    );
    await fleet.tickUntil(45 * MINUTE);
    expect(await targetOf(fleet, 'chat')).toEqual({ min: 1, max: 3 });
  });

  it('puts a removed policy back together with its target', async () => {
    const fleet = await createScalingFleet();
    await fleet.put('policies/tracked', { otherwise: { min: 1, max: 3 }, scaling: [TRACKING] });
    fleet.seed({ name: 'chat' }, 'tracked');
    await fleet.tickUntil(2 * MINUTE);
    await fleet.put('policies/tracked', {
      otherwise: { min: 1, max: 3 },
      scaling: [{ ...TRACKING, metric: 'CPUUtilization' }],
    });
    await fleet.tickUntil(4 * MINUTE);
    expect(await policiesOf(fleet, 'chat')).toEqual(['endpoint-scaler-CPUUtilization']);
  });

  it('in dry-run reports once and calls nothing', async () => {
    const fleet = await createScalingFleet({ MODE: 'dry-run' });
    await fleet.put('policies/tracked', { otherwise: { min: 2, max: 3 }, scaling: [TRACKING] });
    fleet.seed({ name: 'chat' }, 'tracked');
    await fleet.tickUntil(40 * MINUTE);
    expect(mutating(fleet)).toEqual([]);
    expect(fleet.decisions()).toEqual(['scale otherwise']);
  });

  it('over 1,000 endpoints with nothing to do stays within its share of 60 calls, re-check included', async () => {
    const fleet = await createScalingFleet();
    await fleet.put('policies/tracked', { otherwise: { min: 1, max: 3 }, scaling: [TRACKING] });
    await fleet.put('policies/plain', { otherwise: { min: 1, max: 3 } });
    // An account has at most 500 scalable targets of a kind before its quota is raised.
    for (let index = 0; index < 1_000; index += 1) {
      fleet.seed({ name: `endpoint-${index}` }, index % 2 === 0 ? 'tracked' : 'plain');
    }
    await fleet.tickUntil(24 * MINUTE);
    expect((await fleet.store.list()).length, 'enrolled some at a time').toBe(1_000);
    const spent = async (offset: number) => {
      fleet.forgetCalls();
      await fleet.tick(offset);
      return fleet.calls.length;
    };
    const quiet = await spent(25 * MINUTE);
    const recheck = await spent(30 * MINUTE);
    const drift = await spent(33 * MINUTE);
    console.log(
      `scheduled-scaling over 1,000 endpoints: ${quiet} calls, ${recheck} with the re-check, ${drift} with all policies`,
    );
    expect(quiet).toBeLessThanOrEqual(20);
    expect(recheck).toBeLessThanOrEqual(50);
    expect(drift).toBeLessThanOrEqual(30);
  }, 60_000);
});

describe('an asynchronous endpoint', () => {
  it('is woken by a tick when nobody heard its alarm, in one step', async () => {
    const fleet = await createScalingFleet();
    await fleet.put('policies/queue', QUEUE);
    fleet.seed(
      {
        name: 'Transcribe',
        kind: 'async',
        instances: 0,
        load: {
          arrivals: () => 0,
          serves: { concurrent: 1, seconds: 40 },
          whenAway: 'lost',
          requestTtlSeconds: 21_600,
        },
      },
      'queue',
    );
    await fleet.tickUntil(5 * MINUTE);
    const { MetricAlarms } = await fleet.people.cloudwatch.send(
      new DescribeAlarmsCommand({ AlarmNames: ['endpoint-scaler-Transcribe-backlog'] }),
    );
    expect(MetricAlarms?.[0]).toMatchObject({
      MetricName: 'HasBacklogWithoutCapacity',
      TreatMissingData: 'notBreaching',
    });
    fleet.aws.world.inject('Transcribe', 12);
    await fleet.tickUntil(10 * MINUTE);
    expect(await desiredOf(fleet, 'Transcribe')).toBe(3);
    expect((await fleet.record('transcribe')).demand).toMatchObject([{ source: 'backlog', count: 3 }]);
    await fleet.tickUntil(HOUR);
    expect(await desiredOf(fleet, 'Transcribe')).toBe(0);
    expect((await fleet.record('transcribe')).demand).toEqual([]);
    expect((await fleet.store.samples(['transcribe'])).get('transcribe')?.scaleOuts.length).toBe(1);
  });
});
