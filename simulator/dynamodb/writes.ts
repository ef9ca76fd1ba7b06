import { ApiError, type EpochMs, type Operation } from '../contract.ts';
import { evaluate, RequestExpressions } from './expressions.ts';
import type { Condition, Path, UpdateClauses } from './syntax.ts';
import type { Table } from './table.ts';
import { capacity, type Input, refuseDuplicates, refuseLegacy, type TableStore } from './tables.ts';
import { applyUpdate, project } from './updates.ts';
import { type AttributeValue, checkValue, type Item, sizeOfItem, validationError } from './values.ts';

const RETURN_VALUES: Readonly<Record<string, readonly string[]>> = {
  PutItem: ['NONE', 'ALL_OLD'],
  DeleteItem: ['NONE', 'ALL_OLD'],
  UpdateItem: ['NONE', 'ALL_OLD', 'UPDATED_OLD', 'ALL_NEW', 'UPDATED_NEW'],
};

function conditionalCheckFailed(input: Input, before: Item | undefined): ApiError {
  const fields =
    input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && before !== undefined ? { Item: before } : {};
  return new ApiError('ConditionalCheckFailedException', 'The conditional request failed', 400, fields);
}

function checkReturnValues(operation: string, input: Input): string {
  const wanted = input.ReturnValues ?? 'NONE';
  if (!RETURN_VALUES[operation]!.includes(wanted)) throw validationError(`ReturnValues set to invalid value`);
  return wanted;
}

interface Write {
  readonly table: Table;
  readonly key: Item;
  readonly before: Item | undefined;
  /** undefined deletes. */
  readonly after: Item | undefined;
}

/** Checks condition and item; does not write. */
function prepareWrite(
  store: TableStore,
  kind: 'Put' | 'Update' | 'Delete' | 'ConditionCheck',
  input: Input,
): Write & { clauses?: UpdateClauses; failed: boolean } {
  refuseLegacy(input);
  const table = store.find(input.TableName);
  const expressions = new RequestExpressions(input);
  const condition: Condition | undefined = expressions.condition(input.ConditionExpression, 'ConditionExpression');
  const clauses = expressions.update(input.UpdateExpression);
  expressions.finish();
  for (const value of Object.values(expressions.values)) checkValue(value as AttributeValue);
  const given: Item = kind === 'Put' ? input.Item : input.Key;
  for (const value of Object.values(given)) checkValue(value);
  if (kind === 'Put') table.checkItem(given);
  else table.checkKey(given);
  const key = table.keyOf(given);
  const before = table.get(key);
  const failed = condition !== undefined && !evaluate(condition, before ?? {}, expressions.values);
  if (failed || kind === 'ConditionCheck') return { table, key, before, after: before, failed };
  if (kind === 'Delete') return { table, key, before, after: undefined, failed };
  if (kind === 'Put') return { table, key, before, after: given, failed };
  if (clauses === undefined) return { table, key, before, after: before ?? key, failed };
  refuseKeyUpdate(table, clauses);
  const after = applyUpdate(clauses, before ?? {}, before ?? key, expressions.values);
  if (sizeOfItem(after) > 400 * 1024)
    throw validationError('Item size to update has exceeded the maximum allowed size');
  return { table, key, before, after, clauses, failed };
}

function refuseKeyUpdate(table: Table, clauses: UpdateClauses): void {
  const names = table.keyNames();
  const paths = [...clauses.set, ...clauses.add, ...clauses.delete].map((entry) => entry.path).concat(clauses.remove);
  for (const path of paths) {
    if (names.includes(path[0] as string)) {
      throw validationError(
        `One or more parameter values were invalid: Cannot update attribute ${path[0]}. This attribute is part of the key`,
      );
    }
  }
}

function commit(write: Write): void {
  if (write.after === undefined) write.table.delete(write.key);
  else if (write.after !== write.before) write.table.put(write.after);
}

function updatedPaths(clauses: UpdateClauses | undefined): Path[] {
  if (clauses === undefined) return [];
  return [...clauses.set, ...clauses.add, ...clauses.delete].map((entry) => entry.path).concat(clauses.remove);
}

function returnedAttributes(wanted: string, write: Write & { clauses?: UpdateClauses }): Record<string, unknown> {
  const { before, after } = write;
  const pick = (item: Item | undefined): Record<string, unknown> => {
    const attributes = item === undefined ? {} : project(item, updatedPaths(write.clauses));
    return Object.keys(attributes).length === 0 ? {} : { Attributes: attributes };
  };
  if (wanted === 'ALL_OLD') return before === undefined ? {} : { Attributes: before };
  if (wanted === 'ALL_NEW') return { Attributes: after };
  if (wanted === 'UPDATED_OLD') return pick(before);
  return wanted === 'UPDATED_NEW' ? pick(after) : {};
}

