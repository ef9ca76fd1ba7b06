import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeRuleCommand, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import JSON5 from 'json5';
import { beforeAll, describe, expect, it } from 'vitest';
import { EVENT_RULER } from '../../scripts/native-tools.ts';
import { compileEventPattern } from '../../simulator/eventbridge/pattern.ts';
import { deployTemplate } from '../support/deployed-template.ts';
import { matchByAmazon, type PatternCase, type Verdict } from '../support/event-ruler.ts';
import { hasTool } from '../support/native-tools.ts';
import { hasRecordings, recordingsPath } from '../support/recordings.ts';
import { readSample, readSampleTable, sampleNames } from '../support/sample-events.ts';
import { createClients } from '../support/simulator-clients.ts';

type Event = Readonly<Record<string, unknown>>;

const READY = 'ScheduledScalingEndpointReady';
const ALARM = 'BacklogWakeAlarmRaised';
const STATE = 'IdleWindowsEndpointState';
const WAKE = 'IdleWindowsWakeRequested';

/** Which rule of the template each sample must reach; written by hand, from what the functions are for. */
const REACHES: Readonly<Record<string, typeof READY | typeof ALARM | typeof STATE | typeof WAKE | 'nothing'>> = {
  'alarm-action': 'nothing',
  'alarm-malformed': 'nothing',
  'alarm-metric-math': ALARM,
  'alarm-named-composite': ALARM,
  'alarm-own': ALARM,
  'alarm-own-duplicate': ALARM,
  'alarm-own-ok': 'nothing',
  'alarm-target-tracking': 'nothing',
  'endpoint-ready': READY,
  'endpoint-ready-duplicate': READY,
  'endpoint-ready-malformed': READY,
  'endpoint-state-deleted': STATE,
  'endpoint-state-duplicate': STATE,
  'endpoint-state-epoch-time': STATE,
  'endpoint-state-failed': STATE,
  'endpoint-state-in-service': STATE,
  'endpoint-state-malformed': STATE,
  'endpoint-state-updating': 'nothing',
  tick: 'nothing',
  'tick-duplicate': 'nothing',
  'tick-malformed': 'nothing',
  'tick-stale': 'nothing',
  unknown: 'nothing',
  'wake-requested': WAKE,
  'wake-requested-by-alarm': WAKE,
  'wake-requested-duplicate': WAKE,
  'wake-requested-malformed': WAKE,
};

/** `[what differs, sample, change]`: events that a rule could be thought to match. */
const NEAR_MISSES: readonly (readonly [string, string, Event])[] = [
  ["SageMaker's API spells it InService, its events do not", 'endpoint-state-in-service', { status: 'InService' }],
  ['the status in lower case', 'endpoint-state-in-service', { status: 'in_service' }],
  ['a status that does not exist', 'endpoint-state-in-service', { status: 'IN_SERVICE_' }],
  ['an update by SageMaker itself', 'endpoint-state-in-service', { status: 'SYSTEM_UPDATING' }],
  ['no status', 'endpoint-state-in-service', { status: null }],
  ['another source', 'endpoint-state-in-service', { source: 'sagemaker' }],
  ['the source in other letters', 'endpoint-state-in-service', { source: 'aws.SageMaker' }],
  ['a deployment', 'endpoint-state-in-service', { 'detail-type': 'SageMaker Endpoint Deployment State Change' }],
  ['a config', 'endpoint-state-in-service', { 'detail-type': 'SageMaker Endpoint Config State Change' }],
  ['an alarm that is OK', 'alarm-own', { state: 'OK' }],
  ['an alarm without data', 'alarm-own', { state: 'INSUFFICIENT_DATA' }],
  ['the state in lower case', 'alarm-own', { state: 'alarm' }],
  [
    'an alarm of target tracking',
    'alarm-own',
    { alarmName: 'TargetTracking-endpoint/Chat-Dev/variant/AllTraffic-AlarmLow-1' },
  ],
  ['an alarm on the scaler itself', 'alarm-own', { alarmName: 'endpoint-scaler/idle-windows-silent' }],
  ['no alarm name', 'alarm-own', { alarmName: null }],
  ['one contributor', 'alarm-own', { 'detail-type': 'CloudWatch Alarm Contributor State Change' }],
  ['a change of the alarm', 'alarm-own', { 'detail-type': 'CloudWatch Alarm Configuration Change' }],
  ['somebody else under the alarm type', 'alarm-own', { source: 'acme.monitoring' }],
  ['ready, said by somebody who asks for wakes', 'endpoint-ready', { source: 'endpoint-scaler.request' }],
  ['ready, said by a stack of another name', 'endpoint-ready', { source: 'endpoint-scaler-eu' }],
  ['parked', 'endpoint-ready', { 'detail-type': 'Endpoint Parked' }],
  ['a wake that has started', 'endpoint-ready', { 'detail-type': 'Wake Started' }],
  ['a wake, requested in the name of the scaler', 'wake-requested', { source: 'endpoint-scaler' }],
  ['a wake request, in other letters', 'wake-requested', { 'detail-type': 'wake requested' }],
  ['a hold, requested', 'wake-requested', { 'detail-type': 'Hold Requested' }],
];

