import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  type CreateEndpointConfigCommandInput,
  CreateModelCommand,
  DeleteEndpointConfigCommand,
  DescribeEndpointConfigCommand,
  ListTagsCommand,
} from '@aws-sdk/client-sagemaker';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEndpointConfigMaker } from '../../shared/aws/endpoint-configs.ts';
import { createEndpointControl } from '../../shared/aws/sagemaker.ts';
import { HOUR, MINUTE } from '../../shared/domain/time.ts';
import { type IdleWindowsFleet, PARKING_POLICY } from '../support/idle-windows-fleet.ts';
import { type OwnedEndpoint, ownedEndpoint, wholeConfig } from '../support/owned-endpoint.ts';
import { createParkedFleet } from '../support/park-and-wake.ts';
import { PREFIX } from '../support/product-runtime.ts';
import { createAws, createClients, START } from '../support/simulator-clients.ts';

/** More and other cases: RECIPE_RUNS=50 RECIPE_SEED=7 npm run vitest -- test/property/recipe.test.ts; RECIPE_SHRINK=1 shrinks. */
const RUNS = process.env['RECIPE_RUNS'] === undefined ? undefined : Number(process.env['RECIPE_RUNS']);
const SEED = Number(process.env['RECIPE_SEED'] ?? 1);
const SHRINK = process.env['RECIPE_SHRINK'] !== undefined;

function typesOf(variant: Readonly<Record<string, unknown>>): readonly string[] {
  const pools = (variant['InstancePools'] ?? []) as readonly { readonly InstanceType: string }[];
  return [...pools.map(({ InstanceType }) => InstanceType), variant['InstanceType']].filter(
    (type) => typeof type === 'string',
  );
}

/** Announcements that a restore left something out. */
function refusals({ events }: IdleWindowsFleet): number {
  return events.filter(({ type, detail }) => type === 'Decision Refused' && 'outstanding' in detail).length;
}

const fleetOf = (all: readonly OwnedEndpoint[]) =>
  new Map(all.map((endpoint, index) => [`Owned-${index}`, endpoint] as const));

/** Each case is a whole fleet: what is slow is the time that passes, not the endpoints in it. */
async function holds(runs: number, check: (owned: ReadonlyMap<string, OwnedEndpoint>) => Promise<void>): Promise<void> {
  const fleets = fc.array(ownedEndpoint, { minLength: 8, maxLength: 8 });
  const property = fc.asyncProperty(fleets, (all) => check(fleetOf(all)));
  await fc.assert(property, { numRuns: RUNS ?? runs, seed: SEED, endOnFailure: !SHRINK });
}

/** An endpoint is created with its config's counts; what else a person did not put back is not his to lose. */
function withoutSizes(dump: object | undefined): object {
  const text = JSON.stringify(dump, (key, value) =>
    ['CurrentInstanceCount', 'DesiredInstanceCount', 'CurrentWeight', 'DesiredWeight'].includes(key)
      ? undefined
      : value,
  );
  return JSON.parse(text) as object;
}

