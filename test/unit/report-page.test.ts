import { createHash } from 'node:crypto';
import { JSDOM, VirtualConsole } from 'jsdom';
import { afterEach, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { renderReport } from '../../report/index.ts';
import { explainReason } from '../../report/reasons.ts';
import { REASON_CODES } from '../../shared/domain/decision.ts';
import { makeFortnight } from './report-fixture.ts';

interface Opened {
  readonly document: PageDocument;
  readonly errors: readonly string[];
}

/** What these tests use of a page's document. */
interface PageDocument {
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
}

interface PageElement extends PageDocument {
  readonly textContent: string;
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  getAttribute(name: string): string | null;
  click(): void;
  dispatchEvent(event: unknown): boolean;
}

function open(page: string): Opened & { readonly window: JSDOM['window'] } {
  const errors: string[] = [];
  const virtualConsole = new VirtualConsole();
  virtualConsole.on('jsdomError', (error: Error) => errors.push(error.message));
  const { window } = new JSDOM(page, { runScripts: 'dangerously', virtualConsole });
  return { document: window.document as PageDocument, errors, window };
}

const text = (element: PageElement | null): string => (element?.textContent ?? '').replace(/\s+/g, ' ').trim();
const all = (document: PageDocument, selector: string): PageElement[] => [...document.querySelectorAll(selector)];

const HOSTILE = `</script><script>window.broken=1</script><img src=x onerror="window.broken=1">"'&\u2028<!--`;

function poison(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(poison);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const isText = typeof inner === 'string' && !/^\d{4}-/.test(inner) && !['timezone', 'status'].includes(key);
      return [key, isText ? `${inner}${HOSTILE}` : poison(inner)];
    }),
  );
}

function makeHostile(): RehearsalResult {
  const result = makeFortnight();
  const renamed = Object.entries(result.endpoints).map(([name, endpoint]) => [`${name}${HOSTILE}`, endpoint]);
  const withEvidence = { ...result, endpoints: Object.fromEntries(renamed) };
  const poisoned = poison(withEvidence) as RehearsalResult;
  const violations = [{ at: result.from, invariant: 4, endpoint: HOSTILE, what: HOSTILE }];
  return { ...poisoned, invariants: { checked: 1, violations } };
}

const zone = process.env['TZ'];
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

