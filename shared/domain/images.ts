import type { FleetRecord, Hold } from './record.ts';

type Digests = Readonly<Record<string, string>>;

/** Images that are named as before and are another one now: a tag that was moved. What SageMaker does not tell is not compared. */
export function movedImages(before: Digests, after: Digests): readonly string[] {
  return Object.entries(before)
    .filter(([image, digest]) => after[image] !== undefined && after[image] !== digest)
    .map(([image]) => image);
}

/** What forbids another park: a wake brought another image than was parked, and nobody said that it may. */
export function imageChange(
  { policy, imageMoved }: FleetRecord,
  made: string,
  hold: Hold | undefined,
): FleetRecord['imageMoved'] {
  if (imageMoved === undefined || imageMoved.made !== made || policy?.zero?.allowImageChange === true) return undefined;
  return hold?.mode === 'down' && hold.from > imageMoved.at ? undefined : imageMoved;
}
