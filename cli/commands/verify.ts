import type { Command } from 'commander';
import { type AccountOptions, withAccountOptions } from '../account/options.ts';
import type { Io } from '../output.ts';

export function register(program: Command, io: Io): void {
  const command = program
    .command('verify')
    .description(
      'compare what AWS holds for an endpoint with its policy: bounds, policies, alarms, failed scaling, quota',
    )
    .argument('<endpoint>', 'name of the endpoint');
  withAccountOptions(command).action(async (name: string, options: AccountOptions) => {
    const [{ operate }, { verifyEndpoint }] = await Promise.all([
      import('../account/connect.ts'),
      import('../operate/verify.ts'),
    ]);
    await operate(io, options, (account) => verifyEndpoint(account, io, name, options));
  });
}
