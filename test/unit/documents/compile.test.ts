// biome-ignore-all lint/suspicious/noThenProperty: the word of the grammar
// oxlint-disable unicorn/no-thenable
import { describe, expect, test } from 'vitest';
import type { Compiled, Schedule } from '../../../shared/documents/index.ts';
import { compilePolicy, formatProblem, parsePolicy, parseSchedule } from '../../../shared/documents/index.ts';
import { CHAT_DEV, CHECKOUT, must, OFFICE, problemsOf, TRANSCRIBE } from './support.ts';

const PROMOTIONS = {
  timezone: 'Europe/Berlin',
  extra: [{ from: '2026-03-25T10:00', to: '2026-03-25T12:00', name: 'flash' }],
};
const SCHEDULES = new Map<string, Schedule | undefined>([
  ['office', must(parseSchedule('office', OFFICE))],
  ['promotions', must(parseSchedule('promotions', PROMOTIONS))],
  ['broken', undefined],
]);
const FROM = Date.parse('2026-03-25T00:00:00Z');
const UNTIL = Date.parse('2026-03-27T00:00:00Z');

function compile(document: unknown, options: { variant?: string } = {}, schedules = SCHEDULES): Compiled {
  return must(compilePolicy(must(parsePolicy('test', document)), schedules, { from: FROM, until: UNTIL, ...options }));
}

const stepsOf = ({ agenda }: Compiled) =>
  agenda.steps.map(([at, rung]) => `${new Date(at).toISOString().slice(5, 16)} ${rung}`);

describe('agenda', () => {
  test('chat-dev', () => {
    const { agenda } = compile(CHAT_DEV);
    expect(agenda).toEqual({
      from: FROM,
      until: UNTIL,
      began: Date.parse('2026-03-24T18:00:00Z'),
      rungs: [{ kind: 'bounds', min: 1, max: 4, during: 'office' }, { kind: 'zero' }],
      steps: [
        [FROM, 1],
        [Date.parse('2026-03-25T07:00:00Z'), 0],
        [Date.parse('2026-03-25T18:00:00Z'), 1],
        [Date.parse('2026-03-26T07:00:00Z'), 0],
        [Date.parse('2026-03-26T18:00:00Z'), 1],
      ],
    });
  });

  test('the first matching rung wins', () => {
    expect(stepsOf(compile(CHECKOUT))).toEqual([
      '03-25T00:00 2',
      '03-25T07:00 1',
      '03-25T09:00 0',
      '03-25T11:00 1',
      '03-25T18:00 2',
      '03-26T07:00 1',
      '03-26T18:00 2',
    ]);
    const reversed = { ...CHECKOUT, capacity: CHECKOUT.capacity.toReversed() };
    // The promotion lies within office hours, which stand above it now.
    expect(stepsOf(compile(reversed))).toEqual([
      '03-25T00:00 2',
      '03-25T07:00 0',
      '03-25T18:00 2',
      '03-26T07:00 0',
      '03-26T18:00 2',
    ]);
  });

  test('without schedules there is one step, whose begin nobody knows', () => {
    const { agenda } = compile({ otherwise: 'zero' }, {}, new Map());
    expect(agenda).toEqual({ from: FROM, until: UNTIL, rungs: [{ kind: 'zero' }], steps: [[FROM, 0]] });
  });

  test('a step that falls on the first instant is the first step', () => {
    const policy = must(parsePolicy('test', CHAT_DEV));
    const from = Date.parse('2026-03-25T07:00:00Z');
    const { agenda } = must(compilePolicy(policy, SCHEDULES, { from, until: UNTIL }));
    expect(agenda.steps[0]).toEqual([from, 0]);
    expect(agenda.began).toBe(from);
    const early = must(compilePolicy(policy, SCHEDULES, { from: FROM, until: from }));
    expect(early.agenda.steps).toEqual([[FROM, 1]]);
  });

  test('a variant of the policy has its own rungs', () => {
    const { capacity: _, ...rest } = CHAT_DEV;
    const document = { ...rest, variants: { blue: { capacity: [{ during: 'promotions', min: 2, max: 3 }] } } };
    expect(stepsOf(compile(document, { variant: 'blue' }))).toEqual([
      '03-25T00:00 1',
      '03-25T09:00 0',
      '03-25T11:00 1',
    ]);
    expect(compile(document, { variant: 'blue' }).policy.upBounds).toEqual({ min: 2, max: 3 });
  });

  test('what names parts is refused by an endpoint that has others alone', () => {
    const problems = (document: object, of: object) =>
      problemsOf(compilePolicy(must(parsePolicy('test', document)), SCHEDULES, { from: FROM, until: UNTIL, ...of }));
    const variants = { variants: { blue: {} }, otherwise: { min: 1, max: 2 } };
    const components = { components: { chat: {} }, otherwise: { min: 1, max: 2 } };
    const copies = { targets: [{ name: 'chat', dimension: 'copies' }] };
    expect(problems(variants, { variant: 'AllTraffic' })).toEqual([
      'variants.blue: blue: a variant of the endpoint: the endpoint has the variants AllTraffic',
      'variants: AllTraffic: an entry for each variant: the endpoint has the variants AllTraffic, this policy names blue',
    ]);
    expect(problems(components, { component: 'embed' })).toEqual([
      'components.chat: chat: an inference component of the endpoint: the endpoint has the inference components embed',
      'components: embed: an entry for each inference component: the endpoint has the inference components embed, this policy names chat',
    ]);
    expect(problems(components, { variant: 'AllTraffic' })).toEqual([
      'components: chat: absent for an endpoint without inference components: its variants are what a policy may name',
    ]);
    expect(problems(variants, copies)).toEqual([
      'variants: blue: absent for an endpoint with inference components: its components are what a policy may name',
    ]);
    for (const [document, of] of [
      [variants, { variant: 'blue' }],
      [components, copies],
      [components, { component: 'chat' }],
      [variants, {}],
    ] as const) {
      expect(problems(document, of)).toEqual([]);
    }
  });

  test('8 days of an ordinary policy fit a record many times', () => {
    const { agenda } = must(
      compilePolicy(must(parsePolicy('test', CHECKOUT)), SCHEDULES, { from: FROM, until: FROM + 8 * 86_400_000 }),
    );
    expect(JSON.stringify(agenda).length).toBeLessThan(700);
  });
});

