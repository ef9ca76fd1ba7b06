import type { Baseline, Belongings, Scenario } from '../rehearsal/index.ts';
import { parseSchedule } from '../shared/documents/index.ts';
import type { ComparisonRow } from './compare-runs.ts';
import { CliError, EXIT } from './output.ts';

/** A baseline by the name that the person gave it. */
export interface NamedBaseline {
  readonly name: string;
  readonly baseline: Baseline;
}

/** The script that everybody has: the night and the weekend off. */
const CRON = { days: 'mon-fri', from: '07:00', to: '20:00' } as const;
const FORM =
  'always-on, cron (mon-fri, 07:00-20:00), cron/08:00-18:00 or cron/mon-sun/01:00-04:00, separated by commas';
/** What a script that knows a name can delete and create. */
const KINDS: readonly string[] = ['real-time', 'async'];

export function parseBaselines(text: string): readonly NamedBaseline[] {
  const names = text.split(',').map((name) => name.trim());
  if (new Set(names).size < names.length) throw refusal(text, `each one once: ${FORM}`);
  return names.map((name) => ({ name, baseline: parseBaseline(name) }));
}

function parseBaseline(name: string): Baseline {
  if (name === 'always-on') return { kind: 'always-on' };
  if (name === 'cron') return { kind: 'cron', ...CRON };
  const [, days = CRON.days, from, to] = /^cron(?:\/([a-z-]+))?\/([\d:]+)-([\d:]+)$/.exec(name) ?? [];
  if (from === undefined || to === undefined) throw refusal(name, FORM);
  // The grammar of a schedule's window, with its words for what is wrong.
  const parsed = parseSchedule('cron', { timezone: 'UTC', open: [{ days, from, to }] });
  const [problem] = parsed.ok ? [] : parsed.problems;
  if (problem !== undefined) throw refusal(name, `${problem.value}: ${problem.allowed}`);
  return { kind: 'cron', days, from, to };
}

function refusal(value: string, allowed: string): CliError {
  return new CliError(EXIT.usage, `--baseline: ${value}: ${allowed}`);
}

export function refuseOtherKinds({ endpoints }: Scenario, names: readonly string[]): void {
  const other = endpoints.find(
    ({ name, kind, variants }) => names.includes(name) && (!KINDS.includes(kind) || variants !== undefined),
  );
  if (other === undefined) return;
  const allowed = `an endpoint of kind ${KINDS.join(' or ')} with one variant (choose it with --endpoint); without --baseline policies of every kind compare`;
  throw refusal(`${other.name} (${other.kind})`, allowed);
}

/** What an endpoint should have and no longer has; absent: it was never seen in service for long. */
export function lostBy(
  scalingPolicies: number,
  tags: Readonly<Record<string, string>>,
  seen: Belongings | undefined,
): ComparisonRow['lost'] {
  if (seen === undefined) return undefined;
  return {
    tags: Object.keys(tags).filter((key) => !seen.tags.includes(key)).length,
    scalingPolicies: Math.max(0, scalingPolicies - seen.scalingPolicies),
  };
}
