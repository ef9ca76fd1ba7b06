import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { whyNoMinistack } from '../../scripts/local/ministack.ts';
import { run } from '../../scripts/run-command.ts';

const missing = whyNoMinistack();
if (missing !== undefined) process.stderr.write(`skipped: npm run local: ${missing}\n`);

const EXPORTS = 'out/local-aws.env';
let child: ReturnType<typeof start> | undefined;

function start() {
  return spawn(process.execPath, ['scripts/deploy-locally.ts'], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function printedUntil({ stdout }: ReturnType<typeof start>, text: string): Promise<string> {
  let printed = '';
  for await (const chunk of stdout) {
    printed += String(chunk);
    if (printed.includes(text)) return printed;
  }
  throw new Error(`ended before it printed ${text}:\n${printed}`);
}

const ministackUrl = (printed: string): string => /^ministack (\S+)$/m.exec(printed)?.[1] ?? '';

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/_ministack/health`)).ok;
  } catch {
    return false;
  }
}

describe.skipIf(missing !== undefined)('npm run local', () => {
  afterEach(() => {
    child?.kill('SIGKILL');
  });

  it('serves the stack to other shells until it is interrupted', async () => {
    child = start();
    const url = ministackUrl(await printedUntil(child, 'Ctrl-C ends everything'));
    const shell = `. ${EXPORTS}
aws sagemaker list-endpoints --query 'sort(Endpoints[].EndpointName)' --output text
aws cloudformation describe-stacks --stack-name endpoint-scaler --query 'Stacks[].StackStatus' --output text`;
    const { output } = await run('sh', ['-c', shell]);
    expect(output).toBe('Chat\tTranscribe\nCREATE_COMPLETE\n');
    expect(await answers(url)).toBe(true);

    child.kill('SIGINT');
    await once(child, 'exit');
    expect(child.exitCode).toBe(130);
    expect(await answers(url)).toBe(false);
  });

  it('leaves nothing running when it is killed', async () => {
    child = start();
    const printed = await printedUntil(child, '$ sam build');
    const url = ministackUrl(printed);
    const folder = /^files (\S+)$/m.exec(printed)?.[1] ?? '.';
    expect(await answers(url)).toBe(true);

    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect.poll(() => answers(url), { timeout: 10_000 }).toBe(false);
    await expect.poll(() => existsSync(folder), { timeout: 10_000 }).toBe(false);
  });
});
