import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { type LocalAws, startLocalAws } from '../../scripts/local/local-aws.ts';
import { whyNoMinistack } from '../../scripts/local/ministack.ts';
import { copyCheckout } from '../../scripts/local/sam.ts';
import { aws, DeployedStack, eventually } from '../support/deployed-stack.ts';
import { argumentsInReadme, changePolicy, putDocuments, putEvent, requestWake } from '../support/deployment-inputs.ts';
import { deployAnything, deploymentSteps, shell } from '../support/deployment-job.ts';
import { createLocalFleet, type LocalFleet } from '../support/local-fleet.ts';
import { checkOutPrevious, type PreviousRelease } from '../support/previous-release.ts';

const missing = whyNoMinistack();
if (missing !== undefined) process.stderr.write(`skipped: the deployment to a local AWS: ${missing}\n`);

/** The stack that is upgraded: another prefix, beside the first one in the same account. */
const EARLIER = ['--stack-name', 'earlier', '--parameter-overrides', 'TagPrefix=earlier'];
const PARKED = ['Chat', 'Search', 'Index', 'Vision'];
const LEFT_TABLE = 'left-behind';
const MINISTACK_LOG = 'out/ministack.log';
let local: LocalAws;
let fleet: LocalFleet;
let stack: DeployedStack;
let earlier: DeployedStack;
let previous: PreviousRelease;
let checkout: string;
let parkingSince = 0;
let owned: unknown;
const begun = Date.now();

function tell(text: string): void {
  process.stdout.write(`[${String(Math.round((Date.now() - begun) / 1000)).padStart(3)} s] ${text}\n`);
}

/** Both functions look at the fleet; for the first time they enrol what is tagged. */
async function tickBoth(of: DeployedStack): Promise<void> {
  await of.tick('ScheduledScaling');
  await of.tick('IdleWindows');
}

const inPhase = (of: DeployedStack, endpoint: string, phase: string, seconds: number): Promise<boolean> =>
  eventually(
    `${endpoint} in phase ${phase}`,
    seconds,
    async () => (await of.record(endpoint))?.phase === phase || undefined,
  );

const withStatus = (endpoint: string, status: string, seconds: number): Promise<boolean> =>
  eventually(`${endpoint} ${status}`, seconds, async () => (await fleet.status(endpoint)) === status || undefined);

function leaveOut(skip: TestContext['skip'], reason: string): void {
  tell(`skipped: the upgrade: ${reason}`);
  skip(reason);
}

let failedStep: string | undefined;

/** Each step stands on the one before: after one that failed, the others only say so. */
function step(name: string, work: (context: TestContext) => Promise<void>): void {
  it(name, async (context) => {
    if (failedStep !== undefined) throw new Error(`not reached: failed before: ${failedStep}`);
    failedStep = name;
    await work(context);
    failedStep = undefined;
  });
}

