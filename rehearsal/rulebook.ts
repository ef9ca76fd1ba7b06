import {
  type Compiled,
  type CompileOptions,
  compilePolicy,
  type Parsed,
  type Policy,
  parsePolicy,
  parseSchedule,
  readJson,
  type Schedule,
} from '../shared/documents/index.ts';
import type { Agenda, CompiledPolicy, Rung } from '../shared/domain/policy.ts';
import { agendaOf, policyOf } from '../shared/domain/target-view.ts';
import type { CallRecord } from '../simulator/contract.ts';
import type { ScenarioEndpoint } from './model.ts';

/** What the documents and tags of simulated AWS ask of one endpoint, from one instant on. */
export interface Rules {
  readonly from: number;
  /** Since when its policy says what it says: a tag that protects the endpoint, or takes that back, changes nothing of it. */
  readonly policyFrom: number;
  /** Value of the enrolling tag; undefined: not enrolled. */
  readonly policyName: string | undefined;
  readonly protected: boolean;
  /** The policy as it now stands is valid. */
  readonly valid: boolean;
  /** Of the last valid version; undefined: there never was one. */
  readonly policy: CompiledPolicy | undefined;
  readonly agenda: Agenda | undefined;
  /** Of an endpoint with several variants, what is asked of each; `policy` and `agenda` are then what they are together. */
  readonly variants?: ReadonlyMap<string, VariantRules>;
  /** Given back by hand or by taking its policy away: it is woken, and then nothing is asked of it any more. */
  readonly givenBack: boolean;
}

export interface VariantRules {
  readonly policy: CompiledPolicy | undefined;
  readonly agenda: Agenda | undefined;
}

/** The only variant of an endpoint that exists when a scenario starts. */
const VARIANT = 'AllTraffic';

type Kind = ScenarioEndpoint['kind'];

interface Enrolled {
  readonly kind: Kind;
  /** Kind serverless: the maximum concurrency that it begins with. */
  readonly most: number | undefined;
  /** Names of several. */
  readonly variants: readonly string[] | undefined;
  /** Kind components: what each of them is asked for lies in `parts`. */
  readonly components: readonly string[];
  readonly parts: Map<string, Rules[]>;
  tags: Readonly<Record<string, string>>;
  history: Rules[];
  /** The policy that its tag named when it was given back: another one enrols it anew. */
  givenFrom?: string | undefined;
}

/**
 * Documents and tags as simulated AWS holds them, compiled for the whole run: what windows and invariants are judged by.
 * It watches calls, so that a change counts from the instant at which it was made, whoever made it.
 */
export class Rulebook {
  readonly #prefix: string;
  readonly #until: number;
  readonly #schedules = new Map<string, Schedule | undefined>();
  readonly #policies = new Map<string, Parsed<Policy>>();
  /** Deleted by their owners, and not created again. */
  readonly #gone = new Set<string>();
  readonly #endpoints = new Map<string, Enrolled>();
  readonly #listeners: ((endpoint: string) => void)[] = [];

  constructor(tagPrefix: string, until: number) {
    this.#prefix = tagPrefix;
    this.#until = until;
  }

  onChange(listener: (endpoint: string) => void): void {
    this.#listeners.push(listener);
  }

  put(kind: string, name: string, text: string): void {
    const json = readJson(text);
    if (kind === 'schedules') {
      const parsed = json.ok ? parseSchedule(name, json.value) : json;
      this.#schedules.set(name, parsed.ok ? parsed.value : undefined);
    } else if (kind === 'policies') {
      this.#policies.set(name, json.ok ? parsePolicy(name, json.value) : json);
    }
  }

  remove(kind: string, name: string): void {
    if (kind === 'schedules') this.#schedules.delete(name);
    else this.#policies.delete(name);
  }

  /** `kind` counts when the endpoint is first seen: it never changes. */
  enrol(
    endpoint: string,
    tags: Readonly<Record<string, string>>,
    at: number,
    {
      kind,
      hosting,
      variants: several,
      serverless,
    }: Pick<ScenarioEndpoint, 'kind' | 'hosting' | 'variants' | 'serverless'> = {
      kind: 'real-time',
    },
  ): void {
    const known = this.#endpoints.get(endpoint);
    if (known === undefined) {
      const components = hosting?.components.map(({ name }) => name) ?? [];
      const variants = several?.map(({ name }) => name);
      const most = serverless?.maxConcurrency;
      this.#endpoints.set(endpoint, { kind, most, variants, components, parts: new Map(), tags, history: [] });
    } else known.tags = tags;
    this.#compile(endpoint, at);
  }

