import { setTimeout as wait } from 'node:timers/promises';
import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createScalingControl, createSnapshotControl } from '../../shared/aws/application-auto-scaling.ts';
import { createMetricReader } from '../../shared/aws/cloudwatch-metrics.ts';
import {
  createBreakerStore,
  createFleetStore,
  createHoldHistory,
  type HoldHistory,
} from '../../shared/aws/dynamodb.ts';
import { createEndpointControl } from '../../shared/aws/sagemaker.ts';
import { createDocumentSource } from '../../shared/aws/ssm.ts';
import type { DurationMs, Instant } from '../../shared/domain/time.ts';
import type { BreakerStore } from '../../shared/ports/breakers.ts';
import type { DocumentSource } from '../../shared/ports/documents-source.ts';
import type { EndpointControl } from '../../shared/ports/endpoints.ts';
import type { FleetStore } from '../../shared/ports/fleet-store.ts';
import type { MetricReader } from '../../shared/ports/metrics.ts';
import type { Failure, Outcome } from '../../shared/ports/outcome.ts';
import type { ScalingControl } from '../../shared/ports/scaling.ts';
import type { ClientOf } from '../../shared/runtime/clients.ts';
import { createRuntime, type Runtime } from '../../shared/runtime/create-runtime.ts';
import type { Io } from '../output.ts';
import { CliError, EXIT } from '../output.ts';
import { printable } from '../printable.ts';
import { describeCaller, nameOfArn, readIdentity } from './caller.ts';
import { CallFailed, describeFailure } from './failures.ts';
import type { AccountOptions } from './options.ts';
import { findStack, type Stack } from './settings.ts';
import { createWire, type Wire } from './wire.ts';

/** The account as a command sees it: the ports of the functions, an operator's rights, AWS's time. */
export interface Account {
  readonly region: string;
  readonly prefix: string;
  readonly stack: Stack;
  /** Who acts, by STS; where STS cannot be asked, the name on this machine and the access key. Asked once. */
  caller(): Promise<string>;
  /** What STS answers about the credentials. */
  identity(): Promise<Outcome<string>>;
  readonly runtime: Runtime;
  readonly fleet: FleetStore;
  readonly holdHistory: HoldHistory;
  readonly breakers: BreakerStore;
  readonly endpoints: Omit<EndpointControl, 'create' | 'delete'>;
  readonly scaling: ScalingControl;
  readonly metrics: MetricReader;
  readonly documents: DocumentSource;
  /** How far the operator's clock is behind AWS's, in ms. */
  skew(): number | undefined;
  /** AWS's time. */
  now(): Instant;
  sleep(ms: DurationMs): Promise<void>;
  /** One sentence for an expected failure; undefined: a bug of ours. */
  explain(error: unknown): string | undefined;
  explainFailure(failure: Failure): string;
}

/** An operator waits for an answer: a host that drops packets must not hold the command for minutes. */
const REQUEST_TIMEOUTS = { connectionTimeout: 3_000, requestTimeout: 15_000, throwOnRequestTimeout: true };
const PREFIX = /^[a-z][a-z0-9-]{0,31}$/;
const REGION = /^[a-z]{2,}(-[a-z0-9]+)+$/;

/** Connects, works, and turns expected failures into a message of one sentence. */
export async function operate(
  io: Io,
  options: AccountOptions,
  work: (account: Account) => Promise<void>,
  needs: 'stack' | 'account' = 'stack',
): Promise<void> {
  checkOptions(options);
  const verbose = (line: string) => (options.verbose === true ? io.note(line) : undefined);
  const wire = createWire({ now: () => io.now() }, verbose);
  const profile = options.profile ?? io.env['AWS_PROFILE'];
  let region = options.region ?? regionOf(io);
  const explain = (error: unknown) => describeFailure(error, { region, profile, wire });
  try {
    const defaults = clientDefaults(options, wire, verbose);
    const probe = new SSMClient({ ...defaults, ...(region !== undefined && { region }) });
    region = await probe.config.region();
    const { accessKeyId } = await probe.config.credentials();
    const place = options.profile === undefined ? region : `${region} (profile ${options.profile})`;
    const stack = await findStack(probe, options, place, needs === 'account');
    if (stack.assumed && stack.tableless !== true)
      io.note(
        `no stack with the prefix ${options.prefix}: only the table ${stack.settings.table} is looked at, as if its mode were on`,
      );
    await work(createAccount({ io, options, region, stack, wire, defaults, explain, accessKeyId, verbose }));
  } catch (error) {
    const told = error instanceof CliError ? undefined : explain(error);
    if (told === undefined) throw error;
    throw new CliError(EXIT.failed, told);
  }
}

