import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Artifacts, BYTE_BUDGETS, KIB } from './build-functions.ts';
import { ExecutionEnvironment } from './execution-environment.ts';

/** Import and init of a function may take so many times those of a trivial handler, in the same run. */
export const INIT_BUDGET = 2;
/**
 * Of the slack a third is Node's: with `--enable-source-maps`, which `sam build` sets, it reads and parses the whole map at
 * the start (12 ms of 85 for the largest function). The rest is that two processes never start alike: the ratio of the
 * fastest of eleven wanders by a tenth on a busy machine.
 */
export const INIT_SLACK = 1.5;
const ROUNDS = 11;

export interface Size {
  readonly id: string;
  readonly bytes: number;
  readonly budget: number;
}

export function measureSizes({ folder }: Artifacts): readonly Size[] {
  return Object.entries(BYTE_BUDGETS).map(([id, budget]) => ({
    id,
    bytes: statSync(join(folder, id, 'app.mjs')).size,
    budget,
  }));
}

export interface InitTime {
  readonly id: string;
  /**
   * From the start of the process until the runtime asks for its first event, the fastest of the rounds, in milliseconds.
   * Processor time where the system tells it: what else runs on the machine does not count, and on Lambda, where a function
   * of 512 MiB has 0.3 processors, it is what a start takes.
   */
  readonly initMs: number;
  readonly toTrivial: number;
  readonly toEmpty: number;
}

/**
 * What functions are compared with. Node 24 starts from a snapshot that holds neither TLS nor compression, so that an empty
 * handler says nothing about functions that call AWS: the trivial one loads what every call needs, and does nothing.
 */
const REFERENCES: Readonly<Record<string, string>> = {
  Empty: 'export const handler = async () => ({});\n',
  Trivial:
    "import 'node:crypto';\nimport 'node:https';\nimport 'node:zlib';\nexport const handler = async () => ({});\n",
};

/** What every function needs to start; values do not matter, nothing is called. */
const VARIABLES = {
  NODE_OPTIONS: '--enable-source-maps',
  AWS_REGION: 'eu-central-1',
  TABLE_NAME: 'state',
  TAG_PREFIX: 'endpoint-scaler',
  MODE: 'on',
  TICK_SECONDS: '60',
  FUNCTION_TIMEOUT_SECONDS: '50',
  PARK_BUDGET: '10',
  LOG_LEVEL: 'INFO',
};

/** Starts each function and the references in turn, so that a slow moment of the machine hits all alike. */
export async function measureInits({ folder }: Artifacts, rounds = ROUNDS): Promise<readonly InitTime[]> {
  for (const [id, code] of Object.entries(REFERENCES)) {
    mkdirSync(join(folder, id), { recursive: true });
    writeFileSync(join(folder, id, 'app.mjs'), code);
  }
  const ids = [...Object.keys(REFERENCES), ...Object.keys(BYTE_BUDGETS)];
  const times = new Map<string, number[]>(ids.map((id) => [id, []]));
  // The first round fills the page cache and is not counted.
  for (let round = -1; round < rounds; round += 1) {
    for (const [id, measured] of times) {
      const ms = await initOnce(id, join(folder, id));
      if (round >= 0) measured.push(ms);
    }
  }
  // What makes a start slower than the fastest one is other processes, and long starts meet more of them than short ones.
  const fastest = new Map([...times].map(([id, own]) => [id, Math.min(...own)]));
  return [...fastest].map(([id, initMs]) => ({
    id,
    initMs,
    toTrivial: initMs / fastest.get('Trivial')!,
    toEmpty: initMs / fastest.get('Empty')!,
  }));
}

async function initOnce(id: string, folder: string): Promise<number> {
  const environment = await ExecutionEnvironment.start({ id, folder, variables: VARIABLES, timeoutMs: 50_000 });
  try {
    const init = await environment.init;
    if (init.kind === 'error') throw new Error(`${id}: its init failed: ${init.error.errorMessage}`);
    return init.cpuMs ?? init.ms;
  } finally {
    await environment.stop();
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export const toKib = (bytes: number): number => bytes / KIB;
