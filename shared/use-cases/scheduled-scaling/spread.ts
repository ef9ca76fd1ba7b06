/** A stable value in [0, range) for a name: spreads periodic work of a fleet evenly over time. */
export function spreadBy(name: string, range: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.toLowerCase().charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % range;
}
