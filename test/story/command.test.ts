import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { asynchronous, busyBefore, busyUntil, idle, MONDAY_UTC, office, queueOnly, realTime } from './fleet.ts';
import { endpointOf, expectSound } from './reading.ts';
import { type CommandOutcome, type Document, inFolder, runCommand, runScenario, simulate } from './run-scenario.ts';

const small = (more: Document = {}): Document => ({
  start: MONDAY_UTC,
  for: '1h',
  policies: { quick: idle('5m') },
  endpoints: { chat: realTime('quick') },
  ...more,
});

const endpoint = (more: Document): Document => small({ endpoints: { chat: realTime('quick', more) } });
const policy = (document: Document): Document => small({ policies: { quick: document } });
const scheduled = (document: Document): Document =>
  small({
    schedules: { office: document },
    policies: { quick: { ...idle('5m'), capacity: [{ during: 'office', min: 1, max: 2 }] } },
  });
const happens = (entry: Document): Document => small({ happens: [entry] });

/** What is wrong, and the words its message must hold. */
const wrong: readonly [string, Document | string, readonly string[]][] = [
  ['not YAML', 'start: [1, 2\nfor: }', []],
  ['an empty document', '', ['endpoints']],
  ['an unknown field', small({ seeds: 2 }), ['seeds', 'did you mean', 'seed']],
  ['an unknown field of an endpoint', endpoint({ startIn: '8m' }), ['startIn', 'did you mean', 'startsIn']],
  [
    'an unknown field of a policy',
    policy({ ...idle('5m'), otherwize: 'zero' }),
    ['otherwize', 'did you mean', 'otherwise'],
  ],
  ['components of another kind', endpoint({ kind: 'async', components: { one: {} } }), ['components']],
  ['kind serverless', endpoint({ kind: 'serverless' }), ['serverless']],
  ['an unknown kind', endpoint({ kind: 'realtime' }), ['realtime', 'real-time', 'async']],
  ['a bare number as a duration', small({ for: 14 }), ['for', '14']],
  ['a duration in the wrong order', small({ for: '5m1h' }), ['for', '5m1h']],
  ['a start without an offset', small({ start: '2026-03-02T00:00:00' }), ['start', '2026-03-02T00:00:00']],
  ['min over max', policy({ otherwise: { min: 3, max: 1 } }), ['min', '3', 'max']],
  ['a negative min', policy({ otherwise: { min: -1, max: 1 } }), ['min', '-1']],
  ['idleFor under 5m', policy(idle('1m')), ['idleFor', '1m', '5m']],
  ['an unknown way to wake', policy({ ...idle('5m'), wake: { by: 'steps' } }), ['by', 'step-policy']],
  [
    'an unknown schedule',
    policy({ ...idle('5m'), capacity: [{ during: 'offce', min: 1, max: 2 }] }),
    ['during', 'offce'],
  ],
  ['an unknown zone', scheduled({ ...office, timezone: 'Europe/Berln' }), ['timezone', 'Europe/Berln']],
  ['a window with equal ends', scheduled({ timezone: 'UTC', open: [{ from: '08:00', to: '08:00' }] }), ['08:00']],
  [
    'an unknown day',
    scheduled({ timezone: 'UTC', open: [{ days: 'mon-fry', from: '08:00', to: '09:00' }] }),
    ['days', 'mon-fry'],
  ],
  ['24:00 as a begin', scheduled({ timezone: 'UTC', open: [{ from: '24:00', to: '09:00' }] }), ['from', '24:00']],
  ['an unknown verb', happens({ at: '+1m', explode: 'chat' }), ['explode']],
  ['an unknown operation', happens({ at: '+1m', call: 'SageMaker.MakeCoffee', with: {} }), ['SageMaker.MakeCoffee']],
  ['an entry about nobody', happens({ at: '+1m', requests: 3, to: 'chatt' }), ['chatt', 'did you mean', 'chat']],
  ['an entry after the end', happens({ at: '+1x', requests: 3, to: 'chat' }), ['at', '+1x']],
  ['a hold without a reason', happens({ at: '+1m', hold: 'chat', mode: 'up', until: '+30m' }), ['why']],
  [
    'a hold over 30 days',
    happens({ at: '+1m', hold: 'chat', mode: 'up', until: '+800h', why: 'test' }),
    ['until', '30'],
  ],
  [
    'an unknown mode of a hold',
    happens({ at: '+1m', hold: 'chat', mode: 'sideways', until: '+1h', why: 'test' }),
    ['mode', 'sideways', 'hands-off'],
  ],
  [
    'an unknown function',
    happens({ at: '+1m', crash: 'idle-window', after: 'SageMaker.DeleteEndpoint' }),
    ['idle-window', 'idle-windows'],
  ],
  ['a share over 1', happens({ at: '+1m', throttle: 'SageMaker.*', share: 2 }), ['share', '2']],
  ['an unknown parameter', small({ parameters: { Mood: 'on' } }), ['Mood']],
  ['a missing file', small({ policies: { quick: 'policies/missing.yaml' } }), ['policies/missing.yaml']],
  ['an endpoint name AWS refuses', small({ endpoints: { chat_dev: realTime('quick') } }), ['chat_dev']],
];

