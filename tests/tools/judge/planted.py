"""Proves that the judge can fail: sound requests of every protocol pass, and each kind of planted fault is found.

    python -m judge.planted

Prints one line a case; exits with 1 where a sound request is blamed or a fault is not found.
"""

import json
import re
import sys
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from .check import Judge
from .wire import Request

KEY, SECRET = "AKIDPLANTED", "planted"
REGION = "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/shopstack/shop"
ACL = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/6a1b2c3d-0000-4000-8000-000000000000"
METRICS = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
RULES = {"Scope": "CLOUDFRONT", "Name": "acl", "DefaultAction": {"Allow": {}}, "VisibilityConfig": METRICS}
OAC = {"Name": "site", "SigningProtocol": "sigv4", "SigningBehavior": "always"}
OAC["OriginAccessControlOriginType"] = "s3"
TABLE = {"TableName": "Orders", "BillingMode": "PAY_PER_REQUEST"}
TABLE["KeySchema"] = [{"AttributeName": "id", "KeyType": "HASH"}]
TABLE["AttributeDefinitions"] = [{"AttributeName": "id", "AttributeType": "S"}]

# Service, region, method and arguments; together they use every protocol and every place of a member.
SOUND = [
    ("dynamodb", REGION, "create_table", TABLE),
    ("dynamodb", REGION, "put_item", {"TableName": "Orders", "Item": {"id": {"S": "1"}, "n": {"N": "2"}}}),
    ("logs", "us-east-1", "put_retention_policy", {"logGroupName": "/a/b", "retentionInDays": 30}),
    ("wafv2", "us-east-1", "create_web_acl", RULES),
    ("wafv2", "us-east-1", "get_logging_configuration", {"ResourceArn": ACL}),
    ("iam", REGION, "create_role", {"RoleName": "r", "AssumeRolePolicyDocument": "{}", "Tags": [{"Key": "a", "Value": "b"}]}),
    ("sts", REGION, "get_caller_identity", {}),
    ("lambda", REGION, "get_function", {"FunctionName": "shop"}),
    ("lambda", REGION, "update_function_configuration", {"FunctionName": "shop", "MemorySize": 256, "Role": ROLE}),
    ("lambda", REGION, "list_versions_by_function", {"FunctionName": "shop", "MaxItems": 10}),
    ("apigateway", REGION, "get_resources", {"restApiId": "abc", "limit": 500, "embed": ["methods"]}),
    ("apigateway", REGION, "create_rest_api", {"name": "shop", "tags": {"a": "b"}}),
    ("apigateway", REGION, "tag_resource", {"resourceArn": "arn:aws:apigateway:eu-west-1::/restapis/a", "tags": {"a": "b"}}),
    ("cloudfront", "us-east-1", "create_origin_access_control", {"OriginAccessControlConfig": OAC}),
    ("cloudfront", "us-east-1", "update_origin_access_control", {"OriginAccessControlConfig": OAC, "Id": "E1", "IfMatch": "E2"}),
    ("s3", REGION, "put_object", {"Bucket": "shop-site", "Key": "a/b c.html", "Body": b"<p>", "ContentType": "text/html"}),
    ("s3", REGION, "put_bucket_policy", {"Bucket": "shop-site", "Policy": "{}"}),
    ("s3", REGION, "delete_objects", {"Bucket": "shop-site", "Delete": {"Objects": [{"Key": "a"}]}}),
    ("s3", REGION, "list_objects_v2", {"Bucket": "shop-site", "Prefix": "a/"}),
    ("s3", REGION, "copy_object", {"Bucket": "shop-site", "Key": "b", "CopySource": "shop-site/a"}),
    ("resourcegroupstaggingapi", "us-east-1", "get_resources", {"ResourcesPerPage": 100}),
]


