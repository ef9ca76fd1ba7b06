import { classify } from '../../shared/aws/classify.ts';
import type { EndpointStatus, FleetRecord } from '../../shared/domain/record.ts';
import type { DurationMs, Instant } from '../../shared/domain/time.ts';
import type { FailureClass } from '../../shared/ports/outcome.ts';
import type { Account } from '../account/connect.ts';
import { CallFailed, must } from '../account/failures.ts';
import type { Io } from '../output.ts';
import { CliError, EXIT } from '../output.ts';
import { printable } from '../printable.ts';
import { formatAge } from '../times.ts';

export interface Seen {
  readonly record: FleetRecord;
  readonly status: EndpointStatus;
  /** Instances in service. */
  readonly serving: number;
}

export interface Waiting {
  readonly endpoint: string;
  readonly what: string;
  readonly timeout: DurationMs;
  readonly every: DurationMs;
  /** True: reached; a text: it will not be, and why. */
  readonly isReached: (seen: Seen, since: Instant, now: Instant) => boolean | string;
}

/** Looks again and again; the phase goes to stderr when it changes, its age to a terminal. */
export async function waitFor(
  account: Account,
  io: Io,
  waiting: Waiting,
): Promise<Seen & { readonly waited: DurationMs }> {
  const { endpoint, what, timeout, every } = waiting;
  const since = account.now();
  let told = '';
  for (;;) {
    const seen = await lookPatiently(account, io, endpoint, every);
    const waited = account.now() - since;
    const state = describeSeen(seen);
    if (state !== told) io.note(`${formatAge(waited)}: ${state}`);
    told = state;
    const reached = waiting.isReached(seen, since, since + waited);
    if (reached === true) return { ...seen, waited };
    if (typeof reached === 'string') throw new CliError(EXIT.failed, `${printable(endpoint)}: ${reached}`);
    if (waited >= timeout) {
      throw new CliError(
        EXIT.failed,
        `${printable(endpoint)}: not ${what} after ${formatAge(waited)}: ${state}; it goes on without this command`,
      );
    }
    io.progress(`${state}, ${formatAge(waited)}`);
    await account.sleep(Math.min(every, timeout - waited));
  }
}

/** A wait of three quarters of an hour outlives a throttled call or a lost connection. */
const FAILURES_BORNE = 5;

async function lookPatiently(account: Account, io: Io, endpoint: string, every: DurationMs): Promise<Seen> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await look(account, endpoint);
    } catch (error) {
      const told = error instanceof CliError ? undefined : account.explain(error);
      if (told === undefined || failures >= FAILURES_BORNE || classOf(error) === 'permission') throw error;
      io.note(`${told}; looking again`);
      await account.sleep(every);
    }
  }
}

function classOf(error: unknown): FailureClass {
  return error instanceof CallFailed ? error.failure.class : classify(error, '').class;
}

async function look(account: Account, endpoint: string): Promise<Seen> {
  const [record, view] = await Promise.all([account.fleet.get(endpoint), account.endpoints.describe(endpoint)]);
  if (record === undefined) throw new CliError(EXIT.failed, `${printable(endpoint)}: no longer in the fleet`);
  const seen = must(view);
  const serving = (seen?.variants ?? []).reduce((sum, variant) => sum + variant.serving, 0);
  return { record, status: seen?.status ?? 'Absent', serving };
}

function describeSeen({ record, status }: Seen): string {
  const { phase, wake } = record;
  const failure = wake?.lastFailure;
  const failed = failure === undefined ? '' : `, last start failed (${failure.class}): ${printable(failure.message)}`;
  return `${phase}, SageMaker says ${status}${failed}`;
}
