import type { Command } from 'commander';
import { stringify } from 'yaml';
import { parsePolicy } from '../../shared/documents/index.ts';
import { parseDuration } from '../../shared/documents/values.ts';
import { nameOf } from '../documents.ts';
import { CliError, documentError, EXIT, formatTable, type Io, writeJson, writeWhole } from '../output.ts';
import { roundDown, type SizeInput, type Sizes, safetyWarning, sizeTargets, withoutNoise } from '../size-targets.ts';

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
type Tracked = (typeof METRICS)[number];
const RATE_ALLOWED = 'requests per second above 0, like 12 or 0.5';
const NEVER_ACTS = 'min and max are the same, and a scaling policy never acts';

/** What a load test found, as it was told. */
interface Measured {
  readonly rate?: number;
  readonly concurrency?: number;
  readonly latencyMs?: number;
}

interface Asked {
  readonly measured: Measured;
  readonly input: SizeInput;
  readonly metric: Tracked;
}

export function register(program: Command, io: Io): void {
  program
    .command('size')
    .description('compute scaling targets from a load test of one instance, and write a policy with them')
    .option('--rate <per second>', 'requests per second that one instance bears')
    .option('--concurrency <count>', 'or: requests that it bears at once')
    .option(
      '--latency <duration>',
      'how long one request takes at that load, like 800ms: leads from the one to the other',
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
  const asked = readAsked(options);
  const { input, metric } = asked;
  const sizes = sizeTargets(input);
  const policy = policyOf(sizes, metric);
  const name = options.out === undefined ? 'sized' : nameOf(options.out);
  const parsed = parsePolicy(name, policy);
  if (!parsed.ok) throw documentError(parsed.problems.map((problem) => ({ ...problem, file: options.out ?? name })));
  const warning = safetyWarning(input.safety);
  if (warning !== undefined) io.note(`warning: --safety: ${options.safety}: ${warning}`);
  if (policy.otherwise.min === policy.otherwise.max) io.note(`warning: --peak: ${stillWarning(options, sizes)}`);
  const text = `${comment(asked, sizes)}${stringify(policy)}`;
  if (options.json !== undefined) writeJson(io, options.json, { input, sizes, policy });
  if (options.out !== undefined) {
    writeWhole(io, options.out, text);
    io.note(`${options.out}: written`);
    if (options.json !== '-') io.out(describe(asked, sizes));
  } else if (options.json !== '-') io.out(text);
}

/** Of bounds that leave a scaling policy nothing to do. */
function stillWarning({ peak }: Options, { min = 1 }: Sizes): string {
  if (peak === undefined) return `nothing: ${NEVER_ACTS}: better the requests per second of the busiest time`;
  return `${peak}: ${NEVER_ACTS}: ${min} ${min === 1 ? 'instance bears' : 'instances bear'} it`;
}

/** Every wrong option at once. */
function readAsked(options: Options): Asked {
  const problems: string[] = [];
  const read = <T>(
    option: string,
    text: string | undefined,
    take: (text: string) => T | undefined,
    allowed: string,
  ) => {
    const value = text === undefined ? undefined : take(text);
    if (text !== undefined && value === undefined) problems.push(`${option}: ${text}: ${allowed}`);
    return value;
  };
  const share = (option: string, text: string, least: number, most: number) =>
    read(option, text, (given) => toShare(given, least, most), `a percentage from ${least}% to ${most}%`) ?? 0;
  const rate = read('--rate', options.rate, toPositive, RATE_ALLOWED);
  const concurrency = read('--concurrency', options.concurrency, toPositive, 'requests at once, above 0');
  const latencyMs = read('--latency', options.latency, toLatency, 'a duration above 0, like 800ms');
  const [safety, headroom] = [
    share('--safety', options.safety, 1, 100),
    share('--headroom', options.headroom, 0, 1000),
  ];
  const peak = read('--peak', options.peak, toPositive, RATE_ALLOWED);
  const trough = read('--trough', options.trough, toPositive, RATE_ALLOWED);
  const metric =
    read('--metric', options.metric, (text) => METRICS.find((known) => known === text), METRICS.join(', ')) ?? 'both';
  if (peak !== undefined && trough !== undefined && trough > peak)
    problems.push(`--trough: ${options.trough}: at most --peak, which is ${options.peak}`);
  problems.push(...missing(options));
  const measured = { ...(rate && { rate }), ...(concurrency && { concurrency }), ...(latencyMs && { latencyMs }) };
  if (problems.length > 0) throw new CliError(EXIT.usage, problems.join('\n'));
  const input = { ...loadOf(measured), safety, headroom, ...(peak && { peak }), ...(trough && { trough }) };
  return { measured, input, metric };
}

/** Without a latency a rate says nothing of what is in work at once, nor the other way round. */
function missing({ rate, concurrency, latency, metric, peak, trough }: Options): string[] {
  if ((rate === undefined) === (concurrency === undefined))
    return ['--rate, --concurrency: exactly one of them: what a load test found that one instance bears'];
  const isCounted = peak !== undefined || trough !== undefined;
  const isEnough = rate === undefined ? metric === 'concurrency' && !isCounted : metric === 'invocations';
  if (latency !== undefined || isEnough) return [];
  return ['--latency: nothing: required: how long one request takes at that load, like 800ms'];
}

/** Little's law: what is in work at once is the rate times how long each takes. */
function loadOf({ rate, concurrency, latencyMs }: Measured): Pick<SizeInput, 'perSecond' | 'concurrency'> {
  if (rate !== undefined)
    return { perSecond: rate, ...(latencyMs !== undefined && { concurrency: (rate * latencyMs) / 1000 }) };
  if (concurrency === undefined) return {};
  return { concurrency, ...(latencyMs !== undefined && { perSecond: concurrency / (latencyMs / 1000) }) };
}

function toLatency(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms === 0 ? undefined : ms;
}

function toPositive(text: string): number | undefined {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  return value > 0 && value <= 1e9 ? value : undefined;
}

function toShare(text: string, least: number, most: number): number | undefined {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  const value = percent === undefined ? Number.NaN : Number(percent);
  return value >= least && value <= most ? value / 100 : undefined;
}

function policyOf({ invocationsPerInstance, concurrentRequests, min = 1, max }: Sizes, metric: Tracked) {
  const tracking = (name: string, target: number | undefined) => ({
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

function rowsOf({ measured, input }: Asked, sizes: Sizes): [string, string][] {
  const { perSecond, concurrency, safety, headroom, peak, trough } = input;
  const factor = `${show(safety * 100)} %${headroom === 0 ? '' : ` / ${show(1 + headroom)}`}`;
  const usable = safety / (1 + headroom);
  const seconds = show((measured.latencyMs ?? 0) / 1000);
  const rate = measured.rate === undefined ? `${show(measured.concurrency)} / ${seconds} s` : show(measured.rate);
  const atOnce =
    measured.concurrency === undefined ? `${show(measured.rate)} x ${seconds} s` : show(measured.concurrency);
  const bears = [
    perSecond === undefined ? undefined : `${roundDown(perSecond)} requests/s`,
    concurrency === undefined ? undefined : `${roundDown(concurrency)} at once`,
  ].filter((part) => part !== undefined);
  const target = (terms: string, product: number, value: number | undefined, unit = '') =>
    `${terms} x ${factor} = ${value}${unit}${value === withoutNoise(product) ? '' : ', rounded down'}`;
  const rows: [string, string | undefined][] = [
    ['one instance bears', bears.join(', ')],
    [
      'InvocationsPerInstance',
      perSecond === undefined
        ? undefined
        : target(`${rate} x 60`, perSecond * 60 * usable, sizes.invocationsPerInstance, ' a minute'),
    ],
    [
      'ConcurrentRequestsPerModel',
      concurrency === undefined ? undefined : target(atOnce, concurrency * usable, sizes.concurrentRequests),
    ],
    ['instances at the trough', trough === undefined ? undefined : `${sizes.min} for ${show(trough)} requests/s`],
    [
      'instances at the peak',
      peak === undefined ? `unknown without --peak: ${NEVER_ACTS}` : `${sizes.max} for ${show(peak)} requests/s`,
    ],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

function comment(asked: Asked, sizes: Sizes): string {
  return describe(asked, sizes).replace(/^/gm, '# ').replace(/# $/, '');
}

function describe(asked: Asked, sizes: Sizes): string {
  return formatTable(rowsOf(asked, sizes));
}

function show(value = 0): string {
  return String(withoutNoise(value));
}
