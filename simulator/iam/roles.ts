import { isJsonObject, type Json, TemplateError } from '../template/read.ts';
import type { Stack, StackResource } from '../template/stack.ts';
import { readPolicy, type Statement } from './policy.ts';
import { PolicyError } from './policy-error.ts';

/** What a deployed function may do. */
export interface FunctionRole {
  /** `arn:aws:sts::123456789012:assumed-role/<role>/<function>` */
  readonly principal: string;
  readonly roleArn: string;
  readonly statements: readonly Statement[];
}

/** AWS's own policies for what Lambda does with a function's role: they allow no call of a simulated service. */
const LAMBDA_POLICIES = new Set([
  'AWSLambdaBasicExecutionRole',
  'AWSLambdaVPCAccessExecutionRole',
  'AWSXRayDaemonWriteAccess',
  'AWSXrayWriteOnlyAccess',
]);

function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as readonly Json[]) : [value];
}

function readAt(document: unknown, path: string): readonly Statement[] {
  try {
    return readPolicy(document, path);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new TemplateError(path, error.message, { cause: error });
  }
}

/** A managed policy of the stack, or one of AWS's that covers nothing simulated. */
function readManaged(stack: Stack, nameOrArn: string, path: string): readonly Statement[] {
  const own = stack.ofType('AWS::IAM::ManagedPolicy').find((resource) => stack.arn(resource.id) === nameOrArn);
  if (own !== undefined) return readAt(stack.property(own, 'PolicyDocument'), `${own.path}.PolicyDocument`);
  const name = nameOrArn.split('/').at(-1)!;
  if (LAMBDA_POLICIES.has(name)) return [];
  throw new TemplateError(path, `${nameOrArn}: a policy that is not part of this template is not simulated`);
}

function readFunctionPolicies(stack: Stack, resource: StackResource): readonly Statement[] {
  const path = `${resource.path}.Policies`;
  return listOf(stack.property(resource, 'Policies')).flatMap((policy, index) => {
    const at = `${path}[${index}]`;
    if (typeof policy === 'string') return readManaged(stack, policy, at);
    if (isJsonObject(policy) && policy['Statement'] !== undefined) return readAt(policy, at);
    throw new TemplateError(
      at,
      "must be a policy document or a managed policy; SAM's policy templates are not simulated",
    );
  });
}

/** Statements of a role that the template writes out. */
function readRole(stack: Stack, role: StackResource): readonly Statement[] {
  if (role.properties['PermissionsBoundary'] !== undefined)
    throw new TemplateError(`${role.path}.PermissionsBoundary`, 'permissions boundaries are not simulated');
  const managed = listOf(stack.property(role, 'ManagedPolicyArns')).flatMap((arn) =>
    readManaged(stack, String(arn), `${role.path}.ManagedPolicyArns`),
  );
  const inline = listOf(stack.property(role, 'Policies')).flatMap((policy, index) =>
    readAt(isJsonObject(policy) ? policy['PolicyDocument'] : policy, `${role.path}.Policies[${index}].PolicyDocument`),
  );
  return [...managed, ...inline, ...readAttached(stack, role.id)];
}

/** Policies of the template that attach themselves to the role that SAM makes: `Roles: [!Ref WorkerRole]`. */
function readAttached(stack: Stack, roleId: string): readonly Statement[] {
  const attached = stack.ofType('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy').filter(({ properties, path }) => {
    // Not evaluated: the role is no resource of the template before SAM has translated it.
    return listOf(properties['Roles']).some((entry) => {
      const names = isJsonObject(entry) ? Object.keys(entry) : [];
      if (isJsonObject(entry) && names.length === 1 && names[0] === 'Ref') return entry['Ref'] === roleId;
      throw new TemplateError(`${path}.Roles`, `${JSON.stringify(entry)}: must be a Ref of a role`);
    });
  });
  return attached.flatMap((policy) =>
    readAt(stack.property(policy, 'PolicyDocument'), `${policy.path}.PolicyDocument`),
  );
}

function roleOf(stack: Stack, resource: StackResource): FunctionRole {
  const { accountId } = stack;
  const functionName = stack.physicalName(resource.id);
  const arn = stack.property(resource, 'Role');
  if (arn === undefined) {
    // SAM makes the role, CloudFormation its name.
    const name = `${stack.name}-${resource.id}Role`;
    return {
      principal: `arn:aws:sts::${accountId}:assumed-role/${name}/${functionName}`,
      roleArn: `arn:aws:iam::${accountId}:role/${name}`,
      statements: [...readFunctionPolicies(stack, resource), ...readAttached(stack, `${resource.id}Role`)],
    };
  }
  const role = stack.ofType('AWS::IAM::Role').find((candidate) => stack.arn(candidate.id) === arn);
  if (role === undefined)
    throw new TemplateError(`${resource.path}.Role`, `${String(arn)}: must be a role of this template`);
  return {
    principal: `arn:aws:sts::${accountId}:assumed-role/${stack.physicalName(role.id)}/${functionName}`,
    roleArn: stack.arn(role.id),
    statements: readRole(stack, role),
  };
}

/** The role of each function of a template, by the function's logical id. */
export function readRoles(stack: Stack): ReadonlyMap<string, FunctionRole> {
  return new Map(stack.ofType('AWS::Serverless::Function').map((resource) => [resource.id, roleOf(stack, resource)]));
}