const textOf = (document: Document | string): string => (typeof document === 'string' ? document : stringify(document));

/** What only a run can find, or must be refused by `simulate` itself. */
const refused = [
  'not YAML',
  'an unknown field',
  'components of another kind',
  'kind serverless',
  'min over max',
  'an unknown schedule',
  'an unknown parameter',
  'a missing file',
];

describe('validate finds what is wrong', () => {
  let outcome: CommandOutcome;
  const checked = wrong.filter(([name]) => name !== 'an unknown parameter');
  const fileOf = (name: string): string => `${name.replaceAll(/[^a-z0-9]+/gi, '-')}/scenario.yaml`;
  beforeAll(async () => {
    const files = Object.fromEntries(checked.map(([name, document]) => [fileOf(name), textOf(document)]));
    outcome = await inFolder(files, (folder) => runCommand(['validate', ...Object.keys(files)], folder));
  });

  it('in every file at once, with exit code 2', () => {
    expect(outcome.exitCode, `section 8: exit code 2 for a wrong document\n${outcome.stderr}`).toBe(2);
  });

  it.each(checked)('%s', (name, _, words) => {
    const lines = outcome.stdout.split('\n').filter((line) => line.startsWith(fileOf(name)));
    expect(lines.join('\n'), 'section 8: file:line:col: field: value: what is allowed').toMatch(
      /scenario\.yaml:\d+:\d+: \S/,
    );
    for (const word of words)
      expect(lines.join('\n'), 'section 8: the problem names field, value and what is allowed').toContain(word);
  });
});

