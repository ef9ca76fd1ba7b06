import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from '../../scripts/run-command.ts';

export type PreviousRelease = { readonly folder: string; readonly name: string } | { readonly missing: string };

/**
 * The tree that people upgrade from: the newest release before this one, else the commit before the working tree. Its
 * dependencies are those installed here.
 */
export async function checkOutPrevious(folder: string): Promise<PreviousRelease> {
  const found = await findPrevious();
  if ('missing' in found) return found;
  mkdirSync(folder, { recursive: true });
  const archive = join(folder, 'tree.tar');
  await git('archive', '--output', archive, found.commit);
  const unpacked = await run('tar', ['-xf', archive, '-C', folder]);
  if (unpacked.code !== 0) throw new Error(`tar: ${unpacked.output}`);
  if (!existsSync(join(folder, 'node_modules'))) symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  return { folder, name: found.name };
}

async function findPrevious(): Promise<
  { readonly commit: string; readonly name: string } | { readonly missing: string }
> {
  const head = await run('git', ['rev-parse', '--verify', 'HEAD']);
  if (head.code !== 0) return { missing: 'no git history here' };
  const release = await run('git', ['describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*', 'HEAD~1']);
  if (release.code === 0) return { commit: release.output.trim(), name: `release ${release.output.trim()}` };
  const changed = await run('git', ['diff', '--quiet', 'HEAD', '--', 'template.yaml', 'functions', 'shared']);
  const base = changed.code === 0 ? 'HEAD~1' : 'HEAD';
  const commit = await run('git', ['rev-parse', '--verify', base]);
  if (commit.code !== 0) return { missing: `${base} is not in this clone (a shallow one?)` };
  return { commit: commit.output.trim(), name: `commit ${commit.output.trim().slice(0, 7)}` };
}

async function git(...args: readonly string[]): Promise<void> {
  const { code, output } = await run('git', args);
  if (code !== 0) throw new Error(`git ${args.join(' ')}: ${output}`);
}
