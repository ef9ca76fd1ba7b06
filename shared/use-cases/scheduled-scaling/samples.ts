import type { FleetRecord, LeadSamples } from '../../domain/record.ts';
import { type DurationMs, type Instant, MINUTE } from '../../domain/time.ts';
import type { ScheduledScalingPorts } from './ports.ts';

/** Another environment may have added some; one more or less of twenty changes a lead by little. */
const READ_AGAIN = 15 * MINUTE;

/** Samples of every endpoint whose lead is learned, and of its instance type. */
export async function readSamples(
  { fleet, memory }: Pick<ScheduledScalingPorts, 'fleet' | 'memory'>,
  now: Instant,
  records: readonly FleetRecord[],
): Promise<ReadonlyMap<string, LeadSamples>> {
  const learning = records.filter(({ policy }) => policy?.wake.lead === 'learned');
  const keys = new Set(learning.flatMap(({ endpoint, observed }) => [endpoint, observed?.instanceType ?? endpoint]));
  const unknown = [...keys].filter((key) => now - (memory.samples.get(key)?.at ?? 0) >= READ_AGAIN);
  if (unknown.length > 0) {
    const read = await fleet.samples(unknown);
    for (const key of unknown) memory.samples.set(key, { samples: read.get(key), at: now });
  }
  const known = new Map<string, LeadSamples>();
  for (const key of keys) {
    const samples = memory.samples.get(key)?.samples;
    if (samples !== undefined) known.set(key, samples);
  }
  return known;
}

export async function addScaleOut(
  { fleet, memory }: Pick<ScheduledScalingPorts, 'fleet' | 'memory'>,
  keys: readonly string[],
  took: DurationMs,
): Promise<void> {
  await fleet.addSample(keys, 'scaleOuts', took);
  for (const key of keys) memory.samples.delete(key);
}
