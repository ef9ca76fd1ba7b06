import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asynchronous, MONDAY_UTC, office, officeHours, realTime } from '../story/fleet.ts';
import { type ServedAccount, serveScenario } from '../support/served-account.ts';

let account: ServedAccount;
const person = { kind: 'person', name: 'someone' } as const;
const target = (endpoint: string) => ({
  ServiceNamespace: 'sagemaker',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
  ResourceId: `endpoint/${endpoint}/variant/AllTraffic`,
});
const tracking = { kind: 'target-tracking', metric: 'ConcurrentRequestsPerModel', target: 4 };
const step = {
  kind: 'step',
  alarm: { metric: 'ModelLatency', threshold: '5s', periods: 3 },
  steps: [{ from: 0, add: 1 }],
};

beforeAll(async () => {
  account = await serveScenario({
    start: MONDAY_UTC,
    for: '6h',
    schedules: { office },
    policies: {
      checkout: { otherwise: { min: 1, max: 3 }, scaling: [tracking, step] },
      kept: { otherwise: { min: 1, max: 3 }, scaling: [tracking], onDrift: 'respect' },
      turning: { otherwise: { min: 1, max: 3 }, scaling: [tracking] },
      gpu: {
        otherwise: { min: 1, max: 6 },
        scaling: ['GPUUtilization', 'GPUMemoryUtilization', 'CPUUtilization', 'MemoryUtilization'].map((metric) => ({
          kind: 'target-tracking',
          metric,
          target: 60,
        })),
      },
      dev: officeHours(),
      boundless: {
        otherwise: 'zero',
        scaling: [{ kind: 'target-tracking', metric: 'ApproximateBacklogSizePerInstance', target: 5 }],
      },
      warm: {
        otherwise: { min: 2, max: 6 },
        scaling: [{ kind: 'target-tracking', metric: 'ServerlessProvisionedConcurrencyUtilization', target: 0.7 }],
      },
      shop: {
        variants: { blue: { scaling: [tracking] }, green: {} },
        otherwise: { min: 1, max: 3 },
      },
    },
    endpoints: {
      shop: {
        kind: 'real-time',
        policy: 'shop',
        instanceType: 'ml.g5.xlarge',
        variants: { blue: { instances: 1, weight: 3 }, green: { instances: 1, weight: 1 } },
      },
      checkout: realTime('checkout', { startsIn: '4m', traffic: [{ from: '+0h', to: '+10h', perMinute: 1 }] }),
      short: realTime('checkout', {
        instanceType: 'ml.g5.48xlarge',
        traffic: [{ from: '+5h', to: '+6h', perMinute: 3000 }],
      }),
      kept: realTime('kept'),
      burst: realTime('checkout', { instanceType: 'ml.t2.medium' }),
      turned: realTime('turning'),
      odd: realTime('gpu', { instanceType: 'ml.m5.xlarge' }),
      parked: realTime('dev'),
      queue: asynchronous('boundless'),
      classifier: {
        kind: 'serverless',
        policy: 'warm',
        memoryMb: 2_048,
        maxConcurrency: 9,
        provisionedConcurrency: 1,
      },
    },
    happens: [
      { at: '+2h', put: 'policies/turning', document: { otherwise: { min: 2, max: 9 }, zero: { by: 'copies' } } },
      { at: '+5h', for: '1h', noCapacity: 'ml.g5.48xlarge', failsAfter: '10m' },
    ],
  });
});
afterAll(() => account.close());

const call = (service: Parameters<ServedAccount['run']['aws']['call']>[1], operation: string, input: object) =>
  account.run.aws.call(person, service, operation, input);

