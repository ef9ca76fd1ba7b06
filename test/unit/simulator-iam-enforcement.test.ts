/** What `enforceIam` does to calls: who is refused, with which words, and what a call needs beside its own action. */
import {
  DeregisterScalableTargetCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateEndpointCommand,
  DeleteEndpointCommand,
  DescribeEndpointCommand,
  ListEndpointsCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import type { CallRecord, SimulatedAws } from '../../simulator/index.ts';
import { createSimulatedAws, TemplateError } from '../../simulator/index.ts';
import { startServer } from '../../simulator/server.ts';
import { createClients, failureOf, REGION } from '../support/simulator-clients.ts';

const ENDPOINT = 'arn:aws:sagemaker:eu-central-1:123456789012:endpoint/chat';

const worker = (statements: string, more = ''): string => `
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - Version: '2012-10-17'
          Statement:
${statements.replace(/^/gm, '            ')}
${more}`;

const allow = (actions: string, more = ''): string =>
  `- { Effect: Allow, Action: [${actions}], Resource: '*'${more === '' ? '' : `, ${more}`} }`;

function start(template: string, enforceIam = true) {
  const aws = createSimulatedAws({ start: 0, seed: 1, region: REGION, enforceIam });
  aws.deploy(template, {}, () => ({ invoke: async () => undefined, drop() {} }));
  aws.world.seed({
    name: 'Chat',
    kind: 'real-time',
    instanceType: 'ml.g5.xlarge',
    instances: 1,
    tags: { owner: 'search' },
    timing: { startMs: () => 60_000, deleteMs: 60_000 },
  });
  const records: CallRecord[] = [];
  aws.onCall((record) => records.push(record));
  return { aws, records, ...createClients(aws, { kind: 'product', name: 'Worker' }) };
}

const target = {
  ServiceNamespace: 'sagemaker' as const,
  ResourceId: 'endpoint/Chat/variant/AllTraffic',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount' as const,
};
const asPerson = (aws: SimulatedAws) => createClients(aws, { kind: 'person', name: 'ada' });
const brief = ({ needed = [] }: CallRecord): string[] =>
  needed.map(({ action, resource, impliedBy }) => `${action} ${resource}${impliedBy === undefined ? '' : ' implied'}`);

describe('a call for which the role has no permission', () => {
  it('is refused in the words of AWS, and changes nothing', async () => {
    const { aws, sagemaker, events, cloudwatch } = start(worker(allow('sagemaker:DescribeEndpoint')));
    const refusal = await failureOf(sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Chat' })));
    expect(refusal.name).toBe('AccessDeniedException');
    expect(refusal.message).toMatch(
      new RegExp(
        `^User: arn:aws:sts::123456789012:assumed-role/stack-WorkerRole/stack-Worker-\\w+ is not authorized to perform: ` +
          `sagemaker:DeleteEndpoint on resource: ${ENDPOINT} because no identity-based policy allows the sagemaker:DeleteEndpoint action$`,
      ),
    );
    const put = events.send(new PutEventsCommand({ Entries: [{ Source: 'mine', DetailType: 'x', Detail: '{}' }] }));
    expect(await failureOf(put)).toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(
        'events:PutEvents on resource: arn:aws:events:eu-central-1:123456789012:event-bus/default',
      ),
    });
    const alarms = cloudwatch.send(new DescribeAlarmsCommand({ AlarmTypes: ['CompositeAlarm'] }));
    expect((await failureOf(alarms)).message).toContain(
      'to perform: cloudwatch:DescribeAlarms because no identity-based',
    );
    const seen = await sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'Chat' }));
    expect(seen.EndpointStatus).toBe('InService');
    expect(aws.callCounts()['SageMaker.DeleteEndpoint']).toBe(1);
  });

  it('is refused as explicit where a statement denies it', async () => {
    const deny =
      "- { Effect: Deny, Action: 'sagemaker:Delete*', Resource: '*', Condition: { StringEquals: { aws:ResourceTag/owner: search } } }";
    const { sagemaker } = start(worker(`${allow("'sagemaker:*'")}\n${deny}`));
    const refusal = await failureOf(sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Chat' })));
    expect(refusal.message).toMatch(
      /sagemaker:DeleteEndpoint on resource: \S+ with an explicit deny in an identity-based policy$/,
    );
  });

  it('works for persons, for services, and for everybody while IAM is off', async () => {
    const { aws } = start(worker(allow('sagemaker:DescribeEndpoint')));
    await asPerson(aws).scaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 2, MaxCapacity: 3 }));
    const off = start(worker(allow('sagemaker:DescribeEndpoint')), false);
    await off.sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Chat' }));
    expect(off.records.some(({ needed }) => needed !== undefined)).toBe(false);
  });
});

