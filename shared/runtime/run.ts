import type { FunctionName } from '../domain/decision.ts';
import { MINUTE } from '../domain/time.ts';
import type { Announcer } from '../ports/announcer.ts';
import { type Ignored, type Run, type RunCounts, RunOverError, type Trigger } from '../ports/run.ts';
import type { Clock, LogSink, Random } from '../ports/world.ts';
import type { Config } from './config.ts';
import type { HandlerContext, RunSummary } from './contract.ts';
import type { RunLog } from './decision-log.ts';
import { parseEvent } from './parse-event.ts';

export type Work = (trigger: Trigger, run: Run) => Promise<RunCounts>;

export type Runner = (name: FunctionName, event: unknown, context: HandlerContext, work: Work) => Promise<RunSummary>;

export interface RunnerParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly sink: LogSink;
  readonly log: RunLog;
  readonly announcer: Announcer;
  /** From the run's deadline on nothing of it is sent. */
  readonly onBegin: (run: Run) => void;
}

const NOTHING: RunCounts = { considered: 0, skipped: 0, failures: 0 };
/** So many periods behind a newer one, a tick is worthless: that has done its work. */
const STALE_PERIODS = 2;
/** Our clock may be ahead of the Scheduler's. AWS refuses the signature of one that is off by more, so no run gets so far. */
const CLOCK_MARGIN = 5 * MINUTE;

/** Whether a tick comes too late: told by the newest one seen here, which bears the same clock, or by our own with a margin. */
function staleTicks(period: number): (scheduledAt: number, now: number) => boolean {
  let newest = 0;
  return (scheduledAt, now) => {
    // One from the future is no Scheduler's, and must not make all that come after it stale.
    if (scheduledAt <= now + CLOCK_MARGIN) newest = Math.max(newest, scheduledAt);
    const late = STALE_PERIODS * period;
    return newest - scheduledAt >= late || now - scheduledAt > late + CLOCK_MARGIN;
  };
}

/** One run from event to summary. Throws after everything is written when anything unexpected happened in it. */
export function createRunner(parts: RunnerParts): Runner {
  const { config, clock, random, log, announcer } = parts;
  const isStale = staleTicks(config.tick);
  return async (name, event, context, work) => {
    const now = clock.now();
    const id = context.awsRequestId;
    const holder = `${id}/${random().toString(36).slice(2, 10)}`;
    const run: Run = { id, holder, now, deadline: now + context.getRemainingTimeInMillis() };
    parts.onBegin(run);
    log.begin({ id: run.id, function: name });
    const trigger = parseEvent(event, now);
    const counts = isWork(trigger, now) ? await attempt(trigger, () => work(trigger, run)) : NOTHING;
    await announcer.flush();
    const summary: RunSummary = {
      function: name,
      trigger: trigger.kind,
      ...counts,
      decisions: log.decisions(),
    };
    report(parts, run, summary, clock.now() - now);
    if (counts.failures > 0)
      throw new Error(`${counts.failures} unexpected failures in this run; see its problem lines`);
    return summary;
  };

  function isWork(trigger: Trigger | Ignored, now: number): trigger is Trigger {
    if (trigger.kind === 'unknown') {
      log.count('EventsUnknown');
      log.info('an event of no known kind: nothing done', { what: trigger.what });
      return false;
    }
    if (trigger.kind === 'malformed') {
      log.count('EventsMalformed');
      log.warn('a malformed event: nothing done, not tried again', { problem: trigger.problem });
      return false;
    }
    if (trigger.kind === 'tick' && isStale(trigger.scheduledAt, now)) {
      log.count('TicksStale');
      log.info('a stale tick: nothing done', { scheduledAt: new Date(trigger.scheduledAt).toISOString() });
      return false;
    }
    return true;
  }

  async function attempt(trigger: Trigger, work: () => Promise<RunCounts>): Promise<RunCounts> {
    try {
      const counts = await work();
      // A stale tick and a run that failed as a whole have looked at nothing: no sign of life.
      if (trigger.kind === 'tick') log.count('Heartbeat');
      return counts;
    } catch (error) {
      if (error instanceof RunOverError) {
        log.info('the run went on past its time: nothing more of it is done', { reason: error.message });
        return NOTHING;
      }
      log.problem('the run failed as a whole', { error: describeError(error) });
      return { ...NOTHING, failures: 1 };
    }
  }
}

function report({ sink, log }: RunnerParts, run: Run, summary: RunSummary, duration: number): void {
  log.count('RunDuration', duration);
  log.count('EndpointsConsidered', summary.considered);
  sink({ level: 'INFO', message: 'run finished', logType: 'run', runId: run.id, durationMs: duration, ...summary });
  sink({ level: 'INFO', message: 'metrics', logType: 'metric', function: summary.function, metrics: log.metrics() });
}

/** What of an exception belongs into a log line. */
export function describeError(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { message: String(error) };
  return { name: error.name, message: error.message, stack: error.stack };
}
