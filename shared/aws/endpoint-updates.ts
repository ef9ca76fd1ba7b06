import { UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import type { EndpointUpdater } from '../ports/endpoint-updates.ts';
import { type SageMakerParts, sendOnceWithin } from './sagemaker.ts';

export function createEndpointUpdater(parts: SageMakerParts): EndpointUpdater {
  return {
    update: ({ name, configName, retainDeploymentConfig }, abortAt) =>
      sendOnceWithin(parts, 'SageMaker.UpdateEndpoint', abortAt, (sender, abortSignal) =>
        sender.send(
          new UpdateEndpointCommand({
            EndpointName: name,
            EndpointConfigName: configName,
            // Else every variant starts with its config's InitialInstanceCount.
            RetainAllVariantProperties: true,
            ...(retainDeploymentConfig && { RetainDeploymentConfig: true }),
          }),
          { abortSignal },
        ),
      ),
  };
}
