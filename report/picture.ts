import * as Plot from '@observablehq/plot';
import type { EndpointResult, RehearsalResult, Span } from '../rehearsal/result.ts';
import { formatCount, formatHours, formatMoney, formatPlural, formatShare } from './format.ts';
import type { PageData } from './page-data.ts';
import { createDocument, FONT, fillWith, finishSvg, strokeWith } from './svg.ts';
import { nameFault } from './troubles.ts';
import { buildPageData, listWindows, sumTotals, unitsOf } from './view.ts';

const WIDTH = 1000;
const MARGIN_LEFT = 178;
const MARGIN_RIGHT = 24;
const HEAD = 104;
const ROW = 40;
const BAR = 28;
const GAP = 34;
const TOTAL = 130;
const FOOT = 34;
const HOUR = 3_600_000;
const KEY =
  'Bars: instances in service  ·  grey: at zero, nothing paid  ·  green line: window, must be up  ·  red: late';
/** About one pixel: finer steps only make the file larger. */
const BIN = HOUR / 3;

interface Row {
  readonly name: string;
  readonly endpoint: EndpointResult;
  /** Top of the bar in pixels. */
  readonly top: number;
  readonly colour: string;
}

interface Point {
  readonly at: number;
  readonly low: number;
  readonly high: number;
}

function shorten(name: string): string {
  return name.length > 21 ? `${name.slice(0, 20)}…` : name;
}

function listRows(result: RehearsalResult, data: PageData): Row[] {
  const order = data.fleet.bands.map((band) => band.name);
  return Object.entries(result.endpoints).map(([name, endpoint], index) => {
    const band = order.indexOf(name);
    return { name, endpoint, top: HEAD + index * ROW, colour: `band-${band < 0 ? order.length : band + 1}` };
  });
}

/** The most instances in service in each bin; equal neighbours are one step. */
function listCapacity(spans: readonly Span[], data: PageData): { at: number; serving: number }[] {
  const bins = Array.from({ length: Math.ceil((data.to - data.from) / BIN) }, () => 0);
  for (const span of spans) {
    const first = Math.max(0, Math.floor((Date.parse(span.from) - data.from) / BIN));
    for (let bin = first; bin < bins.length && data.from + bin * BIN < Date.parse(span.to); bin += 1) {
      bins[bin] = Math.max(bins[bin] ?? 0, span.serving);
    }
  }
  const steps = bins.map((serving, bin) => ({ at: data.from + bin * BIN, serving }));
  const changes = steps.filter((step, index) => index === 0 || step.serving !== steps[index - 1]?.serving);
  return [...changes, { at: data.to, serving: changes.at(-1)?.serving ?? 0 }];
}

function drawRow(row: Row, data: PageData): Plot.Markish[] {
  const { endpoint, top } = row;
  const capacity = listCapacity(endpoint.spans, data);
  const most = Math.max(1, ...capacity.map((step) => step.serving));
  const bottom = top + BAR;
  const area = capacity.map(
    (step): Point => ({ at: step.at, low: bottom, high: bottom - (step.serving / most) * BAR }),
  );
  const windows = listWindows(endpoint);
  const { paid, alwaysOn } = endpoint.instanceHours;
  const share = endpoint.policy === null ? 'not enrolled: left alone' : `${formatShare(paid, alwaysOn)} of always-on`;
  const scale = most > 1 ? `, up to ${most}` : '';
  return [
    Plot.rect([data], { x1: 'from', x2: 'to', y1: top, y2: bottom, ...fillWith('zero') }),
    Plot.areaY(area, { x: 'at', y1: 'low', y2: 'high', curve: 'step-after', ...fillWith(row.colour) }),
    Plot.rect(windows, { x1: 'from', x2: 'to', y1: bottom + 2, y2: bottom + 5, ...fillWith('window') }),
    Plot.rect(
      windows.filter((window) => window.lateTo > window.from),
      // Half an hour is a pixel and a half in a fortnight: lateness must not hide in that.
      {
        x1: 'from',
        x2: (window: { from: number; lateTo: number }) => Math.max(window.lateTo, window.from + 2 * HOUR),
        y1: top - 2,
        y2: bottom + 5,
        ...fillWith('late'),
      },
    ),
    drawText(shorten(row.name), 20, top + 9, 'text', { fontWeight: 600, fontSize: 13 }),
    drawText(share + scale, 20, top + 24, 'muted', { fontSize: 11 }),
  ];
}

function drawText(text: string, left: number, y: number, colour: string, options: Plot.TextOptions = {}): Plot.Markish {
  return Plot.text([text], {
    text: (value: string) => value,
    frameAnchor: 'left',
    textAnchor: 'start',
    dx: left - MARGIN_LEFT,
    y,
    ...fillWith(colour),
    ...options,
  });
}

