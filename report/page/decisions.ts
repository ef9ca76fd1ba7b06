import { formatPlural } from '../format.ts';
import type { EndpointSeries, Mark } from '../page-data.ts';
import { explainReason, nameDecision } from '../reasons.ts';
import type { Zone } from '../zone.ts';

/** The decisions of one endpoint: marks that open, a panel that shows one, a list of all. */
export interface Decisions {
  readonly describe: (mark: Mark) => string;
  /** Makes the marks of a freshly drawn chart reachable by pointer and keyboard. */
  readonly attach: (chart: Element, shown: readonly Mark[]) => void;
}

const LIST_STEP = 200;

function element(tag: string, text: string, className = ''): HTMLElement {
  const node = document.createElement(tag);
  // textContent, never innerHTML: reasons and evidence come from outside.
  node.textContent = text;
  if (className !== '') node.className = className;
  return node;
}

function describeMark(mark: Mark): string {
  return `${nameDecision(mark.decision)}: ${explainReason(mark.reason)}`;
}

function formatTimes(mark: Mark, zone: Zone): string {
  return mark.times === 1 ? '' : `${formatPlural(mark.times, 'time')}, the last at ${zone.stamp(mark.until)}`;
}

function listEvidence(mark: Mark): HTMLElement {
  const list = document.createElement('dl');
  list.className = 'evidence';
  for (const [name, value] of Object.entries(mark.evidence)) {
    const pair = document.createElement('div');
    pair.append(element('dt', name), element('dd', value === null ? 'none' : String(value)));
    list.append(pair);
  }
  return list;
}

function showMark(panel: HTMLElement, mark: Mark, position: string, zone: Zone): void {
  const head = element('p', '', 'decision-head');
  head.append(element('strong', describeMark(mark)));
  const utc = new Date(mark.at).toISOString().replace('.000Z', 'Z');
  const meta = [
    zone.stamp(mark.at),
    utc,
    `reason ${mark.reason}`,
    `by ${mark.function}`,
    formatTimes(mark, zone),
    position,
  ];
  const body = panel.querySelector('.decision-body');
  body?.replaceChildren(head, element('p', meta.filter((text) => text !== '').join(' · '), 'meta'), listEvidence(mark));
}

function fillList(list: HTMLElement, endpoint: EndpointSeries, zone: Zone, open: (index: number) => void): void {
  const table = list.querySelector('tbody');
  const more = list.querySelector<HTMLButtonElement>('.more');
  if (table === null || more === null) return;
  const append = (): void => {
    const first = table.childElementCount;
    for (const [offset, mark] of endpoint.decisions.slice(first, first + LIST_STEP).entries()) {
      const row = document.createElement('tr');
      const when = document.createElement('td');
      const button = element('button', zone.stamp(mark.at), 'link');
      button.addEventListener('click', () => open(first + offset));
      when.append(button);
      const times = mark.times === 1 ? '' : String(mark.times);
      row.append(
        when,
        element('td', nameDecision(mark.decision)),
        element('td', explainReason(mark.reason)),
        element('td', times, 'number'),
      );
      table.append(row);
    }
    more.hidden = table.childElementCount >= endpoint.decisions.length;
  };
  more.addEventListener('click', append);
  list.addEventListener('toggle', () => {
    if (table.childElementCount === 0) append();
  });
}

export function connectDecisions(
  endpoint: EndpointSeries,
  panel: HTMLElement,
  list: HTMLElement,
  zone: Zone,
): Decisions {
  let selected: number | null = null;
  let dots: { readonly node: SVGElement; readonly index: number }[] = [];
  const describe = (mark: Mark): string => `${zone.stamp(mark.at)}, ${describeMark(mark)}`;
  const open = (index: number, focus = false): void => {
    const mark = endpoint.decisions[index];
    if (mark === undefined) return;
    selected = index;
    for (const dot of dots) {
      const current = dot.index === index;
      dot.node.classList.toggle('selected', current);
      dot.node.setAttribute('aria-pressed', String(current));
      dot.node.setAttribute('tabindex', current ? '0' : '-1');
      if (current && focus) dot.node.focus();
    }
    showMark(panel, mark, `${index + 1} of ${endpoint.decisions.length}`, zone);
  };
  const move = (by: number, focus: boolean): void => {
    const next = selected === null ? (dots[0]?.index ?? 0) : selected + by;
    open(Math.max(0, Math.min(endpoint.decisions.length - 1, next)), focus);
  };
  panel.querySelector('.previous')?.addEventListener('click', () => move(-1, false));
  panel.querySelector('.next')?.addEventListener('click', () => move(1, false));
  fillList(list, endpoint, zone, (index) => {
    open(index);
    panel.scrollIntoView({ block: 'nearest' });
  });

  const attach = (chart: Element, shown: readonly Mark[]): void => {
    const nodes = [...chart.querySelectorAll<SVGElement>('g.marks > *')];
    dots = nodes.flatMap((node, position) => {
      const mark = shown[position];
      return mark === undefined ? [] : [{ node, index: endpoint.decisions.indexOf(mark) }];
    });
    for (const [position, dot] of dots.entries()) {
      dot.node.setAttribute('role', 'button');
      // One tab stop per chart; the arrow keys go from mark to mark.
      dot.node.setAttribute('tabindex', position === 0 ? '0' : '-1');
      dot.node.setAttribute('aria-pressed', 'false');
    }
    chart.setAttribute('role', 'group');
    chart.addEventListener('click', (event) => {
      if (event instanceof MouseEvent) openNearest(dots, event, open);
    });
    chart.addEventListener('focusin', (event) => {
      const dot = dots.find((candidate) => candidate.node === event.target);
      if (dot !== undefined && dot.index !== selected) open(dot.index);
    });
    chart.addEventListener('keydown', (event) => {
      if (event instanceof KeyboardEvent) steer(event, dots, open, move);
    });
    if (selected !== null && dots.some((dot) => dot.index === selected)) open(selected);
  };
  return { describe, attach };
}

type Dots = readonly { readonly node: SVGElement; readonly index: number }[];

/** Marks are smaller than a fingertip, so a tap anywhere in the lanes takes the nearest one. */
function openNearest(dots: Dots, event: MouseEvent, open: (index: number, focus?: boolean) => void): void {
  const direct = dots.find((dot) => dot.node === event.target);
  const distances = dots.map((dot) => {
    const box = dot.node.getBoundingClientRect();
    const across = box.left + box.width / 2 - event.clientX;
    const down = box.top + box.height / 2 - event.clientY;
    // Lanes lie close together: being in the right one counts more than being near along the time axis.
    return { index: dot.index, distance: Math.hypot(across, down * 3) };
  });
  const nearest = distances.sort((a, b) => a.distance - b.distance)[0];
  if (direct !== undefined) open(direct.index, true);
  else if (nearest !== undefined && nearest.distance < 80) open(nearest.index, true);
}

function steer(
  event: KeyboardEvent,
  dots: Dots,
  open: (index: number, focus?: boolean) => void,
  move: (by: number, focus: boolean) => void,
): void {
  const focused = dots.find((dot) => dot.node === event.target);
  if (event.key === 'Enter' || event.key === ' ') {
    if (focused !== undefined) open(focused.index, true);
  } else if (event.key === 'ArrowRight') move(1, true);
  else if (event.key === 'ArrowLeft') move(-1, true);
  else if (event.key === 'Home') open(dots[0]?.index ?? 0, true);
  else if (event.key === 'End') open(dots.at(-1)?.index ?? 0, true);
  else return;
  event.preventDefault();
}
