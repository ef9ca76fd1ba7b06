import { userInfo } from 'node:os';
import type { Io } from '../output.ts';

/**
 * Who acts, for holds and events: the name on this machine and the access key, which the account's CloudTrail leads back
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
