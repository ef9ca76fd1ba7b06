// biome-ignore-all lint/suspicious/noThenProperty: the word of the grammar
// oxlint-disable unicorn/no-thenable
import { describe, expect, test } from 'vitest';
import { parsePolicy } from '../../../shared/documents/index.ts';
import { policyWarnings } from '../../../shared/documents/policy-warnings.ts';
import { formatProblem } from '../../../shared/documents/problem.ts';
import { METRIC_NAMES } from '../../../shared/domain/metric-names.ts';
import { CHAT_DEV, CHECKOUT, must, problemsOf, TRANSCRIBE } from './support.ts';

const WRITTEN = { namespace: 'AWS/SageMaker', name: 'Invocations', statistic: 'Average' };

const parse = (document: unknown) => must(parsePolicy('test', document));

describe('the examples of the design', () => {
  test('chat-dev', () => {
    expect(parse(CHAT_DEV)).toMatchObject({
      rungs: [{ kind: 'bounds', during: 'office', min: 1, max: 4 }, { kind: 'zero' }],
      zero: { by: 'park', idleFor: 30 * 60_000, minUp: 20 * 60_000 },
      wake: {
        on: ['request', 'alarm:orders-queue-not-empty'],
        lead: 'learned',
        fallbackConfigs: ['chat-g6-2xlarge', 'chat-g5-2xlarge'],
      },
      scaling: [],
    });
  });

  test('transcribe-async', () => {
    expect(parse(TRANSCRIBE)).toMatchObject({
      rungs: [
        { kind: 'bounds', during: 'office', min: 1, max: 5 },
        { kind: 'bounds', min: 0, max: 5 },
      ],
      wake: { on: ['backlog'], backlogPerInstance: 5 },
      scaling: [
        {
          kind: 'target-tracking',
          metric: 'ApproximateBacklogSizePerInstance',
          target: 5,
          scaleInCooldown: 300_000,
          scaleOutCooldown: 60_000,
        },
      ],
    });
  });

  test('checkout: times become the metric’s unit, defaults are filled in', () => {
    expect(parse(CHECKOUT).scaling[1]).toEqual({
      kind: 'step',
      alarm: {
        metric: 'ModelLatency',
        threshold: 500_000,
        periods: 3,
        period: 60_000,
        statistic: 'Average',
        comparison: '>=',
        missing: 'notBreaching',
      },
      steps: [
        // Application Auto Scaling takes one step without an end, the last.
        { from: 0, to: 500_000, change: { add: 1 } },
        { from: 500_000, change: { add: 3 } },
      ],
      cooldown: 300_000,
    });
  });
});

describe('defaults', () => {
  test('an empty policy leaves everything as it is', () => {
    expect(parse({})).toMatchObject({
      rungs: [{ kind: 'leave' }],
      zero: { idleFor: 5 * 60_000, minUp: 20 * 60_000 },
      wake: { lead: 'learned', fallbackConfigs: [] },
      scaling: [],
    });
    expect(parse({}).wake.on).toBeUndefined();
    expect(parse({}).zero.by).toBeUndefined();
  });

  test('idleFor is longer where an endpoint is deleted', () => {
    expect(parse({ zero: { by: 'park' } }).zero.idleFor).toBe(30 * 60_000);
    expect(parse({ zero: { by: 'instances' } }).zero.idleFor).toBe(5 * 60_000);
  });

  test('cooldowns', () => {
    const scaling = [{ kind: 'target-tracking', metric: 'InvocationsPerInstance', target: 70 }];
    expect(parse({ scaling }).scaling[0]).toMatchObject({ scaleInCooldown: 300_000, scaleOutCooldown: 300_000 });
  });
});

test('rungs take then: zero and leave, otherwise takes the same forms', () => {
  const capacity = [
    { during: 'nights', then: 'zero' },
    { during: 'freeze', then: 'leave' },
  ];
  expect(parse({ capacity, otherwise: { then: 'zero' } }).rungs).toEqual([
    { kind: 'zero', during: 'nights' },
    { kind: 'leave', during: 'freeze' },
    { kind: 'zero' },
  ]);
  expect(parse({ otherwise: 'leave' }).rungs).toEqual([{ kind: 'leave' }]);
});

