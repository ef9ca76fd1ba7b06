import { REQUEST_SOURCE } from '../shared/domain/decision.ts';
import type { Deployment, EndpointLoad, EndpointSeed, EndpointTiming, SimulatedAws } from '../simulator/contract.ts';
import { createSimulatedAws } from '../simulator/index.ts';
import { type Api, createApi, mustAnswer } from './api.ts';
import { CallCoverage } from './call-coverage.ts';
import { Clocks } from './clocks.ts';
import { publishMetrics } from './embedded-metrics.ts';
import { type Code, RehearsedFunction } from './functions.ts';
import type { Scenario, ScenarioEndpoint, StartTime } from './model.ts';
import { Observer } from './observe.ts';
import { parameterOf, type Run } from './run.ts';
import { type Script, scheduleHappenings } from './script.ts';
import { arrivalsOf } from './traffic/traffic.ts';

export interface RunnerOptions {
  /** Text of template.yaml: what is deployed. */
  readonly template: string;
  /** What its functions run. */
  readonly code: Code;
  /** What they run once the scenario deployed them again: another version of the code. Absent: the same. */
  readonly codeAfterDeploy?: Code;
  /** The functions may do only what their roles in the template allow. */
  readonly enforceIam?: boolean;
  /** Called now and then with the share of the simulated time that has passed, 0 … 1. */
  readonly onProgress?: (share: number) => void;
  /** Stops the run at the next pause; `rehearse` then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called once everything stands and before time moves: where the invariant checker attaches. */
  readonly onReady?: (run: Run) => void;
}

/** Simulated time between two calls of `onProgress`. */
const PROGRESS_STEP_MS = 6 * 3_600_000;
const OBSERVED_TEMPLATE_ENV = ['TAG_PREFIX', 'TABLE_NAME'] as const;

/** Runs the scenario to its end, through the real handlers and SDK clients. */
export async function runScenario(scenario: Scenario, options: RunnerOptions): Promise<Run> {
  const run = await prepareRun(scenario, options);
  options.onReady?.(run);
  const end = scenario.start + scenario.durationMs;
  for (let at = scenario.start; at < end; ) {
    options.signal?.throwIfAborted();
    at = Math.min(end, at + PROGRESS_STEP_MS);
    await run.aws.run(at);
    options.onProgress?.((at - scenario.start) / scenario.durationMs);
  }
  run.aws.world.settle();
  return run;
}

async function prepareRun(scenario: Scenario, options: RunnerOptions): Promise<Run> {
  const { start, seed, region, readings } = scenario;
  const aws = createSimulatedAws({ start, seed, region, readings, enforceIam: options.enforceIam === true });
  const observer = new Observer(aws);
  const functions = new Map<string, RehearsedFunction>();
  const coverage = new CallCoverage();
  const clocks = new Clocks();
  const script: { fateOf: Script['fateAfter'] } = { fateOf: () => undefined };
  const deployment: Deployment = aws.deploy(options.template, scenario.parameters, (deployed) => {
    const code = options.code[deployed.id];
    const next = (options.codeAfterDeploy ?? options.code)[deployed.id];
    if (code === undefined || next === undefined) {
      const known = Object.keys(options.code).join(', ');
      throw new Error(`template: Resources.${deployed.id}: a function without code here; known: ${known}`);
    }
    const implementation = new RehearsedFunction(
      aws,
      deployed,
      { now: code, next },
      {
        onLog: (fn, line) => {
          observer.log(fn, line);
          if (line.logType === 'metric') publishMetrics(aws, deployed.environment['TAG_PREFIX'] ?? '', line);
        },
        onCallBegin: () => observer.callBegins(),
        afterCall: (fn, call, ordinal) => {
          const fate = script.fateOf(fn, call);
          coverage.note(fn, call, ordinal, fate);
          return fate;
        },
        crash: (requestId) => deployment.crash(requestId),
        now: () => clocks.read(code.name, aws.clock.now()),
        outlive: () => deployment.outlive(),
        onLateFailure: (error) => observer.failed(deployed.id, error),
      },
    );
    functions.set(deployed.id, implementation);
    return implementation;
  });
  // What CloudFormation does is nobody's call in the run.
  observer.calls.clear();
  deployment.onInvocationEnd(({ functionId, requestId, outcome, error }) => {
    observer.invocationEnded(functionId, outcome, error);
    if (outcome === 'crashed' || outcome === 'timed-out') functions.get(functionId)?.kill(requestId);
  });
  const [tagPrefix, tableName] = OBSERVED_TEMPLATE_ENV.map((name) => environmentOf(deployment, name)) as [
    string,
    string,
  ];
  const person = createApi(aws, { kind: 'person', name: 'someone' });
  for (const endpoint of scenario.endpoints) aws.world.seed(seedOf(endpoint, aws, tagPrefix));
  await putDocuments(scenario, person, tagPrefix);
  const unscripted = { scenario, aws, deployment, observer, tagPrefix, tableName, person, functions, coverage, clocks };
  const { states, fateAfter } = scheduleHappenings(unscripted);
  script.fateOf = fateAfter;
  return { ...unscripted, happenings: states };
}

