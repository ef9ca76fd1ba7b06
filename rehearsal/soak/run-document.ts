import { parseScenario, type RehearseOptions, rehearse } from '../index.ts';
import type { LoggedProblem } from '../observe.ts';
import { toIso } from '../observe.ts';
import { type Coverage, watchCallSites } from './coverage.ts';
import { findInvented, type Hands, watchHands } from './hands.ts';
import { findUnrest, type Unrest } from './rest.ts';

/** What is wrong with a run: a broken invariant, or one of the soak's own findings. */
export interface Finding {
  /** `invariant 4`, `rest`, `drift`, `thrown`, `iam`, `document` or `error`. */
  readonly rule: string;
  readonly endpoint: string | null;
  readonly at: string;
  readonly what: string;
}

export interface Verdict {
  readonly findings: readonly Finding[];
  readonly checked: number;
  /** How often each entry of `happens` took effect. */
  readonly times: readonly number[];
  readonly coverage: Coverage;
}

export type RunOptions = Pick<RehearseOptions, 'code' | 'template' | 'signal'>;

const NOTHING: Pick<Verdict, 'checked' | 'times' | 'coverage'> = {
  checked: 0,
  times: [],
  coverage: { called: {}, crashed: {} },
};

/** Errors that no answer of AWS can be: a mistake in our own code. */
const OWN_MISTAKES: ReadonlySet<string> = new Set(['TypeError', 'RangeError', 'ReferenceError']);

/** Runs a document as `simulate --enforce-iam` does, and says everything that is wrong with the run. */
export async function runDocument(text: string, options: RunOptions = {}): Promise<Verdict> {
  const parsed = parseScenario(text, 'soak.yaml', () => undefined);
  if (!parsed.ok) {
    const findings = parsed.problems.map(({ field, value, allowed }) => ({
      rule: 'document',
      endpoint: null,
      at: '',
      what: `${field}: ${value}: ${allowed}`,
    }));
    return { ...NOTHING, findings };
  }
  let coverage = NOTHING.coverage;
  let hands: Hands = new Map();
  let unrest: readonly Unrest[] = [];
  let mayBe: (endpoint: string, action: string, at: number) => boolean = () => true;
  try {
    const { result, problems, refusals } = await rehearse(parsed.scenario, {
      ...options,
      enforceIam: true,
      onReady: (run) => {
        coverage = watchCallSites(run);
        hands = watchHands(run, parsed.scenario);
      },
      onEnd: (run, rulebook) => {
        unrest = findUnrest(run, rulebook);
        mayBe = (endpoint, action, at) => {
          const name = rulebook.endpoints().find((one) => one.toLowerCase() === endpoint);
          if (name === undefined) return true;
          const rules = rulebook.historyOf(name).findLast(({ from }) => from <= at);
          return rules?.policyName !== undefined && !(rules.protected && action === 'sagemaker:DeleteEndpoint');
        };
      },
    });
    const violations = result.invariants.violations.map(({ at, invariant, endpoint, what }) => ({
      rule: `invariant ${invariant}`,
      endpoint,
      at,
      what,
    }));
    // Without the tag, or against a protection, IAM is meant to stop a run that has not seen yet what its owner did.
    const unexpected = refusals.filter(({ at, action, resource }) => {
      const endpoint = /:endpoint\/(.+)$/.exec(resource)?.[1];
      return endpoint === undefined || mayBe(endpoint, action, at);
    });
    const denied = unexpected.map(({ at, function: fn, call, action, resource }) => ({
      rule: 'iam',
      endpoint: null,
      at: toIso(at),
      what: `${call} of ${fn} needs ${action} on ${resource}`,
    }));
    const restless = unrest.map(({ endpoint, what }) => ({ rule: 'rest', endpoint, at: result.to, what }));
    const invented = findInvented(result.events, hands).map((one) => ({ rule: 'drift', ...one }));
    const findings = [...violations, ...denied, ...thrownOf(problems), ...restless, ...invented];
    return { findings, checked: result.invariants.checked, times: result.happens.map(({ times }) => times), coverage };
  } catch (error) {
    options.signal?.throwIfAborted();
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { ...NOTHING, coverage, findings: [{ rule: 'error', endpoint: null, at: '', what }] };
  }
}

function thrownOf(problems: readonly LoggedProblem[]): Finding[] {
  return problems.flatMap(({ at, function: fn, message, fields }) => {
    const error = fields['error'] as { readonly name?: string; readonly stack?: string } | undefined;
    const text = `${error?.name ?? ''} ${String(fields['stack'] ?? '')}`;
    const isOurs = [...OWN_MISTAKES].some((name) => text.includes(`${name}:`) || error?.name === name);
    return isOurs
      ? [{ rule: 'thrown', endpoint: null, at: toIso(at), what: `${fn}: ${message} ${text.slice(0, 600)}` }]
      : [];
  });
}
