import type { Permission, RequestContext } from '../../contract.ts';
import type { AccountView } from '../account.ts';
import { arnIn, type NeedsOf, need, readTagList, requestTags, tagKeys } from './need.ts';

function alarm(account: AccountView, name: string): string {
  return arnIn(account, 'cloudwatch', `alarm:${name}`);
}

/** A key that holds several values is in the request only when there is one. */
function several(key: string, values: readonly string[]): RequestContext {
  return values.length === 0 ? {} : { [key]: [...new Set(values)] };
}

const everywhere =
  (action: string): NeedsOf =>
  () => [need(action, '*')];

const onAlarmNames =
  (action: string, member = 'AlarmNames'): NeedsOf =>
  (input, account) =>
    [input[member]].flat().map((name: string) => need(`cloudwatch:${action}`, alarm(account, name)));

const onResourceArn =
  (action: string): NeedsOf =>
  (input: { ResourceARN: string; Tags?: { Key: string; Value: string }[]; TagKeys?: string[] }) => [
    need(action, input.ResourceARN, { ...requestTags(readTagList(input.Tags)), ...tagKeys(input.TagKeys ?? []) }),
  ];

export const CLOUDWATCH_NEEDS: Readonly<Record<string, NeedsOf>> = {
  GetMetricData: everywhere('cloudwatch:GetMetricData'),
  GetMetricStatistics: everywhere('cloudwatch:GetMetricStatistics'),
  ListMetrics: everywhere('cloudwatch:ListMetrics'),
  PutMetricData: (input: { Namespace: string }) => [
    need('cloudwatch:PutMetricData', '*', { 'cloudwatch:namespace': input.Namespace }),
  ],
  // Composite alarms are answered only to those whose permission has the scope * (API reference, DescribeAlarms).
  DescribeAlarms: (input: { AlarmTypes?: string[] }, account) => [
    need('cloudwatch:DescribeAlarms', input.AlarmTypes?.includes('CompositeAlarm') ? '*' : alarm(account, '*')),
  ],
  DescribeAlarmHistory: (input: { AlarmName?: string }, account) => [
    need('cloudwatch:DescribeAlarmHistory', alarm(account, input.AlarmName ?? '*')),
  ],
  PutMetricAlarm: (
    input: {
      AlarmName: string;
      AlarmActions?: string[];
      OKActions?: string[];
      InsufficientDataActions?: string[];
      Tags?: { Key: string; Value: string }[];
    },
    account,
  ) => [
    need('cloudwatch:PutMetricAlarm', alarm(account, input.AlarmName), {
      ...requestTags(readTagList(input.Tags)),
      ...several('cloudwatch:AlarmActions', [
        ...(input.AlarmActions ?? []),
        ...(input.OKActions ?? []),
        ...(input.InsufficientDataActions ?? []),
      ]),
    }),
  ],
  DeleteAlarms: onAlarmNames('DeleteAlarms'),
  EnableAlarmActions: onAlarmNames('EnableAlarmActions'),
  DisableAlarmActions: onAlarmNames('DisableAlarmActions'),
  SetAlarmState: onAlarmNames('SetAlarmState', 'AlarmName'),
  ListTagsForResource: onResourceArn('cloudwatch:ListTagsForResource'),
  TagResource: onResourceArn('cloudwatch:TagResource'),
  UntagResource: onResourceArn('cloudwatch:UntagResource'),
};

const onRule =
  (action: string, member: string): NeedsOf =>
  (input, account) => [need(`events:${action}`, arnIn(account, 'events', `rule/${input[member]}`))];

interface PutEventsInput {
  readonly Entries: readonly { Source?: string; DetailType?: string; EventBusName?: string }[];
}

function busArn(account: AccountView, nameOrArn = 'default'): string {
  return nameOrArn.startsWith('arn:') ? nameOrArn : arnIn(account, 'events', `event-bus/${nameOrArn}`);
}

export const EVENTBRIDGE_NEEDS: Readonly<Record<string, NeedsOf>> = {
  // Source and detail type are keys of several values: a call may bring ten entries.
  PutEvents(input: PutEventsInput, account) {
    const byBus = Map.groupBy(input.Entries, ({ EventBusName }) => busArn(account, EventBusName));
    return [...byBus].map(([bus, entries]) =>
      need('events:PutEvents', bus, {
        ...several(
          'events:source',
          entries.flatMap(({ Source }) => Source ?? []),
        ),
        ...several(
          'events:detail-type',
          entries.flatMap(({ DetailType }) => DetailType ?? []),
        ),
      }),
    );
  },
  PutRule: onRule('PutRule', 'Name'),
  DeleteRule: onRule('DeleteRule', 'Name'),
  DescribeRule: onRule('DescribeRule', 'Name'),
  EnableRule: onRule('EnableRule', 'Name'),
  DisableRule: onRule('DisableRule', 'Name'),
  PutTargets: onRule('PutTargets', 'Rule'),
  RemoveTargets: onRule('RemoveTargets', 'Rule'),
  ListTargetsByRule: onRule('ListTargetsByRule', 'Rule'),
};

function parameter(account: AccountView, name: string): string {
  return name.startsWith('arn:') ? name : arnIn(account, 'ssm', `parameter/${name.replace(/^\//, '')}`);
}

