import { setTimeout as wait } from 'node:timers/promises';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { createEndpointConfigMaker } from '../../shared/aws/endpoint-configs.ts';
import { createEndpointControl } from '../../shared/aws/sagemaker.ts';
import { idleWindowsPorts } from '../../shared/runtime/idle-windows-ports.ts';
import type { RecoverPorts } from '../../shared/use-cases/recover/recover.ts';
import type { Account } from '../account/connect.ts';

/** The powers of `idle-windows`, with the rights of whoever runs the command. */
export function recoverPorts(account: Account): RecoverPorts {
  const { runtime } = account;
  const { log: _, ...ports } = idleWindowsPorts(runtime);
  return {
    ...ports,
    endpoints: createEndpointControl({
      client: runtime.clientOf(SageMakerClient),
      sentOnce: runtime.clientOf(SageMakerClient, { sentOnce: true }),
      clock: runtime.clock,
      // What would abort a call must not keep the finished command alive.
      sleep: async (ms) => {
        await wait(ms, undefined, { ref: false });
      },
    }),
    configs: createEndpointConfigMaker(runtime.clientOf(SageMakerClient)),
    sleep: (ms) => account.sleep(ms),
  };
}
