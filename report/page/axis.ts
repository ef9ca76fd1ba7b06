import * as Plot from '@observablehq/plot';
import type { PageData } from '../page-data.ts';
import type { Zone } from '../zone.ts';
import type { Range } from './range.ts';

export const MARGIN_LEFT = 54;
export const MARGIN_RIGHT = 8;

const HOUR = 3_600_000;

interface Label {
  readonly at: number;
  readonly text: string;
}

function labelDays(data: PageData, pixelsPerDay: number): Label[] {
  return data.days.flatMap((day, index) => {
    const [weekday = '', date = ''] = day.label.split(' ');
    const every = pixelsPerDay >= 17 ? 1 : Math.ceil(17 / Math.max(1, pixelsPerDay));
    // A run that does not end at midnight leaves a sliver of a day with no room for a label.
    if (index % every !== 0 || day.to - day.from < 10 * HOUR) return [];
    const text = pixelsPerDay >= 46 ? `${weekday} ${date}` : date;
    return [{ at: (day.from + day.to) / 2, text }];
  });
}

function labelHours(range: Range, width: number, zone: Zone): Label[] {
  const every = width >= 700 ? 2 : width >= 420 ? 3 : 6;
  const labels: Label[] = [];
  for (let at = range.from; at < range.to; at += HOUR) {
    const text = zone.time(at);
    if (Number(text.slice(0, 2)) % every === 0) labels.push({ at, text });
  }
  return labels;
}

/** Local days and hours: a UTC axis would put midnight at the wrong place, and a local one would break at a DST change. */
export function drawTimeAxis(data: PageData, range: Range, width: number, zone: Zone): Plot.Markish[] {
  const inner = width - MARGIN_LEFT - MARGIN_RIGHT;
  const whole = range.day === null;
  const labels = whole ? labelDays(data, inner / data.days.length) : labelHours(range, inner, zone);
  const lines = whole ? data.days.slice(1).map((day) => day.from) : labels.map((label) => label.at);
  return [
    Plot.ruleX(lines, { stroke: 'var(--grid)', strokeWidth: 1, ariaHidden: 'true' }),
    Plot.text(labels, {
      x: 'at',
      text: 'text',
      frameAnchor: 'bottom',
      lineAnchor: 'top',
      dy: 6,
      fill: 'var(--muted)',
      clip: false,
      ariaHidden: 'true',
    }),
  ];
}

/** Steps whole numbers: half an instance is no tick. */
export function drawCountAxis(label: string, ticks: number): Plot.Markish[] {
  return [
    Plot.gridY({ ticks, stroke: 'var(--grid)', strokeOpacity: 1 }),
    Plot.axisY({
      ticks,
      tickSize: 0,
      tickFormat: formatTick,
      label,
      labelAnchor: 'top',
      labelArrow: 'none',
      fill: 'var(--muted)',
    }),
  ];
}

function formatTick(value: number): string {
  if (!Number.isInteger(value)) return '';
  return value >= 1_000_000 ? `${value / 1_000_000} M` : value >= 10_000 ? `${value / 1000} k` : String(value);
}
