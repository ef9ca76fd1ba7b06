import { Argument, type Command } from 'commander';
import type { Hold } from '../../shared/domain/record.ts';
import { type AccountOptions, withAccountOptions } from '../account/options.ts';
import type { Io } from '../output.ts';

interface HoldCommandOptions extends AccountOptions {
  readonly until: string;
  readonly why: string;
  readonly by?: string;
  readonly replace?: boolean;
}

const MODES: readonly Hold['mode'][] = ['up', 'down', 'hands-off'];

export function register(program: Command, io: Io): void {
  registerHold(program, io);
  registerUnhold(program, io);
}

function registerHold(program: Command, io: Io): void {
  const command = program
    .command('hold')
    .description('override what decides about an endpoint until a moment: up, down (while nobody uses it) or hands-off')
    .argument('<endpoint>', 'name of the endpoint')
    .addArgument(new Argument('<mode>', 'up, down or hands-off').choices(MODES))
    .requiredOption(
      '--until <when>',
      'an instant like 2026-03-27T19:00:00+01:00, or an offset like +8h; at most 30 days',
    )
    .requiredOption('--why <text>', 'the reason, for those who find the endpoint held')
    .option('--by <name>', 'who holds it (default: your name on this machine and your access key)')
    .option('--replace', 'replace a hold that is in force');
  withAccountOptions(command).action(async (name: string, mode: Hold['mode'], options: HoldCommandOptions) => {
    const [{ operate }, { hold }] = await Promise.all([import('../account/connect.ts'), import('../operate/hold.ts')]);
    await operate(io, options, (account) => hold(account, io, name, mode, options));
  });
}

function registerUnhold(program: Command, io: Io): void {
  const command = program
    .command('unhold')
    .description('end the hold of an endpoint')
    .argument('<endpoint>', 'name of the endpoint')
    .option('--by <name>', 'who ends it (default: your name on this machine and your access key)');
  withAccountOptions(command).action(async (name: string, options: AccountOptions & { readonly by?: string }) => {
    const [{ operate }, { unhold }] = await Promise.all([
      import('../account/connect.ts'),
      import('../operate/hold.ts'),
    ]);
    await operate(io, options, (account) => unhold(account, io, name, options));
  });
}
