/**
 * `npm run soak -- --seeds 200 [--from 0] [--days 2] [--minutes 10]`: random fleets, calendars, traffic and faults on
 * simulated AWS, every invariant checked after every step. `--replay FILE` runs one document again.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type Finding, runDocument } from '../rehearsal/soak/run-document.ts';
import type { SeedOutcome } from '../rehearsal/soak/soak-seed.ts';
import { soakSeeds } from './soak/pool.ts';
import { Summary } from './soak/summary.ts';

const FOLDER = 'out/soak';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '0' },
    days: { type: 'string', default: '2' },
    minutes: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
    'no-shrink': { type: 'boolean', default: false },
    replay: { type: 'string' },
  },
});

function numberOf(option: string, text: string, low: number): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= low) return value;
  console.error(`soak: --${option}: ${text}: must be a number of at least ${low}`);
  process.exit(2);
}

const show = ({ rule, endpoint, at, what }: Finding): string => `${rule}: ${at}: ${endpoint ?? '-'}: ${what}`;

async function replay(file: string): Promise<void> {
  const { findings, checked } = await runDocument(readFileSync(file, 'utf8'));
  for (const finding of findings) console.log(show(finding));
  console.log(`${file}: ${checked} invariant checks, ${findings.length} findings`);
  process.exitCode = findings.length === 0 && checked > 0 ? 0 : 1;
}

function tellFailure({ seed, findings, shrunk }: SeedOutcome): void {
  console.log(`seed ${seed} failed:`);
  for (const finding of findings.slice(0, 5)) console.log(`  ${show(finding)}`);
  if (shrunk === undefined) return;
  mkdirSync(FOLDER, { recursive: true });
  const file = `${FOLDER}/${seed}.yaml`;
  writeFileSync(file, shrunk);
  console.log(`  npm run soak -- --replay ${file}`);
  const isInvariant = findings[0]?.rule.startsWith('invariant') === true;
  if (isInvariant) console.log(`  npx endpoint-scaler simulate --enforce-iam ${file}`);
}

function* range(from: number, count: number): Generator<number> {
  for (let seed = from; seed < from + count; seed += 1) yield seed;
}

async function soak(): Promise<void> {
  const began = Date.now();
  const minutes = values.minutes === undefined ? Number.POSITIVE_INFINITY : numberOf('minutes', values.minutes, 0);
  const count = numberOf('seeds', values.seeds, 1);
  const summary = new Summary();
  let toldAt = began;
  await soakSeeds(range(numberOf('from', values.from, 0), count), {
    days: numberOf('days', values.days, 0.5),
    shrinks: !values['no-shrink'],
    workers: Math.min(count, numberOf('workers', values.workers, 1)),
    until: began + minutes * 60_000,
    onOutcome(outcome) {
      summary.add(outcome);
      if (outcome.findings.length > 0) tellFailure(outcome);
      if (Date.now() - toldAt < 30_000) return;
      toldAt = Date.now();
      const seconds = Math.round((toldAt - began) / 1_000);
      console.log(`${summary.seeds} seeds in ${seconds} s, ${summary.failed.length} failed`);
    },
  });
  console.log(summary.lines((Date.now() - began) / 1_000).join('\n'));
  if (summary.failed.length > 0) console.log(`failed: ${summary.failed.sort((a, b) => a - b).join(', ')}`);
  process.exitCode = summary.failed.length === 0 && summary.seeds > 0 ? 0 : 1;
}

if (values.replay === undefined) await soak();
else await replay(values.replay);
