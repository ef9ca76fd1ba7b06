import * as Plot from '@observablehq/plot';
import type { EndpointResult } from '../rehearsal/result.ts';
import { createDocument, FONT, fillWith, finishSvg, strokeWith } from './svg.ts';
import { createZone, type Day, listDays } from './zone.ts';

/** One policy's run of one endpoint. */
export interface ComparedRun {
  readonly policy: string;
  readonly endpoint: EndpointResult;
  /** What the table says of it, in a few words. */
  readonly summary: string;
}

export interface Comparison {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly timezone: string;
  readonly runs: readonly ComparedRun[];
}

const WIDTH = 1000;
const MARGIN = 24;
/** Room for the scale of the instances. */
const AXIS = 34;
const HEAD = 66;
const PANEL = 92;
const LABEL = 22;
const GAP = 16;
const FOOT = 48;
const HOUR = 3_600_000;
const BANDS = 8;
/** Times of day are named where there is room for them. */
const DAYS_WITH_TIMES = 7;
const TIMES: readonly string[] = ['06:00', '12:00', '18:00'];

/** One SVG: a panel for each policy, its instances over the same traffic. */
export function renderComparison({ title, from, to, timezone, runs }: Comparison): string {
  const height = HEAD + runs.length * (LABEL + PANEL + GAP) + FOOT;
  const foot = height - FOOT;
  const days = listDays(from, to, timezone);
  const times = days.length > DAYS_WITH_TIMES ? [] : listTimes(from, to, timezone);
  const most = Math.max(1, ...runs.flatMap(({ endpoint }) => endpoint.spans.map(({ serving }) => serving)));
  const busiest = Math.max(1, ...runs.flatMap(({ endpoint }) => endpoint.requestsByHour));
  const plot = Plot.plot({
    document: createDocument(),
    width: WIDTH,
    height,
    marginLeft: AXIS,
    marginRight: MARGIN,
    marginTop: 0,
    marginBottom: 0,
    x: { type: 'linear', domain: [from, to], axis: null },
    y: { type: 'identity', axis: null },
    className: 'comparison',
    style: FONT,
    marks: [
      Plot.ruleX(times, { x: 'at', y1: HEAD, y2: foot, strokeDasharray: '1 4', ...strokeWith('line') }),
      Plot.ruleX(days.slice(1), { x: 'from', y1: HEAD, y2: foot + 36, ...strokeWith('grid') }),
      Plot.text(times, { x: 'at', text: 'text', y: foot + 8, fontSize: 10, ...fillWith('muted') }),
      Plot.text(labelsOf(days), { x: 'at', text: 'text', y: foot + 26, fontSize: 11, ...fillWith('muted') }),
      ...runs.flatMap((run, index) =>
        drawPanel(run, HEAD + index * (LABEL + PANEL + GAP), index, { from, to, most, busiest }),
      ),
      drawText(title, 28, 'text', { fontSize: 18, fontWeight: 650 }),
      drawText(keyOf(most, busiest), 48, 'muted', { fontSize: 11 }),
    ],
  });
  return finishSvg(plot, `${title}: ${runs.map(({ policy, summary }) => `${policy}: ${summary}`).join('; ')}`, {
    width: WIDTH,
    height,
  });
}

interface Label {
  readonly at: number;
  readonly text: string;
}

function labelsOf(days: readonly Day[]): readonly Label[] {
  const every = Math.ceil(days.length / 14);
  return days
    .filter((day, index) => index % every === 0 && day.to - day.from >= 10 * HOUR)
    .map((day) => ({ at: (day.from + day.to) / 2, text: day.label.split(' ').slice(0, 2).join(' ') }));
}

function listTimes(from: number, to: number, timezone: string): readonly Label[] {
  const zone = createZone(timezone);
  const hours = Array.from({ length: Math.ceil((to - from) / HOUR) }, (_, hour) => from + hour * HOUR);
  return hours.map((at) => ({ at, text: zone.time(at) })).filter(({ text }) => TIMES.includes(text));
}

function keyOf(most: number, busiest: number): string {
  const filled = `Filled: instances in service, ${most} at most, all panels to one scale`;
  const line = `line: requests by hour, ${busiest.toLocaleString('en-US')} at most`;
  return `${filled}  ·  ${line}  ·  dashed: at zero`;
}

interface Scale {
  readonly from: number;
  readonly to: number;
  /** Instances, and requests of an hour, at the top of every panel. */
  readonly most: number;
  readonly busiest: number;
}

function drawPanel(run: ComparedRun, top: number, index: number, scale: Scale): Plot.Markish[] {
  const { from, to, most, busiest } = scale;
  const { endpoint, policy, summary } = run;
  const bottom = top + LABEL + PANEL;
  const toY = (share: number) => bottom - share * PANEL;
  const capacity = [
    ...endpoint.spans.map((span) => ({ at: Date.parse(span.from), serving: span.serving })),
    { at: to, serving: endpoint.spans.at(-1)?.serving ?? 0 },
  ].map(({ at, serving }) => ({ at, low: bottom, high: toY(serving / most) }));
  const zeros = endpoint.spans
    .filter(({ serving }) => serving === 0)
    .map((span) => ({ from: Date.parse(span.from), to: Date.parse(span.to) }));
  // The counts end with the last request, the line with the run; each hour is as wide as it was.
  const traffic = Array.from({ length: Math.floor((to - from) / HOUR) + 1 }, (_, hour) => ({
    at: from + hour * HOUR,
    y: toY((endpoint.requestsByHour[hour] ?? 0) / busiest),
  }));
  const ends = [
    { y: bottom, text: '0' },
    { y: bottom - PANEL, text: String(most) },
  ];
  return [
    Plot.ruleY([bottom - PANEL], { x1: from, x2: to, ...strokeWith('grid') }),
    Plot.text(ends, { x: from, y: 'y', text: 'text', dx: -6, textAnchor: 'end', fontSize: 10, ...fillWith('muted') }),
    Plot.areaY(capacity, {
      x: 'at',
      y1: 'low',
      y2: 'high',
      curve: 'step-after',
      ...fillWith(`band-${(index % BANDS) + 1}`),
    }),
    Plot.link(zeros, {
      x1: 'from',
      x2: 'to',
      y1: bottom,
      y2: bottom,
      strokeDasharray: '3 3',
      strokeWidth: 2,
      ...strokeWith('muted'),
    }),
    Plot.line(traffic, { x: 'at', y: 'y', curve: 'step-after', strokeWidth: 1.2, ...strokeWith('text') }),
    drawText(policy, top + 9, 'text', { fontSize: 13, fontWeight: 600 }),
    drawText(summary, top + 9, 'muted', { fontSize: 12, textAnchor: 'end', frameAnchor: 'right' }),
  ];
}

function drawText(text: string, y: number, colour: string, options: Plot.TextOptions = {}): Plot.Markish {
  return Plot.text([text], {
    text: (value: string) => value,
    frameAnchor: 'left',
    textAnchor: 'start',
    y,
    ...fillWith(colour),
    ...options,
  });
}
