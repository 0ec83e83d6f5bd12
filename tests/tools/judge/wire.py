"""Requests as they stand on the wire: an HTTP/1.1 reader for one side of a connection, and what a request holds."""

from dataclasses import dataclass, field
from urllib.parse import unquote, unquote_plus


@dataclass
class Request:
    """One request. `target` is the path with its query, as sent; header names are in lower case."""

    method: str
    target: str
    headers: list
    body: bytes
    # The host of the TLS connection; None where the connection was plain.
    host: str | None = None
    scheme: str = "http"

    @property
    def path(self):
        """The path as sent, still escaped."""
        return self.target.split("?", 1)[0]

    @property
    def query(self):
        """Names and values of the query in order; None as the value of a name without `=`."""
        text = self.target.split("?", 1)[1] if "?" in self.target else ""
        pairs = []
        for part in filter(None, text.split("&")):
            name, mark, value = part.partition("=")
            pairs.append((unquote(name), unquote(value) if mark else None))
        return pairs

    def header(self, name, default=None):
        """The value of a header, several joined by commas."""
        values = [value for key, value in self.headers if key == name]
        return ",".join(values) if values else default


def form(body):
    """The pairs of an `application/x-www-form-urlencoded` body."""
    pairs = []
    for part in filter(None, body.decode("utf-8").split("&")):
        name, _, value = part.partition("=")
        pairs.append((unquote_plus(name), unquote_plus(value)))
    return pairs


@dataclass
class Reader:
    """Cuts the bytes that a client sends into requests. `feed` returns those that are complete by now."""

    scheme: str = "http"
    host: str | None = None
    buffer: bytearray = field(default_factory=bytearray)
    # Set by bytes that are no HTTP, such as a WebSocket's: nothing more is read then.
    lost: bool = False

    def feed(self, data):
        if self.lost:
            return []
        self.buffer += data
        done = []
        while not self.lost:
            request = self._take()
            if request is None:
                break
            done.append(request)
        return done

    def _take(self):
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        lines = bytes(self.buffer[:end]).decode("latin-1").split("\r\n")
        parts = lines[0].split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            self.lost = True
            return None
        headers = []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers.append((name.strip().lower(), value.strip()))
        request = Request(parts[0], parts[1], headers, b"", self.host, self.scheme)
        if request.header("upgrade"):
            self.lost = True
            return None
        start = end + 4
        if "chunked" in request.header("transfer-encoding", ""):
            body, after = chunked(self.buffer, start)
        else:
            length = int(request.header("content-length", "0"))
            after = start + length
            body = bytes(self.buffer[start:after]) if len(self.buffer) >= after else None
        if body is None:
            return None
        del self.buffer[:after]
        request.body = body
        return request


def chunked(buffer, start):
    """The body of a chunked message and where it ends; (None, 0) while it is not complete."""
    body, at = bytearray(), start
    while True:
        end = buffer.find(b"\r\n", at)
        if end < 0:
            return None, 0
        size = int(bytes(buffer[at:end]).split(b";")[0], 16)
        at = end + 2
        if size == 0:
            # Trailers, then an empty line.
            while True:
                end = buffer.find(b"\r\n", at)
                if end < 0:
                    return None, 0
                if end == at:
                    return bytes(body), end + 2
                at = end + 2
        if len(buffer) < at + size + 2:
            return None, 0
        body += buffer[at : at + size]
        at += size + 2


def aws_chunked(body):
    """Content and trailers of a body in AWS's own chunked form (`content-encoding: aws-chunked`)."""
    content, trailers, at = bytearray(), {}, 0
    while True:
        end = body.index(b"\r\n", at)
        size = int(body[at:end].split(b";")[0], 16)
        at = end + 2
        if size == 0:
            for line in body[at:].split(b"\r\n"):
                name, mark, value = line.partition(b":")
                if mark:
                    trailers[name.decode().strip().lower()] = value.decode().strip()
            return bytes(content), trailers
        content += body[at : at + size]
        at += size + 2
