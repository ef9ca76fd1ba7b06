import type { Run } from '../run.ts';

export interface Coverage {
  /** `function Service.Operation` → calls made. */
  readonly called: Readonly<Record<string, number>>;
  /** The same → how often a run died right after it. */
  readonly crashed: Readonly<Record<string, number>>;
}

/** Follows which function makes which calls, and after which of them it dies. */
export function watchCallSites({ aws, deployment, functions }: Run): Coverage {
  const called: Record<string, number> = {};
  const crashed: Record<string, number> = {};
  const last = new Map<string, string>();
  aws.onCall(({ caller, service, operation }) => {
    if (caller.kind !== 'product') return;
    const site = `${functions.get(caller.name)?.name ?? caller.name} ${service}.${operation}`;
    called[site] = (called[site] ?? 0) + 1;
    last.set(caller.name, site);
  });
  deployment.onInvocationEnd(({ functionId, outcome }) => {
    const site = outcome === 'crashed' ? last.get(functionId) : undefined;
    if (site !== undefined) crashed[site] = (crashed[site] ?? 0) + 1;
  });
  return { called, crashed };
}
