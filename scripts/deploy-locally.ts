/**
 * `npm run local`: the stack on an AWS of this machine, to look at and to try commands on. ministack stands in for what
 * the stack is made of, our simulator for SageMaker and its scaling, alarms and tags. Arguments go to `sam deploy`.
 */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LocalAws, startLocalAws } from './local/local-aws.ts';
import { whyNoMinistack } from './local/ministack.ts';
import { copyCheckout, prepareDeployment, samBuild, samDeploy } from './local/sam.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const EXPORTS = 'out/local-aws.env';

const USAGE = `Usage: npm run local [-- <arguments of sam deploy>]

Builds the stack and deploys it to an AWS on this machine, with two endpoints: Chat (real-time) and Transcribe (asynchronous).
Runs until Ctrl-C; nothing of it stays but ${EXPORTS}, which a shell reads to talk to it.

  npm run local -- --parameter-overrides Mode=dry-run
`;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Endpoints that start and go in seconds: nobody waits minutes to see a park. */
function addEndpoints({ account }: LocalAws): void {
  const timing = { startMs: () => 10_000, deleteMs: 5_000 };
  const common = { timing, instanceType: 'ml.g5.xlarge', tags: {} };
  account.aws.world.seed({ ...common, name: 'Chat', kind: 'real-time', instances: 1 });
  account.aws.world.seed({ ...common, name: 'Transcribe', kind: 'async', instances: 0 });
}

function writeExports({ clientEnvironment }: LocalAws): void {
  const tools = `export PATH="${join(ROOT, '.venv/bin')}${delimiter}$PATH"`;
  const lines = Object.entries(clientEnvironment).map(([name, value]) => `export ${name}="${value}"`);
  mkdirSync(join(ROOT, 'out'), { recursive: true });
  writeFileSync(join(ROOT, EXPORTS), `${[tools, ...lines].join('\n')}\n`);
}

async function deploy(local: LocalAws, args: readonly string[]): Promise<void> {
  say(`ministack ${local.ministack.url}\nsimulator ${local.account.url}\nfiles ${local.folder}\n$ sam build`);
  const checkout = copyCheckout(join(local.folder, 'checkout'));
  const built = await samBuild(checkout, local.environment);
  const folder = join(local.folder, 'stack');
  const { leftOut } = await prepareDeployment(checkout, built, folder);
  for (const line of leftOut) say(`left out for ministack: ${line}`);
  say(`$ sam deploy ${args.join(' ')}`);
  const { output } = await samDeploy(folder, local.environment, args);
  say(output.slice(output.lastIndexOf('CloudFormation outputs from deployed stack')).trim());
}

function explain(): void {
  say(`
Deployed. Another shell talks to it after

  . ${EXPORTS}

and then, for example,

  arn=$(aws sagemaker describe-endpoint --endpoint-name Chat --query EndpointArn --output text)
  aws sagemaker add-tags --resource-arn $arn --tags Key=endpoint-scaler:policy,Value=off-hours
  aws sagemaker describe-endpoint --endpoint-name Chat

The schedules tick once a minute. Ctrl-C ends everything.`);
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return say(USAGE);
  const missing = whyNoMinistack();
  if (missing !== undefined) throw new Error(missing);
  const stopped = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
  const local = await startLocalAws();
  try {
    addEndpoints(local);
    const deployed = deploy(local, args).then(() => {
      writeExports(local);
      explain();
    });
    // A failed deployment ends it; one that worked runs until a signal.
    await Promise.race([stopped, deployed.then(() => stopped)]);
    process.exitCode = 130;
  } finally {
    await local.stop();
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`npm run local: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
