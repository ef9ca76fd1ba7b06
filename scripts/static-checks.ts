import { existsSync } from 'node:fs';
import { type CommandResult, run } from './run-command.ts';

export interface Count {
  readonly passed: number;
  readonly failed: number;
}

/** dependency-cruiser answers "no violations" when it could parse nothing: the number of modules must be plausible. */
async function checkImports(): Promise<CommandResult> {
  const roots = ['shared', 'functions', 'simulator', 'rehearsal', 'cli', 'report'].filter((root) => existsSync(root));
  const result = await run('depcruise', ['--config', '.dependency-cruiser.cjs', '--output-type', 'err-long', ...roots]);
  const modules = Number(/\((\d+) modules/.exec(result.output)?.[1] ?? 0);
  if (result.code === 0 && modules < 80)
    return { code: 1, output: `${result.output}\nonly ${modules} modules were cruised` };
  return result;
}

/** What can be said without running anything; `npm run check` says it alone. */
export async function checkStatically(): Promise<Count> {
  const checks: readonly (readonly [string, () => Promise<CommandResult>])[] = [
    ['format and lint (biome)', () => run('biome', ['check', '--error-on-warnings', '.'])],
    ['promises and exhaustiveness (oxlint)', () => run('oxlint', ['--type-aware', '--deny-warnings', '.'])],
    ['types (tsc)', () => run('tsc', ['-p', '.'])],
    ['types of the report page (tsc)', () => run('tsc', ['-p', 'report/page'])],
    ['import directions (dependency-cruiser)', checkImports],
    ['unused files and exports (knip)', () => run('knip', ['--no-progress'])],
  ];
  const count = { passed: 0, failed: 0 };
  for (const [name, check] of checks) {
    const { code, output } = await check();
    console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name}`);
    if (code !== 0) console.log(output);
    count[code === 0 ? 'passed' : 'failed'] += 1;
  }
  return count;
}
