import { ApplicationAutoScalingClient, DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
import { outcomeOf } from '../../shared/aws/classify.ts';
import { MINUTE, SECOND } from '../../shared/domain/time.ts';
import { plural } from '../printable.ts';
import { formatAge } from '../times.ts';
import { type Check, type Finding, notChecked, unread } from './finding.ts';

/** AWS refuses signatures that are further off than this. */
const REFUSED_SKEW = 5 * MINUTE;
const NOTICED_SKEW = 5 * SECOND;

export const checkAccess: Check = async ({ account }) => {
  const { region, stack, prefix } = account;
  const identity = await account.identity();
  const who = identity.ok ? identity.value : `${await account.caller()}; STS does not say whose`;
  const found: Finding[] = [
    { level: 'ok', check: 'credentials', found: who },
    { level: 'ok', check: 'region', found: region },
  ];
  if (stack.assumed) {
    return [
      ...found,
      {
        level: 'error',
        check: 'stack',
        found: `no stack has the prefix ${prefix}: nothing works on the table ${stack.settings.table}`,
        advice: `deploy one with ExistingTable=${stack.settings.table}, or bring parked endpoints back with endpoint-scaler recover`,
      },
    ];
  }
  return [...found, { level: 'ok', check: 'stack', found: stack.id ?? `the settings of ${prefix}` }];
};

export const checkMode: Check = async ({ account, fleet }) => {
  const { mode } = account.stack.settings;
  const check = 'mode';
  if (account.stack.assumed) return [];
  if (mode === 'on') return [{ level: 'ok', check, found: 'on' }];
  const away = fleet.records.filter(({ phase }) => phase !== 'up').length;
  const advice = 'set the template parameter Mode when that is no longer wanted';
  if (mode !== 'off') return [{ level: 'warning', check, found: `${mode}: nothing is parked or scaled in`, advice }];
  const parked = `${plural(away, 'endpoint')} away, and nothing wakes them`;
  return [
    {
      level: away > 0 ? 'error' : 'warning',
      check,
      found: away > 0 ? `off: ${parked}` : 'off: nothing is done',
      advice,
    },
  ];
};

export const checkClock: Check = async ({ account }) => {
  const skew = account.skew() ?? 0;
  const check = 'clock';
  if (Math.abs(skew) <= NOTICED_SKEW) return [{ level: 'ok', check, found: 'agrees with AWS' }];
  const found = `this machine's clock is ${formatAge(Math.abs(skew))} ${skew > 0 ? 'behind' : 'ahead of'} AWS's`;
  const level = Math.abs(skew) > REFUSED_SKEW ? 'error' : 'warning';
  return [
    {
      level,
      check,
      found: `${found}; this command goes by AWS's`,
      advice: 'set the clock: AWS refuses signatures that are five minutes off',
    },
  ];
};

const LINKED_ROLE = 'AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint';

/** A scalable target tells the role it acts with, so that the IAM API is not needed. */
export const checkLinkedRole: Check = async (patient) => {
  const check = 'service-linked role';
  const client = patient.account.runtime.clientOf(ApplicationAutoScalingClient);
  const outcome = await outcomeOf('ApplicationAutoScaling.DescribeScalableTargets', () =>
    client.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'sagemaker', MaxResults: 1 })),
  );
  if (!outcome.ok) return unread(patient, check, outcome);
  const role = outcome.value.ScalableTargets?.[0]?.RoleARN;
  if (role === undefined) {
    return [notChecked(check, `no scalable target to read it from; the first one makes ${LINKED_ROLE}`)];
  }
  return [{ level: 'ok', check, found: role }];
};

/** What the command has no client for; said, so that nobody takes silence for health. */
export const listUnchecked: Check = async () => [
  notChecked(
    'roles of the functions',
    'their policies are not read (IAM); calls that AWS refused them show under "refused calls"',
  ),
  notChecked('quota by instance type', 'read "<type> for endpoint usage" in the Service Quotas console'),
];
