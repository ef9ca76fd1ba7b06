import { describe, expect, it } from 'vitest';
import { requestWake } from '../../../shared/domain/demand.ts';
import type { FleetRecord } from '../../../shared/domain/record.ts';
import { MINUTE } from '../../../shared/domain/time.ts';

const NOW = Date.parse('2026-03-24T07:00:00Z');
const gaveUp: FleetRecord = {
  schemaVersion: 1,
  version: 1,
  endpoint: 'chat',
  arn: 'arn',
  kind: 'real-time',
  phase: 'parked',
  phaseSince: NOW,
  generation: 4,
  policyName: 'dev',
  protected: false,
  demand: [],
  wake: {
    startedAt: NOW,
    reason: 'demand-request',
    configIndex: 0,
    attempts: 3,
    paidAttempts: 3,
    nextTryAt: NOW + 15 * MINUTE,
    gaveUp: { at: NOW, policyVersion: '1' },
  },
  nextAt: { scaling: NOW, windows: NOW },
};

describe('requestWake', () => {
  it('anybody may ask, and say who asks: neither the pace nor the limit of paid attempts changes', () => {
    const { wake, demand } = requestWake(gaveUp, { at: NOW, now: NOW, by: 'front door', why: 'a caller waits' });
    expect(demand).toMatchObject([{ source: 'request', by: 'front door' }]);
    expect(wake).toEqual(gaveUp.wake);
  });

  it('a person who says so lifts the limit', () => {
    const { wake } = requestWake(gaveUp, { at: NOW, now: NOW, by: 'ada', retry: true });
    expect(wake).toMatchObject({ paidAttempts: 0 });
    expect(wake?.gaveUp).toBeUndefined();
  });
});
