import type { Outcome } from '../../shared/ports/outcome.ts';
import type { Account } from '../account/connect.ts';
import type { StoredDocuments } from '../account/documents.ts';
import type { Fleet } from '../account/fleet.ts';

/** `not-checked`: nobody knows, and the reason is said; it is no verdict. */
export type Level = 'ok' | 'warning' | 'error' | 'not-checked';

export interface Finding {
  readonly level: Level;
  /** What was looked at. */
  readonly check: string;
  /** The endpoint, parameter, function or table that it is about. */
  readonly subject?: string;
  readonly found: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** What every check may look at. */
export interface Patient {
  readonly account: Account;
  readonly fleet: Fleet;
  /** Absent: they could not be read. */
  readonly documents: StoredDocuments | undefined;
}

export type Check = (patient: Patient) => Promise<readonly Finding[]>;

/** A call that was refused makes a check impossible, and nothing else of the account wrong. */
export function unread(
  { account }: Patient,
  check: string,
  outcome: Outcome<unknown>,
  subject?: string,
): readonly Finding[] {
  if (outcome.ok) return [];
  return [notChecked(check, account.explainFailure(outcome.failure), subject)];
}

export function notChecked(check: string, why: string, subject?: string): Finding {
  return { level: 'not-checked', check, found: why, ...(subject !== undefined && { subject }) };
}

/** One line where nothing was found, so that a reader sees that it was looked at. */
export function orOk(findings: readonly Finding[], check: string, found: string): readonly Finding[] {
  return findings.length > 0 ? findings : [{ level: 'ok', check, found }];
}
