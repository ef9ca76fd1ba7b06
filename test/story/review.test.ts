/** What once went wrong: each story is the scenario that showed it, and asks for what should have happened. */
import { describe, expect, it } from 'vitest';
import { asynchronous, busyBefore, idle, MONDAY_UTC, POLICY_TAG, realTime, variant } from './fleet.ts';
import {
  answers,
  arrivals,
  creations,
  deletions,
  endpointOf,
  eventsOf,
  expectAway,
  expectBetween,
  expectSound,
  expectUp,
  since,
  spanAt,
  spansWithin,
} from './reading.ts';
import { type Document, runScenario } from './run-scenario.ts';

const wakeAt = (at: string, endpoint = 'chat'): Document => ({
  at,
  call: 'EventBridge.PutEvents',
  with: {
    Entries: [
      { Source: 'endpoint-scaler.request', DetailType: 'Wake Requested', Detail: JSON.stringify({ endpoint }) },
    ],
  },
});

const configAt = (at: string, name: string, InstanceType: string, VariantName = 'AllTraffic'): Document => ({
  at,
  call: 'SageMaker.CreateEndpointConfig',
  with: {
    EndpointConfigName: name,
    ProductionVariants: [
      { VariantName, ModelName: 'chat', InstanceType, InitialInstanceCount: 1, InitialVariantWeight: 1 },
    ],
  },
});

const createdAt = (at: string, EndpointName: string, EndpointConfigName: string): Document => ({
  at,
  call: 'SageMaker.CreateEndpoint',
  with: { EndpointName, EndpointConfigName, Tags: [{ Key: POLICY_TAG, Value: 'dev' }] },
});

const everyDay = (from: string, to: string): Document => ({ timezone: 'UTC', open: [{ days: 'mon-sun', from, to }] });

const busy = { traffic: [{ from: '+0h', to: '+2h', perMinute: 2 }] };

/** One endpoint `chat` with the policy `dev`. */
const alone = (length: string, policy: Document, happens: readonly Document[], more: Document = {}): Document => ({
  start: MONDAY_UTC,
  for: length,
  policies: { dev: policy },
  endpoints: { chat: realTime('dev', more) },
  happens,
});

describe('documents and tags', () => {
  it('a document that is deleted and put again is read again, although its version is 1 once more', async () => {
    const forbidden = { otherwise: { min: 1, max: 2 } };
    const { result } = await runScenario(
      alone(
        '5h',
        idle('30m'),
        [
          ...busyBefore('chat'),
          { at: '+1h10s', remove: 'policies/dev' },
          { at: '+1h20s', put: 'policies/dev', document: forbidden },
        ],
        busy,
      ),
    );
    expect(deletions(result, 'chat'), 'the policy in force forbids zero').toEqual([]);
    expectSound(result);
  });

  it('the policy of an earlier tag lowers nothing while the new one cannot be read', async () => {
    const { result } = await runScenario({
      ...alone(
        '6h',
        idle('30m'),
        [
          ...busyBefore('chat'),
          { at: '+1h', for: '4h', fail: 'SSM.GetParametersByPath', with: 'AccessDeniedException' },
          {
            at: '+1h10m',
            call: 'SageMaker.AddTags',
            with: { ResourceArn: '$ARN(chat)', Tags: [{ Key: POLICY_TAG, Value: 'prod' }] },
          },
        ],
        busy,
      ),
      policies: { dev: idle('30m'), prod: { otherwise: { min: 1, max: 2 } } },
    });
    expect(deletions(result, 'chat'), 'its owner tagged it away from the policy that parks').toEqual([]);
    expectSound(result);
  });

  it.each(['True', 'TRUE', ' true '])('protect=%j protects', async (value) => {
    const { result } = await runScenario(alone('2h', idle('30m'), [], { tags: { 'endpoint-scaler:protect': value } }));
    expect(deletions(result, 'chat')).toEqual([]);
  });

  it('an enrolment that could not be checked is asked about again at the next tick', async () => {
    const { result } = await runScenario(
      alone('1h', idle('30m'), [{ at: '+0h', for: '30s', throttle: 'SageMaker.ListTags' }]),
    );
    const [enrolled] = eventsOf(result, 'Endpoint Enrolled', 'chat');
    expectBetween(enrolled && since(result, enrolled.at), '0m', '3m', 'throttling is no answer');
    expectSound(result);
  });
});

