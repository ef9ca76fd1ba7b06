/**
 * An account with the deployed product in it, rehearsed up to a moment and then served over HTTP: the command talks to
 * the very account that the real functions work in. Simulated time moves by `advance` only.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { run as runCli } from '../../cli/main.ts';
import { parseScenario, readTemplateText } from '../../rehearsal/index.ts';
import { PRODUCT } from '../../rehearsal/product.ts';
import type { Run } from '../../rehearsal/run.ts';
import { runScenario } from '../../rehearsal/runner.ts';
import { type SimulatorServer, serveAccount } from '../../simulator/server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Calls with this access key are the ones that scripted faults hit. */
export const FAULTY_KEY = 'AKIAFAULTY';
const OPERATOR_KEY = 'AKIAOPERATOR';

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Code null: a signal ended it. */
type Ended = Omit<Answer, 'code'> & { readonly code: number | null };

type Environment = Readonly<Record<string, string | undefined>>;

export interface ServedAccount {
  readonly run: Run;
  readonly server: SimulatorServer;
  /** Runs `endpoint-scaler <args>` in this process, which need not load the command and the SDKs each time. */
  command(args: readonly string[], env?: Environment): Promise<Answer>;
  /** The same as a process of its own: for what the process itself decides, and for what measures real time. */
  process(args: readonly string[], env?: Environment): Promise<Answer>;
  /** The same with `--json -`, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: any command's answer
  json(args: readonly string[], env?: Environment): Promise<any>;
  /** Moves simulated time, functions included. */
  advance(by: string): Promise<void>;
  close(): Promise<void>;
}

/** Runs the scenario to its end and serves the account from there on, or from now on, at this machine's pace. */
export async function serveScenario(
  document: Readonly<Record<string, unknown>>,
  { realTime = false } = {},
): Promise<ServedAccount> {
  const template = readTemplateText();
  const parsed = parseScenario(stringify(document), 'scenario.yaml', () => undefined, template);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const run = await runScenario(parsed.scenario, { template, code: PRODUCT });
  if (realTime) await run.aws.run(Date.now());
  const server = await serveAccount(run.aws, {
    host: '127.0.0.1',
    port: 0,
    clock: realTime ? 1 : 'virtual',
    callerOf: (name) => (name === FAULTY_KEY ? { kind: 'product', name } : { kind: 'person', name }),
  });
  const command: ServedAccount['command'] = (args, env = {}) => runHere(args, { ...accountEnv(run, server), ...env });
  return {
    run,
    server,
    command,
    process: (args, env = {}) => runCommand(args, { ...accountEnv(run, server), ...env }),
    async json(args, env = {}) {
      const { code, out, err } = await command([...args, '--json', '-'], env);
      if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${err}`);
      return JSON.parse(out);
    },
    async advance(by) {
      const response = await fetch(`${server.url}/_simulator/advance`, {
        method: 'POST',
        body: JSON.stringify({ by }),
      });
      if (!response.ok) throw new Error(`advance ${by}: ${await response.text()}`);
    },
    close: () => server.close(),
  };
}

/** Nothing of the machine's own AWS settings reaches the command. */
export function accountEnv({ aws }: Run, { url }: SimulatorServer): Record<string, string | undefined> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: aws.region,
    AWS_ACCESS_KEY_ID: OPERATOR_KEY,
    AWS_SECRET_ACCESS_KEY: 'secret',
  };
}

/**
 * Runs a command while simulated time goes on: a second of the test is about five minutes. It stands while the command
 * calls: AWS must not be slow to it, and its lease no shorter, because the machine is busy.
 */
export async function whileTimePasses<T>(account: ServedAccount, work: Promise<T>): Promise<T> {
  let done = false;
  let called = false;
  account.run.aws.onCall(({ caller }) => {
    if (caller.kind === 'person' || caller.name === FAULTY_KEY) called = true;
  });
  const passing = (async () => {
    while (!done) {
      await account.advance('20s');
      do {
        called = false;
        await new Promise((resolve) => setTimeout(resolve, 50));
      } while (called && !done);
    }
  })();
  try {
    return await work;
  } finally {
    done = true;
    await passing;
  }
}

/** Every process is killed after a minute: a command that hangs must not hang the tests. */
const LONGEST_MS = 60_000;

/** All that a command sees of the environment. */
const environmentOf = (env: Environment): Environment => ({
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
  HOME: '/nonexistent',
  USER: 'ada',
  NO_COLOR: '1',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/nonexistent/config',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
  ...env,
});

export type CommandProcess = ChildProcessByStdio<null, Readable, Readable>;

/** A process of the command, to be watched and signalled. */
export const spawnCommand = (args: readonly string[], env: Environment): CommandProcess =>
  spawn(process.execPath, [join(root, 'bin/endpoint-scaler.js'), ...args], {
    env: environmentOf(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_MS,
  });

/** What such a process prints until it ends, and how it ends: null by a signal. */
export function endOf(child: CommandProcess): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const texts = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      texts.out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      texts.err += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...texts }));
  });
}

export async function runCommand(args: readonly string[], env: Environment): Promise<Answer> {
  const { code, ...texts } = await endOf(spawnCommand(args, env));
  return { code: code ?? -1, ...texts };
}

export async function runHere(args: readonly string[], env: Environment): Promise<Answer> {
  const environment = environmentOf(env);
  const texts = { out: '', err: '' };
  const leave = enter(environment);
  try {
    const code = await runCli(args, {
      cwd: process.cwd(),
      env: environment,
      stdout: { write: (text) => (texts.out += text) },
      stderr: { write: (text) => (texts.err += text) },
      now: () => Date.now(),
    });
    return { code, ...texts };
  } finally {
    leave();
  }
}

/** What the SDK looks for in the environment of its process, whatever the command is given. */
const READ_BY_SDK = /^(?:AWS_|HOME$)/;
const readBySdk = (env: Environment): Environment =>
  Object.fromEntries(Object.entries(env).filter(([name]) => READ_BY_SDK.test(name)));

function replaceEnvironment(by: Environment): void {
  for (const name of Object.keys(readBySdk(process.env))) delete process.env[name];
  for (const [name, value] of Object.entries(by)) if (value !== undefined) process.env[name] = value;
}

const own = readBySdk(process.env);
/** Of the commands in this process that are under way: they all have the same. */
const underWay: Environment[] = [];

function enter(environment: Environment): () => void {
  if (underWay.some((other) => !isDeepStrictEqual(other, environment)))
    throw new Error('commands with different environments cannot share this process: give one a process of its own');
  underWay.push(environment);
  replaceEnvironment(readBySdk(environment));
  return () => {
    underWay.pop();
    if (underWay.length === 0) replaceEnvironment(own);
  };
}