test('variants have capacity and scaling of their own, and every schedule they use is known', () => {
  const policy = parse({
    variants: {
      blue: { capacity: [{ during: 'nights', min: 3, max: 4 }], scaling: CHECKOUT.scaling },
      green: { capacity: [{ during: 'office', min: 1, max: 2 }] },
    },
  });
  expect(policy.variants.get('blue')).toMatchObject({
    rungs: [{ during: 'nights', min: 3, max: 4 }, { kind: 'leave' }],
    scaling: [{ kind: 'target-tracking' }, { kind: 'step' }],
  });
  expect(policy.uses).toEqual([
    { schedule: 'nights', path: ['variants', 'blue', 'capacity', 0, 'during'] },
    { schedule: 'office', path: ['variants', 'green', 'capacity', 0, 'during'] },
  ]);
});

const COUNT = 'a whole number from 0 to 100000';
const METRICS = `one of the metrics ${METRIC_NAMES.join(', ')}`;
const DURATION = 'a duration like 90s, 30m, 1d2h or 1d2h3m4s5ms (units in that order, each at most once)';
const step = (more: object) => ({ scaling: [{ ...CHECKOUT.scaling[1], ...more }] });
const alarm = (more: object, steps: readonly object[] = [{ from: 0, add: 1 }]) =>
  step({ alarm: { metric: 'ModelLatency', threshold: '1s', periods: 3, ...more }, steps });
const target = (more: object) => ({
  scaling: [{ kind: 'target-tracking', metric: 'ConcurrentRequestsPerModel', target: 8, ...more }],
});

