import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toJsonSchema } from '@valibot/to-json-schema';
import { resultSchema } from '../rehearsal/result-schema.ts';
import { scenarioSchema } from '../rehearsal/scenario/grammar.ts';
import { policySchema } from '../shared/documents/policy.ts';
import { scheduleSchema } from '../shared/documents/schedule.ts';
import { DECISIONS, EVENT_SOURCE, EVENT_TYPES, REASON_CODES, REQUEST_SOURCE } from '../shared/domain/decision.ts';
import { DRIFT_ANSWERS, DRIFT_FIELDS } from '../shared/domain/drift.ts';
import { TROUBLE_REASONS } from '../shared/domain/scaling-activity.ts';

type Source = Parameters<typeof toJsonSchema>[0];

/** Documents that editors check while they are written; the same source parses them. */
const SOURCES: Readonly<Record<string, Source>> = {
  schedule: scheduleSchema,
  policy: policySchema,
  scenario: scenarioSchema,
  result: resultSchema,
};

/** What the detail of events of one type holds beside the common fields. */
function detailOf(type: string, required: readonly string[], properties: Readonly<Record<string, unknown>>) {
  return {
    if: { properties: { 'detail-type': { const: type } } },
    // JSON Schema's own word; nothing is ever awaited.
    // biome-ignore lint/suspicious/noThenProperty: see above
    then: { properties: { detail: { required, properties } } }, // oxlint-disable-line unicorn/no-thenable
  };
}

/** Events that the product puts on the bus: closed lists of types, decisions and reason codes. */
const EVENT_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  required: ['source', 'detail-type', 'detail'],
  properties: {
    source: { enum: [EVENT_SOURCE, REQUEST_SOURCE] },
    'detail-type': { enum: EVENT_TYPES },
    detail: {
      type: 'object',
      properties: {
        endpoint: {
          type: 'string',
          description: 'Name with its case; absent where an event is not about one endpoint.',
        },
        at: { type: 'string', format: 'date-time' },
        decision: { enum: DECISIONS },
        reason: { enum: REASON_CODES },
        by: { type: 'string' },
        why: { type: 'string' },
      },
    },
  },
  allOf: [
    detailOf('Drift Found', ['endpoint', 'policy', 'field', 'expected', 'actual', 'done'], {
      field: { enum: DRIFT_FIELDS },
      subject: { type: 'string', description: 'Name of the policy or alarm.' },
      expected: { type: 'string' },
      actual: { type: 'string' },
      done: { enum: DRIFT_ANSWERS },
    }),
    detailOf('Scaling Failed', ['endpoint', 'resource', 'activity', 'class', 'reason', 'message', 'advice'], {
      class: { enum: Object.keys(TROUBLE_REASONS) },
      reason: { enum: Object.values(TROUBLE_REASONS) },
      resource: { type: 'string', description: 'Resource id of the scalable target.' },
      activity: { type: 'string' },
      activityAt: { type: 'string', format: 'date-time' },
      what: { type: 'string' },
      cause: { type: 'string' },
      message: { type: 'string' },
      advice: { type: 'string' },
    }),
  ],
};

/** JSON Schema (draft-07) of each document, as the text of its file. */
export function renderSchemas(): ReadonlyMap<string, string> {
  const rendered = new Map<string, string>();
  for (const [name, source] of Object.entries(SOURCES)) {
    // What a schema cannot say (min ≤ max, a zone that exists) is for `validate`.
    const schema = toJsonSchema(source, { typeMode: 'input', errorMode: 'ignore' });
    rendered.set(`${name}.schema.json`, `${JSON.stringify(schema, null, 2)}\n`);
  }
  rendered.set('event.schema.json', `${JSON.stringify(EVENT_SCHEMA, null, 2)}\n`);
  return rendered;
}

export const SCHEMA_FOLDER = new URL('../docs/schemas/', import.meta.url);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(SCHEMA_FOLDER, { recursive: true });
  for (const [file, text] of renderSchemas()) {
    writeFileSync(new URL(file, SCHEMA_FOLDER), text);
    process.stdout.write(`docs/schemas/${file}\n`);
  }
}