/** `[what differs, sample, change]`: events that a rule must match all the same. */
const NEAR_HITS: readonly (readonly [string, string, Event])[] = [
  ['deleting has begun', 'endpoint-state-in-service', { status: 'DELETING' }],
  ['an update that failed twice', 'endpoint-state-in-service', { status: 'UPDATE_ROLLBACK_FAILED' }],
  ['a field that AWS may add', 'endpoint-state-in-service', { version: '1', 'replay-name': 'repair' }],
  ['an alarm whose name merely contains the prefix', 'alarm-own', { alarmName: 'team-TargetTracking-queue' }],
  ['an alarm in other letters than the prefix', 'alarm-own', { alarmName: 'targettracking-queue' }],
  ['another account', 'wake-requested', { account: '210987654321' }],
];

/** `status`, `state` and `alarmName` go where the events hold them, everything else into the envelope; null removes. */
function changed(name: string, { status, state, alarmName, ...envelope }: Event): Event {
  const event = structuredClone(readSample(name)) as Record<string, Record<string, unknown>>;
  const set = (target: Record<string, unknown>, key: string, value: unknown): void => {
    if (value === null) delete target[key];
    else if (value !== undefined) target[key] = value;
  };
  set(event['detail']!, 'EndpointStatus', status);
  set(event['detail']!, 'alarmName', alarmName);
  if (state !== undefined) set(event['detail']!['state'] as Record<string, unknown>, 'value', state);
  for (const [key, value] of Object.entries(envelope)) set(event, key, value);
  return event;
}

function simulated({ pattern, event }: PatternCase): Verdict {
  try {
    return compileEventPattern(pattern).matches(event as Event) ? 'matches' : 'does not match';
  } catch (error) {
    return `refused: ${(error as Error).message}`;
  }
}

/** Patterns as a deployment has them, by function and event id. */
async function readRules(parameters: Readonly<Record<string, string>> = {}): Promise<ReadonlyMap<string, unknown>> {
  const { aws } = deployTemplate(parameters);
  const { events } = createClients(aws);
  const { Rules = [] } = await events.send(new ListRulesCommand({}));
  const patterns = await Promise.all(
    Rules.map(async ({ Name }) => {
      const { EventPattern } = await events.send(new DescribeRuleCommand({ Name: Name! }));
      return [Name!.replace(/^stack-/, ''), EventPattern === undefined ? undefined : JSON.parse(EventPattern)] as const;
    }),
  );
  return new Map(patterns.filter(([, pattern]) => pattern !== undefined));
}

const rules = await readRules();

it('every rule of the template and every sample event are in the table', () => {
  expect([...rules.keys()].sort()).toEqual([ALARM, READY, STATE, WAKE].sort());
  expect(sampleNames()).toEqual(Object.keys(REACHES).sort());
  const told = readSampleTable().map(({ name, rule }) => [name, rule === '-' ? 'nothing' : rule]);
  expect(Object.fromEntries(told), 'events/README.md').toEqual(REACHES);
});

interface Expected extends PatternCase {
  readonly name: string;
  readonly verdict: Verdict;
}

