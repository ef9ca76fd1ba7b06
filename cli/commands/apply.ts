import type { Command } from 'commander';
import { withAccountOptions } from '../account/options.ts';
import type { ApplyOptions } from '../operate/apply.ts';
import type { Io } from '../output.ts';

export function register(program: Command, io: Io): void {
  const command = program
    .command('apply')
    .description('write the schedules and policies of a folder to the stack: differences first, all valid or none')
    .argument('<folder>', 'holds schedules/*.yaml and policies/*.yaml')
    .option('--prune', 'delete documents of this owner that are not in the folder any more')
    .option('--owner <name>', 'whose documents these are: --prune touches no others', 'apply')
    .option('--adopt', 'take over documents of the same name that somebody else made')
    .option('--dry-run', 'show the differences and write nothing')
    .option('-y, --yes', 'write without asking');
  withAccountOptions(command).action(async (folder: string, options: ApplyOptions) => {
    const { runApply } = await import('../operate/apply.ts');
    await runApply(io, folder, options);
  });
}
