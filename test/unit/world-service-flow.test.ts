import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ServiceFlow } from '../../simulator/load/service-flow.ts';

const SLOT = 10_000;

/** First in, first out at `servers` servers, request by request: what the closed form must agree with. */
function serveOneByOne(arrivals: readonly number[], servers: number, serviceMs: number, until: number): number {
  const free: number[] = Array.from({ length: servers }, () => 0);
  let served = 0;
  arrivals.forEach((count, slot) => {
    for (let i = 0; i < count; i++) {
      const arrival = slot * SLOT + ((i + 0.5) / count) * SLOT;
      free.sort((a, b) => a - b);
      const end = Math.max(arrival, free[0]!) + serviceMs;
      free[0] = end;
      if (end <= until) served++;
    }
  });
  return served;
}

function run(arrivals: readonly number[], servers: number, serviceMs: number, patienceMs = 1e12): ServiceFlow {
  const flow = new ServiceFlow(0, serviceMs, patienceMs);
  arrivals.forEach((count, slot) => {
    flow.advance((slot + 1) * SLOT, count, servers);
  });
  return flow;
}

describe('a queue before parallel servers', () => {
  test('serves as many as a queue worked off request by request, within one slot', () => {
    const load = fc.record({
      arrivals: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 80 }),
      servers: fc.integer({ min: 1, max: 12 }),
      serviceMs: fc.integer({ min: 50, max: 90_000 }),
    });
    fc.assert(
      fc.property(load, ({ arrivals, servers, serviceMs }) => {
        const until = arrivals.length * SLOT;
        const flow = run(arrivals, servers, serviceMs);
        // The closed form spreads a slot evenly, so it may be ahead or behind by what a slot holds.
        const slack = Math.max(...arrivals, servers, Math.ceil((servers * SLOT) / serviceMs)) + 1;
        expect(Math.abs(flow.served - serveOneByOne(arrivals, servers, serviceMs, until))).toBeLessThanOrEqual(slack);
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  test('keeps the exact rate of a saturated server that does not divide a slot', () => {
    // 3 s each on one server: 1,200 in an hour, not 3 in each of 360 slots.
    expect(
      run(
        Array.from({ length: 360 }, () => 50),
        1,
        3_000,
      ).served,
    ).toBeGreaterThanOrEqual(1_198);
  });

  test('never loses or invents a request', () => {
    const step = fc.record({
      count: fc.integer({ min: 0, max: 300 }),
      servers: fc.integer({ min: 0, max: 5 }),
      ms: fc.integer({ min: 1, max: SLOT }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 100, max: 120_000 }), (steps, serviceMs) => {
        const flow = new ServiceFlow(0, serviceMs, 60_000);
        let [at, total] = [0, 0];
        for (const { count, servers, ms } of steps) {
          at += ms;
          total += count;
          flow.advance(at, count, servers);
          expect(flow.served + flow.dropped + flow.inside).toBe(total);
          expect(flow.queued).toBeGreaterThanOrEqual(0);
          expect(flow.queued).toBeLessThanOrEqual(flow.inside);
        }
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  test('gives up requests that waited longer than their patience, oldest first', () => {
    const flow = new ServiceFlow(0, 1_000, 60_000);
    flow.advance(10_000, 5, 0);
    flow.advance(20_000, 7, 0);
    flow.advance(60_000, 0, 0);
    expect(flow.dropped).toBe(0);
    flow.advance(70_000, 0, 0);
    expect(flow.dropped).toBe(5);
    flow.advance(80_000, 0, 0);
    expect(flow.dropped).toBe(12);
    expect(flow.inside).toBe(0);
  });

  test('tells how long the head of the queue has waited', () => {
    const flow = new ServiceFlow(0, 40_000, 1e12);
    flow.advance(10_000, 10, 0);
    flow.advance(60_000, 0, 0);
    expect(flow.oldestArrival()).toBe(0);
    flow.advance(70_000, 0, 5);
    expect(flow.oldestArrival()).toBe(5_000);
  });
});
