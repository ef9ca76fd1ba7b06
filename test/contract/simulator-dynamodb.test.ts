import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAws, createClients, failureOf, START } from '../support/simulator-clients.ts';

type Item = Record<string, AttributeValue>;

let db: DynamoDBClient;

beforeEach(async () => {
  db = createClients(createAws()).dynamodb;
  await db.send(
    new CreateTableCommand({
      TableName: 't',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'N' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
});

const key = (pk: string, sk: number): Item => ({ pk: { S: pk }, sk: { N: String(sk) } });
const put = (item: Item) => db.send(new PutItemCommand({ TableName: 't', Item: item }));
const get = async (pk: string, sk: number) =>
  (await db.send(new GetItemCommand({ TableName: 't', Key: key(pk, sk) }))).Item;
const update = (input: Partial<UpdateItemCommandInput>) =>
  db.send(new UpdateItemCommand({ TableName: 't', Key: key('a', 1), ...input }));
const query = (input: Partial<QueryCommandInput>) => db.send(new QueryCommand({ TableName: 't', ...input }));

/** Whether a condition holds for the item, asked through a write that it guards. */
async function holds(item: Item, condition: string, values: Item, names?: Record<string, string>): Promise<boolean> {
  await put({ ...key('a', 1), ...item });
  const guarded = update({
    UpdateExpression: 'SET mark = :touched',
    ConditionExpression: condition,
    ExpressionAttributeValues: { ...values, ':touched': { BOOL: true } },
    ...(names === undefined ? {} : { ExpressionAttributeNames: names }),
  });
  return guarded.then(
    () => true,
    (error: Error) => {
      if (error.name !== 'ConditionalCheckFailedException') throw error;
      return false;
    },
  );
}

describe('tables', () => {
  it('describe themselves', async () => {
    await put(key('a', 1));
    const { Table: table } = await db.send(new DescribeTableCommand({ TableName: 't' }));
    expect(table).toMatchObject({ TableStatus: 'ACTIVE', ItemCount: 1, CreationDateTime: new Date(START) });
    expect(table!.TableArn).toBe('arn:aws:dynamodb:eu-central-1:123456789012:table/t');
  });

  it('are refused twice, unknown, or with indexes', async () => {
    const input = {
      TableName: 't',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' as const }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' as const }],
    };
    expect((await failureOf(db.send(new CreateTableCommand(input)))).name).toBe('ResourceInUseException');
    const index = { IndexName: 'index', KeySchema: input.KeySchema, Projection: { ProjectionType: 'ALL' as const } };
    const withIndex = await failureOf(
      db.send(new CreateTableCommand({ ...input, TableName: 'u', GlobalSecondaryIndexes: [index] })),
    );
    expect(withIndex.message).toContain('secondary indexes are not simulated');
    const error = await failureOf(db.send(new GetItemCommand({ TableName: 'none', Key: key('a', 1) })));
    expect([error.name, error.message]).toEqual([
      'ResourceNotFoundException',
      'Requested resource not found: Table: none not found',
    ]);
  });
});

describe('items', () => {
  it('come back as they went in, of every type', async () => {
    const item: Item = {
      ...key('a', 1),
      s: { S: 'ü' },
      b: { B: new Uint8Array([1, 2, 255]) },
      ss: { SS: ['x', 'y'] },
      ns: { NS: ['1', '2.5'] },
      m: { M: { inner: { L: [{ BOOL: false }, { NULL: true }] } } },
    };
    await put(item);
    expect(await get('a', 1)).toEqual(item);
    expect(await get('a', 2)).toBeUndefined();
  });

  it.each<[string, Item, string]>([
    ['no key', { pk: { S: 'a' } }, 'Missing the key sk in the item'],
    ['wrong key type', { pk: { S: 'a' }, sk: { S: '1' } }, 'Type mismatch for key sk expected: N actual: S'],
    ['empty key', { pk: { S: '' }, sk: { N: '1' } }, 'cannot contain an empty string value. Key: pk'],
    ['no number', { ...key('a', 1), n: { N: 'x' } }, 'cannot be converted to a numeric value: x'],
    ['empty set', { ...key('a', 1), n: { SS: [] } }, 'set  may not be empty'],
    [
      'over 400 KB',
      { ...key('a', 1), n: { S: 'x'.repeat(400 * 1024) } },
      'Item size has exceeded the maximum allowed size',
    ],
  ])('are refused with %s', async (_what, item, message) => {
    const error = await failureOf(put(item));
    expect(error.name).toBe('ValidationException');
    expect(error.message).toContain(message);
  });

  it('refuse the parameters from before expressions', async () => {
    const error = await failureOf(update({ AttributeUpdates: { a: { Action: 'PUT', Value: { S: 'x' } } } }));
    expect(error.message).toMatch(/^AttributeUpdates: /);
  });

  it('may be shown in part', async () => {
    await put({ ...key('a', 1), m: { M: { x: { S: '1' }, y: { L: [{ N: '1' }, { N: '2' }, { N: '3' }] } } } });
    const { Item: item } = await db.send(
      new GetItemCommand({ TableName: 't', Key: key('a', 1), ProjectionExpression: 'sk, m.y[2], m.y[0], m.z' }),
    );
    expect(item).toEqual({ sk: { N: '1' }, m: { M: { y: { L: [{ N: '1' }, { N: '3' }] } } } });
  });
});

describe('conditions', () => {
  const item: Item = {
    n: { N: '10' },
    s: { S: 'hello' },
    rows: { L: [{ S: 'a' }] },
    letters: { SS: ['p', 'q'] },
    tree: { M: { leaf: { N: '5' } } },
  };

  it.each<[string, Item, boolean]>([
    ['n = :v', { ':v': { N: '10.0' } }, true],
    ['n > :v', { ':v': { N: '9' } }, true],
    ['n < :v', { ':v': { S: '9' } }, false],
    ['n BETWEEN :v AND :w', { ':v': { N: '10' }, ':w': { N: '11' } }, true],
    ['n IN (:v, :w)', { ':v': { N: '1' }, ':w': { N: '10' } }, true],
    ['absent <> :v', { ':v': { N: '1' } }, true],
    ['absent = :v', { ':v': { N: '1' } }, false],
    ['attribute_exists(tree.leaf) AND attribute_not_exists(tree.bud)', {}, true],
    ['attribute_type(#rows, :v)', { ':v': { S: 'L' } }, true],
    ['begins_with(s, :v)', { ':v': { S: 'he' } }, true],
    [
      'contains(s, :v) AND contains(#rows, :w) AND contains(letters, :x)',
      { ':v': { S: 'll' }, ':w': { S: 'a' }, ':x': { S: 'q' } },
      true,
    ],
    ['size(#rows) = :v', { ':v': { N: '1' } }, true],
    ['NOT n = :v OR s = :w', { ':v': { N: '10' }, ':w': { S: 'x' } }, false],
    ['NOT (n = :v AND s = :w)', { ':v': { N: '10' }, ':w': { S: 'x' } }, true],
    ['n = :w OR n = :v AND s = :w', { ':v': { N: '10' }, ':w': { S: 'hello' } }, true],
  ])('%s', async (condition, values, expected) => {
    const names = condition.includes('#rows') ? { '#rows': 'rows' } : undefined;
    expect(await holds(item, condition, values, names)).toBe(expected);
  });

  it.each<[string, Item, string]>([
    ['n =', {}, 'Syntax error; token: "<EOF>"'],
    ['n = :none', {}, 'attribute value: :none'],
    ['status = :v', { ':v': { S: 'x' } }, 'Attribute name is a reserved keyword; reserved keyword: status'],
    ['#n = :v', { ':v': { S: 'x' } }, 'attribute name: #n'],
    ['n = :v', { ':v': { N: '1' }, ':w': { N: '1' } }, 'ExpressionAttributeValues unused in expressions: keys: {:w}'],
    ['begins(n, :v)', { ':v': { N: '1' } }, 'Invalid function name; function: begins'],
  ])('%s is refused', async (condition, values, message) => {
    await put(key('a', 1));
    const error = await failureOf(
      update({
        ConditionExpression: condition,
        ...(Object.keys(values).length > 0 ? { ExpressionAttributeValues: values } : {}),
      }),
    );
    expect(error.name).toBe('ValidationException');
    expect(error.message).toContain(message);
  });

  it('that fail give back the item when asked, and change nothing', async () => {
    const before = { ...key('a', 1), v: { N: '1' } };
    await put(before);
    const guard = { ConditionExpression: 'v = :v', ExpressionAttributeValues: { ':v': { N: '2' } } };
    const plain = await failureOf(db.send(new DeleteItemCommand({ TableName: 't', Key: key('a', 1), ...guard })));
    expect([plain.name, plain['Item']]).toEqual(['ConditionalCheckFailedException', undefined]);
    const shown = await failureOf(
      db.send(
        new DeleteItemCommand({
          TableName: 't',
          Key: key('a', 1),
          ...guard,
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    );
    expect(shown['Item']).toEqual(before);
    expect(await get('a', 1)).toEqual(before);
  });
});

describe('updates', () => {
  it('set, remove, add and delete, all reading the item as it was', async () => {
    await put({
      ...key('a', 1),
      n: { N: '1' },
      gone: { S: 'x' },
      l: { L: [{ N: '1' }, { N: '2' }] },
      set: { SS: ['a', 'b'] },
    });
    const { Attributes: attributes } = await update({
      UpdateExpression:
        'SET m = :m, twice = n, l[5] = :s, fresh = if_not_exists(n, :s), more = list_append(l, :list) REMOVE gone, l[0] ADD n :n DELETE #set :gone',
      ExpressionAttributeNames: { '#set': 'set' },
      ExpressionAttributeValues: {
        ':m': { M: {} },
        ':s': { S: 'end' },
        ':n': { N: '0.2' },
        ':gone': { SS: ['a'] },
        ':list': { L: [{ N: '3' }] },
      },
      ReturnValues: 'ALL_NEW',
    });
    expect(attributes).toEqual({
      ...key('a', 1),
      m: { M: {} },
      twice: { N: '1' },
      fresh: { N: '1' },
      n: { N: '1.2' },
      l: { L: [{ N: '2' }, { S: 'end' }] },
      more: { L: [{ N: '1' }, { N: '2' }, { N: '3' }] },
      set: { SS: ['b'] },
    });
  });

  it('count exactly, from nothing and in decimals', async () => {
    const add = (by: string) =>
      update({
        UpdateExpression: 'ADD n :n',
        ExpressionAttributeValues: { ':n': { N: by } },
        ReturnValues: 'UPDATED_NEW',
      });
    await add('0.1');
    expect((await add('0.2')).Attributes).toEqual({ n: { N: '0.3' } });
    expect((await add('-1')).Attributes).toEqual({ n: { N: '-0.7' } });
    await update({ UpdateExpression: 'SET n = n - :n', ExpressionAttributeValues: { ':n': { N: '0.3' } } });
    expect((await get('a', 1))!['n']).toEqual({ N: '-1' });
  });

  it.each([
    ['SET pk = :v', 'Cannot update attribute pk. This attribute is part of the key'],
    ['SET a.b = :v', 'The document path provided in the update expression is invalid for update'],
    ['SET a = absent', 'refers to an attribute that does not exist in the item'],
    ['SET a = :v, a.b = :v', 'Two document paths overlap with each other'],
    ['SET a = :v SET b = :v', 'The "SET" section can only be used once'],
    ['PUT a = :v', 'Syntax error; token: "PUT"'],
  ])('%s is refused', async (expression, message) => {
    const values = expression.includes(':v') ? { ExpressionAttributeValues: { ':v': { S: 'x' } } } : {};
    const error = await failureOf(update({ UpdateExpression: expression, ...values }));
    expect(error.message).toContain(message);
    expect(await get('a', 1)).toBeUndefined();
  });
});

describe('queries', () => {
  beforeEach(async () => {
    for (const sk of [10, 2, 1, 30]) await put({ ...key('a', sk), even: { BOOL: sk % 2 === 0 } });
    await put(key('b', 1));
  });

  const numbers = (items: Item[] | undefined): string[] => items!.map((item) => item['sk']!.N!);

  it('give one partition in order of the sort key, both ways', async () => {
    const values = { KeyConditionExpression: 'pk = :a', ExpressionAttributeValues: { ':a': { S: 'a' } } };
    expect(numbers((await query(values)).Items)).toEqual(['1', '2', '10', '30']);
    expect(numbers((await query({ ...values, ScanIndexForward: false })).Items)).toEqual(['30', '10', '2', '1']);
  });

  it('take a range of the sort key', async () => {
    const values = { ':a': { S: 'a' }, ':l': { N: '2' }, ':h': { N: '10' } };
    const { Items: items } = await query({
      KeyConditionExpression: 'pk = :a AND sk BETWEEN :l AND :h',
      ExpressionAttributeValues: values,
    });
    expect(numbers(items)).toEqual(['2', '10']);
  });

  it('page by items read, before the filter, and go on where they ended', async () => {
    const values = {
      KeyConditionExpression: 'pk = :a',
      FilterExpression: 'even = :t',
      ExpressionAttributeValues: { ':a': { S: 'a' }, ':t': { BOOL: true } },
      Limit: 2,
    };
    const first = await query(values);
    expect([numbers(first.Items), first.ScannedCount, first.LastEvaluatedKey]).toEqual([['2'], 2, key('a', 2)]);
    await db.send(new DeleteItemCommand({ TableName: 't', Key: key('a', 2) }));
    const second = await query({ ...values, ExclusiveStartKey: first.LastEvaluatedKey });
    expect(numbers(second.Items)).toEqual(['10', '30']);
    const last = await query({ ...values, ExclusiveStartKey: second.LastEvaluatedKey });
    expect([last.Count, last.LastEvaluatedKey]).toEqual([0, undefined]);
  });

  it('end a page at 1 MB', async () => {
    for (let sk = 100; sk < 106; sk += 1) await put({ ...key('big', sk), fill: { S: 'x'.repeat(300 * 1024) } });
    const values = { KeyConditionExpression: 'pk = :a', ExpressionAttributeValues: { ':a': { S: 'big' } } };
    const first = await query(values);
    expect([first.Count, first.LastEvaluatedKey]).toEqual([3, key('big', 102)]);
    expect((await query({ ...values, ExclusiveStartKey: first.LastEvaluatedKey })).Count).toBe(3);
  });

  it.each([
    ['sk = :a', 'Query condition missed key schema element: pk'],
    ['pk > :a', 'Query key condition not supported'],
    ['pk = :a AND even = :a', 'Query key condition not supported'],
  ])('%s is refused', async (condition, message) => {
    const error = await failureOf(
      query({ KeyConditionExpression: condition, ExpressionAttributeValues: { ':a': { S: 'a' } } }),
    );
    expect(error.message).toBe(message);
  });

  it('scan everything once over pages', async () => {
    const seen: string[] = [];
    let start: Item | undefined;
    do {
      const page = await db.send(
        new ScanCommand({ TableName: 't', Limit: 2, ...(start === undefined ? {} : { ExclusiveStartKey: start }) }),
      );
      seen.push(...page.Items!.map((item) => `${item['pk']!.S}${item['sk']!.N}`));
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    expect(seen.sort()).toEqual(['a1', 'a10', 'a2', 'a30', 'b1']);
  });
});

describe('transactions and batches', () => {
  it('write all or nothing, with a reason for each', async () => {
    await put({ ...key('a', 1), v: { N: '1' } });
    const error = await failureOf(
      db.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            { Put: { TableName: 't', Item: key('a', 2) } },
            {
              Update: {
                TableName: 't',
                Key: key('a', 1),
                UpdateExpression: 'SET v = :v',
                ConditionExpression: 'v = :v',
                ExpressionAttributeValues: { ':v': { N: '2' } },
                ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
              },
            },
          ],
        }),
      ),
    );
    expect(error.name).toBe('TransactionCanceledException');
    expect(error.message).toContain('[None, ConditionalCheckFailed]');
    expect(error['CancellationReasons']).toMatchObject([
      { Code: 'None' },
      { Code: 'ConditionalCheckFailed', Item: { v: { N: '1' } } },
    ]);
    expect(await get('a', 2)).toBeUndefined();
  });

  it('are idempotent by token for ten minutes', async () => {
    const write = (value: string) =>
      db.send(
        new TransactWriteItemsCommand({
          ClientRequestToken: 'tok',
          TransactItems: [
            {
              Update: {
                TableName: 't',
                Key: key('a', 1),
                UpdateExpression: 'ADD n :n',
                ExpressionAttributeValues: { ':n': { N: value } },
              },
            },
          ],
        }),
      );
    await write('1');
    await write('1');
    expect((await get('a', 1))!['n']).toEqual({ N: '1' });
    expect((await failureOf(write('2'))).name).toBe('IdempotentParameterMismatchException');
  });

  it('read and write in batches', async () => {
    await db.send(
      new BatchWriteItemCommand({
        RequestItems: { t: [{ PutRequest: { Item: key('a', 1) } }, { PutRequest: { Item: key('a', 2) } }] },
      }),
    );
    const { Responses: responses } = await db.send(
      new BatchGetItemCommand({ RequestItems: { t: { Keys: [key('a', 2), key('a', 3)] } } }),
    );
    expect(responses).toEqual({ t: [key('a', 2)] });
    const error = await failureOf(
      db.send(new BatchGetItemCommand({ RequestItems: { t: { Keys: [key('a', 2), key('a', 2)] } } })),
    );
    expect(error.message).toBe('Provided list of item keys contains duplicates');
  });
});