def sent(service, region, method, arguments):
    """The request that botocore makes of a call. It goes nowhere."""
    config = Config(retries={"max_attempts": 0}, parameter_validation=False, s3={"us_east_1_regional_endpoint": "regional"})
    keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET}
    client = boto3.client(service, region_name=region, config=config, **keys)
    caught = []

    def catch(request, **_):
        caught.append(request)
        return AWSResponse(request.url, 500, {}, None)

    client.meta.events.register("before-send", catch)
    try:
        getattr(client, method)(**arguments)
    except Exception:  # noqa: BLE001 - there is no answer to read
        pass
    return as_request(caught[0])


def as_request(prepared):
    url = urlsplit(prepared.url)
    headers = [(k.lower(), v.decode() if isinstance(v, bytes) else str(v)) for k, v in prepared.headers.items()]
    headers.append(("host", url.hostname))
    body = prepared.body or b""
    body = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else body.read()
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return Request(prepared.method, target, headers, body, host=url.hostname, scheme="https")


def judge():
    return Judge(home=REGION, secrets={KEY: SECRET})


def without_signature(findings):
    """A fault in the request also breaks its signature and its digest; what is left is the fault itself."""
    return [f for f in findings if f.kind != "signature" and f.path != "x-amz-content-sha256"]


def text(old, new):
    """Replaces text in the body."""

    def change(request):
        assert old.encode() in request.body, f"{old} is not in {request.body}"
        request.body = request.body.replace(old.encode(), new.encode())

    return change


def target(old, new):
    """Replaces text in path and query."""

    def change(request):
        assert old in request.target, f"{old} is not in {request.target}"
        request.target = request.target.replace(old, new)

    return change


def header(name, value):
    """Sets a header, or takes it away where the value is None."""

    def change(request):
        request.headers = [(k, v) for k, v in request.headers if k != name]
        request.headers += [(name, value)] if value is not None else []

    return change


def member(name, value):
    """Sets a member of a JSON body."""

    def change(request):
        request.body = json.dumps({**json.loads(request.body), name: value}).encode()

    return change


def scope(old, new):
    def change(request):
        value = request.header("authorization")
        assert old in value
        header("authorization", value.replace(old, new))(request)

    return change


def elsewhere(host):
    def change(request):
        request.host = host
        header("host", host)(request)

    return change


