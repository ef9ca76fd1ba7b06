import type { Operation } from '../contract.ts';
import type { AlarmDefinition, AlarmStateValue } from './alarm.ts';
import type { Alarm, AlarmBook } from './alarm-book.ts';
import { alarmNotFound, arnNotFound, invalidValue, validationError } from './errors.ts';
import { type Dimension, sortDimensions } from './metric-store.ts';

interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** API reference: DescribeAlarms and DescribeAlarmHistory return up to 100 records, DeleteAlarms takes up to 100 names. */
const PAGE = 100;
const MAXIMUM_DELETED = 100;
const MAXIMUM_TAGS = 50;

function describeAlarm(alarm: Alarm): object {
  const { definition, state } = alarm;
  return {
    ...definition,
    AlarmArn: alarm.arn,
    AlarmConfigurationUpdatedTimestamp: new Date(alarm.configuredAt),
    ActionsEnabled: definition.ActionsEnabled ?? true,
    OKActions: definition.OKActions ?? [],
    AlarmActions: definition.AlarmActions ?? [],
    InsufficientDataActions: definition.InsufficientDataActions ?? [],
    Dimensions: definition.Dimensions ?? [],
    StateValue: state.value,
    StateReason: state.reason,
    ...(state.reasonData === undefined ? {} : { StateReasonData: state.reasonData }),
    StateUpdatedTimestamp: new Date(state.updatedAt),
    StateTransitionedTimestamp: new Date(state.transitionedAt),
  };
}

function cutPage<T>(
  all: readonly T[],
  token: string | undefined,
  size: number,
): { page: T[]; next: { NextToken?: string } } {
  const from = token === undefined ? 0 : Number(token);
  if (!Number.isInteger(from) || from < 0) throw invalidValue('The parameter NextToken is invalid.');
  const to = from + size;
  return { page: all.slice(from, to), next: to < all.length ? { NextToken: String(to) } : {} };
}

interface DescribeInput {
  readonly AlarmNames?: readonly string[];
  readonly AlarmNamePrefix?: string;
  readonly AlarmTypes?: readonly string[];
  readonly StateValue?: AlarmStateValue;
  readonly ActionPrefix?: string;
  readonly MaxRecords?: number;
  readonly NextToken?: string;
}

function describeAlarms(book: AlarmBook, input: DescribeInput): object {
  if (input.AlarmNames && input.AlarmNamePrefix !== undefined) {
    throw validationError('AlarmNamePrefix cannot be specified together with AlarmNames.');
  }
  const names = input.AlarmNames && new Set(input.AlarmNames);
  const wantsMetricAlarms = input.AlarmTypes === undefined || input.AlarmTypes.includes('MetricAlarm');
  const hasAction = ({ definition }: Alarm): boolean =>
    [definition.OKActions, definition.AlarmActions, definition.InsufficientDataActions].some((list) =>
      list?.some((action) => action.startsWith(input.ActionPrefix!)),
    );
  const found = [...book.alarms.values()]
    .filter(
      (alarm) =>
        wantsMetricAlarms &&
        (!names || names.has(alarm.definition.AlarmName)) &&
        alarm.definition.AlarmName.startsWith(input.AlarmNamePrefix ?? '') &&
        (input.StateValue === undefined || alarm.state.value === input.StateValue) &&
        (input.ActionPrefix === undefined || hasAction(alarm)),
    )
    .sort((a, b) => (a.definition.AlarmName < b.definition.AlarmName ? -1 : 1));
  const { page, next } = cutPage(found, input.NextToken, input.MaxRecords ?? PAGE);
  return { CompositeAlarms: [], LogAlarms: [], MetricAlarms: page.map(describeAlarm), ...next };
}

interface ForMetricInput {
  readonly MetricName: string;
  readonly Namespace: string;
  readonly Statistic?: string;
  readonly ExtendedStatistic?: string;
  readonly Dimensions?: readonly Dimension[];
  readonly Period?: number;
  readonly Unit?: string;
}

function describeForMetric(book: AlarmBook, input: ForMetricInput): object {
  const dimensions = JSON.stringify(sortDimensions(input.Dimensions ?? []));
  const found = [...book.alarms.values()].filter(
    ({ definition }) =>
      definition.MetricName === input.MetricName &&
      definition.Namespace === input.Namespace &&
      JSON.stringify(sortDimensions(definition.Dimensions ?? [])) === dimensions &&
      (input.Statistic === undefined || definition.Statistic === input.Statistic) &&
      (input.ExtendedStatistic === undefined || definition.ExtendedStatistic === input.ExtendedStatistic) &&
      (input.Period === undefined || definition.Period === input.Period) &&
      (input.Unit === undefined || definition.Unit === input.Unit),
  );
  return { MetricAlarms: found.map(describeAlarm) };
}

interface HistoryInput {
  readonly AlarmName?: string;
  readonly HistoryItemType?: string;
  readonly StartDate?: Date;
  readonly EndDate?: Date;
  readonly MaxRecords?: number;
  readonly NextToken?: string;
  readonly ScanBy?: string;
}

