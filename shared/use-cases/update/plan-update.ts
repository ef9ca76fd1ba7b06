import type { JsonObject, Recipe, TargetSnapshot } from '../../domain/recipe.ts';
import type { FleetRecord, Hold } from '../../domain/record.ts';
import type { Mode } from '../../domain/ruling.ts';
import type { Instant } from '../../domain/time.ts';
import { iso } from '../../domain/time.ts';
import type { EndpointConfigView, EndpointView } from '../../ports/endpoints.ts';
import type { Failure, Outcome } from '../../ports/outcome.ts';
import { readModels } from '../idle-windows/before-park.ts';
import { readTargets } from '../idle-windows/snapshot.ts';
import { compileFor } from '../scheduled-scaling/compile-record.ts';
import { ofConfig } from '../scheduled-scaling/observe.ts';
import type { UpdatePorts } from './ports.ts';

/** A variant before and after. */
export interface PlannedVariant {
  readonly name: string;
  readonly fate: 'stays' | 'goes' | 'new';
  /** Instance types, of pools all; absent: there is none on that side, or nobody knows. */
  readonly before?: string;
  readonly after?: string;
  /** Instances afterwards, as far as it is not scaled meanwhile; of one that goes, before. */
  readonly instances: number;
  /** Its scalable target as it is now; of a parked endpoint, as its recipe has it. */
  readonly target?: TargetSnapshot;
  /** AWS refuses the update while that target is registered. */
  readonly deregisters: boolean;
}

/** What is there now of an endpoint that serves. */
export interface Running {
  readonly view: EndpointView;
  readonly config: EndpointConfigView;
  readonly tags: Readonly<Record<string, string>>;
  readonly targets: readonly TargetSnapshot[];
}

export interface UpdatePlan {
  readonly record: FleetRecord;
  /** Name of the config that it runs on, or would be woken on. */
  readonly from: string;
  readonly config: EndpointConfigView;
  readonly variants: readonly PlannedVariant[];
  /** Absent: it is parked, and nothing of it is there. */
  readonly running?: Running;
  /** The CloudFormation stack that owns it. */
  readonly stack?: string;
  /** Models that nobody could look for. */
  readonly unchecked: readonly Failure[];
}

/** A plan, or why there is none. `done`: it has that config already. */
export type Planned = UpdatePlan | { readonly refused: string } | { readonly done: string };

export interface Circumstances {
  readonly mode: Mode;
  /** No stack works on the table. */
  readonly abandoned: boolean;
  readonly hold: Hold | undefined;
  readonly now: Instant;
}

const STACK_TAG = 'aws:cloudformation:stack-name';

/** Everything that a deployment of this config would do, and nothing of it done. */
export async function planUpdate(
  ports: UpdatePorts,
  record: FleetRecord,
  configName: string,
  circumstances: Circumstances,
): Promise<Outcome<Planned>> {
  const refused = forbid(record, circumstances);
  if (refused !== undefined) return refuse(refused);
  const seen = await ports.endpoints.describe(record.endpoint);
  if (!seen.ok) return seen;
  const found = record.phase === 'parked' ? await findParked(ports, record, seen.value) : findServing(seen.value);
  if ('refused' in found) return refuse(found.refused);
  const from = 'recipe' in found ? found.recipe.preferred.configName : found.view.configName;
  if (from === configName) return { ok: true, value: { done: from } };
  const config = await ports.endpoints.describeConfig(configName);
  if (!config.ok) return config;
  const unfit = config.value === undefined ? missing(configName) : misfit(ports, record, config.value, circumstances);
  if (config.value === undefined || unfit !== undefined) return refuse(unfit ?? missing(configName));
  const models = await readModels(ports, config.value);
  if (models.missing.length > 0) {
    return refuse(`--config: ${configName}: model ${models.missing.join(', ')} of it does not exist`);
  }
  const shared = { record, from, config: config.value, unchecked: models.unanswered };
  if ('recipe' in found) {
    return { ok: true, value: { ...shared, variants: plannedParked(found.recipe, config.value) } };
  }
  const running = await readRunning(ports, found.view);
  if (!running.ok) return running;
  if ('refused' in running.value) return { ok: true, value: running.value };
  const stack = running.value.tags[STACK_TAG];
  const variants = plannedRunning(running.value, config.value);
  return { ok: true, value: { ...shared, running: running.value, variants, ...(stack !== undefined && { stack }) } };
}

