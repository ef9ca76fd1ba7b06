import { parsePolicy, toParameterText } from '../../shared/documents/index.ts';
import { makeProblem, nearest, type Problem } from '../../shared/documents/problem.ts';
import { formatDuration } from '../../shared/documents/values.ts';
import type { DeliveryMode } from '../../simulator/contract.ts';
import type { Happening } from '../model.ts';
import { convertSchedule, type ResolveContext, under } from './context.ts';
import type { ScenarioTime } from './happening-values.ts';
import type { HappeningDocument } from './happenings.ts';

const MAXIMUM_HOLD_MS = 30 * 86_400_000;

/** Entries of `happens` with their times as instants and their documents as `apply` would write them. */
export function resolveHappenings(
  context: ResolveContext,
  entries: readonly (HappeningDocument | undefined)[],
): Happening[] {
  const resolved: Happening[] = [];
  entries.forEach((entry, index) => {
    if (entry === undefined) return;
    const at = instantOf(context, entry.at);
    if (at < context.start) {
      const allowed = 'a time not before the start of the scenario';
      context.problems.push(makeProblem(['happens', index, 'at'], new Date(at).toISOString(), allowed));
    }
    checkEndpoint(context, entry, index);
    const happening = resolve(context, entry, index, at);
    if (happening !== undefined) resolved.push(happening);
  });
  return resolved;
}

function instantOf(context: ResolveContext, time: ScenarioTime): number {
  return 'instant' in time ? time.instant : context.start + time.offset;
}

const ENDPOINT_FIELDS = {
  metrics: 'of',
  requests: 'to',
  hold: 'hold',
  unhold: 'unhold',
  giveBack: 'giveBack',
  unhealthy: 'unhealthy',
  stuck: 'stuck',
};

function checkEndpoint(context: ResolveContext, entry: HappeningDocument, index: number): void {
  if (!('endpoint' in entry)) return;
  const known = context.endpointNames;
  if (known.includes(entry.endpoint)) return;
  const path = ['happens', index, ENDPOINT_FIELDS[entry.verb]];
  const allowed = `an endpoint of this scenario: ${known.join(', ')}`;
  context.problems.push(makeProblem(path, entry.endpoint, allowed, { didYouMean: nearest(entry.endpoint, known) }));
}

/** The component that requests go to: the one that is named, or the only one. */
function checkComponent(
  { document, problems }: ResolveContext,
  { endpoint, component }: Extract<HappeningDocument, { verb: 'requests' }>,
  index: number,
): string | undefined {
  const found = document.endpoints[endpoint];
  if (found === undefined) return component;
  const names = found.kind === 'components' ? Object.keys(found.components ?? { [endpoint]: {} }) : [];
  const [only, ...more] = names;
  if (component === undefined ? more.length === 0 : names.includes(component)) return component ?? only;
  const allowed =
    only === undefined ? `absent: ${endpoint} has no components` : `a component of ${endpoint}: ${names.join(', ')}`;
  const value = component ?? 'absent';
  problems.push(makeProblem(['happens', index, 'component'], value, allowed, { didYouMean: nearest(value, names) }));
  return component;
}

function resolve(context: ResolveContext, entry: HappeningDocument, index: number, at: number): Happening | undefined {
  const until = 'for' in entry && entry.for !== undefined ? at + entry.for : undefined;
  const whole = { at, what: describe(entry) };
  switch (entry.verb) {
    case 'noCapacity': {
      const { instanceType, failsAfterMs } = entry;
      return { ...whole, verb: 'noCapacity', until, instanceType, failsAfterMs };
    }
    case 'noQuota':
      return { ...whole, verb: 'noQuota', until, instanceType: entry.instanceType };
    case 'unhealthy': {
      const { endpoint, failsAfterMs, reason } = entry;
      return { ...whole, verb: 'unhealthy', until, endpoint, failsAfterMs, reason };
    }
    case 'stuck':
      return { ...whole, verb: 'stuck', until: at + entry.for, endpoint: entry.endpoint, status: entry.status };
    case 'callFault': {
      const { calls, share, error } = entry;
      return { ...whole, verb: 'callFault', until, calls, share, error };
    }
    case 'network': {
      const { calls, share, kind, effect } = entry;
      return { ...whole, verb: 'network', until, calls, share, kind, effect };
    }
    case 'events': {
      const { of, mode } = entry;
      return { ...whole, verb: 'events', until, of, mode };
    }
    case 'metrics':
      return { ...whole, verb: 'metrics', until, endpoint: entry.endpoint, mode: entry.mode };
    case 'stale':
      return { ...whole, verb: 'stale', until, calls: entry.calls, byMs: entry.byMs };
    case 'clock':
      return { ...whole, verb: 'clock', until, of: entry.of, byMs: entry.byMs };
    case 'put': {
      const text = entry.text ?? convert(context, entry, index);
      return text === undefined ? undefined : { ...whole, verb: 'put', kind: entry.kind, name: entry.name, text };
    }
    case 'requests': {
      const component = checkComponent(context, entry, index);
      return { ...whole, verb: 'requests', count: entry.count, endpoint: entry.endpoint, component };
    }
    case 'hold': {
      const end = instantOf(context, entry.until);
      if (end <= at || end - at > MAXIMUM_HOLD_MS) {
        const allowed = 'a time after `at`, at most 30 days later';
        context.problems.push(makeProblem(['happens', index, 'until'], new Date(end).toISOString(), allowed));
      }
      const { endpoint, mode, why } = entry;
      return { ...whole, verb: 'hold', endpoint, mode, until: end, why };
    }
    default: {
      const { at: _at, ...rest } = entry;
      return { ...whole, ...rest };
    }
  }
}

