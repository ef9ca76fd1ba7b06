import { backlogWakePorts } from '../../shared/runtime/backlog-wake-ports.ts';
import type { Handler } from '../../shared/runtime/contract.ts';
import type { Runtime } from '../../shared/runtime/create-runtime.ts';
import { runBacklogWake } from '../../shared/use-cases/backlog-wake/run.ts';

/** Answers an alarm: stores the demand, then brings capacity from zero or asks for a wake. */
export function createHandler(runtime: Runtime): Handler {
  const ports = backlogWakePorts(runtime);
  return (event, context) =>
    runtime.run('backlog-wake', event, context, (trigger, run) => runBacklogWake(ports, trigger, run));
}
