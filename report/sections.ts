import type { EndpointResult, RehearsalResult } from '../rehearsal/result.ts';
import { formatCount, formatHours, formatMoney, formatPlural, formatSeconds, formatShare } from './format.ts';
import { type Html, html, trusted } from './html.ts';
import type { PageData } from './page-data.ts';
import { explainReason } from './reasons.ts';
import { groupRefusals, listTroubles } from './troubles.ts';
import { sumTotals, type Totals, unitsOf } from './view.ts';
import { createZone } from './zone.ts';

const NOTHING = html``;

interface Tile {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  readonly tone?: 'good' | 'bad';
}

function listTiles(result: RehearsalResult, totals: Totals): Tile[] {
  const { saved, scaler, pricesAsOf } = result.bill;
  const late = totals.lateWindows > 0 ? `, the worst by ${formatSeconds(totals.worstLate)}` : '';
  return [
    {
      label: 'Hours paid',
      value: formatShare(totals.paid, totals.alwaysOn),
      note: `${formatHours(totals.paid)} of ${formatHours(totals.alwaysOn)} ${unitsOf(result).hours} of always-on`,
      ...(totals.paid < totals.alwaysOn ? { tone: 'good' } : {}),
    },
    {
      label: 'Money saved',
      value: formatMoney(saved),
      note: `list prices of ${pricesAsOf}, before savings plans; the scaler's own ${formatMoney(scaler)} is deducted`,
      ...(saved !== null && saved > 0 ? { tone: 'good' } : {}),
    },
    {
      label: 'Requests',
      value: formatCompact(totals.requests),
      note: `${formatCount(totals.requests)} in all, ${formatPlural(totals.failed, 'failed', 'failed')}, ${formatCount(totals.expired)} expired`,
    },
    {
      label: 'Cold requests',
      value: formatShare(totals.cold, totals.requests),
      note: `${formatCount(totals.cold)} came while nothing was in service${hasServerless(result) ? ', or waited for a cold start' : ''}`,
    },
    {
      label: 'Late windows',
      value: `${formatCount(totals.lateWindows)} of ${formatCount(totals.windows)}`,
      note: `windows that were not ready when they began${late}`,
      ...(totals.lateWindows > 0 ? { tone: 'bad' } : {}),
    },
    {
      label: 'Parks and wakes',
      value: `${formatCount(totals.parks)} / ${formatCount(totals.wakes)}`,
      note: 'endpoints deleted to save, and brought back whole',
    },
  ];
}

function hasServerless({ endpoints }: RehearsalResult): boolean {
  return Object.values(endpoints).some(({ kind }) => kind === 'serverless');
}

function formatCompact(count: number): string {
  if (count < 100_000) return formatCount(count);
  return count < 1_000_000 ? `${Math.round(count / 1000)} k` : `${(count / 1_000_000).toFixed(1)} M`;
}

export function renderTiles(result: RehearsalResult): Html {
  const tiles = listTiles(result, sumTotals(Object.values(result.endpoints)));
  const items = tiles.map(
    (
      tile,
    ) => html`<div class="tile"><dt>${tile.label}</dt><dd><div class="value ${tile.tone ?? ''}">${tile.value}</div><div class="note">${tile.note}</div></dd></div>
`,
  );
  return html`<dl class="tiles" aria-label="Headline numbers">
${items}</dl>`;
}

export function renderDays(data: PageData): Html {
  const buttons = data.days.map(
    (day, index) =>
      html`<button type="button" data-day="${index}" aria-pressed="false" class="${day.weekend ? 'weekend' : ''}">${shortDay(day.label)}</button>`,
  );
  return html`<div class="days" data-days hidden role="group" aria-label="Days shown"><button type="button" data-day="all" aria-pressed="true">Whole run</button>${buttons}</div>`;
}

function shortDay(label: string): string {
  const [weekday = '', date = ''] = label.split(' ');
  return `${weekday} ${date}`;
}

export function renderFleet(result: RehearsalResult, data: PageData): Html {
  const totals = sumTotals(Object.values(result.endpoints));
  const share = formatShare(totals.paid, totals.alwaysOn);
  const items = data.fleet.bands.map(
    (band, index) =>
      html`<li><span class="swatch" style="background: var(--series-${index + 1})"></span>${band.name}</li>`,
  );
  return html`<section aria-labelledby="fleet"><h2 id="fleet">The fleet against always-on</h2>
<p>${formatHours(totals.paid)} ${unitsOf(result).hours} were paid, ${share} of the ${formatHours(totals.alwaysOn)} that the same endpoints cost when they never scale.</p>
${renderDays(data)}
<div id="fleet-chart"></div>
<ul class="legend" aria-label="Colours of the endpoints">${items}<li><span class="swatch line" style="border-color: var(--text); border-top-style: dashed"></span>always-on</li></ul>
</section>`;
}

function describeLate(endpoint: EndpointResult): string {
  const late = endpoint.windows.filter((window) => window.lateSeconds > 0).length;
  return endpoint.windows.length === 0 ? '–' : `${late} of ${endpoint.windows.length}`;
}

