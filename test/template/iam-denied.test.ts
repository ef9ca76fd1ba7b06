/** What no role of the stack may ever allow; and the simulator's own judgement against an independent one. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Permission, RequestContext } from '../../simulator/contract.ts';
import { evaluate } from '../../simulator/iam/evaluate.ts';
import { readPolicy, type Statement } from '../../simulator/iam/policy.ts';
import { type Collected, collectPermissions } from '../support/iam-collection.ts';
import { judge, type NamedPolicy, policiesOf, type Verdict } from '../support/iam-judge.ts';
import { IAM_SCENARIOS } from '../support/iam-scenarios.ts';
import {
  ACCOUNT,
  canTranslate,
  REGION,
  Resolver,
  type TranslatedTemplate,
  translateTemplate,
} from '../support/translated-template.ts';

if (!canTranslate) console.log('skipped: denied permissions: .venv is missing (npm test installs it)');

const FUNCTIONS = ['ScheduledScaling', 'BacklogWake', 'IdleWindows'] as const;
type FunctionId = (typeof FUNCTIONS)[number];

const arn = (service: string, resource: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
const endpoint = arn('sagemaker', 'endpoint/chat');
const config = arn('sagemaker', 'endpoint-config/chat');
const target = arn('application-autoscaling', 'scalable-target/1');
const bus = arn('events', 'event-bus/default');
const alarm = (name: string): string => arn('cloudwatch', `alarm:${name}`);
const role = `arn:aws:iam::${ACCOUNT}:role/chat-execution`;

const enrolled = { 'aws:ResourceTag/endpoint-scaler:policy': 'chat' };
const foreign = { 'aws:ResourceTag/other-scaler:policy': 'chat' };
const withTag = { 'aws:RequestTag/endpoint-scaler:policy': 'chat', 'aws:TagKeys': ['endpoint-scaler:policy'] };
const variants = {
  'application-autoscaling:service-namespace': 'sagemaker',
  'application-autoscaling:scalable-dimension': 'sagemaker:variant:DesiredInstanceCount',
};

interface Case {
  readonly title: string;
  readonly action: string;
  readonly resource: string;
  readonly context?: RequestContext;
  /** Denied by a statement, whatever else allows it. */
  readonly explicitly?: true;
  /** Functions to which it is denied; absent: all. */
  readonly of?: readonly FunctionId[];
  /** What has to be different for the function to be allowed: shows that this, and nothing else, is why it is denied. */
  readonly allowedWith?: { readonly to: FunctionId; readonly resource?: string; readonly context?: RequestContext };
}

