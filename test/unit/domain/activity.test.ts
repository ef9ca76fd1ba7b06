import { describe, expect, it } from 'vitest';
import { judgeActivity, type Usage } from '../../../shared/domain/activity.ts';
import { HOUR, MINUTE, SECOND } from '../../../shared/domain/time.ts';

const NOW = Date.parse('2026-03-24T10:30:20Z');
const FLOOR = Date.parse('2026-03-24T10:30:00Z');
const IDLE_FOR = 10 * MINUTE;
type Point = readonly [number, number];

/** Zeros by minute from so long before the current minute up to so long before it. */
function zeros(from = 60, to = 2): Point[] {
  return Array.from({ length: from - to }, (_, index) => [FLOOR - (from - index) * MINUTE, 0] as const);
}

function realTime(invocations: readonly Point[], concurrency: readonly Point[] = []): Usage {
  return { kind: 'real-time', variants: [{ variant: 'AllTraffic', invocations, concurrency }] };
}

function judge(usage: Usage | undefined, since: number | 'never' = NOW - HOUR) {
  const inServiceSince = since === 'never' ? undefined : since;
  return judgeActivity({ now: NOW, idleFor: IDLE_FOR, inServiceSince, usage });
}

describe('activity of a real-time endpoint', () => {
  it('is idle when every minute up to two minutes ago is there and zero', () => {
    expect(judge(realTime(zeros()))).toMatchObject({
      verdict: 'idle',
      idleAt: NOW,
      evidence: { minutesMissing: 0, invocations: 0 },
    });
  });

  it('is unknown when any one minute is missing', () => {
    for (const missing of [12, 7, 3]) {
      const points = zeros().filter(([at]) => at !== FLOOR - missing * MINUTE);
      expect(judge(realTime(points)), `${missing} minutes ago`).toMatchObject({
        verdict: 'unknown',
        evidence: { minutesMissing: 1 },
      });
    }
    expect(judge(realTime(zeros().filter(([at]) => at !== FLOOR - 13 * MINUTE))).verdict, 'before the window').toBe(
      'idle',
    );
    expect(judge(realTime([])).verdict).toBe('unknown');
    expect(judge(undefined).verdict, 'unreadable').toBe('unknown');
  });

  it('is active by one point in the newest two minutes, which need not be there', () => {
    expect(judge(realTime([...zeros(), [FLOOR - MINUTE, 1]])).verdict).toBe('active');
    expect(judge(realTime([...zeros(), [FLOOR, 1]])).verdict).toBe('active');
  });

  it('is active by concurrency alone: a long stream is one invocation at its begin', () => {
    expect(judge(realTime(zeros(), [[FLOOR - 5 * MINUTE, 1]])).verdict).toBe('active');
  });

  it('is active rather than unknown when both could be said', () => {
    const points = zeros().filter(([at]) => at !== FLOOR - 7 * MINUTE);
    expect(judge(realTime([...points, [FLOOR - MINUTE, 3]])).verdict).toBe('active');
  });

  it('needs every variant', () => {
    const quiet = { variant: 'a', invocations: zeros(), concurrency: [] };
    const usage = (invocations: readonly Point[]): Usage => ({
      kind: 'real-time',
      variants: [quiet, { variant: 'b', invocations, concurrency: [] }],
    });
    expect(judge(usage([])).verdict).toBe('unknown');
    expect(judge(usage([...zeros(), [FLOOR - 4 * MINUTE, 2]])).verdict).toBe('active');
    expect(judge({ kind: 'real-time', variants: [] }).verdict).toBe('unknown');
  });

  it('does not count what was before the endpoint came into service, and is not idle before a full window', () => {
    const since = FLOOR - 11 * MINUTE - 30 * SECOND;
    const old = [...zeros(), [FLOOR - 12 * MINUTE, 9]] as Point[];
    expect(judge(realTime(old), since)).toMatchObject({
      verdict: 'active',
      idleAt: FLOOR - 11 * MINUTE + IDLE_FOR + 2 * MINUTE,
    });
    expect(judge(realTime(old), since).lastActiveAt).toBeUndefined();
    expect(judge(realTime(zeros()), 'never').verdict, 'never seen in service').toBe('active');
  });

  it('tells the first instant at which idle can be reached', () => {
    const use = FLOOR - 8 * MINUTE;
    const { idleAt, lastActiveAt } = judge(realTime([...zeros(), [use, 1]]));
    expect(lastActiveAt).toBe(use);
    const later = (now: number) =>
      judgeActivity({
        now,
        idleFor: IDLE_FOR,
        inServiceSince: NOW - HOUR,
        usage: realTime([...zeros(60, -20).filter(([at]) => at !== use), [use, 1]]),
      }).verdict;
    expect([later(idleAt - 1), later(idleAt)]).toEqual(['active', 'idle']);
  });
});

describe('activity of an inference component', () => {
  const use = (more: Partial<Extract<Usage, { kind: 'components' }>>): Usage => ({
    kind: 'components',
    invocations: zeros(),
    concurrency: zeros(),
    failures: [],
    ...more,
  });

  it('is idle only where every minute says so', () => {
    expect(judge(use({})).verdict).toBe('idle');
    expect(judge(use({ invocations: [] })).verdict, 'silent without a copy').toBe('unknown');
  });

  it('is use that was turned away, too', () => {
    expect(judge(use({ failures: [[NOW - 3 * MINUTE, 2]] }))).toMatchObject({
      verdict: 'active',
      evidence: { turnedAway: 2 },
    });
    expect(judge(use({ concurrency: [[NOW - 3 * MINUTE, 1]] })).verdict).toBe('active');
  });
});

describe('activity of an asynchronous endpoint', () => {
  const queue = (size: readonly Point[], withoutCapacity: readonly Point[] = []): Usage => ({
    kind: 'async',
    size,
    withoutCapacity,
  });
  it.each<[string, Usage, string]>([
    ['an empty queue each minute', queue(zeros()), 'idle'],
    ['one item in the window', queue(zeros().map(([at], index) => [at, index === 55 ? 1 : 0])), 'active'],
    ['one item in the newest minute', queue([...zeros(), [FLOOR - MINUTE, 1]]), 'active'],
    ['waiting without capacity', queue(zeros(), [[FLOOR - 3 * MINUTE, 1]]), 'active'],
    ['no metric', queue([]), 'unknown'],
  ])('%s', (_name, usage, verdict) => {
    expect(judge(usage).verdict).toBe(verdict);
  });
});
