/**
 * Runs a scenario document through the command line, as a user would: `endpoint-scaler simulate <file> --json -`. In this
 * process, so that each story does not load the simulator anew; with an environment of its own, in one of its own.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { run } from '../../cli/main.ts';
import type { RehearsalResult } from '../../rehearsal/result.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export type Document = Readonly<Record<string, unknown>>;

export interface RunOptions {
  /** More files beside the scenario, by relative path. */
  readonly files?: Readonly<Record<string, string>>;
  /** More words on the command line. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** IAM is meant to stop something here; anywhere else a permission that a role lacks fails the story. */
  readonly refusedByIam?: boolean;
}

export interface CommandOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ScenarioOutcome extends CommandOutcome {
  readonly result: RehearsalResult;
}

/** Runs `endpoint-scaler <args>` in `folder`; `{folder}` in an argument is the folder. */
export function runCommand(args: readonly string[], folder: string, env: Readonly<Record<string, string>> = {}) {
  return new Promise<CommandOutcome>((resolve, reject) => {
    const child = spawn(join(root, 'node_modules/.bin/node'), [join(root, 'bin/endpoint-scaler.js'), ...args], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({
        exitCode: code ?? -1,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    );
  });
}

/** The same without a process of its own. */
export async function runHere(args: readonly string[], folder: string): Promise<CommandOutcome> {
  const written = { stdout: '', stderr: '' };
  const exitCode = await run(args, {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    now: () => Date.now(),
  });
  return { exitCode, ...written };
}

export async function inFolder<T>(files: Readonly<Record<string, string>>, use: (folder: string) => Promise<T>) {
  const folder = mkdtempSync(join(tmpdir(), 'story-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The run's exit code and streams, whatever they are. A text is written as it is. */
export function simulate(scenario: Document | string, options: RunOptions = {}): Promise<CommandOutcome> {
  const text = typeof scenario === 'string' ? scenario : stringify(scenario);
  const args = ['simulate', 'scenario.yaml', '--enforce-iam', '--json', '-', ...(options.args ?? [])];
  return inFolder({ 'scenario.yaml': text, ...options.files }, (folder) =>
    options.env === undefined ? runHere(args, folder) : runCommand(args, folder, options.env),
  );
}

/** A run that must yield a result (exit code 0, 3 or 4); anything else fails with what the command said. */
export async function runScenario(scenario: Document, options: RunOptions = {}): Promise<ScenarioOutcome> {
  const outcome = await simulate(scenario, options);
  if (![0, 3, 4].includes(outcome.exitCode))
    throw new Error(`simulate ended with ${outcome.exitCode}:\n${outcome.stderr.slice(0, 4000)}`);
  const refusals = outcome.stderr.split('\n').filter((line) => line.includes(': IAM refused '));
  if (refusals.length > 0 && options.refusedByIam !== true)
    throw new Error(`a role of template.yaml lacks a permission:\n${refusals.join('\n')}`);
  return { ...outcome, result: JSON.parse(outcome.stdout) as RehearsalResult };
}
