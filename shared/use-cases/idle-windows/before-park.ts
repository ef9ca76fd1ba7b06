import type { Evidence, ReasonCode } from '../../domain/decision.ts';
import type { FleetRecord } from '../../domain/record.ts';
import { isAwsTag, isProtected } from '../../domain/tags.ts';
import type { Instant } from '../../domain/time.ts';
import type { EndpointConfigView, EndpointView } from '../../ports/endpoints.ts';
import type { Failure, Outcome } from '../../ports/outcome.ts';
import type { IdleWindowsPorts } from './ports.ts';

export interface Obstacle {
  readonly reason: ReasonCode;
  readonly evidence: Evidence;
  /** When it can be gone, where that is known. */
  readonly next?: Instant;
}

/** What is read of an endpoint before it may be parked, beside its activity. */
export interface ParkFacts {
  readonly view: EndpointView;
  readonly config: EndpointConfigView | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly models: ModelsFound['made'];
  readonly modelsMissing: readonly string[];
  /** Checks that nobody could answer: a warning, where a known absence is an obstacle. */
  readonly unanswered: readonly Failure[];
}

/** SageMaker allows 50; recreating needs one for the wake's generation. */
const MOST_TAGS = 50;
/** Tags of AWS's own that name the stack an endpoint belongs to. */
const STACK_TAGS = ['aws:cloudformation:stack-name', 'aws:cloudformation:stack-id'];

/** Everything that forbids a park whatever the ruling says; undefined: nothing does. */
export function findObstacle(record: FleetRecord, facts: ParkFacts, tagPrefix: string): Obstacle | undefined {
  const { view, config, tags, modelsMissing } = facts;
  const policyTag = tags[`${tagPrefix}:policy`];
  if (policyTag === undefined) return { reason: 'not-enrolled', evidence: { tag: `${tagPrefix}:policy` } };
  if (record.policy?.name !== record.policyName) {
    return { reason: 'policy-invalid', evidence: { policyTag, compiled: record.policy?.name ?? null } };
  }
  if (policyTag !== record.policyName) {
    return { reason: 'changed-meanwhile', evidence: { policyTag, policy: record.policyName } };
  }
  if (isProtected(tags, tagPrefix)) return { reason: 'protected', evidence: {} };
  if (view.status !== 'InService') return { reason: 'not-in-service', evidence: { status: view.status } };
  if (config === undefined) return { reason: 'dependency-missing', evidence: { endpointConfig: view.configName } };
  if (config.kind !== 'real-time') return { reason: 'kind-unsupported', evidence: { kind: config.kind } };
  if (!isRuled(record, view)) {
    return { reason: 'several-variants', evidence: { variants: view.variants.map(({ name }) => name).join(', ') } };
  }
  const [missing] = modelsMissing;
  if (missing !== undefined) return { reason: 'dependency-missing', evidence: { model: missing } };
  const stack = STACK_TAGS.map((tag) => tags[tag]).find((value) => value !== undefined);
  const mayBeStacks = record.policy.zero?.stackOwned === true;
  if (stack !== undefined && !mayBeStacks) return { reason: 'stack-owned', evidence: { stack } };
  if (config.variants.some(({ reserved }) => reserved)) return { reason: 'reserved-capacity', evidence: {} };
  const count = sendableTags(tags, tagPrefix).length;
  if (count >= MOST_TAGS) return { reason: 'too-many-tags', evidence: { tags: count, allowed: MOST_TAGS - 1 } };
  return undefined;
}

/** One variant, or several of which the policy names each. */
function isRuled({ targets = [] }: FleetRecord, { variants }: EndpointView): boolean {
  if (variants.length === 1) return true;
  return variants.every(({ name }) => targets.some((state) => state.name === name && state.rules !== undefined));
}

/** What is recreated: AWS refuses its own tags, and the generation is written anew. */
export function sendableTags(
  tags: Readonly<Record<string, string>>,
  tagPrefix: string,
): readonly (readonly [string, string])[] {
  return Object.entries(tags).filter(([key]) => !isAwsTag(key) && key !== wakeTag(tagPrefix));
}

export function wakeTag(tagPrefix: string): string {
  return `${tagPrefix}:wake`;
}

/** Config, tags and models of an endpoint that is there. */
export async function readParkFacts(
  { endpoints }: Pick<IdleWindowsPorts, 'endpoints'>,
  view: EndpointView,
): Promise<Outcome<ParkFacts>> {
  const [config, tags] = await Promise.all([endpoints.describeConfig(view.configName), endpoints.tags(view.arn)]);
  if (!config.ok) return config;
  if (!tags.ok) return tags;
  const { made: models, missing, unanswered } = await readModels({ endpoints }, config.value);
  return {
    ok: true,
    value: { view, config: config.value, tags: tags.value, models, modelsMissing: missing, unanswered },
  };
}

export interface ModelsFound {
  readonly made: readonly { readonly name: string; readonly createdAt: Instant }[];
  readonly missing: readonly string[];
  readonly unanswered: readonly Failure[];
}

/** The models of a config: those that are there, those that surely are not, and what nobody could tell. */
export async function readModels(
  { endpoints }: { readonly endpoints: Pick<IdleWindowsPorts['endpoints'], 'modelCreatedAt'> },
  config: EndpointConfigView | undefined,
): Promise<ModelsFound> {
  const models = config?.models ?? [];
  const found = await Promise.all(models.map(async (name) => ({ name, answer: await endpoints.modelCreatedAt(name) })));
  return {
    made: found.flatMap(({ name, answer }) =>
      answer.ok && answer.value !== undefined ? [{ name, createdAt: answer.value }] : [],
    ),
    missing: found.flatMap(({ name, answer }) => (answer.ok && answer.value === undefined ? [name] : [])),
    unanswered: found.flatMap(({ answer }) => (answer.ok ? [] : [answer.failure])),
  };
}

/** Since when this incarnation is in service, as near as we know: a later change of it can only delay a park. */
export function inServiceSince({ observed }: FleetRecord, view: EndpointView, now: Instant): Instant {
  const known = observed?.creationTime === view.creationTime ? observed.inServiceSince : undefined;
  return known ?? Math.min(now, Math.max(view.creationTime, view.lastModifiedTime));
}
