"""A real HTTP server for one file that misbehaves to order: every request takes the next `Turn`, the last one stays."""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CERTIFICATE = Path(__file__).with_name("localhost.pem")


@dataclass(frozen=True, kw_only=True)
class Turn:
    """How the server treats one request."""

    status: int | None = None
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    tag: str | None = '"first"'
    ranges: str = "honoured"  # or "ignored", or "shifted": the wrong bytes
    promise: int | None = None  # a lie about the length
    chunked: bool = False
    cut_after: int | None = None  # bytes of the body, then the connection ends
    reset: bool = False  # the end is a TCP reset
    silent_s: float = 0.0  # before the end
    trickle_s: float = 0.0  # between pieces
    then: Callable[[], object] | None = None  # called after the bytes were sent


@dataclass
class FileServer:
    """What to serve, how, and what was asked."""

    content: bytes
    turns: list[Turn] = field(default_factory=lambda: [Turn()])
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    heads: int = 0
    url: str = ""

    def ranges(self) -> list[str | None]:
        """The Range header of every request so far."""
        return [headers.get("range") for _, headers in self.asked]

    def next_turn(self) -> Turn:
        return self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    file: FileServer

    def do_GET(self) -> None:
        asked = {name.lower(): value for name, value in self.headers.items()}
        self.file.asked.append((self.path, asked))
        turn = self.file.next_turn()
        whole = self.file.content if turn.body is None else turn.body
        start = self._start(turn, asked)
        status, body = turn.status, whole[start:]
        self.close_connection = True
        if status is None:
            status = 200 if start == 0 else 206
            if start >= len(whole) > 0:
                status, body = 416, b""
        self.send_response(status)
        if status == 206:
            shift = 7 if turn.ranges == "shifted" else 0
            body = whole[start - shift :]
            self.send_header("Content-Range", f"bytes {start - shift}-{len(whole) - 1}/{len(whole)}")
        self._send(turn, body)

    def do_HEAD(self) -> None:
        """Tell about the file without sending it, as the next turn would."""
        self.file.heads += 1
        turn = self.file.turns[0]
        self.send_response(turn.status or 200)
        self._send(replace(turn, then=None, reset=False, promise=len(self.file.content)), b"")

    def _start(self, turn: Turn, asked: dict[str, str]) -> int:
        wanted, condition = asked.get("range"), asked.get("if-range")
        if wanted is None or turn.ranges == "ignored" or (condition is not None and condition != turn.tag):
            return 0
        return int(wanted.removeprefix("bytes=").rstrip("-"))

    def _send(self, turn: Turn, body: bytes) -> None:
        for name, value in turn.headers.items():
            self.send_header(name, value)
        if turn.tag:
            self.send_header("ETag", turn.tag)
        if turn.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body) if turn.promise is None else turn.promise))
        self.send_header("Connection", "close")
        self.end_headers()
        sent = body[: turn.cut_after]
        with contextlib.suppress(OSError):  # the other side may have hung up
            for at in range(0, len(sent), 16_384):
                piece = sent[at : at + 16_384]
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" if turn.chunked else piece)
                time.sleep(turn.trickle_s)
            if turn.chunked and turn.cut_after is None:
                self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()
        if turn.then:
            turn.then()
        time.sleep(turn.silent_s)
        if turn.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: what was asked stands in `asked`."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the game."""


@contextlib.contextmanager
def serving(content: bytes, *turns: Turn, secure: bool = False) -> Iterator[FileServer]:
    """Serve `content` under every path until the block ends; then nobody listens there any more."""
    file = FileServer(content, list(turns) or [Turn()])
    handler = type("Handler", (_Handler,), {"file": file})
    with _Server(("127.0.0.1", 0), handler) as server:
        if secure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        file.url = f"{'https' if secure else 'http'}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield file
        finally:
            server.shutdown()
            thread.join()
