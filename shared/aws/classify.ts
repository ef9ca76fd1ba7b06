import type { ActivityTrouble } from '../domain/scaling-activity.ts';
import type { Failure, FailureClass, Outcome } from '../ports/outcome.ts';
import { RunOverError } from '../ports/run.ts';

/** A proxy's error page may be as long as it likes: what is told of it goes into records, log lines and events. */
const MESSAGE_READ = 4_000;
const MESSAGE_TOLD = 1_000;
/** What the SDK adds to an answer it could not read, for whoever debugs it. */
const SDK_HINT = /\.?\n\s*Deserialization error:/;
/** Control characters, line separators, marks that turn the direction of a text. */
const NOT_TEXT = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;

/**
 * The one place that knows what AWS's errors mean. SageMaker answers most refusals with the same code
 * (`ValidationException`), so that code AND message decide; literal samples are in the tests.
 */
export function classify(error: unknown, call: string): Failure {
  const { code, message, status } = describe(error);
  const said = withoutNames(message);
  const [answer = ''] = message.split(SDK_HINT);
  const told = tellable(answer);
  return { class: classOf(code, said, status), code, message: told, call, definite: isDefinite(code, status) };
}

/** A text of AWS's as it may stand in records, lines and events. */
export function tellable(text: string): string {
  return text.replace(NOT_TEXT, ' ').slice(0, MESSAGE_TOLD);
}

/** Runs one call and turns whatever it throws into a value. */
export async function outcomeOf<T>(call: string, send: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await send() };
  } catch (error) {
    if (isBug(error) || error instanceof RunOverError) throw error;
    return { ok: false, failure: classify(error, call) };
  }
}

/** What a mistake in our own code throws; AWS's and the network's errors are none of these. */
function isBug(error: unknown): boolean {
  const ours = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  return ours && !('$metadata' in error);
}

/** Only an answer proves that AWS did not carry the call out: 408 and everything without a status do not. */
function isDefinite(code: string, status: number | undefined): boolean {
  return status !== undefined && status >= 400 && status < 500 && status !== 408 && !SERVERS_FAULT.has(code);
}

/**
 * The words of a text without the names in it: an endpoint called `AccessDenied` or a bucket called `kms` decides nothing.
 * What AWS puts between quotes is a name, except a quota's, which stands before `is <number>`.
 */