function renderRow(name: string, endpoint: EndpointResult, result: RehearsalResult): Html {
  const { paid, alwaysOn } = endpoint.instanceHours;
  const money = result.bill.endpoints[name];
  const known = money !== undefined && money.paid !== null && money.alwaysOn !== null;
  const saved = known ? Number(money.alwaysOn) - Number(money.paid) : null;
  const share = alwaysOn === 0 ? 0 : Math.min(100, (paid / alwaysOn) * 100);
  return html`<tr><th scope="row">${name}</th><td class="kind">${endpoint.kind}</td><td>${endpoint.policy ?? 'not enrolled'}</td>
<td class="number">${formatHours(paid)}</td><td class="number">${formatHours(alwaysOn)}</td><td class="number">${formatShare(paid, alwaysOn)}<span class="bar" aria-hidden="true"><i style="width: ${share.toFixed(1)}%"></i></span></td>
<td class="number">${formatCount(endpoint.requests.total)}</td><td class="number">${formatShare(endpoint.requests.cold, endpoint.requests.total)}</td><td class="number">${formatCount(endpoint.requests.failed + endpoint.requests.expired)}</td>
<td class="number">${endpoint.parks}</td><td class="number">${endpoint.wakes}</td><td class="number">${describeLate(endpoint)}</td><td class="number">${formatMoney(saved)}</td></tr>
`;
}

export function renderEndpointTable(result: RehearsalResult): Html {
  const entries = Object.entries(result.endpoints);
  const totals = sumTotals(Object.values(result.endpoints));
  const { saved, scaler } = result.bill;
  const gross = saved === null ? null : saved + scaler;
  return html`<section aria-labelledby="endpoints"><h2 id="endpoints">Endpoints</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Table of endpoints"><table><thead><tr><th scope="col">Endpoint</th><th scope="col">Kind</th><th scope="col">Policy</th>
<th scope="col" class="number">Hours paid</th><th scope="col" class="number">Always-on</th><th scope="col" class="number">Share</th><th scope="col" class="number">Requests</th><th scope="col" class="number">Cold</th><th scope="col" class="number">Failed</th>
<th scope="col" class="number">Parks</th><th scope="col" class="number">Wakes</th><th scope="col" class="number">Late</th><th scope="col" class="number">Saved</th></tr></thead>
<tbody>${entries.map(([name, endpoint]) => renderRow(name, endpoint, result))}</tbody>
<tfoot><tr><th scope="row">Fleet</th><td></td><td></td><td class="number">${formatHours(totals.paid)}</td><td class="number">${formatHours(totals.alwaysOn)}</td><td class="number">${formatShare(totals.paid, totals.alwaysOn)}</td>
<td class="number">${formatCount(totals.requests)}</td><td class="number">${formatShare(totals.cold, totals.requests)}</td><td class="number">${formatCount(totals.failed + totals.expired)}</td>
<td class="number">${totals.parks}</td><td class="number">${totals.wakes}</td><td class="number">${totals.lateWindows} of ${totals.windows}</td><td class="number">${formatMoney(gross)}</td></tr></tfoot></table></div>
<p class="note">Always-on is what each endpoint costs with its initial instances all the time; an endpoint that scales above them can pay more. Cold: the request came while nothing was in service${hasServerless(result) ? ', or, serverless, waited for compute to start' : ''}. Failed counts expired requests too. Saved is before the scaler's own ${formatMoney(scaler)}.</p></section>`;
}

export function renderTroubles(result: RehearsalResult): Html {
  const zone = createZone(result.timezone ?? 'UTC');
  const items = listTroubles(result).map(
    (
      trouble,
    ) => html`<li class="${trouble.severity}"><strong>${trouble.title}</strong> <time class="meta" datetime="${new Date(trouble.at).toISOString()}">${zone.stamp(trouble.at)}</time><p>${trouble.what}</p>${trouble.mended === '' ? NOTHING : html`<p class="mended">${trouble.mended}</p>`}</li>
`,
  );
  const list =
    items.length === 0
      ? html`<p>Nothing did: no fault, no failed start, no late window.</p>`
      : html`<ul class="troubles">${items}</ul>`;
  return html`<section aria-labelledby="troubles"><h2 id="troubles">What went wrong, and how it was mended</h2>
<p>${describeInvariants(result)}</p>
${list}${renderRefusals(result)}</section>`;
}

function describeInvariants(result: RehearsalResult): string {
  const { checked, violations } = result.invariants;
  const held = violations.length === 0 ? 'all of them held' : `${formatPlural(violations.length, 'violation')} found`;
  return `After every step the simulated AWS was checked against the invariants: ${formatCount(checked)} checks, ${held}.`;
}

