import { describe, expect, it } from 'vitest';
import { parseDocuments, zoneOf } from '../../../cli/account/documents.ts';
import { nextEdge } from '../../../cli/account/edges.ts';
import { CallFailed, describeFailure } from '../../../cli/account/failures.ts';
import { actionOfTarget, createWire } from '../../../cli/account/wire.ts';
import { plural, printable, printableJson } from '../../../cli/printable.ts';
import { formatAge, formatWhen, readDuration, readWhen } from '../../../cli/times.ts';
import { findZone } from '../../../shared/documents/zones.ts';
import type { FleetRecord, Hold } from '../../../shared/domain/record.ts';

describe('other people’s words', () => {
  it.each([
    ['plain ünïcode 数 🙂', 'plain ünïcode 数 🙂'],
    ['\u001b]0;owned\u0007', '\\u001b]0;owned\\u0007'],
    ['\u009b2J', '\\u009b2J'],
    ['a\nb\tc\r', 'a\\u000ab\\u0009c\\u000d'],
    ['\u202egnp.exe\u2069', '\\u202egnp.exe\\u2069'],
  ])('%j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('are cut where they are long, and stay the same in JSON', () => {
    expect(printable('x'.repeat(1000))).toHaveLength(400);
    const value = { why: 'a\u009b\u202e"\n' };
    const json = printableJson(JSON.stringify(value, null, 2));
    expect(JSON.parse(json)).toEqual(value);
    expect(json).not.toMatch(/[\u0080-\u009f\u202e]/);
    expect(plural(1, 'error')).toBe('1 error');
    expect(plural(0, 'error')).toBe('0 errors');
  });
});

describe('times', () => {
  const berlin = findZone('Europe/Berlin');
  const at = Date.parse('2026-03-29T00:59:59.999Z');
  it('are shown in the schedule’s zone and in UTC, in whole seconds', () => {
    expect(formatWhen(at, berlin)).toBe('sun 2026-03-29 01:59:59 +01:00 (2026-03-29T00:59:59Z)');
    expect(formatWhen(at + 1, berlin)).toBe('sun 2026-03-29 03:00 +02:00 (2026-03-29T01:00Z)');
    expect(formatWhen(at, undefined)).toBe('2026-03-29T00:59:59Z');
    expect([formatAge(59_999), formatAge(61_000), formatAge(-5)]).toEqual(['59s', '1m', '0s']);
  });
  it('are instants or offsets from AWS’s now', () => {
    expect(readWhen('--until', '+1h30m', at)).toBe(at + 5_400_000);
    expect(readWhen('--until', '2026-03-29T02:00:00+02:00', at)).toBe(Date.parse('2026-03-29T00:00:00Z'));
    expect(() => readWhen('--until', '2026-03-29T02:00:00', at)).toThrow(/^--until: 2026-03-29T02:00:00: an instant/);
    expect(() => readDuration('--timeout', '0s')).toThrow(/^--timeout: 0s:/);
  });
});

describe('the wire', () => {
  type Answer = { response: { statusCode: number; headers: Record<string, string> } };
  function attach(answers: Answer[], local: () => number) {
    const lines: string[] = [];
    const wire = createWire({ now: local }, (line) => lines.push(line));
    let handler = { handle: async () => answers.shift()!, close: () => 'closed' } as never as {
      handle(request: object): Promise<unknown>;
      close(): string;
    };
    wire.extension.configure({
      httpHandler: () => handler as never,
      setHttpHandler: (wrapped) => {
        handler = wrapped as never;
      },
    });
    return { wire, lines, handler: () => handler };
  }
  const request = { hostname: 'x', headers: { 'x-amz-target': 'DynamoDB_20120810.Query' } };

  it('goes by AWS’s clock where the local one is off, and by the local one where it is right', async () => {
    const aws = Date.parse('2026-03-02T20:00:00Z');
    const answer = (): Answer => ({
      response: { statusCode: 200, headers: { date: 'Mon, 02 Mar 2026 20:00:00 GMT' } },
    });
    const wrong = attach([answer()], () => aws - 3_600_000);
    expect(wrong.wire.clock.now()).toBe(aws - 3_600_000);
    await wrong.handler().handle(request);
    expect(wrong.wire.clock.now()).toBe(aws);
    expect(wrong.wire.skew()).toBe(3_600_000);
    const right = attach([answer()], () => aws + 900);
    await right.handler().handle(request);
    expect(right.wire.clock.now()).toBe(aws + 900);
  });

  it('remembers which call was refused, and leaves the rest of the handler as it is', async () => {
    const headers = { 'x-amzn-requestid': 'r1' };
    const { wire, lines, handler } = attach([{ response: { statusCode: 400, headers } }], () => 0);
    await handler().handle(request);
    expect(wire.actionOf('r1')).toBe('dynamodb:Query');
    expect(wire.actionOf('r2')).toBeUndefined();
    expect(lines).toEqual(['dynamodb:Query: 400 in 0 ms']);
    expect(handler().close()).toBe('closed');
  });

  it('names actions as IAM does', () => {
    expect(
      [
        'AmazonSSM.GetParameters',
        'GraniteServiceVersion20100801.GetMetricData',
        'SageMaker.ListTags',
        'AnyScaleFrontendService.DescribeScalableTargets',
        'example.com',
      ].map(actionOfTarget),
    ).toEqual([
      'ssm:GetParameters',
      'cloudwatch:GetMetricData',
      'sagemaker:ListTags',
      'application-autoscaling:DescribeScalableTargets',
      'example.com',
    ]);
  });
});

