import { describe, expect, test } from 'vitest';
import {
  type Compiled,
  compilePolicy,
  formatProblem,
  parsePolicy,
  parseSchedule,
} from '../../../shared/documents/index.ts';
import type { FleetRecord } from '../../../shared/domain/record.ts';
import { wantedWeights, weightRuleAt } from '../../../shared/domain/weights.ts';
import { must } from './support.ts';

const FROM = Date.parse('2026-03-02T00:00:00Z');
const HOUR = 3_600_000;
const schedule = (name: string, from: string, to: string) =>
  must(parseSchedule(name, { timezone: 'UTC', open: [{ from, to }] }));
const SCHEDULES = new Map([
  ['office', schedule('office', '08:00', '18:00')],
  ['late', schedule('late', '12:00', '20:00')],
]);

function compile(document: object, names: readonly string[] = ['blue', 'green']) {
  const targets = names.map((name) => ({ name, dimension: 'instances' as const }));
  return compilePolicy(must(parsePolicy('shop', document)), SCHEDULES, {
    from: FROM,
    until: FROM + 24 * HOUR,
    targets,
  });
}

const hours = ({ agenda }: Compiled) =>
  agenda.steps.map(([at, index]) => {
    const rung = agenda.rungs[index]!;
    return `${(at - FROM) / HOUR}h ${rung.kind === 'bounds' ? `${rung.min}..${rung.max}` : rung.kind} ${rung.during ?? '-'}`;
  });

describe('the agenda that variants share', () => {
  test('is zero where all are, and their sum where one is up', () => {
    const compiled = must(
      compile({
        variants: {
          blue: { capacity: [{ during: 'office', min: 2, max: 6 }] },
          green: { capacity: [{ during: 'late', min: 1, max: 4 }] },
        },
        otherwise: 'zero',
        zero: { by: 'park' },
      }),
    );
    expect(hours(compiled)).toEqual([
      '0h zero -',
      '8h 2..6 office',
      '12h 3..10 office + late',
      '18h 1..4 late',
      '20h zero -',
    ]);
    expect(compiled.policy).toMatchObject({ highestMax: 10, upBounds: { min: 3, max: 10 }, scaling: [] });
    expect(compiled.targets?.map(({ name, at }) => [name, at])).toEqual([
      ['blue', [1, 0, 0, 1]],
      ['green', [1, 1, 0, 0]],
    ]);
  });

  test('asks nothing of the whole where one is left as it is and none has a minimum', () => {
    const compiled = must(
      compile({ variants: { blue: { capacity: [{ during: 'office', min: 0, max: 4 }] }, green: {} } }),
    );
    expect(hours(compiled)).toEqual(['0h leave -', '8h leave office', '18h leave -']);
  });

  test('is of the first part alone where the policy names no variants: the endpoint is then refused', () => {
    expect(must(compile({ otherwise: { min: 1, max: 2 } })).targets).toBeUndefined();
  });

  test.each([
    [
      ['blue', 'gren'],
      [
        'variants.gren: gren: a variant of the endpoint: the endpoint has the variants blue, green (did you mean green?)',
        'variants: green: an entry for each variant: the endpoint has the variants blue, green, this policy names blue, gren',
      ],
    ],
  ])('names both sides of a mismatch: %j', (names, problems) => {
    const parsed = compile({ variants: Object.fromEntries(names.map((name) => [name, {}])) });
    expect(parsed.ok ? [] : parsed.problems.map(formatProblem)).toEqual(problems);
  });
});

describe('weights', () => {
  const document = {
    variants: { blue: {}, green: {} },
    otherwise: { min: 1, max: 2 },
    weights: [
      { during: 'late', share: { blue: 0, green: 1 } },
      { during: 'office', share: { blue: 90, green: 10 } },
    ],
  };
  const compiled = must(compile(document));
  const { policy, agenda } = compiled;
  const recordWith = (ownWeights?: Record<string, number>) =>
    ({ policy, agenda, ownWeights }) as unknown as FleetRecord;

  test.each([
    [7, undefined],
    [8, { blue: 90, green: 10 }],
    [13, { blue: 0, green: 1 }],
    [19, { blue: 0, green: 1 }],
    [20, undefined],
  ])('at %ih', (hour, share) => {
    expect(weightRuleAt(policy, agenda, FROM + hour * HOUR)?.share).toEqual(share);
  });

  test('are what they were before once no rule applies, and nobody else’s business then', () => {
    expect(wantedWeights(recordWith({ blue: 3, green: 1 }), FROM + 21 * HOUR)).toEqual({
      weights: { blue: 3, green: 1 },
    });
    expect(wantedWeights(recordWith(), FROM + 21 * HOUR)).toBeUndefined();
    expect(wantedWeights(recordWith({ blue: 3, green: 1 }), FROM + 25 * HOUR), 'past the agenda').toBeUndefined();
  });

  test.each([
    [
      { ...document, weights: [{ during: 'late', share: { blue: 1, red: 1 } }] },
      'weights[0].share: {"blue":1,"red":1}: a share for each of blue, green',
    ],
    [
      { ...document, weights: [{ during: 'late', share: { blue: 1 } }] },
      'weights[0].share: {"blue":1}: a share for each of blue, green',
    ],
    [
      { ...document, weights: [{ during: 'late', share: { blue: 0, green: 0 } }] },
      'weights[0].share: {"blue":0,"green":0}: at least one share above 0',
    ],
    [
      { ...document, weights: [{ during: 'late', share: { blue: -1, green: 1 } }] },
      "weights[0].share.blue: -1: a number, 0 or more: the variant's share of the traffic beside the others",
    ],
    [
      { weights: [{ during: 'late', share: { blue: 1, green: 1 } }] },
      'weights[0].share: {"blue":1,"green":1}: absent: `variants` has to name several, between which traffic is shared',
    ],
  ])('are refused: %j', (bad, message) => {
    const parsed = parsePolicy('shop', bad);
    expect(parsed.ok ? [] : parsed.problems.map(formatProblem)).toEqual([message]);
  });

  test('name a schedule that is there', () => {
    const parsed = compile({ ...document, weights: [{ during: 'ofice', share: { blue: 1, green: 1 } }] });
    expect(parsed.ok ? [] : parsed.problems.map(formatProblem)).toEqual([
      'weights[0].during: ofice: one of the schedules late, office (did you mean office?)',
    ]);
  });
});
