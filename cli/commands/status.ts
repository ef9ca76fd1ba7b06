import type { Command } from 'commander';
import { type AccountOptions, withAccountOptions } from '../account/options.ts';
import type { Io } from '../output.ts';

export function register(program: Command, io: Io): void {
  const command = program
    .command('status')
    .description('print what each enrolled endpoint is, what it should be and why, and when that changes')
    .argument('[endpoints...]', 'names of endpoints (default: all that are enrolled)');
  withAccountOptions(command).action(async (names: string[], options: AccountOptions) => {
    // The SDK clients take half a second to load: only for those who talk to an account.
    const [{ operate }, { showStatus }] = await Promise.all([
      import('../account/connect.ts'),
      import('../operate/status.ts'),
    ]);
    await operate(io, options, (account) => showStatus(account, io, names, options));
  });
}
