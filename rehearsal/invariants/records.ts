import type { CallRecord } from '../../simulator/contract.ts';
import type { FunctionName } from '../model.ts';
import { type Check, type CheckContext, MINUTE_MS } from './context.ts';
import { componentOf } from './world-state.ts';

const FUNCTION_OF: Readonly<Record<string, FunctionName>> = {
  ScheduledScaling: 'scheduled-scaling',
  BacklogWake: 'backlog-wake',
  IdleWindows: 'idle-windows',
};
/** Services whose changes are changes of the fleet; the product's own table and events are not. */
const WORLD: ReadonlySet<string> = new Set(['SageMaker', 'ApplicationAutoScaling', 'CloudWatch']);

interface Expected {
  readonly at: number;
  readonly function: FunctionName;
  readonly endpoint: string;
  readonly call: string;
  readonly refused: boolean;
}

/** Name of the endpoint that a call is about, as far as its input says; of a component the one that hosts it. */
export function endpointOf(
  record: CallRecord,
  known: Iterable<{ readonly name: string }>,
  hostOf: (component: string) => string | undefined,
): string | undefined {
  const { input } = record;
  if (typeof input !== 'object' || input === null) return undefined;
  const { EndpointName, ResourceId, ResourceArn, ResourceARN } = input as Readonly<Record<string, unknown>>;
  if (typeof EndpointName === 'string') return EndpointName;
  const component = componentOf(input as Readonly<Record<string, string>>);
  if (component !== '') return hostOf(component);
  if (typeof ResourceId === 'string') return /^endpoint\/([^/]+)\//.exec(ResourceId)?.[1];
  const arn = ResourceArn ?? ResourceARN;
  const text = typeof arn === 'string' ? arn : JSON.stringify(input);
  for (const { name } of known) {
    const pattern = new RegExp(`(?:endpoint/|"Value":"|-)${name}(?![A-Za-z0-9-])`, 'i');
    if (pattern.test(text)) return name;
  }
  return undefined;
}

/** A run that died after its call said nothing: the run that finds the change done has so long to tell it. */
const REPAIRED_WITHIN_MS: Readonly<Record<FunctionName, number>> = {
  'scheduled-scaling': 5 * MINUTE_MS,
  'backlog-wake': 5 * MINUTE_MS,
  // A wake is told as a whole, once everything is back.
  'idle-windows': 30 * MINUTE_MS,
};

/** 9: every change in the world has a decision record with a reason code; every refusal too. */
export function checkRecords(context: CheckContext): Check {
  const expected: Expected[] = [];
  /** Last decision by function and endpoint, lower-cased. */
  const decided = new Map<string, number>();
  /** Last decision that says a change was made, by endpoint, lower-cased. */
  const acted = new Map<string, number>();
  /** Changes of runs that died, which the next ones have to tell. */
  let untold: Expected[] = [];
  const key = (fn: string, endpoint: string): string => `${fn} ${endpoint.toLowerCase()}`;

  return {
    call(record) {
      const { caller, service, operation, mutating, error, at } = record;
      const fn = FUNCTION_OF[caller.name];
      if (caller.kind !== 'product' || !mutating || !WORLD.has(service) || fn === undefined) return;
      const endpoint = endpointOf(record, context.state.endpoints(), context.state.hostOf);
      if (endpoint === undefined) return;
      expected.push({ at, function: fn, endpoint, call: `${service}.${operation}`, refused: error !== undefined });
    },
    decision(decision) {
      decided.set(key(decision.function, decision.endpoint), decision.at);
      if (decision.acted) acted.set(decision.endpoint.toLowerCase(), decision.at);
    },
    step(at) {
      while (expected.length > 0 && at - expected[0]!.at >= MINUTE_MS) judgeSoon(expected.shift()!);
      if (expected.length > 0) context.wakeAt(expected[0]!.at + MINUTE_MS);
      for (const change of untold) {
        const due = dueAt(change);
        if (due > at) context.wakeAt(due);
        else judgeRepaired(change, due);
      }
      untold = untold.filter((change) => dueAt(change) > at);
    },
  };

  /** Five ticks more where a tick is longer than a minute. */
  function dueAt(change: Expected): number {
    return change.at + REPAIRED_WITHIN_MS[change.function] + 5 * (context.graceMs / 2 - MINUTE_MS);
  }

  function judgeSoon(change: Expected): void {
    const told = decided.get(key(change.function, change.endpoint)) ?? Number.NEGATIVE_INFINITY;
    const isTold = told >= change.at - MINUTE_MS;
    if (!isTold && !change.refused && context.state.hasDied(change.at, change.at + MINUTE_MS)) {
      untold.push(change);
      return;
    }
    const hindered = context.state.isDisturbed(change.at - MINUTE_MS, change.at + MINUTE_MS);
    context.judge(isTold || hindered, 9, change.endpoint, () => {
      const what = change.refused ? 'was refused' : 'changed the world';
      return `${change.call} of ${change.function} ${what} without a decision record`;
    });
  }

  function judgeRepaired(change: Expected, due: number): void {
    const told = acted.get(change.endpoint.toLowerCase()) ?? Number.NEGATIVE_INFINITY;
    // Who is stuck in a status comes back, and is told of, when the spell is over.
    const hindered =
      context.state.isDisturbed(change.at + 1, due) || context.state.isAiling(change.endpoint, change.at, due);
    context.judge(
      told >= change.at || hindered,
      9,
      change.endpoint,
      () => `${change.call} of ${change.function} changed the world, its run died, and no later one recorded it`,
    );
  }
}
