import { type Activity, idleWindow, judgeActivity } from '../../shared/domain/activity.ts';
import { idleForOf } from '../../shared/domain/kinds.ts';
import { MINUTE } from '../../shared/domain/time.ts';
import type { EndpointView } from '../../shared/ports/endpoints.ts';
import { inServiceSince } from '../../shared/use-cases/idle-windows/before-park.ts';
import type { Work } from '../../shared/use-cases/idle-windows/ports.ts';
import { readActivity } from '../../shared/use-cases/idle-windows/read-activity.ts';
import type { Account } from './connect.ts';

/** Whether anybody uses the endpoint, read now and judged as the functions judge it; undefined: there is nothing to read. */
export async function readUse(
  account: Account,
  work: Work,
  view: EndpointView | undefined,
): Promise<Activity | undefined> {
  const { record } = work.session;
  if (view === undefined || record.policy === undefined) return undefined;
  const { now } = work.run;
  const since = inServiceSince(record, view, now);
  if (record.kind === 'real-time') {
    return readActivity(
      work,
      view.variants.map(({ name }) => name),
      since,
    );
  }
  if (record.kind !== 'async') return undefined;
  const idleFor = idleForOf(record.kind, record.policy);
  const to = Math.ceil((now + 1) / MINUTE) * MINUTE;
  const backlog = await account.metrics.backlog(record.endpoint, idleWindow(now, idleFor).from, to);
  const usage = backlog.ok ? { kind: 'async' as const, ...backlog.value } : undefined;
  return judgeActivity({ now, idleFor, inServiceSince: since, usage });
}
