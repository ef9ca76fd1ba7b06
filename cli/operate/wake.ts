import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { createEventBus } from '../../shared/aws/eventbridge.ts';
import { REQUEST_SOURCE } from '../../shared/domain/decision.ts';
import { wakeTriggersOf } from '../../shared/domain/kinds.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';
import type { Account } from '../account/connect.ts';
import { readRecord } from '../account/fleet.ts';
import type { Io } from '../output.ts';
import { CliError, EXIT, writeJson } from '../output.ts';
import { printable } from '../printable.ts';
import { formatAge, readDuration } from '../times.ts';
import { warnAboutMode } from './mode.ts';
import { type Seen, waitFor } from './wait.ts';

export interface WakeOptions {
  readonly why?: string;
  readonly by?: string;
  readonly wait?: boolean;
  readonly timeout: string;
  readonly every: string;
  readonly json?: string;
}

/** Asks by the very event that anybody may put, so that a person and a caller wake an endpoint in one way. */
export async function wake(account: Account, io: Io, name: string, options: WakeOptions): Promise<void> {
  const timing = { timeout: readDuration('--timeout', options.timeout), every: readDuration('--every', options.every) };
  const record = await readRecord(account, name);
  await checkRequest(account, record);
  const before = record.phase;
  await ask(account, record.endpoint, options);
  warnAboutMode(account, io, 'wake');
  if (options.wait !== true) {
    if (options.json !== undefined)
      writeJson(io, options.json, { endpoint: record.endpoint, asked: true, phase: before });
    if (options.json !== '-') io.out(`${printable(record.endpoint)}: asked for; it was ${before}\n`);
    return;
  }
  const { endpoint } = record;
  const end = await waitFor(account, io, { endpoint, what: 'in service', ...timing, isReached: isAwake });
  const seconds = Math.round(end.waited / 1000);
  const { outstanding = [] } = end.record;
  if (options.json !== undefined) {
    writeJson(io, options.json, {
      endpoint,
      asked: true,
      phase: end.record.phase,
      status: end.status,
      waitedSeconds: seconds,
      outstanding,
    });
  }
  if (options.json !== '-') io.out(`${printable(endpoint)}: in service and restored after ${formatAge(end.waited)}\n`);
  for (const { item, why } of outstanding) io.note(`not restored: ${printable(item)}: ${printable(why)}`);
}

/** What would make the request come to nothing, said before it is sent. */
async function checkRequest({ fleet, stack, now }: Account, record: FleetRecord): Promise<void> {
  const endpoint = printable(record.endpoint);
  if (stack.settings.mode === 'off') {
    throw new CliError(EXIT.failed, `${endpoint}: the mode of the stack is off: nothing is woken until that changes`);
  }
  const holds = await fleet.holds();
  const hold = holds.find((candidate) => candidate.endpoint.toLowerCase() === record.endpoint.toLowerCase());
  if (hold !== undefined && hold.until > now() && hold.mode !== 'up') {
    throw new CliError(
      EXIT.failed,
      `${endpoint}: held ${hold.mode} by ${printable(hold.by)} (${printable(hold.why)}), which outranks a request: end the hold first`,
    );
  }
  if (record.orphaned !== undefined) {
    throw new CliError(
      EXIT.failed,
      `${endpoint}: ${printable(record.orphaned.what)} is gone, so it is not recreated: bring it back first`,
    );
  }
  const triggers = record.policy === undefined ? undefined : wakeTriggersOf(record.kind, record.policy);
  if (triggers !== undefined && !triggers.includes('request')) {
    const listens = triggers.join(', ') || 'nothing';
    throw new CliError(
      EXIT.failed,
      `${endpoint}: policy ${printable(record.policyName)} wakes on ${printable(listens)}, not on requests: hold it up instead`,
    );
  }
}

async function ask(account: Account, endpoint: string, { why, by }: WakeOptions): Promise<void> {
  const bus = createEventBus(account.runtime.clientOf(EventBridgeClient));
  const detail = JSON.stringify({
    endpoint,
    by: by ?? (await account.caller()),
    retry: true,
    ...(why !== undefined && { why }),
  });
  const entry = { at: account.now(), source: REQUEST_SOURCE, type: 'Wake Requested', detail };
  const [lost] = await bus.put([entry]);
  if (lost === undefined) return;
  throw new CliError(
    EXIT.failed,
    `${printable(endpoint)}: EventBridge did not take the request: ${lost.code}: ${printable(lost.message)}`,
  );
}

function isAwake({ record, status, serving }: Seen, since: number): boolean | string {
  // An asynchronous endpoint is in service without an instance, too.
  if (record.phase === 'up' && status === 'InService' && serving > 0) return true;
  if (record.orphaned !== undefined) return `${printable(record.orphaned.what)} is gone, so it is not recreated`;
  // A ban from before is lifted by this very request.
  const { gaveUp, lastFailure } = record.wake ?? {};
  if (gaveUp === undefined || gaveUp.at < since) return false;
  return `three paid starts failed alike, the last with: ${printable(lastFailure?.message ?? 'no reason given')}`;
}
