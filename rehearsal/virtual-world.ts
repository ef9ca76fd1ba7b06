import type { LogSink } from '../shared/ports/world.ts';
import type { World } from '../shared/runtime/contract.ts';
import type { Caller, CallGate, SimulatedAws } from '../simulator/contract.ts';

/** As many as the deployed clients use; a call that must be sent once carries its own strategy. */
const MAX_ATTEMPTS = 3;
const FIRST_DELAY_MS = 100;
const RETRYABLE = new Set(['THROTTLING', 'TRANSIENT', 'SERVER_ERROR']);

interface RetryToken {
  getRetryCount(): number;
  getRetryDelay(): number;
}

function tokenOf(count: number): RetryToken {
  // The wait happens on the virtual clock, inside `refresh…`: a delay told to the SDK would be a real timer.
  return { getRetryCount: () => count, getRetryDelay: () => 0 };
}

function retryOnVirtualClock(sleep: (ms: number) => Promise<void>): unknown {
  return {
    mode: 'standard',
    acquireInitialRetryToken: async () => tokenOf(0),
    refreshRetryTokenForRetry: async (token: RetryToken, { errorType }: { errorType: string }) => {
      const next = token.getRetryCount() + 1;
      if (!RETRYABLE.has(errorType) || next >= MAX_ATTEMPTS) throw new Error('no retry left');
      await sleep(FIRST_DELAY_MS * 2 ** (next - 1));
      return tokenOf(next);
    },
    recordSuccess: () => undefined,
  };
}

/** Stamps who calls, and nothing else: signatures would be a quarter of a rehearsal's time. */
function stampRole(role: string): unknown {
  return {
    sign: async (request: { headers: Record<string, string> }) => {
      request.headers['authorization'] = `AWS4-HMAC-SHA256 Credential=${role}`;
      return request;
    },
  };
}

/** Every setting that the SDK would otherwise look for in the environment, in files or in instance metadata. */
function clientDefaultsOf(
  aws: SimulatedAws,
  caller: Caller,
  gate: CallGate,
  sleep: (ms: number) => Promise<void>,
): Readonly<Record<string, unknown>> {
  return {
    region: aws.region,
    // In parts: of a text the SDK makes a URL at each call.
    endpoint: { protocol: 'https:', hostname: `aws.${aws.region}.invalid`, path: '/' },
    credentials: { accessKeyId: 'rehearsal', secretAccessKey: 'rehearsal' },
    requestHandler: aws.requestHandler(caller, gate),
    retryStrategy: retryOnVirtualClock(sleep),
    retryMode: 'standard',
    maxAttempts: MAX_ATTEMPTS,
    signer: stampRole(caller.name),
    disableClockSkewCorrection: true,
    defaultsMode: 'standard',
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    accountIdEndpointMode: 'disabled',
    authSchemePreference: ['sigv4'],
    sigv4aSigningRegionSet: [aws.region],
    endpointDiscoveryEnabled: false,
    endpointDiscoveryEnabledProvider: async () => false,
    disableRequestCompression: true,
    requestMinCompressionSizeBytes: 10_240,
    userAgentAppId: 'rehearsal',
    defaultUserAgentProvider: async () => [['rehearsal', '1']],
    defaultSocketTimeout: 0,
    // Nobody adds to a client's middleware once it has sent something.
    cacheMiddleware: true,
    // One without methods: for one that ignores its lines the SDK still copies every input and output.
    logger: {},
  };
}

/**
 * The world of one execution environment. Once `isAlive` says no, nothing in it ever settles again: a function that
 * died runs neither `catch` nor `finally`.
 */
export function createVirtualWorld(options: {
  readonly aws: SimulatedAws;
  readonly caller: Caller;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly gate?: CallGate;
  /** Absent: AWS's clock. */
  readonly now?: () => number;
  readonly isAlive?: () => boolean;
  /** While the environment is frozen: settles when it thaws. */
  readonly thawed?: () => Promise<void> | undefined;
  readonly logSink: LogSink;
  /** Name of the stream of random numbers: each environment has its own. */
  readonly stream: string;
}): World {
  const { aws, isAlive = () => true, logSink } = options;
  const sleep = async (ms: number): Promise<void> => {
    await aws.clock.sleep(ms);
    for (let thaw = options.thawed?.(); thaw !== undefined; thaw = options.thawed?.()) await thaw;
    if (!isAlive()) await new Promise<never>(() => {});
  };
  return {
    env: options.env,
    clientDefaults: clientDefaultsOf(aws, options.caller, options.gate ?? {}, sleep),
    clock: { now: options.now ?? (() => aws.clock.now()) },
    random: aws.random(options.stream),
    sleep,
    logSink: (line) => {
      if (isAlive()) logSink(line);
    },
  };
}