describe('leave', () => {
  it('a policy that turns to leave wakes nothing: what is parked stays parked until somebody asks', async () => {
    const leave = { otherwise: 'leave', zero: { by: 'park', idleFor: '30m' } };
    const { result } = await runScenario(
      alone('6h', idle('30m'), [{ at: '+2h', put: 'policies/dev', document: leave }, wakeAt('+4h')]),
    );
    expectAway(result, 'chat', '1h', '4h', 'nobody asks for it');
    expectBetween(arrivals(result, 'chat')[0], '4h', '4h15m', 'a request wakes it as ever');
    expectSound(result);
  });
});

describe('asynchronous endpoints', () => {
  const queue = (more: Document): Document => asynchronous('q', more);

  it('a max of 0 takes no instance from an endpoint whose activity is unknown', async () => {
    const endpoint = queue({ traffic: [{ from: '+2h', to: '+4h', perMinute: 3 }] });
    const { result } = await runScenario({
      start: MONDAY_UTC,
      for: '10h',
      schedules: { quiet: everyDay('03:00', '05:00') },
      policies: {
        q: {
          capacity: [{ during: 'quiet', min: 0, max: 0 }],
          otherwise: { min: 0, max: 5 },
          wake: { on: ['backlog'], backlogPerInstance: 5 },
        },
      },
      endpoints: { tr: endpoint },
      happens: [
        {
          at: '+1h',
          call: 'ApplicationAutoScaling.RegisterScalableTarget',
          with: { ...variant('tr'), MinCapacity: 0, MaxCapacity: 5 },
        },
        { at: '+2h50m', for: '30m', metrics: 'missing', of: 'tr' },
      ],
    });
    expectUp(result, 'tr', '2h15m', '4h', 'it is busy, and nobody can tell for half an hour');
    expectSound(result);
  });

  const ttl: Document = {
    start: MONDAY_UTC,
    for: '20h',
    policies: { q: { otherwise: { min: 0, max: 5 }, wake: { on: ['backlog'], backlogPerInstance: 5 } } },
    endpoints: { tr: queue({ requestTtl: '2h', traffic: [{ from: '+2h', to: '+4h', perMinute: 1 }] }) },
  };

  it('a down hold that outlives the requests of a queue is refused', async () => {
    const { result } = await runScenario({
      ...ttl,
      happens: [{ at: '+1h', hold: 'tr', mode: 'down', until: '+14h', why: 'cost' }],
    });
    expect(endpointOf(result, 'tr').requests.expired).toBe(0);
    expectSound(result);
  });

  it('a backlog that is gone starts no instances', async () => {
    const { result } = await runScenario({
      ...ttl,
      happens: [{ at: '+1h', hold: 'tr', mode: 'hands-off', until: '+14h', why: 'cost' }],
    });
    expect(
      spansWithin(result, 'tr', '14h', '20h').map(({ desired }) => desired),
      'the queue is empty',
    ).toEqual([0]);
  });
});

