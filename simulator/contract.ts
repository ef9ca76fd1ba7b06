/**
 * What the parts of the simulated AWS agree on. Everything in simulator/ is independent of the product:
 * it imports nothing from shared/, functions/ or rehearsal/.
 *
 * Time is virtual and in epoch milliseconds. Service operations are synchronous functions on simulated state, so that
 * a call is atomic; what takes time in AWS (an endpoint starting) is an event on the clock.
 */

import type { Readings } from './readings.ts';

export type { Readings } from './readings.ts';

export type EpochMs = number;

/** Services as the SDK names its clients. */
export type ServiceName =
  | 'SageMaker'
  | 'SageMakerRuntime'
  | 'ApplicationAutoScaling'
  | 'CloudWatch'
  | 'EventBridge'
  | 'SSM'
  | 'DynamoDB'
  | 'ResourceGroupsTaggingAPI';

/**
 * Who calls. Scripted faults (`throttle`, `fail`, `crash`) hit callers of kind `product` only.
 * `name` is the logical id of the function's resource in template.yaml (`IdleWindows`) for `product`,
 * the service principal for `service` (Application Auto Scaling changing capacity), free text for `person`.
 */
export interface Caller {
  readonly kind: 'product' | 'service' | 'person';
  readonly name: string;
}

/** An error answer of a service, as the wire shows it. `code` is the exception's shape name or bare code. */
export class ApiError extends Error {
  readonly code: string;
  readonly httpStatus: number;
  /** More members of the error body (e.g. `Item` of a ConditionalCheckFailedException). */
  readonly fields: Readonly<Record<string, unknown>>;
  constructor(code: string, message: string, httpStatus = 400, fields: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.httpStatus = httpStatus;
    this.fields = fields;
  }
}

export interface CallContext {
  readonly caller: Caller;
  readonly now: EpochMs;
}

/**
 * One API operation: takes the decoded, already validated input (timestamps as Date, blobs as Uint8Array) and returns
 * the output in the same form, or throws ApiError.
 */
// biome-ignore lint/suspicious/noExplicitAny: inputs are validated against the published model before they arrive
export type Operation = (input: any, context: CallContext) => unknown;

export interface SimulatedService {
  readonly name: ServiceName;
  readonly operations: Readonly<Record<string, Operation>>;
}

/** Condition keys of a request. Keys that hold several values (`aws:TagKeys`, `events:source`) are lists. */
export type RequestContext = Readonly<Record<string, string | readonly string[]>>;

/** What a caller's policies must allow for a call to work. */
export interface Permission {
  /** `sagemaker:DeleteEndpoint` */
  readonly action: string;
  /** An ARN, or `*` where the service knows no resources. */
  readonly resource: string;
  readonly context: RequestContext;
  /** The operation in whose course AWS asks for it, where that is not the action itself: `SageMaker.CreateEndpoint`. */
  readonly impliedBy?: string;
}

/** One call as it happened; given to observers after the operation ran (or failed). */
export interface CallRecord {
  readonly seq: number;
  readonly at: EpochMs;
  readonly caller: Caller;
  readonly service: ServiceName;
  readonly operation: string;
  /** Changes something in the simulated world (by a list in the simulator, not by name prefix guessing). */
  readonly mutating: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: any operation's shape
  readonly input: any;
  // biome-ignore lint/suspicious/noExplicitAny: any operation's shape
  readonly output?: any;
  readonly error?: { readonly code: string; readonly message: string };
  /** With `enforceIam`, of calls of the product: what the call needed. */
  readonly needed?: readonly Permission[];
  /** The permission for want of which IAM refused it; absent where it was not IAM. */
  readonly missing?: Permission;
}

/** Order of events that fall on the same instant: the world first, then metrics and alarms, then what runs because of them. */
export const PRIORITY = {
  world: 0,
  traffic: 1,
  metrics: 2,
  alarms: 3,
  scaling: 4,
  delivery: 5,
  schedules: 6,
  script: 7,
} as const;
export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

export interface Timer {
  cancel(): void;
}

