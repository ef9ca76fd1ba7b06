import { expect, it } from 'vitest';
import { judgePools } from '../../cli/doctor/pools.ts';
import type { CompiledPolicy, TargetTracking } from '../../shared/domain/policy.ts';

const spec: TargetTracking = {
  kind: 'target-tracking',
  metric: 'ConcurrentRequestsPerModel',
  target: 6,
  scaleInCooldown: 0,
  scaleOutCooldown: 0,
};
const weights = { reference: 'ml.g5.xlarge', serves: { 'ml.g5.xlarge': 8 } };

const judge = (scaling: readonly TargetTracking[], pools?: readonly string[]) =>
  judgePools(
    { endpoint: 'chat', policy: { scaling } as unknown as CompiledPolicy },
    { variants: [{ name: 'AllTraffic', initialCount: 1, reserved: false, ...(pools && { pools }) }] },
  );

it('warns of a type in the pools whose strength is not stated', () => {
  expect(judge([{ ...spec, weights }], ['ml.g5.xlarge', 'ml.g6.xlarge'])).toEqual([
    {
      level: 'warning',
      check: 'scaling',
      subject: 'chat',
      found:
        'the scaling policy ConcurrentRequestsPerModel does not say how much ml.g6.xlarge of its instance pools serves',
      advice: 'add it to `serves`: until then its load is not counted',
    },
  ]);
});

it('has nothing to say of stated types, of a plain target and of one type', () => {
  expect(judge([{ ...spec, weights }], ['ml.g5.xlarge'])).toEqual([]);
  expect(judge([spec], ['ml.g5.xlarge', 'ml.g6.xlarge'])).toEqual([]);
  expect(judge([{ ...spec, weights }])).toEqual([]);
});