describe('permissions that AWS asks for in the course of a call', () => {
  const all = allow("'sagemaker:*', 'application-autoscaling:*', 'cloudwatch:*', 'iam:CreateServiceLinkedRole'");

  it('are AddTags, with the action that tags, and endpoint and config for a create', async () => {
    const { aws, records, sagemaker } = start(worker(all));
    await asPerson(aws).sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Chat' }));
    await aws.run(120_000);
    const Tags = [{ Key: 'team', Value: 'search' }];
    await sagemaker.send(new CreateEndpointCommand({ EndpointName: 'Chat', EndpointConfigName: 'Chat', Tags }));
    const create = records.findLast(({ operation }) => operation === 'CreateEndpoint')!;
    expect(brief(create)).toEqual([
      `sagemaker:CreateEndpoint ${ENDPOINT}`,
      `sagemaker:CreateEndpoint ${ENDPOINT.replace('endpoint/', 'endpoint-config/')}`,
      `sagemaker:AddTags ${ENDPOINT} implied`,
    ]);
    expect(create.needed?.[2]?.context).toMatchObject({
      'sagemaker:TaggingAction': 'CreateEndpoint',
      'aws:RequestTag/team': 'search',
      'aws:TagKeys': ['team'],
    });
    expect(create.needed?.[0]?.context).not.toHaveProperty('aws:ResourceTag/owner');
  });

  it("are the endpoint's for a registration, and the service's role the first time only", async () => {
    const { records, scaling } = start(worker(all));
    const register = () =>
      scaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 1, MaxCapacity: 3 }));
    await register();
    await register();
    const [first, second] = records.filter(({ operation }) => operation === 'RegisterScalableTarget').map(brief);
    expect(first).toEqual([
      'application-autoscaling:RegisterScalableTarget arn:aws:application-autoscaling:eu-central-1:123456789012:scalable-target/not-yet-created',
      `sagemaker:DescribeEndpoint ${ENDPOINT} implied`,
      `sagemaker:DescribeEndpointConfig ${ENDPOINT.replace('endpoint/', 'endpoint-config/')} implied`,
      `sagemaker:UpdateEndpointWeightsAndCapacities ${ENDPOINT} implied`,
      'iam:CreateServiceLinkedRole arn:aws:iam::123456789012:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint implied',
    ]);
    expect(second?.some((need) => need.startsWith('iam:'))).toBe(false);
    expect(second?.[0]).toMatch(/scalable-target\/[0-9a-f]{28}$/);
  });

  const putTracking = new PutScalingPolicyCommand({
    ...target,
    PolicyName: 'tracking',
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: 70,
      PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
    },
  });

  it('are the alarms of target tracking', async () => {
    const { aws, scaling } = start(
      worker(allow("'application-autoscaling:*', 'sagemaker:*', cloudwatch:DescribeAlarms")),
    );
    await asPerson(aws).scaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 1, MaxCapacity: 3 }));
    const refusal = await failureOf(scaling.send(putTracking));
    expect(refusal.message).toContain(
      'cloudwatch:PutMetricAlarm on resource: arn:aws:cloudwatch:eu-central-1:123456789012:alarm:TargetTracking-endpoint/Chat/variant/AllTraffic-',
    );
    await asPerson(aws).scaling.send(putTracking);
    const gone = await failureOf(scaling.send(new DeregisterScalableTargetCommand(target)));
    expect(gone.message).toContain('to perform: cloudwatch:DeleteAlarms on resource');
  });

  it('refuse a delete in words of its own where the target may not go along', async () => {
    const { aws, sagemaker } = start(worker(allow('sagemaker:DeleteEndpoint')));
    await asPerson(aws).scaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 1, MaxCapacity: 3 }));
    const refusal = await failureOf(sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Chat' })));
    expect(refusal.name).toBe('ValidationException');
    expect(refusal.message).toMatch(
      /^An Application AutoScaling scalable target exists for a variant being deleted, .* does not have application-autoscaling:DeregisterScalableTarget permission/,
    );
  });
});

