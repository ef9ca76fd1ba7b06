import type { Command } from 'commander';
import { type AccountOptions, withAccountOptions } from '../account/options.ts';
import type { LoadOptions } from '../load/plan.ts';
import { CliError, EXIT, type Io } from '../output.ts';

interface VerifyOptions extends AccountOptions, LoadOptions {
  readonly load?: boolean;
}

const LOAD_OPTIONS: readonly string[] = [
  'rate',
  'concurrency',
  'for',
  'atMost',
  'body',
  'contentType',
  'component',
  'yes',
] satisfies (keyof LoadOptions)[];

export function register(program: Command, io: Io): void {
  const command = program
    .command('verify')
    .description(
      'compare what AWS holds for an endpoint with its policy: bounds, policies, alarms, failed scaling, quota',
    )
    .argument('<endpoint>', 'name of the endpoint');
  withLoad(command);
  withAccountOptions(command).action(async (name: string, options: VerifyOptions) => {
    if (options.load !== true) refuseLoadOptions(command);
    const [{ operate }, { verifyEndpoint }, { loadEndpoint }] = await Promise.all([
      import('../account/connect.ts'),
      import('../operate/verify.ts'),
      import('../operate/load.ts'),
    ]);
    await operate(io, options, (account) =>
      options.load === true ? loadEndpoint(account, io, name, options) : verifyEndpoint(account, io, name, options),
    );
  });
}

/** Somebody who names them expects a load. */
function refuseLoadOptions(command: Command): void {
  const given = LOAD_OPTIONS.filter((name) => command.getOptionValueSource(name) === 'cli');
  if (given.length === 0) return;
  const flags = command.options.filter((option) => given.includes(option.attributeName())).map(({ long }) => long);
  throw new CliError(EXIT.usage, `${flags.join(', ')}: only together with --load`);
}

function withLoad(command: Command): void {
  command
    .option('--load', 'send a bounded load from this machine, and show how the endpoint scales')
    .option('--rate <per second>', 'with --load: requests per second, at most 200')
    .option('--concurrency <count>', 'with --load: or requests at once, at most 50')
    .option('--for <duration>', 'with --load: how long, at most 15m', '1m')
    .option('--at-most <count>', 'with --load: requests in all, at most 100000', '10000')
    .option('--body <file>', 'with --load: one request as the model takes it')
    .option('--content-type <type>', 'with --load: of the body', 'application/json')
    .option('--component <name>', 'with --load: the inference component that is asked')
    .option('--yes', 'with --load: do not ask');
}
