import { describe, expect, it } from 'vitest';
import { busyBefore, idle, MONDAY_UTC, realTime } from './fleet.ts';
import { deletions, endpointOf, expectBetween } from './reading.ts';
import { expectSurvived, rehearseHere } from './rehearse-here.ts';

/** Sixteen at once on an instance, each for half an hour. */
const streams = { serves: { concurrent: 16, in: '30m', streams: true } };

describe.each(['begin', 'end'] as const)('streams whose one invocation is counted at their %s', (streamInvocation) => {
  it('keep their endpoint from being parked, long after or before that invocation', async () => {
    const rehearsal = await rehearseHere({
      start: MONDAY_UTC,
      for: '3h',
      readings: { streamInvocation },
      policies: { quick: idle('5m', { zero: { by: 'park', idleFor: '5m', minUp: '1m' } }) },
      endpoints: { llm: realTime('quick', streams) },
      happens: [...busyBefore('llm'), { at: '+2m', requests: 1, to: 'llm' }, { at: '+30m', requests: 1, to: 'llm' }],
    });
    expectSurvived(rehearsal);
    const { result } = rehearsal;
    expect(endpointOf(result, 'llm').requests).toMatchObject({ total: 2, served: 2, cut: 0 });
    expectBetween(deletions(result, 'llm')[0], '1h7m', '1h13m', 'idleFor 5m after the last stream ended at +1h');
  });
});
