import * as v from 'valibot';
import { NAME_ALLOWED, NAME_PATTERN } from '../../shared/documents/limits.ts';
import { at, choice, count, fields, flag, list, named, oneOf, text, word } from '../../shared/documents/schema.ts';
import {
  DURATION_ALLOWED,
  DURATION_PATTERN,
  INSTANT_ALLOWED,
  INSTANT_PATTERN,
  parseDuration,
  parseInstant,
} from '../../shared/documents/values.ts';
import { READING_NAMES, READINGS } from '../../simulator/index.ts';
import { checkServerless } from './check-serverless.ts';
import { COMPONENT_ALLOWED, COMPONENT_NAME, templateParameters } from './happening-values.ts';

import { happeningSchema } from './happenings.ts';
import { trafficSchema } from './traffic.ts';

const ENDPOINT_PATTERN = /^[a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62}$/;
const ENDPOINT_ALLOWED = 'an endpoint name: 1 to 63 letters, digits and inner hyphens';
const INSTANCE_TYPE_ALLOWED = 'a SageMaker instance type like ml.g5.2xlarge';
const START_ALLOWED = `${DURATION_ALLOWED}, or { p50, p95 }`;
/** InvokeEndpointWithBidirectionalStream. */
const STREAM_AT_MOST_MS = 30 * 60_000;
const WEIGHT_ALLOWED = 'a number, 0 or more: its share of the traffic beside the others';
const VARIANTS_ALLOWED = '2 to 10 variants, { <name>: { instanceType, instances, weight } }';
const MAXIMUM_RUN_MS = 400 * 86_400_000;

function duration(allowed: string, isAllowed: (ms: number) => boolean) {
  return text(DURATION_PATTERN, allowed, (input) => {
    const ms = parseDuration(input);
    return ms !== undefined && isAllowed(ms) ? ms : undefined;
  });
}

const INSTANCE_TYPE = /^ml\.[a-z0-9-]+\.[a-z0-9]+$/;
const instanceType = word(INSTANCE_TYPE, INSTANCE_TYPE_ALLOWED);
const positive = duration(`${DURATION_ALLOWED}, above 0`, (ms) => ms > 0);

const SERVERLESS_PRICES = ['serverless', 'serverless-provisioned', 'serverless-provisioned-use'] as const;
const priced = word(
  new RegExp(`^(?:${INSTANCE_TYPE.source.slice(1, -1)}|${SERVERLESS_PRICES.join('|')})$`),
  `${INSTANCE_TYPE_ALLOWED}, or ${SERVERLESS_PRICES.join(', ')}`,
);

const KINDS = ['real-time', 'async', 'components', 'serverless'] as const;
const kind = choice(KINDS);

const startsIn = oneOf(
  (input) => (typeof input === 'object' && input !== null ? 1 : 0),
  [
    v.pipe(
      positive,
      v.transform((ms) => ({ kind: 'fixed' as const, ms })),
      v.description(START_ALLOWED),
    ),
    v.pipe(
      fields({ p50: positive, p95: positive }),
      v.rawCheck(({ dataset, addIssue }) => {
        if (dataset.typed && dataset.value.p95 < dataset.value.p50) {
          addIssue({ message: 'a duration of at least p50', path: at('p95') });
        }
      }),
      v.transform(({ p50, p95 }) => ({ kind: 'lognormal' as const, p50Ms: p50, p95Ms: p95 })),
    ),
  ],
);

/** What one instance can take at once, and for how long a request keeps it. */
const serves = v.pipe(
  fields({
    concurrent: count(1, 10_000),
    in: duration(`${DURATION_ALLOWED}, from 1ms to 1h`, (ms) => ms >= 1 && ms <= 3_600_000),
    streams: v.optional(flag),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (dataset.typed && dataset.value.streams === true && dataset.value.in > STREAM_AT_MOST_MS) {
      addIssue({ message: `${DURATION_ALLOWED}, at most 30m: SageMaker ends a stream then`, path: at('in') });
    }
  }),
);

/** An inference component: its copies, what each takes of an instance, and what is asked of it. */
const componentFields = {
  copies: v.optional(count(0, 1_000)),
  accelerators: v.optional(count(1, 64)),
  cpus: v.optional(count(1, 1_000)),
  memoryMb: v.optional(count(128, 10_000_000)),
};

const componentSchema = fields({
  ...componentFields,
  startsIn: v.optional(startsIn),
  serves: v.optional(serves),
  traffic: v.optional(trafficSchema),
  whenAway: v.optional(choice(['lost', 'asks', 'retries'])),
});

