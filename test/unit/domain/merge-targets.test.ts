import { describe, expect, it } from 'vitest';
import { mergeTargets, type OlderTargets } from '../../../shared/domain/merge-targets.ts';
import type { Recipe, TargetSnapshot } from '../../../shared/domain/recipe.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const RESOURCE = 'endpoint/Chat/variant/AllTraffic';

const target: TargetSnapshot = {
  resourceId: RESOURCE,
  dimension: 'sagemaker:variant:DesiredInstanceCount',
  min: 1,
  max: 3,
  suspended: { in: false, out: false, scheduled: false },
  tags: { team: 'search' },
  policies: [
    { name: 'a', type: 'StepScaling', definition: {}, arn: 'a-1' },
    { name: 'b', type: 'StepScaling', definition: {}, arn: 'b-1' },
  ],
  scheduledActions: [{ name: 'morning', definition: { Schedule: 'cron(0 9 * * ? *)' } }],
  alarms: [{ name: 'load', definition: { AlarmActions: ['a-1', 'b-1'], OKActions: [] } }],
};

function older(changes: Partial<OlderTargets> & { readonly had?: TargetSnapshot } = {}): OlderTargets {
  const { had = target, ...rest } = changes;
  // Only the targets are looked at.
  const recipe = { targets: [had] } as unknown as Recipe;
  return { recipe, endpoint: 'Chat', recreatedByHand: false, outstanding: [], now: NOW, ...rest };
}

const refused = (...items: string[]) => items.map((item) => ({ item, why: 'denied' }));

describe('the targets of the next recipe', () => {
  const bare: TargetSnapshot = { ...target, tags: {}, policies: [], scheduledActions: [], alarms: [] };

  it('lose what came back and was taken away by its owner', () => {
    expect(mergeTargets([bare], older())).toEqual([bare]);
    expect(mergeTargets([], older())).toEqual([]);
  });

  it('lose it also where something else was refused', () => {
    expect(mergeTargets([bare], older({ outstanding: refused('AllTraffic: weight 5') }))).toEqual([bare]);
  });

  it('keep each item that was refused', () => {
    const outstanding = refused('scaling policy b', 'scheduled action morning', `tags of scalable target ${RESOURCE}`);
    const [merged] = mergeTargets([bare], older({ outstanding }));
    expect(merged?.policies.map(({ name }) => name)).toEqual(['b']);
    expect(merged?.scheduledActions).toEqual(target.scheduledActions);
    expect(merged?.tags).toEqual({ team: 'search' });
  });

  it('keep the wiring of a policy that was refused, beside that of one that is back under a new ARN', () => {
    const now: TargetSnapshot = {
      ...target,
      policies: [{ name: 'a', type: 'StepScaling', definition: {}, arn: 'a-2' }],
      alarms: [{ name: 'load', definition: { AlarmActions: ['a-2'], OKActions: [] } }],
    };
    const [merged] = mergeTargets([now], older({ outstanding: refused('scaling policy b') }));
    expect(merged?.policies.map(({ arn }) => arn)).toEqual(['a-2', 'b-1']);
    expect(merged?.alarms).toEqual([{ name: 'load', definition: { AlarmActions: ['a-2', 'b-1'], OKActions: [] } }]);
  });

  it('wire an alarm that was refused to the policies of now', () => {
    const now: TargetSnapshot = {
      ...target,
      policies: target.policies.map((policy) => ({ ...policy, arn: `${policy.name}-2` })),
      alarms: [],
    };
    const [merged] = mergeTargets([now], older({ outstanding: refused('alarm load') }));
    expect(merged?.alarms[0]?.definition).toEqual({ AlarmActions: ['a-2', 'b-2'], OKActions: [] });
  });

  it('keep a whole target that was refused, or that whoever recreated the endpoint did not register', () => {
    expect(mergeTargets([], older({ outstanding: refused(`scalable target ${RESOURCE}`) }))).toEqual([target]);
    expect(mergeTargets([], older({ recreatedByHand: true }))).toEqual([target]);
  });

  it('bear the name as it is spelled now', () => {
    const had = { ...target, resourceId: 'endpoint/CHAT/variant/AllTraffic' };
    expect(mergeTargets([], older({ had, recreatedByHand: true }))).toEqual([target]);
  });

  it.each([
    ['has ended', { Schedule: 'rate(1 day)', EndTime: '2026-06-01T11:59:00.000Z' }, 0],
    ['was once, yesterday', { Schedule: 'at(2026-05-31T12:00:00)' }, 0],
    ['may still come somewhere on earth', { Schedule: 'at(2026-06-01T05:00:00)' }, 1],
    ['ends later', { Schedule: 'rate(1 day)', EndTime: '2026-06-01T12:01:00.000Z' }, 1],
  ])('keep a refused scheduled action unless it is over: one that %s', (_, definition, kept) => {
    const had = { ...target, scheduledActions: [{ name: 'once', definition }] };
    const [merged] = mergeTargets([bare], older({ had, outstanding: refused('scheduled action once') }));
    expect(merged?.scheduledActions).toHaveLength(kept);
  });
});
