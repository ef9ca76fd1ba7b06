import type { JsonObject } from './read.ts';
import { TemplateError } from './read.ts';

/** Types whose resources become something in the simulation. */
export const MODELLED_TYPES = new Set([
  'AWS::Serverless::Function',
  'AWS::Serverless::SimpleTable',
  'AWS::DynamoDB::Table',
  'AWS::SSM::Parameter',
  'AWS::CloudWatch::Alarm',
  'AWS::Events::Rule',
  'AWS::Scheduler::Schedule',
  'AWS::Lambda::EventInvokeConfig',
]);

/** Types that cannot change what happens in a run: access, logs, pictures, and queues and topics that nobody reads. */
const INERT_TYPES = new Set([
  'AWS::CloudWatch::Dashboard',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::KMS::Alias',
  'AWS::KMS::Key',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogGroup',
  'AWS::Logs::QueryDefinition',
  'AWS::Logs::ResourcePolicy',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::Queue',
  'AWS::SQS::QueuePolicy',
  'AWS::Scheduler::ScheduleGroup',
]);

/** Refuses a resource that the simulation cannot model and that could change a run. */
export function checkResourceType(id: string, resource: JsonObject): void {
  const type = String(resource['Type']);
  if (MODELLED_TYPES.has(type) || INERT_TYPES.has(type)) return;
  const properties = resource['Properties'] as JsonObject | undefined;
  const isMailSubscription =
    type === 'AWS::SNS::Subscription' && /^(email|email-json|sms)$/.test(String(properties?.['Protocol']));
  if (isMailSubscription) return;
  throw new TemplateError(`Resources.${id}`, `${type}: this resource type is not simulated`);
}

/** The property that gives a resource its name, where a template may choose it. */
export const NAME_PROPERTY: Readonly<Record<string, string>> = {
  'AWS::Serverless::Function': 'FunctionName',
  'AWS::Serverless::SimpleTable': 'TableName',
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::SSM::Parameter': 'Name',
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::Events::Rule': 'Name',
  'AWS::Scheduler::Schedule': 'Name',
  'AWS::Scheduler::ScheduleGroup': 'Name',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::IAM::Role': 'RoleName',
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  'AWS::CloudWatch::Dashboard': 'DashboardName',
};

/** ARN by type, `*` standing for the name. */
const ARN: Readonly<Record<string, string>> = {
  'AWS::Serverless::Function': 'lambda:{r}:{a}:function:*',
  'AWS::Serverless::SimpleTable': 'dynamodb:{r}:{a}:table/*',
  'AWS::DynamoDB::Table': 'dynamodb:{r}:{a}:table/*',
  'AWS::SSM::Parameter': 'ssm:{r}:{a}:parameter/*',
  'AWS::CloudWatch::Alarm': 'cloudwatch:{r}:{a}:alarm:*',
  'AWS::Events::Rule': 'events:{r}:{a}:rule/*',
  'AWS::Scheduler::Schedule': 'scheduler:{r}:{a}:schedule/default/*',
  'AWS::Scheduler::ScheduleGroup': 'scheduler:{r}:{a}:schedule-group/*',
  'AWS::Logs::LogGroup': 'logs:{r}:{a}:log-group:*:*',
  'AWS::SQS::Queue': 'sqs:{r}:{a}:*',
  'AWS::SNS::Topic': 'sns:{r}:{a}:*',
  'AWS::IAM::Role': 'iam::{a}:role/*',
  'AWS::IAM::ManagedPolicy': 'iam::{a}:policy/*',
  'AWS::KMS::Key': 'kms:{r}:{a}:key/*',
};

export interface Place {
  readonly region: string;
  readonly accountId: string;
}

export function arnOf(type: string, name: string, place: Place): string | undefined {
  const form = ARN[type];
  if (form === undefined) return undefined;
  const filled = form.replace('{r}', place.region).replace('{a}', place.accountId);
  // A parameter's leading slash is not doubled; a log group's ARN ends in `:*`, so only the first star is the name.
  const shown = type === 'AWS::SSM::Parameter' ? name.replace(/^\//, '') : name;
  return `arn:aws:${filled.replace('*', () => shown)}`;
}

/** What `Ref` gives: for most the name, for some the ARN or a URL. */
export function refOf(type: string, name: string, place: Place): string {
  if (type === 'AWS::SNS::Topic' || type === 'AWS::IAM::ManagedPolicy') return arnOf(type, name, place)!;
  if (type === 'AWS::SQS::Queue') return `https://sqs.${place.region}.amazonaws.com/${place.accountId}/${name}`;
  return name;
}
