import { beforeAll, describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { MONDAY_BERLIN, realTime } from './fleet.ts';
import { arrivals, deletions, endpointOf, eventsOf, expectAway, expectBetween, expectSound } from './reading.ts';
import { runScenario } from './run-scenario.ts';

describe('zero: { rehearse: true }', () => {
  let result: RehearsalResult;
  beforeAll(async () => {
    const policy = (rehearse: boolean) => ({ otherwise: 'zero', zero: { by: 'park', idleFor: '30m', rehearse } });
    ({ result } = await runScenario({
      start: MONDAY_BERLIN,
      for: '6h',
      policies: { careful: policy(true), plain: policy(false), short: policy(true) },
      endpoints: {
        careful: realTime('careful'),
        plain: realTime('plain'),
        short: realTime('short', { instanceType: 'ml.p4d.24xlarge' }),
      },
      happens: [{ at: '+0h', for: '2h', noCapacity: 'ml.p4d.24xlarge', failsAfter: '10m' }],
    }));
  });

  it('wakes at once what it parked for the first time, and parks for good when that is proven', () => {
    const [first, second] = deletions(result, 'careful');
    const [back] = arrivals(result, 'careful');
    expectBetween(first, '1m', '6m', 'idle from the start: parked at once');
    expectBetween((back ?? 0) - (first ?? 0), '10m', '14m', 'deleting takes 2 minutes, starting 8');
    expectBetween((second ?? 0) - (back ?? 0), '30m', '37m', 'idle for 30 minutes from then on');
    expectAway(result, 'careful', '2h', '6h', 'proven: it stays parked');
    expect(endpointOf(result, 'careful').decisions.map(({ decision, reason }) => `${decision} ${reason}`)).toContain(
      'wake rehearsal',
    );
  });

  it('without the word nothing is woken', () => {
    expect(arrivals(result, 'plain')).toEqual([]);
  });

  it('goes on through a shortage until it is back, whatever the calendar says', () => {
    const [back] = arrivals(result, 'short');
    expectBetween(back, '2h8m', '2h35m', 'retries at most 15 minutes apart, and 8 minutes of starting');
    expect(eventsOf(result, 'Decision Refused', 'short').map(({ detail }) => detail['reason'])).not.toContain(
      'rehearsal-failed',
    );
  });

  it('breaks no invariant', () => expectSound(result));
});
