import { describe, expect, it } from 'vitest';
import type { FleetRecord, TargetState } from '../../../shared/domain/record.ts';
import { targetKey } from '../../../shared/domain/scalable-target.ts';
import {
  changeTarget,
  mergeView,
  targetKeyOf,
  targetOf,
  targetViews,
  withoutOwn,
} from '../../../shared/domain/target-view.ts';

const HOUR = 3_600_000;

const blue: TargetState = {
  name: 'blue',
  dimension: 'instances',
  rules: { scaling: [], highestMax: 8, mayBeZero: false },
  rungs: [
    { kind: 'bounds', min: 2, max: 8, during: 'office' },
    { kind: 'bounds', min: 1, max: 8 },
  ],
  at: [0, 1, 1],
  desired: 3,
  serving: 2,
  instanceType: 'ml.g5.xlarge',
  pools: ['ml.g5.xlarge', 'ml.g6.xlarge'],
  drain: { since: 5, max: 2 },
};
const green: TargetState = {
  name: 'green',
  dimension: 'instances',
  rules: { scaling: [], mayBeZero: true },
  rungs: [{ kind: 'zero' }, { kind: 'leave' }],
  at: [0, 0, 1],
  began: 7,
};

const record: FleetRecord = {
  schemaVersion: 1,
  version: 4,
  endpoint: 'Chat',
  arn: 'arn',
  kind: 'real-time',
  phase: 'up',
  phaseSince: 0,
  generation: 1,
  policyName: 'chat',
  protected: false,
  demand: [],
  nextAt: { scaling: 0, windows: 0 },
  policy: {
    name: 'chat',
    version: 'v1',
    wake: { lead: 'learned', fallbackConfigs: [] },
    scaling: [],
    highestMax: 99,
    mayBeZero: false,
  },
  agenda: {
    from: 0,
    until: 9 * HOUR,
    rungs: [
      { kind: 'bounds', min: 2, max: 8 },
      { kind: 'bounds', min: 1, max: 8 },
      { kind: 'bounds', min: 1, max: 8 },
    ],
    steps: [
      [0, 0],
      [HOUR, 1],
      [2 * HOUR, 2],
    ],
  },
  observed: {
    at: 1,
    status: 'InService',
    configName: 'c',
    creationTime: 0,
    lastModifiedTime: 0,
    desired: 4,
    serving: 3,
    instanceType: 'ml.other',
  },
  late: { window: 1, since: 1 },
  targets: [blue, green],
};

describe('the view of one of several targets', () => {
  const [first, second] = targetViews(record);

  it('has the rules, the rungs and the counts of that target, and nothing of the other', () => {
    expect(first).toMatchObject({
      variant: 'blue',
      part: { name: 'blue', dimension: 'instances' },
      policy: { name: 'chat', version: 'v1', highestMax: 8 },
      observed: { desired: 3, serving: 2, instanceType: 'ml.g5.xlarge', status: 'InService' },
      pools: ['ml.g5.xlarge', 'ml.g6.xlarge'],
      drain: { since: 5, max: 2 },
    });
    expect(second).not.toHaveProperty('pools');
    expect(
      changeTarget(record, blue, (view) => view),
      'what it runs on stays its own',
    ).toEqual(record);
    expect(first?.targets).toBeUndefined();
    expect(second?.policy).not.toHaveProperty('highestMax');
    expect(second?.observed).toMatchObject({ desired: 0, serving: 0 });
    expect(second?.observed).not.toHaveProperty('instanceType');
    expect(second?.drain).toBeUndefined();
  });

  it('has no step where only the other target changes', () => {
    expect(first?.agenda?.steps).toEqual([
      [0, 0],
      [HOUR, 1],
    ]);
    expect(second?.agenda).toMatchObject({
      began: 7,
      steps: [
        [0, 0],
        [2 * HOUR, 1],
      ],
    });
  });

  it('gives its own changes back to its target and the others to the endpoint', () => {
    const changed = changeTarget(record, green, ({ ...view }) => ({
      ...view,
      asserted: 'green is asserted',
      nextAt: { scaling: 8, windows: 9 },
    }));
    expect(changed.targets).toEqual([blue, { ...green, asserted: 'green is asserted' }]);
    expect(changed.nextAt).toEqual({ scaling: 8, windows: 9 });
    const { targets: _, nextAt: __, ...rest } = changed;
    const { targets: ___, nextAt: ____, ...before } = record;
    expect(rest).toEqual(before);
  });

  it('takes away what its target remembers no more', () => {
    const changed = changeTarget(record, blue, ({ drain: _, ...view }) => view);
    const { drain: _, ...drained } = blue;
    expect(changed).toEqual({ ...record, targets: [drained, green] });
  });

  it('changes nothing when its target is gone meanwhile', () => {
    const gone = { name: 'red', dimension: 'instances' } as const;
    expect(changeTarget(record, gone, (view) => ({ ...view, asserted: 'x' }))).toBe(record);
  });

  it('comes back as the record it was taken from', () => {
    for (const view of targetViews(record)) expect(mergeView(record, view)).toEqual(record);
  });
});

