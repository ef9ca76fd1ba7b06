import { describe, expect, it } from 'vitest';
import { decideRuling } from '../../../shared/domain/decide-ruling.ts';
import type { Agenda, CompiledPolicy, Rung } from '../../../shared/domain/policy.ts';
import type { Demand, Hold } from '../../../shared/domain/record.ts';
import type { Ruling, RulingInput } from '../../../shared/domain/ruling.ts';
import { DAY, HOUR, MINUTE } from '../../../shared/domain/time.ts';

const NOW = Date.parse('2026-03-24T05:00:00Z');
const LEAD = 12 * MINUTE;
const zero: Rung = { kind: 'zero' };
const leave: Rung = { kind: 'leave' };
const office: Rung = { kind: 'bounds', min: 2, max: 6, during: 'office' };

const parking: CompiledPolicy = {
  name: 'chat',
  version: '7',
  zero: { by: 'park', minUp: 20 * MINUTE },
  wake: { lead: 'learned', fallbackConfigs: [] },
  scaling: [],
  highestMax: 6,
  upBounds: { min: 2, max: 6 },
  mayBeZero: true,
};
const { upBounds: _, ...withoutUpRung } = parking;
const { highestMax: __, upBounds: ___, ...onlyZero } = parking;

function agenda(...steps: readonly (readonly [number, Rung])[]): Agenda {
  return {
    from: NOW - DAY,
    until: NOW + 7 * DAY,
    rungs: steps.map(([, rung]) => rung),
    steps: steps.map(([at, rung], index) => [
      index === 0 ? NOW - DAY : at,
      steps.findIndex(([, other]) => other === rung),
    ]),
  };
}

const always = (rung: Rung) => agenda([0, rung]);

function rule(changes: Partial<RulingInput> = {}): Ruling {
  return decideRuling({
    now: NOW,
    mode: 'on',
    kind: 'real-time',
    phase: 'up',
    protected: false,
    demand: [],
    policy: parking,
    agenda: always(zero),
    invalid: false,
    giveBack: false,
    leadMs: LEAD,
    ...changes,
  });
}

const request: Demand = { source: 'request', since: NOW - MINUTE, renewedAt: NOW - MINUTE };
const hold = (mode: Hold['mode'], changes: Partial<Hold> = {}): Hold => ({
  endpoint: 'chat',
  mode,
  from: NOW - HOUR,
  until: NOW + HOUR,
  by: 'ada',
  why: 'load test',
  ...changes,
});

/** A case may take a member away by saying undefined. */
type Loose<T> = { readonly [member in keyof T]?: T[member] | undefined };

