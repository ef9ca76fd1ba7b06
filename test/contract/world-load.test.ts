import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { EndpointLoad } from '../../simulator/contract.ts';
import { readMetric, seedAsync, seedRealTime, setInstances, TIMING } from '../support/world-endpoints.ts';
import { createWorldUnderTest, HOUR, MINUTE, START, type WorldUnderTest } from '../support/world-kernel.ts';

let w: WorldUnderTest;

beforeEach(() => {
  w = createWorldUnderTest();
});

function loadOf(overrides: Partial<EndpointLoad>): EndpointLoad {
  return { arrivals: () => 0, serves: { concurrent: 4, seconds: 1 }, whenAway: 'lost', ...overrides };
}

/** Away for 10 minutes in all: 2 to delete, 8 to start. */
function recreate(): void {
  w.call('SageMaker', 'DeleteEndpoint', { EndpointName: 'Chat' });
  w.advance(2 * MINUTE);
  w.call('SageMaker', 'CreateEndpoint', { EndpointName: 'Chat', EndpointConfigName: 'Chat' });
}

describe('requests of a real-time endpoint', () => {
  test('are lost, and cold, while nothing is in service', () => {
    seedRealTime(w, { load: loadOf({ arrivals: () => 3 }) });
    w.advance(10 * MINUTE);
    recreate();
    w.advance(8 * MINUTE);
    w.advance(5 * MINUTE + 1_000);
    expect(w.world.requests('chat')).toEqual({
      total: 450,
      served: 270,
      cold: 180,
      failed: 180,
      cut: 0,
      expired: 0,
      pending: 0,
    });
  });

  test('that ask wait, try again every 30 s, and are all served once the endpoint is back', () => {
    const asks: number[] = [];
    const arrivals = (slot: number): number => (slot === 61 ? 2 : 0);
    seedRealTime(w, { load: loadOf({ arrivals, whenAway: 'asks', onAsk: (at) => asks.push((at - START) / 1000) }) });
    w.advance(10 * MINUTE);
    recreate();
    expect(asks).toEqual([612.5, 672.5]);
    w.advance(8 * MINUTE);
    // The first of the two requests comes a quarter into the slot; while they wait, one ask a minute.
    expect(asks).toEqual(Array.from({ length: 10 }, (_, i) => 612.5 + 60 * i));
    expect(w.world.requests('Chat')).toMatchObject({ cold: 2, pending: 2, served: 0 });
    w.advance(40_000);
    expect(w.world.requests('Chat')).toEqual({
      total: 2,
      served: 2,
      cold: 2,
      failed: 0,
      cut: 0,
      expired: 0,
      pending: 0,
    });
    // Their next tries are whole half-minutes after they came: 12.5 s and 17.5 s into the minute of the return.
    w.advance(3 * MINUTE);
    expect(readMetric(w, 'Invocations', { ms: 4 * MINUTE })).toEqual([2, 0]);
  });

  test('that ask give up after 15 minutes', () => {
    let asks = 0;
    seedRealTime(w, {
      load: loadOf({ arrivals: (slot) => (slot === 30 ? 4 : 0), whenAway: 'asks', onAsk: () => asks++ }),
    });
    w.call('SageMaker', 'DeleteEndpoint', { EndpointName: 'Chat' });
    w.advance(5 * MINUTE + 15 * MINUTE);
    expect(w.world.requests('Chat')).toMatchObject({ failed: 0, pending: 4 });
    w.advance(10_000);
    expect(w.world.requests('Chat')).toEqual({
      total: 4,
      served: 0,
      cold: 4,
      failed: 4,
      cut: 0,
      expired: 0,
      pending: 0,
    });
    const before = asks;
    w.advance(HOUR);
    expect(asks).toBe(before);
  });

  test('an arrival long after the endpoint went is asked for at its very instant', () => {
    const asks: number[] = [];
    seedRealTime(w, {
      load: loadOf({ arrivals: (slot) => (slot === 5000 ? 1 : 0), whenAway: 'asks', onAsk: (at) => asks.push(at) }),
    });
    w.call('SageMaker', 'DeleteEndpoint', { EndpointName: 'Chat' });
    w.advance(50_005_000);
    expect(asks).toEqual([START + 50_005_000]);
  });

  test('an injected request asks at once, and is served where something is in service', () => {
    const asks: number[] = [];
    seedRealTime(w, { load: loadOf({ whenAway: 'asks', onAsk: (at) => asks.push(at - START) }) });
    w.world.inject('chat', 5);
    w.advance(10_000);
    expect(w.world.requests('Chat')).toMatchObject({ total: 5, served: 5, cold: 0 });
    w.call('SageMaker', 'DeleteEndpoint', { EndpointName: 'Chat' });
    w.advance(5_000);
    w.world.inject('Chat', 2);
    w.advance(0);
    expect(asks).toEqual([15_000]);
    expect(w.world.requests('Chat').cold).toBe(2);
  });

  test('fail after a minute unanswered', () => {
    // 40 a slot and room for 20: the queue grows to a minute's worth, then as many fail as come too many.
    seedRealTime(w, { load: loadOf({ arrivals: () => 40, serves: { concurrent: 2, seconds: 1 } }) });
    w.advance(50_000);
    expect(w.world.requests('Chat').failed).toBe(0);
    w.advance(HOUR - 50_000);
    const { total, served, failed, pending } = w.world.requests('Chat');
    expect(served).toBeGreaterThanOrEqual(7_190);
    expect(served).toBeLessThanOrEqual(7_200);
    // 4 a second for the 59 s after which an answer would come too late.
    expect(pending).toBeLessThanOrEqual(240);
    expect(total).toBe(served + failed + pending);
    expect(readMetric(w, 'Invocation5XXErrors').every((value) => value === 120)).toBe(true);
  });
});

