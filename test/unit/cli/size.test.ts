import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { run } from '../../../cli/main.ts';
import { sizeTargets } from '../../../cli/size-targets.ts';
import { parsePolicy } from '../../../shared/documents/index.ts';
import { policyWarnings } from '../../../shared/documents/policy-warnings.ts';

let cwd = '';
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'size-'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

async function command(...args: string[]) {
  const answer = { out: '', err: '' };
  const code = await run(args, {
    cwd,
    env: {},
    now: () => 0,
    stdout: { write: (text: string) => (answer.out += text) },
    stderr: { write: (text: string) => (answer.err += text) },
  });
  return { code, ...answer };
}

describe('targets from a load test', () => {
  it('are the limit times the safety factor, a minute’s worth for invocations', () => {
    // AWS's own example: 20 requests a second and a factor of 0.5 make 600 a minute.
    expect(sizeTargets({ perSecond: 20, concurrency: 4, safety: 0.5, headroom: 0 })).toEqual({
      invocationsPerInstance: 600,
      concurrentRequests: 2,
    });
    expect(sizeTargets({ perSecond: 10, concurrency: 1, safety: 0.7, headroom: 0 }), '70 % of 10 is 7').toEqual({
      invocationsPerInstance: 420,
      concurrentRequests: 0.7,
    });
  });

  it.each([
    [0.01, 0.6, 0.45, 0.45],
    [20, 1, 900, 0.75],
    [1, 1 / 3, 45, 0.25],
    [1234.56789, 0.123456, 55_555, 0.09259],
    [0.000_001, 0.000_002, 0.000_045, 0.000_001_5],
  ])('%d a second, %d at once: are never more than the product', (perSecond, concurrency, aMinute, atOnce) => {
    const sizes = sizeTargets({ perSecond, concurrency, safety: 0.75, headroom: 0 });
    expect(sizes).toEqual({ invocationsPerInstance: aMinute, concurrentRequests: atOnce });
  });

  it('leave room for growth, and say how many instances the load needs', () => {
    const sizes = sizeTargets({ perSecond: 10, concurrency: 4, safety: 0.75, headroom: 0.5, peak: 50, trough: 5 });
    // Half of what an instance bears: 5 a second.
    expect(sizes).toEqual({ invocationsPerInstance: 300, concurrentRequests: 2, min: 1, max: 10 });
  });
});

