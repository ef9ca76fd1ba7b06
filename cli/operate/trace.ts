import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { createTrafficHistory } from '../../shared/aws/traffic-history.ts';
import { formatTrace, readTrace } from '../../shared/use-cases/history/trace.ts';
import { type Account, operate } from '../account/connect.ts';
import { must } from '../account/failures.ts';
import type { AccountOptions } from '../account/options.ts';
import {
  closeGaps,
  ESTIMATE_HINT,
  findTraced,
  GAPS_HINT,
  type GapChoice,
  readGapChoice,
  readRange,
} from '../history/traces.ts';
import type { Io } from '../output.ts';
import { CliError, EXIT, writeJson, writeWhole } from '../output.ts';
import { printable } from '../printable.ts';
import { formatUtc } from '../times.ts';

export interface TraceOptions extends AccountOptions {
  readonly days: string;
  readonly out?: string;
  readonly gaps?: string;
}

export async function runTrace(io: Io, endpoint: string, options: TraceOptions): Promise<void> {
  const choice = readGapChoice(options.gaps);
  readRange(options.days, io.now());
  await operate(io, options, (account) => trace(io, account, endpoint, options, choice), 'account');
}

async function trace(
  io: Io,
  account: Account,
  name: string,
  options: TraceOptions,
  choice: GapChoice | undefined,
): Promise<void> {
  const traced = await findTraced(account, name);
  const range = readRange(options.days, account.now());
  const history = createTrafficHistory(account.runtime.clientOf(CloudWatchClient));
  const read = must(await readTrace(history, traced, range.from, range.to));
  if (read.estimated) io.note(`${printable(traced.name)}: ${ESTIMATE_HINT}`);
  const counts = closeGaps(io, traced.name, read, choice);
  if (counts === undefined) throw new CliError(EXIT.failed, `${GAPS_HINT}\nnothing was written`);
  const total = counts.reduce((sum, count) => sum + count, 0);
  io.note(`${printable(traced.name)}: ${total} requests in ${counts.length} minutes from ${formatUtc(range.from)}`);
  const text = formatTrace(counts);
  if (options.out !== undefined) writeWhole(io, options.out, text);
  else if (options.json !== '-') io.out(text);
  if (options.json === undefined) return;
  writeJson(io, options.json, {
    endpoint: traced.name,
    kind: traced.kind,
    from: new Date(range.from).toISOString(),
    minutes: counts.length,
    requests: total,
    estimated: read.estimated,
    gaps: read.gaps.map(({ from, to }) => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })),
    counts,
  });
}
