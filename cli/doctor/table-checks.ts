import {
  DescribeTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  ListTagsOfResourceCommand,
} from '@aws-sdk/client-dynamodb';
import { outcomeOf } from '../../shared/aws/classify.ts';
import { createFleetStore } from '../../shared/aws/dynamodb.ts';
import type { Outcome } from '../../shared/ports/outcome.ts';
import { plural } from '../printable.ts';
import { type Check, type Finding, notChecked, orOk, type Patient, unread } from './finding.ts';

const PAGE = 100;
const MAX_PAGES = 20;
/** CloudFormation names a table after stack and logical id. */
const NAMED_AFTER_US = /-StateTable-/;

/** Tables that an earlier stack of this product left behind: their parked endpoints have nobody who wakes them. */
export const checkTables: Check = async (patient) => {
  const check = 'tables left behind';
  const names = await listTables(patient);
  if (!names.ok) return unread(patient, check, names);
  const others = names.value.filter(
    (name) => name !== patient.account.stack.settings.table && NAMED_AFTER_US.test(name),
  );
  const findings = await Promise.all(others.map((name) => checkTable(patient, name)));
  return orOk(findings.flat(), check, 'none holds a parked endpoint');
};

function listTables({ account }: Patient): Promise<Outcome<readonly string[]>> {
  const client = account.runtime.clientOf(DynamoDBClient);
  return outcomeOf('DynamoDB.ListTables', async () => {
    const names: string[] = [];
    let start: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await client.send(new ListTablesCommand({ Limit: PAGE, ExclusiveStartTableName: start }));
      names.push(...(answer.TableNames ?? []));
      start = answer.LastEvaluatedTableName;
      if (start === undefined) break;
    }
    return names;
  });
}

async function checkTable(patient: Patient, name: string): Promise<readonly Finding[]> {
  const check = 'tables left behind';
  const client = patient.account.runtime.clientOf(DynamoDBClient);
  const prefix = await readPrefix(patient, name);
  if (!prefix.ok) return [notChecked(check, patient.account.explainFailure(prefix.failure), name)];
  // The table of another stack that lives: its own doctor looks after it.
  if (prefix.value !== undefined && prefix.value !== patient.account.prefix) return [];
  const records = await outcomeOf('DynamoDB.Query', () =>
    createFleetStore({ client, tableName: name, report: () => undefined }).list(),
  );
  if (!records.ok) return [notChecked(check, patient.account.explainFailure(records.failure), name)];
  const parked = records.value.filter(({ phase }) => phase !== 'up').map(({ endpoint }) => endpoint);
  if (parked.length === 0) return [];
  return [
    {
      level: 'error',
      check,
      subject: name,
      found: `holds ${plural(parked.length, 'endpoint')} away: ${parked.slice(0, 10).join(', ')}`,
      advice: `take the table over with ExistingTable=${name}, or run endpoint-scaler recover --table ${name}`,
    },
  ];
}

/** TagPrefix of the stack that made the table, as far as its tags say. */
async function readPrefix({ account }: Patient, name: string): Promise<Outcome<string | undefined>> {
  const client = account.runtime.clientOf(DynamoDBClient);
  return outcomeOf('DynamoDB.ListTagsOfResource', async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    const { Tags = [] } = await client.send(new ListTagsOfResourceCommand({ ResourceArn: Table?.TableArn ?? name }));
    return Tags.find(({ Key, Value }) => Key?.endsWith(TABLE_TAG) && Value === 'state')?.Key?.slice(
      0,
      -TABLE_TAG.length,
    );
  });
}

/** The stack tags its table `<TagPrefix>:table` = `state`. */
const TABLE_TAG = ':table';
