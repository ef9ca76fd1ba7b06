import * as Plot from '@observablehq/plot';
import type { EndpointResult } from '../rehearsal/result.ts';
import { createDocument, FONT, fillWith, finishSvg, strokeWith } from './svg.ts';
import { listDays } from './zone.ts';

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
const HEAD = 66;
const PANEL = 92;
const LABEL = 22;
const GAP = 16;
const FOOT = 32;
const HOUR = 3_600_000;
const BANDS = 8;
const KEY = 'Filled: instances in service, all panels to one scale  ·  line: requests by hour  ·  dashed: at zero';

/** One SVG: a panel for each policy, its instances over the same traffic. */
export function renderComparison({ title, from, to, timezone, runs }: Comparison): string {
  const most = Math.max(1, ...runs.flatMap(({ endpoint }) => endpoint.spans.map(({ serving }) => serving)));
  const height = HEAD + runs.length * (LABEL + PANEL + GAP) + FOOT;
  const days = listDays(from, to, timezone);
  const every = Math.ceil(days.length / 14);
  const labels = days
    .filter((day, index) => index % every === 0 && day.to - day.from >= 10 * HOUR)
    .map((day) => ({ at: (day.from + day.to) / 2, text: day.label.split(' ').slice(0, 2).join(' ') }));
  const plot = Plot.plot({
    document: createDocument(),
    width: WIDTH,
    height,
    marginLeft: MARGIN,
    marginRight: MARGIN,
    marginTop: 0,
    marginBottom: 0,
    x: { type: 'linear', domain: [from, to], axis: null },
    y: { type: 'identity', axis: null },
    className: 'comparison',
    style: FONT,
    marks: [
      Plot.ruleX(days.slice(1), { x: 'from', y1: HEAD, y2: height - FOOT, ...strokeWith('grid') }),
      Plot.text(labels, { x: 'at', text: 'text', y: height - FOOT + 16, fontSize: 11, ...fillWith('muted') }),
      ...runs.flatMap((run, index) => drawPanel(run, HEAD + index * (LABEL + PANEL + GAP), index, { from, to, most })),
      drawText(title, 28, 'text', { fontSize: 18, fontWeight: 650 }),
      drawText(KEY, 48, 'muted', { fontSize: 11 }),
    ],
  });
  return finishSvg(plot, `${title}: ${runs.map(({ policy, summary }) => `${policy}: ${summary}`).join('; ')}`, {
    width: WIDTH,
    height,
  });
}

interface Scale {
  readonly from: number;
  readonly to: number;
  readonly most: number;
}

function drawPanel(run: ComparedRun, top: number, index: number, { from, to, most }: Scale): Plot.Markish[] {
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
  const busiest = Math.max(1, ...endpoint.requestsByHour);
  // The counts end with the last request, the line with the run.
  const traffic = Array.from({ length: Math.floor((to - from) / HOUR) }, (_, hour) => ({
    at: from + (hour + 0.5) * HOUR,
    y: toY((endpoint.requestsByHour[hour] ?? 0) / busiest),
  }));
  return [
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
    Plot.line(traffic, { x: 'at', y: 'y', strokeWidth: 1.2, ...strokeWith('text') }),
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
