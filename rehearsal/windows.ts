import { minimumOf, stepsFrom } from '../shared/domain/agenda.ts';
import { toIso } from './observe.ts';
import type { WindowResult } from './result.ts';
import type { Rules } from './rulebook.ts';

/** A stretch in which a rung with min ≥ 1 is in force. */
export interface PromisedWindow {
  readonly begins: number;
  readonly ends: number;
  readonly min: number;
  readonly during: string;
}

/** As much of a change as tells who served: instances of an endpoint, copies of a component. */
interface Serving {
  readonly at: number;
  readonly serving: number;
}

/** What the documents promised over the run, each version for as long as it was in force. */
export function promisedWindows(history: readonly Rules[], end: number): PromisedWindow[] {
  const windows: PromisedWindow[] = [];
  history.forEach(({ from, agenda }, index) => {
    if (agenda === undefined) return;
    const until = history[index + 1]?.from ?? end;
    for (const span of stepsFrom(agenda, from)) {
      const min = minimumOf(span.rung);
      const ends = Math.min(span.until, until);
      if (min < 1 || span.from >= ends) continue;
      const during = span.rung.during ?? 'otherwise';
      const last = windows.at(-1);
      // A new version of the same promise does not begin a new window.
      if (last !== undefined && last.ends === span.from && last.min === min && last.during === during) {
        windows[windows.length - 1] = { ...last, ends };
      } else windows.push({ begins: span.from, ends, min, during });
    }
  });
  return windows;
}

/** First instant in [begins, ends) at which so many instances serve. */
function readyAt(changes: readonly Serving[], window: PromisedWindow): number | undefined {
  let serving = 0;
  for (const change of changes) {
    if (change.at > window.begins) {
      if (serving >= window.min) return window.begins;
      if (change.at >= window.ends) return undefined;
      if (change.serving >= window.min) return change.at;
    }
    serving = change.serving;
  }
  return serving >= window.min ? window.begins : undefined;
}

export function judgeWindows(windows: readonly PromisedWindow[], changes: readonly Serving[]): WindowResult[] {
  return windows.map((window) => {
    const ready = readyAt(changes, window);
    return {
      begins: toIso(window.begins),
      ends: toIso(window.ends),
      readyAt: ready === undefined ? null : toIso(ready),
      lateSeconds: ((ready ?? window.ends) - window.begins) / 1_000,
      during: window.during,
    };
  });
}
