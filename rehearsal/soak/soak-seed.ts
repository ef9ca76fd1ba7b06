import { stringify } from 'yaml';
import type { Coverage } from './coverage.ts';
import type { SoakDocument } from './documents.ts';
import { type Generated, generate } from './generate.ts';
import { type Finding, type RunOptions, runDocument } from './run-document.ts';
import { shrink } from './shrink.ts';

/** Of one kind of fault. */
export interface FaultCount {
  /** Entries of `happens`. */
  readonly drawn: number;
  /** Those of them that took effect. */
  readonly effective: number;
  /** How often they did: an entry that doubles events does so with each of them. */
  readonly times: number;
}

export interface SeedOutcome {
  readonly seed: number;
  readonly findings: readonly Finding[];
  readonly checked: number;
  readonly simulatedMs: number;
  readonly faults: Readonly<Record<string, FaultCount>>;
  readonly coverage: Coverage;
  /** The shrunk document of the first finding. */
  readonly shrunk?: string;
}

export interface SoakOptions extends RunOptions {
  readonly days: number;
  readonly shrinks: boolean;
}

export function textOf(document: SoakDocument, finding?: Finding): string {
  const told =
    finding === undefined ? '' : `# ${finding.rule}: ${finding.endpoint ?? '-'}: ${finding.what.split('\n')[0]}\n`;
  return told + stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** Generates the document of a seed, runs it, and shrinks it where something is wrong. */
export async function soakSeed(seed: number, options: SoakOptions): Promise<SeedOutcome> {
  const { document, faults, durationMs } = generate(seed, options);
  const { findings, checked, times, coverage } = await runDocument(textOf(document), options);
  const counts = countFaults(faults, times);
  const outcome = { seed, findings, checked, simulatedMs: durationMs, faults: counts, coverage };
  const [first] = findings;
  if (first === undefined || !options.shrinks) return outcome;
  const small = await shrinkFinding(document, first, options);
  return { ...outcome, shrunk: textOf(small, first) };
}

function countFaults(faults: Generated['faults'], times: readonly number[]): SeedOutcome['faults'] {
  const counts: Record<string, FaultCount> = {};
  for (const { kind, index } of faults) {
    const sum = counts[kind] ?? { drawn: 0, effective: 0, times: 0 };
    const did = times[index] ?? 0;
    counts[kind] = { drawn: sum.drawn + 1, effective: sum.effective + (did > 0 ? 1 : 0), times: sum.times + did };
  }
  return counts;
}

function shrinkFinding(document: SoakDocument, { rule, at }: Finding, options: RunOptions): Promise<SoakDocument> {
  const stillFails = async (candidate: SoakDocument): Promise<boolean> => {
    const { findings } = await runDocument(textOf(candidate), options);
    return findings.some((finding) => finding.rule === rule);
  };
  return shrink(document, stillFails, at === '' ? undefined : Date.parse(at));
}
