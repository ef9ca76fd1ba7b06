import type { Command } from 'commander';
import { type AccountOptions, withAccountOptions } from '../account/options.ts';
import type { Io } from '../output.ts';

interface Options extends AccountOptions {
  readonly by?: string;
  readonly yes?: boolean;
}

const BY = 'who asks (default: your name on this machine and your access key)';

export function register(program: Command, io: Io): void {
  const back = program
    .command('give-back')
    .description('wake an endpoint if it is parked, then leave it alone for as long as it carries the tag')
    .argument('<endpoint>', 'name of the endpoint')
    .option('--by <name>', BY);
  withAccountOptions(back).action(async (name: string, options: Options) => {
    const [{ operate }, { giveEndpointBack }] = await Promise.all([
      import('../account/connect.ts'),
      import('../operate/let-go.ts'),
    ]);
    await operate(io, options, (account) => giveEndpointBack(account, io, name, options));
  });

  const forget = program
    .command('forget')
    .description('drop the record of an endpoint without waking it; its recipes stay in the table')
    .argument('<endpoint>', 'name of the endpoint')
    .option('--yes', 'do it; without it, only what would be lost is said')
    .option('--by <name>', BY);
  withAccountOptions(forget).action(async (name: string, options: Options) => {
    const [{ operate }, { forgetEndpoint }] = await Promise.all([
      import('../account/connect.ts'),
      import('../operate/let-go.ts'),
    ]);
    await operate(io, options, (account) => forgetEndpoint(account, io, name, options));
  });
}