function withoutNames(text: string): string {
  return text
    .replaceAll(/"[^"]*"/g, '""')
    .replaceAll(/(?<![\w'])'[^']*'(?!\w)/g, "''")
    .replaceAll(/\barn:[\w-]+:[^\s"',)]*/g, 'arn:')
    .replaceAll(/\bs3:\/\/[^\s"',)]*/gi, 's3://');
}

interface Described {
  readonly code: string;
  readonly message: string;
  readonly status: number | undefined;
}

function describe(error: unknown): Described {
  if (typeof error !== 'object' || error === null)
    return { code: 'Unknown', message: String(error).slice(0, MESSAGE_READ), status: undefined };
  const fields = error as {
    name?: unknown;
    code?: unknown;
    message?: unknown;
    $metadata?: { httpStatusCode?: unknown };
  };
  const name = typeof fields.name === 'string' ? fields.name : 'Unknown';
  // Node's network errors are all named Error and carry their code beside it.
  const code = name === 'Error' && typeof fields.code === 'string' ? fields.code : name;
  const status = fields.$metadata?.httpStatusCode;
  return {
    code,
    message: typeof fields.message === 'string' ? fields.message.slice(0, MESSAGE_READ) : '',
    status: typeof status === 'number' ? status : undefined,
  };
}

const THROTTLING = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'BandwidthLimitExceeded',
  'SlowDown',
  'ProvisionedThroughputExceededException',
  'ConcurrentUpdateException',
  'ConcurrentModificationException',
  'TransactionInProgressException',
]);

/** The service itself failed, whatever status came with it: nothing is refused by that. */
const SERVERS_FAULT = new Set([
  'InternalFailure',
  'InternalError',
  'InternalServerError',
  'InternalServiceError',
  'InternalServiceException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
]);

const PERMISSION = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'FailedResourceAccessException',
  'UnauthorizedOperation',
  'NotAuthorized',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'ExpiredToken',
  'ExpiredTokenException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'OptInRequired',
]);

const MISSING = new Set([
  'ResourceNotFound',
  'ResourceNotFoundException',
  'ObjectNotFoundException',
  'ParameterNotFound',
  'NoSuchKey',
]);
const REJECTED = new Set([
  'ValidationException',
  'ValidationError',
  'InvalidParameterValue',
  'InvalidParameterValueException',
  'InvalidParameterCombination',
  'InvalidParameterCombinationException',
  'MissingParameter',
  'SerializationException',
]);

/** Zones that offer the type are a shortage of it, whatever the code: another type of the ladder may have them. */
const NO_CAPACITY =
  /InsufficientInstanceCapacity|InsufficientCapacity|CapacityError|Unable to provision requested ML compute capacity|Unable to locate at least \d+ availability zone/i;
const NO_QUOTA = /service limit '' is \d|ResourceLimitExceeded/i;

/** Texts that decide whatever code they come with; the first that matches wins. */
const BY_MESSAGE: readonly (readonly [RegExp, FailureClass])[] = [
  [NO_CAPACITY, 'capacity'],
  // A scalable target that the caller may not deregister is a refusal of permission in the clothes of a validation.
  [
    /does not have application-autoscaling:\w+ permission|is not authorized to perform|not authorized to access|KMSAccessDenied|AccessDenied|\bkms:\w+|\bKMS key\b/i,
    'permission',
  ],
  [NO_QUOTA, 'quota'],
  // Only what we ask for by name: model data or a role that is not found is no sign that an endpoint is gone.
  [
    /Could not find (endpoint|model|variant|inference component|monitoring schedule)\b(?! data)|The resource .*does not exist|No scalable target|No scaling policy found|No scheduled action found/i,
    'missing',
  ],
  [/Cannot create already existing /i, 'exists'],
  [
    /Cannot (update|delete) in-progress |in-progress (endpoint|inference)|is not scalable|cannot be (updated|deleted) while/i,
    'in-progress',
  ],
  [/Rate exceeded|Too many requests/i, 'transient'],
];

function classOf(code: string, message: string, status: number | undefined): FailureClass {
  if (THROTTLING.has(code) || SERVERS_FAULT.has(code) || status === 429) return 'transient';
  // A 5xx is transient even where its text quotes another failure, except the one that a retry does not mend.
  if (status !== undefined && status >= 500) return code.includes('Capacity') ? 'capacity' : 'transient';
  if (status === undefined) return 'transient';
  if (PERMISSION.has(code) || code.startsWith('KMS')) return 'permission';
  if (code === 'ResourceLimitExceeded' || code === 'LimitExceededException') return 'quota';
  const byMessage = BY_MESSAGE.find(([pattern]) => pattern.test(message));
  if (byMessage !== undefined) return byMessage[1];
  if (MISSING.has(code)) return 'missing';
  if (code === 'ResourceInUse' || code === 'ConflictException' || code === 'ResourceInUseException')
    return 'in-progress';
  return REJECTED.has(code) ? 'rejected' : 'unknown';
}

/** SageMaker's words for a start that failed, told minutes later as FailureReason of a Failed endpoint. */
const BY_REASON: readonly (readonly [RegExp, FailureClass])[] = [
  [NO_CAPACITY, 'capacity'],
  [/ResourceLimitExceeded|account-level service limit/i, 'quota'],
  [/\bKMS\b|\bkms:/i, 'permission'],
  [
    /health check|\/ping|primary container|CannotStartContainer|container .*(exit|fail)|\bimages?\b|CannotPull|\bECR\b|model data|download|s3:\/\/|assume (the )?role|\brole\b|out of memory|algorithm/i,
    'rejected',
  ],
  [/not authorized|AccessDenied|access denied|permission/i, 'permission'],
];

/** Failed words of Application Auto Scaling, of its own and of SageMaker's answer that they quote. */
const BY_ACTIVITY: readonly (readonly [RegExp, ActivityTrouble])[] = [
  [/ResourceLimitExceeded|service limit/i, 'quota'],
  [NO_CAPACITY, 'capacity'],
  // Of an inference component; the text is not published.
  [/not enough (?:hardware )?resources|insufficient (?:hardware )?resources/i, 'capacity'],
  [/is not scalable|in-progress endpoint/i, 'not-scalable'],
  [/not authorized|AccessDenied|access denied|\bKMS\b/i, 'permission'],
];

const BY_NOT_SCALED: Readonly<Record<string, ActivityTrouble>> = {
  AlreadyAtMaxCapacity: 'at-max',
  TargetServicePutResourceAsUnscalable: 'not-scalable',
};

/** Why a scaling activity came to nothing; undefined: it did not, or as it should be (a minimum is reached, it would flap). */
export function classifyActivity(
  status: string | undefined,
  message: string,
  notScaled: readonly string[],
): ActivityTrouble | undefined {
  const reason = notScaled.map((code) => BY_NOT_SCALED[code]).find((trouble) => trouble !== undefined);
  if (reason !== undefined) return reason;
  if (status !== 'Failed' && (status !== 'Unfulfilled' || notScaled.length > 0)) return undefined;
  return BY_ACTIVITY.find(([pattern]) => pattern.test(message))?.[1] ?? 'unknown';
}

/** `rejected` means image, model, role or health check: trying again costs money and changes nothing. */
export function classifyFailureReason(reason: string): FailureClass {
  const said = withoutNames(reason);
  return BY_REASON.find(([pattern]) => pattern.test(said))?.[1] ?? 'unknown';
}
