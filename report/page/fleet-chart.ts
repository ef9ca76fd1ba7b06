import * as Plot from '@observablehq/plot';
import { formatHours } from '../format.ts';
import type { PageData } from '../page-data.ts';
import type { Zone } from '../zone.ts';
import { drawCountAxis, drawTimeAxis, MARGIN_LEFT, MARGIN_RIGHT } from './axis.ts';
import type { Range } from './range.ts';

const HOUR = 3_600_000;

interface Point {
  readonly at: number;
  readonly name: string;
  readonly instances: number;
}

/** The last value is repeated at the end: a step needs both of its ends. */
function listPoints(data: PageData): Point[] {
  return data.fleet.bands.flatMap((band) =>
    [...band.hourly, band.hourly.at(-1) ?? 0].map((instances, hour) => ({
      at: Math.min(data.from + hour * HOUR, data.to),
      name: band.name,
      instances,
    })),
  );
}

function describeHour(data: PageData, hour: number, zone: Zone): string {
  const total = data.fleet.bands.reduce((sum, band) => sum + (band.hourly[hour] ?? 0), 0);
  const bands = data.fleet.bands.map((band) => `${band.name}  ${formatHours(band.hourly[hour] ?? 0)}`);
  const head = `${zone.stamp(data.from + hour * HOUR)}\n${formatHours(total)} of ${formatHours(data.fleet.alwaysOn)} ${data.fleet.counts}`;
  return [head, ...bands].join('\n');
}

export function drawFleet(target: HTMLElement, data: PageData, range: Range, zone: Zone): void {
  const width = Math.max(280, target.clientWidth);
  const names = data.fleet.bands.map((band) => band.name);
  const hours = Array.from({ length: data.fleet.bands[0]?.hourly.length ?? 0 }, (_, hour) => ({
    at: data.from + (hour + 0.5) * HOUR,
    text: describeHour(data, hour, zone),
    total: data.fleet.bands.reduce((sum, band) => sum + (band.hourly[hour] ?? 0), 0),
  })).filter((point) => point.at >= range.from && point.at < range.to);
  const chart = Plot.plot({
    width,
    height: width < 600 ? 240 : 300,
    marginLeft: MARGIN_LEFT,
    marginRight: MARGIN_RIGHT,
    marginTop: 26,
    marginBottom: 26,
    className: 'chart',
    ariaLabel: 'Instances running or starting, stacked by endpoint, hour by hour, against always-on',
    ariaDescription: 'The same figures are in the table of endpoints.',
    x: { type: 'linear', domain: [range.from, range.to], axis: null },
    y: { axis: null, zero: true, nice: true },
    color: { domain: names, range: names.map((_, index) => `var(--series-${index + 1})`) },
    marks: [
      ...drawCountAxis(data.fleet.counts, 5),
      ...drawTimeAxis(data, range, width, zone),
      Plot.areaY(listPoints(data), {
        x: 'at',
        y: 'instances',
        fill: 'name',
        order: names,
        curve: 'step-after',
        clip: true,
        ariaHidden: 'true',
      }),
      Plot.ruleY([data.fleet.alwaysOn], { stroke: 'var(--text)', strokeWidth: 1.5, strokeDasharray: '5 4' }),
      Plot.text([data.fleet.alwaysOn], {
        text: [`always-on: ${formatHours(data.fleet.alwaysOn)}`],
        y: (value: number) => value,
        frameAnchor: 'right',
        textAnchor: 'end',
        dx: -4,
        dy: -8,
        fill: 'var(--text)',
        stroke: 'var(--card)',
        strokeWidth: 4,
        fontWeight: 600,
      }),
      Plot.ruleY([0], { stroke: 'var(--muted)' }),
      Plot.ruleX(hours, Plot.pointerX({ x: 'at', stroke: 'var(--text)', strokeOpacity: 0.4 })),
      Plot.tip(
        hours,
        Plot.pointerX({
          x: 'at',
          y: 'total',
          title: 'text',
          fill: 'var(--card)',
          stroke: 'var(--line)',
          maxRadius: 60,
        }),
      ),
    ],
  });
  target.replaceChildren(chart);
}
