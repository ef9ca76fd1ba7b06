import { rungAt } from '../../shared/domain/agenda.ts';
import type { Rules } from '../rulebook.ts';
import { type Check, type CheckContext, HOUR_MS, MINUTE_MS } from './context.ts';
import { isExcused } from './promises.ts';

/** A queue is left to expire by us when nothing served it for this share of its requests' life. */
const SHARE_AT_ZERO = 0.5;
/** Of an endpoint whose starts have not been seen yet. */
const LONG_START_MS = 30 * MINUTE_MS;

/**
 * The policy itself closed the queue at some time in [from, at]. One that does so for longer than requests may live is
 * refused; how long a caller lets his live, less than that, no API tells.
 */
function wasClosed({ agenda }: Rules, from: number, at: number): boolean {
  if (agenda === undefined) return false;
  const isClosed = (instant: number): boolean => {
    const rung = rungAt(agenda, instant);
    return rung?.kind === 'bounds' && rung.max === 0;
  };
  return isClosed(Math.max(from, agenda.from)) || isClosed(at);
}

/** 7: a queued asynchronous request is never left to expire by us; an asynchronous endpoint is never deleted. */
export function checkQueues(context: CheckContext): Check {
  const queues = context.run.scenario.endpoints
    .filter(({ kind }) => kind === 'async')
    .map((endpoint) => ({
      endpoint,
      expired: 0,
      zeroSince: endpoint.instances === 0 ? context.run.scenario.start : undefined,
    }));
  type Queue = { endpoint: (typeof queues)[number]['endpoint']; expired: number; zeroSince: number | undefined };

  function judge(queue: Queue, at: number): void {
    const { name, requestTtlSeconds = 21_600 } = queue.endpoint;
    const { expired } = context.run.aws.world.requests(name);
    if (expired === queue.expired) return;
    queue.expired = expired;
    const rules = context.rulebook.rulesOf(name);
    const state = context.state.endpoint(name);
    if (rules?.policyName === undefined || rules.policy === undefined || state === undefined) return;
    // A policy that was refused, and told so, does nothing.
    if (context.state.toldInvalid(name, rules.policyFrom) || context.state.isUnruled(name)) return;
    const atZero = queue.zeroSince !== undefined && at - queue.zeroSince > SHARE_AT_ZERO * requestTtlSeconds * 1_000;
    const hold = context.state.holdOf(name, at);
    // What waited for the end of a hold still waits for the start that follows.
    const freed = at - context.state.lastOrderChange(name, at);
    const starting = freed <= context.graceMs + Math.max(state.longestStartMs, LONG_START_MS);
    const forbidden = hold?.mode === 'hands-off' || hold?.mode === 'down' || context.state.mode() !== 'on';
    const bound = forbidden || starting || wasClosed(rules, at - context.graceMs - LONG_START_MS, at);
    // A queue whose metrics say nothing is a queue of which nobody knows.
    const isUnseen = context.state.metricsHidden(name, at - SHARE_AT_ZERO * requestTtlSeconds * 1_000, at);
    const excused =
      isUnseen ||
      isExcused(context, state, at, HOUR_MS) ||
      context.state.isDisturbed(at - requestTtlSeconds * 1_000, at);
    context.judge(!atZero || bound || excused, 7, name, () => {
      const hours = ((at - queue.zeroSince!) / HOUR_MS).toFixed(1);
      return `requests expired in the queue after ${hours} hours without an instance`;
    });
  }

  return {
    call({ service, operation, caller, input, error }) {
      if (service !== 'SageMaker' || operation !== 'DeleteEndpoint' || caller.kind !== 'product') return;
      const name = String(input?.EndpointName);
      const queue = queues.find(({ endpoint }) => endpoint.name === name);
      if (queue !== undefined) context.judge(error !== undefined, 7, name, 'an asynchronous endpoint was deleted');
    },
    change({ endpoint, desired, at }) {
      const queue: Queue | undefined = queues.find((one) => one.endpoint.name === endpoint);
      if (queue === undefined) return;
      if (desired === 0) queue.zeroSince ??= at;
      else queue.zeroSince = undefined;
    },
    step(at) {
      if (queues.length === 0) return;
      for (const queue of queues) judge(queue as Queue, at);
      context.wakeAt(at + 10 * MINUTE_MS);
    },
  };
}