describe.concurrent('simulate refuses a wrong document', () => {
  it.each(wrong.filter(([name]) => refused.includes(name)))('%s', async (_, document, words) => {
    const { exitCode, stdout, stderr } = await simulate(document);
    expect(exitCode, `section 8: exit code 2 for a wrong document\n${stderr}`).toBe(2);
    expect(stdout, 'section 8: data on stdout only').toBe('');
    expect(stderr, 'section 8: file:line:col: field: value: what is allowed').toMatch(
      /^\S*scenario\.yaml:\d+:\d+: \S/m,
    );
    for (const word of words)
      expect(stderr, 'section 8: the problem names field, value and what is allowed').toContain(word);
    expect(stderr, 'a problem, not a crash').not.toMatch(/\n\s+at .*:\d+:\d+\)?$/m);
  });

  it('points at the line of the value', async () => {
    const text = `start: ${MONDAY_UTC}\nfor: 1h\npolicies:\n  quick: { otherwise: zero, zero: { by: park, idleFor: 1m } }\nendpoints:\n  chat: { kind: real-time, policy: quick, instanceType: ml.g5.xlarge, startIn: 8m }\n`;
    const { stderr } = await simulate(text);
    expect(stderr, 'section 8: file:line:col of a value').toMatch(/scenario\.yaml:4:\d+: .*idleFor/);
    expect(stderr, 'section 8: of every problem').toMatch(/scenario\.yaml:6:\d+: .*startIn/);
  });

  it.each([
    ['a gap', 'minute_index,count\n0,1\n1,2\n3,1\n', 4],
    ['a negative count', 'minute_index,count\n0,1\n1,-2\n', 3],
    ['not a number', 'minute_index,count\n0,1\n1,many\n', 3],
    ['another header', 'minute,requests\n0,1\n', 1],
    ['a fraction', 'minute_index,count\n0,1.5\n', 2],
  ])('a trace with %s, by its line', async (_, text, line) => {
    const { exitCode, stderr } = await simulate(endpoint({ traffic: { trace: 'trace.csv' } }), {
      files: { 'trace.csv': text },
    });
    expect(exitCode, 'issue: a trace with gaps, negative or non-numeric counts is refused').toBe(2);
    expect(stderr, 'issue: … with its line').toMatch(new RegExp(`trace\\.csv:${line}:`));
  });

  it('a file that does not exist and an option that does not exist are usage errors', async () => {
    for (const args of [
      ['simulate', 'nowhere.yaml'],
      ['simulate', 'scenario.yaml', '--jsn', '-'],
      ['simulat'],
      ['simulate'],
    ]) {
      const { exitCode, stderr } = await inFolder({ 'scenario.yaml': stringify(small()) }, (folder) =>
        runCommand(args, folder),
      );
      expect(exitCode, `section 8: exit code 2 for wrong usage: ${args.join(' ')}\n${stderr}`).toBe(2);
    }
  });
});

