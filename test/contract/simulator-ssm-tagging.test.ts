import { GetResourcesCommand } from '@aws-sdk/client-resource-groups-tagging-api';
import { AddTagsCommand, DeleteEndpointCommand } from '@aws-sdk/client-sagemaker';
import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  DeleteParametersCommand,
  DescribeParametersCommand,
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { hasRecordings, readSnapshot } from '../support/recordings.ts';
import { createAws, createClients, failureOf, REGION, START } from '../support/simulator-clients.ts';

const MINUTE = 60_000;

describe('SSM parameters', () => {
  it('have versions, and give the newest', async () => {
    const aws = createAws();
    const { ssm } = createClients(aws);
    const put = (value: string, overwrite: boolean) =>
      ssm.send(new PutParameterCommand({ Name: '/team/a', Value: value, Type: 'String', Overwrite: overwrite }));
    expect(await put('one', false)).toMatchObject({ Version: 1, Tier: 'Standard' });
    expect((await failureOf(put('two', false))).name).toBe('ParameterAlreadyExists');
    await aws.run(START + MINUTE);
    expect(await put('two', true)).toMatchObject({ Version: 2 });
    const { Parameter: newest } = await ssm.send(new GetParameterCommand({ Name: '/team/a' }));
    expect(newest).toEqual({
      ARN: `arn:aws:ssm:${REGION}:123456789012:parameter/team/a`,
      DataType: 'text',
      LastModifiedDate: new Date(START + MINUTE),
      Name: '/team/a',
      Type: 'String',
      Value: 'two',
      Version: 2,
    });
    const { Parameter: first } = await ssm.send(new GetParameterCommand({ Name: '/team/a:1' }));
    expect(first).toMatchObject({ Value: 'one', Version: 1, Selector: ':1' });
    expect((await failureOf(ssm.send(new GetParameterCommand({ Name: '/team/a:9' })))).name).toBe(
      'ParameterVersionNotFound',
    );
    expect((await failureOf(ssm.send(new GetParameterCommand({ Name: '/team/b' })))).name).toBe('ParameterNotFound');
  });

  it('are limited to 4,096 bytes, advanced ones to 8 KB', async () => {
    const { ssm } = createClients(createAws());
    const put = (bytes: number, more: object = {}) =>
      ssm.send(new PutParameterCommand({ Name: `/p/${bytes}`, Value: 'ü'.repeat(bytes / 2), Type: 'String', ...more }));
    await put(4096);
    const tooLong = await failureOf(put(4098));
    expect(tooLong.name).toBe('ValidationException');
    expect(tooLong.message).toMatch(/^Standard tier parameters support a maximum parameter value of 4096 characters/);
    expect(await put(8192, { Tier: 'Advanced' })).toMatchObject({ Tier: 'Advanced' });
    expect((await failureOf(put(8194, { Tier: 'Advanced' }))).message).toContain('8192');
    expect(
      (
        await failureOf(
          ssm.send(new PutParameterCommand({ Name: '/p/8192', Value: 'x', Tier: 'Standard', Overwrite: true })),
        )
      ).message,
    ).toMatch(/downgrade/);
    expect(
      await ssm.send(
        new PutParameterCommand({
          Name: '/p/new',
          Value: 'x'.repeat(5000),
          Type: 'String',
          Tier: 'Intelligent-Tiering',
        }),
      ),
    ).toMatchObject({ Tier: 'Advanced' });
  });

  it.each(['/aws/x', 'ssm-x', '/bad name', 'not/absolute', `/${Array(16).fill('a').join('/')}`])(
    'are refused as %s',
    async (name) => {
      const { ssm } = createClients(createAws());
      const error = await failureOf(ssm.send(new PutParameterCommand({ Name: name, Value: 'x', Type: 'String' })));
      expect(error.name).toMatch(/^(ValidationException|AccessDeniedException|HierarchyLevelLimitExceededException)$/);
    },
  );

  it('are listed by path in pages of ten at most, and only below it', async () => {
    const { ssm } = createClients(createAws());
    const names = Array.from({ length: 23 }, (_, index) => `/scaler/policies/p${String(index).padStart(2, '0')}`);
    for (const name of [...names, '/scaler/policies/deep/x', '/scaler/policies-other', '/scaler/policies']) {
      await ssm.send(new PutParameterCommand({ Name: name, Value: name, Type: 'String' }));
    }
    const pages: number[] = [];
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const page = await ssm.send(
        new GetParametersByPathCommand({
          Path: '/scaler/policies',
          ...(token === undefined ? {} : { NextToken: token }),
        }),
      );
      pages.push(page.Parameters!.length);
      seen.push(...page.Parameters!.map((parameter) => parameter.Name!));
      token = page.NextToken;
    } while (token !== undefined);
    expect(pages).toEqual([10, 10, 3]);
    expect(seen).toEqual(names);
    const deep = await ssm.send(
      new GetParametersByPathCommand({ Path: '/scaler/policies/', Recursive: true, MaxResults: 1 }),
    );
    expect(deep.Parameters!.map((parameter) => parameter.Name)).toEqual(['/scaler/policies/deep/x']);
    expect((await failureOf(ssm.send(new GetParametersByPathCommand({ Path: '/scaler', MaxResults: 11 })))).name).toBe(
      'ValidationException',
    );
    expect((await failureOf(ssm.send(new GetParametersByPathCommand({ Path: 'scaler' })))).name).toBe(
      'ValidationException',
    );
  });

  it('are read many at once, described, tagged and deleted', async () => {
    const { ssm } = createClients(createAws());
    await ssm.send(
      new PutParameterCommand({
        Name: '/a',
        Value: '1',
        Type: 'String',
        Description: 'first',
        Tags: [{ Key: 'k', Value: 'v' }],
      }),
    );
    await ssm.send(new PutParameterCommand({ Name: '/b', Value: '2', Type: 'StringList' }));
    const many = await ssm.send(new GetParametersCommand({ Names: ['/a', '/none', '/b'] }));
    expect([many.Parameters!.length, many.InvalidParameters]).toEqual([2, ['/none']]);
    const described = await ssm.send(
      new DescribeParametersCommand({ ParameterFilters: [{ Key: 'Name', Option: 'Contains', Values: ['a'] }] }),
    );
    expect(described.Parameters).toMatchObject([{ Name: '/a', Description: 'first', Tier: 'Standard', Version: 1 }]);
    await ssm.send(
      new AddTagsToResourceCommand({ ResourceType: 'Parameter', ResourceId: '/a', Tags: [{ Key: 'l', Value: 'w' }] }),
    );
    const { TagList: tags } = await ssm.send(
      new ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId: '/a' }),
    );
    expect(tags).toEqual([
      { Key: 'k', Value: 'v' },
      { Key: 'l', Value: 'w' },
    ]);
    await ssm.send(new DeleteParameterCommand({ Name: '/a' }));
    expect((await failureOf(ssm.send(new DeleteParameterCommand({ Name: '/a' })))).name).toBe('ParameterNotFound');
    expect(await ssm.send(new DeleteParametersCommand({ Names: ['/a', '/b'] }))).toMatchObject({
      DeletedParameters: ['/b'],
      InvalidParameters: ['/a'],
    });
  });

  it('put an event on the bus when they change', async () => {
    const aws = createAws();
    const events: Readonly<Record<string, unknown>>[] = [];
    aws.onBusEvent((event) => events.push(event));
    await createClients(aws).ssm.send(new PutParameterCommand({ Name: '/a', Value: '1', Type: 'String' }));
    expect(events).toMatchObject([
      {
        source: 'aws.ssm',
        'detail-type': 'Parameter Store Change',
        detail: { operation: 'Create', name: '/a', type: 'String' },
      },
    ]);
  });

  it.skipIf(!hasRecordings('SSM answers'))('answer as recorded', async () => {
    const { ssm } = createClients(createAws());
    const recorded = readSnapshot('test_ssm.snapshot.json');
    const clean = (value: object): unknown => {
      const { $metadata: _meta, ...rest } = value as { $metadata: unknown };
      return JSON.parse(
        JSON.stringify(rest)
          .replaceAll(new Date(START).toISOString(), '<datetime>')
          .replaceAll('/path/x', '<name:1>')
          .replaceAll('123456789012', '111111111111')
          .replaceAll(REGION, '<region>')
          .replaceAll('arn:aws:', 'arn:<partition>:'),
      );
    };
    const expected = (name: string): unknown => {
      const { ResponseMetadata: _meta, ...rest } = recorded.get('TestSSM::test_parameters_with_path')[name];
      return rest;
    };
    const arn = `arn:aws:ssm:${REGION}:123456789012:parameter/path/x`;
    expect(clean(await ssm.send(new PutParameterCommand({ Name: '/path/x', Value: '123', Type: 'String' })))).toEqual(
      expected('put-parameter-response'),
    );
    expect(clean(await ssm.send(new GetParameterCommand({ Name: '/path/x' })))).toEqual(
      expected('get-parameter-response'),
    );
    expect(clean(await ssm.send(new GetParameterCommand({ Name: arn })))).toEqual(
      expected('get-parameter-by-arn-response'),
    );
    expect(clean(await ssm.send(new GetParametersCommand({ Names: ['/path/x'] })))).toEqual(
      expected('get-parameters-response'),
    );
    expect(clean(await ssm.send(new GetParametersCommand({ Names: [arn] })))).toEqual(
      expected('get-parameters-by-arn-response'),
    );
  });
});

