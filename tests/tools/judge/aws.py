"""Plays AWS for programs that go through a proxy: every name of AWS leads here, over TLS, and MiniStack answers.

    python -m judge.aws --upstream PORT --region REGION --folder FOLDER

An HTTP proxy on a free port of 127.0.0.1, which it prints. CONNECT to any host is answered here, with a certificate of
an authority of its own (FOLDER/ca.pem). Requests for AWS's APIs are judged as AWS would take them, with host, region,
signature and checksums, and go on to MiniStack in its own form; distributions (*.cloudfront.net) and APIs
(*.execute-api.*.amazonaws.com) lead to MiniStack's. Every other host is a finding. `GET http://judge.invalid/report`
through the proxy returns the report so far; SIGTERM ends it.
"""

import argparse
import http.client
import json
import re
import socketserver
import threading
import traceback
from pathlib import Path
from urllib.parse import urlsplit

from . import answers
from .authority import Authority
from .check import Finding, Judge, bucket_of
from .tally import Tally
from .views import Views
from .wire import Reader

AWS = re.compile(r"[a-z0-9.-]+\.amazonaws\.com")
HOP = ("connection", "proxy-connection", "proxy-authorization", "keep-alive", "transfer-encoding", "content-length")


class Stage:
    """What all connections share."""

    def __init__(self, upstream, region, folder, secrets):
        self.upstream = upstream
        self.authority = Authority(folder)
        self.judge = Judge(home=region, secrets=secrets)
        self.tally = Tally()
        self.lock = threading.Lock()
        self.views = Views(upstream, self.pass_on)
        self.extras = answers.Extras(self.views)

    def take(self, request):
        """The answer to a request: status, headers and body."""
        host = request.host or request.header("host", "").split(":")[0]
        if host == "judge.invalid":
            with self.lock:
                return 200, [("content-type", "application/json")], json.dumps(self.tally.as_dict()).encode()
        viewed = self.views.take(host, request)
        if viewed is not None:
            return viewed
        if not AWS.fullmatch(host) or request.scheme != "https":
            found = Finding("host", "?", "?", "", f"{request.scheme}://{host} is no place of AWS")
            with self.lock:
                self.tally.add(("?", "?", [found]))
            return 502, [], b""
        with self.lock:
            seen = self.judge.look(request)
            self.tally.add(seen)
        service, operation = seen[:2] if seen else ("s3", "")
        bucket = bucket_of(request) if service == "s3" else None
        target = f"/{bucket}{request.target}" if bucket else request.target
        answer = self.extras.instead(service, operation, request)
        if answer is None:
            self.extras.before(service, operation, request)
            answer = self.pass_on(request, f"127.0.0.1:{self.upstream}", target)
        return self.extras.after(service, operation, request, answer)

    def pass_on(self, request, host, target):
        """The twin's answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=60)
        headers = [(k, v) for k, v in request.headers if k not in HOP and k != "host"]
        headers += [("host", host)]
        if request.scheme == "https":
            headers += [("x-forwarded-proto", "https")]
        try:
            connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
            for key, value in headers:
                connection.putheader(key, value)
            if request.body or request.method in ("POST", "PUT", "PATCH"):
                connection.putheader("content-length", str(len(request.body)))
            connection.endheaders(request.body or None)
            answer = connection.getresponse()
            body = answer.read()
            return answer.status, [(k.lower(), v) for k, v in answer.getheaders()], body
        finally:
            connection.close()


class Handler(socketserver.BaseRequestHandler):
    """One connection of a client to the proxy."""

    def handle(self):
        try:
            self.talk(self.request, Reader())
        except OSError:
            pass
        except Exception:  # noqa: BLE001 - said where the one who looks for the fault can read it
            traceback.print_exc()

    def talk(self, link, reader):
        while data := link.recv(1 << 16):
            if b"100-continue" in data.lower():
                link.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            for request in reader.feed(data):
                if request.method == "CONNECT":
                    host = request.target.rsplit(":", 1)[0]
                    link.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                    inner = self.server.stage.authority.context(host).wrap_socket(link, server_side=True)
                    self.talk(inner, Reader(scheme="https", host=host))
                    return
                if request.host is None:
                    url = urlsplit(request.target)
                    request.host = url.hostname
                    request.target = (url.path or "/") + (f"?{url.query}" if url.query else "")
                link.sendall(self.answer(request))

    def answer(self, request):
        status, headers, body = self.server.stage.take(request)
        lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, 'Answer')}"]
        length = [v for k, v in headers if k == "content-length"] if request.method == "HEAD" else []
        lines += [f"{k}: {v}" for k, v in headers if k not in HOP]
        lines += [f"content-length: {length[0] if length else len(body)}"] if status not in (204, 304) else []
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (b"" if request.method == "HEAD" else body)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--upstream", type=int, required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--secret", required=True, help="of the access key `test`")
    given = parser.parse_args()
    with Server(("127.0.0.1", 0), Handler) as server:
        server.stage = Stage(given.upstream, given.region, given.folder, {"test": given.secret})
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
