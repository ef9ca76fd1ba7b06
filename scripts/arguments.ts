import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { showValue } from '../shared/documents/problem.ts';

/** An option of a script: what it takes, what it is without it, and how its text is read. */
export interface Option<T> {
  /** Absent: it takes no value. */
  readonly takes?: string;
  readonly about: string;
  readonly fallback: T;
  readonly allowed: string;
  /** Undefined where the text is not allowed. */
  read(text: string): T | undefined;
}

export interface Script<Options> {
  /** Of `npm run`. */
  readonly name: string;
  readonly about: string;
  readonly options: Options;
  /** Words that may follow, none of which is any option's. */
  readonly words?: readonly string[];
}

type Known = Readonly<Record<string, Option<unknown>>>;
type Values<Options> = {
  readonly [name in keyof Options]: Options[name] extends Option<infer T> ? T : never;
};

export interface Given<Options> {
  readonly values: Values<Options>;
  readonly words: readonly string[];
}

/** What a script says instead of running. */
export interface Told {
  readonly text: string;
  readonly code: 0 | 2;
}

const MOST = 1_000_000_000;

export function whole(least: number, about: string): Option<number | undefined>;
export function whole(least: number, about: string, fallback: number): Option<number>;
export function whole(least: number, about: string, fallback?: number): Option<number | undefined> {
  const read = (text: string) => within(/^\d+$/.test(text), text, least);
  return { takes: 'N', about, fallback, allowed: `a whole number from ${least} to ${MOST}`, read };
}

export function decimal(least: number, about: string, fallback: number): Option<number> {
  const read = (text: string) => within(/^\d+(\.\d+)?$/.test(text), text, least);
  return { takes: 'N', about, fallback, allowed: `a number from ${least} to ${MOST}`, read };
}

function within(isNumber: boolean, text: string, least: number): number | undefined {
  const value = Number(text);
  return isNumber && value >= least && value <= MOST ? value : undefined;
}

export function flag(about: string): Option<boolean> {
  return { about, fallback: false, allowed: 'no value', read: () => undefined };
}

export function file(about: string): Option<string | undefined> {
  const read = (text: string) => (statSync(text, { throwIfNoEntry: false })?.isFile() === true ? text : undefined);
  return { takes: 'FILE', about, fallback: undefined, allowed: 'a file that is there', read };
}

/** A part of at least one of these names; '' is a part of each. */
export function partOf(about: string, names: readonly string[], allowed: string): Option<string> {
  const read = (text: string) => (names.some((name) => name.includes(text)) ? text : undefined);
  return { takes: 'TEXT', about, fallback: '', allowed, read };
}

/** The options and words of the command line, or every one that is wrong. */
export function parseArguments<const Options extends Known>(
  script: Script<Options>,
  args: readonly string[],
): Given<Options> | Told {
  const { options, words: known = [] } = script;
  const kinds = Object.entries(options).map(
    ([name, { takes }]) => [name, { type: takes === undefined ? 'boolean' : 'string' }] as const,
  );
  // Not strict: every error at once, in the words of the other commands.
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...Object.fromEntries(kinds), help: { type: 'boolean', short: 'h' } },
    strict: false,
    tokens: true,
  });
  const values = new Map<string, unknown>(Object.entries(options).map(([name, { fallback }]) => [name, fallback]));
  const words: string[] = [];
  const problems: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') {
      if (known.includes(token.value)) words.push(token.value);
      else problems.push(`${token.value}: ${known.length === 0 ? 'options alone' : `one of ${known.join(', ')}`}`);
    }
    if (token.kind !== 'option') continue;
    if (token.name === 'help') return { text: usageOf(script), code: 0 };
    const { value, problem } = readOption(options, token);
    if (problem === undefined) values.set(token.name, value);
    else problems.push(problem);
  }
  if (problems.length === 0) return { values: Object.fromEntries(values) as Values<Options>, words };
  const lines = problems.map((problem) => `${script.name}: ${problem}\n`).join('');
  return { text: `${lines}(--help says what there is)\n`, code: 2 };
}

interface Written {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
}

function readOption(options: Known, { name, rawName, value }: Written): { value?: unknown; problem?: string } {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) {
    const all = Object.keys(options).map((known) => `--${known}`);
    return { problem: `${rawName}: unknown option; one of ${[...all, '--help'].join(', ')}` };
  }
  if (option.takes === undefined && value === undefined) return { value: true };
  const read = value === undefined ? undefined : option.read(value);
  return read === undefined ? { problem: `${rawName}: ${showValue(value)}: ${option.allowed}` } : { value: read };
}

function usageOf({ name, about, options, words = [] }: Script<Known>): string {
  const rows = Object.entries(options).map(([option, { takes, about: tells, fallback }]) => {
    const isTold = takes !== undefined && fallback !== undefined && fallback !== '';
    return [
      `--${option}${takes === undefined ? '' : ` ${takes}`}`,
      `${tells}${isTold ? ` (default: ${String(fallback)})` : ''}`,
    ] as const;
  });
  const all = [...rows, ['--help', 'this'] as const];
  const width = Math.max(...all.map(([option]) => option.length));
  const lines = all.map(([option, tells]) => `  ${option.padEnd(width)}  ${tells}\n`).join('');
  const rest = words.length === 0 ? '' : ` [word …]`;
  const list = words.length === 0 ? '' : `\nWords: ${words.join(', ')}\n`;
  return `Usage: npm run ${name} -- [options]${rest}\n\n${about}\n\n${lines}${list}`;
}

/** Of this process; ends it where the script is not to run. */
export function readArguments<const Options extends Known>(script: Script<Options>): Given<Options> {
  const given = parseArguments(script, process.argv.slice(2));
  if ('values' in given) return given;
  if (given.code === 0) process.stdout.write(given.text);
  else process.stderr.write(given.text);
  process.exit(given.code);
}
