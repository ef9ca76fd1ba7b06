import { describe, expect, test } from 'vitest';
import { parseScenario } from '../../rehearsal/index.ts';
import { DEFAULT_READINGS, READING_NAMES, READINGS, type Readings } from '../../simulator/index.ts';
import {
  countsOf,
  readMetric,
  seedAsync,
  seedRealTime,
  setInstances,
  statusOf,
  TIMING,
} from '../support/world-endpoints.ts';
import { createWorldUnderTest, MINUTE, START, type WorldUnderTest } from '../support/world-kernel.ts';

/** What a client sees under one reading and under the other: every switch of `simulator/readings.ts` must turn something. */
const SEEN: { readonly [N in keyof Readings]: (w: WorldUnderTest) => unknown } = {
  backlogPerInstanceAtZero(w) {
    queueOf(w, 3);
    return scribe(w, 'ApproximateBacklogSizePerInstance', true);
  },
  backlogFlagWithCapacity(w) {
    queueOf(w, 0, 1);
    return scribe(w, 'HasBacklogWithoutCapacity', true);
  },
  processedMetric(w) {
    queueOf(w, 0, 1);
    return scribe(w, 'InvocationsProcessed', false);
  },
  classicZero(w) {
    seedRealTime(w);
    const refusal = attempt(() => setInstances(w, 0));
    w.advance(20 * MINUTE);
    return [refusal, countsOf(w)];
  },
  endpointEventTags(w) {
    seedRealTime(w, { tags: { team: 'search' } });
    w.call('SageMaker', 'DeleteEndpoint', { EndpointName: 'Chat' });
    w.advance(10 * MINUTE);
    return w.events.map(({ detail }) => [detail['EndpointStatus'], detail['Tags']]);
  },
  eventSpelling(w) {
    seedRealTime(w);
    w.world.addStuckStatus({ endpoint: 'Chat', status: 'SystemUpdating', from: w.now(), until: w.now() + 5 * MINUTE });
    w.advance(MINUTE);
    return [statusOf(w), w.events.map(({ detail }) => detail['EndpointStatus'])];
  },
  asyncQueueOnDelete(w) {
    queueOf(w, 3);
    w.call('SageMaker', 'DeleteEndpoint', { EndpointName: 'Scribe' });
    w.advance(10 * MINUTE);
    w.call('SageMaker', 'CreateEndpoint', { EndpointName: 'Scribe', EndpointConfigName: 'Scribe' });
    w.advance(30 * MINUTE);
    w.world.settle();
    return w.world.requests('scribe');
  },
  endpointArn(w) {
    seedRealTime(w);
    return w.call('SageMaker', 'DescribeEndpoint', { EndpointName: 'chat' }).EndpointArn;
  },
  streamInvocation(w) {
    streamsOf(w, 1, 1);
    w.advance(35 * MINUTE);
    const minutes = readMetric(w, 'Invocations', { ms: 45 * MINUTE });
    return minutes.flatMap((count, minute) => (count > 0 ? [minute] : []));
  },
  streamsOnScaleIn(w) {
    streamsOf(w, 4, 2);
    setInstances(w, 1);
    w.advance(30 * MINUTE);
    w.world.settle();
    return w.world.requests('chat');
  },
  componentFailureReason(w) {
    const needs = { accelerators: 4, memoryMb: 4_096 };
    w.world.seed({
      name: 'Shared',
      kind: 'components',
      instanceType: 'ml.g5.12xlarge',
      instances: 1,
      tags: {},
      timing: TIMING,
      managedScaling: { min: 1, max: 1 },
      components: [{ name: 'llama', copies: 1, needs, startMs: () => MINUTE }],
    });
    w.call('SageMaker', 'UpdateInferenceComponentRuntimeConfig', {
      InferenceComponentName: 'llama',
      DesiredRuntimeConfig: { CopyCount: 2 },
    });
    w.advance(20 * MINUTE);
    const seen = w.call('SageMaker', 'DescribeInferenceComponent', { InferenceComponentName: 'llama' });
    return [seen.InferenceComponentStatus, seen.RuntimeConfig.DesiredCopyCount, 'FailureReason' in seen];
  },
};

