import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { MINUTE } from '../../shared/domain/time.ts';
import type { Io } from '../output.ts';
import { CliError, EXIT, messageOf } from '../output.ts';
import { printable } from '../printable.ts';
import { readDuration } from '../times.ts';
import { IN_FLIGHT, type LoadPlan } from './drive.ts';

export interface LoadOptions {
  readonly rate?: string;
  readonly concurrency?: string;
  readonly for: string;
  readonly atMost: string;
  readonly body?: string;
  readonly contentType: string;
  readonly component?: string;
  readonly yes?: boolean;
  readonly json?: string;
}

const LONGEST = 15 * MINUTE;
const MOST_REQUESTS = 100_000;
const HIGHEST_RATE = 200;
/** InvokeEndpoint takes no more. */
const LARGEST_BODY = 6_291_456;

export interface ReadPlan extends LoadPlan {
  readonly body: Uint8Array;
  readonly contentType: string;
}

export function readPlan(io: Io, options: LoadOptions): ReadPlan {
  const { rate, concurrency } = options;
  if ((rate === undefined) === (concurrency === undefined)) {
    throw new CliError(EXIT.usage, '--rate, --concurrency: exactly one of them: how hard to load the endpoint');
  }
  const durationMs = readDuration('--for', options.for);
  if (durationMs <= 0 || durationMs > LONGEST) throw wrong('--for', options.for, 'a duration above 0, at most 15m');
  return {
    pace:
      rate === undefined
        ? { concurrency: readWhole('--concurrency', concurrency ?? '', IN_FLIGHT) }
        : { rate: readRate(rate) },
    durationMs,
    atMost: readWhole('--at-most', options.atMost, MOST_REQUESTS),
    body: readBody(io, options.body),
    contentType: options.contentType,
  };
}

function readRate(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (!(value > 0 && value <= HIGHEST_RATE))
    throw wrong('--rate', text, `requests per second, above 0, at most ${HIGHEST_RATE}`);
  return value;
}

function readWhole(option: string, text: string, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw wrong(option, text, `a whole number from 1 to ${most}`);
  return value;
}

function readBody(io: Io, path: string | undefined): Uint8Array {
  if (path === undefined)
    throw new CliError(EXIT.usage, '--body: nothing: required: a file with one request as the model takes it');
  let body: Uint8Array;
  try {
    body = readFileSync(resolve(io.cwd, path));
  } catch (error) {
    throw new CliError(EXIT.usage, `--body: ${printable(path)}: cannot be read: ${printable(messageOf(error))}`);
  }
  if (body.byteLength > LARGEST_BODY)
    throw wrong('--body', path, `a file of at most ${LARGEST_BODY} bytes: SageMaker takes no more`);
  return body;
}

function wrong(option: string, value: string, allowed: string): CliError {
  return new CliError(EXIT.usage, `${option}: ${printable(value)}: ${allowed}`);
}
