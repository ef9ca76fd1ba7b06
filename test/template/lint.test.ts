import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canTranslate, type TranslatedTemplate, translateTemplate } from '../support/translated-template.ts';

const CFN_LINT = '.venv/bin/cfn-lint';
const hasTools = canTranslate && existsSync(CFN_LINT);
if (!hasTools) console.log('skipped: cfn-lint and cdk-nag: .venv is missing (npm test installs it)');

const ROLES = ['BacklogWakeRole', 'IdleWindowsRole', 'ScheduledScalingRole'];
const arn = (service: string, rest: string): string =>
  `arn:<AWS::Partition>:${service}:<AWS::Region>:<AWS::AccountId>:${rest}`;
const managed = (name: string): string => `AwsSolutions-IAM4[Policy::arn:aws:iam::aws:policy/service-role/${name}]`;
const wildcard = (resource: string): string => `AwsSolutions-IAM5[Resource::${resource}]`;

interface Accepted {
  readonly rule: string;
  readonly at: readonly string[];
  readonly because: string;
}

/** What cdk-nag finds and we accept. A finding that goes away has to leave this list. */
const ACCEPTED: readonly Accepted[] = [
  {
    rule: 'AwsSolutions-SQS3',
    at: ['FailedRuns', 'Undelivered'],
    because: 'they are the dead-letter queues: of asynchronous runs and of deliveries',
  },
  {
    rule: managed('AWSLambdaBasicExecutionRole'),
    at: ROLES,
    because: 'SAM attaches it; NarrowedPolicy denies every log group but those of the stack',
  },
  {
    rule: managed('AWSLambdaVPCAccessExecutionRole'),
    at: ROLES,
    because: 'SAM attaches it wherever VpcConfig stands; NarrowedPolicy denies EC2 unless subnets were given',
  },
  {
    rule: wildcard('*'),
    at: ROLES,
    because: 'actions that know no resources (IAM tests name each), and the deny statements of NarrowedPolicy',
  },
  {
    rule: wildcard(arn('ssm', 'parameter/<TagPrefix>/*')),
    at: ['ScheduledScalingRole'],
    because: 'documents are parameters below the prefix; their names are the users’',
  },
  {
    rule: wildcard(arn('sagemaker', 'endpoint/*')),
    at: [...ROLES, 'ChangeCapacityPolicy', 'ParkAndWakePolicy'],
    because: 'endpoints are enrolled by tag, not by name; what changes one has a condition on the tag',
  },
  {
    rule: wildcard(arn('sagemaker', 'endpoint-config/*')),
    at: ['IdleWindowsRole', 'ScheduledScalingRole'],
    because: 'read only: kind of an enrolled endpoint and what a wake needs; configs carry no tag of ours',
  },
  {
    rule: wildcard(arn('sagemaker', 'endpoint-config/*')),
    at: ['ParkAndWakePolicy'],
    because: 'CreateEndpoint is authorized on the config, too; the condition is on the tag in the request',
  },
  {
    rule: wildcard(arn('sagemaker', 'model/*')),
    at: ['IdleWindowsRole'],
    because: 'read only: whether the models of a parked endpoint still exist',
  },
  {
    rule: wildcard(arn('application-autoscaling', 'scalable-target/*')),
    at: ['IdleWindowsRole', 'ScheduledScalingRole'],
    because: 'the id of a target is made by AWS; the namespace and dimension are conditions',
  },
  {
    rule: wildcard(arn('cloudwatch', 'alarm:<TagPrefix>-*')),
    at: ['ScheduledScalingRole'],
    because: 'one wake alarm per asynchronous endpoint, named after it',
  },
  {
    rule: wildcard(arn('cloudwatch', 'alarm:<TagPrefix>-*-backlog')),
    at: ['IdleWindowsRole'],
    because: 'the wake alarm of an endpoint that its owner deleted goes with it',
  },
  {
    rule: wildcard(arn('cloudwatch', 'alarm:<TagPrefix>-*-step-*')),
    at: ['IdleWindowsRole'],
    because: 'so do the alarms of its step policies, which AWS leaves behind',
  },
  {
    rule: wildcard(arn('cloudwatch', 'alarm:<TagPrefix>-*-requests')),
    at: ['IdleWindowsRole'],
    because: 'so do those of its inference components',
  },
  {
    rule: wildcard(arn('cloudwatch', 'alarm:TargetTracking-inference-component/*')),
    at: ['ScheduledScalingRole'],
    because: 'Application Auto Scaling puts and deletes its alarms with the rights of the caller',
  },
  {
    rule: wildcard(arn('sagemaker', 'inference-component/*')),
    at: ['BacklogWakeRole', 'ScheduledScalingRole'],
    because: 'a component bears no tag of its endpoint; its number of copies is all that may be changed',
  },
  {
    rule: wildcard(arn('cloudwatch', 'alarm:TargetTracking-endpoint/*')),
    at: ['IdleWindowsRole', 'ScheduledScalingRole'],
    because: 'Application Auto Scaling puts and deletes its alarms with the rights of the caller',
  },
  {
    rule: wildcard(arn('cloudwatch', 'alarm:*')),
    at: ['IdleWindowsRole'],
    because: 'alarms of any name drive step policies, whose ARN is new after a wake',
  },
];

