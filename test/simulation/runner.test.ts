import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DeleteEndpointCommand, DescribeEndpointCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import * as v from 'valibot';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/index.ts';
import { readTemplateText, writeJson } from '../../rehearsal/index.ts';
import { resultSchema } from '../../rehearsal/result-schema.ts';
import type { World } from '../../shared/runtime/contract.ts';
import { isTick, minutesIn, run, standIn, type Tick } from './stand-in.ts';

const HOUR = `
start: 2026-03-02T00:00:00Z
for: 1h
endpoints:
  Chat: { kind: real-time, instanceType: ml.g5.2xlarge, traffic: { perMinute: 0.5 } }
`;

const describeChat = (world: World) =>
  new SageMakerClient(world.clientDefaults).send(new DescribeEndpointCommand({ EndpointName: 'Chat' }));

describe('a function that dies', () => {
  it('runs no catch and no finally, and starts cold the next time', async () => {
    const seen: string[] = [];
    const idleWindows: Tick = async (world, event) => {
      if (!isTick(event) || minutesIn(world) < 30) return;
      const environment = world as World & { warm?: boolean };
      seen.push(`${minutesIn(world)} ${environment.warm ? 'warm' : 'cold'}`);
      environment.warm = true;
      if (minutesIn(world) !== 30) return;
      try {
        await new SageMakerClient(world.clientDefaults).send(new DeleteEndpointCommand({ EndpointName: 'Chat' }));
        seen.push('after the delete');
      } catch {
        seen.push('catch');
      } finally {
        seen.push('finally');
      }
    };
    const happens = 'happens: [{ at: +10m, crash: idle-windows, after: SageMaker.DeleteEndpoint }]\n';
    const { result } = await run(HOUR + happens, { code: standIn({ idleWindows }) });
    expect(seen.slice(0, 4)).toEqual(['30 cold', '31 cold', '31 warm', '32 warm']);
    expect(seen.some((line) => /after|catch|finally/.test(line))).toBe(false);
    expect(result.happens[0]?.times).toBe(1);
    expect(result.endpoints['Chat']?.spans.at(-1)?.status).toBe('Absent');
  });

  it('by its timeout never goes on, not even from a sleep', async () => {
    const seen: string[] = [];
    const scheduledScaling: Tick = async (world) => {
      if (minutesIn(world) !== 10) return;
      seen.push('begins');
      await world.sleep(120_000);
      seen.push('goes on');
    };
    await run(HOUR, { code: standIn({ scheduledScaling }) });
    expect(new Set(seen)).toEqual(new Set(['begins']));
  });
});

describe('faults of a scenario', () => {
  it('are answered to the product alone, retried by the SDK on the virtual clock, and counted', async () => {
    const attempts: number[] = [];
    const idleWindows: Tick = async (world, event) => {
      if (!isTick(event) || minutesIn(world) !== 20) return;
      const before = world.clock.now();
      await describeChat(world).catch((error: { $metadata: { attempts: number } }) =>
        attempts.push(error.$metadata.attempts),
      );
      attempts.push(world.clock.now() - before);
    };
    const happens = `happens:
  - { at: +19m, for: 2m, throttle: SageMaker.* }
  - { at: +20m, call: SageMaker.DescribeEndpoint, with: { EndpointName: Chat } }
`;
    const { result } = await run(HOUR + happens, { code: standIn({ idleWindows }) });
    expect(attempts).toEqual([3, 300]);
    expect(result.happens.map(({ times }) => times)).toEqual([3, 1]);
    expect(result.happens[1]?.answer).toMatchObject({ EndpointStatus: 'InService' });
  });

  it('that never took effect are a warning', async () => {
    const happens = 'happens: [{ at: +10m, for: 1m, noCapacity: ml.p5en.48xlarge }]\n';
    const { warnings } = await run(HOUR + happens, { code: standIn({}) });
    expect(warnings).toEqual([expect.stringContaining('noCapacity ml.p5en.48xlarge for 1m: never took effect')]);
  });

  it('are told with the refusal where AWS refused them', async () => {
    const happens = 'happens: [{ at: +10m, call: SageMaker.DescribeEndpoint, with: { EndpointName: Nobody } }]\n';
    const { warnings } = await run(HOUR + happens, { code: standIn({}) });
    expect(warnings).toEqual([
      expect.stringMatching(
        /call SageMaker\.DescribeEndpoint.*: never took effect: ValidationException: .*Could not find/,
      ),
    ]);
  });
});

