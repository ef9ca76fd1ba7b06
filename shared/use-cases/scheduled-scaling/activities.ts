import type { Observed } from '../../domain/record.ts';
import { adviceOn, newsOf, TROUBLE_REASONS, type TroubledActivity } from '../../domain/scaling-activity.ts';
import { targetKeyOf, targetViews } from '../../domain/target-view.ts';
import { HOUR, type Instant, iso, MINUTE } from '../../domain/time.ts';
import type { Run } from '../../ports/run.ts';
import type { ScheduledScalingPorts, Turn } from './ports.ts';
import { announce } from './report.ts';

/** A start that AWS gives up only after a while ends long after it began: so far back activities are looked for. */
const LOOK_BACK = 2 * HOUR;
/** Every endpoint is looked at anew by then. */
const LOOKED_WITHIN = 20 * MINUTE;

interface News {
  readonly turn: Turn;
  readonly activities: readonly TroubledActivity[];
}

/**
 * What Application Auto Scaling tried and could not do, and what it did not try: each is told once. One reading of the
 * newest activities serves the whole fleet.
 */
export async function tellActivities(ports: ScheduledScalingPorts, run: Run, turns: readonly Turn[]): Promise<void> {
  const up = turns.filter(({ record }) => record.phase === 'up' && record.giveBack === undefined);
  if (up.length === 0) return;
  const answer = await ports.scaling.troubledActivities(run.now - LOOK_BACK);
  if (!answer.ok) {
    ports.log.count('CallsRefused');
    ports.log.warn('scaling activities could not be read; the next time tells', { ...answer.failure });
    return;
  }
  const byResource = Map.groupBy(answer.value, ({ resourceId }) => resourceId.toLowerCase());
  const news = up.flatMap((turn): News[] => {
    const found = targetViews(turn.record).flatMap(
      (view) => byResource.get(targetKeyOf(view)?.resourceId.toLowerCase() ?? '') ?? [],
    );
    return found.length === 0 ? [] : [{ turn, activities: found }];
  });
  for (const one of news) await tellNews(ports, run, one);
}

/**
 * While an endpoint is being changed no alarm can scale it: each scale-out that takes its time is one. Only where nobody
 * changed it since, as of a look that came after, is it worth telling.
 */
function isPassing({ trouble, tried, at }: TroubledActivity, now: Instant, observed: Observed | undefined): boolean {
  if (trouble !== 'not-scalable' || tried) return false;
  return observed?.status !== 'InService' || observed.lastModifiedTime >= at || now - at < LOOKED_WITHIN;
}

/** Written before it is told: a run that raced another one, or dies, tells nothing twice. */
async function tellNews(ports: ScheduledScalingPorts, run: Run, { turn, activities }: News): Promise<void> {
  const { record } = turn;
  const since = Math.max(run.now - LOOK_BACK, record.observed?.creationTime ?? run.now);
  const lasting = activities.filter((activity) => !isPassing(activity, run.now, record.observed));
  const { news, told } = newsOf(lasting, record.activities, since);
  if (told === record.activities || told === undefined) return;
  let isTaken = false;
  turn.change((fresh) => {
    isTaken = (fresh.activities?.to ?? 0) < told.to;
    return isTaken ? { ...fresh, activities: told } : fresh;
  });
  if (news.length === 0) return;
  if ((await turn.save()) === 'lost' || !isTaken) return;
  for (const activity of news) tell(ports, run, turn, activity);
}

function tell(ports: ScheduledScalingPorts, run: Run, turn: Turn, activity: TroubledActivity): void {
  const { id, resourceId, at, trouble, what, cause, message } = activity;
  tellTrouble(ports, run, turn, { activity: id, resource: resourceId, at, trouble, what, cause, message });
}

/** A scale-out or scale-in that came to nothing, and what a person can do about it. */
export function tellTrouble(
  ports: ScheduledScalingPorts,
  run: Run,
  turn: Turn,
  found: Pick<TroubledActivity, 'at' | 'trouble' | 'what' | 'cause' | 'message'> & {
    readonly resource: string;
    /** Id of Application Auto Scaling's activity; absent: it was none of its. */
    readonly activity?: string;
  },
): void {
  const { resource, activity = null, at, trouble, what, cause, message } = found;
  const reason = TROUBLE_REASONS[trouble];
  const evidence = { resource, activity, activityAt: iso(at), what, cause, message };
  const { endpoint } = turn.record;
  const line = { at: run.now, function: 'scheduled-scaling', endpoint, decision: 'keep', reason } as const;
  ports.log.record({ ...line, evidence, acted: false }, false);
  announce(ports, run, turn, 'Scaling Failed', {
    reason,
    class: trouble,
    ...evidence,
    advice: adviceOn(trouble, resource),
  });
}
