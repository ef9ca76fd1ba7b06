import { computeLead } from '../../shared/domain/lead.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';
import { type DurationMs, MINUTE, SECOND } from '../../shared/domain/time.ts';
import type { EndpointConfigView } from '../../shared/ports/endpoints.ts';
import { sampleKeys } from '../../shared/use-cases/idle-windows/judge.ts';
import { formatAge } from '../times.ts';
import type { Finding, Patient } from './finding.ts';
import { unread } from './finding.ts';

/** How long a shortage may stay unseen in Creating where the config does not limit it. */
const UNSEEN_SHORTAGE = 30 * MINUTE;
/** Longest pause between two tries. */
const RETRY = 15 * MINUTE;
const DELETION = 2 * MINUTE;
/** Above this a limit is hardly better than none. */
const USEFUL_TIMEOUT = 600 * SECOND;

interface Rung {
  readonly name: string;
  readonly pools: boolean;
  readonly timeout: DurationMs | undefined;
}

/** How late a parked endpoint can be when AWS has no instance of its type: from the configs that a wake walks through. */
export async function judgeLadder(
  patient: Patient,
  record: FleetRecord,
  preferred: EndpointConfigView,
): Promise<readonly Finding[]> {
  const { endpoint, policy } = record;
  const names = policy?.wake.fallbackConfigs ?? [];
  const fallbacks = await Promise.all(names.map((name) => patient.account.endpoints.describeConfig(name)));
  const findings: Finding[] = fallbacks.flatMap((fallback, index) => {
    if (!fallback.ok) return unread(patient, 'ladder', fallback, endpoint);
    if (fallback.value !== undefined) return [];
    return [
      {
        level: 'error',
        check: 'ladder',
        subject: endpoint,
        found: `fallback config ${names[index]} of policy ${record.policyName} does not exist`,
        advice: 'create it, or take it out of wake.fallbackConfigs',
      },
    ];
  });
  const views = fallbacks.flatMap((fallback) => (fallback.ok && fallback.value !== undefined ? [fallback.value] : []));
  const ladder = [preferred, ...views].map(rungOf);
  const lateness = describeLateness(ladder, startOf(patient, record));
  const slow = ladder.filter(({ pools, timeout }) => !pools && (timeout === undefined || timeout > USEFUL_TIMEOUT));
  if (slow.length === 0) return [...findings, { level: 'ok', check: 'ladder', subject: endpoint, found: lateness }];
  const which = slow.map(({ name }) => name).join(', ');
  return [
    ...findings,
    {
      level: 'warning',
      check: 'ladder',
      subject: endpoint,
      found: `${slow.length === 1 ? 'config' : 'configs'} ${which} without instance pools or a provision timeout of at most 10m; ${lateness}`,
      advice: 'set VariantInstanceProvisionTimeoutInSeconds to 600 or less, or InstancePools, in the endpoint config',
    },
  ];
}

function rungOf({ name, config }: EndpointConfigView): Rung {
  const variants = (config['ProductionVariants'] ?? []) as readonly {
    readonly InstancePools?: readonly unknown[];
    readonly VariantInstanceProvisionTimeoutInSeconds?: number;
  }[];
  const timeouts = variants.map(({ VariantInstanceProvisionTimeoutInSeconds: seconds }) => seconds);
  const known = timeouts.filter((seconds) => seconds !== undefined);
  return {
    name,
    pools: variants.length > 0 && variants.every(({ InstancePools = [] }) => InstancePools.length > 1),
    timeout: known.length < timeouts.length || known.length === 0 ? undefined : Math.max(...known) * SECOND,
  };
}

function startOf({ fleet, account }: Patient, record: FleetRecord): DurationMs {
  const [own, type] = sampleKeys(record).map((key) => fleet.samples.get(key)?.wakes ?? []);
  return computeLead({
    lead: 'learned',
    own: own ?? [],
    ofType: type ?? [],
    tick: account.stack.settings.tickSeconds * SECOND,
  }).ms;
}

/** A start begins one lead early and then loses, per config without capacity, the time until that shows and a deletion. */
function describeLateness(ladder: readonly Rung[], start: DurationMs): string {
  const failing = ladder.map(({ timeout }) => (timeout ?? UNSEEN_SHORTAGE) + DELETION);
  const beforeLast = failing.slice(0, -1).reduce((sum, ms) => sum + ms, 0);
  const once = failing.reduce((sum, ms) => sum + ms, 0);
  const last =
    ladder.length === 1
      ? 'with its only config'
      : `with the last of its ${ladder.length} configs, after the others had no capacity`;
  const late = ladder.length === 1 ? 'is on time' : `is late by up to ${formatAge(beforeLast)}`;
  return `worst case: ${last} it ${late} (a start takes ${formatAge(start)}); a shortage of all is noticed to be over ${formatAge(once + RETRY)} later at worst`;
}
