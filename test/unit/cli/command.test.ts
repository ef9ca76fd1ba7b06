import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../../../cli/main.ts';
import { CliError, formatTable, writeWhole } from '../../../cli/output.ts';

const BIN = fileURLToPath(new URL('../../../bin/endpoint-scaler.js', import.meta.url));
const VERSION = (
  JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

const OFFICE = `timezone: Europe/Berlin
open:
  - { days: mon-fri, from: "08:00", to: "19:00" }
closed:
  - { holidays: DE-BE }
`;
const CHAT = `capacity:
  - { during: office, min: 1, max: 4 }
otherwise: zero
zero: { by: park }
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'endpoint-scaler-'));
  write('schedules/office.yaml', OFFICE);
  write('policies/chat-dev.yaml', CHAT);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function command(...args: string[]): Promise<Answer> {
  const texts = { out: '', err: '' };
  const code = await run(args, {
    cwd: folder,
    env: {},
    stdout: { write: (text) => (texts.out += text) },
    stderr: { write: (text) => (texts.err += text) },
    now: () => Date.parse('2026-03-23T00:00:30Z'),
  });
  return { code, ...texts };
}

describe('the command', () => {
  test('version and help go to stdout', async () => {
    expect(await command('--version')).toEqual({ code: 0, out: `${VERSION}\n`, err: '' });
    const help = await command('--help');
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help.out).toContain('validate [options] <paths...>');
    expect(help.out).toContain('130 interrupted');
    expect((await command('plan', '--help')).out).toContain('--schedules <dir>');
  });

  test.each([
    [['validat', 'x'], '(Did you mean validate?)'],
    [['validate'], "missing required argument 'paths'"],
    [['validate', '--jsn', '-', '.'], '(Did you mean --json?)'],
    [['plan'], "missing required argument 'policy'"],
    [['validate', 'nowhere'], 'nowhere: no such file or folder'],
    [['plan', 'nowhere.yaml'], 'nowhere.yaml: cannot be read'],
  ])('wrong usage %j', async (args, expected) => {
    const answer = await command(...args);
    expect(answer).toMatchObject({ code: 2, out: '' });
    expect(answer.err).toContain(expected);
  });
});

describe('validate', () => {
  test('a mistake in a policy that a scenario names, too, is told once', async () => {
    write('policies/chat-dev.yaml', CHAT.replace('by: park', 'by: park, idelFor: 30m'));
    const scenario = `start: 2026-03-23T00:00:00+01:00
schedules: { office: schedules/office.yaml }
policies: { chat-dev: policies/chat-dev.yaml }
endpoints: { chat: { kind: real-time, policy: chat-dev, instanceType: ml.g5.xlarge } }
`;
    write('scenario.yaml', scenario);
    const { code, out } = await command('validate', '.');
    expect(code).toBe(2);
    expect(out.match(/idelFor/g)).toHaveLength(1);
    expect(out).toMatch(/: 1 problem\n$/);
  });

  test('a folder without problems', async () => {
    expect(await command('validate', '.')).toEqual({ code: 0, out: '1 schedule, 1 policy: no problems\n', err: '' });
  });

  test('every problem of every document, sorted by place', async () => {
    write('policies/other.yaml', 'capacity:\n  - { during: ofice, min: 1, max: 4 }\notherwise: zer\n');
    write(
      'policies/third.yaml',
      'capacity:\n  - { during: ofice, min: 1, max: 4 }\n  - { during: night, then: zero }\n',
    );
    write('schedules/night.yaml', 'timezone: Europe/Berlin\nopen: 1\n');
    write('schedules/broken.yaml', 'timezone: [\n');
    const answer = await command('validate', '.');
    expect(answer.code).toBe(2);
    expect(answer.out.split('\n')).toEqual([
      'policies/other.yaml:3:12: otherwise: zer: zero, leave or { min, max } (did you mean zero?)',
      'policies/third.yaml:2:15: capacity[0].during: ofice: one of the schedules broken, night, office (did you mean office?)',
      'policies/third.yaml:3:15: capacity[1].during: night: a valid schedule; this one has problems of its own',
      expect.stringMatching(/^schedules\/broken\.yaml:2:1: document: /),
      'schedules/night.yaml:2:7: open: 1: a list of windows, { days, from, to }',
      '3 schedules, 3 policies: 5 problems',
      '',
    ]);
  });

  test('a policy alone says nothing of schedules it cannot see', async () => {
    expect((await command('validate', 'policies/chat-dev.yaml')).code).toBe(0);
  });

  test('the kind is told by the folder, else by the content', async () => {
    write('a.yaml', OFFICE);
    write('b.yaml', CHAT);
    write('policies/c.json', '{ "timezone": "UTC" }');
    expect(await command('validate', 'a.yaml')).toMatchObject({ code: 0, out: '1 schedule: no problems\n' });
    expect(await command('validate', 'b.yaml')).toMatchObject({ code: 0, out: '1 policy: no problems\n' });
    expect((await command('validate', 'policies/c.json')).out).toContain('timezone: UTC: unknown field');
  });

  test('other YAML is skipped in a folder, refused when named', async () => {
    write('compose.yaml', 'services: {}\n');
    const skipped = await command('validate', '.');
    expect(skipped).toMatchObject({
      code: 0,
      err: 'compose.yaml: skipped: neither a schedule nor a policy nor a scenario\n',
    });
    expect((await command('validate', '--quiet', '.')).err).toBe('');
    expect((await command('--quiet', 'validate', '.')).err).toBe('');
    const named = await command('validate', 'compose.yaml');
    expect(named).toMatchObject({ code: 2 });
    expect(named.out).toContain('compose.yaml:1:1: document: unknown kind: a schedule, a policy or a scenario');
  });

  test('unknown holidays are named once', async () => {
    write('schedules/office.yaml', OFFICE.replace('DE-BE', 'DE-XX'));
    expect((await command('validate', 'schedules')).out).toMatch(
      /^schedules\/office\.yaml:5:17: closed\[0\]\.holidays: DE-XX: a state of DE: [^\n]*\n1 schedule: 1 problem\n$/,
    );
  });

  test('two documents of one name', async () => {
    write('more/schedules/office.json', '{ "timezone": "UTC" }');
    const { code, out } = await command('validate', '.');
    expect(code).toBe(2);
    expect(out).toContain(
      'schedules/office.yaml: name: office: a name of its own: more/schedules/office.json is the schedule office already',
    );
  });

  test('a scenario is checked with what it names', async () => {
    write('scenario.yaml', 'start: 2026-03-23T00:00:00+01:00\nfr: 1d\nendpoints: {}\n');
    const { code, out } = await command('validate', 'scenario.yaml');
    expect(code).toBe(2);
    expect(out).toContain('scenario.yaml:2:1: fr: 1d: unknown field');
    expect(out).toContain('1 scenario: ');
  });

  test('JSON on stdout alone, or in a file beside the text', async () => {
    write('policies/other.yaml', 'otherwise: zer\n');
    const { code, out } = await command('validate', 'policies', '--json', '-');
    expect(code).toBe(2);
    expect(JSON.parse(out)).toEqual({
      documents: [
        { file: 'policies/chat-dev.yaml', kind: 'policy', name: 'chat-dev', bytes: 90 },
        { file: 'policies/other.yaml', kind: 'policy', name: 'other' },
      ],
      problems: [
        {
          file: 'policies/other.yaml',
          line: 1,
          col: 12,
          field: 'otherwise',
          value: 'zer',
          allowed: 'zero, leave or { min, max }',
          didYouMean: 'zero',
        },
      ],
    });
    const beside = await command('validate', 'policies', '--json', 'out/result.json');
    expect(beside.out).toContain('2 policies: 1 problem');
    expect(readFileSync(join(folder, 'out/result.json'), 'utf8')).toBe(out);
  });
});

describe('plan', () => {
  test('edges in local time and UTC, bounds, hours, changes of the clocks, totals', async () => {
    const { code, out, err } = await command(
      'plan',
      'policies/chat-dev.yaml',
      '--from',
      '2026-03-27',
      '--to',
      '2026-04-01',
    );
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(`chat-dev: fri 2026-03-27 00:00 +01:00 to wed 2026-04-01 00:00 +02:00, 119 hours

from (Europe/Berlin)         from (UTC)         rung           asks for      hours
fri 2026-03-27 00:00 +01:00  2026-03-26T23:00Z  otherwise      zero              8
fri 2026-03-27 08:00 +01:00  2026-03-27T07:00Z  during office  min 1, max 4     11
fri 2026-03-27 19:00 +01:00  2026-03-27T18:00Z  otherwise      zero             60  DST: clocks go forward 1h at sun 2026-03-29 03:00 +02:00
mon 2026-03-30 08:00 +02:00  2026-03-30T06:00Z  during office  min 1, max 4     11
mon 2026-03-30 19:00 +02:00  2026-03-30T17:00Z  otherwise      zero             13
tue 2026-03-31 08:00 +02:00  2026-03-31T06:00Z  during office  min 1, max 4     11
tue 2026-03-31 19:00 +02:00  2026-03-31T17:00Z  otherwise      zero              5

total          asks for      hours   share
during office  min 1, max 4     33  27.7 %
otherwise      zero             86  72.3 %
at least 33 instance hours
`);
  });

  test('holidays of the planned years, and a remark where they end', async () => {
    const { out } = await command('plan', 'policies/chat-dev.yaml', '--from', '2030-12-24', '--to', '+8d');
    expect(out).not.toContain('2030-12-25 08:00');
    expect(out).not.toContain('known until');
    const long = await command('plan', 'policies/chat-dev.yaml', '--from', '2026-12-30', '--to', '2029-01-02');
    expect(long.out).toContain('holidays of office are known until mon 2029-01-01 00:00 +01:00 only\n');
  });

  test('from now for 8 days unless told otherwise', async () => {
    const { out } = await command('plan', 'policies/chat-dev.yaml', '--json', '-');
    expect(JSON.parse(out)).toMatchObject({
      policy: 'chat-dev',
      timezone: 'Europe/Berlin',
      from: '2026-03-23T00:00:00.000Z',
      to: '2026-03-31T00:00:00.000Z',
      rungs: [
        { rung: { kind: 'bounds', during: 'office', min: 1, max: 4 }, hours: 66 },
        { rung: { kind: 'zero' }, hours: 126 },
      ],
    });
  });

  test('JSON spans tell local times and changes of the clocks', async () => {
    const args = ['--from', '2026-10-25T00:00:00+02:00', '--to', '+1d', '--json', '-'];
    const { out } = await command('plan', 'policies/chat-dev.yaml', ...args);
    expect((JSON.parse(out) as { spans: unknown[] }).spans).toEqual([
      {
        from: '2026-10-24T22:00:00.000Z',
        until: '2026-10-25T22:00:00.000Z',
        fromLocal: '2026-10-25T00:00:00',
        untilLocal: '2026-10-25T23:00:00',
        rung: { kind: 'zero' },
        hours: 24,
        clockChanges: [{ at: '2026-10-25T01:00:00.000Z', byHours: -1 }],
      },
    ]);
  });

  test('another folder of schedules, another time zone', async () => {
    write('other/office.yaml', OFFICE.replace('08:00', '12:00'));
    const args = ['--schedules', 'other', '--timezone', 'UTC', '--from', '2026-03-23', '--to', '+1d'];
    const { out } = await command('plan', 'policies/chat-dev.yaml', ...args);
    expect(out).toContain('mon 2026-03-23 11:00 +00:00  2026-03-23T11:00Z  during office');
  });

  test('a policy without schedules needs none', async () => {
    write('alone/idle.yaml', 'otherwise: zero\nzero: { by: park }\n');
    expect((await command('plan', 'alone/idle.yaml')).out).toContain(
      'mon 2026-03-23 00:00 +00:00  2026-03-23T00:00Z  otherwise',
    );
  });

  test.each([
    [['--from', 'tomorrow'], '--from: tomorrow: an instant like'],
    [['--from', '2026-03-27', '--to', '2026-03-27'], '--to: 2026-03-27: a time after --from'],
    [['--to', '+4000d'], '--to: +4000d: at most 3660 days after --from'],
    [
      ['--timezone', 'Europe/Berln'],
      '--timezone: Europe/Berln: an IANA time zone like Europe/Berlin (did you mean Europe/Berlin?)',
    ],
    [['--variant', 'blue'], '--variant: blue: no variant: the policy has none'],
    [['--schedules', 'nowhere'], 'nowhere: no such file or folder'],
    [
      ['--schedules', 'policies'],
      'policies/chat-dev.yaml:2:15: capacity[0].during: office: one of the schedules chat-dev',
    ],
  ])('%j is refused', async (args, expected) => {
    const answer = await command('plan', 'policies/chat-dev.yaml', ...args);
    expect(answer).toMatchObject({ code: 2, out: '' });
    expect(answer.err).toContain(expected);
  });

  test('problems of a schedule that is used are told with it; of another one only remarked', async () => {
    write('schedules/other.yaml', 'timezone: Europe/Berlin\nopen: 1\n');
    const fine = await command('plan', 'policies/chat-dev.yaml');
    expect(fine).toMatchObject({ code: 0 });
    expect(fine.err).toContain('not used here: schedules/other.yaml:2:7: open: 1');
    write('schedules/office.yaml', 'timezone: Europe/Berlin\nopen: 1\n');
    const broken = await command('plan', 'policies/chat-dev.yaml');
    expect(broken).toMatchObject({ code: 2, out: '' });
    expect(broken.err).toContain('schedules/office.yaml:2:7: open: 1');
    expect(broken.err).toContain('a valid schedule; this one has problems of its own');
  });
});

describe('outputs are whole or not there', () => {
  test('a failed write leaves the old file and nothing beside it', () => {
    write('target/inside', 'x');
    expect(() => writeWhole({ cwd: folder }, 'target', 'new')).toThrow(CliError);
    expect(readdirSync(folder).sort()).toEqual(['policies', 'schedules', 'target']);
    writeWhole({ cwd: folder }, 'a/b/c.txt', 'one');
    writeWhole({ cwd: folder }, 'a/b/c.txt', 'two');
    expect(readdirSync(join(folder, 'a/b'))).toEqual(['c.txt']);
    expect(readFileSync(join(folder, 'a/b/c.txt'), 'utf8')).toBe('two');
  });

  test('columns', () => {
    expect(
      formatTable(
        [
          ['a', 'bb', ''],
          ['ccc', '1', 'x'],
        ],
        [1],
      ),
    ).toBe('a    bb\nccc   1  x\n');
  });
});

describe('the bin', () => {
  test('exit code and streams pass through', () => {
    const { status, stdout } = spawnSync(process.execPath, [BIN, 'validate', '.'], { cwd: folder, encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '1 schedule, 1 policy: no problems\n' });
    expect(spawnSync(process.execPath, [BIN, 'nothing'], { cwd: folder }).status).toBe(2);
  });

  const older = findOlderNode();
  test.skipIf(older === undefined)(`an older Node (${older ?? 'none here: skipped'}) hands over to ours`, () => {
    expect(execFileSync(older!, [BIN, '--version'], { encoding: 'utf8' })).toBe(`${VERSION}\n`);
    expect(spawnSync(older!, [BIN, 'nothing']).status).toBe(2);
  });

  test.skipIf(older === undefined)('an interrupt reaches it through an older Node', async () => {
    // Reading a pipe that nobody writes to keeps the command busy.
    execFileSync('mkfifo', [join(folder, 'policies/pipe.yaml')]);
    const child = spawn(older!, [BIN, 'validate', 'policies/pipe.yaml'], { cwd: folder, stdio: 'ignore' });
    const ended = new Promise((resolve) => {
      child.on('exit', (code, signal) => resolve(code ?? signal));
    });
    // Opening it for writing waits until the command has opened it for reading.
    const pipe = await open(join(folder, 'policies/pipe.yaml'), 'w');
    child.kill('SIGTERM');
    expect(await ended).toBe(143);
    await pipe.close();
  });
});

describe('verify without --load', () => {
  test.each([
    [['--rate', '5'], '--rate'],
    [['--for', '1m'], '--for'],
    [['--yes', '--at-most', '10000', '--component', 'a'], '--at-most, --component, --yes'],
    [['--concurrency', '1', '--body', 'x', '--content-type', 'text/plain'], '--concurrency, --body, --content-type'],
  ])('refuses %j: nothing would be sent', async (words, named) => {
    expect(await command('verify', 'chat', ...words)).toEqual({
      code: 2,
      out: '',
      err: `${named}: only together with --load\n`,
    });
  });
});

/** A Node before 24 on this machine, as a user may have. */
function findOlderNode(): string | undefined {
  const candidates = [
    '/usr/bin/node',
    '/usr/local/bin/node',
    ...(process.env['PATH'] ?? '').split(':').map((path) => join(path, 'node')),
  ];
  return candidates.find((candidate) => {
    if (!existsSync(candidate)) return false;
    const { stdout } = spawnSync(candidate, ['--version'], { encoding: 'utf8' });
    return Number(/^v(\d+)/.exec(stdout ?? '')?.[1] ?? 99) < 24;
  });
}