function queueOf(w: WorldUnderTest, requests: number, instances = 0): void {
  const serves = { concurrent: 1, seconds: 40 };
  seedAsync(w, { instances, load: { arrivals: () => 0, serves, whenAway: 'lost' } });
  if (requests > 0) w.world.inject('scribe', requests);
  w.advance(5 * MINUTE);
}

function streamsOf(w: WorldUnderTest, streams: number, instances: number): void {
  const serves = { concurrent: 4, seconds: 1800, streams: true };
  seedRealTime(w, { instances, load: { arrivals: () => 0, serves, whenAway: 'lost' } });
  w.advance(5 * MINUTE);
  w.world.inject('chat', streams);
  w.advance(5 * MINUTE);
}

const scribe = (w: WorldUnderTest, name: string, alone: boolean): number[] =>
  readMetric(w, name, { endpoint: 'Scribe', alone, stat: 'Maximum', ms: 3 * MINUTE });

function attempt(call: () => void): string {
  try {
    call();
    return 'accepted';
  } catch (error) {
    return (error as Error).message;
  }
}

const EXPECTED: { readonly [N in keyof Readings]: readonly [unknown, unknown] } = {
  backlogPerInstanceAtZero: [[], [3, 3]],
  backlogFlagWithCapacity: [[0, 0], []],
  processedMetric: [[0, 0], []],
  classicZero: [
    [expect.stringContaining('Invalid DesiredInstanceCount 0'), { current: 1, desired: 1 }],
    ['accepted', { current: 0, desired: 0 }],
  ],
  // Tags go with their endpoint, so its last event has none either way.
  endpointEventTags: [
    [
      ['DELETING', {}],
      ['DELETED', {}],
    ],
    [
      ['DELETING', { team: 'search' }],
      ['DELETED', {}],
    ],
  ],
  eventSpelling: [
    ['SystemUpdating', ['SYSTEM_UPDATING']],
    ['SystemUpdating', ['SystemUpdating']],
  ],
  asyncQueueOnDelete: [
    { total: 3, served: 0, cold: 3, failed: 3, cut: 0, expired: 0, pending: 0 },
    { total: 3, served: 3, cold: 3, failed: 0, cut: 0, expired: 0, pending: 0 },
  ],
  endpointArn: [
    'arn:aws:sagemaker:eu-central-1:123456789012:endpoint/chat',
    'arn:aws:sagemaker:eu-central-1:123456789012:endpoint/Chat',
  ],
  streamInvocation: [[5], [35]],
  streamsOnScaleIn: [
    { total: 4, served: 2, cold: 0, failed: 2, cut: 2, expired: 0, pending: 0 },
    { total: 4, served: 4, cold: 0, failed: 0, cut: 0, expired: 0, pending: 0 },
  ],
  componentFailureReason: [
    ['InService', 1, true],
    ['InService', 1, false],
  ],
};

describe('what AWS leaves open', () => {
  test.each(READING_NAMES)('%s: one way and the other', (name) => {
    const [usual, other] = READINGS[name].map((reading) =>
      SEEN[name](createWorldUnderTest(START, { [name]: reading })),
    );
    expect(usual).toEqual(EXPECTED[name][0]);
    expect(other).toEqual(EXPECTED[name][1]);
    expect(DEFAULT_READINGS[name]).toBe(READINGS[name][0]);
  });

  test('a scenario names its readings, and a wrong one is told', () => {
    const text = (reading: string) =>
      `start: 2026-03-02T00:00:00Z\nreadings: { ${reading} }\nendpoints: { chat: { kind: real-time, instanceType: ml.g5.xlarge } }\n`;
    const good = parseScenario(text('classicZero: accepted'), 's.yaml', () => undefined);
    expect(good).toMatchObject({ ok: true, scenario: { readings: { classicZero: 'accepted' } } });
    const bad = parseScenario(text('classicZero: maybe'), 's.yaml', () => undefined);
    expect(bad).toMatchObject({
      ok: false,
      problems: [{ field: 'readings.classicZero', allowed: 'refused or accepted' }],
    });
  });
});
