"""The page on the loopback: GET under a token, and no path of a request is read from the disk.

A request is answered only if it names this server as its host, and comes from no other page: so no page of another site, and no
name that leads to 127.0.0.1, gets anything.
"""

from __future__ import annotations

import gc
import secrets
import socketserver
from http.server import BaseHTTPRequestHandler
from threading import Event, Thread
from urllib.parse import parse_qs

from ...compiler.compile import pause_collector
from ...emit.picture.opened import Opened
from ...text.escape.json import to_json
from .assemble import make_page, make_policy
from .views import Views

LOOPBACK = "127.0.0.1"
LOOKS = 0.03
"""Seconds between two looks at the files."""
QUIET = 100
"""Looks without a change after which nobody saves for a while."""
WAITS = 20.0
"""Seconds that a request waits for a change."""
IDLE = 30.0
"""Seconds that a client may take over a request."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class PageServer(socketserver.ThreadingTCPServer):
    """Serves the views of a spec, and looks for changes of its files while it does; a context that ends both."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, views: Views, port: int = 0) -> None:
        self.views, self.token = views, secrets.token_urlsafe(24)
        self._ends = Event()
        super().__init__((LOOPBACK, port), _Handler)
        self.port: int = self.server_address[1]

    @property
    def address(self) -> str:
        """What a browser opens."""
        return f"http://{LOOPBACK}:{self.port}/{self.token}/"

    def start(self) -> None:
        """Serves and watches, in threads of its own."""
        Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()
        Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        """Ends both."""
        self._ends.set()
        self.shutdown()
        self.server_close()

    def _watch(self) -> None:
        """Looks for changes. Garbage is collected while nothing changes: that would take longer than a picture."""
        since = 0
        with pause_collector():
            while not self._ends.wait(LOOKS):
                since = 0 if self.views.refresh_if_changed() else since + 1
                if since == QUIET:
                    gc.collect()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no matter."""


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    timeout = IDLE
    protocol_version = "HTTP/1.1"

    def version_string(self) -> str:
        return "cnnlstm-spec"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: the token stands in what would be."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """The number alone: nothing of a request is said again."""
        self.close_connection = True
        self._send(code, "text/plain", str(int(code)))

    def do_GET(self) -> None:
        """Answers the page, its state, the details of a layer, and whether there is a newer version."""
        path, _, query = self.path.partition("?")
        parts = path.split("/")
        if not self._is_ours() or len(parts) != 3 or not secrets.compare_digest(parts[1].encode(), self.server.token.encode()):
            self.send_error(403)
            return
        asked, views = parse_qs(query, max_num_fields=2000), self.server.views
        variant = _read_number(asked, "variant")
        if parts[2] == "":
            self._send(200, "text/html", make_page("cnnlstm-spec view", None), {"Content-Security-Policy": self._write_policy()})
        elif parts[2] == "state":
            opened: Opened = frozenset(asked.get("open", ()))
            self._send(200, "application/json", to_json(views.describe_state(variant, opened), None))
        elif parts[2] == "details":
            self._send(200, "application/json", to_json(views.describe_details(variant, _read_number(asked, "node") or 0), None))
        elif parts[2] == "version":
            self._send(200, "application/json", to_json(views.wait(_read_number(asked, "since") or 0, WAITS)))
        else:
            self.send_error(404)

    def _write_policy(self) -> str:
        return f"{make_policy(True)}; frame-ancestors 'none'"

    def _is_ours(self) -> bool:
        hosts = [f"{name}:{self.server.port}" for name in (LOOPBACK, "localhost")]
        origin = self.headers.get("Origin")
        named = self.headers.get_all("Host", [])
        return len(named) == 1 and named[0] in hosts and (origin is None or origin in [f"http://{host}" for host in hosts])

    def _send(self, status: int, kind: str, text: str, more: dict[str, str] | None = None) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": f"{kind}; charset=utf-8", **HEADERS, **(more or {})}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _read_number(asked: dict[str, list[str]], name: str) -> int | None:
    """A number of a query; None where there is none, or none that anything could have."""
    text = asked.get(name, [""])[0]
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
