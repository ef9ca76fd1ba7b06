import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Recordings of the real AWS; they are not part of this repository, so tests say what they leave out without them. */
const FOLDER = join(import.meta.dirname, '../../../shared/aws-recordings');

export function hasRecordings(what: string): boolean {
  if (existsSync(FOLDER)) return true;
  process.stderr.write(`skipped, no aws-recordings folder beside the repository: ${what}\n`);
  return false;
}

export function recordingsPath(...parts: string[]): string {
  return join(FOLDER, ...parts);
}

// biome-ignore lint/suspicious/noExplicitAny: recorded bodies of many shapes
export type Recording = any;

/** Cases of one snapshot file by their short name (after `::`). */
export function readSnapshot(name: string): Map<string, Recording> {
  const cases = JSON.parse(readFileSync(recordingsPath(name), 'utf8')) as Record<string, Recording>;
  return new Map(
    Object.entries(cases).map(([key, value]) => [key.slice(key.indexOf('::') + 2), value['recorded-content']]),
  );
}
