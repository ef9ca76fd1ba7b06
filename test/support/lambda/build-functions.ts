import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { parse } from 'yaml';

/** The template's own BuildProperties are the only source of how functions are bundled. */
interface BuildProperties {
  readonly Format: 'esm';
  readonly OutExtension: readonly string[];
  readonly Target: string;
  readonly Minify: boolean;
  readonly Sourcemap: boolean;
  readonly SourcesContent: string;
  readonly MainFields: string;
  readonly Alias: readonly string[];
  readonly EntryPoints: readonly string[];
}

export interface FunctionResource {
  /** Logical id in template.yaml. */
  readonly id: string;
  readonly codeUri: string;
  readonly metadata: { readonly BuildMethod: string; readonly BuildProperties: BuildProperties };
}

export const KIB = 1024;

/** What a function's bundle may weigh, source map not counted. */
export const BYTE_BUDGETS: Readonly<Record<string, number>> = {
  ScheduledScaling: 600 * KIB,
  BacklogWake: 450 * KIB,
  IdleWindows: 450 * KIB,
};

const KNOWN_PROPERTIES: readonly string[] = [
  'Format',
  'OutExtension',
  'Target',
  'Minify',
  'Sourcemap',
  'SourcesContent',
  'MainFields',
  'Alias',
  'EntryPoints',
] satisfies readonly (keyof BuildProperties)[];

export function readFunctions(): readonly FunctionResource[] {
  const text = readFileSync('template.yaml', 'utf8');
  // Intrinsic functions do not matter here; their tags are only noise to the parser.
  const template = parse(text, { logLevel: 'silent' }) as {
    Resources: Record<
      string,
      { Type: string; Metadata: FunctionResource['metadata']; Properties: { CodeUri: string } }
    >;
  };
  const functions = Object.entries(template.Resources).filter(([, { Type }]) => Type === 'AWS::Serverless::Function');
  return functions.map(([id, { Metadata, Properties }]) => {
    const unknown = Object.keys(Metadata.BuildProperties).filter((name) => !KNOWN_PROPERTIES.includes(name));
    if (unknown.length > 0)
      throw new Error(`template.yaml: ${id}: ${unknown.join(', ')}: not passed on to esbuild here`);
    return { id, codeUri: Properties.CodeUri, metadata: Metadata };
  });
}

function buildOptions({ codeUri, metadata }: FunctionResource, outdir: string): BuildOptions {
  const properties = metadata.BuildProperties;
  const pairs = (list: readonly string[]) =>
    Object.fromEntries(list.map((entry) => entry.split('=') as [string, string]));
  return {
    absWorkingDir: resolve(codeUri),
    entryPoints: [...properties.EntryPoints],
    outdir,
    bundle: true,
    platform: 'node',
    format: properties.Format,
    outExtension: pairs(properties.OutExtension),
    target: properties.Target,
    minify: properties.Minify,
    sourcemap: properties.Sourcemap,
    sourcesContent: properties.SourcesContent !== 'false',
    mainFields: properties.MainFields.split(','),
    alias: pairs(properties.Alias),
    metafile: true,
    logLevel: 'silent',
  };
}

/** One folder per function below `outdir`, as `sam build` makes them; answers what went into each. */
export async function bundleFunctions(outdir: string): Promise<ReadonlyMap<string, Metafile>> {
  const inputs = new Map<string, Metafile>();
  for (const fn of readFunctions()) {
    const result = await build(buildOptions(fn, resolve(outdir, fn.id)));
    inputs.set(fn.id, result.metafile!);
  }
  return inputs;
}

export interface Artifacts {
  readonly builtBy: 'sam build' | 'esbuild';
  /** Holds one folder per function, named by its logical id. */
  readonly folder: string;
  /** The template that would be deployed with them. */
  readonly templateFile: string;
}

const SAM = '.venv/bin/sam';

/** What would be deployed: by the literal `sam build` where the SAM CLI is installed, else by esbuild with the same options. */
export async function buildArtifacts(outdir: string): Promise<Artifacts> {
  // SAM writes its notes beside the build directory.
  const folder = join(resolve(outdir), 'build');
  if (!existsSync(SAM)) {
    process.stderr.write(`${SAM} is missing (npm test installs it): esbuild builds what \`sam build\` should\n`);
    await bundleFunctions(folder);
    return { builtBy: 'esbuild', folder, templateFile: resolve('template.yaml') };
  }
  const { status, stdout, stderr } = spawnSync(SAM, ['build', '--no-cached', '--build-dir', folder], {
    encoding: 'utf8',
    timeout: 100_000,
    env: {
      ...process.env,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
      SAM_CLI_TELEMETRY: '0',
    },
  });
  if (status !== 0) throw new Error(`sam build ended with ${status}:\n${stdout}${stderr}`);
  return { builtBy: 'sam build', folder, templateFile: join(folder, 'template.yaml') };
}
