import { describe, expect, it } from 'vitest';
import { type CallSite, pairsOf, type Rehearsal, writeJson } from '../../rehearsal/index.ts';
import { asynchronous, idle, MONDAY_UTC, queueOnly, realTime } from './fleet.ts';
import { arrivals, creations, deletions, endpointOf, expectBetween, expectSound } from './reading.ts';
import { expectSurvived, rehearseHere } from './rehearse-here.ts';
import type { Document } from './run-scenario.ts';

/** Parked at +1m, woken by a request at +2m30s, asked again while the first callers' run may hang. */
const quick = (happens: readonly Document[], seed = 1): Promise<Rehearsal> =>
  rehearseHere({
    start: MONDAY_UTC,
    seed,
    for: '45m',
    policies: { quick: idle('5m') },
    endpoints: { chat: realTime('quick', { whenAway: 'asks', startsIn: '3m', deletesIn: '1m' }) },
    happens: [
      ...happens,
      { at: '+2m30s', requests: 1, to: 'chat' },
      { at: '+4m', requests: 1, to: 'chat' },
      { at: '+7m', requests: 1, to: 'chat' },
    ],
  });

function expectCycle({ result }: Rehearsal): void {
  expectSound(result);
  expect(endpointOf(result, 'chat').requests.failed, 'nobody who waits is left alone').toBe(0);
  expect(endpointOf(result, 'chat').final.phase, 'parked in the end, from a recipe that is there').toBe('parked');
}

describe('a run that hangs longer than its lease and then goes on', () => {
  // Around the recipe and the delete of the park, and around the create of the wake.
  const NTH = [...Array.from({ length: 12 }, (_, n) => 23 + n), ...Array.from({ length: 8 }, (_, n) => 55 + n)];

  it('neither deletes the endpoint that another run woke, nor creates a second one', async () => {
    for (const nth of NTH) {
      const run = await quick([{ at: '+0m', stall: 'idle-windows', after: '*', for: '6m', nth }]);
      expect(run.result.happens[0]?.times, `hung after call ${nth}`).toBe(1);
      expectCycle(run);
    }
  });

  it('is a timed-out invocation to Lambda, which tries again', async () => {
    const { result } = await quick([
      { at: '+0m', stall: 'idle-windows', after: 'SageMaker.DeleteEndpoint', for: '6m' },
    ]);
    expect(result.calls['SageMaker.DeleteEndpoint'], 'section 10, 6: sent once in each cycle').toBe(
      endpointOf(result, 'chat').parks,
    );
    expectSound(result);
  });
});

describe('many runs at once', () => {
  it('around a park and a wake act once', async () => {
    const run = await quick([
      { at: '+1m', run: 'idle-windows', times: 3 },
      { at: '+2m', run: 'idle-windows', times: 3 },
      { at: '+2m30s', run: 'idle-windows', times: 3 },
      { at: '+5m30s', run: 'idle-windows', times: 3 },
      { at: '+6m', run: 'scheduled-scaling', times: 3 },
    ]);
    expect(run.result.happens.slice(0, 5).map(({ times }) => times)).toEqual([3, 3, 3, 3, 3]);
    const { parks, wakes } = endpointOf(run.result, 'chat');
    expect(run.result.calls['SageMaker.DeleteEndpoint'], 'section 10, 6').toBe(parks);
    expect(run.result.calls['SageMaker.CreateEndpoint'], 'section 10, 6').toBe(wakes);
    expectCycle(run);
  });

  it('of the function without a tick repeat its newest event', async () => {
    const run = await rehearseHere({
      start: MONDAY_UTC,
      for: '1h',
      policies: { queue: queueOnly },
      endpoints: { transcribe: asynchronous('queue') },
      happens: [
        { at: '+10m', requests: 12, to: 'transcribe' },
        { at: '+30m', run: 'backlog-wake', times: 2 },
      ],
    });
    expectSurvived(run);
    expect(endpointOf(run.result, 'transcribe').requests).toMatchObject({ served: 12, expired: 0 });
  });
});

