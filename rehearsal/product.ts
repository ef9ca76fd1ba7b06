import { createHandler as createBacklogWake } from '../functions/backlog-wake/handler.ts';
import { createHandler as createIdleWindows } from '../functions/idle-windows/handler.ts';
import { createHandler as createScheduledScaling } from '../functions/scheduled-scaling/handler.ts';
import { createRuntime } from '../shared/runtime/create-runtime.ts';
import type { Code } from './functions.ts';

/** The functions as they are deployed, by logical id of template.yaml. */
export const PRODUCT: Code = {
  ScheduledScaling: {
    name: 'scheduled-scaling',
    start: (world) => createScheduledScaling(createRuntime(world)),
  },
  BacklogWake: {
    name: 'backlog-wake',
    start: (world) => createBacklogWake(createRuntime(world)),
  },
  IdleWindows: {
    name: 'idle-windows',
    start: (world) => createIdleWindows(createRuntime(world)),
  },
};
