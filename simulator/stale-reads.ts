import { ApiError, type EpochMs, type FaultHandle, type ServiceName, type StaleReads } from './contract.ts';
import { compileCallPattern, isActive } from './faults.ts';

/** An answer as it was from `at` on. */
interface Answer {
  readonly at: EpochMs;
  readonly output?: unknown;
  readonly error?: ApiError;
  readonly text: string;
}

/** One read: an operation with an input, and what it answered over time. */
interface Read {
  readonly service: ServiceName;
  readonly operation: string;
  readonly answers: Answer[];
  run(): unknown;
}

interface Fault {
  readonly fault: StaleReads;
  readonly matches: (service: ServiceName, operation: string) => boolean;
  times: number;
}

const READ = /^(?:Describe|List|Get|BatchGet|Query|Scan)/;
/** Inputs that bear a time are never asked twice; they would be kept for nothing. */
const MOST_READS = 500;

function answerNow(at: EpochMs, run: () => unknown): Answer {
  try {
    const output = structuredClone(run());
    return { at, output, text: JSON.stringify(output) ?? '' };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { at, error, text: `${error.code}: ${error.message}` };
  }
}

/**
 * What reads answered some time ago. Operations are functions of the state, so the past of a read that was asked once is
 * kept by asking it again after every step, while a fault may look back at that time. A read that is asked for the first
 * time while one is on has no past here and answers as of now.
 */
export class StaleReadHistory {
  readonly #faults: Fault[] = [];
  readonly #reads = new Map<string, Read>();

  get isEmpty(): boolean {
    return this.#faults.length === 0;
  }

  add(fault: StaleReads): FaultHandle {
    const counted = { fault, matches: compileCallPattern(fault.calls), times: 0 };
    this.#faults.push(counted);
    return { times: () => counted.times };
  }

  /** The answer of this call where it is an old one; `run` gives today's. */
  answer(
    service: ServiceName,
    operation: string,
    input: unknown,
    now: EpochMs,
    run: () => unknown,
  ): Answer | undefined {
    if (!READ.test(operation) || (input as { ConsistentRead?: boolean } | null)?.ConsistentRead === true)
      return undefined;
    const matching = this.#faults.filter(({ matches }) => matches(service, operation));
    if (matching.length === 0) return undefined;
    const key = `${service}.${operation} ${JSON.stringify(input)}`;
    let read = this.#reads.get(key);
    if (read === undefined) {
      if (this.#reads.size >= MOST_READS) return undefined;
      read = { service, operation, answers: [], run };
      this.#reads.set(key, read);
    }
    const active = matching.find(({ fault }) => isActive(fault, now));
    if (active === undefined) return undefined;
    const past = read.answers.findLast(({ at }) => at <= now - active.fault.byMs);
    if (past === undefined || past.text === answerNow(now, run).text) return undefined;
    active.times += 1;
    return past;
  }

  /** Everything due at this instant has happened. */
  remember(now: EpochMs): void {
    const wanted = this.#faults.filter(({ fault }) => isActive({ ...fault, from: fault.from - fault.byMs }, now));
    if (wanted.length === 0) return;
    const longest = Math.max(...wanted.map(({ fault }) => fault.byMs));
    for (const { service, operation, answers, run } of this.#reads.values()) {
      if (!wanted.some(({ matches }) => matches(service, operation))) continue;
      const answer = answerNow(now, run);
      const last = answers.at(-1);
      if (last?.text === answer.text) continue;
      if (last?.at === now) answers.pop();
      answers.push(answer);
      while (answers.length > 1 && answers[1]!.at <= now - longest) answers.shift();
    }
  }
}