function drawTotal(data: PageData, top: number): Plot.Markish[] {
  const bottom = top + TOTAL;
  const sums = (data.fleet.bands[0]?.hourly ?? []).map((_, hour) =>
    data.fleet.bands.reduce((sum, band) => sum + (band.hourly[hour] ?? 0), 0),
  );
  const highest = Math.max(data.fleet.alwaysOn, ...sums) * 1.05;
  const toY = (instances: number): number => bottom - (instances / highest) * TOTAL;
  const marks: Plot.Markish[] = [];
  const base = sums.map(() => 0);
  for (const [index, band] of data.fleet.bands.entries()) {
    const area = [...band.hourly, band.hourly.at(-1) ?? 0].map((instances, hour): Point => {
      const at = Math.min(data.from + hour * HOUR, data.to);
      const below = base[Math.min(hour, base.length - 1)] ?? 0;
      return { at, low: toY(below), high: toY(below + instances) };
    });
    for (const [hour, instances] of band.hourly.entries()) base[hour] = (base[hour] ?? 0) + instances;
    marks.push(
      Plot.areaY(area, { x: 'at', y1: 'low', y2: 'high', curve: 'step-after', ...fillWith(`band-${index + 1}`) }),
    );
  }
  const alwaysOn = toY(data.fleet.alwaysOn);
  return [
    ...marks,
    Plot.ruleY([alwaysOn], { y: (y: number) => y, strokeDasharray: '6 4', strokeWidth: 1.5, ...strokeWith('text') }),
    Plot.ruleY([bottom], { y: (y: number) => y, ...strokeWith('muted') }),
    drawText('Whole fleet', 20, top + 14, 'text', { fontWeight: 600, fontSize: 13 }),
    drawText(`${data.fleet.counts}, by hour`, 20, top + 30, 'muted', { fontSize: 11 }),
    drawText(`- - always-on: ${formatHours(data.fleet.alwaysOn)}`, 20, Math.max(alwaysOn, top + 46), 'text', {
      fontSize: 11,
    }),
  ];
}

function drawDays(data: PageData, top: number, bottom: number): Plot.Markish[] {
  const every = Math.ceil(data.days.length / 16);
  const labels = data.days
    .filter((day, index) => index % every === 0 && day.to - day.from >= 10 * HOUR)
    .map((day) => ({ at: (day.from + day.to) / 2, text: day.label.split(' ').slice(0, 2).join(' ') }));
  return [
    Plot.ruleX(data.days.slice(1), { x: 'from', y1: top, y2: bottom, ...strokeWith('grid') }),
    Plot.text(labels, { x: 'at', text: 'text', y: bottom + 15, fontSize: 11, ...fillWith('muted') }),
  ];
}

/** The few faults of a scenario stand where they began; a storm of them would only hide the rows. */
function drawFaults(result: RehearsalResult, top: number, bottom: number): Plot.Markish[] {
  const faults = result.happens
    .map((happening) => ({ at: Date.parse(happening.at), text: nameFault(happening.what) }))
    .filter((fault) => fault.text !== null)
    .slice(0, 4);
  return [
    Plot.ruleX(faults, { x: 'at', y1: top, y2: bottom, strokeDasharray: '2 3', ...strokeWith('late') }),
    Plot.text(faults, {
      x: 'at',
      y: top - 6,
      text: 'text',
      textAnchor: 'start',
      dx: -1,
      fontSize: 11,
      ...fillWith('late'),
    }),
  ];
}

function summarise(result: RehearsalResult): { head: string; rest: string } {
  const totals = sumTotals(Object.values(result.endpoints));
  const { saved, pricesAsOf } = result.bill;
  const money =
    saved === null ? [] : [`${formatMoney(saved)} saved (list prices of ${pricesAsOf}, before savings plans)`];
  const rest = [
    ...money,
    `${formatPlural(totals.parks, 'park')}, ${formatPlural(totals.wakes, 'wake')}`,
    `${formatCount(totals.lateWindows)} of ${formatPlural(totals.windows, 'window')} late`,
    `${formatShare(totals.cold, totals.requests)} of requests cold`,
  ];
  return {
    head: `${formatHours(totals.paid)} ${unitsOf(result).hours} instead of ${formatHours(totals.alwaysOn)}`,
    rest: rest.join('  ·  '),
  };
}

/**
 * One SVG of a rehearsal: a row per endpoint and the fleet against always-on. It brings its own background, so that it
 * can be read on any page, and follows the viewer's light or dark preference.
 */
export function renderPicture(result: RehearsalResult): string {
  const data = buildPageData(result);
  const rows = listRows(result, data);
  const rowsEnd = HEAD + rows.length * ROW;
  const total = rowsEnd + GAP - 14;
  const end = total + TOTAL;
  const height = end + FOOT;
  const { head, rest } = summarise(result);
  const plot = Plot.plot({
    document: createDocument(),
    width: WIDTH,
    height,
    marginLeft: MARGIN_LEFT,
    marginRight: MARGIN_RIGHT,
    marginTop: 0,
    marginBottom: 0,
    x: { type: 'linear', domain: [data.from, data.to], axis: null },
    y: { type: 'identity', axis: null },
    className: 'rehearsal',
    style: FONT,
    marks: [
      ...drawDays(data, HEAD - 4, end),
      ...rows.flatMap((row) => drawRow(row, data)),
      ...drawTotal(data, total),
      ...drawFaults(result, HEAD - 4, end),
      drawText(head, 20, 30, 'text', { fontSize: 21, fontWeight: 650 }),
      drawText(rest, 20, 54, 'muted', { fontSize: 12.5 }),
      drawText(KEY, 20, 74, 'muted', { fontSize: 11 }),
    ],
  });
  return finishSvg(plot, `${head}. ${rest}`, { width: WIDTH, height });
}
