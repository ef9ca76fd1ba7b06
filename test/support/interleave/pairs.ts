import { SECOND } from '../../../shared/domain/time.ts';
import type { CallGate } from '../../../simulator/contract.ts';
import { type Account, TIMEOUT } from './account.ts';
import type { ExploreOptions, Start } from './explore.ts';
import { HANDS } from './hands.ts';
import { judgeCalls, judgeRest } from './judge.ts';
import { type Lane, Lanes } from './lanes.ts';
import { demand, inState, run } from './states.ts';

function laneOf(account: Account, name: string): Lane {
  const hand = HANDS[name];
  if (hand === undefined) throw new Error(`${name}: no such run; known: ${Object.keys(HANDS).join(', ')}`);
  return { name, start: (gate: CallGate) => hand(account, gate) };
}

/** What the calls came to, up to names of runs: of equal ones only the first has to be watched until it rests. */
function outcomeOf({ calls, aws }: Account): string {
  const table = new Map<string, unknown>();
  for (const { service, operation, input, error, mutating } of calls) {
    if (error !== undefined) continue;
    if (service === 'DynamoDB' && operation === 'PutItem') {
      table.set(`${input.Item.pk.S}/${input.Item.sk.S}`, input.Item.body ?? input.Item);
    } else if (service === 'DynamoDB' && operation === 'DeleteItem')
      table.delete(`${input.Key.pk.S}/${input.Key.sk.S}`);
    else if (mutating && service !== 'EventBridge') {
      const key = `${service} ${table.size}`;
      table.set(key, [...((table.get(key) as unknown[]) ?? []), operation, input]);
    }
  }
  return JSON.stringify([aws.clock.now(), [...table]]);
}

function finishWith(account: Account, lanes: Lanes, rested: Map<string, readonly string[]>): Start['finish'] {
  return async () => {
    const problems = judgeCalls(account, lanes);
    const outcome = outcomeOf(account);
    const known = rested.get(outcome);
    if (known !== undefined) return [...problems, ...known];
    const told = account.lines.length;
    const rest = await judgeRest(account);
    for (const line of account.lines.slice(told))
      if (line.logType === 'problem') rest.push(`a problem line later: ${JSON.stringify(line).slice(0, 400)}`);
    rested.set(outcome, rest);
    return [...problems, ...rest];
  };
}

/** Runs that begin at the same instant in that state. */
export function together(state: string, hands: readonly string[]): ExploreOptions['start'] {
  const rested = new Map<string, readonly string[]>();
  return async () => {
    const account = await inState(state);
    const lanes = new Lanes(hands.map((name) => laneOf(account, name)));
    return { lanes, finish: finishWith(account, lanes, rested) };
  };
}

/** A run that hangs after its n-th call, and what happens before it goes on. */
export interface Freeze {
  readonly hand: 'idle-windows' | 'scheduled-scaling';
  /** A name of MEANWHILE. */
  readonly meanwhile: string;
}

/** Lambda has frozen its environment: no call of it goes out, no answer comes in and no timer fires. */
class FrozenRun {
  readonly #thaws: (() => void)[] = [];
  readonly #run: Promise<unknown>;
  #left: number;
  #gate: CallGate | undefined;

  constructor(account: Account, hand: Freeze['hand'], calls: number) {
    this.#left = calls;
    const gate: CallGate = {
      before: async (call) => {
        await this.#thaw();
        await this.#gate?.before?.(call);
      },
      after: async (record) => {
        if (this.#gate !== undefined) {
          await this.#gate.after?.(record);
          return;
        }
        this.#left -= 1;
        await this.#thaw();
      },
    };
    this.#run = account.tick(hand, { gate, frozen: () => this.#thaw() });
  }

  /** It made so many calls and hangs; false: it ended before. */
  get hangs(): boolean {
    return this.#left <= 0;
  }

  #thaw(): Promise<void> {
    if (!this.hangs || this.#gate !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#thaws.push(resolve);
    });
  }

  lane(name: string): Lane {
    return {
      name,
      start: (gate) => {
        this.#gate = gate;
        for (const thaw of this.#thaws.splice(0)) thaw();
        return this.#run;
      },
    };
  }
}

/** A run that goes on after it hung, beside another one; undefined: it ends before so many calls. */
export async function thawed(
  state: string,
  freeze: Freeze,
  calls: number,
  second: string,
): Promise<ExploreOptions['start'] | undefined> {
  const rested = new Map<string, readonly string[]>();
  const start = async (): Promise<Start | undefined> => {
    const account = await inState(state);
    const frozen = new FrozenRun(account, freeze.hand, calls);
    await turns();
    if (!frozen.hangs) return undefined;
    await MEANWHILE[freeze.meanwhile]?.(account);
    const lanes = new Lanes([frozen.lane(`${freeze.hand}, thawed`), laneOf(account, second)]);
    return { lanes, finish: finishWith(account, lanes, rested) };
  };
  if ((await start()) === undefined) return undefined;
  return async () => {
    const again = await start();
    if (again === undefined) throw new Error('not deterministic: the run ended before it could hang');
    return again;
  };
}

/** What happens while a run hangs. */
export const MEANWHILE: Readonly<Record<string, (account: Account) => Promise<void>>> = {
  'its time is nearly over': (account) => run(account, TIMEOUT - SECOND),
  'its lease is over': (account) => run(account, TIMEOUT + 20 * SECOND),
  'a park is begun and due': async (account) => {
    await account.tick('idle-windows');
    await run(account, TIMEOUT + 20 * SECOND);
  },
  'others go on': (account) => account.goOn(4),
  'others park and wake it': async (account) => {
    await account.goOn(2);
    await demand(account);
    await account.goOn(4);
  },
};

/** Until a run that nobody holds has ended, or hangs. */
async function turns(): Promise<void> {
  for (let count = 0; count < 400; count += 1) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
