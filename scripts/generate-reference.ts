import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { explainReason } from '../report/reasons.ts';
import {
  DECISIONS,
  EVENT_SOURCE,
  EVENT_TYPES,
  type EventType,
  REASON_CODES,
  REQUEST_SOURCE,
} from '../shared/domain/decision.ts';
import { METRIC_NAMES, metricFacts } from '../shared/domain/metric-names.ts';
import { PHASE_STEPS, printPhaseTable } from '../shared/domain/phases.ts';
import { ENDPOINT_STATUSES, PHASES } from '../shared/domain/record.ts';
import { RUN_METRICS } from '../shared/domain/run-metrics.ts';

/** Total by type: a new event type does not compile without a sentence. */
const EVENT_MEANINGS: Readonly<Record<EventType, string>> = {
  'Endpoint Parked': 'deleted, with a recipe that was read back',
  'Wake Started': 'the create call of a wake was sent',
  'Endpoint Ready': 'in service again, everything restored that could be',
  'Wake Failed': 'one try of a wake failed; the reason says which kind, the next try follows',
  'Endpoint Late': 'a window has begun and the endpoint is not ready; with its age',
  'Requests Expiring':
    'queued requests have waited so long that they may expire before they are served; once until the queue is young again',
  'Endpoint Orphaned': 'parked, and its config or model is gone: it is not recreated',
  'Model Changed':
    'after a wake an image is another one under its name, or the endpoint runs another config than was asked for',
  'Scale In Waiting': 'a scale-in has waited for a day for the endpoint to be quiet; told once a day',
  'Capacity Changed': 'limits, scaling policies or instances were changed',
  'Decision Refused': 'something was not done that might be expected, with the reason',
  'Policy Invalid': 'a document of the endpoint is invalid: parameter, field, value, what is allowed',
  'Policy Not Applied': 'a part of the policy that this version validates and does not apply yet',
  'Drift Found':
    'something is not as the scaler left it: `field`, `subject`, `expected`, `actual`, and what is `done` about it; once for each difference. Who changed it these APIs do not tell',
  'Scaling Failed':
    'Application Auto Scaling tried and could not, or did not try although an alarm asked: `class`, `what`, `cause`, `message`, `advice`; once while it lasts. Or the scaler was not given the instances or copies that it had asked for (`activity` is null)',
  'Hold Set': 'an operator overrides the endpoint until an instant',
  'Hold Ended': 'an operator took the hold back',
  'Endpoint Enrolled': 'the tag was found on it, or a recreated one was adopted',
  'Endpoint Let Go': 'the scaler does nothing with it any more',
  'Holidays Expiring': 'compiled holidays of a schedule end within 60 days',
  'Alarm Stuck': 'a named alarm has been in ALARM for more than 24 hours',
  'Scaler Off': 'mode off while endpoints are parked; hourly',
  'Table Left Behind':
    'a table of an earlier stack, named in the detail; `doctor` tells whether endpoints are parked in it; daily',
  'Wake Requested': `the request for a wake; anyone may put it, with source \`${REQUEST_SOURCE}\``,
};

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

function phaseTable(): string {
  const cells = new Map(printPhaseTable().map(({ phase, status, next }) => [`${phase} ${status}`, next]));
  return table(
    ['status', ...PHASES],
    ENDPOINT_STATUSES.map((status) => [status, ...PHASES.map((phase) => cells.get(`${phase} ${status}`) ?? '')]),
  );
}

function metricTable(): string {
  const rows = METRIC_NAMES.map((name) => {
    const facts = metricFacts(name);
    if (facts === undefined) throw new Error(`no facts of ${name}`);
    const { namespace, dimensions, statistic, unit, predefined, kinds } = facts;
    const own = dimensions === 'component' ? 'InferenceComponentName' : 'EndpointName, VariantName';
    const names = dimensions === 'endpoint' ? 'EndpointName' : own;
    return [
      `\`${name}\``,
      `\`${namespace}\``,
      names,
      statistic,
      unit,
      predefined === undefined ? '' : `\`${predefined}\``,
      kinds.join(', '),
    ];
  });
  return table(['name', 'namespace', 'dimensions', 'statistic', 'unit', 'predefined', 'kinds'], rows);
}

/** docs/reference.md: the closed lists and tables of the code, for people. */
export function renderReference(): string {
  return `# Reference

Written by \`node scripts/generate-reference.ts\` from the code; a test compares.

## Next step by phase and status

What the record says (column) and what SageMaker says (row) give the one next step. In a cell the first condition that holds counts.

${phaseTable()}

${table(
  ['step', 'means'],
  Object.entries(PHASE_STEPS).map(([step, meaning]) => [`\`${step}\``, meaning]),
)}

Conditions: \`deleteNoted\` a delete of ours for this incarnation was sent and never definitely refused · \`ours\` the incarnation bears the generation of
our wake · \`sameIncarnation\` it is still the one that we deleted · \`deleteOverdue\` and that delete was so long ago that it cannot have taken effect.

## Decisions and reason codes

Decisions: ${DECISIONS.map((decision) => `\`${decision}\``).join(', ')}.

${table(
  ['reason', 'means'],
  REASON_CODES.map((code) => [`\`${code}\``, explainReason(code)]),
)}

## Events

Source \`${EVENT_SOURCE}\` on the default bus. JSON Schema: [event.schema.json](schemas/event.schema.json).

${table(
  ['detail type', 'says'],
  EVENT_TYPES.map((type) => [`\`${type}\``, EVENT_MEANINGS[type]]),
)}

## Metric names of policies

${metricTable()}

## Metrics of the scaler itself

Embedded metric format, namespace \`EndpointScaler\`, dimension the function.

${table(
  ['metric', 'unit'],
  Object.entries(RUN_METRICS).map(([name, unit]) => [`\`${name}\``, unit]),
)}
`;
}

export const REFERENCE_FILE = new URL('../docs/reference.md', import.meta.url);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(REFERENCE_FILE, renderReference());
  process.stdout.write('docs/reference.md\n');
}
