import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  type EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  type PutEventsRequestEntry,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge';
import { beforeEach, describe, expect, it } from 'vitest';
import type { SimulatedAws } from '../../simulator/index.ts';
import { hasRecordings, readSnapshot } from '../support/recordings.ts';
import { createAws, createClients, failureOf, REGION, START } from '../support/simulator-clients.ts';

let aws: SimulatedAws;
let events: EventBridgeClient;

beforeEach(() => {
  aws = createAws();
  events = createClients(aws).events;
});

const entry: PutEventsRequestEntry = {
  Source: 'core.update-account-command',
  DetailType: 'core.update-account-command',
  Detail: '{"command":"update-account"}',
};
const putEvents = (...entries: PutEventsRequestEntry[]) => events.send(new PutEventsCommand({ Entries: entries }));
const ARN = `arn:aws:events:${REGION}:123456789012:rule/r`;

function without(entryMember: 'Source' | 'DetailType' | 'Detail'): PutEventsRequestEntry {
  return { ...entry, [entryMember]: undefined };
}

describe('PutEvents', () => {
  it('puts an envelope on the bus', async () => {
    const seen: Readonly<Record<string, unknown>>[] = [];
    aws.onBusEvent((event) => seen.push(event));
    const { Entries: results } = await putEvents({
      ...entry,
      Resources: ['arn:x'],
      Time: new Date('2022-01-01T00:00:00.500Z'),
    });
    expect(seen).toEqual([
      {
        version: '0',
        id: results![0]!.EventId,
        'detail-type': 'core.update-account-command',
        source: 'core.update-account-command',
        account: '123456789012',
        time: '2022-01-01T00:00:00Z',
        region: REGION,
        resources: ['arn:x'],
        detail: { command: 'update-account' },
      },
    ]);
  });

  it('refuses sources of AWS to people, entry by entry', async () => {
    const answer = await putEvents(entry, { ...entry, Source: 'aws.sagemaker' });
    expect(answer.FailedEntryCount).toBe(1);
    expect(answer.Entries).toMatchObject([
      { EventId: expect.any(String) },
      { ErrorCode: 'NotAuthorizedForSourceException' },
    ]);
  });

  it('takes ten entries and 256 KB', async () => {
    const many = await failureOf(putEvents(...Array(11).fill(entry)));
    expect(many.message).toMatch(
      /^1 validation error detected: Value '\[.*\]' at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10$/,
    );
    await putEvents({ ...entry, Detail: JSON.stringify({ fill: 'x'.repeat(255 * 1024) }) });
  });

  it.skipIf(!hasRecordings('PutEvents answers'))('answers as recorded', async () => {
    const recorded = readSnapshot('test_events.snapshot.json');
    const cases: [string, PutEventsRequestEntry][] = [
      ['test_put_events_without_source', without('Source')],
      ['test_put_event_without_detail', without('Detail')],
      ['test_put_event_without_detail_type', without('DetailType')],
      ['test_put_event_malformed_detail[STRING]', { ...entry, Detail: 'plain' }],
      ['test_put_event_malformed_detail[ARRAY]', { ...entry, Detail: '[1]' }],
      ['test_put_event_malformed_detail[MALFORMED_JSON]', { ...entry, Detail: '{a' }],
      ['test_put_event_malformed_detail[SERIALIZED_STRING]', { ...entry, Detail: '"text"' }],
    ];
    for (const [name, input] of cases) {
      const { Entries: entries, FailedEntryCount: failed } = recorded.get(`TestEvents::${name}`)['put-events'];
      const { Entries, FailedEntryCount } = await putEvents(input);
      expect([Entries, FailedEntryCount], name).toEqual([entries, failed]);
    }
    const tooBig = await failureOf(putEvents({ ...entry, Detail: JSON.stringify({ fill: 'x'.repeat(256 * 1024) }) }));
    const { Code, Message } = recorded.get('TestEvents::test_put_event_with_too_big_detail')[
      'put-events-too-big-detail-error'
    ].Error;
    expect([tooBig.name, tooBig.message]).toEqual([Code, Message]);
  });
});

