import { EVENT_SOURCE } from '../shared/domain/decision.ts';
import type { LogLine } from '../shared/ports/world.ts';
import type { ComponentChange, EndpointChange, InvocationOutcome, SimulatedAws } from '../simulator/contract.ts';
import { isChecker } from './invariants/context.ts';
import type { FunctionName, ScenarioEndpoint } from './model.ts';
import type { DecisionResult, EventResult } from './result.ts';

/** A decision of the product as it was logged, repeats included. */
export interface LoggedDecision {
  readonly at: number;
  readonly function: FunctionName;
  readonly endpoint: string;
  readonly decision: DecisionResult['decision'];
  readonly reason: string;
  readonly evidence: DecisionResult['evidence'];
  readonly acted: boolean;
  readonly repeated: boolean;
}

/** A problem line of the product: something in a run went unexpectedly wrong. */
export interface LoggedProblem {
  readonly at: number;
  readonly function: FunctionName;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Everything that is seen of a run from outside, in order. */
interface Observations {
  readonly changes: ReadonlyMap<string, readonly EndpointChange[]>;
  /** By component. */
  readonly componentChanges: ReadonlyMap<string, readonly ComponentChange[]>;
  readonly decisions: readonly LoggedDecision[];
  readonly problems: readonly LoggedProblem[];
  readonly events: readonly EventResult[];
  /** Everybody's calls, failed ones too. */
  readonly calls: ReadonlyMap<string, number>;
  /** How the invocations of each function (logical id) ended. */
  readonly invocations: ReadonlyMap<string, Readonly<Record<InvocationOutcome, number>>>;
  /** Instants at which a run crashed or timed out. */
  readonly deaths: readonly number[];
  /** What handlers threw. */
  readonly failures: readonly { readonly at: number; readonly function: string; readonly error: unknown }[];
}

export class Observer implements Observations {
  readonly changes = new Map<string, EndpointChange[]>();
  readonly componentChanges = new Map<string, ComponentChange[]>();
  readonly decisions: LoggedDecision[] = [];
  readonly problems: LoggedProblem[] = [];
  readonly events: EventResult[] = [];
  readonly invocations = new Map<string, Record<InvocationOutcome, number>>();
  readonly failures: { readonly at: number; readonly function: string; readonly error: unknown }[] = [];
  readonly deaths: number[] = [];
  readonly calls = new Map<string, number>();
  readonly #aws: SimulatedAws;
  readonly #decisionListeners: ((decision: LoggedDecision) => void)[] = [];
  readonly #callListeners: (() => void)[] = [];

