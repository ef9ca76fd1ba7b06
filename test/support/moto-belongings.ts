import { CreateRepositoryCommand, ECRClient, PutImageCommand } from '@aws-sdk/client-ecr';
import { CreateAccessKeyCommand, CreateRoleCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Moto } from './moto.ts';

export interface Owner {
  readonly region: string;
  readonly moto: Moto;
}

export const optionsOf = ({ region, moto }: Owner) => ({
  endpoint: moto.url,
  region,
  credentials: { accessKeyId: 'AKIAOWNER', secretAccessKey: 'secret' },
});

/** For the command's environment: all of doctor's questions that the simulator does not know go to moto. */
export function motoEnvironment({ url }: Moto): Record<string, string> {
  const services = ['EC2', 'IAM', 'KMS', 'S3', 'ECR', 'STS'];
  return Object.fromEntries(services.map((service) => [`AWS_ENDPOINT_URL_${service}`, url]));
}

export async function makeRole(owner: Owner, RoleName: string): Promise<void> {
  const Statement = [{ Effect: 'Allow', Principal: { Service: 'sagemaker.amazonaws.com' }, Action: 'sts:AssumeRole' }];
  const trust = JSON.stringify({ Version: '2012-10-17', Statement });
  await new IAMClient(optionsOf(owner)).send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
}

export async function makeObjects(owner: Owner, Bucket: string, keys: readonly string[]): Promise<void> {
  const s3 = new S3Client(optionsOf(owner));
  const CreateBucketConfiguration = { LocationConstraint: owner.region as 'eu-central-1' };
  await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
}

export async function makeImage(owner: Owner, repositoryName: string, imageTag: string): Promise<void> {
  const ecr = new ECRClient(optionsOf(owner));
  await ecr.send(new CreateRepositoryCommand({ repositoryName }));
  const config = {
    mediaType: 'application/vnd.docker.container.image.v1+json',
    size: 1,
    digest: `sha256:${'b'.repeat(64)}`,
  };
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  const imageManifest = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] });
  await ecr.send(new PutImageCommand({ repositoryName, imageManifest, imageTag }));
}

/** The environment of somebody with an access key of their own. */
export async function makeUser(owner: Owner, UserName: string): Promise<Record<string, string>> {
  const iam = new IAMClient(optionsOf(owner));
  await iam.send(new CreateUserCommand({ UserName }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return {
    AWS_ACCESS_KEY_ID: AccessKey?.AccessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: AccessKey?.SecretAccessKey ?? '',
  };
}
