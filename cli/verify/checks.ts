import type { ScalingActivity } from '@aws-sdk/client-application-auto-scaling';
import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { classifyActivity } from '../../shared/aws/classify.ts';
import { isLeft } from '../../shared/domain/drift.ts';
import { whyNoUnits } from '../../shared/domain/instance-units.ts';
import { instanceTypesOf } from '../../shared/domain/mixed-types.ts';
import { leastOf, rungSuspends, type Suspended, suspendedBy } from '../../shared/domain/plan-capacity.ts';
import { specName } from '../../shared/domain/policy.ts';
import { type ActivityTrouble, adviceOn } from '../../shared/domain/scaling-activity.ts';
import { scalingOf } from '../../shared/domain/step-wake.ts';
import { DAY, type Instant } from '../../shared/domain/time.ts';
import { type PolicyChanges, unknownUnits } from '../../shared/use-cases/scheduled-scaling/scaling-policies.ts';
import type { EndpointLook } from '../account/fleet.ts';
import { type Finding, notChecked } from '../doctor/finding.ts';
import { BOUNDLESS, isBoundless } from '../operate/explain-scaling.ts';
import { countOf } from '../printable.ts';
import { formatUtc } from '../times.ts';

/** Failures older than this have been lived with. */
const RECENT = 2 * DAY;
const SHOWN = 5;

/** What may be out for a moment without anybody's mistake. */
const LEFT = 'somebody set it, and `onDrift` of its policy leaves it; `explain` says how long';
const SOON = 'scheduled-scaling mends it with its next look, within 15 minutes; if it stays, `explain` says why';

export function checkEndpoint({ record, status, view }: EndpointLook): readonly Finding[] {
  const check = 'endpoint';
  if (record.phase !== 'up') {
    const found = `${record.phase}: there is nothing of it in AWS to compare; the recipe brings it back as it was`;
    return [{ level: 'not-checked', check, found }];
  }
  if (status === 'InService')
    return [{ level: 'ok', check, found: `in service on ${view?.configName ?? 'its config'}` }];
  return [
    {
      level: 'warning',
      check,
      found: `SageMaker says ${status}`,
      advice: 'changes are refused until it is in service',
    },
  ];
}

/** Without a valid document everything below compares with an older one, or with nothing. */
export function checkDocuments({ invalid, policy, policyName }: EndpointLook['record']): readonly Finding[] {
  const check = 'documents';
  if (invalid === undefined) return [{ level: 'ok', check, found: `policy ${policyName} is valid for it` }];
  const rest =
    policy === undefined
      ? 'no version of it was ever valid here, and nothing is done until then'
      : 'its last valid version stays in force, which the rest is compared with, and nothing is lowered until then';
  return [{ level: 'error', check, found: invalid.problem, advice: `mend the document that it names: ${rest}` }];
}

/** Where the documents say nothing of a target there is nothing that AWS's state could be compared with. */
export function nothingToCompare({ record, target }: EndpointLook): readonly Finding[] {
  const has = target === undefined ? 'no scalable target' : `a scalable target, ${target.min}..${target.max}`;
  return ['bounds', 'policies'].map((check) =>
    notChecked(check, `it has ${has}; no version of policy ${record.policyName} was valid for it yet`),
  );
}

/** Its scaling policies are nowhere, and no run puts them. */
export function hasNothingToStandOn({ record, target }: Pick<EndpointLook, 'record' | 'target'>): boolean {
  return target === undefined && scalingOf(record).length > 0 && isBoundless(record);
}