describe('roles of a template', () => {
  const roleTemplate = (properties: string): string => `
Resources:
  Worker: { Type: AWS::Serverless::Function, Properties: { Role: !GetAtt WorkerRole.Arn } }
  WorkerRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: { Statement: [] }
${properties.replace(/^/gm, '      ')}
  Reading:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: !Sub |
        { "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "sagemaker:Describe*",
          "Resource": "arn:\${AWS::Partition}:sagemaker:\${AWS::Region}:\${AWS::AccountId}:endpoint/c*" } }
`;

  it('may be written out, with managed policies as JSON text', async () => {
    const { sagemaker } = start(roleTemplate('ManagedPolicyArns: [!Ref Reading]'));
    await sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'Chat' }));
    const refusal = await failureOf(sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Chat' })));
    expect(refusal.message).toMatch(/assumed-role\/stack-WorkerRole-\w{12}\/stack-Worker-/);
  });

  it('that use what is not simulated are refused by name', () => {
    const refused = (template: string): string => {
      try {
        start(template);
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateError);
        return (error as Error).message;
      }
      return 'taken';
    };
    expect(refused(roleTemplate('PermissionsBoundary: arn:aws:iam::aws:policy/PowerUserAccess'))).toBe(
      'Resources.WorkerRole.Properties.PermissionsBoundary: permissions boundaries are not simulated',
    );
    expect(refused(roleTemplate('ManagedPolicyArns: [arn:aws:iam::aws:policy/AdministratorAccess]'))).toMatch(
      /AdministratorAccess: a policy that is not part of this template is not simulated$/,
    );
    const templated = worker(allow('sagemaker:*')).replace(
      /- Version[\s\S]*/,
      '- DynamoDBCrudPolicy: { TableName: t }\n',
    );
    expect(refused(templated)).toMatch(/Policies\[0\]: .*SAM's policy templates are not simulated$/);
  });
});

describe('the server with roles of a template', () => {
  it('knows a function by its logical id as access key, and lets everybody else do everything', async () => {
    const server = await startServer({
      start: 0,
      seed: 1,
      region: REGION,
      host: '127.0.0.1',
      port: 0,
      clock: 'virtual',
      rolesFrom: { templateText: worker(allow('sagemaker:ListEndpoints')), parameters: {} },
    });
    try {
      const as = (accessKeyId: string) =>
        new SageMakerClient({
          endpoint: server.url,
          region: REGION,
          credentials: { accessKeyId, secretAccessKey: 'x' },
          maxAttempts: 1,
        });
      expect((await as('Worker').send(new ListEndpointsCommand({}))).Endpoints).toEqual([]);
      const refusal = await failureOf(as('Worker').send(new DescribeEndpointCommand({ EndpointName: 'none' })));
      expect(refusal).toMatchObject({
        name: 'AccessDeniedException',
        message: expect.stringContaining('sagemaker:DescribeEndpoint'),
      });
      const unknown = await failureOf(as('AKIAEXAMPLE').send(new DescribeEndpointCommand({ EndpointName: 'none' })));
      expect(unknown.message).toContain('Could not find endpoint');
    } finally {
      await server.close();
    }
  });
});
