import type { CallRecord } from '../../simulator/contract.ts';
import { type Alarm, definitionOf } from './alarms.ts';
import { type Check, type CheckContext, HOUR_MS, MINUTE_MS } from './context.ts';
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

const ownersPart = (alarm: Alarm): string => definitionOf(alarm, (action) => action.includes(':scalingPolicy:'));

/** 10: what we did not make, we do not touch. */
export function checkStrangers(context: CheckContext): Check {
  const { rulebook, state: world } = context;
  const alarms = followAlarms(context);
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

  return {
    call(record) {
      const { caller, service, operation, mutating, error, at } = record;
      if (!mutating || error !== undefined) return;
      if (caller.kind !== 'product') {
        if (service === 'CloudWatch') alarms.see(record);
        else seeScaling(record);
        return;
      }
      if (service === 'CloudWatch') alarms.judge(record);
      if (service !== 'SageMaker' && service !== 'ApplicationAutoScaling') return;
      context.judge(
        !FORBIDDEN.has(operation),
        10,
        null,
        `called ${service}.${operation}, which changes what an owner made`,
      );
      const endpoint = endpointOf(record, world.endpoints(), world.hostOf);
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

/** Alarms of others: what they are and who may change what of them. */
function followAlarms(context: CheckContext) {
  const { run, state: world } = context;
  const prefix = `${run.tagPrefix}-`;
  /** Alarms that anybody but the product put, as he put them. */
  const alarms = new Map<string, { readonly at: number; readonly definition: string }>();

  /** Of an alarm that somebody else put only the actions that drive scaling policies are ours to wire anew. */
  function judgePut({ input, at }: CallRecord): void {
    const name = String(input.AlarmName);
    const put = alarms.get(name);
    if (put === undefined) return;
    // A run that had read it before he put it, or that reads what is stale, cannot know.
    const isUnseen = at - put.at <= MINUTE_MS || world.isDisturbed(at - MINUTE_MS, at);
    const isLeft = put.definition === ownersPart(input);
    context.judge(isLeft || isUnseen, 10, null, `changed the alarm ${name} of somebody else beyond what it drives`);
  }

  return {
    /** Gone or changed in a way that no call tells whole: nothing more is known of it. */
    see({ operation, input, at }: CallRecord): void {
      if (operation === 'PutMetricAlarm') {
        if (String(input.AlarmName).startsWith(prefix)) return;
        alarms.set(String(input.AlarmName), { at, definition: ownersPart(input) });
      } else if (/^(?:Delete|Enable|Disable)Alarm/.test(operation)) {
        for (const name of input.AlarmNames as string[]) alarms.delete(name);
      }
    },
    judge(record: CallRecord): void {
      const { operation, input } = record;
      if (operation === 'PutMetricAlarm') judgePut(record);
      if (operation !== 'DeleteAlarms') return;
      for (const name of (input?.AlarmNames ?? []) as string[]) {
        const ours = name.startsWith(prefix) || name.startsWith('TargetTracking-');
        context.judge(ours, 10, null, `deleted the alarm ${name} of somebody else`);
      }
    },
  };
}