/** cdk-nag reads policies as objects only; ours with a tag in a condition key are JSON texts. */
function withReadablePolicies(template: TranslatedTemplate): TranslatedTemplate {
  const copy = structuredClone(template);
  for (const { Properties } of Object.values(copy.Resources)) {
    const text: unknown = Properties?.PolicyDocument?.['Fn::Sub'];
    if (typeof text === 'string') Properties.PolicyDocument = JSON.parse(text);
  }
  return copy;
}

describe.skipIf(!hasTools)('the template under the linters', () => {
  const folder = mkdtempSync(join(tmpdir(), 'template-'));
  const translated = join(folder, 'translated.json');
  let template: TranslatedTemplate;
  beforeAll(() => {
    template = translateTemplate(readFileSync('template.yaml', 'utf8'));
    writeFileSync(translated, JSON.stringify(template));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['as written', () => 'template.yaml'],
    ['as CloudFormation gets it', () => translated],
  ])('has no finding of cfn-lint, %s', (_, file) => {
    const { status, stdout, stderr } = spawnSync(CFN_LINT, ['--regions', 'us-east-1', 'eu-central-1', '--', file()], {
      encoding: 'utf8',
    });
    expect(`${stdout}${stderr}`.trim()).toBe('');
    expect(status).toBe(0);
  });

  it('keeps rules and parameter groups through the translation', () => {
    expect(Object.keys(template)).toEqual(expect.arrayContaining(['Rules', 'Metadata', 'Mappings', 'Conditions']));
  });

  it('has no finding of cdk-nag (AwsSolutions) but those accepted, each with its reason', () => {
    const readable = join(folder, 'readable.json');
    writeFileSync(readable, JSON.stringify(withReadablePolicies(template)));
    const app = new App({ outdir: join(folder, 'cdk.out') });
    const stack = new Stack(app, 'S');
    new CfnInclude(stack, 'T', { templateFile: readable });
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    // It throws on findings; the report has them.
    expect(() => app.synth()).toThrow(/[Vv]alidation/);
    const report = JSON.parse(readFileSync(join(folder, 'cdk.out', 'validation-report.json'), 'utf8')) as Report;
    const found = report.pluginReports
      .flatMap(({ violations }) => violations)
      .filter(({ ruleName }) => ruleName.startsWith('AwsSolutions-'))
      .flatMap(({ ruleName, violatingConstructs }) =>
        violatingConstructs.map(({ constructPath }) => `${ruleName} ${constructPath.replace(/^S\/T\//, '')}`),
      );
    const accepted = ACCEPTED.flatMap(({ rule, at }) => at.map((resource) => `${rule} ${resource}`));
    expect([...new Set(found)].sort()).toEqual(accepted.sort());
    for (const { because } of ACCEPTED) expect(because.length).toBeGreaterThan(20);
  });
});

interface Report {
  readonly pluginReports: readonly {
    readonly violations: readonly {
      readonly ruleName: string;
      readonly violatingConstructs: readonly { readonly constructPath: string }[];
    }[];
  }[];
}
