import type { Mode } from '../domain/ruling.ts';
import { type DurationMs, SECOND } from '../domain/time.ts';

/** The environment of a function (template.yaml sets it), parsed once; everything else reads this. */
export interface Config {
  readonly region: string;
  readonly tableName: string;
  readonly tagPrefix: string;
  readonly mode: Mode;
  readonly tick: DurationMs;
  readonly functionTimeout: DurationMs;
  /** Longer than the function's timeout: whoever holds it is dead when it ends. */
  readonly lease: DurationMs;
  /** Parks per tick. */
  readonly parkBudget: number;
  readonly logLevel: LogLevel;
}

export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
const MODES: readonly Mode[] = ['on', 'wake-only', 'dry-run', 'off'];

/** A lease outlives the function that holds it by this much (clocks, a late kill). */
const LEASE_MARGIN = 10 * SECOND;

export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`the function's environment is not valid: ${problems.join('; ')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Parses everything before it complains: one deployment shows every mistake. */
export function parseConfig(env: Environment): Config {
  const problems: string[] = [];
  const text = (name: string, pattern: RegExp, allowed: string): string => {
    const value = env[name];
    if (value === undefined || value === '') problems.push(`${name} is missing: ${allowed}`);
    else if (!pattern.test(value)) problems.push(`${name} is '${value}': ${allowed}`);
    return value ?? '';
  };
  const integer = (name: string, min: number, max: number): number => {
    const value = text(name, /^\d{1,6}$/, `an integer from ${min} to ${max}`);
    const number = Number(value);
    if (/^\d{1,6}$/.test(value) && (number < min || number > max)) {
      problems.push(`${name} is '${value}': an integer from ${min} to ${max}`);
    }
    return number;
  };
  const oneOf = <T extends string>(name: string, values: readonly T[]): T => {
    const value = env[name];
    const found = values.find((candidate) => candidate === value);
    if (found === undefined)
      problems.push(`${name} is ${value === undefined ? 'missing' : `'${value}'`}: one of ${values.join(', ')}`);
    return found ?? (values[0] as T);
  };
  const functionTimeout = integer('FUNCTION_TIMEOUT_SECONDS', 10, 60) * SECOND;
  const config: Config = {
    region: text('AWS_REGION', /^[a-z0-9-]{3,32}$/, 'a region such as eu-central-1'),
    tableName: text('TABLE_NAME', /^[A-Za-z0-9_.-]{3,255}$/, 'the name of the state table'),
    tagPrefix: text('TAG_PREFIX', /^[a-z][a-z0-9-]{0,31}$/, 'lower-case letters, digits and hyphens, at most 32'),
    mode: oneOf('MODE', MODES),
    tick: integer('TICK_SECONDS', 60, 900) * SECOND,
    functionTimeout,
    lease: functionTimeout + LEASE_MARGIN,
    parkBudget: integer('PARK_BUDGET', 0, 1000),
    logLevel: oneOf('LOG_LEVEL', LOG_LEVELS),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}
