import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asynchronous, idle, office, officeHours, queueOnly, realTime } from '../story/fleet.ts';
import { type Answer, FAULTY_KEY, type ServedAccount, serveScenario } from '../support/served-account.ts';

let account: ServedAccount;
const person = { kind: 'person', name: 'someone' } as const;

/** Monday evening in Berlin: outside office hours. */
beforeAll(async () => {
  account = await serveScenario({
    start: '2026-03-02T00:00:00+01:00',
    for: '21h',
    region: 'eu-central-1',
    schedules: { office, evening: { timezone: 'Europe/Berlin', open: [{ from: '19:00', to: '06:00' }] } },
    policies: {
      hours: officeHours(),
      lazy: {
        capacity: [
          { during: 'office', min: 1, max: 2 },
          // biome-ignore lint/suspicious/noThenProperty: the grammar's own word
          { during: 'evening', then: 'leave' },
        ],
        otherwise: 'zero',
        zero: { by: 'park' },
      },
      'up-only': { otherwise: { min: 1, max: 1 }, zero: { by: 'park' } },
      spare: idle('30m'),
      alarms: idle('30m', { wake: { on: ['alarm:orders'] } }),
      never: { otherwise: { min: 1, max: 2 } },
      queue: queueOnly,
      brief: { ...queueOnly, wake: { on: ['backlog'], backlogPerInstance: 5, requestTtl: '2h' } },
    },
    endpoints: {
      Chat: realTime('hours'),
      desk: realTime('lazy'),
      busy: realTime('lazy'),
      steady: realTime('up-only'),
      guarded: realTime('lazy', { tags: { 'endpoint-scaler:protect': 'true' } }),
      search: realTime('spare'),
      deaf: realTime('alarms'),
      checkout: realTime('never'),
      shortlived: asynchronous('brief', { requestTtl: '2h' }),
      transcribe: asynchronous('queue', { traffic: { perMinute: 2 } }),
    },
  });
});
afterAll(() => account.close());

const statusOf = async (name: string) => (await account.json(['status', name])).endpoints[0];

