/**
 * `node scripts/native-tools.ts [runtime-client|event-ruler …]`: installs the two tools that tests need and `npm ci` cannot
 * bring, because they need a C++ compiler and a JDK. Where those are missing, the tests print what they leave out.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommandResult, run } from './run-command.ts';

const TOOLS = fileURLToPath(new URL('../tools/', import.meta.url));

export interface NativeTool {
  readonly name: string;
  /** Set to 1, it makes a missing tool a failure instead of a printed skip. */
  readonly requiredBy: string;
  /** Commands of the machine that it cannot be installed or run without, and the Debian packages that bring them. */
  readonly commands: readonly string[];
  readonly packages: string;
  readonly folder: string;
  /** What it is made of: it is installed again when one of these changes. */
  readonly sources: readonly string[];
  /** Where the installed files are, inside the folder. */
  readonly installed: string;
  install(folder: string): Promise<CommandResult>;
}

export const RUNTIME_CLIENT: NativeTool = {
  name: 'runtime-client',
  requiredBy: 'CI_REQUIRE_RUNTIME_CLIENT',
  commands: ['cmake', 'make', 'g++', 'python3'],
  packages: 'cmake make g++ python3',
  folder: join(TOOLS, 'runtime-client'),
  sources: ['package.json', 'package-lock.json'],
  installed: 'node_modules',
  install: (folder) => run('npm', ['ci'], { cwd: folder, env: npmEnvironment(process.env) }),
};

export const EVENT_RULER: NativeTool = {
  name: 'event-ruler',
  requiredBy: 'CI_REQUIRE_EVENT_RULER',
  commands: ['java', 'javac', 'mvn'],
  packages: 'openjdk-17-jdk-headless maven',
  folder: join(TOOLS, 'event-ruler'),
  sources: ['pom.xml'],
  installed: 'lib',
  install: (folder) => {
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
    return run('mvn', ['-q', '-B', goal, '-DoutputDirectory=lib'], { cwd: folder });
  },
};

const ALL: readonly NativeTool[] = [RUNTIME_CLIENT, EVENT_RULER];

/** Why it cannot be used, or undefined. Installs nothing. */
export function whyMissing(tool: NativeTool): string | undefined {
  const missing = tool.commands.filter((command) => !isOnPath(command));
  if (missing.length > 0) return `${missing.join(', ')} not on PATH (Debian: apt-get install ${tool.packages})`;
  if (readStamp(tool) !== fingerprint(tool)) return `not installed (node scripts/native-tools.ts ${tool.name})`;
  return undefined;
}

export function isRequired(tool: NativeTool): boolean {
  return process.env[tool.requiredBy] === '1';
}

/** Installs it where that has not been done yet; answers why it cannot be used, or undefined. */
export async function install(tool: NativeTool): Promise<string | undefined> {
  const missing = tool.commands.some((command) => !isOnPath(command));
  if (missing || readStamp(tool) === fingerprint(tool)) return whyMissing(tool);
  rmSync(join(tool.folder, tool.installed), { recursive: true, force: true });
  const { code, output } = await tool.install(tool.folder);
  if (code !== 0) return `installing it failed with ${code}:\n${output.split('\n').slice(-30).join('\n')}`;
  writeFileSync(stampOf(tool), fingerprint(tool));
  return undefined;
}

function stampOf(tool: NativeTool): string {
  return join(tool.folder, tool.installed, '.installed-from');
}

function readStamp(tool: NativeTool): string | undefined {
  return existsSync(stampOf(tool)) ? readFileSync(stampOf(tool), 'utf8') : undefined;
}

function fingerprint({ folder, sources }: NativeTool): string {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const source of sources) hash.update(readFileSync(join(folder, source)));
  return hash.digest('hex');
}

function isOnPath(command: string): boolean {
  return searchPath().some((folder) => existsSync(join(folder, command)));
}

function searchPath(): readonly string[] {
  return (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
}

/**
 * The npm package `node` brings no headers, and node-gyp fetches those of other releases from nodejs.org. Headers of any
 * Node will do, because the addon uses the stable Node-API only.
 */
function npmEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // Under `npm test`, npm's own settings of the project would count for the other package, too.
  const inherited = Object.entries(env).filter(
    ([name]) => !/^npm_(config_local_prefix|package_|lifecycle_)/.test(name),
  );
  const prefixes = [...searchPath().map(dirname), '/usr', '/usr/local'];
  const withHeaders = prefixes.find((prefix) => existsSync(join(prefix, 'include/node/common.gypi')));
  return {
    ...(withHeaders === undefined ? {} : { npm_config_nodedir: withHeaders }),
    ...Object.fromEntries(inherited),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !ALL.some((tool) => tool.name === name));
  if (unknown.length > 0) {
    console.error(`native-tools: ${unknown.join(', ')}: one of ${ALL.map(({ name }) => name).join(', ')}`);
    process.exitCode = 2;
  } else {
    for (const tool of ALL.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
      const problem = await install(tool);
      console.log(`${tool.name}: ${problem ?? 'installed'}`);
      if (problem !== undefined) process.exitCode = 1;
    }
  }
}
