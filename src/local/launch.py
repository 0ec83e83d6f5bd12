"""Starts MiniStack as `python -m ministack` does, with its app behind a guard: no web page drives the control plane.

MiniStack answers every preflight with `*`, ignores the Host, and runs Lambdas as processes of this user: without the
guard, any page in the developer's browser could run code. Only the shop's own hosts are open to browsers, and these
lead nowhere else: MiniStack itself would serve its own paths there, and AWS's API under an unknown label.
Arguments: none. Environment: MiniStack's own. Exits with a message when MiniStack is not the one this was written for.
"""

import re
import sys

import ministack.app as ministack

# What is called or replaced below, as MiniStack 1.5.33 names it.
NEEDED = (
    "app",
    "main",
    "_parse_execute_api_url",
    "_parse_cloudfront_dataplane_host",
    "_handle_pre_body_request",
    "_handle_post_body_shortcuts",
    "_handle_special_data_plane_request",
    "_handle_cloudfront_dataplane_request",
    "_handle_execute_api_request",
    "_with_data_plane_headers",
    "_dispatch_service_request",
)
missing = [name for name in NEEDED if not callable(getattr(ministack, name, None))]
if missing:
    sys.exit("the local twin's guard does not fit this MiniStack: it has no " + ", ".join(missing))

# Names that always mean this machine; any other could be an attacker's, pointed here by DNS rebinding.
LOCAL = re.compile(r"(?:127\.0\.0\.1|\[::1\]|(?:[a-z0-9_-]+\.)*localhost)(?::[0-9]{1,5})?", re.IGNORECASE)
FOREIGN = "The local twin answers to 127.0.0.1, [::1], localhost and names under localhost only."
BROWSER = "The local twin's control plane takes no requests from web pages: use shopstack, an AWS SDK or the AWS CLI."
NOBODY = "No API or distribution of the local twin has this host."


def is_data_plane(host):
    """Whether the host is an API's or a distribution's by its form; path forms count as control plane."""
    return bool(ministack._parse_execute_api_url(host, "/") or ministack._parse_cloudfront_dataplane_host(host))


def refusal(scope):
    """Why an HTTP request is refused, or None. SDKs send neither Origin nor Sec-Fetch-Site; browsers one of them, and
    call themselves Mozilla where they are too old for either."""
    found = {}
    for name, value in scope["headers"]:
        found.setdefault(name.lower(), []).append(value.decode("latin-1"))
    hosts = found.get(b"host", [])
    if len(hosts) != 1 or not LOCAL.fullmatch(hosts[0]):
        return FOREIGN
    if is_data_plane(hosts[0]):
        # The one thing that MiniStack serves before any of the functions replaced below.
        return NOBODY if scope["path"].startswith("/_ministack/") else None
    # "none", an address typed in, is a browser as well: the redirects that follow it say "none" too.
    browser = any(agent.startswith("Mozilla/") for agent in found.get(b"user-agent", []))
    return BROWSER if browser or b"sec-fetch-site" in found or b"origin" in found else None


def guarded(app):
    """The ASGI app behind the guard; anything but HTTP passes untouched."""

    async def guard(scope, receive, send):
        why = refusal(scope) if scope["type"] == "http" else None
        if why is None:
            await app(scope, receive, send)
            return
        body = (why + "\n").encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return guard


def elsewhere(handler, answer):
    """The handler, but for requests to a data plane's host, which get the answer. The third argument is the headers."""

    async def handle(*args):
        return answer() if is_data_plane(args[2].get("host", "")) else await handler(*args)

    return handle


def viewers_first(special):
    """MiniStack's special data planes; for a data plane's host its own one alone."""

    async def handle(method, path, headers, body, query, request_id, *, raw_path, raw_query_string, client_ip):
        host = headers.get("host", "")
        if not is_data_plane(host):
            more = {"raw_path": raw_path, "raw_query_string": raw_query_string, "client_ip": client_ip}
            return await special(method, path, headers, body, query, request_id, **more)
        if ministack._parse_cloudfront_dataplane_host(host):
            encoded = path if raw_path is None else raw_path
            return await ministack._handle_cloudfront_dataplane_request(
                host, path, encoded, raw_query_string, method, headers, body, query, client_ip
            )
        answer = await ministack._handle_execute_api_request(
            host, path, method, headers, body, query, raw_path=raw_path, raw_query_string=raw_query_string
        )
        return ministack._with_data_plane_headers(answer, request_id, wildcard_cors=False)

    return handle


def nobody():
    return 403, {"Content-Type": "text/plain; charset=utf-8"}, (NOBODY + "\n").encode()


ministack._handle_pre_body_request = elsewhere(ministack._handle_pre_body_request, lambda: None)
ministack._handle_post_body_shortcuts = elsewhere(ministack._handle_post_body_shortcuts, lambda: None)
ministack._handle_special_data_plane_request = viewers_first(ministack._handle_special_data_plane_request)
ministack._dispatch_service_request = elsewhere(ministack._dispatch_service_request, nobody)
ministack.app = guarded(ministack.app)
ministack.main()
