import type { DeliveryMode, MetricsTrouble, Readings, StuckStatus, VariantSeed } from '../simulator/contract.ts';
import type { MinuteCounts } from './traffic/traffic.ts';

/** A scenario with every path read, every default applied and every time resolved: what the runner works on. */
export interface Scenario {
  /** File name without folder. */
  readonly name: string;
  /** Epoch ms. */
  readonly start: number;
  readonly durationMs: number;
  readonly seed: number;
  readonly region: string;
  /** Other readings of what AWS leaves open than the simulator's own. */
  readonly readings: Partial<Readings>;
  /** Parameters of template.yaml. */
  readonly parameters: Readonly<Record<string, string>>;
  /** USD per hour by instance type, over the table that ships. */
  readonly prices: Readonly<Record<string, number>>;
  /** Parameter values as `apply` would write them (JSON text), by name. */
  readonly schedules: Readonly<Record<string, string>>;
  readonly policies: Readonly<Record<string, string>>;
  readonly endpoints: readonly ScenarioEndpoint[];
  readonly happens: readonly Happening[];
  readonly expect?: Expectation;
}

export interface ScenarioEndpoint {
  readonly name: string;
  readonly kind: 'real-time' | 'async' | 'components' | 'serverless';
  /** The enrolling tag's value; absent: not enrolled. */
  readonly policy?: string;
  /** More tags. */
  readonly tags: Readonly<Record<string, string>>;
  /** Of pools the first one's; `serverless` where there is none. */
  readonly instanceType: string;
  /** Instance pools, best first, with what one instance takes at once. */
  readonly pools?: readonly { readonly instanceType: string; readonly concurrent: number }[];
  /** Of all variants together. Kind components: 0, there are as many as its copies need; serverless: its provisioned concurrency. */
  readonly instances: number;
  /** Where there are several. */
  readonly variants?: readonly VariantSeed[];
  readonly startsIn: StartTime;
  readonly deletesInMs: number;
  readonly serves: { readonly concurrent: number; readonly seconds: number; readonly streams?: boolean };
  readonly traffic: MinuteCounts;
  readonly whenAway: WhenAway;
  readonly requestTtlSeconds?: number;
  /** Kind serverless. */
  readonly serverless?:
    | { readonly memoryMb: number; readonly maxConcurrency: number; readonly coldStartSeconds: number }
    | undefined;
  /** Kind components: how many instances SageMaker may run, and the components, which have traffic of their own. */
  readonly hosting?: { readonly min: number; readonly max: number; readonly components: readonly ScenarioComponent[] };
}

/** What becomes of a request that finds nothing in service: lost; told of on the bus and tried again; tried again only. */
type WhenAway = 'lost' | 'asks' | 'retries';

export interface ScenarioComponent {
  readonly name: string;
  readonly copies: number;
  readonly needs: { readonly cpus?: number; readonly accelerators?: number; readonly memoryMb: number };
  /** Added copies on an instance that is there. */
  readonly startsIn: StartTime;
  readonly serves: { readonly concurrent: number; readonly seconds: number; readonly streams?: boolean };
  readonly traffic: MinuteCounts;
  readonly whenAway: WhenAway;
}

/** Creating → InService, and added instances. Lognormal: drawn by seed, endpoint, n-th start. */
export type StartTime =
  | { readonly kind: 'fixed'; readonly ms: number }
  | { readonly kind: 'lognormal'; readonly p50Ms: number; readonly p95Ms: number };

/** Unmet: exit code 4. */
interface Expectation {
  /** Share of cold requests of each endpoint, 0 … 1. */
  readonly maxCold?: number;
  /** Lateness of each window. */
  readonly maxLateMs?: number;
  /** Streams of each endpoint that are cut. */
  readonly maxCut?: number;
}

export type FunctionName = 'scheduled-scaling' | 'backlog-wake' | 'idle-windows';

/** One entry of `happens`; times are epoch ms, `until` absent: to the end. `what` is its one line in the result. */
export type Happening = { readonly at: number; readonly what: string } & (
  | {
      readonly verb: 'noCapacity';
      readonly until: number | undefined;
      readonly instanceType: string;
      readonly failsAfterMs: number;
    }
  | { readonly verb: 'noQuota'; readonly until: number | undefined; readonly instanceType: string }
  | {
      readonly verb: 'unhealthy';
      readonly until: number | undefined;
      readonly endpoint: string;
      readonly failsAfterMs: number;
      readonly reason: string | undefined;
    }
  | {
      readonly verb: 'stuck';
      readonly until: number;
      readonly endpoint: string;
      readonly status: StuckStatus['status'];
    }
  | {
      readonly verb: 'callFault';
      readonly until: number | undefined;
      readonly calls: string;
      readonly share: number;
      readonly error: { readonly code: string; readonly message: string; readonly httpStatus?: number };
    }
  | {
      readonly verb: 'network';
      readonly until: number | undefined;
      readonly calls: string;
      readonly share: number;
      readonly kind: 'reset' | 'truncated' | 'html';
      readonly effect: 'before' | 'after';
    }
  | { readonly verb: 'crash'; readonly function: FunctionName; readonly after: string; readonly nth: number }
  | {
      readonly verb: 'stall';
      readonly function: FunctionName;
      readonly after: string;
      readonly nth: number;
      readonly durationMs: number;
    }
  | { readonly verb: 'run'; readonly function: FunctionName; readonly count: number }
  | {
      readonly verb: 'events';
      readonly until: number | undefined;
      readonly of: string | undefined;
      readonly mode: DeliveryMode;
    }
  | {
      readonly verb: 'metrics';
      readonly until: number | undefined;
      readonly endpoint: string;
      readonly mode: MetricsTrouble;
    }
  | { readonly verb: 'stale'; readonly until: number | undefined; readonly calls: string; readonly byMs: number }
  | {
      readonly verb: 'clock';
      readonly until: number | undefined;
      /** `aws`: AWS's timestamps differ from every function's clock. */
      readonly of: FunctionName | 'aws';
      readonly byMs: number;
    }
  | {
      readonly verb: 'call';
      readonly service: string;
      readonly operation: string;
      readonly input: Readonly<Record<string, unknown>>;
    }
  | {
      readonly verb: 'requests';
      readonly count: number;
      readonly endpoint: string;
      /** Of an endpoint of kind components. */
      readonly component: string | undefined;
    }
  | { readonly verb: 'put'; readonly kind: 'schedules' | 'policies'; readonly name: string; readonly text: string }
  | { readonly verb: 'remove'; readonly kind: 'schedules' | 'policies'; readonly name: string }
  | { readonly verb: 'deploy'; readonly parameters: Readonly<Record<string, string>> }
  | { readonly verb: 'giveBack'; readonly endpoint: string }
  | {
      readonly verb: 'hold';
      readonly endpoint: string;
      readonly mode: 'up' | 'down' | 'hands-off';
      readonly until: number;
      readonly why: string;
    }
  | { readonly verb: 'unhold'; readonly endpoint: string }
);
