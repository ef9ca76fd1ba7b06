import type { ComponentChange, EndpointChange, PaidTime, ServiceName, VariantChange } from '../simulator/contract.ts';
import { type BillLine, computeBill, type ScalerMeter } from './bill.ts';
import type { ScenarioEndpoint } from './model.ts';
import { summariseDecisions, toIso } from './observe.ts';
import type {
  ComponentResult,
  EndpointResult,
  RehearsalResult,
  Span,
  VariantResult,
  VariantSpan,
  Violation,
  WindowResult,
} from './result.ts';
import type { Rulebook } from './rulebook.ts';
import type { Run } from './run.ts';
import { toldWarnings } from './told-warnings.ts';
import { judgeWindows, promisedWindows } from './windows.ts';

const HOUR_MS = 3_600_000;
/** Statuses of an endpoint that serves: it has been in service and was not deleted. */
const SERVING: ReadonlySet<string> = new Set([
  'InService',
  'Updating',
  'SystemUpdating',
  'RollingBack',
  'UpdateRollbackFailed',
]);

export interface ResultParts {
  readonly run: Run;
  /** The rules that the windows are read from. */
  readonly promises: Rulebook;
  readonly meter: ScalerMeter;
  readonly invariants: { readonly checked: number; readonly violations: readonly Violation[] };
}

/** The whole result; what the CLI should say beside it comes as warnings. */
export async function buildResult(
  parts: ResultParts,
): Promise<{ result: RehearsalResult; warnings: readonly string[] }> {
  const { run, promises, meter } = parts;
  const { scenario, aws, observer } = run;
  const end = scenario.start + scenario.durationMs;
  // Before the final look: reading the end state is no call of anybody's in the run.
  const calls = Object.fromEntries(observer.calls);
  const endpoints: Record<string, EndpointResult> = {};
  const lines: BillLine[] = [];
  for (const endpoint of scenario.endpoints) {
    const result = await endpointResult(run, promises, endpoint);
    endpoints[endpoint.name] = result;
    lines.push({
      endpoint: endpoint.name,
      paid: aws.world.paid(endpoint.name),
      alwaysOn: alwaysOn(endpoint, result, scenario.durationMs),
    });
  }
  const { bill, unpriced } = computeBill(lines, scenario.prices, scalerCost(run, meter));
  const warnings = [
    ...unpriced.map((type) => `prices: ${type}: no price known; add it to prices of the scenario (USD per hour)`),
    ...run.happenings
      .filter((state) => state.times() === 0)
      .map((state) => `happens: ${toIso(state.happening.at)}: ${state.happening.what}: ${whyNothing(state.answer())}`),
    ...toldWarnings(observer.events),
  ];
  const timezone = mostFrequentZone(run);
  const result: RehearsalResult = {
    scenario: scenario.name,
    seed: scenario.seed,
    from: toIso(scenario.start),
    to: toIso(end),
    ...(timezone === undefined ? {} : { timezone }),
    endpoints,
    happens: run.happenings.map((state) => ({
      at: toIso(state.happening.at),
      what: state.happening.what,
      times: state.times(),
      answer: state.answer(),
    })),
    events: observer.events,
    calls,
    invariants: parts.invariants,
    bill,
  };
  return { result, warnings };
}

/** What was refused has an answer that says why. */
function whyNothing(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return 'never took effect';
  const { error } = answer;
  if (typeof error !== 'object' || error === null) return `never took effect: ${String(error)}`;
  const { code, message } = error as { code?: unknown; message?: unknown };
  return `never took effect: ${String(code)}: ${String(message)}`;
}

function alwaysOn(
  { instanceType, variants, serverless }: ScenarioEndpoint,
  { instanceHours: { alwaysOn: hours }, serverless: use }: EndpointResult,
  durationMs: number,
): readonly PaidTime[] {
  if (serverless !== undefined && use !== undefined) {
    // The same requests, on the provisioned concurrency that the endpoint began with.
    const { provisioned, onDemand } = use.gigabyteSeconds;
    return [
      { instanceType: 'serverless-provisioned', instanceSeconds: hours * 3_600 * (serverless.memoryMb / 1_024) },
      { instanceType: 'serverless-provisioned-use', instanceSeconds: hours > 0 ? provisioned + onDemand : 0 },
      { instanceType: 'serverless', instanceSeconds: hours > 0 ? 0 : provisioned + onDemand },
    ];
  }
  if (variants === undefined) return [{ instanceType, instanceSeconds: hours * 3_600 }];
  return variants.map((variant) => ({
    instanceType: variant.instanceType,
    instanceSeconds: (variant.instances * durationMs) / 1_000,
  }));
}