export interface SimClock {
  now(): EpochMs;
  /** Runs `fn` when the clock reaches `time` (never before now). Same time: by priority, then in order of registration. */
  at(time: EpochMs, priority: Priority, fn: () => void): Timer;
  /** Resolves when the clock has moved on by `ms`; what product code waits on (`sleep` of its runtime). */
  sleep(ms: number): Promise<void>;
}

/** An event on the (only, default) bus, in EventBridge's envelope once delivered. */
export interface BusEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly resources?: readonly string[];
  /** Defaults to now. */
  readonly time?: EpochMs;
}

/** What the kernel gives to every simulated service. */
export interface Kernel {
  readonly clock: SimClock;
  readonly region: string;
  readonly accountId: string;
  /** How this account reads what AWS leaves open. */
  readonly readings: Readings;
  /** A random stream of its own for each name: drawing from one never shifts another. Values in [0, 1). */
  random(stream: string): () => number;
  /** Deterministic ids: uuid-shaped, unique within the run. */
  uuid(stream: string): string;
  /** A service's own call of another service (Application Auto Scaling → SageMaker); recorded like any other. Throws ApiError. */
  // biome-ignore lint/suspicious/noExplicitAny: any operation's shape
  call(caller: Caller, service: ServiceName, operation: string, input: any): any;
  /** Puts an event of a service on the bus (rules match it, targets run). */
  emit(event: BusEvent): void;
}

// ---------------------------------------------------------------------------------------------------------------- load

/** Width of a traffic slot. Slot n covers [start + n*10 s, start + (n+1)*10 s). */
export const SLOT_MS = 10_000;

/** How requests reach one endpoint and how an instance serves them. */
export interface EndpointLoad {
  /** Requests that arrive in slot n, an integer ≥ 0. A pure function: asked again where the simulator looks ahead. */
  arrivals(slot: number): number;
  /**
   * One instance: so many at once, each taking so long. The rest queues. `streams`: each is a stream that is answered as
   * it goes; without it a real-time request that takes over a minute has failed.
   */
  readonly serves: { readonly concurrent: number; readonly seconds: number; readonly streams?: boolean };
  /** How many at once an instance of these types takes instead. */
  readonly concurrentByType?: Readonly<Record<string, number>>;
  /** Real-time only: what becomes of a request when nothing is in service. */
  readonly whenAway: 'lost' | 'asks';
  /** Serverless only: how long compute takes to start for a request that finds none free (10 s). */
  readonly coldStartSeconds?: number;
  /** Asynchronous only: seconds until a queued request expires. */
  readonly requestTtlSeconds?: number;
  /** `asks`: called at most once a simulated minute while anyone waits for the absent endpoint. */
  readonly onAsk?: (at: EpochMs) => void;
}

/**
 * What a serverless endpoint's requests made of its concurrency. GB-seconds: time in service of requests by the memory of
 * the endpoint, on provisioned concurrency or beyond it; both are paid for beside the provisioned concurrency itself.
 */
export interface ServerlessUse {
  /** Requests that waited for compute to start. */
  readonly coldStarts: number;
  /** Of the failed ones those that found the maximum concurrency in use. */
  readonly throttled: number;
  readonly provisionedGigabyteSeconds: number;
  readonly onDemandGigabyteSeconds: number;
}

/**
 * total = served + failed + expired + pending; counted beside: `cold`, nothing was in service when the request came, and
 * `cut`, of the failed ones those whose connection ended because their instance, or the endpoint, was taken away.
 */
export interface RequestTotals {
  readonly total: number;
  readonly served: number;
  readonly cold: number;
  readonly failed: number;
  readonly cut: number;
  readonly expired: number;
  readonly pending: number;
}

/**
 * Seconds from a request's arrival at the endpoint to its answer, over all that were begun: time in the queue before a
 * free place on an instance, and the service time; of a stream, to its begin. What was given up, turned away or takes
 * longer than a caller waits is not among them.
 */
export interface LatencySummary {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** The p95 of the hour since the start in which it was highest: what a short rush does to its callers. */
  readonly worstHourP95: number;
}

// --------------------------------------------------------------------------------------------------------- observation

