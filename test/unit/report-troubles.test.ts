import { describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../rehearsal/result.ts';
import { groupRefusals, listTroubles, nameFault } from '../../report/troubles.ts';
import { makeFortnight } from './report-fixture.ts';

describe('what went wrong', () => {
  it('tells a shortage with the start that failed, the try that worked and the window that was late', () => {
    const [shortage] = listTroubles(makeFortnight());
    expect(shortage).toMatchObject({
      title: 'Capacity shortage',
      what: 'noCapacity ml.g5.2xlarge for 3h. It took effect once.',
      mended:
        'Chat-Dev failed to start once (AWS had no instance of this type), was tried again once with chat-g6-2xlarge ' +
        'and was in service at Wed 25 Mar 08:34. ' +
        'Chat-Dev was ready at 08:34, 34 min after its window of Wed 25 Mar 08:00.',
    });
  });

  it('tells a late window and a failed start once, under their cause', () => {
    const troubles = listTroubles(makeFortnight());
    expect(troubles.map((trouble) => trouble.title)).toEqual(['Capacity shortage', 'Events lost or disturbed']);
  });

  it('tells a late window by itself when nothing scripted explains it', () => {
    const troubles = listTroubles({ ...makeFortnight(), happens: [] });
    expect(troubles.map((trouble) => [trouble.severity, trouble.title])).toEqual([
      ['late', 'Chat-Dev was late by 34 min'],
    ]);
  });

  it('puts violations first, whatever their time', () => {
    const violations = [
      { at: '2026-04-05T00:00:00Z', invariant: 4, endpoint: 'checkout', what: 'down inside a window' },
    ];
    const [first] = listTroubles({ ...makeFortnight(), invariants: { checked: 9, violations } });
    expect(first).toMatchObject({
      severity: 'violation',
      title: 'Invariant 4 violated by checkout',
      what: 'down inside a window',
    });
  });

  it('tells a window that was never met as such', () => {
    const result = makeFortnight();
    const chat = result.endpoints['Chat-Dev'];
    if (chat === undefined) throw new Error('the fixture has lost Chat-Dev');
    const windows = chat.windows.map((window) =>
      window.lateSeconds > 0 ? { ...window, readyAt: null, lateSeconds: 39_600 } : window,
    );
    const changed: RehearsalResult = {
      ...result,
      endpoints: { ...result.endpoints, 'Chat-Dev': { ...chat, windows } },
    };
    expect(listTroubles(changed)[0]?.mended).toContain(
      'was never ready for its window of Wed 25 Mar 08:00 (11 h long)',
    );
  });

  it('says of what met nothing that there was nothing to mend', () => {
    const [, events] = makeFortnight().happens;
    if (events === undefined) throw new Error('the fixture has lost its second fault');
    const troubles = listTroubles({ ...makeFortnight(), happens: [{ ...events, times: 0 }] });
    expect(troubles.find(({ severity }) => severity === 'fault')).toMatchObject({
      what: 'events drop for 24h. It met nothing.',
      mended: 'There was nothing to mend.',
    });
  });

  it('tells refused calls apart from starts that failed, once for the whole run', () => {
    const result = makeFortnight();
    const { checkout } = result.endpoints;
    if (checkout === undefined) throw new Error('the fixture has lost checkout');
    const refused = ['2026-03-24T00:00:00Z', '2026-04-01T00:00:00Z'].map((at) => ({
      at,
      function: 'scheduled-scaling' as const,
      decision: 'refuse' as const,
      reason: 'call-refused',
      evidence: {},
      times: 2,
      until: at,
    }));
    const endpoints = { ...result.endpoints, checkout: { ...checkout, decisions: refused } };
    const told = listTroubles({ ...result, endpoints, happens: [] }).filter(
      (trouble) => trouble.endpoint === 'checkout',
    );
    expect(told).toHaveLength(1);
    expect(told[0]?.what).toBe('First at Tue 24 Mar 01:00, 4 times in all, the last at Wed 1 Apr 02:00.');
    expect(groupRefusals({ ...result, endpoints }).filter((group) => group.endpoint === 'checkout')).toEqual([]);
  });

  it('groups notices by endpoint and kind', () => {
    const detail = { endpoint: 'checkout', reason: 'policy-invalid' };
    const events = [1, 2, 3].map((day) => ({
      at: `2026-03-2${day + 3}T00:00:00Z`,
      detailType: 'Policy Invalid',
      detail,
    }));
    const notices = listTroubles({ ...makeFortnight(), events, happens: [] }).filter(
      (trouble) => trouble.severity === 'notice',
    );
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatchObject({ endpoint: 'checkout', title: 'checkout: Policy Invalid' });
    expect(notices[0]?.what).toContain('3 times');
  });

  it('groups refusals by endpoint and reason', () => {
    expect(groupRefusals(makeFortnight()).map(({ endpoint, reason, times }) => [endpoint, reason, times])).toEqual([
      ['Chat-Dev', 'active', 252],
      ['nightly-batch', 'active', 364],
    ]);
  });
});

describe('faults', () => {
  it.each([
    ['noCapacity ml.g5.2xlarge for 3h', 'Capacity shortage'],
    ['events drop for 24h', 'Events lost or disturbed'],
    ['crash idle-windows after SageMaker.DeleteEndpoint', 'A function died'],
    ['hold chat up: the events of Friday fail without it', null],
    ['requests 3 to Chat-Dev', null],
  ])('%s', (what, name) => {
    expect(nameFault(what)).toBe(name);
  });
});