describe.concurrent('simulate tells what came out', () => {
  it('expect: met = 0, unmet = 4, and which', async () => {
    const cold = (maxCold: string) =>
      simulate({
        ...small({ for: '3h', expect: { maxCold } }),
        endpoints: { chat: realTime('quick', { whenAway: 'asks', ...busyUntil('1h') }) },
        happens: [...busyBefore('chat'), { at: '+2h', requests: 2, to: 'chat' }],
      });
    // 2 of 62 requests are cold: 3.2 %
    const [met, unmet] = await Promise.all([cold('4%'), cold('3%')]);
    expect(met.exitCode, `section 8: 0 ok\n${met.stderr}`).toBe(0);
    expect(unmet.exitCode, `section 8: expect unmet = exit code 4\n${unmet.stderr}`).toBe(4);
    expect(unmet.stderr, 'names what was expected').toContain('maxCold');
    expect(JSON.parse(unmet.stdout).endpoints.chat.requests.cold, 'the result is written all the same').toBe(2);
  });

  it('a policy that is not in force, and why; the exit code stays', async () => {
    const scaling = [{ kind: 'target-tracking', metric: 'GPUUtilization', target: 70 }];
    const { exitCode, stderr } = await simulate({
      ...small({ for: '30m', policies: { gpu: { otherwise: { min: 1, max: 3 }, scaling } } }),
      endpoints: {
        burst: realTime('gpu', { instanceType: 'ml.t2.medium' }),
        plain: realTime('gpu', { instanceType: 'ml.m5.xlarge' }),
        fine: realTime('gpu'),
      },
    });
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/warning: endpoints\.burst: policy gpu is invalid for it: scaling: ml\.t2\.medium/);
    expect(stderr).toMatch(
      /warning: endpoints\.plain: ml\.m5\.xlarge: the scaling policy GPUUtilization is not applied/,
    );
    expect(stderr).toMatch(/warning: burst: Policy Invalid \(once at \S+\): \S+policies\/gpu: scaling: ml\.t2\.medium/);
    expect(stderr).toMatch(/warning: plain: Policy Not Applied \(once at \S+\): scaling: GPUUtilization: ml\.m5/);
    expect(stderr, 'nothing of what is as it should be').not.toContain('fine');
  });

  it('a broken invariant = 3, and which, when, for which endpoint', async () => {
    const { exitCode, result, stderr } = await runScenario(
      small({
        policies: { bounded: { otherwise: { min: 1, max: 2 } } },
        endpoints: { Checkout: realTime('bounded') },
        happens: [
          {
            at: '+30m',
            call: 'SageMaker.UpdateEndpointWeightsAndCapacities',
            with: {
              EndpointName: 'Checkout',
              DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 9 }],
            },
          },
        ],
      }),
    );
    expect(exitCode, 'section 8: an invariant was violated = exit code 3').toBe(3);
    expect(result.invariants.violations[0], 'section 10, 3: never above the highest max').toMatchObject({
      invariant: 3,
      endpoint: 'Checkout',
    });
    expect(stderr, 'issue: says which, when, for which endpoint').toMatch(/invariant 3.*2026-03-02T00:3\d.*Checkout/);
  });

  it('warns of entries that never took effect, of short traces, unknown prices and unknown policies', async () => {
    const { result, stderr } = await runScenario(
      small({
        endpoints: {
          chat: realTime('quick', { policy: undefined, traffic: { trace: 'trace.csv' } }),
          odd: realTime('quick', { policy: undefined, instanceType: 'ml.z99.xlarge' }),
          mistaken: realTime('quik'),
        },
        happens: [
          { at: '+1m', crash: 'idle-windows', after: 'SageMaker.CreateEndpoint' },
          { at: '+2m', requests: 2, to: 'chat' },
        ],
      }),
      { files: { 'trace.csv': 'minute_index,count\n0,1\n1,0\n2,3\n' } },
    );
    expect(
      result.happens.map((entry) => entry.times),
      'section 8: how often each entry took effect',
    ).toEqual([0, expect.any(Number)]);
    expect(result.happens[1]?.times, 'section 8: how often each entry took effect').toBeGreaterThan(0);
    expect(stderr, 'section 8: 0 is a warning').toMatch(/crash/);
    expect(stderr, 'section 8: shorter than the run: 0 after, with a warning').toMatch(/trace\.csv/);
    expect(stderr, 'section 8: unknown type = money null, with a warning').toMatch(/ml\.z99\.xlarge/);
    expect(stderr, 'section 8: a tag whose policy is nowhere').toMatch(/quik.*did you mean quick/);
    expect(endpointOf(result, 'chat').requests.total, 'the trace’s requests and the scripted ones, exactly').toBe(6);
    expect(result.bill.endpoints['odd'], 'section 8: money null').toEqual({ paid: null, alwaysOn: null });
    expect(result.bill.saved, 'null where any price is unknown').toBeNull();
  });

  it('writes outputs whole or not at all', async () => {
    await inFolder({ 'good.yaml': stringify(small()), 'bad.yaml': stringify(small({ seeds: 1 })) }, async (folder) => {
      const [good, bad] = await Promise.all([
        runCommand(['simulate', 'good.yaml', '--json', 'good.json'], folder),
        runCommand(['simulate', 'bad.yaml', '--json', 'bad.json', '--report', 'bad.html'], folder),
      ]);
      expect([good.exitCode, bad.exitCode], good.stderr).toEqual([0, 2]);
      expect(
        JSON.parse(readFileSync(join(folder, 'good.json'), 'utf8')).scenario,
        'section 8: --json takes a path',
      ).toMatch(/^good/);
      expect(
        [existsSync(join(folder, 'bad.json')), existsSync(join(folder, 'bad.html'))],
        'section 8: or not at all',
      ).toEqual([false, false]);
    });
  });

  it('prices by the document', async () => {
    const { result } = await runScenario(
      small({
        for: '2h',
        prices: { 'ml.g5.2xlarge': 1.5 },
        endpoints: { steady: realTime('quick', { policy: undefined, instances: 2 }) },
      }),
    );
    expect(endpointOf(result, 'steady').instanceHours, 'two instances for two hours').toEqual({ paid: 4, alwaysOn: 4 });
    expect(result.bill.endpoints['steady'], 'USD per hour, over the table that ships').toEqual({
      paid: 6,
      alwaysOn: 6,
    });
    expect(result.bill.saved, 'section 7: alwaysOn − paid − the scaler’s own cost').toBeCloseTo(-result.bill.scaler, 6);
  });
});