type Put = Extract<HappeningDocument, { verb: 'put' }>;

/** The document of a `put`, converted as by `apply`. */
function convert(context: ResolveContext, entry: Put, index: number): string | undefined {
  const path = ['happens', index, 'document'];
  const place = (problems: readonly Problem[]): Problem[] => problems.map((problem) => under(path, problem));
  if (entry.kind === 'schedules') return convertSchedule(context, entry.document, place, entry.name)?.text;
  const parsed = parsePolicy(entry.name, entry.document);
  if (parsed.ok) return toParameterText(entry.document);
  context.problems.push(...place(parsed.problems));
  return undefined;
}

function describeMode(mode: DeliveryMode): string {
  if (typeof mode === 'string') return mode;
  if ('delayMs' in mode) return `delay ${formatDuration(mode.delayMs)}`;
  if ('shuffleMs' in mode) return `shuffle ${formatDuration(mode.shuffleMs)}`;
  return `without ${mode.without.join(', ')}`;
}

function ordinal(nth: number): string {
  return nth === 1 ? '' : ` nth ${nth}`;
}

/** The entry in one line: its verb and what it is about. */
function describe(entry: HappeningDocument): string {
  const lasting = 'for' in entry && entry.for !== undefined ? ` for ${formatDuration(entry.for)}` : '';
  switch (entry.verb) {
    case 'noCapacity':
      return `noCapacity ${entry.instanceType}${lasting}`;
    case 'callFault': {
      const share = entry.share === 1 ? '' : ` share ${entry.share}`;
      return `fail ${entry.calls} with ${entry.error.code}${share}${lasting}`;
    }
    case 'noQuota':
      return `noQuota ${entry.instanceType}${lasting}`;
    case 'unhealthy':
      return `unhealthy ${entry.endpoint}${lasting}`;
    case 'stuck':
      return `stuck ${entry.endpoint} in ${entry.status}${lasting}`;
    case 'events': {
      return `events ${describeMode(entry.mode)}${entry.of === undefined ? '' : ` of ${entry.of}`}${lasting}`;
    }
    case 'metrics': {
      const mode = typeof entry.mode === 'string' ? entry.mode : `late ${formatDuration(entry.mode.lateMs)}`;
      return `metrics ${mode} of ${entry.endpoint}${lasting}`;
    }
    case 'stale':
      return `stale ${entry.calls} by ${formatDuration(entry.byMs)}${lasting}`;
    case 'clock': {
      const sign = entry.byMs < 0 ? '-' : '';
      return `clock of ${entry.of} by ${sign}${formatDuration(Math.abs(entry.byMs))}${lasting}`;
    }
    case 'network': {
      const share = entry.share === 1 ? '' : ` share ${entry.share}`;
      return `network ${entry.kind} ${entry.effect} ${entry.calls}${share}${lasting}`;
    }
    case 'crash':
      return `crash ${entry.function} after ${entry.after}${ordinal(entry.nth)}`;
    case 'stall':
      return `stall ${entry.function} after ${entry.after}${ordinal(entry.nth)} for ${formatDuration(entry.durationMs)}`;
    case 'run':
      return `run ${entry.function} times ${entry.count}`;
    case 'call':
      return `call ${entry.service}.${entry.operation}`;
    case 'requests':
      return `requests ${entry.count} to ${entry.endpoint}${entry.component === undefined ? '' : `/${entry.component}`}`;
    case 'deploy': {
      const changed = Object.entries(entry.parameters).map(([name, value]) => `${name}=${value}`);
      return `deploy ${changed.join(' ')}`.trimEnd();
    }
    case 'put':
    case 'remove':
      return `${entry.verb} ${entry.kind}/${entry.name}`;
    case 'hold':
      return `hold ${entry.endpoint} ${entry.mode}: ${entry.why}`;
    case 'unhold':
    case 'giveBack':
      return `${entry.verb} ${entry.endpoint}`;
  }
}
