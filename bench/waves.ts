import type { Code } from '../rehearsal/functions.ts';
import { PRODUCT } from '../rehearsal/product.ts';
import type { SdkRequestHandler } from '../simulator/contract.ts';

export interface SeenCall {
  readonly name: string;
  /** Calls in one wave were all sent before any of them was answered. */
  readonly wave: number;
}

/** Turns of the microtask queue that an answer waits, so that everything sent together is seen together. */
const PATIENCE = 200;

/** The product's functions with one of them watched: which calls each of its runs makes, in which wave. */
export function watchWaves(functionId: string): { readonly code: Code; readonly runs: readonly SeenCall[][] } {
  const runs: SeenCall[][] = [];
  const watched = PRODUCT[functionId];
  if (watched === undefined) throw new Error(`no function ${functionId}; known: ${Object.keys(PRODUCT).join(', ')}`);
  const code: Code = {
    ...PRODUCT,
    [functionId]: {
      ...watched,
      start: (world) => {
        const inner = world.clientDefaults['requestHandler'] as SdkRequestHandler;
        let calls: SeenCall[] = [];
        let wave = 0;
        let open = false;
        const requestHandler: SdkRequestHandler = {
          ...inner,
          metadata: inner.metadata,
          destroy: () => inner.destroy(),
          updateHttpClientConfig: () => undefined,
          httpHandlerConfigs: () => ({}),
          handle: async (request, options) => {
            if (!open) wave += 1;
            open = true;
            calls.push({ name: String(request.headers['x-amz-target']).replace(/^.*[._]/, ''), wave });
            for (let turn = 0; turn < PATIENCE; turn += 1) await Promise.resolve();
            open = false;
            return inner.handle(request, options);
          },
        };
        const handler = watched.start({ ...world, clientDefaults: { ...world.clientDefaults, requestHandler } });
        return async (event, context) => {
          calls = [];
          wave = 0;
          open = false;
          runs.push(calls);
          return handler(event, context);
        };
      },
    },
  };
  return { code, runs };
}