describe('demand', () => {
  it('an alarm that goes off in the minutes that no idle verdict covers wakes what was parked meanwhile', async () => {
    const { result } = await runScenario(
      alone('9h', idle('30m', { wake: { on: ['request', 'alarm:q'] } }), [
        {
          at: '+1m',
          call: 'CloudWatch.PutMetricAlarm',
          with: {
            AlarmName: 'q',
            Namespace: 'X',
            MetricName: 'Y',
            Statistic: 'Sum',
            Period: 60,
            EvaluationPeriods: 1,
            Threshold: 1,
            ComparisonOperator: 'GreaterThanOrEqualToThreshold',
            TreatMissingData: 'ignore',
          },
        },
        wakeAt('+5h'),
        { at: '+5h30m', for: '1h', events: { delay: '2m' }, of: 'CloudWatch Alarm State Change' },
        {
          at: '+5h39m30s',
          call: 'CloudWatch.SetAlarmState',
          with: { AlarmName: 'q', StateValue: 'ALARM', StateReason: 'test' },
        },
        { at: '+5h39m45s', for: '30s', fail: 'CloudWatch.DescribeAlarms', with: 'ThrottlingException' },
      ]),
    );
    expect(spanAt(result, 'chat', '6h').serving, 'the alarm is in ALARM all the time').toBe(1);
    expectSound(result);
  });
});

describe('what a wake comes up with', () => {
  it('a fallback never becomes the truth, not even when it is taken out of the policy meanwhile', async () => {
    const { result } = await runScenario(
      alone('32h', idle('30m', { wake: { on: ['request'], fallbackConfigs: ['chat-fb'] } }), [
        configAt('+1m', 'chat-fb', 'ml.g4dn.2xlarge'),
        { at: '+3h', for: '1h', noCapacity: 'ml.g5.2xlarge', failsAfter: '10m' },
        wakeAt('+3h'),
        { at: '+3h25m', put: 'policies/dev', document: idle('30m') },
        // While it runs on the fallback, the preferred type's breaker keeps it up, for 24 hours at the latest.
        wakeAt('+30h'),
      ]),
    );
    expect(spanAt(result, 'chat', '3h40m').config).toBe('chat-fb');
    expect(spanAt(result, 'chat', '30h20m')).toMatchObject({ status: 'InService', config: 'chat' });
    expectSound(result);
  });

  it('a ladder skips configs of a type that has just failed, and the preferred type’s breaker forbids a park', async () => {
    const { result } = await runScenario(
      alone('8h', idle('30m', { wake: { on: ['request'], fallbackConfigs: ['chat-same', 'chat-fb'] } }), [
        configAt('+1m', 'chat-same', 'ml.g5.2xlarge'),
        configAt('+1m', 'chat-fb', 'ml.g4dn.2xlarge'),
        { at: '+3h', for: '5h', noCapacity: 'ml.g5.2xlarge', failsAfter: '30m' },
        wakeAt('+3h'),
      ]),
    );
    const configs = endpointOf(result, 'chat').spans.flatMap(({ status, config }) =>
      status === 'Creating' ? [config] : [],
    );
    expect(configs, 'half an hour is lost once, not twice').toEqual(['chat', 'chat-fb']);
    expectUp(result, 'chat', '4h', '8h', 'the next wake would begin with the type that has no capacity');
    expectSound(result);
  });

  it('a recreated endpoint has the weight that it had', async () => {
    const { result } = await runScenario(
      alone('4h', idle('30m'), [
        ...busyBefore('chat'),
        {
          at: '+1m',
          call: 'SageMaker.UpdateEndpointWeightsAndCapacities',
          with: {
            EndpointName: 'chat',
            DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredWeight: 0.25 }],
          },
        },
        wakeAt('+2h'),
        { at: '+2h20m', call: 'SageMaker.DescribeEndpoint', with: { EndpointName: 'chat' } },
      ]),
    );
    const [answer] = answers(result, 'DescribeEndpoint');
    expect(answer.ProductionVariants[0]).toMatchObject({ CurrentWeight: 0.25, DesiredWeight: 0.25 });
    expectSound(result);
  });

  it('another endpoint of the same name gets nothing from the recipes of the one before it', async () => {
    const of = { ServiceNamespace: 'sagemaker' };
    const { result } = await runScenario(
      alone('9h', idle('30m'), [
        ...busyBefore('chat'),
        {
          at: '+1m',
          call: 'ApplicationAutoScaling.RegisterScalableTarget',
          with: { ...variant('chat'), MinCapacity: 1, MaxCapacity: 9 },
        },
        {
          at: '+1m30s',
          call: 'ApplicationAutoScaling.PutScheduledAction',
          with: {
            ...variant('chat'),
            ScheduledActionName: 'old-nightly',
            Schedule: 'cron(0 7 * * ? *)',
            ScalableTargetAction: { MinCapacity: 8, MaxCapacity: 9 },
          },
        },
        wakeAt('+1h'),
        { at: '+1h15m', call: 'SageMaker.DeleteEndpoint', with: { EndpointName: 'chat' } },
        createdAt('+1h40m', 'chat', 'chat'),
        wakeAt('+5h'),
        { at: '+5h20m', call: 'ApplicationAutoScaling.DescribeScheduledActions', with: of },
      ]),
    );
    expect(answers(result, 'DescribeScheduledActions')[0].ScheduledActions ?? []).toEqual([]);
    expectSound(result);
  });
});