function refuse(refused: string): Outcome<Planned> {
  return { ok: true, value: { refused } };
}

/** What record, hold and stack alone say against it. */
function forbid(record: FleetRecord, { mode, abandoned, hold, now }: Circumstances): string | undefined {
  if (abandoned) return 'no stack works on this table: nobody would put its scaling back';
  if (mode === 'off')
    return "the stack's mode is off: nobody would put its scaling back; deploy it with Mode=wake-only";
  if (hold?.mode === 'hands-off' && hold.until > now) {
    return `it is held hands-off by ${hold.by} (${hold.why}): end the hold first`;
  }
  if (record.giveBack !== undefined) {
    return 'it is given back, so nothing is done with it: aws sagemaker update-endpoint is yours to call';
  }
  return forbidKind(record) ?? forbidPhase(record, now);
}

function forbidKind({ kind }: FleetRecord): string | undefined {
  switch (kind) {
    case 'real-time':
    case 'async':
      return undefined;
    case 'components':
      return (
        "it hosts inference components: their scalable targets are their own, stand in no update's way and stay, so there is " +
        'nothing to prepare (aws sagemaker update-endpoint --retain-all-variant-properties); what becomes of copies whose ' +
        'instance type changes AWS does not say'
      );
    case 'serverless':
      return (
        'it is serverless: nothing of it is taken off for an update (aws sagemaker update-endpoint), and scheduled-scaling ' +
        'brings its provisioned concurrency to the policy with its next look'
      );
    default:
      return kind satisfies never;
  }
}

function forbidPhase({ phase, lease }: FleetRecord, now: Instant): string | undefined {
  if (phase !== 'up' && phase !== 'parked') return `it is ${phase}: wait until it is up or parked`;
  if (lease === undefined || lease.until <= now) return undefined;
  return `it is being worked on until ${iso(lease.until)}: try again then`;
}

function findServing(view: EndpointView | undefined): { readonly view: EndpointView } | { readonly refused: string } {
  if (view === undefined) return { refused: 'SageMaker does not find it' };
  if (view.status === 'InService') return { view };
  return { refused: `SageMaker says ${view.status}: an update begins from InService` };
}

async function findParked(
  { fleet }: UpdatePorts,
  { endpoint, recipeVersion }: FleetRecord,
  view: EndpointView | undefined,
): Promise<{ readonly recipe: Recipe } | { readonly refused: string }> {
  if (view !== undefined) return { refused: `it is parked, and SageMaker says ${view.status}: try again in a minute` };
  const recipe = recipeVersion === undefined ? undefined : await fleet.readRecipe(endpoint, recipeVersion);
  if (recipe !== undefined && recipe !== 'unreadable') return { recipe };
  return { refused: `version ${recipeVersion ?? 'none'} of its recipe cannot be read` };
}

function missing(configName: string): string {
  return `--config: ${configName}: the name of an endpoint config that exists`;
}

/** What the config does not fit: the endpoint's kind, or its policy. */
function misfit(
  ports: UpdatePorts,
  record: FleetRecord,
  config: EndpointConfigView,
  { now }: Circumstances,
): string | undefined {
  const { name, kind } = config;
  if (kind !== record.kind) {
    return `--config: ${name}: ${kind}: a config of the kind ${record.kind}, like the endpoint; AWS changes no endpoint's kind`;
  }
  const lost = namedOf(ports, record).filter((named) => !config.variants.some((one) => one.name === named));
  if (lost.length > 0) {
    const has = config.variants.map((one) => one.name).join(', ');
    return `--config: ${name}: ${has}: with ${lost.join(', ')}, too, which policy ${record.policyName} names: change the policy first`;
  }
  const before = problemsOf(ports, record, now);
  // What is wrong with the policy anyway is no reason against this config.
  const [problem] = problemsOf(ports, recordOn(record, config), now).filter((text) => !before.includes(text));
  return problem === undefined ? undefined : `--config: ${name}: its policy does not fit it: ${problem}`;
}

/** Variants of the endpoint that its policy names. */
function namedOf(
  { namedVariants }: UpdatePorts,
  { policyName, variant, targets = [] }: FleetRecord,
): readonly string[] {
  const has = [variant, ...targets.map(({ name }) => name)];
  return namedVariants(policyName).filter((name) => has.includes(name));
}