/** State of an endpoint from `at` on, reported whenever any of its fields changed. */
export interface EndpointChange {
  readonly at: EpochMs;
  readonly endpoint: string;
  /** API spelling (`InService`), or `Absent` when there is none. */
  readonly status: string;
  readonly desired: number;
  /** Instances in service (able to answer). */
  readonly serving: number;
  readonly config: string;
  readonly instanceType: string;
  /** Where there are several; `desired` and `serving` of the endpoint are their sums. */
  readonly variants?: readonly VariantChange[];
}

export interface VariantChange {
  readonly name: string;
  readonly desired: number;
  readonly serving: number;
  /** Share of the traffic that it gets now. */
  readonly weight: number;
}

/** State of an inference component from `at` on; may be told again unchanged. */
export interface ComponentChange {
  readonly at: EpochMs;
  readonly endpoint: string;
  readonly component: string;
  /** API spelling, or `Absent` when there is none any more. */
  readonly status: 'Creating' | 'InService' | 'Updating' | 'Deleting' | 'Failed' | 'Absent';
  /** Copies asked for, and copies able to answer. */
  readonly desired: number;
  readonly serving: number;
}

/**
 * Billed time: a start that works from its call (waiting for capacity is not paid) to the delete or scale-in. Of a
 * serverless endpoint GB-seconds: `serverless-provisioned` of what is kept ready, `serverless-provisioned-use` and
 * `serverless` of requests on it and beyond it.
 */
export interface PaidTime {
  readonly instanceType: string;
  readonly instanceSeconds: number;
}

/** A period during which starts and scale-outs of an instance type (`all`: of any) find no capacity. */
export interface Shortage {
  readonly instanceType: string;
  readonly from: EpochMs;
  /** Absent: to the end. */
  readonly until?: EpochMs;
  /** A start or scale-out begun in the period fails after so long. */
  readonly failsAfterMs: number;
  /** FailureReason of a start that fails; absent: insufficient capacity. */
  readonly reason?: string;
}

/** A period during which starts and scale-outs of an instance type (`all`: of any) are refused: the account's limit is reached. */
export interface QuotaOutage {
  readonly instanceType: string;
  readonly from: EpochMs;
  readonly until: EpochMs | undefined;
}

/** A period during which the containers of an endpoint come up and do not pass their health check. */
export interface Sickness {
  readonly endpoint: string;
  readonly from: EpochMs;
  readonly until: EpochMs | undefined;
  /** A start or scale-out begun in the period fails after so long; its instances run until then. */
  readonly failsAfterMs: number;
  /** `FailureReason`; absent: SageMaker's words for a health check that failed. */
  readonly reason?: string;
}

/**
 * What is wrong with an endpoint's metrics for a while. `missing`: readers and alarms see none, and those of that time never
 * appear. `zero`: counters and sizes of what happens in that time are 0. Late: they can be read so much later.
 */
export type MetricsTrouble = 'missing' | 'zero' | { readonly lateMs: number };

/** A status that an endpoint enters, or does not leave, for a while. */
export interface StuckStatus {
  readonly endpoint: string;
  readonly status: 'Creating' | 'Updating' | 'RollingBack' | 'SystemUpdating' | 'UpdateRollbackFailed';
  readonly from: EpochMs;
  readonly until: EpochMs;
}

/** How long starts and deletes of one endpoint take. `startMs` is asked once per start (n counts from 0). */
export interface EndpointTiming {
  startMs(n: number): number;
  readonly deleteMs: number;
}

/** An endpoint that exists when the simulation begins: InService, created 30 days before. */
export interface EndpointSeed {
  readonly name: string;
  readonly kind: 'real-time' | 'async' | 'components' | 'serverless';
  /** Of a serverless endpoint it says nothing. */
  readonly instanceType: string;
  /** Instance pools instead, best first; `instanceType` is the first, on which it stands when the simulation begins. */
  readonly pools?: readonly string[];
  /** Kind components: at least so many; as many as the copies need are there. Kind serverless: its provisioned concurrency, 0: none. */
  readonly instances: number;
  /** Several variants, instead of one `AllTraffic` with that type and count. */
  readonly variants?: readonly VariantSeed[];
  readonly tags: Readonly<Record<string, string>>;
  readonly timing: EndpointTiming;
  readonly load?: EndpointLoad;
  /** Kind serverless only. */
  readonly serverless?: { readonly memoryMb: number; readonly maxConcurrency: number };
  /** Kind components only. */
  readonly managedScaling?: { readonly min: number; readonly max: number };
  readonly components?: readonly ComponentSeed[];
}