describe('failures', () => {
  const context = { region: 'eu-central-1', profile: undefined, wire: { actionOf: () => 'sagemaker:ListEndpoints' } };
  const answered = (name: string, message: string) =>
    Object.assign(new Error(message), { name, $metadata: { requestId: 'r' } });

  it('of ours keep their stack trace', () => {
    expect(describeFailure(new TypeError('x is not a function'), context)).toBeUndefined();
    expect(describeFailure('text', context)).toBeUndefined();
  });

  it.each([
    [
      answered(
        'AccessDeniedException',
        'User: arn:x is not authorized to perform: sagemaker:ListEndpoints with an explicit deny in a service control policy',
      ),
      'AWS refused sagemaker:ListEndpoints to arn:x, by an explicit deny: docs/cli.md lists what each command needs',
    ],
    [
      Object.assign(new Error('getaddrinfo ENOTFOUND ssm.eu-central-9.amazonaws.com'), { code: 'ENOTFOUND' }),
      'ssm.eu-central-9.amazonaws.com cannot be reached (ENOTFOUND): is there a network, and is eu-central-1 right?',
    ],
    [
      Object.assign(
        new Error('The SSO session associated with this profile has expired. To refresh, run aws sso login'),
        { name: 'CredentialsProviderError' },
      ),
      'the AWS credentials have expired: sign in again (The SSO session associated with this profile has expired. To refresh, run aws sso login)',
    ],
    [
      new CallFailed({
        class: 'permission',
        code: 'AccessDeniedException',
        message: 'no',
        call: 'CloudWatch.DescribeAlarms',
        definite: true,
      }),
      'AWS refused cloudwatch:DescribeAlarms: no',
    ],
    [answered('ValidationException', 'bad\nsecond line'), 'sagemaker:ListEndpoints failed: ValidationException: bad'],
  ])('are one sentence: %s', (error, expected) => {
    expect(describeFailure(error, context)).toBe(expected);
  });
});

describe('the next edge', () => {
  const HOUR = 3_600_000;
  const rungs = [{ kind: 'bounds', min: 1, max: 2, during: 'office' }, { kind: 'zero' }] as const;
  const record = {
    agenda: {
      from: 0,
      until: 100 * HOUR,
      rungs,
      steps: [
        [0, 1],
        [8 * HOUR, 0],
        [19 * HOUR, 1],
      ],
    },
  } as never as FleetRecord;
  const hold = (mode: Hold['mode'], until: number): Hold => ({
    endpoint: 'a',
    mode,
    from: 0,
    until,
    by: 'b',
    why: 'c',
  });

  it('is the calendar’s, with the begin of a start where it raises the minimum', () => {
    expect(nextEdge(record, undefined, HOUR, HOUR / 2)).toEqual({
      at: 8 * HOUR,
      what: '1..2 during office',
      startsAt: 7.5 * HOUR,
    });
    expect(nextEdge(record, undefined, 9 * HOUR, HOUR)).toEqual({ at: 19 * HOUR, what: 'zero otherwise' });
    expect(nextEdge(record, undefined, 20 * HOUR, HOUR)).toBeUndefined();
  });

  it('is the end of a hold that outranks the calendar', () => {
    expect(nextEdge(record, hold('hands-off', 9 * HOUR), HOUR, 0)).toEqual({
      at: 9 * HOUR,
      what: 'the hold hands-off ends',
    });
    expect(nextEdge(record, hold('up', 2 * HOUR), HOUR, 0)?.at).toBe(2 * HOUR);
    expect(nextEdge(record, hold('up', HOUR), 2 * HOUR, 0)?.at).toBe(8 * HOUR);
  });
});

describe('time zones of policies', () => {
  const raw = (kind: 'schedules' | 'policies', name: string, value: unknown) => ({
    kind,
    name,
    parameter: `/p/${kind}/${name}`,
    version: 1,
    text: JSON.stringify(value),
  });
  it('are those of the first schedule that is valid', () => {
    const documents = parseDocuments([
      raw('schedules', 'office', { timezone: 'Asia/Tokyo', open: [{ from: '08:00', to: '19:00' }] }),
      raw('policies', 'a', {
        capacity: [
          { during: 'gone', min: 1, max: 1 },
          { during: 'office', min: 1, max: 1 },
        ],
      }),
      raw('policies', 'b', { otherwise: 'leave' }),
      { ...raw('policies', 'c', 0), text: '{' },
    ]);
    expect(zoneOf(documents, 'a')?.id).toBe('Asia/Tokyo');
    for (const name of ['b', 'c', 'unknown']) expect(zoneOf(documents, name)).toBeUndefined();
  });
});