function problemsOf(ports: UpdatePorts, record: FleetRecord, now: Instant): readonly string[] {
  const compiled = compileFor(ports, now, record);
  if (compiled.ok) return [];
  return compiled.problems.map(
    ({ parameter, field, value, allowed }) => `${parameter}: ${field}: ${value}: ${allowed}`,
  );
}

/** The record as it were if the endpoint ran on this config. */
export function recordOn(record: FleetRecord, config: EndpointConfigView): FleetRecord {
  const ruled = ofConfig(config)(record);
  if (record.observed === undefined) return ruled;
  const { instanceType: _, ...observed } = record.observed;
  const instanceType = config.variants[0]?.instanceType;
  return { ...ruled, observed: { ...observed, ...(instanceType !== undefined && { instanceType }) } };
}

/** What is there now: endpoint, its config, tags and scaling. */
export async function readRunning(
  ports: UpdatePorts,
  view: EndpointView,
): Promise<Outcome<Running | { readonly refused: string }>> {
  const [config, tags, targets] = await Promise.all([
    ports.endpoints.describeConfig(view.configName),
    ports.endpoints.tags(view.arn),
    readTargets(ports, view),
  ]);
  if (!config.ok) return config;
  if (!tags.ok) return tags;
  if (!targets.ok) return targets;
  if (config.value === undefined) {
    const refused = `endpoint config ${view.configName}, which it runs on, does not exist any more: AWS may refuse the update half way`;
    return { ok: true, value: { refused } };
  }
  return { ok: true, value: { view, config: config.value, tags: tags.value, targets: targets.value } };
}

type ConfigVariant = EndpointConfigView['variants'][number];

export function plannedRunning(
  { view, config, targets }: Running,
  next: EndpointConfigView,
): readonly PlannedVariant[] {
  const stayingOrGoing = view.variants.map(({ name, desired }) => {
    const target = targets.find(({ resourceId }) => isOf(resourceId, name));
    const before = config.variants.find((variant) => variant.name === name);
    return planned({ name, desired, before: before && typesOf(before), target }, next);
  });
  return [...stayingOrGoing, ...newIn(next, view.variants)];
}

function plannedParked(recipe: Recipe, next: EndpointConfigView): readonly PlannedVariant[] {
  const stayingOrGoing = recipe.variants.map(({ name, desired, instanceType }) => {
    const target = recipe.targets.find(({ resourceId }) => isOf(resourceId, name));
    return { ...planned({ name, desired, before: instanceType, target }, next), deregisters: false };
  });
  return [...stayingOrGoing, ...newIn(next, recipe.variants)];
}

interface VariantNow {
  readonly name: string;
  readonly desired: number;
  readonly before: string | undefined;
  readonly target: TargetSnapshot | undefined;
}

function planned({ name, desired, before, target }: VariantNow, { variants }: EndpointConfigView): PlannedVariant {
  const next = variants.find((variant) => variant.name === name);
  const after = next && typesOf(next);
  return {
    name,
    fate: next === undefined ? 'goes' : 'stays',
    instances: desired,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    ...(target && { target }),
    // Another model alone AWS takes with the target in place.
    deregisters: target !== undefined && (next === undefined || before !== after),
  };
}

function newIn(
  { variants }: EndpointConfigView,
  known: readonly { readonly name: string }[],
): readonly PlannedVariant[] {
  return variants
    .filter(({ name }) => !known.some((one) => one.name === name))
    .map((variant) => {
      const after = typesOf(variant);
      const shared = { name: variant.name, fate: 'new', instances: variant.initialCount, deregisters: false } as const;
      return { ...shared, ...(after !== undefined && { after }) };
    });
}

function typesOf({ instanceType, pools }: ConfigVariant): string | undefined {
  return pools === undefined ? instanceType : pools.join(', ');
}

export function isOf(resourceId: string, variant: string): boolean {
  return resourceId.endsWith(`/variant/${variant}`);
}

/** In CreateEndpointConfig's shape. */
export function weightsOf(config: JsonObject, list: 'ProductionVariants' | 'ShadowProductionVariants') {
  const variants = (config[list] ?? []) as readonly {
    readonly VariantName?: string;
    readonly InitialInstanceCount?: number;
    readonly InitialVariantWeight?: number;
  }[];
  return variants.map(({ VariantName = '', InitialInstanceCount = 1, InitialVariantWeight = 1 }) => ({
    name: VariantName,
    desired: InitialInstanceCount,
    weight: InitialVariantWeight,
  }));
}