test.each<[string, object, string]>([
  [
    'unknown field',
    { capasity: [] },
    'capasity: []: unknown field; one of the fields capacity, otherwise, zero, wake, scaling, scaleIn, variants, components, onDrift, weights, tier (did you mean capacity?)',
  ],
  ['min above max', { capacity: [{ during: 'a', min: 5, max: 4 }] }, 'capacity[0].min: 5: at most max, which is 4'],
  ['min without max', { capacity: [{ during: 'a', min: 5 }] }, `capacity[0].max: nothing: required: ${COUNT}`],
  [
    'no schedule',
    { capacity: [{ min: 1, max: 2 }] },
    'capacity[0].during: nothing: required: a schedule: a name of 1 to 64 characters of a-z, 0-9 and -',
  ],
  [
    'name of a schedule',
    { capacity: [{ during: 'Office', min: 1, max: 2 }] },
    'capacity[0].during: Office: a schedule: a name of 1 to 64 characters of a-z, 0-9 and -',
  ],
  ['fraction', { otherwise: { min: 0.5, max: 2 } }, `otherwise.min: 0.5: ${COUNT}`],
  ['negative', { otherwise: { min: -1, max: 2 } }, `otherwise.min: -1: ${COUNT}`],
  ['text for a count', { otherwise: { min: '1', max: 2 } }, `otherwise.min: 1: ${COUNT}`],
  ['unknown word', { otherwise: 'zeroo' }, 'otherwise: zeroo: zero, leave or { min, max } (did you mean zero?)'],
  [
    'then and bounds',
    { capacity: [{ during: 'a', then: 'zero', min: 1 }] },
    'capacity[0].min: 1: unknown field; one of the fields during, then',
  ],
  ['unknown then', { capacity: [{ during: 'a', then: 'nil' }] }, 'capacity[0].then: nil: zero or leave'],
  ['no rung', { capacity: ['office'] }, 'capacity[0]: office: { during, min, max } or { during, then: zero | leave }'],
  ['zero.by', { zero: { by: 'prak' } }, 'zero.by: prak: park, instances or copies (did you mean park?)'],
  ['idleFor too short', { zero: { idleFor: '4m' } }, 'zero.idleFor: 4m: a duration of at least 5m'],
  ['bare number', { zero: { minUp: 20 } }, `zero.minUp: 20: ${DURATION}`],
  ['units out of order', { zero: { minUp: '5m1h' } }, `zero.minUp: 5m1h: ${DURATION}`],
  [
    'unknown trigger',
    { wake: { on: ['requests'] } },
    'wake.on[0]: requests: request, backlog, schedule or alarm:<name of a CloudWatch alarm> (did you mean request?)',
  ],
  [
    'alarm without a name',
    { wake: { on: ['alarm:'] } },
    'wake.on[0]: alarm:: request, backlog, schedule or alarm:<name of a CloudWatch alarm>',
  ],
  [
    'trigger without a list',
    { wake: { on: 'request' } },
    'wake.on: request: a list, each request, backlog, schedule or alarm:<name of a CloudWatch alarm>',
  ],
  ['lead', { wake: { lead: 'learnt' } }, 'wake.lead: learnt: learned, or a duration of at most 1d'],
  ['long lead', { wake: { lead: '25h' } }, 'wake.lead: 25h: learned, or a duration of at most 1d'],
  ['backlogPerInstance', { wake: { backlogPerInstance: 0 } }, 'wake.backlogPerInstance: 0: a number above 0'],
  [
    'fallback twice',
    { wake: { fallbackConfigs: ['a', 'a'] } },
    'wake.fallbackConfigs: ["a","a"]: each endpoint config once',
  ],
  [
    'config name',
    { wake: { fallbackConfigs: ['a_b'] } },
    'wake.fallbackConfigs[0]: a_b: the name of an endpoint config',
  ],
  [
    'unknown kind',
    { scaling: [{ kind: 'steps' }] },
    'scaling[0].kind: steps: target-tracking or step (did you mean step?)',
  ],
  ['no kind', { scaling: [{}] }, 'scaling[0].kind: nothing: required: target-tracking or step'],
  ['no scaling policy', { scaling: ['step'] }, 'scaling[0]: step: a scaling policy, { kind, … }'],
  [
    'unknown metric',
    target({ metric: 'ConcurentRequestsPerModel' }),
    `scaling[0].metric: ConcurentRequestsPerModel: ${METRICS} (did you mean ConcurrentRequestsPerModel?)`,
  ],
  ['target 0', target({ target: 0 }), 'scaling[0].target: 0: more than 0'],
  [
    'time for a count',
    target({ target: '5s' }),
    'scaling[0].target: 5s: a number: ConcurrentRequestsPerModel does not measure time',
  ],
  [
    'cooldown of milliseconds',
    target({ scaleInCooldown: '1500ms' }),
    'scaling[0].scaleInCooldown: 1500ms: a duration in whole seconds, like 300s, at most 1d',
  ],
  [
    'cooldown of years',
    target({ scaleInCooldown: '1000d' }),
    'scaling[0].scaleInCooldown: 1000d: a duration in whole seconds, like 300s, at most 1d',
  ],
  [
    'two trackers of one metric',
    { scaling: [...target({}).scaling, ...target({}).scaling] },
    'scaling[1].metric: ConcurrentRequestsPerModel: another metric than the target-tracking policies above',
  ],
  ['no steps', step({ steps: [] }), 'scaling[0].steps: []: at least one step'],
  [
    'step without a change',
    step({ steps: [{ from: 0 }] }),
    'scaling[0].steps[0]: {"from":0}: exactly one of add, percent, set',
  ],
  [
    'step with two changes',
    step({ steps: [{ from: 0, add: 1, set: 2 }] }),
    'scaling[0].steps[0]: {"from":0,"add":1,"set":2}: exactly one of add, percent, set',
  ],
  [
    'steps out of order',
    step({
      steps: [
        { from: 5, add: 1 },
        { from: 5, add: 2 },
      ],
    }),
    'scaling[0].steps[1].from: 5: steps in rising order of `from`',
  ],
  [
    'gap between steps',
    step({
      steps: [
        { from: 0, to: 3, add: 1 },
        { from: 5, add: 2 },
      ],
    }),
    'scaling[0].steps[0].to: 3: the `from` of the next step, or absent',
  ],
  ['step backwards', step({ steps: [{ from: 5, to: 5, add: 1 }] }), 'scaling[0].steps[0].to: 5: more than `from`'],
  ['scale-in', { scaleIn: 'quiet' }, 'scaleIn: quiet: when-quiet, or { when: quiet, atMost }'],
  ['scale-in when', { scaleIn: { when: 'idle' } }, 'scaleIn.when: idle: quiet'],
  ['how long', { scaleIn: { when: 'quiet', atMost: '5m' } }, 'scaleIn.atMost: 5m: a duration from 10m to 1d'],
  [
    'alarm without periods',
    step({ alarm: { metric: 'ModelLatency', threshold: 1 } }),
    'scaling[0].alarm.periods: nothing: required: a whole number from 1 to 100',
  ],
  [
    'time of a count in an alarm',
    step({ alarm: { metric: 'Invocations', threshold: '5s', periods: 1 }, steps: [{ from: 0, add: 1 }] }),
    'scaling[0].alarm.threshold: 5s: a number: Invocations does not measure time',
  ],
  [
    'period',
    alarm({ period: '45s' }),
    'scaling[0].alarm.period: 45s: a period of an alarm: 10s, 20s, 30s or a multiple of 1m',
  ],
  [
    'look-back of an alarm',
    alarm({ period: '1h', periods: 25 }),
    'scaling[0].alarm.periods: 25: periods × period of at most 1d',
  ],
  [
    'steps of two kinds',
    step({
      steps: [
        { from: 0, add: 1 },
        { from: 5, set: 4 },
      ],
    }),
    'scaling[0].steps[1].set: 4: add, as in the first step: AWS takes one kind for all steps of a policy',
  ],
  [
    'an end of the highest step',
    step({ steps: [{ from: 0, to: 5, add: 1 }] }),
    'scaling[0].steps[0].to: 5: absent in the highest step: the metric may rise further',
  ],
  [
    'a step below the threshold of an alarm that rings above it',
    step({ steps: [{ from: -5, add: 1 }] }),
    'scaling[0].steps[0].from: -5: 0 or more: above the threshold',
  ],
  [
    'a step above the threshold of an alarm that rings below it',
    alarm({ comparison: '<' }, [{ to: 5, add: -1 }]),
    'scaling[0].steps[0].to: 5: 0 or less: below the threshold',
  ],
  [
    'a lowest step with a begin',
    alarm({ comparison: '<' }, [{ from: -5, to: 0, add: -1 }]),
    'scaling[0].steps[0].from: -5: absent in the lowest step: the metric may fall further',
  ],
  [
    'a step without bounds',
    step({ steps: [{ add: 1 }] }),
    'scaling[0].steps[0]: {"add":1}: at least one of from and to',
  ],
  [
    '21 steps',
    step({ steps: Array.from({ length: 21 }, (_, from) => ({ from, add: 1 })) }),
    expect.stringMatching(/^scaling\[0\]\.steps: .*: at most 20 entries$/),
  ],
  [
    'a least magnitude without percent',
    { scaling: [{ ...step({}).scaling[0], minMagnitude: 2 }] },
    'scaling[0].minMagnitude: 2: absent: only steps in percent have a least magnitude',
  ],
  [
    'ten seconds of a metric that comes once a minute',
    alarm({ period: '10s' }),
    'scaling[0].alarm.period: 10s: at least 1m: AWS publishes this metric once a minute',
  ],
  [
    'more than a whole instance',
    target({ metric: 'CPUUtilization', target: 280 }),
    'scaling[0].target: 280: at most 100: percent of the whole instance, multiplied by its cores or GPUs for AWS',
  ],
  [
    'more than all memory, written out',
    target({ metric: { ...WRITTEN, namespace: '/aws/sagemaker/Endpoints', name: 'MemoryUtilization' }, target: 150 }),
    'scaling[0].target: 150: at most 100: percent of the whole instance',
  ],
  [
    'more than the whole disk',
    target({ metric: 'DiskUtilization', target: 101 }),
    'scaling[0].target: 101: at most 100: percent of the whole instance',
  ],
  [
    'percent of a fraction, written out',
    target({ metric: { ...WRITTEN, name: 'ServerlessProvisionedConcurrencyUtilization' }, target: 70 }),
    'scaling[0].target: 70: at most 1: a fraction, of which 1 is all',
  ],
  [
    'percent of a fraction in an alarm',
    alarm({ metric: 'ServerlessConcurrentExecutionsUtilization', threshold: 70 }),
    'scaling[0].alarm.threshold: 70: at most 1: a fraction, of which 1 is all',
  ],
  ...['{endpiont}', '{Endpoint}', 'a-{bogus}', '{}', '{endpoint}{x}'].map((value): [string, object, string] => [
    `a placeholder that there is not, ${value}`,
    target({ metric: { ...WRITTEN, dimensions: { For: value } } }),
    `scaling[0].metric.dimensions.For: ${value}: a text of 1 to 255 characters; {endpoint}, {variant} and {component} stand for the endpoint’s own, and there are no others`,
  ]),
  [
    'a placeholder that there is not, in an expression',
    target({ name: 'half', metric: { math: 'a / 2', metrics: { a: { ...WRITTEN, dimensions: { For: '{x}' } } } } }),
    expect.stringMatching(/^scaling\[0\]\.metric\.metrics\.a\.dimensions\.For: \{x\}: .* and there are no others$/),
  ],
  [
    'a statistic that there is not',
    alarm({ statistic: 'p999' }),
    expect.stringMatching(/^scaling\[0\]\.alarm\.statistic: p999: a statistic: Average, .* or a percentile like p90$/),
  ],
  [
    'a metric without a statistic',
    target({ metric: { namespace: 'Orders', name: 'Depth' } }),
    expect.stringMatching(/^scaling\[0\]\.metric\.statistic: nothing: required: a statistic: Average/),
  ],
  [
    'math without a name',
    target({ metric: { math: 'a / 2', metrics: { a: 'Invocations' } } }),
    'scaling[0].name: nothing: required: an expression has no name of its own',
  ],
  [
    'a metric that its expression does not use',
    target({ name: 'half', metric: { math: 'a / 2', metrics: { a: 'Invocations', b: 'ModelLatency' } } }),
    'scaling[0].metric.metrics.b: ModelLatency: a metric that the expression names',
  ],
  [
    'a name with a hyphen',
    target({ name: 'a-b' }),
    'scaling[0].name: a-b: a name of letters, digits and _, at most 64',
  ],
  [
    'two step policies of one name',
    { scaling: [...step({}).scaling, ...step({}).scaling] },
    'scaling[1].name: nothing: a name of its own: a scaling policy above is called step-ModelLatency, too',
  ],
  ['comparison', alarm({ comparison: '=' }), 'scaling[0].alarm.comparison: =: >=, >, < or <='],
  [
    'list for an object',
    { zero: [] },
    'zero: []: an object with fields of by, idleFor, minUp, stackOwned, rehearse, allowImageChange',
  ],
  [
    'capacity beside variants',
    { capacity: [{ during: 'office', min: 1, max: 2 }], variants: { AllTraffic: {} } },
    'capacity: [{"during":"office","min":1,"max":2}]: inside each entry of variants that it is for, as variants.AllTraffic.capacity',
  ],
  [
    'scaling beside components',
    { ...target({ metric: 'Invocations' }), components: { chat: {} } },
    expect.stringMatching(
      /^scaling: .*: inside each entry of components that it is for, as components\.chat\.scaling$/,
    ),
  ],
  [
    'variants and components',
    { variants: { blue: {} }, components: { chat: {} } },
    expect.stringMatching(/^components: .*: absent beside variants: .* write a policy for each$/),
  ],
  ['name of a variant', { variants: { 'a.b': {} } }, 'variants["a.b"]: a.b: the name of a variant'],
  [
    'otherwise of a variant',
    { variants: { blue: { otherwise: 'zero' } } },
    'variants.blue.otherwise: zero: unknown field; one of the fields capacity, scaling',
  ],
  ['wake.requestTtl', { wake: { requestTtl: '7h' } }, 'wake.requestTtl: 7h: a duration from 1m to 6h'],
  [
    'wake.by',
    { wake: { by: 'step_policy' } },
    'wake.by: step_policy: function or step-policy (did you mean step-policy?)',
  ],
  [
    'the name of the step policy that wakes',
    { wake: { by: 'step-policy' }, variants: { blue: { scaling: [{ ...step({}).scaling[0], name: 'wake' }] } } },
    'variants.blue.scaling[0].name: wake: another name: the step policy of `wake.by: step-policy` is called wake',
  ],
  ['onDrift', { onDrift: 'restore' }, 'onDrift: restore: mend, respect or announce'],
  ['weights', { weights: {} }, 'weights: {}: a list, each { during, share: { <variant>: 90 } }'],
  [
    'suspend twice',
    { otherwise: { min: 1, max: 2, suspend: ['in', 'in'] } },
    'otherwise.suspend: ["in","in"]: a list of at least one of in, out and scheduled, each once',
  ],
  [
    'suspend of nothing',
    { otherwise: { min: 1, max: 2, suspend: [] } },
    'otherwise.suspend: []: a list of at least one of in, out and scheduled, each once',
  ],
  [
    'suspend of a zero rung',
    { capacity: [{ during: 'a', then: 'zero', suspend: ['in'] }] },
    'capacity[0].suspend: ["in"]: unknown field; one of the fields during, then',
  ],
  [
    'weights of a variant',
    { variants: { blue: { weights: 1 } } },
    'variants.blue.weights: 1: unknown field; one of the fields capacity, scaling',
  ],
  [
    'wake.smoke',
    { wake: { smoke: true } },
    'wake.smoke: true: an object with fields of body, contentType, timeout, expect',
  ],
  ['wake.smoke', { wake: { smoke: {} } }, 'wake.smoke.body: nothing: required: a text of at most 500 characters'],
  [
    'wake.smoke.body',
    { wake: { smoke: { body: 'x'.repeat(501) } } },
    `wake.smoke.body: ${'x'.repeat(79)}…: a text of at most 500 characters`,
  ],
  [
    'wake.smoke.timeout',
    { wake: { smoke: { body: '', timeout: '31s' } } },
    'wake.smoke.timeout: 31s: a duration from 1s to 30s',
  ],
  [
    'wake.smoke.expect',
    { wake: { smoke: { body: '', expect: 199 } } },
    'wake.smoke.expect: 199: a whole number from 200 to 599',
  ],
  [
    'wake.smoke.contentType',
    { wake: { smoke: { body: '', contentType: 'json' } } },
    'wake.smoke.contentType: json: a media type such as application/json',
  ],
  ['zero.stackOwned', { zero: { stackOwned: 'yes' } }, 'zero.stackOwned: yes: true or false'],
])('%s', (_, document, expected) => {
  expect(problemsOf(parsePolicy('test', document))).toEqual([expected]);
});