describe('a function dies after any call it makes', () => {
  const scene = (happens: readonly Document[]): Promise<Rehearsal> =>
    rehearseHere({
      start: MONDAY_UTC,
      for: '50m',
      policies: {
        quick: idle('5m'),
        queue: queueOnly,
        checkout: {
          otherwise: { min: 1, max: 3 },
          scaling: [{ kind: 'target-tracking', metric: 'ConcurrentRequestsPerModel', target: 4 }],
        },
      },
      endpoints: {
        chat: realTime('quick', { whenAway: 'asks', startsIn: '3m', deletesIn: '1m' }),
        transcribe: asynchronous('queue', { startsIn: '3m' }),
        checkout: realTime('checkout'),
      },
      happens: [...happens, { at: '+10m', requests: 2, to: 'chat' }, { at: '+10m', requests: 12, to: 'transcribe' }],
    });

  it('whichever operation it was, by whichever function, and the next run repairs', async () => {
    const calm = await scene([]);
    expectSurvived(calm);
    const sites: CallSite[] = [];
    const pairs = pairsOf(calm.callSites);
    // Several in one run to save time, of each function as few as can be: a death keeps a run from its later calls.
    const RUNS = Math.ceil(pairs.length / 5);
    for (let from = 0; from < RUNS; from += 1) {
      const crashes = pairs
        .filter((_, index) => index % RUNS === from)
        .flatMap(({ function: crash, call: after, calls }) =>
          [1, 7].filter((nth) => nth <= calls).map((nth) => ({ at: '+0m', crash, after, nth })),
        );
      const run = await scene(crashes);
      sites.push(...run.callSites);
      const where = JSON.stringify(crashes);
      expect(run.result.invariants.violations, where).toEqual([]);
      expect(endpointOf(run.result, 'chat'), where).toMatchObject({ parks: 2, wakes: 1, final: { phase: 'parked' } });
      expect(endpointOf(run.result, 'transcribe').requests, where).toMatchObject({ served: 12, expired: 0 });
      expect(endpointOf(run.result, 'checkout').final.scalingPolicies.length, where).toBe(1);
    }
    const untried = pairsOf(sites).filter(({ crashes }) => crashes === 0);
    expect(untried, 'every operation that a function calls has met a death').toEqual([]);
    expect(pairsOf(sites).length, 'all three functions were seen').toBeGreaterThan(30);
  });
});

describe('answers lost on the network', () => {
  it('a reset after the effect of DeleteEndpoint: not deleted twice, and parked', async () => {
    const run = await quick([
      { at: '+1m', for: '10m', network: 'reset', calls: 'SageMaker.DeleteEndpoint', effect: 'after' },
    ]);
    expectSurvived(run);
    expect(run.result.calls['SageMaker.DeleteEndpoint']).toBe(endpointOf(run.result, 'chat').parks);
    expectCycle(run);
  });

  it('a reset after the effect of CreateEndpoint: one wake, restored', async () => {
    const run = await quick([
      { at: '+1m', for: '10m', network: 'reset', calls: 'SageMaker.CreateEndpoint', effect: 'after' },
    ]);
    expectSurvived(run);
    expect(run.result.calls['SageMaker.CreateEndpoint']).toBe(endpointOf(run.result, 'chat').wakes);
    expectCycle(run);
  });

  it('a proxy’s error page on CreateEndpoint for ten minutes: woken as soon as it is gone', async () => {
    const run = await quick([{ at: '+2m', for: '10m', network: 'html', calls: 'SageMaker.CreateEndpoint' }]);
    expectSurvived(run);
    expectBetween(creations(run.result, 'chat')[0], '12m', '13m', 'section 6: network: next run');
    expectCycle(run);
  });

  it('truncated answers of DescribeEndpoint: nothing is concluded from them', async () => {
    const run = await quick([{ at: '+0m', for: '6m', network: 'truncated', calls: 'SageMaker.DescribeEndpoint' }]);
    expectSurvived(run);
    expectBetween(deletions(run.result, 'chat')[0], '6m', '45m', 'not while its state is unknown');
    expect(arrivals(run.result, 'chat').length, 'and up again for whoever asks').toBe(
      endpointOf(run.result, 'chat').wakes,
    );
    expectCycle(run);
  });

  it.each(['reset', 'truncated', 'html'] as const)('a third of all calls: %s after the effect', async (network) => {
    const run = await quick([{ at: '+0m', for: '20m', network, calls: '*', share: 0.3, effect: 'after' }]);
    expect(run.result.happens[0]?.times).toBeGreaterThan(10);
    expectCycle(run);
  });
});

describe('the same document and seed', () => {
  it('give the same bytes under all of it, and another seed gives others', async () => {
    const everything: readonly Document[] = [
      { at: '+0m', for: '20m', network: 'truncated', calls: '*', share: 0.1 },
      { at: '+0m', events: { shuffle: '5m' } },
      { at: '+0m', stale: 'SageMaker.*', by: '20s' },
      { at: '+0m', clock: 'idle-windows', by: '-10s' },
      { at: '+1m', stall: 'idle-windows', after: '*', for: '70s', nth: 5 },
      { at: '+2m', crash: 'idle-windows', after: '*', nth: 9 },
      { at: '+3m', run: 'idle-windows', times: 3 },
      { at: '+4m', deploy: { LogLevel: 'DEBUG' } },
      { at: '+5m', for: '4m', unhealthy: 'chat', failsAfter: '2m' },
      { at: '+20m', for: '10m', stuck: 'chat', in: 'SystemUpdating' },
      { at: '+20m', for: '10m', metrics: { late: '5m' }, of: 'chat' },
    ];
    const bytes = async (seed: number) => writeJson((await quick(everything, seed)).result);
    const first = await bytes(1);
    expect(await bytes(1)).toBe(first);
    expect((await bytes(2)).replace('"seed":2', '"seed":1')).not.toBe(first);
  });
});
