/** Everything that the functions needed of IAM in runs that go through all their paths. */
import { stringify } from 'yaml';
import { parseScenario, rehearse } from '../../rehearsal/index.ts';
import type { Run } from '../../rehearsal/run.ts';
import { formatProblem } from '../../shared/documents/problem.ts';
import type { CallRecord, Permission } from '../../simulator/contract.ts';
import type { Document } from '../story/run-scenario.ts';

export interface PermissionScenario {
  readonly document: Document;
  /** More that happens, for what has to be looked up first. */
  readonly script?: (run: Run) => void;
}

export interface Collected {
  /** Logical id of the function. */
  readonly functionId: string;
  readonly permission: Permission;
  /** Times it was needed. */
  count: number;
}

export interface Collection {
  readonly needed: readonly Collected[];
  /** Calls of functions that were refused for want of a permission. */
  readonly refused: readonly CallRecord[];
  /** Name of the state table, the same in every run. */
  readonly tableName: string;
}

/** Distinct needs of all runs together; `enforceIam` is on in each. */
export async function collectPermissions(scenarios: Readonly<Record<string, PermissionScenario>>): Promise<Collection> {
  const needed = new Map<string, Collected>();
  const refused: CallRecord[] = [];
  const tableNames = new Set<string>();
  const see = (record: CallRecord): void => {
    if (record.caller.kind !== 'product') return;
    if (record.missing !== undefined) refused.push(record);
    for (const permission of record.needed ?? []) {
      const key = JSON.stringify([record.caller.name, permission]);
      const known = needed.get(key);
      if (known !== undefined) known.count += 1;
      else needed.set(key, { functionId: record.caller.name, permission, count: 1 });
    }
  };
  for (const [name, { document, script }] of Object.entries(scenarios)) {
    const parsed = parseScenario(
      stringify(document, { aliasDuplicateObjects: false }),
      `${name}.yaml`,
      () => undefined,
    );
    if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'));
    await rehearse(parsed.scenario, {
      enforceIam: true,
      onReady: (run) => {
        tableNames.add(run.tableName);
        run.aws.onCall(see);
        script?.(run);
      },
    });
  }
  const [tableName = ''] = tableNames;
  if (tableNames.size !== 1) throw new Error(`the state table has ${tableNames.size} names: ${[...tableNames]}`);
  return { needed: [...needed.values()], refused, tableName };
}
