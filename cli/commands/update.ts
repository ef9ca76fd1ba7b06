import type { Command } from 'commander';
import { withAccountOptions } from '../account/options.ts';
import type { UpdateCommandOptions } from '../operate/update.ts';
import type { Io } from '../output.ts';

export function register(program: Command, io: Io): void {
  const command = program
    .command('update')
    .description(
      'deploy another endpoint config: scaling that AWS wants off is taken off, counts stay, and all of it is put back',
    )
    .argument('<endpoint>', 'name of the endpoint')
    .requiredOption('--config <name>', 'the endpoint config to deploy')
    .option('--dry-run', 'show what would be done and change nothing')
    .option('--wait', 'wait until it is in service and its scaling is back')
    .option('--timeout <duration>', 'wait at most so long', '90m')
    .option('--every <duration>', 'look this often while waiting', '15s')
    .option('-y, --yes', 'begin without asking');
  withAccountOptions(command).action(async (name: string, options: UpdateCommandOptions) => {
    const [{ operate }, { update }] = await Promise.all([
      import('../account/connect.ts'),
      import('../operate/update.ts'),
    ]);
    await operate(io, options, (account) => update(account, io, name, options));
  });
}