const DENIED: readonly Case[] = [
  {
    title: 'delete an endpoint without the tag',
    action: 'sagemaker:DeleteEndpoint',
    resource: endpoint,
    allowedWith: { to: 'IdleWindows', context: enrolled },
  },
  {
    title: 'delete a protected endpoint',
    action: 'sagemaker:DeleteEndpoint',
    resource: endpoint,
    context: { ...enrolled, 'aws:ResourceTag/endpoint-scaler:protect': 'true' },
    allowedWith: { to: 'IdleWindows', context: { ...enrolled, 'aws:ResourceTag/endpoint-scaler:protect': 'false' } },
  },
  {
    title: 'delete an endpoint of another prefix',
    action: 'sagemaker:DeleteEndpoint',
    resource: endpoint,
    context: foreign,
  },
  {
    title: 'delete an enrolled endpoint',
    action: 'sagemaker:DeleteEndpoint',
    resource: endpoint,
    context: enrolled,
    of: ['ScheduledScaling', 'BacklogWake'],
  },
  {
    title: 'delete an endpoint of another account',
    action: 'sagemaker:DeleteEndpoint',
    resource: endpoint.replace(ACCOUNT, '999999999999'),
    context: enrolled,
  },
  {
    title: 'create an endpoint without the tag',
    action: 'sagemaker:CreateEndpoint',
    resource: endpoint,
    context: { 'aws:RequestTag/team': 'search', 'aws:TagKeys': ['team'] },
    allowedWith: { to: 'IdleWindows', context: withTag },
  },
  {
    title: 'use an endpoint config for an endpoint without the tag',
    action: 'sagemaker:CreateEndpoint',
    resource: config,
    allowedWith: { to: 'IdleWindows', context: withTag },
  },
  {
    title: 'create an endpoint with the tag of another prefix',
    action: 'sagemaker:CreateEndpoint',
    resource: endpoint,
    context: { 'aws:RequestTag/other-scaler:policy': 'chat', 'aws:TagKeys': ['other-scaler:policy'] },
  },
  {
    title: 'create an endpoint with the tag',
    action: 'sagemaker:CreateEndpoint',
    resource: endpoint,
    context: withTag,
    of: ['ScheduledScaling', 'BacklogWake'],
  },
  {
    title: 'tag an endpoint that exists',
    action: 'sagemaker:AddTags',
    resource: endpoint,
    context: { ...enrolled, ...withTag },
    allowedWith: { to: 'IdleWindows', context: { ...withTag, 'sagemaker:TaggingAction': 'CreateEndpoint' } },
  },
  {
    title: 'tag while creating something else',
    action: 'sagemaker:AddTags',
    resource: endpoint,
    context: { ...withTag, 'sagemaker:TaggingAction': 'CreateInferenceComponent' },
  },
  {
    title: 'tag an endpoint config, creating an endpoint or not',
    action: 'sagemaker:AddTags',
    resource: config,
    context: { ...withTag, 'sagemaker:TaggingAction': 'CreateEndpoint' },
  },
  {
    title: 'take tags off',
    action: 'sagemaker:DeleteTags',
    resource: endpoint,
    context: { ...enrolled, 'aws:TagKeys': ['endpoint-scaler:policy'] },
  },
  {
    title: 'change the capacity of an endpoint without the tag',
    action: 'sagemaker:UpdateEndpointWeightsAndCapacities',
    resource: endpoint,
    allowedWith: { to: 'BacklogWake', context: enrolled },
  },
  {
    title: 'change the capacity of an endpoint of another prefix',
    action: 'sagemaker:UpdateEndpointWeightsAndCapacities',
    resource: endpoint,
    context: foreign,
  },
  {
    title: 'UpdateEndpoint on an enrolled endpoint',
    action: 'sagemaker:UpdateEndpoint',
    resource: endpoint,
    context: enrolled,
  },
  {
    title: 'send a request to an endpoint without the tag',
    action: 'sagemaker:InvokeEndpoint',
    resource: endpoint,
    allowedWith: { to: 'IdleWindows', context: enrolled },
  },
  {
    title: 'send a request to an endpoint of another prefix',
    action: 'sagemaker:InvokeEndpoint',
    resource: endpoint,
    context: foreign,
  },
  {
    title: 'send a request to an enrolled endpoint from a function that wakes none',
    action: 'sagemaker:InvokeEndpoint',
    resource: endpoint,
    context: enrolled,
    of: ['ScheduledScaling', 'BacklogWake'],
  },
  ...['CreateEndpointConfig', 'DeleteEndpointConfig'].map((action) => ({
    title: action,
    action: `sagemaker:${action}`,
    resource: config,
  })),
  { title: 'DeleteModel', action: 'sagemaker:DeleteModel', resource: arn('sagemaker', 'model/chat') },
  ...['sagemaker.amazonaws.com', 'lambda.amazonaws.com', 'ec2.amazonaws.com'].map((service) => ({
    title: `pass a role to ${service}`,
    action: 'iam:PassRole',
    resource: role,
    context: { 'iam:PassedToService': service },
  })),
  {
    title: "create another service's role",
    action: 'iam:CreateServiceLinkedRole',
    resource: `arn:aws:iam::${ACCOUNT}:role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable`,
    context: { 'iam:AWSServiceName': 'dynamodb.application-autoscaling.amazonaws.com' },
  },
  ...['GetItem', 'Query', 'PutItem', 'DeleteItem'].map((action) => ({
    title: `${action} on another stack's table`,
    action: `dynamodb:${action}`,
    resource: arn('dynamodb', 'table/other-StateTable'),
    context: { 'dynamodb:LeadingKeys': ['fleet'] },
    allowedWith: { to: 'IdleWindows' as const, resource: 'the state table' },
  })),
  { title: 'scan the state table', action: 'dynamodb:Scan', resource: 'the state table' },
  { title: 'delete the state table', action: 'dynamodb:DeleteTable', resource: 'the state table' },
  {
    title: 'write a hold',
    action: 'dynamodb:PutItem',
    resource: 'the state table',
    context: { 'dynamodb:LeadingKeys': ['hold'] },
  },
  {
    title: 'remove a hold beside a record',
    action: 'dynamodb:DeleteItem',
    resource: 'the state table',
    context: { 'dynamodb:LeadingKeys': ['fleet', 'hold'] },
  },
  {
    title: 'write to the state table under no key at all',
    action: 'dynamodb:PutItem',
    resource: 'the state table',
  },
  ...['PutItem', 'DeleteItem'].map((action) => ({
    title: `${action} of a recipe`,
    action: `dynamodb:${action}`,
    resource: 'the state table',
    context: { 'dynamodb:LeadingKeys': ['recipe/chat'] },
    of: ['ScheduledScaling', 'BacklogWake'] as const,
    allowedWith: { to: 'IdleWindows' as const },
  })),
  {
    title: 'read documents of another prefix',
    action: 'ssm:GetParametersByPath',
    resource: arn('ssm', 'parameter/other-scaler/'),
    context: { 'ssm:Recursive': 'true' },
    allowedWith: { to: 'ScheduledScaling', resource: arn('ssm', 'parameter/endpoint-scaler/') },
  },
  {
    title: 'read documents of a prefix that begins alike',
    action: 'ssm:GetParametersByPath',
    resource: arn('ssm', 'parameter/endpoint-scaler-two/'),
  },
  {
    title: 'write a document',
    action: 'ssm:PutParameter',
    resource: arn('ssm', 'parameter/endpoint-scaler/policies/chat'),
  },
  { title: "delete a team's alarm", action: 'cloudwatch:DeleteAlarms', resource: alarm('orders') },
  {
    title: "put a team's alarm",
    action: 'cloudwatch:PutMetricAlarm',
    resource: alarm('orders'),
    of: ['ScheduledScaling', 'BacklogWake'],
    allowedWith: { to: 'IdleWindows' },
  },
  {
    title: 'scale tables',
    action: 'application-autoscaling:RegisterScalableTarget',
    resource: target,
    context: { ...variants, 'application-autoscaling:service-namespace': 'dynamodb' },
    allowedWith: { to: 'ScheduledScaling', context: variants },
  },
  {
    title: 'deregister targets of another kind',
    action: 'application-autoscaling:DeregisterScalableTarget',
    resource: target,
    context: {
      ...variants,
      'application-autoscaling:scalable-dimension': 'sagemaker:variant:DesiredProvisionedConcurrency',
    },
    of: ['IdleWindows', 'BacklogWake'],
    allowedWith: { to: 'IdleWindows', context: variants },
  },
  {
    title: "put somebody else's tags on a scalable target",
    action: 'application-autoscaling:TagResource',
    resource: target,
    context: { 'aws:TagKeys': ['endpoint-scaler:made-by', 'team'] },
    of: ['ScheduledScaling', 'BacklogWake'],
    allowedWith: { to: 'ScheduledScaling', context: { 'aws:TagKeys': ['endpoint-scaler:made-by'] } },
  },
  {
    title: 'put events of another source beside ours',
    action: 'events:PutEvents',
    resource: bus,
    context: { 'events:source': ['endpoint-scaler', 'com.example.shop'], 'events:detail-type': ['Endpoint Parked'] },
    allowedWith: { to: 'BacklogWake', context: { 'events:source': ['endpoint-scaler', 'endpoint-scaler.request'] } },
  },
  {
    title: 'ask for a wake',
    action: 'events:PutEvents',
    resource: bus,
    context: { 'events:source': ['endpoint-scaler.request'] },
    of: ['ScheduledScaling', 'IdleWindows'],
    allowedWith: { to: 'BacklogWake' },
  },
  {
    title: 'put events on another bus',
    action: 'events:PutEvents',
    resource: arn('events', 'event-bus/other'),
    context: { 'events:source': ['endpoint-scaler'] },
  },
  {
    title: 'write to the log group of something else',
    action: 'logs:PutLogEvents',
    resource: arn('logs', 'log-group:/aws/sagemaker/Endpoints/chat:log-stream:1'),
    explicitly: true,
    allowedWith: { to: 'IdleWindows', resource: arn('logs', 'log-group:stack-IdleWindowsLogs:log-stream:1') },
  },
  {
    title: 'make a network interface, without a VPC',
    action: 'ec2:DeleteNetworkInterface',
    resource: arn('ec2', 'network-interface/eni-1'),
    explicitly: true,
  },
  {
    title: 'change a function',
    action: 'lambda:UpdateFunctionCode',
    resource: arn('lambda', 'function:stack-IdleWindows'),
  },
];