describe('verify', () => {
  it('finds nothing where AWS holds what the policy says', async () => {
    const { code, out, err } = await account.command(['verify', 'checkout']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^ok +endpoint +in service on checkout\n/);
    expect(out).toMatch(/ok +bounds +1\.\.3, 1 instance, as the policy says\n/);
    expect(out).toMatch(/ok +policies +2 as the policy says\n/);
    expect(out).toMatch(/ok +alarms +3 with data, \d in ALARM\n/);
    expect(out).toMatch(/0 errors, 0 warnings, /);
  });

  it('is no success where the policy is not valid for the endpoint; `explain` names field and value, too', async () => {
    const { code, out } = await account.command(['verify', 'burst']);
    expect(code).toBe(1);
    const problem = '/endpoint-scaler/policies/checkout: scaling: ml.t2.medium: no scaling policies: ';
    expect(out).toContain(problem);
    expect(out).toMatch(/ERROR +documents .*\n +→ mend the document that it names: no version of it was ever valid/);
    expect(out).toMatch(/not checked +bounds +it has no scalable target; no version of policy checkout was valid/);
    expect(out).not.toMatch(/ok +(?:bounds|policies)/);
    const explained = await account.command(['explain', 'burst']);
    expect(explained.out).toMatch(
      /\ndocuments +invalid since 2026-03-0\dT\S+: \/endpoint-scaler\/policies\/checkout: scaling: /,
    );
    expect((await account.json(['explain', 'burst'])).invalid).toMatchObject({
      problem: expect.stringContaining(problem) as unknown,
    });
    expect((await account.json(['explain', 'checkout'])).invalid).toBeNull();
  });

  it('is no success where scaling policies of the document are not applied', async () => {
    const { code, out } = await account.command(['verify', 'odd']);
    expect(code).toBe(1);
    expect(out).toMatch(/ok +policies +2 of 4 as the policy says\n/);
    for (const metric of ['GPUUtilization', 'GPUMemoryUtilization']) {
      expect(out).toMatch(new RegExp(`ERROR +policies +${metric}: not applied on ml.m5.xlarge: AWS sums this metric`));
    }
  });

  it('compares with the last valid version where the document became invalid, and says so', async () => {
    const { code, out } = await account.command(['verify', 'turned']);
    expect(code).toBe(1);
    expect(out).toMatch(
      /ERROR +documents +\/endpoint-scaler\/policies\/turning: zero\.by: copies: park for a real-time/,
    );
    expect(out).toContain('its last valid version stays in force, which the rest is compared with');
    expect(out).toMatch(/ok +bounds +1\.\.3, 1 instance, as the policy says\n/);
  });

  it('tells a failed scale-out with what to do', async () => {
    const { code, out } = await account.command(['verify', 'short']);
    expect(code, 'a warning is no error').toBe(0);
    expect(out).toMatch(/WARNING +activities +.*InsufficientInstanceCapacity/);
    expect(out).toContain('→ AWS has no instance of this type now: add instance pools');
  });

  it('tells of scaling policies that have nothing to stand on, and promises nobody to mend it; `explain` says so, too', async () => {
    const { code, out } = await account.command(['verify', 'queue']);
    expect(code).toBe(0);
    expect(out).toMatch(/WARNING +bounds +no scalable target; scaling policies are put only on .* no rung .*\n/);
    expect(out).toContain('→ give a rung of its policy min and max');
    expect(out).not.toContain('scheduled-scaling mends it');
    const { scaling } = await account.json(['explain', 'queue']);
    expect(scaling).toMatchObject([{ inAws: expect.stringMatching(/^5; put only on a scalable target/) as unknown }]);
    expect((await account.json(['explain', 'checkout'])).scaling[0].inAws).toBe('4');
  });

  it('looks at each scalable target of an endpoint with several, and names it', async () => {
    const quiet = await account.command(['verify', 'shop']);
    expect(quiet.code, quiet.out).toBe(0);
    expect(quiet.out).toMatch(/ok +bounds +blue: 1\.\.3, 1 instance, as the policy says\n/);
    expect(quiet.out).toMatch(/ok +bounds +green: no scalable target, and none is asked for; 1 instance\n/);
    expect(quiet.out).toMatch(/ok +policies +blue: 1 as the policy says\n/);
    const explained = await account.command(['explain', 'shop']);
    expect(explained.out).toMatch(/\nblue +1\.\.3 instances: .*\(otherwise\); 1 wanted, 1 in service\n/);
    expect(explained.out).toMatch(/\nscaling\n +blue: ConcurrentRequestsPerModel/);
    const blue = { ...target('shop'), ResourceId: 'endpoint/shop/variant/blue' };
    call('ApplicationAutoScaling', 'RegisterScalableTarget', { ...blue, MinCapacity: 1, MaxCapacity: 9 });
    const { code, out } = await account.command(['verify', 'shop']);
    expect(code).toBe(1);
    expect(out).toMatch(/ERROR +bounds +blue: 1\.\.9, 1 instance; the policy says 1\.\.3 \(otherwise\)/);
  });

  it('speaks of a serverless endpoint by its provisioned concurrency, which is never parked', async () => {
    const { code, out } = await account.command(['verify', 'classifier']);
    expect(code, out).toBe(0);
    expect(out).toMatch(/ok +bounds +2\.\.6, provisioned concurrency 2, as the policy says\n/);
    expect(out).toMatch(/ok +policies +1 as the policy says\n/);
    expect((await account.command(['explain', 'classifier'])).out).toContain(
      'ServerlessProvisionedConcurrencyUtilization',
    );
    const status = await account.command(['status']);
    expect(status.out).toMatch(/classifier/);
    const parked = await account.command(['park', 'classifier', '--why', 'save money', '--until', '+1h']);
    expect(parked.code).not.toBe(0);
    expect(parked.err).toContain('a serverless endpoint is never parked');
  });

  it('has nothing to compare of what is parked', async () => {
    const { counts, findings } = await account.json(['verify', 'parked']);
    expect(counts).toEqual({ ok: 1, warning: 0, error: 0, 'not-checked': 1 });
    expect(findings[0].found).toMatch(/^parked: there is nothing of it in AWS/);
  });

  it('finds everything that somebody changed', async () => {
    call('ApplicationAutoScaling', 'RegisterScalableTarget', {
      ...target('checkout'),
      MinCapacity: 1,
      MaxCapacity: 9,
      SuspendedState: { DynamicScalingOutSuspended: true },
    });
    call('ApplicationAutoScaling', 'DeleteScalingPolicy', {
      ...target('checkout'),
      PolicyName: 'endpoint-scaler-ConcurrentRequestsPerModel',
    });
    call('CloudWatch', 'DeleteAlarms', { AlarmNames: ['endpoint-scaler-checkout-step-ModelLatency'] });
    const { code, out } = await account.command(['verify', 'checkout']);
    expect(code).toBe(1);
    expect(out).toMatch(/ERROR +bounds +1\.\.9, 1 instance; the policy says 1\.\.3 \(otherwise\)/);
    expect(out).toMatch(/WARNING +suspended +out is suspended/);
    expect(out).toMatch(/ERROR +policies +endpoint-scaler-ConcurrentRequestsPerModel: policy not there/);
    expect(out).toMatch(/ERROR +policies +endpoint-scaler-checkout-step-ModelLatency: alarm not there/);
    expect(out).toMatch(/ERROR +alarms +endpoint-scaler-step-ModelLatency: no alarm drives it/);
    expect(out).toMatch(/\n4 errors, 1 warning, /);
  });

  it('and the scaler mends what is its own', async () => {
    await account.advance('40m');
    const { code, out } = await account.command(['verify', 'checkout']);
    expect({ code, out }).toMatchObject({ code: 0 });
    expect(out, 'of suspending the policy says nothing: that is the owner’s').toMatch(
      /WARNING +suspended +out is suspended/,
    );
  });

  it('warns of what somebody set and the policy respects, and `explain` says how long', async () => {
    const suspended = { DynamicScalingOutSuspended: true };
    call('ApplicationAutoScaling', 'RegisterScalableTarget', { ...target('kept'), MinCapacity: 1, MaxCapacity: 9 });
    call('ApplicationAutoScaling', 'DeleteScalingPolicy', {
      ...target('kept'),
      PolicyName: 'endpoint-scaler-ConcurrentRequestsPerModel',
    });
    call('ApplicationAutoScaling', 'RegisterScalableTarget', { ...target('kept'), SuspendedState: suspended });
    await account.advance('40m');
    const { code, out } = await account.command(['verify', 'kept']);
    expect(code, 'a warning is no error').toBe(0);
    expect(out).toMatch(/WARNING +bounds +1\.\.9, 1 instance; the policy says 1\.\.3/);
    expect(out).toMatch(/WARNING +policies +endpoint-scaler-ConcurrentRequestsPerModel: policy not there/);
    expect(out).toContain('→ somebody set it, and `onDrift` of its policy leaves it');
    const explained = await account.command(['explain', 'kept']);
    expect(explained.out).toMatch(
      /drift +left as somebody set it since .*: (bounds, policy endpoint-scaler-ConcurrentRequestsPerModel); until the rung in force or the policy changes\n/,
    );
    const { drift } = await account.json(['explain', 'kept']);
    expect(drift).toMatchObject([{ onDrift: 'respect', left: ['bounds', expect.stringMatching(/^policy /)] }]);
  });

  it('names the endpoint that is meant', async () => {
    const { code, err } = await account.command(['verify', 'chekout']);
    expect(code).toBe(1);
    expect(err).toContain('(did you mean checkout?)');
  });
});
