import { ApiError, type SimulatedService } from '../contract.ts';
import { countServing } from './endpoint.ts';
import { nameKey } from './naming.ts';
import type { SageMakerState } from './state.ts';

const ANSWER = '{}';

/**
 * SageMaker Runtime: one request to a model. Every model here answers 200 and an empty object; other answers are scripted
 * (`fail: SageMakerRuntime.InvokeEndpoint`). `served` counts it as a request of the endpoint.
 */
export function createRuntimeService(state: SageMakerState, served: (endpoint: string) => void): SimulatedService {
  return {
    name: 'SageMakerRuntime',
    operations: {
      InvokeEndpoint({ EndpointName: name }: { readonly EndpointName: string }) {
        const endpoint = state.endpoints.get(nameKey(name));
        if (endpoint === undefined || countServing(endpoint) === 0) {
          throw new ApiError('ValidationError', `Endpoint ${name} of account ${state.kernel.accountId} not found.`);
        }
        served(endpoint.name);
        return {
          Body: new TextEncoder().encode(ANSWER),
          ContentType: 'application/json',
          InvokedProductionVariant: endpoint.variants[0]?.definition.VariantName,
        };
      },
    },
  };
}
