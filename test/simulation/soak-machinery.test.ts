/** What the soak is made of: documents that a seed alone decides, and failures shrunk to what shows them. */
import { DeleteEndpointCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../rehearsal/index.ts';
import type { Entry, SoakDocument } from '../../rehearsal/soak/documents.ts';
import { FAULTS } from '../../rehearsal/soak/faults.ts';
import { generate } from '../../rehearsal/soak/generate.ts';
import { findInvented } from '../../rehearsal/soak/hands.ts';
import { runDocument } from '../../rehearsal/soak/run-document.ts';
import { shrink } from '../../rehearsal/soak/shrink.ts';
import { soakSeed, textOf } from '../../rehearsal/soak/soak-seed.ts';
import { decide, isTick, standIn } from './stand-in.ts';

const TWO_DAYS = { days: 2 };
const seeds = Array.from({ length: 150 }, (_, seed) => seed);

describe('the generator', () => {
  it('makes the same document of the same seed, and another one of another', () => {
    const texts = seeds.map((seed) => textOf(generate(seed, TWO_DAYS).document));
    expect(seeds.map((seed) => textOf(generate(seed, TWO_DAYS).document))).toEqual(texts);
    expect(new Set(texts).size).toBe(seeds.length);
  });

  it('makes nothing but valid scenarios, and leaves the end in peace', () => {
    for (const seed of seeds.slice(0, 40)) {
      const { document, faults, durationMs } = generate(seed, TWO_DAYS);
      const parsed = parseScenario(textOf(document), 'soak.yaml', () => undefined);
      expect(parsed.ok ? [] : parsed.problems, `seed ${seed}`).toEqual([]);
      if (!parsed.ok) continue;
      const { happens, start } = parsed.scenario;
      for (const { index } of faults) {
        const happening = happens[index]!;
        const end = 'until' in happening && happening.until !== undefined ? happening.until : happening.at;
        expect(end - start, `seed ${seed}: ${happening.what}`).toBeLessThanOrEqual(durationMs - 6 * 3_600_000);
      }
    }
  });

  it('draws faults of every kind', () => {
    const drawn = Array.from({ length: 600 }, (_, seed) => generate(seed, TWO_DAYS).faults.map(({ kind }) => kind));
    const others = ['deployment', 'hand: alarms'];
    expect([...new Set(drawn.flat())].sort()).toEqual([...FAULTS.map(({ kind }) => kind), ...others].sort());
  });
});

describe('the shrinker', () => {
  const entry = (name: string, hours: number): Entry => ({ at: `+${hours}h`, requests: hours + 1, to: name });
  const happens = Array.from({ length: 40 }, (_, index) => entry(index % 2 === 0 ? 'a' : 'b', index));
  const document: SoakDocument = {
    start: '2026-03-02T00:00:00Z',
    for: '2d',
    seed: 1,
    region: 'us-east-1',
    parameters: {},
    schedules: { used: {}, unused: {} },
    policies: { p: { capacity: [{ during: 'used', min: 1, max: 1 }] }, q: {} },
    endpoints: { a: { policy: 'p', traffic: { perMinute: 1 } }, b: { policy: 'q' } },
    happens,
  };

  it('keeps the two entries that are needed together, their endpoint and no more time than they take', async () => {
    let runs = 0;
    const needs = [6, 20].map((index) => JSON.stringify(happens[index]));
    const small = await shrink(document, async (candidate) => {
      runs += 1;
      const found = candidate.happens.map((one) => JSON.stringify(one));
      return candidate.endpoints['a'] !== undefined && needs.every((one) => found.includes(one));
    });
    expect(small.happens.map((one) => JSON.stringify(one))).toEqual(needs);
    expect(Object.keys(small.endpoints)).toEqual(['a']);
    expect(small.endpoints['a']).not.toHaveProperty('traffic');
    expect(small.policies).toEqual({ p: document.policies['p'] });
    expect(Object.keys(small.schedules)).toEqual(['used']);
    expect(small.for).toMatch(/^20h/);
    expect(runs, 'delta debugging, not one run for every subset').toBeLessThan(120);
  });

  it('leaves of a planted bug a document without anything that it does not need, which still shows it', async () => {
    const code = standIn({
      // Every hour, without a recipe and without a look.
      idleWindows: async (world, event) => {
        if (!isTick(event) || world.clock.now() % 3_600_000 !== 0) return;
        decide(world, 'chat', 'park', 'idle');
        await new SageMakerClient(world.clientDefaults)
          .send(new DeleteEndpointCommand({ EndpointName: 'chat' }))
          .catch(() => {});
      },
    });
    const outcome = await soakSeed(3, { days: 1, shrinks: true, code });
    expect(outcome.findings[0]?.rule).toBe('invariant 1');
    const shrunk = outcome.shrunk ?? '';
    const again = await runDocument(shrunk, { code });
    expect(again.findings.map(({ rule }) => rule)).toContain('invariant 1');
    const parsed = parseScenario(shrunk, 'soak.yaml', () => undefined);
    expect(parsed.ok && parsed.scenario.happens).toEqual([]);
    expect(parsed.ok && parsed.scenario.endpoints.length).toBe(1);
    expect(parsed.ok && parsed.scenario.durationMs).toBeLessThan(12 * 3_600_000);
  });
});

describe('drift that nobody caused', () => {
  const at = '2026-03-02T01:00:00Z';
  const told = (endpoint: string, detailType = 'Drift Found') => ({
    at,
    detailType,
    detail: { endpoint, field: 'bounds', expected: '1..4', actual: '1..9' },
  });

  it('is a finding, unless somebody had a hand in that endpoint before', () => {
    const hands = new Map([
      ['chat', Date.parse(at) - 1],
      ['later', Date.parse(at) + 1],
    ]);
    const found = findInvented([told('Chat'), told('later'), told('other'), told('other', 'Endpoint Ready')], hands);
    expect(found.map(({ endpoint }) => endpoint)).toEqual(['later', 'other']);
    expect(found[0]?.what).toBe('bounds: 1..4 is 1..9, and nobody changed it');
  });
});
