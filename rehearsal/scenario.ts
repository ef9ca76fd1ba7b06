import { basename, dirname, isAbsolute, join } from 'node:path';
import * as v from 'valibot';
import { compilePolicy, type Policy, parsePolicy, type Schedule, toParameterText } from '../shared/documents/index.ts';
import { policyWarnings } from '../shared/documents/policy-warnings.ts';
import {
  compareProblems,
  formatProblem,
  makeProblem,
  nearest,
  type Path,
  type Problem,
} from '../shared/documents/problem.ts';
import { toProblems } from '../shared/documents/schema.ts';
import { parseYaml, type SourceDocument } from '../shared/documents/yaml.ts';
import { zoneNames } from '../shared/documents/zones.ts';
import type { Scenario, ScenarioEndpoint } from './model.ts';
import { checkDeployments, checkParameters } from './scenario/check-parameters.ts';
import { COMPONENT_DEFAULTS, resolveComponents, servesOf } from './scenario/components.ts';
import { convertSchedule, type ReadFile, type ResolveContext, under } from './scenario/context.ts';
import { fitWarnings } from './scenario/fit-warnings.ts';
import { type ScenarioDocument, scenarioSchema } from './scenario/grammar.ts';
import { CALL_HINTS } from './scenario/happening-values.ts';
import { poolWarnings } from './scenario/pool-warnings.ts';
import { resolveHappenings } from './scenario/resolve-happenings.ts';
import { resolveTraffic } from './scenario/resolve-traffic.ts';
import { salvage } from './scenario/salvage.ts';
import { PROVISION_MS, resolveServerless } from './scenario/serverless.ts';
import { ZONE_ALLOWED } from './scenario/traffic.ts';
import { unitWarnings } from './scenario/unit-warnings.ts';
import { readTemplateText } from './template.ts';
import { minutesOf } from './traffic/traffic.ts';

export type { ReadFile } from './scenario/context.ts';

