import type { FaultHandle } from '../simulator/contract.ts';
import type { FunctionName } from './model.ts';

interface WrongClock {
  readonly from: number;
  readonly until: number | undefined;
  readonly of: FunctionName | 'aws';
  readonly byMs: number;
}

/** How far the clocks of functions are from AWS's. */
export class Clocks {
  readonly #wrong: (WrongClock & { times: number })[] = [];

  /** The handle counts how often the wrong clock was read. */
  add(clock: WrongClock): FaultHandle {
    const counted = { ...clock, times: 0 };
    this.#wrong.push(counted);
    return { times: () => counted.times };
  }

  /** What the clock of this function shows when it is really `now`. */
  read(fn: FunctionName, now: number): number {
    let shown = now;
    for (const clock of this.#wrong) {
      const { from, until, of, byMs } = clock;
      if ((of !== fn && of !== 'aws') || now < from || (until !== undefined && now >= until)) continue;
      clock.times += 1;
      // AWS ahead of all functions is all functions behind AWS.
      shown += of === 'aws' ? -byMs : byMs;
    }
    return shown;
  }
}