const INSTANCES_ALLOWED = 'a whole number from 0 to 1000; for kind components { min, max }';
const instances = oneOf(
  (input) => (typeof input === 'object' && input !== null ? 1 : 0),
  [
    v.pipe(
      count(0, 1_000),
      v.transform((number) => ({ form: 'count' as const, number })),
      v.description(INSTANCES_ALLOWED),
    ),
    v.pipe(
      fields({ min: count(0, 1_000), max: count(1, 1_000) }),
      v.rawCheck(({ dataset, addIssue }) => {
        if (dataset.typed && dataset.value.max < dataset.value.min) {
          addIssue({ message: 'a count of at least min', path: at('max') });
        }
      }),
      v.transform((range) => ({ form: 'range' as const, ...range })),
    ),
  ],
);

const ONLY_COMPONENTS = ['components', ...Object.keys(componentFields)] as const;
const SINGLE = ['serves', 'traffic', 'whenAway', ...Object.keys(componentFields)] as const;

const weight = v.pipe(
  v.number(WEIGHT_ALLOWED),
  v.finite(WEIGHT_ALLOWED),
  v.minValue(0, WEIGHT_ALLOWED),
  v.description(WEIGHT_ALLOWED),
);

const MAX_VARIANTS = 10;

/** Several production variants; requests go to them by weight. */
const variants = v.pipe(
  named(
    word(ENDPOINT_PATTERN, 'the name of a variant: 1 to 63 letters, digits and inner hyphens'),
    fields({
      instanceType: v.optional(instanceType),
      instances: v.optional(count(1, 1_000)),
      weight: v.optional(weight),
    }),
  ),
  v.minEntries(2, VARIANTS_ALLOWED),
  v.maxEntries(MAX_VARIANTS, VARIANTS_ALLOWED),
  v.check((input) => Object.values(input).some((one) => one.weight !== 0), 'a weight above 0 for at least one'),
);

/** SageMaker's own limit on instance pools. */
const MAX_POOLS = 5;
const pools = v.pipe(
  list(
    fields({ instanceType, concurrent: v.optional(count(1, 10_000)) }),
    'instance pools, best first: a list of { instanceType, concurrent }',
    MAX_POOLS,
  ),
  v.minLength(1, 'at least one pool'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const types = dataset.value.map((pool) => pool.instanceType);
    types.forEach((type, index) => {
      if (types.indexOf(type) < index)
        addIssue({ message: 'a type of its own for each pool', path: at(index, 'instanceType') });
    });
  }),
);

export const endpointSchema = v.pipe(
  fields({
    kind,
    policy: v.optional(word(NAME_PATTERN, NAME_ALLOWED)),
    tags: v.optional(named(word(/^[^\n]{1,128}$/, 'a tag key'), word(/^[^\n]{0,256}$/, 'a tag value, a string'))),
    instanceType: v.optional(instanceType),
    pools: v.optional(pools),
    instances: v.optional(instances),
    variants: v.optional(variants),
    startsIn: v.optional(startsIn),
    deletesIn: v.optional(positive),
    serves: v.optional(serves),
    traffic: v.optional(trafficSchema),
    whenAway: v.optional(choice(['lost', 'asks', 'retries'])),
    requestTtl: v.optional(duration(`${DURATION_ALLOWED}, from 60s to 6h`, (ms) => ms >= 60_000 && ms <= 21_600_000)),
    maxConcurrency: v.optional(count(1, 200)),
    provisionedConcurrency: v.optional(count(0, 200)),
    coldStart: v.optional(duration(`${DURATION_ALLOWED}, from 1ms to 60s`, (ms) => ms >= 1 && ms <= 60_000)),
    ...componentFields,
    components: v.optional(named(word(COMPONENT_NAME, COMPONENT_ALLOWED), componentSchema)),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const refuse = (field: string, message: string) => addIssue({ message, path: at(field) });
    const endpoint = dataset.value;
    checkServerless(endpoint, refuse);
    if (endpoint.kind === 'serverless') {
      if (endpoint.requestTtl !== undefined) refuse('requestTtl', 'only for kind async');
      return;
    }
    const { kind: endpointKind, instances: given, whenAway, requestTtl } = endpoint;
    if (endpoint.variants !== undefined && given !== undefined) {
      refuse('instances', 'absent: each of the variants says its own');
    }
    if (endpoint.variants !== undefined && endpointKind !== 'real-time') {
      refuse('variants', 'only for kind real-time: others have one variant');
    }
    const named = endpoint.pools !== undefined;
    if (named && endpoint.variants !== undefined)
      refuse('pools', 'absent: only an endpoint with one variant has pools here');
    else if (named && endpointKind === 'components') refuse('pools', 'only for kinds real-time and async');
    else if (named && endpoint.instanceType !== undefined) refuse('instanceType', 'absent: pools name the types');
    else if (!named && endpoint.instanceType === undefined)
      refuse('instanceType', `required: ${INSTANCE_TYPE_ALLOWED}`);
    if (endpointKind === 'real-time' && given?.form === 'count' && given.number === 0) {
      refuse('instances', 'at least 1 for kind real-time');
    }
    if (given !== undefined && (given.form === 'range') !== (endpointKind === 'components')) {
      refuse(
        'instances',
        endpointKind === 'components' ? '{ min, max } for kind components' : `a whole number for kind ${endpointKind}`,
      );
    }
    if (endpointKind === 'async' && whenAway !== undefined) {
      refuse('whenAway', 'only for kinds real-time and components: an asynchronous request waits in its queue');
    }
    if (endpointKind === 'real-time' && whenAway === 'retries') refuse('whenAway', 'lost or asks for kind real-time');
    if (endpointKind !== 'async' && requestTtl !== undefined) refuse('requestTtl', 'only for kind async');
    if (endpointKind !== 'components') {
      for (const field of ONLY_COMPONENTS) {
        if (field in endpoint) refuse(field, 'only for kind components');
      }
    } else if (endpoint.components !== undefined) {
      for (const field of SINGLE)
        if (field in endpoint) refuse(field, 'inside a component, where components are named');
      if (Object.keys(endpoint.components).length === 0) refuse('components', 'at least one component');
    }
    if (endpointKind === 'async' && endpoint.serves?.streams === true) {
      const message = 'only for kind real-time and components: asynchronous requests are no streams';
      addIssue({ message, path: at('serves', 'streams') });
    }
  }),
);