describe.skipIf(missing !== undefined)('deployed to ministack, with SageMaker simulated', () => {
  beforeAll(async () => {
    local = await startLocalAws();
    fleet = createLocalFleet(local, ['Chat', 'Rank', 'Search', 'Index', 'Vision'], ['Transcribe']);
    stack = new DeployedStack(local, 'endpoint-scaler');
    earlier = new DeployedStack(local, 'earlier');
    checkout = copyCheckout(join(local.folder, 'checkout'));
    previous = await checkOutPrevious(join(local.folder, 'previous'));
    tell(`ministack ${local.ministack.url}, simulator ${local.account.url}`);
  });

  afterAll(async () => {
    if (failedStep !== undefined) {
      mkdirSync('out', { recursive: true });
      copyFileSync(local.ministack.log, MINISTACK_LOG);
      tell(`the log of ministack and the functions is in ${MINISTACK_LOG}`);
    }
    await local?.stop();
  });

  step('is created by the commands of the README', async () => {
    const args = argumentsInReadme('sam build && sam deploy --guided');
    for (const line of await stack.build(checkout)) tell(`left out for ministack: ${line}`);
    const { output } = await stack.deploy(...args);
    tell(`sam build && sam deploy ${args.join(' ')}`);
    expect(args).toContain('Mode=dry-run');
    expect(output).toContain('Successfully created/updated stack - endpoint-scaler');
    const types = stack.resources.map(({ ResourceType }) => ResourceType);
    expect(types.filter((type) => type === 'AWS::Lambda::Function')).toHaveLength(3);
    expect(types.filter((type) => type === 'AWS::Scheduler::Schedule')).toHaveLength(2);
    expect(types.filter((type) => type === 'AWS::Events::Rule').length).toBeGreaterThanOrEqual(4);
  });

  step('reports in dry-run what it would park, and parks nothing', async () => {
    await putDocuments(local, 'endpoint-scaler');
    await fleet.giveScaling('Chat');
    await fleet.enrol('Chat', 'endpoint-scaler', 'parked');
    await fleet.enrol('Transcribe', 'endpoint-scaler', 'queue');
    await tickBoth(stack);
    const told = (await stack.logs('IdleWindows')).filter(({ logType }) => logType === 'decision');
    expect(told).toContainEqual(
      expect.objectContaining({ endpoint: 'Chat', decision: 'park', reason: 'mode-dry-run' }),
    );
    expect(await stack.record('Chat')).toMatchObject({ phase: 'up', policyName: 'parked' });
    expect(await fleet.status('Chat')).toBe('InService');
    tell('enrolled by tag; dry-run would park Chat');
  });

  step('keeps an event whose runs all fail in the failure queue', async () => {
    // A record that no run can work on.
    const body = JSON.stringify({ endpoint: 'Broken', phase: 'of-no-version', demand: [], nextAt: {} });
    const key = { pk: { S: 'fleet' }, sk: { S: 'broken' } };
    await stack.putItem({ ...key, schemaVersion: { N: '1' }, version: { N: '1' }, body: { S: body } });
    const event = {
      source: 'aws.sagemaker',
      'detail-type': 'SageMaker Endpoint State Change',
      detail: { EndpointName: 'Broken', EndpointStatus: 'FAILED' },
    };
    // As EventBridge does it; ministack's own runs a function once and forgets what came of it.
    await stack.invokeLater('IdleWindows', event);
    const queue = stack.physicalId('FailedRuns');
    const message = await eventually('a message in the failure queue', 20, async () => {
      const { Messages } = await aws(local, 'sqs', 'receive-message', '--queue-url', queue);
      return (Messages as { Body: string }[] | undefined)?.[0];
    });
    expect(JSON.parse(message.Body)).toMatchObject({
      requestPayload: event,
      requestContext: { condition: 'RetriesExhausted' },
    });
    const failures = (await stack.logs('IdleWindows')).filter(
      ({ logType, endpoint }) => logType === 'problem' && endpoint === 'Broken',
    );
    expect(new Set(failures.map(({ runId }) => runId)).size).toBeGreaterThanOrEqual(3);
    await stack.removeItem(key);
    tell('a failing event: three runs, then the failure queue');
  });

  step('takes a change of a parameter, by the command of the README, and keeps it', async () => {
    const args = argumentsInReadme('sam deploy --parameter-overrides Mode=on');
    const { output } = await stack.deploy(...args);
    expect(output).toContain('Successfully created/updated stack - endpoint-scaler');
    tell(`sam deploy ${args.join(' ')}`);
  });

  step('stands beside the release before, which has a prefix of its own', async ({ skip }) => {
    if ('missing' in previous) return leaveOut(skip, previous.missing);
    await earlier.build(previous.folder);
    await earlier.deploy(...EARLIER);
    tell(`${previous.name} deployed beside it`);
    await putDocuments(local, 'earlier');
    await fleet.enrol('Rank', 'earlier', 'parked');
    await tickBoth(earlier);
    expect(await earlier.record('Rank')).toMatchObject({ phase: 'parking' });
    expect(await stack.record('Rank')).toBeUndefined();
  });

  step('parks what nobody uses: `parking` first, the deletion in a later run', async () => {
    for (const endpoint of ['Search', 'Index', 'Vision']) await fleet.enrol(endpoint, 'endpoint-scaler', 'parked');
    await changePolicy(local, 'parked', { minUp: '2m' });
    await tickBoth(stack);
    for (const endpoint of PARKED) expect(await stack.record(endpoint), endpoint).toMatchObject({ phase: 'parking' });
    parkingSince = Date.now();
    expect(await fleet.status('Chat')).toBe('InService');
    owned = await fleet.possessions('Chat');
    tell(`${PARKED.join(', ')} are parking`);
  });

  step('wakes an asynchronous endpoint when an alarm event comes over the bus', async () => {
    expect(await fleet.desired('Transcribe')).toBe(0);
    fleet.arrive('Transcribe', 4);
    const event = JSON.parse(readFileSync('events/alarm-own.json', 'utf8')) as { detail: { state: object } };
    const state = { ...event.detail.state, timestamp: new Date().toISOString() };
    await putEvent(local, {
      Source: 'aws.cloudwatch',
      DetailType: 'CloudWatch Alarm State Change',
      Detail: JSON.stringify({ ...event.detail, state }),
    });
    await eventually('capacity for Transcribe', 30, async () => (await fleet.desired('Transcribe')) > 0 || undefined);
    const scaled = await eventually('the log line of it', 30, async () =>
      (await stack.logs('BacklogWake')).find(({ decision }) => decision === 'scale'),
    );
    expect(scaled).toMatchObject({ endpoint: 'Transcribe', reason: 'backlog-wake', acted: true });
    tell('an alarm event: Transcribe has capacity');
  });

  step('changes nothing when nothing changed', async () => {
    // Were the mode of the first deployment still in samconfig.toml, this would go back to it.
    const { output } = await stack.deploy();
    expect(output).toContain('No changes to deploy');
    tell('sam deploy again: no changes');
  });

  step('runs on its own schedules, and deletes what is parking a function timeout later', async () => {
    const until = parkingSince + 61_000;
    await wait(Math.max(0, until - Date.now()));
    for (const id of ['ScheduledScaling', 'IdleWindows'] as const) {
      await eventually(
        `a tick of the schedule in ${id}`,
        30,
        async () => (await stack.scheduledTicks(id)) > 0 || undefined,
      );
    }
    tell('both schedules have ticked');
    await stack.tick('IdleWindows');
    if ('folder' in previous) {
      await earlier.tick('IdleWindows');
      await inPhase(earlier, 'Rank', 'parked', 20);
    }
    for (const endpoint of PARKED) {
      await inPhase(stack, endpoint, 'parked', 20);
      await withStatus(endpoint, 'Absent', 20);
    }
    tell(`${PARKED.join(', ')} are parked`);
  });

  step('wakes a parked endpoint on request, with everything it had', async () => {
    await requestWake(local, 'Chat');
    await inPhase(stack, 'Chat', 'up', 60);
    expect(await fleet.status('Chat')).toBe('InService');
    expect(await fleet.possessions('Chat')).toEqual(owned);
    tell('Chat is back');
  });

  step('upgrades from the release before, without replacing what holds state', async ({ skip }) => {
    if ('missing' in previous) return leaveOut(skip, previous.missing);
    const before = earlier.stateful();
    expect(before).toHaveProperty('StateTable');
    await earlier.build(checkout);
    await earlier.deploy(...EARLIER);
    expect(earlier.stateful()).toMatchObject(before);
    tell(`upgraded from ${previous.name}: ${Object.keys(before).join(', ')} are the same`);
    await requestWake(local, 'Rank');
    await inPhase(earlier, 'Rank', 'up', 60);
    expect(await fleet.status('Rank')).toBe('InService');
    tell('Rank, parked by the release before, is back');
  });

  step('has a parked endpoint there for a deployment, by the commands of docs/with-other-tools.md', async () => {
    expect(await fleet.status('Index')).toBe('Absent');
    const [before, after] = deploymentSteps('Index');
    await shell(local, `${before}\n${deployAnything(local)}`);
    expect(await fleet.status('Index')).toBe('InService');
    expect(await stack.hold('Index')).toMatchObject({ mode: 'up', why: 'deployment 17' });
    const { Stacks } = await aws(local, 'cloudformation', 'describe-stacks', '--stack-name', 'of-somebody');
    expect(Stacks).toEqual([expect.objectContaining({ StackStatus: 'CREATE_COMPLETE' })]);
    await shell(local, after);
    expect(await stack.hold('Index')).toBeUndefined();
    tell('woken and held for a deployment, and let go');
  });

  step('takes over the table of a stack that was deleted, and wakes what is parked in it', async () => {
    const items = await stack.copyTable(LEFT_TABLE);
    tell(`ministack deletes a retained table: ${items} items copied to ${LEFT_TABLE} before`);
    await stack.delete();
    expect(await fleet.status('Vision')).toBe('Absent');
    await stack.deploy('--parameter-overrides', 'Mode=on', `ExistingTable=${LEFT_TABLE}`);
    expect(stack.tableName).toBe(LEFT_TABLE);
    expect(stack.resources.map(({ LogicalResourceId }) => LogicalResourceId)).not.toContain('StateTable');
    expect(await stack.record('Vision')).toMatchObject({ phase: 'parked' });
    await requestWake(local, 'Vision');
    await inPhase(stack, 'Vision', 'up', 60);
    expect(await fleet.status('Vision')).toBe('InService');
    tell('Vision, parked by the stack that was deleted, is back');
  });

  step('leaves no endpoint parked when it is removed', async () => {
    expect(await stack.record('Search')).toMatchObject({ phase: 'parked' });
    await stack.giveBackEverything();
    await stack.delete();
    for (const name of [...PARKED, 'Transcribe']) expect(await fleet.status(name), name).toBe('InService');
    // What its owner gave it is there; what the stack made is not.
    expect(await fleet.possessions('Chat')).toEqual(owned);
    expect(await fleet.alarms('endpoint-scaler-')).toEqual([]);
    tell('everything is back, the stack is gone');
  });
});
