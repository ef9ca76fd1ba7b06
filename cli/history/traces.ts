import { DAY, type Instant, MINUTE } from '../../shared/domain/time.ts';
import type { Gap, Trace, Traced } from '../../shared/use-cases/history/trace.ts';
import type { Account } from '../account/connect.ts';
import { must } from '../account/failures.ts';
import { MOST_DAYS } from '../account/metric-days.ts';
import type { Io } from '../output.ts';
import { CliError, EXIT } from '../output.ts';
import { printable } from '../printable.ts';
import { formatUtc } from '../times.ts';

/** Metrics of the last minutes are still on their way. */
const NOT_YET = 3 * MINUTE;
const SHOWN_GAPS = 20;

export const GAP_CHOICES = ['zero'] as const;
export type GapChoice = (typeof GAP_CHOICES)[number];

export interface Range {
  readonly from: Instant;
  readonly to: Instant;
}

export function readRange(days: string, now: Instant): Range {
  const count = Number(days);
  if (!/^\d{1,2}$/.test(days) || count < 1 || count > MOST_DAYS) {
    const allowed = `a whole number from 1 to ${MOST_DAYS}: CloudWatch keeps the minutes of 15 days`;
    throw new CliError(EXIT.usage, `--days: ${printable(days)}: ${allowed}`);
  }
  const to = Math.floor((now - NOT_YET) / MINUTE) * MINUTE;
  return { from: to - count * DAY, to };
}

export function readGapChoice(choice: string | undefined): GapChoice | undefined {
  if (choice === undefined || choice === 'zero') return choice;
  throw new CliError(
    EXIT.usage,
    `--gaps: ${printable(choice)}: zero, which counts minutes without data as no requests`,
  );
}

/** What an endpoint is, by SageMaker; one that is away, by the record of its park. */
export async function findTraced(account: Account, name: string): Promise<Traced> {
  const view = must(await account.endpoints.describe(name));
  if (view === undefined) return findParked(account, name);
  const config = must(await account.endpoints.describeConfig(view.configName));
  if (config === undefined) {
    throw new CliError(
      EXIT.failed,
      `${printable(name)}: its endpoint config ${view.configName} is gone, and with it its kind`,
    );
  }
  return {
    name: view.name,
    kind: checkKind(name, config.kind),
    variants: view.variants.map((variant) => variant.name),
  };
}

async function findParked({ fleet, stack, region }: Account, name: string): Promise<Traced> {
  const record = stack.tableless === true ? undefined : await fleet.get(name);
  if (record === undefined) {
    throw new CliError(EXIT.failed, `endpoint: ${printable(name)}: an endpoint in ${region}, there or parked`);
  }
  const variants = record.variant === undefined ? (record.targets ?? []).map(({ name: of }) => of) : [record.variant];
  return { name: record.endpoint, kind: checkKind(name, record.kind), variants };
}

export function checkKind(name: string, kind: string): Traced['kind'] {
  if (kind === 'real-time' || kind === 'async') return kind;
  throw new CliError(EXIT.failed, `${printable(name)}: ${tellOtherKind(kind)}`);
}

/** What CloudWatch counts of a component, or keeps of a serverless endpoint without requests, makes no trace. */
export function tellOtherKind(kind: string): string {
  return `its kind is ${kind}: traces are of real-time and async endpoints; write this one by hand (docs/scenarios.md)`;
}

/** Every count of the trace. Gaps are named, and end the command where nobody decided about them. */
export function closeGaps(
  io: Pick<Io, 'note' | 'fail'>,
  name: string,
  trace: Trace,
  choice: GapChoice | undefined,
): number[] | undefined {
  const tell = choice === undefined ? io.fail : io.note;
  for (const gap of trace.gaps.slice(0, SHOWN_GAPS)) tell(`${printable(name)}: no data ${tellGap(gap)}`);
  const more = trace.gaps.length - SHOWN_GAPS;
  if (more > 0) tell(`${printable(name)}: no data in ${more} more gaps`);
  if (trace.gaps.length > 0 && choice === undefined) return undefined;
  return trace.counts.map((count) => count ?? 0);
}

function tellGap({ from, to }: Gap): string {
  const minutes = Math.round((to - from) / MINUTE);
  return `from ${formatUtc(from)} to ${formatUtc(to)} (${minutes} ${minutes === 1 ? 'minute' : 'minutes'})`;
}

export const GAPS_HINT =
  'CloudWatch has no datapoint for these minutes: the endpoint did not exist, was parked, or its metrics were missing. --gaps zero counts them as no requests; --days shortens the look back';

export const ESTIMATE_HINT = 'worked out from the size of the queue and what left it: no metric counts what arrives';
