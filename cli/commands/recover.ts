import type { Command } from 'commander';
import { withAccountOptions } from '../account/options.ts';
import type { RecoverCommandOptions } from '../operate/recover.ts';
import type { Io } from '../output.ts';

export function register(program: Command, io: Io): void {
  const command = program
    .command('recover')
    .description('recreate parked endpoints from their recipes with your own rights, without any function running')
    .option('--endpoint <name>', 'only this endpoint; may be repeated (default: all that are not up)', collect, [])
    .option('--recipe <version>', 'from this recipe instead of the last, with one --endpoint; --version says the same')
    .option('--with-config', 'recreate a deleted endpoint config from the recipe')
    .option('--timeout <duration>', 'stop waiting after this; repeating goes on', '2h')
    .option('--every <duration>', 'look this often while waiting', '15s')
    .option('--dry-run', 'show what would be recreated and change nothing')
    .option('-y, --yes', 'recreate without asking');
  withAccountOptions(command).action(async (options: RecoverCommandOptions) => {
    const { runRecover } = await import('../operate/recover.ts');
    await runRecover(io, options);
  });
}

/** `recover --version 3` is the recipe's version: everywhere else the word is the command's own, wherever it stands. */
export function withVersionOption(args: readonly string[]): string[] {
  const at = args.findIndex((arg) => !arg.startsWith('-'));
  if (args[at] !== 'recover') return [...args];
  return args.map((arg, index) => (index > at ? arg.replace(/^--version(?==|$)/, '--recipe') : arg));
}

function collect(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}
