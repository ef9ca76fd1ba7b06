import { stringify } from 'yaml';
import type { Policy, Schedule } from '../../shared/documents/index.ts';
import { checkSchedules, readJson } from '../../shared/documents/index.ts';
import { formatDuration } from '../../shared/documents/values.ts';
import { percentile95 } from '../../shared/domain/lead.ts';
import type { FleetRecord, LeadSamples } from '../../shared/domain/record.ts';
import { type DurationMs, MINUTE, SECOND } from '../../shared/domain/time.ts';
import type { RawDocument } from '../../shared/ports/documents-source.ts';
import { formatTrace } from '../../shared/use-cases/history/trace.ts';
import { parseDocuments } from '../account/documents.ts';
import { DEFAULT_PREFIX } from '../account/options.ts';
import type { Range } from './traces.ts';

export interface FleetEndpoint {
  readonly record: FleetRecord;
  readonly instanceType: string;
  readonly counts: readonly number[];
  readonly samples: LeadSamples | undefined;
}

export interface ScenarioParts {
  readonly region: string;
  readonly prefix: string;
  readonly range: Range;
  readonly days: number;
  readonly endpoints: readonly FleetEndpoint[];
  readonly documents: readonly RawDocument[];
}

export interface BuiltScenario {
  /** Paths relative to the folder, with their texts. */
  readonly files: ReadonlyMap<string, string>;
  readonly remarks: readonly string[];
}

const HEAD = `# Made by endpoint-scaler scenario from what the fleet did: its documents, and the requests that CloudWatch counted.
#   endpoint-scaler simulate scenario.yaml --report report.html
# What AWS does not tell, and you may want to set:
#   serves     what one instance can take at once; the default, { concurrent: 100, in: 100ms }, makes capacity no question
#   whenAway   whether callers ask for a parked endpoint and try again (asks) or give up (lost, the default)
#   startsIn   where it is missing: nobody has seen this endpoint start yet; the default is 8m
`;
const SAMPLES_FOR_A_SPREAD = 5;

/** The fleet as a scenario, ready to be simulated. */
export function buildScenario(parts: ScenarioParts): BuiltScenario {
  const remarks: string[] = [];
  const files = new Map<string, string>();
  const usable = usableDocuments(parts.documents, remarks);
  const listed: Record<RawDocument['kind'], Record<string, string>> = { schedules: {}, policies: {} };
  for (const { kind, name, text } of usable) {
    const path = `${kind}/${name}.yaml`;
    const value = readJson(text);
    if (!value.ok) continue;
    files.set(path, stringify(value.value, { lineWidth: 120 }));
    listed[kind][name] = path;
  }
  const endpoints: Record<string, object> = {};
  for (const endpoint of parts.endpoints) {
    const { record, counts } = endpoint;
    const path = `traces/${record.endpoint}.csv`;
    files.set(path, formatTrace(counts));
    const known = listed.policies[record.policyName] !== undefined;
    if (!known)
      remarks.push(
        `${record.endpoint}: policy ${record.policyName} is missing or not valid: it is not enrolled in the scenario`,
      );
    endpoints[record.endpoint] = {
      ...endpointOf(endpoint, parts.prefix),
      ...(known && { policy: record.policyName }),
      traffic: { trace: path },
    };
  }
  const scenario = {
    start: new Date(parts.range.from).toISOString().replace('.000Z', 'Z'),
    for: `${parts.days}d`,
    region: parts.region,
    ...(parts.prefix !== DEFAULT_PREFIX && { parameters: { TagPrefix: parts.prefix } }),
    schedules: listed.schedules,
    policies: listed.policies,
    endpoints,
  };
  files.set('scenario.yaml', `${HEAD}${stringify(scenario, { lineWidth: 120 })}`);
  return { files, remarks };
}

function endpointOf({ record, instanceType, samples }: FleetEndpoint, prefix: string): object {
  const { kind, observed, parkedDesired, policy } = record;
  const requestTtl = policy?.wake.requestTtl;
  const desired = record.phase === 'up' ? observed?.desired : parkedDesired;
  const starts = startsIn((kind === 'async' ? samples?.scaleOuts : samples?.wakes) ?? []);
  return {
    kind,
    ...(record.protected && { tags: { [`${prefix}:protect`]: 'true' } }),
    instanceType,
    instances: kind === 'async' ? (desired ?? 0) : Math.max(1, desired ?? 1),
    ...(starts !== undefined && { startsIn: starts }),
    ...(kind === 'async' && requestTtl !== undefined && { requestTtl: formatDuration(requestTtl) }),
  };
}

/** As the scaler has seen it; undefined: never. */
function startsIn(seen: readonly DurationMs[]): object | string | undefined {
  if (seen.length === 0) return undefined;
  const sorted = [...seen].sort((a, b) => a - b);
  const p50 = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  const whole = (ms: DurationMs) => formatDuration(Math.max(SECOND, Math.round(ms / SECOND) * SECOND));
  if (seen.length < SAMPLES_FOR_A_SPREAD) return whole(Math.max(MINUTE, p50));
  return { p50: whole(p50), p95: whole(percentile95(seen)) };
}

/** Valid documents, and of the policies those whose schedules are there: a rehearsal refuses the rest. */
function usableDocuments(documents: readonly RawDocument[], remarks: string[]): readonly RawDocument[] {
  const { schedules, policies } = parseDocuments(documents);
  const valid = new Map<string, Schedule>();
  for (const [name, { parsed }] of schedules) if (parsed.ok) valid.set(name, parsed.value);
  const isUsable = ({ kind, name, parameter }: RawDocument): boolean => {
    const parsed = kind === 'schedules' ? schedules.get(name)?.parsed : policies.get(name)?.parsed;
    const policy = kind === 'policies' && parsed?.ok === true ? (parsed.value as Policy) : undefined;
    const usable = parsed?.ok === true && (policy === undefined || checkSchedules(policy, valid).length === 0);
    if (!usable) remarks.push(`${parameter}: not valid, so it is left out`);
    return usable;
  };
  return documents.filter(isUsable);
}
