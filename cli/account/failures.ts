import type { Failure, Outcome } from '../../shared/ports/outcome.ts';
import { printable } from '../printable.ts';
import type { Wire } from './wire.ts';
import { actionOfTarget } from './wire.ts';

/** A call that AWS refused or that did not come through, from an adapter that answers with values. */
export class CallFailed extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.name = 'CallFailed';
    this.failure = failure;
  }
}

/** The value of an outcome whose failure ends the command. */
export function must<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new CallFailed(outcome.failure);
}

export interface FailureContext {
  readonly region: string | undefined;
  readonly profile: string | undefined;
  readonly wire: Pick<Wire, 'actionOf'>;
}

interface Told {
  readonly code: string;
  readonly message: string;
  readonly action: string;
}

/** One sentence for an expected failure; undefined: nothing that AWS or the network does, so a bug of ours. */
export function describeFailure(error: unknown, context: FailureContext): string | undefined {
  const told = toldBy(error, context);
  if (told === undefined) return undefined;
  const sentence =
    describeCredentials(told, context) ??
    describeDenied(told) ??
    describeNetwork(told, context) ??
    describeRest(told, context);
  return printable(sentence);
}

function toldBy(error: unknown, { wire }: FailureContext): Told | undefined {
  if (error instanceof CallFailed) {
    const { code, message, call } = error.failure;
    return { code, message, action: actionOfTarget(call) };
  }
  if (!(error instanceof Error)) return undefined;
  const fields = error as { code?: unknown; $metadata?: { requestId?: string } };
  const network = typeof fields.code === 'string' && NETWORK.has(fields.code);
  const answered = fields.$metadata !== undefined;
  if (!answered && !network && !CREDENTIALS.has(error.name) && !NETWORK.has(error.name) && !isRegion(error)) {
    return undefined;
  }
  const code = network ? String(fields.code) : error.name;
  return { code, message: error.message, action: wire.actionOf(fields.$metadata?.requestId ?? '') ?? 'a call of AWS' };
}

const CREDENTIALS = new Set(['CredentialsProviderError', 'TokenProviderError']);
const NETWORK = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'TimeoutError',
  'CERT_HAS_EXPIRED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired']);
const UNKNOWN_KEYS = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'AuthFailure',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
]);
const DENIED = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'NotAuthorized']);
const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded|ProvisionedThroughputExceeded|SlowDown/;

function isRegion(error: Error): boolean {
  return error.message.startsWith('Region is missing') || error.message.startsWith('Region not accepted');
}

function describeCredentials({ code, message }: Told, { profile, region }: FailureContext): string | undefined {
  const of = profile === undefined ? '' : ` of profile ${profile}`;
  if (message.startsWith('Region is missing')) {
    return 'no AWS Region: give --region, set AWS_REGION, or write a region into the profile';
  }
  if (message.startsWith('Region not accepted')) return `--region: ${region ?? ''}: a Region like eu-central-1`;
  if (EXPIRED.has(code) || (CREDENTIALS.has(code) && /expired|refresh/i.test(message))) {
    return `the AWS credentials${of} have expired: sign in again (${firstSentence(message)})`;
  }
  if (CREDENTIALS.has(code)) {
    if (profile !== undefined) {
      return `no AWS credentials in profile ${profile}: it has to be in ~/.aws/config or ~/.aws/credentials (${firstSentence(message)})`;
    }
    return 'no AWS credentials: give --profile, sign in, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
  }
  if (UNKNOWN_KEYS.has(code)) return `AWS does not accept the credentials${of}: ${firstSentence(message)} (${code})`;
  return undefined;
}

/** AWS names who, what and on which resource, in nearly always the same words. */
const WHO_WHAT_WHERE = /User: (\S+) is not authorized to perform: (\S+?)(?: on resource: (\S+))?(?:[\s,]|$)/;

function describeDenied({ code, message, action }: Told): string | undefined {
  if (!DENIED.has(code)) return undefined;
  const [, who, what, resource] = WHO_WHAT_WHERE.exec(message) ?? [];
  if (what === undefined) return `AWS refused ${action}: ${message}`;
  const where = resource === undefined ? '' : ` on ${resource}`;
  const deny = message.includes('explicit deny') ? ', by an explicit deny' : '';
  return `AWS refused ${what}${where} to ${who ?? 'you'}${deny}: docs/cli.md lists what each command needs`;
}

function describeNetwork({ code, message, action }: Told, { region }: FailureContext): string | undefined {
  if (!NETWORK.has(code)) return undefined;
  const host = /(?:ENOTFOUND|EAI_AGAIN) (\S+)/.exec(message)?.[1];
  const what = host === undefined ? `${action} did not come through` : `${host} cannot be reached`;
  return `${what} (${code}): is there a network, and is ${region ?? 'the Region'} right?`;
}

function describeRest({ code, message, action }: Told, { region }: FailureContext): string {
  if (THROTTLED.test(code)) return `AWS throttled ${action} three times in a row: try again in a minute`;
  if (code === 'ResourceNotFoundException' && action.startsWith('dynamodb:')) {
    return `the state table does not exist in ${region ?? 'this Region'}: check --region, --prefix or --table`;
  }
  return `${action} failed: ${code}: ${firstSentence(message)}`;
}

function firstSentence(message: string): string {
  return message.split('\n')[0]?.replace(/\.$/, '') ?? message;
}
