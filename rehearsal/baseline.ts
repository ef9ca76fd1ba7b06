import { policyRequest, stepAlarmRequest } from '../shared/aws/scaling-policies.ts';
import { compilePolicy, parsePolicy, parseSchedule, readJson, type Schedule } from '../shared/documents/index.ts';
import { windowsBetween } from '../shared/documents/windows.ts';
import { type CompiledPolicy, specName } from '../shared/domain/policy.ts';
import { PRIORITY } from '../simulator/contract.ts';
import { mustAnswer } from './api.ts';
import type { Happening, Scenario, ScenarioEndpoint } from './model.ts';
import type { Run } from './run.ts';

/** What an endpoint would be without the scaler: always on, or deleted and created by a script on a timer. */
export type Baseline =
  | { readonly kind: 'always-on' }
  | {
      readonly kind: 'cron';
      /** Local times of the fleet's zone; the script creates at the first and deletes at the second. */
      readonly from: string;
      readonly to: string;
      readonly days: string;
    };

export interface BaselineRun {
  readonly scenario: Scenario;
  /** Its endpoints have the policy's scaling to lose. */
  readonly scales: boolean;
  /** Before time moves: gives the endpoints what their owner had put there. */
  prepare(run: Run): void;
  /** After the run: throws what went wrong with that. */
  check(): void;
}

const VARIANT = 'AllTraffic';
const MINUTE = 60_000;
/** The simulated calls of one minute are done before the script's own begin. */
const AFTER_SETTING_UP = MINUTE;

/** The scenario with these endpoints left to the baseline: nobody has enrolled them, all else is as it was. */
export function baselineOf(
  scenario: Scenario,
  names: readonly string[],
  baseline: Baseline,
  timezone: string,
): BaselineRun {
  const chosen = scenario.endpoints.filter(({ name }) => names.includes(name));
  const endpoints = scenario.endpoints.map((endpoint) => (names.includes(endpoint.name) ? left(endpoint) : endpoint));
  const nothing = () => undefined;
  if (baseline.kind === 'always-on') {
    return { scenario: { ...scenario, endpoints }, scales: false, prepare: nothing, check: nothing };
  }
  const failures: unknown[] = [];
  const script = chosen.flatMap(({ name }) => cronCalls(scenario, name, baseline, timezone));
  return {
    scenario: { ...scenario, endpoints, happens: [...scenario.happens, ...script] },
    scales: true,
    prepare: (run) => {
      for (const endpoint of chosen) {
        const policy = policyOf(scenario, endpoint);
        run.aws.clock.at(scenario.start, PRIORITY.script, () => {
          void setUp(run, endpoint, policy).catch((error: unknown) => failures.push(error));
        });
      }
    },
    check: () => {
      for (const failure of failures) throw failure;
    },
  };
}

function left({ policy: _policy, ...endpoint }: ScenarioEndpoint): ScenarioEndpoint {
  return { ...endpoint, instances: Math.max(1, endpoint.instances) };
}

/**
 * `aws sagemaker delete-endpoint` and `create-endpoint --endpoint-config-name …` on a timer: one call each, with what the
 * script knows, which is the names; a refusal or a failed start is found by nobody before the next call.
 */
function cronCalls(
  { start, durationMs }: Scenario,
  EndpointName: string,
  { from, to, days }: Extract<Baseline, { kind: 'cron' }>,
  timezone: string,
): Happening[] {
  const parsed = parseSchedule('cron', { timezone, open: [{ days, from, to }] });
  if (!parsed.ok) throw new Error(`baseline: ${parsed.problems.map(({ allowed }) => allowed).join('; ')}`);
  const end = start + durationMs;
  const windows = windowsBetween(parsed.value, start, end);
  const call = (at: number, operation: string, input: Readonly<Record<string, unknown>>): Happening => ({
    at,
    what: `cron: SageMaker.${operation} ${EndpointName}`,
    verb: 'call',
    service: 'SageMaker',
    operation,
    input,
  });
  const calls = windows.flatMap(({ begin, end: close }) => [
    call(begin, 'CreateEndpoint', { EndpointName, EndpointConfigName: EndpointName }),
    call(close, 'DeleteEndpoint', { EndpointName }),
  ]);
  // Before the start it has run already: outside its hours the endpoint is gone from the beginning.
  const isOpen = windows.some(({ begin, end: close }) => begin <= start && start < close);
  const first = isOpen ? [] : [call(start + AFTER_SETTING_UP, 'DeleteEndpoint', { EndpointName })];
  return [...first, ...calls].filter(({ at }) => at > start && at < end);
}

/** Of its endpoint: what the first of the compared policies says. */
export function policyOf(scenario: Scenario, { policy }: ScenarioEndpoint): CompiledPolicy | undefined {
  const text = policy === undefined ? undefined : scenario.policies[policy];
  if (policy === undefined || text === undefined) return undefined;
  const json = readJson(text);
  const parsed = json.ok ? parsePolicy(policy, json.value) : json;
  if (!parsed.ok) return undefined;
  const schedules = new Map<string, Schedule | undefined>();
  for (const [name, value] of Object.entries(scenario.schedules)) {
    const read = readJson(value);
    const schedule = read.ok ? parseSchedule(name, read.value) : read;
    schedules.set(name, schedule.ok ? schedule.value : undefined);
  }
  const until = scenario.start + scenario.durationMs;
  const compiled = compilePolicy(parsed.value, schedules, { from: scenario.start, until, variant: VARIANT });
  return compiled.ok ? compiled.value.policy : undefined;
}

/** The owner's own scaling, between the instances of the start and the policy's highest maximum. */
async function setUp(run: Run, { name, instances }: ScenarioEndpoint, policy: CompiledPolicy | undefined) {
  if (policy === undefined || policy.scaling.length === 0) return;
  const place = { name, variant: VARIANT };
  const target = {
    ServiceNamespace: 'sagemaker',
    ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    ResourceId: `endpoint/${name}/variant/${VARIANT}`,
  };
  const MinCapacity = Math.max(1, instances);
  const MaxCapacity = Math.max(MinCapacity, policy.highestMax ?? 1);
  const bounds = { ...target, MinCapacity, MaxCapacity };
  await mustAnswer(run.person, 'ApplicationAutoScaling', 'RegisterScalableTarget', bounds);
  for (const spec of policy.scaling) {
    const request = { ...target, PolicyName: `owner-${specName(spec)}`, ...policyRequest(spec, place) };
    const made = await mustAnswer(run.person, 'ApplicationAutoScaling', 'PutScalingPolicy', request);
    if (spec.kind !== 'step') continue;
    const alarm = stepAlarmRequest(spec, place, String(made['PolicyARN']));
    const AlarmName = `owner-${name}-${specName(spec)}`;
    await mustAnswer(run.person, 'CloudWatch', 'PutMetricAlarm', { AlarmName, ...alarm });
  }
}
