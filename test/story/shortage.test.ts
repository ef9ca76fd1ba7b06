import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { MONDAY_BERLIN, office, officeHours, realTime } from './fleet.ts';
import { creations, endpointOf, eventsOf, expectAway, expectBetween, expectSound, since, spanAt } from './reading.ts';
import { runScenario } from './run-scenario.ts';

const readyAt = (result: RehearsalResult, name: string, window: number): number | undefined => {
  const ready = endpointOf(result, name).windows[window]?.readyAt;
  return ready === null || ready === undefined ? undefined : since(result, ready);
};

describe('a shortage of capacity on a weekday morning', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    const hour = { timezone: 'Europe/Berlin', open: [{ days: 'mon-fri', from: '08:00', to: '09:00' }] };
    ({ result } = await runScenario({
      start: MONDAY_BERLIN,
      for: '33h',
      schedules: { office, hour },
      policies: {
        patient: officeHours(),
        ladder: officeHours({ wake: { fallbackConfigs: ['ladder-small'] } }),
        hopeless: officeHours({ capacity: [{ during: 'hour', min: 1, max: 2 }] }),
      },
      endpoints: {
        patient: realTime('patient', { instanceType: 'ml.g5.2xlarge' }),
        ladder: realTime('ladder', { instanceType: 'ml.g5.2xlarge' }),
        hopeless: realTime('hopeless', { instanceType: 'ml.p4d.24xlarge' }),
      },
      happens: [
        {
          at: '+0h',
          call: 'SageMaker.CreateEndpointConfig',
          with: {
            EndpointConfigName: 'ladder-small',
            ProductionVariants: [
              {
                VariantName: 'AllTraffic',
                ModelName: 'ladder',
                InstanceType: 'ml.g6.2xlarge',
                InitialInstanceCount: 1,
              },
            ],
          },
        },
        { at: '+7h', for: '3h', noCapacity: 'ml.g5.2xlarge', failsAfter: '10m' },
        { at: '+7h', noCapacity: 'ml.p4d.24xlarge' },
      ],
    }));
  });

  it('tries again until capacity returns, at most 15 minutes apart', () => {
    expectBetween(
      readyAt(result, 'patient', 0),
      '10h8m',
      '10h45m',
      'section 6: jittered retries, at most 15 minutes apart',
    );
    const attempts = creations(result, 'patient').filter((at) => at < 24 * 60);
    for (const [index, at] of attempts.entries()) {
      const before = attempts[index - 1];
      if (before !== undefined)
        expectBetween(
          at - before,
          '10m',
          '29m',
          'section 6: next attempt at most 15 min after the last one failed (10 min) and was deleted (2 min)',
        );
    }
  });

  it('announces the failure and the lateness', () => {
    const failed = eventsOf(result, 'Wake Failed', 'patient')[0];
    expectBetween(
      failed && since(result, failed.at),
      '7h58m',
      '8h1m',
      'section 7: Wake Failed when the start failed at 07:58',
    );
    const late = eventsOf(result, 'Endpoint Late', 'patient')[0];
    expectBetween(late && since(result, late.at), '7h48m', '8h2m', 'section 6: late is announced at once');
  });

  it('walks the ladder of fallback configs', () => {
    expectBetween(readyAt(result, 'ladder', 0), '8h8m', '8h14m', 'section 6: next config of the ladder, at once');
    expect(spanAt(result, 'ladder', '9h'), 'section 4: endpoint configs tried in order').toMatchObject({
      config: 'ladder-small',
      instanceType: 'ml.g6.2xlarge',
    });
  });

  it('does not take the fallback for the new truth', () => {
    expect(
      spanAt(result, 'ladder', '32h30m').config,
      'section 6: preferred (what the owner deployed) against running',
    ).toBe('ladder');
    for (const name of ['patient', 'ladder'])
      expect(endpointOf(result, name).windows[1]?.lateSeconds, `${name}: Tuesday is normal`).toBe(0);
  });

  it('stops trying when nothing asks any more', () => {
    const { windows } = endpointOf(result, 'hopeless');
    expect(windows[0], 'section 8: never ready: null, and the window’s length').toMatchObject({
      readyAt: null,
      lateSeconds: 3600,
    });
    expect(
      creations(result, 'hopeless').filter((at) => at > 541 && at < 31 * 60),
      'section 6: while a window asks for it',
    ).toEqual([]);
    expectAway(result, 'hopeless', '10h', '31h', 'section 6: a Failed endpoint of ours is deleted');
  });

  it('breaks no invariant', () => expectSound(result));
});

describe('a create that AWS refuses', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    ({ result } = await runScenario({
      start: MONDAY_BERLIN,
      for: '33h',
      schedules: { office },
      policies: { chat: officeHours() },
      endpoints: { chat: realTime('chat') },
      happens: [
        {
          at: '+7h',
          for: '80m',
          fail: 'SageMaker.CreateEndpoint',
          with: {
            code: 'ResourceLimitExceeded',
            message:
              "The account-level service limit 'ml.g5.2xlarge for endpoint usage' is 1 Instances, with current utilization of 1 Instances and a request delta of 1 Instances. Please use AWS Service Quotas to request an increase for this quota.",
          },
        },
        {
          at: '+31h',
          for: '80m',
          fail: 'SageMaker.CreateEndpoint',
          with: {
            code: 'AccessDeniedException',
            message:
              'User is not authorized to perform: sagemaker:CreateEndpoint because no identity-based policy allows it',
          },
        },
      ],
    }));
  });

  it('for a quota: retries at most 15 minutes apart', () => {
    expectBetween(
      readyAt(result, 'chat', 0),
      '8h28m',
      '8h46m',
      'section 6: quota: jittered retries, at most 15 minutes apart',
    );
    expect(eventsOf(result, 'Endpoint Late', 'chat').length, 'section 6: late is announced').toBeGreaterThan(0);
  });

  it('for a permission: announced and again every 10 minutes', () => {
    expectBetween(readyAt(result, 'chat', 1), '32h28m', '32h42m', 'section 6: permission: again every 10 min');
    const onTuesday = result.events.filter(
      (event) => since(result, event.at) > 31 * 60 && event.detail['endpoint'] === 'chat',
    );
    expect(
      onTuesday.map((event) => event.detailType),
      'section 6: permission: announced',
    ).toContain('Wake Failed');
  });

  it('breaks no invariant', () => expectSound(result));
});