function scalerCost(run: Run, meter: ScalerMeter): number {
  let invocations = 0;
  for (const counts of run.observer.invocations.values()) {
    for (const count of Object.values(counts)) invocations += count;
  }
  const memory = Math.max(...run.deployment.functions.map((fn) => fn.memoryMb));
  return meter.cost(invocations, memory, run.scenario.durationMs / HOUR_MS);
}

function mostFrequentZone(run: Run): string | undefined {
  const counts = new Map<string, number>();
  for (const text of Object.values(run.scenario.schedules)) {
    const zone = /"timezone":"([^"]+)"/.exec(text)?.[1];
    if (zone !== undefined) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0]?.[0];
}

async function endpointResult(run: Run, promises: Rulebook, endpoint: ScenarioEndpoint): Promise<EndpointResult> {
  const { aws, observer, scenario } = run;
  const { name } = endpoint;
  const end = scenario.start + scenario.durationMs;
  const changes = observer.changesOf(endpoint, scenario.start);
  const paid = aws.world.paid(name);
  const paidSeconds = endpoint.serverless
    ? provisionedSeconds(paid, endpoint.serverless.memoryMb)
    : paid.reduce((sum, { instanceSeconds }) => sum + instanceSeconds, 0);
  const { total, served, cold, failed, cut, expired, pending } = aws.world.requests(name);
  return {
    kind: endpoint.kind,
    policy: endpoint.policy ?? null,
    spans: spansOf(changes, end),
    decisions: summariseDecisions(observer.decisions.filter((decision) => decision.endpoint === name)),
    instanceHours: {
      paid: paidSeconds / 3_600,
      alwaysOn: (alwaysOnCount(endpoint, changes) * scenario.durationMs) / HOUR_MS,
      ...(endpoint.pools && {
        byType: Object.fromEntries(paid.map((part) => [part.instanceType, part.instanceSeconds / 3_600])),
      }),
    },
    requests: { total, served, cold, failed, cut, expired, pending },
    latency: aws.world.latency(name) ?? null,
    requestsByHour: [...aws.world.arrivalsByHour(name)],
    ...parksAndWakes(changes),
    windows: windowsOf(run, promises, endpoint, changes),
    ...componentsOf(run, promises, endpoint),
    ...serverlessOf(run, endpoint),
    ...variantsOf(run, promises, endpoint, changes),
    final: await finalState(run, name),
  };
}

/** An endpoint on instances has one at least; without provisioned concurrency nothing is kept ready. */
function alwaysOnCount(
  { hosting, instances, serverless }: ScenarioEndpoint,
  changes: readonly EndpointChange[],
): number {
  return serverless ? instances : Math.max(1, hosting ? changes[0]!.serving : instances);
}

/** The bill has GB-seconds. */
function provisionedSeconds(paid: readonly PaidTime[], memoryMb: number): number {
  const kept = paid.find(({ instanceType }) => instanceType === 'serverless-provisioned')?.instanceSeconds ?? 0;
  return kept / (memoryMb / 1_024);
}

function serverlessOf({ aws }: Run, { name, serverless }: ScenarioEndpoint): Pick<EndpointResult, 'serverless'> {
  const use = serverless && aws.world.serverlessUse(name);
  if (use === undefined) return {};
  const { coldStarts, throttled, provisionedGigabyteSeconds: provisioned, onDemandGigabyteSeconds: onDemand } = use;
  return { serverless: { coldStarts, throttled, gigabyteSeconds: { provisioned, onDemand } } };
}

