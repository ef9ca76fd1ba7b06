import { readdirSync, readFileSync } from 'node:fs';
import {
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  type EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  type Target,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge';
import { GetParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { SimulatedAws } from '../../simulator/index.ts';
import { hasRecordings, type Recording, readSnapshot, recordingsPath } from '../support/recordings.ts';
import { createAws, createClients, failureOf, REGION } from '../support/simulator-clients.ts';

const isHere = hasRecordings('EventBridge and Parameter Store as recorded, and the table of all recordings');
const FILES = ['test_events', 'test_events_patterns', 'test_events_schedule', 'test_events_targets', 'test_ssm'];
const recordings = new Map<string, Recording>(
  isHere
    ? FILES.flatMap((file) => [...readSnapshot(`${file}.snapshot.json`)].map(([k, v]) => [`${file} ${k}`, v]))
    : [],
);
const played = new Set<string>();

let aws: SimulatedAws;
let events: EventBridgeClient;

beforeEach(() => {
  aws = createAws();
  events = createClients(aws).events;
});

function recorded(name: string): Recording {
  const found = recordings.get(name);
  if (found === undefined) throw new Error(`${name}: no such recording`);
  played.add(name);
  return found;
}

/** The recording with its placeholders as matchers, and without what every answer has. */
function expectation(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expectation);
  if (typeof value === 'string') {
    return /<|^(date|target-arn|event-id|detail)$|^1{12}$/.test(value) ? expect.any(String) : value;
  }
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).filter(([name]) => name !== 'ResponseMetadata');
  return Object.fromEntries(members.map(([name, member]) => [name, expectation(member)]));
}

/** Our answer, embedded JSON opened as in the recordings. */
function normalise(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => normalise(item));
  if (value instanceof Date) return 'date';
  if (typeof value === 'string') return ['EventPattern', 'Input'].includes(key) ? JSON.parse(value) : value;
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).filter(([name, member]) => name !== '$metadata' && member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, normalise(member, name)]));
}

function agree(actual: unknown, recording: unknown): void {
  expect(recording).toBeDefined();
  expect(normalise(actual)).toEqual(expectation(recording));
}

async function agreeToRefuse(call: Promise<unknown>, { Error: error }: Recording): Promise<void> {
  const failure = await failureOf(call);
  expect([failure.name, failure.message]).toEqual([error.Code, error.Message]);
}

const PATTERN = JSON.stringify({
  source: ['core.update-account-command'],
  'detail-type': ['core.update-account-command'],
  detail: { command: ['update-account'] },
});
const QUEUE = 'arn:aws:sqs:eu-central-1:123456789012:q';
const putRule = (Name = 'rule') => events.send(new PutRuleCommand({ Name, EventPattern: PATTERN }));
const describeRule = () => events.send(new DescribeRuleCommand({ Name: 'rule' }));
const putTargets = (Targets: Target[], Rule = 'rule') => events.send(new PutTargetsCommand({ Rule, Targets }));
const listTargets = (Rule = 'rule', more: object = {}) => events.send(new ListTargetsByRuleCommand({ Rule, ...more }));

