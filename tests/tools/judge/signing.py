"""Signatures and checksums: scope, date, the signature itself, and digests of the body."""

import base64
import hashlib
import hmac
import re
import zlib
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, ?"
    r"SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
SKEW = timedelta(minutes=5)


def scope(request):
    """The parts of the Authorization header; None where there is none in the form of version 4."""
    found = AUTHORIZATION.fullmatch(request.header("authorization", ""))
    return found.groupdict() if found else None


def check_signature(request, found, secret, now, report):
    """The signature, computed again from what was sent."""
    stamp = request.header("x-amz-date", "")
    try:
        when = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        report("signature", "x-amz-date", f"{stamp!r} is no date")
        return
    if abs(now - when) > SKEW or stamp[:8] != found["date"]:
        report("signature", "x-amz-date", f"{stamp} is not now, or not the day of the scope")
    signed = found["headers"].split(";")
    for name, _ in request.headers:
        if (name == "host" or name.startswith("x-amz-")) and name not in signed:
            report("signature", name, "is not signed")
    if signature(request, found, signed, secret, stamp) != found["signature"]:
        report("signature", "", "does not match the request")


def signature(request, found, signed, secret, stamp):
    path = request.path
    if found["service"] != "s3":
        # Every service but S3 signs the path escaped once more.
        path = quote(path, safe="/-_.~")
    pairs = sorted((quote(k, safe="-_.~"), quote(v or "", safe="-_.~")) for k, v in request.query)
    canonical = [request.method, path, "&".join(f"{k}={v}" for k, v in pairs)]
    canonical += [f"{name}:{' '.join((request.header(name) or '').split())}" for name in signed]
    digest = request.header("x-amz-content-sha256") or hashlib.sha256(request.body).hexdigest()
    canonical += ["", ";".join(signed), digest]
    text = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    where = "/".join([found["date"], found["region"], found["service"], "aws4_request"])
    key = ("AWS4" + secret).encode()
    for part in where.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    whole = f"AWS4-HMAC-SHA256\n{stamp}\n{where}\n{text}"
    return hmac.new(key, whole.encode(), hashlib.sha256).hexdigest()


def crc32(data):
    return zlib.crc32(data).to_bytes(4, "big")


# Digests that can be computed here; crc32c and crc64nvme are only looked for.
DIGESTS = {
    "crc32": crc32,
    "sha1": lambda data: hashlib.sha1(data).digest(),
    "sha256": lambda data: hashlib.sha256(data).digest(),
    "md5": lambda data: hashlib.md5(data).digest(),
    "crc32c": None,
    "crc64nvme": None,
}


def check_checksums(operation, request, body, trailers, report):
    """Digests that are sent are right, and one is sent where the operation demands it."""
    sent = {}
    for name, value in list(request.headers) + list(trailers.items()):
        if name == "content-md5":
            sent["md5"] = value
        elif name.startswith("x-amz-checksum-") and name.removeprefix("x-amz-checksum-") in DIGESTS:
            sent[name.removeprefix("x-amz-checksum-")] = value
    for name, value in sent.items():
        digest = DIGESTS[name]
        if digest and base64.b64encode(digest(body)).decode() != value:
            report("checksum", name, "does not match the body")
    demanded = operation.http_checksum_required or operation.http_checksum.get("requestChecksumRequired")
    if demanded and not sent:
        report("checksum", "", f"{operation.name} demands one")
    digest = request.header("x-amz-content-sha256")
    special = ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    if digest in special:
        if request.scheme != "https":
            report("checksum", "x-amz-content-sha256", f"{digest} without TLS")
    elif digest and digest != hashlib.sha256(request.body).hexdigest():
        report("checksum", "x-amz-content-sha256", "does not match the body")


