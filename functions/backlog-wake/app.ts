import { createRuntime } from '../../shared/runtime/create-runtime.ts';
import { lambdaWorld } from '../../shared/runtime/lambda-world.ts';
import { createHandler } from './handler.ts';

export const handler = createHandler(createRuntime(lambdaWorld()));