describe('a recipe', () => {
  it('brings back all that the APIs show, of any endpoint', () =>
    holds(5, async (owned) => {
      const { fleet, before, park, wake } = await createParkedFleet(owned);
      await park();
      const after = await wake();
      for (const name of owned.keys()) {
        expect(after.get(name), name).toEqual(before.get(name));
        expect((await fleet.record(name)).outstanding, name).toBeUndefined();
      }
    }));

  it('is as complete after a park that followed a restore of which much was refused', () =>
    holds(2, async (owned) => {
      const { fleet, before, park, wake } = await createParkedFleet(owned);
      await park();
      const from = fleet.aws.clock.now();
      const error = { code: 'AccessDeniedException', message: 'not authorized', httpStatus: 400 };
      const refused = [
        'ApplicationAutoScaling.RegisterScalableTarget',
        'ApplicationAutoScaling.PutScalingPolicy',
        'ApplicationAutoScaling.PutScheduledAction',
        'CloudWatch.PutMetricAlarm',
        'SageMaker.UpdateEndpointWeightsAndCapacities',
      ];
      for (const calls of refused) fleet.aws.addCallFault({ calls, from, until: from + HOUR, share: 0.5, error });
      await wake();
      await fleet.tickUntil(from - START + HOUR);
      expect(refusals(fleet)).toBeGreaterThan(0);
      await park();
      const after = await wake();
      for (const name of owned.keys()) expect(after.get(name), name).toEqual(before.get(name));
    }));

  it('is as complete after a park from a fallback config', () =>
    holds(1, async (owned) => {
      const { fleet, before, park, wake } = await createParkedFleet(owned);
      const { aws, people, breakers } = fleet;
      const types = [...owned.values()].flatMap(({ variantSettings }) => typesOf(variantSettings));
      const spare = ['ml.c5.xlarge', 'ml.m5.xlarge', 'ml.c4.xlarge'].find((type) => !types.includes(type)) ?? '';
      for (const [name, { variant }] of owned) {
        await people.sagemaker.send(
          new CreateEndpointConfigCommand({
            EndpointConfigName: `${name}-fallback`,
            ProductionVariants: [
              { VariantName: variant, ModelName: name, InstanceType: spare as 'ml.c5.xlarge', InitialInstanceCount: 1 },
            ],
          }),
        );
      }
      await park();
      const from = aws.clock.now();
      for (const instanceType of new Set(types)) {
        aws.world.addShortage({ instanceType, from, until: from + HOUR, failsAfterMs: MINUTE });
      }
      await wake();
      for (const name of owned.keys()) {
        expect((await fleet.record(name)).running?.configName, name).toBe(`${name}-fallback`);
      }
      await fleet.tickUntil(from - START + HOUR);
      for (const type of new Set(types)) await breakers.close(type);
      await park();
      const after = await wake();
      for (const name of owned.keys()) expect(after.get(name), name).toEqual(before.get(name));
    }));

  it('is as complete after a park of what a person recreated without its scaling', () =>
    holds(1, async (owned) => {
      const { fleet, before, park, untilUp, wake } = await createParkedFleet(owned);
      await park();
      for (const [name, { tags }] of owned) {
        const all = { ...tags, [`${PREFIX}:policy`]: PARKING_POLICY.name };
        await fleet.people.sagemaker.send(
          new CreateEndpointCommand({
            EndpointName: name,
            EndpointConfigName: `${name}-config`,
            Tags: Object.entries(all).map(([Key, Value]) => ({ Key, Value })),
          }),
        );
      }
      await untilUp();
      await park();
      const after = await wake();
      for (const name of owned.keys()) {
        expect(withoutSizes(after.get(name)), name).toEqual(withoutSizes(before.get(name)));
      }
    }));

  it('holds an endpoint config to its last member, and makes it anew, tags too', async () => {
    const aws = createAws();
    const { sagemaker } = createClients(aws);
    await sagemaker.send(
      new CreateModelCommand({ ModelName: 'model', ExecutionRoleArn: 'arn:aws:iam::123456789012:role/m' }),
    );
    const control = createEndpointControl({ client: sagemaker, clock: aws.clock, sleep: (ms) => aws.clock.sleep(ms) });
    const maker = createEndpointConfigMaker(sagemaker);
    let made = 0;
    const show = async (EndpointConfigName: string) => {
      const {
        $metadata: _,
        CreationTime: __,
        ...config
      } = await sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName }));
      return {
        config,
        ...(await sagemaker.send(new ListTagsCommand({ ResourceArn: config.EndpointConfigArn }))),
        $metadata: {},
      };
    };
    const property = fc.asyncProperty(wholeConfig, async ({ request, tags }) => {
      made += 1;
      const EndpointConfigName = `config-${made}`;
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      await sagemaker.send(
        new CreateEndpointConfigCommand({ ...request, EndpointConfigName, Tags } as CreateEndpointConfigCommandInput),
      );
      const before = await show(EndpointConfigName);
      const view = await control.describeConfig(EndpointConfigName);
      if (!view.ok || view.value === undefined) throw new Error('the config cannot be read');
      // As the table keeps it.
      const kept = JSON.parse(JSON.stringify(view.value.config));
      expect(Object.keys(kept).sort()).toEqual([...Object.keys(request), 'EndpointConfigName'].sort());
      await sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName }));
      expect(await maker.create(EndpointConfigName, kept, tags)).toMatchObject({ ok: true });
      expect(await show(EndpointConfigName)).toEqual(before);
    });
    await fc.assert(property, { numRuns: 200, seed: SEED });
  });
});
