import type { Agenda, CompiledPolicy, Rung, TargetRules } from '../domain/policy.ts';
import type { ScalableTarget } from '../domain/scalable-target.ts';
import type { Instant } from '../domain/time.ts';

/** One of several scalable targets: its part of the policy, with its own rungs on the instants that all share. */
export interface CompiledTarget extends ScalableTarget {
  readonly rules: TargetRules;
  readonly rungs: readonly Rung[];
  /** By index of the shared agenda's rungs: the index of its own. */
  readonly at: readonly number[];
  readonly began?: Instant;
}

interface Part extends ScalableTarget {
  readonly rules: TargetRules;
  readonly agenda: Agenda;
}

/** The endpoint as a whole is what its targets are together: at zero when all are, in sum where they are not. */
export function shareAgenda(parts: readonly Part[]): { agenda: Agenda; targets: readonly CompiledTarget[] } {
  const instants = [...new Set(parts.flatMap(({ agenda }) => agenda.steps.map(([at]) => at)))].sort((a, b) => a - b);
  const known = new Map<string, number>();
  const tuples: (readonly number[])[] = [];
  const steps: [Instant, number][] = [];
  for (const instant of instants) {
    const tuple = parts.map(({ agenda }) => rungAt(agenda, instant));
    const text = tuple.join();
    const index = known.get(text) ?? tuples.push(tuple) - 1;
    known.set(text, index);
    steps.push([instant, index]);
  }
  const began = parts.flatMap(({ agenda }) => agenda.began ?? []);
  const [{ from, until } = { from: 0, until: 0 }] = parts.map(({ agenda }) => agenda);
  return {
    agenda: {
      from,
      until,
      ...(began.length > 0 && { began: Math.max(...began) }),
      rungs: tuples.map((tuple) => together(tuple.map((index, part) => parts[part]!.agenda.rungs[index]!))),
      steps,
    },
    targets: parts.map(({ name, dimension, rules, agenda }, part) => ({
      name,
      dimension,
      rules,
      rungs: agenda.rungs,
      at: tuples.map((tuple) => tuple[part]!),
      ...(agenda.began === undefined ? {} : { began: agenda.began }),
    })),
  };
}

function rungAt({ steps }: Agenda, instant: Instant): number {
  return steps.findLast(([at]) => at <= instant)?.[1] ?? 0;
}

/** Bounds in sum; zero only where every target may be zero; else nothing is asked of the endpoint as a whole. */
function together(rungs: readonly Rung[]): Rung {
  const names = [...new Set(rungs.flatMap(({ during }) => during ?? []))];
  const during = names.length === 0 ? {} : { during: names.join(' + ') };
  const bounds = rungs.filter((rung) => rung.kind === 'bounds');
  const min = bounds.reduce((sum, rung) => sum + rung.min, 0);
  if (min === 0 && rungs.some(({ kind }) => kind === 'leave')) return { kind: 'leave', ...during };
  if (bounds.length === 0) return { kind: 'zero', ...during };
  return { kind: 'bounds', min, max: bounds.reduce((sum, rung) => sum + rung.max, 0), ...during };
}

/** What the parts say about the endpoint as a whole; scaling policies are theirs alone. */
export function rulesTogether(parts: readonly TargetRules[]): TargetRules {
  const maxima = parts.map(({ highestMax }) => highestMax);
  const up = parts.flatMap(({ upBounds }) => upBounds ?? []);
  return {
    scaling: [],
    ...(maxima.every((max) => max !== undefined) && { highestMax: maxima.reduce((sum, max) => sum + max, 0) }),
    ...(up.length > 0 && {
      upBounds: {
        min: up.reduce((sum, { min }) => sum + min, 0),
        max: up.reduce((sum, { max }) => sum + max, 0),
      },
    }),
    mayBeZero: parts.every(({ mayBeZero }) => mayBeZero),
    ...(parts.some(({ mayLeave }) => mayLeave) && { mayLeave: true as const }),
  };
}

export function targetRules({
  scaling,
  highestMax,
  upBounds,
  mayBeZero,
  suspends,
  mayLeave,
}: CompiledPolicy): TargetRules {
  return {
    scaling,
    ...(highestMax !== undefined && { highestMax }),
    ...(upBounds && { upBounds }),
    mayBeZero,
    ...(suspends && { suspends }),
    ...(mayLeave && { mayLeave }),
  };
}
