import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Compiled, Policy, Schedule } from '../../shared/documents/index.ts';
import { compilePolicy, formatProblem } from '../../shared/documents/index.ts';
import { nearest } from '../../shared/documents/problem.ts';
import { parseDate, parseInstant, parseLocalTime, parseOffset } from '../../shared/documents/values.ts';
import type { Zone } from '../../shared/documents/zones.ts';
import { findZone, toInstant, toLocal, transitionsBetween, zoneNames } from '../../shared/documents/zones.ts';
import { stepsFrom } from '../../shared/domain/agenda.ts';
import type { Rung } from '../../shared/domain/policy.ts';
import type { Instant } from '../../shared/domain/time.ts';
import { DAY, HOUR, MINUTE } from '../../shared/domain/time.ts';
import { loadPolicy, loadSchedules, readSource } from '../documents.ts';
import type { Io } from '../output.ts';
import { CliError, documentError, EXIT, writeJson } from '../output.ts';
import { describePlan } from '../plan-text.ts';

const DEFAULT_SPAN = 8 * DAY;
const MAX_SPAN = 3_660 * DAY;
const WHEN_ALLOWED = 'an instant like 2026-03-23T00:00:00+01:00, or a date or local time of the time zone';

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly schedules?: string;
  readonly timezone?: string;
  readonly variant?: string;
  readonly json?: string;
}

/** A change of the clocks within a span. */
export interface ClockChange {
  readonly at: Instant;
  /** Milliseconds the clocks go forward; negative: back. */
  readonly by: number;
}

export interface PlanSpan {
  readonly from: Instant;
  readonly until: Instant;
  readonly rung: Rung;
  readonly clockChanges: readonly ClockChange[];
}

/** The agenda of a policy as `plan` shows it. */
export interface Plan {
  readonly policy: string;
  readonly zone: Zone;
  readonly from: Instant;
  readonly to: Instant;
  readonly compiled: Compiled;
  readonly spans: readonly PlanSpan[];
}

export function register(program: Command, io: Io): void {
  program
    .command('plan')
    .description('print what a policy asks for, edge by edge, in local time and UTC')
    .argument('<policy>', 'file of the policy')
    .option('--from <when>', `${WHEN_ALLOWED} (default: now)`)
    .option('--to <when>', 'the same, or an offset from the start like +14d (default: +8d)')
    .option('--schedules <dir>', 'folder of the schedules (default: the folder schedules beside the one of the policy)')
    .option('--timezone <zone>', 'time zone of the local times (default: that of the first schedule the policy uses)')
    .option('--variant <name>', 'the variant whose capacity is meant, where the policy has `variants`')
    .option('--json <path>', 'the plan as JSON, to a file or - for stdout')
    .action(async (file: string, options: Options) => {
      const plan = await makePlan(io, file, options);
      if (options.json !== undefined) writeJson(io, options.json, toJson(plan));
      if (options.json !== '-') io.out(describePlan(plan));
    });
}

async function makePlan(io: Io, file: string, options: Options): Promise<Plan> {
  const source = readSource(io, file);
  if (!source.ok) throw documentError(source.problems);
  const loaded = loadPolicy(source.value);
  if (!loaded.ok) throw documentError(loaded.problems);
  const policy = loaded.value.value;
  checkVariant(policy, options.variant);
  const { schedules, problems } = await readSchedules(io, file, options, policy);
  const zone = chooseZone(policy, schedules, options.timezone);
  const { from, to } = readSpan(io, zone, options);
  const compiled = compilePolicy(policy, schedules, {
    from,
    until: to,
    ...(options.variant === undefined ? {} : { variant: options.variant }),
  });
  if (!compiled.ok) throw documentError([...problems, ...source.value.place(compiled.problems)]);
  for (const problem of problems) io.note(`not used here: ${formatProblem(problem)}`);
  const spans = stepsFrom(compiled.value.agenda, from).map((span) => ({
    ...span,
    clockChanges: transitionsBetween(zone, span.from, span.until - 1).map(({ at, before, after }) => ({
      at,
      by: after - before,
    })),
  }));
  return { policy: policy.name, zone, from, to, compiled: compiled.value, spans };
}

