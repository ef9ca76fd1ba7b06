import { beforeAll, describe, expect, it } from 'vitest';
import type { Rehearsal } from '../../rehearsal/index.ts';
import type { VariantResult, VariantSpan } from '../../rehearsal/result.ts';
import { MONDAY_UTC } from './fleet.ts';
import { endpointOf, eventsOf, minutes, since } from './reading.ts';
import { expectSurvived, rehearseHere } from './rehearse-here.ts';
import type { Document } from './run-scenario.ts';

const open = (from: string, to: string): Document => ({ timezone: 'UTC', open: [{ from, to }] });

function variantOf({ result }: Rehearsal, name: string): VariantResult {
  const found = endpointOf(result, 'shop').variants?.[name];
  if (found === undefined) throw new Error(`no variant ${name} in the result`);
  return found;
}

function sizeAt(run: Rehearsal, variant: string, offset: string): VariantSpan {
  const found = variantOf(run, variant).spans.find(
    ({ from, to }) => since(run.result, from) <= minutes(offset) && minutes(offset) < since(run.result, to),
  );
  if (found === undefined) throw new Error(`no span of ${variant} at +${offset}`);
  return found;
}

const SHOP: Document = {
  kind: 'real-time',
  policy: 'shop',
  instanceType: 'ml.g5.xlarge',
  startsIn: '11m',
  variants: { blue: { instances: 1, weight: 3 }, green: { instanceType: 'ml.g6.xlarge', instances: 1, weight: 1 } },
};

describe('two variants with bounds of their own', () => {
  let run: Rehearsal;
  beforeAll(async () => {
    run = await rehearseHere({
      start: MONDAY_UTC,
      for: '10h',
      schedules: { office: open('03:00', '06:00') },
      policies: {
        shop: {
          variants: {
            blue: {
              capacity: [{ during: 'office', min: 3, max: 6 }],
              scaling: [{ kind: 'target-tracking', metric: 'InvocationsPerInstance', target: 600 }],
            },
            green: { capacity: [{ during: 'office', min: 2, max: 4 }] },
          },
          otherwise: { min: 1, max: 4 },
        },
      },
      endpoints: { shop: { ...SHOP, traffic: [{ from: '+0m', to: '+10h', perMinute: 120 }] } },
    });
  });

  it('keeps every invariant', () => expectSurvived(run));

  it('has both ready by their windows, although AWS starts one after the other', () => {
    for (const [name, min] of [
      ['blue', 3],
      ['green', 2],
    ] as const) {
      expect(sizeAt(run, name, '3h').serving, name).toBe(min);
      const late = variantOf(run, name).windows.map(({ lateSeconds }) => lateSeconds);
      expect(late, `${name} is never late`).toEqual(late.map(() => 0));
    }
  });

  it('lowers each to its own bounds afterwards', () => {
    expect(sizeAt(run, 'green', '7h').desired).toBe(1);
    expect(sizeAt(run, 'blue', '9h30m').desired).toBe(1);
  });

  it('has a target and policies on each that needs them, and names the variant in what it says', () => {
    const { final, decisions } = endpointOf(run.result, 'shop');
    const targets = final.scalableTargets as { ResourceId: string }[];
    expect(targets.map(({ ResourceId }) => ResourceId)).toEqual(['endpoint/shop/variant/blue']);
    const named = new Set(
      decisions.filter(({ decision }) => decision === 'scale').map(({ evidence }) => evidence['target']),
    );
    expect([...named].sort()).toEqual(['blue', 'green']);
    for (const { detail } of eventsOf(run.result, 'Capacity Changed', 'shop')) {
      expect(['blue', 'green']).toContain(detail['target']);
    }
  });

  it('sends requests by weight', () => {
    const [blue, green] = ['blue', 'green'].map((name) => variantOf(run, name).requests.total);
    expect(blue! + green!).toBe(120 * 600);
    expect(blue! / green!).toBeCloseTo(3, 2);
  });
});