describe('recreated by its owner', () => {
  const scaled = (min: number): Document => ({
    capacity: [{ during: 'office', min, max: 4 }],
    otherwise: 'zero',
    zero: { by: 'park', idleFor: '30m' },
    scaling: [{ kind: 'target-tracking', metric: 'ConcurrentRequestsPerModel', target: 8 }],
  });

  it('with another variant: bounds and scaling are that variant’s', async () => {
    const { result } = await runScenario({
      ...alone('14h', scaled(2), [
        configAt('+1m', 'chat-v2', 'ml.g4dn.2xlarge', 'blue'),
        createdAt('+1h', 'chat', 'chat-v2'),
      ]),
      schedules: { office: everyDay('08:00', '19:00') },
    });
    expect(endpointOf(result, 'chat').final.scalableTargets).toMatchObject([
      { ResourceId: 'endpoint/chat/variant/blue', MinCapacity: 2, MaxCapacity: 4 },
    ]);
    expectSound(result);
  });

  it('with another case of its name: it is parked again when it is idle', async () => {
    const { result } = await runScenario({
      ...alone('16h', scaled(1), [createdAt('+1h', 'Chat', 'chat')]),
      schedules: { office: everyDay('08:00', '12:00') },
    });
    const parks = eventsOf(result, 'Endpoint Parked', 'Chat');
    expect(parks.length, 'idle before the window, and after it').toBe(2);
    expectSound(result);
  });
});

describe('parked', () => {
  it('a config that is gone is announced, and looked for every quarter of an hour, not every minute', async () => {
    const office: Document = {
      capacity: [{ during: 'office', min: 1, max: 4 }],
      otherwise: 'zero',
      zero: { by: 'park', idleFor: '30m' },
    };
    const { result } = await runScenario({
      ...alone('20h', office, [
        { at: '+2h', call: 'SageMaker.DeleteEndpointConfig', with: { EndpointConfigName: 'chat' } },
      ]),
      schedules: { office: everyDay('08:00', '12:00') },
    });
    expect(eventsOf(result, 'Endpoint Orphaned', 'chat').length).toBe(1);
    expect(creations(result, 'chat')).toEqual([]);
    expect(result.calls['SageMaker.DescribeEndpointConfig']).toBeLessThan(60);
    expectSound(result);
  });

  it('a check that nobody may make is a warning, not a state that lasts', async () => {
    const denied = { at: '+0h', for: '5h', fail: 'SageMaker.DescribeModel', with: 'AccessDeniedException' };
    const { result } = await runScenario(alone('2h', idle('30m'), [denied]));
    expect(deletions(result, 'chat').length, 'unanswerable, so a warning').toBe(1);
    expectSound(result);
  });

  it('a check that is throttled puts the park off until it is answered', async () => {
    const throttled = { at: '+0h', for: '1h', throttle: 'SageMaker.DescribeModel' };
    const { result } = await runScenario(alone('3h', idle('30m'), [throttled]));
    expectBetween(deletions(result, 'chat')[0], '1h', '1h15m', 'answered again');
    expectSound(result);
  });
});
