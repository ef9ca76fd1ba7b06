import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asynchronous, idle, office, officeHours, queueOnly, realTime } from '../story/fleet.ts';
import { FAULTY_KEY, type ServedAccount, serveScenario } from '../support/served-account.ts';

let account: ServedAccount;
const person = { kind: 'person', name: 'someone' } as const;
const ESC = '\u001b[31mred\u009b2J\u202e';

beforeAll(async () => {
  // Monday, from midnight to nine in the evening in Berlin: chat was up from eight to seven, search never.
  account = await serveScenario({
    start: '2026-03-02T00:00:00+01:00',
    for: '21h',
    region: 'eu-central-1',
    schedules: { office },
    policies: { 'chat-dev': officeHours(), spare: idle('30m'), queue: queueOnly },
    endpoints: {
      Chat: realTime('chat-dev'),
      search: realTime('spare', { instances: 2, instanceType: 'ml.unknown.xlarge' }),
      transcribe: asynchronous('queue', { traffic: [{ from: '+20h', to: '+30h', perMinute: 5 }] }),
    },
  });
  const { aws } = account.run;
  aws.call(
    person,
    'CloudWatch',
    'PutMetricAlarm',
    alarm('pager', { TreatMissingData: 'breaching', AlarmActions: ['arn:aws:sns:eu-central-1:123456789012:pager'] }),
  );
  aws.call(person, 'CloudWatch', 'PutMetricAlarm', alarm(`quiet ${ESC}`, { TreatMissingData: 'ignore' }));
  aws.call(person, 'CloudWatch', 'PutMetricAlarm', {
    ...alarm('of-another', { TreatMissingData: 'breaching' }),
    Dimensions: [{ Name: 'EndpointName', Value: 'search' }],
  });
});
afterAll(() => account.close());

const alarm = (AlarmName: string, more: Readonly<Record<string, unknown>>) => ({
  AlarmName,
  Namespace: 'AWS/SageMaker',
  MetricName: 'Invocations',
  Dimensions: [
    { Name: 'EndpointName', Value: 'Chat' },
    { Name: 'VariantName', Value: 'AllTraffic' },
  ],
  Statistic: 'Sum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 1,
  ComparisonOperator: 'LessThanThreshold',
  ...more,
});

describe('status', () => {
  it('tells of every endpoint what it is, why, and when that changes', async () => {
    const { out, err, code } = await account.command(['status']);
    expect({ err, code }).toEqual({ err: '', code: 0 });
    expect(out).toMatch(/^endpoint-scaler in eu-central-1, mode on, 2026-03-02T20:00/);
    expect(out).toMatch(
      /Chat +real-time +parked +0\/0 +- +otherwise +tue 2026-03-03 08:00 \+01:00 \(2026-03-03T07:00Z\): 1\.\.2 during office/,
    );
    expect(out).toMatch(
      /parked for 1h5\dm, since mon 2026-03-02 19:0\d \+01:00 .*: 1 × ml\.g5\.2xlarge, about 3\.\d\d USD not spent/,
    );
    expect(out).toMatch(/starts at tue 2026-03-03 07:50:12 \+01:00 .* to be ready then/);
    expect(out).toMatch(/2 × ml\.unknown\.xlarge, its price is not known/);
    expect(out).toMatch(/transcribe +async +up +\d\/\d/);
    expect(out).toMatch(/parked now: 2, about 3\.\d\d USD not spent so far .*, 1 of unknown price not counted/);
  });

  it('tells programs the same, with instants and numbers', async () => {
    const answer = await account.json(['status', 'CHAT']);
    expect(answer).toMatchObject({
      region: 'eu-central-1',
      prefix: 'endpoint-scaler',
      mode: 'on',
      table: account.run.tableName,
    });
    expect(answer.endpoints).toHaveLength(1);
    expect(answer.endpoints[0]).toMatchObject({
      endpoint: 'Chat',
      kind: 'real-time',
      policy: 'chat-dev',
      phase: 'parked',
      status: 'Absent',
      capacity: { desired: 0, serving: 0, min: null, max: null },
      ruling: { want: 'zero', reason: 'otherwise', window: '2026-03-02T18:00:00.000Z' },
      nextEdge: {
        at: '2026-03-03T07:00:00.000Z',
        local: 'tue 2026-03-03 08:00 +01:00',
        timezone: 'Europe/Berlin',
        startsAt: '2026-03-03T06:50:12.000Z',
      },
      hold: null,
      holds: [],
      late: null,
      parked: { instances: 1, instanceType: 'ml.g5.2xlarge', currency: 'USD', dryRun: false },
    });
    const { since, hours, saved } = answer.endpoints[0].parked;
    expect(hours).toBeCloseTo((Date.parse('2026-03-02T20:00:00Z') - Date.parse(since)) / 3_600_000, 1);
    expect(saved).toBeCloseTo(hours * 1.515, 6);
  });

  it('counts the instances that are really there, between the bounds that are really set', async () => {
    const [live] = (await account.json(['status', 'transcribe'])).endpoints;
    const [variant] = account.run.aws.call(person, 'SageMaker', 'DescribeEndpoint', {
      EndpointName: 'transcribe',
    }).ProductionVariants;
    expect(live.capacity).toMatchObject({
      desired: variant.DesiredInstanceCount,
      serving: variant.CurrentInstanceCount,
    });
    expect(live.capacity.desired).toBeGreaterThan(0);
    expect(live.demand).toMatchObject([{ source: 'backlog' }]);
  });

  it('knows the history of holds', async () => {
    await account.command(['hold', 'search', 'up', '--until', '+2h', '--why', 'first', '--by', 'ada']);
    await account.advance('1m');
    await account.command(['unhold', 'search']);
    await account.advance('1m');
    await account.command(['hold', 'search', 'hands-off', '--until', '+3h', '--why', ESC, '--by', 'eve']);
    const [search] = (await account.json(['status', 'search'])).endpoints;
    expect(search.hold).toMatchObject({ mode: 'hands-off', by: 'eve', why: ESC });
    expect(search.holds).toMatchObject([
      { mode: 'up', by: 'ada', why: 'first' },
      { removed: expect.any(String) },
      { mode: 'hands-off' },
    ]);
    expect(search.ruling).toMatchObject({ want: 'hands-off', reason: 'hold-hands-off' });
    expect(search.nextEdge.what).toBe('the hold hands-off ends');
  });

  it('never sends other people’s words to the terminal as they are', async () => {
    const { out } = await account.command(['status', 'search']);
    expect(out).toContain('held hands-off until');
    expect(out).toContain('\\u001b[31mred\\u009b2J\\u202e');
    const json = (await account.command(['status', 'search', '--json', '-'])).out;
    for (const text of [out, json]) expect(text).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u);
  });

  it('names the endpoint that is meant where a name is not known', async () => {
    const answer = await account.command(['status', 'caht']);
    expect(answer).toEqual({
      code: 1,
      out: '',
      err: 'endpoint: caht: an endpoint of the fleet in eu-central-1, one that carries the tag endpoint-scaler:policy (did you mean Chat?)\n',
    });
  });

  it('marks what SageMaker did not tell', async () => {
    account.run.aws.addCallFault({
      from: 0,
      until: undefined,
      calls: 'SageMaker.DescribeEndpoint',
      share: 1,
      error: {
        code: 'AccessDeniedException',
        message: 'User: x is not authorized to perform: sagemaker:DescribeEndpoint on resource: y',
      },
    });
    const answer = await account.command(['status', 'transcribe'], { AWS_ACCESS_KEY_ID: FAULTY_KEY });
    expect(answer.code).toBe(0);
    expect(answer.err).toBe(
      'not read: AWS refused sagemaker:DescribeEndpoint on y to x: docs/cli.md lists what each command needs\n',
    );
  });
});