function variantsOf(
  { aws, scenario }: Run,
  rulebook: Rulebook,
  { name: endpoint, variants }: ScenarioEndpoint,
  changes: readonly EndpointChange[],
): Pick<EndpointResult, 'variants'> {
  if (variants === undefined) return {};
  const end = scenario.start + scenario.durationMs;
  const results = variants.map(({ name }, index): [string, VariantResult] => {
    const { total, served, failed } = aws.world.requestsOf(endpoint, index);
    const own = changes.map((change) => ({ ...change, ...variantOf(change, name) }));
    const history = rulebook
      .historyOf(endpoint)
      .map((rules) => ({ ...rules, agenda: rules.variants?.get(name)?.agenda }));
    return [
      name,
      {
        spans: variantSpans(own, end),
        requests: { total, served, failed },
        windows: judgeWindows(promisedWindows(history, end), own),
      },
    ];
  });
  return { variants: Object.fromEntries(results) };
}

function variantOf({ variants }: EndpointChange, wanted: string): Omit<VariantChange, 'name'> {
  const { desired, serving, weight } = variants?.find(({ name }) => name === wanted) ?? NOTHING;
  return { desired, serving, weight };
}

const NOTHING = { desired: 0, serving: 0, weight: 0 } as const;

function variantSpans(
  changes: readonly (Omit<VariantChange, 'name'> & { readonly at: number })[],
  end: number,
): VariantSpan[] {
  const spans: VariantSpan[] = [];
  changes.forEach(({ at, desired, serving, weight }, index) => {
    const from = toIso(at);
    const to = toIso(changes[index + 1]?.at ?? end);
    if (from === to) return;
    const last = spans.at(-1);
    const goesOn = last?.desired === desired && last.serving === serving && last.weight === weight;
    if (last !== undefined && goesOn) spans[spans.length - 1] = { ...last, to };
    else spans.push({ from, to, desired, serving, weight });
  });
  return spans;
}

/** Bounds of an endpoint with components speak of copies: of its only one's, or of each one's apart. */
function windowsOf(
  { scenario, observer }: Run,
  rulebook: Rulebook,
  { name, hosting, variants }: ScenarioEndpoint,
  changes: readonly EndpointChange[],
): readonly WindowResult[] {
  if (variants !== undefined) return [];
  const end = scenario.start + scenario.durationMs;
  const [only, ...more] = hosting?.components ?? [];
  if (only === undefined) return judgeWindows(promisedWindows(rulebook.historyOf(name), end), changes);
  if (more.length > 0) return [];
  return judgeWindows(promisedWindows(rulebook.historyOf(name, only.name), end), componentChanges(observer, only.name));
}

function componentChanges(observer: Run['observer'], component: string): readonly ComponentChange[] {
  return observer.componentChanges.get(component) ?? [];
}

function componentsOf(
  { aws, scenario, observer }: Run,
  rulebook: Rulebook,
  { name: endpoint, hosting }: ScenarioEndpoint,
): Pick<EndpointResult, 'components'> {
  if (hosting === undefined) return {};
  const end = scenario.start + scenario.durationMs;
  const results = hosting.components.map(({ name }): [string, ComponentResult] => {
    const changes = componentChanges(observer, name);
    const { total, served, cold, failed, cut, expired, pending } = aws.world.requests(endpoint, name);
    const spans = changes.flatMap(({ at, status, desired, serving }, index) => {
      const to = changes[index + 1]?.at ?? end;
      return to > at ? [{ from: toIso(at), to: toIso(to), status, desired, serving }] : [];
    });
    return [
      name,
      {
        spans,
        requests: { total, served, cold, failed, cut, expired, pending },
        latency: aws.world.latency(endpoint, name) ?? null,
        windows: judgeWindows(promisedWindows(rulebook.historyOf(endpoint, name), end), changes),
      },
    ];
  });
  return { components: Object.fromEntries(results) };
}

function spansOf(changes: readonly EndpointChange[], end: number): Span[] {
  const spans: Span[] = [];
  changes.forEach(({ at, status, desired, serving, config, instanceType }, index) => {
    const to = changes[index + 1]?.at ?? end;
    if (to > at) spans.push({ from: toIso(at), to: toIso(to), status, desired, serving, config, instanceType });
  });
  return spans;
}

