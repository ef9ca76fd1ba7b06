/**
 * `npm test`: everything that must hold, on a fresh clone. Stages run one after another (two cores are enough for one),
 * the Python and native tools install beside the static checks. The last line sums the counts that the runners themselves report.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { EVENT_RULER, install, isRequired, type NativeTool, RUNTIME_CLIENT } from './native-tools.ts';
import { type CommandResult, run } from './run-command.ts';
import { type Count, checkStatically } from './static-checks.ts';

const VITEST_REPORTS = ['out/vitest.json', 'out/vitest-deployment.json'];
const VENV = '.venv';
const REQUIREMENTS = 'requirements-dev.txt';

function runLive(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit' });
    child.on('error', () => resolve(127));
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** Python tools (SAM CLI, AWS CLI, boto3, cfn-lint) in a virtual environment of their own, renewed when the list changes. */
async function installPythonTools(): Promise<CommandResult> {
  const wanted = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
  const stamp = `${VENV}/requirements.sha256`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return { code: 0, output: '' };
  rmSync(VENV, { recursive: true, force: true });
  const venv = await run('python3', ['-m', 'venv', VENV]);
  if (venv.code !== 0)
    return {
      code: venv.code,
      output: `python3 -m venv ${VENV} failed (Debian: apt install python3-venv)\n${venv.output}`,
    };
  const pip = await run(`${VENV}/bin/pip`, ['install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS]);
  if (pip.code === 0) writeFileSync(stamp, wanted);
  return pip;
}

/** Tools that need a compiler or a JDK: where those are missing the tests leave out what needs them, unless it is required. */
async function installNativeTools(tools: readonly NativeTool[]): Promise<boolean> {
  let complete = true;
  for (const tool of tools) {
    const problem = await install(tool);
    if (problem === undefined) continue;
    if (isRequired(tool)) complete = false;
    console.log(`${isRequired(tool) ? 'FAIL' : 'skip'} ${tool.name}: ${problem}`);
  }
  return complete;
}

/** The real counts of one vitest run, from its JSON report. */
function countOf(report: string, code: number): Count {
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const parsed: unknown = JSON.parse(readFileSync(report, 'utf8'));
  const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites } = parsed as Record<string, number>;
  if (numPendingTests) console.log(`${numPendingTests} tests skipped; each printed its reason above`);
  // A suite that failed to load has no tests to count as failed; an exit code without a failed test (an unhandled
  // rejection, say) is a failure too.
  const failed = Math.max(numFailedTests ?? 0, numFailedTestSuites ? 1 : 0, code === 0 ? 0 : 1);
  return { passed: numPassedTests ?? 0, failed };
}

/** The deployment to a local AWS mostly waits for real minutes to pass: it has a process of its own beside the rest. */
async function runVitest(chosen: readonly string[]): Promise<Count> {
  const [main = '', beside = ''] = VITEST_REPORTS;
  for (const report of VITEST_REPORTS) rmSync(report, { force: true });
  if (chosen.length > 0) return countOf(main, await runLive('vitest', ['run', ...chosen]));
  const env = { ...process.env, VITEST_REPORT: beside };
  const deployment = run('vitest', ['run', '--project', 'deployment'], { env });
  const rest = countOf(main, await runLive('vitest', ['run', '--project', '!deployment']));
  const { code, output } = await deployment;
  console.log(output);
  const deployed = countOf(beside, code);
  return { passed: rest.passed + deployed.passed, failed: rest.failed + deployed.failed };
}

mkdirSync('out', { recursive: true });
// Tests start the command and its like many times: none has to strip and compile the same modules again.
process.env['NODE_COMPILE_CACHE'] ??= resolve('out/compiled');
const python = installPythonTools();
const native = installNativeTools([RUNTIME_CLIENT, EVENT_RULER]);
const checks = await checkStatically();
const tools = await python;
if (tools.code !== 0) console.log(`FAIL Python tools\n${tools.output}`);
const hasNative = await native;
const tests = await runVitest(process.argv.slice(2));
const passed = checks.passed + tests.passed;
const failed = checks.failed + tests.failed + (tools.code === 0 ? 0 : 1) + (hasNative ? 0 : 1);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
