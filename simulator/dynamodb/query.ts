import type { Operation } from '../contract.ts';
import { evaluate, RequestExpressions } from './expressions.ts';
import type { Condition, Operand, Path } from './syntax.ts';
import { MAXIMUM_PAGE_BYTES, type Table } from './table.ts';
import { capacity, type Input, refuseLegacy, type TableStore } from './tables.ts';
import { project } from './updates.ts';
import { type AttributeValue, checkValue, type Item, typeOf, validationError } from './values.ts';

interface Page {
  readonly items: Item[];
  readonly scanned: number;
  readonly bytes: number;
  readonly lastKey: Item | undefined;
}

/** Limit and the 1 MB page count items before the filter. */
function readPage(
  rows: Iterable<{ readonly item: Item; readonly size: number }>,
  table: Table,
  limit: number | undefined,
  accepts: (item: Item) => boolean,
): Page {
  const items: Item[] = [];
  let scanned = 0;
  let bytes = 0;
  let last: Item | undefined;
  for (const { item, size } of rows) {
    if (scanned > 0 && bytes + size > MAXIMUM_PAGE_BYTES) return { items, scanned, bytes, lastKey: table.keyOf(last!) };
    scanned += 1;
    bytes += size;
    last = item;
    if (accepts(item)) items.push(item);
    if (scanned === limit) return { items, scanned, bytes, lastKey: table.keyOf(last) };
  }
  return { items, scanned, bytes, lastKey: undefined };
}

function flattenAnd(condition: Condition): Condition[] {
  return condition.kind === 'and' ? [...flattenAnd(condition.left), ...flattenAnd(condition.right)] : [condition];
}

function subjectOf(condition: Condition): Operand | undefined {
  if (condition.kind === 'compare') return condition.left;
  if (condition.kind === 'between') return condition.subject;
  return condition.kind === 'test' && condition.name === 'begins_with' ? condition.args[0] : undefined;
}

/** A key condition is `hash = :v`, alone or AND one condition on the sort key. */
function readKeyCondition(
  table: Table,
  condition: Condition,
  values: Readonly<Record<string, AttributeValue>>,
): { hash: AttributeValue; range: Condition | undefined } {
  const parts = flattenAnd(condition);
  if (parts.length > 2) throw validationError('Conditions can be of length 1 or 2 only');
  let hash: AttributeValue | undefined;
  let range: Condition | undefined;
  for (const part of parts) {
    const subject = subjectOf(part);
    const name = subject?.kind === 'path' && subject.path.length === 1 ? subject.path[0] : undefined;
    if (name === table.keys.hash && part.kind === 'compare' && part.operator === '=' && part.right.kind === 'value') {
      hash = values[part.right.name];
    } else if (
      name !== undefined &&
      name === table.keys.range &&
      !(part.kind === 'compare' && part.operator === '<>')
    ) {
      range = part;
    } else {
      throw validationError('Query key condition not supported');
    }
  }
  if (hash === undefined) {
    throw validationError(`Query condition missed key schema element: ${table.keys.hash}`);
  }
  if (typeOf(hash) !== table.keys.types[table.keys.hash]) {
    throw validationError(
      'One or more parameter values were invalid: Condition parameter type does not match schema type',
    );
  }
  return { hash, range };
}

function selects(input: Input, paths: Path[] | undefined): (page: Page) => Record<string, unknown> {
  if (input.IndexName !== undefined)
    throw validationError(`The table does not have the specified index: ${input.IndexName}`);
  if (input.Select === 'COUNT') return () => ({});
  return (page) => ({ Items: paths === undefined ? page.items : page.items.map((item) => project(item, paths)) });
}

function answer(input: Input, table: Table, page: Page, show: (page: Page) => Record<string, unknown>): unknown {
  return {
    ...show(page),
    Count: page.items.length,
    ScannedCount: page.scanned,
    ...(page.lastKey === undefined ? {} : { LastEvaluatedKey: page.lastKey }),
    ...capacity(input, table, page.bytes, 4096),
  };
}

function checkStartKey(table: Table, key: Item | undefined): void {
  if (key === undefined) return;
  try {
    table.checkKey(key);
  } catch {
    throw validationError('The provided starting key is invalid');
  }
}

export function createQueryOperations(store: TableStore): Readonly<Record<'Query' | 'Scan', Operation>> {
  return {
    Query(input: Input) {
      refuseLegacy(input);
      const table = store.find(input.TableName);
      const expressions = new RequestExpressions(input);
      const keyCondition = expressions.condition(input.KeyConditionExpression, 'KeyConditionExpression');
      const filter = expressions.condition(input.FilterExpression, 'FilterExpression');
      const show = selects(input, expressions.projection(input.ProjectionExpression));
      expressions.finish();
      if (keyCondition === undefined) {
        throw validationError(
          'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.',
        );
      }
      const { values } = expressions;
      for (const value of Object.values(values)) checkValue(value);
      const { hash, range } = readKeyCondition(table, keyCondition, values);
      checkStartKey(table, input.ExclusiveStartKey);
      const rows = table.query(hash, input.ScanIndexForward !== false, input.ExclusiveStartKey);
      const matching = range === undefined ? rows : filterRows(rows, (item) => evaluate(range, item, values));
      const accepts = (item: Item): boolean => filter === undefined || evaluate(filter, item, values);
      return answer(input, table, readPage(matching, table, input.Limit, accepts), show);
    },
    Scan(input: Input) {
      refuseLegacy(input);
      const table = store.find(input.TableName);
      const expressions = new RequestExpressions(input);
      const filter = expressions.condition(input.FilterExpression, 'FilterExpression');
      const show = selects(input, expressions.projection(input.ProjectionExpression));
      expressions.finish();
      checkStartKey(table, input.ExclusiveStartKey);
      const segment =
        input.TotalSegments === undefined ? undefined : { index: input.Segment ?? 0, total: input.TotalSegments };
      const rows = table.scan(input.ExclusiveStartKey, segment);
      const accepts = (item: Item): boolean => filter === undefined || evaluate(filter, item, expressions.values);
      return answer(input, table, readPage(rows, table, input.Limit, accepts), show);
    },
  };
}

function* filterRows<T extends { readonly item: Item }>(
  rows: Iterable<T>,
  accepts: (item: Item) => boolean,
): Generator<T> {
  for (const row of rows) if (accepts(row.item)) yield row;
}
