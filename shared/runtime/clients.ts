import { RunOverError } from '../ports/run.ts';

/**
 * The only place where SDK clients are built. Every setting that the SDK would otherwise look for in the environment,
 * in files or in instance metadata is said here, so that a run depends on nothing but its own configuration.
 */
export type ClientOf = <Client extends object>(
  Class: new (...args: never) => Client,
  options?: ClientOptions,
) => Client;

export interface ClientOptions {
  /** A call is sent once and never again by the SDK: for operations without an idempotency token (create, delete). */
  readonly sentOnce?: boolean;
}

const MAX_ATTEMPTS = 3;

/** Retry strategy of calls that must not be repeated. The SDK's own with one attempt would still draw from shared state. */
const SENT_ONCE = {
  mode: 'standard',
  acquireInitialRetryToken: async () => ({ getRetryCount: () => 0, getRetryDelay: () => 0 }),
  refreshRetryTokenForRetry: async () => {
    throw new Error('this call is sent once');
  },
  recordSuccess: () => undefined,
};

/** The part of a client that a call passes on its way out. */
interface Sender {
  readonly middlewareStack: {
    add(
      middleware: (next: Next, context: CallContext) => Next,
      options: { step: 'finalizeRequest'; name: string },
    ): void;
  };
}
type Next = (args: unknown) => Promise<unknown>;
interface CallContext {
  readonly commandName?: string;
}

/**
 * A run that Lambda had frozen may go on long after another one took its place: from its deadline on nothing of it is
 * sent, retries included. Everything that outlives a run (its lease, the time between a park's two runs) outlives its
 * deadline by the margin for clocks.
 */
function fence(client: object, isOver: () => boolean): void {
  const { middlewareStack } = client as Sender;
  middlewareStack.add(
    (next, { commandName = 'a call' }) =>
      async (args) => {
        if (isOver()) throw new RunOverError(commandName);
        return next(args);
      },
    { step: 'finalizeRequest', name: 'runOver' },
  );
}

export function clientFactory(
  region: string,
  clientDefaults: Readonly<Record<string, unknown>>,
  isOver: () => boolean = () => false,
): ClientOf {
  const clients = new Map<unknown, object>();
  const sentOnce = new Map<unknown, object>();
  const settings = {
    region,
    maxAttempts: MAX_ATTEMPTS,
    retryMode: 'standard',
    defaultsMode: 'standard',
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    accountIdEndpointMode: 'disabled',
    authSchemePreference: [],
    userAgentAppId: 'sagemaker-endpoint-scaler',
    disableRequestCompression: true,
    ...clientDefaults,
  };
  return (Class, options) => {
    const cache = options?.sentOnce ? sentOnce : clients;
    const known = cache.get(Class);
    // The cache holds under each class only what that class built.
    if (known !== undefined) return known as InstanceType<typeof Class>;
    const Constructor = Class as unknown as new (config: object) => InstanceType<typeof Class>;
    const client = new Constructor(
      options?.sentOnce ? { ...settings, maxAttempts: 1, retryStrategy: SENT_ONCE } : settings,
    );
    fence(client, isOver);
    cache.set(Class, client);
    return client;
  };
}
