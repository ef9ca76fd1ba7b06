import { type Activity, idleWindow, judgeActivity } from '../../domain/activity.ts';
import { idleForOf } from '../../domain/kinds.ts';
import { type Instant, MINUTE } from '../../domain/time.ts';
import type { Work } from './ports.ts';

/** Reads the use of a real-time endpoint over its policy's idle window, the newest minutes included. */
export async function readActivity(work: Work, variants: readonly string[], since: Instant): Promise<Activity> {
  const { ports, run, session } = work;
  const { record } = session;
  const idleFor = record.policy === undefined ? 0 : idleForOf(record.kind, record.policy);
  const { from } = idleWindow(run.now, idleFor);
  const to = Math.ceil((run.now + 1) / MINUTE) * MINUTE;
  const use = await ports.metrics.realTimeUse(record.endpoint, variants, from, to);
  const activity = judgeActivity({
    now: run.now,
    idleFor,
    inServiceSince: since,
    usage: use.ok ? { kind: 'real-time', variants: use.value } : undefined,
  });
  if (activity.verdict === 'unknown') ports.log.count('UnknownActivity');
  return activity;
}
