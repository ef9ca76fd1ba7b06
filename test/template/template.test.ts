import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, type YAMLSeq } from 'yaml';
import { parseConfig } from '../../shared/runtime/config.ts';
import { deployTemplate } from '../support/deployed-template.ts';

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Condition?: string;
  readonly Metadata?: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: properties of any resource type
  readonly Properties: any;
}

const text = readFileSync('template.yaml', 'utf8');
const first = (seq: YAMLSeq): unknown => seq.toJSON()[1];
const intrinsics = [
  ...['Ref', 'Sub', 'GetAtt', 'Condition'].map((tag) => ({ tag: `!${tag}`, resolve: (value: string) => value })),
  // What holds when the condition does.
  { tag: '!If', collection: 'seq' as const, resolve: (seq: unknown) => first(seq as YAMLSeq) },
  ...['Sub', 'Not', 'Equals', 'Join', 'EachMemberEquals', 'FindInMap'].map((tag) => ({
    tag: `!${tag}`,
    collection: 'seq' as const,
    resolve: (seq: unknown) => (seq as YAMLSeq).toJSON(),
  })),
];
const template = parse(text, { customTags: intrinsics }) as {
  readonly Parameters: Readonly<
    Record<string, { readonly Default: unknown; readonly AllowedValues?: readonly string[] }>
  >;
  readonly Globals: {
    readonly Function: {
      readonly Timeout: number;
      readonly Environment: { readonly Variables: Readonly<Record<string, string>> };
    };
  };
  readonly Resources: Readonly<Record<string, Resource>>;
};
const resources = Object.entries(template.Resources);
const functions = resources.filter(([, { Type }]) => Type === 'AWS::Serverless::Function');

/** Every statement that a function's role has, managed policies resolved. */
function statementsOf({ Properties }: Resource): readonly Statement[] {
  return (Properties.Policies as readonly (string | { Statement: readonly Statement[] })[]).flatMap((policy) => {
    if (typeof policy !== 'string') return policy.Statement;
    const document: unknown = template.Resources[policy]?.Properties.PolicyDocument;
    return (typeof document === 'string' ? JSON.parse(document) : document).Statement as Statement[];
  });
}
const actionsOf = ({ Action }: Statement) => (typeof Action === 'string' ? [Action] : Action);

