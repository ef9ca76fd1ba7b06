/**
 * `npm run bench [-- part …]`: the figures behind docs/benchmarks.md, as ratios and counts.
 * Nothing here is a test; budgets that must hold are asserted in test/.
 */
import { rehearse, type Scenario } from '../rehearsal/index.ts';
import { readArguments } from '../scripts/arguments.ts';
import { measureArtifacts } from './bundles.ts';
import { alarmsOfEndpoints, billMonth, type MonthlyBill } from './cost.ts';
import { parkAndWakeAgain } from './cycles.ts';
import { costOf, listExamples, rowOfCost } from './example-costs.ts';
import { businessFleet, mixedFleet, quietFleet, sleepingQueue } from './fleets.ts';
import { compareWakes, rowOf, syntheticBursts, type Woken } from './native-wake.ts';
import { realTraces, whyNoTraces } from './real-traces.ts';
import { recover } from './recovery.ts';
import { compareMetrics, rowOfTracked } from './tracking-metrics.ts';
import { watchWaves } from './waves.ts';

function print(title: string, rows: readonly Readonly<Record<string, string | number>>[]): void {
  const columns = Object.keys(rows[0] ?? {});
  console.log(`\n## ${title}\n`);
  console.log(`| ${columns.join(' | ')} |`);
  console.log(`|${columns.map(() => '---').join('|')}|`);
  for (const row of rows) console.log(`| ${columns.map((column) => row[column]).join(' | ')} |`);
}

const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

interface Counted {
  readonly seconds: number;
  readonly perMinute: readonly number[];
  readonly violations: number;
}

/** Runs it and counts the product's calls in each simulated minute. */
async function count(scenario: Scenario): Promise<Counted> {
  const perMinute = new Array<number>(scenario.durationMs / 60_000).fill(0);
  const begin = performance.now();
  const { result } = await rehearse(scenario, {
    onReady: ({ aws }) =>
      aws.onCall(({ at, caller }) => {
        const minute = Math.floor((at - scenario.start) / 60_000);
        if (caller.kind === 'product') perMinute[minute] = (perMinute[minute] ?? 0) + 1;
      }),
  });
  return { seconds: (performance.now() - begin) / 1000, perMinute, violations: result.invariants.violations.length };
}

async function benchSpeed(): Promise<void> {
  const days = 7;
  await rehearse(mixedFleet(1));
  const { seconds, perMinute, violations } = await count(mixedFleet(days));
  const calls = perMinute.reduce((sum, n) => sum + n, 0);
  print('Rehearsal of a mixed fleet of 10 endpoints', [
    {
      'simulated days': days,
      seconds: round(seconds),
      'times real time': Math.round((days * 86_400) / seconds),
      'ms per simulated minute': round((seconds * 1000) / (days * 1440), 2),
      'AWS calls per simulated minute': round(calls / (days * 1440), 2),
      violations,
    },
  ]);
}

async function benchCalls(): Promise<void> {
  const rows = [];
  for (const size of [10, 100, 1000]) {
    const hours = 3;
    const before = process.memoryUsage().rss;
    const { perMinute, seconds } = await count(quietFleet(size, hours));
    // Enrolment and the first registration are work; what follows is the fleet with nothing to do.
    const quiet = perMinute.slice(90);
    const sorted = [...quiet].sort((a, b) => a - b);
    rows.push({
      endpoints: size,
      'calls per minute, median': sorted[Math.floor(sorted.length / 2)] ?? 0,
      'calls per minute, mean': round(quiet.reduce((sum, n) => sum + n, 0) / quiet.length),
      'calls per minute, most (full re-check)': sorted.at(-1) ?? 0,
      'process memory grown, MiB (simulator included)': Math.round((process.memoryUsage().rss - before) / 2 ** 20),
      seconds: round(seconds),
    });
  }
  print('AWS calls over all functions, fleet with nothing to do', rows);
}

async function benchAlarm(): Promise<void> {
  const { code, runs } = watchWaves('BacklogWake');
  await rehearse(sleepingQueue(), { code });
  const run = runs.find((calls) => calls.some(({ name }) => name === 'UpdateEndpointWeightsAndCapacities'));
  if (run === undefined) throw new Error('bench: backlog-wake never changed capacity');
  const capacity = run.findIndex(({ name }) => name === 'UpdateEndpointWeightsAndCapacities');
  print('From the alarm event to the capacity call (backlog-wake)', [
    {
      'calls up to it': capacity + 1,
      waves: run[capacity]?.wave ?? 0,
      order: run
        .slice(0, capacity + 1)
        .map(({ name, wave }) => `${wave}: ${name}`)
        .join(', '),
      'calls of the whole run': run.length,
    },
  ]);
}

async function benchBundles(): Promise<void> {
  const { builtBy, sizes, inits } = await measureArtifacts();
  print(
    `Bundles as the template builds them, by ${builtBy}`,
    sizes.map(({ id, bytes, budget }) => ({ function: id, KiB: round(bytes / 1024), 'budget KiB': budget / 1024 })),
  );
  if (typeof inits === 'string') {
    console.log(`\nInit times are left out: ${inits}`);
    return;
  }
  const rows = inits.map(({ id, initMs, toTrivial, toEmpty }) => ({
    handler: id,
    'init ms (fastest of 11)': round(initMs),
    '÷ trivial': round(toTrivial, 2),
    '÷ empty': round(toEmpty, 2),
  }));
  print('Import and init under the Lambda runtime client', rows);
}