export interface VariantSeed {
  readonly name: string;
  readonly instanceType: string;
  readonly instances: number;
  readonly weight: number;
}

/** An inference component that exists, in service, when the simulation begins; its model bears its name. */
export interface ComponentSeed {
  readonly name: string;
  readonly copies: number;
  /** What one copy takes of an instance. */
  readonly needs: { readonly cpus?: number; readonly accelerators?: number; readonly memoryMb: number };
  /** How long copies take to start on an instance that is there. Asked once per change (n counts from 0). */
  readonly startMs: (n: number) => number;
  readonly load?: EndpointLoad;
}

/** SageMaker, Application Auto Scaling and CloudWatch with the load on the endpoints: the part that has a life of its own. */
export interface World {
  readonly services: readonly SimulatedService[];
  /**
   * Creates model (name = endpoint's), endpoint config (the same), endpoint with one variant
   * `AllTraffic` or those named, and its load.
   * The config of an async endpoint has AsyncInferenceConfig; instances 0 is allowed there. A variant of kind components
   * has no model: each of its components has one.
   */
  seed(endpoint: EndpointSeed): void;
  /** Timing and load for an endpoint name that somebody creates later (absent: 8 min, 2 min, no load). */
  setTiming(endpoint: string, timing: EndpointTiming): void;
  /** `count` extra requests arriving now. */
  inject(endpoint: string, count: number, component?: string): void;
  /** Somebody pushes another image under this tag: endpoints created from then on run that one. */
  pushImage(image: string): void;
  /** The handle counts the starts and scale-outs that found no capacity because of it. */
  addShortage(shortage: Shortage): FaultHandle;
  /** The handle counts refused calls. */
  addQuotaOutage(outage: QuotaOutage): FaultHandle;
  /** The handle counts starts and scale-outs. */
  addSickness(sickness: Sickness): FaultHandle;
  /** The handle counts how often the endpoint entered the status because of it, or stayed in it longer. */
  addStuckStatus(stuck: StuckStatus): FaultHandle;
  /** The handle counts reads and evaluations in the period. */
  troubleMetrics(endpoint: string, from: EpochMs, until: EpochMs | undefined, mode: MetricsTrouble): FaultHandle;
  /** Of the endpoint with its components, or of one component. */
  requests(endpoint: string, component?: string): RequestTotals;
  /** Of the variant at that place in its config: SageMaker splits requests by weight. */
  requestsOf(endpoint: string, index: number): RequestTotals;
  /** Undefined: no request was answered. */
  latency(endpoint: string, component?: string): LatencySummary | undefined;
  /** Undefined: the endpoint was never serverless. */
  serverlessUse(endpoint: string): ServerlessUse | undefined;
  /** Requests that arrived in each hour since the start (for pictures). */
  arrivalsByHour(endpoint: string): readonly number[];
  paid(endpoint: string): readonly PaidTime[];
  /** Tags as SageMaker holds them now, for the tagging API: every resource, including deleted ones with the instant of deletion. */
  taggedResources(): readonly TaggedResource[];
  onEndpointChange(listener: (change: EndpointChange) => void): void;
  onComponentChange(listener: (change: ComponentChange) => void): void;
  /** A datapoint that reaches CloudWatch by no call: of a service's own metric, or of a log line in embedded metric format. */
  publishMetric(metric: PublishedMetric): void;
  /** Brings load and metrics up to now; called before anything reads them from outside. */
  settle(): void;
}

export interface PublishedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** As CloudWatch names units: Count, Seconds, None … */
  readonly unit: string;
  readonly value: number;
}

export interface TaggedResource {
  readonly arn: string;
  /** History, oldest first: the tags from `at` on; undefined once deleted. The tagging API answers from its lagging past. */
  readonly history: readonly { readonly at: EpochMs; readonly tags: Readonly<Record<string, string>> | undefined }[];
}

