/** An instant: milliseconds since 1970-01-01T00:00:00Z. The domain knows instants only; zones end in documents/. */
export type Instant = number;

/** A length of time in milliseconds. */
export type DurationMs = number;

export const SECOND: DurationMs = 1_000;
export const MINUTE: DurationMs = 60_000;
export const HOUR: DurationMs = 3_600_000;
export const DAY: DurationMs = 86_400_000;

/** ISO in UTC, as evidence and events show an instant; an input that is no instant is shown as it is. */
export function iso(at: Instant): string {
  return Number.isFinite(at) ? new Date(at).toISOString() : String(at);
}
