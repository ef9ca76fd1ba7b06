import { InvokeEndpointCommand, type SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import type { EndpointInvoker } from '../ports/invocation.ts';
import type { Sleep } from '../ports/world.ts';
import { outcomeOf } from './classify.ts';

export interface RuntimeParts {
  /** Sends each request once: a model may do something with it. */
  readonly sentOnce: SageMakerRuntimeClient;
  readonly sleep: Sleep;
}

const ANSWERED = 200;

export function createEndpointInvoker({ sentOnce, sleep }: RuntimeParts): EndpointInvoker {
  return {
    async invoke({ endpoint, body, contentType, timeout }) {
      const controller = new AbortController();
      let settled = false;
      void sleep(timeout).then(() => {
        if (!settled) controller.abort();
      });
      const outcome = await outcomeOf('SageMakerRuntime.InvokeEndpoint', async () => {
        try {
          const command = new InvokeEndpointCommand({ EndpointName: endpoint, Body: body, ContentType: contentType });
          await sentOnce.send(command, { abortSignal: controller.signal });
          return ANSWERED;
        } catch (error) {
          const status = containerStatus(error);
          if (status === undefined) throw error;
          return status;
        }
      });
      settled = true;
      return outcome;
    },
  };
}

/** An answer of the container other than 200 comes as a ModelError that holds it. */
function containerStatus(error: unknown): number | undefined {
  if (!(error instanceof Error) || error.name !== 'ModelError') return undefined;
  const { OriginalStatusCode: status } = error as { OriginalStatusCode?: unknown };
  return typeof status === 'number' ? status : undefined;
}
