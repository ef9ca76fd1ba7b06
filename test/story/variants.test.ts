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
