import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding as DoctorFinding } from '../../cli/doctor/finding.ts';
import { MONDAY_UTC, realTime } from '../story/fleet.ts';
import { FAULTY_KEY, type ServedAccount, serveScenario } from '../support/served-account.ts';

const folder = mkdtempSync(join(tmpdir(), 'components-'));
const body = join(folder, 'request.json');
let account: ServedAccount;

const served = { serves: { concurrent: 4, in: '800ms' }, whenAway: 'retries' };
const scaling = [{ kind: 'target-tracking', metric: 'InvocationsPerCopy', target: 5 }];
const hosting = { kind: 'components', instanceType: 'ml.g5.12xlarge', startsIn: '2m' };

beforeAll(async () => {
  writeFileSync(body, '{"inputs": "hello"}');
  account = await serveScenario({
    start: MONDAY_UTC,
    for: '1h',
    schedules: { shift: { timezone: 'UTC', open: [{ from: '05:00', to: '07:00' }] } },
    policies: {
      shared: {
        zero: { by: 'copies', idleFor: '10m' },
        components: { chat: { capacity: [{ during: 'shift', min: 3, max: 3 }] }, embed: { scaling } },
        otherwise: { min: 0, max: 3 },
      },
      busy: { components: { one: { scaling }, two: {} }, otherwise: { min: 1, max: 3 } },
      alone: { otherwise: { min: 1, max: 4 }, scaling },
      plain: { otherwise: { min: 1, max: 2 } },
    },
    endpoints: {
      Shared: {
        ...hosting,
        policy: 'shared',
        instances: { min: 0, max: 2 },
        components: {
          chat: { ...served, copies: 0 },
          embed: { ...served, copies: 1, traffic: { perMinute: 4 } },
        },
      },
      Alone: { ...hosting, ...served, policy: 'alone', traffic: { perMinute: 4 }, instances: { min: 1, max: 4 } },
      Busy: {
        ...hosting,
        policy: 'busy',
        instances: { min: 1, max: 3 },
        components: { one: { ...served, copies: 1 }, two: { ...served, copies: 1 } },
      },
      Classic: realTime('plain'),
    },
  });
});
afterAll(async () => {
  await account.close();
  rmSync(folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: any operation's answer
function call(operation: string, input: object): any {
  return account.run.aws.call({ kind: 'person', name: 'owner' }, 'ApplicationAutoScaling', operation, {
    ServiceNamespace: 'sagemaker',
    ResourceId: 'inference-component/embed',
    ScalableDimension: 'sagemaker:inference-component:DesiredCopyCount',
    ...input,
  });
}

// biome-ignore lint/suspicious/noExplicitAny: any operation's answer
function sageMaker(operation: string, input: object): any {
  return account.run.aws.call({ kind: 'person', name: 'owner' }, 'SageMaker', operation, input);
}

const describeModel = (ModelName: string) => sageMaker('DescribeModel', { ModelName });

describe('an endpoint with inference components', () => {
  it('shows in status each of them, with its copies, its bounds and who asked for it', async () => {
    const { code, out } = await account.command(['status']);
    expect(code).toBe(0);
    expect(out).toMatch(
      /\nShared .*\n {4}chat: 0\/0 copies, no scalable target\n {4}embed: 1\/1 copies, 1\.\.3\n(.*\n)* {4}embed asked for by request since /,
    );
    expect(out).toMatch(/\nAlone .*\n {4}Alone: 1\/1 copies, 1\.\.4\n/);
    expect(out).toMatch(/\nClassic .*\nShared /);
    const { endpoints } = await account.json(['status', 'shared', 'classic']);
    expect(endpoints.map(({ targets }: { targets: object[] }) => targets)).toEqual([
      [],
      [
        { name: 'chat', dimension: 'copies', desired: 0, serving: 0, min: null, max: null },
        { name: 'embed', dimension: 'copies', desired: 1, serving: 1, min: 1, max: 3 },
      ],
    ]);
  });

  it('is explained component by component, and nothing is said of a park', async () => {
    const { code, out } = await account.command(['explain', 'Shared']);
    expect(code).toBe(0);
    expect(out).toMatch(/chat +0\.\.3 copies: outside all windows \(otherwise\); 0 wanted, 0 in service\n/);
    expect(out).toMatch(/embed +1\.\.3 copies: somebody asked for it \(demand-request\); 1 wanted, 1 in service\n/);
    expect(out).toMatch(/embed: InvocationsPerCopy +InvocationsPerCopy at 5 +5\n/);
    expect(out).toMatch(/next step +decide: as the ruling says\n/);
    expect((await account.json(['explain', 'Shared'])).targets.map(({ name }: { name: string }) => name)).toEqual([
      'chat',
      'embed',
    ]);
  });

  it('is verified component by component; what somebody changed is told with its name', async () => {
    const fine = await account.command(['verify', 'Shared']);
    expect(fine.code).toBe(0);
    expect(fine.out).toMatch(/ok +bounds +chat: no scalable target, and none is asked for; 0 copies\n/);
    expect(fine.out).toMatch(/ok +bounds +embed: 1\.\.3, 1 copy, as the policy says\n/);
    expect(fine.out).toMatch(/ok +policies +embed: 1 as the policy says\n/);
    call('RegisterScalableTarget', { MinCapacity: 1, MaxCapacity: 2 });
    call('DeleteScalingPolicy', { PolicyName: policyName() });
    const broken = await account.command(['verify', 'Shared']);
    expect(broken.code).toBe(1);
    expect(broken.out).toMatch(/ERROR +bounds +embed: 1\.\.2, 1 copy; the policy says 1\.\.3 \(demand-request\)\n/);
    expect(broken.out).toMatch(/ERROR +policies +embed .*: not there\n|ERROR +policies +embed.*not there\n/);
    expect(broken.out).not.toMatch(/(ERROR|WARNING).*chat/);
    await account.advance('20m');
    expect((await account.command(['verify', 'Shared'])).code, 'and mended').toBe(0);
  });

  it('is looked at by doctor like any other', async () => {
    // The clock of a simulated account is never this machine's, so that doctor ends with 1.
    const { findings } = JSON.parse((await account.command(['doctor', '--json', '-'])).out);
    const wrong = findings.filter(({ level, check }: Finding) => level === 'error' && check !== 'clock');
    expect(wrong).toEqual([]);
    const said = (check: string) => findings.find((finding: Finding) => finding.check === check)?.found;
    expect(said('enrolment')).toBe('4 endpoints enrolled, each with a policy');
    expect(said('dependencies')).toContain('every endpoint’s config and models are there');
  });
});

interface Finding {
  readonly level: string;
  readonly check: string;
  readonly found: string;
}

function policyName(): string {
  const { ScalingPolicies } = call('DescribeScalingPolicies', {});
  return ScalingPolicies[0].PolicyName;
}

describe('verify --load --component', () => {
  const load = (endpoint: string, ...more: string[]) => [
    'verify',
    endpoint,
    '--load',
    '--body',
    body,
    '--yes',
    ...more,
  ];

  it('loads the one component, and tells of its copies, its alarms and its activities', async () => {
    const running = account.process(load('Busy', '--component', 'one', '--rate', '20', '--for', '12s'));
    // A simulated minute for each half a second here: the alarm takes three of them.
    for (let minute = 0; minute < 22; minute += 1) {
      await wait(500);
      await account.advance('1m');
    }
    const { code, out, err } = await running;
    expect(out).toMatch(/^sent +2[0-4]\d in 1\d(\.\d)? s\nanswered +2\d\d\nfailed +0\n/);
    expect(out).toMatch(/ok +load +it scaled out from 1 to [23]\n/);
    expect(err).toMatch(/: 1 desired, 1 serving, SageMaker says InService\n/);
    expect(err).toMatch(/TargetTracking-inference-component\/one-AlarmHigh-.*: (OK|ALARM)\n/);
    expect(err).toMatch(/activity \S+: \w+: Setting desired copy count to [23]/i);
    expect(code).toBe(0);
  });

  it('says what its policy leaves alone, by the copies of that component', async () => {
    const { code, out } = await account.process(load('Alone', '--component', 'ALONE', '--rate', '1', '--for', '2s'));
    expect(out).toMatch(/WARNING +load +no alarm asked for more; 1 copy throughout\n/);
    expect(code).toBe(0);
  });

  it.each([
    ['Shared', [], 'requests go to an inference component: name it with --component'],
    [
      'Shared',
      ['--component', 'chad'],
      '--component: chad: one of its inference components: chat, embed (did you mean chat?)',
    ],
    ['Classic', ['--component', 'chat'], '--component: chat: it has no inference components'],
  ])('refuses %s %j before anything is sent', async (endpoint, more, told) => {
    const calls: string[] = [];
    account.run.aws.onCall(({ operation }) => calls.push(operation));
    const { code, err } = await account.command(load(endpoint, '--rate', '1', ...more));
    expect([code, calls.includes('InvokeEndpoint')]).toEqual([1, false]);
    expect(err).toContain(told);
  });
});

describe('doctor of an endpoint with inference components', () => {
  it('looks for the models and images of each component', async () => {
    const examine = async () => {
      const { out } = await account.command(['doctor', '--json', '-']);
      return (JSON.parse(out) as { findings: DoctorFinding[] }).findings;
    };
    const isAbout = (subject: string) => (one: DoctorFinding) =>
      one.subject === subject && one.check === 'dependencies';
    const before = await examine();
    expect(before.filter(isAbout('Shared'))).toEqual([]);
    expect(before.filter(({ check }) => check === 'dependencies')).toMatchObject([{ level: 'ok' }]);
    // No registry answers here: what is asked for shows as not checked.
    const images = before.filter(({ check }) => check === 'image').map(({ subject }) => subject);
    const { PrimaryContainer } = describeModel('chat');
    expect(images.join(', ')).toContain(PrimaryContainer.Image);

    sageMaker('DeleteModel', { ModelName: 'chat' });
    expect((await examine()).filter(isAbout('Shared'))).toMatchObject([
      {
        level: 'error',
        found: 'model chat of inference component chat is gone: it cannot be given more copies',
        advice: 'create the model again under its name',
      },
    ]);
    // What may not be looked at is said, and the rest is looked at.
    account.run.aws.addCallFault({
      from: account.run.aws.clock.now(),
      until: undefined,
      calls: 'SageMaker.DescribeInferenceComponent',
      share: 1,
      error: { code: 'AccessDeniedException', message: 'no' },
    });
    const { out } = await account.command(['doctor', '--json', '-'], { AWS_ACCESS_KEY_ID: FAULTY_KEY });
    const { findings } = JSON.parse(out) as { findings: DoctorFinding[] };
    expect(findings.filter(isAbout('Shared'))).toMatchObject([
      { level: 'not-checked', found: expect.stringContaining('sagemaker:DescribeInferenceComponent') },
      { level: 'not-checked' },
    ]);
  });
});