export function checkBounds({ record, ruling, target, view }: EndpointLook): readonly Finding[] {
  const check = 'bounds';
  // Copies are none of DescribeEndpoint's: they are told as scheduled-scaling saw them last.
  const isCopies = record.part?.dimension === 'copies';
  const desired = isCopies ? record.observed?.desired : view?.variants[0]?.desired;
  const size =
    record.kind === 'serverless'
      ? `provisioned concurrency ${desired ?? 0}`
      : countOf(desired ?? 0, isCopies ? 'copies' : 'instances');
  if (target === undefined) {
    if (isLeft(record, 'target')) return [{ level: 'warning', check, found: 'no scalable target', advice: LEFT }];
    const needs = scalingOf(record).length > 0 && ruling.bounds !== undefined;
    if (hasNothingToStandOn({ record, target })) {
      const advice = 'give a rung of its policy min and max; `validate` warns of it';
      return [{ level: 'warning', check, found: `no scalable target; scaling policies are ${BOUNDLESS}`, advice }];
    }
    if (!needs) return [{ level: 'ok', check, found: `no scalable target, and none is asked for; ${size}` }];
    return [{ level: 'error', check, found: 'no scalable target, so that nothing scales', advice: SOON }];
  }
  const has = `${target.min}..${target.max}, ${size}`;
  if (ruling.bounds === undefined)
    return [{ level: 'ok', check, found: `${has}; the policy leaves them (${ruling.reason})` }];
  // A classic variant has at least one instance, and a falling maximum drains.
  const min = Math.max(leastOf(record.kind), ruling.bounds.min);
  const max = Math.max(min, ruling.bounds.max);
  const drains = record.drain !== undefined && target.max >= max;
  if (target.min === min && (target.max === max || drains)) {
    return [{ level: 'ok', check, found: `${has}, as the policy says${drains ? `; draining to ${max}` : ''}` }];
  }
  const found = `${has}; the policy says ${min}..${max} (${ruling.reason})`;
  if (isLeft(record, 'bounds')) return [{ level: 'warning', check, found, advice: LEFT }];
  return [{ level: 'error', check, found, advice: SOON }];
}

export function checkSuspension({ record, ruling, target }: EndpointLook): readonly Finding[] {
  if (target === undefined) return [];
  const check = 'suspended';
  const names = (['in', 'out', 'scheduled'] as const).filter((name) => target.suspended[name]);
  const wanted = suspendedBy(ruling, record, target.suspended);
  const says = rungSuspends(record) ? 'the policy says' : 'its owner and the hold say';
  if (record.policy?.scaleIn !== undefined && ruling.want !== 'leave') return checkHeld(names, wanted);
  const said = names.join(', ') || 'nothing';
  if (wanted === undefined) {
    if (names.length === 0) return [];
    const advice = 'somebody suspended it, and the policy says nothing of it: resume it, or say `suspend` in a rung';
    return [{ level: 'warning', check, found: `${said} is suspended`, advice }];
  }
  const asked = (['in', 'out', 'scheduled'] as const).filter((name) => wanted[name]);
  if (asked.join() === names.join()) return [{ level: 'ok', check, found: `${said}, as ${says}` }];
  const found = `${said} is suspended; ${says} ${asked.join(', ') || 'nothing'}`;
  if (isLeft(record, 'suspended')) return [{ level: 'warning', check, found, advice: LEFT }];
  return [{ level: 'error', check, found, advice: SOON }];
}

/** Scale-in that waits for quiet may be suspended or not: what is in flight decides. */
function checkHeld(names: readonly string[], wanted: Suspended | undefined): readonly Finding[] {
  const check = 'suspended';
  const held = names.includes('in');
  const rest = names.filter((name) => name !== 'in').join(', ');
  const asked = wanted === undefined ? rest : (['out', 'scheduled'] as const).filter((name) => wanted[name]).join(', ');
  if (rest !== asked) {
    const found = `${rest || 'nothing'} is suspended beside scale-in; the policy says ${asked || 'nothing'}`;
    return [{ level: 'error', check, found, advice: SOON }];
  }
  const found = held ? 'scale-in, which waits until nothing is in flight' : 'scale-in may go on: nothing is in flight';
  return [{ level: 'ok', check, found: `${found}, as the policy says${rest === '' ? '' : `; ${rest}`}` }];
}

export function checkPolicies(
  record: EndpointLook['record'],
  { differences }: PolicyChanges,
  shown: readonly string[],
  prefix: string,
): readonly Finding[] {
  const check = 'policies';
  const findings: Finding[] = differences.map(({ field, subject = '', expected, actual }): Finding => {
    const found = actual === 'none' ? `${field} not there` : `${field}: ${actual}; the policy says ${expected}`;
    const left = isLeft(record, field, subject);
    return { level: left ? 'warning' : 'error', check, subject, found, advice: left ? LEFT : SOON };
  });
  const others = shown.filter((name) => !name.startsWith(`${prefix}-`));
  const ours = shown.length - others.length;
  const beside = others.length === 0 ? '' : `; of others, left alone: ${others.join(', ')}`;
  const unput = checkNotApplied(record);
  const all = unput.length === 0 ? '' : ` of ${ours + unput.length}`;
  if (findings.length === 0) findings.push({ level: 'ok', check, found: `${ours}${all} as the policy says${beside}` });
  return [...findings, ...unput];
}

