import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../../shared/documents/index.ts';
import { policyWarnings } from '../../../shared/documents/policy-warnings.ts';
import { formatProblem } from '../../../shared/documents/problem.ts';

const SERVES = { 'ml.g5.xlarge': 8, 'ml.g6.xlarge': 5 };
const policyOf = (more: object) => ({
  otherwise: { min: 1, max: 4 },
  scaling: [{ kind: 'target-tracking', metric: 'ConcurrentRequestsPerModel', target: 6, ...more }],
});

describe('a target over several instance types', () => {
  it('is in units of its reference type', () => {
    const parsed = parsePolicy('p', policyOf({ reference: 'ml.g5.xlarge', serves: SERVES }));
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        scaling: [
          { metric: 'ConcurrentRequestsPerModel', target: 6, weights: { reference: 'ml.g5.xlarge', serves: SERVES } },
        ],
      },
    });
  });

  it.each<[string, object, string]>([
    [
      'no reference',
      { serves: SERVES },
      'scaling[0].reference: nothing: required with `serves`: the type that the target speaks of',
    ],
    [
      'no serves',
      { reference: 'ml.g5.xlarge' },
      'scaling[0].serves: nothing: required with `reference`: how much each type serves',
    ],
    [
      'a reference that is not weighed',
      { reference: 'ml.g4dn.xlarge', serves: SERVES },
      'scaling[0].reference: ml.g4dn.xlarge: one of ml.g5.xlarge, ml.g6.xlarge',
    ],
    [
      'more than the reference type serves',
      { target: 9, reference: 'ml.g5.xlarge', serves: SERVES },
      'scaling[0].target: 9: at most 8, which is what one ml.g5.xlarge serves',
    ],
    [
      'another metric',
      { metric: 'InvocationsPerInstance', reference: 'ml.g5.xlarge', serves: SERVES },
      'scaling[0].serves: {"ml.g5.xlarge":8,"ml.g6.xlarge":5}: absent: only ConcurrentRequestsPerModel is weighed by instance type',
    ],
    ['no type', { reference: 'ml.g5.xlarge', serves: {} }, 'scaling[0].serves: {}: at least one instance type'],
    [
      'nothing served',
      { reference: 'ml.g5.xlarge', serves: { 'ml.g5.xlarge': 0 } },
      'scaling[0].serves["ml.g5.xlarge"]: 0: requests that one instance serves at once, more than 0',
    ],
    [
      'something that is no type',
      { reference: 'ml.g5.xlarge', serves: { 'ml.g5.xlarge': 8, g6: 5 } },
      'scaling[0].serves.g6: g6: a SageMaker instance type like ml.g5.2xlarge',
    ],
    [
      'spot',
      { reference: 'ml.g5.xlarge', serves: SERVES, spot: true },
      'scaling[0].spot: true: SageMaker hosting has no spot instances (managed spot is for training jobs); remove it. Instance pools and fallbackConfigs are what there is against a shortage',
    ],
  ])('with %s is refused', (_, more, expected) => {
    const parsed = parsePolicy('p', policyOf(more));
    expect(parsed.ok ? [] : parsed.problems.map(formatProblem)).toEqual([expected]);
  });

  it.each([
    { spot: true },
    { capacity: [{ during: 'office', min: 1, max: 2, spotShare: 0.5 }] },
    { wake: { useSpot: true } },
  ])('spot is refused wherever it is written: %j', (more) => {
    const parsed = parsePolicy('p', { ...policyOf({}), ...more });
    expect(parsed.ok ? [] : parsed.problems.map(formatProblem)).toEqual([
      expect.stringContaining(': SageMaker hosting has no spot instances'),
    ]);
  });

  it('leaves room below what the reference type serves', () => {
    const parsed = parsePolicy('p', policyOf({ target: 7, reference: 'ml.g5.xlarge', serves: SERVES }));
    if (!parsed.ok) throw new Error('not valid');
    expect(policyWarnings(parsed.value).map(formatProblem)).toEqual([
      'scaling[0].target: 7: better at most 6.4, 80 % of what one ml.g5.xlarge serves: above it nothing is left for the time in which an instance starts',
    ]);
  });

  it('stands beside the plain metric under a name of its own', () => {
    const plain = { kind: 'target-tracking', metric: 'ConcurrentRequestsPerModel', target: 6 };
    const weighted = { ...plain, name: 'by_type', reference: 'ml.g5.xlarge', serves: SERVES };
    expect(parsePolicy('p', { otherwise: { min: 1, max: 4 }, scaling: [plain, weighted] })).toMatchObject({ ok: true });
  });
});
