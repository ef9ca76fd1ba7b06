import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { MONDAY_BERLIN, office, officeHours, realTime } from './fleet.ts';
import { creations, endpointOf, eventsOf, expectBetween, expectSound, expectUp, since } from './reading.ts';
import { runScenario } from './run-scenario.ts';

/** Each line of what follows a failed start, in one morning; capacity, quota and refused calls have stories of their own. */
describe('a start that fails on a weekday morning', () => {
  let result: RehearsalResult;
  const plain = officeHours();
  beforeAll(async () => {
    ({ result } = await runScenario({
      start: MONDAY_BERLIN,
      for: '35h',
      schedules: { office },
      policies: {
        plain,
        asked: officeHours({ wake: { smoke: { body: '{}' } } }),
        ladder: officeHours({ wake: { fallbackConfigs: ['nowhere'] } }),
      },
      endpoints: {
        sick: realTime('plain'),
        odd: realTime('plain'),
        locked: realTime('plain'),
        mute: realTime('asked'),
        orphan: realTime('plain'),
        lost: realTime('ladder', { instanceType: 'ml.p4d.24xlarge' }),
      },
      happens: [
        { at: '+7h', unhealthy: 'sick', failsAfter: '5m' },
        { at: '+7h', unhealthy: 'odd', failsAfter: '5m', reason: 'Something that nobody has seen before.' },
        {
          at: '+7h',
          for: '90m',
          unhealthy: 'locked',
          failsAfter: '5m',
          reason: 'KMS key arn:aws:kms:eu-central-1:1:key/a is not accessible',
        },
        {
          at: '+7h',
          for: '5h',
          fail: 'SageMakerRuntime.InvokeEndpoint',
          with: { code: 'ModelError', message: 'boom' },
        },
        { at: '+6h', call: 'SageMaker.DeleteEndpointConfig', with: { EndpointConfigName: 'orphan' } },
        { at: '+7h', for: '2h', noCapacity: 'ml.p4d.24xlarge', failsAfter: '5m' },
      ],
    }));
  });

  it.each(['sick', 'odd'])('%s: three paid attempts, over both days, then it says that it gave up', (name) => {
    expect(creations(result, name)).toHaveLength(3);
    const reasons = eventsOf(result, 'Decision Refused', name).map(({ detail }) => detail['reason']);
    expect(reasons).toContain('wake-gave-up');
    expect(eventsOf(result, 'Wake Failed', name)).toHaveLength(3);
    expect(eventsOf(result, 'Endpoint Late', name).length).toBeGreaterThan(0);
  });

  it('a key that may not be used: again every ten minutes until it may', () => {
    const [ready] = endpointOf(result, 'locked').windows;
    const at = typeof ready?.readyAt === 'string' ? since(result, ready.readyAt) : undefined;
    expectBetween(at, '8h38m', '9h', 'the key is back at 08:30; ten minutes between tries and 8 to start');
  });

  it('a model that does not answer: up, told, and not deleted for it', () => {
    expectUp(result, 'mute', '8h', '19h', 'SageMaker calls it in service');
    expect(eventsOf(result, 'Wake Failed', 'mute').map(({ detail }) => detail['reason'])).toEqual(['smoke-failed']);
    expect(eventsOf(result, 'Endpoint Ready', 'mute'), 'it answers on Tuesday').toHaveLength(1);
  });

  it('a config that is gone: an orphan, never created', () => {
    expect(creations(result, 'orphan')).toEqual([]);
    expect(eventsOf(result, 'Endpoint Orphaned', 'orphan')).toHaveLength(1);
  });

  it('a fallback that does not exist stands in nobody’s way: its own config comes when there is capacity', () => {
    const [window] = endpointOf(result, 'lost').windows;
    const at = typeof window?.readyAt === 'string' ? since(result, window.readyAt) : undefined;
    expectBetween(at, '9h8m', '9h45m', 'capacity is back at 09:00: at most 15 minutes, and 8 to start');
  });

  it('breaks no invariant', () => expectSound(result));
});
