import type { DurationMs, Instant } from '../domain/time.ts';

/** Time enters a run once: use cases read `now()` at their start and pass the instant on. */
export interface Clock {
  now(): Instant;
}

export type Sleep = (ms: DurationMs) => Promise<void>;

/** Values in [0, 1). */
export type Random = () => number;

/** One structured log line. Every line reaches the sink; the real sink drops those below its level. */
export interface LogLine {
  readonly level: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  readonly message: string;
  /** `decision` (canonical line), `decision-repeat` (same as before, DEBUG), `run` (summary), `metric`, absent for others. */
  readonly logType?: 'decision' | 'decision-repeat' | 'run' | 'metric' | 'problem';
  readonly [field: string]: unknown;
}
export type LogSink = (line: LogLine) => void;