describe('rules', () => {
  const pattern = '{"source":["core.update-account-command"]}';

  it('are put, shown, disabled and deleted', async () => {
    expect((await events.send(new PutRuleCommand({ Name: 'r', EventPattern: pattern }))).RuleArn).toBe(ARN);
    expect(await events.send(new DescribeRuleCommand({ Name: 'r' }))).toMatchObject({
      Arn: ARN,
      State: 'ENABLED',
      EventBusName: 'default',
      EventPattern: pattern,
      CreatedBy: '123456789012',
    });
    await events.send(new DisableRuleCommand({ Name: 'r' }));
    expect(await events.send(new DescribeRuleCommand({ Name: 'r' }))).toMatchObject({ State: 'DISABLED' });
    await events.send(new EnableRuleCommand({ Name: 'r' }));
    await events.send(new DeleteRuleCommand({ Name: 'r' }));
    expect((await events.send(new ListRulesCommand({}))).Rules).toEqual([]);
  });

  it.skipIf(!hasRecordings('errors of rules'))('refuse as recorded', async () => {
    const recorded = readSnapshot('test_events.snapshot.json');
    const schedules = readSnapshot('test_events_schedule.snapshot.json');
    const expectError = async (call: Promise<unknown>, error: { Code: string; Message: string }): Promise<void> => {
      const failure = await failureOf(call);
      expect([failure.name, failure.message]).toEqual([error.Code, error.Message.replaceAll('<rule-name>', 'r')]);
    };
    await expectError(
      events.send(new DescribeRuleCommand({ Name: 'r' })),
      recorded.get('TestEventRule::test_describe_nonexistent_rule')['describe-not-existing-rule-error'].Error,
    );
    await events.send(new PutRuleCommand({ Name: 'r', EventPattern: pattern }));
    await events.send(new PutTargetsCommand({ Rule: 'r', Targets: [{ Id: 'x', Arn: 'arn:aws:sqs:::q' }] }));
    await expectError(
      events.send(new DeleteRuleCommand({ Name: 'r' })),
      recorded.get('TestEventRule::test_delete_rule_with_targets')['delete-rule-with-targets-error'].Error,
    );
    const targets = Array.from({ length: 6 }, (_, index) => ({ Id: `t${index}`, Arn: 'arn:aws:sqs:::q' }));
    await expectError(
      events.send(new PutTargetsCommand({ Rule: 'r', Targets: targets })),
      recorded.get('TestEventTarget::test_add_exceed_fife_targets_per_rule')['put-targets-client-error'].Error,
    );
    const invalid = schedules.get('TestScheduleCron::tests_put_rule_with_invalid_schedule_cron[cron(0 1 * * * *)]')[
      'invalid-put-rule'
    ].Error;
    await expectError(events.send(new PutRuleCommand({ Name: 's', ScheduleExpression: 'cron(0 1 * * * *)' })), invalid);
    await expectError(
      events.send(new TestEventPatternCommand({ EventPattern: pattern, Event: '[]' })),
      readSnapshot('test_events_patterns.snapshot.json').get('TestEventPattern::test_array_event_payload')[
        'array-event-payload-exc'
      ].Error,
    );
  });

  it('page their lists', async () => {
    for (let index = 0; index < 5; index += 1)
      await events.send(new PutRuleCommand({ Name: `r-${index}`, EventPattern: pattern }));
    const first = await events.send(new ListRulesCommand({ NamePrefix: 'r-', Limit: 3 }));
    const second = await events.send(new ListRulesCommand({ NamePrefix: 'r-', Limit: 3, NextToken: first.NextToken! }));
    expect([...first.Rules!, ...second.Rules!].map((rule) => rule.Name)).toEqual(['r-0', 'r-1', 'r-2', 'r-3', 'r-4']);
    expect(second.NextToken).toBeUndefined();
  });

  it('keep targets by id', async () => {
    await events.send(new PutRuleCommand({ Name: 'r', EventPattern: pattern }));
    await events.send(new PutTargetsCommand({ Rule: 'r', Targets: [{ Id: 'x', Arn: 'arn:aws:sqs:::q' }] }));
    await events.send(
      new PutTargetsCommand({ Rule: 'r', Targets: [{ Id: 'x', Arn: 'arn:aws:sqs:::other', Input: '{}' }] }),
    );
    expect((await events.send(new ListTargetsByRuleCommand({ Rule: 'r' }))).Targets).toEqual([
      { Id: 'x', Arn: 'arn:aws:sqs:::other', Input: '{}' },
    ]);
    expect((await events.send(new RemoveTargetsCommand({ Rule: 'r', Ids: ['x', 'y'] }))).FailedEntries).toMatchObject([
      { TargetId: 'y' },
    ]);
  });

  it('are tested against an event', async () => {
    const event = JSON.stringify({
      id: '1',
      account: '1',
      source: 'core.update-account-command',
      time: '2022-01-01T00:00:00Z',
      region: 'x',
      resources: [],
      'detail-type': 'd',
      detail: {},
    });
    expect((await events.send(new TestEventPatternCommand({ EventPattern: pattern, Event: event }))).Result).toBe(true);
    expect(
      (await events.send(new TestEventPatternCommand({ EventPattern: '{"source":["x"]}', Event: event }))).Result,
    ).toBe(false);
    expect(
      (await failureOf(events.send(new TestEventPatternCommand({ EventPattern: '{"source":"x"}', Event: event }))))
        .name,
    ).toBe('InvalidEventPatternException');
  });

  it('exist on the default bus only', async () => {
    const error = await failureOf(
      events.send(new PutRuleCommand({ Name: 'r', EventPattern: pattern, EventBusName: 'other' })),
    );
    expect([error.name, error.message]).toEqual(['ResourceNotFoundException', 'Event bus other does not exist.']);
    const { FailedEntryCount: failed } = await putEvents({ ...entry, EventBusName: 'other' });
    expect(failed).toBe(0);
  });

  it('give a scheduled event its own instant', async () => {
    const seen: unknown[] = [];
    await events.send(new PutRuleCommand({ Name: 'every', ScheduleExpression: 'rate(5 minutes)' }));
    aws.deploy(FUNCTION_TEMPLATE, {}, () => ({
      async invoke(event) {
        seen.push(event);
      },
      drop() {},
    }));
    await events.send(
      new PutTargetsCommand({
        Rule: 'every',
        Targets: [{ Id: 'f', Arn: `arn:aws:lambda:${REGION}:123456789012:function:listener` }],
      }),
    );
    await aws.run(START + 10 * 60_000);
    expect(seen).toMatchObject([
      { source: 'aws.events', 'detail-type': 'Scheduled Event', time: '2026-03-23T00:05:00Z', detail: {} },
      { time: '2026-03-23T00:10:00Z' },
    ]);
  });
});

const FUNCTION_TEMPLATE = `
Resources:
  Listener:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: listener, Timeout: 10 }
`;