/** A path, relative to the scenario, or the document itself; what is inside is checked as `apply` checks it. */
const documentSchema = oneOf(
  (input) => (typeof input === 'string' ? 0 : 1),
  [
    word(/^[^\n]+$/, 'a path relative to this document, or the document itself'),
    v.looseObject({}, 'a path relative to this document, or the document itself'),
  ],
);

const PERCENT = /^\d+(?:\.\d+)?%$/;
const PERCENT_ALLOWED = 'a percentage from 0% to 100%';
const percentage = text(PERCENT, PERCENT_ALLOWED, (input) => {
  const share = Number(input.slice(0, -1)) / 100;
  return share <= 1 ? share : undefined;
});

/** What AWS leaves open, read otherwise than by default: one switch each. */
const readingsSchema = fields(
  Object.fromEntries(READING_NAMES.map((name) => [name, v.optional(choice(READINGS[name]))])),
);

/** The grammar of a scenario; JSON Schema and types come from here. */
export const scenarioSchema = v.pipe(
  fields({
    start: text(INSTANT_PATTERN, INSTANT_ALLOWED, parseInstant),
    for: v.optional(duration(`${DURATION_ALLOWED}, from 1m to 400d`, (ms) => ms >= 60_000 && ms <= MAXIMUM_RUN_MS)),
    seed: v.optional(count(0, Number.MAX_SAFE_INTEGER)),
    region: v.optional(word(/^[a-z]{2}(?:-[a-z]+)+-\d$/, 'an AWS region like eu-central-1')),
    parameters: v.optional(templateParameters),
    prices: v.optional(
      named(priced, v.pipe(v.number('USD per hour, 0 or more'), v.minValue(0, 'USD per hour, 0 or more'))),
    ),
    schedules: v.optional(named(word(NAME_PATTERN, NAME_ALLOWED), documentSchema)),
    policies: v.optional(named(word(NAME_PATTERN, NAME_ALLOWED), documentSchema)),
    endpoints: named(word(ENDPOINT_PATTERN, ENDPOINT_ALLOWED), endpointSchema),
    happens: v.optional(list(happeningSchema, 'a list of what happens, { at, <verb>, … }', 10_000)),
    readings: v.optional(readingsSchema),
    expect: v.optional(
      fields({
        maxCold: v.optional(percentage),
        maxLate: v.optional(duration(DURATION_ALLOWED, () => true)),
        maxCut: v.optional(count(0, 1_000_000)),
      }),
    ),
  }),
  v.title('Scenario'),
  v.description('A rehearsal: endpoints with their traffic, the documents that govern them, and what happens to them.'),
);

/** A scenario as a user writes it, values parsed, paths and defaults not yet applied. */
export type ScenarioDocument = v.InferOutput<typeof scenarioSchema>;
