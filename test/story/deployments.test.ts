import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PRODUCT } from '../../rehearsal/product.ts';
import { checkOutPrevious, type PreviousRelease } from '../support/previous-release.ts';
import { asynchronous, idle, MONDAY_UTC, queueOnly, realTime } from './fleet.ts';
import { arrivals, deletions, endpointOf, eventsOf, expectBetween, expectUp } from './reading.ts';
import { expectSurvived, rehearseHere } from './rehearse-here.ts';
import type { Document } from './run-scenario.ts';

const fleet = (length: string, happens: readonly Document[], more: Document = {}): Document => ({
  start: MONDAY_UTC,
  for: length,
  policies: { quick: idle('5m'), queue: queueOnly },
  endpoints: {
    chat: realTime('quick', { whenAway: 'asks', startsIn: '4m', deletesIn: '1m' }),
    transcribe: asynchronous('queue', { startsIn: '4m' }),
  },
  happens: [...happens, { at: '+10m', requests: 2, to: 'chat' }, { at: '+12m', requests: 12, to: 'transcribe' }],
  ...more,
});

const ask = { at: '+50m', requests: 2, to: 'chat' };

describe('a deployment in the middle', () => {
  it.each<[string, string]>([
    ['between the two runs of a park', '+1m30s'],
    ['while it deletes', '+2m10s'],
    ['while it wakes', '+12m'],
    ['while it is restored', '+14m'],
  ])('%s: the same day', async (_, at) => {
    const run = await rehearseHere(fleet('90m', [{ at, deploy: { LogLevel: 'DEBUG' } }, ask]));
    expectSurvived(run);
    expect(endpointOf(run.result, 'chat')).toMatchObject({ parks: 3, wakes: 2, final: { phase: 'parked' } });
    expect(run.result.calls['SageMaker.CreateEndpoint'], 'section 10, 6').toBe(2);
    expect(run.result.calls['SageMaker.DeleteEndpoint'], 'section 10, 6').toBe(3);
    expect(endpointOf(run.result, 'transcribe').requests, 'section 10, 7').toMatchObject({ served: 12, expired: 0 });
  });

  it('Mode wake-only: what is away still wakes and nothing is parked, until it is on again', async () => {
    const run = await rehearseHere(
      fleet('4h', [
        { at: '+5m', deploy: { Mode: 'wake-only' } },
        { at: '+2h', deploy: { Mode: 'on' } },
      ]),
    );
    expectSurvived(run);
    expectBetween(arrivals(run.result, 'chat')[0], '14m', '16m', 'section 3: what we parked still wakes');
    expectUp(run.result, 'chat', '16m', '120m', 'section 3: no park, no scale-in');
    expectBetween(deletions(run.result, 'chat')[1], '2h', '2h20m', 'a quarter of an hour after it may again');
  });

  it('Mode off while one is parked: nothing at all, said hourly, and woken when it is on again', async () => {
    const run = await rehearseHere(
      fleet('4h', [
        { at: '+5m', deploy: { Mode: 'off' } },
        { at: '+3h', deploy: { Mode: 'on' } },
        { at: '+3h1m', requests: 1, to: 'chat' },
      ]),
    );
    expectSurvived(run);
    expect(eventsOf(run.result, 'Scaler Off').length).toBeGreaterThanOrEqual(2);
    expectBetween(arrivals(run.result, 'chat')[0], '3h4m', '3h8m', 'and then it wakes');
  });

  it('a slower tick: one every five minutes from then on, none of the old ones', async () => {
    const ticks: number[] = [];
    const run = await rehearseHere(fleet('2h', [{ at: '+1h', deploy: { TickMinutes: 5 } }]), {
      onReady: ({ aws, deployment }) =>
        deployment.onInvocationEnd(
          ({ functionId }) => functionId === 'ScheduledScaling' && ticks.push(aws.clock.now()),
        ),
    });
    expectSurvived(run);
    const after = ticks.filter((at) => at > Date.parse(MONDAY_UTC) + 61 * 60_000);
    expect(after.length, 'in 59 minutes').toBeGreaterThanOrEqual(11);
    expect(after.length, 'in 59 minutes').toBeLessThanOrEqual(14);
  });
});

describe('another version of the code meets what the old one wrote', () => {
  let previous: PreviousRelease = { missing: 'not looked for yet' };
  let folder = '';

  beforeAll(async () => {
    mkdirSync('out', { recursive: true });
    folder = mkdtempSync(join(resolve('out'), 'previous-'));
    previous = await checkOutPrevious(folder);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.for<[string, string]>([
    ['between the two runs of a park', '+1m30s'],
    ['while it is parked', '+6m'],
    ['while it wakes', '+12m'],
    ['while it serves', '+20m'],
  ])('%s', async ([, at], { skip }) => {
    if ('missing' in previous) return skip(`no earlier version of the code to begin with: ${previous.missing}`);
    const earlier = (await import(pathToFileURL(join(previous.folder, 'rehearsal/product.ts')).href)) as {
      PRODUCT: typeof PRODUCT;
    };
    expect(earlier.PRODUCT, 'it is another one').not.toBe(PRODUCT);
    const run = await rehearseHere(fleet('90m', [{ at, deploy: {} }, ask]), {
      code: earlier.PRODUCT,
      codeAfterDeploy: PRODUCT,
    });
    expectSurvived(run);
    expect(endpointOf(run.result, 'chat')).toMatchObject({ parks: 3, wakes: 2, final: { phase: 'parked' } });
    expect(endpointOf(run.result, 'transcribe').requests, 'section 10, 7').toMatchObject({ served: 12, expired: 0 });
  });
});