function describeHistory(book: AlarmBook, input: HistoryInput): object {
  const items = [...book.alarms.values()]
    .filter(({ definition }) => input.AlarmName === undefined || definition.AlarmName === input.AlarmName)
    .flatMap(({ definition, history }) => history.map((item) => ({ name: definition.AlarmName, ...item })))
    .filter(
      (item) =>
        (input.HistoryItemType === undefined || item.type === input.HistoryItemType) &&
        item.at >= (input.StartDate?.getTime() ?? -Infinity) &&
        item.at <= (input.EndDate?.getTime() ?? Infinity),
    )
    .sort((a, b) => a.at - b.at);
  if (input.ScanBy !== 'TimestampAscending') items.reverse();
  const { page, next } = cutPage(items, input.NextToken, input.MaxRecords ?? PAGE);
  const AlarmHistoryItems = page.map((item) => ({
    AlarmName: item.name,
    AlarmType: 'MetricAlarm',
    Timestamp: new Date(item.at),
    HistoryItemType: item.type,
    HistorySummary: item.summary,
    HistoryData: item.data,
  }));
  return { AlarmHistoryItems, ...next };
}

interface SetStateInput {
  readonly AlarmName: string;
  readonly StateValue: AlarmStateValue;
  readonly StateReason: string;
  readonly StateReasonData?: string;
}

function setAlarmState(book: AlarmBook, input: SetStateInput): object {
  const alarm = book.alarms.get(input.AlarmName);
  if (!alarm) throw alarmNotFound();
  if (input.StateReasonData !== undefined) {
    try {
      JSON.parse(input.StateReasonData);
    } catch {
      throw invalidValue('TargetReasonData is not valid JSON: StateReasonData must be a JSON text.');
    }
  }
  book.setState(alarm, input.StateValue, input.StateReason, input.StateReasonData);
  return {};
}

function createTagOperations(book: AlarmBook, tags: Map<string, Map<string, string>>): Record<string, Operation> {
  const require = (arn: string): Map<string, string> => {
    const exists = [...book.alarms.values()].some((alarm) => alarm.arn === arn);
    if (!exists) throw arnNotFound(arn);
    const known = tags.get(arn) ?? new Map<string, string>();
    tags.set(arn, known);
    return known;
  };
  return {
    TagResource(input: { ResourceARN: string; Tags: Tag[] }) {
      const known = require(input.ResourceARN);
      const keys = new Set([...known.keys(), ...input.Tags.map((tag) => tag.Key)]);
      if (keys.size > MAXIMUM_TAGS) throw invalidValue(`A resource can have at most ${MAXIMUM_TAGS} tags.`);
      for (const { Key, Value } of input.Tags) known.set(Key, Value);
      return {};
    },
    UntagResource(input: { ResourceARN: string; TagKeys: string[] }) {
      const known = require(input.ResourceARN);
      for (const key of input.TagKeys) known.delete(key);
      return {};
    },
    // A deleted or unknown alarm has no tags, which is not an error.
    ListTagsForResource: (input: { ResourceARN: string }) => ({
      Tags: [...(tags.get(input.ResourceARN) ?? [])].map(([Key, Value]) => ({ Key, Value })),
    }),
  };
}

export function createAlarmOperations(book: AlarmBook): Record<string, Operation> {
  const tags = new Map<string, Map<string, string>>();
  const setEnabled = (names: readonly string[], enabled: boolean): object => {
    for (const name of names) {
      const alarm = book.alarms.get(name);
      if (alarm) book.setActionsEnabled(alarm, enabled);
    }
    return {};
  };
  return {
    PutMetricAlarm({ Tags, ...definition }: AlarmDefinition & { Tags?: Tag[] }) {
      const isNew = !book.alarms.has(definition.AlarmName);
      const alarm = book.put(structuredClone(definition));
      // Tags of an update are ignored: an existing alarm is tagged with TagResource.
      if (isNew && Tags) tags.set(alarm.arn, new Map(Tags.map(({ Key, Value }) => [Key, Value])));
      return {};
    },
    DeleteAlarms(input: { AlarmNames: string[] }) {
      if (input.AlarmNames.length > MAXIMUM_DELETED) {
        throw validationError(`The collection AlarmNames must not have a size greater than ${MAXIMUM_DELETED}.`);
      }
      for (const name of input.AlarmNames) {
        tags.delete(book.alarms.get(name)?.arn ?? '');
        book.delete(name);
      }
      return {};
    },
    DescribeAlarms: (input: DescribeInput) => describeAlarms(book, input),
    DescribeAlarmsForMetric: (input: ForMetricInput) => describeForMetric(book, input),
    DescribeAlarmHistory: (input: HistoryInput) => describeHistory(book, input),
    SetAlarmState: (input: SetStateInput) => setAlarmState(book, input),
    EnableAlarmActions: (input: { AlarmNames: string[] }) => setEnabled(input.AlarmNames, true),
    DisableAlarmActions: (input: { AlarmNames: string[] }) => setEnabled(input.AlarmNames, false),
    ...createTagOperations(book, tags),
  };
}
