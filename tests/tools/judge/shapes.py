"""Values against the shapes of a model: members, types, required members, enums, patterns, lengths and ranges.

Each `check_*` takes a shape, what stands on the wire, the path to it, and `report(kind, path, message)`.
"""

import base64
import binascii
from datetime import datetime
from functools import lru_cache

import regex

TEXT = ("string", "char")
WHOLE = ("integer", "long", "short", "byte")
REAL = ("float", "double")


@lru_cache(maxsize=None)
def pattern(text):
    """The compiled pattern; None where this dialect cannot read it."""
    try:
        return regex.compile(text), regex.compile(text, regex.DOTALL)
    except regex.error:
        return None


def wire_name(member, shape):
    """A member's name on the wire."""
    return shape.serialization.get("name", member)


def limits(shape, size, what, path, report):
    if "min" in shape.metadata and size < shape.metadata["min"]:
        report("length", path, f"{what} {size} is less than {shape.metadata['min']} ({shape.name})")
    if "max" in shape.metadata and size > shape.metadata["max"]:
        report("length", path, f"{what} {size} is more than {shape.metadata['max']} ({shape.name})")


def check_text(shape, value, path, report):
    """A string with its limits."""
    limits(shape, len(value), "length", path, report)
    allowed = getattr(shape, "enum", None)
    if allowed and value not in allowed:
        report("enum", path, f"{value!r} is none of {', '.join(allowed[:12])} ({shape.name})")
    wanted = shape.metadata.get("pattern")
    compiled = pattern(wanted) if wanted else None
    if compiled and not any(p.fullmatch(value) for p in compiled):
        # moto gives distributions ARNs without the empty field, and a client repeats them.
        if value.startswith("arn:aws:cloudfront:123456789012:distribution/"):
            return
        report("pattern", path, f"{value[:80]!r} does not match {wanted} ({shape.name})")


def check_scalar(shape, value, path, report):
    """A value written as text: in a query, a header, a label or an XML element."""
    kind = shape.type_name
    if kind in TEXT:
        check_text(shape, value, path, report)
    elif kind in WHOLE or kind in REAL:
        try:
            number = int(value) if kind in WHOLE else float(value)
        except ValueError:
            return report("type", path, f"{value!r} is no {kind}")
        limits(shape, number, "value", path, report)
    elif kind == "boolean":
        if value not in ("true", "false"):
            report("type", path, f"{value!r} is no boolean")
    elif kind == "blob":
        check_base64(shape, value, path, report)
    elif kind == "timestamp":
        check_time(value, path, report)
    else:
        report("type", path, f"text where a {kind} belongs")
    return None


def check_base64(shape, value, path, report):
    try:
        limits(shape, len(base64.b64decode(value, validate=True)), "length", path, report)
    except (binascii.Error, ValueError):
        report("type", path, "is no base64")


def check_time(value, path, report):
    """A timestamp as text: seconds, ISO 8601, or HTTP's form."""
    for read in (float, lambda v: datetime.fromisoformat(v.replace("Z", "+00:00")), parse_http_date):
        try:
            return read(value)
        except (ValueError, TypeError):
            continue
    return report("type", path, f"{value!r} is no timestamp")


def parse_http_date(value):
    return datetime.strptime(value, "%a, %d %b %Y %H:%M:%S GMT")


def check_members(shape, present, path, report):
    """Required members, and that a union has just one."""
    for name in shape.required_members:
        if name not in present:
            report("required", f"{path}.{name}".lstrip("."), f"is missing ({shape.name})")
    # DynamoDB's values are a union that the older models do not call one.
    union = shape.metadata.get("union") or shape.name == "AttributeValue"
    if union and len(present) != 1:
        report("union", path, f"{len(present)} members of the union {shape.name}")


def check_json(shape, value, path, report, binary=False):
    """A value of JSON, or of CBOR where `binary`."""
    kind = shape.type_name
    if kind == "structure":
        if shape.metadata.get("document"):
            return None
        if not isinstance(value, dict):
            return report("type", path, f"{type(value).__name__} where {shape.name} belongs")
        known = {wire_name(member, of): (member, of) for member, of in shape.members.items()}
        present = set()
        for key, inner in value.items():
            if key not in known:
                report("member", f"{path}.{key}".lstrip("."), f"{shape.name} has no such member")
                continue
            if inner is None:
                report("type", f"{path}.{key}".lstrip("."), "null")
                continue
            present.add(known[key][0])
            check_json(known[key][1], inner, f"{path}.{key}".lstrip("."), report, binary)
        check_members(shape, present, path, report)
    elif kind == "list":
        if not isinstance(value, list):
            return report("type", path, f"{type(value).__name__} where a list belongs")
        limits(shape, len(value), "count", path, report)
        for index, inner in enumerate(value):
            check_json(shape.member, inner, f"{path}[{index}]", report, binary)
    elif kind == "map":
        if not isinstance(value, dict):
            return report("type", path, f"{type(value).__name__} where a map belongs")
        limits(shape, len(value), "count", path, report)
        for key, inner in value.items():
            check_text(shape.key, key, f"{path}.{key}", report)
            check_json(shape.value, inner, f"{path}.{key}", report, binary)
    else:
        check_json_scalar(shape, value, path, report, binary)
    return None


