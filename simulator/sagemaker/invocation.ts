import { ApiError, type SimulatedService } from '../contract.ts';
import { answers, type Endpoint } from './endpoint.ts';
import { nameKey } from './naming.ts';
import type { SageMakerState } from './state.ts';

const ANSWER = '{}';

/** A call that reached a component without a copy; the reason for its metric `NoCapacityInvocationFailures`. */
const NO_COPY =
  'Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress (if configured) ' +
  'or try to increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API.';

interface InvokeInput {
  readonly EndpointName: string;
  readonly InferenceComponentName?: string;
}

function findComponent(state: SageMakerState, endpoint: Endpoint, name: string | undefined) {
  if (name === undefined) return undefined;
  const component = state.components.get(nameKey(name));
  if (component === undefined || state.homeOf(component) !== endpoint)
    throw new ApiError('ValidationError', `Inference Component Name ${name} not found on endpoint ${endpoint.name}.`);
  return component;
}

/**
 * SageMaker Runtime: one request to a model. Every model here answers 200 and an empty object; other answers are scripted
 * (`fail: SageMakerRuntime.InvokeEndpoint`). `arrived` counts it as a request of the endpoint, or of its component,
 * and answers whether it is taken.
 */
export function createRuntimeService(
  state: SageMakerState,
  arrived: (endpoint: string, component?: string) => boolean,
): SimulatedService {
  return {
    name: 'SageMakerRuntime',
    operations: {
      InvokeEndpoint({ EndpointName: name, InferenceComponentName: componentName }: InvokeInput) {
        const endpoint = state.endpoints.get(nameKey(name));
        const component = endpoint === undefined ? undefined : findComponent(state, endpoint, componentName);
        if (endpoint === undefined || (component === undefined && !answers(endpoint))) {
          throw new ApiError('ValidationError', `Endpoint ${name} of account ${state.kernel.accountId} not found.`);
        }
        // Field reports: status 400, and no message at all.
        if (!arrived(endpoint.name, component?.name)) throw new ApiError('ThrottlingException', '');
        if (component?.current === 0) throw new ApiError('ValidationError', NO_COPY);
        return {
          Body: new TextEncoder().encode(ANSWER),
          ContentType: 'application/json',
          InvokedProductionVariant: endpoint.variants[0]?.definition.VariantName,
        };
      },
    },
  };
}
