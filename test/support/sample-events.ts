import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../../events/', import.meta.url);

/** Names of all sample events, without `.json`, in order. */
export function sampleNames(): readonly string[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
  return files.map((file) => file.replace('.json', '')).sort();
}

export function readSample(name: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as Record<string, unknown>;
}

export interface SampleRow {
  readonly name: string;
  readonly trigger: string;
  /** Rule of the template, by function and event id; `-`: none. */
  readonly rule: string;
  readonly obtainedFrom: string;
}

/** The table of events/README.md. */
export function readSampleTable(): readonly SampleRow[] {
  const text = readFileSync(new URL('README.md', FOLDER), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((row) => {
    const [, file = '', trigger = '', rule = '', , obtainedFrom = ''] = row.split('|').map((cell) => cell.trim());
    return { name: file.replace(/^`(.*)\.json`$/, '$1'), trigger, rule, obtainedFrom };
  });
}
