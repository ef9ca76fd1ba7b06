import { describe, expect, it } from 'vitest';
import type { FleetRecord } from '../../../shared/domain/record.ts';
import { mayReturn } from '../../../shared/domain/returning.ts';
import type { Ruling } from '../../../shared/domain/ruling.ts';
import { DAY, HOUR, MINUTE } from '../../../shared/domain/time.ts';

const NOW = Date.parse('2026-03-24T12:00:00Z');
const LEAD = 12 * MINUTE;

const record: FleetRecord = {
  schemaVersion: 1,
  version: 1,
  endpoint: 'chat',
  arn: 'arn',
  kind: 'real-time',
  phase: 'up',
  phaseSince: NOW - HOUR,
  generation: 2,
  policyName: 'chat',
  protected: false,
  policy: {
    name: 'chat',
    version: '1',
    zero: { by: 'park', minUp: 0 },
    wake: { lead: 'learned', fallbackConfigs: ['small'], returnToPreferred: true },
    scaling: [],
    mayBeZero: true,
  },
  demand: [],
  observed: {
    at: NOW,
    status: 'InService',
    configName: 'small',
    creationTime: NOW - HOUR,
    lastModifiedTime: NOW - HOUR,
    desired: 1,
    serving: 1,
  },
  running: { creationTime: NOW - HOUR, configName: 'small', preferredType: 'ml.g5.xlarge' },
  nextAt: { scaling: NOW, windows: NOW },
};

const ruling: Ruling = {
  want: 'up',
  reason: 'window',
  mayLower: true,
  reportOnly: false,
  until: NOW + 4 * HOUR,
  ladder: [],
  evidence: {},
};

const asked = (changes: Partial<FleetRecord> = {}, ruled: Partial<Ruling> = {}) =>
  mayReturn({ ...record, ...changes }, { ...ruling, ...ruled }, NOW, LEAD);

describe('mayReturn', () => {
  it('from a fallback, in a window or where the policy leaves it, in either run of the park', () => {
    expect(asked()).toBe(true);
    expect(asked({}, { reason: 'otherwise' })).toBe(true);
    expect(asked({}, { reason: 'leave', want: 'leave' })).toBe(true);
    expect(asked({ phase: 'parking' })).toBe(true);
  });

  it.each<[string, Partial<FleetRecord>, Partial<Ruling>]>([
    [
      'the policy does not say so',
      { policy: { ...record.policy!, wake: { lead: 'learned', fallbackConfigs: [] } } },
      {},
    ],
    ['its owner has deployed another config since', { observed: { ...record.observed!, configName: 'large' } }, {}],
    ['its policy deletes nothing', { policy: { ...record.policy!, zero: { minUp: 0 } } }, {}],
    ['it runs on its own config', { running: { creationTime: NOW - HOUR, configName: 'chat' } }, {}],
    ['its owner made it anew since', { running: { ...record.running!, creationTime: NOW - DAY } }, {}],
    ['it is away', { phase: 'waking' }, {}],
    ['it was tried within a day', { returnedAt: NOW - DAY + 1 }, {}],
    ['somebody asked for it', {}, { reason: 'demand-request' }],
    ['it is held up', {}, { reason: 'hold-up' }],
    ['a lead has begun', {}, { reason: 'lead' }],
    ['nothing may be lowered', {}, { mayLower: false }],
    ['changes are only reported', {}, { reportOnly: true }],
    ['the calendar changes too soon', {}, { until: NOW + 2 * LEAD - 1 }],
  ])('not when %s', (_, changes, ruled) => {
    expect(asked(changes, ruled)).toBe(false);
  });

  it('again after a day, and with just enough time left', () => {
    expect(asked({ returnedAt: NOW - DAY })).toBe(true);
    expect(asked({}, { until: NOW + 2 * LEAD })).toBe(true);
  });
});
