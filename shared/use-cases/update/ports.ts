import type { EndpointUpdater } from '../../ports/endpoint-updates.ts';
import type { EndpointControl } from '../../ports/endpoints.ts';
import type { PolicyLibrary } from '../../ports/policy-library.ts';
import type { ScalingControl } from '../../ports/scaling.ts';
import type { Clock, Random, Sleep } from '../../ports/world.ts';
import type { SnapshotPorts } from '../idle-windows/snapshot.ts';

/** What a person's deployment reads and changes, with that person's rights. Scaling is put back by idle-windows. */
export interface UpdatePorts extends Pick<SnapshotPorts, 'fleet' | 'log'> {
  readonly endpoints: Pick<EndpointControl, 'describe' | 'describeConfig' | 'modelCreatedAt' | 'tags'>;
  readonly updates: EndpointUpdater;
  readonly scaling: Pick<ScalingControl, 'snapshot' | 'restore' | 'compare' | 'deregister'>;
  /** With the stack's documents. */
  readonly library: PolicyLibrary;
  /** Variants that a policy names. */
  readonly namedVariants: (policyName: string) => readonly string[];
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly random: Random;
  readonly settings: { readonly tagPrefix: string };
}
