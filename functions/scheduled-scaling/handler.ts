import type { Handler } from '../../shared/runtime/contract.ts';
import type { Runtime } from '../../shared/runtime/create-runtime.ts';
import { scheduledScalingPorts } from '../../shared/runtime/scheduled-scaling-ports.ts';
import { runScheduledScaling } from '../../shared/use-cases/scheduled-scaling/run.ts';

/** Brings bounds, policies and capacity of endpoints that are up in line with their agenda. */
export function createHandler(runtime: Runtime): Handler {
  const ports = scheduledScalingPorts(runtime);
  return (event, context) =>
    runtime.run('scheduled-scaling', event, context, (trigger, run) => runScheduledScaling(ports, trigger, run));
}
