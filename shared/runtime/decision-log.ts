import type { FunctionName } from '../domain/decision.ts';
import type { RunMetric } from '../domain/run-metrics.ts';
import type { DecisionLog } from '../ports/announcer.ts';
import type { LogSink } from '../ports/world.ts';

/** The decision log of a warm environment; `begin` empties its counters for the next run. */
export interface RunLog extends DecisionLog {
  begin(run: { readonly id: string; readonly function: FunctionName }): void;
  decisions(): Readonly<Record<string, number>>;
  metrics(): Readonly<Partial<Record<RunMetric, number>>>;
}

/** A failure's own message is what AWS answered; the line has a message already. */
function withAnswer({ message: answer, ...fields }: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return answer === undefined ? fields : { ...fields, answer };
}

export function createRunLog(sink: LogSink): RunLog {
  let context: { runId: string; function: FunctionName } | undefined;
  let decisions: Record<string, number> = {};
  let metrics: Partial<Record<RunMetric, number>> = {};
  const count = (metric: RunMetric, value = 1): void => {
    metrics[metric] = (metrics[metric] ?? 0) + value;
  };
  return {
    begin(run) {
      context = { runId: run.id, function: run.function };
      decisions = {};
      metrics = {};
    },
    decisions: () => decisions,
    metrics: () => metrics,
    record({ at, error, ...decision }, repeated) {
      decisions[decision.decision] = (decisions[decision.decision] ?? 0) + 1;
      if (decision.decision === 'refuse' && !repeated) count('DecisionsRefused');
      sink({
        level: repeated ? 'DEBUG' : error === undefined ? 'INFO' : 'WARN',
        message: `${decision.endpoint}: ${decision.decision} (${decision.reason})`,
        logType: repeated ? 'decision-repeat' : 'decision',
        ...context,
        ...decision,
        at: new Date(at).toISOString(),
        ...(error === undefined ? {} : { error }),
      });
    },
    problem(message, fields) {
      count('Problems');
      sink({ ...withAnswer(fields), ...context, level: 'ERROR', message, logType: 'problem' });
    },
    warn(message, fields) {
      sink({ ...withAnswer(fields), ...context, level: 'WARN', message });
    },
    info(message, fields) {
      sink({ ...withAnswer(fields), ...context, level: 'INFO', message });
    },
    count,
  };
}