/** Lets simulated time pass in small steps, for as long as the command runs. */
async function whileTimePasses(command: Promise<Answer>): Promise<Answer> {
  let done = false;
  const finished = command.finally(() => {
    done = true;
  });
  while (!done) {
    await account.advance('2m');
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  return finished;
}

describe('hold and unhold', () => {
  it('brings a parked endpoint back, and lets it go when the hold ends', async () => {
    const answer = await account.command(['hold', 'search', 'up', '--until', '+40m', '--why', 'load test']);
    expect(answer).toMatchObject({ code: 0, err: '' });
    expect(answer.out).toMatch(/^search: held up until 2026-03-02T20:40.* by ada \(AKIAOPERATOR\): load test\n$/);
    await account.advance('15m');
    expect(await statusOf('search')).toMatchObject({
      phase: 'up',
      status: 'InService',
      hold: { mode: 'up', by: 'ada (AKIAOPERATOR)' },
    });
    await account.advance('1h');
    expect(await statusOf('search')).toMatchObject({ phase: 'parked', hold: null });
  });

  it('replaces a hold only when told so, and ends one', async () => {
    await account.command([
      'hold',
      'Chat',
      'hands-off',
      '--until',
      '2026-03-03T12:00:00Z',
      '--why',
      'migration',
      '--by',
      'eve',
    ]);
    const refused = await account.command(['hold', 'chat', 'up', '--until', '+1h', '--why', 'x']);
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(
      /^--replace: hands-off until 2026-03-03T12:00:00\.000Z by eve: migration: one hold per endpoint/,
    );
    const { hold, replaced } = await account.json([
      'hold',
      'chat',
      'down',
      '--until',
      '+1h',
      '--why',
      'x',
      '--replace',
    ]);
    expect(hold).toMatchObject({ endpoint: 'Chat', mode: 'down', by: 'ada (AKIAOPERATOR)' });
    expect(replaced).toMatchObject({ mode: 'hands-off', by: 'eve' });
    expect(await account.json(['unhold', 'Chat'])).toMatchObject({ ended: { mode: 'down' } });
    expect(await account.command(['unhold', 'Chat'])).toEqual({ code: 1, out: '', err: 'Chat: no hold is in force\n' });
  });

  it.each([
    [['hold', 'Chat', 'sideways', '--until', '+1h', '--why', 'x'], 2, 'Allowed choices are up, down, hands-off'],
    [['hold', 'Chat', 'up', '--until', '+1h'], 2, "required option '--why <text>'"],
    [['hold', 'Chat', 'up', '--until', '+1h', '--why', ' '], 2, '--why:  : a reason'],
    [['hold', 'Chat', 'up', '--until', 'noon', '--why', 'x'], 2, '--until: noon: an instant in ISO form'],
    [['hold', 'Chat', 'up', '--until', '+31d', '--why', 'x'], 2, 'at most 30 days'],
    [['hold', 'Chat', 'up', '--until', '2026-03-01T00:00:00Z', '--why', 'x'], 2, 'an instant after'],
    [['hold', 'checkout', 'down', '--until', '+1h', '--why', 'x'], 1, 'does not say `zero: { by: park }`'],
    [['hold', 'transcribe', 'down', '--until', '+1h', '--why', 'x'], 1, 'an empty queue:'],
    [['hold', 'shortlived', 'down', '--until', '+3h', '--why', 'x'], 2, 'requests that come meanwhile would expire in'],
    [['hold', 'nobody', 'up', '--until', '+1h', '--why', 'x'], 1, 'endpoint: nobody: an endpoint of the fleet'],
  ])('refuses %j', async (args, code, expected) => {
    const answer = await account.command(args);
    expect(answer).toMatchObject({ code, out: '' });
    expect(answer.err).toContain(expected);
  });
});

describe('wake', () => {
  it('waits until the endpoint is in service and restored', async () => {
    const answer = await whileTimePasses(
      account.command(['wake', 'search', '--why', 'demo', '--wait', '--every', '1s', '--timeout', '40m']),
    );
    expect(answer.code).toBe(0);
    expect(answer.out).toMatch(/^search: in service and restored after \d+m\n$/);
    // Which of the steps a look falls on is chance; that it waits through the start is not.
    expect(answer.err).toMatch(/SageMaker says Creating\n(.*\n)*.*up, SageMaker says InService/);
    const [search] = (await account.json(['status', 'search'])).endpoints;
    expect(search).toMatchObject({
      phase: 'up',
      status: 'InService',
      demand: [{ source: 'request', by: 'ada (AKIAOPERATOR)', why: 'demo' }],
    });
  });

  it('is not undone by a park a moment later', async () => {
    const answer = await account.command(['park', 'search']);
    expect(answer).toMatchObject({ code: 1, out: '' });
    expect(answer.err).toMatch(
      /^search: not parked: it has not been up long enough yet \(minimum-uptime, inServiceSince/,
    );
  });

  it('answers at once for one that is up, and asks all the same', async () => {
    const answer = await account.json(['wake', 'search', '--wait']);
    expect(answer).toMatchObject({ endpoint: 'search', phase: 'up', status: 'InService', waitedSeconds: 0 });
  });

  it('gives up waiting after the timeout, and says that the wake goes on', async () => {
    const { world, clock } = account.run.aws;
    const shortage = {
      instanceType: 'ml.g5.2xlarge',
      from: clock.now(),
      until: clock.now() + 3_600_000,
      failsAfterMs: 900_000,
    };
    world.addShortage(shortage);
    const answer = await whileTimePasses(
      account.command(['wake', 'Chat', '--wait', '--timeout', '20m', '--every', '1s']),
    );
    expect(answer).toMatchObject({ code: 1, out: '' });
    expect(answer.err).toMatch(
      /Chat: not in service after 2\dm: waking, SageMaker says \w+, last start failed \(capacity\): .*; it goes on without this command/,
    );
    const other = await account.json(['wake', 'Chat']);
    expect(other).toMatchObject({ endpoint: 'Chat', asked: true, phase: 'waking' });
    for (let minutes = 0; (await statusOf('Chat')).phase !== 'up'; minutes += 10) {
      expect(minutes).toBeLessThan(90);
      await account.advance('10m');
    }
  });

  it.each([
    ['transcribe', 'policy queue wakes on backlog, not on requests: hold it up instead'],
    ['deaf', 'policy alarms wakes on alarm:orders, not on requests: hold it up instead'],
  ])('refuses what would come to nothing: %s', async (name, expected) => {
    expect(await account.command(['wake', name])).toEqual({ code: 1, out: '', err: `${name}: ${expected}\n` });
  });

  it('is refused while a hold outranks it', async () => {
    await account.command(['hold', 'deaf', 'hands-off', '--until', '+1h', '--why', 'audit', '--by', 'eve']);
    const answer = await account.command(['wake', 'deaf']);
    expect(answer.err).toBe('deaf: held hands-off by eve (audit), which outranks a request: end the hold first\n');
    await account.command(['unhold', 'deaf']);
  });

  it('names the permission that is missing', async () => {
    const message =
      'User: u is not authorized to perform: events:PutEvents on resource: arn:aws:events:eu-central-1:123456789012:event-bus/default';
    account.run.aws.addCallFault({
      from: 0,
      until: undefined,
      calls: 'EventBridge.PutEvents',
      share: 1,
      error: { code: 'AccessDeniedException', message },
    });
    const answer = await account.command(['wake', 'search'], { AWS_ACCESS_KEY_ID: FAULTY_KEY });
    expect(answer).toMatchObject({ code: 1, out: '' });
    expect(answer.err).toContain(
      'AWS refused events:PutEvents on arn:aws:events:eu-central-1:123456789012:event-bus/default to u',
    );
  });
});

describe('park', () => {
  it('has an idle endpoint parked that the calendar leaves alone, and it stays parked', async () => {
    const deleted: string[] = [];
    account.run.aws.onCall(({ operation, input }) => {
      if (operation === 'DeleteEndpoint') deleted.push(input.EndpointName);
    });
    const answer = await whileTimePasses(account.command(['park', 'desk', '--wait', '--every', '1s']));
    expect(answer.code).toBe(0);
    expect(answer.out).toMatch(/^desk: parked after \d+m, held down until /);
    expect(deleted.filter((name) => name === 'desk')).toHaveLength(1);
    await account.advance('2h');
    expect(await statusOf('desk')).toMatchObject({
      phase: 'parked',
      hold: null,
      holds: [{ mode: 'down', why: 'parked by hand' }],
    });
  });

  it.each([
    ['guarded', /^guarded: not parked: .*protect tag.* \(protected\)\n$/],
    ['checkout', /^checkout: not parked: policy never does not say `zero: { by: park }`\n$/],
    ['transcribe', /^transcribe: not parked: an endpoint of kind async is never parked; hold it down instead\n$/],
    ['desk', /^desk: not parked: it is parked already\n$/],
    ['steady', /^steady: not parked: its calendar wants it up \(.*\): say with --until how long/],
  ])('refuses with the reason: %s', async (name, expected) => {
    const before = (await statusOf(name)).holds.length;
    const answer = await account.command(['park', name]);
    expect(answer).toMatchObject({ code: 1, out: '' });
    expect(answer.err).toMatch(expected);
    expect((await statusOf(name)).holds).toHaveLength(before);
  });

  it('refuses one that was used a moment ago, and says when it can be idle', async () => {
    account.run.aws.world.inject('busy', 3);
    await account.advance('3m');
    const answer = await account.command(['park', 'busy']);
    expect(answer).toMatchObject({ code: 1, out: '' });
    expect(answer.err).toMatch(/^busy: not parked: it was used at .*; idle at .* at the earliest\n$/);
  });

  it('refuses one that could not be recreated', async () => {
    await account.command(['hold', 'deaf', 'up', '--until', '+2h', '--why', 'x']);
    await account.advance('50m');
    await account.command(['unhold', 'deaf']);
    account.run.aws.call(person, 'SageMaker', 'DeleteModel', { ModelName: 'deaf' });
    const answer = await account.command(['park', 'deaf']);
    expect(answer).toMatchObject({ code: 1, out: '' });
    expect(answer.err).toContain('is gone (dependency-missing, model deaf)');
  });

  it('needs a word to take away what the calendar wants up', async () => {
    // Tuesday, in office hours.
    const { clock } = account.run.aws;
    await account.advance(`${Math.ceil((Date.parse('2026-03-03T11:00:00Z') - clock.now()) / 60_000)}m`);
    const refused = await account.command(['park', 'Chat']);
    expect(refused.err).toBe(
      'Chat: not parked: its calendar wants it up (1..2 during office): say with --until how long it may be away all the same\n',
    );
    const { hold } = await account.json(['park', 'Chat', '--until', '+3h', '--why', 'lunch']);
    expect(hold).toMatchObject({ mode: 'down', why: 'lunch' });
    await account.advance('10m');
    expect(await statusOf('Chat')).toMatchObject({ phase: 'parked' });
    await account.advance('2h51m');
    expect(await statusOf('Chat')).toMatchObject({ phase: 'up', status: 'InService', late: null });
  });
});

describe('give-back and forget', () => {
  it('wakes, then leaves alone', async () => {
    await account.advance('8h');
    expect(await statusOf('Chat')).toMatchObject({ phase: 'parked' });
    const answer = await account.command(['give-back', 'Chat']);
    expect(answer.out).toBe(
      'Chat: given back: it is parked, is woken first and then left as it is; remove the tag endpoint-scaler:policy to end the enrolment\n',
    );
    await account.advance('3h');
    expect(await statusOf('Chat')).toMatchObject({
      phase: 'up',
      status: 'InService',
      ruling: { reason: 'give-back' },
      givenBack: expect.any(String),
    });
  });

  it('forgets only with --yes, and says what that loses', async () => {
    const { phase } = await statusOf('search');
    expect(phase).toBe('parked');
    const asked = await account.command(['forget', 'search']);
    expect(asked).toMatchObject({ code: 2, out: '' });
    expect(asked.err).toContain('nothing wakes it any more');
    expect(await statusOf('search')).toMatchObject({ phase: 'parked' });
    expect(await account.json(['forget', 'search', '--yes'])).toEqual({
      endpoint: 'search',
      forgotten: true,
      phase: 'parked',
      recipes: expect.arrayContaining([1]),
    });
    expect((await account.command(['status', 'search'])).code).toBe(1);
    await account.advance('1h');
    expect((await account.command(['status', 'search'])).code).toBe(1);
  });
});