describe('requests of an asynchronous endpoint', () => {
  test('queue while there is no instance, and are worked off in order', () => {
    seedAsync(w, { load: loadOf({ arrivals: (slot) => (slot < 6 ? 2 : 0), serves: { concurrent: 1, seconds: 40 } }) });
    w.advance(10 * MINUTE);
    expect(w.world.requests('Scribe')).toEqual({
      total: 12,
      served: 0,
      cold: 12,
      failed: 0,
      cut: 0,
      expired: 0,
      pending: 12,
    });
    setInstances(w, 2, 'Scribe');
    w.advance(8 * MINUTE + 50_000);
    expect(w.world.requests('Scribe').served).toBe(2);
    w.advance(4 * MINUTE);
    expect(w.world.requests('Scribe')).toMatchObject({ served: 12, pending: 0, cold: 12 });
  });

  test('expire after their time to live', () => {
    seedAsync(w, { load: loadOf({ arrivals: (slot) => (slot === 0 ? 10 : 0), requestTtlSeconds: 600 }) });
    w.advance(10 * MINUTE);
    expect(w.world.requests('Scribe').expired).toBe(0);
    w.advance(10_000);
    expect(w.world.requests('Scribe')).toMatchObject({ expired: 10, pending: 0 });
    w.advance(2 * MINUTE);
    expect(readMetric(w, 'ExpiredRequests', { endpoint: 'Scribe' }).reduce((a, b) => a + b, 0)).toBe(10);
  });

  test('are lost with a deleted endpoint', () => {
    seedAsync(w, { load: loadOf({ arrivals: (slot) => (slot === 0 ? 10 : 0) }) });
    w.advance(MINUTE);
    w.call('SageMaker', 'DeleteEndpoint', { EndpointName: 'Scribe' });
    expect(w.world.requests('Scribe')).toMatchObject({ failed: 10, pending: 0 });
  });
});

