import type { Policy, Problem, Schedule } from '../../shared/documents/index.ts';
import { checkSchedules, parsePolicy, parseSchedule, readJson } from '../../shared/documents/index.ts';
import type { RawDocument } from '../../shared/ports/documents-source.ts';
import type { ApplyPlan } from '../../shared/use-cases/apply/plan-apply.ts';
import type { Folder } from './read-folder.ts';

export interface Outlook {
  /** Any of these, and nothing is written. */
  readonly problems: readonly Problem[];
  /** Wrong before and after: somebody else's to mend. */
  readonly warnings: readonly string[];
}

/** What would be wrong between the documents if the plan were carried out: policies against the schedules they name. */
export function checkOutcome(folder: Folder, current: readonly RawDocument[], plan: ApplyPlan): Outlook {
  const deleted = new Set(
    plan.changes.flatMap((change) => (change.action === 'delete' ? [change.before.parameter] : [])),
  );
  const kept = current.filter(({ parameter }) => !deleted.has(parameter));
  const before = schedulesOf(current);
  const after = new Map([...schedulesOf(kept), ...folder.schedules]);
  const problems = folder.policies.flatMap(({ source, policy }) => source.place(checkSchedules(policy, after)));
  const warnings: string[] = [];
  const inFolder = new Set(folder.policies.map(({ policy }) => policy.name));
  for (const document of kept) {
    if (document.kind !== 'policies' || inFolder.has(document.name)) continue;
    const policy = parse(document, parsePolicy);
    if (policy === undefined) {
      warnings.push(`${document.parameter} is not valid, before and after: endpoint-scaler doctor says why`);
      continue;
    }
    const wrong = checkSchedules(policy, after);
    if (checkSchedules(policy, before).length > 0) {
      warnings.push(`${document.parameter} names schedules that are not there, before and after`);
    } else problems.push(...wrong.map((problem) => broken(document.parameter, problem)));
  }
  return { problems, warnings };
}

/** A policy that is not in the folder, and that the plan would break. */
function broken(parameter: string, { field, value }: Problem): Problem {
  return {
    file: parameter,
    field,
    value,
    allowed: 'a schedule that stays: this policy is not in the folder and would be without it',
  };
}

function schedulesOf(documents: readonly RawDocument[]): Map<string, Schedule | undefined> {
  const schedules = documents.filter(({ kind }) => kind === 'schedules');
  return new Map(schedules.map((document) => [document.name, parse(document, parseSchedule)]));
}

function parse<T extends Policy | Schedule>(
  { name, text }: RawDocument,
  read: (name: string, value: unknown) => { ok: true; value: T } | { ok: false },
): T | undefined {
  const json = readJson(text);
  const parsed = json.ok ? read(name, json.value) : undefined;
  return parsed?.ok === true ? parsed.value : undefined;
}
