import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../shared/domain/time.ts';
import { PREFIX } from '../support/product-runtime.ts';
import { createScalingFleet, type ScalingFleet } from '../support/scheduled-scaling-fleet.ts';

async function addTable(fleet: ScalingFleet, TableName: string, prefix = PREFIX): Promise<void> {
  await fleet.people.dynamodb.send(
    new CreateTableCommand({
      TableName,
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
      Tags: [{ Key: `${prefix}:table`, Value: 'state' }],
    }),
  );
}

const told = (fleet: ScalingFleet) => fleet.events.filter(({ type }) => type === 'Table Left Behind');
const levels = (fleet: ScalingFleet) =>
  fleet.lines.flatMap(({ metrics }) => (metrics as Record<string, number> | undefined)?.['LeftTables'] ?? []);

it('a table left behind is counted hourly and announced daily, by its name; that of another prefix is not', async () => {
  const fleet = await createScalingFleet();
  await addTable(fleet, 'Old-StateTable-1A');
  await addTable(fleet, 'other-StateTable-1', 'other');
  await fleet.tickUntil(6 * MINUTE);
  expect(levels(fleet)).toEqual([]);
  for (let hour = 0; hour < 24; hour += 1) await fleet.tick(hour * HOUR + 7 * MINUTE);
  expect(levels(fleet)).toEqual(Array(24).fill(1));
  expect(told(fleet)).toMatchObject([{ detail: { table: 'Old-StateTable-1A' } }]);
  expect(fleet.lines.filter(({ table }) => table !== undefined)).toMatchObject([
    { level: 'WARN', table: 'Old-StateTable-1A' },
  ]);
  await fleet.tick(DAY + 7 * MINUTE);
  expect(told(fleet)).toHaveLength(2);
});

it("the stack's own table is none, also one that it took over", async () => {
  const fleet = await createScalingFleet();
  await addTable(fleet, 'taken-over');
  fleet.coldStart({ TABLE_NAME: 'taken-over' });
  await fleet.tickUntil(8 * MINUTE);
  expect([levels(fleet), told(fleet)]).toEqual([[], []]);
});

it('a refused look is logged and counted, and the tick goes on', async () => {
  const fleet = await createScalingFleet();
  const error = { code: 'ThrottledException', message: 'Rate exceeded' };
  const from = fleet.aws.clock.now();
  fleet.aws.addCallFault({ from, until: undefined, calls: 'ResourceGroupsTaggingAPI.GetResources', share: 1, error });
  expect(await fleet.tick(7 * MINUTE)).toMatchObject({ failures: 0 });
  expect(fleet.lines.map(({ message }) => message)).toContain(
    'tables left behind could not be looked for; tried again in an hour',
  );
});
