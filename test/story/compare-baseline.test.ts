import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ComparisonRow } from '../../cli/compare-runs.ts';
import { MONDAY_UTC, officeHours, realTime } from './fleet.ts';
import { type CommandOutcome, inFolder, runHere } from './run-scenario.ts';

const POLICY = officeHours({
  wake: { on: ['request'], fallbackConfigs: ['chat-g6'] },
  scaling: [
    { kind: 'target-tracking', metric: 'ConcurrentRequestsPerModel', target: 3 },
    { kind: 'step', alarm: { metric: 'ModelLatency', threshold: '2s', periods: 3 }, steps: [{ from: 0, add: 1 }] },
  ],
});
const HOURS = { timezone: 'UTC', open: [{ days: 'mon-fri', from: '08:00', to: '18:00' }] };

/** Two days: somebody works late on the first evening, and there is no instance on the second morning. */
const SCENARIO = JSON.stringify({
  start: MONDAY_UTC,
  for: '48h',
  schedules: { office: HOURS },
  policies: { office: POLICY },
  endpoints: {
    chat: realTime('office', {
      tags: { team: 'search', owner: 'someone' },
      startsIn: '6m',
      traffic: [
        { from: '+8h', to: '+22h', perMinute: 1 },
        { from: '+32h', to: '+42h', perMinute: 1 },
      ],
    }),
  },
  happens: [
    {
      at: '+1h',
      call: 'SageMaker.CreateEndpointConfig',
      with: {
        EndpointConfigName: 'chat-g6',
        ProductionVariants: [
          { VariantName: 'AllTraffic', ModelName: 'chat', InstanceType: 'ml.g6.xlarge', InitialInstanceCount: 1 },
        ],
      },
    },
    { at: '+30h30m', for: '3h', noCapacity: 'ml.g5.2xlarge' },
  ],
});

/** Four rehearsals of two days. */
const FOUR_RUNS_MS = 300_000;

describe('compare --baseline', () => {
  let outcome: CommandOutcome;
  let rows: ReadonlyMap<string, ComparisonRow>;

  beforeAll(async () => {
    await inFolder({ 'scenario.yaml': SCENARIO }, async (folder) => {
      const args = ['compare', 'scenario.yaml', '--baseline', 'always-on,cron,cron/08:00-18:00', '--json', 'rows.json'];
      outcome = await runHere(args, folder);
      const document = JSON.parse(readFileSync(`${folder}/rows.json`, 'utf8')) as { rows: ComparisonRow[] };
      rows = new Map(document.rows.map((row) => [row.policy, row]));
    });
  }, FOUR_RUNS_MS);

  const row = (policy: string): ComparisonRow => {
    const found = rows.get(policy);
    if (found === undefined) throw new Error(`no row ${policy}: ${outcome.stderr}`);
    return found;
  };

  it("puts the scenario's own policy first, and leaves nothing out of the table", () => {
    expect(outcome.exitCode, outcome.stderr).toBe(0);
    expect([...rows.keys()]).toEqual(['office', 'always-on', 'cron', 'cron/08:00-18:00']);
    expect(outcome.stdout).toMatch(
      / changes {2}lost\noffice .* {2}nothing\nalways-on .*\ncron .* 2 tags, 2 scaling policies\n/,
    );
  });

  it('always-on pays every hour and fails nobody', () => {
    const { instanceHours, unanswered, cold, lateWindows, changes, lost } = row('always-on');
    expect({ instanceHours, unanswered, cold, lateWindows, changes, lost }).toEqual({
      instanceHours: 48,
      unanswered: 0,
      cold: 0,
      lateWindows: 0,
      changes: 0,
      lost: { tags: 0, scalingPolicies: 0 },
    });
  });

  it('the script does not see that somebody works late', () => {
    // From eight in the evening to ten: a request a minute, and the failed start of the morning after.
    const evening = 120;
    const morning = 600;
    expect(row('cron').unanswered).toBe(evening + morning);
    expect(row('office').unanswered).toBeLessThan(60);
  });

  it('the script gives up on a start that fails: the endpoint is away the whole day', () => {
    expect(row('cron')).toMatchObject({ windows: 2, lateWindows: 1, latest: 36_000 });
    // Half an hour until AWS says so, then the fallback.
    expect(row('office')).toMatchObject({ windows: 2, lateWindows: 1 });
    expect(row('office').latest).toBeLessThan(40 * 60);
  });

  it('the script starts at the hour instead of being ready by it', () => {
    expect(row('cron/08:00-18:00')).toMatchObject({ lateWindows: 2, windows: 2 });
    expect(row('cron').lateWindows).toBe(1);
  });

  it('the script loses tags and scaling policies with its first delete; a park brings them back', () => {
    expect(row('cron').lost).toEqual({ tags: 2, scalingPolicies: 2 });
    expect(row('office').lost).toEqual({ tags: 0, scalingPolicies: 0 });
  });

  it('the script pays from seven to eight, where a start works', () => {
    expect(row('cron').instanceHours).toBeCloseTo(13, 0);
  });

  it.each([
    [
      'crn',
      'crn: always-on, cron (mon-fri, 07:00-20:00), cron/08:00-18:00 or cron/mon-sun/01:00-04:00, separated by commas',
    ],
    ['cron/08:00-25:00', 'cron/08:00-25:00: 25:00: a local time from "00:00" to "24:00"'],
    ['cron/mon-fry/08:00-18:00', 'cron/mon-fry/08:00-18:00: mon-fry: days of mon, tue'],
    ['cron,cron', 'cron,cron: each one once: always-on'],
  ])('%s is refused, and what is allowed is said', async (baseline, expected) => {
    await inFolder({ 'scenario.yaml': SCENARIO }, async (folder) => {
      const { exitCode, stderr } = await runHere(['compare', 'scenario.yaml', '--baseline', baseline], folder);
      expect({ exitCode, stderr }).toEqual({
        exitCode: 2,
        stderr: expect.stringContaining(`--baseline: ${expected}`) as unknown,
      });
    });
  });

  it.each([
    ['serverless', 'kind: serverless, memoryMb: 2048, maxConcurrency: 8, provisionedConcurrency: 1'],
    [
      'components',
      'kind: components, instanceType: ml.g5.12xlarge, instances: { min: 0, max: 2 }, components: { chat: { serves: { concurrent: 4, in: 800ms } } }',
    ],
  ])('an endpoint of kind %s is refused, and what is allowed is said', async (kind, endpoint) => {
    const text = [
      'start: 2026-03-23T00:00:00Z',
      'for: 1h',
      'policies: { hours: { otherwise: { min: 1, max: 4 } } }',
      `endpoints: { little: { policy: hours, ${endpoint} } }`,
    ];
    await inFolder({ 'scenario.yaml': `${text.join('\n')}\n` }, async (folder) => {
      const { exitCode, stderr } = await runHere(['compare', 'scenario.yaml', '--baseline', 'cron'], folder);
      expect({ exitCode, stderr }).toEqual({
        exitCode: 2,
        stderr: expect.stringContaining(
          `--baseline: little (${kind}): an endpoint of kind real-time or async with one variant (choose it with --endpoint); ` +
            'without --baseline policies of every kind compare',
        ) as unknown,
      });
    });
  });

  it('something to compare is needed', async () => {
    await inFolder({ 'scenario.yaml': SCENARIO }, async (folder) => {
      const { exitCode, stderr } = await runHere(['compare', 'scenario.yaml'], folder);
      expect({ exitCode, stderr }).toEqual({
        exitCode: 2,
        stderr: 'compare: --policies, --baseline or both are needed (--help says more)\n',
      });
    });
  });
});