const every = (what: string, event: Event, reached: string): Expected[] =>
  [...rules].map(([rule, pattern]) => ({
    name: `${what} → ${rule}`,
    event,
    pattern,
    verdict: rule === reached ? 'matches' : 'does not match',
  }));

const EXPECTED: readonly Expected[] = [
  ...Object.entries(REACHES).flatMap(([name, reached]) => every(name, readSample(name), reached)),
  ...NEAR_MISSES.flatMap(([what, name, change]) => every(`${name}, but ${what}`, changed(name, change), 'nothing')),
  ...NEAR_HITS.flatMap(([what, name, change]) => every(`${name}, ${what}`, changed(name, change), REACHES[name]!)),
];
const verdicts = (of: (cases: readonly Expected[]) => readonly Verdict[]): readonly string[] => {
  const answers = of(EXPECTED);
  return EXPECTED.map(({ name }, index) => `${name}: ${answers[index]}`);
};
const WANTED = EXPECTED.map(({ name, verdict }) => `${name}: ${verdict}`);

describe('with UserAlarmPrefix', () => {
  const names: Readonly<Record<string, Verdict>> = {
    'team/queue-not-empty': 'matches',
    'endpoint-scaler-Transcribe-backlog': 'matches',
    'queue-not-empty': 'does not match',
    'endpoint-scaler/idle-windows-silent': 'does not match',
    'TargetTracking-endpoint/Chat-Dev/variant/AllTraffic-AlarmLow-1': 'does not match',
  };

  it('only such alarms and our own start a run', async () => {
    const pattern = (await readRules({ UserAlarmPrefix: 'team/' })).get(ALARM);
    const cases = Object.keys(names).map((alarmName) => ({ pattern, event: changed('alarm-own', { alarmName }) }));
    expect(cases.map(simulated)).toEqual(Object.values(names));
    if (hasTool(EVENT_RULER, "UserAlarmPrefix in Amazon's own rule engine")) {
      expect(matchByAmazon(cases)).toEqual(Object.values(names));
    }
  });
});

describe('the event patterns of the template', () => {
  it('match what they should and nothing near it, in the simulator', () => {
    expect(verdicts((cases) => cases.map(simulated))).toEqual(WANTED);
  });

  it.skipIf(!hasTool(EVENT_RULER, "the template's patterns in Amazon's own rule engine"))(
    "match what they should and nothing near it, in Amazon's own rule engine",
    () => {
      expect(verdicts(matchByAmazon)).toEqual(WANTED);
    },
  );
});

const canCompare =
  hasTool(EVENT_RULER, "recorded patterns in Amazon's own rule engine") && hasRecordings('event patterns');

describe.skipIf(!canCompare)("recorded patterns, in Amazon's own rule engine", () => {
  /** The service refuses a wildcard pattern that the open-source engine takes: its limit is not in the engine. */
  const LIMITS_OF_THE_SERVICE = ['content_wildcard_complex_EXC'];
  const cases = new Map<string, PatternCase>();
  let amazon: readonly Verdict[];

  beforeAll(() => {
    const folder = recordingsPath('event-patterns');
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.json5'))) {
      const { Event: event, EventPattern: pattern } = JSON5.parse(readFileSync(join(folder, file), 'utf8'));
      cases.set(file.replace('.json5', ''), { event, pattern });
    }
    amazon = matchByAmazon([...cases.values()]);
  });

  it('get the verdict that the service gave, and the one that the simulator gives', () => {
    const rough = (verdict: string): string => verdict.replace(/^refused: .*$/s, 'refused');
    const recorded = (name: string): string =>
      name.endsWith('_EXC') ? 'refused' : name.endsWith('_NEG') ? 'does not match' : 'matches';
    const rows = [...cases].map(([name, one], index) => ({
      name,
      service: recorded(name),
      amazon: rough(amazon[index]!),
      simulator: rough(simulated(one)),
    }));
    expect(rows.length).toBeGreaterThanOrEqual(155);
    const differing = rows.filter((row) => row.amazon !== row.service || row.simulator !== row.service);
    expect(differing.map(({ name }) => name)).toEqual(LIMITS_OF_THE_SERVICE);
  });
});
