import type { Command } from 'commander';
import { type AccountOptions, withAccountOptions } from '../account/options.ts';
import type { Io } from '../output.ts';

export function register(program: Command, io: Io): void {
  const command = program
    .command('doctor')
    .description('look for what is wrong with the stack, its documents and its endpoints, and say what to do');
  withAccountOptions(command).action(async (options: AccountOptions) => {
    const [{ operate }, { examine }] = await Promise.all([
      import('../account/connect.ts'),
      import('../operate/doctor.ts'),
    ]);
    await operate(io, options, (account) => examine(account, io, options));
  });
}
