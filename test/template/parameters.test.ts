import { readFileSync } from 'node:fs';
import { GetParametersByPathCommand } from '@aws-sdk/client-ssm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePolicy, parsePolicy, parseSchedule, readJson } from '../../shared/documents/index.ts';
import { zoneNames } from '../../shared/documents/zones.ts';
import { readTemplate } from '../../simulator/template/read.ts';
import { deployTemplate } from '../support/deployed-template.ts';
import { createClients, START } from '../support/simulator-clients.ts';

interface Parameter {
  readonly Type: string;
  readonly Default?: unknown;
  readonly Description?: string;
  readonly ConstraintDescription?: string;
  readonly AllowedValues?: readonly unknown[];
  readonly AllowedPattern?: string;
  readonly MinValue?: number;
}
interface Group {
  readonly Label: { readonly default: string };
  readonly Parameters: readonly string[];
}

const template = readTemplate(readFileSync('template.yaml', 'utf8')) as unknown as {
  readonly Parameters: Readonly<Record<string, Parameter>>;
  readonly Metadata: {
    readonly 'AWS::CloudFormation::Interface': {
      readonly ParameterGroups: readonly Group[];
      readonly ParameterLabels: Readonly<Record<string, unknown>>;
    };
  };
};
const parameters = Object.entries(template.Parameters);
const { ParameterGroups, ParameterLabels } = template.Metadata['AWS::CloudFormation::Interface'];

describe('parameters', () => {
  it.each(parameters)('%s: described, constrained with a sentence, with a default', (_, parameter) => {
    expect(parameter.Description).toMatch(/^[A-Za-z].{20,}\.$/s);
    expect(parameter.ConstraintDescription).toMatch(/^[A-Za-z].{5,}[^.]$/s);
    const { AllowedValues, AllowedPattern, MinValue } = parameter;
    expect([AllowedValues, AllowedPattern, MinValue].some((constraint) => constraint !== undefined)).toBe(true);
    expect(parameter.Default).toBeDefined();
  });

  it('each stand in one group, with a label', () => {
    const grouped = ParameterGroups.flatMap((group) => group.Parameters);
    const names = parameters.map(([name]) => name).sort();
    expect([...grouped].sort()).toEqual(names);
    expect(Object.keys(ParameterLabels).sort()).toEqual(names);
  });

  it('have defaults that deploy', () => {
    expect(deployTemplate().functions.map(({ id }) => id)).toEqual(['ScheduledScaling', 'BacklogWake', 'IdleWindows']);
  });
});

