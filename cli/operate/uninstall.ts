import type { DurationMs } from '../../shared/domain/time.ts';
import { type Release, type UninstallReport, uninstall } from '../../shared/use-cases/uninstall/uninstall.ts';
import { type Account, operate } from '../account/connect.ts';
import type { AccountOptions } from '../account/options.ts';
import { confirm } from '../confirm.ts';
import type { Io } from '../output.ts';
import { EXIT, writeJson } from '../output.ts';
import { printable } from '../printable.ts';
import { formatUtc, readDuration } from '../times.ts';

export interface UninstallCommandOptions extends AccountOptions {
  readonly wait?: boolean;
  readonly timeout: string;
  readonly every: string;
  readonly yes?: boolean;
}

export async function runUninstall(io: Io, options: UninstallCommandOptions): Promise<void> {
  const timeout = readDuration('--timeout', options.timeout);
  const every = readDuration('--every', options.every);
  await operate(io, options, (account) => leave(io, account, options, { timeout, every }));
}

async function leave(
  io: Io,
  account: Account,
  options: UninstallCommandOptions,
  { timeout, every }: { readonly timeout: DurationMs; readonly every: DurationMs },
): Promise<void> {
  const records = await account.fleet.list();
  const away = records.filter(({ phase }) => phase !== 'up');
  const question = `give back ${records.length} endpoints in ${account.region}, waking ${away.length} of them first?`;
  if (records.length > 0 && !(await confirm(io, options.yes, question))) {
    io.note('nothing was changed');
    return;
  }
  const told = new Map<string, string>();
  const report = await uninstall(
    {
      fleet: account.fleet,
      announcer: account.runtime.announcer,
      clock: account.runtime.clock,
      sleep: (ms) => account.sleep(ms),
    },
    {
      by: await account.caller(),
      mode: account.stack.settings.mode,
      every,
      ...(options.wait === true && { until: account.now() + timeout }),
    },
    (endpoint, phase, why) => {
      const text = `${printable(endpoint)}: ${phase}${why === undefined ? '' : `: ${printable(why)}`}`;
      io.progress(`${formatUtc(account.now())} ${text}`);
      if (told.get(endpoint) === text) return;
      told.set(endpoint, text);
      io.note(text);
    },
  );
  io.progress('');
  if (options.json !== undefined) writeJson(io, options.json, toJson(account, report));
  if (options.json !== '-') io.out(show(account, report));
  if (!report.complete) {
    io.fail('not everything is given back: do not delete the stack yet; repeat the command, it goes on');
    io.exitWith(EXIT.failed);
  }
}

function show(account: Account, { endpoints, complete }: UninstallReport): string {
  const lines = endpoints.map(({ endpoint, outcome }) => `${printable(endpoint)}: ${tell(outcome)}\n`);
  if (!complete) return lines.join('');
  const none = endpoints.length === 0 ? 'no endpoint is enrolled\n' : '';
  return `${lines.join('')}${none}nothing is parked any more; delete the stack with\n  ${deleteCommand(account)}\nthe table ${account.stack.settings.table} stays, with every recipe\n`;
}

function tell(outcome: Release): string {
  switch (outcome.kind) {
    case 'released':
      return 'given back, in service, with nothing of ours on it';
    case 'waking':
      return `${outcome.phase}, ${outcome.phase === 'up' ? 'being given back' : 'being woken'}${outcome.why === undefined ? '' : ` (${printable(outcome.why)})`}`;
    case 'stuck':
      return `${outcome.phase}: ${printable(outcome.why)}`;
    default:
      return outcome satisfies never;
  }
}

/** The stack's ARN is an answer of AWS; a shell must not read anything else into it. */
function deleteCommand({ stack, region }: Account): string {
  const name = /:stack\/([A-Za-z][A-Za-z0-9-]*)\//.exec(stack.id ?? '')?.[1] ?? '<stack name>';
  return `aws cloudformation delete-stack --stack-name ${name} --region ${region}`;
}

function toJson(account: Account, { endpoints, complete }: UninstallReport) {
  return {
    prefix: account.prefix,
    region: account.region,
    complete,
    endpoints: endpoints.map(({ endpoint, outcome }) => ({ endpoint, ...outcome })),
    ...(complete && { deleteWith: deleteCommand(account) }),
    table: account.stack.settings.table,
  };
}
