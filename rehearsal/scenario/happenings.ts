import * as v from 'valibot';
import { at, choice, count, fields, oneOf, text, word } from '../../shared/documents/schema.ts';
import {
  DURATION_ALLOWED,
  DURATION_PATTERN,
  INSTANT_ALLOWED,
  INSTANT_PATTERN,
  OFFSET_ALLOWED,
  OFFSET_PATTERN,
  parseDuration,
  parseInstant,
  parseOffset,
} from '../../shared/documents/values.ts';
import type { ServiceName } from '../../simulator/contract.ts';
import { loadServiceModel, SERVICE_NAMES } from '../../simulator/wire/model.ts';

/** A time in a scenario: an instant, or an offset from its start. */
export type ScenarioTime = { readonly instant: number } | { readonly offset: number };

const TIME_ALLOWED = `${INSTANT_ALLOWED}, or ${OFFSET_ALLOWED} from the start`;

const time = oneOf(
  (input) => (typeof input === 'string' && input.startsWith('+') ? 1 : 0),
  [
    text(INSTANT_PATTERN, TIME_ALLOWED, (input): ScenarioTime | undefined => {
      const instant = parseInstant(input);
      return instant === undefined ? undefined : { instant };
    }),
    text(OFFSET_PATTERN, TIME_ALLOWED, (input): ScenarioTime | undefined => {
      const offset = parseOffset(input);
      return offset === undefined ? undefined : { offset };
    }),
  ],
);

const duration = text(DURATION_PATTERN, DURATION_ALLOWED, parseDuration);
const endpoint = word(/^[^\s]{1,63}$/, 'the name of an endpoint of this scenario');
const period = { at: time, for: v.optional(duration) };

const CALLS_ALLOWED = `Service.Operation, * for either (services: ${SERVICE_NAMES.join(', ')})`;
const CALL_ALLOWED = `Service.Operation of one of ${SERVICE_NAMES.join(', ')}`;

function knowsCall(input: string, wildcards: boolean): boolean {
  if (wildcards && input === '*') return true;
  const [service, operation, ...rest] = input.split('.');
  if (service === undefined || operation === undefined || rest.length > 0) return false;
  if (wildcards && (service === '*' || operation === '*')) {
    return service === '*' || SERVICE_NAMES.includes(service as ServiceName);
  }
  if (!SERVICE_NAMES.includes(service as ServiceName)) return false;
  return Object.hasOwn(loadServiceModel(service as ServiceName).operations, operation);
}

/** Words that a misspelt call is compared with. */
function callNames(): readonly string[] {
  return SERVICE_NAMES.flatMap((service) =>
    Object.keys(loadServiceModel(service).operations).map((operation) => `${service}.${operation}`),
  );
}

export const CALL_HINTS = { [CALLS_ALLOWED]: callNames, [CALL_ALLOWED]: callNames };

const calls = text(/^[A-Za-z*]+(?:\.[A-Za-z*]+)?$/, CALLS_ALLOWED, (input) =>
  knowsCall(input, true) ? input : undefined,
);
const call = text(/^[A-Za-z]+\.[A-Za-z]+$/, CALL_ALLOWED, (input) => (knowsCall(input, false) ? input : undefined));

const SHARE = 'a number above 0, at most 1';
const share = v.pipe(v.number(SHARE), v.gtValue(0, SHARE), v.maxValue(1, SHARE), v.description(SHARE));

const CODE_ALLOWED = 'an error code like AccessDeniedException, or { code, message }';
const code = word(/^[A-Za-z][A-Za-z0-9.]{0,127}$/, CODE_ALLOWED);
const failure = oneOf(
  (input) => (typeof input === 'object' && input !== null ? 1 : 0),
  [
    v.pipe(
      code,
      v.transform((input): { code: string; message?: string; httpStatus?: number } => ({ code: input })),
    ),
    fields({ code, message: v.optional(v.string('a text')), httpStatus: v.optional(count(400, 599)) }),
  ],
);

const functionName = choice(['scheduled-scaling', 'backlog-wake', 'idle-windows']);
const nth = count(1, 100_000);

const DOCUMENT_NAME = 'schedules/<name> or policies/<name>';
const documentName = text(/^(?:schedules|policies)\/[a-z0-9-]{1,64}$/, DOCUMENT_NAME, (input) => {
  const [kind, name] = input.split('/');
  return { kind: kind as 'schedules' | 'policies', name: name! };
});

const eventsSchema = v.pipe(
  fields({
    ...period,
    events: oneOf(
      (input) => (typeof input === 'object' && input !== null ? 1 : 0),
      [
        choice(['drop', 'twice']),
        v.pipe(
          fields({ delay: duration }),
          v.transform(({ delay }) => ({ delayMs: delay })),
        ),
      ],
    ),
    of: v.optional(word(/^[^\n]{1,128}$/, 'a detail type, or tick')),
  }),
  v.transform((input) => ({ verb: 'events' as const, at: input.at, for: input.for, of: input.of, mode: input.events })),
);

const putSchema = v.pipe(
  fields({
    at: time,
    put: documentName,
    document: v.optional(v.unknown()),
    text: v.optional(v.string('the raw value of the parameter, a text')),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    if ((dataset.value.document === undefined) === (dataset.value.text === undefined)) {
      addIssue({ message: 'exactly one of document and text', path: at('document') });
    }
  }),
  v.transform((input) => ({
    verb: 'put' as const,
    at: input.at,
    ...input.put,
    document: input.document,
    text: input.text,
  })),
);

