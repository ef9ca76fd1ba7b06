import type { Hold } from '../../shared/domain/record.ts';
import { type HoldOutcome, type HoldPorts, removeHold, setHold } from '../../shared/use-cases/hold.ts';
import type { Account } from '../account/connect.ts';
import { readZones } from '../account/documents.ts';
import { readRecord } from '../account/fleet.ts';
import type { Io } from '../output.ts';
import { CliError, EXIT, writeJson } from '../output.ts';
import { printable } from '../printable.ts';
import { formatWhen, readWhen } from '../times.ts';
import { warnAboutMode } from './mode.ts';

export interface HoldOptions {
  readonly until: string;
  readonly why: string;
  readonly by?: string;
  readonly replace?: boolean;
  readonly json?: string;
}

export async function hold(
  account: Account,
  io: Io,
  name: string,
  mode: Hold['mode'],
  options: HoldOptions,
): Promise<void> {
  const record = await readRecord(account, name);
  const now = account.now();
  const until = readWhen('--until', options.until, now);
  const by = options.by ?? (await account.caller());
  const request = { endpoint: record.endpoint, mode, until, by, why: options.why, replace: options.replace === true };
  const outcome = await setHold(holdPorts(account), request, now);
  if (!outcome.ok) throw holdError(outcome);
  const zone = (await readZones(account, io))(record.policyName);
  if (options.json !== undefined) writeJson(io, options.json, holdAnswer(outcome));
  if (options.json !== '-') {
    const replaced = outcome.replaced === undefined ? '' : `, instead of ${describeHold(outcome.replaced, zone)}`;
    io.out(`${printable(record.endpoint)}: held ${describeHold(outcome.hold, zone)}${replaced}\n`);
  }
  warnAboutMode(account, io, mode);
}

export async function unhold(
  account: Account,
  io: Io,
  name: string,
  options: { readonly by?: string; readonly json?: string },
): Promise<void> {
  const record = await readRecord(account, name);
  const by = options.by ?? (await account.caller());
  const ended = await removeHold(holdPorts(account), { endpoint: record.endpoint, by }, account.now());
  if (ended === undefined) throw new CliError(EXIT.failed, `${printable(record.endpoint)}: no hold is in force`);
  if (ended === 'newer') {
    const why = 'its hold was written by a newer version of the scaler: upgrade to remove it';
    throw new CliError(EXIT.failed, `${printable(record.endpoint)}: ${why}`);
  }
  const zone = (await readZones(account, io))(record.policyName);
  if (options.json !== undefined) writeJson(io, options.json, { ended: holdJson(ended) });
  if (options.json !== '-') io.out(`${printable(record.endpoint)}: no longer held ${describeHold(ended, zone)}\n`);
}

export function holdPorts({ fleet, metrics, runtime }: Account): HoldPorts {
  return { fleet, metrics, announcer: runtime.announcer };
}

/** What the use case refuses is wrong use of a field, or the endpoint's state. */
export function holdError({ problem }: Extract<HoldOutcome, { ok: false }>): CliError {
  const { field, value, allowed } = problem;
  const shown = field === 'until' || field === 'why' || field === 'replace' ? `--${field}` : field;
  const usage = field === 'until' || field === 'why';
  return new CliError(usage ? EXIT.usage : EXIT.failed, `${shown}: ${printable(value)}: ${printable(allowed)}`);
}

function describeHold(held: Hold, zone: Parameters<typeof formatWhen>[1]): string {
  return `${held.mode} until ${formatWhen(held.until, zone)} by ${printable(held.by)}: ${printable(held.why)}`;
}

export function holdAnswer(outcome: Extract<HoldOutcome, { ok: true }>) {
  return { hold: holdJson(outcome.hold), replaced: outcome.replaced === undefined ? null : holdJson(outcome.replaced) };
}

function holdJson({ from, until, ...rest }: Hold) {
  return { ...rest, from: new Date(from).toISOString(), until: new Date(until).toISOString() };
}
