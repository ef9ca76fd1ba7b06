import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../scripts/local/ministack.ts';

const SERVER = join(fileURLToPath(new URL('../..', import.meta.url)), '.venv/bin/moto_server');
const READY_WITHIN_MS = 30_000;

/** Why moto cannot be started here, or undefined. */
export function whyNoMoto(): string | undefined {
  return existsSync(SERVER) ? undefined : '.venv/bin/moto_server missing (npm test installs it)';
}

export interface Moto {
  readonly url: string;
  /** From now on every call is judged by the IAM policies of its access key. */
  enforceIam(): Promise<void>;
  stop(): Promise<void>;
}

/** Somebody else's EC2, IAM, KMS, S3, ECR and STS on loopback; ends with `stop`, or with this process. */
export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const child = spawn(SERVER, ['-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', AWS_ACCESS_KEY_ID: 'AKIAMOTO', AWS_SECRET_ACCESS_KEY: 's' },
  });
  const end = () => child.kill();
  process.once('exit', end);
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`it ended with ${code ?? signal}`));
  });
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    process.removeListener('exit', end);
    child.kill();
    await exited;
  };
  const started = await Promise.race([exited.then((why) => why), becomesReady(url)]);
  if (started !== undefined) {
    await stop();
    throw new Error(`moto did not start: ${started}`);
  }
  return {
    url,
    stop,
    async enforceIam() {
      const answer = await fetch(`${url}/moto-api/reset-auth`, { method: 'POST', body: '0' });
      if (!answer.ok) throw new Error(`moto-api/reset-auth: ${answer.status}`);
    },
  };
}

/** Why it does not serve, or undefined. */
async function becomesReady(url: string): Promise<string | undefined> {
  const until = Date.now() + READY_WITHIN_MS;
  while (Date.now() < until) {
    try {
      await fetch(`${url}/moto-api/data.json`, { signal: AbortSignal.timeout(2_000) });
      return undefined;
    } catch {
      // Refused until it listens.
      await wait(50);
    }
  }
  return `no answer from ${url} within ${READY_WITHIN_MS / 1000} s`;
}
