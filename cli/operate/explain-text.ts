import { explainReason, nameDecision } from '../../report/reasons.ts';
import { formatDuration } from '../../shared/documents/values.ts';
import type { Zone } from '../../shared/documents/zones.ts';
import type { Evidence } from '../../shared/domain/decision.ts';
import { namesLeft } from '../../shared/domain/drift.ts';
import type { FleetRecord } from '../../shared/domain/record.ts';
import { targetViews } from '../../shared/domain/target-view.ts';
import type { Account } from '../account/connect.ts';
import { describeRung } from '../account/edges.ts';
import { formatTable } from '../output.ts';
import { printable } from '../printable.ts';
import { formatWhen } from '../times.ts';
import type { Explanation, TargetLine } from './explain.ts';
import { describeRehearsal } from './status-text.ts';

export function describeExplanation(explanation: Explanation, zone: Zone | undefined, { stack }: Account): string {
  const { record, at, ruling, status, step, live } = explanation;
  const when = (instant: number) => formatWhen(instant, zone);
  const wants =
    ruling.bounds === undefined ? ruling.want : `${ruling.want} (${ruling.bounds.min}..${ruling.bounds.max})`;
  const facts: [string, string | undefined][] = [
    ['at', `${when(at)}${live ? '' : ': documents, hold and demand as they are now; nothing of that time is read'}`],
    [
      'is',
      `${record.phase} since ${when(record.phaseSince)}${status === undefined ? '' : `; SageMaker says ${status}`}`,
    ],
    ['should be', `${wants}: ${explainReason(ruling.reason)} (${ruling.reason})`],
    ...explanation.targets.map((one): [string, string] => [printable(one.name), describeTarget(one)]),
    [
      'documents',
      record.invalid && `invalid since ${when(record.invalid.since)}: ${printable(record.invalid.problem)}`,
    ],
    ['may lower', ruling.mayLower ? undefined : 'no: nothing is parked or scaled in now'],
    ['scale-in', describeHeld(record, when)],
    ['only reports', ruling.reportOnly ? `yes: the mode is ${stack.settings.mode}` : undefined],
    ['next step', step && `${step.name}: ${step.means}`],
    ['looks again', `at ${when(ruling.until)} at the latest`],
    ['proven', record.proven && `a wake brought it into service on ${when(record.proven.at)}`],
    ['rehearsal', describeRehearsal(record, when)],
    ...targetViews(record).map((view): [string, string | undefined] => ['drift', describeDrift(view, when)]),
    ['last said', describeLast(explanation, when)],
  ];
  const head = `${printable(record.endpoint)}: ${record.kind}, policy ${printable(record.policyName)}\n\n`;
  const lines = facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
  return [
    head + formatTable(lines),
    `\nrules, highest first\n${describeLadder(explanation)}`,
    `\nevidence\n${describeEvidence(ruling.evidence)}`,
    describeActivity(explanation, when),
    describeScaling(explanation),
    describeAgenda(explanation, when),
    describeWatchers(explanation),
  ].join('');
}

function describeTarget({ dimension, ruling, desired, serving }: TargetLine): string {
  const { bounds, want, reason } = ruling;
  const what = dimension === 'provisioned-concurrency' ? 'provisioned concurrency' : dimension;
  const asked = bounds === undefined ? want : `${bounds.min}..${bounds.max} ${what}`;
  return `${asked}: ${explainReason(reason)} (${reason}); ${desired ?? '?'} wanted, ${serving ?? '?'} in service`;
}

function describeLast({ record }: Explanation, when: (at: number) => string): string | undefined {
  const last = record.lastDecision;
  if (last === undefined) return undefined;
  return `${nameDecision(last.decision).toLowerCase()}, ${explainReason(last.reason)} (${last.reason}), ${when(last.at)}`;
}

function describeHeld({ policy, scaleIn }: Explanation['record'], when: (at: number) => string): string | undefined {
  if (policy?.scaleIn === undefined) return undefined;
  const { atMost } = policy.scaleIn;
  const bound = atMost === undefined ? '' : `, for ${formatDuration(atMost)} at most`;
  if (scaleIn?.open !== undefined) return `let go on since ${when(scaleIn.open.since)}: it had waited long enough`;
  if (scaleIn?.since === undefined) return `waits until nothing is in flight${bound}`;
  return `waits since ${when(scaleIn.since)} until nothing is in flight${bound}`;
}

function describeDrift({ drift, policy, part }: FleetRecord, when: (at: number) => string): string | undefined {
  if (drift === undefined) return undefined;
  const since = `since ${when(drift.since)}${part === undefined ? '' : ` of ${part.name}`}`;
  if (drift.left === undefined) return `something differs ${since}, and is to be mended`;
  const until =
    policy?.onDrift === 'announce'
      ? 'until it is set back or the policy changes'
      : 'until the rung in force or the policy changes';
  return `left as somebody set it ${since}: ${printable(namesLeft(drift).join(', '))}; ${until}`;
}

function describeLadder({ ruling }: Explanation): string {
  return formatTable(
    ruling.ladder.map(({ rule, applies, why }) => [applies ? '  *' : '   ', printable(rule), printable(why)]),
  );
}

function describeEvidence(evidence: Evidence): string {
  return formatTable(Object.entries(evidence).map(([name, value]) => ['   ', name, printable(String(value ?? '-'))]));
}

function describeActivity({ activity, live, record }: Explanation, when: (at: number) => string): string {
  if (!live) return '';
  if (activity === undefined) return `\nactivity: nothing to read, it is ${record.phase}\n`;
  const then = activity.verdict === 'idle' ? '' : `, idle at ${when(activity.idleAt)} at the earliest`;
  return `\nactivity: ${activity.verdict}${then}\n${describeEvidence(activity.evidence)}`;
}

function describeScaling({ scaling }: Explanation): string {
  if (scaling.length === 0) return '';
  return `\nscaling\n${formatTable(scaling.map(({ name, says, inAws }) => ['   ', printable(name), printable(says), printable(inAws)]))}`;
}

function describeAgenda({ agenda, at }: Explanation, when: (at: number) => string): string {
  if (agenda.length === 0) return '\nagenda: says nothing about this time\n';
  const rows = agenda.map(({ from, until, rung }) => [
    from <= at && at < until ? '  *' : '   ',
    when(from),
    describeRung(rung),
  ]);
  return `\nagenda\n${formatTable(rows)}`;
}

function describeWatchers({ watchers, live, unread }: Explanation): string {
  if (!live) return '';
  if (watchers.length === 0) {
    return unread.length > 0 ? '' : "\nnobody else's alarm or monitoring schedule looks at it\n";
  }
  const rows = watchers.map(({ kind, name, fires, effect }) => [
    fires ? '  !' : '   ',
    kind === 'alarm' ? 'alarm' : 'monitoring',
    printable(name),
    effect,
  ]);
  return `\nothers that look at it, and what they do while it is parked (! will be noticed)\n${formatTable(rows)}`;
}