function renderRefusals(result: RehearsalResult): Html {
  const zone = createZone(result.timezone ?? 'UTC');
  const groups = groupRefusals(result);
  if (groups.length === 0) return NOTHING;
  const rows = groups.map(
    (
      group,
    ) => html`<tr><th scope="row">${group.endpoint}</th><td>${explainReason(group.reason)}</td><td class="number">${formatCount(group.times)}</td><td>${zone.stamp(group.first)}</td><td>${zone.stamp(group.last)}</td></tr>
`,
  );
  return html`<section aria-labelledby="refusals"><h3 id="refusals">Refusals</h3><p class="note">Times at which the scaler could have acted and chose not to, with the reason.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Table of refusals"><table><thead><tr><th scope="col">Endpoint</th><th scope="col">Because</th><th scope="col" class="number">Times</th><th scope="col">First</th><th scope="col">Last</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function describeEndpoint(endpoint: EndpointResult): Html {
  const { paid, alwaysOn } = endpoint.instanceHours;
  const type = endpoint.spans[0]?.instanceType ?? '';
  const policy = endpoint.policy === null ? 'not enrolled, so never touched' : `policy ${endpoint.policy}`;
  const wait =
    endpoint.wakeSeconds.length === 0 ? NOTHING : html` of typically ${formatSeconds(median(endpoint.wakeSeconds))}`;
  return html`<p class="facts">${endpoint.kind} · ${policy} · ${type}${describeServerless(endpoint)} · <b>${formatShare(paid, alwaysOn)}</b> of always-on · <b>${formatCount(endpoint.requests.total)}</b> requests, ${formatShare(endpoint.requests.cold, endpoint.requests.total)} cold · <b>${formatPlural(endpoint.parks, 'park')}</b>, <b>${formatPlural(endpoint.wakes, 'wake')}</b>${wait}</p>`;
}

/** What other kinds have no figures for; `requests` has its cold starts. */
function describeServerless({ serverless, instanceHours, latency }: EndpointResult): string {
  if (serverless === undefined) return '';
  const hours = `${formatHours(instanceHours.paid)} hours of provisioned concurrency`;
  const waits = latency === null ? '' : `, p50 ${formatSeconds(latency.p50)}, p95 ${formatSeconds(latency.p95)}`;
  return ` · ${hours}, ${formatPlural(serverless.coldStarts, 'cold start')}, ${formatCount(serverless.throttled)} throttled${waits}`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function renderEndpoint(name: string, endpoint: EndpointResult, index: number): Html {
  const count = endpoint.decisions.length;
  const hint =
    count === 0 ? 'No decision was made about this endpoint.' : 'Choose a mark above, or step through the decisions.';
  const steps =
    count === 0
      ? NOTHING
      : html`<div class="steps"><button type="button" class="previous" aria-label="Previous decision of ${name}">◀</button><button type="button" class="next" aria-label="Next decision of ${name}">▶</button></div>`;
  return html`<article aria-labelledby="endpoint-${index}"><h3 id="endpoint-${index}">${name}</h3>${describeEndpoint(endpoint)}
<div id="timeline-${index}" class="timeline"></div>
<div id="decision-${index}" class="decision ${count === 0 ? 'empty' : ''}" role="region" aria-live="polite" aria-label="Decision of ${name}"><div class="decision-body"><p class="meta">${hint}</p></div>${steps}</div>
<details id="decisions-${index}" ${count === 0 ? trusted('hidden') : NOTHING}><summary>All ${formatPlural(count, 'decision')} as a table</summary><div class="scroll"><table><thead><tr><th scope="col">When</th><th scope="col">Decision</th><th scope="col">Because</th><th scope="col" class="number">Times</th></tr></thead><tbody></tbody></table><button type="button" class="more" hidden>More</button></div></details></article>
`;
}

const LEGEND = trusted(
  `<ul class="legend" aria-label="How to read the timelines"><li><span class="swatch" style="background: var(--window)"></span>window: must be up</li><li><span class="swatch" style="background: var(--serving)"></span>in service</li><li><span class="swatch line" style="border-color: var(--desired)"></span>desired</li><li><span class="swatch hatched"></span>parked: deleted, recipe kept</li><li><span class="swatch" style="background: var(--late)"></span>late</li><li><span class="swatch" style="background: var(--requests)"></span>requests</li></ul>`,
);

function describeClockChange(data: PageData): string {
  return data.days
    .filter((day) => day.shift !== 0)
    .map((day) => ` The clock goes ${day.shift > 0 ? 'forward' : 'back'} on ${day.label}.`)
    .join('');
}

export function renderTimelines(result: RehearsalResult, data: PageData): Html {
  const articles = Object.entries(result.endpoints).map(([name, endpoint], index) =>
    renderEndpoint(name, endpoint, index),
  );
  return html`<section aria-labelledby="timelines"><h2 id="timelines">Timelines</h2>
<p>Times are ${data.timezone}.${describeClockChange(data)} Every mark is a decision: click, tap, or use the arrow keys to see its reason and its evidence.</p>
<div class="sticky">${renderDays(data)}</div>${LEGEND}
${articles}</section>`;
}
