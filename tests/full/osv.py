"""An advisory service on this machine, in OSV's protocol, which knows what a test has planted."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.serving import serving


@contextmanager
def advisories_against(package: str, ecosystem: str) -> Iterator[str]:
    """Serve one advisory, PLANTED-1, and yield the address of the service."""
    advisory = {
        "id": "PLANTED-1",
        "summary": "Planted.",
        "details": "Planted by a test.",
        "affected": [
            {
                "package": {"name": package, "ecosystem": ecosystem},
                "ranges": [
                    {
                        "type": "ECOSYSTEM",
                        "events": [{"introduced": "0"}, {"fixed": "999.0"}],
                    }
                ],
            }
        ],
    }
    handler = partial(_Osv, advisory)
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as address:
        yield f"{address}/v1"


class _Osv(BaseHTTPRequestHandler):
    def __init__(self, advisory: dict[str, Any], *of: Any) -> None:
        self.advisory = advisory
        super().__init__(*of)

    def do_POST(self) -> None:
        """Answer what is known against one package, or against each of several."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/querybatch"):
            self._answer({"results": [self._known(query) for query in asked["queries"]]})
        else:
            self._answer(self._known(asked))

    def do_GET(self) -> None:
        """Answer with the advisory."""
        self._answer(self.advisory)

    def _known(self, query: dict[str, Any]) -> dict[str, Any]:
        wanted = self.advisory["affected"][0]["package"]
        return {"vulns": [self.advisory]} if query["package"] == wanted else {}

    def _answer(self, body: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *of: object) -> None:
        """Say nothing."""
