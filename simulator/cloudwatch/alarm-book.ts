import { type EpochMs, type Kernel, PRIORITY, type Timer } from '../contract.ts';
import {
  type AlarmAction,
  type AlarmDefinition,
  type AlarmHistoryItem,
  type AlarmState,
  type AlarmStateValue,
  actionsOf,
  evaluationIntervalMs,
} from './alarm.ts';
import { checkAlarm, shareOf } from './alarm-definition.ts';
import { EXTRA_PERIODS, judge } from './alarm-evaluation.ts';
import { emitConfigurationChange, emitStateChange } from './alarm-events.ts';
import { CREATION_REASON, describeReason, describeReasonData, type Evaluation } from './alarm-reason.ts';
import type { MetricStore } from './metric-store.ts';
import { MetricReader, QuerySet } from './queries.ts';

/** Actions of Application Auto Scaling; only these are repeated while a state lasts. */
const SCALING_ACTION = /^arn:[^:]+:autoscaling:[^:]*:[^:]*:scalingPolicy:/;
const REPEAT_MS = 60_000;
const HISTORY_LIMIT = 1000;

export interface Alarm {
  readonly arn: string;
  definition: AlarmDefinition;
  state: AlarmState;
  configuredAt: EpochMs;
  readonly history: AlarmHistoryItem[];
  source: AlarmSource;
  lastActionAt: EpochMs;
  /** Newest datapoint of the last evaluation, or of the reason data that SetAlarmState brought. */
  lastValue: number | undefined;
  /** Highest datapoint of the same. */
  lastPeak: number | undefined;
}

/** Where an alarm's datapoints come from: one metric, or the expression it returns. */
interface AlarmSource {
  readonly periodMs: number;
  settle(now: EpochMs): void;
  /** Datapoints oldest first, NaN where there is none; the array is reused by the next read. */
  read(start: EpochMs, length: number, now: EpochMs): Float64Array;
  /** Of the same periods; undefined for an expression. */
  readSampleCounts(start: EpochMs, length: number, now: EpochMs): Float64Array | undefined;
}

function createSource(store: MetricStore, definition: AlarmDefinition): AlarmSource {
  if (definition.Metrics) {
    const set = new QuerySet(store, definition.Metrics);
    const id = definition.Metrics.find((query) => query.ReturnData ?? true)!.Id;
    return {
      periodMs: set.periodMs,
      settle: (now) => set.settle(now),
      read(start, length, now) {
        const value = set.evaluate(start, length, now).get(id)!;
        return typeof value === 'number' ? new Float64Array(length).fill(value) : value;
      },
      readSampleCounts: () => undefined,
    };
  }
  const id = {
    namespace: definition.Namespace!,
    name: definition.MetricName!,
    dimensions: definition.Dimensions ?? [],
  };
  const share = shareOf(definition.ExtendedStatistic ?? '');
  if (share !== undefined) store.keepValues(id);
  const reader = new MetricReader(store, {
    Metric: { Namespace: id.namespace, MetricName: id.name, Dimensions: id.dimensions },
    Period: definition.Period!,
    // Of an alarm on a percentile it counts samples alone.
    Stat: definition.Statistic ?? 'SampleCount',
    ...(definition.Unit === undefined ? {} : { Unit: definition.Unit }),
  });
  const values = new Float64Array(definition.EvaluationPeriods + EXTRA_PERIODS);
  return {
    periodMs: reader.periodMs,
    settle: (now) => reader.settle(now),
    read(start, _length, now) {
      if (share === undefined) reader.readInto(values, start, now);
      else
        values.forEach((_, i) => {
          values[i] = reader.percentile(start + i * reader.periodMs, share, now);
        });
      return values;
    },
    readSampleCounts: (start, length, now) =>
      Float64Array.from({ length }, (_, i) => reader.summary(start + i * reader.periodMs, now)?.count ?? 0),
  };
}

/** All alarms, their evaluation on the clock, and what follows from a transition. */
export class AlarmBook {
  readonly alarms = new Map<string, Alarm>();
  /** Runs a scaling policy; set by whoever owns the policies. */
  onScalingAction: (policyArn: string, action: AlarmAction) => void = () => {};
  readonly #kernel: Kernel;
  readonly #store: MetricStore;
  readonly #timers = new Map<number, Timer>();

  constructor(kernel: Kernel, store: MetricStore) {
    this.#kernel = kernel;
    this.#store = store;
  }

