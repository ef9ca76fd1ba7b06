import type { FaultHandle } from '../simulator/contract.ts';
import type { Happening } from './model.ts';
import type { UnscriptedRun } from './run.ts';

/** Puts an entry that the simulated AWS itself brings about into it; undefined: it is another kind of entry. */
export function addFault({ aws, clocks }: UnscriptedRun, happening: Happening): FaultHandle | undefined {
  const { world } = aws;
  const { at: from } = happening;
  switch (happening.verb) {
    case 'noCapacity': {
      const { instanceType, until, failsAfterMs } = happening;
      return world.addShortage({ instanceType, from, failsAfterMs, ...(until === undefined ? {} : { until }) });
    }
    case 'noQuota': {
      const { until, instanceType } = happening;
      return world.addQuotaOutage({ instanceType, from, until });
    }
    case 'unhealthy': {
      const { until, endpoint, failsAfterMs, reason } = happening;
      const told = reason === undefined ? {} : { reason };
      return world.addSickness({ endpoint, from, until, failsAfterMs, ...told });
    }
    case 'stuck': {
      const { until, endpoint, status } = happening;
      return world.addStuckStatus({ endpoint, from, until, status });
    }
    case 'metrics':
      return world.troubleMetrics(happening.endpoint, from, happening.until, happening.mode);
    case 'stale': {
      const { until, calls, byMs } = happening;
      return aws.addStaleReads({ from, until, calls, byMs });
    }
    case 'clock': {
      const { until, of, byMs } = happening;
      return clocks.add({ from, until, of, byMs });
    }
    case 'callFault': {
      const { until, calls, share, error } = happening;
      return aws.addCallFault({ from, until, calls, share, error });
    }
    case 'network': {
      const { until, calls, share, kind, effect } = happening;
      return aws.addNetworkFault({ from, until, calls, share, kind, effect });
    }
    case 'events': {
      const { until, of, mode } = happening;
      return aws.addDeliveryFault({ from, until, of, mode });
    }
    default:
      return undefined;
  }
}
