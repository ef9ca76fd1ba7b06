import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SimulatorServer, startServer } from '../../simulator/server.ts';

const run = promisify(execFile);
const TOOLS = '.venv/bin';
const hasTools = existsSync(`${TOOLS}/aws`) && existsSync(`${TOOLS}/python`);
if (!hasTools) process.stderr.write('skipped, no AWS CLI and boto3 in .venv: other clients against the simulator\n');

let server: SimulatorServer;

beforeAll(async () => {
  const start = Date.parse('2026-03-23T00:00:00Z');
  server = await startServer({ start, seed: 1, region: 'us-east-1', host: '127.0.0.1', port: 0, clock: 'virtual' });
});

afterAll(async () => {
  await server.close();
});

const environment = () => ({
  PATH: process.env['PATH'],
  AWS_ENDPOINT_URL: server.url,
  AWS_ACCESS_KEY_ID: 'x',
  AWS_SECRET_ACCESS_KEY: 'x',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
});

async function aws(...args: string[]): Promise<unknown> {
  const { stdout } = await run(`${TOOLS}/aws`, [...args, '--output', 'json'], { env: environment() });
  return stdout === '' ? undefined : JSON.parse(stdout);
}

const BOTO3 = `
import boto3, json, urllib.request, os

def advance(by):
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + "/_simulator/advance", json.dumps({"by": by}).encode())
    urllib.request.urlopen(request).read()

sagemaker = boto3.client("sagemaker")
role = "arn:aws:iam::123456789012:role/models"
sagemaker.create_model(ModelName="Boto", ExecutionRoleArn=role, PrimaryContainer={"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/m:1"})
variant = {"VariantName": "AllTraffic", "ModelName": "Boto", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1}
sagemaker.create_endpoint_config(EndpointConfigName="Boto", ProductionVariants=[variant])
sagemaker.create_endpoint(EndpointName="Boto", EndpointConfigName="Boto", Tags=[{"Key": "team", "Value": "x"}])
advance("10m")
sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="Boto", WaiterConfig={"Delay": 0, "MaxAttempts": 1})
scaling = boto3.client("application-autoscaling")
target = {"ServiceNamespace": "sagemaker", "ResourceId": "endpoint/Boto/variant/AllTraffic", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}
scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=3)
boto3.client("cloudwatch").put_metric_alarm(AlarmName="boto", MetricName="m", Namespace="n", Statistic="Sum", Period=60,
    EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold")
table = boto3.resource("dynamodb").create_table(TableName="boto", BillingMode="PAY_PER_REQUEST",
    KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
table.put_item(Item={"pk": "a", "n": 1})
table.update_item(Key={"pk": "a"}, UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": 1})
for index in range(12):
    boto3.client("ssm").put_parameter(Name=f"/boto/p{index:02}", Value="x", Type="String")
pages = boto3.client("ssm").get_paginator("get_parameters_by_path").paginate(Path="/boto")
found = boto3.client("resourcegroupstaggingapi").get_resources(ResourceTypeFilters=["sagemaker:endpoint"], TagFilters=[{"Key": "team"}])
print(json.dumps({
    "status": sagemaker.describe_endpoint(EndpointName="Boto")["EndpointStatus"],
    "targets": [t["MaxCapacity"] for t in scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]],
    "alarm": boto3.client("cloudwatch").describe_alarms(AlarmNames=["boto"])["MetricAlarms"][0]["StateValue"],
    "n": int(table.get_item(Key={"pk": "a"})["Item"]["n"]),
    "parameters": [len(page["Parameters"]) for page in pages],
    "tagged": [r["ResourceARN"] for r in found["ResourceTagMappingList"]],
}))
`;

describe.skipIf(!hasTools)('other clients against the simulator', () => {
  it('AWS CLI', async () => {
    await aws('ssm', 'put-parameter', '--name', '/cli/a', '--value', 'x', '--type', 'String');
    expect(await aws('ssm', 'get-parameters-by-path', '--path', '/cli')).toMatchObject({
      Parameters: [{ Name: '/cli/a', Value: 'x' }],
    });
    const entries = '[{"Source":"mine","DetailType":"d","Detail":"{}"}]';
    expect(await aws('events', 'put-events', '--entries', entries)).toMatchObject({ FailedEntryCount: 0 });
    const failure = await run(`${TOOLS}/aws`, ['sagemaker', 'describe-endpoint', '--endpoint-name', 'none'], {
      env: environment(),
    }).catch((error: { stderr: string }) => error.stderr);
    expect(failure).toContain(
      '(ValidationException) when calling the DescribeEndpoint operation: Could not find endpoint',
    );
  });

  it('boto3, with its waiters and paginators', async () => {
    const { stdout } = await run(`${TOOLS}/python`, ['-c', BOTO3], { env: environment() });
    expect(JSON.parse(stdout)).toEqual({
      status: 'InService',
      targets: [3],
      alarm: 'INSUFFICIENT_DATA',
      n: 2,
      parameters: [10, 2],
      tagged: ['arn:aws:sagemaker:us-east-1:123456789012:endpoint/boto'],
    });
  });
});
