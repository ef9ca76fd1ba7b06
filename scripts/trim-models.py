#!/usr/bin/env python3
"""Trims botocore's service models to the operations that the simulator answers.

    python3 -m venv VENV && VENV/bin/pip install -r requirements-dev.txt && VENV/bin/python scripts/trim-models.py [--check]

Writes simulator/wire/models/<service>.json: shapes without documentation, only what the listed operations reach.
With --check nothing is written: fails, with their names, when files are not what this botocore gives.
"""
import json
import pathlib
import sys

import botocore
from botocore.loaders import Loader

OUT = pathlib.Path(__file__).resolve().parent.parent / "simulator" / "wire" / "models"

# SDK client name -> (botocore service, operations; None = all)
SERVICES = {
    "SageMaker": ("sagemaker", """CreateModel DescribeModel DeleteModel ListModels CreateEndpointConfig
        DescribeEndpointConfig DeleteEndpointConfig ListEndpointConfigs CreateEndpoint DescribeEndpoint DeleteEndpoint
        UpdateEndpoint UpdateEndpointWeightsAndCapacities ListEndpoints ListTags AddTags DeleteTags
        CreateInferenceComponent DescribeInferenceComponent ListInferenceComponents UpdateInferenceComponent
        UpdateInferenceComponentRuntimeConfig DeleteInferenceComponent ListMonitoringSchedules"""),
    "ApplicationAutoScaling": ("application-autoscaling", None),
    "CloudWatch": ("cloudwatch", """PutMetricAlarm PutCompositeAlarm DescribeAlarms DescribeAlarmsForMetric DeleteAlarms
        SetAlarmState EnableAlarmActions DisableAlarmActions GetMetricData GetMetricStatistics ListMetrics PutMetricData
        ListTagsForResource TagResource UntagResource DescribeAlarmHistory"""),
    "EventBridge": ("events", """PutEvents PutRule DeleteRule DescribeRule ListRules EnableRule DisableRule PutTargets
        RemoveTargets ListTargetsByRule TestEventPattern"""),
    "SSM": ("ssm", """PutParameter GetParameter GetParameters GetParametersByPath DeleteParameter DeleteParameters
        DescribeParameters AddTagsToResource ListTagsForResource"""),
    "SageMakerRuntime": ("sagemaker-runtime", "InvokeEndpoint"),
    "ResourceGroupsTaggingAPI": ("resourcegroupstaggingapi", "GetResources"),
    "DynamoDB": ("dynamodb", """CreateTable DescribeTable ListTables ListTagsOfResource GetItem PutItem UpdateItem DeleteItem
        Query Scan BatchGetItem BatchWriteItem TransactWriteItems"""),
}
KEPT = ("type", "required", "min", "max", "pattern", "enum", "timestampFormat", "error", "exception", "box")
# The service lists these values in another order than the model (recorded from AWS); messages show them in it.
ENUM_ORDER = {"StateValue": ["INSUFFICIENT_DATA", "ALARM", "OK"]}


def reference(value):
    return value["shape"]


def trim_shape(shape):
    kept = {key: shape[key] for key in KEPT if key in shape and shape[key] not in ([], None)}
    if "members" in shape:
        kept["members"] = {name: reference(member) for name, member in shape["members"].items()}
    for part in ("member", "key", "value"):
        if part in shape:
            kept[part] = reference(shape[part])
    return kept


def trim(service, operations, client):
    model = Loader().load_service_model(service, "service-2")
    names = operations.split() if operations else sorted(model["operations"])
    shapes, pending, trimmed = {}, [], {}
    for name in names:
        operation = model["operations"][name]
        errors = [reference(error) for error in operation.get("errors", [])]
        entry = {part: reference(operation[part]) for part in ("input", "output") if part in operation}
        trimmed[name] = {**entry, "errors": errors} if errors else entry
        pending += [*entry.values(), *errors]
    while pending:
        name = pending.pop()
        if name in shapes:
            continue
        shape = model["shapes"][name]
        shapes[name] = trim_shape(shape)
        if name in ENUM_ORDER:
            assert sorted(shapes[name]["enum"]) == sorted(ENUM_ORDER[name]), name
            shapes[name]["enum"] = ENUM_ORDER[name]
        pending += [reference(member) for member in shape.get("members", {}).values()]
        pending += [reference(shape[part]) for part in ("member", "key", "value") if part in shape]
    meta = model["metadata"]
    return {
        "source": f"botocore {botocore.__version__}, {service}/{meta['apiVersion']}/service-2.json (Apache-2.0), trimmed by scripts/trim-models.py",
        "apiVersion": meta["apiVersion"],
        "targetPrefix": meta.get("targetPrefix", client),
        "jsonVersion": meta["jsonVersion"],
        "queryCompatible": "awsQueryCompatible" in meta,
        "operations": trimmed,
        "shapes": dict(sorted(shapes.items())),
    }


def render(client, service, operations):
    return json.dumps({"service": client, **trim(service, operations, client)}, indent=1, ensure_ascii=False) + "\n"


def main():
    rendered = {OUT / f"{service}.json": render(client, service, operations) for client, (service, operations) in SERVICES.items()}
    if sys.argv[1:] == ["--check"]:
        old = [path.name for path, text in rendered.items() if not path.exists() or path.read_text() != text]
        old += [path.name for path in OUT.glob("*.json") if path not in rendered]
        if old:
            sys.exit(f"not what botocore {botocore.__version__} gives, run scripts/trim-models.py: {', '.join(old)}")
        print(f"current: botocore {botocore.__version__}")
        return
    OUT.mkdir(parents=True, exist_ok=True)
    for path, text in rendered.items():
        path.write_text(text)
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
