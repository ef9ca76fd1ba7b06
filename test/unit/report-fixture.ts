import type {
  DecisionResult,
  EndpointResult,
  EventResult,
  RehearsalResult,
  Span,
  WindowResult,
} from '../../rehearsal/result.ts';

/** A hand-made fortnight with everything a report can meet: parks, wakes, a shortage, refusals, a late window, a stranger. */

const START = Date.parse('2026-03-22T23:00:00Z');
const END = Date.parse('2026-04-05T22:00:00Z');
const SUMMER = Date.parse('2026-03-29T01:00:00Z');
const HOUR = 3_600_000;
const MINUTE = 60_000;
const CLOSED = new Set(['2026-04-03']);

const iso = (instant: number): string => new Date(instant).toISOString().replace('.000Z', 'Z');
const offset = (instant: number): number => (instant < SUMMER ? 1 : 2) * HOUR;

function berlin(date: string, hour: number): number {
  const utc = Date.parse(`${date}T00:00:00Z`) + hour * HOUR;
  return utc - offset(utc - HOUR);
}

function dates(): string[] {
  const list: string[] = [];
  for (let day = Date.parse('2026-03-23T00:00:00Z'); day < Date.parse('2026-04-06T00:00:00Z'); day += 24 * HOUR) {
    list.push(iso(day).slice(0, 10));
  }
  return list;
}

function officeDates(): string[] {
  return dates().filter((date) => ![0, 6].includes(new Date(`${date}T00:00:00Z`).getUTCDay()) && !CLOSED.has(date));
}

interface Change {
  readonly at: number;
  readonly status: string;
  readonly desired: number;
  readonly serving: number;
}

function toSpans(changes: readonly Change[], name: string, instanceType: string): Span[] {
  return changes.map((change, index) => ({
    from: iso(change.at),
    to: iso(changes[index + 1]?.at ?? END),
    status: change.status,
    desired: change.desired,
    serving: change.serving,
    config: name,
    instanceType,
  }));
}

function paidHours(spans: readonly Span[]): number {
  const hours = spans
    .filter((span) => span.status !== 'Absent')
    .map((span) => (Math.max(span.desired, span.serving) * (Date.parse(span.to) - Date.parse(span.from))) / HOUR);
  return Math.round(hours.reduce((sum, value) => sum + value, 0) * 1e6) / 1e6;
}

function decide(
  at: number,
  decision: DecisionResult['decision'],
  reason: string,
  evidence: DecisionResult['evidence'],
  extra: { times?: number; until?: number; function?: DecisionResult['function'] } = {},
): DecisionResult {
  return {
    at: iso(at),
    function: extra.function ?? 'idle-windows',
    decision,
    reason,
    evidence,
    times: extra.times ?? 1,
    until: iso(extra.until ?? at),
  };
}

function hourly(rate: (instant: number) => number): number[] {
  return Array.from({ length: (END - START) / HOUR }, (_, index) => Math.round(rate(START + index * HOUR)));
}

function localHour(instant: number): number {
  return new Date(instant + offset(instant)).getUTCHours();
}

function summarise(
  parts: Pick<EndpointResult, 'kind' | 'policy' | 'spans' | 'decisions' | 'windows' | 'requestsByHour'>,
  counts: { cold: number; failed: number; alwaysOn: number; wakeSeconds: number[]; parks: number },
): EndpointResult {
  const total = parts.requestsByHour.reduce((sum, value) => sum + value, 0);
  return {
    ...parts,
    instanceHours: { paid: paidHours(parts.spans), alwaysOn: (counts.alwaysOn * (END - START)) / HOUR },
    requests: {
      total,
      served: total - counts.failed,
      cold: counts.cold,
      failed: counts.failed,
      cut: 0,
      expired: 0,
      pending: 0,
    },
    latency: null,
    parks: counts.parks,
    wakes: counts.wakeSeconds.length,
    wakeSeconds: counts.wakeSeconds,
    final: {
      phase: parts.policy === null ? null : 'up',
      config: 'config',
      tags: {},
      scalableTargets: [],
      scalingPolicies: [],
      scheduledActions: [],
      alarms: [],
    },
  };
}

interface Calendar {
  readonly name: string;
  readonly during: string;
  readonly begin: number;
  readonly end: number;
  readonly days: readonly string[];
  readonly lateOn?: string;
}

