import type { Permission, RequestContext } from '../contract.ts';
import { fillVariables, matchesArn, matchesGlob } from './glob.ts';
import type { Statement } from './policy.ts';

/** Decision of IAM's identity-based policies for one permission, and the statement that made it. */
export type Decision =
  | { readonly result: 'allowed' | 'explicitly-denied'; readonly by: Statement }
  | { readonly result: 'implicitly-denied' };

function coversAction({ actions }: Statement, action: string): boolean {
  return actions.patterns.some((pattern) => matchesGlob(pattern, action)) !== actions.not;
}

function coversResource({ resources }: Statement, resource: string, context: RequestContext): boolean {
  const covered = resources.patterns.some((pattern) => {
    const filled = fillVariables(pattern, context);
    return filled !== undefined && matchesArn(filled, resource);
  });
  return covered !== resources.not;
}

/** Whether the statement speaks of this permission: action, resource and all conditions. */
export function appliesTo(statement: Statement, { action, resource, context }: Permission): boolean {
  return (
    coversAction(statement, action.toLowerCase()) &&
    coversResource(statement, resource, context) &&
    statement.conditions.every((condition) => condition.holds(context))
  );
}

/** A deny beats every allow; what nothing allows is denied. */
export function evaluate(statements: readonly Statement[], permission: Permission): Decision {
  let allowedBy: Statement | undefined;
  for (const statement of statements) {
    if (allowedBy !== undefined && statement.effect === 'Allow') continue;
    if (!appliesTo(statement, permission)) continue;
    if (statement.effect === 'Deny') return { result: 'explicitly-denied', by: statement };
    allowedBy = statement;
  }
  return allowedBy === undefined ? { result: 'implicitly-denied' } : { result: 'allowed', by: allowedBy };
}