describe.skipIf(!isHere)('rules and targets answer as recorded', () => {
  it('a rule is put, listed and described', async () => {
    const recording = recorded('test_events TestEventRule::test_put_list_with_prefix_describe_delete_rule[default]');
    agree(await putRule(), recording['put-rule']);
    agree(await events.send(new ListRulesCommand({ NamePrefix: 'rul' })), recording['list-rules']);
    agree(await describeRule(), recording['describe-rule']);
  });

  it('a rule is disabled and enabled', async () => {
    const recording = recorded('test_events TestEventRule::test_disable_re_enable_rule[default]');
    await putRule();
    agree(await events.send(new DisableRuleCommand({ Name: 'rule' })), recording['disable-rule']);
    agree(await describeRule(), recording['describe-rule-disabled']);
    agree(await events.send(new EnableRuleCommand({ Name: 'rule' })), recording['enable-rule']);
    agree(await describeRule(), recording['describe-rule-enabled']);
  });

  it('targets outlive an update of their rule', async () => {
    const recording = recorded('test_events TestEventRule::test_update_rule_with_targets');
    await putRule();
    await putTargets([{ Id: 'one', Arn: QUEUE }]);
    agree(await listTargets(), recording['list-targets']);
    agree(await putRule(), recording['update-rule']);
    agree(await listTargets(), recording['list-targets-after-update']);
  });

  it('targets are put, listed and removed', async () => {
    const recording = recorded('test_events TestEventTarget::test_put_list_remove_target[default]');
    await putRule();
    agree(await putTargets([{ Id: 'one', Arn: QUEUE }]), recording['put-target']);
    agree(await listTargets(), recording['list-targets']);
    agree(await events.send(new RemoveTargetsCommand({ Rule: 'rule', Ids: ['one'] })), recording['remove-target']);
    agree(await listTargets(), recording['list-targets-after-delete']);
  });

  it('targets come in pages', async () => {
    const recording = recorded('test_events TestEventTarget::test_list_target_by_rule_limit');
    await putRule();
    await putTargets(Array.from({ length: 5 }, (_, index) => ({ Id: `t${index}`, Arn: QUEUE })));
    const first = await listTargets('rule', { Limit: 3 });
    agree(first, recording['list-targets-limit']);
    const second = await listTargets('rule', { NextToken: first.NextToken, Limit: 3 });
    agree(second, recording['list-targets-limit-next-token']);
    expect([...first.Targets!, ...second.Targets!].map(({ Id }) => Id)).toEqual(['t0', 't1', 't2', 't3', 't4']);
  });

  it('ids of targets are checked', async () => {
    const recording = recorded('test_events TestEventTarget::test_put_target_id_validation');
    await putRule();
    await agreeToRefuse(putTargets([{ Id: '!@#$@!#$', Arn: QUEUE }]), recording['put-targets-invalid-id-error']);
    const long = 'x'.repeat(65);
    const { Error: error } = recording['put-targets-length-error'];
    const Message = error.Message.replace('second-invalid-target-id', long);
    await agreeToRefuse(putTargets([{ Id: long, Arn: QUEUE }]), { Error: { ...error, Message } });
  });

  const target = (Id: string, InputPath: string): Target => ({ Id, Arn: QUEUE, InputPath });

  it('a second target of the same id replaces the first, within its rule only', async () => {
    await putRule();
    await putTargets([target('target-id', '$.detail')]);
    await putTargets([target('target-id', '$.notexisting')]);
    const single = 'test_events TestEventTarget::test_put_multiple_targets_with_same_id_single_rule';
    agree(await listTargets(), recorded(single)['list-targets']);
    const across = recorded(
      'test_events TestEventTarget::test_put_multiple_targets_with_same_id_across_different_rules',
    );
    await putRule('other');
    await putTargets([target('target-id', '$.detail')], 'other');
    agree(await listTargets('other'), across['list-targets-rule-one']);
    agree(await listTargets(), across['list-targets-rule-two']);
  });

  it('the same function may be a target twice', async () => {
    await putRule();
    await putTargets([target('target-id-one', '$.detail'), target('target-id-two', '$.doesnotexist')]);
    const single = 'test_events TestEventTarget::test_put_multiple_targets_with_same_arn_single_rule';
    agree(await listTargets(), recorded(single)['list-targets']);
  });

  it('rules with a schedule are listed with it, on the default bus only', async () => {
    for (const [name, ScheduleExpression] of [
      ['TestScheduleRate::test_put_rule_with_schedule_rate', 'rate(1 minute)'],
      ['TestScheduleCron::tests_put_rule_with_schedule_cron', 'cron(0 20 * * ? *)'],
    ] as const) {
      const recording = recorded(`test_events_schedule ${name}`);
      agree(await events.send(new PutRuleCommand({ Name: 'rule', ScheduleExpression })), recording['put-rule']);
      agree(await events.send(new ListRulesCommand({})), recording['list-rules']);
    }
  });
});