describe.skipIf(!canTranslate)('the roles of the translated template never allow to', () => {
  let template: TranslatedTemplate;
  let table = '';
  let needed: readonly Collected[] = [];
  const roles = new Map<string, readonly NamedPolicy[]>();
  const statements = new Map<string, readonly Statement[]>();
  const at = (resource: string): string => (resource === 'the state table' ? table : resource);

  beforeAll(async () => {
    const collection = await collectPermissions(IAM_SCENARIOS);
    needed = collection.needed;
    template = translateTemplate(readFileSync('template.yaml', 'utf8'));
    const resolver = new Resolver(template, { names: { StateTable: collection.tableName } });
    table = resolver.arnOf('StateTable');
    for (const id of FUNCTIONS) {
      const policies = policiesOf(template, resolver, `${id}Role`);
      roles.set(id, policies);
      statements.set(
        id,
        policies.flatMap(({ name, policy }) => readPolicy(policy, name)),
      );
    }
  });

  /** Both judgements, which must be the same. */
  async function judgeTwice(id: string, permission: Permission): Promise<Verdict> {
    const verdict = await judge(roles.get(id)!, permission);
    const { result } = evaluate(statements.get(id)!, permission);
    const own = {
      allowed: 'Allowed',
      'implicitly-denied': 'ImplicitlyDenied',
      'explicitly-denied': 'ExplicitlyDenied',
    }[result];
    expect(own, `${id}: ${JSON.stringify(permission)}: the simulator judges otherwise`).toBe(verdict);
    return verdict;
  }

  it.each(DENIED)('$title', async ({ action, resource, context = {}, of = FUNCTIONS, explicitly, allowedWith }) => {
    const permission = { action, resource: at(resource), context };
    const denied = explicitly ? 'ExplicitlyDenied' : 'ImplicitlyDenied';
    for (const id of of) expect([id, await judgeTwice(id, permission)]).toEqual([id, denied]);
    if (allowedWith === undefined) return;
    const other = { action, resource: at(allowedWith.resource ?? resource), context: allowedWith.context ?? context };
    expect([allowedWith.to, await judgeTwice(allowedWith.to, other)]).toEqual([allowedWith.to, 'Allowed']);
  });

  it('touch what belongs to another prefix, whatever that prefix is', async () => {
    const other = new Resolver(template, { parameters: { TagPrefix: 'team-b' } });
    const policies = policiesOf(template, other, 'IdleWindowsRole');
    const ask = (context: RequestContext) =>
      judge(policies, { action: 'sagemaker:DeleteEndpoint', resource: endpoint, context });
    expect(await ask(enrolled)).toBe('ImplicitlyDenied');
    expect(await ask({ 'aws:ResourceTag/team-b:policy': 'chat' })).toBe('Allowed');
  });

  it('do what the simulator’s judgement and an independent one see differently', async () => {
    for (const { permission } of needed) for (const id of FUNCTIONS) await judgeTwice(id, permission);
    const kinds = new Map(
      needed.map((one) => [`${one.functionId} ${one.permission.action} ${one.permission.impliedBy}`, one]),
    );
    for (const { functionId, permission } of kinds.values()) {
      const { context } = permission;
      for (const left of Object.keys(context)) {
        const rest = Object.fromEntries(Object.entries(context).filter(([key]) => key !== left));
        await judgeTwice(functionId, { ...permission, context: rest });
      }
      if (permission.resource === '*') continue;
      await judgeTwice(functionId, { ...permission, resource: permission.resource.replace(ACCOUNT, '999999999999') });
      await judgeTwice(functionId, { ...permission, resource: permission.resource.replace(REGION, 'eu-west-1') });
    }
  });
});
