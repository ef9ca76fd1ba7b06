import { targetKeyOf } from '../../shared/domain/target-view.ts';
import { changesOf, stepAlarmsOf } from '../../shared/use-cases/scheduled-scaling/scaling-policies.ts';
import type { Account } from '../account/connect.ts';
import { type EndpointLook, type Fleet, lookAtAll, lookAtTargets, readFleet } from '../account/fleet.ts';
import { readActivities, readPolicyAlarms } from '../account/scaling-state.ts';
import { checkQuota } from '../doctor/capacity-checks.ts';
import { type Finding, notChecked, type Patient, unread } from '../doctor/finding.ts';
import type { Io } from '../output.ts';
import { EXIT, writeJson } from '../output.ts';
import {
  checkActivities,
  checkAlarms,
  checkBounds,
  checkDocuments,
  checkEndpoint,
  checkPolicies,
  checkSuspension,
  hasNothingToStandOn,
  nothingToCompare,
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
  const notRead = look.unread.map((found): Finding => ({ level: 'not-checked', check: 'endpoint', found }));
  const first = [...notRead, ...checkEndpoint(look), ...checkDocuments(look.record)];
  if (look.record.phase !== 'up' || notRead.length > 0) return first;
  const targets = await lookAtTargets(account, fleet, look);
  const found = await Promise.all(targets.map((one) => checkTarget(patient, one)));
  if (found.every((findings) => findings.length === 0)) return first;
  return [...first, ...found.flat(), ...(await checkQuota(patient))];
}

/** Of one scalable target; where there are several, each finding names its own. */
async function checkTarget(patient: Patient, look: EndpointLook): Promise<readonly Finding[]> {
  const { account, fleet } = patient;
  const { record, unread: notRead } = look;
  const key = targetKeyOf(record);
  if (key === undefined) return [];
  if (notRead.length > 0) return notRead.map((why) => notChecked('bounds', why, record.part?.name));
  if (record.policy === undefined) return ofPart(record, nothingToCompare(look));
  if (hasNothingToStandOn(look)) return checkBounds(look);
  const { scaling, prefix: tagPrefix } = account;
  const [policies, definitions, alarms, activities] = await Promise.all([
    scaling.policies(key),
    scaling.alarmDefinitions(stepAlarmsOf(tagPrefix, record)),
    readPolicyAlarms(account, key),
    readActivities(account, key),
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
  const findings = [
    ...checkBounds(look),
    ...checkSuspension(look),
    ...compared,
    ...(alarms.ok ? checkAlarms(alarms.value) : unread(patient, 'alarms', alarms)),
    ...(activities.ok ? checkActivities(activities.value, fleet.now) : unread(patient, 'activities', activities)),
  ];
  return ofPart(record, findings);
}

function ofPart({ part }: EndpointLook['record'], findings: readonly Finding[]): readonly Finding[] {
  if (part === undefined) return findings;
  return findings.map((one) => ({ ...one, subject: [part.name, one.subject].filter(Boolean).join(' ') }));
}
