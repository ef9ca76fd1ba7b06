import { EVENT_SOURCE, REQUEST_SOURCE } from '../domain/decision.ts';
import type { Instant } from '../domain/time.ts';
import type { Ignored, Trigger } from '../ports/run.ts';

type Fields = Readonly<Record<string, unknown>>;

const ENDPOINT_NAME = /^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$/;
const ALARM_STATES = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const;
/** Free text of a request is kept short: it is stored in a record of limited size. */
const TEXT_LIMIT = 200;
/** API reference, PutMetricAlarm: names have at most 255 characters. */
const ALARM_NAME = /^[^\p{Cc}]{1,255}$/u;
/** What ends a line or moves a cursor is no word of a reason. */
const NOT_TEXT = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;

/** Every event that can reach a function, as a closed union. `receivedAt` stands in for a time the event does not tell. */
export function parseEvent(event: unknown, receivedAt: Instant): Trigger | Ignored {
  const fields = asFields(event);
  if (fields === undefined) return malformed('the event is not an object');
  if (fields['kind'] === 'tick') return parseTick(fields);
  if (asFields(fields['alarmData']) !== undefined) return parseAlarmAction(fields, receivedAt);
  const source = fields['source'];
  const detailType = fields['detail-type'];
  if (source === 'aws.sagemaker' && detailType === 'SageMaker Endpoint State Change')
    return parseState(fields, receivedAt);
  if (source === 'aws.cloudwatch' && detailType === 'CloudWatch Alarm State Change') {
    return parseAlarmDetail(asFields(fields['detail']), receivedAt);
  }
  if (source === EVENT_SOURCE && detailType === 'Endpoint Ready') return parseReady(fields, receivedAt);
  if ((source === REQUEST_SOURCE || source === EVENT_SOURCE) && detailType === 'Wake Requested') {
    return parseWakeRequest(fields, receivedAt);
  }
  return { kind: 'unknown', what: `${printable(source)} / ${printable(detailType)}` };
}

function parseTick(fields: Fields): Trigger | Ignored {
  const scheduledAt = instantOf(fields['scheduledAt']);
  if (scheduledAt === undefined) {
    return malformed(
      `scheduledAt is ${printable(fields['scheduledAt'])}: an ISO instant, as <aws.scheduler.scheduled-time> gives`,
    );
  }
  return { kind: 'tick', scheduledAt };
}

function parseState(fields: Fields, receivedAt: Instant): Trigger | Ignored {
  const detail = asFields(fields['detail']) ?? {};
  const endpoint = endpointNameOf(detail['EndpointName']);
  const status = detail['EndpointStatus'];
  if (endpoint === undefined)
    return malformed(`detail.EndpointName is ${printable(detail['EndpointName'])}: an endpoint's name`);
  if (typeof status !== 'string') return malformed(`detail.EndpointStatus is ${printable(status)}: a status`);
  // The documented sample carries an epoch in `time`; LastModifiedTime is epoch milliseconds.
  const at = instantOf(fields['time']) ?? instantOf(detail['LastModifiedTime']) ?? receivedAt;
  return { kind: 'endpoint-state', endpoint, status, at };
}

function parseReady(fields: Fields, receivedAt: Instant): Trigger | Ignored {
  const endpoint = endpointNameOf(asFields(fields['detail'])?.['endpoint']);
  if (endpoint === undefined) return malformed("detail.endpoint is missing: an endpoint's name");
  return { kind: 'endpoint-ready', endpoint, at: instantOf(fields['time']) ?? receivedAt };
}

function parseWakeRequest(fields: Fields, receivedAt: Instant): Trigger | Ignored {
  const detail = asFields(fields['detail']) ?? {};
  const endpoint = endpointNameOf(detail['endpoint']);
  if (endpoint === undefined)
    return malformed(`detail.endpoint is ${printable(detail['endpoint'])}: an endpoint's name`);
  const by = shortText(detail['by']);
  const why = shortText(detail['why']);
  const demand = shortText(detail['demand']);
  return {
    kind: 'wake-requested',
    endpoint,
    at: instantOf(fields['time']) ?? receivedAt,
    ...(by === undefined ? {} : { by }),
    ...(why === undefined ? {} : { why }),
    ...(detail['retry'] === true ? { retry: true } : {}),
    ...(demand === undefined ? {} : { demand }),
  };
}

/** An alarm's Lambda action sends the rule event's detail under another name. */
function parseAlarmAction(fields: Fields, receivedAt: Instant): Trigger | Ignored {
  return parseAlarmDetail(asFields(fields['alarmData']), instantOf(fields['time']) ?? receivedAt);
}

function parseAlarmDetail(detail: Fields | undefined, receivedAt: Instant): Trigger | Ignored {
  const alarm = detail?.['alarmName'];
  const state = asFields(detail?.['state']);
  const value = ALARM_STATES.find((candidate) => candidate === state?.['value']);
  if (typeof alarm !== 'string' || !ALARM_NAME.test(alarm))
    return malformed(`alarmName is ${printable(alarm)}: an alarm's name`);
  if (value === undefined) {
    return malformed(`state.value is ${printable(state?.['value'])}: one of ${ALARM_STATES.join(', ')}`);
  }
  return {
    kind: 'alarm',
    alarm,
    state: value,
    at: instantOf(state?.['timestamp']) ?? receivedAt,
    endpoints: endpointsOf(asFields(detail?.['configuration'])),
  };
}

/** Composite alarms have no metrics; metric math names the endpoint in its members only. */
function endpointsOf(configuration: Fields | undefined): readonly string[] {
  const metrics = configuration?.['metrics'];
  if (!Array.isArray(metrics)) return [];
  const names = metrics.map((metric) => {
    const dimensions = asFields(asFields(asFields(asFields(metric)?.['metricStat'])?.['metric'])?.['dimensions']);
    return endpointNameOf(dimensions?.['EndpointName']);
  });
  return [...new Set(names.filter((name) => name !== undefined))];
}

function instantOf(value: unknown): Instant | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return epochOf(value);
  if (typeof value !== 'string' || value === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return epochOf(Number(value));
  // CloudWatch writes its offset without a colon, which Date does not promise to read.
  const instant = Date.parse(value.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
  return Number.isNaN(instant) ? undefined : instant;
}

/** Seconds and milliseconds both occur; seconds stay below 1e11 until the year 5138. */
function epochOf(value: number): Instant | undefined {
  const instant = Math.round(value < 1e11 ? value * 1000 : value);
  // ECMAScript: a Date reaches 100 million days to either side; beyond, it cannot be written down.
  return Math.abs(instant) <= 8.64e15 ? instant : undefined;
}

function endpointNameOf(value: unknown): string | undefined {
  return typeof value === 'string' && ENDPOINT_NAME.test(value) ? value : undefined;
}

function shortText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  // Cut first: the rest of a text of megabytes is not worth a look. Whole characters, so that no half of one is left.
  const whole = Array.from(
    value
      .slice(0, 2 * TEXT_LIMIT)
      .replace(NOT_TEXT, ' ')
      .trim(),
  );
  const text = whole.slice(0, TEXT_LIMIT).join('');
  return text === '' ? undefined : text;
}

function asFields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function printable(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value)?.slice(0, 80) ?? 'not printable');
}

function malformed(problem: string): Ignored {
  return { kind: 'malformed', problem };
}
