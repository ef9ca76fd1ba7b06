import type { Agenda, CompiledPolicy } from '../domain/policy.ts';
import type { TargetState } from '../domain/record.ts';
import type { ScalableTarget } from '../domain/scalable-target.ts';
import type { Instant } from '../domain/time.ts';
import type { RawDocument } from './documents-source.ts';

/** What is wrong with a document, told so that its author can mend it. */
export interface DocumentProblem {
  readonly parameter: string;
  readonly field: string;
  readonly value: string;
  readonly allowed: string;
}

export type Compilation =
  | {
      readonly ok: true;
      readonly policy: CompiledPolicy;
      readonly agenda: Agenda;
      /** Of several targets, each part, in the order asked for; absent: one, or the policy does not name them. */
      readonly targets?: readonly (Required<Pick<TargetState, 'rules' | 'rungs' | 'at'>> &
        Pick<TargetState, 'name' | 'dimension' | 'began'>)[];
      readonly holidaysEnd?: { readonly schedule: string; readonly at: Instant };
    }
  | { readonly ok: false; readonly missing: boolean; readonly problems: readonly DocumentProblem[] };

/** The documents as last read, parsed once per version and compiled once per policy and hour. */
export interface PolicyLibrary {
  /** Takes over a complete reading of all documents. */
  update(documents: readonly RawDocument[]): void;
  /** Every problem of every document, used or not. */
  problems(): readonly DocumentProblem[];
  /** `missing`: there is no policy of that name at all. */
  compile(policyName: string, targets: readonly ScalableTarget[], from: Instant, until: Instant): Compilation;
}
