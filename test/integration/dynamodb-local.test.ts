import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../../scripts/run-command.ts';

const REQUIRED_BY = 'CI_REQUIRE_DYNAMODB_LOCAL';
const MOST_SECONDS = 90;

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numTotalTests: number;
}

/** Runs in a network of its own that has nothing but loopback. */
function runAlone(...command: readonly string[]) {
  const own = process.getuid?.() === 0 ? '-n' : '-rn';
  return run('unshare', [own, 'bash', '-c', 'ip link set lo up && exec "$@"', 'alone', ...command]);
}

/** Why it cannot be run here, or undefined. */
async function whyNot(): Promise<string | undefined> {
  const java = await run('java', ['-version']);
  if (java.code !== 0) return 'java does not run (Debian: apt-get install openjdk-17-jre-headless)';
  const major = Number(/version "(\d+)/.exec(java.output)?.[1] ?? 0);
  if (major < 17) return `needs Java 17, here is ${major}`;
  const alone = await runAlone('true');
  return alone.code === 0 ? undefined : `no network namespace of its own (unshare, iproute2): ${alone.output.trim()}`;
}

const problem = await whyNot();
if (problem !== undefined) {
  if (process.env[REQUIRED_BY] === '1')
    throw new Error(`DynamoDB Local is required by ${REQUIRED_BY}=1, but: ${problem}`);
  process.stderr.write(
    `skipped, DynamoDB Local: ${problem}: the fleet store is tried on the simulator's table alone\n`,
  );
}

it.skipIf(problem !== undefined)('Amazon’s DynamoDB Local keeps the contract of the fleet store', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dynamodb-local-'));
  try {
    const file = join(folder, 'report.json');
    const vitest = ['node_modules/.bin/vitest', 'run', '--config', 'test/dynamodb-local/vitest.config.ts'];
    const bounded = ['timeout', '--kill-after=5', String(MOST_SECONDS), ...vitest];
    const { code, output } = await runAlone(
      ...bounded,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
    );
    expect(code, output).toBe(0);
    const { numPassedTests, numFailedTests, numTotalTests } = JSON.parse(readFileSync(file, 'utf8')) as Report;
    process.stdout.write(
      `DynamoDB Local: ${numPassedTests} of ${numTotalTests} tests passed, ${numFailedTests} failed\n`,
    );
    expect(numFailedTests, output).toBe(0);
    expect(numPassedTests).toBeGreaterThan(0);
    expect(numPassedTests, 'none is left out').toBe(numTotalTests);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
