import type { CallPattern, ServiceName } from '../simulator/contract.ts';
import { PRIORITY } from '../simulator/contract.ts';
import { addFault } from './add-fault.ts';
import type { Api } from './api.ts';
import type { Fate } from './functions.ts';
import type { Happening } from './model.ts';
import { createOperator, type Operator } from './operator.ts';
import { type HappeningState, parameterOf, type UnscriptedRun } from './run.ts';

export interface Script {
  readonly states: readonly HappeningState[];
  /** What a scripted entry makes of this function after this call. */
  fateAfter(fn: string, call: CallPattern): Fate;
}

/** An entry that waits for the n-th matching call of a function. */
interface Ambush {
  readonly at: number;
  readonly function: string;
  readonly after: CallPattern;
  readonly nth: number;
  readonly fate: NonNullable<Fate>;
  seen: number;
  times: number;
}

/** Puts everything that the scenario says will happen on the clock. */
export function scheduleHappenings(run: UnscriptedRun): Script {
  const ambushes: Ambush[] = [];
  const operator = createOperator(run);
  const states = run.scenario.happens.map((happening) => schedule(run, operator, happening, ambushes));
  return {
    states,
    fateAfter: (fn, call) => {
      const now = run.aws.clock.now();
      for (const ambush of ambushes) {
        if (ambush.times > 0 || ambush.at > now || ambush.function !== fn || !matches(ambush.after, call)) continue;
        ambush.seen += 1;
        if (ambush.seen < ambush.nth) continue;
        ambush.times = 1;
        return ambush.fate;
      }
      return undefined;
    },
  };
}

function matches(pattern: CallPattern, call: string): boolean {
  if (pattern === '*') return true;
  const [service, operation] = pattern.split('.');
  const [calledService, calledOperation] = call.split('.');
  return (service === '*' || service === calledService) && (operation === '*' || operation === calledOperation);
}

function schedule(run: UnscriptedRun, operator: Operator, happening: Happening, ambushes: Ambush[]): HappeningState {
  const fault = addFault(run, happening);
  if (fault !== undefined) return { happening, times: () => fault.times(), answer: () => null };
  switch (happening.verb) {
    case 'crash':
    case 'stall': {
      const { at, function: fn, after, nth } = happening;
      const fate: Ambush['fate'] =
        happening.verb === 'crash' ? { kind: 'dies' } : { kind: 'hangs', ms: happening.durationMs };
      const ambush = { at, function: fn, after, nth, fate, seen: 0, times: 0 };
      ambushes.push(ambush);
      return { happening, times: () => ambush.times, answer: () => null };
    }
    case 'run':
      return startRuns(run, happening);
    default:
      return act(run, happening, actionOf(run, operator, happening));
  }
}

/** More runs of a function at one instant, side by side; `times` counts those that there was an event for. */
function startRuns(run: UnscriptedRun, happening: Extract<Happening, { verb: 'run' }>): HappeningState {
  let started = 0;
  const id = [...run.functions].find(([, fn]) => fn.name === happening.function)?.[0];
  run.aws.clock.at(happening.at, PRIORITY.script, () => {
    if (id === undefined) return;
    for (let n = 0; n < happening.count; n += 1) started += run.deployment.startAgain(id) ? 1 : 0;
  });
  return { happening, times: () => started, answer: () => null };
}

/** What an entry does at its instant; the value is its answer, a throw leaves `times` at 0 with the error as answer. */
type Action = () => Promise<unknown>;

function act(run: UnscriptedRun, happening: Happening, action: Action): HappeningState {
  let times = 0;
  let answer: unknown = null;
  const listeners: (() => void)[] = [];
  run.aws.clock.at(happening.at, PRIORITY.script, () => {
    void action().then(
      (value) => {
        times += 1;
        answer = value ?? null;
        for (const listener of listeners) listener();
      },
      (error: unknown) => {
        answer = { error: error instanceof Error ? { code: error.name, message: error.message } : String(error) };
      },
    );
  });
  return { happening, times: () => times, answer: () => answer, onDone: (listener) => listeners.push(listener) };
}

