import { expect, test } from 'vitest';
import { toldWarnings } from '../../rehearsal/told-warnings.ts';

const event = (at: string, detailType: string, detail: Record<string, string>) => ({ at, detailType, detail });

test('what kept policies from being in force is said once for each endpoint and kind, with the first reason', () => {
  const invalid = { endpoint: 'chat', parameter: '/p/chat', field: 'scaling', value: 'ml.t2.medium', allowed: 'none' };
  const warnings = toldWarnings([
    event('2026-03-02T00:00:00.000Z', 'Endpoint Enrolled', { endpoint: 'chat' }),
    event('2026-03-02T00:01:00.000Z', 'Policy Invalid', invalid),
    event('2026-03-02T00:02:00.000Z', 'Policy Not Applied', { endpoint: 'gpu', scaling: 'GPU', why: 'not known' }),
    event('2026-03-02T00:03:00.000Z', 'Policy Invalid', { ...invalid, field: 'document' }),
    event('2026-03-02T00:04:00.000Z', 'Policy Invalid', { ...invalid, endpoint: 'gpu' }),
    event('2026-03-02T00:05:00.000Z', 'Decision Refused', { endpoint: 'chat', reason: 'not-idle' }),
    event('2026-03-02T00:06:00.000Z', 'Decision Refused', {
      endpoint: 'chat',
      reason: 'call-refused',
      code: 'ValidationException',
      message: 'no',
    }),
  ]);
  expect(warnings).toEqual([
    'chat: Policy Invalid (2 times, first at 2026-03-02T00:01:00.000Z): /p/chat: scaling: ml.t2.medium: none',
    'gpu: Policy Not Applied (once at 2026-03-02T00:02:00.000Z): GPU: not known',
    'gpu: Policy Invalid (once at 2026-03-02T00:04:00.000Z): /p/chat: scaling: ml.t2.medium: none',
    'chat: Decision Refused (once at 2026-03-02T00:06:00.000Z): ValidationException: no',
  ]);
});
