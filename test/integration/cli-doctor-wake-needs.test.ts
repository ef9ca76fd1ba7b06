import {
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2';
import { DeleteRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateKeyCommand, DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../cli/doctor/finding.ts';
import { idle, realTime } from '../story/fleet.ts';
import { type Moto, startMoto, whyNoMoto } from '../support/moto.ts';
import { makeImage, makeObjects, makeRole, makeUser, motoEnvironment, optionsOf } from '../support/moto-belongings.ts';
import { type ServedAccount, serveScenario } from '../support/served-account.ts';

const REGION = 'eu-central-1';
const BUCKET = 'models-of-the-team';
const person = { kind: 'person', name: 'someone' } as const;
const problem = whyNoMoto();
if (problem !== undefined)
  process.stderr.write(`skipped: ${problem}: what doctor reads of EC2, IAM, KMS, S3 and ECR\n`);

/** SageMaker and the product's own services are our simulator; all else that doctor asks is moto. */
describe.skipIf(problem !== undefined)('what a wake needs beside SageMaker', () => {
  let account: ServedAccount;
  let moto: Moto;
  let env: Record<string, string>;
  let vpc: { id: string; subnets: string[]; group: string; routeTable: string };
  let key: string;

  const options = () => optionsOf({ region: REGION, moto });

  beforeAll(async () => {
    [moto, account] = await Promise.all([
      startMoto(),
      serveScenario({
        start: '2026-03-02T20:00:00+01:00',
        for: '10m',
        region: REGION,
        policies: { spare: idle('2h'), copies: { components: { chat: {}, bare: {} }, otherwise: { min: 1, max: 2 } } },
        endpoints: {
          search: realTime('spare'),
          hosted: {
            kind: 'components',
            policy: 'copies',
            instanceType: 'ml.g5.12xlarge',
            instances: { min: 1, max: 1 },
            components: { chat: { serves: { concurrent: 4, in: '800ms' }, copies: 1 } },
          },
        },
      }),
    ]);
    env = motoEnvironment(moto);
    vpc = await makeVpc();
    key = (await new KMSClient(options()).send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? '';
    await makeBelongings();
    const image = (name: string) => `123456789012.dkr.ecr.${REGION}.amazonaws.com/${name}`;
    makeEndpoint('walled', { Image: image('walled:v1'), ModelDataUrl: `s3://${BUCKET}/walled/model.tar.gz` });
    makeEndpoint(
      'lost',
      { Image: image('walled:v2'), ModelDataUrl: `s3://${BUCKET}/lost/model.tar.gz` },
      'no-such-role',
    );
    makeEndpoint('folder', {
      Image: image('never-made'),
      ModelDataSource: {
        S3DataSource: { S3Uri: `s3://${BUCKET}/folder/`, S3DataType: 'S3Prefix', CompressionType: 'None' },
      },
    });
    account.run.aws.call(person, 'SageMaker', 'CreateInferenceComponent', {
      InferenceComponentName: 'bare',
      EndpointName: 'hosted',
      VariantName: 'AllTraffic',
      RuntimeConfig: { CopyCount: 1 },
      Specification: {
        Container: { Image: image('of-a-component'), ArtifactUrl: `s3://${BUCKET}/of-a-component/model.tar.gz` },
        ComputeResourceRequirements: { NumberOfAcceleratorDevicesRequired: 1, MinMemoryRequiredInMb: 1024 },
      },
    });
    await account.advance('10m');
  });
  afterAll(async () => {
    await account?.close();
    await moto?.stop();
  });

  async function makeVpc() {
    const ec2 = new EC2Client(options());
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    const id = Vpc?.VpcId ?? '';
    const subnet = async (CidrBlock: string, zone: string) => {
      const made = await ec2.send(
        new CreateSubnetCommand({ VpcId: id, CidrBlock, AvailabilityZone: `${REGION}${zone}` }),
      );
      return made.Subnet?.SubnetId ?? '';
    };
    const subnets = [await subnet('10.0.1.0/24', 'a'), await subnet('10.0.2.0/24', 'b')];
    const Filters = [{ Name: 'vpc-id', Values: [id] }];
    const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
    const { RouteTables } = await ec2.send(new DescribeRouteTablesCommand({ Filters }));
    return {
      id,
      subnets,
      group: SecurityGroups?.[0]?.GroupId ?? '',
      routeTable: RouteTables?.[0]?.RouteTableId ?? '',
    };
  }

  async function makeBelongings() {
    const owner = { region: REGION, moto };
    await makeRole(owner, 'models');
    await makeObjects(owner, BUCKET, ['walled/model.tar.gz', 'folder/weights.bin']);
    await makeImage(owner, 'walled', 'v1');
  }

  function makeEndpoint(name: string, container: object, role = 'models') {
    const { aws } = account.run;
    aws.call(person, 'SageMaker', 'CreateModel', {
      ModelName: name,
      ExecutionRoleArn: `arn:aws:iam::123456789012:role/${role}`,
      PrimaryContainer: container,
      VpcConfig: { Subnets: vpc.subnets, SecurityGroupIds: [vpc.group] },
    });
    const variant = {
      VariantName: 'AllTraffic',
      ModelName: name,
      InstanceType: 'ml.g5.xlarge',
      InitialInstanceCount: 1,
    };
    aws.call(person, 'SageMaker', 'CreateEndpointConfig', {
      EndpointConfigName: name,
      ProductionVariants: [variant],
      KmsKeyId: key,
    });
    const Tags = [{ Key: 'endpoint-scaler:policy', Value: 'spare' }];
    aws.call(person, 'SageMaker', 'CreateEndpoint', { EndpointName: name, EndpointConfigName: name, Tags });
  }

  async function examine(more: Readonly<Record<string, string>> = {}) {
    const { out, err } = await account.command(['doctor', '--json', '-'], { ...env, ...more });
    expect(err).toBe('');
    const { findings } = JSON.parse(out) as { findings: Finding[] };
    return (check: string, subject?: string) =>
      findings
        .filter((f) => f.check === check && (subject === undefined || f.subject === subject))
        .map(({ level, found }) => `${level}: ${found}`);
  }

  it('finds roles, model data and images that are gone, no way to S3, and leaves alone what is there', async () => {
    const find = await examine();
    expect(find('execution role', 'arn:aws:iam::123456789012:role/no-such-role')).toEqual([
      'error: is gone: it cannot be recreated (lost)',
    ]);
    expect(find('execution role', 'arn:aws:iam::123456789012:role/models')).toEqual([]);
    const data = (path: string) => find('model data', `s3://${BUCKET}/${path}`);
    expect([data('walled/model.tar.gz'), data('lost/model.tar.gz'), data('folder/')]).toEqual([
      [],
      ['error: is gone: it cannot be recreated (lost)'],
      [],
    ]);
    const image = (name: string) => find('image', `123456789012.dkr.ecr.${REGION}.amazonaws.com/${name}`);
    expect([image('walled:v1'), image('walled:v2'), image('never-made')]).toEqual([
      [],
      ['error: is gone: it cannot be recreated (lost)'],
      ['error: is gone: it cannot be recreated (folder)'],
    ]);
    // Of an inference component with a container of its own, and of one with a model.
    expect(image('of-a-component')).toEqual(['error: is gone: it cannot be recreated (hosted)']);
    expect(data('of-a-component/model.tar.gz')).toEqual(['error: is gone: it cannot be recreated (hosted)']);
    expect(image('chat:latest')).toEqual(['error: is gone: it cannot be recreated (hosted)']);
    expect(find('key')).toEqual([`ok: ${key} is there`]);
    expect(find('credentials')).toEqual([expect.stringMatching(/^ok: arn:aws:sts::123456789012:/)]);
    expect(find('network', 'walled')).toEqual([
      expect.stringMatching(/^error: no way to s3 from subnet-\w+, subnet-\w+: /),
      expect.stringMatching(/^warning: no way to monitoring/),
    ]);
  });

  it('finds what happens to them afterwards', async () => {
    await new KMSClient(options()).send(new DisableKeyCommand({ KeyId: key.split('/')[1] }));
    await new IAMClient(options()).send(new DeleteRoleCommand({ RoleName: 'models' }));
    await new S3Client(options()).send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'folder/weights.bin' }));
    const ec2 = new EC2Client(options());
    const service = { VpcId: vpc.id, ServiceName: `com.amazonaws.${REGION}.s3` };
    const groups = { SubnetIds: vpc.subnets, SecurityGroupIds: [vpc.group] };
    const mute = { VpcEndpointType: 'Interface', PrivateDnsEnabled: false } as const;
    await ec2.send(new CreateVpcEndpointCommand({ ...service, ...groups, ...mute }));
    const find = await examine();
    expect(find('key', key)).toEqual([
      expect.stringMatching(/^error: its state is Disabled: .*\(folder, lost, walled\)$/),
    ]);
    expect(find('execution role', 'arn:aws:iam::123456789012:role/models')).toEqual([
      expect.stringMatching(/^error: is gone/),
    ]);
    expect(find('model data', `s3://${BUCKET}/folder/`)).toEqual(['error: is gone: it cannot be recreated (folder)']);
    expect(find('network', 'walled')).toContainEqual(expect.stringMatching(/^error: no way to s3 .*private DNS off/));
  });

  it('takes a gateway endpoint for a way to S3, and a NAT for a way to everything', async () => {
    const ec2 = new EC2Client(options());
    const gateway = { VpcEndpointType: 'Gateway' as const, RouteTableIds: [vpc.routeTable] };
    const service = { VpcId: vpc.id, ServiceName: `com.amazonaws.${REGION}.s3` };
    await ec2.send(new CreateVpcEndpointCommand({ ...service, ...gateway }));
    await ec2.send(new ModifyVpcAttributeCommand({ VpcId: vpc.id, EnableDnsSupport: { Value: false } }));
    expect((await examine())('network', 'walled')).toEqual([
      expect.stringMatching(/^warning: vpc-.* has enableDnsSupport off/),
      expect.stringMatching(/^warning: no way to monitoring/),
    ]);
    const nat = await ec2.send(new CreateNatGatewayCommand({ SubnetId: vpc.subnets[0] }));
    const way = { RouteTableId: vpc.routeTable, DestinationCidrBlock: '0.0.0.0/0' };
    await ec2.send(new CreateRouteCommand({ ...way, NatGatewayId: nat.NatGateway?.NatGatewayId }));
    await ec2.send(new ModifyVpcAttributeCommand({ VpcId: vpc.id, EnableDnsSupport: { Value: true } }));
    expect((await examine())('network')).toEqual([
      'ok: every VPC of 3 endpoints has a way to S3, names, groups, zones and free addresses',
    ]);
  });

  it('puts the name that STS knows on a hold, and the one of this machine where STS does not answer', async () => {
    const hold = (more: Record<string, string>) =>
      account.command(['hold', 'search', 'up', '--until', '+2h', '--why', 'demo', '--replace'], { ...env, ...more });
    expect((await hold({})).out).toContain('by moto: demo');
    expect((await hold({ AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9' })).out).toContain('by ada (AKIAOPERATOR): demo');
  });

  it('says which action was refused, as a warning, and goes on', async () => {
    const novice = await makeUser({ region: REGION, moto }, 'novice');
    await moto.enforceIam();
    const find = await examine(novice);
    const refused = (action: string) => `warning: AWS refused ${action}, so it was not looked at`;
    expect(find('network')).toEqual([refused('ec2:DescribeSubnets')]);
    expect(find('execution role')).toContain(refused('iam:GetRole'));
    expect(find('key')).toEqual([refused('kms:DescribeKey')]);
    expect(find('model data', `s3://${BUCKET}/walled/model.tar.gz`)).toEqual([refused('s3:GetObject')]);
    expect(find('model data', `s3://${BUCKET}/folder/`)).toEqual([refused('s3:ListBucket')]);
    expect(find('image')).toContain(refused('ecr:DescribeImages'));
    expect(find('documents')).toEqual([expect.stringMatching(/^ok/)]);
  });
});
