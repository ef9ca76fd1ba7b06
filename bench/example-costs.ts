import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { parseBaselines, refuseOtherKinds } from '../cli/baselines.ts';
import { CliError } from '../cli/output.ts';
import { baselineOf, parseScenario, type RehearsalResult, rehearse, type Scenario } from '../rehearsal/index.ts';

/** The script that everybody has, but where the traffic is at other hours: then those, with what its longest night needs. */
const SCRIPT = 'cron';
const SCRIPTS: Readonly<Record<string, string>> = {
  'batch-at-night': 'cron/mon-sun/00:45-06:30',
  'bursty-api': 'cron/mon-sun/06:30-21:00',
};

interface Cost {
  readonly hours: number;
  /** Null: an instance type without a price. */
  readonly money: number | null;
  readonly unanswered: number;
  readonly requests: number;
}

export interface ExampleCost {
  readonly example: string;
  readonly own: Cost;
  readonly alwaysOn: Pick<Cost, 'hours' | 'money'>;
  /** Undefined: what a script that knows a name cannot delete and create. */
  readonly script: Cost | undefined;
  readonly scriptName: string;
}

export function listExamples(): readonly string[] {
  const folders = readdirSync('examples', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => name).sort();
}

/** Without `own`, a run of the scenario as it is, that is rehearsed, too. */
export async function costOf(example: string, own?: RehearsalResult): Promise<ExampleCost> {
  const scenario = readScenario(`examples/${example}/scenario.yaml`);
  const result = own ?? (await rehearse(scenario)).result;
  const scriptName = SCRIPTS[example] ?? SCRIPT;
  const scripted = await runScript(scenario, scriptName, result.timezone ?? 'UTC');
  const bills = Object.values(result.bill.endpoints);
  return {
    example,
    own: total(result),
    alwaysOn: {
      hours: sum(Object.values(result.endpoints).map(({ instanceHours }) => instanceHours.alwaysOn)),
      money: sumOrNull(bills.map(({ alwaysOn }) => alwaysOn)),
    },
    script: scripted === undefined ? undefined : total(scripted),
    scriptName,
  };
}

async function runScript(scenario: Scenario, name: string, timezone: string): Promise<RehearsalResult | undefined> {
  const names = scenario.endpoints.map((endpoint) => endpoint.name);
  try {
    refuseOtherKinds(scenario, names);
  } catch (error) {
    if (error instanceof CliError) return undefined;
    throw error;
  }
  const [chosen] = parseBaselines(name);
  if (chosen === undefined) throw new Error(`bench: ${name}: no baseline`);
  const instead = baselineOf(scenario, names, chosen.baseline, timezone);
  const { result } = await rehearse(instead.scenario, {
    promisedBy: scenario,
    onReady: (run) => instead.prepare(run),
  });
  instead.check();
  return result;
}

function readScenario(file: string): Scenario {
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
  const parsed = parseScenario(readFileSync(file, 'utf8'), file, read);
  if (!parsed.ok) throw new Error(`bench: ${JSON.stringify(parsed.problems)}`);
  return parsed.scenario;
}

function total({ endpoints, bill }: RehearsalResult): Cost {
  const all = Object.values(endpoints);
  return {
    hours: sum(all.map(({ instanceHours }) => instanceHours.paid)),
    money: sumOrNull(Object.values(bill.endpoints).map(({ paid }) => paid)),
    unanswered: sum(all.map(({ requests }) => requests.failed + requests.expired)),
    requests: sum(all.map(({ requests }) => requests.total)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((whole, value) => whole + value, 0);
}

function sumOrNull(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length < values.length ? null : sum(known);
}

/** A row of the table, as the bench prints it and docs/benchmarks.md has it. */
export function rowOfCost({
  example,
  own,
  alwaysOn,
  script,
  scriptName,
}: ExampleCost): Readonly<Record<string, string>> {
  const money = ({ hours, money: usd }: Pick<Cost, 'hours' | 'money'>): string =>
    `${hours.toFixed(1)} h, ${usd === null ? '?' : usd.toFixed(2)} USD`;
  const lost = ({ unanswered, requests }: Cost): string => `${((100 * unanswered) / requests).toFixed(2)} %`;
  return {
    example: `[${example}](../examples/${example})`,
    'the example': money(own),
    'always-on': money(alwaysOn),
    'the script': script === undefined ? '-' : money(script),
    'its hours': script === undefined ? '-' : `\`${scriptName}\``,
    'unanswered by the example': lost(own),
    'by the script': script === undefined ? '-' : lost(script),
  };
}
