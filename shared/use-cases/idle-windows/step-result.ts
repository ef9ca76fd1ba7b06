import type { Instant } from '../../domain/time.ts';
import type { Failure } from '../../ports/outcome.ts';
import type { RecordChange } from './ports.ts';

/** What a step leaves to be written when it has done its part. */
export interface StepResult {
  /** Done once the record is written: what must not happen twice, and may be lost if the run dies in between. */
  readonly afterwards?: () => Promise<void>;
  /** When the answer can be another one; absent: the next run looks again. */
  readonly next?: Instant;
  readonly change?: RecordChange;
  /** A call of AWS that was refused or did not come through. */
  readonly failure?: Failure;
  /** The record is in the archive: there is nothing left to write. */
  readonly archived?: boolean;
  /** Somebody may still be acting for us: the lease runs out by itself. */
  readonly keepLease?: boolean;
}