describe('the page', () => {
  it('runs without an error and draws a chart for the fleet and for each endpoint', () => {
    const { document, errors } = open(renderReport(makeFortnight()));
    expect(errors).toEqual([]);
    expect(all(document, '#fleet-chart svg')).toHaveLength(1);
    expect(all(document, '.timeline').map((timeline) => all(timeline, 'svg').length)).toEqual([3, 2, 3, 3, 3]);
  });

  it('lets nothing that comes from outside become markup or script', () => {
    const { document, errors, window } = open(renderReport(makeHostile()));
    expect(errors).toEqual([]);
    expect((window as unknown as Record<string, unknown>)['broken']).toBeUndefined();
    expect(all(document, 'script')).toHaveLength(2);
    for (const button of all(document, '.next')) button.click();
    for (const details of all(document, 'details')) {
      details.dispatchEvent(new (window as unknown as { Event: new (type: string) => unknown }).Event('toggle'));
    }
    expect(all(document, 'img')).toHaveLength(0);
    expect(
      all(document, '*').flatMap((node) => [...node.attributes].filter(({ name }) => name.startsWith('on'))),
    ).toEqual([]);
    expect(text(document.querySelector('h3'))).toContain('<img src=x');
  });

  it('asks the network for nothing and allows its own script alone', () => {
    const page = renderReport(makeFortnight());
    const { document } = open(page);
    const loads = ['src', 'href', 'srcset', 'action', 'poster', 'data'];
    const asked = all(document, '*').flatMap((node) => loads.map((name) => node.getAttribute(name)));
    expect(asked.filter((value) => value !== null)).toEqual([]);
    expect(page).not.toMatch(/@import|url\(["']?(?:https?:)?\/\//);
    const policy = document.querySelector('meta[http-equiv="Content-Security-Policy"]')?.getAttribute('content') ?? '';
    const script = all(document, 'script').at(-1)?.textContent ?? '';
    expect(policy).toContain(`script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`);
    expect(policy).toContain("default-src 'none'");
  });

  it('is the same, byte for byte, in every time zone of the machine', () => {
    const here = renderReport(makeFortnight());
    process.env['TZ'] = 'Pacific/Auckland';
    expect(renderReport(makeFortnight()) === here).toBe(true);
  });

  it('opens every decision from its mark, its table and its step buttons', () => {
    const result = makeFortnight();
    const { document, window } = open(renderReport(result));
    for (const [index, endpoint] of Object.values(result.endpoints).entries()) {
      const marks = all(document, `#timeline-${index} .marks > *`);
      expect(marks).toHaveLength(endpoint.decisions.length);
      const panel = document.querySelector(`#decision-${index}`);
      for (const [position, decision] of endpoint.decisions.entries()) {
        const Click = (window as unknown as { MouseEvent: new (type: string, init: object) => unknown }).MouseEvent;
        marks[position]?.dispatchEvent(new Click('click', { bubbles: true }));
        expect(text(panel)).toContain(`reason ${decision.reason}`);
        for (const [name, value] of Object.entries(decision.evidence)) {
          expect(text(panel)).toContain(`${name}${String(value)}`);
        }
      }
      const details = document.querySelector(`#decisions-${index}`);
      details?.dispatchEvent(new (window as unknown as { Event: new (type: string) => unknown }).Event('toggle'));
      expect(all(document, `#decisions-${index} tbody tr`)).toHaveLength(endpoint.decisions.length);
    }
  });

  it('is steered by the keyboard: one tab stop, arrows from mark to mark', () => {
    const { document, window } = open(renderReport(makeFortnight()));
    const marks = all(document, '#timeline-0 .marks > *');
    expect(marks.filter((mark) => mark.getAttribute('tabindex') === '0')).toHaveLength(1);
    const Key = (window as unknown as { KeyboardEvent: new (type: string, init: object) => unknown }).KeyboardEvent;
    const press = (key: string): unknown =>
      marks[0]?.dispatchEvent(new Key('keydown', { key, bubbles: true, cancelable: true }));
    press('End');
    expect(text(document.querySelector('#decision-0'))).toContain(`${marks.length} of ${marks.length}`);
    press('ArrowLeft');
    expect(text(document.querySelector('#decision-0'))).toContain(`${marks.length - 1} of ${marks.length}`);
  });

  it('shows one day on request, and every decision on exactly one day', () => {
    const { document } = open(renderReport(makeFortnight()));
    const days = all(document, '#timelines ~ .sticky [data-day]').filter(
      (button) => button.getAttribute('data-day') !== 'all',
    );
    expect(days.map(text).join(', ')).toBe(
      [
        'Mon 23, Tue 24, Wed 25, Thu 26, Fri 27, Sat 28, Sun 29',
        'Mon 30, Tue 31, Wed 1, Thu 2, Fri 3, Sat 4, Sun 5',
      ].join(', '),
    );
    let marks = 0;
    for (const day of days) {
      day.click();
      expect(day.getAttribute('aria-pressed')).toBe('true');
      marks += all(document, '#timeline-0 .marks > *').length;
    }
    expect(marks).toBe(makeFortnight().endpoints['Chat-Dev']?.decisions.length);
  });
});

describe('its numbers', () => {
  it('are those of the result', () => {
    const result = makeFortnight();
    const { document } = open(renderReport(result));
    const cells = (row: PageElement | undefined): string[] => all(row ?? document, 'th, td').map(text);
    const rows = all(document, 'section[aria-labelledby="endpoints"] tbody tr');
    expect(cells(rows[0])).toEqual([
      'Chat-Dev',
      'real-time',
      'chat-dev',
      '108',
      '335',
      '32 %',
      '6,360',
      '0.19 %',
      '4',
      '10',
      '9',
      '1 of 9',
      '$345',
    ]);
    const sum = Object.values(result.endpoints).reduce((total, endpoint) => total + endpoint.instanceHours.paid, 0);
    const tiles = all(document, '.tile').map(text);
    expect(tiles[0]).toContain(`${Math.round(sum).toLocaleString('en-US')} of 4,020 instance hours`);
    expect(tiles[1]).toContain(`$${Math.round(result.bill.saved ?? 0).toLocaleString('en-US')}`);
    expect(tiles[1]).toContain('list prices of 2026-11-01, before savings plans');
    expect(tiles[4]).toContain('1 of 31');
  });

  it('of a serverless endpoint are its provisioned concurrency, cold starts and what was throttled', () => {
    const result = makeFortnight();
    const chat = result.endpoints['Chat-Dev'];
    if (chat === undefined) throw new Error('no Chat-Dev');
    const classifier: typeof chat = {
      ...chat,
      kind: 'serverless',
      latency: { p50: 0.8, p95: 4, p99: 9, worstHourP95: 9 },
      serverless: { coldStarts: 12, throttled: 3, gigabyteSeconds: { provisioned: 40, onDemand: 2 } },
    };
    const { document } = open(renderReport({ ...result, endpoints: { ...result.endpoints, 'Chat-Dev': classifier } }));
    const facts = all(document, 'p.facts').map(text);
    expect(facts.filter((one) => one.startsWith('serverless'))).toEqual([
      expect.stringMatching(/108 hours of provisioned concurrency, 12 cold starts, 3 throttled, p50 .*, p95 4/),
    ]);
    expect(facts.filter((one) => /provisioned/.test(one))).toHaveLength(1);
  });

  it('say unknown where a price is unknown, never zero', () => {
    const result = makeFortnight();
    const endpoints = { ...result.bill.endpoints, checkout: { paid: null, alwaysOn: null } };
    const { document } = open(renderReport({ ...result, bill: { ...result.bill, endpoints, saved: null } }));
    expect(text(all(document, '.tile')[1] ?? null)).toContain('unknown');
    const checkout = all(document, 'section[aria-labelledby="endpoints"] tbody tr')[2];
    expect(text(all(checkout ?? document, 'td').at(-1) ?? null)).toBe('unknown');
  });
});

describe('reasons', () => {
  it.each(REASON_CODES)('%s is told in words', (code) => {
    expect(explainReason(code)).not.toBe(code);
  });
});
