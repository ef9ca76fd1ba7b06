/** The simulator's own evaluation of policies, against an independent one and on its own. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Permission, RequestContext } from '../../simulator/contract.ts';
import { evaluate } from '../../simulator/iam/evaluate.ts';
import { readPolicy } from '../../simulator/iam/policy.ts';
import { judge, type NamedPolicy, type PolicyStatement } from '../support/iam-judge.ts';

const ENDPOINT = 'arn:aws:sagemaker:us-east-1:123456789012:endpoint/chat';
const RESULTS = {
  allowed: 'Allowed',
  'implicitly-denied': 'ImplicitlyDenied',
  'explicitly-denied': 'ExplicitlyDenied',
};

const decide = (policy: NamedPolicy['policy'], permission: Permission): string =>
  RESULTS[evaluate(readPolicy(policy, 'policy'), permission).result];

const statementWith = (condition: NonNullable<PolicyStatement['Condition']>): NamedPolicy['policy'] => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sagemaker:CreateEndpoint', Resource: '*', Condition: condition }],
});

const create = (context: RequestContext): Permission => ({
  action: 'sagemaker:CreateEndpoint',
  resource: ENDPOINT,
  context,
});

const word = fc.constantFrom('chat', 'Chat', 'chat-dev', 'true', 'false', 'endpoint-scaler:policy', '10', '9.5');
const pattern = fc.oneof(word, fc.constantFrom('*', 'ch?t', 'chat*', '*:policy', '?', '*a*'));
const arnText = fc.constantFrom(
  ENDPOINT,
  ENDPOINT.replace('chat', 'other'),
  'arn:aws:sagemaker:*:123456789012:endpoint/*',
  'arn:aws:*:us-east-1:123456789012:endpoint/c?at',
  'arn:aws:sagemaker:us-east-1:*',
);
const instant = fc.constantFrom('2026-03-01T00:00:00Z', '2026-03-02T12:00:00Z', '2027-01-01T00:00:00Z');
const amount = fc.constantFrom('1', '2', '2.0', '10', '-3');

const STRINGS = ['StringEquals', 'StringNotEquals', 'StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase'];
const ORDERS = ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'];

/** An operator with values of the policy and of the request that it can compare. */
const comparison = fc.oneof(
  fc.record({
    operator: fc.constantFrom(...STRINGS),
    wanted: fc.array(word, { minLength: 1, maxLength: 3 }),
    given: word,
  }),
  fc.record({
    operator: fc.constantFrom('StringLike', 'StringNotLike'),
    wanted: fc.array(pattern, { minLength: 1, maxLength: 3 }),
    given: word,
  }),
  fc.record({
    operator: fc.constantFrom('ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike'),
    wanted: fc.array(arnText, { minLength: 1, maxLength: 2 }),
    given: fc.constantFrom(ENDPOINT, ENDPOINT.replace('us-east-1', 'eu-west-1')),
  }),
  fc.record({
    operator: fc.constantFrom(...ORDERS.map((order) => `Numeric${order}`)),
    wanted: fc.array(amount, { minLength: 1, maxLength: 2 }),
    given: amount,
  }),
  fc.record({
    operator: fc.constantFrom(...ORDERS.map((order) => `Date${order}`)),
    wanted: fc.array(instant, { minLength: 1, maxLength: 2 }),
    given: instant,
  }),
  fc.record({
    operator: fc.constant('Bool'),
    wanted: fc.constantFrom(['true'], ['false']),
    given: fc.constantFrom('true', 'false'),
  }),
);

