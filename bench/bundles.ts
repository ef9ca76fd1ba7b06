import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { parse } from 'yaml';

interface BundleFigures {
  readonly name: string;
  readonly kib: number;
  readonly importMs: number;
  /** Import and init against a handler that does nothing, in the same run. */
  readonly ratio: number;
}

const RUNS = 15;
const OUT = 'out/bench';

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

interface FunctionResource {
  readonly Type: string;
  readonly Metadata?: { readonly BuildProperties: { readonly Target: string; readonly Alias: readonly string[] } };
  readonly Properties: { readonly CodeUri: string };
}

/** The options of the template, so that what is measured is what `sam build` makes. */
async function bundleAll(): Promise<readonly { name: string; file: string }[]> {
  const text = readFileSync('template.yaml', 'utf8');
  const template = parse(text, { logLevel: 'silent' }) as { Resources: Record<string, FunctionResource> };
  const bundles: { name: string; file: string }[] = [];
  for (const resource of Object.values(template.Resources)) {
    if (resource.Type !== 'AWS::Serverless::Function' || resource.Metadata === undefined) continue;
    const { CodeUri, ...rest } = resource.Properties;
    const { Target, Alias } = resource.Metadata.BuildProperties;
    const name = CodeUri.replace(/^functions\//, '');
    const file = `${OUT}/${name}/app.mjs`;
    await build({
      entryPoints: [`${CodeUri}/app.ts`],
      outfile: file,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: Target,
      minify: true,
      sourcemap: true,
      sourcesContent: false,
      mainFields: ['module', 'main'],
      alias: Object.fromEntries(
        Alias.map((entry) => {
          const [from = '', to = ''] = entry.split('=');
          return [from, `${process.cwd()}/${to.replace('../../', '')}`];
        }),
      ),
      logLevel: 'error',
    });
    bundles.push({ name, file });
    if (Object.keys(rest).length === 0) throw new Error(`template: ${name}: no properties`);
  }
  return bundles;
}

const ENV = {
  TABLE_NAME: 'state',
  TAG_PREFIX: 'endpoint-scaler',
  MODE: 'on',
  TICK_SECONDS: '60',
  FUNCTION_TIMEOUT_SECONDS: '50',
  PARK_BUDGET: '10',
  LOG_LEVEL: 'INFO',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'x',
  AWS_SECRET_ACCESS_KEY: 'x',
};

function importOnce(file: string): number {
  const script = `const t = performance.now(); await import(${JSON.stringify(`${process.cwd()}/${file}`)}); console.log(performance.now() - t);`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...ENV, PATH: process.env['PATH'] ?? '' },
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`import of ${file} failed: ${run.stderr}`);
  return Number(run.stdout.trim());
}

/** Process start included: what Lambda's init pays, and what a trivial handler pays too. */
function startOnce(file: string): number {
  const begin = performance.now();
  importOnce(file);
  return performance.now() - begin;
}

export async function measureBundles(): Promise<readonly BundleFigures[]> {
  mkdirSync(`${OUT}/trivial`, { recursive: true });
  writeFileSync(`${OUT}/trivial/app.mjs`, 'export const handler = async () => ({});\n');
  const bundles = await bundleAll();
  const files = [`${OUT}/trivial/app.mjs`, ...bundles.map(({ file }) => file)];
  const imports = new Map(files.map((file) => [file, [] as number[]]));
  const starts = new Map(files.map((file) => [file, [] as number[]]));
  // Interleaved: a slow minute of the machine hits all alike.
  for (let run = 0; run < RUNS; run += 1) {
    for (const file of files) {
      imports.get(file)?.push(importOnce(file));
      starts.get(file)?.push(startOnce(file));
    }
  }
  const trivial = median(starts.get(files[0] ?? '') ?? []);
  return bundles.map(({ name, file }) => ({
    name,
    kib: statSync(file).size / 1024,
    importMs: median(imports.get(file) ?? []),
    ratio: median(starts.get(file) ?? []) / trivial,
  }));
}