/** Endpoints that do nothing, and endpoints of a business day; a thousand of the latter take minutes. */
async function benchCost(): Promise<void> {
  const bills: [string, MonthlyBill][] = [];
  for (const size of [10, 100, 1000]) {
    for (const [kind, bill] of [
      ['idle', () => billMonth(quietFleet(size, 4), 1)],
      ['busy', () => billMonth(businessFleet(size, 24))],
    ] as const) {
      const counted = await bill();
      bills.push([`${size} ${kind}`, counted]);
      // The largest takes ten minutes: what is known is told before.
      console.error(`${size} ${kind}: ${round(counted.total, 2)} USD a month`);
    }
  }
  const month = ({ usage }: MonthlyBill, value: number): number => Math.round((value * 730) / usage.hours);
  print(
    'What a month uses',
    bills.map(([endpoints, bill]) => ({
      endpoints,
      runs: month(bill, bill.usage.runs),
      'AWS calls': month(bill, bill.usage.calls),
      'waves of calls': month(bill, bill.usage.waves),
      'read units': month(bill, bill.usage.readUnits),
      'write units': month(bill, bill.usage.writeUnits),
      'log MB': round(month(bill, bill.usage.logBytes) / 1e6),
      'custom metrics': bill.usage.metricHours.size,
      'metrics read': month(bill, bill.usage.metricsRead),
      events: month(bill, bill.usage.events),
    })),
  );
  print(
    'What a month costs, USD',
    bills.map(([endpoints, { lines, total, usage }]) => ({
      endpoints,
      ...Object.fromEntries(Object.entries(lines).map(([name, value]) => [name, round(value, 2)])),
      total: round(total, 2),
      'and alarms of asynchronous endpoints': round(alarmsOfEndpoints(usage), 2),
    })),
  );
}

/** A thousand times away and back. */
async function benchCycles(): Promise<void> {
  const { parks, wakes, lost, violations, seconds } = await parkAndWakeAgain(1000);
  const counts = Object.entries(lost).map(([kind, count]) => [`${kind} lost`, count] as const);
  print('One endpoint parked and woken again and again, looked at after every wake', [
    { parks, wakes, ...Object.fromEntries(counts), violations, seconds: round(seconds) },
  ]);
  if (Object.values(lost).some((count) => count !== 0)) process.exitCode = 1;
}

/** How long after the end of a shortage it is in service, while a window asks for it. */
async function benchRecovery(): Promise<void> {
  const recoveries = await recover();
  print(
    'From the return of capacity to InService, with a start of 8 minutes',
    recoveries.map(({ name, shortages, missed, longestMs, medianMs }) => ({
      shortage: name,
      shortages,
      missed,
      'longest, minutes': round(longestMs / 60_000),
      'median, minutes': round(medianMs / 60_000),
    })),
  );
  if (recoveries.some(({ missed }) => missed > 0)) process.exitCode = 1;
}

/** Application Auto Scaling's step policy against our sized wake, one run each. */
async function benchNativeWake(): Promise<void> {
  const rows = await compareWakes(syntheticBursts());
  print('From the first queued request to instances for all that waited', rows.map(rowOf));
  const missing = whyNoTraces();
  if (missing !== undefined) {
    console.log(`\nTraffic of real services is left out: ${missing}`);
    return;
  }
  const real: Woken[] = [];
  for (const workload of realTraces()) {
    console.error(`${workload.name} …`);
    real.push(...(await compareWakes(workload)));
  }
  print('The same, traffic of real services', real.map(rowOf));
}

/** The two metrics that target tracking knows for real-time endpoints, on one day of the demo with a promotion. */
async function benchTrackingMetrics(): Promise<void> {
  print(
    "Target tracking by concurrency and by invocations, the demo's checkout",
    (await compareMetrics()).map(rowOfTracked),
  );
}

/** Each folder of examples/ against its instances always on, and against the script that deletes it by the clock. */
async function benchExamples(): Promise<void> {
  const rows = [];
  for (const example of listExamples()) {
    console.error(`${example} …`);
    rows.push(rowOfCost(await costOf(example)));
  }
  print('What each example costs', rows);
}

const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  speed: benchSpeed,
  calls: benchCalls,
  alarm: benchAlarm,
  bundles: benchBundles,
  cost: benchCost,
  cycles: benchCycles,
  recovery: benchRecovery,
  'native-wake': benchNativeWake,
  'tracking-metrics': benchTrackingMetrics,
  examples: benchExamples,
};
const { words: chosen } = readArguments({
  name: 'bench',
  about: 'The figures behind docs/benchmarks.md, as ratios and counts; all parts, or those that are named.',
  options: {},
  words: Object.keys(BENCHES),
});
for (const [name, bench] of Object.entries(BENCHES)) {
  if (chosen.length === 0 || chosen.includes(name)) await bench();
}
