import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
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

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

describe.skipIf(missing !== undefined)('npm run local', () => {
  afterEach(() => {
    child?.kill('SIGKILL');
  });

  it.each(['SIGINT', 'SIGKILL'] as const)(
    'serves the stack to other shells, and leaves nothing running after %s',
    async (signal) => {
      child = start();
      let printed = '';
      for await (const chunk of child.stdout) {
        printed += String(chunk);
        if (printed.includes('Ctrl-C ends everything')) break;
      }
      const shell = `. ${EXPORTS}
aws sagemaker list-endpoints --query 'sort(Endpoints[].EndpointName)' --output text
aws cloudformation describe-stacks --query 'Stacks[].StackStatus' --output text`;
      const { output } = await run('sh', ['-c', shell]);
      expect(output).toBe('Chat\tTranscribe\nCREATE_COMPLETE\n');
      const url = /AWS_ENDPOINT_URL="(.*)"/.exec(readFileSync(EXPORTS, 'utf8'))?.[1] ?? '';
      expect(await answers(`${url}/_ministack/health`)).toBe(true);

      child.kill(signal);
      await once(child, 'exit');
      if (signal === 'SIGINT') expect(child.exitCode).toBe(130);
      await wait(1_000);
      expect(await answers(`${url}/_ministack/health`)).toBe(false);
    },
  );
});
