/**
 * `npm run soak`: random fleets, calendars, traffic and faults on simulated AWS, every invariant checked after every
 * step. `--replay FILE` runs one document again.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Finding, runDocument } from '../rehearsal/soak/run-document.ts';
import type { SeedOutcome } from '../rehearsal/soak/soak-seed.ts';
import { decimal, file, flag, readArguments, whole } from './arguments.ts';
import { soakSeeds } from './soak/pool.ts';
import { Summary } from './soak/summary.ts';

const FOLDER = 'out/soak';

const { values } = readArguments({
  name: 'soak',
  about: 'Random fleets, calendars, traffic and faults on simulated AWS; every invariant is checked after every step.',
  options: {
    seeds: whole(1, 'how many fleets', 100),
    from: whole(0, 'the first seed', 0),
    days: decimal(0.5, 'simulated days of each', 2),
    minutes: whole(0, 'no seed begins after so many minutes'),
    workers: whole(1, 'threads', availableParallelism()),
    'no-shrink': flag('leave the document of a seed that fails as large as it is'),
    replay: file('run one document instead, as a failed seed left it'),
  },
});

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
  const { seeds, from, days, minutes = Number.POSITIVE_INFINITY, workers } = values;
  const summary = new Summary();
  let toldAt = began;
  await soakSeeds(range(from, seeds), {
    days,
    shrinks: !values['no-shrink'],
    workers: Math.min(seeds, workers),
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
