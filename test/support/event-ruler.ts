import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { EVENT_RULER } from '../../scripts/native-tools.ts';

export interface PatternCase {
  readonly event: unknown;
  readonly pattern: unknown;
}

/** `refused: …` is a pattern that cannot be compiled. */
export type Verdict = 'matches' | 'does not match' | `refused: ${string}`;

/** Asks Amazon's own rule engine about all cases at once: starting Java costs more than any number of them. */
export function matchByAmazon(cases: readonly PatternCase[]): readonly Verdict[] {
  const input = cases.map(({ event, pattern }) => JSON.stringify({ Event: event, EventPattern: pattern })).join('\n');
  const { status, stdout, stderr, error } = spawnSync('java', ['-cp', join('lib', '*'), 'Match.java'], {
    cwd: EVENT_RULER.folder,
    input: `${input}\n`,
    encoding: 'utf8',
    timeout: 50_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`event-ruler ended with ${status ?? error?.message}: ${stderr}`);
  const lines = stdout.trimEnd().split('\n');
  if (lines.length !== cases.length) throw new Error(`event-ruler answered ${lines.length} of ${cases.length} cases`);
  return lines.map(readVerdict);
}

function readVerdict(line: string): Verdict {
  if (line === 'true') return 'matches';
  if (line === 'false') return 'does not match';
  if (line.startsWith('refused: ')) return line as `refused: ${string}`;
  throw new Error(`event-ruler: ${line}: must be true, false or refused: …`);
}
