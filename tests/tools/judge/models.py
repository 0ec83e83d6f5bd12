"""botocore's models of AWS's APIs: which service and which operation a request is for, and where it belongs."""

import re
from functools import lru_cache

from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import Loader
from botocore.model import ServiceModel

LOADER = Loader()

# Services whose name in a signature is not the name of their model.
BY_SIGNATURE = {"tagging": "resourcegroupstaggingapi", "monitoring": "cloudwatch", "servicequotas": "service-quotas"}

# What the endpoint rules ask for besides region and bucket.
PLAIN = {
    "s3": {"ForcePathStyle": False, "Accelerate": False, "UseGlobalEndpoint": False},
    "sts": {"UseGlobalEndpoint": False},
}


class Unknown(Exception):
    """A request that no model explains; the text says why."""


@lru_cache(maxsize=None)
def service(signing_name):
    """The model of the service that is signed for by this name."""
    name = BY_SIGNATURE.get(signing_name, signing_name)
    if name not in LOADER.list_available_services("service-2"):
        raise Unknown(f"no service is signed for as {signing_name!r}")
    return ServiceModel(LOADER.load_service_model(name, "service-2"), name)


@lru_cache(maxsize=None)
def rules(name):
    return EndpointProvider(LOADER.load_service_model(name, "endpoint-rule-set-1"), LOADER.load_data("partitions"))


@lru_cache(maxsize=None)
def endpoint(name, region, bucket=None, arn=None):
    """Host and signing region of a service (by its model's name) in a region, as AWS's endpoint rules say. DynamoDB has a
    host for each account, which the ARN of a table names."""
    more = dict(PLAIN.get(name, {}), **({"Bucket": bucket} if bucket else {}))
    if arn:
        more.update(ResourceArn=arn, AccountIdEndpointMode="preferred")
    found = rules(name).resolve_endpoint(Region=region, UseFIPS=False, UseDualStack=False, **more)
    schemes = [s for s in found.properties.get("authSchemes", []) if s["name"] == "sigv4"]
    signing = schemes[0].get("signingRegion", region) if schemes else region
    return found.url.split("://", 1)[1], signing


@lru_cache(maxsize=None)
def routes(name):
    """(static query, pattern, labels, number of fixed characters, operation) of every REST operation of a service."""
    model = service(name)
    found = []
    for operation_name in model.operation_names:
        operation = model.operation_model(operation_name)
        path, _, query = operation.http["requestUri"].partition("?")
        static = dict(part.partition("=")[::2] for part in query.split("&") if part)
        pattern, labels = "", []
        for piece in re.split(r"(\{[^}]+\})", path):
            if not piece.startswith("{"):
                pattern += re.escape(piece)
                continue
            label = piece[1:-1]
            labels.append(label.rstrip("+"))
            pattern += "(.+)" if label.endswith("+") else "([^/]+)"
        fixed = len(re.sub(r"\{[^}]+\}", "", path))
        found.append((operation.http["method"], static, re.compile(pattern + "/?"), labels, fixed, operation))
    return found


def find_rest(name, request, path):
    """Operation and raw labels of a REST request; `path` begins with the bucket where there is one."""
    query = dict(request.query)
    # Smithy's own SDKs name the operation here.
    named = query.pop("x-id", None)
    best, best_rank = None, None
    for method, static, pattern, labels, fixed, operation in routes(name):
        if method != request.method:
            continue
        if any(key not in query or (value and query[key] != value) for key, value in static.items()):
            continue
        match = pattern.fullmatch(path)
        if match is None:
            continue
        shape = operation.input_shape
        needed, known = set(), set()
        for member, of in shape.members.items() if shape else ():
            place, wire = of.serialization.get("location"), of.serialization.get("name", member)
            if place in ("header", "querystring"):
                known.add(wire.lower())
                if member in shape.required_members:
                    needed.add(wire.lower())
        sent = {key.lower() for key in query} | {key for key, _ in request.headers}
        rank = (
            len(static),
            fixed,
            # CopyObject and PutObject have one path; so have UploadPart and UploadPartCopy.
            -len(needed - sent),
            len(needed & sent),
            len({key.lower() for key in query} & known),
            # PutBucketLifecycle stands beside its successor at the same address.
            not operation.deprecated,
            operation.name == named,
        )
        if best is None or rank > best_rank:
            best, best_rank = (operation, dict(zip(labels, match.groups()))), rank
    if best is None:
        raise Unknown(f"{name} has no operation {request.method} {path}")
    if named and named != best[0].name:
        raise Unknown(f"the request names {named} and is {best[0].name}")
    return best