export type ParsedScenario =
  | { readonly ok: true; readonly scenario: Scenario; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const DEFAULTS = {
  durationMs: 14 * 86_400_000,
  seed: 1,
  region: 'us-east-1',
  startMs: 8 * 60_000,
  deletesInMs: 2 * 60_000,
} as const;

/**
 * A scenario document with everything it names, or all that is wrong with it at once. `template` is the text of the
 * template whose parameters it may set (default: the one that ships).
 */
export function parseScenario(text: string, file: string, readFile: ReadFile, template?: string): ParsedScenario {
  const source = parseYaml(file, text);
  if (!source.ok) return { ok: false, problems: source.problems };
  const result = v.safeParse(scenarioSchema, source.value.value);
  const readTemplate = () => template ?? readTemplateText();
  if (!result.success) return { ok: false, problems: explain(source.value, result.issues, readFile, readTemplate) };
  const context = contextOf(source.value, result.output, readFile);
  const schedules = resolveSchedules(context);
  const policies = resolvePolicies(context, schedules.parsed);
  const endpoints = resolveEndpoints(context);
  context.warnings.push(...poolWarnings(endpoints, policies.parsed), ...unitWarnings(endpoints, policies.parsed));
  context.warnings.push(...fitWarnings(endpoints, policies.parsed, schedules.parsed, context.start));
  const happens = resolveHappenings(context, context.document.happens ?? []);
  context.problems.push(...checkParameters(context.document.parameters ?? {}, readTemplate));
  context.problems.push(...checkDeployments(context.document.happens ?? [], readTemplate));
  if (context.problems.length > 0) {
    return { ok: false, problems: source.value.place(context.problems).sort(compareProblems) };
  }
  const { document, start, durationMs, seed } = context;
  const scenario: Scenario = {
    name: basename(file),
    start,
    durationMs,
    seed,
    region: document.region ?? DEFAULTS.region,
    readings: document.readings ?? {},
    parameters: document.parameters ?? {},
    prices: document.prices ?? {},
    schedules: schedules.texts,
    policies: policies.texts,
    endpoints,
    happens,
    ...(document.expect === undefined ? {} : { expect: expectationOf(document.expect) }),
  };
  return { ok: true, scenario, warnings: context.warnings };
}

/** Problems of a document that is not a scenario, with those of its parts that can be read by themselves. */
function explain(
  source: SourceDocument,
  issues: readonly v.BaseIssue<unknown>[],
  readFile: ReadFile,
  readTemplate: () => string,
): Problem[] {
  const hints = { [ZONE_ALLOWED]: zoneNames, ...CALL_HINTS };
  const { document, happens, endpointNames } = salvage(source.value);
  const context = contextOf(source, document, readFile, endpointNames);
  resolvePolicies(context, resolveSchedules(context).parsed);
  resolveEndpoints(context);
  resolveHappenings(context, happens);
  context.problems.push(...checkParameters(document.parameters ?? {}, readTemplate));
  context.problems.push(...checkDeployments(happens, readTemplate));
  const problems = [...toProblems(source.value, issues, hints), ...context.problems];
  return source.place(problems).sort(compareProblems);
}

function contextOf(
  source: SourceDocument,
  document: ScenarioDocument,
  readFile: ReadFile,
  endpointNames: readonly string[] = Object.keys(document.endpoints),
): ResolveContext {
  const problems: Problem[] = [];
  return {
    source,
    document,
    endpointNames,
    start: document.start,
    durationMs: document.for ?? DEFAULTS.durationMs,
    seed: document.seed ?? DEFAULTS.seed,
    problems,
    warnings: [],
    read(name, path) {
      const found = isAbsolute(name) ? name : join(dirname(source.file), name);
      const text = readFile(found);
      if (text !== undefined) return { file: found, text };
      problems.push(makeProblem(path, name, 'a file that can be read, relative to this document'));
      return undefined;
    },
  };
}

/** A document by path or inline, as a plain value; problems of its own file bear that file's place. */
function loadDocument(
  context: ResolveContext,
  entry: unknown,
  path: Path,
): { readonly value: unknown; place(problems: readonly Problem[]): Problem[] } | undefined {
  if (typeof entry !== 'string') return { value: entry, place: (problems) => problems.map((one) => under(path, one)) };
  const found = context.read(entry, path);
  if (found === undefined) return undefined;
  const parsed = parseYaml(found.file, found.text);
  if (parsed.ok) return parsed.value;
  context.problems.push(...parsed.problems);
  return undefined;
}

function resolveSchedules(context: ResolveContext) {
  const texts: Record<string, string> = {};
  const parsed = new Map<string, Schedule | undefined>();
  for (const [name, entry] of Object.entries(context.document.schedules ?? {})) {
    parsed.set(name, undefined);
    const loaded = loadDocument(context, entry, ['schedules', name]);
    if (loaded === undefined) continue;
    const converted = convertSchedule(context, loaded.value, loaded.place, name);
    if (converted === undefined) continue;
    parsed.set(name, converted.schedule);
    texts[name] = converted.text;
  }
  return { texts, parsed };
}

function resolvePolicies(context: ResolveContext, schedules: ReadonlyMap<string, Schedule | undefined>) {
  const texts: Record<string, string> = {};
  const parsedPolicies = new Map<string, Policy>();
  for (const [name, entry] of Object.entries(context.document.policies ?? {})) {
    const loaded = loadDocument(context, entry, ['policies', name]);
    if (loaded === undefined) continue;
    const parsed = parsePolicy(name, loaded.value);
    if (!parsed.ok) {
      context.problems.push(...loaded.place(parsed.problems));
      continue;
    }
    parsedPolicies.set(name, parsed.value);
    // One in a file of its own is warned of where that is validated.
    const unwise = typeof entry === 'string' ? [] : loaded.place(policyWarnings(parsed.value));
    context.warnings.push(...unwise.map(formatProblem));
    const { start, durationMs } = context;
    const compiled = compilePolicy(parsed.value, schedules, { from: start, until: start + durationMs });
    if (!compiled.ok) context.problems.push(...loaded.place(compiled.problems));
    else texts[name] = toParameterText(loaded.value);
  }
  return { texts, parsed: parsedPolicies };
}

function resolveEndpoints(context: ResolveContext): ScenarioEndpoint[] {
  const { document } = context;
  const seen = new Map<string, string>();
  const policies = Object.keys(document.policies ?? {});
  const endpoints: ScenarioEndpoint[] = [];
  for (const [name, endpoint] of Object.entries(document.endpoints)) {
    const twin = seen.get(name.toLowerCase());
    if (twin !== undefined) {
      const allowed = `a name of its own: SageMaker does not tell it from ${twin}`;
      context.problems.push(makeProblem(['endpoints', name], name, allowed, { atKey: true }));
    }
    seen.set(name.toLowerCase(), name);
    if (endpoint.policy !== undefined && !policies.includes(endpoint.policy)) {
      const near = nearest(endpoint.policy, policies);
      const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
      context.warnings.push(`endpoints.${name}.policy: ${endpoint.policy}: no such policy in this scenario${hint}`);
    }
    warnOfTooLong(context, name, endpoint);
    const serves = servesOf(endpoint.serves, endpoint.kind);
    const pools = endpoint.pools?.map(({ instanceType, concurrent = serves.concurrent }) => ({
      instanceType,
      concurrent,
    }));
    const minutes = minutesOf(context.durationMs);
    const traffic = resolveTraffic(context, { path: ['endpoints', name], stream: name }, endpoint.traffic, minutes);
    const hosting = resolveComponents(context, name, endpoint, traffic);
    const variants = variantsOf(endpoint);
    const serverless = resolveServerless(endpoint);
    endpoints.push({
      name,
      kind: endpoint.kind,
      ...(endpoint.policy === undefined ? {} : { policy: endpoint.policy }),
      tags: endpoint.tags ?? {},
      // The grammar asks for one of the two.
      instanceType: endpoint.instanceType ?? pools?.[0]?.instanceType ?? (serverless ? 'serverless' : ''),
      ...(pools && { pools }),
      instances: variants?.reduce((sum, one) => sum + one.instances, 0) ?? instancesOf(endpoint),
      ...(variants && { variants }),
      startsIn: endpoint.startsIn ?? { kind: 'fixed', ms: startMsOf(endpoint) },
      deletesInMs: endpoint.deletesIn ?? DEFAULTS.deletesInMs,
      serves,
      traffic: hosting ? new Int32Array(minutes) : traffic,
      whenAway: endpoint.whenAway ?? 'lost',
      ...(endpoint.requestTtl === undefined ? {} : { requestTtlSeconds: endpoint.requestTtl / 1_000 }),
      ...(hosting && { hosting }),
      ...(serverless && { serverless }),
    });
  }
  return endpoints;
}

function variantsOf({ variants, instanceType = '' }: ScenarioDocument['endpoints'][string]) {
  if (variants === undefined) return undefined;
  return Object.entries(variants).map(([name, variant]) => ({
    name,
    instanceType: variant.instanceType ?? instanceType,
    instances: variant.instances ?? 1,
    weight: variant.weight ?? 1,
  }));
}

function startMsOf({ kind }: ScenarioDocument['endpoints'][string]): number {
  if (kind === 'components') return COMPONENT_DEFAULTS.startMs;
  return kind === 'serverless' ? PROVISION_MS : DEFAULTS.startMs;
}

function instancesOf(endpoint: ScenarioDocument['endpoints'][string]): number {
  const { kind, instances, provisionedConcurrency } = endpoint;
  if (kind === 'serverless') return provisionedConcurrency ?? 0;
  if (instances?.form === 'count') return instances.number;
  return kind === 'real-time' ? 1 : 0;
}

/** A minute is what a real-time caller waits at most. */
function warnOfTooLong(
  { warnings }: ResolveContext,
  name: string,
  { kind, serves }: ScenarioDocument['endpoints'][string],
) {
  if (kind !== 'real-time' || serves === undefined || serves.streams === true || serves.in <= 60_000) return;
  warnings.push(
    `endpoints.${name}.serves.in: a real-time request that takes over 60s fails, so all of these do; \`streams: true\` makes them streams`,
  );
}

function expectationOf({ maxCold, maxLate, maxCut }: NonNullable<ScenarioDocument['expect']>) {
  return {
    ...(maxCold === undefined ? {} : { maxCold }),
    ...(maxLate === undefined ? {} : { maxLateMs: maxLate }),
    ...(maxCut === undefined ? {} : { maxCut }),
  };
}
