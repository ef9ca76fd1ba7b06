import * as Plot from '@observablehq/plot';
import type { EndpointSeries, Mark, PageData } from '../page-data.ts';
import { isFailure } from '../reasons.ts';
import type { Zone } from '../zone.ts';
import { drawCountAxis, drawTimeAxis, MARGIN_LEFT, MARGIN_RIGHT } from './axis.ts';
import type { Decisions } from './decisions.ts';
import type { Range } from './range.ts';

const HOUR = 3_600_000;
const LANE = 22;

/** From the top down; lanes without a decision are left out. */
const LANES = ['wake', 'park', 'scale', 'give-back', 'refuse', 'keep'] as const;
const SYMBOLS: Readonly<Record<string, Plot.SymbolType>> = {
  wake: 'triangle',
  park: 'square',
  scale: 'circle',
  'give-back': 'diamond',
  refuse: 'times',
  keep: 'plus',
};

function drawCapacity(endpoint: EndpointSeries, data: PageData, range: Range, width: number): Element {
  const last = endpoint.steps.at(-1);
  const steps = last === undefined ? [] : [...endpoint.steps, { ...last, at: data.to }];
  const highest = endpoint.steps.reduce((most, step) => Math.max(most, step.desired, step.serving), 1);
  const late = endpoint.windows.filter((window) => window.lateTo > window.from);
  return Plot.plot({
    width,
    height: highest > 2 ? 150 : 104,
    marginLeft: MARGIN_LEFT,
    marginRight: MARGIN_RIGHT,
    marginTop: 24,
    marginBottom: 6,
    className: 'chart',
    ariaLabel: `${endpoint.name}: desired and in-service ${endpoint.counts} over time, windows shaded, parked spans hatched`,
    x: { type: 'linear', domain: [range.from, range.to], axis: null },
    y: { axis: null, domain: [0, highest * 1.25] },
    marks: [
      Plot.rectX(endpoint.windows, { x1: 'from', x2: 'to', fill: 'var(--window)', clip: true, ariaHidden: 'true' }),
      Plot.rectX(endpoint.absences, { x1: 'from', x2: 'to', fill: 'url(#hatch)', clip: true, ariaHidden: 'true' }),
      ...drawCountAxis(endpoint.counts, Math.min(4, highest)),
      Plot.ruleX(dayEdges(data, range), { stroke: 'var(--grid)', ariaHidden: 'true' }),
      Plot.areaY(steps, {
        x: 'at',
        y: 'serving',
        fill: 'var(--serving)',
        curve: 'step-after',
        clip: true,
        ariaHidden: 'true',
      }),
      Plot.lineY(steps, {
        x: 'at',
        y: 'desired',
        stroke: 'var(--desired)',
        strokeWidth: 1.5,
        curve: 'step-after',
        clip: true,
        ariaHidden: 'true',
      }),
      Plot.rectX(late, {
        x1: 'from',
        x2: 'lateTo',
        fill: 'var(--late)',
        fillOpacity: 0.3,
        stroke: 'var(--late)',
        clip: true,
        ariaHidden: 'true',
      }),
      Plot.ruleY([0], { stroke: 'var(--muted)' }),
    ],
  });
}

function colourMark(mark: Mark): string {
  return isFailure(mark.reason) ? 'var(--late)' : `var(--mark-${mark.decision})`;
}

function nameLane(lane: string): string {
  return lane.replace('-', ' ');
}

function dayEdges(data: PageData, range: Range): number[] {
  return range.day === null ? data.days.slice(1).map((day) => day.from) : [];
}

function drawRequests(endpoint: EndpointSeries, data: PageData, range: Range, width: number, zone: Zone): Element {
  const points = [...endpoint.requestsByHour, endpoint.requestsByHour.at(-1) ?? 0].map((requests, hour) => ({
    at: Math.min(data.from + hour * HOUR, data.to),
    requests,
  }));
  return Plot.plot({
    width,
    height: 92,
    marginLeft: MARGIN_LEFT,
    marginRight: MARGIN_RIGHT,
    marginTop: 22,
    marginBottom: 24,
    className: 'chart',
    ariaLabel: `${endpoint.name}: requests in each hour`,
    x: { type: 'linear', domain: [range.from, range.to], axis: null },
    y: { axis: null, zero: true, nice: true, domain: [0, Math.max(1, ...endpoint.requestsByHour)] },
    marks: [
      ...drawCountAxis('requests per hour', 2),
      ...drawTimeAxis(data, range, width, zone),
      Plot.areaY(points, {
        x: 'at',
        y: 'requests',
        fill: 'var(--requests)',
        curve: 'step-after',
        clip: true,
        ariaHidden: 'true',
      }),
      Plot.ruleY([0], { stroke: 'var(--muted)' }),
    ],
  });
}

function drawLanes(
  endpoint: EndpointSeries,
  data: PageData,
  range: Range,
  width: number,
  decisions: Decisions,
): Element | null {
  const shown = endpoint.decisions.filter((mark) => mark.at >= range.from && mark.at < range.to);
  const lanes = LANES.filter((lane) => endpoint.decisions.some((mark) => mark.decision === lane));
  if (lanes.length === 0) return null;
  const chart = Plot.plot({
    width,
    height: lanes.length * LANE + 8,
    marginLeft: MARGIN_LEFT,
    marginRight: MARGIN_RIGHT,
    marginTop: 4,
    marginBottom: 4,
    className: 'chart',
    ariaLabel: `${endpoint.name}: decisions`,
    x: { type: 'linear', domain: [range.from, range.to], axis: null },
    y: { type: 'point', domain: lanes, padding: 0.5, axis: 'left', tickSize: 0, tickFormat: nameLane, label: null },
    symbol: { domain: [...LANES], range: LANES.map((lane) => SYMBOLS[lane] ?? 'circle') },
    marks: [
      Plot.ruleX(dayEdges(data, range), { stroke: 'var(--grid)', ariaHidden: 'true' }),
      Plot.ruleY(lanes, { stroke: 'var(--grid)', ariaHidden: 'true' }),
      Plot.dot(shown, {
        x: 'at',
        y: 'decision',
        symbol: 'decision',
        r: 4,
        fill: colourMark,
        stroke: colourMark,
        strokeWidth: 1.5,
        className: 'marks',
        ariaLabel: (mark: Mark) => decisions.describe(mark),
      }),
    ],
  });
  chart.classList.add('lanes');
  decisions.attach(chart, shown);
  return chart;
}

/** Capacity, decisions and requests of one endpoint under one time axis. */
export function drawTimeline(
  target: HTMLElement,
  endpoint: EndpointSeries,
  data: PageData,
  range: Range,
  zone: Zone,
  decisions: Decisions,
): void {
  const width = Math.max(280, target.clientWidth);
  const lanes = drawLanes(endpoint, data, range, width, decisions);
  const parts = [drawCapacity(endpoint, data, range, width), lanes, drawRequests(endpoint, data, range, width, zone)];
  target.replaceChildren(...parts.filter((part) => part !== null));
}