describe('endpoint-scaler size', () => {
  it('writes a policy that is valid, from a rate or from concurrency', async () => {
    const byRate = await command('size', '--rate', '5', '--latency', '800ms', '--peak', '50', '--metric', 'both');
    const words = 'size --concurrency 4 --latency 800ms --peak 50 --metric both --out sized.yaml'.split(' ');
    const byConcurrency = await command(...words);
    expect(byRate).toMatchObject({ code: 0, err: '' });
    expect(byConcurrency).toMatchObject({ code: 0, err: 'sized.yaml: written\n' });
    const written = readFileSync(join(cwd, 'sized.yaml'), 'utf8');
    expect(parse(written), 'Little’s law: 5 a second for 0.8 s are 4 at once').toEqual(parse(byRate.out));
    const policy = parsePolicy('sized', parse(written));
    expect(policy).toMatchObject({
      ok: true,
      value: {
        rungs: [{ min: 1, max: 14 }],
        scaling: [
          { metric: 'ConcurrentRequestsPerModel', target: 3 },
          { metric: 'InvocationsPerInstance', target: 225 },
        ],
      },
    });
  });

  it('tells the arithmetic of what was told, and where a target is less than the product', async () => {
    const byRate = await command('size', ...'--rate 0.01 --latency 60s --peak 1'.split(' '));
    expect(byRate.out).toContain('# InvocationsPerInstance      0.01 x 60 x 75 % = 0.45 a minute\n');
    expect(byRate.out).toContain('# ConcurrentRequestsPerModel  0.01 x 60 s x 75 % = 0.45\n');
    expect(parse(byRate.out)).toMatchObject({ scaling: [{ target: 0.45 }] });
    const words = 'size --concurrency 1 --latency 300ms --headroom 10% --peak 10 --metric both'.split(' ');
    const byConcurrency = await command(...words);
    expect(byConcurrency.out).toContain('# one instance bears          3.333 requests/s, 1 at once\n');
    expect(byConcurrency.out).toContain('1 / 0.3 s x 60 x 75 % / 1.1 = 136.3 a minute, rounded down\n');
    expect(byConcurrency.out).toContain('  1 x 75 % / 1.1 = 0.6818, rounded down\n');
    expect(parse(byConcurrency.out)).toMatchObject({ scaling: [{ target: 0.6818 }, { target: 136.3 }] });
  });

  it('needs no latency for what follows from the rate alone, or from concurrency alone', async () => {
    const byRate = await command('size', ...'--rate 20 --metric invocations --peak 100'.split(' '));
    expect(byRate).toMatchObject({ code: 0, err: '' });
    expect(byRate.out).not.toContain('ConcurrentRequestsPerModel');
    expect(parse(byRate.out)).toMatchObject({
      otherwise: { min: 1, max: 7 },
      scaling: [{ metric: 'InvocationsPerInstance', target: 900 }],
    });
    const byConcurrency = await command('size', '--concurrency', '3');
    expect(byConcurrency.code).toBe(0);
    expect(byConcurrency.out).not.toContain('InvocationsPerInstance');
    expect(parse(byConcurrency.out)).toMatchObject({ scaling: [{ target: 2.25 }] });
  });

  it.each([
    [
      [],
      '--peak: nothing: min and max are the same, and a scaling policy never acts: better the requests per second of the busiest time',
    ],
    [
      ['--trough', '9'],
      '--peak: nothing: min and max are the same, and a scaling policy never acts: better the requests per second of the busiest time',
    ],
    [['--peak', '3'], '--peak: 3: min and max are the same, and a scaling policy never acts: 1 instance bears it'],
    [
      ['--peak', '7', '--trough', '7'],
      '--peak: 7: min and max are the same, and a scaling policy never acts: 2 instances bear it',
    ],
  ])('%j: warns of a policy that never acts', async (words, warning) => {
    const { code, out, err } = await command('size', '--rate', '5', '--latency', '1s', ...words);
    expect({ code, err }).toEqual({ code: 0, err: `warning: ${warning}\n` });
    expect(out.includes('# instances at the peak       unknown without --peak: ')).toBe(!words.includes('--peak'));
    const policy = parsePolicy('sized', parse(out));
    expect(policy.ok && policyWarnings(policy.value), 'as validate does').toHaveLength(1);
  });

  const LATENCY = '--latency: nothing: required: how long one request takes at that load, like 800ms';

  it.each([
    [['--latency', '1s'], '--rate, --concurrency: exactly one of them: what a load test found that one instance bears'],
    [['--rate', '1'], LATENCY],
    [['--rate', '1', '--metric', 'both'], LATENCY],
    [['--concurrency', '1', '--peak', '5'], LATENCY],
    [['--concurrency', '1', '--trough', '5'], LATENCY],
    [['--concurrency', '1', '--metric', 'invocations'], LATENCY],
    [['--rate', '0', '--metric', 'invocations'], '--rate: 0: requests per second above 0, like 12 or 0.5'],
    [['--rate', '-3'], `--rate: -3: requests per second above 0, like 12 or 0.5\n${LATENCY}`],
    [
      ['--rate', '1', '--latency', '1s', '--peak', '10', '--trough', '300'],
      '--trough: 300: at most --peak, which is 10',
    ],
    [
      '--rate abc --latency x --safety 0% --headroom 5 --peak 0 --trough -1 --metric cpu'.split(' '),
      [
        '--rate: abc: requests per second above 0, like 12 or 0.5',
        '--latency: x: a duration above 0, like 800ms',
        '--safety: 0%: a percentage from 1% to 100%',
        '--headroom: 5: a percentage from 0% to 1000%',
        '--peak: 0: requests per second above 0, like 12 or 0.5',
        '--trough: -1: requests per second above 0, like 12 or 0.5',
        '--metric: cpu: concurrency, invocations, both',
      ].join('\n'),
    ],
    [['--rate', '1', '--latency', '0s'], '--latency: 0s: a duration above 0, like 800ms'],
    [['--rate', '1', '--latency', '1s', '--safety', '70'], '--safety: 70: a percentage from 1% to 100%'],
    [['--rate', '1', '--latency', '1s', '--metric', 'cpu'], '--metric: cpu: concurrency, invocations, both'],
  ])('%s is refused', async (args, expected) => {
    expect(await command('size', ...args)).toEqual({ code: 2, out: '', err: `${expected}\n` });
  });
});

