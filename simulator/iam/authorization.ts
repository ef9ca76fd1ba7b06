import { ApiError, type Permission, type ServiceName } from '../contract.ts';
import type { Authorize } from '../kernel.ts';
import type { AccountView } from './account.ts';
import { evaluate } from './evaluate.ts';
import { permissionsOf } from './needs/index.ts';
import type { FunctionRole } from './roles.ts';

/** The text that SageMaker has for this one refusal (seen by users; it names neither caller nor resource). */
const NO_DEREGISTRATION =
  'An Application AutoScaling scalable target exists for a variant being deleted, and the IAM identity used to invoke ' +
  'DeleteEndpoint does not have application-autoscaling:DeregisterScalableTarget permission.';

/** AWS's words for a permission that is missing (IAM user guide, troubleshoot_access-denied). */
export function accessDenied(principal: string, { action, resource }: Permission, byStatement: boolean): ApiError {
  const why = byStatement
    ? 'with an explicit deny in an identity-based policy'
    : `because no identity-based policy allows the ${action} action`;
  const where = resource === '*' ? '' : ` on resource: ${resource}`;
  return new ApiError(
    'AccessDeniedException',
    `User: ${principal} is not authorized to perform: ${action}${where} ${why}`,
  );
}

/** Weighs calls against the roles of deployed functions. */
export class Authorization {
  readonly #account: AccountView;
  readonly #roles = new Map<string, FunctionRole>();

  constructor(account: AccountView) {
    this.#account = account;
  }

  /** Adds the functions of a stack. Callers are known by a function's logical id, so two stacks must not share one. */
  addRoles(roles: ReadonlyMap<string, FunctionRole>): void {
    for (const [functionId, role] of roles) {
      if (this.#roles.has(functionId)) {
        throw new Error(
          `enforceIam: function ${functionId}: deployed twice; callers of two stacks cannot be told apart`,
        );
      }
      this.#roles.set(functionId, role);
    }
  }

  /** The roles of functions after their stack was deployed again. */
  replaceRoles(roles: ReadonlyMap<string, FunctionRole>): void {
    for (const [functionId, role] of roles) this.#roles.set(functionId, role);
  }

  readonly authorize: Authorize = (caller, service, operation, input) => {
    const permissions = permissionsOf(service, operation, input, this.#account);
    const role = this.#roles.get(caller.name);
    if (role === undefined) throw new Error(`enforceIam: caller ${caller.name}: no deployed function has this name`);
    const needed = permissions.map((permission) => this.#inContext(permission, role));
    return { needed, refusal: this.#refusal(role, needed, { service, operation }) };
  };

  /** Adds the keys that every request has. */
  #inContext(permission: Permission, role: FunctionRole): Permission {
    const { region, accountId } = this.#account;
    const everyRequest = {
      'aws:PrincipalAccount': accountId,
      'aws:PrincipalArn': role.roleArn,
      'aws:RequestedRegion': region,
      'aws:SecureTransport': 'true',
    };
    return { ...permission, context: { ...everyRequest, ...permission.context } };
  }

  #refusal(
    role: FunctionRole,
    needed: readonly Permission[],
    call: { readonly service: ServiceName; readonly operation: string },
  ): { readonly error: ApiError; readonly missing: Permission } | undefined {
    for (const permission of needed) {
      const { result } = evaluate(role.statements, permission);
      if (result === 'allowed') continue;
      const isDeregistration = permission.action === 'application-autoscaling:DeregisterScalableTarget';
      if (call.operation === 'DeleteEndpoint' && call.service === 'SageMaker' && isDeregistration)
        return { error: new ApiError('ValidationException', NO_DEREGISTRATION), missing: permission };
      return { error: accessDenied(role.principal, permission, result === 'explicitly-denied'), missing: permission };
    }
    return undefined;
  }
}
