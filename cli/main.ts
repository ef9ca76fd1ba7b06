import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Command, CommanderError } from 'commander';
import { register as registerApply } from './commands/apply.ts';
import { register as registerCompare } from './commands/compare.ts';
import { register as registerDoctor } from './commands/doctor.ts';
import { register as registerExplain } from './commands/explain.ts';
import { register as registerHold } from './commands/hold.ts';
import { register as registerLetGo } from './commands/let-go.ts';
import { register as registerPlan } from './commands/plan.ts';
import { register as registerRecover, withVersionOption } from './commands/recover.ts';
import { register as registerScenario } from './commands/scenario.ts';
import { register as registerSimulate } from './commands/simulate.ts';
import { register as registerSize } from './commands/size.ts';
import { register as registerStatus } from './commands/status.ts';
import { register as registerTrace } from './commands/trace.ts';
import { register as registerUninstall } from './commands/uninstall.ts';
import { register as registerUpdate } from './commands/update.ts';
import { register as registerValidate } from './commands/validate.ts';
import { register as registerVerify } from './commands/verify.ts';
import { register as registerWake } from './commands/wake.ts';
import type { ExitCode, Io } from './output.ts';
import { CliError, EXIT, messageOf } from './output.ts';
import { printableLines } from './printable.ts';

/** The process as the command sees it; tests hand in their own. */
export interface Host {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
  now(): number;
  /** One line from the person at the terminal; absent where there is none. */
  ask?: ((question: string) => Promise<string>) | undefined;
  /** Ctrl-C calls this once instead of ending the process; the answer takes it back. */
  onInterrupt?: Io['onInterrupt'];
}

/** Each command lives in a file of its own and adds itself to the program. */
const COMMANDS: readonly ((program: Command, io: Io) => void)[] = [
  registerValidate,
  registerPlan,
  registerSize,
  registerSimulate,
  registerCompare,
  registerApply,
  registerStatus,
  registerExplain,
  registerVerify,
  registerHold,
  registerWake,
  registerUpdate,
  registerLetGo,
  registerDoctor,
  registerTrace,
  registerScenario,
  registerUninstall,
  registerRecover,
];

/** Runs one command line; answers with the exit code and throws nothing. */
export async function run(args: readonly string[], host: Host): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  let quiet = false;
  const io = createIo(
    host,
    () => quiet,
    (code) => {
      exitCode = code;
    },
  );
  const program = createProgram(host);
  // Before the subcommand's action, so that even its first remark is silent.
  program.hook('preAction', () => {
    quiet = program.opts<{ quiet?: boolean }>().quiet === true;
  });
  for (const register of COMMANDS) register(program, io);
  try {
    await program.parseAsync(withVersionOption(args), { from: 'user' });
    return exitCode;
  } catch (error) {
    io.progress('');
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof CliError) {
      io.fail(error.message);
      return error.code;
    }
    // A bug of ours: the stack is what a report needs.
    io.fail(`unexpected error: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`);
    return EXIT.failed;
  }
}

function createProgram(host: Host): Command {
  return new Command('endpoint-scaler')
    .description('Takes SageMaker endpoints to zero and brings them back on time')
    .version(readVersion(), '-V, --version', 'print the version')
    .option('-q, --quiet', 'no progress, warnings or remarks on stderr')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .exitOverride()
    .showHelpAfterError('(--help says what there is)')
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      getOutHasColors: () => mayColor(host),
      getErrHasColors: () => mayColor(host),
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 ok, 1 failed run or AWS error, 2 wrong document or usage, 3 an invariant was violated,\n4 an expectation was not met, 130 interrupted.',
    );
}

function createIo(host: Host, quiet: () => boolean, exitWith: Io['exitWith']): Io {
  let shown = 0;
  const clear = () => {
    if (shown > 0) host.stderr.write(`\r${' '.repeat(shown)}\r`);
    shown = 0;
  };
  const line = (text: string) => {
    clear();
    const safe = printableLines(text, false);
    host.stderr.write(safe.endsWith('\n') ? safe : `${safe}\n`);
  };
  return {
    cwd: host.cwd,
    color: mayColor(host),
    now: () => host.now(),
    env: host.env,
    ask: host.ask,
    onInterrupt: host.onInterrupt ?? (() => () => undefined),
    exitWith,
    out: (text) => {
      clear();
      host.stdout.write(printableLines(text, mayColor(host)));
    },
    note: (text) => {
      if (!quiet()) line(text);
    },
    fail: line,
    progress: (text) => {
      if (quiet() || host.stderr.isTTY !== true) return;
      clear();
      const safe = printableLines(text, false);
      host.stderr.write(safe);
      shown = safe.length;
    },
  };
}

// https://no-color.org: present and not empty.
function mayColor(host: Host): boolean {
  return host.stdout.isTTY === true && (host.env['NO_COLOR'] ?? '') === '' && host.env['TERM'] !== 'dumb';
}

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** For the bin: this process, its signals and its pipes. */
export async function main(): Promise<void> {
  let stop: (() => void) | undefined;
  process.on('SIGINT', () => {
    // A second one ends it whatever is under way.
    const stopping = stop ?? (() => process.exit(EXIT.interrupted));
    stop = undefined;
    stopping();
  });
  // `endpoint-scaler plan … | head` closes the pipe; that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    throw error;
  });
  // Not process.exit: what is still on its way into a pipe would be lost.
  process.exitCode = await run(process.argv.slice(2), {
    cwd: process.cwd(),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    now: Date.now,
    onInterrupt: (handler) => {
      stop = handler;
      return () => {
        stop = undefined;
      };
    },
    ask: process.stdin.isTTY && process.stderr.isTTY ? askOnTerminal : undefined,
  });
}

async function askOnTerminal(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}