/** One schema for each verb; the key that is present says which is meant. */
const VERBS = {
  noCapacity: v.pipe(
    fields({
      ...period,
      noCapacity: word(/^ml\.[a-z0-9-]+\.[a-z0-9]+$/, 'a SageMaker instance type like ml.g5.2xlarge'),
      failsAfter: v.optional(duration),
    }),
    v.transform((input) => ({
      verb: 'noCapacity' as const,
      at: input.at,
      for: input.for,
      instanceType: input.noCapacity,
      failsAfterMs: input.failsAfter ?? 30 * 60_000,
    })),
  ),
  throttle: v.pipe(
    fields({ ...period, throttle: calls, share: v.optional(share) }),
    v.transform((input) => ({
      verb: 'callFault' as const,
      at: input.at,
      for: input.for,
      calls: input.throttle,
      share: input.share ?? 1,
      error: { code: 'ThrottlingException', message: 'Rate exceeded' } as FaultError,
    })),
  ),
  fail: v.pipe(
    fields({ ...period, fail: calls, with: failure, share: v.optional(share) }),
    v.transform((input) => ({
      verb: 'callFault' as const,
      at: input.at,
      for: input.for,
      calls: input.fail,
      share: input.share ?? 1,
      error: { ...input.with, message: input.with.message ?? `${input.with.code} (scripted)` } as FaultError,
    })),
  ),
  network: v.pipe(
    fields({
      ...period,
      network: choice(['reset', 'truncated', 'html']),
      calls,
      share: v.optional(share),
      effect: v.optional(choice(['before', 'after'])),
    }),
    v.transform((input) => ({
      verb: 'network' as const,
      at: input.at,
      for: input.for,
      calls: input.calls,
      share: input.share ?? 1,
      kind: input.network,
      // What is cut off is an answer, and only a call that took effect has one of its own.
      effect: input.effect ?? (input.network === 'truncated' ? ('after' as const) : ('before' as const)),
    })),
  ),
  crash: v.pipe(
    fields({ at: time, crash: functionName, after: calls, nth: v.optional(nth) }),
    v.transform((input) => ({
      verb: 'crash' as const,
      at: input.at,
      function: input.crash,
      after: input.after,
      nth: input.nth ?? 1,
    })),
  ),
  stall: v.pipe(
    fields({ at: time, stall: functionName, after: calls, for: duration, nth: v.optional(nth) }),
    v.transform((input) => ({
      verb: 'stall' as const,
      at: input.at,
      function: input.stall,
      after: input.after,
      nth: input.nth ?? 1,
      durationMs: input.for,
    })),
  ),
  run: v.pipe(
    fields({ at: time, run: functionName, times: v.optional(count(1, 20)) }),
    v.transform((input) => ({ verb: 'run' as const, at: input.at, function: input.run, count: input.times ?? 1 })),
  ),
  events: eventsSchema,
  metrics: v.pipe(
    fields({ ...period, metrics: choice(['missing']), of: endpoint }),
    v.transform((input) => ({ verb: 'hideMetrics' as const, at: input.at, for: input.for, endpoint: input.of })),
  ),
  call: v.pipe(
    fields({ at: time, call, with: v.optional(v.looseObject({}, 'the input of the call, an object')) }),
    v.transform((input) => {
      const [service, operation] = input.call.split('.') as [string, string];
      return { verb: 'call' as const, at: input.at, service, operation, input: input.with ?? {} };
    }),
  ),
  requests: v.pipe(
    fields({ at: time, requests: count(1, 1_000_000), to: endpoint }),
    v.transform((input) => ({ verb: 'requests' as const, at: input.at, count: input.requests, endpoint: input.to })),
  ),
  put: putSchema,
  remove: v.pipe(
    fields({ at: time, remove: documentName }),
    v.transform((input) => ({ verb: 'remove' as const, at: input.at, ...input.remove })),
  ),
  giveBack: v.pipe(
    fields({ at: time, giveBack: endpoint }),
    v.transform((input) => ({ verb: 'giveBack' as const, at: input.at, endpoint: input.giveBack })),
  ),
  hold: v.pipe(
    fields({
      at: time,
      hold: endpoint,
      mode: choice(['up', 'down', 'hands-off']),
      until: time,
      why: word(/^(?=.*\S)[^\n]{1,256}$/, 'why, a text of 1 to 256 characters'),
    }),
    v.transform((input) => ({
      verb: 'hold' as const,
      at: input.at,
      endpoint: input.hold,
      mode: input.mode,
      until: input.until,
      why: input.why,
    })),
  ),
  unhold: v.pipe(
    fields({ at: time, unhold: endpoint }),
    v.transform((input) => ({ verb: 'unhold' as const, at: input.at, endpoint: input.unhold })),
  ),
} as const;

interface FaultError {
  readonly code: string;
  readonly message: string;
  readonly httpStatus?: number;
}

const NAMES = Object.keys(VERBS);
const VERB_ALLOWED = `an entry { at, … } with one of ${NAMES.join(', ')}`;

function verbOf(input: unknown): number {
  if (typeof input !== 'object' || input === null) return NAMES.length;
  const index = NAMES.findIndex((verb) => Object.hasOwn(input, verb));
  return index < 0 ? NAMES.length : index;
}

type VerbOutput = v.InferOutput<(typeof VERBS)[keyof typeof VERBS]>;

/** Any entry of `happens`. */
export const happeningSchema = oneOf(verbOf, [
  ...Object.values(VERBS),
  v.custom<never>(() => false, VERB_ALLOWED),
]) as unknown as v.GenericSchema<unknown, VerbOutput>;

export type HappeningDocument = VerbOutput;
