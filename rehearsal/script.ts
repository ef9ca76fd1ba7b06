import type { CallPattern, FaultHandle, ServiceName } from '../simulator/contract.ts';
import { PRIORITY } from '../simulator/contract.ts';
import type { Api } from './api.ts';
import type { Happening } from './model.ts';
import { createOperator, type Operator } from './operator.ts';
import { type HappeningState, parameterOf, type UnscriptedRun } from './run.ts';

export interface Script {
  readonly states: readonly HappeningState[];
  /** True once for each entry that wants this function to die after this call. */
  crashesAfter(fn: string, call: CallPattern): boolean;
}

interface Crash {
  readonly at: number;
  readonly function: string;
  readonly after: CallPattern;
  times: number;
}

/** Puts everything that the scenario says will happen on the clock. */
export function scheduleHappenings(run: UnscriptedRun): Script {
  const crashes: Crash[] = [];
  const operator = createOperator(run);
  const states = run.scenario.happens.map((happening) => schedule(run, operator, happening, crashes));
  return {
    states,
    crashesAfter: (fn, call) => {
      const now = run.aws.clock.now();
      const due = crashes.find(
        (crash) => crash.times === 0 && crash.at <= now && crash.function === fn && matches(crash.after, call),
      );
      if (due === undefined) return false;
      due.times += 1;
      return true;
    },
  };
}

function matches(pattern: CallPattern, call: string): boolean {
  if (pattern === '*') return true;
  const [service, operation] = pattern.split('.');
  const [calledService, calledOperation] = call.split('.');
  return (service === '*' || service === calledService) && (operation === '*' || operation === calledOperation);
}

function schedule(run: UnscriptedRun, operator: Operator, happening: Happening, crashes: Crash[]): HappeningState {
  const { aws } = run;
  const counted = (handle: FaultHandle): HappeningState => ({
    happening,
    times: () => handle.times(),
    answer: () => null,
  });
  switch (happening.verb) {
    case 'noCapacity':
      return counted(
        aws.world.addShortage({
          instanceType: happening.instanceType,
          from: happening.at,
          ...(happening.until === undefined ? {} : { until: happening.until }),
          failsAfterMs: happening.failsAfterMs,
        }),
      );
    case 'callFault':
      return counted(
        aws.addCallFault({
          from: happening.at,
          until: happening.until,
          calls: happening.calls,
          share: happening.share,
          error: happening.error,
        }),
      );
    case 'events':
      return counted(
        aws.addDeliveryFault({
          from: happening.at,
          until: happening.until,
          of: happening.of,
          mode: happening.mode,
        }),
      );
    case 'hideMetrics':
      return counted(aws.world.hideMetrics(happening.endpoint, happening.at, happening.until));
    case 'crash': {
      const crash: Crash = { at: happening.at, function: happening.function, after: happening.after, times: 0 };
      crashes.push(crash);
      return { happening, times: () => crash.times, answer: () => null };
    }
    default:
      return act(run, happening, actionOf(run, operator, happening));
  }
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
      return () =>
        call(person, happening.service as ServiceName, happening.operation, expandArns(happening.input, run));
    case 'requests':
      return async () => {
        aws.world.inject(happening.endpoint, happening.count);
      };
    case 'put': {
      const { kind, name, text } = happening;
      return async () => void (await call(person, 'SSM', 'PutParameter', parameterOf(tagPrefix, kind, name, text)));
    }
    case 'remove': {
      const { kind, name } = happening;
      return async () => void (await call(person, 'SSM', 'DeleteParameter', { Name: `/${tagPrefix}/${kind}/${name}` }));
    }
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

/** `$ARN(chat)` anywhere in a text becomes the endpoint's ARN, which SageMaker shows in lower case. */
function expandArns(value: Readonly<Record<string, unknown>>, run: UnscriptedRun): Record<string, unknown> {
  const expand = (part: unknown): unknown => {
    if (typeof part === 'string') {
      return part.replace(
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