describe('the ladder of precedence', () => {
  it.each<[string, Loose<RulingInput>, Loose<Ruling>]>([
    [
      'mode off beats everything',
      { mode: 'off', hold: hold('up'), demand: [request] },
      { want: 'hands-off', reason: 'mode-off', mayLower: false },
    ],
    [
      'hands-off beats giving back',
      { hold: hold('hands-off'), giveBack: true, phase: 'parked' },
      { want: 'hands-off', reason: 'hold-hands-off', mayLower: false },
    ],
    [
      'giving back beats a down hold',
      { hold: hold('down'), giveBack: true, phase: 'parked', recipeDesired: 3 },
      { want: 'up', reason: 'give-back', desired: 3 },
    ],
    [
      'a rehearsal ends a zero',
      { bringBack: 'rehearsal', phase: 'parked', recipeDesired: 2 },
      { want: 'up', reason: 'rehearsal', desired: 2 },
    ],
    [
      'a rehearsal ends a down hold, too',
      { bringBack: 'rehearsal', phase: 'parked', hold: hold('down'), recipeDesired: 99 },
      { want: 'up', reason: 'rehearsal', desired: 6 },
    ],
    [
      'hands-off is no call at all, not even for a rehearsal',
      { bringBack: 'rehearsal', phase: 'parked', hold: hold('hands-off') },
      { want: 'hands-off', reason: 'hold-hands-off' },
    ],
    [
      'a window beats a rehearsal: its lateness counts',
      { bringBack: 'rehearsal', phase: 'waking', agenda: always(office) },
      { want: 'up', reason: 'window' },
    ],
    [
      'what is given back and up is left alone',
      { giveBack: true },
      { want: 'leave', reason: 'give-back', mayLower: false },
    ],
    [
      'an up hold beats demand',
      { hold: hold('up'), demand: [request] },
      { want: 'up', reason: 'hold-up', bounds: { min: 2, max: 6 } },
    ],
    [
      'an up hold takes nothing away that the calendar gives',
      { hold: hold('up'), agenda: always({ kind: 'bounds', min: 4, max: 8 }) },
      { want: 'up', reason: 'hold-up', bounds: { min: 4, max: 8 } },
    ],
    [
      'an up hold lifts what the calendar gives less of',
      { hold: hold('up'), agenda: always({ kind: 'bounds', min: 1, max: 9 }) },
      { want: 'up', reason: 'hold-up', bounds: { min: 2, max: 9 } },
    ],
    [
      'a down hold beats demand',
      { hold: hold('down'), demand: [request] },
      { want: 'zero', reason: 'hold-down', mayLower: true },
    ],
    [
      'a down hold beats a window',
      { hold: hold('down'), agenda: always(office) },
      { want: 'zero', reason: 'hold-down' },
    ],
    [
      'an expired hold contributes nothing',
      { hold: hold('up', { until: NOW }) },
      { want: 'zero', reason: 'otherwise' },
    ],
    ['a hold of the future contributes nothing', { hold: hold('up', { from: NOW + HOUR }) }, { want: 'zero' }],
    [
      'a hold that was set by a clock that runs ahead is in force',
      { hold: hold('hands-off', { from: NOW + 10_000 }) },
      { want: 'hands-off', reason: 'hold-hands-off' },
    ],
    [
      'demand beats a zero rung',
      { demand: [request], recipeDesired: 3 },
      { want: 'up', reason: 'demand-request', desired: 3, bounds: { min: 1, max: 6 } },
    ],
    ['demand brings at most the highest max', { demand: [request], recipeDesired: 9 }, { desired: 6 }],
    [
      'demand without any max has no limit and no bounds',
      { demand: [request], recipeDesired: 9, policy: onlyZero },
      { desired: 9, bounds: undefined },
    ],
    [
      'demand adds nothing to a window',
      { demand: [request], agenda: always(office) },
      { want: 'up', reason: 'window', bounds: { min: 2, max: 6 } },
    ],
    [
      'demand that the policy does not listen to',
      { demand: [{ ...request, source: 'alarm:other' }] },
      { want: 'zero', reason: 'otherwise' },
    ],
    ['leave stays', { agenda: always(leave) }, { want: 'leave', reason: 'leave' }],
    [
      'demand lifts from a leave rung',
      { agenda: always(leave), phase: 'parked', demand: [request], recipeDesired: 2 },
      { want: 'up', reason: 'demand-request', desired: 2, bounds: undefined },
    ],
    [
      'min 0 is zero for a kind that parks',
      { agenda: always({ kind: 'bounds', min: 0, max: 4 }) },
      { want: 'zero', bounds: undefined },
    ],
    [
      'no valid policy ever: nothing is done',
      { policy: undefined, agenda: undefined, invalid: true },
      { want: 'leave', reason: 'policy-invalid', mayLower: false },
    ],
    [
      'past the agenda, up stays',
      { agenda: { ...always(zero), until: NOW } },
      { want: 'leave', reason: 'agenda-ended', mayLower: false },
    ],
    [
      'past the agenda, parked is woken',
      { agenda: { ...always(zero), until: NOW }, phase: 'parked', recipeDesired: 2 },
      { want: 'up', reason: 'agenda-ended', desired: 2 },
    ],
    [
      'a policy that forbids zero now wakes what is parked',
      { phase: 'parked', policy: { ...parking, mayBeZero: false }, agenda: always(leave) },
      { want: 'up', reason: 'give-back' },
    ],
    [
      'one that leaves it as it is lets it be parked',
      { phase: 'parked', policy: { ...parking, mayBeZero: false, mayLeave: true }, agenda: always(leave) },
      { want: 'leave', reason: 'leave' },
    ],
    [
      'without `by: park` leave is no reason to stay parked',
      { phase: 'parked', policy: { ...parking, zero: { minUp: 0 }, mayLeave: true }, agenda: always(leave) },
      { want: 'up', reason: 'give-back' },
    ],
    [
      'an invalid one does not',
      { phase: 'parked', policy: { ...parking, mayBeZero: false }, agenda: always(leave), invalid: true },
      { want: 'leave', reason: 'leave' },
    ],
    [
      'a down hold parks where no rung does',
      { phase: 'parked', policy: { ...parking, mayBeZero: false }, agenda: always(office), hold: hold('down') },
      { want: 'zero', reason: 'hold-down' },
    ],
    [
      'a down hold lets nothing rise above the rung',
      {
        kind: 'async',
        policy: { ...parking, zero: { by: 'instances', minUp: 0 }, highestMax: 9 },
        agenda: always(office),
        hold: hold('down'),
      },
      { want: 'zero', reason: 'hold-down', bounds: { min: 0, max: 6 } },
    ],
    [
      'a down hold is no opting in to deletion',
      { policy: { ...parking, zero: { minUp: 0 } }, agenda: always(office), hold: hold('down') },
      { want: 'up', reason: 'window' },
    ],
    [
      'zero without by: park is left alone',
      { policy: { ...parking, zero: { minUp: 0 } } },
      { want: 'leave', reason: 'policy-invalid', mayLower: false },
    ],
  ])('%s', (_name, changes, expected) => {
    const { policy, agenda: steps, ...rest } = changes;
    const input = { ...rest, ...('policy' in changes && { policy }), ...('agenda' in changes && { agenda: steps }) };
    const ruling = rule(input as Partial<RulingInput>);
    // Member by member: an expected undefined means that it must not be there.
    for (const [member, value] of Object.entries(expected))
      expect(ruling[member as keyof Ruling], member).toEqual(value);
  });

  it.each<[string, Partial<RulingInput>]>([
    ['protected', { protected: true }],
    ['wake-only', { mode: 'wake-only' }],
    ['invalid documents', { invalid: true }],
  ])('%s lowers nothing and still raises', (_name, changes) => {
    expect(rule(changes)).toMatchObject({ want: 'zero', mayLower: false });
    expect(rule({ ...changes, phase: 'parked', demand: [request] })).toMatchObject({
      want: 'up',
      reason: 'demand-request',
    });
  });

  it('dry-run reports only', () => {
    expect(rule({ mode: 'dry-run' })).toMatchObject({ want: 'zero', mayLower: true, reportOnly: true });
  });

  it('an up hold without a rung of min ≥ 1 brings the recipe’s count', () => {
    expect(rule({ hold: hold('up'), policy: withoutUpRung, recipeDesired: 3 })).toMatchObject({
      want: 'up',
      desired: 3,
    });
  });

  it('explains every rule, and exactly one rung', () => {
    const { ladder } = rule({
      demand: [request],
      hold: hold('up', { until: NOW }),
      agenda: agenda([0, zero], [NOW + DAY, office]),
    });
    expect(ladder.map(({ rule: name, applies }) => `${name} ${applies}`)).toEqual([
      'mode false',
      'protected false',
      'documents false',
      'give-back false',
      'hold false',
      'demand true',
      'otherwise false',
      'during office false',
    ]);
    expect(ladder.find(({ rule: name }) => name === 'hold')?.why).toContain('expired');
  });
});