function checkOptions({ prefix, region }: AccountOptions): void {
  if (!PREFIX.test(prefix)) {
    const allowed = 'lower-case letters, digits and hyphens, beginning with a letter, at most 32';
    throw new CliError(EXIT.usage, `--prefix: ${printable(prefix)}: ${allowed}`);
  }
  if (region !== undefined && !REGION.test(region)) {
    throw new CliError(EXIT.usage, `--region: ${printable(region)}: a Region like eu-central-1`);
  }
}

/** The SDK reads AWS_REGION only; the AWS CLI's users have the other one. */
function regionOf({ env }: Io): string | undefined {
  return [env['AWS_REGION'], env['AWS_DEFAULT_REGION']].find((value) => value !== undefined && value !== '');
}

function clientDefaults(options: AccountOptions, wire: Wire, verbose: (line: string) => void) {
  const silent = () => undefined;
  return {
    requestHandler: REQUEST_TIMEOUTS,
    extensions: [wire.extension],
    // Else the SDK writes its remarks on credentials to stderr, several lines each.
    logger: {
      trace: silent,
      debug: silent,
      info: silent,
      warn: (line: unknown) => verbose(String(line)),
      error: silent,
    },
    ...(options.profile === undefined ? {} : { profile: options.profile }),
  };
}

interface Parts {
  readonly io: Io;
  readonly options: AccountOptions;
  readonly region: string;
  readonly stack: Stack;
  readonly wire: Wire;
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly explain: Account['explain'];
  readonly accessKeyId: string;
  readonly verbose: (line: string) => void;
}

/** Only commands that leave a name somewhere pay for the question, and once. */
function createCaller(
  { io, accessKeyId, verbose, explain }: Parts,
  clientOf: ClientOf,
): Pick<Account, 'caller' | 'identity'> {
  let asked: Promise<Outcome<string>> | undefined;
  const identity = () => (asked ??= readIdentity(clientOf));
  return {
    identity,
    async caller() {
      const answer = await identity();
      if (answer.ok) return nameOfArn(answer.value);
      const local = describeCaller(io, accessKeyId);
      verbose(`STS does not say who acts, so ${local}: ${explain(new CallFailed(answer.failure))}`);
      return local;
    },
  };
}

function createAccount(parts: Parts): Account {
  const { io, options, region, stack, wire, defaults, verbose } = parts;
  const { settings } = stack;
  const sleep = async (ms: number): Promise<void> => {
    await wait(ms);
  };
  const runtime = createRuntime({
    env: {
      AWS_REGION: region,
      TABLE_NAME: settings.table,
      TAG_PREFIX: options.prefix,
      MODE: settings.mode,
      TICK_SECONDS: String(settings.tickSeconds),
      FUNCTION_TIMEOUT_SECONDS: String(settings.functionTimeoutSeconds),
      PARK_BUDGET: String(settings.parkBudget),
      LOG_LEVEL: 'INFO',
    },
    clientDefaults: defaults,
    clock: wire.clock,
    random: Math.random,
    sleep,
    // What the functions would log is told here too where it means that something went wrong.
    logSink: ({ level, message, ...fields }) => {
      if (level === 'WARN' || level === 'ERROR') io.note(`${printable(message)}: ${printable(JSON.stringify(fields))}`);
      else verbose(`${printable(message)}: ${printable(JSON.stringify(fields))}`);
    },
  });
  const { clientOf, log } = runtime;
  const table = { client: clientOf(DynamoDBClient), tableName: settings.table, report: log.warn };
  const cloudWatch = clientOf(CloudWatchClient);
  const scalingClients = { scaling: clientOf(ApplicationAutoScalingClient), cloudWatch };
  return {
    region,
    prefix: options.prefix,
    stack,
    ...createCaller(parts, clientOf),
    runtime,
    fleet: createFleetStore(table),
    holdHistory: createHoldHistory(table),
    breakers: createBreakerStore(table),
    endpoints: createEndpointControl({ client: clientOf(SageMakerClient), clock: wire.clock, sleep }),
    scaling: { ...createScalingControl(scalingClients), ...createSnapshotControl(scalingClients) },
    metrics: createMetricReader(cloudWatch),
    documents: createDocumentSource(clientOf(SSMClient), options.prefix),
    skew: () => wire.skew(),
    now: () => wire.clock.now(),
    sleep,
    explain: parts.explain,
    explainFailure: (failure) => parts.explain(new CallFailed(failure)) ?? failure.message,
  };
}
