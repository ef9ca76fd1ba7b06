import { describe, expect, it } from 'vitest';
import { addSample, computeLead } from '../../../shared/domain/lead.ts';
import { MINUTE } from '../../../shared/domain/time.ts';

const minutes = (...values: readonly number[]) => values.map((value) => value * MINUTE);
const lead = (own: readonly number[], ofType: readonly number[] = []) =>
  computeLead({ lead: 'learned', own: minutes(...own), ofType: minutes(...ofType), tick: MINUTE });

describe('computeLead', () => {
  it('takes a duration of the policy as it is', () => {
    expect(computeLead({ lead: 90_000, own: minutes(9, 9, 9, 9, 9), ofType: [], tick: MINUTE })).toEqual({
      ms: 90_000,
      from: 'policy',
      samples: 0,
    });
  });

  it.each<[string, readonly number[], readonly number[], number, string]>([
    ['no sample at all: 10 minutes', [], [], 10 * 1.1 + 1, 'default'],
    ['four own samples are too few', [3, 3, 3, 3], [], 10 * 1.1 + 1, 'default'],
    ['… and one of the type is enough', [3, 3, 3, 3], [20], 20 * 1.1 + 1, 'type'],
    ['five own samples beat the type', [3, 3, 3, 3, 5], [20], 5 * 1.1 + 1, 'own'],
    [
      'of twenty the nineteenth, not the slowest',
      [...Array.from({ length: 18 }, () => 4), 6, 60],
      [],
      6 * 1.1 + 1,
      'own',
    ],
    ['only the last twenty', [99, ...Array.from({ length: 20 }, () => 4)], [], 4 * 1.1 + 1, 'own'],
    ['at least two minutes', [0.1, 0.1, 0.1, 0.1, 0.1], [], 2, 'own'],
  ])('%s', (_name, own, ofType, expected, from) => {
    expect(lead(own, ofType)).toMatchObject({ ms: Math.round(expected * MINUTE), from });
  });

  it('keeps twenty samples, newest last', () => {
    let samples = { wakes: [] as readonly number[], scaleOuts: [1] as readonly number[] };
    for (let value = 1; value <= 25; value += 1) samples = addSample(samples, 'wakes', value);
    expect(samples).toEqual({ wakes: Array.from({ length: 20 }, (_, index) => index + 6), scaleOuts: [1] });
  });
});