  put(definition: AlarmDefinition): Alarm {
    const periodMs = checkAlarm(definition);
    const now = this.#kernel.clock.now();
    const known = this.alarms.get(definition.AlarmName);
    const source = createSource(this.#store, definition);
    if (known) {
      const previous = known.definition;
      // The whole definition is replaced, the state is left as it is until the next evaluation.
      known.definition = definition;
      known.source = source;
      known.configuredAt = now;
      this.#note(known, 'ConfigurationUpdate', `Alarm "${definition.AlarmName}" updated`, { type: 'Update' });
      emitConfigurationChange(this.#kernel, known.arn, 'update', definition, known.state, previous, now);
      this.#arm(evaluationIntervalMs(periodMs));
      return known;
    }
    const alarm: Alarm = {
      arn: `arn:aws:cloudwatch:${this.#kernel.region}:${this.#kernel.accountId}:alarm:${definition.AlarmName}`,
      definition,
      state: {
        value: 'INSUFFICIENT_DATA',
        reason: CREATION_REASON,
        reasonData: undefined,
        updatedAt: now,
        transitionedAt: now,
      },
      configuredAt: now,
      history: [],
      source,
      lastActionAt: -Infinity,
      lastValue: undefined,
      lastPeak: undefined,
    };
    this.alarms.set(definition.AlarmName, alarm);
    this.#note(alarm, 'ConfigurationUpdate', `Alarm "${definition.AlarmName}" created`, { type: 'Create' });
    emitConfigurationChange(this.#kernel, alarm.arn, 'create', definition, alarm.state, undefined, now);
    this.#arm(evaluationIntervalMs(periodMs));
    return alarm;
  }

  delete(name: string): void {
    const alarm = this.alarms.get(name);
    if (!alarm) return;
    this.alarms.delete(name);
    emitConfigurationChange(
      this.#kernel,
      alarm.arn,
      'delete',
      alarm.definition,
      alarm.state,
      undefined,
      alarm.configuredAt,
    );
  }

  setState(alarm: Alarm, value: AlarmStateValue, reason: string, reasonData: string | undefined): void {
    const data = reasonData === undefined ? undefined : (JSON.parse(reasonData) as { recentDatapoints?: number[] });
    const points = data?.recentDatapoints ?? [];
    alarm.lastValue = points.at(-1);
    alarm.lastPeak = points.length === 0 ? undefined : Math.max(...points);
    this.#enter(alarm, value, reason, reasonData);
  }

  setActionsEnabled(alarm: Alarm, enabled: boolean): void {
    alarm.definition = { ...alarm.definition, ActionsEnabled: enabled };
    alarm.configuredAt = this.#kernel.clock.now();
  }

  /** One timer per rhythm, running only while there are alarms of it. */
  #arm(intervalMs: number): void {
    if (this.#timers.has(intervalMs)) return;
    const now = this.#kernel.clock.now();
    const next = (Math.floor(now / intervalMs) + 1) * intervalMs;
    this.#timers.set(
      intervalMs,
      this.#kernel.clock.at(next, PRIORITY.alarms, () => this.#tick(intervalMs)),
    );
  }

  #tick(intervalMs: number): void {
    this.#timers.delete(intervalMs);
    let any = false;
    for (const alarm of this.alarms.values()) {
      if (evaluationIntervalMs(alarm.source.periodMs) !== intervalMs) continue;
      any = true;
      this.#evaluate(alarm, intervalMs);
    }
    if (any) this.#arm(intervalMs);
  }

  #evaluate(alarm: Alarm, intervalMs: number): void {
    const { definition, source } = alarm;
    const at = this.#kernel.clock.now();
    source.settle(at);
    // Datapoints appear one interval late. Periods slide: they end at the last whole interval, not at whole periods.
    const end = (Math.floor(at / intervalMs) - 1) * intervalMs;
    const length = definition.EvaluationPeriods + EXTRA_PERIODS;
    const start = end - length * source.periodMs;
    const values = source.read(start, length, at);
    const verdict = judge(values, definition);
    const newest = verdict.used[0];
    alarm.lastValue = newest === undefined ? undefined : values[newest]!;
    alarm.lastPeak =
      newest === undefined ? undefined : verdict.used.reduce((peak, i) => Math.max(peak, values[i]!), -Infinity);
    const state = verdict.state === 'retain' ? alarm.state.value : verdict.state;
    if (state === alarm.state.value) {
      this.#repeatActions(alarm, at);
      return;
    }
    const sampleCounts = source.readSampleCounts(start, length, at);
    const evaluation: Evaluation = { verdict, values, sampleCounts, start, periodMs: source.periodMs, at };
    const reason = describeReason(definition, evaluation, state, alarm.state.value);
    this.#enter(alarm, state, reason, describeReasonData(definition, evaluation));
  }

  #enter(alarm: Alarm, value: AlarmStateValue, reason: string, reasonData: string | undefined): void {
    const now = this.#kernel.clock.now();
    const previous = alarm.state;
    const isTransition = previous.value !== value;
    alarm.state = {
      value,
      reason,
      reasonData,
      updatedAt: now,
      transitionedAt: isTransition ? now : previous.transitionedAt,
    };
    if (!isTransition) return;
    const toHistory = (state: AlarmState): object => ({
      stateValue: state.value,
      stateReason: state.reason,
      ...(state.reasonData === undefined ? {} : { stateReasonData: JSON.parse(state.reasonData) }),
    });
    this.#note(alarm, 'StateUpdate', `Alarm updated from ${previous.value} to ${value}`, {
      oldState: toHistory(previous),
      newState: toHistory(alarm.state),
    });
    emitStateChange(this.#kernel, alarm.arn, alarm.definition, alarm.state, previous);
    this.#runScaling(alarm, now);
  }

  /** All other actions run on a transition only; Auto Scaling actions again every minute while the state lasts. */
  #repeatActions(alarm: Alarm, now: EpochMs): void {
    if (now - alarm.lastActionAt >= REPEAT_MS) this.#runScaling(alarm, now);
  }

  #runScaling(alarm: Alarm, now: EpochMs): void {
    if (alarm.definition.ActionsEnabled === false) return;
    const actions = actionsOf(alarm.definition, alarm.state.value).filter((action) => SCALING_ACTION.test(action));
    if (actions.length === 0) return;
    alarm.lastActionAt = now;
    for (const action of actions) {
      this.onScalingAction(action, {
        alarmName: alarm.definition.AlarmName,
        state: alarm.state.value,
        threshold: alarm.definition.Threshold,
        value: alarm.lastValue,
      });
    }
  }

  #note(alarm: Alarm, type: AlarmHistoryItem['type'], summary: string, data: object): void {
    alarm.history.push({
      at: this.#kernel.clock.now(),
      type,
      summary,
      data: JSON.stringify({ version: '1.0', ...data }),
    });
    if (alarm.history.length > HISTORY_LIMIT) alarm.history.shift();
  }
}
