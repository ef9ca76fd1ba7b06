import { describe, expect, it } from 'vitest';
import type { Span } from '../../rehearsal/result.ts';
import { buildPageData, listAbsences, listWindows, sumByHour } from '../../report/view.ts';
import { makeFortnight } from './report-fixture.ts';

const HOUR = 3_600_000;

function spans(...parts: readonly (readonly [number, string, number, number])[]): Span[] {
  return parts.map(([hour, status, desired, serving], index) => ({
    from: new Date(hour * HOUR).toISOString(),
    to: new Date((parts[index + 1]?.[0] ?? 6) * HOUR).toISOString(),
    status,
    desired,
    serving,
    config: 'chat',
    instanceType: 'ml.g5.xlarge',
  }));
}

describe('instances paid by the hour', () => {
  it('count a start that works from its call', () => {
    const hours = sumByHour(
      spans([0, 'Absent', 0, 0], [1.5, 'Creating', 2, 0], [2, 'InService', 2, 2], [4, 'Deleting', 2, 0]),
      0,
      6 * HOUR,
    );
    expect(hours).toEqual([0, 1, 2, 2, 0, 0]);
  });

  it('count nothing for a start that fails', () => {
    const hours = sumByHour(
      spans(
        [0, 'Creating', 1, 0],
        [1, 'Failed', 1, 0],
        [2, 'Deleting', 1, 0],
        [3, 'Creating', 1, 0],
        [4, 'InService', 1, 1],
      ),
      0,
      6 * HOUR,
    );
    expect(hours).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it('count instances that are being added, and what serves while others leave', () => {
    const hours = sumByHour(
      spans(
        [0, 'InService', 1, 1],
        [2, 'Updating', 4, 1],
        [3, 'InService', 4, 4],
        [4, 'Updating', 2, 4],
        [5, 'InService', 2, 2],
      ),
      0,
      6 * HOUR,
    );
    expect(hours).toEqual([1, 1, 4, 4, 4, 2]);
  });
});

describe('what is shaded', () => {
  it('joins absences that touch', () => {
    expect(
      listAbsences(spans([0, 'InService', 1, 1], [1, 'Absent', 0, 0], [2, 'Absent', 0, 0], [4, 'Creating', 1, 0])),
    ).toEqual([{ from: HOUR, to: 4 * HOUR }]);
  });

  it('leaves out what holds outside all schedules, unless it was late', () => {
    const checkout = makeFortnight().endpoints['checkout'];
    if (checkout === undefined) throw new Error('the fixture has lost checkout');
    const rest = { begins: '2026-03-23T18:00:00Z', ends: '2026-03-24T07:00:00Z', during: 'otherwise' };
    const calm = { ...rest, readyAt: rest.begins, lateSeconds: 0 };
    const late = { ...rest, readyAt: null, lateSeconds: 46_800 };
    expect(listWindows({ ...checkout, windows: [calm] })).toEqual([]);
    expect(listWindows({ ...checkout, windows: [late] })).toHaveLength(1);
  });
});

describe('bands of the fleet', () => {
  it('become one for the smallest when there are more than eight', () => {
    const result = makeFortnight();
    const { transcribe } = result.endpoints;
    if (transcribe === undefined) throw new Error('the fixture has lost transcribe');
    const many = Array.from({ length: 10 }, (_, index) => [`extra-${index}`, transcribe] as const);
    const { fleet } = buildPageData({ ...result, endpoints: { ...result.endpoints, ...Object.fromEntries(many) } });
    expect(fleet.bands).toHaveLength(8);
    expect(fleet.bands.at(-1)?.name).toBe('8 smaller endpoints');
    const sum = (bands: typeof fleet.bands): number =>
      bands.reduce((total, band) => total + band.hourly.reduce((a, b) => a + b, 0), 0);
    const apart = buildPageData(result).fleet.bands;
    const one = apart.filter((band) => band.name === 'transcribe');
    expect(sum(fleet.bands)).toBeCloseTo(sum(apart) + 10 * sum(one), 3);
  });
});