function createWriteOperation(store: TableStore, kind: 'Put' | 'Update' | 'Delete'): Operation {
  return (input: Input) => {
    const wanted = checkReturnValues(`${kind}Item`, input);
    const write = prepareWrite(store, kind, input);
    if (write.failed) throw conditionalCheckFailed(input, write.before);
    commit(write);
    const bytes = Math.max(sizeOfItem(write.before ?? {}), sizeOfItem(write.after ?? {}));
    return { ...returnedAttributes(wanted, write), ...capacity(input, write.table, bytes, 1024) };
  };
}

type TransactKind = 'Put' | 'Update' | 'Delete' | 'ConditionCheck';

/** Requests are remembered for 10 minutes by their ClientRequestToken. */
const TOKEN_LIFE_MS = 600_000;

function createTransactWrite(store: TableStore): Operation {
  const done = new Map<string, { at: EpochMs; body: string }>();
  return (input: Input, { now }) => {
    const token: string | undefined = input.ClientRequestToken;
    const body = JSON.stringify(input.TransactItems);
    const earlier = token === undefined ? undefined : done.get(token);
    if (earlier !== undefined && now - earlier.at < TOKEN_LIFE_MS) {
      if (earlier.body === body) return {};
      throw new ApiError(
        'IdempotentParameterMismatchException',
        'The request uses the same client token as a previous, but non-identical request.',
      );
    }
    const writes = (input.TransactItems as Input[]).map((entry) => prepareTransactItem(store, entry));
    refuseDuplicates(
      writes.map(({ write }) => write),
      'Transaction request cannot include multiple operations on one item',
    );
    if (writes.some(({ write }) => write.failed)) throw transactionCancelled(writes);
    for (const { write } of writes) commit(write);
    if (token !== undefined) done.set(token, { at: now, body });
    return {};
  };
}

function prepareTransactItem(store: TableStore, entry: Input): { write: Write & { failed: boolean }; request: Input } {
  const kinds = Object.keys(entry) as TransactKind[];
  if (kinds.length !== 1) {
    throw validationError('TransactItems can only contain one of Check, Put, Update or Delete');
  }
  const request = entry[kinds[0]!];
  return { write: prepareWrite(store, kinds[0]!, request), request };
}

function transactionCancelled(writes: readonly { write: Write & { failed: boolean }; request: Input }[]): ApiError {
  const reasons = writes.map(({ write, request }) => {
    if (!write.failed) return { Code: 'None' };
    const reason = { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' };
    const shows = request.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && write.before !== undefined;
    return shows ? { ...reason, Item: write.before } : reason;
  });
  const codes = reasons.map((reason) => reason.Code).join(', ');
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
  return new ApiError('TransactionCanceledException', message, 400, { CancellationReasons: reasons });
}

function createBatchWrite(store: TableStore): Operation {
  return (input: Input) => {
    const writes: (Write & { failed: boolean })[] = [];
    for (const [table, requests] of Object.entries<Input[]>(input.RequestItems)) {
      for (const request of requests) {
        const { PutRequest: put, DeleteRequest: remove } = request;
        if ((put === undefined) === (remove === undefined)) {
          throw validationError(
            'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
          );
        }
        const item = put === undefined ? { TableName: table, Key: remove.Key } : { TableName: table, Item: put.Item };
        writes.push(prepareWrite(store, put === undefined ? 'Delete' : 'Put', item));
      }
    }
    if (writes.length > 25) throw validationError('Too many items requested for the BatchWriteItem call');
    if (writes.length === 0) throw validationError('The batch write request list for a table cannot be null or empty');
    refuseDuplicates(writes, 'Provided list of item keys contains duplicates');
    for (const write of writes) commit(write);
    return { UnprocessedItems: {} };
  };
}

export function createWriteOperations(store: TableStore): Readonly<Record<string, Operation>> {
  return {
    PutItem: createWriteOperation(store, 'Put'),
    UpdateItem: createWriteOperation(store, 'Update'),
    DeleteItem: createWriteOperation(store, 'Delete'),
    BatchWriteItem: createBatchWrite(store),
    TransactWriteItems: createTransactWrite(store),
  };
}