describe('GetResources', () => {
  const timing = { startMs: () => MINUTE, deleteMs: MINUTE };
  const seed = (aws: ReturnType<typeof createAws>, name: string, tags: Record<string, string>): void =>
    aws.world.seed({ name, kind: 'real-time', instanceType: 'ml.g5.xlarge', instances: 1, tags, timing });

  async function find(aws: ReturnType<typeof createAws>, input: object): Promise<string[]> {
    const { tagging } = createClients(aws);
    const arns: string[] = [];
    let token: string | undefined;
    do {
      const page = await tagging.send(
        new GetResourcesCommand({ ...input, ...(token ? { PaginationToken: token } : {}) }),
      );
      arns.push(...page.ResourceTagMappingList!.map((mapping) => mapping.ResourceARN!.split('/')[1]!));
      token = page.PaginationToken;
    } while (token);
    return arns;
  }

  it('finds by tag and type, with lower-cased ARNs, over pages', async () => {
    const aws = createAws();
    seed(aws, 'Chat', { 'scaler:policy': 'dev' });
    seed(aws, 'other', { team: 'x' });
    for (let index = 0; index < 12; index += 1) seed(aws, `e${index}`, { 'scaler:policy': 'prod' });
    const types = { ResourceTypeFilters: ['sagemaker:endpoint'] };
    expect(await find(aws, { ...types, TagFilters: [{ Key: 'scaler:policy', Values: ['dev', 'none'] }] })).toEqual([
      'chat',
    ]);
    expect((await find(aws, { ...types, TagFilters: [{ Key: 'scaler:policy' }], ResourcesPerPage: 5 })).length).toBe(
      13,
    );
    expect(
      await find(aws, {
        ResourceTypeFilters: ['sagemaker:model'],
        TagFilters: [{ Key: 'scaler:policy', Values: ['dev'] }],
      }),
    ).toEqual([]);
  });

  it('is minutes behind: new tags are missing, and deleted endpoints are ghosts', async () => {
    const aws = createAws({ taggingLagMs: 3 * MINUTE });
    const { sagemaker } = createClients(aws);
    seed(aws, 'Chat', {});
    const filter = { TagFilters: [{ Key: 'late' }] };
    await sagemaker.send(
      new AddTagsCommand({
        ResourceArn: `arn:aws:sagemaker:${REGION}:123456789012:endpoint/chat`,
        Tags: [{ Key: 'late', Value: 'y' }],
      }),
    );
    expect(await find(aws, filter)).toEqual([]);
    await aws.run(START + 3 * MINUTE);
    expect(await find(aws, filter)).toEqual(['chat']);
    await sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Chat' }));
    await aws.run(START + 6 * MINUTE);
    expect(await find(aws, filter)).toEqual(['chat']);
    await aws.run(START + 8 * MINUTE);
    expect(await find(aws, filter)).toEqual([]);
  });

  it('refuses pages over 100 and foreign tokens', async () => {
    const { tagging } = createClients(createAws());
    expect((await failureOf(tagging.send(new GetResourcesCommand({ ResourcesPerPage: 101 })))).name).toBe(
      'InvalidParameterException',
    );
    expect((await failureOf(tagging.send(new GetResourcesCommand({ PaginationToken: 'zzz' })))).name).toBe(
      'PaginationTokenExpiredException',
    );
  });
});
