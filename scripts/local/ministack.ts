import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PYTHON = join(ROOT, '.venv/bin/python');
const LAUNCHER = fileURLToPath(new URL('run-ministack.py', import.meta.url));
const READY_WITHIN_MS = 60_000;
const STOPPED_WITHIN_MS = 5_000;
const LOG_LINES = 40;

/** Why ministack cannot be started here, or undefined. */
export function whyNoMinistack(): string | undefined {
  const missing = ['.venv/bin/ministack', '.venv/bin/sam', '.venv/bin/aws'].filter(
    (tool) => !existsSync(join(ROOT, tool)),
  );
  return missing.length === 0 ? undefined : `${missing.join(', ')} missing (npm test installs them)`;
}

export interface MinistackOptions {
  readonly port: number;
  /** Where it keeps its files and its log. */
  readonly folder: string;
  /** All that it and the functions it runs see of an environment. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Ministack {
  readonly url: string;
  readonly log: string;
  stop(): Promise<void>;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Starts ministack on loopback; answers when it serves. It ends with `stop`, or with this process. */
export async function startMinistack({ port, folder, environment }: MinistackOptions): Promise<Ministack> {
  const log = join(folder, 'ministack.log');
  const output = openSync(log, 'a');
  // A group of its own, so that it is stopped together with the workers that run the functions.
  const child = spawn(PYTHON, [LAUNCHER, folder], {
    cwd: folder,
    detached: true,
    stdio: ['pipe', output, output],
    env: {
      ...environment,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      TMPDIR: folder,
      SFTP_ENABLED: '0',
      IOT_MTLS_ENABLED: '0',
      LAMBDA_EXECUTOR: 'local',
    },
  });
  closeSync(output);
  const url = `http://127.0.0.1:${port}`;
  try {
    await becomesReady(child, url);
  } catch (error) {
    await stop(child);
    const tail = readFileSync(log, 'utf8').split('\n').slice(-LOG_LINES).join('\n');
    throw new Error(`ministack did not start: ${(error as Error).message}\n${tail}`);
  }
  return { url, log, stop: () => stop(child) };
}

async function becomesReady(child: ChildProcess, url: string): Promise<void> {
  let ended: string | undefined;
  child.once('error', (error) => {
    ended = error.message;
  });
  child.once('exit', (code, signal) => {
    ended ??= `it ended with ${code ?? signal}`;
  });
  const until = Date.now() + READY_WITHIN_MS;
  while (Date.now() < until) {
    if (ended !== undefined) throw new Error(ended);
    if (await isHealthy(url)) return;
    await wait(100);
  }
  throw new Error(`no answer from ${url} within ${READY_WITHIN_MS / 1000} s`);
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const { ok } = await fetch(`${url}/_ministack/health`, { signal: AbortSignal.timeout(2_000) });
    return ok;
  } catch {
    // Refused until it listens.
    return false;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const exited = new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
  signalGroup(child.pid, 'SIGTERM');
  await Promise.race([exited, wait(STOPPED_WITHIN_MS, undefined, { ref: false })]);
  signalGroup(child.pid, 'SIGKILL');
  await exited;
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
