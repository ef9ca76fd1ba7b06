import { describe, expect, it } from 'vitest';
import { stepAlarmRequest } from '../../../shared/aws/scaling-policies.ts';
import { parsePolicy } from '../../../shared/documents/index.ts';
import type { StepScaling } from '../../../shared/domain/policy.ts';
import { must } from '../documents/support.ts';

/** The step policy of a document with this alarm. */
function stepOf(alarm: object): StepScaling {
  const step = { kind: 'step', alarm: { threshold: 2_000_000, periods: 2, ...alarm }, steps: [{ from: 0, add: 1 }] };
  const [spec] = must(parsePolicy('test', { scaling: [step] })).scaling;
  if (spec?.kind !== 'step') throw new Error('not a step policy');
  return spec;
}

const requestOf = (alarm: object) =>
  stepAlarmRequest(stepOf(alarm), { name: 'Chat', variant: 'AllTraffic' }, 'arn:aws:autoscaling:policy');

describe('the alarm of a step policy', () => {
  const ofVariant = {
    Namespace: 'AWS/SageMaker',
    MetricName: 'ModelLatency',
    Dimensions: [
      { Name: 'EndpointName', Value: 'Chat' },
      { Name: 'VariantName', Value: 'AllTraffic' },
    ],
    Threshold: 2_000_000,
  };
  const written = {
    namespace: 'AWS/SageMaker',
    name: 'ModelLatency',
    dimensions: { EndpointName: '{endpoint}', VariantName: '{variant}' },
    statistic: 'p99',
  };

  it.each([
    ['by its short name', { metric: 'ModelLatency', statistic: 'p99' }],
    ['written out', { metric: written }],
  ])('has a percentile of a metric %s as ExtendedStatistic', (_, alarm) => {
    const request = requestOf(alarm);
    expect(request).toMatchObject({ ...ofVariant, ExtendedStatistic: 'p99' });
    expect(request, 'the two exclude each other').not.toHaveProperty('Statistic');
  });

  it.each(['p99.9', 'tm95', 'IQM', 'p100'])('%s is one, too', (statistic) => {
    expect(requestOf({ metric: 'ModelLatency', statistic })).toMatchObject({ ExtendedStatistic: statistic });
  });

  it.each([
    ['Average', { metric: 'ModelLatency' }],
    ['Maximum', { metric: 'ModelLatency', statistic: 'Maximum' }],
  ])('has %s as Statistic', (statistic, alarm) => {
    const request = requestOf(alarm);
    expect(request).toMatchObject({ ...ofVariant, Statistic: statistic });
    expect(request).not.toHaveProperty('ExtendedStatistic');
  });
});
