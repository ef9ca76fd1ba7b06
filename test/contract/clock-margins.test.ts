import { describe, expect, it } from 'vitest';
import { SECOND } from '../../shared/domain/time.ts';
import { type Account, createAccount, NAME, TIMEOUT } from '../support/interleave/account.ts';
import { inState, run } from '../support/interleave/states.ts';

const deletes = ({ aws }: Account): number => aws.callCounts()['SageMaker.DeleteEndpoint'] ?? 0;
const PARKING = 'parking, second run';

/** Begins a run that takes the lease and then dies. */
async function diesUnderLease(account: Account): Promise<void> {
  let puts = 0;
  void account.tick('idle-windows', {
    gate: {
      after: ({ operation }) => {
        if (operation === 'PutItem') puts += 1;
        return puts > 0 ? 'dead' : undefined;
      },
    },
  });
  await run(account, 0);
  expect((await account.store.get(NAME))?.lease, 'the lease that is raced for').toBeDefined();
}

describe('clocks of two functions that differ by 10 s', () => {
  it('no lease is taken over while the run that holds it can be alive', async () => {
    const account = await inState(PARKING);
    await diesUnderLease(account);
    await run(account, TIMEOUT - SECOND);
    await account.tick('idle-windows', { skew: 10 * SECOND });
    expect(deletes(account)).toBe(0);
    await run(account, 12 * SECOND);
    await account.tick('idle-windows');
    expect(deletes(account)).toBe(1);
  });

  it('no second run of a park comes while a run that saw `up` can be alive', async () => {
    const account = await createAccount();
    await run(account, 60 * SECOND);
    await account.tick('scheduled-scaling');
    await account.tick('idle-windows');
    expect((await account.store.get(NAME))?.phase).toBe('parking');
    await run(account, TIMEOUT - SECOND);
    await account.tick('idle-windows', { skew: 10 * SECOND });
    expect(deletes(account)).toBe(0);
    await run(account, 12 * SECOND);
    await account.tick('idle-windows');
    expect(deletes(account)).toBe(1);
  });

  it('a change that was begun before `parking` was written is waited for', async () => {
    const account = await inState(PARKING);
    const now = account.aws.clock.now();
    const intent = { holder: 'other', at: now, until: now + 20 * SECOND, reason: 'otherwise' } as const;
    await account.store.update(NAME, (record) => ({ ...record, intent }));
    await account.tick('idle-windows');
    expect(deletes(account)).toBe(0);
    await run(account, 31 * SECOND);
    await account.tick('idle-windows');
    expect(deletes(account)).toBe(1);
  });
});

describe('a run whose time is over', () => {
  it('sends nothing more, and says so without failing', async () => {
    const account = await inState(PARKING);
    let calls = 0;
    const frozen: (() => void)[] = [];
    const ended = account.tick('idle-windows', {
      gate: {
        after: () => {
          calls += 1;
          return calls === 5 ? new Promise((thaw) => frozen.push(thaw)) : undefined;
        },
      },
    });
    await run(account, 0);
    expect(frozen, 'the run hangs').toHaveLength(1);
    await run(account, TIMEOUT);
    frozen[0]?.();
    await ended;
    expect(calls).toBe(5);
    expect(account.lines.filter(({ logType }) => logType === 'problem')).toEqual([]);
    expect(account.lines).toContainEqual(expect.objectContaining({ message: 'another run has the endpoint' }));
  });
});
