import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FAULTY_KEY, type ServedAccount, serveScenario } from '../support/served-account.ts';

const OFFICE = `timezone: Europe/Berlin
open:
  - { days: mon-fri, from: "08:00", to: "19:00" }
`;
const CHAT = `capacity:
  - { during: berlin, min: 1, max: 4 }
otherwise: zero
zero: { by: park }
`;
const OWN_TAG = 'endpoint-scaler:applied-by';

let account: ServedAccount;
let folder: string;

beforeAll(async () => {
  account = await serveScenario({
    start: '2026-03-23T00:00:00Z',
    for: '10m',
    policies: { 'off-hours': { otherwise: 'leave' } },
    endpoints: { Search: { kind: 'real-time', policy: 'off-hours', instanceType: 'ml.g5.xlarge' } },
  });
});
afterAll(() => account.close());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'endpoint-scaler-apply-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  for (const name of await written()) if (!STACKS_OWN.has(name)) call('DeleteParameter', { Name: name });
});

const STACKS_OWN = new Set<string>();
beforeAll(async () => {
  for (const name of await written()) STACKS_OWN.add(name);
});

function put(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

// biome-ignore lint/suspicious/noExplicitAny: any operation's answer
function call(operation: string, input: object): any {
  return account.run.aws.call({ kind: 'person', name: 'test' }, 'SSM', operation, input);
}

async function written(): Promise<readonly string[]> {
  const names: string[] = [];
  let token: string | undefined;
  do {
    const page = call('GetParametersByPath', { Path: '/endpoint-scaler', Recursive: true, NextToken: token });
    names.push(...page.Parameters.map(({ Name }: { Name: string }) => Name));
    token = page.NextToken;
  } while (token !== undefined);
  return names.filter((name) => /\/(schedules|policies)\//.test(name));
}

async function added(): Promise<readonly string[]> {
  return (await written()).filter((name) => !STACKS_OWN.has(name));
}

const read = (name: string): unknown => JSON.parse(call('GetParameter', { Name: name }).Parameter.Value);

describe('apply', () => {
  test('shows what comes, writes it, and has nothing to do the second time', async () => {
    put('schedules/berlin.yaml', `${OFFICE}closed:\n  - { holidays: DE-BE }\n`);
    put('policies/chat-dev.yaml', CHAT);
    const shown = await account.command(['apply', folder, '--dry-run']);
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.out).toContain('create /endpoint-scaler/policies/chat-dev');
    expect(shown.out).toContain('+ otherwise: zero');
    expect(shown.out).toContain('2 to create, 0 to change, 0 to delete, 0 unchanged; nothing was written');
    expect(await added()).toEqual([]);

    const first = await account.command(['apply', folder, '--yes']);
    expect(first).toMatchObject({ code: 0 });
    expect(first.out).toContain('2 changes written');
    expect(await added()).toEqual(['/endpoint-scaler/policies/chat-dev', '/endpoint-scaler/schedules/berlin']);
    const { closed } = read('/endpoint-scaler/schedules/berlin') as { closed: { dates: string[]; until: string }[] };
    expect(closed[0]).toMatchObject({ holidays: 'DE-BE', until: `${new Date().getUTCFullYear() + 2}-12-31` });
    expect(
      call('ListTagsForResource', { ResourceType: 'Parameter', ResourceId: '/endpoint-scaler/policies/chat-dev' }),
    ).toEqual({ TagList: [{ Key: OWN_TAG, Value: 'apply' }] });

    const second = await account.command(['apply', folder]);
    expect(second).toMatchObject({ code: 0, out: 'nothing to do: 2 documents as in the folder\n' });
  });

  test('a change shows its lines alone, and goes to the next version', async () => {
    put('schedules/berlin.yaml', OFFICE);
    put('policies/chat-dev.yaml', CHAT);
    await account.command(['apply', folder, '--yes']);
    put('policies/chat-dev.yaml', CHAT.replace('max: 4', 'max: 6'));
    const { changes } = await account.json(['apply', folder, '--yes']);
    expect(changes).toEqual([
      {
        action: 'change',
        parameter: '/endpoint-scaler/policies/chat-dev',
        file: join(folder, 'policies/chat-dev.yaml'),
        fromVersion: 1,
        result: 'done',
      },
    ]);
    expect(read('/endpoint-scaler/policies/chat-dev')).toMatchObject({ capacity: [{ max: 6 }] });
    put('policies/chat-dev.yaml', CHAT);
    const { out } = await account.command(['apply', folder, '--dry-run']);
    expect(out).toMatch(/- {5}max: 6\n.*\+ {5}max: 4\n/);
    expect(out).not.toContain('timezone');
  });

  test.each([
    ['a syntax error', 'policies/broken.yaml', 'otherwise: [zero\n', /broken\.yaml:\d+:\d+: /],
    [
      'a wrong value',
      'policies/broken.yaml',
      'otherwise: none\n',
      /broken\.yaml:1:12: otherwise: none: zero, leave or/,
    ],
    ['a missing schedule', 'policies/broken.yaml', CHAT.replace('berlin', 'berlim'), /berlim: .*did you mean berlin/],
    [
      'too many bytes',
      'policies/broken.yaml',
      `otherwise: leave\nscaling: []\nwake: { on: ["request"] }\ncapacity:\n${'  - { during: berlin, min: 100000, max: 100000 }\n'.repeat(49)}`,
      /^$/,
    ],
  ])('%s in one file writes nothing', async (what, file, text, told) => {
    put('schedules/berlin.yaml', OFFICE);
    put('policies/chat-dev.yaml', CHAT);
    put(file, what === 'too many bytes' ? `${text}# ${what}\nvariants:\n${variants(9)}` : text);
    const answer = await account.command(['apply', folder, '--yes']);
    expect(answer).toMatchObject({ code: 2, out: '' });
    expect(answer.err).toMatch(
      what === 'too many bytes' ? /at most 4096 bytes as JSON: a free SSM parameter holds no more/ : told,
    );
    expect(await added()).toEqual([]);
  });

  test('what somebody else made is left alone, said so, and taken over only when asked', async () => {
    call('PutParameter', { Name: '/endpoint-scaler/policies/by-hand', Value: '{"otherwise":"leave"}', Type: 'String' });
    put('policies/by-hand.yaml', 'otherwise: zero\nzero: { by: park }\n');
    put('policies/mine.yaml', 'otherwise: leave\n');
    const refused = await account.command(['apply', folder, '--yes']);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(
      'by-hand.yaml: /endpoint-scaler/policies/by-hand is there already, made by hand or by the stack',
    );
    expect(refused.err).toContain('nothing was written');
    expect(await added()).toEqual(['/endpoint-scaler/policies/by-hand']);
    expect(read('/endpoint-scaler/policies/by-hand')).toEqual({ otherwise: 'leave' });

    expect(await account.command(['apply', folder, '--yes', '--adopt'])).toMatchObject({ code: 0 });
    expect(read('/endpoint-scaler/policies/by-hand')).toMatchObject({ otherwise: 'zero' });
    // It is ours now: the next change needs no --adopt.
    put('policies/by-hand.yaml', 'otherwise: leave\n');
    expect(await account.command(['apply', folder, '--yes'])).toMatchObject({ code: 0 });
  });

  test('--prune deletes what this owner applied and nothing else', async () => {
    call('PutParameter', { Name: '/endpoint-scaler/policies/by-hand', Value: '{"otherwise":"leave"}', Type: 'String' });
    put('policies/theirs.yaml', 'otherwise: leave\n');
    await account.command(['apply', folder, '--yes', '--owner', 'other-team']);
    rmSync(join(folder, 'policies/theirs.yaml'));
    put('schedules/berlin.yaml', OFFICE);
    put('policies/chat-dev.yaml', CHAT);
    put('policies/old.yaml', CHAT);
    await account.command(['apply', folder, '--yes']);
    rmSync(join(folder, 'policies/old.yaml'));

    const kept = await account.command(['apply', folder]);
    expect(kept.out).toContain('nothing to do');
    expect(kept.err).toContain(
      '/endpoint-scaler/policies/old: not in the folder any more, and kept: --prune deletes it',
    );
    const pruned = await account.command(['apply', folder, '--prune', '--yes']);
    expect(pruned).toMatchObject({ code: 0 });
    expect(pruned.out).toContain('delete /endpoint-scaler/policies/old');
    expect(pruned.err).toContain("not owner apply's, not touched");
    expect(await added()).toEqual([
      '/endpoint-scaler/policies/by-hand',
      '/endpoint-scaler/policies/chat-dev',
      '/endpoint-scaler/policies/theirs',
      '/endpoint-scaler/schedules/berlin',
    ]);
  });

  test('a schedule that a policy outside the folder names is not pruned away under it', async () => {
    put('schedules/berlin.yaml', OFFICE);
    put('schedules/nights.yaml', OFFICE);
    await account.command(['apply', folder, '--yes']);
    call('PutParameter', {
      Name: '/endpoint-scaler/policies/by-hand',
      Value: JSON.stringify({ capacity: [{ during: 'berlin', min: 1, max: 1 }] }),
      Type: 'String',
    });
    rmSync(join(folder, 'schedules/berlin.yaml'));
    const answer = await account.command(['apply', folder, '--prune', '--yes']);
    expect(answer.code).toBe(2);
    expect(answer.err).toContain(
      '/endpoint-scaler/policies/by-hand: capacity[0].during: berlin: a schedule that stays',
    );
    expect(await added()).toContain('/endpoint-scaler/schedules/berlin');
  });

  test('an empty folder is a mistake, not a wish to prune everything', async () => {
    put('policies/mine.yaml', 'otherwise: leave\n');
    await account.command(['apply', folder, '--yes']);
    rmSync(join(folder, 'policies'), { recursive: true });
    mkdirSync(join(folder, 'policies'));
    const answer = await account.command(['apply', folder, '--prune', '--yes']);
    expect(answer.code).toBe(2);
    expect(answer.err).toContain('there are none in it');
    expect(await added()).toEqual(['/endpoint-scaler/policies/mine']);
    expect((await account.command(['apply', join(folder, 'nowhere')])).code).toBe(2);
  });

  test('files that are no documents are named and left out', async () => {
    put('policies/mine.yaml', 'otherwise: leave\n');
    put('policies/notes.txt', 'x');
    put('README.md', 'x');
    put('scenario.yaml', 'start: now\n');
    put('policies/deep/other.yaml', 'otherwise: leave\n');
    const answer = await account.command(['apply', folder, '--yes']);
    expect(answer.code).toBe(0);
    for (const file of ['README.md', 'scenario.yaml', 'policies/notes.txt', 'policies/deep']) {
      expect(answer.err).toContain(`${join(folder, file)}: ignored`);
    }
    expect(await added()).toEqual(['/endpoint-scaler/policies/mine']);
  });

  test('two files of one name, and nobody to ask', async () => {
    put('policies/mine.yaml', 'otherwise: leave\n');
    put('policies/mine.json', '{"otherwise":"zero"}');
    const twins = await account.command(['apply', folder, '--yes']);
    expect(twins.code).toBe(2);
    expect(twins.err).toContain('a name of its own');
    rmSync(join(folder, 'policies/mine.json'));
    const unasked = await account.command(['apply', folder]);
    expect(unasked.code).toBe(2);
    expect(unasked.err).toContain('it takes --yes');
    expect(await added()).toEqual([]);
  });

  test('a refused write is told with what was done before it and what was not tried; repeating goes on', async () => {
    put('policies/old-1.yaml', 'otherwise: leave\n');
    put('policies/old-2.yaml', 'otherwise: leave\n');
    await account.command(['apply', folder, '--yes']);
    rmSync(join(folder, 'policies'), { recursive: true });
    put('policies/new.yaml', 'otherwise: leave\n');
    const now = account.run.aws.clock.now();
    const fault = account.run.aws.addCallFault({
      from: now,
      until: now + 1,
      calls: 'SSM.DeleteParameter',
      share: 1,
      error: {
        code: 'AccessDeniedException',
        message:
          'User: arn:aws:iam::123456789012:user/ada is not authorized to perform: ssm:DeleteParameter on resource: arn:aws:ssm:us-east-1:123456789012:parameter/endpoint-scaler/policies/old-1',
      },
    });
    const answer = await account.command(['apply', folder, '--prune', '--yes'], { AWS_ACCESS_KEY_ID: FAULTY_KEY });
    expect(fault.times()).toBeGreaterThan(0);
    expect(answer.code).toBe(1);
    expect(answer.err).toContain('done       create /endpoint-scaler/policies/new');
    expect(answer.err).toMatch(
      /failed {5}delete \/endpoint-scaler\/policies\/old-1: AWS refused ssm:DeleteParameter on arn:/,
    );
    expect(answer.err).toContain('not tried  delete /endpoint-scaler/policies/old-2');
    expect(answer.err).not.toContain('    at ');
    await account.advance('1m');
    const again = await account.command(['apply', folder, '--prune', '--yes']);
    expect(again.out).toContain('2 changes written');
    expect(await added()).toEqual(['/endpoint-scaler/policies/new']);
  });

  test('without the right to read, nothing is compared and nothing is written', async () => {
    put('policies/new.yaml', 'otherwise: leave\n');
    const now = account.run.aws.clock.now();
    const message =
      'User: arn:aws:iam::123456789012:user/ada is not authorized to perform: ssm:GetParametersByPath on resource: arn:aws:ssm:us-east-1:123456789012:parameter/endpoint-scaler/';
    const error = { code: 'AccessDeniedException', message };
    account.run.aws.addCallFault({ from: now, until: now + 1, calls: 'SSM.GetParametersByPath', share: 1, error });
    const answer = await account.command(['apply', folder, '--yes'], { AWS_ACCESS_KEY_ID: FAULTY_KEY });
    await account.advance('1m');
    expect(answer).toMatchObject({ code: 1, out: '' });
    expect(answer.err).toMatch(
      /^AWS refused ssm:GetParametersByPath on arn:\S+ to arn:aws:iam::123456789012:user\/ada/m,
    );
    expect(await added()).toEqual([]);
  });

  test('a policy that goes says whose endpoints are given back', async () => {
    put('policies/mine.yaml', 'otherwise: leave\n');
    await account.command(['apply', folder, '--yes', '--owner', 'stack']);
    call('AddTagsToResource', {
      ResourceType: 'Parameter',
      ResourceId: '/endpoint-scaler/policies/off-hours',
      Tags: [{ Key: OWN_TAG, Value: 'stack' }],
    });
    const { err } = await account.command(['apply', folder, '--dry-run', '--prune', '--owner', 'stack']);
    expect(err).toContain('policy off-hours is the tag of Search: without it they are woken and given back');
  });
});

function variants(count: number): string {
  const rungs = '{ during: berlin, min: 100000, max: 100000 }, '.repeat(20);
  return Array.from({ length: count }, (_, index) => `  v${index}: { capacity: [${rungs}] }\n`).join('');
}
