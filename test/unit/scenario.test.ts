import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../rehearsal/scenario.ts';
import { STARTER, traceScenario } from '../../rehearsal/starter.ts';
import { formatProblem } from '../../shared/documents/problem.ts';

const files: Record<string, string> = {
  'folder/chat.csv': 'minute_index,count\n0,1\n1,2\n',
  'folder/broken.csv': 'minute_index,count\n0,1\n2,2\n',
  'folder/schedules/office.yaml': 'timezone: Europe/Berlin\nopen: [{ days: mon-fri, from: "08:00", to: "19:00" }]\n',
  'folder/policies/bad.yaml': 'capacity:\n  - { during: office, min: 4, max: 1 }\n',
};

const parse = (text: string) => parseScenario(text, 'folder/week.yaml', (path) => files[path]);

function problemsOf(text: string): string[] {
  const parsed = parse(text);
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
}

function scenarioOf(text: string) {
  const parsed = parse(text);
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'));
  return parsed;
}

const head = 'start: 2026-03-23T00:00:00+01:00\nfor: 1d\n';
const chat = 'endpoints:\n  chat: { kind: real-time, instanceType: ml.g5.2xlarge }\n';

describe('a scenario', () => {
  it('has the documented defaults', () => {
    const { scenario } = scenarioOf(
      `start: 2026-03-23T00:00:00+01:00\n${chat}  queue: { kind: async, instanceType: ml.g5.xlarge }\n`,
    );
    expect(scenario).toMatchObject({
      name: 'week.yaml',
      start: Date.parse('2026-03-22T23:00:00Z'),
      durationMs: 14 * 86_400_000,
      seed: 1,
      region: 'us-east-1',
    });
    const [real, queue] = scenario.endpoints;
    expect(real).toMatchObject({
      instances: 1,
      startsIn: { kind: 'fixed', ms: 480_000 },
      deletesInMs: 120_000,
      whenAway: 'lost',
    });
    expect(queue).toMatchObject({ instances: 0 });
    expect(real?.traffic.length).toBe(14 * 1440);
  });

  it('reads documents and traces relative to itself, and converts them as apply does', () => {
    const { scenario, warnings } = scenarioOf(`${head}
schedules: { office: schedules/office.yaml, closed: { timezone: Europe/Berlin, closed: [{ holidays: DE-BE }] } }
policies: { dev: { capacity: [{ during: office, min: 1, max: 2 }], otherwise: zero, zero: { by: park } } }
endpoints:
  Chat: { kind: real-time, policy: dev, instanceType: ml.g5.2xlarge, traffic: { trace: chat.csv } }
`);
    expect(JSON.parse(scenario.schedules['office']!)).toMatchObject({ timezone: 'Europe/Berlin' });
    expect(scenario.schedules['closed']).toContain('"2026-04-06"');
    expect(scenario.schedules['closed']).toContain('"until":"2028-12-31"');
    expect([...scenario.endpoints[0]!.traffic.subarray(0, 4)]).toEqual([1, 2, 0, 0]);
    expect(warnings).toEqual([expect.stringContaining('1438 minutes shorter than the run')]);
  });

  it.each([
    [
      'a burstable type with scaling policies',
      'e: { kind: real-time, policy: busy, instanceType: ml.t2.medium }',
      [/^endpoints\.e: policy busy is invalid for it: scaling: ml\.t2\.medium: no scaling policies: /],
    ],
    [
      'more than a serverless endpoint may have',
      'e: { kind: serverless, policy: much, memoryMb: 2048, maxConcurrency: 10 }',
      [/^endpoints\.e: policy much is invalid for it: otherwise: max 30: max at most 10, the MaxConcurrency of the/],
    ],
    [
      'zero without a park',
      'e: { kind: real-time, policy: zero, instanceType: ml.g5.xlarge }',
      [
        /^endpoints\.e: policy zero is invalid for it: otherwise: zero: min ≥ 1, or zero together with `zero: { by: park }`/,
      ],
    ],
    [
      'variants that the endpoint lacks, and that the policy lacks',
      'e: { kind: real-time, policy: ab, instanceType: ml.g5.xlarge, variants: { a: {}, c: {} } }',
      [
        /^endpoints\.e: policy ab is invalid for it: variants\.b: b: a variant of the endpoint: .* a, c$/,
        /^endpoints\.e: policy ab is invalid for it: variants: c: an entry for each variant: .* this policy names a, b$/,
      ],
    ],
    [
      'copies that leave their instances',
      'e: { kind: components, policy: copies, instanceType: ml.g5.xlarge, instances: { min: 1, max: 3 } }',
      [/^endpoints\.e: policy copies is invalid for it: endpoint: ManagedInstanceScaling\.MinInstanceCount 1: /],
    ],
    ['what fits', 'e: { kind: real-time, policy: gpu, instanceType: ml.g5.xlarge }', []],
    [
      'variants that fit',
      'e: { kind: real-time, policy: ab, instanceType: ml.g5.xlarge, variants: { a: {}, b: {} } }',
      [],
    ],
    ['components that fit', 'e: { kind: components, policy: copies, instanceType: ml.g5.xlarge }', []],
    ['a queue that fits', 'e: { kind: async, policy: copies, instanceType: ml.g5.xlarge }', []],
  ])('warns of %s', (_, endpoint, expected) => {
    const gpu = '[{ kind: target-tracking, metric: GPUUtilization, target: 70 }]';
    const { warnings } = scenarioOf(
      `${head}
policies:
  gpu: { otherwise: { min: 1, max: 6 }, scaling: ${gpu} }
  busy: { otherwise: { min: 1, max: 6 }, scaling: [{ kind: target-tracking, metric: ConcurrentRequestsPerModel, target: 4 }] }
  much: { otherwise: { min: 1, max: 30 } }
  zero: { otherwise: zero }
  ab: { variants: { a: {}, b: {} }, otherwise: { min: 1, max: 2 } }
  copies: { otherwise: { min: 0, max: 2 } }
endpoints:
  ${endpoint}
`,
    );
    expect(warnings).toEqual(expected.map((one) => expect.stringMatching(one)));
  });

  it('knows every verb of happens, at an instant or an offset', () => {
    const { scenario } = scenarioOf(`${head}${chat}
happens:
  - { at: +1h, for: 40m, noCapacity: ml.g5.2xlarge, failsAfter: 30m }
  - { at: 2026-03-23T03:00:00+01:00, for: 10m, throttle: SageMaker.*, share: 0.5 }
  - { at: +2h, for: 10m, fail: SageMaker.DeleteEndpoint, with: { code: AccessDeniedException, message: no } }
  - { at: +2h, fail: CloudWatch.GetMetricData, with: InternalServiceFault }
  - { at: +3h, crash: idle-windows, after: SageMaker.DeleteEndpoint }
  - { at: +4h, for: 1h, events: drop, of: "SageMaker Endpoint State Change" }
  - { at: +4h, events: { delay: 20m } }
  - { at: +4h, events: twice, of: tick }
  - { at: +5h, for: 2h, metrics: missing, of: chat }
  - { at: +6h, call: SageMaker.AddTags, with: { ResourceArn: $ARN(chat) } }
  - { at: +7h, requests: 3, to: chat }
  - { at: +8h, put: policies/chat-dev, document: { otherwise: zero } }
  - { at: +8h, put: policies/chat-dev, text: "{ broken" }
  - { at: +9h, remove: policies/chat-dev }
  - { at: +9h, giveBack: chat }
  - { at: +10h, hold: chat, mode: up, until: +12h, why: load test }
  - { at: +11h, unhold: chat }
  - { at: +12h, for: 1h, noQuota: all }
  - { at: +12h, for: 1h, unhealthy: chat, failsAfter: 12m, reason: broken }
  - { at: +12h, for: 5h, stuck: chat, in: Creating }
  - { at: +12h, for: 1h, network: truncated, calls: "*", share: 0.1 }
  - { at: +12h, for: 1h, network: reset, calls: SageMaker.CreateEndpoint }
  - { at: +12h, stall: idle-windows, after: DynamoDB.PutItem, for: 90s, nth: 3 }
  - { at: +12h, run: idle-windows, times: 2 }
  - { at: +12h, events: { shuffle: 1d } }
  - { at: +12h, events: { without: [detail.EndpointStatus, time] } }
  - { at: +12h, for: 1h, metrics: { late: 10m }, of: chat }
  - { at: +12h, for: 1h, stale: SageMaker.*, by: 30s }
  - { at: +12h, for: 1h, clock: idle-windows, by: -10s }
  - { at: +12h, deploy: { Mode: wake-only, TickMinutes: 2 } }
`);
    expect(scenario.happens.map(({ verb }) => verb)).toEqual([
      'noCapacity',
      'callFault',
      'callFault',
      'callFault',
      'crash',
      'events',
      'events',
      'events',
      'metrics',
      'call',
      'requests',
      'put',
      'put',
      'remove',
      'giveBack',
      'hold',
      'unhold',
      'noQuota',
      'unhealthy',
      'stuck',
      'network',
      'network',
      'stall',
      'run',
      'events',
      'events',
      'metrics',
      'stale',
      'clock',
      'deploy',
    ]);
    expect(scenario.happens.slice(20, 30)).toMatchObject([
      { kind: 'truncated', effect: 'after', share: 0.1 },
      { kind: 'reset', effect: 'before', share: 1 },
      { nth: 3, durationMs: 90_000 },
      { count: 2 },
      { mode: { shuffleMs: 86_400_000 } },
      { mode: { without: ['detail.EndpointStatus', 'time'] } },
      { mode: { lateMs: 600_000 } },
      { byMs: 30_000 },
      { of: 'idle-windows', byMs: -10_000 },
      { parameters: { Mode: 'wake-only', TickMinutes: '2' } },
    ]);
    expect(scenario.happens[1]).toMatchObject({
      at: scenario.start + 3 * 3_600_000,
      until: scenario.start + 3 * 3_600_000 + 600_000,
    });
    expect(scenario.happens[6]).toMatchObject({ mode: { delayMs: 1_200_000 }, until: undefined });
    expect(scenario.happens[11]).toMatchObject({ kind: 'policies', name: 'chat-dev', text: '{"otherwise":"zero"}' });
    expect(scenario.happens[0]?.what).toBe('noCapacity ml.g5.2xlarge for 40m');
  });

  it('that ships as a starter is valid', () => {
    const { scenario } = scenarioOf(STARTER);
    expect(scenario.endpoints.map(({ name }) => name)).toEqual(['chat', 'transcribe']);
    expect(scenario.expect).toEqual({ maxCold: 0.1 });
    expect(scenarioOf(traceScenario('chat.csv', 2)).scenario.durationMs).toBe(120_000);
  });
});

