import type { PageData } from '../page-data.ts';
import { createZone } from '../zone.ts';
import { connectDecisions } from './decisions.ts';
import { drawFleet } from './fleet-chart.ts';
import { connectRange, type Range } from './range.ts';
import { connectTheme } from './theme.ts';
import { drawTimeline } from './timeline-chart.ts';

function readData(): PageData {
  const source = document.getElementById('data');
  if (source === null) throw new Error('the page carries no data');
  return JSON.parse(source.textContent ?? '') as PageData;
}

function start(): void {
  const data = readData();
  const zone = createZone(data.timezone);
  const redraws: ((range: Range) => void)[] = [];
  const fleet = document.getElementById('fleet-chart');
  if (fleet !== null) redraws.push((range) => drawFleet(fleet, data, range, zone));
  for (const [index, endpoint] of data.endpoints.entries()) {
    const chart = document.getElementById(`timeline-${index}`);
    const panel = document.getElementById(`decision-${index}`);
    const list = document.getElementById(`decisions-${index}`);
    if (chart === null || panel === null || list === null) continue;
    const decisions = connectDecisions(endpoint, panel, list, zone);
    redraws.push((range) => drawTimeline(chart, endpoint, data, range, zone, decisions));
  }
  const range = connectRange(data, (next) => {
    for (const redraw of redraws) redraw(next);
  });
  connectTheme();
  let width = document.documentElement.clientWidth;
  window.addEventListener('resize', () => {
    // Phones fire this when their address bar moves; only the width changes a chart.
    if (document.documentElement.clientWidth === width) return;
    width = document.documentElement.clientWidth;
    for (const redraw of redraws) redraw(range());
  });
}

start();
