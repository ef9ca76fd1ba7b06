import { userInfo } from 'node:os';
import { outcomeOf } from '../../shared/aws/classify.ts';
import type { Outcome } from '../../shared/ports/outcome.ts';
import type { ClientOf } from '../../shared/runtime/clients.ts';
import type { Io } from '../output.ts';

/** Who AWS says that the credentials belong to: an ARN. */
export async function readIdentity(clientOf: ClientOf): Promise<Outcome<string>> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  // Once: it only names somebody, and an operator in a VPC without a path to STS should not wait for it three times.
  const client = clientOf(STSClient, { sentOnce: true });
  const answer = await outcomeOf('STS.GetCallerIdentity', () => client.send(new GetCallerIdentityCommand({})));
  if (!answer.ok) return answer;
  const { Arn } = answer.value;
  if (Arn !== undefined && Arn !== '') return { ok: true, value: Arn };
  const message = 'the answer has no Arn';
  return {
    ok: false,
    failure: { class: 'unknown', code: 'NoArn', message, call: 'STS.GetCallerIdentity', definite: true },
  };
}

/**
 * The part of the ARN that people know: `Operators/ada@example.com` of an assumed role with its session, `ada` of a user
 * below whatever path, `root` of the account's own.
 */
export function nameOfArn(arn: string): string {
  const resource = arn.split(':').slice(5).join(':');
  const [kind = '', ...rest] = resource.split('/');
  if (rest.length === 0) return kind === '' ? arn : kind;
  return kind === 'user' ? (rest.at(-1) ?? resource) : rest.join('/');
}

/**
 * Where STS does not say who acts: the name on this machine and the access key, which the account's CloudTrail leads back
 * to a person or role.
 */
export function describeCaller(io: Pick<Io, 'env'>, accessKeyId: string): string {
  return `${localName(io)} (${accessKeyId})`;
}

function localName({ env }: Pick<Io, 'env'>): string {
  const named = env['USER'] ?? env['LOGNAME'] ?? env['USERNAME'];
  if (named !== undefined && named !== '') return named;
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that no user has.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
