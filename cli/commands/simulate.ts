import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { findUnmet } from '../../rehearsal/expect.ts';
import type { Rehearsal, Scenario } from '../../rehearsal/index.ts';
import { STARTER, traceScenario } from '../../rehearsal/starter.ts';
import { readText, readTextIfThere } from '../documents.ts';
import type { Io } from '../output.ts';
import { CliError, documentError, EXIT, writeWhole } from '../output.ts';
import { collect, override } from '../set-values.ts';

const DEFAULT_FILE = 'scenario.yaml';
const SHOWN_PROBLEMS = 5;

interface Options {
  readonly json?: string;
  readonly report?: string;
  readonly set: readonly string[];
  readonly init?: boolean;
  readonly trace?: string;
  readonly template?: string;
  readonly enforceIam?: boolean;
}

export function register(program: Command, io: Io): void {
  program
    .command('simulate')
    .description('rehearse a scenario: the real functions on simulated AWS, weeks in seconds')
    .argument('[scenario]', 'the scenario document')
    .option('--json <path>', 'the whole result as JSON, to a file or - for stdout')
    .option('--report <path>', 'a page with a timeline of each endpoint')
    .option('--set <field=value>', 'replace a value of the document, as endpoints.chat.startsIn=4m', collect, [])
    .option('--trace <file>', 'instead of a scenario: one real-time endpoint on a trace, minute_index,count')
    .option('--template <file>', 'deploy this template instead of the one that ships')
    .option('--enforce-iam', "let the functions do only what the template's roles allow")
    .option('--init', `write a commented starter scenario (default ${DEFAULT_FILE})`)
    .action(async (file: string | undefined, options: Options) => {
      if (options.init === true) writeStarter(io, file ?? DEFAULT_FILE);
      else await simulate(io, file, options);
    });
}

function writeStarter(io: Io, file: string): void {
  if (existsSync(resolve(io.cwd, file))) throw new CliError(EXIT.usage, `${file}: exists already; name another file`);
  writeWhole(io, file, STARTER);
  io.note(`${file}: written; run it with: endpoint-scaler simulate ${file}`);
}

async function simulate(io: Io, file: string | undefined, options: Options): Promise<void> {
  const source = sourceOf(io, file, options);
  // Brings the simulator and all SDK clients with it: only for those who rehearse.
  const { formatTable, parseScenario, readTemplateText, rehearse, writeJson } = await import(
    '../../rehearsal/index.ts'
  );
  const template = options.template === undefined ? readTemplateText() : readText(io, options.template);
  const parsed = parseScenario(source.text, source.file, (path) => readTextIfThere(io, path), template);
  if (!parsed.ok) throw documentError(parsed.problems);
  for (const warning of parsed.warnings) io.note(`warning: ${warning}`);
  const { scenario } = parsed;
  const rehearsal = await rehearse(scenario, {
    template,
    enforceIam: options.enforceIam === true,
    onProgress: progressOf(io, scenario),
  });
  io.progress('');
  const { result } = rehearsal;
  if (options.report !== undefined) {
    const { renderReport } = await import('../../report/index.ts');
    writeWhole(io, options.report, renderReport(result));
  }
  if (options.json === '-') io.out(writeJson(result));
  else if (options.json !== undefined) writeWhole(io, options.json, writeJson(result));
  if (options.json !== '-') io.out(formatTable(result));
  conclude(io, scenario, rehearsal);
}

/** Says what a script must know through the exit code, and what a person should know beside it. */
function conclude(io: Io, scenario: Scenario, { result, warnings, problems, refusals }: Rehearsal): void {
  for (const warning of warnings) io.note(`warning: ${warning}`);
  for (const { at, function: fn, call, action, resource } of refusals) {
    io.note(
      `warning: ${new Date(at).toISOString()}: IAM refused ${call} to ${fn}: its role lacks ${action} on ${resource}`,
    );
  }
  for (const { at, function: fn, message, fields } of problems.slice(0, SHOWN_PROBLEMS)) {
    const error = fields['error'] as { readonly name?: string; readonly message?: string } | undefined;
    const why = error === undefined ? '' : `: ${error.name}: ${error.message}`;
    io.note(`warning: ${new Date(at).toISOString()}: ${fn}: ${message}${why}`);
  }
  if (problems.length > SHOWN_PROBLEMS)
    io.note(`warning: ${problems.length - SHOWN_PROBLEMS} more such problems of the functions`);
  const { violations } = result.invariants;
  for (const { at, invariant, endpoint, what } of violations) {
    io.fail(`invariant ${invariant}: ${at}: ${endpoint ?? '-'}: ${what}`);
  }
  const unmet = findUnmet(scenario, result);
  for (const sentence of unmet) io.fail(sentence);
  if (violations.length > 0) io.exitWith(EXIT.invariant);
  else if (unmet.length > 0) io.exitWith(EXIT.expectation);
}

function sourceOf(
  io: Io,
  file: string | undefined,
  options: Options,
): { readonly file: string; readonly text: string } {
  if (options.trace !== undefined) {
    if (file !== undefined)
      throw new CliError(EXIT.usage, '--trace: takes the place of a scenario; give one of the two');
    const lines = readText(io, options.trace).trimEnd().split('\n').length;
    const text = traceScenario(resolve(io.cwd, options.trace), lines - 1);
    return { file: 'trace.yaml', text: override(text, options.set) };
  }
  if (file === undefined) {
    throw new CliError(EXIT.usage, 'simulate: a scenario, --trace or --init is needed (--help says more)');
  }
  const text = readText(io, file);
  return { file, text: override(text, options.set) };
}

function progressOf(io: Io, scenario: Scenario): (share: number) => void {
  const days = scenario.durationMs / 86_400_000;
  return (share) => {
    const width = 24;
    const bar = '█'.repeat(Math.round(share * width)).padEnd(width, '░');
    io.progress(`${scenario.name} ${bar} day ${(share * days).toFixed(1)} of ${days.toFixed(1)}`);
  };
}