describe('counting', () => {
  test('adds up whatever happens, and never depends on who looks', () => {
    const event = fc.record({
      after: fc.integer({ min: 1, max: 900 }),
      what: fc.constantFrom('delete', 'create', 'two', 'one', 'inject', 'nothing'),
    });
    const play = (events: readonly { after: number; what: string }[], seed: number, looks: boolean) => {
      const world = createWorldUnderTest();
      const arrivals = (slot: number): number => (slot * seed) % 7;
      seedRealTime(world, {
        timing: { ...TIMING, startMs: (n) => 100_000 + n * 1_234 },
        load: loadOf({ arrivals, whenAway: 'asks', onAsk: () => {} }),
      });
      const attempt = (run: () => void): void => {
        try {
          run();
        } catch {
          // Refused where the state does not allow it: that is part of the game.
        }
      };
      for (const { after, what } of events) {
        for (let s = 0; s < after; s += 7) {
          world.advance(Math.min(7, after - s) * 1000);
          if (!looks) continue;
          const { total, served, failed, expired, pending } = world.world.requests('Chat');
          expect(total).toBe(served + failed + expired + pending);
        }
        if (what === 'delete') attempt(() => world.call('SageMaker', 'DeleteEndpoint', { EndpointName: 'Chat' }));
        if (what === 'create')
          attempt(() =>
            world.call('SageMaker', 'CreateEndpoint', { EndpointName: 'Chat', EndpointConfigName: 'Chat' }),
          );
        if (what === 'two') attempt(() => setInstances(world, 2));
        if (what === 'one') attempt(() => setInstances(world, 1));
        if (what === 'inject') world.world.inject('Chat', 13);
      }
      const totals = world.world.requests('Chat');
      expect(world.world.arrivalsByHour('Chat').reduce((a, b) => a + b, 0)).toBe(totals.total);
      return totals;
    };
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), fc.integer({ min: 1, max: 6 }), (events, seed) => {
        expect(play(events, seed, true)).toEqual(play(events, seed, false));
      }),
      { seed: 3, numRuns: 40 },
    );
  });
});

describe('latency', () => {
  const latencyAfter = (arrivals: (slot: number) => number, minutes: number) => {
    seedRealTime(w, { load: loadOf({ arrivals }) });
    w.advance(minutes * MINUTE + 1_000);
    return w.world.latency('Chat');
  };
  const near = (seconds: number) => expect.closeTo(seconds, 1);

  test('is the service time while there are free places, and unknown without requests', () => {
    expect(latencyAfter(() => 0, 5)).toBeUndefined();
    w = createWorldUnderTest();
    expect(
      latencyAfter(() => 40, 5),
      '4 a second on 4 places of one second',
    ).toEqual({
      p50: near(1),
      p95: near(1),
      p99: near(1),
      worstHourP95: near(1),
    });
  });

  test('grows with the queue: the n-th of 60 in ten seconds waits n/4 - n/6 seconds', () => {
    const latency = latencyAfter((slot) => (slot === 3 ? 60 : 0), 5);
    const { p50, p95, p99 } = latency ?? { p50: 0, p95: 0, p99: 0 };
    // Eight of each stretch stand for all: the last of them is the 59th.
    expect(p50).toBeCloseTo(1 + 30 / 12, 0);
    expect(p95).toBeGreaterThan(5.4);
    expect(p95).toBeLessThan(6.1);
    expect(p99).toBeLessThan(6.1);
  });

  test('of one bad hour shows even where it is rare', () => {
    // Hour 1 has a rush of ten minutes; three quiet days follow.
    const arrivals = (slot: number): number => (slot >= 360 && slot < 420 ? 60 : 20);
    const { p95, worstHourP95 } = latencyAfter(arrivals, 3 * 24 * 60) ?? { p95: 0, worstHourP95: 0 };
    expect(p95).toBeLessThan(1.1);
    expect(worstHourP95).toBeGreaterThan(30);
  });

  test('does not depend on how often somebody looks', () => {
    const play = (every: number) => {
      const world = createWorldUnderTest();
      seedRealTime(world, { load: loadOf({ arrivals: (slot) => (slot * 7919) % 90 }) });
      for (let at = 0; at < 600; at += every) {
        world.advance(every * 1_000);
        world.world.requests('Chat');
      }
      return world.world.latency('Chat');
    };
    expect(play(3)).toEqual(play(600));
  });

  test('of an asynchronous endpoint counts the time at zero instances', () => {
    const arrivals = (slot: number): number => (slot === 0 ? 4 : 0);
    seedAsync(w, { load: loadOf({ arrivals, serves: { concurrent: 4, seconds: 10 } }) });
    w.advance(10 * MINUTE);
    setInstances(w, 1, 'Scribe');
    w.advance(20 * MINUTE);
    // Ten minutes at zero and eight to start, ten seconds of work.
    expect(w.world.latency('Scribe')).toEqual({
      p50: expect.closeTo(1_090, -2),
      p95: expect.any(Number),
      p99: expect.any(Number),
      worstHourP95: expect.any(Number),
    });
  });
});