# Kind of finding, the sound call by service and method, and what is changed in it.
FAULTS = [
    ("operation", "dynamodb", "create_table", header("x-amz-target", "DynamoDB_20120810.MakeTable")),
    ("operation", "iam", "create_role", text("Action=CreateRole", "Action=MakeRole")),
    ("operation", "lambda", "get_function", target("/functions/", "/procedures/")),
    ("operation", "s3", "list_objects_v2", lambda r: setattr(r, "method", "PATCH")),
    ("operation", "lambda", "get_function", scope("/lambda/", "/lambada/")),
    ("member", "dynamodb", "create_table", member("Billing", "x")),
    ("member", "iam", "create_role", text("RoleName=", "Nickname=x&RoleName=")),
    ("member", "iam", "create_role", text("Tags.member.1.Value", "Tags.member.1.Val")),
    ("member", "cloudfront", "create_origin_access_control", text("<Name>", "<Nick>x</Nick><Name>")),
    ("member", "cloudfront", "create_origin_access_control", text("/2020-05-31/", "/1999-01-01/")),
    ("member", "lambda", "update_function_configuration", member("Memory", 1)),
    ("type", "dynamodb", "create_table", member("BillingMode", 7)),
    ("type", "lambda", "update_function_configuration", member("MemorySize", "256")),
    ("type", "lambda", "list_versions_by_function", target("MaxItems=10", "MaxItems=ten")),
    ("type", "logs", "put_retention_policy", lambda r: setattr(r, "body", b"{")),
    ("type", "dynamodb", "create_table", member("TableName", None)),
    ("required", "dynamodb", "create_table", text('"TableName": "Orders", ', "")),
    ("required", "iam", "create_role", text("RoleName=r&", "")),
    ("required", "cloudfront", "create_origin_access_control", text("<Name>site</Name>", "")),
    ("required", "wafv2", "create_web_acl", text('"Scope": "CLOUDFRONT", ', "")),
    ("enum", "dynamodb", "create_table", member("BillingMode", "FREE")),
    ("enum", "cloudfront", "create_origin_access_control", text("always", "sometimes")),
    ("enum", "wafv2", "create_web_acl", text("CLOUDFRONT", "EVERYWHERE")),
    ("pattern", "lambda", "update_function_configuration", member("Role", "shop")),
    ("pattern", "logs", "put_retention_policy", member("logGroupName", "a?b")),
    ("pattern", "iam", "create_role", text("RoleName=r", "RoleName=r%2Fs")),
    ("length", "dynamodb", "create_table", member("TableName", "")),
    ("length", "lambda", "update_function_configuration", member("MemorySize", 64)),
    ("length", "wafv2", "create_web_acl", member("Name", "n" * 129)),
    ("length", "lambda", "list_versions_by_function", target("MaxItems=10", "MaxItems=0")),
    ("union", "dynamodb", "put_item", text('{"S": "1"}', '{"S": "1", "N": "1"}')),
    ("location", "lambda", "get_function", target("/functions/shop", "/functions/shop?Marker=1")),
    ("location", "s3", "put_object", header("x-amz-colour", "red")),
    ("location", "dynamodb", "create_table", header("content-type", "application/json")),
    ("location", "lambda", "get_function", lambda r: setattr(r, "body", b"{}")),
    ("location", "sts", "get_caller_identity", text("2011-06-15", "2011-06-16")),
    ("checksum", "s3", "delete_objects", text("<Key>a", "<Key>b")),
    ("checksum", "s3", "put_bucket_policy", lambda r: [header(k, None)(r) for k, _ in list(r.headers) if "checksum-" in k]),
    ("checksum", "s3", "put_object", header("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")),
    ("region", "lambda", "get_function", scope(f"/{REGION}/", "/us-west-2/")),
    ("region", "iam", "create_role", scope("/us-east-1/", f"/{REGION}/")),
    ("region", "wafv2", "create_web_acl", text("CLOUDFRONT", "REGIONAL")),
    ("host", "lambda", "get_function", elsewhere("lambda.us-east-1.amazonaws.com")),
    ("host", "s3", "put_bucket_policy", elsewhere("shop-site.s3.amazonaws.com")),
    ("host", "iam", "create_role", elsewhere(f"iam.{REGION}.amazonaws.com")),
    ("signature", "lambda", "get_function", target("/shop", "/ship")),
    ("signature", "s3", "put_object", header("x-amz-date", "20200101T000000Z")),
    ("signature", "dynamodb", "create_table", member("TableName", "Others")),
    ("signature", "sts", "get_caller_identity", scope(KEY, "AKIDNOBODY")),
]


def main():
    bad = 0
    for service, region, method, arguments in SOUND:
        seen = judge().look(sent(service, region, method, arguments))
        named = re.sub("_", "", method)
        good = seen is not None and not seen[2] and seen[1].lower() == named
        bad += not good
        print(f"{'sound' if good else 'BLAMED'} {service} {method}: {seen and seen[1:]}")
    calls = {(service, method): (service, region, method, arguments) for service, region, method, arguments in SOUND}
    for kind, service, method, plant in FAULTS:
        request = sent(*calls[service, method])
        plant(request)
        findings = judge().look(request)[2]
        rest = findings if kind == "signature" else without_signature(findings)
        good = any(f.kind == kind for f in rest)
        bad += not good
        print(f"{'found' if good else 'MISSED'} {kind} in {service} {method}: {[(f.kind, f.path, f.message) for f in rest]}")
    print(f"{len(SOUND)} sound requests and {len(FAULTS)} planted faults, {bad} judged wrongly")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
