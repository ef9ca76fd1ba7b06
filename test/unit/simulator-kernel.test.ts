import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../simulator/clock.ts';
import { PRIORITY, type Priority } from '../../simulator/contract.ts';
import { parseDuration } from '../../simulator/duration.ts';
import { SimulatorKernel } from '../../simulator/kernel.ts';
import { createRandomStreams } from '../../simulator/random.ts';

const OPTIONS = { start: 0, seed: 1, region: 'us-east-1', accountId: '123456789012' };

describe('the clock', () => {
  it('orders by time, then priority, then registration', () => {
    const clock = new VirtualClock(0);
    const draw = createRandomStreams(3).random('order');
    const priorities = Object.values(PRIORITY);
    const planned = Array.from({ length: 2000 }, (_, order) => ({
      time: Math.floor(draw() * 50),
      priority: priorities[Math.floor(draw() * priorities.length)] as Priority,
      order,
    }));
    const happened: (typeof planned)[number][] = [];
    for (const event of planned) clock.at(event.time, event.priority, () => happened.push(event));
    for (let run = clock.takeDue(100); run !== undefined; run = clock.takeDue(100)) run();
    const expected = [...planned].sort((a, b) => a.time - b.time || a.priority - b.priority || a.order - b.order);
    expect(happened).toEqual(expected);
    expect(clock.now()).toBe(expected.at(-1)!.time);
  });

  it('does not run what was cancelled, and never goes back', () => {
    const clock = new VirtualClock(1000);
    clock.at(2000, PRIORITY.world, () => {}).cancel();
    expect(clock.nextAt()).toBeUndefined();
    const times: number[] = [];
    clock.at(5, PRIORITY.world, () => times.push(clock.now()));
    clock.takeDue(3000)?.();
    expect(times).toEqual([1000]);
    clock.moveTo(500);
    expect(clock.now()).toBe(1000);
    expect(() => clock.at(Number.NaN, PRIORITY.world, () => {})).toThrow(/NaN/);
  });
});

describe('random streams', () => {
  it('are the same for seed and name, and do not shift each other', () => {
    const take = (seed: number, name: string, disturb: boolean): number[] => {
      const streams = createRandomStreams(seed);
      const next = streams.random(name);
      return Array.from({ length: 5 }, () => {
        if (disturb) streams.random('other')();
        return next();
      });
    };
    expect(take(1, 'a', true)).toEqual(take(1, 'a', false));
    expect(take(1, 'a', false)).not.toEqual(take(2, 'a', false));
    expect(take(1, 'a', false)).not.toEqual(take(1, 'b', false));
  });

  it('are even over [0, 1), also the first values of neighbouring names', () => {
    const streams = createRandomStreams(1);
    const firsts = Array.from({ length: 4000 }, (_, index) => streams.random(`endpoint-${index}`)());
    const mean = firsts.reduce((sum, value) => sum + value, 0) / firsts.length;
    expect(mean).toBeGreaterThan(0.48);
    expect(mean).toBeLessThan(0.52);
    expect(Math.min(...firsts)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...firsts)).toBeLessThan(1);
  });

  it('give uuids of version 4 that differ', () => {
    const streams = createRandomStreams(1);
    const ids = Array.from({ length: 1000 }, () => streams.uuid('x'));
    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe('the run loop', () => {
  it('moves time only when every run waits for it', async () => {
    const kernel = new SimulatorKernel(OPTIONS);
    const log: string[] = [];
    const work = async (name: string): Promise<void> => {
      kernel.beginRun();
      for (let step = 0; step < 20; step += 1) await Promise.resolve();
      log.push(`${name} worked at ${kernel.clock.now()}`);
      await kernel.clock.sleep(10);
      for (let step = 0; step < 20; step += 1) await Promise.resolve();
      log.push(`${name} woke at ${kernel.clock.now()}`);
      kernel.endRun();
    };
    for (const [name, at] of [
      ['a', 1],
      ['b', 5],
    ] as const) {
      kernel.clock.at(at, PRIORITY.delivery, () => {
        work(name).catch((error: unknown) => kernel.reportBug(error));
      });
    }
    await kernel.run(100);
    expect(log).toEqual(['a worked at 1', 'b worked at 5', 'a woke at 11', 'b woke at 15']);
    expect(kernel.clock.now()).toBe(100);
  });

  it('waits for a run that takes turns of the event loop', async () => {
    const kernel = new SimulatorKernel(OPTIONS);
    const times: number[] = [];
    kernel.clock.at(1, PRIORITY.delivery, () => {
      kernel.beginRun();
      let turns = 10;
      const again = (): void => {
        turns -= 1;
        if (turns > 0) setImmediate(again);
        else {
          times.push(kernel.clock.now());
          kernel.endRun();
        }
      };
      setImmediate(again);
    });
    kernel.clock.at(2, PRIORITY.world, () => {});
    await kernel.run(10);
    expect(times).toEqual([1]);
  });

  it('tells its step listeners once what an event started is quiet', async () => {
    const kernel = new SimulatorKernel(OPTIONS);
    const log: string[] = [];
    kernel.onStep((at) => log.push(`step ${at}`));
    kernel.clock.at(1, PRIORITY.delivery, () => {
      kernel.beginRun();
      Promise.resolve()
        .then(() => log.push('work'))
        .then(() => kernel.endRun())
        .catch((error: unknown) => kernel.reportBug(error));
    });
    kernel.clock.at(2, PRIORITY.world, () => log.push('world'));
    await kernel.run(3);
    expect(log).toEqual(['work', 'step 1', 'world', 'step 2']);
  });

  it('ends with a failure inside the simulator instead of answering it as AWS', async () => {
    const kernel = new SimulatorKernel(OPTIONS);
    kernel.register({
      name: 'SSM',
      operations: {
        GetParameter: () => {
          throw new TypeError('bug');
        },
      },
    });
    kernel.clock.at(1, PRIORITY.world, () => {
      expect(() => kernel.call({ kind: 'person', name: 'x' }, 'SSM', 'GetParameter', {})).toThrow('bug');
    });
    await expect(kernel.run(2)).rejects.toThrow('bug');
  });

  it('runs one at a time', async () => {
    const kernel = new SimulatorKernel(OPTIONS);
    const first = kernel.run(10);
    await expect(kernel.run(20)).rejects.toThrow('already running');
    await first;
  });
});

describe('durations', () => {
  it.each([
    ['10m', 600_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['5ms', 5],
    ['3m4ms', 180_004],
    ['', undefined],
    ['10', undefined],
    ['1h1d', undefined],
    ['1.5h', undefined],
    ['-1m', undefined],
  ])('%j', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });
});
