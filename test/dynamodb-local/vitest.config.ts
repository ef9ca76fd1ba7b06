import { defineConfig } from 'vitest/config';

/**
 * Not a project of the whole suite's run: DynamoDB Local listens on all interfaces and cannot be told otherwise, so
 * test/integration/dynamodb-local.test.ts starts this run where there are none but loopback.
 */
export default defineConfig({
  test: {
    include: ['test/dynamodb-local/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'threads',
    maxWorkers: 1,
  },
});
