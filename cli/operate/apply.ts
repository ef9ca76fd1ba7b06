import { SSMClient } from '@aws-sdk/client-ssm';
import { createDocumentStore } from '../../shared/aws/ssm-documents.ts';
import type { DocumentStore } from '../../shared/ports/document-store.ts';
import { type ApplyReport, carryOut, type Obstruction } from '../../shared/use-cases/apply/carry-out.ts';
import { type ApplyChange, type ApplyPlan, parameterOf, planApply } from '../../shared/use-cases/apply/plan-apply.ts';
import { type Account, operate } from '../account/connect.ts';
import { must } from '../account/failures.ts';
import type { AccountOptions } from '../account/options.ts';
import { checkOutcome } from '../apply/check-outcome.ts';
import { type Folder, readFolder } from '../apply/read-folder.ts';
import { showChanges } from '../apply/show-diff.ts';
import { confirm } from '../confirm.ts';
import type { Io } from '../output.ts';
import { CliError, documentError, EXIT, writeJson } from '../output.ts';
import { printable } from '../printable.ts';

const OWNER = /^[a-z0-9-]{1,64}$/;

export interface ApplyOptions extends AccountOptions {
  readonly owner: string;
  readonly prune?: boolean;
  readonly adopt?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** Read before anything is asked of AWS: a broken file needs no credentials to be told. */
export async function runApply(io: Io, folder: string, options: ApplyOptions): Promise<void> {
  if (!OWNER.test(options.owner)) {
    throw new CliError(EXIT.usage, `--owner: ${printable(options.owner)}: 1 to 64 characters of a-z, 0-9 and -`);
  }
  const read = await readFolder(io, folder);
  for (const file of read.ignored) {
    io.note(`${printable(file)}: ignored: no schedules/<name>.yaml or policies/<name>.yaml`);
  }
  if (read.problems.length > 0) throw documentError(read.problems);
  await operate(io, options, (account) => apply(io, account, read, options));
}

async function apply(io: Io, account: Account, folder: Folder, options: ApplyOptions): Promise<void> {
  const { owner, prune = false, adopt = false } = options;
  const store = createDocumentStore(account.runtime.clientOf(SSMClient), account.prefix);
  const [current, owned] = await Promise.all([store.readAll(), store.ownedBy(owner)]);
  const plan = planApply({
    tagPrefix: account.prefix,
    desired: folder.documents,
    current: must(current),
    owned: must(owned),
    prune,
    adopt,
  });
  const { problems, warnings } = checkOutcome(folder, must(current), plan);
  if (problems.length > 0) throw documentError(problems);
  for (const warning of warnings) io.note(`warning: ${printable(warning)}`);
  if (plan.conflicts.length > 0) throw await conflictError(store, plan, owner);
  await tellConsequences(io, account, plan);
  const quiet = options.json === '-';
  if (!quiet) io.out(plan.changes.length === 0 ? '' : `${showChanges(plan, io.color)}\n`);
  tellLeft(io, plan, owner);
  if (options.dryRun === true || plan.changes.length === 0) {
    if (!quiet) io.out(`${summarise(plan, options.dryRun === true)}\n`);
    return tellJson(io, options, account, plan, undefined);
  }
  if (!(await confirm(io, options.yes, `write ${plural(plan.changes.length, 'change')} to ${account.region}?`))) {
    io.note('nothing was changed');
    return;
  }
  const report = await carryOut(store, plan.changes, owner, (change) =>
    io.progress(`${change.action} ${parameterOf(change)}`),
  );
  io.progress('');
  tellJson(io, options, account, plan, report);
  conclude(io, account, report, quiet);
}

/** Documents of others are never written: whose they are is said, and how to take them over. */
async function conflictError(store: DocumentStore, { conflicts }: ApplyPlan, owner: string): Promise<CliError> {
  const lines: string[] = [];
  for (const { document, before } of conflicts) {
    const theirs = await store.ownerOf(before.parameter);
    const whose =
      theirs.ok && theirs.value !== undefined ? `applied by owner ${theirs.value}` : 'made by hand or by the stack';
    lines.push(
      `${printable(document.file)}: ${before.parameter} is there already, ${printable(whose)}, and not owner ${owner}'s: give the file another name, or take it over with --adopt`,
    );
  }
  return new CliError(EXIT.failed, `${lines.join('\n')}\nnothing was written`);
}

/** A policy that goes gives its endpoints back: that is meant or it is not. */
async function tellConsequences(io: Io, account: Account, { changes }: ApplyPlan): Promise<void> {
  const gone = changes.flatMap((change) =>
    change.action === 'delete' && change.before.kind === 'policies' ? [change.before.name] : [],
  );
  if (gone.length === 0) return;
  for (const name of gone) {
    const endpoints = (await account.fleet.list()).filter(({ policyName }) => policyName === name);
    if (endpoints.length === 0) continue;
    const names = endpoints.map(({ endpoint }) => endpoint).sort();
    io.note(`warning: policy ${name} is the tag of ${names.join(', ')}: without it they are woken and given back`);
  }
}

function tellLeft(io: Io, { left, foreign }: ApplyPlan, owner: string): void {
  for (const { parameter } of left) io.note(`${parameter}: not in the folder any more, and kept: --prune deletes it`);
  if (foreign.length > 0) {
    io.note(
      `${plural(foreign.length, 'document')} not owner ${owner}'s, not touched: ${foreign.map(({ parameter }) => parameter).join(', ')}`,
    );
  }
}

function conclude(io: Io, account: Account, { done, failed, notTried, warnings }: ApplyReport, quiet: boolean): void {
  for (const { change, what } of warnings) io.note(`warning: ${parameterOf(change)}: ${what}`);
  if (failed === undefined) {
    if (!quiet) io.out(`${plural(done.length, 'change')} written\n`);
    return;
  }
  const told = [
    ...done.map((change) => `done       ${change.action} ${parameterOf(change)}`),
    `failed     ${failed.change.action} ${parameterOf(failed.change)}: ${tellObstruction(account, failed.why)}`,
    ...notTried.map((change) => `not tried  ${change.action} ${parameterOf(change)}`),
  ];
  throw new CliError(EXIT.failed, `${told.join('\n')}\nrepeat the command: it goes on with what is left`);
}

function tellObstruction(account: Account, why: Obstruction): string {
  return why.kind === 'call' ? account.explainFailure(why.failure) : why.what;
}

function summarise({ changes, unchanged }: ApplyPlan, dryRun: boolean): string {
  const same = plural(unchanged.length, 'document');
  if (changes.length === 0) return `nothing to do: ${same} as in the folder`;
  const count = (action: ApplyChange['action']) => changes.filter((change) => change.action === action).length;
  const counts = `${count('create')} to create, ${count('change')} to change, ${count('delete')} to delete, ${unchanged.length} unchanged`;
  return dryRun ? `${counts}; nothing was written` : counts;
}

function tellJson(
  io: Io,
  { json }: ApplyOptions,
  { prefix, region }: Account,
  plan: ApplyPlan,
  report: ApplyReport | undefined,
): void {
  if (json === undefined) return;
  const resultOf = (change: ApplyChange): string => {
    if (report === undefined) return 'planned';
    if (report.done.includes(change)) return 'done';
    return report.failed?.change === change ? 'failed' : 'not-tried';
  };
  writeJson(io, json, {
    prefix,
    region,
    changes: plan.changes.map((change) => ({
      action: change.action,
      parameter: parameterOf(change),
      ...(change.action !== 'delete' && { file: change.document.file }),
      ...(change.action !== 'create' && { fromVersion: change.before.version }),
      result: resultOf(change),
      ...(report?.failed?.change === change && { why: report.failed.why }),
    })),
    unchanged: plan.unchanged.map(({ kind, name }) => `/${prefix}/${kind}/${name}`),
    left: plan.left.map(({ parameter }) => parameter),
    notOwned: plan.foreign.map(({ parameter }) => parameter),
  });
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
