"""Drives a server by boto3 or by the AWS CLI (in this process): every operation, waiters and paginators.

    python drive_clients.py URL boto3|cli < {"sagemaker": ["CreateEndpoint", …], …}

Every answer is judged by botocore's model: types, required members, enums, lengths, patterns, and members that the model
does not know. Waiters wait on the server's own clock: what would be a sleep moves it. Prints one JSON object: what the
client called, waited for and paged through, and everything that was not as the model says.
"""
import contextlib
import io
import json
import os
import sys
import time
import urllib.request

CLIENT = sys.argv[2]
if CLIENT == "cli":
    # First: it puts its own botocore in the place of the installed one.
    import awscli.clidriver
import boto3
import botocore
from botocore.exceptions import ClientError

from model_judge import Judge, load

URL = sys.argv[1]
ROLE = "arn:aws:iam::123456789012:role/models"
ACCOUNT = "us-east-1:123456789012"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"


def advance(seconds):
    data = json.dumps({"by": f"{max(1, round(seconds))}s"}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{URL}/_simulator/advance", data)).read()


# Where the real service itself answers what its model does not allow: an on-demand table has no provisioned units, and what
# was processed whole leaves an empty map.
LIBERTIES = {
    "dynamodb.CreateTable: .TableDescription.ProvisionedThroughput.NumberOfDecreasesToday: 0 value, at least 1",
    "dynamodb.DescribeTable: .Table.ProvisionedThroughput.NumberOfDecreasesToday: 0 value, at least 1",
    "dynamodb.BatchWriteItem: .UnprocessedItems: 0 entries, at least 1",
    "dynamodb.BatchGetItem: .UnprocessedKeys: 0 entries, at least 1",
}


class Ledger:
    """What a client did, and what was wrong with the answers."""

    def __init__(self):
        self.called, self.waited, self.paged, self.problems = set(), set(), {}, []
        self.judges = {}

    def judge(self, response_dict, service, operation):
        self.called.add(f"{service}.{operation}")
        if response_dict["status_code"] >= 300:
            return
        if service not in self.judges:
            model = load(service)
            self.judges[service] = (model, Judge(model))
        model, judge = self.judges[service]
        if model["metadata"]["protocol"] == "rest-json":
            return  # The answer is the container's own.
        output = model["operations"][operation].get("output")
        body = response_dict["body"]
        if output is None:
            if body.strip() not in (b"", b"{}"):
                self.problems.append(f"{service}.{operation}: a body where the model has none: {body[:200]}")
            return
        found = judge.problems(output["shape"], json.loads(body), closed=True)
        told = (f"{service}.{operation}: {problem}" for problem in found)
        self.problems += [problem for problem in told if problem not in LIBERTIES]

    def listen(self, events):
        def received(response_dict, event_name, **_):
            if response_dict is not None:
                _, service, operation = event_name.split(".")
                self.judge(response_dict, NAMES.get(service, service), operation)

        events.register("response-received", received)

    def report(self):
        return {
            "called": sorted(self.called),
            "waited": sorted(self.waited),
            "paged": self.paged,
            "problems": self.problems,
        }


# Events carry a service's hyphenated id where it differs from the name that clients are made by.
NAMES = {
    "application-auto-scaling": "application-autoscaling",
    "eventbridge": "events",
    "resource-groups-tagging-api": "resourcegroupstaggingapi",
}


def page_rule(service, operation):
    """botocore's rule for paging through an operation, and the smallest page that its model allows; None: no limit."""
    rule = load(service, "paginators-1")["pagination"][operation]
    if "limit_key" not in rule:
        return rule, None
    model = load(service)
    members = model["shapes"][model["operations"][operation]["input"]["shape"]]["members"]
    return rule, max(1, model["shapes"][members[rule["limit_key"]]["shape"]].get("min") or 1)


class Boto:
    name = "Boto"

    def __init__(self):
        self.ledger = Ledger()
        self.session = boto3.session.Session()
        self.ledger.listen(self.session.events)
        self.clients = {}

    def client(self, service):
        if service not in self.clients:
            self.clients[service] = self.session.client(service)
        return self.clients[service]

    def call(self, service, operation, **parameters):
        return getattr(self.client(service), botocore.xform_name(operation))(**parameters)

    def invoke(self, endpoint):
        answer = self.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=endpoint, Body=b"{}", ContentType="application/json")
        answer["Body"].read()

    def wait(self, service, waiter, **parameters):
        self.client(service).get_waiter(waiter).wait(**parameters)
        self.ledger.waited.add(f"{service}.{waiter}")

    def pages(self, service, operation, at_least=2, **parameters):
        """The same answer in the smallest pages as in one piece."""
        client, method = self.client(service), botocore.xform_name(operation)
        rule, size = page_rule(service, operation)
        pages = list(client.get_paginator(method).paginate(**parameters, PaginationConfig={"PageSize": size}))
        whole = getattr(client, method)(**parameters)
        for key in rule["result_key"] if isinstance(rule["result_key"], list) else [rule["result_key"]]:
            # Datapoints, not results, are what a page of GetMetricData holds one of.
            if not isinstance(whole.get(key), list) or operation == "GetMetricData":
                continue
            in_pages = [item for page in pages for item in page.get(key, [])]
            if sorted(map(str, in_pages)) != sorted(map(str, whole[key])):
                self.ledger.problems.append(f"{service}.{operation}: {key} in pages is not what it is in one piece")
        if len(pages) < at_least and size == 1:
            self.ledger.problems.append(f"{service}.{operation}: {len(pages)} pages of one, not {at_least}")
        self.ledger.paged[f"{service}.{operation}"] = len(pages)