describe('asynchronous endpoints', () => {
  const backlog: Demand = { source: 'backlog', since: NOW, renewedAt: NOW, count: 9 };
  const policy: CompiledPolicy = { ...parking, zero: { minUp: 0 }, highestMax: 5, mayBeZero: false };
  const queue = { kind: 'async' as const, policy };

  it('keep their bounds in a rung with min 0, and demand brings its count within them', () => {
    const bounds = always({ kind: 'bounds', min: 0, max: 5 });
    expect(rule({ ...queue, agenda: bounds })).toMatchObject({
      want: 'up',
      bounds: { min: 0, max: 5 },
      reason: 'otherwise',
    });
    expect(rule({ ...queue, agenda: bounds, demand: [backlog] })).toMatchObject({
      reason: 'demand-backlog',
      desired: 5,
      bounds: { min: 0, max: 5 },
    });
  });

  it('reach zero in a zero rung by instances, within the highest max', () => {
    expect(rule({ ...queue })).toMatchObject({ want: 'zero', bounds: { min: 0, max: 5 }, mayLower: true });
  });

  it('do not leave a rung with max 0 for a backlog', () => {
    const closed = always({ kind: 'bounds', min: 0, max: 0 });
    expect(rule({ ...queue, agenda: closed, demand: [backlog] })).toMatchObject({
      bounds: { min: 0, max: 0 },
      reason: 'otherwise',
    });
  });
});