  constructor(aws: SimulatedAws) {
    this.#aws = aws;
    aws.world.onEndpointChange((change) => this.#changed(change));
    aws.world.onComponentChange((change) => this.#componentChanged(change));
    aws.onBusEvent((event) => this.#announced(event));
    aws.onCall(({ caller, service, operation }) => {
      if (isChecker(caller)) return;
      const call = `${service}.${operation}`;
      this.calls.set(call, (this.calls.get(call) ?? 0) + 1);
    });
  }

  onDecision(listener: (decision: LoggedDecision) => void): void {
    this.#decisionListeners.push(listener);
  }

  onCallBegin(listener: () => void): void {
    this.#callListeners.push(listener);
  }

  callBegins(): void {
    for (const listener of this.#callListeners) listener();
  }

  log(fn: FunctionName, line: LogLine): void {
    if (line.logType === 'problem') {
      const { level: _level, message, logType: _logType, ...fields } = line;
      this.problems.push({ at: this.#aws.clock.now(), function: fn, message, fields });
      return;
    }
    if (line.logType !== 'decision' && line.logType !== 'decision-repeat') return;
    const decision: LoggedDecision = {
      at: this.#aws.clock.now(),
      function: fn,
      endpoint: String(line['endpoint']),
      decision: line['decision'] as LoggedDecision['decision'],
      reason: String(line['reason']),
      evidence: (line['evidence'] ?? {}) as LoggedDecision['evidence'],
      acted: line['acted'] === true,
      repeated: line.logType === 'decision-repeat',
    };
    this.decisions.push(decision);
    for (const listener of this.#decisionListeners) listener(decision);
  }

  invocationEnded(functionId: string, outcome: InvocationOutcome, error: unknown): void {
    let counts = this.invocations.get(functionId);
    if (counts === undefined) {
      counts = { ok: 0, error: 0, crashed: 0, 'timed-out': 0 };
      this.invocations.set(functionId, counts);
    }
    counts[outcome] += 1;
    if (outcome === 'crashed' || outcome === 'timed-out') this.deaths.push(this.#aws.clock.now());
    if (outcome === 'error') this.failed(functionId, error);
  }

  failed(functionId: string, error: unknown): void {
    this.failures.push({ at: this.#aws.clock.now(), function: functionId, error });
  }

  /** Changes of an endpoint from its seeded state on. */
  changesOf(endpoint: ScenarioEndpoint, start: number): readonly EndpointChange[] {
    const seen = this.changes.get(endpoint.name) ?? [];
    if (seen[0]?.at === start) return seen;
    const { name, instances, instanceType } = endpoint;
    const first = { endpoint: name, status: 'InService', config: name, desired: instances, serving: instances };
    const variants = endpoint.variants?.map((one) => ({ ...one, desired: one.instances, serving: one.instances }));
    return [{ at: start, instanceType, ...first, ...(variants && { variants }) }, ...seen];
  }

  #changed(change: EndpointChange): void {
    const known = this.changes.get(change.endpoint);
    if (known === undefined) this.changes.set(change.endpoint, [change]);
    else if (known.at(-1)!.at === change.at) known[known.length - 1] = change;
    else known.push(change);
  }

  #componentChanged(change: ComponentChange): void {
    const known = this.componentChanges.get(change.component);
    const last = known?.at(-1);
    const { status, desired, serving } = change;
    if (last?.status === status && last.desired === desired && last.serving === serving) return;
    if (known === undefined) this.componentChanges.set(change.component, [change]);
    else if (last!.at === change.at) known[known.length - 1] = change;
    else known.push(change);
  }

  #announced(event: Readonly<Record<string, unknown>>): void {
    if (event['source'] !== EVENT_SOURCE) return;
    this.events.push({
      at: toIso(this.#aws.clock.now()),
      detailType: String(event['detail-type']),
      detail: (event['detail'] ?? {}) as EventResult['detail'],
    });
  }
}

export function toIso(instant: number): string {
  return new Date(instant).toISOString();
}

const KEPT: ReadonlySet<string> = new Set(['park', 'wake', 'scale', 'refuse', 'give-back']);

/** Decisions of one endpoint as the result shows them: repeats and equal consecutive ones of a function are one entry. */
export function summariseDecisions(decisions: readonly LoggedDecision[]): DecisionResult[] {
  interface Entry {
    at: number;
    until: number;
    times: number;
    decision: LoggedDecision;
  }
  const entries: Entry[] = [];
  /** By function, and by target where an endpoint has several. */
  const latest = new Map<string, Entry>();
  for (const decision of decisions) {
    const key = `${decision.function} ${decision.evidence['target'] ?? ''}`;
    const last = latest.get(key);
    const same =
      last !== undefined && last.decision.decision === decision.decision && last.decision.reason === decision.reason;
    if (same) {
      last.times += 1;
      last.until = decision.at;
      continue;
    }
    const entry = { at: decision.at, until: decision.at, times: 1, decision };
    latest.set(key, entry);
    if (KEPT.has(decision.decision) || !decision.repeated) entries.push(entry);
  }
  return entries.map(({ at, until, times, decision }) => ({
    at: toIso(at),
    function: decision.function,
    decision: decision.decision,
    reason: decision.reason,
    evidence: decision.evidence,
    times,
    until: toIso(until),
  }));
}
