import type { CallRecord } from '../../simulator/contract.ts';
import { type Check, type CheckContext, HOUR_MS } from './context.ts';
import { endpointOf } from './records.ts';

/** Letting go follows the loss of the tag by a re-check. */
const LETTING_GO_MS = HOUR_MS;
const FORBIDDEN: ReadonlySet<string> = new Set([
  'DeleteModel',
  'DeleteEndpointConfig',
  'UpdateEndpoint',
  'DeleteTags',
  'AddTags',
]);

/** 10: what we did not make, we do not touch. */
export function checkStrangers(context: CheckContext): Check {
  const { run, rulebook, state: world } = context;
  const prefix = `${run.tagPrefix}-`;
  /** Endpoints that carried the tag once, with the last instant at which they did. */
  const enrolledUntil = new Map<string, number>();
  /** Put by anybody but the product: `<resource> <name>`. */
  const policies = new Set<string>();
  /** Who registered each scalable target first; changing its bounds does not make it one's own, nor does a wake. */
  const makers = new Map<string, 'product' | 'others'>();

  function isOurs(endpoint: string, at: number): boolean {
    const name = world.endpoint(endpoint)?.name ?? endpoint;
    if (rulebook.rulesOf(name)?.policyName !== undefined) return true;
    return at - (enrolledUntil.get(name.toLowerCase()) ?? Number.NEGATIVE_INFINITY) <= LETTING_GO_MS;
  }

  function seeScaling({ service, operation, input, caller }: CallRecord): void {
    const who = caller.kind === 'product' ? 'product' : 'others';
    if (operation === 'RegisterScalableTarget') {
      if (!makers.has(input.ResourceId)) makers.set(input.ResourceId, who);
    } else if (operation === 'DeregisterScalableTarget') makers.delete(input.ResourceId);
    else if (operation === 'PutScalingPolicy' && who === 'others')
      policies.add(`${input.ResourceId} ${input.PolicyName}`);
    else if (service === 'SageMaker' && operation === 'DeleteEndpoint' && caller.kind === 'person') {
      const prefix = `endpoint/${String(input.EndpointName)}/`;
      for (const resource of makers.keys()) if (resource.startsWith(prefix)) makers.delete(resource);
    }
  }

  function judgeScaling({ operation, input }: CallRecord, endpoint: string): void {
    if (operation === 'DeregisterScalableTarget') {
      const foreign = makers.get(input.ResourceId) === 'others';
      context.judge(!foreign, 10, endpoint, `deregistered the scalable target ${input.ResourceId} of somebody else`);
    } else if (operation === 'DeleteScalingPolicy') {
      const foreign = policies.has(`${input.ResourceId} ${input.PolicyName}`);
      context.judge(!foreign, 10, endpoint, `deleted the scaling policy ${input.PolicyName} of somebody else`);
    }
  }

  function judgeAlarms({ operation, input }: CallRecord): void {
    if (operation !== 'DeleteAlarms') return;
    for (const name of (input?.AlarmNames ?? []) as string[]) {
      const ours = name.startsWith(prefix) || name.startsWith('TargetTracking-');
      context.judge(ours, 10, null, `deleted the alarm ${name} of somebody else`);
    }
  }

  return {
    call(record) {
      const { caller, service, operation, mutating, error, at } = record;
      if (!mutating || error !== undefined) return;
      if (caller.kind !== 'product') {
        seeScaling(record);
        return;
      }
      if (service === 'CloudWatch') judgeAlarms(record);
      if (service !== 'SageMaker' && service !== 'ApplicationAutoScaling') return;
      context.judge(
        !FORBIDDEN.has(operation),
        10,
        null,
        `called ${service}.${operation}, which changes what an owner made`,
      );
      const endpoint = endpointOf(record, world.endpoints());
      if (endpoint === undefined) return;
      context.judge(isOurs(endpoint, at), 10, endpoint, `${service}.${operation} on an endpoint that nobody enrolled`);
      judgeScaling(record, endpoint);
      seeScaling(record);
    },
    step(at) {
      for (const { name } of world.endpoints()) {
        if (rulebook.rulesOf(name)?.policyName !== undefined) enrolledUntil.set(name.toLowerCase(), at);
      }
    },
  };
}
