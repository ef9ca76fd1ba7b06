import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SimulatorServer, startServer } from '../../simulator/server.ts';
import { commandsOf } from '../support/doc-commands.ts';

/**
 * The README's commands, each as it is written there. A command that this table does not know fails the test, so that
 * none can be added without being run.
 */

const run = promisify(execFile);
const hasAwsCli = existsSync('.venv/bin/aws');
if (!hasAwsCli)
  process.stderr.write('skipped: the aws commands of the README: .venv/bin/aws is missing (npm test installs it)\n');

const folder = mkdtempSync(join(tmpdir(), 'readme-'));
let server: SimulatorServer;
let endpointArn = '';

const account = () => ({
  AWS_ENDPOINT_URL: server.url,
  AWS_ACCESS_KEY_ID: 'x',
  AWS_SECRET_ACCESS_KEY: 'x',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
});

async function shell(command: string): Promise<string> {
  const path = [resolve('node_modules/.bin'), resolve('.venv/bin'), process.env['PATH']].join(':');
  const { stdout } = await run('bash', ['-ec', command], {
    env: { ...process.env, ...account(), PATH: path },
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

/** Files of the reader's own get a place outside the repository. */
const own = (command: string): string =>
  command.replaceAll(/\b(traffic\.csv|mine\.yaml|out\/mine\.(?:html|json))\b/g, (file) =>
    join(folder, file.replace('out/', '')),
  );

const local = async (command: string): Promise<string> => shell(own(command));
const awsCli = async (command: string): Promise<string> =>
  hasAwsCli ? shell(command.replace('<endpoint arn>', endpointArn)) : '';

/** What another test of the same run does with the very command. */
const elsewhere = (where: string) => async (): Promise<string> => {
  expect(existsSync(where), where).toBe(true);
  return '';
};

async function startDemo(command: string): Promise<string> {
  const output = await shell(`${command.replace('npm ci && ', '')} 2>&1`);
  for (const name of ['Chat-Dev', 'transcribe', 'checkout', 'nightly-forecast', 'Search-Legacy'])
    expect(output).toContain(name);
  expect(output).toMatch(/invariants: \d+ checks, 0 violated/);
  expect(output, 'the roles suffice').not.toContain('IAM refused');
  expect(readFileSync('out/report.html', 'utf8')).toContain('Chat-Dev');
  return output;
}

async function serve(command: string): Promise<string> {
  const child = spawn(
    'bash',
    ['-ec', `exec ${command.replace('npm run simulator --', 'node simulator/main.ts').replace('4566', '0')}`],
    {
      env: { ...process.env, PATH: `${resolve('node_modules/.bin')}:${process.env['PATH']}` },
    },
  );
  try {
    return await new Promise((done, fail) => {
      let output = '';
      const see = (chunk: Buffer) => {
        output += String(chunk);
        if (output.includes('http://127.0.0.1:')) done(output);
      };
      child.stdout.on('data', see);
      child.stderr.on('data', see);
      child.on('close', (code) => fail(new Error(`ended with ${code}: ${output}`)));
    });
  } finally {
    child.kill('SIGTERM');
  }
}

const COMMANDS: readonly (readonly [RegExp, (command: string) => Promise<string>])[] = [
  [/^npm ci && npm start$/, startDemo],
  [/^npm ci && npm test$/, elsewhere('.ci/run')],
  [/^npm ci$/, elsewhere('.ci/run')],
  [/^npx endpoint-scaler simulate examples\/[\w-]+\/scenario\.yaml$/, elsewhere('test/story/examples.test.ts')],
  [/^npx endpoint-scaler (validate|plan|simulate|compare|apply) /, local],
  [/^npm start -- --trace /, local],
  [/^npm run simulator -- /, serve],
  [/^npm run bench( -- \w+)?$/, elsewhere('bench/main.ts')],
  [/^sam (build|deploy)/, elsewhere('test/deployment')],
  [/^aws (ssm put-parameter|sagemaker add-tags|events put-events) /, awsCli],
];

beforeAll(async () => {
  server = await startServer({
    start: Date.parse('2026-03-23T00:00:00Z'),
    seed: 1,
    region: 'us-east-1',
    host: '127.0.0.1',
    port: 0,
    clock: 'virtual',
  });
  const idle = { invoke: () => Promise.resolve({}), drop: () => undefined };
  server.aws.deploy(readFileSync('template.yaml', 'utf8'), {}, () => idle);
  server.aws.world.seed({
    name: 'Chat-Dev',
    kind: 'real-time',
    instanceType: 'ml.g5.xlarge',
    instances: 1,
    tags: {},
    timing: { startMs: () => 480_000, deleteMs: 120_000 },
  });
  endpointArn = String(
    server.aws.call({ kind: 'person', name: 'reader' }, 'SageMaker', 'DescribeEndpoint', { EndpointName: 'Chat-Dev' })
      .EndpointArn,
  );
  const minutes = Array.from({ length: 600 }, (_, minute) => `${minute},${minute % 200 < 30 ? 2 : 0}`);
  writeFileSync(join(folder, 'traffic.csv'), `minute_index,count\n${minutes.join('\n')}\n`);
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('README.md', () => {
  const commands = commandsOf('README.md');

  it('names commands', () => {
    expect(commands.length).toBeGreaterThan(8);
  });

  it.each(commands)('%s', async (command) => {
    const known = COMMANDS.find(([pattern]) => pattern.test(command));
    expect(known, `no test runs this command of the README: ${command}`).toBeDefined();
    await known?.[1](command);
  });
});
