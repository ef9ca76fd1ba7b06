/** Judges permissions by @cloud-copilot/iam-simulate, which knows AWS's service authorization data and nothing of ours. */
import { runSimulation } from '@cloud-copilot/iam-simulate';
import type { Permission } from '../../simulator/contract.ts';
import { ACCOUNT, type Resolver, type TranslatedTemplate, type Value } from './translated-template.ts';

export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface NamedPolicy {
  readonly name: string;
  readonly policy: { readonly Version?: string; readonly Statement: readonly PolicyStatement[] };
}

/** AWS's own policies, as published; SAM gives them to the roles it makes. */
const AWS_POLICIES: Readonly<Record<string, readonly string[]>> = {
  AWSLambdaBasicExecutionRole: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
  AWSLambdaVPCAccessExecutionRole: [
    'logs:CreateLogGroup',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:DeleteNetworkInterface',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
  ],
};

function awsPolicy(arn: string): NamedPolicy {
  const name = arn.split('/').at(-1)!;
  const actions = AWS_POLICIES[name];
  if (actions === undefined) throw new Error(`${arn}: an AWS managed policy whose text is not known here`);
  return { name, policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] } };
}

function documentOf(value: Value): NamedPolicy['policy'] {
  const policy = typeof value === 'string' ? JSON.parse(value) : value;
  return { ...policy, Statement: [policy.Statement].flat() };
}

/** All policies of a role of the translated template. */
export function policiesOf(template: TranslatedTemplate, resolver: Resolver, roleId: string): readonly NamedPolicy[] {
  const role = template.Resources[roleId];
  if (role?.Type !== 'AWS::IAM::Role') throw new Error(`${roleId}: no such role`);
  const properties = resolver.resolve(role.Properties);
  const managed = (properties.ManagedPolicyArns ?? []).map((arn: string): NamedPolicy => {
    const id = Object.keys(template.Resources).find(
      (candidate) =>
        template.Resources[candidate]?.Type === 'AWS::IAM::ManagedPolicy' && resolver.arnOf(candidate) === arn,
    );
    if (id === undefined) return awsPolicy(arn);
    return { name: id, policy: documentOf(resolver.resolve(template.Resources[id]?.Properties.PolicyDocument)) };
  });
  const inline = (properties.Policies ?? []).map(
    ({ PolicyName, PolicyDocument }: Value): NamedPolicy => ({ name: PolicyName, policy: documentOf(PolicyDocument) }),
  );
  const attached = Object.entries(template.Resources)
    .filter(([id, { Type }]) => /^AWS::IAM::(Managed)?Policy$/.test(Type) && resolver.isThere(id))
    .map(([id, { Properties }]) => ({ id, properties: resolver.resolve(Properties) }))
    .filter(({ properties: { Roles = [] } }) => Roles.includes(resolver.nameOf(roleId)))
    .map(({ id, properties: { PolicyDocument } }) => ({ name: id, policy: documentOf(PolicyDocument) }));
  return [...managed, ...inline, ...attached];
}

export type Verdict = 'Allowed' | 'ImplicitlyDenied' | 'ExplicitlyDenied';

/** `*` in a request asks for all of them: only a pattern that is as wide answers that. */
function isAsWide(pattern: string, resource: string): boolean {
  if (pattern === '*' || pattern === resource) return true;
  return resource !== '*' && pattern.endsWith('*') && resource.startsWith(pattern.slice(0, -1));
}

/** The verdict on one permission; throws where the request itself cannot exist by AWS's authorization data. */
export async function judge(policies: readonly NamedPolicy[], permission: Permission): Promise<Verdict> {
  const { action, resource, context } = permission;
  const answer = await runSimulation(
    {
      request: {
        action,
        principal: `arn:aws:sts::${ACCOUNT}:assumed-role/role/function`,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: Object.fromEntries(
          Object.entries(context).map(([key, value]) => [key, typeof value === 'string' ? value : [...value]]),
        ),
      },
      identityPolicies: policies.map(({ name, policy }) => ({ name, policy })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  if (answer.resultType === 'error') throw new Error(`${action} on ${resource}: ${JSON.stringify(answer.errors)}`);
  if (answer.resultType === 'wildcard') {
    const wide = answer.results.filter(({ resourcePattern }) => isAsWide(resourcePattern, resource));
    return wide.some(({ analysis }) => analysis.result === 'Allowed') ? 'Allowed' : 'ImplicitlyDenied';
  }
  const ignored = answer.result.ignoredContextKeys ?? [];
  if (ignored.length > 0)
    throw new Error(`${action}: AWS does not put these keys into its context: ${ignored.join(', ')}`);
  return answer.overallResult as Verdict;
}
