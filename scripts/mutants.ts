/**
 * `npm run mutants`: each plausible mistake of the list is made in a copy of the tree, and has to be noticed by the invariant
 * that is there for it, in one of the documents of test/story/attacked or else in a slice of the soak.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { partOf, readArguments } from './arguments.ts';
import { MUTANTS, type Mutant } from './mutants/list.ts';
import { run } from './run-command.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COPIED = [
  'shared',
  'functions',
  'simulator',
  'rehearsal',
  'scripts',
  'test',
  'cli',
  'report',
  'events',
  'docs',
  'bin',
  'template.yaml',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
];
const DOCUMENTS = 'test/story/attacked';
const SLICE = ['--seeds', '12', '--days', '1', '--no-shrink'];

const titleOf = ({ invariant, why }: Mutant): string => `${invariant}: ${why}`;
const TITLES = MUTANTS.map(titleOf);

const { values } = readArguments({
  name: 'mutants',
  about:
    'Makes each plausible mistake of the list in a copy of the tree; the invariant that is there for it has to notice.',
  options: {
    only: partOf('those with this text in their name', TITLES, `a part of one of\n  ${TITLES.join('\n  ')}`),
  },
});
const CHOSEN = MUTANTS.filter((mutant) => titleOf(mutant).includes(values.only));
const documents = readdirSync(join(ROOT, DOCUMENTS)).filter((name) => name.endsWith('.yaml'));

function copyTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mutants-'));
  for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

async function soak(folder: string, args: readonly string[]): Promise<string> {
  const { output } = await run(process.execPath, ['scripts/soak.ts', ...args], { cwd: folder });
  if (!/\d+ (?:invariant checks|findings)/.test(output)) throw new Error(`soak ${args.join(' ')}:\n${output}`);
  return output;
}

/** One whose run cannot even begin notices nothing. */
async function fails(folder: string, test: string): Promise<boolean> {
  const { code, output } = await run('vitest', ['run', test, '--maxWorkers=1'], { cwd: folder });
  if (code !== 0 && !/Tests .*failed/.test(output)) throw new Error(`${test}:\n${output}`);
  return code !== 0;
}

/** Where the mistake shows; undefined: nowhere. */
async function caughtBy(folder: string, { invariant, test }: Mutant): Promise<string | undefined> {
  if (test !== undefined) return (await fails(folder, test)) ? test : undefined;
  const shows = new RegExp(`^\\s*invariant ${invariant}:`, 'm');
  for (const name of documents) {
    if (shows.test(await soak(folder, ['--replay', `${DOCUMENTS}/${name}`]))) return name;
  }
  return shows.test(await soak(folder, SLICE)) ? 'the soak' : undefined;
}

async function tryMutant(folder: string, mutant: Mutant): Promise<boolean> {
  const file = join(folder, mutant.file);
  const original = readFileSync(file, 'utf8');
  if (original.split(mutant.find).length !== 2) throw new Error(`${mutant.file}: must hold once: ${mutant.find}`);
  writeFileSync(
    file,
    original.replace(mutant.find, () => mutant.replace),
  );
  try {
    const by = await caughtBy(folder, mutant);
    const verdict = by === undefined ? 'SURVIVED' : `caught by ${by}`;
    console.log(`invariant ${mutant.invariant}: ${mutant.why} (${mutant.file}): ${verdict}`);
    return by !== undefined;
  } finally {
    writeFileSync(file, original);
  }
}

const folder = copyTree();
try {
  for (const name of documents) {
    const output = await soak(folder, ['--replay', `${DOCUMENTS}/${name}`]);
    if (!output.includes(' 0 findings'))
      throw new Error(`${name} must be sound before anything is mutated:\n${output}`);
  }
  let caught = 0;
  for (const mutant of CHOSEN) if (await tryMutant(folder, mutant)) caught += 1;
  console.log(`${caught} of ${CHOSEN.length} mutants caught`);
  process.exitCode = caught === CHOSEN.length && caught > 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
