import { describe, expect, it } from 'vitest';
import { asynchronous, idle, MONDAY_UTC, queueOnly, realTime } from './fleet.ts';
import { deletions, endpointOf, expectBetween, expectSound, expectUntouched, spanAt } from './reading.ts';
import { runScenario, simulate } from './run-scenario.ts';

const scenario = (mode: string) => ({
  start: MONDAY_UTC,
  for: '3h',
  parameters: { Mode: mode },
  policies: {
    quick: idle('5m'),
    queue: queueOnly,
    checkout: {
      otherwise: { min: 2, max: 3 },
      scaling: [{ kind: 'target-tracking', metric: 'ConcurrentRequestsPerModel', target: 4 }],
    },
  },
  endpoints: {
    chat: realTime('quick'),
    resting: asynchronous('queue', { instances: 2 }),
    transcribe: asynchronous('queue'),
    checkout: realTime('checkout'),
  },
  happens: [{ at: '+1h', requests: 3, to: 'transcribe' }],
});

const MUTATING = [
  'SageMaker.CreateEndpoint',
  'SageMaker.DeleteEndpoint',
  'SageMaker.UpdateEndpointWeightsAndCapacities',
  'ApplicationAutoScaling.RegisterScalableTarget',
  'ApplicationAutoScaling.PutScalingPolicy',
  'CloudWatch.PutMetricAlarm',
];

describe.concurrent('parameter Mode', () => {
  it('on: parks, scales in and wakes', async () => {
    const { result } = await runScenario(scenario('on'));
    expectBetween(deletions(result, 'chat')[0], '0m', '10m', 'section 3: on');
    expect(spanAt(result, 'resting', '30m').serving, 'idle → zero').toBe(0);
    expect(endpointOf(result, 'transcribe').requests.served, 'woken by its backlog').toBe(3);
    expect(spanAt(result, 'checkout', '30m').serving, 'raised to its min').toBe(2);
    expectSound(result);
  });

  it('wake-only: no park, no scale-in, wakes and raises go on', async () => {
    const { result } = await runScenario(scenario('wake-only'));
    expectUntouched(result, 'chat', 'section 3: no park');
    expectUntouched(result, 'resting', 'section 3: no scale-in');
    expect(endpointOf(result, 'transcribe').requests.served, 'section 3: the kill switch still wakes').toBe(3);
    expect(spanAt(result, 'transcribe', '2h55m').serving, 'section 3: no scale-in').toBe(1);
    expect(spanAt(result, 'checkout', '30m').serving, 'raises go on').toBe(2);
    expectSound(result);
  });

  it('dry-run: reports every park and change it would have made, and makes none', async () => {
    const { result } = await runScenario(scenario('dry-run'));
    for (const name of Object.keys(result.endpoints)) expectUntouched(result, name, 'section 3: dry-run');
    for (const call of MUTATING) expect(result.calls[call] ?? 0, `section 3: dry-run makes no ${call}`).toBe(0);
    expect(
      JSON.stringify(endpointOf(result, 'chat').decisions),
      'section 3: reports the park it would have made',
    ).toContain('park');
    expect(
      endpointOf(result, 'resting').decisions.length,
      'section 3: reports the change it would have made',
    ).toBeGreaterThan(0);
    expect(
      endpointOf(result, 'checkout').decisions.length,
      'section 3: reports the change it would have made',
    ).toBeGreaterThan(0);
    expect(result.invariants.violations, 'section 10').toEqual([]);
  });

  it('off: nothing at all', async () => {
    const { result } = await runScenario(scenario('off'));
    for (const name of Object.keys(result.endpoints)) expectUntouched(result, name, 'section 3: off: nothing at all');
    for (const call of MUTATING) expect(result.calls[call] ?? 0, `section 3: off makes no ${call}`).toBe(0);
    expect(result.invariants.violations, 'section 10, 4: unless mode off').toEqual([]);
  });

  it('another value is refused with what is allowed', async () => {
    const { exitCode, stderr } = await simulate(scenario('paused'));
    expect(exitCode, 'section 8: 2 wrong document').toBe(2);
    for (const word of ['Mode', 'paused', 'wake-only', 'dry-run', 'off'])
      expect(stderr, 'names field, value, allowed').toContain(word);
  });
});
