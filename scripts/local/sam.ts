import { spawn } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommandResult, run } from '../run-command.ts';
import { type LocalTemplate, localTemplate } from './local-template.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PYTHON = join(ROOT, '.venv/bin/python');
const LIST_TYPES = `
import json
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS
print(json.dumps(sorted(_RESOURCE_HANDLERS)))
`;

export type Environment = Readonly<Record<string, string>>;

export class CommandError extends Error {
  readonly result: CommandResult;
  constructor(command: string, result: CommandResult) {
    super(`${command} ended with ${result.code}:\n${result.output}`);
    this.name = 'CommandError';
    this.result = result;
  }
}

/** What `sam build` reads of a checkout. */
const SOURCES = ['functions', 'shared', 'package.json', 'template.yaml', 'samconfig.toml', 'tsconfig.json'];

/** A copy of the working tree to build and deploy from: what SAM CLI writes stays away from it. */
export function copyCheckout(folder: string): string {
  for (const source of SOURCES)
    cpSync(join(ROOT, source), join(folder, source), { recursive: true, dereference: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** `sam build` in a checkout; answers the template it made. */
export async function samBuild(checkout: string, environment: Environment): Promise<string> {
  const result = await run('sam', ['build'], { cwd: checkout, env: environment });
  if (result.code !== 0) throw new CommandError(`sam build in ${checkout}`, result);
  return join(checkout, '.aws-sam/build/template.yaml');
}

/**
 * A folder in which `sam deploy` finds what it finds in the checkout after `sam build`: samconfig.toml and the built
 * template, less what ministack cannot take.
 */
export async function prepareDeployment(
  checkout: string,
  builtTemplate: string,
  folder: string,
): Promise<LocalTemplate> {
  const local = localTemplate(builtTemplate, await knownTypes());
  mkdirSync(join(folder, '.aws-sam/build'), { recursive: true });
  // Its content, never a link to it: `sam deploy --guided` writes the answers into it.
  copyFileSync(join(checkout, 'samconfig.toml'), join(folder, 'samconfig.toml'));
  writeFileSync(join(folder, '.aws-sam/build/template.yaml'), local.text);
  return local;
}

async function knownTypes(): Promise<ReadonlySet<string>> {
  const result = await run(PYTHON, ['-c', LIST_TYPES]);
  if (result.code !== 0) throw new CommandError('listing the resource types of ministack', result);
  return new Set(JSON.parse(result.output.trim().split('\n').at(-1) ?? '[]') as string[]);
}

/** `sam deploy` as a person runs it: every question is answered with its default, and the change set with yes. */
export async function samDeploy(
  folder: string,
  environment: Environment,
  args: readonly string[] = [],
): Promise<CommandResult> {
  const result = await runAnswering('sam', ['deploy', ...args], folder, environment);
  if (result.code !== 0) throw new CommandError(`sam deploy ${args.join(' ')}`, result);
  return result;
}

/** Prompts of SAM CLI end with a colon and a space and no line break. */
const PROMPT = /[^\n]*: ?$/;

function runAnswering(command: string, args: readonly string[], cwd: string, env: Environment): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    let answered = 0;
    const read = (chunk: Buffer): void => {
      output += String(chunk);
      const prompt = PROMPT.exec(output.slice(answered))?.[0];
      if (prompt === undefined || prompt.trim() === '') return;
      answered = output.length;
      child.stdin.write(prompt.includes('Deploy this changeset?') ? 'y\n' : '\n');
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.stdin.on('error', () => child.stdin.destroy());
    child.on('error', (error) => resolve({ code: 127, output: `${command}: ${error.message}` }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