function parkedEndpoint(calendar: Calendar, requestsByHour: readonly number[], events: EventResult[]): EndpointResult {
  const changes: Change[] = [{ at: START, status: 'InService', desired: 1, serving: 1 }];
  const decisions: DecisionResult[] = [];
  const windows: WindowResult[] = [];
  const wakeSeconds: number[] = [];
  let parks = 0;
  const park = (at: number): void => {
    const evidence = { idleSince: iso(at - 31 * MINUTE), invocations: 0, idleFor: '30m', instances: 1 };
    decisions.push(decide(at, 'park', 'idle', evidence));
    changes.push(
      { at, status: 'Deleting', desired: 1, serving: 0 },
      { at: at + 2 * MINUTE, status: 'Absent', desired: 0, serving: 0 },
    );
    events.push({ at: iso(at), detailType: 'Endpoint Parked', detail: { endpoint: calendar.name, reason: 'idle' } });
    parks += 1;
  };
  park(START + 52 * MINUTE);
  for (const date of calendar.days) {
    const begins = berlin(date, calendar.begin);
    const late = date === calendar.lateOn;
    const called = begins - 11 * MINUTE;
    const ready = late ? begins + 34 * MINUTE : called + 8 * MINUTE;
    const ends = berlin(date, calendar.end);
    decisions.push(decide(called, 'wake', 'lead', { window: iso(begins), leadSeconds: 660, config: calendar.name }));
    changes.push({ at: called, status: 'Creating', desired: 1, serving: 0 });
    if (late) {
      const failed = {
        code: 'InsufficientInstanceCapacity',
        config: calendar.name,
        tries: 1,
        nextTry: iso(called + 37 * MINUTE),
      };
      decisions.push(decide(called + 30 * MINUTE, 'wake', 'wake-failed-capacity', failed));
      decisions.push(
        decide(called + 37 * MINUTE, 'wake', 'window', { config: 'chat-g6-2xlarge', window: iso(begins) }),
      );
      changes.push({ at: called + 30 * MINUTE, status: 'Failed', desired: 1, serving: 0 });
      changes.push({ at: called + 37 * MINUTE, status: 'Creating', desired: 1, serving: 0 });
      events.push({
        at: iso(called + 30 * MINUTE),
        detailType: 'Wake Failed',
        detail: { endpoint: calendar.name, reason: 'wake-failed-capacity' },
      });
      events.push({
        at: iso(begins),
        detailType: 'Endpoint Late',
        detail: { endpoint: calendar.name, begins: iso(begins) },
      });
    }
    changes.push({ at: ready, status: 'InService', desired: 1, serving: 1 });
    events.push({
      at: iso(ready),
      detailType: 'Endpoint Ready',
      detail: { endpoint: calendar.name, seconds: (ready - called) / 1000 },
    });
    wakeSeconds.push((ready - called) / 1000);
    windows.push({
      begins: iso(begins),
      ends: iso(ends),
      readyAt: iso(late ? ready : begins),
      lateSeconds: late ? (ready - begins) / 1000 : 0,
      during: calendar.during,
    });
    decisions.push(
      decide(
        ends + 3 * MINUTE,
        'refuse',
        'active',
        { invocations: 14, since: iso(ends - 27 * MINUTE) },
        { times: 28, until: ends + 31 * MINUTE },
      ),
    );
    park(ends + 38 * MINUTE);
  }
  const spans = toSpans(changes, calendar.name, 'ml.g5.2xlarge');
  return summarise(
    { kind: 'real-time', policy: calendar.name.toLowerCase(), spans, decisions, windows, requestsByHour },
    { cold: 12, failed: 4, alwaysOn: 1, wakeSeconds, parks },
  );
}

function transcribe(): EndpointResult {
  const changes: Change[] = [{ at: START, status: 'InService', desired: 0, serving: 0 }];
  const decisions: DecisionResult[] = [];
  for (const [index, date] of officeDates().entries()) {
    for (const hour of [9, 14]) {
      const at = berlin(date, hour) + index * 7 * MINUTE;
      const count = 1 + ((index + hour) % 4);
      decisions.push(
        decide(
          at,
          'scale',
          'backlog-wake',
          { backlog: count * 5 - 2, backlogPerInstance: 5, to: count },
          { function: 'backlog-wake' },
        ),
      );
      changes.push({ at, status: 'Updating', desired: count, serving: 0 });
      changes.push({ at: at + 6 * MINUTE, status: 'InService', desired: count, serving: count });
      changes.push({ at: at + 95 * MINUTE, status: 'InService', desired: 0, serving: 0 });
      decisions.push(
        decide(
          at + 95 * MINUTE,
          'scale',
          'idle',
          { backlog: 0, idleFor: '5m', from: count, to: 0 },
          { function: 'scheduled-scaling' },
        ),
      );
    }
  }
  const requestsByHour = hourly((instant) => (changes.some((change) => Math.abs(change.at - instant) < HOUR) ? 40 : 0));
  const spans = toSpans(changes, 'transcribe', 'ml.g5.xlarge');
  return summarise(
    { kind: 'async', policy: 'transcribe-async', spans, decisions, windows: [], requestsByHour },
    { cold: 220, failed: 0, alwaysOn: 1, wakeSeconds: [], parks: 0 },
  );
}

