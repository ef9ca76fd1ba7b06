/** Least privilege, both ways: what the functions need is allowed, and what is allowed is needed. */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Document } from '../story/run-scenario.ts';
import { type Collected, type Collection, collectPermissions } from '../support/iam-collection.ts';
import { judge, type NamedPolicy, type PolicyStatement, policiesOf } from '../support/iam-judge.ts';
import { IAM_SCENARIOS } from '../support/iam-scenarios.ts';
import { canTranslate, Resolver, type TranslatedTemplate, translateTemplate } from '../support/translated-template.ts';

if (!canTranslate) console.log('skipped: roles of the translated template: .venv is missing (npm test installs it)');

/** What Lambda itself does with a function's role, so that no call of ours can show the need. */
const USED_BY_LAMBDA = [
  // Every run's log lines.
  /^logs:(CreateLogGroup|CreateLogStream|PutLogEvents)$/,
  // The failure destination of asynchronous invocations.
  /^sqs:SendMessage$/,
  // Network interfaces of functions in a VPC.
  /^ec2:(CreateNetworkInterface|DescribeNetworkInterfaces|DescribeSubnets|DeleteNetworkInterface|(Una|A)ssignPrivateIpAddresses)$/,
];

/** With the seed and region of the other collection, so that the state table has the same name. */
const readDocument = (file: string): Document => ({
  ...(parse(readFileSync(file, 'utf8')) as Document),
  seed: 1,
  region: 'us-east-1',
});

const FUNCTIONS = ['ScheduledScaling', 'BacklogWake', 'IdleWindows'];
const show = ({ functionId, permission: { action, resource, context, impliedBy } }: Collected): string =>
  `${functionId}: ${action} on ${resource}${impliedBy === undefined ? '' : ` (by ${impliedBy})`} ${JSON.stringify(context)}`;

