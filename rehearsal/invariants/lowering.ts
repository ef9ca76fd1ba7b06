import type { CallRecord } from '../../simulator/contract.ts';
import { callersOf, requestsBetween } from './callers.ts';
import { type Check, type CheckContext, MINUTE_MS } from './context.ts';
import { componentOf, type EndpointState } from './world-state.ts';

interface Count {
  readonly VariantName?: string;
  readonly DesiredInstanceCount?: number;
  readonly ServerlessUpdateConfig?: { readonly ProvisionedConcurrency?: number };
}

const METRIC_DELAY_MS = 2 * MINUTE_MS;
const DEFAULT_IDLE_MS = 5 * MINUTE_MS;

/**
 * 8: broken documents and missing metrics never lower anything (deletes are judged beside the rest of their conditions).
 * 1, of a component: its last copy goes as an endpoint does, never while somebody uses it.
 */
export function checkLowering(context: CheckContext): Check {
  const { state: world, rulebook } = context;
  /** Bounds as the product last registered them. */
  const registered = new Map<string, { min: number; max: number }>();

  function judge(endpoint: string, component: string | undefined, what: string, toZero: boolean, at: number): void {
    const rules = rulebook.rulesOf(endpoint, component);
    if (rules?.policyName === undefined || rules.givenBack) return;
    // Runs that read the documents before they broke are over after two ticks.
    const broken = !rules.valid && at - rules.from >= context.graceMs;
    context.judge(!broken, 8, endpoint, `${what} while its documents are invalid`);
    if (!toZero) return;
    const idleFor = rules.policy?.zero?.idleFor ?? DEFAULT_IDLE_MS;
    const hidden = world.metricsHidden(endpoint, at - idleFor - METRIC_DELAY_MS, at);
    context.judge(!hidden, 8, endpoint, `${what} while its metrics were missing`);
  }

  function seeRegister({ input, at }: CallRecord, endpoint: string, component: string | undefined): void {
    const before = registered.get(input.ResourceId);
    const now = { min: input.MinCapacity ?? before?.min ?? 0, max: input.MaxCapacity ?? before?.max ?? 0 };
    registered.set(input.ResourceId, now);
    if (before === undefined || (now.min >= before.min && now.max >= before.max)) return;
    judge(endpoint, component, `lowered bounds to ${now.min}…${now.max}`, false, at);
  }

  return {
    change({ endpoint, status }) {
      if (status !== 'Absent') return;
      // Its targets are gone with it: the last valid policy wakes it, within bounds of its own.
      const gone = `endpoint/${endpoint}/`.toLowerCase();
      for (const id of registered.keys()) if (id.toLowerCase().startsWith(gone)) registered.delete(id);
    },
    call(record) {
      const { caller, service, operation, input, error, at } = record;
      if (caller.kind !== 'product' || error !== undefined) return;
      if (service === 'ApplicationAutoScaling' && operation === 'RegisterScalableTarget') {
        const component = world.component(componentOf(input));
        const endpoint = component?.name ?? /^endpoint\/([^/]+)\//.exec(String(input.ResourceId))?.[1];
        if (endpoint !== undefined) seeRegister(record, endpoint, component?.component);
      } else if (service === 'SageMaker' && operation === 'UpdateInferenceComponentRuntimeConfig') {
        const before = world.componentBeforeCall(componentOf(input));
        const wanted = Number(input.DesiredRuntimeConfig.CopyCount);
        if (before !== undefined && wanted < before.desired) {
          const what = `scaled ${before.component} in from ${before.desired} to ${wanted}`;
          judge(before.name, before.component, what, wanted === 0, at);
          if (wanted === 0 && before.component !== undefined) judgeUse(context, before, before.component, at);
        }
      } else if (service === 'SageMaker' && operation === 'UpdateEndpointWeightsAndCapacities') {
        const endpoint = String(input.EndpointName);
        const counts = (input.DesiredWeightsAndCapacities ?? []) as Count[];
        const state = world.beforeCall(endpoint);
        const variant = state?.variants?.find(({ name }) => name === counts[0]?.VariantName);
        const before = variant?.desired ?? state?.desired ?? 0;
        const wanted =
          counts[0]?.DesiredInstanceCount ?? counts[0]?.ServerlessUpdateConfig?.ProvisionedConcurrency ?? before;
        if (wanted < before) judge(endpoint, undefined, `scaled in from ${before} to ${wanted}`, wanted === 0, at);
      }
    },
  };
}

/** Requests that CloudWatch could show, since there was a copy to answer them, over the shortest time that counts just now. */
function judgeUse(context: CheckContext, before: EndpointState, component: string, at: number): void {
  const callers = callersOf(context.run.scenario, before);
  if (callers === undefined || before.servingSince === undefined) return;
  const history = context.rulebook.historyOf(before.name, component);
  const recent = history.filter((_, index) => (history[index + 1]?.from ?? at) > at - context.graceMs);
  const idleFor = Math.min(...recent.map(({ policy }) => policy?.zero?.idleFor ?? DEFAULT_IDLE_MS));
  const until = at - METRIC_DELAY_MS;
  const counted = requestsBetween(context.run.scenario, callers, Math.max(until - idleFor, before.servingSince), until);
  context.judge(counted === 0, 1, before.name, () => {
    const minutes = idleFor / MINUTE_MS;
    return `took the last copy of ${component} although ${counted} requests came in the ${minutes} minutes before`;
  });
}