describe('leads', () => {
  const begin = NOW + 2 * HOUR;
  const night = agenda([0, zero], [begin, office]);
  const at = (now: number, changes: Partial<RulingInput> = {}) =>
    rule({ now, agenda: night, phase: 'parked', ...changes });

  it('count the coming rung as begun from begin − lead on, not a millisecond before', () => {
    expect(at(begin - LEAD - 1)).toMatchObject({ want: 'zero', until: begin - LEAD });
    expect(at(begin - LEAD)).toMatchObject({ want: 'up', reason: 'lead', window: begin, bounds: { min: 2, max: 6 } });
    expect(at(begin)).toMatchObject({ want: 'up', reason: 'window', window: begin });
  });

  it('stay begun when the lead shrinks', () => {
    expect(at(begin - LEAD, { leadMs: MINUTE, leadBegunFor: begin })).toMatchObject({ want: 'up', reason: 'lead' });
    expect(at(begin - LEAD, { leadMs: MINUTE })).toMatchObject({ want: 'zero' });
  });

  it('apply to a rung with a higher minimum, never to a lower one', () => {
    const day: Rung = { kind: 'bounds', min: 4, max: 8, during: 'day' };
    const steps = agenda([0, office], [begin, day], [begin + HOUR, office]);
    expect(rule({ now: begin - LEAD, agenda: steps })).toMatchObject({ reason: 'lead', bounds: { min: 4, max: 8 } });
    expect(rule({ now: begin + HOUR - LEAD, agenda: steps })).toMatchObject({
      reason: 'window',
      bounds: { min: 4, max: 8 },
    });
  });

  it('bridge a gap that is shorter than the lead', () => {
    const lunch = agenda([0, office], [NOW, zero], [NOW + LEAD, { ...office }]);
    expect(rule({ now: NOW, agenda: lunch })).toMatchObject({ want: 'up', reason: 'lead' });
  });

  it('apply to the end of a down hold inside a window', () => {
    const until = NOW + HOUR;
    const down = { hold: hold('down', { until }), agenda: always(office), phase: 'parked' as const };
    expect(rule({ ...down, now: until - LEAD - 1 })).toMatchObject({
      want: 'zero',
      reason: 'hold-down',
      until: until - LEAD,
    });
    expect(rule({ ...down, now: until - LEAD })).toMatchObject({ want: 'up', reason: 'lead', window: until });
  });

  it('do not open a window before a down hold ends', () => {
    const down = { hold: hold('down', { until: begin + HOUR }), agenda: night, phase: 'parked' as const };
    expect(rule({ ...down, now: begin + MINUTE })).toMatchObject({ want: 'zero', reason: 'hold-down' });
  });

  it('name the first step’s window by its true begin', () => {
    const began = NOW - 3 * DAY;
    expect(rule({ agenda: { ...always(office), began } })).toMatchObject({ window: began });
  });
});
