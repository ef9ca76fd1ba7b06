import type { Account } from '../account/connect.ts';
import { parseDocuments } from '../account/documents.ts';
import { readFleet } from '../account/fleet.ts';
import { checkBreakers, checkQuota } from '../doctor/capacity-checks.ts';
import { checkDocuments, checkEnrolment } from '../doctor/document-checks.ts';
import { checkEndpoints } from '../doctor/endpoint-checks.ts';
import { type Check, type Finding, type Level, type Patient, unread } from '../doctor/finding.ts';
import { checkFunctions, checkProgress, checkRefusals } from '../doctor/function-checks.ts';
import { checkAccess, checkClock, checkLinkedRole, checkMode, listUnchecked } from '../doctor/stack-checks.ts';
import { checkTables } from '../doctor/table-checks.ts';
import type { Io } from '../output.ts';
import { EXIT, formatTable, writeJson } from '../output.ts';
import { plural, printable } from '../printable.ts';
import { headJson } from './status.ts';

const CHECKS: readonly Check[] = [
  checkAccess,
  checkMode,
  checkClock,
  checkFunctions,
  checkProgress,
  checkRefusals,
  checkLinkedRole,
  checkDocuments,
  checkEnrolment,
  checkEndpoints,
  checkQuota,
  checkBreakers,
  checkTables,
  listUnchecked,
];

const SHOWN: Readonly<Record<Level, string>> = {
  ok: 'ok',
  warning: 'WARNING',
  error: 'ERROR',
  'not-checked': 'not checked',
};

export async function examine(account: Account, io: Io, options: { readonly json?: string }): Promise<void> {
  const [fleet, raw] = await Promise.all([readFleet(account), account.documents.readAll()]);
  const patient: Patient = { account, fleet, documents: raw.ok ? parseDocuments(raw.value) : undefined };
  const findings: Finding[] = [];
  for (const check of CHECKS) {
    io.progress(`${findings.length} findings so far`);
    findings.push(...(await runCheck(patient, check)));
  }
  findings.push(...unread(patient, 'documents', raw));
  io.progress('');
  if (options.json !== undefined) {
    writeJson(io, options.json, { ...headJson(account, fleet.now), counts: countLevels(findings), findings });
  }
  if (options.json !== '-') io.out(describeFindings(findings));
  if (findings.some(({ level }) => level === 'error')) io.exitWith(EXIT.failed);
}

/** A check that AWS stops is one that was not made; the others go on. */
async function runCheck(patient: Patient, check: Check): Promise<readonly Finding[]> {
  try {
    return await check(patient);
  } catch (error) {
    const told = patient.account.explain(error);
    if (told === undefined) throw error;
    return [{ level: 'not-checked', check: check.name.replace(/^check/, '').toLowerCase(), found: told }];
  }
}

export function countLevels(findings: readonly Finding[]): Readonly<Record<Level, number>> {
  const of = (level: Level) => findings.filter((finding) => finding.level === level).length;
  return { ok: of('ok'), warning: of('warning'), error: of('error'), 'not-checked': of('not-checked') };
}

export function describeFindings(findings: readonly Finding[]): string {
  const rows = findings.flatMap(({ level, check, subject, found, advice }) => {
    const what = subject === undefined ? printable(found) : `${printable(subject)}: ${printable(found)}`;
    const row = [SHOWN[level], check, what];
    return advice === undefined || level === 'ok' ? [row] : [row, ['', '', `  → ${printable(advice)}`]];
  });
  const counts = countLevels(findings);
  return `${formatTable(rows)}\n${plural(counts.error, 'error')}, ${plural(counts.warning, 'warning')}, ${counts.ok} ok, ${counts['not-checked']} not checked\n`;
}