describe('what is deployed', () => {
  const ticks = async (template: string, parameters = '{}'): Promise<{ count: number; mode: Set<unknown> }> => {
    const mode = new Set<unknown>();
    let count = 0;
    const scheduledScaling: Tick = async (world, event) => {
      if (isTick(event)) count += 1;
      mode.add(world.env['MODE']);
    };
    await run(`${HOUR}parameters: ${parameters}\n`, { template, code: standIn({ scheduledScaling }) });
    return { count, mode };
  };

  it('is read from the template: rate, environment, parameters', async () => {
    const template = readTemplateText();
    expect((await ticks(template)).count).toBe(61);
    expect((await ticks(template.replaceAll('rate(1 minute)', 'rate(5 minutes)'))).count).toBe(13);
    expect((await ticks(template, '{ Mode: dry-run }')).mode).toEqual(new Set(['dry-run']));
    expect((await ticks(template.replace('MODE: !Ref Mode', 'MODE: wake-only'))).mode).toEqual(new Set(['wake-only']));
  });

  it('is refused where a parameter has a value that the template forbids', async () => {
    await expect(ticks(readTemplateText(), '{ Mode: sometimes }')).rejects.toThrow(
      /scenario.yaml:6:\d+: parameters.Mode: sometimes: must be one of on, wake-only, dry-run, off/,
    );
  });
});

const DAY = `
start: 2026-03-28T12:00:00+01:00
for: 30h
schedules: { office: { timezone: Europe/Berlin, open: [{ from: "08:00", to: "19:00" }] } }
policies: { dev: { capacity: [{ during: office, min: 1, max: 2 }], otherwise: zero, zero: { by: park } } }
endpoints:
  Chat: { kind: real-time, policy: dev, instanceType: ml.g5.2xlarge, startsIn: { p50: 6m, p95: 12m }, whenAway: asks, traffic: { diurnal: { timezone: Europe/Berlin, day: 20/h, night: 1/h, noise: 0.3 } } }
happens: [{ at: +20h, for: 2h, throttle: "*", share: 0.2 }]
`;

describe('the result', () => {
  it('is the same bytes for the same document and seed, in every time zone; another for another seed', async () => {
    const here = writeJson((await run(DAY)).result);
    const script = `import { run } from ${JSON.stringify(fileURLToPath(new URL('./stand-in.ts', import.meta.url)))};
      import { writeJson } from ${JSON.stringify(fileURLToPath(new URL('../../rehearsal/index.ts', import.meta.url)))};
      process.stdout.write(writeJson((await run(${JSON.stringify(DAY)})).result));`;
    const there = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      env: {
        PATH: process.env['PATH'],
        TZ: 'Pacific/Kiritimati',
        AWS_REGION: 'mars-1',
        AWS_MAX_ATTEMPTS: '9',
        LANG: 'tr_TR.UTF-8',
      },
      maxBuffer: 64 * 1024 * 1024,
      encoding: 'utf8',
    });
    expect(there).toBe(here);
    expect(writeJson((await run(`${DAY}seed: 2\n`)).result)).not.toBe(here);
  });

  it('keeps its schema, and its sums', async () => {
    const { result } = await run(DAY);
    expectTypeOf<v.InferOutput<typeof resultSchema>>().toExtend<Omit<RehearsalResult, 'timezone'>>();
    const written = JSON.parse(writeJson(result)) as typeof result;
    expect(v.safeParse(resultSchema, written).issues).toBeUndefined();
    const { requests, spans, requestsByHour } = written.endpoints['Chat']!;
    expect(requests.total).toBe(requests.served + requests.failed + requests.expired + requests.pending);
    expect(requestsByHour.reduce((sum, one) => sum + one, 0)).toBe(requests.total);
    expect(spans[0]?.from).toBe(written.from);
    expect(spans.at(-1)?.to).toBe(written.to);
    for (const [index, span] of spans.entries()) if (index > 0) expect(span.from).toBe(spans[index - 1]?.to);
  });
});
