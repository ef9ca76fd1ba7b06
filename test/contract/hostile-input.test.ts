import { describe, expect, it } from 'vitest';
import { MINUTE } from '../../shared/domain/time.ts';
import { createFleet } from '../support/idle-windows-fleet.ts';
import { PREFIX } from '../support/product-runtime.ts';
import { createScalingFleet, type ScalingFleet } from '../support/scheduled-scaling-fleet.ts';

const ESC = '\u001b[31m\r\n{"level":"ERROR"}\u202e\u2028';
const LONG = 'x'.repeat(200_000);
/** Everything that the functions log and announce, as it leaves them. */
const textOf = (parts: { readonly lines: readonly unknown[]; readonly events: readonly unknown[] }) =>
  [...parts.lines, ...parts.events].map((part) => JSON.stringify(part));
const LIMIT_OF_AN_EVENT = 256 * 1024;

describe('a wake request', () => {
  const request = (detail: object) => ({
    source: `${PREFIX}.request`,
    'detail-type': 'Wake Requested',
    time: '2026-03-02T00:00:00Z',
    detail,
  });

  it('of hundreds of kilobytes is stored and told in a few words, on one line', async () => {
    const fleet = await createFleet();
    fleet.seed({ name: 'chat' });
    await fleet.enrol('chat');
    await fleet.invoke(request({ endpoint: 'chat', by: ESC + LONG, why: LONG + ESC, retry: true }));
    const record = await fleet.record('chat');
    const [demand] = record.demand;
    expect(demand?.by).toMatch(/^\[31m \{"level":"ERROR"\} x+$/);
    expect([demand?.by?.length, demand?.why?.length]).toEqual([200, 200]);
    expect(JSON.stringify(record).length, 'a record has 4 KB').toBeLessThan(4_096);
    for (const text of textOf(fleet)) {
      expect(text.length).toBeLessThan(10_000);
      expect(text).not.toMatch(/\\u001b|\\r|\\n\{|\u202e|\u2028/);
    }
  });

  it.each(['__proto__', 'constructor', '../chat', 'chat\nother', '', LONG, 7, null, { toString: 'chat' }])(
    'for %j is acknowledged and does nothing',
    async (endpoint) => {
      const fleet = await createFleet();
      fleet.seed({ name: 'chat' });
      const before = await fleet.enrol('chat');
      // As it arrives from the wire: `__proto__` is a member of its own there.
      const detail = JSON.parse(JSON.stringify({ endpoint })) as object;
      const summary = await fleet.invoke(request(detail));
      expect(summary).toBeDefined();
      expect(await fleet.record('chat')).toEqual(before);
      for (const text of textOf(fleet)) expect(text.length).toBeLessThan(2_000);
    },
  );

  it('cannot smuggle members into a record', async () => {
    const fleet = await createFleet();
    fleet.seed({ name: 'chat' });
    await fleet.enrol('chat');
    const detail: unknown = JSON.parse(
      '{"endpoint":"chat","__proto__":{"protected":true},"phase":"parked","generation":99,"policy":{"name":"x"}}',
    );
    await fleet.invoke(request(detail as object));
    const record = await fleet.record('chat');
    expect(record).toMatchObject({ phase: 'up', policy: { name: 'chat' } });
    expect(record.generation).toBeLessThan(99);
    expect(({} as { protected?: boolean }).protected, 'nothing else became protected').toBeUndefined();
  });
});

describe('documents of somebody hostile', () => {
  const window = { from: '08:00', to: '09:00' };
  const days = Array.from(
    { length: 400 },
    (_, day) => `${2026 + Math.floor(day / 28)}-02-${String((day % 28) + 1).padStart(2, '0')}`,
  );
  let nested: unknown = 'deep';
  for (let depth = 0; depth < 800; depth += 1) nested = [nested];
  const HOSTILE: Readonly<Record<string, unknown>> = {
    'many windows': { timezone: 'UTC', open: Array.from({ length: 101 }, () => window) },
    'all of history closed': { timezone: 'UTC', open: [window], closed: ['0001-01-01..9999-12-31'] },
    'a window of eight thousand years': {
      timezone: 'UTC',
      extra: [{ from: '0001-01-01T00:00', to: '9999-12-31T24:00' }],
    },
    'many closed days': { timezone: 'UTC', open: [window], closed: days.slice(0, 250) },
    nested: { timezone: 'UTC', open: nested },
    'a name of a prototype': JSON.parse('{"timezone":"UTC","__proto__":{"open":[]},"constructor":{}}'),
    'a zone that backtracks': { timezone: `${'A/'.repeat(1_500)}!` },
    'days that backtrack': { timezone: 'UTC', open: [{ days: 'mon-fri,'.repeat(400), ...window }] },
    'not a document': '[[[[[[',
  };

  async function endpointsOf(fleet: ScalingFleet, schedule: unknown): Promise<void> {
    await fleet.put('schedules/hostile', schedule);
    await fleet.put('policies/hostile', {
      capacity: [{ during: 'hostile', min: 2, max: 3 }],
      otherwise: { min: 1, max: 3 },
    });
    await fleet.put('policies/good', { otherwise: { min: 2, max: 3 } });
    fleet.seed({ name: 'theirs' }, 'hostile');
    fleet.seed({ name: 'ours' }, 'good');
  }

  it.each(Object.keys(HOSTILE))('%s: the tick ends, and everybody else is served', async (name) => {
    const fleet = await createScalingFleet();
    await endpointsOf(fleet, HOSTILE[name]);
    const began = performance.now();
    await fleet.tickUntil(6 * MINUTE);
    // A tick has 50 seconds. Seven of them here, and whatever else this machine does: a bomb would take minutes.
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(await fleet.record('ours')).toMatchObject({ phase: 'up', observed: { desired: 2 } });
    expect((await fleet.record('ours')).invalid).toBeUndefined();
    for (const text of textOf(fleet)) expect(text.length).toBeLessThan(10_000);
    for (const record of await fleet.store.list()) expect(JSON.stringify(record).length).toBeLessThanOrEqual(4_096);
  });
});

describe('tags of somebody hostile', () => {
  it.each([
    ['a policy that is no name', '../good'],
    ['a policy of a prototype', '__proto__'],
    ['a policy of another endpoint’s kind', 'constructor'],
    ['a policy of 256 characters', 'p'.repeat(256)],
  ])('%s: the endpoint is left alone', async (_, policy) => {
    const fleet = await createScalingFleet();
    await fleet.put('policies/good', { otherwise: { min: 2, max: 3 } });
    fleet.seed({ name: 'theirs' }, policy);
    fleet.seed({ name: 'ours' }, 'good');
    await fleet.tickUntil(6 * MINUTE);
    expect(await fleet.record('ours')).toMatchObject({ observed: { desired: 2 } });
    const touched = fleet.calls.filter(
      ({ mutating, service, input }) =>
        mutating && service !== 'DynamoDB' && service !== 'EventBridge' && JSON.stringify(input).includes('theirs'),
    );
    expect(touched).toEqual([]);
  });
});

describe('an answer that is no answer', () => {
  it('an error page of megabytes is told in a thousand characters', async () => {
    const fleet = await createScalingFleet();
    await fleet.put('policies/good', { otherwise: { min: 2, max: 3 } });
    fleet.seed({ name: 'ours' }, 'good');
    await fleet.tickUntil(8 * MINUTE);
    const error = { code: 'ValidationException', message: `${ESC}${LONG.repeat(5)}`, httpStatus: 400 };
    fleet.aws.addCallFault({ from: 0, until: undefined, calls: 'SageMaker.*', share: 1, error });
    await fleet.put('policies/good', { otherwise: { min: 3, max: 4 } });
    await fleet.tickUntil(12 * MINUTE);
    for (const text of textOf(fleet)) {
      expect(text.length).toBeLessThan(5_000);
      if (text.includes('xxxx')) expect(text).not.toMatch(/\\u001b|\\r|\u202e|\u2028/);
    }
    expect(
      textOf(fleet).some((text) => text.includes('xxxx')),
      'it is told',
    ).toBe(true);
    for (const { detail } of fleet.events) expect(JSON.stringify(detail).length).toBeLessThan(LIMIT_OF_AN_EVENT);
  });
});
