import type { Parsed, Policy, Problem, Schedule } from '../documents/index.ts';
import { compilePolicy, parsePolicy, parseSchedule, readJson } from '../documents/index.ts';
import type { ScalableTarget } from '../domain/scalable-target.ts';
import type { Instant } from '../domain/time.ts';
import type { RawDocument } from '../ports/documents-source.ts';
import type { Compilation, DocumentProblem, PolicyLibrary } from '../ports/policy-library.ts';

interface Entry<T> {
  readonly parameter: string;
  /** What was parsed: a version alone tells nothing, a parameter that was deleted and put again begins at 1. */
  readonly text: string;
  readonly parsed: Parsed<T>;
}

/** Keeps what was parsed and compiled for as long as the environment is warm. */
export function createPolicyLibrary(tagPrefix: string): PolicyLibrary {
  let schedules = new Map<string, Entry<Schedule>>();
  let policies = new Map<string, Entry<Policy>>();
  let compiled = new Map<string, Compilation>();
  let compiledFrom: Instant | undefined;
  let asOf: readonly RawDocument[] = [];

  return {
    update(documents) {
      if (isSame(documents, asOf)) return;
      asOf = documents;
      schedules = parseAll(documents, 'schedules', schedules, parseSchedule);
      policies = parseAll(documents, 'policies', policies, parsePolicy);
      compiled = new Map();
    },
    problems: () => [...schedules.values(), ...policies.values()].flatMap(problemsOf),
    compile(policyName, targets, from, until) {
      // Every hour has agendas of its own; those of the hours before are never asked for again.
      if (from !== compiledFrom) compiled = new Map();
      compiledFrom = from;
      const named = targets.map(({ name, dimension }) => `${dimension}:${name}`);
      const key = `${policyName} ${named.join()} ${until}`;
      let compilation = compiled.get(key);
      if (compilation === undefined) {
        compilation = compile(policyName, targets, from, until);
        compiled.set(key, compilation);
      }
      return compilation;
    },
  };

  function compile(policyName: string, targets: readonly ScalableTarget[], from: Instant, until: Instant): Compilation {
    const entry = policies.get(policyName);
    const parameter = entry?.parameter ?? `/${tagPrefix}/policies/${policyName}`;
    if (entry === undefined) {
      const problem = {
        parameter,
        field: 'document',
        value: 'nothing',
        allowed: 'a policy; there is none of this name',
      };
      return { ok: false, missing: true, problems: [problem] };
    }
    if (!entry.parsed.ok) return { ok: false, missing: false, problems: problemsOf(entry) };
    const known = new Map([...schedules].map(([name, { parsed }]) => [name, parsed.ok ? parsed.value : undefined]));
    const [only] = targets;
    const isShared = targets.length > 1 || only?.dimension === 'copies';
    const options = { from, until, ...(isShared ? { targets } : only && { variant: only.name }) };
    const result = compilePolicy(entry.parsed.value, known, options);
    if (result.ok) return { ok: true, ...result.value };
    // A schedule that is broken is told by its own parameter, not only by the policies that use it.
    const used = new Set(entry.parsed.value.uses.map(({ schedule }) => schedule));
    const broken = [...schedules].filter(([name]) => used.has(name)).flatMap(([, schedule]) => problemsOf(schedule));
    const own = result.problems.map((problem) => documentProblem(parameter, problem));
    return { ok: false, missing: false, problems: [...broken, ...own] };
  }
}

function isSame(documents: readonly RawDocument[], before: readonly RawDocument[]): boolean {
  return (
    documents.length === before.length &&
    documents.every(({ parameter, text }, index) => {
      const known = before[index];
      return known?.parameter === parameter && known.text === text;
    })
  );
}

function parseAll<T>(
  documents: readonly RawDocument[],
  kind: RawDocument['kind'],
  before: ReadonlyMap<string, Entry<T>>,
  parse: (name: string, value: unknown) => Parsed<T>,
): Map<string, Entry<T>> {
  const entries = new Map<string, Entry<T>>();
  for (const document of documents) {
    if (document.kind !== kind) continue;
    const known = before.get(document.name);
    if (known !== undefined && known.text === document.text) {
      entries.set(document.name, known);
      continue;
    }
    const json = readJson(document.text);
    const parsed: Parsed<T> = json.ok ? parse(document.name, json.value) : json;
    entries.set(document.name, { parameter: document.parameter, text: document.text, parsed });
  }
  return entries;
}

function problemsOf({ parameter, parsed }: Entry<unknown>): readonly DocumentProblem[] {
  return parsed.ok ? [] : parsed.problems.map((problem) => documentProblem(parameter, problem));
}

function documentProblem(parameter: string, problem: Problem): DocumentProblem {
  const hint = problem.didYouMean === undefined ? '' : ` (did you mean ${problem.didYouMean}?)`;
  return { parameter, field: problem.field, value: problem.value, allowed: `${problem.allowed}${hint}` };
}
