import { CreateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { requestWake } from '../../../shared/domain/demand.ts';
import { MINUTE, SECOND } from '../../../shared/domain/time.ts';
import { PREFIX } from '../product-runtime.ts';
import { START } from '../simulator-clients.ts';
import { type Account, createAccount, NAME, POLICY } from './account.ts';

/** Where an account stands when the runs begin: each is reached by the functions' own ticks. */
export const STATES: Readonly<Record<string, (account: Account) => Promise<void>>> = {
  /** Tagged, and no record yet. */
  'not enrolled yet': (account) => until(account, 1),
  /** Idle, nothing begun; scaling policies are to be asserted too. */
  'up, about to park': async (account) => {
    await until(account, 1);
    await account.tick('scheduled-scaling');
    await changeScaling(account);
    await until(account, 2);
  },
  'parking, second run': parking,
  'parking, delete refused': async (account) => {
    await parking(account);
    fault(account, 'SageMaker.DeleteEndpoint', 2);
  },
  "parking, delete's answer lost": async (account) => {
    await parking(account);
    loseAnswer(account, 'SageMaker.DeleteEndpoint');
  },
  'parked, still deleting, with demand': async (account) => {
    await parking(account);
    await account.tick('idle-windows');
    await demand(account);
  },
  'parked with demand': parkedWithDemand,
  "parked with demand, create's answer lost": async (account) => {
    await parkedWithDemand(account);
    loseAnswer(account, 'SageMaker.CreateEndpoint');
  },
  'parked, given back': async (account) => {
    await parkedFor(account, 2);
    const now = account.aws.clock.now();
    await account.store.update(NAME, (record) => ({ ...record, giveBack: { at: now, by: 'ada' }, nextAt: due(now) }));
  },
  'parked, recreated by a person': async (account) => {
    await parkedFor(account, 2);
    const Tags = [{ Key: `${PREFIX}:policy`, Value: 'chat' }];
    await account.people.sagemaker.send(
      new CreateEndpointCommand({ EndpointName: NAME, EndpointConfigName: NAME, Tags }),
    );
    await run(account, 2 * MINUTE);
  },
  'waking, creating': async (account) => {
    await parkedWithDemand(account);
    await account.tick('idle-windows');
    await run(account, MINUTE);
  },
  'waking, in service': wokenUp,
  'waking, failed': async (account) => {
    await parkedWithDemand(account);
    const now = account.aws.clock.now();
    const shortage = { instanceType: 'ml.g5.xlarge', from: now, until: now + SECOND, failsAfterMs: 30 * SECOND };
    account.aws.world.addShortage(shortage);
    await account.tick('idle-windows');
    await run(account, 2 * MINUTE);
  },
  'restoring, its run died': async (account) => {
    await wokenUp(account);
    let puts = 0;
    const dies = ({ operation }: { operation: string }) => {
      if (operation === 'RegisterScalableTarget') puts += 1;
      return puts > 0 ? ('dead' as const) : undefined;
    };
    void account.tick('idle-windows', { gate: { after: dies } });
    await run(account, 2 * MINUTE);
  },
};

export async function inState(name: string): Promise<Account> {
  const account = await createAccount();
  const reach = STATES[name];
  if (reach === undefined) throw new Error(`${name}: no such state; known: ${Object.keys(STATES).join(', ')}`);
  await reach(account);
  return account;
}

export function run({ aws }: Account, ms: number): Promise<void> {
  return aws.run(aws.clock.now() + ms);
}

function until({ aws }: Account, minutes: number): Promise<void> {
  return aws.run(START + minutes * MINUTE);
}

async function parking(account: Account): Promise<void> {
  await until(account, 1);
  await account.tick('scheduled-scaling');
  await account.tick('idle-windows');
  await until(account, 2);
}

async function parkedFor(account: Account, minutes: number): Promise<void> {
  await parking(account);
  await account.tick('idle-windows');
  await run(account, minutes * MINUTE);
}

async function parkedWithDemand(account: Account): Promise<void> {
  await parkedFor(account, 1);
  await demand(account);
}

async function wokenUp(account: Account): Promise<void> {
  await parkedWithDemand(account);
  await account.tick('idle-windows');
  await run(account, 2 * MINUTE);
}

export async function demand({ aws, store }: Account): Promise<void> {
  const now = aws.clock.now();
  await store.update(NAME, (record) => requestWake(record, { at: now, now, by: 'ada' }));
}

/** Another version of the policy: one more scaling policy is to be put. */
export async function changeScaling({ people }: Account): Promise<void> {
  const scaling = [...POLICY.scaling, { kind: 'target-tracking', metric: 'CPUUtilization', target: 60 }];
  const Value = JSON.stringify({ ...POLICY, scaling });
  await people.ssm.send(
    new PutParameterCommand({ Name: `/${PREFIX}/policies/chat`, Type: 'String', Overwrite: true, Value }),
  );
}

function due(now: number): { readonly scaling: number; readonly windows: number } {
  return { scaling: now, windows: now };
}

function fault({ aws }: Account, calls: string, minutes: number): void {
  const from = aws.clock.now();
  const error = { code: 'AccessDeniedException', message: 'User is not authorized to perform', httpStatus: 400 };
  aws.addCallFault({ calls, from, until: from + minutes * MINUTE, share: 1, error });
}

function loseAnswer({ aws }: Account, calls: string): void {
  const from = aws.clock.now();
  aws.addNetworkFault({ calls, from, until: from + SECOND, share: 1, kind: 'reset', effect: 'after' });
}
