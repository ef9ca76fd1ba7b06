import type { Command } from 'commander';
import { type AccountOptions, withAccountOptions } from '../account/options.ts';
import type { Io } from '../output.ts';

interface WaitOptions extends AccountOptions {
  readonly wait?: boolean;
  readonly timeout: string;
  readonly every: string;
  readonly by?: string;
}
interface WakeCommandOptions extends WaitOptions {
  readonly why?: string;
}
interface ParkCommandOptions extends WaitOptions {
  readonly why: string;
  readonly until?: string;
  readonly replace?: boolean;
}

export function register(program: Command, io: Io): void {
  registerWake(program, io);
  registerPark(program, io);
}

function withWaiting(command: Command, what: string, timeout: string): Command {
  return command
    .option('--by <name>', 'who asks (default: your name on this machine and your access key)')
    .option('--wait', `wait until it is ${what}`)
    .option('--timeout <duration>', 'wait at most so long', timeout)
    .option('--every <duration>', 'look this often while waiting', '10s');
}

function registerWake(program: Command, io: Io): void {
  const command = program
    .command('wake')
    .description('ask for an endpoint: a parked one is recreated and kept until it is idle again')
    .argument('<endpoint>', 'name of the endpoint')
    .option('--why <text>', 'the reason');
  withAccountOptions(withWaiting(command, 'in service and everything is restored', '45m')).action(
    async (name: string, options: WakeCommandOptions) => {
      const [{ operate }, { wake }] = await Promise.all([
        import('../account/connect.ts'),
        import('../operate/wake.ts'),
      ]);
      await operate(io, options, (account) => wake(account, io, name, options));
    },
  );
}

function registerPark(program: Command, io: Io): void {
  const command = program
    .command('park')
    .description('have an endpoint parked now, by a short hold; refused with the reason where that is not safe')
    .argument('<endpoint>', 'name of the endpoint')
    .option('--until <when>', 'hold it down until an instant, or an offset like +8h (default: +1h, or its next window)')
    .option('--why <text>', 'the reason', 'parked by hand')
    .option('--replace', 'replace a hold that is in force');
  withAccountOptions(withWaiting(command, 'parked', '15m')).action(
    async (name: string, options: ParkCommandOptions) => {
      const [{ operate }, { park }] = await Promise.all([
        import('../account/connect.ts'),
        import('../operate/park.ts'),
      ]);
      await operate(io, options, (account) => park(account, io, name, options));
    },
  );
}
