import { describe, expect, it } from 'vitest';
import { MONDAY_UTC, realTime } from './fleet.ts';
import { inFolder, runHere } from './run-scenario.ts';

describe('compare', () => {
  const scenario = JSON.stringify({
    start: MONDAY_UTC,
    for: '1h',
    policies: { one: { otherwise: { min: 1, max: 1 } } },
    endpoints: { chat: realTime('one'), search: realTime('one') },
  });
  const files = {
    'scenario.yaml': scenario,
    'a/one.yaml': 'otherwise: { min: 1, max: 1 }',
    'two.yaml': 'otherwise: { min: 2, max: 2 }',
  };

  it('gives each endpoint its table, unless one is named', async () => {
    await inFolder(files, async (folder) => {
      const all = await runHere(['compare', 'scenario.yaml', '--policies', 'a/one.yaml,two.yaml'], folder);
      expect(all.stdout.match(/^(chat|search), 0 requests$/gm)).toEqual(['chat, 0 requests', 'search, 0 requests']);
      const one = await runHere(['compare', 'scenario.yaml', '--policies', 'two.yaml', '--endpoint', 'chat'], folder);
      expect(one.stdout).toMatch(
        /^chat, 0 requests\n.*\ntwo +2\.0 +3\.03 +- +- +- +- +- +0 of 1 +1\n$|^chat, 0 requests\n.*\ntwo /,
      );
      expect(one.stdout).not.toContain('search');
    });
  });

  it.each([
    [
      ['--policies', 'two.yaml,two.yaml'],
      '--policies: two.yaml,two.yaml: files of different names, separated by commas\n',
    ],
    [
      ['--policies', 'two.yaml', '--endpoint', 'chta'],
      '--endpoint: chta: an endpoint of scenario.yaml: chat, search (did you mean chat?)\n',
    ],
    [['--endpoint', 'zz'], '--endpoint: zz: an endpoint of scenario.yaml: chat, search\n'],
    [
      ['--policies', 'two.yaml', '--set', 'endpoints.zz.startsIn=4m'],
      '--set: endpoints.zz.startsIn=4m: an endpoint of the document: chat, search\n',
    ],
    [
      ['--policies', 'two.yaml', '--set', 'endpoints.chta.startsIn=4m'],
      '--set: endpoints.chta.startsIn=4m: an endpoint of the document: chat, search (did you mean chat?)\n',
    ],
    [
      ['--policies', 'two.yaml', '--picture', 'x.svg'],
      '--picture: x.svg: one endpoint: choose it with --endpoint (chat, search)\n',
    ],
  ])('%s is refused', async (args, expected) => {
    await inFolder(files, async (folder) => {
      expect(await runHere(['compare', 'scenario.yaml', ...args], folder)).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: expected,
      });
    });
  });

  it('names the place of a mistake in a policy', async () => {
    await inFolder({ ...files, 'bad.yaml': 'otherwise: { min: 3, max: 2 }' }, async (folder) => {
      const outcome = await runHere(['compare', 'scenario.yaml', '--policies', 'bad.yaml'], folder);
      expect(outcome).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: 'bad.yaml:1:19: otherwise.min: 3: at most max, which is 2\n',
      });
    });
  });
});