/** A park ends a life in which the endpoint was in service; a wake is the return to service after one. */
function parksAndWakes(changes: readonly EndpointChange[]): Pick<EndpointResult, 'parks' | 'wakes' | 'wakeSeconds'> {
  let parks = 0;
  const wakeSeconds: number[] = [];
  let wasInService = false;
  let parked = false;
  let wakingSince: number | undefined;
  for (const { at, status } of changes) {
    // A create right after the end of a delete leaves no span in which it was absent.
    if (wasInService && (status === 'Absent' || status === 'Creating')) {
      parks += 1;
      parked = true;
      wakingSince = undefined;
      wasInService = false;
    }
    if (SERVING.has(status)) {
      if (parked) wakeSeconds.push((at - (wakingSince ?? at)) / 1_000);
      parked = false;
      wasInService = true;
    } else if (status === 'Creating') wakingSince ??= at;
  }
  return { parks, wakes: wakeSeconds.length, wakeSeconds };
}

type Page = Readonly<Record<string, unknown>>;

/** What a client of the APIs sees at the end. */
async function finalState(run: Run, name: string): Promise<EndpointResult['final']> {
  const ask = async (service: ServiceName, operation: string, input: Page): Promise<Page> => {
    const answer = await run.person(service, operation, input);
    return answer.ok ? answer.value : {};
  };
  const described = await ask('SageMaker', 'DescribeEndpoint', { EndpointName: name });
  const variants = (described['ProductionVariants'] ?? []) as { VariantName: string }[];
  const inService = Object.keys(described).length > 0;
  const components = run.scenario.endpoints.find((one) => one.name === name)?.hosting?.components ?? [];
  const resources = [
    ...variants.map(({ VariantName }) => `endpoint/${name}/variant/${VariantName}`),
    ...(inService ? components.map((one) => `inference-component/${one.name}`) : []),
  ];
  const space = { ServiceNamespace: 'sagemaker' };
  const each = async (operation: string, member: string): Promise<unknown[]> => {
    const found: unknown[] = [];
    for (const ResourceId of resources) {
      const page = await ask('ApplicationAutoScaling', operation, { ...space, ResourceId });
      found.push(...((page[member] ?? []) as unknown[]));
    }
    return found;
  };
  const targets =
    resources.length === 0
      ? {}
      : await ask('ApplicationAutoScaling', 'DescribeScalableTargets', { ...space, ResourceIds: resources });
  const tags = inService ? await ask('SageMaker', 'ListTags', { ResourceArn: described['EndpointArn'] }) : {};
  return {
    phase: await phaseOf(run, name),
    config: inService ? String(described['EndpointConfigName']) : null,
    tags: Object.fromEntries(
      ((tags['Tags'] ?? []) as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]),
    ),
    scalableTargets: (targets['ScalableTargets'] ?? []) as unknown[],
    scalingPolicies: await each('DescribeScalingPolicies', 'ScalingPolicies'),
    scheduledActions: await each('DescribeScheduledActions', 'ScheduledActions'),
    alarms: await alarmsOf(run, [
      `"Name":"EndpointName","Value":"${name}"`,
      ...components.map((one) => `"Name":"InferenceComponentName","Value":"${one.name}"`),
    ]),
  };
}

/** Alarms that watch a metric with one of these dimensions. */
async function alarmsOf(run: Run, dimensions: readonly string[]): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  let token: unknown;
  do {
    const page = await run.person('CloudWatch', 'DescribeAlarms', {
      MaxRecords: 100,
      ...(token === undefined ? {} : { NextToken: token }),
    });
    if (!page.ok) break;
    for (const alarm of (page.value['MetricAlarms'] ?? []) as Page[]) {
      const text = JSON.stringify(alarm);
      if (dimensions.some((dimension) => text.includes(dimension))) found.push(alarm);
    }
    token = page.value['NextToken'];
  } while (token !== undefined);
  return found;
}

/** The product's own word for where the endpoint stands; null: it keeps no record of it. */
async function phaseOf(run: Run, name: string): Promise<string | null> {
  const answer = await run.person('DynamoDB', 'GetItem', {
    TableName: run.tableName,
    Key: { pk: { S: 'fleet' }, sk: { S: name.toLowerCase() } },
  });
  const item = answer.ok ? (answer.value['Item'] as Record<string, { S?: string }> | undefined) : undefined;
  const body = item?.['body']?.S;
  return body === undefined ? null : ((JSON.parse(body) as { phase?: string }).phase ?? null);
}
