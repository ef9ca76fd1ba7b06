import type { FleetRecord } from './record.ts';

type NextAt = FleetRecord['nextAt'];

/**
 * What a run puts as its next instants on a record that others may have written since it was `read`. Whoever asked for a
 * look meanwhile (a wake, a hold, a give-back) is heard: a later instant than his was chosen without knowing of him.
 */
export function keepAsked(read: NextAt, found: NextAt, put: NextAt): NextAt {
  const keep = (of: keyof NextAt) => (found[of] === read[of] ? put[of] : Math.min(found[of], put[of]));
  return { scaling: keep('scaling'), windows: keep('windows') };
}
