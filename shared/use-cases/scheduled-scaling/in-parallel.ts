/** So many endpoints at once: AWS's control planes bear a few calls a second, a run has less than a minute. */
const WORKERS = 5;

/** Works through a list with a few workers; a rejection of one item's work rejects the whole. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  async function worker(): Promise<void> {
    while (next < items.length) {
      const item = items[next];
      next += 1;
      if (item !== undefined) await work(item);
    }
  }
  await Promise.all(Array.from({ length: Math.min(WORKERS, items.length) }, worker));
}