describe('problems of a scenario', () => {
  it('name place, field, value and what is allowed, all at once', () => {
    const problems = problemsOf(`start: tomorrow
endpoint:
  chat: {}
endpoints:
  chat: { kind: realtime, instanceType: g5.2xlarge, startIn: 3m, serves: { concurrent: 0, in: 1s } }
happens:
  - { at: 30h, crash: idle-window, after: SageMaker.DeleteEndpoints }
  - { at: +1h, explode: chat }
`);
    expect(problems).toEqual([
      expect.stringMatching(/^folder\/week.yaml:1:8: start: tomorrow: an instant in ISO form/),
      expect.stringMatching(/^folder\/week.yaml:2:1: endpoint: .*unknown field.*\(did you mean endpoints\?\)$/),
      expect.stringMatching(/^folder\/week.yaml:5:17: endpoints.chat.kind: realtime: .*\(did you mean real-time\?\)$/),
      expect.stringMatching(/^folder\/week.yaml:5:41: endpoints.chat.instanceType: g5.2xlarge: /),
      expect.stringMatching(
        /^folder\/week.yaml:5:53: endpoints.chat.startIn: 3m: unknown field.*\(did you mean startsIn\?\)$/,
      ),
      expect.stringMatching(/^folder\/week.yaml:5:88: endpoints.chat.serves.concurrent: 0: a whole number from 1/),
      expect.stringMatching(/^folder\/week.yaml:7:11: happens\[0\].at: 30h: /),
      expect.stringMatching(
        /^folder\/week.yaml:7:23: happens\[0\].crash: idle-window: .*\(did you mean idle-windows\?\)$/,
      ),
      expect.stringMatching(/^folder\/week.yaml:7:43: .*\(did you mean SageMaker.DeleteEndpoint\?\)$/),
      expect.stringMatching(/^folder\/week.yaml:8:5: happens\[1\]: .*with one of noCapacity, noQuota/),
    ]);
  });

  it('of components: where what is said belongs, and whose names they are', () => {
    const of = (fields: string) =>
      problemsOf(`${head}endpoints:\n  shared: { instanceType: ml.g5.12xlarge, ${fields} }\n`);
    const told = (fields: string, ...problems: string[]) =>
      expect(of(fields)).toEqual(problems.map((problem) => expect.stringContaining(problem)));
    told('kind: components, instances: 2', 'endpoints.shared.instances: 2: { min, max } for kind components');
    told('kind: real-time, instances: { min: 0, max: 2 }', 'a whole number for kind real-time');
    told(
      'kind: components, instances: { min: 3, max: 2 }',
      'endpoints.shared.instances.max: 2: a count of at least min',
    );
    told('kind: real-time, copies: 2', 'endpoints.shared.copies: 2: only for kind components');
    told('kind: components, copies: 2, components: { a: {} }', 'inside a component, where components are named');
    told('kind: components, components: {}', 'at least one component');
    told('kind: components, components: { "a b": {} }', 'a component name: 1 to 63 letters, digits and inner hyphens');
    told('kind: components, components: { a: { copy: 1 } }', 'endpoints.shared.components.a.copy: 1: unknown field');
    expect(
      problemsOf(`${head}endpoints:
  one: { kind: components, instanceType: ml.g5.12xlarge }
  two: { kind: components, instanceType: ml.g5.12xlarge, components: { One: {} } }
happens:
  - { at: +1h, requests: 1, to: one, component: two }
  - { at: +1h, requests: 1, to: one }
`),
    ).toEqual([
      expect.stringContaining(
        'endpoints.two.components.One: One: a name that no other endpoint has given to a component',
      ),
      expect.stringContaining('happens[0].component: two: a component of one: one'),
    ]);
  });

  it.each([
    ['kind: real-time', 'endpoints.chat.instanceType: nothing: required: a SageMaker instance type like ml.g5.2xlarge'],
    [
      'kind: real-time, instanceType: ml.g5.xlarge, pools: [{ instanceType: ml.g6.xlarge }]',
      'endpoints.chat.instanceType: ml.g5.xlarge: absent: pools name the types',
    ],
    [
      'kind: components, pools: [{ instanceType: ml.g5.xlarge }]',
      'endpoints.chat.pools: [{"instanceType":"ml.g5.xlarge"}]: only for kinds real-time and async',
    ],
    ['kind: real-time, pools: []', 'endpoints.chat.pools: []: at least one pool'],
    [
      'kind: real-time, pools: [{ instanceType: ml.g5.xlarge }, { instanceType: ml.g5.xlarge }]',
      'endpoints.chat.pools[1].instanceType: ml.g5.xlarge: a type of its own for each pool',
    ],
    [
      'kind: real-time, pools: [{ instanceType: ml.g5.xlarge, spot: true }]',
      'endpoints.chat.pools[0].spot: true: SageMaker hosting has no spot instances',
    ],
  ])('of an endpoint with %s say %s', (endpoint, problem) => {
    expect(problemsOf(`${head}endpoints:\n  chat: { ${endpoint} }\n`)).toEqual([expect.stringContaining(problem)]);
  });

  it('warn of what is unwise in a policy of theirs', () => {
    const policy =
      '{ otherwise: { min: 1, max: 2 }, scaling: [{ kind: target-tracking, metric: MemoryUtilization, target: 99 }] }';
    const text = `${head}policies: { p: ${policy} }\nendpoints:\n  chat: { kind: real-time, policy: p, instanceType: ml.m5.large }\n`;
    const parsed = parseScenario(text, 'week.yaml', () => undefined);
    expect(parsed.ok ? parsed.warnings : parsed.problems).toEqual([
      expect.stringMatching(/^policies\.p\.scaling\[0\]\.target: 99: better at most 80/),
    ]);
  });

  it('warn of pools whose strength the scaling policy does not know', () => {
    const policy = (more: string) =>
      `{ otherwise: { min: 1, max: 2 }, scaling: [{ kind: target-tracking, metric: ConcurrentRequestsPerModel, target: 4${more} }] }`;
    const pools =
      'pools: [{ instanceType: ml.g5.xlarge, concurrent: 8 }, { instanceType: ml.g6.xlarge, concurrent: 5 }]';
    const warningsOf = (more: string) => {
      const text = `${head}policies: { p: ${policy(more)} }\nendpoints:\n  chat: { kind: real-time, policy: p, ${pools} }\n`;
      const parsed = parseScenario(text, 'week.yaml', () => undefined);
      return parsed.ok ? parsed.warnings : parsed.problems;
    };
    expect(warningsOf('')).toEqual([
      'endpoints.chat.pools: ml.g5.xlarge takes 8, ml.g6.xlarge takes 5: one target for all is wrong for each; state `serves` in the scaling policy (policy p)',
    ]);
    expect(warningsOf(', reference: ml.g5.xlarge, serves: { ml.g5.xlarge: 8 }')).toEqual([
      'endpoints.chat.pools: ml.g6.xlarge: not in `serves` of the scaling policy; its load is not counted (policy p)',
    ]);
    expect(warningsOf(', reference: ml.g5.xlarge, serves: { ml.g5.xlarge: 8, ml.g6.xlarge: 5 }')).toEqual([]);
  });

  it.each([
    ['instanceType: ml.m5.xlarge', 'GPUUtilization', 'ml.m5.xlarge'],
    ['instanceType: ml.zz9.xlarge', 'CPUUtilization', 'ml.zz9.xlarge'],
    [
      'instanceType: ml.m5.xlarge, variants: { a: {}, b: { instanceType: ml.zz9.xlarge } }',
      'CPUUtilization',
      'ml.zz9.xlarge',
    ],
    ['instanceType: ml.g5.xlarge', 'GPUUtilization', undefined],
    ['pools: [{ instanceType: ml.zz9.xlarge }]', 'CPUUtilization', 'ml.zz9.xlarge'],
    ['instanceType: ml.zz9.xlarge', 'MemoryUtilization', undefined],
  ])('warn of a scaling policy that is not put: %s by %s', (endpoint, metric, unknown) => {
    const scaling = `scaling: [{ kind: target-tracking, metric: ${metric}, target: 70 }]`;
    const parts = endpoint.includes('variants') ? `variants: { a: { ${scaling} }, b: { ${scaling} } }` : scaling;
    const policy = `{ otherwise: { min: 1, max: 2 }, ${parts} }`;
    const text = `${head}policies: { p: ${policy} }\nendpoints:\n  chat: { kind: real-time, policy: p, ${endpoint} }\n`;
    const parsed = parseScenario(text, 'week.yaml', () => undefined);
    const why = `the scaling policy ${metric} is not applied: AWS sums this metric over cores or GPUs`;
    const expected = unknown === undefined ? [] : [expect.stringContaining(`endpoints.chat: ${unknown}: ${why}`)];
    expect(parsed.ok ? parsed.warnings : parsed.problems).toEqual(expected);
  });

  it.each([
    ['memoryMb: 2048, maxConcurrency: 5, instanceType: ml.m5.xlarge', /instanceType: .*not for kind serverless/],
    ['memoryMb: 2048, maxConcurrency: 5, whenAway: asks', /whenAway: .*not for kind serverless/],
    ['memoryMb: 2048, maxConcurrency: 5, requestTtl: 1h', /requestTtl: .*only for kind async/],
    ['memoryMb: 1500, maxConcurrency: 5', /memoryMb: 1500: memory in MB for kind serverless: 1024, 2048/],
    ['maxConcurrency: 5', /memoryMb: .*memory in MB for kind serverless/],
    ['memoryMb: 2048', /maxConcurrency: .*required for kind serverless/],
    [
      'memoryMb: 2048, maxConcurrency: 5, provisionedConcurrency: 6',
      /provisionedConcurrency: 6: at most maxConcurrency/,
    ],
    ['memoryMb: 2048, maxConcurrency: 5, serves: { concurrent: 2, in: 1s }', /serves: .*concurrent: 1/],
    [
      'memoryMb: 2048, maxConcurrency: 5, coldStart: 59s, serves: { concurrent: 1, in: 2s }',
      /coldStart: 59s|coldStart: .*at most 60s/,
    ],
  ])('of kind serverless: %s', (fields, message) => {
    const problems = problemsOf(`${head}endpoints:\n  chat: { kind: serverless, ${fields} }\n`);
    expect(problems).toEqual([expect.stringMatching(message)]);
  });

  it('of prices that nobody asks for, those of serverless endpoints apart', () => {
    const chat = 'endpoints:\n  chat: { kind: serverless, memoryMb: 2048, maxConcurrency: 5 }\n';
    expect(problemsOf(`${head}prices: { serverless-provisioned: 0.02 }\n${chat}`)).toEqual([]);
    expect(problemsOf(`${head}prices: { serverless-warm: 0.02 }\n${chat}`)).toEqual([
      expect.stringMatching(/prices\.serverless-warm: .*or serverless, serverless-provisioned/),
    ]);
  });

  it('of other kinds with what only serverless ones have', () => {
    const chat = '{ kind: real-time, instanceType: ml.g5.2xlarge, provisionedConcurrency: 2 }';
    expect(problemsOf(`${head}endpoints:\n  chat: ${chat}\n`)).toEqual([
      expect.stringContaining('endpoints.chat.provisionedConcurrency: 2: only for kind serverless'),
    ]);
  });

  it.each([
    ['policies: { bad: policies/bad.yaml }', /^folder\/policies\/bad.yaml:2:\d+: capacity\[0\]/],
    ['policies: { bad: { otherwise: never } }', /^folder\/week.yaml:3:\d+: policies.bad.otherwise: never/],
    ['policies: { bad: nowhere.yaml }', /policies.bad: nowhere.yaml: a file that can be read/],
    [
      'policies: { bad: { capacity: [{ during: offise, min: 1, max: 2 }] } }\nschedules: { office: schedules/office.yaml }',
      /offise: .*did you mean office/,
    ],
    [
      'schedules: { s: { timezone: Europe/Berlinn } }',
      /schedules.s.timezone: Europe\/Berlinn: .*did you mean Europe\/Berlin/,
    ],
    ['schedules: { s: { timezone: Europe/Berlin, closed: [{ holidays: XX }] } }', /schedules.s.closed\[0\]/],
    ['happens: [{ at: +1h, hold: chat, mode: up, until: +800h, why: x }]', /happens\[0\].until: .*at most 30 days/],
    [
      'happens: [{ at: +1h, hold: chat, mode: up, until: +2h, why: "one\\ntwo" }]',
      /happens\[0\].why: one two: why, a text of 1 to 256 characters, none of them a control character/,
    ],
    [
      'happens: [{ at: +1h, hold: chat, mode: up, until: +2h, why: "\\e[31mred" }]',
      /happens\[0\].why: .*none of them a control character/,
    ],
    ['happens: [{ at: +1h, requests: 3, to: chatt }]', /happens\[0\].to: chatt: .*did you mean chat/],
    ['happens: [{ at: +1h, put: policies/x }]', /exactly one of document and text/],
    [
      'happens: [{ at: +1h, put: policies/x, document: { otherwise: never } }]',
      /happens\[0\].document.otherwise: never/,
    ],
    ['happens: [{ at: 2026-03-01T00:00:00Z, remove: policies/x }]', /happens\[0\].at: .*not before the start/],
    ['happens: [{ at: +1h, throttle: Sagemaker.* }]', /happens\[0\].throttle: Sagemaker/],
    ['expect: { maxCold: 3 }', /expect.maxCold: 3: a percentage/],
    ['prices: { ml.g5.2xlarge: -1 }', /prices.*: -1: USD per hour/],
  ])('of %s', (line, pattern) => {
    const problems = problemsOf(`${head}${line}\n${chat}`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(pattern);
  });

  it('of endpoints that SageMaker would not tell apart, and of wrong combinations', () => {
    const problems = problemsOf(`${head}endpoints:
  Chat: { kind: real-time, instanceType: ml.g5.2xlarge, instances: 0 }
  chat: { kind: async, instanceType: ml.g5.2xlarge, whenAway: asks }
`);
    expect(problems.some((problem) => problem.includes('instances: 0: at least 1 for kind real-time'))).toBe(true);
    expect(
      problems.some((problem) => problem.includes('whenAway: asks: only for kinds real-time and components')),
    ).toBe(true);
    const twins = problemsOf(`${head}endpoints:
  Chat: { kind: real-time, instanceType: ml.g5.2xlarge }
  chat: { kind: real-time, instanceType: ml.g5.2xlarge }
`);
    expect(twins).toEqual([expect.stringContaining('a name of its own: SageMaker does not tell it from Chat')]);
  });

  it('of a trace bear the file and line of the trace', () => {
    const text = `${head}endpoints:\n  chat: { kind: real-time, instanceType: ml.g5.2xlarge, traffic: { trace: broken.csv } }\n`;
    expect(problemsOf(text)).toEqual([
      'folder/broken.csv:3:1: minute_index: 2: must be 1: one row a minute from 0, in order and without gaps',
    ]);
  });
});