describe('template.yaml', () => {
  it('sets an environment that the functions accept, with a timeout shorter than tick and lease', () => {
    for (const minutes of template.Parameters['TickMinutes']?.AllowedValues ?? []) {
      const { functions: deployed } = deployTemplate({ TickMinutes: String(minutes) });
      for (const { environment, timeoutMs } of deployed) {
        const config = parseConfig(environment);
        expect(config.tick).toBe(Number(minutes) * 60_000);
        expect(config.functionTimeout).toBe(timeoutMs);
        expect(config.functionTimeout).toBeLessThan(config.tick);
        expect(config.functionTimeout).toBeLessThan(config.lease);
      }
    }
    expect(template.Parameters['Mode']?.AllowedValues).toEqual(['on', 'wake-only', 'dry-run', 'off']);
  });

  it('retains the table and restores it to any point in time', () => {
    const [[, table] = []] = resources.filter(([, { Type }]) => Type === 'AWS::DynamoDB::Table');
    expect(table).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(table?.Properties.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true });
  });

  it('tags the table for a later stack to find, protects it, and makes none where one is taken over', () => {
    const table = template.Resources['StateTable'];
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own placeholder
    expect(table?.Properties.Tags).toEqual([{ Key: '${TagPrefix}:table', Value: 'state' }]);
    expect(table).toMatchObject({ Condition: 'HasOwnTable', DependsOn: 'OneStackPerTagPrefix' });
    expect(table?.Properties.DeletionProtectionEnabled).toBe(true);
  });

  it('builds every function in the same way', () => {
    const [first, ...others] = functions.map(([, { Metadata }]) => Metadata);
    expect(first).toMatchObject({ BuildMethod: 'esbuild', BuildProperties: { SourcesContent: 'false' } });
    for (const other of others) expect(other).toEqual(first);
  });

  it('fails a second stack of the same prefix by the marker’s name', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own placeholder
    const name = '/${TagPrefix}/stack';
    const marker = template.Resources['OneStackPerTagPrefix'];
    expect(marker).toMatchObject({ Type: 'AWS::SSM::Parameter', Properties: { Name: name } });
    expect(marker?.Properties.Description).toMatch(/second stack with the same TagPrefix fails/);
  });

  it.each(functions)('%s: retries, failure queues, logs with retention', (_, { Properties }) => {
    expect(Properties.EventInvokeConfig).toMatchObject({ MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 3600 });
    expect(Properties.EventInvokeConfig.DestinationConfig.OnFailure.Destination).toBe('FailedRuns.Arn');
    expect(template.Resources[Properties.LoggingConfig.LogGroup]?.Properties.RetentionInDays).toBe('LogRetentionDays');
    for (const event of Object.values<Resource>(Properties.Events)) {
      expect(event.Properties.DeadLetterConfig, event.Type).toEqual({ Arn: 'Undelivered.Arn' });
      if (event.Type !== 'ScheduleV2') continue;
      expect(event.Properties).toMatchObject({
        ScheduleExpression: ['Tick', 'TickMinutes', 'Rate'],
        RetryPolicy: { MaximumEventAgeInSeconds: 60 },
      });
      expect(JSON.parse(event.Properties.Input)).toEqual({
        kind: 'tick',
        scheduledAt: '<aws.scheduler.scheduled-time>',
      });
    }
  });

  it('lets idle-windows alone create and delete endpoints, and only with the tag', () => {
    for (const [name, resource] of functions) {
      const may = (action: string) =>
        statementsOf(resource).filter((statement) => actionsOf(statement).includes(action));
      for (const action of ['sagemaker:CreateEndpoint', 'sagemaker:DeleteEndpoint', 'sagemaker:AddTags']) {
        expect([name, action, may(action).length]).toEqual([name, action, name === 'IdleWindows' ? 1 : 0]);
      }
      expect(may('sagemaker:UpdateEndpointWeightsAndCapacities').map(({ Condition }) => Condition)).toEqual([
        { Null: { 'aws:ResourceTag/${TagPrefix}:policy': 'false' } },
      ]);
      if (name !== 'IdleWindows') continue;
      expect(may('sagemaker:DeleteEndpoint')[0]?.Condition).toEqual({
        Null: { 'aws:ResourceTag/${TagPrefix}:policy': 'false' },
        StringNotEquals: { 'aws:ResourceTag/${TagPrefix}:protect': 'true' },
      });
      expect(may('sagemaker:CreateEndpoint')[0]?.Condition).toEqual({
        Null: { 'aws:RequestTag/${TagPrefix}:policy': 'false' },
      });
      expect(may('sagemaker:AddTags')[0]?.Condition).toEqual({
        StringEquals: { 'sagemaker:TaggingAction': 'CreateEndpoint' },
      });
    }
  });

  it('uses a wildcard resource only for actions that know no resources, and no wildcard action', () => {
    // DescribeAlarms knows resources, but shows composite alarms only to the scope *.
    const withoutResources =
      /^(tag:GetResources|sagemaker:List(Endpoints|InferenceComponents)|cloudwatch:(GetMetricData|DescribeAlarms)|application-autoscaling:Describe\w+)$/;
    for (const [name, resource] of functions) {
      for (const statement of statementsOf(resource)) {
        expect(statement.Sid, name).toMatch(/^[A-Z][A-Za-z]+$/);
        for (const action of actionsOf(statement)) {
          expect(action).not.toContain('*');
          if (statement.Resource === '*') expect(action).toMatch(withoutResources);
        }
      }
    }
  });
});
