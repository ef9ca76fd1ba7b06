import { describe, expect, test } from 'vitest';
import { countsOf, readMetric, seedRealTime, setInstances } from '../support/world-endpoints.ts';
import { createWorldUnderTest, MINUTE, START, type WorldUnderTest } from '../support/world-kernel.ts';

const serves = { concurrent: 4, seconds: 1800, streams: true };

function withStreams(streams: number, instances: number, readings = {}, more = {}): WorldUnderTest {
  const w = createWorldUnderTest(START, readings);
  seedRealTime(w, { instances, load: { arrivals: () => 0, serves: { ...serves, ...more }, whenAway: 'lost' } });
  w.world.inject('chat', streams);
  w.advance(10 * MINUTE);
  return w;
}

function totals(w: WorldUnderTest) {
  w.world.settle();
  return w.world.requests('chat');
}

describe('streams of a real-time endpoint', () => {
  test('last their thirty minutes, are in flight all the time, and count one invocation', () => {
    const w = withStreams(3, 1);
    w.advance(25 * MINUTE);
    expect(totals(w)).toEqual({ total: 3, served: 3, cold: 0, failed: 0, cut: 0, expired: 0, pending: 0 });
    const concurrency = readMetric(w, 'ConcurrentRequestsPerModel', { stat: 'Maximum', ms: 35 * MINUTE });
    expect(concurrency.slice(0, 30), 'every minute of it').toEqual(Array.from({ length: 30 }, () => 3));
    expect(concurrency.slice(31)).toEqual(concurrency.slice(31).map(() => 0));
    expect(readMetric(w, 'Invocations', { ms: 35 * MINUTE }).reduce((sum, value) => sum + value)).toBe(3);
    expect(readMetric(w, 'ModelLatency', { ms: 35 * MINUTE }), 'tells nothing of streams').toEqual([]);
    expect(readMetric(w, 'FirstChunkLatency', { stat: 'Maximum', ms: 35 * MINUTE })).toEqual([200_000]);
  });

  test('that find no free place within a minute have failed', () => {
    const w = withStreams(6, 1);
    expect(totals(w)).toMatchObject({ total: 6, failed: 2, cut: 0, pending: 4 });
  });

  test('are cut with an instance that is taken away, each instance with its share', () => {
    const w = withStreams(6, 3);
    setInstances(w, 2);
    expect(totals(w)).toMatchObject({ failed: 2, cut: 2, pending: 4 });
    w.advance(5 * MINUTE);
    expect(countsOf(w).current).toBe(2);
    expect(readMetric(w, 'MidStreamErrors', { ms: 6 * MINUTE })).toEqual([2]);
    expect(readMetric(w, 'ConcurrentRequestsPerModel', { stat: 'Maximum', ms: 2 * MINUTE }).at(-1)).toBe(2);
    w.world.inject('chat', 5);
    w.advance(56 * MINUTE);
    expect(totals(w), 'the places of the others are free for others').toMatchObject({
      total: 11,
      served: 8,
      failed: 3,
      cut: 2,
      pending: 0,
    });
  });

  test('that end within a minute, and short requests, outlive their instance', () => {
    const almost = withStreams(6, 3);
    almost.advance(19 * MINUTE + 20_000);
    setInstances(almost, 1);
    almost.advance(2 * MINUTE);
    expect(totals(almost)).toMatchObject({ served: 6, failed: 0, cut: 0 });
    const short = withStreams(12, 3, {}, { seconds: 30, streams: false });
    short.world.inject('chat', 12);
    short.advance(10_000);
    setInstances(short, 1);
    short.advance(5 * MINUTE);
    expect(totals(short)).toMatchObject({ served: 24, cut: 0 });
  });

  test('are cut when their endpoint is deleted', () => {
    const w = withStreams(3, 1);
    w.call('SageMaker', 'DeleteEndpoint', { EndpointName: 'Chat' });
    w.advance(40 * MINUTE);
    expect(totals(w)).toMatchObject({ total: 3, served: 0, failed: 3, cut: 3, pending: 0 });
  });

  test('what is no stream and takes over a minute fails, though its instance works on it to the end', () => {
    const w = withStreams(3, 1, {}, { streams: false });
    expect(readMetric(w, 'ConcurrentRequestsPerModel', { stat: 'Maximum', ms: 4 * MINUTE }).at(-1)).toBe(3);
    w.advance(30 * MINUTE);
    expect(totals(w)).toMatchObject({ total: 3, served: 0, failed: 3, cut: 0, pending: 0 });
    expect(w.world.latency('chat'), 'nobody was answered').toBeUndefined();
  });
});
