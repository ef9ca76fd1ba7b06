import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BYTE_BUDGETS, bundleFunctions, KIB, readFunctions } from '../support/lambda/build-functions.ts';

describe('the bundles that template.yaml builds', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'bundles-'));
  const inputs = new Map<string, readonly string[]>();

  beforeAll(async () => {
    for (const [name, metafile] of await bundleFunctions(outdir)) inputs.set(name, Object.keys(metafile.inputs));
  });
  afterAll(() => rmSync(outdir, { recursive: true, force: true }));

  it('are three, built the same way', () => {
    const functions = readFunctions();
    expect(functions.map(({ id }) => id).sort()).toEqual(['BacklogWake', 'IdleWindows', 'ScheduledScaling']);
    const [first, ...others] = functions.map(({ metadata }) => metadata);
    for (const metadata of others) expect(metadata).toEqual(first);
  });

  it.each(Object.keys(BYTE_BUDGETS))('%s stays within its size', (name) => {
    const bytes = statSync(join(outdir, name, 'app.mjs')).size;
    console.log(`${name}: ${(bytes / KIB).toFixed(0)} KiB`);
    expect(bytes).toBeLessThanOrEqual(BYTE_BUDGETS[name] ?? 0);
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

  it.each(Object.keys(BYTE_BUDGETS))(
    '%s can be imported and says what is missing from its environment',
    async (name) => {
      const saved = { ...process.env };
      for (const key of ['TABLE_NAME', 'TAG_PREFIX', 'MODE']) delete process.env[key];
      process.env['AWS_REGION'] = 'eu-central-1';
      try {
        const file = pathToFileURL(join(outdir, name, 'app.mjs')).href;
        await expect(import(file)).rejects.toThrow(/TABLE_NAME is missing.*TAG_PREFIX is missing.*MODE is missing/);
      } finally {
        process.env = saved;
      }
    },
  );
});
