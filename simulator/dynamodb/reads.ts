import type { Operation } from '../contract.ts';
import { RequestExpressions } from './expressions.ts';
import { capacity, type Input, refuseDuplicates, refuseLegacy, type TableStore } from './tables.ts';
import { project } from './updates.ts';
import { type Item, sizeOfItem, validationError } from './values.ts';

function createBatchGet(store: TableStore): Operation {
  return (input: Input) => {
    const responses: Record<string, Item[]> = {};
    let count = 0;
    for (const [name, request] of Object.entries<Input>(input.RequestItems)) {
      refuseLegacy(request);
      const table = store.find(name);
      const expressions = new RequestExpressions(request);
      const paths = expressions.projection(request.ProjectionExpression);
      expressions.finish();
      const keys = request.Keys as Item[];
      for (const key of keys) table.checkKey(key);
      refuseDuplicates(
        keys.map((key) => ({ table, key })),
        'Provided list of item keys contains duplicates',
      );
      count += keys.length;
      const items = keys.map((key) => table.get(key)).filter((item) => item !== undefined);
      responses[name] = paths === undefined ? items : items.map((item) => project(item, paths));
    }
    if (count > 100) throw validationError('Too many items requested for the BatchGetItem call');
    return { Responses: responses, UnprocessedKeys: {} };
  };
}

function createGetItem(store: TableStore): Operation {
  return (input: Input) => {
    refuseLegacy(input);
    const table = store.find(input.TableName);
    const expressions = new RequestExpressions(input);
    const paths = expressions.projection(input.ProjectionExpression);
    expressions.finish();
    table.checkKey(input.Key);
    const item = table.get(input.Key);
    const shown = item === undefined || paths === undefined ? item : project(item, paths);
    return { ...(shown === undefined ? {} : { Item: shown }), ...capacity(input, table, sizeOfItem(item ?? {}), 4096) };
  };
}

export function createReadOperations(store: TableStore): Readonly<Record<'GetItem' | 'BatchGetItem', Operation>> {
  return { GetItem: createGetItem(store), BatchGetItem: createBatchGet(store) };
}
