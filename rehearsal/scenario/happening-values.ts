import * as v from 'valibot';
import { choice, count, fields, named, oneOf, text, word } from '../../shared/documents/schema.ts';
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

export const COMPONENT_NAME = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$/;
export const COMPONENT_ALLOWED = 'a component name: 1 to 63 letters, digits and inner hyphens';

export const time = oneOf(
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

export const duration = text(DURATION_PATTERN, DURATION_ALLOWED, parseDuration);
export const endpoint = word(/^[^\s]{1,63}$/, 'the name of an endpoint of this scenario');
export const period = { at: time, for: v.optional(duration) };

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

export const calls = text(/^[A-Za-z*]+(?:\.[A-Za-z*]+)?$/, CALLS_ALLOWED, (input) =>
  knowsCall(input, true) ? input : undefined,
);
export const call = text(/^[A-Za-z]+\.[A-Za-z]+$/, CALL_ALLOWED, (input) =>
  knowsCall(input, false) ? input : undefined,
);

const SHARE = 'a number above 0, at most 1';
export const share = v.pipe(v.number(SHARE), v.gtValue(0, SHARE), v.maxValue(1, SHARE), v.description(SHARE));

const CODE_ALLOWED = 'an error code like AccessDeniedException, or { code, message }';
const code = word(/^[A-Za-z][A-Za-z0-9.]{0,127}$/, CODE_ALLOWED);
export const failure = oneOf(
  (input) => (typeof input === 'object' && input !== null ? 1 : 0),
  [
    v.pipe(
      code,
      v.transform((input): { code: string; message?: string; httpStatus?: number } => ({ code: input })),
    ),
    fields({ code, message: v.optional(v.string('a text')), httpStatus: v.optional(count(400, 599)) }),
  ],
);

export const functionName = choice(['scheduled-scaling', 'backlog-wake', 'idle-windows']);
export const nth = count(1, 100_000);

export const parameterValue = v.pipe(
  v.union([v.string(), v.number(), v.boolean()], 'a text, a number, true or false'),
  v.transform(String),
);
/** Parameters of template.yaml; which there are, and with what values, is checked against it later. */
export const templateParameters = named(word(/^[A-Za-z0-9]{1,255}$/, 'a parameter of template.yaml'), parameterValue);
