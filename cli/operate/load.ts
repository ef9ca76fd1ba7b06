import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { nearest } from '../../shared/documents/problem.ts';
import { SECOND } from '../../shared/domain/time.ts';
import type { Account } from '../account/connect.ts';
import { type EndpointLook, lookAtAll, lookAtTargets, readFleet } from '../account/fleet.ts';
import { confirm } from '../confirm.ts';
import type { Finding } from '../doctor/finding.ts';
import { driveLoad, percentile, type Tally } from '../load/drive.ts';
import { type LoadOptions, type ReadPlan, readPlan } from '../load/plan.ts';
import { look, startOfWatch, type Watched } from '../load/watch.ts';
import type { Io } from '../output.ts';
import { CliError, EXIT, formatTable, writeJson } from '../output.ts';
import { countOf, printable } from '../printable.ts';
import { formatAge } from '../times.ts';
import { describeFindings } from './doctor.ts';
import { headJson } from './status.ts';

const LOOK_EVERY = 10 * SECOND;
const NAP = 200;
/** A real-time caller waits a minute. */
const ANSWER_WITHIN = 65 * SECOND;

/** Loads one endpoint from this machine, bounded and confirmed, and tells whether it scaled as its policy says. */
export async function loadEndpoint(account: Account, io: Io, name: string, options: LoadOptions): Promise<void> {
  const plan = readPlan(io, options);
  const fleet = await readFleet(account, [name]);
  const [target] = await lookAtAll(account, fleet);
  if (target === undefined) return;
  refuseUnfit(target, options);
  const aims = aimsOf(await lookAtTargets(account, fleet, target), options);
  const { endpoint } = target.record;
  if (!(await confirm(io, options.yes, `Send ${describePlan(plan)} to ${printable(endpoint)}?`))) {
    io.note('nothing was sent');
    return;
  }
  const { tally, watched, seconds, stopped } = await run(account, io, aims, plan, options.component);
  const findings = judge(aims, tally, watched);
  const latency = Object.fromEntries(
    [0.5, 0.95, 0.99, 1].map((share) => [
      share === 1 ? 'max' : `p${share * 100}`,
      percentile(tally.answeredMs, share) ?? null,
    ]),
  );
  const { first = 0, highest } = watched.desired;
  const result = {
    sent: tally.sent,
    answered: tally.answeredMs.length,
    failed: Object.fromEntries(tally.failures),
    held: tally.held,
    seconds,
    stopped,
    latencyMs: latency,
    desired: { before: first, highest },
    findings,
  };
  if (options.json !== undefined) writeJson(io, options.json, { ...headJson(account, fleet.now), endpoint, ...result });
  if (options.json !== '-') io.out(describe(result));
  if (stopped) io.exitWith(EXIT.interrupted);
  else if (findings.some(({ level }) => level === 'error')) io.exitWith(EXIT.failed);
}

function refuseUnfit({ record, status }: EndpointLook, { component }: LoadOptions): void {
  const endpoint = printable(record.endpoint);
  const refuse = (why: string) => new CliError(EXIT.failed, `${endpoint}: ${why}; nothing was sent`);
  if (record.kind === 'async') {
    throw refuse(
      'asynchronous endpoints take their requests from S3: put some with InvokeEndpointAsync, and look with `verify`',
    );
  }
  if (record.kind === 'components' && component === undefined) {
    throw refuse('requests go to an inference component: name it with --component');
  }
  if (record.kind !== 'components' && component !== undefined) {
    throw refuse(`--component: ${printable(component)}: it has no inference components`);
  }
  if (record.phase !== 'up' || status !== 'InService') throw refuse(`it is ${record.phase}, SageMaker says ${status}`);
}

/** What the requests reach: the component that is asked, else all variants. */
function aimsOf(targets: readonly EndpointLook[], { component }: LoadOptions): readonly EndpointLook[] {
  if (component === undefined) return targets;
  const aim = targets.filter(({ record }) => record.part?.name.toLowerCase() === component.toLowerCase());
  if (aim.length > 0) return aim;
  const names = targets.flatMap(({ record }) => record.part?.name ?? []);
  const near = nearest(component, names);
  const hint = near === undefined ? '' : ` (did you mean ${printable(near)}?)`;
  const allowed = `one of its inference components: ${printable(names.join(', '))}${hint}`;
  throw new CliError(EXIT.failed, `--component: ${printable(component)}: ${allowed}; nothing was sent`);
}

function describePlan({ pace, durationMs, atMost }: ReadPlan): string {
  const how = 'rate' in pace ? `${pace.rate} requests a second` : `${pace.concurrency} requests at once`;
  return `${how} for ${formatAge(durationMs)}, at most ${atMost} in all,`;
}

interface LoadRun {
  readonly tally: Tally;
  readonly watched: Watched;
  readonly seconds: number;
  readonly stopped: boolean;
}