// -------------------------------------------------------------------------------------------- functions and deployment

export interface InvocationContext {
  readonly functionId: string;
  readonly requestId: string;
  readonly attempt: number;
  /** The instant at which the invocation is killed. */
  readonly deadline: EpochMs;
}

/** How one invocation ended. `crashed` and `timed-out` drop the execution environment; Lambda retries all but `ok`. */
export type InvocationOutcome = 'ok' | 'error' | 'crashed' | 'timed-out';

/**
 * The code of a deployed function, as the rehearsal provides it. `invoke` starts a run; its promise settles when the
 * handler does, and never if the run crashed (then the provider calls `context.crash()` through the hook it was given).
 */
export interface FunctionImplementation {
  invoke(event: unknown, context: InvocationContext): Promise<unknown>;
  /** The environment is dropped: the next invocation is a cold start. */
  drop(): void;
  /** Deployed again: invocations from now on start cold in the new environment, running ones end in the old one. */
  replace?(fn: DeployedFunction): void;
}

/** A function as template.yaml defines it, after parameters are applied. */
export interface DeployedFunction {
  readonly id: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeMs: number;
}

// ------------------------------------------------------------------------------------------------------------- facade

export interface SimulatedAwsOptions {
  readonly start: EpochMs;
  readonly seed: number;
  readonly region: string;
  /** Default 123456789012. */
  readonly accountId?: string;
  /** How far the tagging API is behind SageMaker's own tags. Default 3 minutes. */
  readonly taggingLagMs?: number;
  /**
   * Calls of kind `product` need what the role of their function in the deployed template allows, the permissions that
   * AWS asks for in the course of a call included; persons and services may do everything. Default false.
   */
  readonly enforceIam?: boolean;
  /** Other readings of what AWS leaves open than the default ones. */
  readonly readings?: Partial<Readings>;
}

/** How often a scripted fault took effect; kept up to date while the simulation runs. */
export interface FaultHandle {
  times(): number;
}

/** `Service.Operation`, with `*` for any part: `SageMaker.*`, `*`, `DynamoDB.PutItem`. */
export type CallPattern = string;

export interface CallFault {
  readonly from: EpochMs;
  readonly until: EpochMs | undefined;
  readonly calls: CallPattern;
  /** Of the matching calls of kind `product`, the share that is hit (0 … 1), drawn by seed. */
  readonly share: number;
  /** The answer instead of running the operation: `{ code, message, httpStatus }`, and more members of the error. */
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly httpStatus?: number;
    readonly fields?: Readonly<Record<string, unknown>>;
  };
}

/** What the network does to the answer of a call: connection reset, body cut off, a proxy's HTML page (502). */
export interface NetworkFault {
  readonly from: EpochMs;
  readonly until: EpochMs | undefined;
  readonly calls: CallPattern;
  /** Of the matching calls of kind `product`, the share that is hit (0 … 1), drawn by seed. */
  readonly share: number;
  readonly kind: 'reset' | 'truncated' | 'html';
  /** `after`: the operation took effect and only its answer is lost. `before`: it never reached the service. */
  readonly effect: 'before' | 'after';
}

/** Reads answer from a state that is so old: eventual consistency at its worst. */
export interface StaleReads {
  readonly from: EpochMs;
  readonly until: EpochMs | undefined;
  /** Of these, calls of kind `product` that read, and not with ConsistentRead. */
  readonly calls: CallPattern;
  readonly byMs: number;
}

export interface DeliveryFault {
  readonly from: EpochMs;
  readonly until: EpochMs | undefined;
  /** A detail type, `tick` (deliveries of the Scheduler), or undefined: every event on the bus, never ticks. */
  readonly of: string | undefined;
  readonly mode: DeliveryMode;
}

export type DeliveryMode =
  | 'drop'
  | 'twice'
  | { readonly delayMs: number }
  /** Each delivery is late by a time of its own, up to so much, drawn by seed: they overtake each other. */
  | { readonly shuffleMs: number }
  /** Fields that are missing from what is delivered, as dotted paths: `detail.EndpointStatus`, `time`. */
  | { readonly without: readonly string[] };

