import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseScenario, rehearse } from '../../rehearsal/index.ts';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { READING_NAMES, READINGS } from '../../simulator/index.ts';
import { asynchronous, MONDAY_BERLIN, office, officeHours, queueOnly, realTime } from '../story/fleet.ts';

type ReadingsField = Readonly<Record<string, string>>;

/**
 * A night and a day until the evening's park: parks, wakes and scale-ups on time, on request and on a backlog; somebody's hand on instances and on an
 * asynchronous endpoint; maintenance in the middle of the day. Names have capitals: ARNs may not.
 */
const document = (readings: ReadingsField) => ({
  start: MONDAY_BERLIN,
  for: '21h',
  readings,
  schedules: { office },
  policies: {
    hours: officeHours({ wake: { on: ['request'] } }),
    queue: { ...queueOnly, scaling: [QUEUE_POLICY] },
    steady: { otherwise: { min: 1, max: 3 } },
  },
  endpoints: {
    Chat: realTime('hours', {
      whenAway: 'asks',
      traffic: [
        { from: '+3h', to: '+3h10m', perMinute: 1 },
        { from: '+8h10m', to: '+19h', perMinute: 6 },
      ],
    }),
    Transcribe: asynchronous('queue', {
      traffic: [
        { from: '+1h', to: '+1h20m', perMinute: 3 },
        { from: '+12h', to: '+13h', perMinute: 2 },
      ],
    }),
    Checkout: realTime('steady', { traffic: { perMinute: 5 } }),
  },
  happens: [
    // Where it is accepted, the endpoint stands without an instance in a rung that wants one.
    {
      at: '+2h',
      call: 'SageMaker.UpdateEndpointWeightsAndCapacities',
      with: {
        EndpointName: 'Checkout',
        DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 0 }],
      },
    },
    { at: '+10h', for: '20m', stuck: 'Chat', in: 'SystemUpdating' },
    // Its owner makes an asynchronous endpoint anew while requests wait in its queue.
    { at: '+12h30m', call: 'SageMaker.DeleteEndpoint', with: { EndpointName: 'Transcribe' } },
    {
      at: '+12h40m',
      call: 'SageMaker.CreateEndpoint',
      with: {
        EndpointName: 'Transcribe',
        EndpointConfigName: 'Transcribe',
        Tags: [{ Key: 'endpoint-scaler:policy', Value: 'queue' }],
      },
    },
  ],
});

const QUEUE_POLICY = {
  kind: 'target-tracking',
  metric: 'ApproximateBacklogSizePerInstance',
  target: 5,
  scaleInCooldown: '300s',
  scaleOutCooldown: '60s',
};

async function run(readings: ReadingsField): Promise<RehearsalResult> {
  const parsed = parseScenario(stringify(document(readings)), 'readings.yaml', () => undefined);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { result, problems, refusals } = await rehearse(parsed.scenario, { enforceIam: true });
  expect(refusals).toEqual([]);
  // What a function reported of itself as an error that no answer of AWS explains.
  expect(problems.filter(({ message }) => /TypeError|RangeError|ReferenceError/.test(message))).toEqual([]);
  return result;
}

function check(result: RehearsalResult): void {
  expect(result.invariants.violations).toEqual([]);
  expect(result.invariants.checked).toBeGreaterThan(1000);
  const { Chat, Transcribe, Checkout } = result.endpoints;
  // Parked at night, up by request at three, up for the office, parked in the evening.
  expect(Chat!.parks).toBeGreaterThanOrEqual(3);
  expect(Chat!.wakes).toBe(2);
  expect(Chat!.windows.map(({ lateSeconds }) => lateSeconds)).toEqual([0]);
  expect(Chat!.final.phase).toBe('parked');
  // The queue is worked off, and the endpoint at zero again.
  expect(Transcribe!.requests.pending).toBe(0);
  expect(Transcribe!.requests.expired).toBe(0);
  expect(Transcribe!.spans.at(-1)).toMatchObject({ status: 'InService', desired: 0, serving: 0 });
  // Back at its minimum within minutes, whoever took the instance away.
  expect(Checkout!.spans.at(-1)).toMatchObject({ status: 'InService', desired: 1, serving: 1 });
}

/** Checkout stood without an instance for a while. */
const wasWithoutInstance = (result: RehearsalResult): boolean =>
  result.endpoints['Checkout']!.spans.some(({ desired }) => desired === 0);

const others = READING_NAMES.map((name): [string, ReadingsField] => [name, { [name]: READINGS[name][1] }]);
const all = Object.assign({}, ...others.map(([, readings]) => readings)) as ReadingsField;

describe('the product is right whichever way AWS means it', () => {
  it.each<[string, ReadingsField]>([['as by default', {}], ...others, ['all otherwise', all]])(
    '%s',
    async (_, readings) => {
      const result = await run(readings);
      check(result);
      // The hand that takes the only instance got through where the reading lets it.
      const taken = wasWithoutInstance(result);
      expect(taken).toBe(readings['classicZero'] === 'accepted');
    },
  );
});