describe('metrics', () => {
  test('real-time: explicit zeros in service, before the start too, silence afterwards, a minute late', () => {
    seedRealTime(w, { load: loadOf({ arrivals: (slot) => (slot === 6 ? 3 : 0) }) });
    w.advance(2 * MINUTE);
    expect(readMetric(w, 'Invocations', { ms: 2 * MINUTE })).toEqual([0]);
    expect(readMetric(w, 'Invocations')).toEqual(Array.from({ length: 9 }, () => 0));
    w.advance(MINUTE);
    expect(readMetric(w, 'Invocations', { ms: 3 * MINUTE })).toEqual([0, 3]);
    expect(readMetric(w, 'ConcurrentRequestsPerModel', { stat: 'Maximum', ms: 3 * MINUTE })).toEqual([0, 1]);
    w.call('SageMaker', 'DeleteEndpoint', { EndpointName: 'Chat' });
    w.advance(30 * MINUTE);
    expect(readMetric(w, 'Invocations', { ms: 29 * MINUTE })).toEqual([]);
    expect(readMetric(w, 'CPUUtilization', { ms: 29 * MINUTE, namespace: '/aws/sagemaker/Endpoints' })).toEqual([]);
  });

  test('real-time: per instance, in tens of seconds, and only under both dimensions', () => {
    seedRealTime(w, { instances: 2, load: loadOf({ arrivals: () => 30, serves: { concurrent: 8, seconds: 2 } }) });
    w.advance(10 * MINUTE);
    expect(readMetric(w, 'InvocationsPerInstance', { ms: 4 * MINUTE })).toEqual([90, 90, 90]);
    expect(readMetric(w, 'Invocations', { alone: true })).toEqual([]);
    // 3 a second for 2 s each on 2 instances: three inside each at any time.
    const fine = readMetric(w, 'ConcurrentRequestsPerModel', { stat: 'Average', period: 10, ms: MINUTE });
    expect(fine).toHaveLength(5);
    for (const value of fine) expect(value).toBeCloseTo(3, 6);
    expect(readMetric(w, 'ModelLatency', { stat: 'Average', ms: 3 * MINUTE })).toEqual([2_000_000, 2_000_000]);
    expect(
      readMetric(w, 'CPUUtilization', { stat: 'SampleCount', ms: 3 * MINUTE, namespace: '/aws/sagemaker/Endpoints' }),
    ).toEqual([2, 2]);
  });

  test('ten-second points are gone after three hours, minutes stay', () => {
    seedRealTime(w);
    w.advance(4 * HOUR);
    expect(readMetric(w, 'ConcurrentRequestsPerModel', { period: 10, ms: 4 * HOUR })).toHaveLength(3 * 360 - 1);
    expect(readMetric(w, 'ConcurrentRequestsPerModel', { period: 60, ms: 4 * HOUR })).toHaveLength(4 * 60 - 1);
  });

  test('asynchronous: the backlog stays visible at zero instances, what needs instances falls silent', () => {
    seedAsync(w, {
      load: loadOf({ arrivals: (slot) => (slot === 0 ? 3 : 0), serves: { concurrent: 1, seconds: 60 } }),
    });
    w.advance(5 * MINUTE);
    const read = (name: string, alone = true): number[] =>
      readMetric(w, name, { endpoint: 'Scribe', alone, stat: 'Maximum', ms: 3 * MINUTE });
    expect(read('ApproximateBacklogSize')).toEqual([3, 3]);
    expect(read('HasBacklogWithoutCapacity')).toEqual([1, 1]);
    expect(read('ApproximateBacklogSizePerInstance')).toEqual([]);
    expect(read('InvocationsProcessed', false)).toEqual([]);
    expect(read('ApproximateBacklogSize', false)).toEqual([]);
    expect(read('Invocations', false)).toEqual([]);
    setInstances(w, 1, 'Scribe');
    w.advance(11 * MINUTE);
    // In process is part of the backlog: with one at work, three are still inside.
    expect(read('ApproximateBacklogSize')[0]).toBe(3);
    expect(read('HasBacklogWithoutCapacity')).toEqual([0, 0]);
    w.advance(5 * MINUTE);
    expect(read('ApproximateBacklogSize')).toEqual([0, 0]);
    expect(
      readMetric(w, 'InvocationsProcessed', { endpoint: 'Scribe', ms: 7 * MINUTE }).reduce((a, b) => a + b, 0),
    ).toBe(3);
    expect(readMetric(w, 'InvocationsProcessed', { endpoint: 'Scribe', ms: 3 * MINUTE })).toEqual([0, 0]);
  });

  test('hidden metrics are missing for good, and unreadable meanwhile', () => {
    seedRealTime(w, { load: loadOf({ arrivals: () => 1 }) });
    w.advance(10 * MINUTE);
    const handle = w.world.troubleMetrics('chat', w.now(), w.now() + 10 * MINUTE, 'missing');
    w.advance(5 * MINUTE);
    expect(readMetric(w, 'Invocations', { ms: 15 * MINUTE })).toEqual([]);
    expect(handle.times()).toBe(1);
    w.advance(15 * MINUTE);
    expect(readMetric(w, 'Invocations', { ms: 30 * MINUTE })).toHaveLength(10 + 9);
    expect(w.world.requests('Chat').served).toBeGreaterThan(170);
  });
});

