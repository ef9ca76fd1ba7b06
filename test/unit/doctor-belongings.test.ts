import { describe, expect, it } from 'vitest';
import { nameOfArn } from '../../cli/account/caller.ts';
import { judgeKey, judgeRights, judgeTrust, parseImage, parseS3, roleNameOf } from '../../cli/doctor/belongings.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('names of what a wake needs', () => {
  it.each([
    ['123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/m:v1', 'team/m', { imageTag: 'v1' }],
    ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/m', 'm', { imageTag: 'latest' }],
    [`123456789012.dkr.ecr.eu-central-1.amazonaws.com/m@${DIGEST}`, 'm', { imageDigest: DIGEST }],
    [`123456789012.dkr.ecr.eu-central-1.amazonaws.com/m:v1@${DIGEST}`, 'm', { imageDigest: DIGEST }],
  ])('reads %s', (image, repository, id) => {
    expect(parseImage(image)).toMatchObject({ account: '123456789012', repository, id });
  });

  it('knows what is not in ECR', () => {
    expect(parseImage('registry.example.com/m:1')).toBeUndefined();
  });

  it('tells an object from a prefix', () => {
    expect(parseS3('s3://b/a/model.tar.gz')).toEqual({ bucket: 'b', key: 'a/model.tar.gz', prefix: false });
    expect(parseS3('s3://b/a/')).toEqual({ bucket: 'b', key: 'a/', prefix: true });
    expect(parseS3('s3://b')).toEqual({ bucket: 'b', key: '', prefix: true });
    expect(parseS3('https://b/a')).toBeUndefined();
  });

  it('takes the name of a role below a path', () => {
    expect(roleNameOf('arn:aws:iam::123456789012:role/service-role/models')).toBe('models');
  });

  it.each([
    ['arn:aws:sts::123456789012:assumed-role/Operators/ada@example.com', 'Operators/ada@example.com'],
    ['arn:aws:iam::123456789012:user/teams/ml/ada', 'ada'],
    ['arn:aws:iam::123456789012:root', 'root'],
    ['arn:aws:sts::123456789012:federated-user/ada', 'ada'],
  ])('calls %s %s', (arn, name) => expect(nameOfArn(arn)).toBe(name));
});

describe('verdicts', () => {
  it('wants a key that is enabled', () => {
    expect(judgeKey('Enabled')).toBeUndefined();
    expect(judgeKey('PendingDeletion')).toMatchObject({ level: 'error', advice: expect.stringContaining('cancel') });
    expect(judgeKey('Disabled')).toMatchObject({ level: 'error', advice: 'enable it' });
  });

  it('wants a role that SageMaker may take on', () => {
    const trust = (statement: object) => judgeTrust(encodeURIComponent(JSON.stringify({ Statement: [statement] })));
    const service = { Service: ['lambda.amazonaws.com', 'sagemaker.amazonaws.com'] };
    expect(trust({ Effect: 'Allow', Principal: service, Action: 'sts:AssumeRole' })).toBeUndefined();
    expect(trust({ Effect: 'Deny', Principal: service, Action: 'sts:AssumeRole' })?.level).toBe('error');
    expect(trust({ Effect: 'Allow', Principal: service, Action: 'sts:TagSession' })?.level).toBe('error');
    const lambda = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
    expect(trust(lambda)?.found).toBe('sagemaker.amazonaws.com may not take it on');
    expect(judgeTrust('%7B')?.level).toBe('warning');
  });

  it('warns of rights that another policy may still give, and is certain of an explicit deny', () => {
    const of = (decision: string) => [{ action: 's3:GetObject', resource: 'arn:aws:s3:::b/m', decision }];
    expect(judgeRights(of('allowed'))).toBeUndefined();
    expect(judgeRights(of('implicitDeny'))).toMatchObject({
      level: 'warning',
      found: 'its own policies do not allow s3:GetObject on arn:aws:s3:::b/m',
    });
    expect(judgeRights(of('explicitDeny'))).toMatchObject({ level: 'error' });
  });
});