class Cli:
    name = "Cli"

    def __init__(self):
        self.ledger = Ledger()
        self.driver = awscli.clidriver.create_clidriver()
        # The CLI makes its clients from its own session, whose events every client copies.
        self.ledger.listen(self.driver.session.get_component("event_emitter"))

    def run(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = self.driver.main([*arguments, "--output", "json"])
        if code != 0:
            raise CliFailure(f"aws {' '.join(arguments)}: exit code {code}: {err.getvalue()}")
        return json.loads(out.getvalue()) if out.getvalue().strip() else {}

    def call(self, service, operation, **parameters):
        return self.run(service, botocore.xform_name(operation, "-"), "--cli-input-json", json.dumps(parameters))

    def invoke(self, endpoint):
        self.run("sagemaker-runtime", "invoke-endpoint", "--endpoint-name", endpoint, "--body", "{}", "--content-type",
                 "application/json", os.devnull)

    def wait(self, service, waiter, **parameters):
        words = [word for name, value in parameters.items() for word in (
            f"--{botocore.xform_name(name, '-')}", *(value if isinstance(value, list) else [value]))]
        self.run(service, "wait", waiter.replace("_", "-"), *words)
        self.ledger.waited.add(f"{service}.{waiter}")

    def pages(self, service, operation, at_least=2, **parameters):
        """The CLI pages by itself; `--page-size` makes it ask more often."""
        del at_least
        _, size = page_rule(service, operation)
        arguments = (service, botocore.xform_name(operation, "-"), "--cli-input-json", json.dumps(parameters))
        whole = self.run(*arguments)
        paged = whole if size is None else self.run(*arguments, "--page-size", str(size))
        if operation != "GetMetricData" and json.dumps(paged, sort_keys=True) != json.dumps(whole, sort_keys=True):
            self.ledger.problems.append(f"{service}.{operation}: paged by the CLI it is not what it is in one piece")
        self.ledger.paged[f"{service}.{operation}"] = 1


class CliFailure(Exception):
    pass


def expect_failure(client, code, service, operation, **parameters):
    try:
        client.call(service, operation, **parameters)
    except ClientError as error:
        text = error.response["Error"]["Code"]
    except CliFailure as failure:
        text = str(failure)
    else:
        text = "nothing"
    if code not in text:
        client.ledger.problems.append(f"{service}.{operation}: refused with {text}, not {code}")


# ------------------------------------------------------------------------------------------------ what is called, in order


def drive_components(c):
    call, n = c.call, f"{c.name}-ic"
    call("sagemaker", "CreateEndpointConfig", EndpointConfigName=n, ExecutionRoleArn=ROLE, ProductionVariants=[
        {"VariantName": "AllTraffic", "InstanceType": "ml.g5.12xlarge", "InitialInstanceCount": 1,
         "ManagedInstanceScaling": {"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 2}}])
    call("sagemaker", "CreateEndpoint", EndpointName=n, EndpointConfigName=n)
    c.wait("sagemaker", "endpoint_in_service", EndpointName=n)
    specification = {"ModelName": f"{c.name}-a", "ComputeResourceRequirements":
                     {"NumberOfAcceleratorDevicesRequired": 1, "MinMemoryRequiredInMb": 1024}}
    for name in ("one", "two", "three"):
        call("sagemaker", "CreateInferenceComponent", InferenceComponentName=f"{n}-{name}", EndpointName=n,
             Specification=specification, RuntimeConfig={"CopyCount": 1}, Tags=[{"Key": "team", "Value": "x"}])
    one = f"{n}-one"
    expect_failure(c, "ValidationException", "sagemaker", "DeleteInferenceComponent", InferenceComponentName=one)
    advance(600)
    c.pages("sagemaker", "ListInferenceComponents", EndpointNameEquals=n)
    call("sagemaker", "UpdateInferenceComponentRuntimeConfig", InferenceComponentName=one,
         DesiredRuntimeConfig={"CopyCount": 2})
    advance(600)
    call("sagemaker", "UpdateInferenceComponent", InferenceComponentName=one, Specification=specification,
         RuntimeConfig={"CopyCount": 0})
    advance(600)
    call("sagemaker", "DescribeInferenceComponent", InferenceComponentName=one)
    call("sagemaker", "DeleteInferenceComponent", InferenceComponentName=one)


def drive_sagemaker(c):
    call, n = c.call, c.name
    variant = {"VariantName": "AllTraffic", "ModelName": f"{n}-a", "InstanceType": "ml.g5.xlarge",
               "InitialInstanceCount": 1, "InitialVariantWeight": 1}
    for letter in "ab":
        name = f"{n}-{letter}"
        call("sagemaker", "CreateModel", ModelName=name, ExecutionRoleArn=ROLE,
             PrimaryContainer={"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/m:1"})
        call("sagemaker", "CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=[variant],
             Tags=[{"Key": "team", "Value": "x"}])
        call("sagemaker", "CreateEndpoint", EndpointName=name, EndpointConfigName=name,
             Tags=[{"Key": "team", "Value": "x"}, {"Key": n, "Value": letter}])
    a = f"{n}-a"
    expect_failure(c, "ValidationException", "sagemaker", "DeleteEndpoint", EndpointName=a)
    for letter in "ab":
        c.wait("sagemaker", "endpoint_in_service", EndpointName=f"{n}-{letter}")
    arn = f"arn:aws:sagemaker:{ACCOUNT}:endpoint/{a.lower()}"
    call("sagemaker", "DescribeModel", ModelName=a)
    call("sagemaker", "DescribeEndpointConfig", EndpointConfigName=a)
    call("sagemaker", "DescribeEndpoint", EndpointName=a)
    for operation in ("ListModels", "ListEndpointConfigs", "ListEndpoints"):
        c.pages("sagemaker", operation, NameContains=n)
    drive_components(c)
    c.pages("sagemaker", "ListMonitoringSchedules", at_least=1)
    call("sagemaker", "AddTags", ResourceArn=arn, Tags=[{"Key": "more", "Value": "y"}])
    c.pages("sagemaker", "ListTags", ResourceArn=arn)
    call("sagemaker", "DeleteTags", ResourceArn=arn, TagKeys=["more"])
    call("sagemaker", "UpdateEndpointWeightsAndCapacities", EndpointName=a,
         DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}])
    expect_failure(c, "ValidationException", "sagemaker", "UpdateEndpoint", EndpointName=a, EndpointConfigName=f"{n}-b")
    call("sagemaker", "DescribeEndpoint", EndpointName=a)
    c.wait("sagemaker", "endpoint_in_service", EndpointName=a)
    call("sagemaker", "UpdateEndpoint", EndpointName=a, EndpointConfigName=f"{n}-b", RetainAllVariantProperties=True)
    c.wait("sagemaker", "endpoint_in_service", EndpointName=a)
    expect_failure(c, "ValidationException", "sagemaker", "DescribeEndpoint", EndpointName="none")
    c.invoke(a)


def drive_scaling(c):
    s, n = "application-autoscaling", c.name
    resource = {"ServiceNamespace": "sagemaker", "ResourceId": f"endpoint/{n}-a/variant/AllTraffic",
                "ScalableDimension": DIMENSION}
    for letter in "ab":
        c.call(s, "RegisterScalableTarget", **{**resource, "ResourceId": f"endpoint/{n}-{letter}/variant/AllTraffic"},
               MinCapacity=1, MaxCapacity=3, Tags={"team": "x"})
    target = c.call(s, "DescribeScalableTargets", ServiceNamespace="sagemaker", ResourceIds=[resource["ResourceId"]])
    arn = target["ScalableTargets"][0]["ScalableTargetARN"]
    c.call(s, "PutScalingPolicy", **resource, PolicyName="steady", PolicyType="TargetTrackingScaling",
           TargetTrackingScalingPolicyConfiguration={"TargetValue": 5, "PredefinedMetricSpecification": {
               "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}})
    c.call(s, "PutScalingPolicy", **resource, PolicyName="steps", PolicyType="StepScaling",
           StepScalingPolicyConfiguration={"AdjustmentType": "ChangeInCapacity", "MetricAggregationType": "Maximum",
                                           "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}]})
    for name, minute in (("morning", "0"), ("evening", "30")):
        c.call(s, "PutScheduledAction", **resource, ScheduledActionName=name, Schedule=f"cron({minute} 6 * * ? *)",
               Timezone="Europe/Berlin", ScalableTargetAction={"MinCapacity": 2, "MaxCapacity": 3})
    advance(90_000)
    for operation in ("DescribeScalableTargets", "DescribeScalingPolicies", "DescribeScheduledActions"):
        c.pages(s, operation, ServiceNamespace="sagemaker")
    c.pages(s, "DescribeScalingActivities", at_least=1, ServiceNamespace="sagemaker", ResourceId=resource["ResourceId"],
            ScalableDimension=DIMENSION, IncludeNotScaledActivities=True)
    c.call(s, "TagResource", ResourceARN=arn, Tags={"more": "y"})
    c.call(s, "ListTagsForResource", ResourceARN=arn)
    c.call(s, "UntagResource", ResourceARN=arn, TagKeys=["more"])
    c.call(s, "DeleteScalingPolicy", **resource, PolicyName="steps")
    c.call(s, "DeleteScheduledAction", **resource, ScheduledActionName="evening")
    expect_failure(c, "ValidationException", s, "GetPredictiveScalingForecast", **resource, PolicyName="steady",
                   StartTime="2026-03-23T00:00:00Z", EndTime="2026-03-24T00:00:00Z")
    c.wait("sagemaker", "endpoint_in_service", EndpointName=f"{n}-a")
    c.call(s, "DeregisterScalableTarget", **{**resource, "ResourceId": f"endpoint/{n}-b/variant/AllTraffic"})


def drive_cloudwatch(c):
    s, n = "cloudwatch", c.name
    metric = {"Namespace": f"mine-{n}", "MetricName": "m"}
    for name in "ab":
        c.call(s, "PutMetricAlarm", **metric, AlarmName=f"{n}-{name}", Statistic="Sum", Period=60, EvaluationPeriods=1,
               Threshold=1, ComparisonOperator="GreaterThanThreshold", Tags=[{"Key": "team", "Value": "x"}],
               AlarmActions=["arn:aws:sns:us-east-1:123456789012:topic"])
    a, arn = f"{n}-a", f"arn:aws:cloudwatch:{ACCOUNT}:alarm:{n}-a"
    c.wait(s, "alarm_exists", AlarmNames=[a])
    for name, value in (("m", 1), ("m", 5), ("other", 2)):
        c.call(s, "PutMetricData", Namespace=f"mine-{n}", MetricData=[{"MetricName": name, "Value": value, "Unit": "Count"}])
        advance(60)
    advance(120)
    period = {"StartTime": "2026-03-23T00:00:00Z", "EndTime": "2026-04-06T00:00:00Z"}
    c.pages(s, "DescribeAlarms", AlarmNamePrefix=n)
    c.pages(s, "DescribeAlarmHistory", AlarmName=a)
    c.pages(s, "ListMetrics", at_least=1, Namespace=f"mine-{n}")
    c.pages(s, "GetMetricData", at_least=1, **period, MetricDataQueries=[
        {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "Sum"}},
        {"Id": "e1", "Expression": "FILL(m1, 0) * 2", "Label": "twice"}])
    c.call(s, "DescribeAlarmsForMetric", **metric)
    c.call(s, "GetMetricStatistics", **metric, **period, Period=3600, Statistics=["Sum", "Average"], Unit="Count")
    c.call(s, "SetAlarmState", AlarmName=a, StateValue="ALARM", StateReason="by hand")
    c.call(s, "DisableAlarmActions", AlarmNames=[a])
    c.call(s, "EnableAlarmActions", AlarmNames=[a])
    c.call(s, "TagResource", ResourceARN=arn, Tags=[{"Key": "more", "Value": "y"}])
    c.call(s, "ListTagsForResource", ResourceARN=arn)
    c.call(s, "UntagResource", ResourceARN=arn, TagKeys=["more"])
    c.call(s, "DescribeAlarms", AlarmNames=[a])
    c.call(s, "DeleteAlarms", AlarmNames=[a, f"{n}-b"])
    expect_failure(c, "ResourceNotFound", s, "SetAlarmState", AlarmName=a, StateValue="OK", StateReason="gone")


def drive_events(c):
    s, n = "events", c.name
    pattern = json.dumps({"source": ["aws.sagemaker"]})
    event = json.dumps({"id": "1", "account": "123456789012", "source": "aws.sagemaker", "time": "2026-03-23T00:00:00Z",
                        "region": "us-east-1", "resources": [], "detail-type": "t", "detail": {}})
    for letter in "ab":
        c.call(s, "PutRule", Name=f"{n}-{letter}", EventPattern=pattern)
    a = f"{n}-a"
    targets = [{"Id": str(index), "Arn": f"arn:aws:lambda:{ACCOUNT}:function:f{index}"} for index in range(2)]
    c.call(s, "PutTargets", Rule=a, Targets=targets)
    c.call(s, "DescribeRule", Name=a)
    c.pages(s, "ListRules", NamePrefix=n)
    c.pages(s, "ListTargetsByRule", Rule=a)
    c.call(s, "DisableRule", Name=a)
    c.call(s, "EnableRule", Name=a)
    c.call(s, "TestEventPattern", EventPattern=pattern, Event=event)
    c.call(s, "PutEvents", Entries=[{"Source": "mine", "DetailType": "d", "Detail": "{}"},
                                    {"Source": "mine", "DetailType": "d", "Detail": "no JSON"}])
    expect_failure(c, "ValidationException", s, "DeleteRule", Name=a)
    c.call(s, "RemoveTargets", Rule=a, Ids=["0", "1"])
    c.call(s, "DeleteRule", Name=a)
    expect_failure(c, "ResourceNotFoundException", s, "DescribeRule", Name=a)


def drive_ssm(c):
    s, n = "ssm", c.name
    names = [f"/{n}/p{index}" for index in range(3)]
    for name in names:
        c.call(s, "PutParameter", Name=name, Value="x", Type="String", Description="one of three")
    expect_failure(c, "ParameterAlreadyExists", s, "PutParameter", Name=names[0], Value="y", Type="String")
    c.call(s, "GetParameter", Name=names[0])
    c.call(s, "GetParameters", Names=[*names, "/none"])
    c.pages(s, "GetParametersByPath", Path=f"/{n}")
    c.pages(s, "DescribeParameters", ParameterFilters=[{"Key": "Path", "Option": "Recursive", "Values": [f"/{n}"]}])
    c.call(s, "AddTagsToResource", ResourceType="Parameter", ResourceId=names[0], Tags=[{"Key": "team", "Value": "x"}])
    c.call(s, "ListTagsForResource", ResourceType="Parameter", ResourceId=names[0])
    c.call(s, "DeleteParameter", Name=names[0])
    c.call(s, "DeleteParameters", Names=names)
    expect_failure(c, "ParameterNotFound", s, "GetParameter", Name=names[0])


def drive_dynamodb(c):
    s, n = "dynamodb", c.name
    for letter in "ab":
        c.call(s, "CreateTable", TableName=f"{n}-{letter}", BillingMode="PAY_PER_REQUEST",
               KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
               AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in ("pk", "sk")],
               Tags=[{"Key": "team", "Value": "x"}])
    table = {"TableName": f"{n}-a"}
    c.wait(s, "table_exists", **table)
    key = lambda sk: {"pk": {"S": "p"}, "sk": {"S": sk}}  # noqa: E731
    described = c.call(s, "DescribeTable", **table)
    c.pages(s, "ListTagsOfResource", at_least=1, ResourceArn=described["Table"]["TableArn"])
    c.pages(s, "ListTables")
    c.call(s, "PutItem", **table, Item={**key("1"), "n": {"N": "1"}, "l": {"L": [{"BOOL": True}, {"NULL": True}]}})
    c.call(s, "UpdateItem", **table, Key=key("1"), UpdateExpression="ADD n :one", ReturnValues="ALL_NEW",
           ExpressionAttributeValues={":one": {"N": "1"}})
    c.call(s, "GetItem", **table, Key=key("1"), ConsistentRead=True)
    c.call(s, "BatchWriteItem", RequestItems={f"{n}-a": [{"PutRequest": {"Item": key("2")}}]})
    c.call(s, "BatchGetItem", RequestItems={f"{n}-a": {"Keys": [key("1"), key("2")]}})
    c.call(s, "TransactWriteItems", TransactItems=[{"Put": {**table, "Item": key("3")}}])
    c.pages(s, "Query", **table, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "p"}})
    c.pages(s, "Scan", **table)
    c.call(s, "DeleteItem", **table, Key=key("3"), ReturnValues="ALL_OLD")
    expect_failure(c, "ConditionalCheckFailed", s, "PutItem", **table, Item=key("1"),
                   ConditionExpression="attribute_not_exists(pk)")


def drive_the_rest(c):
    n = c.name
    advance(600)
    c.pages("resourcegroupstaggingapi", "GetResources", ResourceTypeFilters=["sagemaker:endpoint"],
            TagFilters=[{"Key": n}])
    for letter in "ab":
        name = f"{n}-{letter}"
        c.call("sagemaker", "DeleteEndpoint", EndpointName=name)
        c.wait("sagemaker", "endpoint_deleted", EndpointName=name)
        c.call("sagemaker", "DeleteEndpointConfig", EndpointConfigName=name)
        c.call("sagemaker", "DeleteModel", ModelName=name)


def drive(client):
    for part in (drive_sagemaker, drive_scaling, drive_cloudwatch, drive_events, drive_ssm, drive_dynamodb, drive_the_rest):
        part(client)
    return client.ledger.report()


def possible(operations):
    """Waiters and paginators that botocore has for operations that the server answers."""
    waiters, paginators = set(), set()
    for service, names in operations.items():
        client = boto3.client(service)
        for waiter in client.waiter_names:
            if client.get_waiter(waiter).config.operation in names:
                waiters.add(f"{service}.{waiter}")
        paginators |= {f"{service}.{name}" for name in names if client.can_paginate(botocore.xform_name(name))}
    return {"waiters": sorted(waiters), "paginators": sorted(paginators)}


def main():
    time.sleep = advance
    operations = json.load(sys.stdin)
    client = Boto() if CLIENT == "boto3" else Cli()
    print(json.dumps({"possible": possible(operations), **drive(client)}))


if __name__ == "__main__":
    main()