test('steps below a threshold reach down without end', () => {
  const scaling = alarm({ comparison: '<' }, [
    { to: '-500ms', add: -2 },
    { from: '-500ms', to: 0, add: -1 },
  ]);
  expect(problemsOf(parsePolicy('test', scaling))[0], 'a duration is never negative').toContain('steps[0].to: -500ms');
  const inMicroseconds = alarm({ comparison: '<' }, [
    { to: -500_000, add: -2 },
    { from: -500_000, to: 0, add: -1 },
  ]);
  expect(parse(inMicroseconds).scaling[0]).toMatchObject({
    alarm: { comparison: '<', threshold: 1_000_000 },
    steps: [
      { to: -500_000, change: { add: -2 } },
      { from: -500_000, to: 0, change: { add: -1 } },
    ],
  });
});

test('metrics of a team’s own, and expressions over several', () => {
  const depth = { namespace: 'Orders', name: 'Depth', dimensions: { For: '{endpoint}' }, statistic: 'p90' };
  const scaling = [
    { kind: 'target-tracking', metric: depth, target: 5, disableScaleIn: true },
    {
      kind: 'target-tracking',
      name: 'both',
      metric: { math: 'a + d', metrics: { a: 'Invocations', d: depth } },
      target: 1,
    },
  ];
  expect(parse({ scaling }).scaling).toMatchObject([
    { metric: 'Depth', source: depth, disableScaleIn: true },
    { name: 'both', metric: 'both', source: { math: 'a + d', metrics: { a: 'Invocations', d: depth } } },
  ]);
});

