import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandsOf } from '../support/doc-commands.ts';
import { type Moto, startMoto, whyNoMoto } from '../support/moto.ts';

/**
 * The commands in the pages of docs/, each as it is written there but for names and for numbers that take minutes. One
 * that nothing here knows fails the test, so that no page can have a command that nobody has run.
 */

const run = promisify(execFile);
const missing = whyNoMoto();
if (missing !== undefined) process.stderr.write(`skipped: the aws commands of docs/operations.md: ${missing}\n`);

const folder = mkdtempSync(join(tmpdir(), 'docs-'));
let moto: Moto | undefined;
let queue = '';

const account = () => ({
  AWS_ENDPOINT_URL: moto?.url ?? '',
  AWS_ACCESS_KEY_ID: 'x',
  AWS_SECRET_ACCESS_KEY: 'x',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
});

async function shell(command: string, cwd = process.cwd()): Promise<string> {
  const path = [resolve('node_modules/.bin'), resolve('.venv/bin'), process.env['PATH']].join(':');
  const env = { ...process.env, ...account(), PATH: path };
  const { stdout, stderr } = await run('bash', ['-ec', command], { cwd, env, maxBuffer: 64 * 1024 * 1024 });
  return stdout + stderr;
}

const scaler = (command: string): string => command.replace('npx endpoint-scaler', resolve('bin/endpoint-scaler.js'));

/** In a folder with the documents of the demo. */
const withDocuments = async (command: string): Promise<string> => {
  for (const kind of ['schedules', 'policies'])
    cpSync(`rehearsal/demo/${kind}`, join(folder, kind), { recursive: true });
  return shell(scaler(command), folder);
};

/** Of the AWS CLI: version 1 asks for the queue's own host unless told (and the queue is moto's). */
const aws = async (command: string): Promise<string> => {
  if (moto === undefined) return '';
  const told = command.replace('aws ', `aws --endpoint-url ${moto.url} `);
  return shell(told.replace('<FailedRunsQueue>', queue).replace('<table>', 'left-behind'));
};

/** Another test of the same run does it. */
const elsewhere = (file: string, words: string) => async (): Promise<string> => {
  expect(readFileSync(file, 'utf8'), file).toContain(words);
  return '';
};

/** Fewer seeds, and a document that is there. */
const soak = async (command: string): Promise<string> => {
  const found = 'test/story/found/deleted-by-its-owner.yaml';
  const short = command.replace(/--seeds \d+/, '--seeds 1 --days 0.5').replace('out/soak/426.yaml', found);
  return shell(scaler(short));
};

/** The quickest of the list. */
const oneMutant = async (): Promise<string> => {
  const output = await shell('npm run mutants -- --only "10: all scaling policies"');
  expect(output).toContain('1 of 1 mutants caught');
  return output;
};

const KNOWN: readonly [RegExp, (command: string) => Promise<string>][] = [
  [/^npx endpoint-scaler validate schedules policies$/, withDocuments],
  [/^npx endpoint-scaler plan policies\/chat-dev\.yaml$/, withDocuments],
  [
    /^npx endpoint-scaler (?:simulate|validate).* ?mine\.yaml/,
    elsewhere('test/integration/readme.test.ts', 'mine\\.yaml'),
  ],
  [/^npx endpoint-scaler simulate --enforce-iam out\/soak/, soak],
  [
    /^npx endpoint-scaler simulate examples\/office-hours\/scenario\.yaml --enforce-iam$/,
    elsewhere('test/story/examples.test.ts', "'--enforce-iam'"),
  ],
  [
    /^npx endpoint-scaler compare examples\//,
    elsewhere('test/story/choosing-a-policy.test.ts', 'docs/choosing-a-policy.md'),
  ],
  [/^npm run soak -- /, soak],
  [/^npm run mutants -- --only /, oneMutant],
  [/^npm run mutants$/, elsewhere('test/unit/mutants.test.ts', 'scripts/mutants/list.ts')],
  [/^npm run local/, elsewhere('test/deployment/local.test.ts', 'scripts/deploy-locally.ts')],
  [
    /^(?:\. out\/local-aws\.env|arn=\$\(aws |aws sagemaker add-tags --resource-arn \$arn)/,
    elsewhere('test/deployment/local.test.ts', 'out/local-aws.env'),
  ],
  [/^aws (?:sqs|dynamodb|resourcegroupstaggingapi) /, aws],
  [/^endpoint-scaler verify chat --load /, elsewhere('test/integration/cli-verify-load.test.ts', "'--load'")],
  [/^endpoint-scaler (?:hold|wake|unhold) /, elsewhere('test/support/deployment-job.ts', 'docs/with-other-tools.md')],
  [/^npx endpoint-scaler update /, elsewhere('test/integration/cli-update.test.ts', "'--wait'")],
  [/^aws cloudformation deploy/, elsewhere('test/support/deployment-job.ts', 'docs/with-other-tools.md')],
  [
    /^endpoint-scaler (?:trace|scenario|simulate) |^npm start -- --trace chat\.csv$/,
    elsewhere('test/integration/cli-history.test.ts', 'scenario'),
  ],
];

const pages = readdirSync('docs').filter((name) => name.endsWith('.md'));
const commands = pages.flatMap((page) =>
  commandsOf(`docs/${page}`).map((command) => [`docs/${page}`, command] as const),
);

describe('the commands of the pages', () => {
  beforeAll(async () => {
    if (missing !== undefined) return;
    moto = await startMoto();
    const made = await shell(`aws --endpoint-url ${moto.url} sqs create-queue --queue-name failed --output text`);
    queue = made.trim();
    await aws(
      'aws dynamodb create-table --table-name <table> --billing-mode PAY_PER_REQUEST --attribute-definitions AttributeName=pk,AttributeType=S --key-schema AttributeName=pk,KeyType=HASH --deletion-protection-enabled --tags Key=endpoint-scaler:table,Value=x',
    );
  });
  afterAll(async () => {
    await moto?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are many', () => expect(commands.length).toBeGreaterThan(20));

  it.each(commands)('%s: %s', async (_, command) => {
    const known = KNOWN.find(([pattern]) => pattern.test(command));
    expect(known, `a command that nobody runs: ${command}`).toBeDefined();
    const output = await known?.[1](command);
    expect(output).not.toMatch(/command not found|unexpected error/);
  });

  it('really took the left table away', async () => {
    if (moto === undefined) return;
    expect(await aws('aws dynamodb list-tables --output text')).not.toContain('left-behind');
    expect(existsSync(folder)).toBe(true);
  });
});
