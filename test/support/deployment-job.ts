import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalAws } from '../../scripts/local/local-aws.ts';
import { CommandError } from '../../scripts/local/sam.ts';
import { run } from '../../scripts/run-command.ts';

const PAGE = 'docs/with-other-tools.md';

/** The shell lines of the page before and after a deployment, for another endpoint than the page's. */
export function deploymentSteps(endpoint: string): readonly [before: string, after: string] {
  const blocks = [...readFileSync(PAGE, 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block ?? '');
  const [before, after, ...more] = blocks.map((block) =>
    block.replaceAll(' chat ', ` ${endpoint} `).replace(' chat\n', ` ${endpoint}\n`),
  );
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`${PAGE} has ${blocks.length} shell blocks: one before and one after a deployment are meant`);
  return [before, after];
}

/** A deployment by CloudFormation, of a stack that needs nothing; it is reached only where the steps before it worked. */
export function deployAnything(local: LocalAws): string {
  const template = join(local.folder, 'of-somebody.json');
  const Properties = { Type: 'String', Name: '/of-somebody/version', Value: '17' };
  writeFileSync(template, JSON.stringify({ Resources: { Version: { Type: 'AWS::SSM::Parameter', Properties } } }));
  return `aws cloudformation deploy --stack-name of-somebody --template-file ${template}`;
}

/** As a step of a pipeline runs them: the first that fails ends it. */
export async function shell(local: LocalAws, lines: string): Promise<void> {
  const command = 'endpoint-scaler() { node bin/endpoint-scaler.js "$@"; }';
  const env = { ...local.environment, BUILD_ID: '17' };
  const result = await run('bash', ['-euo', 'pipefail', '-c', `${command}\n${lines}`], { env });
  if (result.code !== 0) throw new CommandError(lines, result);
}