test('placeholders and braces that are none are taken', () => {
  const dimensions = { A: '{endpoint}/{variant}-{component}', B: 'a{b', C: '}{' };
  const { scaling } = parse(target({ metric: { ...WRITTEN, dimensions } }));
  expect(scaling).toMatchObject([{ source: { dimensions } }]);
});

describe('warnings of what AWS takes', () => {
  const LATENCY = { ...WRITTEN, name: 'ModelLatency' };
  const ofInstances = (name: string, more: object = {}) => ({
    ...WRITTEN,
    namespace: '/aws/sagemaker/Endpoints',
    name,
    ...more,
  });
  const TRACKS_LATENCY = 'scaling[0].metric: ModelLatency: better a step policy';
  const short = (where: string, value: number) => `scaling[0].${where}: ${value}: better at least 1000: this metric is`;

  test.each([
    ['a target on latency, written out', target({ metric: LATENCY, target: 500_000 }), [TRACKS_LATENCY]],
    ['the same in milliseconds', target({ metric: LATENCY, target: 500 }), [TRACKS_LATENCY, short('target', 500)]],
    ['by its short name', target({ metric: 'ModelLatency', target: 500 }), [TRACKS_LATENCY, short('target', 500)]],
    ['as a time', target({ metric: 'ModelLatency', target: '500ms' }), [TRACKS_LATENCY]],
    ['of another namespace', target({ metric: { ...LATENCY, namespace: 'Orders' }, target: 500 }), []],
    ['how many latencies there were', target({ metric: { ...LATENCY, statistic: 'SampleCount' }, target: 500 }), []],
    ['a percentile', alarm({ statistic: 'p99', threshold: 999 }), [short('alarm.threshold', 999)]],
    ['a millisecond', alarm({ statistic: 'p99', threshold: '1ms' }), []],
    ['how many there were, by an alarm', alarm({ statistic: 'SampleCount', threshold: 500 }), []],
    [
      'a step',
      alarm({ threshold: '1s' }, [
        { from: 0, to: 20, add: 1 },
        { from: 20, add: 2 },
      ]),
      [short('steps[1].from', 20)],
    ],
    [
      'nearly all memory',
      target({ metric: ofInstances('MemoryUtilization'), target: 99 }),
      ['scaling[0].target: 99: better at most 80'],
    ],
    [
      'nearly the whole disk',
      target({ metric: 'DiskUtilization', target: 81 }),
      ['scaling[0].target: 81: better at most 80'],
    ],
    ['a sum over cores', target({ metric: ofInstances('CPUUtilization'), target: 280 }), []],
    [
      'a sum over instances',
      target({ metric: ofInstances('MemoryUtilization', { statistic: 'Sum' }), target: 180 }),
      [],
    ],
    ['memory in order', target({ metric: 'MemoryUtilization', target: 80 }), []],
  ])('%s', (_, document, expected) => {
    const said = policyWarnings(parse(document)).map(formatProblem);
    expect(said).toEqual(expected.map((line) => expect.stringContaining(line)));
  });
});

test('a name of another place is unknown here', () => {
  expect(problemsOf(parsePolicy('test', { rehearse: true }))[0]).toContain('unknown field');
});

test('all problems at once', () => {
  const document = {
    capacity: [{ during: 'a', min: 5, max: 4 }, { during: 'b' }],
    otherwise: 'zeroo',
    wake: { on: ['x', 'y'], smoke: 1 },
    scaling: [{ kind: 'x' }, ...target({ target: -1 }).scaling],
    more: 1,
    evenMore: 2,
  };
  expect(problemsOf(parsePolicy('Test', document)).map((line) => line.split(':')[0])).toEqual([
    'name',
    'capacity[0].min',
    'capacity[1].min',
    'capacity[1].max',
    'otherwise',
    'wake.on[0]',
    'wake.on[1]',
    'wake.smoke',
    'scaling[0].kind',
    'scaling[1].target',
    'more',
    'evenMore',
  ]);
});