describe.skipIf(!isHere)('events and patterns answer as recorded', () => {
  it('ten entries are all that a call takes', async () => {
    const { Error: error } = recorded('test_events TestEvents::test_put_events_exceed_limit_ten_entries[default]')[
      'put-events-exceed-limit-error'
    ];
    const Entries = Array.from({ length: 11 }, () => ({ Source: 's', DetailType: 'd', Detail: '{}' }));
    const failure = await failureOf(events.send(new PutEventsCommand({ Entries })));
    expect(failure.name).toBe(error.Code);
    // The value in between is a print of Java objects.
    const tail = error.Message.slice(error.Message.lastIndexOf(" at 'entries'"));
    expect(failure.message.endsWith(tail), failure.message).toBe(true);
  });

  it.each(
    [...recordings].flatMap(([name, recording]): [string, Recording][] => {
      const bodies = recording.events ?? recording['sqs-messages']?.map?.((message: Recording) => message.Body);
      const isEnvelope = Array.isArray(bodies) && typeof bodies[0]?.detail === 'object' && 'detail-type' in bodies[0];
      const applies = /target_lambda|with_time_field|multiple_matching_rules_single_target/.test(name);
      return isEnvelope && applies ? [[name, bodies[0]]] : [];
    }),
  )('%s: the envelope that is delivered', async (name, body) => {
    recorded(name);
    const seen: unknown[] = [];
    aws.onBusEvent((event) => seen.push(event));
    const Entries = [
      { Source: body.source, DetailType: body['detail-type'], Detail: JSON.stringify(body.detail), Time: new Date(0) },
    ];
    const answer = await events.send(new PutEventsCommand({ Entries }));
    expect(answer.FailedEntryCount).toBe(0);
    agree(seen, [body]);
    expect((seen[0] as { id: string }).id).toBe(answer.Entries![0]!.EventId);
    expect(Object.keys(seen[0] as object).toSorted()).toEqual(Object.keys(body).toSorted());
  });

  it('entries for an unknown bus are accepted and lost, rules for it are refused', async () => {
    const recording = recorded('test_events TestEventBus::test_put_events_nonexistent_event_bus');
    const entry = { Source: 'MySource', DetailType: 'CustomType', Detail: '{"message":"for the default event bus"}' };
    const seen: unknown[] = [];
    aws.onBusEvent((event) => seen.push(event));
    const Entries = [entry, { ...entry, EventBusName: 'other' }];
    agree(await events.send(new PutEventsCommand({ Entries })), recording['put-events']);
    agree(
      seen,
      recording['get-events'].map((message: Recording) => message.Body),
    );
  });

  it('bodies that are no event are refused', async () => {
    for (const [name, Event] of [
      ['test_plain_string_payload', 'plain string'],
      ['test_invalid_event_payload', '{"source": "x"}'],
    ] as const) {
      const recording = recorded(`test_events_patterns TestEventPattern::${name}`)['plain-string-payload-exc'];
      await agreeToRefuse(events.send(new TestEventPatternCommand({ EventPattern: PATTERN, Event })), recording);
    }
  });

  it.each([...recordings.keys()].filter((name) => name.includes('test_invalid_json_event_pattern')))(
    '%s',
    async (name) => {
      const { Error: error } = recorded(name)['invalid-pattern'];
      const EventPattern = /\[(.*)\]$/s.exec(name)![1]!;
      const failure = await failureOf(events.send(new PutRuleCommand({ Name: 'rule', EventPattern })));
      expect(failure.name).toBe(error.Code);
      // What follows are the words of the service's JSON parser.
      expect(failure.message).toContain('Event pattern is not valid. Reason: ');
    },
  );

  it('a parameter is read by its ARN', async () => {
    const { ssm } = createClients(aws);
    await ssm.send(new PutParameterCommand({ Name: 'plain', Value: 'test', Type: 'String' }));
    const Name = `arn:aws:ssm:${REGION}:123456789012:parameter/plain`;
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name }));
    agree({ Parameter }, recorded('test_ssm TestSSM::test_get_parameter_by_arn'));
  });
});

// ------------------------------------------------------------------------------------------------- the table of them all

