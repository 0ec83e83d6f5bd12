"""One request against AWS's models: what the judge finds wrong with it."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime, timezone

from botocore.parsers import RpcV2CBORParser

from . import models, rest, shapes, signing
from .wire import aws_chunked, form


@dataclass(frozen=True)
class Finding:
    """What is wrong. `kind` is one of operation, member, type, required, enum, pattern, length, union, location,
    checksum, signature, region, host or judge, the last for a fault of the judge itself."""

    kind: str
    service: str
    operation: str
    path: str
    message: str

    def as_dict(self):
        return asdict(self)


class Judge:
    """Looks at requests one by one.

    `secrets` are keys and secrets whose signatures are computed again; without them only the scope is looked at.
    `home` is the region where the stack lives; with it, every request must go to the host and the region that AWS's
    endpoint rules name.
    """

    def __init__(self, home=None, secrets=None):
        self.home = home
        self.secrets = secrets

    def look(self, request):
        """(service, operation, findings) of a request; None for one that is not signed."""
        found = signing.scope(request)
        if found is None:
            return None
        findings, named = [], [found["service"], "?"]

        def report(kind, path, message):
            findings.append(Finding(kind, named[0], named[1], path, message))

        try:
            model = models.service(found["service"])
            self.look_inside(model, found, request, named, report)
        except models.Unknown as error:
            report("operation", "", str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not pass as a clean request
            report("judge", "", f"{type(error).__name__}: {error}")
        return named[0], named[1], findings

    def look_inside(self, model, found, request, named, report):
        body, trailers = request.body, {}
        if "aws-chunked" in request.header("content-encoding", ""):
            body, trailers = aws_chunked(body)
        name, bucket = model.service_name, None
        named[0] = name
        if name == "s3":
            bucket = bucket_of(request)
        operation = self.operation(model, request, bucket, body, named, report)
        signing.check_checksums(operation, request, body, trailers, report)
        if self.secrets is not None:
            secret = self.secrets.get(found["key"])
            if secret is None:
                report("signature", "", f"by {found['key']}, which nobody has")
            else:
                signing.check_signature(request, found, secret, datetime.now(timezone.utc), report)
        self.place(name, operation.name, found, request, bucket, body, report)

    def operation(self, model, request, bucket, body, named, report):
        """Finds the operation and checks its input."""
        protocol = model.metadata["protocol"]
        if protocol.startswith("rest"):
            path = f"/{bucket}{request.path}" if request.host and bucket else request.path
            # A bucket alone has a slash behind it where it is the host.
            path = path.rstrip("/") if bucket and path.rstrip("/") == f"/{bucket}" else path
            operation, labels = models.find_rest(model.service_name, request, path)
            named[1] = operation.name
            rest.check(operation, request, labels, body, report)
            return operation
        target, action = request.header("x-amz-target"), None
        cbor = re.fullmatch(r"/service/(\w+)/operation/(\w+)", request.path)
        if target:
            prefix, _, action = target.partition(".")
            if prefix != model.metadata.get("targetPrefix"):
                raise models.Unknown(f"X-Amz-Target is {target!r}")
        elif cbor:
            action = cbor[2]
        else:
            pairs = dict(form(body))
            action = pairs.pop("Action", None)
        if action not in model.operation_names:
            raise models.Unknown(f"{model.service_name} has no operation {action!r}")
        operation = model.operation_model(action)
        named[1] = action
        if request.method != "POST":
            report("location", "", f"{request.method} instead of POST")
        # Without members a request still has an empty object as its input.
        shape = operation.input_shape
        if target:
            check_json_rpc(model, shape, request, body, report)
        elif cbor:
            value = parse_cbor(body)
            if shape:
                shapes.check_json(shape, value, "", report, binary=True)
        else:
            check_query_rpc(model, shape, pairs, request, report)
        return operation

    def place(self, name, operation, found, request, bucket, body, report):
        """Host and signing region. Global services sign in us-east-1, and so does what belongs to CloudFront."""
        if name == "cloudfront" or name == "iam":
            wanted = ["us-east-1"]
        elif name == "wafv2":
            scope = waf_scope(body)
            wanted = ["us-east-1"] if scope == "CLOUDFRONT" else [self.home or found["region"], "us-east-1"]
            if scope == "REGIONAL" and self.home:
                wanted = [self.home]
        elif self.home is None:
            return
        else:
            # Log groups, certificates and tags of CloudFront's own things are in us-east-1.
            wanted = [self.home]
            if name in ("logs", "resourcegroupstaggingapi", "acm", "cloudwatch"):
                wanted.append("us-east-1")
        if found["region"] not in wanted:
            report("region", "", f"signed in {found['region']} instead of {' or '.join(wanted)}")
        if self.home is None:
            return
        arn = json.loads(body).get("ResourceArn") if name == "dynamodb" else None
        host, region = models.endpoint(name, found["region"], bucket, arn)
        if request.host != host or request.header("host") != host:
            report("host", "", f"sent to {request.host} (Host: {request.header('host')}) instead of {host}")
        if region != found["region"]:
            report("region", "", f"signed in {found['region']} instead of {region}")


def bucket_of(request):
    """The bucket: the first label of a virtual host, else the first part of the path."""
    if request.host:
        match = re.fullmatch(r"(?:(.+)\.)?s3[.-][a-z0-9.-]*amazonaws\.com", request.host)
        return match[1] if match else None
    first = request.path.split("/")[1] if request.path.startswith("/") else ""
    return first or None


def waf_scope(body):
    """The scope of a request to WAF: its own member, or what an ARN in it says."""
    value = json.loads(body or b"{}")
    if value.get("Scope"):
        return value["Scope"]
    arns = [text for text in value.values() if isinstance(text, str) and text.startswith("arn:")]
    arns += [value.get("LoggingConfiguration", {}).get("ResourceArn", "")]
    for arn in arns:
        if ":wafv2:" in arn:
            return "CLOUDFRONT" if ":global/" in arn else "REGIONAL"
    return None


def parse_cbor(body):
    """The value of a CBOR body."""
    import io

    parser = RpcV2CBORParser()
    return parser.parse_data_item(io.BufferedReader(io.BytesIO(body))) if body else {}


def check_json_rpc(model, shape, request, body, report):
    wanted = f"application/x-amz-json-{model.metadata['jsonVersion']}"
    if request.header("content-type") != wanted:
        report("location", "content-type", f"{request.header('content-type')!r} instead of {wanted!r}")
    try:
        value = json.loads(body) if body else {}
    except ValueError as error:
        report("type", "", f"the body is no JSON: {error}")
        return
    if shape:
        shapes.check_json(shape, value, "", report)
    elif value:
        report("member", "", "the operation has no input")


def check_query_rpc(model, shape, pairs, request, report):
    if pairs.pop("Version", None) != model.metadata["apiVersion"]:
        report("location", "Version", f"is not {model.metadata['apiVersion']}")
    if request.header("content-type", "").split(";")[0] != "application/x-www-form-urlencoded":
        report("location", "content-type", f"{request.header('content-type')!r}")
    if shape:
        shapes.check_query(shape, pairs, "", report)
    for name in pairs:
        report("member", name, "the operation has no such member")