describe('rules', () => {
  test('bounds that holds and demand need', () => {
    expect(compile(CHECKOUT).policy).toMatchObject({ highestMax: 24, upBounds: { min: 8, max: 24 }, mayBeZero: false });
    expect(compile(CHAT_DEV).policy).toMatchObject({ highestMax: 4, upBounds: { min: 1, max: 4 }, mayBeZero: true });
    const min0 = compile({ otherwise: { min: 0, max: 3 } }).policy;
    expect(min0).toMatchObject({ highestMax: 3, mayBeZero: true });
    expect(min0.upBounds).toBeUndefined();
    // max 0 means zero, and is no maximum.
    const none = compile({ otherwise: { min: 0, max: 0 } }).policy;
    expect(none.highestMax).toBeUndefined();
    expect(none.mayBeZero).toBe(true);
    expect(compile({}).policy.mayBeZero).toBe(false);
  });

  test('backlogPerInstance defaults to the target of the backlog policy', () => {
    const { wake: _wake, ...rest } = TRANSCRIBE;
    expect(
      compile({ ...rest, scaling: [{ ...TRANSCRIBE.scaling[0], target: 7 }] }).policy.wake.backlogPerInstance,
    ).toBe(7);
    expect(compile(TRANSCRIBE).policy.wake.backlogPerInstance).toBe(5);
    expect(compile(CHAT_DEV).policy.wake.backlogPerInstance).toBeUndefined();
  });

  test('the version follows the policy and the schedules it uses, no others', () => {
    const version = (document: unknown, schedules = SCHEDULES) => compile(document, {}, schedules).policy.version;
    const changed = (name: string, document: object) =>
      new Map(SCHEDULES).set(name, must(parseSchedule(name, document)));
    expect(version(CHAT_DEV)).toBe(version(structuredClone(CHAT_DEV)));
    expect(version({ ...CHAT_DEV, otherwise: 'leave' })).not.toBe(version(CHAT_DEV));
    expect(version(CHAT_DEV, changed('office', { ...OFFICE, extra: [] }))).not.toBe(version(CHAT_DEV));
    expect(version(CHAT_DEV, changed('promotions', OFFICE))).toBe(version(CHAT_DEV));
  });

  test('the end of known holidays is the midnight after their last day', () => {
    expect(compile(CHAT_DEV).holidaysEnd).toEqual({ schedule: 'office', at: Date.parse('2028-12-31T23:00:00Z') });
    expect(compile({ capacity: [{ during: 'promotions', min: 1, max: 1 }] }).holidaysEnd).toBeUndefined();
  });
});

describe('schedules that are not there', () => {
  const problems = (document: unknown, schedules = SCHEDULES) =>
    problemsOf(compilePolicy(must(parsePolicy('test', document)), schedules, { from: FROM, until: UNTIL }));

  test('every place is named, variants included', () => {
    const document = {
      capacity: [
        { during: 'ofice', min: 1, max: 4 },
        { during: 'office', min: 1, max: 4 },
        { during: 'broken', then: 'zero' },
      ],
    };
    const variants = { blue: { capacity: [{ during: 'weekends', min: 1, max: 1 }] } };
    expect(problems(document)).toEqual([
      'capacity[0].during: ofice: one of the schedules broken, office, promotions (did you mean office?)',
      'capacity[2].during: broken: a valid schedule; this one has problems of its own',
    ]);
    expect(problems({ variants })).toEqual([
      'variants.blue.capacity[0].during: weekends: one of the schedules broken, office, promotions',
    ]);
    expect(problems(CHAT_DEV, new Map())).toEqual(['capacity[0].during: office: a schedule, but there are none']);
  });

  test('problems can be placed by their path', () => {
    const parsed = compilePolicy(must(parsePolicy('test', { capacity: [{ during: 'x', then: 'zero' }] })), SCHEDULES, {
      from: FROM,
      until: UNTIL,
    });
    expect(
      parsed.ok
        ? []
        : parsed.problems.map((problem) => [
            problem.path,
            formatProblem({ ...problem, file: 'f.yaml', line: 3, col: 9 }),
          ]),
    ).toEqual([
      [['capacity', 0, 'during'], 'f.yaml:3:9: capacity[0].during: x: one of the schedules broken, office, promotions'],
    ]);
  });

  test('an empty span is the caller’s mistake', () => {
    expect(() => compilePolicy(must(parsePolicy('test', {})), SCHEDULES, { from: FROM, until: FROM })).toThrow(
      RangeError,
    );
  });
});
