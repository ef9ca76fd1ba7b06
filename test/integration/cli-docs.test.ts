import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actionOfTarget } from '../../cli/account/wire.ts';
import { asynchronous, idle, office, officeHours, queueOnly, realTime } from '../story/fleet.ts';
import { type Moto, startMoto } from '../support/moto.ts';
import { makeImage, makeObjects, makeRole, makeUser, motoEnvironment } from '../support/moto-belongings.ts';
import { type ServedAccount, serveScenario } from '../support/served-account.ts';

const PAGE = 'docs/cli.md';
const page = readFileSync(PAGE, 'utf8');
const BLOCK = /```console\n([\s\S]*?)```/g;
/** `REFRESH_DOCS=1` writes what the commands say now into the page. */
const REFRESH = process.env['REFRESH_DOCS'] === '1';

let account: ServedAccount;
const performed = new Set<string>();
let moto: Moto;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  account = await serveScenario({
    start: '2026-03-02T00:00:00+01:00',
    for: '21h',
    region: 'eu-central-1',
    schedules: { office },
    policies: {
      'chat-dev': officeHours({ wake: { on: ['request'], fallbackConfigs: ['search'] } }),
      spare: idle('30m'),
      transcribe: queueOnly,
    },
    endpoints: {
      chat: realTime('chat-dev'),
      search: realTime('spare'),
      transcribe: asynchronous('transcribe'),
    },
  });
  account.run.aws.onCall(({ caller, service, operation }) => {
    if (caller.kind === 'person') performed.add(actionOfTarget(`${service}.${operation}`));
  });
  env = await makeSurroundings();
});
afterAll(async () => {
  await account?.close();
  await moto?.stop();
});

/** What doctor finds outside SageMaker, and somebody called ada, are in somebody else's AWS. */
async function makeSurroundings(): Promise<Record<string, string>> {
  moto = await startMoto();
  const owner = { region: 'eu-central-1', moto };
  const names = ['chat', 'search', 'transcribe'];
  for (const name of names) {
    await makeRole(owner, `${name}-execution`);
    await makeImage(owner, name, 'latest');
  }
  const data = names.map((name) => `${name}/model.tar.gz`);
  await makeObjects(owner, 'models-123456789012', data);
  return { ...motoEnvironment(moto), ...(await makeUser(owner, 'ada')) };
}

interface Example {
  readonly command: string;
  readonly shown: string;
}

function examplesOf(block: string): readonly Example[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [command = '', ...lines] = text.split('\n');
      return { command, shown: lines.join('\n') };
    });
}

function wordsOf(command: string): readonly string[] {
  const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  expect(words[0]).toBe('endpoint-scaler');
  return words.slice(1);
}

/** What a run in real time cannot repeat: seconds that the command itself took, ids, and how far this machine's clock is off. */
function comparable(text: string): string {
  return text
    .replace(/(\d\d:\d\d):\d\d(?:\.\d+)?(?=Z| [+-])/g, '$1')
    .replace(/stack\/[0-9a-f-]{36}/g, 'stack/<id>')
    .replace(/clock is \S+ (ahead of|behind)/g, 'clock is <age> off')
    .replace(/after \d+m\b/g, 'after <age>')
    .replace(/inServiceSince [^)]*/g, 'inServiceSince <then>')
    .replace(/\d+ runs/g, '<n> runs')
    .replace(/(\d\.\d)\d USD/g, '$1_ USD')
    .replace(/ +→/g, ' →')
    .trimEnd();
}

/** Simulated time passes only under commands that wait. */
async function run(command: string): Promise<string> {
  let done = false;
  const running = account.process(wordsOf(command), env).finally(() => {
    done = true;
  });
  while (!done && command.includes('--wait')) {
    await account.advance('1m');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const { out, err } = await running;
  return `${err}${out}`;
}

describe(`the examples of ${PAGE}`, () => {
  const blocks = [...page.matchAll(BLOCK)].map(([, block = '']) => block);

  it('are there for every command that works on an account', () => {
    for (const command of [
      'status',
      'explain',
      'verify',
      'hold',
      'unhold',
      'wake',
      'park',
      'update',
      'give-back',
      'forget',
      'doctor',
      'apply',
      'recover',
      'uninstall',
    ]) {
      expect(blocks.some((block) => new RegExp(`^\\$ endpoint-scaler (--quiet )?${command}\\b`, 'm').test(block))).toBe(
        true,
      );
    }
  });

  it('show what the commands say, and the page lists every action that they perform', async () => {
    const answered: string[] = [];
    for (const block of blocks) {
      let text = '';
      for (const { command, shown } of examplesOf(block)) {
        const said = await run(command);
        if (!REFRESH) expect({ command, says: comparable(said) }).toEqual({ command, says: comparable(shown) });
        text += `$ ${command}\n${said.trimEnd()}\n`;
      }
      answered.push(text);
    }
    if (REFRESH)
      writeFileSync(
        PAGE,
        page.replace(BLOCK, () => `\`\`\`console\n${answered.shift()}\`\`\``),
      );
  });
});
