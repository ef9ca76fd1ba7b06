/** docs/iam.md says what the translated template grants, and what AWS was seen to ask for. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AccountView, TargetFacts } from '../../simulator/iam/account.ts';
import { permissionsOf } from '../../simulator/iam/needs/index.ts';
import { type PolicyStatement, policiesOf } from '../support/iam-judge.ts';
import { canTranslate, Resolver, type TranslatedTemplate, translateTemplate } from '../support/translated-template.ts';

if (!canTranslate) console.log('skipped: docs/iam.md against the template: .venv is missing (npm test installs it)');

const text = readFileSync('docs/iam.md', 'utf8');
const SECTIONS = { ScheduledScaling: 'scheduled-scaling', BacklogWake: 'backlog-wake', IdleWindows: 'idle-windows' };

function section(heading: string): string {
  const [, body] = text.split(`\n## ${heading}\n`);
  if (body === undefined) throw new Error(`docs/iam.md has no section ${heading}`);
  return body.split('\n## ')[0]!;
}

/** Rows of the first table of a section, without its head. */
function rows(heading: string): readonly (readonly string[])[] {
  const lines = section(heading)
    .split('\n')
    .filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const quoted = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);

describe.skipIf(!canTranslate)('docs/iam.md', () => {
  let template: TranslatedTemplate;
  const statementsOf = (id: string): PolicyStatement[] =>
    policiesOf(template, new Resolver(template), `${id}Role`).flatMap(({ policy }) => [...policy.Statement]);

  beforeAll(() => {
    template = translateTemplate(readFileSync('template.yaml', 'utf8'));
  });

  it.each(Object.entries(SECTIONS))('explains each statement of %s, with its actions', (id, heading) => {
    const granted = statementsOf(id)
      .filter(({ Sid, Effect }) => Sid !== undefined && Effect === 'Allow')
      .map(({ Sid, Action }) => [Sid!, [Action].flat()] as const);
    const told = rows(heading).map(([sid, actions]) => [quoted(sid)[0]!, quoted(actions)] as const);
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(granted));
    expect(
      rows(heading).every((row) => (row[2] ?? '').length > 5),
      'a reason in each row',
    ).toBe(true);
  });

  it('tells of the denials that all roles have', () => {
    const denied = statementsOf('IdleWindows').filter(({ Effect }) => Effect === 'Deny');
    const told = rows('Every function').filter(([sid]) => sid?.endsWith('(denies)'));
    expect(told.map(([sid, actions]) => [quoted(sid)[0], quoted(actions)])).toEqual(
      denied.map(({ Sid, Action }) => [Sid, [Action].flat()]),
    );
  });

  it('has every permission that AWS asks for in the course of a call that a function makes', () => {
    const told = rows('What AWS asks for in the course of a call').map(
      ([call, action]) => `${quoted(call)[0]} ${quoted(action)[0]}`,
    );
    expect(told.toSorted()).toEqual(impliedNeeds().toSorted());
  });
});

/** Implied needs of the calls that some role allows, with everything in place that can make AWS ask for more. */
function impliedNeeds(): string[] {
  const key = {
    ServiceNamespace: 'sagemaker',
    ResourceId: 'endpoint/chat/variant/AllTraffic',
    ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
  };
  const target: TargetFacts = {
    arn: 'arn:aws:application-autoscaling:us-east-1:123456789012:scalable-target/1',
    resourceId: key.ResourceId,
    dimension: key.ScalableDimension,
    tags: {},
    trackingAlarms: new Map([['p', ['TargetTracking-1']]]),
  };
  const account: AccountView = {
    region: 'us-east-1',
    accountId: '123456789012',
    sageMakerTags: () => ({}),
    configOf: () => 'chat',
    scalableTarget: () => target,
    scalableTargetByArn: () => target,
    targetsOf: () => [target],
    hasScalingRole: () => false,
    partitionKeyOf: () => 'pk',
  };
  const copies = {
    ResourceId: 'inference-component/chat',
    ScalableDimension: 'sagemaker:inference-component:DesiredCopyCount',
  };
  const policy = { ...key, PolicyName: 'p', TargetTrackingScalingPolicyConfiguration: {} };
  const calls = [
    [
      'SageMaker',
      'CreateEndpoint',
      { EndpointName: 'chat', EndpointConfigName: 'chat', Tags: [{ Key: 'a', Value: 'b' }] },
    ],
    ['SageMaker', 'DeleteEndpoint', { EndpointName: 'chat' }],
    ['ApplicationAutoScaling', 'RegisterScalableTarget', { ...key, Tags: { a: 'b' } }],
    ['ApplicationAutoScaling', 'PutScalingPolicy', policy],
    ['ApplicationAutoScaling', 'DeleteScalingPolicy', policy],
    ['ApplicationAutoScaling', 'RegisterScalableTarget', { ...key, ...copies }],
    ['ApplicationAutoScaling', 'PutScalingPolicy', { ...policy, ...copies }],
  ] as const;
  const needs = calls.flatMap(([service, operation, input]) => permissionsOf(service, operation, input, account));
  const pairs = needs
    .filter(({ impliedBy }) => impliedBy !== undefined)
    .map(({ impliedBy, action }) => `${impliedBy} ${action}`);
  return [...new Set(pairs)];
}
