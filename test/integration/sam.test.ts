import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BYTE_BUDGETS } from '../support/lambda/build-functions.ts';

const SAM = '.venv/bin/sam';
const hasSam = existsSync(SAM);
if (!hasSam) console.log(`skipped: sam validate and sam build: ${SAM} is missing (npm test installs it)`);

const buildDir = mkdtempSync(join(tmpdir(), 'sam-build-'));
afterAll(() => rmSync(buildDir, { recursive: true, force: true }));

function sam(...args: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(SAM, args, {
    encoding: 'utf8',
    env: {
      ...process.env,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
      SAM_CLI_TELEMETRY: '0',
    },
  });
  return { status, output: `${stdout}${stderr}` };
}

describe.skipIf(!hasSam)('the template, as SAM sees it', () => {
  it('is valid and lints without a finding', () => {
    const { status, output } = sam('validate', '--lint');
    expect(status, output).toBe(0);
  });

  it('builds by the literal command, each function one small file without sources in its map', () => {
    const { status, output } = sam('build', '--build-dir', buildDir);
    expect(status, output).toBe(0);
    for (const [id, budget] of Object.entries(BYTE_BUDGETS)) {
      const file = join(buildDir, id, 'app.mjs');
      expect(statSync(file).size, `${id}: bytes`).toBeLessThanOrEqual(budget);
      const map: unknown = JSON.parse(readFileSync(`${file}.map`, 'utf8'));
      expect((map as { sourcesContent?: unknown }).sourcesContent, `${id}: source map`).toBeUndefined();
    }
  });
});