describe('conditions, against an independent evaluation', () => {
  it('of a key with one value or none, with and without IfExists', async () => {
    await fc.assert(
      fc.asyncProperty(
        comparison,
        fc.boolean(),
        fc.boolean(),
        async ({ operator, wanted, given }, ifExists, isThere) => {
          const policy = statementWith({
            [operator + (ifExists ? 'IfExists' : '')]: { 'aws:RequestTag/team': wanted },
          });
          const permission = create(isThere ? { 'aws:RequestTag/team': given } : {});
          expect(decide(policy, permission)).toBe(await judge([{ name: 'p', policy }], permission));
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });

  it('of a key with several values, under every set operator and none', async () => {
    const several = fc.record({
      operator: fc.constantFrom(...STRINGS, 'StringLike', 'StringNotLike'),
      set: fc.constantFrom('ForAllValues:', 'ForAnyValue:', ''),
      wanted: fc.array(pattern, { minLength: 1, maxLength: 3 }),
      given: fc.option(fc.uniqueArray(word, { minLength: 1, maxLength: 3 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(several, async ({ operator, set, wanted, given }) => {
        const policy = statementWith({ [set + operator]: { 'aws:TagKeys': wanted } });
        const permission = create(given === undefined ? {} : { 'aws:TagKeys': given });
        expect(decide(policy, permission)).toBe(await judge([{ name: 'p', policy }], permission));
      }),
      { numRuns: 300, seed: 2 },
    );
  });

  it('of Null, and of several operators and keys together', async () => {
    const both = fc.record({ policy: fc.constantFrom('true', 'false'), protect: fc.boolean(), tag: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(both, async ({ policy: isNull, protect, tag }) => {
        const policy = statementWith({
          Null: { 'aws:RequestTag/policy': isNull },
          StringNotEquals: { 'aws:RequestTag/protect': 'true' },
        });
        const permission = create({
          ...(tag && { 'aws:RequestTag/policy': 'chat' }),
          ...(protect && { 'aws:RequestTag/protect': 'true' }),
        });
        expect(decide(policy, permission)).toBe(await judge([{ name: 'p', policy }], permission));
      }),
      { numRuns: 20, seed: 3 },
    );
  });
});

describe('statements, against an independent evaluation', () => {
  const ACTIONS = ['sagemaker:DeleteEndpoint', 'sagemaker:DescribeEndpoint'];
  const RESOURCES = [ENDPOINT, ENDPOINT.replace('chat', 'other'), ENDPOINT.replace('us-east-1', 'eu-west-1')];
  const statement = fc.record({
    Effect: fc.constantFrom('Allow' as const, 'Deny' as const),
    action: fc.constantFrom(
      '*',
      'sagemaker:*',
      'sagemaker:delete*',
      'SageMaker:DescribeEndpoint',
      'ssm:*',
      'sagemaker:D?leteEndpoint',
    ),
    notAction: fc.boolean(),
    resource: fc.constantFrom(
      '*',
      ENDPOINT,
      `${ENDPOINT}*`,
      ENDPOINT.replace('chat', '*'),
      'arn:aws:sagemaker:*:*:endpoint/c*',
    ),
    notResource: fc.boolean(),
  });

  it('with wildcards, NotAction, NotResource and Deny', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(statement, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(...ACTIONS),
        fc.constantFrom(...RESOURCES),
        async (drawn, action, resource) => {
          const Statement = drawn.map((one) => ({
            Effect: one.Effect,
            [one.notAction ? 'NotAction' : 'Action']: one.action,
            [one.notResource ? 'NotResource' : 'Resource']: one.resource,
          })) as unknown as PolicyStatement[];
          const policy = { Version: '2012-10-17', Statement };
          const permission = { action, resource, context: {} };
          expect(decide(policy, permission)).toBe(await judge([{ name: 'p', policy }], permission));
        },
      ),
      { numRuns: 300, seed: 4 },
    );
  });

  it('with variables of the request', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: IAM's own placeholders
    const values = ['${aws:RequestTag/team}', "${aws:RequestTag/team, 'none'}", 'plain', '${*}'];
    for (const value of values) {
      for (const team of ['search', 'plain', '*', undefined]) {
        const policy = statementWith({ StringLike: { 'aws:RequestTag/owner': value } });
        for (const owner of ['search', 'none', 'plain', '*']) {
          const permission = create({ 'aws:RequestTag/owner': owner, ...(team && { 'aws:RequestTag/team': team }) });
          const judged = await judge([{ name: 'p', policy }], permission);
          expect([value, team, owner, decide(policy, permission)]).toEqual([value, team, owner, judged]);
        }
      }
    }
  });
});

describe('a policy', () => {
  it('that is not one is refused with the place and what is allowed', () => {
    const refusal = (statement: object): string => {
      try {
        readPolicy({ Version: '2012-10-17', Statement: [statement] }, 'Role');
      } catch (error) {
        return (error as Error).message;
      }
      return 'taken';
    };
    const good = { Effect: 'Allow', Action: 'ssm:GetParameter', Resource: '*' };
    expect(refusal(good)).toBe('taken');
    expect(refusal({ ...good, Effect: 'allow' })).toBe('Role.Statement[0].Effect: allow: must be Allow or Deny');
    expect(refusal({ ...good, NotAction: 'ssm:*' })).toBe('Role.Statement[0]: must have either Action or NotAction');
    expect(refusal({ ...good, Action: [] })).toBe('Role.Statement[0].Action: must not be empty');
    expect(refusal({ ...good, Action: 'GetParameter' })).toBe(
      'Role.Statement[0].Action: GetParameter: must be * or service:Action',
    );
    expect(refusal({ ...good, Principal: '*' })).toMatch(
      /^Role\.Statement\[0\]\.Principal: not an element of an identity-based/,
    );
    expect(refusal({ ...good, Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } })).toBe(
      'Role.Statement[0].Condition.IpAddress.aws:SourceIp: IpAddress: this condition operator is not simulated',
    );
    expect(() => readPolicy('{', 'Role')).toThrow(/^Role: is not JSON/);
    expect(() => readPolicy({ Version: '2008-10-17', Statement: [] }, 'Role')).toThrow(
      'Role.Version: 2008-10-17: must be 2012-10-17',
    );
  });
});
