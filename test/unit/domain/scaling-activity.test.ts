import { describe, expect, it } from 'vitest';
import { explainReason } from '../../../report/reasons.ts';
import { classifyActivity } from '../../../shared/aws/classify.ts';
import {
  type ActivityTrouble,
  adviceOn,
  newsOf,
  TROUBLE_REASONS,
  type TroubledActivity,
} from '../../../shared/domain/scaling-activity.ts';
import { MINUTE } from '../../../shared/domain/time.ts';

const activity = (
  at: number,
  trouble: ActivityTrouble = 'capacity',
  variant: string = 'AllTraffic',
): TroubledActivity => ({
  id: `${trouble}-${at}`,
  resourceId: `endpoint/chat/variant/${variant}`,
  at: at * MINUTE,
  trouble,
  tried: trouble !== 'at-max',
  what: '',
  cause: '',
  message: '',
});

describe('which activities are news', () => {
  it('each once, oldest first, none from before', () => {
    const first = newsOf([activity(30, 'quota'), activity(20), activity(5)], undefined, 10 * MINUTE);
    expect(first.news.map(({ at }) => at / MINUTE)).toEqual([20, 30]);
    const second = newsOf([activity(90), activity(30, 'quota'), activity(20)], first.told, 0);
    expect(second.news.map(({ at }) => at / MINUTE)).toEqual([90]);
    expect(newsOf([activity(90)], second.told, 0)).toEqual({ news: [], told: second.told });
  });

  it('each of several variants for itself', () => {
    const { news } = newsOf([activity(20, 'quota', 'blue'), activity(21, 'quota', 'green')], undefined, 0);
    expect(news.map(({ resourceId }) => resourceId.slice(-5))).toEqual(['/blue', 'green']);
  });

  it.each<ActivityTrouble>(['at-max', 'capacity', 'quota'])(
    'what is asked for again and again (%s) once, and anew after half an hour without it',
    (trouble) => {
      const often = [1, 2, 10, 39, 70].map((at) => activity(at, trouble));
      const { news, told } = newsOf(often, undefined, 0);
      expect(news.map(({ at }) => at / MINUTE)).toEqual([1, 70]);
      expect(newsOf([activity(90, trouble)], told, 0).news, 'over two readings, too').toEqual([]);
    },
  );
});

describe('what a person is told', () => {
  const troubles = Object.keys(TROUBLE_REASONS) as ActivityTrouble[];

  it.each(troubles)(
    'of copies that came to nothing (%s) speaks of copies, not of a config to fall back on',
    (trouble) => {
      const advice = adviceOn(trouble, 'inference-component/chat');
      expect(advice).not.toMatch(/fallbackConfigs|the endpoint was/);
      if (trouble !== 'at-max') expect(advice).not.toBe(adviceOn(trouble, 'endpoint/chat/variant/AllTraffic'));
    },
  );

  it.each(troubles)('as the reason is true of instances and of copies, whoever asked for them (%s)', (trouble) => {
    const sentence = explainReason(TROUBLE_REASONS[trouble]);
    expect(sentence).not.toContain('Application Auto Scaling');
    if (sentence.includes('instances')) expect(sentence).toContain('copies');
  });
});

describe('why an activity came to nothing', () => {
  const quota =
    "Failed to set desired instance count to 4. Reason: The account-level service limit 'ml.g5.2xlarge for endpoint usage' is 2 Instances, with current utilization of 2 Instances and a request delta of 2 Instances. (Service: SageMaker, Status Code: 400, Error Code: ResourceLimitExceeded)";
  it.each<[ActivityTrouble | undefined, string, string, string[]]>([
    ['quota', 'Failed', quota, []],
    ['capacity', 'Failed', 'Failed to set … Reason: InsufficientInstanceCapacity: no capacity', []],
    ['not-scalable', 'Failed', 'Resource Id endpoint/chat/variant/a is not scalable. Reason: Updating', []],
    ['permission', 'Failed', 'User is not authorized to perform: sagemaker:UpdateEndpointWeightsAndCapacities', []],
    ['unknown', 'Failed', 'something new', []],
    ['unknown', 'Unfulfilled', '', []],
    ['at-max', 'Unfulfilled', '', ['AlreadyAtMaxCapacity']],
    ['not-scalable', 'Unfulfilled', '', ['TargetServicePutResourceAsUnscalable']],
    [undefined, 'Unfulfilled', '', ['AlreadyAtMinCapacity']],
    [undefined, 'Unfulfilled', '', ['AutoScalingAnticipatedFlapping']],
    [undefined, 'Successful', 'Successfully set', []],
    [undefined, 'InProgress', '', []],
  ])('%s: %s', (trouble, status, message, reasons) => {
    expect(classifyActivity(status, message, reasons)).toBe(trouble);
  });
});
