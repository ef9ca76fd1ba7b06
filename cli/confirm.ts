import type { Io } from './output.ts';
import { CliError, EXIT } from './output.ts';

/** Asks on a terminal; a script has to say --yes, so that nothing happens by accident. */
export async function confirm(io: Io, yes: boolean | undefined, question: string): Promise<boolean> {
  if (yes === true) return true;
  if (io.ask === undefined)
    throw new CliError(EXIT.usage, 'nothing was changed: this is no terminal to ask on, so it takes --yes');
  const answer = await io.ask(`${question} [y/N] `);
  return /^y(es)?$/i.test(answer.trim());
}