/** What the document asks for and nobody can put: its numbers depend on what the instances have, which nobody knows. */
function checkNotApplied(record: EndpointLook['record']): readonly Finding[] {
  const { instanceType = 'this instance type', pools } = instanceTypesOf(record);
  const on = pools?.join(', ') ?? instanceType;
  return unknownUnits(record).map((spec) => {
    const advice =
      spec.kind === 'target-tracking' && spec.weights !== undefined
        ? 'name the type in its `serves`'
        : 'scale by a metric that is no sum, or give the endpoint a policy of its own';
    const found = `not applied on ${on}: ${whyNoUnits(spec)}`;
    return { level: 'error', check: 'policies', subject: specName(spec), found, advice };
  });
}

export function checkAlarms(alarms: ReadonlyMap<string, readonly MetricAlarm[]>): readonly Finding[] {
  const check = 'alarms';
  const findings: Finding[] = [];
  for (const [policy, found] of alarms) {
    if (found.length === 0) {
      findings.push({
        level: 'error',
        check,
        subject: policy,
        found: 'no alarm drives it: it never scales',
        advice: SOON,
      });
    }
    for (const { AlarmName: name = '', StateValue: state, ActionsEnabled: enabled } of found) {
      if (enabled === false) {
        const advice = 'enable its actions in CloudWatch';
        findings.push({ level: 'error', check, subject: name, found: 'its actions are off: it never scales', advice });
      }
      if (state !== 'INSUFFICIENT_DATA') continue;
      const advice = 'look whether the metric arrives; an endpoint without instances, or a new alarm, has none yet';
      findings.push({ level: 'warning', check, subject: name, found: 'no data: AWS scales neither way by it', advice });
    }
  }
  const states = [...alarms.values()].flat().map(({ StateValue = '' }) => StateValue);
  if (findings.length > 0 || states.length === 0) return findings;
  const ringing = states.filter((state) => state === 'ALARM').length;
  return [{ level: 'ok', check, found: `${states.length} with data, ${ringing} in ALARM` }];
}

/** What AWS tried lately and could not do, or did not try. */
export function checkActivities(activities: readonly ScalingActivity[], now: Instant): readonly Finding[] {
  const check = 'activities';
  const recent = activities.filter(({ StartTime }) => now - (StartTime?.getTime() ?? 0) <= RECENT);
  const failed = recent.filter(({ StatusCode }) => StatusCode === 'Failed').slice(0, SHOWN);
  const findings = failed.map((activity): Finding => {
    const { StartTime, StatusMessage = '', Description = '' } = activity;
    const at = StartTime === undefined ? '' : `${formatUtc(StartTime.getTime())}: `;
    const advice = adviceOn(troubleOf(activity) ?? 'unknown', activity.ResourceId ?? '');
    return { level: 'warning', check, found: `${at}${Description}: ${StatusMessage}`, advice };
  });
  const stopped = recent.find((activity) => troubleOf(activity) === 'at-max');
  if (stopped !== undefined) {
    const advice = adviceOn('at-max', stopped.ResourceId ?? '');
    findings.push({ level: 'warning', check, found: 'an alarm asked for more than the maximum', advice });
  }
  if (findings.length > 0) return findings;
  const why = [...new Set(recent.flatMap(codesOf))].sort().join(', ');
  return [
    {
      level: 'ok',
      check,
      found: `${recent.length} in two days, none failed${why === '' ? '' : `; not scaled: ${why}`}`,
    },
  ];
}

function codesOf({ NotScaledReasons = [] }: ScalingActivity): readonly string[] {
  return NotScaledReasons.map(({ Code = '' }) => Code);
}

function troubleOf(activity: ScalingActivity): ActivityTrouble | undefined {
  return classifyActivity(activity.StatusCode, activity.StatusMessage ?? '', codesOf(activity));
}