describe('explain', () => {
  it('shows the ladder, the step and the agenda', async () => {
    const { out, err, code } = await account.command(['explain', 'Chat']);
    expect({ err, code }).toEqual({ err: '', code: 0 });
    expect(out).toMatch(/should be +zero: outside all windows \(otherwise\)/);
    expect(out).toMatch(/next step +considerWake: as the ruling says; a wake may begin/);
    expect(out).toMatch(/ {3}hold +no hold\n/);
    expect(out).toMatch(/ \* {2}otherwise +in force since 2026-03-02T18:00:00.000Z/);
    expect(out).toMatch(
      / \* {2}mon 2026-03-02 19:00 \+01:00 .* zero otherwise\n +tue 2026-03-03 08:00 \+01:00 .* 1\.\.2 during office/,
    );
    expect(out).toContain('activity: nothing to read, it is parked');
  });

  it('names the alarms of others that will be noticed while it is away', async () => {
    const { watchers } = await account.json(['explain', 'Chat']);
    expect(watchers).toEqual([
      {
        kind: 'alarm',
        name: 'pager',
        state: expect.any(String),
        fires: true,
        effect: 'goes to ALARM (missing data is breaching), 1 action',
      },
      {
        kind: 'alarm',
        name: `quiet ${ESC}`,
        state: expect.any(String),
        fires: false,
        effect: expect.stringContaining('missing data is ignored'),
      },
    ]);
    expect((await account.command(['explain', 'Chat'])).out).toMatch(/ ! {2}alarm +pager +goes to ALARM/);
  });

  it('answers for another time from what is stored now', async () => {
    const { out } = await account.command(['explain', 'Chat', '--at', '2026-03-03T07:55:00+01:00']);
    expect(out).toContain('nothing of that time is read');
    expect(out).toMatch(/should be +up \(1\.\.2\): a window opens soon, and starting takes this long \(lead\)/);
    expect(out).not.toContain('activity');
    const later = await account.json(['explain', 'Chat', '--at', '+12h']);
    expect(later).toMatchObject({
      live: false,
      status: null,
      step: null,
      ruling: { want: 'up', reason: 'window', bounds: { min: 1, max: 2 } },
    });
    const wrong = await account.command(['explain', 'Chat', '--at', 'tomorrow']);
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.err).toContain('--at: tomorrow: an instant in ISO form');
  });

  it('reads activity now', async () => {
    const { activity, step, ruling } = await account.json(['explain', 'transcribe']);
    expect(activity).toMatchObject({ verdict: 'active', evidence: { backlog: expect.any(Number) } });
    expect(step).toEqual({ name: expect.stringMatching(/^(decide|wait)$/), means: expect.any(String) });
    expect(ruling.reason).toBe('demand-backlog');
  });
});