def check_json_scalar(shape, value, path, report, binary):
    kind = shape.type_name
    whole = isinstance(value, int) and not isinstance(value, bool)
    fits = {
        "string": isinstance(value, str),
        "char": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "blob": isinstance(value, bytes if binary else str),
        "timestamp": whole or isinstance(value, (float, str, datetime)),
        **{name: whole for name in WHOLE},
        **{name: whole or isinstance(value, float) for name in REAL},
    }
    if not fits.get(kind, False):
        report("type", path, f"{type(value).__name__} where a {kind} belongs")
    elif kind in TEXT:
        check_text(shape, value, path, report)
    elif kind == "blob" and not binary:
        check_base64(shape, value, path, report)
    elif kind in WHOLE or kind in REAL:
        limits(shape, value, "value", path, report)


def check_query(shape, pairs, path, report):
    """A structure in the form of the query protocol: `{name: text}` with dotted names. Takes what it understands out of
    `pairs`; what is left over is unknown."""
    present = set()
    for member, of in shape.members.items():
        if take_query(of, wire_name(member, of), pairs, f"{path}.{member}".lstrip("."), report):
            present.add(member)
    check_members(shape, present, path, report)


def numbers(prefix, pairs):
    """The indices after a prefix, in order."""
    found = set()
    for name in pairs:
        if name.startswith(prefix + "."):
            index = name[len(prefix) + 1 :].split(".", 1)[0]
            if index.isdigit():
                found.add(int(index))
    return sorted(found)


def take_query(shape, prefix, pairs, path, report):
    """Whether there is a value under `prefix`; checks it and takes it out."""
    kind = shape.type_name
    if kind not in ("structure", "list", "map"):
        if prefix not in pairs:
            return False
        check_scalar(shape, pairs.pop(prefix), path, report)
        return True
    if not any(name == prefix or name.startswith(prefix + ".") for name in pairs):
        return False
    if kind == "structure":
        inner = {name[len(prefix) + 1 :]: pairs.pop(name) for name in list(pairs) if name.startswith(prefix + ".")}
        check_query(shape, inner, path, report)
        for name in inner:
            report("member", f"{path}.{name}", f"{shape.name} has no such member")
        return True
    # An empty list is its bare name.
    pairs.pop(prefix, None)
    if not shape.serialization.get("flattened"):
        prefix += "." + ("entry" if kind == "map" else shape.member.serialization.get("name", "member"))
    found = numbers(prefix, pairs)
    limits(shape, len(found), "count", path, report)
    for index in found:
        if kind == "list":
            take_query(shape.member, f"{prefix}.{index}", pairs, f"{path}[{index}]", report)
            continue
        for part, of in (("key", shape.key), ("value", shape.value)):
            name = of.serialization.get("name", part)
            if not take_query(of, f"{prefix}.{index}.{name}", pairs, f"{path}[{index}].{part}", report):
                report("required", f"{path}[{index}].{part}", "is missing")
    return True


def bare(tag):
    """An element's name without its namespace."""
    return tag.rsplit("}", 1)[-1]


def check_xml(shape, element, path, report):
    """The content of an XML element."""
    kind = shape.type_name
    if kind == "structure":
        check_xml_members(shape, element, path, report)
    elif kind == "list":
        check_xml_list(shape, list(element), path, report)
    elif kind == "map":
        report("type", path, "maps in XML are not looked at")
    else:
        if len(element):
            report("type", path, f"elements where a {kind} belongs")
        check_scalar(shape, element.text or "", path, report)


def check_xml_list(shape, items, path, report):
    limits(shape, len(items), "count", path, report)
    wanted = shape.member.serialization.get("name", "member")
    for index, item in enumerate(items):
        if not shape.serialization.get("flattened") and bare(item.tag) != wanted:
            report("member", f"{path}[{index}]", f"<{bare(item.tag)}> where <{wanted}> belongs")
        check_xml(shape.member, item, f"{path}[{index}]", report)


def check_xml_members(shape, element, path, report):
    known, attributes = {}, {}
    for member, of in shape.members.items():
        if of.serialization.get("location"):
            continue
        if of.serialization.get("xmlAttribute"):
            attributes[wire_name(member, of).split(":")[-1]] = member
            continue
        known[wire_name(member, of)] = (member, of)
    present, flat = {attributes[bare(a)] for a in element.attrib if bare(a) in attributes}, {}
    for child in element:
        name = bare(child.tag)
        if name not in known:
            report("member", f"{path}.{name}".lstrip("."), f"{shape.name} has no such member")
            continue
        member, of = known[name]
        if of.type_name == "list" and of.serialization.get("flattened"):
            flat.setdefault(member, (of, []))[1].append(child)
        elif member in present:
            report("member", f"{path}.{name}".lstrip("."), "stands twice")
        else:
            check_xml(of, child, f"{path}.{member}".lstrip("."), report)
        present.add(member)
    for member, (of, items) in flat.items():
        check_xml_list(of, items, f"{path}.{member}".lstrip("."), report)
    if not shape.serialization.get("location"):
        outside = {m for m, of in shape.members.items() if of.serialization.get("location")}
        check_members(shape, present | outside, path, report)