const onParameters =
  (action: string, member: string): NeedsOf =>
  (input, account) =>
    [input[member]].flat().map((name: string) => need(`ssm:${action}`, parameter(account, name)));

export const SSM_NEEDS: Readonly<Record<string, NeedsOf>> = {
  GetParameter: onParameters('GetParameter', 'Name'),
  GetParameters: onParameters('GetParameters', 'Names'),
  GetParametersByPath: (input: { Path: string; Recursive?: boolean }, account) => [
    need('ssm:GetParametersByPath', parameter(account, input.Path), {
      'ssm:Recursive': String(input.Recursive === true),
    }),
  ],
  PutParameter: (input: { Name: string; Tags?: { Key: string; Value: string }[] }, account) => [
    need('ssm:PutParameter', parameter(account, input.Name), requestTags(readTagList(input.Tags))),
  ],
  DeleteParameter: onParameters('DeleteParameter', 'Name'),
  DeleteParameters: onParameters('DeleteParameters', 'Names'),
  ListTagsForResource: onParameters('ListTagsForResource', 'ResourceId'),
  AddTagsToResource: onParameters('AddTagsToResource', 'ResourceId'),
};

type AttributeValue = Readonly<Record<string, unknown>>;
type Item = Readonly<Record<string, AttributeValue>>;

function keyText(item: Item | undefined, key: string | undefined): readonly string[] {
  const value = key === undefined ? undefined : item?.[key];
  const [text] = value === undefined ? [] : Object.values(value);
  return typeof text === 'string' ? [text] : [];
}

interface QueryInput {
  readonly KeyConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Item;
}

/** The partition that a Query asks for: the value that its key condition compares with the partition key. */
function queriedKey(input: QueryInput, key: string | undefined): readonly string[] {
  for (const [, name, value] of (input.KeyConditionExpression ?? '').matchAll(/([\w#.]+)\s*=\s*(:\w+)/g)) {
    const attribute = input.ExpressionAttributeNames?.[name!] ?? name;
    if (attribute === key) return keyText({ [key!]: input.ExpressionAttributeValues?.[value!] ?? {} }, key);
  }
  return [];
}

function onTable(action: string, account: AccountView, table: string, keys: readonly string[]): Permission {
  const arn = table.startsWith('arn:') ? table : arnIn(account, 'dynamodb', `table/${table}`);
  return need(`dynamodb:${action}`, arn, several('dynamodb:LeadingKeys', keys));
}

const onItem =
  (action: string, member: 'Key' | 'Item'): NeedsOf =>
  (input, account) => [
    onTable(action, account, input.TableName, keyText(input[member], account.partitionKeyOf(input.TableName))),
  ];

const onWholeTable =
  (action: string): NeedsOf =>
  (input: { TableName: string }, account) => [onTable(action, account, input.TableName, [])];

type TransactItem = Readonly<Record<string, { TableName: string; Key?: Item; Item?: Item }>>;
const TRANSACTED: Readonly<Record<string, string>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
};

export const DYNAMODB_NEEDS: Readonly<Record<string, NeedsOf>> = {
  GetItem: onItem('GetItem', 'Key'),
  UpdateItem: onItem('UpdateItem', 'Key'),
  DeleteItem: onItem('DeleteItem', 'Key'),
  PutItem: onItem('PutItem', 'Item'),
  Query: (input: QueryInput & { TableName: string }, account) => [
    onTable('Query', account, input.TableName, queriedKey(input, account.partitionKeyOf(input.TableName))),
  ],
  Scan: onWholeTable('Scan'),
  CreateTable: onWholeTable('CreateTable'),
  DescribeTable: onWholeTable('DescribeTable'),
  BatchGetItem: (input: { RequestItems: Readonly<Record<string, { Keys: Item[] }>> }, account) =>
    Object.entries(input.RequestItems).map(([table, { Keys }]) => {
      const key = account.partitionKeyOf(table);
      return onTable(
        'BatchGetItem',
        account,
        table,
        Keys.flatMap((item) => keyText(item, key)),
      );
    }),
  BatchWriteItem: (
    input: { RequestItems: Readonly<Record<string, { PutRequest?: { Item: Item }; DeleteRequest?: { Key: Item } }[]>> },
    account,
  ) =>
    Object.entries(input.RequestItems).map(([table, requests]) => {
      const key = account.partitionKeyOf(table);
      const keys = requests.flatMap(({ PutRequest, DeleteRequest }) =>
        keyText(PutRequest?.Item ?? DeleteRequest?.Key, key),
      );
      return onTable('BatchWriteItem', account, table, keys);
    }),
  TransactWriteItems: (input: { TransactItems: readonly TransactItem[] }, account) =>
    input.TransactItems.flatMap((entry) =>
      Object.entries(entry).map(([kind, { TableName, Key, Item }]) =>
        onTable(TRANSACTED[kind]!, account, TableName, keyText(Key ?? Item, account.partitionKeyOf(TableName))),
      ),
    ),
};

export const TAGGING_NEEDS: Readonly<Record<string, NeedsOf>> = {
  GetResources: everywhere('tag:GetResources'),
};
