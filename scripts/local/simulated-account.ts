import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { SimulatedAws } from '../../simulator/index.ts';
import { startServer } from '../../simulator/server.ts';

/** The services that no other stand-in has with a life of their own, as the SDKs name them in the environment. */
export const SIMULATED_SERVICES = [
  'SAGEMAKER',
  'APPLICATION_AUTO_SCALING',
  'CLOUDWATCH',
  'RESOURCE_GROUPS_TAGGING_API',
];

export interface SimulatedAccount {
  readonly url: string;
  readonly aws: SimulatedAws;
  /** Events of the simulated services appear on that bus from now on. */
  forwardEvents(busUrl: string): void;
  stop(): Promise<void>;
}

/** The simulator on loopback; its time is the real one, because the functions' is. */
export async function startSimulatedAccount(region: string, accountId: string): Promise<SimulatedAccount> {
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    clock: 1,
    start: Date.now(),
    seed: 1,
    region,
    accountId,
    taggingLagMs: 0,
  });
  const inFlight = new Set<Promise<void>>();
  let client: EventBridgeClient | undefined;
  server.aws.onBusEvent((event) => {
    if (client === undefined) return;
    const sent = forward(client, event).finally(() => inFlight.delete(sent));
    inFlight.add(sent);
  });
  return {
    url: server.url,
    aws: server.aws,
    forwardEvents(busUrl) {
      const credentials = { accessKeyId: accountId, secretAccessKey: 'local' };
      client = new EventBridgeClient({ endpoint: busUrl, region, credentials });
    },
    async stop() {
      const last = client;
      client = undefined;
      await server.close();
      await Promise.all(inFlight);
      last?.destroy();
    },
  };
}

async function forward(client: EventBridgeClient, event: Readonly<Record<string, unknown>>): Promise<void> {
  const entry = {
    Source: String(event['source']),
    DetailType: String(event['detail-type']),
    Detail: JSON.stringify(event['detail']),
    Resources: event['resources'] as string[],
    Time: new Date(String(event['time'])),
  };
  try {
    const { Entries } = await client.send(new PutEventsCommand({ Entries: [entry] }));
    const refused = Entries?.find(({ ErrorCode }) => ErrorCode !== undefined);
    if (refused !== undefined) throw new Error(`${refused.ErrorCode}: ${refused.ErrorMessage}`);
  } catch (error) {
    process.stderr.write(`${entry.DetailType}: not forwarded to the bus: ${(error as Error).message}\n`);
  }
}