describe('utilisation of instances', () => {
  const of = (name: string, stat = 'Average') =>
    readMetric(w, name, { stat, ms: 2 * MINUTE, namespace: '/aws/sagemaker/Endpoints' })[0];

  test.each([
    ['ml.m5.xlarge', 4, 0],
    ['ml.c4.8xlarge', 36, 0],
    ['ml.g5.12xlarge', 48, 4],
    ['ml.p2.16xlarge', 64, 16],
    ['ml.inf2.24xlarge', 96, 0],
    ['ml.zz9.2xlarge', 8, 0],
  ])('%s: summed over its %d cores and %d GPUs', (instanceType, cores, gpus) => {
    // Four at once are all that it takes, and then a half of that.
    seedRealTime(w, { instanceType, load: loadOf({ arrivals: (slot) => (slot < 60 ? 40 : 20) }) });
    w.advance(10 * MINUTE);
    expect(of('CPUUtilization'), 'saturated').toBeCloseTo(98 * cores, 6);
    expect(of('GPUUtilization')).toEqual(gpus === 0 ? undefined : expect.closeTo(95 * gpus, 6));
    expect(of('GPUMemoryUtilization')).toEqual(gpus === 0 ? undefined : expect.closeTo(70 * gpus, 6));
    expect([of('MemoryUtilization'), of('DiskUtilization')], 'percent of the whole').toEqual([40, 20]);
    w.advance(10 * MINUTE);
    expect(of('CPUUtilization'), 'half of it').toBeCloseTo(50 * cores, 6);
    expect(of('GPUUtilization')).toEqual(gpus === 0 ? undefined : expect.closeTo(47.5 * gpus, 6));
  });

  test('of instance pools each instance by its own type', () => {
    const instanceType = 'ml.g5.12xlarge';
    seedRealTime(w, { instanceType, pools: [instanceType, 'ml.m5.xlarge'], instances: 1, load: loadOf({}) });
    w.world.addShortage({ instanceType, from: w.now(), failsAfterMs: 30 * MINUTE });
    setInstances(w, 2);
    w.advance(30 * MINUTE);
    expect([of('CPUUtilization', 'Minimum'), of('CPUUtilization', 'Maximum')]).toEqual([8, 96]);
    expect(of('CPUUtilization', 'SampleCount')).toBe(2);
    expect(of('GPUMemoryUtilization', 'SampleCount'), 'one of them has GPUs').toBe(1);
  });
});