function checkVariant(policy: Policy, variant: string | undefined): void {
  if (variant === undefined || policy.variants.has(variant)) return;
  const names = [...policy.variants.keys()];
  const allowed = names.length === 0 ? 'no variant: the policy has none' : `one of ${names.join(', ')}`;
  throw new CliError(EXIT.usage, `--variant: ${variant}: ${allowed}${hint(variant, names)}`);
}

async function readSchedules(io: Io, file: string, options: Options, policy: Policy) {
  const beside = join(dirname(resolve(io.cwd, file)), '..', 'schedules');
  const folder = options.schedules ?? (existsSync(beside) ? beside : undefined);
  if (folder === undefined || policy.uses.length === 0) return { schedules: new Map(), problems: [] };
  // Holidays are needed for the plan's own years, whenever it is printed.
  const year = /^\d{4}/.exec(options.from ?? '')?.[0];
  return loadSchedules(io, folder, year === undefined ? new Date(io.now()).getUTCFullYear() : Number(year));
}

function chooseZone(
  policy: Policy,
  schedules: ReadonlyMap<string, Schedule | undefined>,
  asked: string | undefined,
): Zone {
  if (asked !== undefined) {
    const zone = findZone(asked);
    if (zone !== undefined) return zone;
    const known = hint(asked, zoneNames());
    throw new CliError(EXIT.usage, `--timezone: ${asked}: an IANA time zone like Europe/Berlin${known}`);
  }
  for (const { schedule } of policy.uses) {
    const zone = schedules.get(schedule)?.zone;
    if (zone !== undefined) return zone;
  }
  return findZone('UTC')!;
}

function readSpan(io: Io, zone: Zone, options: Options): { from: Instant; to: Instant } {
  const from =
    options.from === undefined ? Math.floor(io.now() / MINUTE) * MINUTE : readWhen(zone, '--from', options.from);
  const offset = parseOffset(options.to ?? '');
  let to = from + DEFAULT_SPAN;
  if (offset !== undefined) to = from + offset;
  else if (options.to !== undefined) to = readWhen(zone, '--to', options.to);
  if (to <= from) throw new CliError(EXIT.usage, `--to: ${options.to}: a time after --from`);
  if (to - from > MAX_SPAN) {
    throw new CliError(EXIT.usage, `--to: ${options.to}: at most ${MAX_SPAN / DAY} days after --from`);
  }
  return { from, to };
}

function readWhen(zone: Zone, option: string, input: string): Instant {
  const instant = parseInstant(input);
  if (instant !== undefined) return instant;
  const day = parseDate(input);
  const local = day === undefined ? parseLocalTime(input) : day * DAY;
  if (local !== undefined) return toInstant(zone, local, 'begin');
  throw new CliError(EXIT.usage, `${option}: ${input}: ${WHEN_ALLOWED}`);
}

function hint(input: string, known: readonly string[]): string {
  const near = nearest(input, known);
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}

function toJson({ policy, zone, from, to, compiled, spans }: Plan) {
  const stamp = (instant: Instant) => new Date(instant).toISOString();
  const hours = (ms: number) => Math.round((ms / HOUR) * 1e6) / 1e6;
  return {
    policy,
    version: compiled.policy.version,
    timezone: zone.id,
    from: stamp(from),
    to: stamp(to),
    spans: spans.map((span) => ({
      from: stamp(span.from),
      until: stamp(span.until),
      fromLocal: new Date(toLocal(zone, span.from)).toISOString().slice(0, 19),
      untilLocal: new Date(toLocal(zone, span.until)).toISOString().slice(0, 19),
      rung: span.rung,
      hours: hours(span.until - span.from),
      clockChanges: span.clockChanges.map(({ at, by }) => ({ at: stamp(at), byHours: hours(by) })),
    })),
    rungs: compiled.agenda.rungs.map((rung) => ({
      rung,
      hours: hours(spans.filter((span) => span.rung === rung).reduce((sum, span) => sum + span.until - span.from, 0)),
    })),
  };
}
