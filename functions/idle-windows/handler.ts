import type { Handler } from '../../shared/runtime/contract.ts';
import type { Runtime } from '../../shared/runtime/create-runtime.ts';
import { idleWindowsPorts } from '../../shared/runtime/idle-windows-ports.ts';
import { createIdleWindows } from '../../shared/use-cases/idle-windows/idle-windows.ts';

/** Parks and wakes: the only function that creates and deletes endpoints. */
export function createHandler(runtime: Runtime): Handler {
  const idleWindows = createIdleWindows(idleWindowsPorts(runtime));
  return (event, context) => runtime.run('idle-windows', event, context, idleWindows);
}
