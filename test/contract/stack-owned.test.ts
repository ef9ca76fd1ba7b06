import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../../shared/documents/compile.ts';
import { parsePolicy } from '../../shared/documents/index.ts';
import { MINUTE } from '../../shared/domain/time.ts';
import { createFleet, PARKING_POLICY } from '../support/idle-windows-fleet.ts';
import { PREFIX } from '../support/product-runtime.ts';
import { START } from '../support/simulator-clients.ts';

const STACK = { [`${PREFIX}:policy`]: 'chat', team: 'search', 'aws:cloudformation:stack-name': 'app' };
const PARKED_BY = 40 * MINUTE;

/** The document as its author writes it, compiled. */
function chat(zero: object) {
  const policy = parsePolicy('chat', { otherwise: 'zero', zero: { by: 'park', idleFor: '10m', minUp: '5m', ...zero } });
  if (!policy.ok) throw new Error(JSON.stringify(policy.problems));
  const compiled = compilePolicy(policy.value, new Map(), { from: START, until: START + 8 * 24 * 60 * MINUTE });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.value;
}

describe('an endpoint that a CloudFormation stack owns', () => {
  it.each([{}, { stackOwned: false }])('is never parked by a policy with zero %j', async (zero) => {
    const fleet = await createFleet();
    fleet.seed({ name: 'Chat', tags: STACK });
    await fleet.enrol('Chat', chat(zero));
    await fleet.tickUntil(PARKED_BY);
    expect(fleet.decisions()).toContain('refuse stack-owned');
    expect(await fleet.status('Chat')).toBe('InService');
  });

  it('is parked where its policy says so, and comes back without the tags that only AWS may set', async () => {
    const fleet = await createFleet();
    fleet.seed({ name: 'Chat', tags: STACK });
    await fleet.enrol('Chat', chat({ stackOwned: true }));
    await fleet.tickUntil(PARKED_BY);
    expect((await fleet.record('chat')).phase).toBe('parked');
    const recipe = await fleet.store.readRecipe('chat', 1);
    expect(recipe).toMatchObject({ tags: { 'aws:cloudformation:stack-name': 'app' } });
    await fleet.invoke({
      source: 'endpoint-scaler.request',
      'detail-type': 'Wake Requested',
      time: new Date(fleet.aws.clock.now()).toISOString(),
      detail: { endpoint: 'Chat', by: 'ada' },
    });
    await fleet.tickUntilPhase('chat', 'up');
    const { EndpointArn } = fleet.aws.call({ kind: 'person', name: 'ada' }, 'SageMaker', 'DescribeEndpoint', {
      EndpointName: 'Chat',
    }) as { EndpointArn: string };
    const { Tags } = fleet.aws.call({ kind: 'person', name: 'ada' }, 'SageMaker', 'ListTags', {
      ResourceArn: EndpointArn,
    }) as { Tags: { Key: string }[] };
    expect(Tags.map(({ Key }) => Key).sort()).toEqual([`${PREFIX}:policy`, `${PREFIX}:wake`, 'team']);
  });

  it('compiles to nothing where it is not said, so that no record grows', () => {
    expect(chat({}).policy.zero).toEqual({ ...PARKING_POLICY.zero });
  });
});