describe.skipIf(!canTranslate)('the roles of the translated template', () => {
  let collection: Collection;
  let template: TranslatedTemplate;
  let resolver: Resolver;
  const roles = new Map<string, readonly NamedPolicy[]>();

  beforeAll(async () => {
    collection = await collectPermissions(IAM_SCENARIOS);
    template = translateTemplate(readFileSync('template.yaml', 'utf8'));
    resolver = new Resolver(template, { names: { StateTable: collection.tableName } });
    for (const id of FUNCTIONS) roles.set(id, policiesOf(template, resolver, `${id}Role`));
  });

  it('allow everything that the functions needed in runs through all their paths', async () => {
    const denied: string[] = [];
    for (const one of collection.needed) {
      const verdict = await judge(roles.get(one.functionId)!, one.permission);
      if (verdict !== 'Allowed') denied.push(`${verdict}: ${show(one)}`);
    }
    expect(denied).toEqual([]);
    expect(collection.refused.map(({ error }) => error?.message)).toEqual([]);
    expect(collection.needed.length, 'distinct needs').toBeGreaterThan(250);
  });

  it('allow, and the simulator lets through, the same in every fleet that the tests keep', async () => {
    const folders = ['test/story/found', 'test/story/attacked'];
    const files = folders.flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`));
    const documents = files
      .filter((file) => file.endsWith('.yaml'))
      .map((file) => [file, { document: readDocument(file) }]);
    expect(documents.length).toBeGreaterThanOrEqual(7);
    const wide = await collectPermissions(Object.fromEntries(documents) as Parameters<typeof collectPermissions>[0]);
    // Of a call that was refused the simulator says what was missing; there people took the tag away on purpose.
    const lacking = new Set(wide.refused.map(({ missing }) => JSON.stringify(missing)));
    const differ: string[] = [];
    for (const one of wide.needed) {
      const verdict = await judge(roles.get(one.functionId)!, one.permission);
      if ((verdict === 'Allowed') === lacking.has(JSON.stringify(one.permission)))
        differ.push(`${verdict}: ${show(one)}`);
    }
    expect(differ).toEqual([]);
    expect(wide.needed.length, 'distinct needs').toBeGreaterThan(100);
  });

  it('allow nothing that was not needed: each action, resource and value of each statement', async () => {
    const idle: string[] = [];
    for (const id of FUNCTIONS) {
      const ours = collection.needed.filter(({ functionId }) => functionId === id);
      for (const { name, policy } of roles.get(id)!) {
        for (const statement of policy.Statement) idle.push(...(await findIdle(`${id} ${name}`, statement, ours)));
      }
    }
    expect(idle).toEqual([]);
  });

  it('have no statement that another one makes superfluous', async () => {
    const superfluous: string[] = [];
    for (const id of FUNCTIONS) {
      const policies = roles.get(id)!;
      const ours = collection.needed.filter(({ functionId }) => functionId === id);
      for (const statement of policies.flatMap(({ policy }) => policy.Statement)) {
        if (isNoGrantOfOurs(statement)) continue;
        if (!(await isMissed(policies, statement, ours))) superfluous.push(`${id} ${statement.Sid}`);
      }
    }
    expect(superfluous).toEqual([]);
  });

  it('are compared with what was needed by a check that sees a grant too many', async () => {
    const ours = collection.needed.filter(({ functionId }) => functionId === 'IdleWindows');
    const tooMuch: PolicyStatement = {
      Sid: 'TooMuch',
      Effect: 'Allow',
      Action: ['sagemaker:DescribeEndpoint', 'sagemaker:UpdateEndpoint'],
      Resource: ['endpoint', 'inference-component'].map((kind) => `arn:aws:sagemaker:us-east-1:123456789012:${kind}/*`),
    };
    expect(await findIdle('IdleWindows', tooMuch, ours)).toEqual([
      'IdleWindows TooMuch: sagemaker:UpdateEndpoint',
      'IdleWindows TooMuch: arn:aws:sagemaker:us-east-1:123456789012:inference-component/*',
    ]);
  });

  it('name every statement that is ours', () => {
    for (const id of FUNCTIONS) {
      const own = roles.get(id)!.flatMap(({ policy }) => policy.Statement.filter((one) => !isNoGrantOfOurs(one)));
      expect(own.length).toBeGreaterThan(5);
      const sids = own.map(({ Sid }) => Sid);
      expect(
        sids.every((sid) => /^[A-Z][A-Za-z]+$/.test(sid ?? '')),
        `${id}: ${sids}`,
      ).toBe(true);
      expect(new Set(sids).size, `${id}: ${sids}`).toBe(sids.length);
    }
  });
});

/** A denial takes back and grants nothing. */
function isNoGrantOfOurs({ Action, Effect }: PolicyStatement): boolean {
  if (Effect === 'Deny') return true;
  return [Action].flat().every((action) => USED_BY_LAMBDA.some((pattern) => pattern.test(action)));
}

/** Whether something that was needed is no longer allowed when the statement is taken out. */
async function isMissed(
  policies: readonly NamedPolicy[],
  statement: PolicyStatement,
  needed: readonly Collected[],
): Promise<boolean> {
  const without = policies.map(({ name, policy }) => ({
    name,
    policy: { ...policy, Statement: policy.Statement.filter((other) => other !== statement) },
  }));
  const rest = without.filter(({ policy }) => policy.Statement.length > 0);
  const actions = new Set([statement.Action].flat());
  for (const { permission } of needed) {
    if (actions.has(permission.action) && (await judge(rest, permission)) !== 'Allowed') return true;
  }
  return false;
}

type Conditions = NonNullable<PolicyStatement['Condition']>;

/** The statement's condition with one of a key's values alone, for each key that has several. */
function singleValued(
  condition: Conditions | undefined,
): readonly { readonly value: string; readonly narrowed: Conditions }[] {
  return Object.entries(condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).flatMap(([key, values]) =>
      Array.isArray(values) && values.length > 1
        ? values.map((value) => ({
            value: `${key} ${value}`,
            narrowed: { ...condition, [operator]: { ...keys, [key]: value } },
          }))
        : [],
    ),
  );
}

/** Actions, resources and values of conditions that nothing which was needed asks for. */
async function findIdle(where: string, statement: PolicyStatement, needed: readonly Collected[]): Promise<string[]> {
  if (isNoGrantOfOurs(statement)) return [];
  const place = `${where} ${statement.Sid}`;
  const actions = [statement.Action].flat();
  const resources = [statement.Resource].flat();
  const isUsed = async (narrowed: PolicyStatement): Promise<boolean> => {
    const wanted = new Set([narrowed.Action].flat());
    for (const { permission } of needed) {
      if (!wanted.has(permission.action)) continue;
      const policy = { Version: '2012-10-17', Statement: [{ ...narrowed, Effect: 'Allow' as const }] };
      if ((await judge([{ name: place, policy }], permission)) === 'Allowed') return true;
    }
    return false;
  };
  const idle: string[] = [];
  for (const Action of actions) if (!(await isUsed({ ...statement, Action }))) idle.push(`${place}: ${Action}`);
  for (const Resource of resources)
    if (resources.length > 1 && !(await isUsed({ ...statement, Resource }))) idle.push(`${place}: ${Resource}`);
  for (const { value, narrowed } of singleValued(statement.Condition))
    if (!(await isUsed({ ...statement, Condition: narrowed }))) idle.push(`${place}: ${value}`);
  return idle;
}