/** What the template gives to all functions alike. */
function environmentOf(deployment: Deployment, name: string): string {
  const values = new Set(deployment.functions.map((fn) => fn.environment[name]).filter((value) => value !== undefined));
  const [value] = values;
  if (value === undefined || values.size > 1) {
    throw new Error(
      `template: Environment: ${name}: ${values.size === 0 ? 'missing' : [...values].join(', ')}: must be the same for every function`,
    );
  }
  return value;
}

async function putDocuments(scenario: Scenario, person: Api, tagPrefix: string): Promise<void> {
  for (const kind of ['schedules', 'policies'] as const) {
    for (const [name, text] of Object.entries(scenario[kind])) {
      await mustAnswer(person, 'SSM', 'PutParameter', parameterOf(tagPrefix, kind, name, text));
    }
  }
}

function seedOf(endpoint: ScenarioEndpoint, aws: SimulatedAws, tagPrefix: string) {
  const enrolment = endpoint.policy === undefined ? {} : { [`${tagPrefix}:policy`]: endpoint.policy };
  return {
    name: endpoint.name,
    kind: endpoint.kind,
    instanceType: endpoint.instanceType,
    ...(endpoint.pools && { pools: endpoint.pools.map((pool) => pool.instanceType) }),
    instances: endpoint.instances,
    ...(endpoint.variants && { variants: endpoint.variants }),
    ...(endpoint.serverless && { serverless: endpoint.serverless }),
    tags: { ...endpoint.tags, ...enrolment },
    timing: timingOf(endpoint, aws),
    load: {
      ...loadOf(endpoint.name, endpoint, aws),
      ...(endpoint.serverless && { coldStartSeconds: endpoint.serverless.coldStartSeconds }),
      ...(endpoint.requestTtlSeconds === undefined ? {} : { requestTtlSeconds: endpoint.requestTtlSeconds }),
    },
    ...hostingOf(endpoint, aws),
  };
}

function hostingOf(endpoint: ScenarioEndpoint, aws: SimulatedAws): Partial<EndpointSeed> {
  const { hosting } = endpoint;
  if (hosting === undefined) return {};
  return {
    managedScaling: { min: hosting.min, max: hosting.max },
    components: hosting.components.map((component) => ({
      name: component.name,
      copies: component.copies,
      needs: component.needs,
      startMs: startsOf(component.startsIn, aws.random(`copies:${component.name}`)),
      load: loadOf(endpoint.name, component, aws),
    })),
  };
}

function loadOf(
  endpoint: string,
  { traffic, serves, pools, whenAway }: Pick<ScenarioEndpoint, 'traffic' | 'serves' | 'pools' | 'whenAway'>,
  aws: SimulatedAws,
): EndpointLoad {
  return {
    arrivals: arrivalsOf(traffic),
    serves,
    ...(pools && {
      concurrentByType: Object.fromEntries(pools.map((pool) => [pool.instanceType, pool.concurrent])),
    }),
    whenAway: whenAway === 'lost' ? 'lost' : 'asks',
    ...(whenAway === 'asks' ? { onAsk: () => askForWake(aws, endpoint) } : {}),
  };
}

/** What a caller that finds the endpoint gone does: anyone allowed to put events may ask. */
function askForWake(aws: SimulatedAws, endpoint: string): void {
  aws.call({ kind: 'person', name: 'a caller' }, 'EventBridge', 'PutEvents', {
    Entries: [
      {
        Source: REQUEST_SOURCE,
        DetailType: 'Wake Requested',
        Detail: JSON.stringify({ endpoint, by: 'a caller', why: 'a request found nobody' }),
      },
    ],
  });
}

function timingOf(endpoint: ScenarioEndpoint, aws: SimulatedAws): EndpointTiming {
  const startMs = startsOf(endpoint.startsIn, aws.random(`start:${endpoint.name}`));
  return { startMs, deleteMs: endpoint.deletesInMs };
}

/** Drawn in order, whichever is asked for first. */
function startsOf(time: StartTime, random: () => number): (n: number) => number {
  const drawn: number[] = [];
  return (n) => {
    while (drawn.length <= n) drawn.push(drawStart(time, random));
    return drawn[n]!;
  };
}

/** Whole seconds, so that the last bit of a logarithm cannot differ between machines. */
function drawStart(time: StartTime, random: () => number): number {
  if (time.kind === 'fixed') return time.ms;
  const z95 = 1.6448536269514722;
  const sigma = Math.log(time.p95Ms / time.p50Ms) / z95;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.max(1, Math.round((time.p50Ms * Math.exp(sigma * normal)) / 1000)) * 1000;
}