/** `[parameters, what the refusal has to say]` */
const REFUSED: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
  [{ Mode: 'paused' }, /Mode: paused: must be one of on, wake-only, dry-run, off/],
  [{ TagPrefix: 'Team' }, /TagPrefix: Team: .*lower-case letters, digits and hyphens/],
  [{ TagPrefix: 'a'.repeat(33) }, /at most 32/],
  [{ TickMinutes: '6' }, /whole number of minutes from 1 to 5/],
  [{ TickMinutes: '1.5' }, /whole number of minutes from 1 to 5/],
  [{ ParkBudget: '-1' }, /from 0 to 1000/],
  [{ ParkBudget: '1001' }, /from 0 to 1000/],
  [{ UserAlarmPrefix: 'a"b' }, /without spaces, quotes/],
  [{ StarterDocuments: 'yes' }, /true or false/],
  [{ OfficeTimezone: '+01:00' }, /IANA time zone database/],
  [{ OfficeTimezone: 'Europe/"Berlin' }, /IANA time zone database/],
  [{ OfficeDays: 'monday' }, /a range such as mon-fri/],
  [{ OfficeDays: 'mon-fri"' }, /a range such as mon-fri/],
  [{ OfficeDays: 'mon,sat-sat' }, /a range such as mon-fri/],
  [{ OfficeFrom: '24:00' }, /from 00:00 to 23:59/],
  [{ OfficeFrom: '8:00' }, /from 00:00 to 23:59/],
  [{ OfficeTo: '24:01' }, /from 00:00 to 24:00/],
  [{ OfficeFrom: '09:00', OfficeTo: '09:00' }, /OfficeTo must differ from OfficeFrom/],
  [{ NotificationEmail: 'nobody' }, /one mail address, or empty/],
  [{ LogLevel: 'TRACE' }, /DEBUG, INFO, WARN or ERROR/],
  [{ LogRetentionDays: '2' }, /a retention that CloudWatch Logs knows/],
  [{ ExistingTable: 'a/b' }, /the name of a DynamoDB table/],
  [{ KmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:alias/mine' }, /not of an alias/],
  [{ SubnetIds: 'subnet-0123456789abcdef0' }, /SubnetIds needs SecurityGroupIds/],
  [{ SecurityGroupIds: 'sg-0123456789abcdef0' }, /SecurityGroupIds needs SubnetIds/],
  [{ SubnetIds: 'subnet-0123456789abcdef0,vpc-1', SecurityGroupIds: 'sg-01234567' }, /vpc-1: .*ids of subnets/],
  [{ ReserveConcurrency: 'yes' }, /true or false/],
  [{ Moode: 'on' }, /no such parameter/],
];

/** Values on the edge of what is allowed, and every condition the other way round. */
const ACCEPTED: readonly Readonly<Record<string, string>>[] = [
  { TagPrefix: 'a', TickMinutes: '5', ParkBudget: '0', Mode: 'off' },
  {
    OfficeFrom: '00:00',
    OfficeTo: '24:00',
    OfficeDays: 'sat,sun,mon-tue',
    OfficeTimezone: 'America/Argentina/Ushuaia',
  },
  {
    UserAlarmPrefix: 'team/',
    StarterDocuments: 'false',
    ReserveConcurrency: 'true',
    NotificationEmail: 'ops@example.org',
  },
  { ExistingTable: 'endpoint-scaler-StateTable-1', KmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/1-2' },
  { SubnetIds: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1', SecurityGroupIds: 'sg-0123456789abcdef0' },
];

describe('values of parameters', () => {
  it.each(REFUSED)('%j is refused with a sentence that helps', (values, sentence) => {
    expect(() => deployTemplate(values)).toThrow(sentence);
  });

  it.each(ACCEPTED)('%j is accepted', (values) => {
    expect(deployTemplate(values).functions).toHaveLength(3);
  });

  it('another table is used and no own one is made', async () => {
    const { functions } = deployTemplate({ ExistingTable: 'left-behind' });
    expect(new Set(functions.map(({ environment }) => environment['TABLE_NAME']))).toEqual(new Set(['left-behind']));
  });
});

async function startersOf(values: Readonly<Record<string, string>> = {}): Promise<ReadonlyMap<string, string>> {
  const { aws } = deployTemplate(values);
  const { ssm } = createClients(aws);
  const path = `/${values['TagPrefix'] ?? 'endpoint-scaler'}/`;
  const { Parameters = [] } = await ssm.send(new GetParametersByPathCommand({ Path: path, Recursive: true }));
  return new Map(Parameters.map(({ Name = '', Value = '' }) => [Name.slice(path.length), Value]));
}

describe('starter documents', () => {
  const json = (text: string | undefined): unknown => {
    const parsed = readJson(text ?? '');
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return parsed.value;
  };

  it('are a schedule and three policies, valid and compiled together', async () => {
    const starters = await startersOf();
    const schedule = parseSchedule('office', json(starters.get('schedules/office')));
    expect(schedule).toMatchObject({ ok: true });
    const schedules = new Map([['office', schedule.ok ? schedule.value : undefined]]);
    for (const name of ['office-hours', 'off-hours', 'async-zero']) {
      const policy = parsePolicy(name, json(starters.get(`policies/${name}`)));
      if (!policy.ok) throw new Error(JSON.stringify(policy.problems));
      const compiled = compilePolicy(policy.value, schedules, { from: START, until: START + 8 * 86_400_000 });
      expect(compiled, name).toMatchObject({ ok: true });
    }
    const policy = parsePolicy('off-hours', json(starters.get('policies/off-hours')));
    expect(policy, 'deleting is opt-in').toMatchObject({ ok: true, value: { zero: { by: 'park' } } });
  });

  it('are left out on request', async () => {
    expect([...(await startersOf({ StarterDocuments: 'false' })).keys()].sort()).toEqual(['settings', 'stack']);
  });

  it('are valid for every value of the parameters that CloudFormation lets pass', async () => {
    // fast-check draws from no lookahead: what it forbids is drawn again.
    const pattern = (name: string) =>
      new RegExp(template.Parameters[name]!.AllowedPattern!.replace(/\(\?!.*?\)\)/, ''));
    const days = new RegExp(template.Parameters['OfficeDays']!.AllowedPattern!);
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          OfficeDays: fc.stringMatching(pattern('OfficeDays')).filter((text) => days.test(text)),
          OfficeFrom: fc.stringMatching(pattern('OfficeFrom')),
          OfficeTo: fc.stringMatching(pattern('OfficeTo')),
          OfficeTimezone: fc.constantFrom(...zoneNames()),
        }),
        async (values) => {
          fc.pre(values.OfficeFrom !== values.OfficeTo);
          const starters = await startersOf(values);
          const parsed = parseSchedule('office', json(starters.get('schedules/office')));
          expect(parsed.ok ? [] : parsed.problems, JSON.stringify(values)).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('can be in every zone that the functions know', () => {
    const allowed = new RegExp(template.Parameters['OfficeTimezone']!.AllowedPattern!);
    expect(zoneNames().filter((zone) => !allowed.test(zone))).toEqual([]);
  });
});

describe('stacks side by side', () => {
  it('live in one account with different prefixes, and fail with the same one', () => {
    const { aws } = deployTemplate();
    expect(deployTemplate({ TagPrefix: 'team-b' }, aws).functions).toHaveLength(3);
    expect(() => deployTemplate({}, aws)).toThrow(/OneStackPerTagPrefix.*already exists/);
  });
});