describe('metrics of instance pools', () => {
  const POOLS = ['ml.g5.2xlarge', 'ml.g6.2xlarge'];
  const concurrency = (type: string | undefined, stat: string): number[] => {
    const values = readMetric(w, 'ConcurrentRequestsPerModel', { stat, ms: 3 * MINUTE, ...(type && { type }) });
    return values.map((value) => Number(value.toFixed(3)));
  };

  test('each type its own under a dimension more, by what it serves; one without instances none', () => {
    // For a second each: first 4 at once, then 13, as many as both serve.
    const load = loadOf({
      arrivals: (slot) => (slot < 150 ? 40 : 130),
      serves: { concurrent: 8, seconds: 1 },
      concurrentByType: { 'ml.g6.2xlarge': 5 },
    });
    seedRealTime(w, { pools: POOLS, instances: 1, load });
    w.world.addShortage({ instanceType: 'ml.g5.2xlarge', from: w.now(), failsAfterMs: 30 * MINUTE });
    w.advance(5 * MINUTE);
    expect(concurrency('ml.g6.2xlarge', 'Average'), 'no instance, no data').toEqual([]);
    setInstances(w, 2);
    w.advance(30 * MINUTE);
    expect(
      w.call('SageMaker', 'DescribeEndpoint', { EndpointName: 'Chat' }).ProductionVariants[0].InstancePools,
    ).toEqual([
      { InstanceType: 'ml.g5.2xlarge', CurrentInstanceCount: 1 },
      { InstanceType: 'ml.g6.2xlarge', CurrentInstanceCount: 1 },
    ]);
    expect(concurrency('ml.g5.2xlarge', 'Average')).toEqual([8, 8]);
    expect(concurrency('ml.g6.2xlarge', 'Average')).toEqual([5, 5]);
    expect(concurrency(undefined, 'Average'), 'the whole stays').toEqual([6.5, 6.5]);
    // Lowest priority first: the instance of the second pool goes.
    setInstances(w, 1);
    w.advance(5 * MINUTE);
    expect(concurrency('ml.g6.2xlarge', 'Average')).toEqual([]);
    expect(concurrency('ml.g5.2xlarge', 'SampleCount')).toEqual([6, 6]);
  });

  test('requests are counted whole, and none twice', () => {
    const load = loadOf({ arrivals: () => 7, concurrentByType: { 'ml.g6.2xlarge': 3 } });
    seedRealTime(w, { pools: POOLS, instances: 1, load });
    w.world.addShortage({ instanceType: 'ml.g5.2xlarge', from: w.now(), failsAfterMs: 30 * MINUTE });
    setInstances(w, 2);
    w.advance(30 * MINUTE);
    const sum = (type?: string) => {
      const values = readMetric(w, 'Invocations', { ms: 20 * MINUTE, ...(type && { type }) });
      return values.reduce((total, value) => total + value, 0);
    };
    const [g5, g6] = POOLS.map(sum) as [number, number];
    expect(sum()).toBe(7 * 6 * 19);
    expect(Math.abs(g5 + g6 - sum())).toBeLessThanOrEqual(1);
    expect(g5 / g6).toBeCloseTo(4 / 3, 1);
  });
});