describe('an endpoint with one target', () => {
  const { targets: _, ...single } = { ...record, variant: 'AllTraffic' };

  it('is its own view', () => {
    expect(targetViews(single)).toEqual([single]);
    expect(targetViews(single)[0]).toBe(single);
  });

  it('names its target by variant and kind', () => {
    expect(targetOf(single)).toEqual({ name: 'AllTraffic', dimension: 'instances' });
    expect(targetOf({ ...single, kind: 'serverless' })?.dimension).toBe('provisioned-concurrency');
    expect(targetKeyOf(record)).toBeUndefined();
  });
});

describe('what is remembered of targets', () => {
  it('goes as a whole when they are others', () => {
    const { drain: _, ...drained } = blue;
    expect(withoutOwn(record).targets).toEqual([drained, green]);
  });
});

describe('resource ids', () => {
  it.each([
    ['instances', 'endpoint/Chat/variant/x'],
    ['provisioned-concurrency', 'endpoint/Chat/variant/x'],
    ['copies', 'inference-component/x'],
  ] as const)('of %s', (dimension, resourceId) => {
    expect(targetKey('Chat', { name: 'x', dimension })).toEqual({ resourceId, dimension });
  });
});

describe('views of inference components', () => {
  const asked = (source: 'request', target?: string) => ({ source, since: 1, renewedAt: 1, ...(target && { target }) });
  const hosting: FleetRecord = {
    ...record,
    kind: 'components',
    demand: [asked('request'), asked('request', 'llama'), asked('request', 'embed')],
    observed: {
      at: 0,
      status: 'InService',
      configName: 'c',
      creationTime: 0,
      lastModifiedTime: 0,
      desired: 3,
      serving: 3,
    },
    targets: [
      { ...blue, name: 'llama', dimension: 'copies', status: 'Updating', lastIdleAt: 9 },
      { ...green, name: 'embed', dimension: 'copies', status: 'InService' },
    ],
  };

  it('have their own status, demand and idleness, beside what is asked of the whole', () => {
    const [llama, embed] = targetViews(hosting);
    expect(llama).toMatchObject({ observed: { status: 'Updating' }, lastIdleAt: 9 });
    expect(llama?.demand.map(({ target }) => target)).toEqual([undefined, 'llama']);
    expect(embed).toMatchObject({ observed: { status: 'InService' } });
    expect(embed?.lastIdleAt).toBeUndefined();
    const updating = { ...hosting, observed: { ...hosting.observed!, status: 'Updating' as const } };
    expect(targetViews(updating)[1]?.observed?.status, 'nothing of an endpoint that is busy').toBe('Updating');
  });

  it('leave what is asked of the others when their own ends', () => {
    const [, embed] = targetViews(hosting);
    const after = mergeView(hosting, { ...embed!, demand: [], lastIdleAt: 12 });
    expect(after.demand.map(({ target }) => target)).toEqual(['llama']);
    expect(after.lastIdleAt).toBe(12);
    expect(after.targets?.map(({ lastIdleAt }) => lastIdleAt)).toEqual([9, 12]);
  });
});
