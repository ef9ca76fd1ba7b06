import {
  CreateEndpointConfigCommand,
  type CreateEndpointConfigCommandInput,
  type SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import type { EndpointConfigMaker } from '../ports/endpoint-configs.ts';
import { outcomeOf } from './classify.ts';

export function createEndpointConfigMaker(client: SageMakerClient): EndpointConfigMaker {
  return {
    create: (name, config, tags) =>
      outcomeOf('SageMaker.CreateEndpointConfig', async () => {
        // DescribeEndpointConfig's own answer, reduced to the request's members when the recipe was taken.
        const request = config as unknown as Omit<CreateEndpointConfigCommandInput, 'EndpointConfigName'>;
        const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
        await client.send(
          new CreateEndpointConfigCommand({
            ...request,
            EndpointConfigName: name,
            ...(Tags.length > 0 && { Tags }),
          }),
        );
      }),
  };
}