async function run(
  account: Account,
  io: Io,
  aims: readonly EndpointLook[],
  plan: ReadPlan,
  component: string | undefined,
): Promise<LoadRun> {
  const records = aims.map(({ record }) => record);
  const tally: Tally = { sent: 0, answeredMs: [], failures: new Map(), held: 0 };
  const watch = { watched: startOfWatch(), since: account.now(), told: new Map<string, string>() };
  const controller = new AbortController();
  const forget = io.onInterrupt(() => {
    io.note('stopping: what is under way is given up');
    controller.abort();
  });
  let over = false;
  const nap = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0 && !over && !controller.signal.aborted; left -= NAP)
      await account.sleep(Math.min(NAP, left));
  };
  const watching = async (): Promise<void> => {
    while (!over && !controller.signal.aborted) {
      await look(account, io, records, watch);
      io.progress(`${tally.sent} sent, ${tally.answeredMs.length} answered`);
      await nap(LOOK_EVERY);
    }
  };
  const send = senderOf(account, records[0]?.endpoint ?? '', plan, component, controller.signal);
  const started = performance.now();
  try {
    const watcher = watching();
    const parts = { send, now: () => performance.now(), sleep: nap, isStopped: () => controller.signal.aborted };
    await driveLoad(plan, parts, tally);
    over = true;
    await watcher;
    if (!controller.signal.aborted) await look(account, io, records, watch);
  } finally {
    over = true;
    forget();
  }
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  return { tally, watched: watch.watched, seconds, stopped: controller.signal.aborted };
}

function senderOf(
  { runtime }: Account,
  EndpointName: string,
  { body, contentType }: ReadPlan,
  component: string | undefined,
  abortSignal: AbortSignal,
): () => Promise<string | undefined> {
  const client = runtime.clientOf(SageMakerRuntimeClient, { sentOnce: true });
  const request = { EndpointName, Body: body, ContentType: contentType, InferenceComponentName: component };
  return async () => {
    try {
      await client.send(new InvokeEndpointCommand(request), { abortSignal, requestTimeout: ANSWER_WITHIN });
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.name : 'unknown';
    }
  };
}

/** What the policy says of this load: more instances or copies where an alarm asked for them, and none above the maximum. */
function judge(aims: readonly EndpointLook[], { answeredMs, failures }: Tally, watched: Watched): readonly Finding[] {
  const check = 'load';
  const { first = 0, highest } = watched.desired;
  const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
  const findings: Finding[] = [];
  if (failed > 0) {
    const found = `${failed} of ${failed + answeredMs.length} requests failed`;
    findings.push({
      level: answeredMs.length === 0 ? 'error' : 'warning',
      check,
      found,
      advice: 'the codes say why; look into the log of the container',
    });
  }
  const maxima = aims.map(({ ruling, target }) => ruling.bounds?.max ?? target?.max ?? Number.POSITIVE_INFINITY);
  const max = maxima.reduce((sum, one) => sum + one, 0);
  const record = aims[0]?.record;
  const size =
    record?.kind === 'serverless'
      ? `provisioned concurrency ${first}`
      : countOf(first, record?.part?.dimension === 'copies' ? 'copies' : 'instances');
  if (highest > max && highest > first) {
    return [...findings, { level: 'error', check, found: `it scaled to ${highest}, above the maximum of ${max}` }];
  }
  if (highest > first) return [...findings, { level: 'ok', check, found: `it scaled out from ${first} to ${highest}` }];
  if (aims.every(({ record }) => (record.policy?.scaling.length ?? 0) === 0)) {
    return [...findings, { level: 'ok', check, found: `${size} throughout: the policy names no scaling policies` }];
  }
  if (watched.rang.size === 0) {
    const advice = 'load it harder or longer: a minute’s metrics take three minutes to ring, concurrency one';
    return [...findings, { level: 'warning', check, found: `no alarm asked for more; ${size} throughout`, advice }];
  }
  if (first >= max) {
    return [...findings, { level: 'ok', check, found: `an alarm asked for more, and it is at its maximum of ${max}` }];
  }
  const why = [...watched.activities.values()].at(-1);
  const found = `an alarm asked for more than ${first}, and nothing was added${why === undefined ? ' yet' : `: ${why}`}`;
  return [...findings, { level: 'error', check, found, advice: '`verify` says what keeps it' }];
}

function describe(result: {
  readonly sent: number;
  readonly answered: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly held: number;
  readonly seconds: number;
  readonly latencyMs: Readonly<Record<string, number | null>>;
  readonly findings: readonly Finding[];
}): string {
  const latency = Object.entries(result.latencyMs).map(
    ([name, ms]) => `${name} ${ms === null ? '-' : `${Math.round(ms)} ms`}`,
  );
  const failed = Object.entries(result.failed).map(([code, count]) => `${count} ${printable(code)}`);
  const rows = [
    [
      'sent',
      `${result.sent} in ${result.seconds} s${result.held === 0 ? '' : `, ${result.held} of them held back by those under way`}`,
    ],
    ['answered', `${result.answered}`],
    ['failed', failed.join(', ') || '0'],
    ['latency', latency.join(', ')],
  ];
  return `${formatTable(rows)}\n${describeFindings(result.findings)}`;
}
