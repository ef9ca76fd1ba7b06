import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { decimal, file, flag, parseArguments, partOf, whole } from '../../scripts/arguments.ts';

const SCRIPT = {
  name: 'try',
  about: 'Tries.',
  options: {
    seeds: whole(1, 'how many', 100),
    minutes: whole(0, 'how long'),
    days: decimal(0.5, 'days of each', 2),
    only: partOf('some', ['1: red', '2: blue'], 'a part of 1: red, 2: blue'),
    replay: file('one again'),
    quick: flag('less'),
  },
  words: ['speed', 'cost'],
};

const given = (...args: string[]) => parseArguments(SCRIPT, args);
const HINT = '(--help says what there is)\n';

describe('the arguments of a script', () => {
  it('have their defaults, and are read', () => {
    const values = { seeds: 100, minutes: undefined, days: 2, only: '', replay: undefined, quick: false };
    expect(given()).toEqual({ values, words: [] });
    expect(given('--seeds', '7', 'cost', '--days=1.5', '--only', 'bl', '--replay', 'package.json', '--quick')).toEqual({
      values: { seeds: 7, minutes: undefined, days: 1.5, only: 'bl', replay: 'package.json', quick: true },
      words: ['cost'],
    });
  });

  it.each([
    [['--seeds', '1.5'], '--seeds: 1.5: a whole number from 1 to 1000000000'],
    [['--seeds', '0'], '--seeds: 0: a whole number from 1 to 1000000000'],
    [['--seeds', ''], '--seeds: "": a whole number from 1 to 1000000000'],
    [['--seeds', '1e3'], '--seeds: 1e3: a whole number from 1 to 1000000000'],
    [['--seeds'], '--seeds: nothing: a whole number from 1 to 1000000000'],
    [['--days', '0.4'], '--days: 0.4: a number from 0.5 to 1000000000'],
    [['--only', 'zzzz'], '--only: zzzz: a part of 1: red, 2: blue'],
    [['--replay', '/nonexist'], '--replay: /nonexist: a file that is there'],
    [['--replay', 'test'], '--replay: test: a file that is there'],
    [['--quick=yes'], '--quick: yes: no value'],
    [['spede'], 'spede: one of speed, cost'],
    [
      ['--toString', '-x'],
      '--toString: unknown option; one of --seeds, --minutes, --days, --only, --replay, --quick, --help\ntry: -x: unknown option; one of --seeds, --minutes, --days, --only, --replay, --quick, --help',
    ],
    [['--seeds', 'x', 'y'], '--seeds: x: a whole number from 1 to 1000000000\ntry: y: one of speed, cost'],
  ])('%j are refused, all at once', (args, message) => {
    expect(given(...args)).toEqual({ text: `try: ${message}\n${HINT}`, code: 2 });
  });

  it('are told by --help, with what is unless they are given', () => {
    expect(given('--seeds', '3', '--help')).toEqual({
      code: 0,
      text: `Usage: npm run try -- [options] [word …]

Tries.

  --seeds N      how many (default: 100)
  --minutes N    how long
  --days N       days of each (default: 2)
  --only TEXT    some
  --replay FILE  one again
  --quick        less
  --help         this

Words: speed, cost
`,
    });
  });
});

describe.each([
  ['soak', 'scripts/soak.ts', ['--from', '1.5'], 'soak: --from: 1.5: a whole number from 0 to 1000000000\n'],
  ['mutants', 'scripts/mutants.ts', ['--only', 'zzzz'], 'mutants: --only: zzzz: a part of one of\n  1: '],
  ['interleave', 'scripts/interleave.ts', ['x'], 'interleave: x: options alone\n'],
  ['bench', 'bench/main.ts', ['--nope'], 'bench: --nope: unknown option; one of --help\n'],
])('npm run %s', (name, script, wrong, message) => {
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
    return { status, stdout, stderr };
  };

  it('says what it is', () => {
    const { status, stdout, stderr } = run('--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(`Usage: npm run ${name} -- [options]`);
  });

  it('runs on nothing that is wrong', () => {
    const { status, stdout, stderr } = run(...wrong);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.startsWith(message), stderr).toBe(true);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});