describe('validate', () => {
  const warningsOf = async (scaling: readonly object[], more: object = {}) => {
    writeFileSync(join(cwd, 'policy.yaml'), JSON.stringify({ otherwise: { min: 1, max: 3 }, scaling, ...more }));
    const { code, err } = await command('validate', 'policy.yaml');
    expect(code, 'a warning refuses nothing').toBe(0);
    return err;
  };
  const tracking = (more: object) => ({
    kind: 'target-tracking',
    metric: 'InvocationsPerInstance',
    target: 9,
    ...more,
  });
  const math = (text: string) =>
    tracking({ name: 'm', metric: { math: text, metrics: { a: 'Invocations', b: 'ModelLatency' } } });
  const step = (missing: string, add: number) => ({
    kind: 'step',
    alarm: { metric: 'Invocations', threshold: 5, periods: 1, missing },
    steps: [{ from: 0, add }],
  });

  it.each([
    [
      'latency as a target',
      [tracking({ metric: 'ModelLatency', target: '500ms' })],
      'scaling[0].metric: ModelLatency: better a step policy',
    ],
    [
      'a target above 80 %',
      [tracking({ metric: 'GPUUtilization', target: 81 })],
      'scaling[0].target: 81: better at most 80',
    ],
    [
      'a scale-in that is faster than a start',
      [tracking({ scaleInCooldown: '30s' })],
      'scaling[0].scaleInCooldown: 30s: better at least 1m',
    ],
    ['math that loses its value', [math('a + b')], 'scaling[0].metric.math: a + b: better with FILL'],
    [
      'breaching without data',
      [step('breaching', 1)],
      'scaling[0].alarm.missing: breaching: better notBreaching: an endpoint that is starting',
    ],
    [
      'lowering without data',
      [step('breaching', -1)],
      'better notBreaching: without data nobody knows that it is idle',
    ],
  ])('warns of %s', async (_, scaling, expected) => {
    const err = await warningsOf(scaling);
    expect(err.trim().split('\n').length).toBe(1);
    expect(err).toContain('warning: policy.yaml:1:');
    expect(err).toContain(expected);
  });

  it.each([
    [{ otherwise: { min: 2, max: 2 } }, 1],
    [{ capacity: [{ during: 'office', min: 3, max: 3 }], otherwise: { min: 1, max: 1 } }, 1],
    [{ capacity: [{ during: 'office', min: 3, max: 4 }], otherwise: { min: 1, max: 1 } }, 0],
    [{ capacity: [{ during: 'office', min: 3, max: 3 }], otherwise: 'leave' }, 0],
    [{ capacity: [{ during: 'office', min: 3, max: 3 }], otherwise: 'zero' }, 0],
    [{ otherwise: { min: 0, max: 0 } }, 0],
  ])('%j: warns where no rung lets a scaling policy act', async (bounds, count) => {
    const err = await warningsOf([tracking({})], bounds);
    expect(err.match(/between bounds that are the same/g) ?? []).toHaveLength(count);
  });

  it('measures a scale-in by the policy’s own lead', async () => {
    expect(await warningsOf([tracking({ scaleInCooldown: '300s' })], { wake: { lead: '10m' } })).toContain(
      'better at least 10m',
    );
  });

  it('has nothing to say of a wise one', async () => {
    const wise = [
      tracking({}),
      tracking({ metric: 'CPUUtilization', target: 70 }),
      math('FILL(a, 0) + FILL(b, 0)'),
      step('notBreaching', 1),
    ];
    expect(await warningsOf(wise)).toBe('');
  });
});

describe('words of a document that a terminal would obey', () => {
  const obeyed = /(?!\n)[\p{Cc}\u202e]/u;

  it('are shown, not sent, by validate', async () => {
    const zone = JSON.stringify('Eu\u001b[31mrope\u0007\u009b2J\u202e');
    writeFileSync(join(cwd, 'evil.yaml'), `timezone: ${zone}\nopen: [{ from: ${zone}, to: "08:00" }]\n`);
    const { code, out, err } = await command('validate', 'evil.yaml');
    expect(code).toBe(2);
    expect(out).toContain('Eu\\u001b[31mrope\\u0007\\u009b2J\\u202e');
    expect(`${out}${err}`).not.toMatch(obeyed);
  });

  it('are shown where they stand in the name of a file', async () => {
    const { err } = await command('validate', 'no\u001b[31mfile.yaml');
    expect(err).toContain('no\\u001b[31mfile.yaml');
    expect(err).not.toMatch(obeyed);
  });
});
