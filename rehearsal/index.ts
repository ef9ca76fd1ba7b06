import { ScalerMeter } from './bill.ts';
import { buildResult } from './build-result.ts';
import type { CallSite } from './call-coverage.ts';
import type { Code } from './functions.ts';
import { createInvariantChecker } from './invariants.ts';
import type { Scenario } from './model.ts';
import type { LoggedProblem } from './observe.ts';
import { PRODUCT } from './product.ts';
import type { RehearsalResult } from './result.ts';
import { Rulebook } from './rulebook.ts';
import type { Run } from './run.ts';
import { runScenario } from './runner.ts';
import { readTemplateText } from './template.ts';

export { type Baseline, type BaselineRun, baselineOf, policyOf } from './baseline.ts';
export { type Belongings, watchBelongings } from './belongings.ts';
export { type CallPair, type CallSite, pairsOf } from './call-coverage.ts';
export type { Scenario } from './model.ts';
export type { RehearsalResult } from './result.ts';
export { parseScenario } from './scenario.ts';
export { formatTable } from './table.ts';
export { readTemplateText } from './template.ts';
export { writeJson } from './write-json.ts';

export interface RehearseOptions {
  /** Text of template.yaml; default: that of this repository. */
  readonly template?: string;
  /** What its functions run; default: the product. */
  readonly code?: Code;
  /** What they run after a `deploy` of the scenario: another version of the code. Default: the same. */
  readonly codeAfterDeploy?: Code;
  /** The functions may do only what their roles in the template allow; a missing permission is an AccessDenied error. */
  readonly enforceIam?: boolean;
  /** Windows are those that the documents and tags of this scenario promise; default: the one that runs. */
  readonly promisedBy?: Scenario;
  /** Called now and then with the share of the simulated time that has passed, 0 … 1. */
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
  /** For tests that look at the simulated account itself: called before time moves, and after the last step. */
  readonly onReady?: (run: Run) => void;
  readonly onEnd?: (run: Run, rulebook: Rulebook) => void | Promise<void>;
}

export interface Rehearsal {
  readonly result: RehearsalResult;
  /** For a person: entries that never took effect, unknown prices. */
  readonly warnings: readonly string[];
  /** Problem lines and thrown errors of the product: bugs of ours rather than findings about the fleet. */
  readonly problems: readonly LoggedProblem[];
  /** With `enforceIam`: permissions that a function needed and did not have, each once, with the first time. */
  readonly refusals: readonly Refusal[];
  /** Where the functions called AWS, and where they died or hung right after it. */
  readonly callSites: readonly CallSite[];
}

export interface Refusal {
  readonly at: number;
  /** Logical id in the template. */
  readonly function: string;
  readonly call: string;
  readonly action: string;
  readonly resource: string;
}

/** Runs a scenario through the real handlers on simulated AWS. */
export async function rehearse(scenario: Scenario, options: RehearseOptions = {}): Promise<Rehearsal> {
  const end = scenario.start + scenario.durationMs;
  let attached: Attached | undefined;
  let promises: Rulebook | undefined;
  const run = await runScenario(scenario, {
    template: options.template ?? readTemplateText(),
    code: options.code ?? PRODUCT,
    ...(options.codeAfterDeploy === undefined ? {} : { codeAfterDeploy: options.codeAfterDeploy }),
    ...(options.enforceIam === undefined ? {} : { enforceIam: options.enforceIam }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onReady: (ready) => {
      attached = attach(ready, end);
      promises = options.promisedBy === undefined ? attached.rulebook : followDocuments(ready, options.promisedBy, end);
      options.onReady?.(ready);
    },
  });
  if (attached === undefined) throw new Error('rehearse: the run never became ready');
  const { rulebook, meter, checker } = attached;
  const invariants = checker.finish();
  const { result, warnings } = await buildResult({ run, promises: promises ?? rulebook, meter, invariants });
  await options.onEnd?.(run, rulebook);
  return { result, warnings, problems: problemsOf(run), refusals: attached.refusals, callSites: run.coverage.sites() };
}

/** The calendar is known beyond the end of the run: leads that begin in it are. */
const LOOKS_AHEAD_MS = 26 * 3_600_000;

interface Attached {
  readonly rulebook: Rulebook;
  readonly meter: ScalerMeter;
  readonly checker: ReturnType<typeof createInvariantChecker>;
  readonly refusals: readonly Refusal[];
}

function attach(run: Run, end: number): Attached {
  const { scenario, aws, tagPrefix } = run;
  const rulebook = rulebookOf(scenario, tagPrefix, end);
  aws.onCall((record) => rulebook.see(record));
  for (const { happening, onDone } of run.happenings) {
    if (happening.verb === 'giveBack') onDone?.(() => rulebook.giveBack(happening.endpoint, aws.clock.now()));
  }
  const refusals = watchRefusals(run);
  return { rulebook, meter: new ScalerMeter(aws), checker: createInvariantChecker(run, rulebook), refusals };
}

function rulebookOf(scenario: Scenario, tagPrefix: string, end: number): Rulebook {
  const rulebook = new Rulebook(tagPrefix, end + LOOKS_AHEAD_MS);
  for (const kind of ['schedules', 'policies'] as const) {
    for (const [name, text] of Object.entries(scenario[kind])) rulebook.put(kind, name, text);
  }
  for (const endpoint of scenario.endpoints) {
    const { name, policy, tags } = endpoint;
    const enrolment = policy === undefined ? {} : { [`${tagPrefix}:policy`]: policy };
    rulebook.enrol(name, { ...tags, ...enrolment }, scenario.start, endpoint);
  }
  return rulebook;
}

/** The rules of a scenario that does not run: its endpoints stay enrolled, and documents change as they do in the run. */
function followDocuments({ aws, tagPrefix }: Run, scenario: Scenario, end: number): Rulebook {
  const rulebook = rulebookOf(scenario, tagPrefix, end);
  aws.onCall((record) => {
    if (record.service === 'SSM') rulebook.see(record);
  });
  return rulebook;
}

function watchRefusals({ aws }: Run): readonly Refusal[] {
  const refusals: Refusal[] = [];
  const known = new Set<string>();
  aws.onCall(({ at, caller, service, operation, missing }) => {
    if (missing === undefined) return;
    const { action, resource } = missing;
    const key = `${caller.name} ${action} ${resource}`;
    if (known.has(key)) return;
    known.add(key);
    refusals.push({ at, function: caller.name, call: `${service}.${operation}`, action, resource });
  });
  return refusals;
}

function problemsOf(run: Run): LoggedProblem[] {
  const thrown = run.observer.failures.map(({ at, function: id, error }) => ({
    at,
    function: id as LoggedProblem['function'],
    message: error instanceof Error ? error.message : String(error),
    fields: error instanceof Error ? { stack: error.stack } : {},
  }));
  return [...run.observer.problems, ...thrown].sort((a, b) => a.at - b.at);
}
