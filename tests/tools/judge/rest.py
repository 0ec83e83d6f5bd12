"""REST requests against their operation: labels, query, headers and body, each where the model has it."""

import json
from urllib.parse import unquote
from xml.etree import ElementTree

from . import shapes

# Headers of the protocol itself, which no operation names.
COMMON = (
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-user-agent",
    "x-amz-content-sha256",
    "x-amz-trailer",
    "x-amz-decoded-content-length",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-target",
)


def check(operation, request, labels, body, report):
    """Checks all parts of a request whose operation and labels are known; `body` is the content."""
    shape = operation.input_shape
    static = {part.partition("=")[0] for part in operation.http["requestUri"].partition("?")[2].split("&") if part}
    if shape is None:
        leftovers(request, static, set(), set(), report)
        return
    present, headers, names = set(), set(), set(static)
    for member, of in shape.members.items():
        place, wire = of.serialization.get("location"), of.serialization.get("name", member)
        if place == "uri":
            if wire in labels:
                present.add(member)
                shapes.check_scalar(of, unquote(labels[wire]), member, report)
        elif place == "querystring":
            take_query(member, of, wire, request, names, present, report)
        elif place == "header":
            headers.add(wire.lower())
            value = request.header(wire.lower())
            if value is not None:
                present.add(member)
                check_header(of, value, member, report)
        elif place == "headers":
            headers.update(key for key, _ in request.headers if key.startswith(wire.lower()))
    payload = shape.serialization.get("payload")
    inside = {m: of for m, of in shape.members.items() if not of.serialization.get("location") and m != payload}
    if payload:
        of = shape.members[payload]
        if of.type_name in ("blob", "string"):
            present.update([payload] if body else [])
        elif body:
            present.add(payload)
            check_body(operation, of, body, payload, request, report)
    elif inside:
        check_body(operation, shape, body, "", request, report)
        # Required members of the body are told from within.
        present.update(inside)
    elif body:
        report("location", "", f"{operation.name} has no body, and {len(body)} bytes were sent")
    for name in shape.required_members:
        if name not in present:
            report("required", name, f"is missing ({shape.name})")
    leftovers(request, names, headers, static, report)


def take_query(member, of, wire, request, names, present, report):
    """A member in the query; a map takes every name that no other member has."""
    if of.type_name == "map":
        return
    values = [value or "" for name, value in request.query if name == wire]
    names.add(wire)
    if not values:
        return
    present.add(member)
    if of.type_name == "list":
        shapes.limits(of, len(values), "count", member, report)
        for index, value in enumerate(values):
            shapes.check_scalar(of.member, value, f"{member}[{index}]", report)
        return
    if len(values) > 1:
        report("location", member, f"stands {len(values)} times in the query")
    shapes.check_scalar(of, values[0], member, report)


def check_header(of, value, member, report):
    if of.type_name == "list":
        for index, part in enumerate(value.split(",")):
            shapes.check_scalar(of.member, part.strip(), f"{member}[{index}]", report)
    elif of.type_name == "string" and of.serialization.get("jsonvalue"):
        return
    else:
        shapes.check_scalar(of, value, member, report)


def leftovers(request, names, headers, static, report):
    """Query parameters and headers that the operation does not know."""
    for name, _ in request.query:
        if name not in names and name not in static and name != "x-id":
            report("location", name, "is no query parameter of this operation")
    for name, _ in request.headers:
        if not name.startswith("x-amz-") or name in headers or name in COMMON:
            continue
        if not name.startswith("x-amz-checksum-"):
            report("location", name, "is no header of this operation")


def check_body(operation, shape, body, path, request, report):
    """The body of a REST operation in the service's own format."""
    if operation.service_model.metadata["protocol"] == "rest-json":
        check_json_body(shape, body, path, request, report)
    else:
        check_xml_body(operation, shape, body, path, report)


def check_json_body(shape, body, path, request, report):
    if body and request.header("content-type") != "application/json":
        report("location", "content-type", f"{request.header('content-type')!r} instead of 'application/json'")
    try:
        value = json.loads(body) if body else {}
    except ValueError as error:
        report("type", path, f"the body is no JSON: {error}")
        return
    if not isinstance(value, dict):
        report("type", path, "the body is no JSON object")
        return
    members = {m: of for m, of in shape.members.items() if not of.serialization.get("location")}
    known = {shapes.wire_name(m, of): (m, of) for m, of in members.items()}
    present = set()
    for key, inner in value.items():
        where = f"{path}.{key}".lstrip(".")
        if key not in known:
            report("member", where, f"{shape.name} has no such member in its body")
        elif inner is None:
            report("type", where, "null")
        else:
            present.add(known[key][0])
            shapes.check_json(known[key][1], inner, where, report)
    outside = set(shape.members) - set(members)
    shapes.check_members(shape, present | outside, path, report)


def check_xml_body(operation, shape, body, path, report):
    if not body:
        report("required", path, "the body is empty")
        return
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        report("type", path, f"the body is no XML: {error}")
        return
    names = {shape.name, shape.serialization.get("name"), path}
    whole = operation.input_shape
    names.add(whole.serialization.get("name"))
    if shapes.bare(root.tag) not in names - {None, ""}:
        report("member", path, f"the root is <{shapes.bare(root.tag)}> instead of <{shape.name}>")
    namespaces = [of.serialization.get("xmlNamespace") for of in (shape, whole)]
    wanted = [n["uri"] if isinstance(n, dict) else n for n in namespaces if n]
    wanted += [operation.service_model.metadata.get("xmlNamespace")]
    wanted = [w for w in wanted if isinstance(w, str)]
    found = root.tag[1:].split("}")[0] if root.tag.startswith("{") else None
    if wanted and found not in wanted:
        report("member", path, f"the namespace is {found} instead of {wanted[0]}")
    shapes.check_xml(shape, root, path, report)