  giveBack(endpoint: string, at: number): void {
    const enrolled = this.#endpoints.get(endpoint);
    if (enrolled === undefined) return;
    enrolled.givenFrom = enrolled.history.at(-1)?.policyName;
    this.#compile(endpoint, at);
  }

  /** The rules in force now. */
  rulesOf(endpoint: string, component?: string): Rules | undefined {
    return this.historyOf(endpoint, component).at(-1);
  }

  historyOf(endpoint: string, component?: string): readonly Rules[] {
    const enrolled = this.#endpoints.get(endpoint);
    return (component === undefined ? enrolled?.history : enrolled?.parts.get(component)) ?? [];
  }

  endpoints(): readonly string[] {
    return [...this.#endpoints.keys()];
  }

  /** Follows successful calls that change documents or tags. */
  see(record: CallRecord): void {
    if (!record.mutating || record.error !== undefined) return;
    if (record.service === 'SSM') this.#seeParameter(record);
    else if (record.service === 'SageMaker') this.#seeTags(record);
  }

  #seeParameter({ operation, input, at }: CallRecord): void {
    const removed = operation === 'DeleteParameters' ? (input.Names as string[]) : [input.Name as string];
    let changed = false;
    for (const parameter of removed) {
      const [, prefix, kind, name, ...rest] = String(parameter).split('/');
      if (prefix !== this.#prefix || kind === undefined || name === undefined || rest.length > 0) continue;
      if (operation === 'PutParameter') this.put(kind, name, String(input.Value));
      else this.remove(kind, name);
      changed = true;
    }
    if (changed) for (const endpoint of this.#endpoints.keys()) this.#compile(endpoint, at);
  }

  #seeTags({ operation, input, at, caller }: CallRecord): void {
    if (operation === 'DeleteEndpoint' && caller.kind === 'person') {
      // Its owner's to delete: tags go with it, and nothing is asked of it until somebody creates it anew.
      const gone = this.#named(String(input.EndpointName));
      if (gone === undefined) return;
      this.enrol(gone, {}, at);
      this.#gone.add(gone);
      return;
    }
    if (operation === 'CreateEndpoint') {
      const known = this.#named(String(input.EndpointName));
      if (known !== undefined) this.#gone.delete(known);
      const tags = Object.fromEntries(
        ((input.Tags ?? []) as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]),
      );
      this.enrol(known ?? String(input.EndpointName), tags, at);
      return;
    }
    if (operation !== 'AddTags' && operation !== 'DeleteTags') return;
    const arn = String(input.ResourceArn);
    if (!/:endpoint\//i.test(arn)) return;
    const endpoint = this.#named(arn.slice(arn.lastIndexOf('/') + 1));
    // A tag on what is being deleted goes with it.
    if (endpoint === undefined || this.#gone.has(endpoint)) return;
    const tags = { ...this.#endpoints.get(endpoint)!.tags };
    for (const { Key, Value } of (input.Tags ?? []) as { Key: string; Value: string }[]) tags[Key] = Value;
    for (const key of (input.TagKeys ?? []) as string[]) delete tags[key];
    this.enrol(endpoint, tags, at);
  }

  #named(name: string): string | undefined {
    const lower = name.toLowerCase();
    for (const endpoint of this.#endpoints.keys()) if (endpoint.toLowerCase() === lower) return endpoint;
    return undefined;
  }

  #compile(endpoint: string, at: number): void {
    const enrolled = this.#endpoints.get(endpoint)!;
    let changed = this.#extend(enrolled.history, enrolled, at, undefined);
    for (const component of enrolled.components) {
      const history = enrolled.parts.get(component) ?? [];
      enrolled.parts.set(component, history);
      changed = this.#extend(history, enrolled, at, component) || changed;
    }
    if (changed) for (const listener of this.#listeners) listener(endpoint);
  }

  #extend(history: Rules[], enrolled: Enrolled, at: number, component: string | undefined): boolean {
    const before = history.at(-1);
    const rules = this.#rules(enrolled, at, before, component);
    const next = { ...rules, policyFrom: before !== undefined && isSamePolicy(before, rules) ? before.policyFrom : at };
    if (before !== undefined && before.protected === next.protected && isSamePolicy(before, next)) return false;
    if (before?.from === at) history[history.length - 1] = next;
    else history.push(next);
    return true;
  }

  #rules(
    enrolled: Enrolled,
    at: number,
    before: Rules | undefined,
    component: string | undefined,
  ): Omit<Rules, 'policyFrom'> {
    const { tags, kind } = enrolled;
    const policyName = tags[`${this.#prefix}:policy`];
    if (enrolled.givenFrom !== policyName) enrolled.givenFrom = undefined;
    const isProtected = tags[`${this.#prefix}:protect`]?.toLowerCase() === 'true';
    const found = policyName === undefined ? undefined : this.#policies.get(policyName);
    const [first, ...more] = enrolled.components;
    const only =
      kind === 'components'
        ? { component: component ?? (more.length === 0 ? first : undefined) }
        : variantsAsked(enrolled);
    const compiled =
      found?.ok === true && at < this.#until && namesAll(found.value, enrolled)
        ? compilePolicy(found.value, this.#schedules, { from: at, until: this.#until, ...only })
        : undefined;
    const head = { from: at, policyName, protected: isProtected, givenBack: false };
    const wasRuled = before?.policyName === policyName && (before?.policy !== undefined || before?.givenBack === true);
    const isRemoved = found === undefined && wasRuled;
    if (policyName !== undefined && (enrolled.givenFrom !== undefined || isRemoved)) {
      return { ...head, valid: true, policy: undefined, agenda: undefined, givenBack: true };
    }
    if (compiled?.ok) {
      const { policy, agenda } = compiled.value;
      const variants = enrolled.variants && variantRules(compiled.value);
      const parts = variants === undefined ? [{ policy, agenda }] : [...variants.values()];
      const suits = (variants === undefined || variants.size > 0) && parts.every((part) => suitsKind(enrolled, part));
      // Where protection alone came or went, the calendar still knows when its windows began.
      const known = before?.valid === true && before.policy?.version === policy.version ? before.agenda : undefined;
      if (suits) return { ...head, valid: true, policy, agenda: known ?? agenda, ...(variants && { variants }) };
    }
    const lastValid = policyName !== undefined && before?.policyName === policyName ? before : undefined;
    const { policy, agenda, variants } = lastValid ?? {};
    return { ...head, valid: false, policy, agenda, ...(variants && { variants }) };
  }
}

function variantsAsked({ variants }: Enrolled): Partial<Pick<CompileOptions, 'variant' | 'targets'>> {
  return variants === undefined
    ? { variant: VARIANT }
    : { targets: variants.map((name) => ({ name, dimension: 'instances' })) };
}

/** Empty: the policy does not name the variants, and says nothing of any. */
function variantRules({ policy, agenda, targets = [] }: Compiled): ReadonlyMap<string, VariantRules> {
  return new Map(
    targets.map((target) => [target.name, { policy: policyOf(policy, target), agenda: agendaOf(agenda, target) }]),
  );
}

function meansZero(rung: Rung): boolean {
  return rung.kind === 'zero' || (rung.kind === 'bounds' && rung.min === 0);
}

/** Rules of the kind, which policies do not know: what breaks them is invalid for this endpoint. */
function suitsKind({ kind, most = Number.POSITIVE_INFINITY }: Enrolled, { policy, agenda }: VariantRules): boolean {
  if (policy === undefined || agenda === undefined) return false;
  const by = policy.zero?.by;
  if (kind === 'async') return by === undefined || by === 'instances';
  if (kind === 'serverless') {
    return (
      by === undefined && !agenda.rungs.some((rung) => meansZero(rung) || (rung.kind === 'bounds' && rung.max > most))
    );
  }
  if (kind === 'components') return by === undefined || by === 'copies';
  if (by !== undefined && by !== 'park') return false;
  return by === 'park' || !agenda.rungs.some(meansZero);
}

/** Of several components each has to be named, and nothing else. */
function namesAll({ components }: Policy, enrolled: Enrolled): boolean {
  const names = enrolled.components;
  if (names.length === 1) return components.size === 0 || components.has(names[0]!);
  return names.length === 0 || (components.size === names.length && names.every((name) => components.has(name)));
}

function isSamePolicy(a: Omit<Rules, 'policyFrom'>, b: Omit<Rules, 'policyFrom'>): boolean {
  return (
    a.policyName === b.policyName &&
    a.valid === b.valid &&
    a.givenBack === b.givenBack &&
    a.policy?.version === b.policy?.version
  );
}
