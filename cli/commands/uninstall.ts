import type { Command } from 'commander';
import { withAccountOptions } from '../account/options.ts';
import type { UninstallCommandOptions } from '../operate/uninstall.ts';
import type { Io } from '../output.ts';

export function register(program: Command, io: Io): void {
  const command = program
    .command('uninstall')
    .description('wake and give back every endpoint, so that the stack can be deleted; deletes nothing itself')
    .option('--wait', 'wait until everything is given back')
    .option('--timeout <duration>', 'stop waiting after this; repeating goes on', '2h')
    .option('--every <duration>', 'look this often while waiting', '15s')
    .option('-y, --yes', 'begin without asking');
  withAccountOptions(command).action(async (options: UninstallCommandOptions) => {
    const { runUninstall } = await import('../operate/uninstall.ts');
    await runUninstall(io, options);
  });
}