function checkout(): EndpointResult {
  const rate = (instant: number): number => {
    const hour = localHour(instant);
    const promoted = [START + 83 * HOUR, START + 251 * HOUR].some(
      (begin) => instant >= begin && instant < begin + 5 * HOUR,
    );
    return (hour >= 7 && hour < 22 ? 30 + 22 * Math.sin(((hour - 7) / 15) * Math.PI) : 2) * (promoted ? 2 : 1);
  };
  const changes: Change[] = [];
  const decisions: DecisionResult[] = [];
  const windows: WindowResult[] = [];
  for (let at = START; at < END; at += HOUR) {
    const wanted = Math.max(1, Math.ceil(rate(at) / 8));
    const before = changes.at(-1);
    if (before?.desired === wanted) continue;
    changes.push({ at, status: 'Updating', desired: wanted, serving: before?.serving ?? wanted });
    changes.push({ at: at + 7 * MINUTE, status: 'InService', desired: wanted, serving: wanted });
  }
  for (const date of officeDates()) {
    const begins = berlin(date, 8);
    decisions.push(
      decide(
        begins - 11 * MINUTE,
        'scale',
        'scale-to-bounds',
        { minFrom: 1, minTo: 3, maxTo: 12 },
        { function: 'scheduled-scaling' },
      ),
    );
    decisions.push(
      decide(
        berlin(date, 19),
        'scale',
        'scale-to-bounds',
        { minFrom: 3, minTo: 1, maxTo: 12 },
        { function: 'scheduled-scaling' },
      ),
    );
    windows.push({
      begins: iso(begins),
      ends: iso(berlin(date, 19)),
      readyAt: iso(begins),
      lateSeconds: 0,
      during: 'office',
    });
  }
  const spans = toSpans(changes, 'checkout', 'ml.g5.xlarge');
  return summarise(
    {
      kind: 'real-time',
      policy: 'checkout',
      spans,
      decisions,
      windows,
      requestsByHour: hourly((at) => rate(at) * 3600),
    },
    { cold: 0, failed: 61, alwaysOn: 8, wakeSeconds: [], parks: 0 },
  );
}

function stranger(): EndpointResult {
  const spans = toSpans([{ at: START, status: 'InService', desired: 1, serving: 1 }], 'Legacy-Search', 'ml.m5.xlarge');
  const requestsByHour = hourly((instant) => (localHour(instant) > 7 ? 12 : 1));
  return summarise(
    { kind: 'real-time', policy: null, spans, decisions: [], windows: [], requestsByHour },
    { cold: 0, failed: 0, alwaysOn: 1, wakeSeconds: [], parks: 0 },
  );
}

const PRICES: Readonly<Record<string, number>> = {
  'ml.g5.2xlarge': 1.515,
  'ml.g5.xlarge': 1.408,
  'ml.m5.xlarge': 0.23,
};

function billFor(endpoints: Readonly<Record<string, EndpointResult>>): RehearsalResult['bill'] {
  const bill: Record<string, { paid: number; alwaysOn: number }> = {};
  for (const [name, endpoint] of Object.entries(endpoints)) {
    const price = PRICES[endpoint.spans[0]?.instanceType ?? ''] ?? 0;
    bill[name] = { paid: endpoint.instanceHours.paid * price, alwaysOn: endpoint.instanceHours.alwaysOn * price };
  }
  const saved = Object.values(bill).reduce((sum, money) => sum + money.alwaysOn - money.paid, 0);
  return { endpoints: bill, saved: saved - 0.42, scaler: 0.42, currency: 'USD', pricesAsOf: '2026-11-01' };
}

export function makeFortnight(): RehearsalResult {
  const events: EventResult[] = [];
  const chatRate = (instant: number): number => {
    const local = new Date(instant + offset(instant));
    const weekend = [0, 6].includes(local.getUTCDay());
    const open = local.getUTCHours() >= 8 && local.getUTCHours() < 19;
    return open && !weekend ? 60 + 40 * Math.sin(local.getUTCHours()) : 0;
  };
  const chat = { name: 'Chat-Dev', during: 'office', begin: 8, end: 19, days: officeDates(), lateOn: '2026-03-25' };
  const night = { name: 'nightly-batch', during: 'night', begin: 1, end: 5, days: dates().slice(1) };
  const endpoints = {
    'Chat-Dev': parkedEndpoint(chat, hourly(chatRate), events),
    'Legacy-Search': stranger(),
    checkout: checkout(),
    'nightly-batch': parkedEndpoint(
      night,
      hourly((at) => (localHour(at) >= 1 && localHour(at) < 4 ? 900 : 0)),
      events,
    ),
    transcribe: transcribe(),
  };
  return {
    scenario: 'fleet.yaml',
    seed: 1,
    timezone: 'Europe/Berlin',
    from: iso(START),
    to: iso(END),
    endpoints,
    happens: [
      { at: iso(berlin('2026-03-25', 7)), what: 'noCapacity ml.g5.2xlarge for 3h', times: 1, answer: null },
      { at: iso(berlin('2026-03-31', 0)), what: 'events drop for 24h', times: 9, answer: null },
    ],
    events: events.sort((a, b) => a.at.localeCompare(b.at)),
    calls: { 'SageMaker.DescribeEndpoint': 61_204, 'SageMaker.CreateEndpoint': 25, 'SageMaker.DeleteEndpoint': 24 },
    invariants: { checked: 201_600, violations: [] },
    bill: billFor(endpoints),
  };
}
