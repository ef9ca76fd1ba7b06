import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type ServedAccount, serveScenario } from '../support/served-account.ts';

const PAGE = readFileSync('docs/with-other-tools.md', 'utf8');

/** Arguments of the page's commands, in order, as a shell would hand them over. */
const COMMANDS = [...PAGE.matchAll(/```sh\n([\s\S]*?)```/g)]
  .flatMap(([, block]) => (block ?? '').trim().split('\n'))
  .map((line) => line.match(/"[^"]*"|\S+/g)!.map((word) => word.replaceAll('"', '').replace('$BUILD_ID', '17')));

let account: ServedAccount;
beforeAll(async () => {
  account = await serveScenario({
    start: '2026-03-23T00:00:00Z',
    for: '1h',
    policies: { nights: { otherwise: 'zero', zero: { by: 'park', idleFor: '10m', minUp: '5m' } } },
    endpoints: { chat: { kind: 'real-time', policy: 'nights', instanceType: 'ml.g5.xlarge', startsIn: '4m' } },
  });
});
afterAll(() => account.close());

function status(): string {
  try {
    const shown = account.run.aws.call({ kind: 'person', name: 'ada' }, 'SageMaker', 'DescribeEndpoint', {
      EndpointName: 'chat',
    });
    return (shown as { EndpointStatus: string }).EndpointStatus;
  } catch (error) {
    if (String(error).includes('Could not find endpoint')) return 'Absent';
    throw error;
  }
}

async function whileTimePasses(work: Promise<Answer>): Promise<Answer> {
  let done = false;
  const finished = work.finally(() => {
    done = true;
  });
  while (!done) {
    await account.advance('30s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return finished;
}

describe('the step before and after a deployment, as the page says it', () => {
  test('brings a parked endpoint back, keeps it for the deployment, and lets it go', async () => {
    const [hold, wake, unhold, ...rest] = COMMANDS;
    expect([hold?.[1], wake?.[1], unhold?.[1], rest]).toEqual(['hold', 'wake', 'unhold', []]);
    expect(status()).toBe('Absent');
    expect(await account.command(hold!.slice(1))).toMatchObject({ code: 0 });
    expect(await whileTimePasses(account.command([...wake!.slice(1), '--every', '200ms']))).toMatchObject({ code: 0 });
    expect(status()).toBe('InService');
    // Idle for longer than the policy waits, and still there: the deployment may take its time.
    await account.advance('1h');
    expect(status()).toBe('InService');
    expect(await account.command(unhold!.slice(1))).toMatchObject({ code: 0 });
    await account.advance('1h');
    expect(status()).toBe('Absent');
  });
});
