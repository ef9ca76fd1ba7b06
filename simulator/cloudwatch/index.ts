import type { Kernel, SimulatedService } from '../contract.ts';
import { AlarmBook } from './alarm-book.ts';
import { createAlarmOperations } from './alarm-operations.ts';
import { createMetricOperations } from './metric-operations.ts';
import { MetricStore } from './metric-store.ts';

export interface SimulatedCloudWatch {
  readonly store: MetricStore;
  readonly alarms: AlarmBook;
  readonly service: SimulatedService;
}

export function createCloudWatch(kernel: Kernel): SimulatedCloudWatch {
  const store = new MetricStore();
  const alarms = new AlarmBook(kernel, store);
  return {
    store,
    alarms,
    service: {
      name: 'CloudWatch',
      operations: { ...createMetricOperations(kernel, store), ...createAlarmOperations(alarms) },
    },
  };
}
