import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

/** Bundles each function as `sam build` does: the template's own BuildProperties are the only source of the options. */

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
interface FunctionResource {
  readonly Type: string;
  readonly Metadata: { readonly BuildMethod: string; readonly BuildProperties: BuildProperties };
  readonly Properties: { readonly CodeUri: string };
}

const KIB = 1024;
const BUDGETS: Readonly<Record<string, number>> = {
  ScheduledScaling: 520 * KIB,
  BacklogWake: 450 * KIB,
  IdleWindows: 450 * KIB,
};

const intrinsics = ['Ref', 'Sub', 'GetAtt', 'If', 'Equals', 'Not'].map((tag) => ({
  tag: `!${tag}`,
  resolve: (text: string) => text,
}));
const template = parse(readFileSync('template.yaml', 'utf8'), { customTags: intrinsics }) as {
  Resources: Record<string, FunctionResource>;
};
const functions = Object.entries(template.Resources).filter(([, { Type }]) => Type === 'AWS::Serverless::Function');

function buildOptions({ Metadata, Properties }: FunctionResource, outdir: string): BuildOptions {
  const properties = Metadata.BuildProperties;
  const workingDir = resolve(Properties.CodeUri);
  const pairs = (list: readonly string[]) =>
    Object.fromEntries(list.map((entry) => entry.split('=') as [string, string]));
  return {
    absWorkingDir: workingDir,
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

describe('the bundles that template.yaml builds', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'bundles-'));
  const inputs = new Map<string, readonly string[]>();

  beforeAll(async () => {
    for (const [name, resource] of functions) {
      const result = await build(buildOptions(resource, join(outdir, name)));
      inputs.set(name, Object.keys(result.metafile?.inputs ?? {}));
    }
  });
  afterAll(() => rmSync(outdir, { recursive: true, force: true }));

  it('are three, built the same way', () => {
    expect(functions.map(([name]) => name).sort()).toEqual(['BacklogWake', 'IdleWindows', 'ScheduledScaling']);
    const [first, ...others] = functions.map(([, { Metadata }]) => Metadata);
    for (const metadata of others) expect(metadata).toEqual(first);
  });

  it.each(Object.keys(BUDGETS))('%s stays within its size', (name) => {
    const bytes = statSync(join(outdir, name, 'app.mjs')).size;
    console.log(`${name}: ${(bytes / KIB).toFixed(0)} KiB`);
    expect(bytes).toBeLessThanOrEqual(BUDGETS[name] ?? 0);
  });

  it('reads documents in scheduled-scaling alone, and YAML and holidays nowhere', () => {
    for (const [name, files] of inputs) {
      const reads = files.some((file) => file.includes('shared/documents/'));
      expect([name, reads]).toEqual([name, name === 'ScheduledScaling']);
      expect(files.filter((file) => /node_modules\/(yaml|date-holidays|temporal-polyfill)\//.test(file))).toEqual([]);
    }
  });

  it('holds the credentials chain of no developer machine', () => {
    for (const files of inputs.values()) {
      expect(files.filter((file) => /credential-provider-(node|sso|ini|process)\//.test(file))).toEqual([]);
    }
  });

  it.each(Object.keys(BUDGETS))('%s can be imported and says what is missing from its environment', async (name) => {
    const saved = { ...process.env };
    for (const key of ['TABLE_NAME', 'TAG_PREFIX', 'MODE']) delete process.env[key];
    process.env['AWS_REGION'] = 'eu-central-1';
    try {
      const file = pathToFileURL(join(outdir, name, 'app.mjs')).href;
      await expect(import(file)).rejects.toThrow(/TABLE_NAME is missing.*TAG_PREFIX is missing.*MODE is missing/);
    } finally {
      process.env = saved;
    }
  });
});
