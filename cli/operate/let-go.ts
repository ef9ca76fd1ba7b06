import type { FleetRecord } from '../../shared/domain/record.ts';
import { forget, giveBack } from '../../shared/use-cases/give-back.ts';
import type { Account } from '../account/connect.ts';
import { readRecord } from '../account/fleet.ts';
import type { Io } from '../output.ts';
import { CliError, EXIT, writeJson } from '../output.ts';
import { plural, printable } from '../printable.ts';
import { warnAboutMode } from './mode.ts';

export interface LetGoOptions {
  readonly by?: string;
  readonly yes?: boolean;
  readonly json?: string;
}

/** Asks for the endpoint to be woken, if it is parked, and then left alone. */
export async function giveEndpointBack(account: Account, io: Io, name: string, options: LetGoOptions): Promise<void> {
  const { endpoint } = await readRecord(account, name);
  const by = options.by ?? (await account.caller());
  const outcome = await giveBack(portsOf(account), { endpoint, by }, account.now());
  if (!outcome.ok) throw new CliError(EXIT.failed, printable(outcome.problem));
  const { phase } = outcome;
  if (options.json !== undefined) writeJson(io, options.json, { endpoint, givenBack: true, phase });
  if (options.json !== '-') {
    const then =
      phase === 'up' ? 'it is up and stays as it is' : `it is ${phase}, is woken first and then left as it is`;
    io.out(
      `${printable(endpoint)}: given back: ${then}; remove the tag ${account.prefix}:policy to end the enrolment\n`,
    );
  }
  if (phase !== 'up') warnAboutMode(account, io, 'wake');
}

/** Drops the record. What that loses is said before, and needs a word. */
export async function forgetEndpoint(account: Account, io: Io, name: string, options: LetGoOptions): Promise<void> {
  const record = await readRecord(account, name);
  const { endpoint } = record;
  const versions = await account.fleet.recipeVersions(endpoint);
  const lost = describeLoss(account, record, versions);
  if (options.yes !== true) {
    throw new CliError(
      EXIT.usage,
      `--yes: missing: ${printable(endpoint)} is forgotten only with it.\n${lost.join('\n')}`,
    );
  }
  const by = options.by ?? (await account.caller());
  const outcome = await forget(portsOf(account), { endpoint, by }, account.now());
  if (!outcome.ok) throw new CliError(EXIT.failed, printable(outcome.problem));
  if (options.json !== undefined) {
    writeJson(io, options.json, { endpoint, forgotten: true, phase: outcome.phase, recipes: versions });
  }
  if (options.json !== '-')
    io.out(`${printable(endpoint)}: forgotten; it was ${outcome.phase}\n${lost.map((line) => `${line}\n`).join('')}`);
}

function describeLoss(
  { prefix }: Account,
  { phase, demand, endpoint }: FleetRecord,
  versions: readonly number[],
): readonly string[] {
  const away = phase === 'parked' || phase === 'waking';
  const newest =
    versions[0] === undefined ? 'there is none' : `version ${versions[0]} is the newest of ${versions.length}`;
  return [
    away
      ? `It is ${phase}: nothing wakes it any more, on schedule or on request.`
      : `It stays as it is; while it carries the tag ${prefix}:policy, the next tick enrols it anew.`,
    `Gone are its phase and generation${demand.length === 0 ? '' : `, and ${plural(demand.length, 'stored demand')}`}.`,
    `Kept in the table are a copy of the record (archive/${printable(endpoint.toLowerCase())}), its recipes (${newest}), its hold history and its lead samples.`,
  ];
}

function portsOf({ fleet, runtime }: Account) {
  return { fleet, announcer: runtime.announcer };
}