describe('the result', () => {
  const rich = (seed: number): Document => ({
    start: MONDAY_UTC,
    for: '6h',
    seed,
    policies: { quick: idle('5m'), queue: queueOnly },
    endpoints: {
      'Chat-Dev': realTime('quick', { whenAway: 'asks', startsIn: { p50: '7m', p95: '14m' }, ...busyUntil('1h') }),
      transcribe: asynchronous('queue'),
    },
    happens: [
      ...busyBefore('Chat-Dev'),
      { at: '+2h', requests: 3, to: 'Chat-Dev' },
      { at: '+3h', requests: 12, to: 'transcribe' },
      { at: '+1h', for: '2h', throttle: 'SageMaker.*', share: 0.3 },
    ],
  });

  function expectSorted(value: unknown, path: string): void {
    if (Array.isArray(value)) for (const [index, item] of value.entries()) expectSorted(item, `${path}[${index}]`);
    else if (typeof value === 'object' && value !== null) {
      const keys = Object.keys(value);
      expect(keys, `section 8: keys sorted (${path})`).toEqual([...keys].sort());
      for (const [key, item] of Object.entries(value)) expectSorted(item, `${path}.${key}`);
    } else if (typeof value === 'number')
      expect(
        Math.abs(value * 1e6 - Math.round(value * 1e6)) < 1e-3,
        `section 8: numbers to 6 decimals (${path} = ${value})`,
      ).toBe(true);
  }

  it('is the same bytes in every time zone, and another with another seed', async () => {
    const run = (seed: number, TZ: string, LANG: string) => simulate(rich(seed), { env: { TZ, LANG } });
    const [utc, newfoundland, other] = await Promise.all([
      run(1, 'UTC', 'C'),
      run(1, 'America/St_Johns', 'de_DE.UTF-8'),
      run(2, 'UTC', 'C'),
    ]);
    expect(utc.exitCode, utc.stderr).toBe(0);
    expect(
      newfoundland.stdout === utc.stdout,
      'section 8: same document and seed give the same result, byte for byte',
    ).toBe(true);
    const starts = (text: string) => (JSON.parse(text) as RehearsalResult).endpoints['Chat-Dev']?.wakeSeconds;
    expect(starts(other.stdout), 'section 8: start times are drawn by the seed').not.toEqual(starts(utc.stdout));

    const result = JSON.parse(utc.stdout) as RehearsalResult;
    expectSorted(result, 'result');
    expect(Object.keys(result), 'section 8: the result').toEqual([
      'bill',
      'calls',
      'endpoints',
      'events',
      'from',
      'happens',
      'invariants',
      'scenario',
      'seed',
      'to',
    ]);
    expect([result.seed, Date.parse(result.to) - Date.parse(result.from)], 'what ran').toEqual([1, 6 * 3_600_000]);
    for (const instant of [result.from, result.to, ...result.events.map((event) => event.at)])
      expect(instant, 'section 8: ISO instants in UTC').toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    for (const { spans } of Object.values(result.endpoints)) {
      expect([spans[0]?.from, spans.at(-1)?.to], 'spans cover the run').toEqual([result.from, result.to]);
      for (const [index, span] of spans.entries()) {
        const next = spans[index + 1];
        if (next !== undefined) expect(next.from, 'without gaps').toBe(span.to);
      }
    }
    const chat = endpointOf(result, 'Chat-Dev');
    expect(
      chat.requestsByHour.reduce((sum, count) => sum + count, 0),
      'requests by hour sum up',
    ).toBe(chat.requests.total);
    expect(chat.wakeSeconds.length, 'one for each wake').toBe(chat.wakes);
    for (const decision of chat.decisions) {
      expect(decision.reason, 'section 10, 9: a reason code').toMatch(/^[a-z0-9-]+$/i);
      expect(decision.times, 'equal consecutive ones are one entry').toBeGreaterThanOrEqual(1);
    }
    expectSound(result);
  });
});
