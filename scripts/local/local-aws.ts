/**
 * An AWS on loopback that the stack can be deployed to: ministack, somebody else's, for CloudFormation, Lambda,
 * EventBridge, DynamoDB and what else the stack is made of; our simulator for what endpoints live in.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, type Ministack, startMinistack } from './ministack.ts';
import { SIMULATED_SERVICES, type SimulatedAccount, startSimulatedAccount } from './simulated-account.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export const REGION = 'us-east-1';
/** ministack takes an access key of twelve digits for the account. */
export const ACCOUNT = '123456789012';

export interface LocalAws {
  readonly ministack: Ministack;
  readonly account: SimulatedAccount;
  /** What tells the AWS CLI, SAM CLI and any SDK to talk to this AWS. */
  readonly clientEnvironment: Readonly<Record<string, string>>;
  /** The same with what a command needs beside it. */
  readonly environment: Readonly<Record<string, string>>;
  /** For files of the one who uses it; goes with `stop`. */
  readonly folder: string;
  stop(): Promise<void>;
}

export async function startLocalAws(): Promise<LocalAws> {
  const folder = mkdtempSync(join(tmpdir(), 'local-aws-'));
  const account = await startSimulatedAccount(REGION, ACCOUNT);
  const stops = [() => account.stop()];
  try {
    const port = await freePort();
    const clientEnvironment = clientEnvironmentFor(`http://127.0.0.1:${port}`, account.url);
    const environment = { ...machineEnvironment(), ...clientEnvironment };
    // The functions inherit it: that is how their calls reach the simulator.
    const ministack = await startMinistack({ port, folder, environment });
    stops.unshift(() => ministack.stop());
    account.forwardEvents(ministack.url);
    return { ministack, account, clientEnvironment, environment, folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }

  async function stop(): Promise<void> {
    for (const end of stops.splice(0)) await end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function clientEnvironmentFor(ministackUrl: string, simulatorUrl: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: ministackUrl,
    ...Object.fromEntries(SIMULATED_SERVICES.map((service) => [`AWS_ENDPOINT_URL_${service}`, simulatorUrl])),
    AWS_ACCESS_KEY_ID: ACCOUNT,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    // Nobody's profile, metadata service or telemetry.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    SAM_CLI_TELEMETRY: '0',
    NO_PROXY: '127.0.0.1,localhost',
  };
}

/** Node 24 comes first on PATH, because it is what runs the functions; then the Python tools. */
function machineEnvironment(): Record<string, string> {
  const path = [join(ROOT, 'node_modules/.bin'), join(ROOT, '.venv/bin'), process.env['PATH'] ?? ''].join(delimiter);
  const { HOME, LANG } = process.env;
  return { PATH: path, ...(HOME === undefined ? {} : { HOME }), LANG: LANG ?? 'C.UTF-8' };
}
