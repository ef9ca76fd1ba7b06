import type { Command } from 'commander';
import { stringify } from 'yaml';
import { parsePolicy } from '../../shared/documents/index.ts';
import { parseDuration } from '../../shared/documents/values.ts';
import { nameOf } from '../documents.ts';
import { CliError, documentError, EXIT, formatTable, type Io, writeJson, writeWhole } from '../output.ts';
import { type SizeInput, type Sizes, safetyWarning, sizeTargets } from '../size-targets.ts';

interface Options {
  readonly rate?: string;
  readonly concurrency?: string;
  readonly latency?: string;
  readonly safety: string;
  readonly headroom: string;
  readonly peak?: string;
  readonly trough?: string;
  readonly metric: string;
  readonly out?: string;
  readonly json?: string;
}

const METRICS = ['concurrency', 'invocations', 'both'] as const;
const RATE_ALLOWED = 'requests per second above 0, like 12 or 0.5';

export function register(program: Command, io: Io): void {
  program
    .command('size')
    .description('compute scaling targets from a load test of one instance, and write a policy with them')
    .option('--rate <per second>', 'requests per second that one instance bears')
    .option('--concurrency <count>', 'or: requests it bears at once, together with --latency')
    .option(
      '--latency <duration>',
      'how long one request takes at that load, like 800ms; with --rate, for the concurrency',
    )
    .option(
      '--safety <percent>',
      'share of the limit that a target uses; the rest bears load while instances start',
      '75%',
    )
    .option('--headroom <percent>', 'how much more than the load of today is to fit', '0%')
    .option('--peak <per second>', 'requests per second of the busiest time: gives the maximum')
    .option(
      '--trough <per second>',
      'requests per second of the quietest time: gives the minimum (default: 1 instance)',
    )
    .option('--metric <which>', `which target the policy tracks: ${METRICS.join(', ')}`, 'concurrency')
    .option('--out <file>', 'write the policy to a file instead of stdout')
    .option('--json <path>', 'the sizes as JSON, to a file or - for stdout')
    .action((options: Options) => size(io, options));
}

function size(io: Io, options: Options): void {
  const input = readInput(options);
  if (!(METRICS as readonly string[]).includes(options.metric))
    throw wrong('--metric', options.metric, METRICS.join(', '));
  const warning = safetyWarning(input.safety);
  if (warning !== undefined) io.note(`warning: --safety: ${options.safety}: ${warning}`);
  const sizes = sizeTargets(input);
  const policy = policyOf(sizes, options.metric);
  const name = options.out === undefined ? 'sized' : nameOf(options.out);
  const parsed = parsePolicy(name, policy);
  if (!parsed.ok) throw documentError(parsed.problems.map((problem) => ({ ...problem, file: options.out ?? name })));
  const text = `${comment(input, sizes)}${stringify(policy)}`;
  if (options.json !== undefined) writeJson(io, options.json, { input, sizes, policy });
  if (options.out !== undefined) {
    writeWhole(io, options.out, text);
    io.note(`${options.out}: written`);
    if (options.json !== '-') io.out(describe(input, sizes));
  } else if (options.json !== '-') io.out(text);
}

function readInput(options: Options): SizeInput {
  const latency = options.latency === undefined ? undefined : readLatency(options.latency);
  const load = readLoad(options, latency);
  return {
    ...load,
    safety: readShare('--safety', options.safety, 1, 100),
    headroom: readShare('--headroom', options.headroom, 0, 1000),
    ...(options.peak === undefined ? {} : { peak: readPositive('--peak', options.peak, RATE_ALLOWED) }),
    ...(options.trough === undefined ? {} : { trough: readPositive('--trough', options.trough, RATE_ALLOWED) }),
  };
}

/** Little's law: what is in work at once is the rate times how long each takes. */
function readLoad(
  { rate, concurrency }: Options,
  latency: number | undefined,
): Pick<SizeInput, 'perSecond' | 'concurrency'> {
  if ((rate === undefined) === (concurrency === undefined)) {
    throw new CliError(
      EXIT.usage,
      '--rate, --concurrency: exactly one of them: what a load test found that one instance bears',
    );
  }
  if (latency === undefined) {
    throw new CliError(EXIT.usage, '--latency: nothing: required: how long one request takes at that load, like 800ms');
  }
  if (rate !== undefined) {
    const perSecond = readPositive('--rate', rate, RATE_ALLOWED);
    return { perSecond, concurrency: (perSecond * latency) / 1000 };
  }
  const atOnce = readPositive('--concurrency', concurrency ?? '', 'requests at once, above 0');
  return { perSecond: atOnce / (latency / 1000), concurrency: atOnce };
}

function readLatency(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) throw wrong('--latency', text, 'a duration above 0, like 800ms');
  return ms;
}

function readPositive(option: string, text: string, allowed: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (!(value > 0 && value <= 1e9)) throw wrong(option, text, allowed);
  return value;
}

function readShare(option: string, text: string, least: number, most: number): number {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  const value = percent === undefined ? Number.NaN : Number(percent);
  if (!(value >= least && value <= most)) throw wrong(option, text, `a percentage from ${least}% to ${most}%`);
  return value / 100;
}

function wrong(option: string, value: string, allowed: string): CliError {
  return new CliError(EXIT.usage, `${option}: ${value}: ${allowed}`);
}

function policyOf({ invocationsPerInstance, concurrentRequests, min = 1, max }: Sizes, metric: string) {
  const tracking = (name: string, target: number) => ({
    kind: 'target-tracking',
    metric: name,
    target,
    scaleInCooldown: '300s',
    scaleOutCooldown: '60s',
  });
  return {
    otherwise: { min, max: Math.max(min, max ?? min) },
    scaling: [
      ...(metric === 'invocations' ? [] : [tracking('ConcurrentRequestsPerModel', concurrentRequests)]),
      ...(metric === 'concurrency' ? [] : [tracking('InvocationsPerInstance', invocationsPerInstance)]),
    ],
  };
}

function rowsOf(input: SizeInput, sizes: Sizes): [string, string][] {
  const usable = `${format(input.safety * 100)} %${input.headroom === 0 ? '' : ` / ${format(1 + input.headroom)}`}`;
  const rows: [string, string | undefined][] = [
    ['one instance bears', `${format(input.perSecond)} requests/s, ${format(input.concurrency)} at once`],
    [
      'InvocationsPerInstance',
      `${format(input.perSecond)} x 60 x ${usable} = ${sizes.invocationsPerInstance} a minute`,
    ],
    ['ConcurrentRequestsPerModel', `${format(input.concurrency)} x ${usable} = ${sizes.concurrentRequests}`],
    [
      'instances at the trough',
      input.trough === undefined ? undefined : `${sizes.min} for ${format(input.trough)} requests/s`,
    ],
    [
      'instances at the peak',
      input.peak === undefined ? undefined : `${sizes.max} for ${format(input.peak)} requests/s`,
    ],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

function comment(input: SizeInput, sizes: Sizes): string {
  return describe(input, sizes).replace(/^/gm, '# ').replace(/# $/, '');
}

function describe(input: SizeInput, sizes: Sizes): string {
  return formatTable(rowsOf(input, sizes));
}

function format(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
