import { defineConfig } from 'vitest/config';

/** Nothing of ours keeps state in a module: the files of these share their modules, which halves their time. */
const SHARES_MODULES: ReadonlySet<string> = new Set([
  'unit',
  'property',
  'contract',
  'template',
  'story',
  'simulation',
]);

const project = (name: string, testTimeout: number, globalSetup: string[] = []) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: testTimeout,
    pool: 'threads' as const,
    isolate: !SHARES_MODULES.has(name),
    globalSetup,
    // What measures times comes when everything else is over.
    sequence: { groupOrder: name === 'artifacts' ? 1 : 0 },
  },
});

export default defineConfig({
  test: {
    // Two runs side by side write a report each.
    reporters: ['default', ['json', { outputFile: process.env['VITEST_REPORT'] ?? 'out/vitest.json' }]],
    // Concurrent tests are those that wait for real time to pass.
    maxConcurrency: 12,
    // The default leaves a core to the main thread, which does next to nothing: on two cores half the time.
    maxWorkers: '100%',
    projects: [
      project('unit', 20_000),
      project('property', 240_000),
      project('contract', 60_000),
      project('story', 120_000),
      project('simulation', 240_000),
      project('template', 60_000),
      project('bundle', 120_000),
      project('artifacts', 120_000, ['test/artifacts/build.ts']),
      project('integration', 240_000),
      project('deployment', 240_000),
    ],
  },
});