interface Line {
  readonly file: RegExp;
  readonly cases: RegExp;
  /** A test file that replays them, or why they do not apply. */
  readonly replayedBy?: string;
  readonly leftOut?: string;
}

const PUT_EVENTS = 'test/contract/simulator-events.test.ts';

/** Cases that are not replayed above. */
const LINES: readonly Line[] = [
  { file: /cloudwatch/, cases: /./, replayedBy: 'test/contract/world-recordings.test.ts' },
  { file: /events_patterns/, cases: /test_event_pattern\[/, replayedBy: 'test/unit/simulator-event-patterns.test.ts' },
  { file: /events_patterns/, cases: /test_array_event_payload/, replayedBy: PUT_EVENTS },
  { file: /events_patterns/, cases: /./, leftOut: 'neither the pattern nor the event is part of the recording' },
  { file: /schedule/, cases: /\[.*\(.*\)\s*\]$/, replayedBy: 'test/unit/simulator-schedule-expression.test.ts' },
  { file: /scheduler/, cases: /./, leftOut: "schedules come from templates; the Scheduler's API is not served" },
  { file: /events_schedule/, cases: /sqs/, leftOut: 'targets other than functions are kept and never run' },
  { file: /events_schedule/, cases: /custom_event_bus/, leftOut: 'there is the default bus only' },
  { file: /events_targets/, cases: /./, leftOut: 'targets other than functions are kept and never run' },
  { file: /ssm/, cases: /parameters_with_path/, replayedBy: 'test/contract/simulator-ssm-tagging.test.ts' },
  {
    file: /test_events\./,
    cases:
      /without_source|without_detail|malformed_detail|too_big|nonexistent_rule|delete_rule_with_targets|exceed_fife/,
    replayedBy: PUT_EVENTS,
  },
  {
    file: /test_events\./,
    cases: /custom\]|EventBus::|same_name|rule_with_limit/,
    leftOut: 'there is the default bus only',
  },
  { file: /test_events\./, cases: /list_rule_names_by_target/, leftOut: 'ListRuleNamesByTarget is not simulated' },
  { file: /test_events\./, cases: /connection/, leftOut: 'connections to API destinations are not simulated' },
  {
    file: /test_events\./,
    cases: /single_target|pattern|time|order|delivery_failure|same_arn/,
    leftOut: 'the rules or entries are not part of the recording, or its targets are queues',
  },
];

const table = new Map<string, number>();

function bookOf(file: string, name: string): string {
  if (played.has(`${file.replace('.snapshot.json', '')} ${name}`)) return 'replayed by this file';
  const line = LINES.find((candidate) => candidate.file.test(file) && candidate.cases.test(name));
  if (line === undefined) return 'neither replayed nor left out for a reason';
  return line.replayedBy === undefined ? `left out: ${line.leftOut}` : `replayed by ${line.replayedBy}`;
}

describe.skipIf(!isHere)('the table of all recordings', () => {
  afterAll(() => {
    for (const [line, count] of table) process.stdout.write(`${line}: ${count}\n`);
  });

  it('has every file and every case in it', () => {
    const unknown: string[] = [];
    for (const file of readdirSync(recordingsPath()).filter((name) => name.endsWith('.json'))) {
      for (const name of readSnapshot(file).keys()) {
        const book = bookOf(file, name);
        if (book.startsWith('neither')) unknown.push(`${file} ${name}`);
        table.set(`${file}: ${book}`, (table.get(`${file}: ${book}`) ?? 0) + 1);
      }
    }
    const others = readdirSync(recordingsPath()).filter((name) => !name.endsWith('.json'));
    expect(others.toSorted()).toEqual(['README.md', 'event-patterns']);
    expect(unknown).toEqual([]);
    expect(played.size).toBeGreaterThan(20);
  });

  it('names test files that read the recordings', () => {
    for (const file of new Set(LINES.flatMap(({ replayedBy }) => replayedBy ?? []))) {
      expect(readFileSync(file, 'utf8'), file).toContain('readSnapshot(');
    }
  });
});
