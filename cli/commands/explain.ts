import type { Command } from 'commander';
import { type AccountOptions, withAccountOptions } from '../account/options.ts';
import type { Io } from '../output.ts';

interface Options extends AccountOptions {
  readonly at?: string;
}

export function register(program: Command, io: Io): void {
  const command = program
    .command('explain')
    .description('print which rule decides about an endpoint and why the higher ones do not, with the evidence')
    .argument('<endpoint>', 'name of the endpoint')
    .option('--at <when>', 'another instant, or an offset from now like +14h (default: now)');
  withAccountOptions(command).action(async (name: string, options: Options) => {
    const [{ operate }, { explainEndpoint }] = await Promise.all([
      import('../account/connect.ts'),
      import('../operate/explain.ts'),
    ]);
    await operate(io, options, (account) => explainEndpoint(account, io, name, options));
  });
}
