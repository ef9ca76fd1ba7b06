import type { Kernel, SimulatedService } from '../contract.ts';
import { createQueryOperations } from './query.ts';
import { createReadOperations } from './reads.ts';
import { createTableOperations, TableStore } from './tables.ts';
import { createWriteOperations } from './writes.ts';

/** DynamoDB with immediate consistency: an eventually consistent read is allowed to be as fresh as this. */
export function createDynamoDb(kernel: Kernel, store = new TableStore()): SimulatedService {
  return {
    name: 'DynamoDB',
    operations: {
      ...createTableOperations(kernel, store),
      ...createReadOperations(store),
      ...createWriteOperations(store),
      ...createQueryOperations(store),
    },
  };
}
