import { execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { startServer } from '../../simulator/server.ts';
import { loadServiceModel, SERVICE_NAMES } from '../../simulator/wire/model.ts';
import { hasPython, PYTHON } from '../support/conformance/python.ts';

/** Parties that did not write the simulator judge it: botocore's models, boto3 and the AWS CLI. */
const isHere = hasPython("boto3, the AWS CLI and botocore's models against the simulator");

/** Modelled for the shapes that other operations share with it, and answered with UnknownOperationException. */
const NOT_SIMULATED = ['PutCompositeAlarm'];

/** SDK clients' services by botocore's name of them: `application-autoscaling` → ApplicationAutoScaling. */
const SERVICES = new Map(
  SERVICE_NAMES.map((name) => [/, ([a-z-]+)\//.exec(loadServiceModel(name).source)![1]!, loadServiceModel(name)]),
);

/** Everything that the simulator has a model of. */
function modelledOperations(leftOut: readonly string[] = []): Record<string, string[]> {
  return Object.fromEntries(
    [...SERVICES].map(([name, { operations }]) => [name, Object.keys(operations).filter((o) => !leftOut.includes(o))]),
  );
}

const environmentOf = (url: string) => ({
  PATH: process.env['PATH'],
  AWS_ENDPOINT_URL: url,
  AWS_ACCESS_KEY_ID: 'x',
  AWS_SECRET_ACCESS_KEY: 'x',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
});

function runScript(script: string, args: readonly string[], url: string, input: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const path = join('test/support/conformance', script);
    const child = spawn(PYTHON, [path, url, ...args], { stdio: 'pipe', env: environmentOf(url) });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      err += String(chunk);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(out));
      else reject(new Error(`${script}: exit code ${code}: ${err}`));
    });
    child.stdin.end(JSON.stringify(input));
  });
}

/** An account of its own for each client: they give the same names. */
async function withServer<T>(use: (url: string) => Promise<T>): Promise<T> {
  const start = Date.parse('2026-03-23T00:00:00Z');
  const server = await startServer({
    start,
    seed: 1,
    region: 'us-east-1',
    host: '127.0.0.1',
    port: 0,
    clock: 'virtual',
  });
  try {
    return await use(server.url);
  } finally {
    await server.close();
  }
}

interface Verdict {
  readonly sent: Record<string, number>;
  readonly wrong: { readonly operation: string; readonly what: string; model: string[]; server: string | null }[];
  readonly unsampled: string[];
  readonly notSimulated: string[];
}

describe.skipIf(!isHere)('the models that the simulator checks requests with', () => {
  it('are those of the botocore that is installed', async () => {
    const { stdout } = await promisify(execFile)(PYTHON, ['scripts/trim-models.py', '--check']);
    expect(stdout).toContain('current');
  });

  it("refuse what AWS's models forbid, and nothing else, for every operation", async () => {
    const verdicts = (await withServer((url) => runScript('bad_requests.py', [], url, modelledOperations()))) as Record<
      string,
      Verdict
    >;
    const totals: Record<string, number> = {};
    for (const { sent } of Object.values(verdicts)) {
      for (const [what, count] of Object.entries(sent)) totals[what] = (totals[what] ?? 0) + count;
    }
    process.stdout.write(`requests judged: ${JSON.stringify(totals)}\n`);
    const wrong = Object.values(verdicts).flatMap((verdict) => verdict.wrong);
    expect(wrong.map(({ operation, what, model, server: answer }) => ({ operation, what, model, answer }))).toEqual([]);
    expect(Object.values(verdicts).flatMap((verdict) => verdict.unsampled)).toEqual([]);
    expect(
      Object.values(verdicts)
        .flatMap((verdict) => verdict.notSimulated)
        .toSorted(),
    ).toEqual([...NOT_SIMULATED, 'sagemaker-runtime: requests are not one JSON value']);
    // Every kind of fault was among them.
    for (const what of ['allowed', 'required', 'type', 'length', 'range', 'enum', 'pattern', 'null']) {
      expect(totals[what], what).toBeGreaterThan(100);
    }
  });
});

const CLIENT_MODULES: Readonly<Record<string, string>> = {
  'application-auto-scaling': 'application-autoscaling',
  eventbridge: 'events',
  'resource-groups-tagging-api': 'resourcegroupstaggingapi',
};

/** `sagemaker.DescribeEndpoint` of every command that the product's code takes from an SDK client. */
function operationsOfProduct(): string[] {
  const found = new Set<string>();
  for (const folder of ['shared', 'functions', 'cli']) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.name.endsWith('.ts')) continue;
      const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
      for (const [, names, client] of text.matchAll(/import\s*\{([^}]*)\}\s*from '@aws-sdk\/client-([a-z0-9-]+)'/g)) {
        for (const [, operation] of names!.matchAll(/\b(\w+)Command\b/g))
          found.add(`${CLIENT_MODULES[client!] ?? client}.${operation}`);
      }
    }
  }
  return [...found].toSorted();
}

interface Driven {
  readonly called: string[];
  readonly waited: string[];
  readonly paged: Record<string, number>;
  readonly problems: string[];
  readonly possible: { readonly waiters: string[]; readonly paginators: string[] };
}

/** Waiters for things that the simulator does not have, by what they would wait for. */
const WAITERS_LEFT_OUT: Readonly<Record<string, string>> = {
  'cloudwatch.composite_alarm_exists': 'composite alarms are not modelled',
  'cloudwatch.log_alarm_exists': 'log alarms are not modelled',
  'dynamodb.table_not_exists': 'nothing here deletes a table',
};

describe.skipIf(!isHere)('clients that did not come with the simulator', () => {
  const operations = modelledOperations(NOT_SIMULATED);
  const all = Object.entries(operations).flatMap(([service, names]) => names.map((name) => `${service}.${name}`));

  it('know every operation that the product calls', () => {
    const used = operationsOfProduct();
    expect(used.length).toBeGreaterThan(30);
    const services = new Set(SERVICES.keys());
    const elsewhere = used.filter((name) => !services.has(name.slice(0, name.indexOf('.'))));
    if (elsewhere.length > 0) process.stdout.write(`left out, no service of the simulator: ${elsewhere.join(', ')}\n`);
    expect(used.filter((name) => !elsewhere.includes(name) && !all.includes(name))).toEqual([]);
  });

  it.each(['boto3', 'cli'])('%s: every operation, waiter and paginator, answers as the models say', async (client) => {
    const driven = (await withServer((url) => runScript('drive_clients.py', [client], url, operations))) as Driven;
    expect(driven.problems).toEqual([]);
    expect(all.filter((name) => !driven.called.includes(name))).toEqual([]);
    const leftOut = Object.keys(WAITERS_LEFT_OUT);
    expect(driven.possible.waiters.filter((name) => !leftOut.includes(name))).toEqual(driven.waited);
    expect(Object.keys(driven.paged).toSorted()).toEqual(driven.possible.paginators);
  });
});