/** What a gate does to a call: lets it pass, holds it, or `dead`: its caller is no more, and nothing of it settles again. */
export type GateVerdict = void | Promise<void> | 'dead';

/** Lets the owner of an in-process client hold or kill a call. */
export interface CallGate {
  before?(call: { service: ServiceName; operation: string; caller: Caller }): GateVerdict;
  /** After the operation took effect and before its answer is delivered. */
  after?(record: CallRecord): GateVerdict;
}

/** A stack created from template.yaml: functions, rules, schedules, tables and parameters as the template says. */
export interface Deployment {
  /** As deployed now. */
  readonly functions: readonly DeployedFunction[];
  /**
   * Deploys the same template again with these parameters changed: functions, parameters, alarms, rules and schedules
   * become what it says then, and what did not change is left alone. Throws TemplateError for a value that is not allowed.
   */
  update(parameters: Readonly<Record<string, string>>): void;
  /** Ends a running invocation as `crashed` at once; Lambda's retries follow the template. No-op when it has ended. */
  crash(requestId: string): void;
  /**
   * Starts one more run of the function now, beside those that run: on the event of its schedule, or, of a function
   * without one, on the newest event that it was given. False: it has neither.
   */
  startAgain(functionId: string): boolean;
  /** A run goes on though its invocation ended: its environment was frozen, not killed. To be called when it is over. */
  outlive(): () => void;
  /** Listener for the end of every invocation. */
  onInvocationEnd(
    listener: (end: {
      at: EpochMs;
      functionId: string;
      requestId: string;
      outcome: InvocationOutcome;
      error?: unknown;
    }) => void,
  ): void;
}

/** A complete simulated AWS account in one region. */
export interface SimulatedAws extends Kernel {
  readonly world: World;
  /**
   * Deploys a SAM template (YAML text): evaluates parameters, conditions and intrinsics; creates its DynamoDB tables,
   * SSM parameters, alarms and rules; wires schedules and rules to functions. A parameter outside its allowed values,
   * or a resource type it cannot model that could change a run's outcome, is an error that names it.
   */
  deploy(
    templateText: string,
    parameters: Readonly<Record<string, string>>,
    implement: (fn: DeployedFunction) => FunctionImplementation,
  ): Deployment;
  /**
   * An SDK v3 `requestHandler` that answers in-process over the real wire format (the SDK serialises, we parse, run,
   * and serialise back). One instance per caller.
   */
  requestHandler(caller: Caller, gate?: CallGate): SdkRequestHandler;
  addCallFault(fault: CallFault): FaultHandle;
  addNetworkFault(fault: NetworkFault): FaultHandle;
  /** To be told before the clock runs: the past is kept from here on. The handle counts answers that were not today's. */
  addStaleReads(fault: StaleReads): FaultHandle;
  addDeliveryFault(fault: DeliveryFault): FaultHandle;
  onCall(listener: (record: CallRecord) => void): void;
  /** Every event put on the bus, by services or by anybody's PutEvents, in EventBridge's envelope. */
  onBusEvent(listener: (event: Readonly<Record<string, unknown>>) => void): void;
  /** Called after every clock event once all live runs are quiet. */
  onStep(listener: (at: EpochMs) => void): void;
  /** Calls made so far: `SageMaker.DescribeEndpoint` → n; everybody's, failed ones too. */
  callCounts(): Readonly<Record<string, number>>;
  /** Moves the clock to `until`, running everything due; resolves when the last due run is quiet. */
  run(until: EpochMs): Promise<void>;
}

/** What the SDK asks of a request handler (the shape of `@smithy/types` HttpHandler, kept minimal here). */
export interface SdkRequestHandler {
  readonly metadata: { readonly handlerProtocol: string };
  // biome-ignore lint/suspicious/noExplicitAny: @smithy/types' HttpRequest and HttpResponse
  handle(request: any, options?: any): Promise<{ response: any }>;
  destroy(): void;
  updateHttpClientConfig(key: never, value: never): void;
  httpHandlerConfigs(): Record<string, never>;
}