class Refused extends Error {
  constructor(code: string, message: string) {
    super(message);
    this.name = code;
  }
}

async function call(
  api: Api,
  service: ServiceName,
  operation: string,
  input: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const answer = await api(service, operation, input);
  if (!answer.ok) throw new Refused(answer.code, answer.message);
  return answer.value;
}

function actionOf(run: UnscriptedRun, operator: Operator, happening: Happening): Action {
  const { aws, person, tagPrefix } = run;
  switch (happening.verb) {
    case 'call':
      return async () => {
        const { service, operation, input } = happening;
        // Whoever asks for nothing first is first among all that happens at this instant.
        const arns = namesPolicy(input) ? await policyArns(person, input) : NONE;
        return call(person, service as ServiceName, operation, expandArns(input, run, arns));
      };
    case 'requests':
      return async () => {
        aws.world.inject(happening.endpoint, happening.count, happening.component);
      };
    case 'put': {
      const { kind, name, text } = happening;
      return async () => void (await call(person, 'SSM', 'PutParameter', parameterOf(tagPrefix, kind, name, text)));
    }
    case 'remove': {
      const { kind, name } = happening;
      return async () => void (await call(person, 'SSM', 'DeleteParameter', { Name: `/${tagPrefix}/${kind}/${name}` }));
    }
    case 'deploy':
      return async () => run.deployment.update(happening.parameters);
    case 'hold': {
      const { endpoint, mode, until, why } = happening;
      return () => operator.hold({ endpoint, mode, until, why });
    }
    case 'unhold':
      return () => operator.unhold(happening.endpoint);
    case 'giveBack':
      return () => operator.giveBack(happening.endpoint);
    default:
      throw new Error(`happens: ${happening.verb}: not an action`);
  }
}

const POLICY = /\$POLICY\(([^\s)]+)\s+([^)]+)\)/g;

const NONE: ReadonlyMap<string, string> = new Map();

function namesPolicy(input: Readonly<Record<string, unknown>>): boolean {
  return JSON.stringify(input).includes('$POLICY(');
}

/** What `$POLICY(endpoint/chat/variant/AllTraffic owners-steps)` stands for now: each creation of a policy gives it another ARN. */
async function policyArns(api: Api, input: Readonly<Record<string, unknown>>): Promise<ReadonlyMap<string, string>> {
  const arns = new Map<string, string>();
  for (const [text, ResourceId, name = ''] of JSON.stringify(input).matchAll(POLICY)) {
    const asked = { ServiceNamespace: 'sagemaker', ResourceId, PolicyNames: [name] };
    const { ScalingPolicies } = (await call(api, 'ApplicationAutoScaling', 'DescribeScalingPolicies', asked)) as {
      readonly ScalingPolicies?: readonly { readonly PolicyARN: string }[];
    };
    const arn = ScalingPolicies?.[0]?.PolicyARN;
    if (arn === undefined) throw new Refused('ObjectNotFoundException', `${text}: there is no such scaling policy now`);
    arns.set(text, arn);
  }
  return arns;
}

/** `$ARN(chat)` anywhere in a text becomes the endpoint's ARN, which SageMaker shows in lower case. */
function expandArns(
  value: Readonly<Record<string, unknown>>,
  run: UnscriptedRun,
  policies: ReadonlyMap<string, string>,
): Record<string, unknown> {
  const expand = (part: unknown): unknown => {
    if (typeof part === 'string') {
      return part
        .replace(POLICY, (text: string) => policies.get(text) ?? text)
        .replace(
          /\$ARN\(([^)]*)\)/g,
          (_all, name: string) =>
            `arn:aws:sagemaker:${run.aws.region}:${run.aws.accountId}:endpoint/${name.toLowerCase()}`,
        );
    }
    if (Array.isArray(part)) return part.map(expand);
    if (typeof part === 'object' && part !== null) {
      return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, expand(inner)]));
    }
    return part;
  };
  return expand(value) as Record<string, unknown>;
}
