import { targetKeyOf } from '../../shared/domain/target-view.ts';
import { changesOf, stepAlarmsOf } from '../../shared/use-cases/scheduled-scaling/scaling-policies.ts';
import type { Account } from '../account/connect.ts';
import { type Fleet, lookAtAll, readFleet } from '../account/fleet.ts';
import { readActivities, readPolicyAlarms } from '../account/scaling-state.ts';
import { checkQuota } from '../doctor/capacity-checks.ts';
import { type Finding, type Patient, unread } from '../doctor/finding.ts';
import type { Io } from '../output.ts';
import { EXIT, writeJson } from '../output.ts';
import {
  checkActivities,
  checkAlarms,
  checkBounds,
  checkEndpoint,
  checkPolicies,
  checkSuspension,
} from '../verify/checks.ts';
import { countLevels, describeFindings } from './doctor.ts';
import { headJson } from './status.ts';

/** Whether what AWS holds for one endpoint is what its policy says. */
export async function verifyEndpoint(
  account: Account,
  io: Io,
  name: string,
  options: { readonly json?: string },
): Promise<void> {
  const fleet = await readFleet(account, [name]);
  const findings = await collect(account, fleet);
  const endpoint = fleet.records[0]?.endpoint ?? name;
  if (options.json !== undefined) {
    writeJson(io, options.json, { ...headJson(account, fleet.now), endpoint, counts: countLevels(findings), findings });
  }
  if (options.json !== '-') io.out(describeFindings(findings));
  if (findings.some(({ level }) => level === 'error')) io.exitWith(EXIT.failed);
}

async function collect(account: Account, fleet: Fleet): Promise<readonly Finding[]> {
  const [look] = await lookAtAll(account, fleet);
  if (look === undefined) return [];
  const patient: Patient = { account, fleet, documents: undefined };
  const { record } = look;
  const notRead = look.unread.map((found): Finding => ({ level: 'not-checked', check: 'endpoint', found }));
  const first = [...notRead, ...checkEndpoint(look)];
  const key = targetKeyOf(record);
  if (record.phase !== 'up' || key === undefined || notRead.length > 0) return first;
  const { scaling, prefix: tagPrefix } = account;
  const [policies, definitions, alarms, activities, quota] = await Promise.all([
    scaling.policies(key),
    scaling.alarmDefinitions(stepAlarmsOf(tagPrefix, record)),
    readPolicyAlarms(account, key),
    readActivities(account, key),
    checkQuota(patient),
  ]);
  const compared =
    policies.ok && definitions.ok
      ? checkPolicies(
          record,
          changesOf({ scaling, tagPrefix }, record, policies.value, definitions.value),
          policies.value.map((policy) => policy.name),
          tagPrefix,
        )
      : [...unread(patient, 'policies', policies), ...unread(patient, 'policies', definitions)];
  return [
    ...first,
    ...checkBounds(look),
    ...checkSuspension(look),
    ...compared,
    ...(alarms.ok ? checkAlarms(alarms.value) : unread(patient, 'alarms', alarms)),
    ...(activities.ok ? checkActivities(activities.value, fleet.now) : unread(patient, 'activities', activities)),
    ...quota,
  ];
}