describe('two variants that are parked together', () => {
  const night: Document = {
    start: MONDAY_UTC,
    for: '14h',
    schedules: {
      office: {
        timezone: 'UTC',
        open: [
          { from: '03:00', to: '05:00' },
          { from: '08:00', to: '12:00' },
        ],
      },
      late: open('09:00', '12:00'),
    },
    policies: {
      shop: {
        variants: {
          blue: {
            capacity: [{ during: 'office', min: 2, max: 6 }],
            scaling: [
              {
                kind: 'step',
                alarm: { metric: 'ModelLatency', threshold: '500ms', periods: 3 },
                steps: [{ from: 0, add: 1 }],
              },
            ],
          },
          green: { capacity: [{ during: 'late', min: 2, max: 4 }] },
        },
        otherwise: 'zero',
        zero: { by: 'park', idleFor: '30m' },
      },
    },
    endpoints: { shop: { ...SHOP, startsIn: '6m' } },
  };
  /** Its owner shifts traffic by hand while it is up. */
  const shift: Document = {
    at: '+4h',
    call: 'SageMaker.UpdateEndpointWeightsAndCapacities',
    with: {
      EndpointName: 'shop',
      DesiredWeightsAndCapacities: [
        { VariantName: 'blue', DesiredWeight: 9 },
        { VariantName: 'green', DesiredWeight: 1 },
      ],
    },
  };

  it.each([
    ['nothing goes wrong', []],
    [
      'runs die in the middle of the wake and of the changes after it',
      [
        { at: '+7h30m', crash: 'idle-windows', after: 'SageMaker.CreateEndpoint' },
        { at: '+7h31m', crash: 'idle-windows', after: 'SageMaker.UpdateEndpointWeightsAndCapacities' },
        { at: '+12h', crash: 'idle-windows', after: 'SageMaker.DeleteEndpoint' },
      ],
    ],
  ])('are away while both rungs mean zero, and come back with counts, weights and scaling: %s', async (_, faults) => {
    const run = await rehearseHere({ ...night, happens: [shift, ...faults] });
    expectSurvived(run);
    const { parks, wakes } = endpointOf(run.result, 'shop');
    expect([parks, wakes]).toEqual([3, 2]);
    expect(sizeAt(run, 'blue', '6h30m').serving, 'both are away while neither has a window').toBe(0);
    expect(sizeAt(run, 'blue', '8h30m')).toMatchObject({ serving: 2, weight: 9 });
    expect(sizeAt(run, 'green', '8h40m'), 'the other has one instance as long as one is up').toMatchObject({
      serving: faults.length === 0 ? 1 : expect.any(Number),
      weight: 1,
    });
    expect(sizeAt(run, 'green', '9h30m').serving).toBe(2);
  });
});

describe('traffic that shifts by the calendar', () => {
  let run: Rehearsal;
  beforeAll(async () => {
    run = await rehearseHere({
      start: MONDAY_UTC,
      for: '8h',
      schedules: { canary: open('02:00', '04:00'), switched: open('05:00', '06:00') },
      policies: {
        shop: {
          variants: { blue: {}, green: {} },
          otherwise: { min: 1, max: 4 },
          weights: [
            { during: 'canary', share: { blue: 90, green: 10 } },
            { during: 'switched', share: { blue: 0, green: 1 } },
          ],
        },
      },
      endpoints: { shop: { ...SHOP, traffic: [{ from: '+0m', to: '+8h', perMinute: 60 }] } },
      happens: [
        {
          at: '+3h',
          call: 'SageMaker.UpdateEndpointWeightsAndCapacities',
          with: { EndpointName: 'shop', DesiredWeightsAndCapacities: [{ VariantName: 'blue', DesiredWeight: 1 }] },
        },
        { at: '+4h55m', crash: 'scheduled-scaling', after: 'SageMaker.UpdateEndpointWeightsAndCapacities' },
      ],
    });
  });
  const weightsAt = (offset: string) => ['blue', 'green'].map((name) => sizeAt(run, name, offset).weight);

  it('keeps every invariant, though a run dies right after its call', () => expectSurvived(run));

  it('goes where the rule says, is put right after another hand, and ends as it was before', () => {
    expect(weightsAt('1h')).toEqual([3, 1]);
    expect(weightsAt('2h30m')).toEqual([90, 10]);
    expect(weightsAt('3h20m'), 'within the quarter of an hour').toEqual([90, 10]);
    expect(weightsAt('4h30m'), 'what the owner had').toEqual([3, 1]);
    expect(weightsAt('5h30m')).toEqual([0, 1]);
    expect(weightsAt('7h')).toEqual([3, 1]);
  });

  it('tells each shift', () => {
    const told = eventsOf(run.result, 'Capacity Changed', 'shop').map(({ detail }) => detail['after']);
    expect(told).toEqual([
      { weights: { blue: 90, green: 10 } },
      { weights: { blue: 90, green: 10 } },
      { weights: { blue: 3, green: 1 } },
      { weights: { blue: 0, green: 1 } },
      { weights: { blue: 3, green: 1 } },
    ]);
  });
});

describe('two parked variants that find no capacity', () => {
  it('are told as late once for each window, whichever of them ends first', async () => {
    const run = await rehearseHere({
      start: MONDAY_UTC,
      for: '10h',
      schedules: { early: open('02:00', '05:00'), long: open('03:00', '09:00') },
      policies: {
        shop: {
          variants: {
            blue: { capacity: [{ during: 'long', min: 1, max: 2 }] },
            green: { capacity: [{ during: 'early', min: 1, max: 2 }] },
          },
          otherwise: 'zero',
          zero: { by: 'park', idleFor: '10m' },
        },
      },
      endpoints: { shop: SHOP },
      happens: [{ at: '+1h', for: '6h', noCapacity: 'all', failsAfter: '10m' }],
    });
    expectSurvived(run);
    const late = eventsOf(run.result, 'Endpoint Late', 'shop').map(({ detail }) => detail['window']);
    expect(late).toEqual(['2026-03-02T02:00:00.000Z', '2026-03-02T03:00:00.000Z']);
  });
});
