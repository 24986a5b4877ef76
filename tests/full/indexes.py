"""Package indexes on this machine: the simple API over https, with packages made for a test."""

import base64
import hashlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

import trustme


class Indexes:
    """Serves the indexes that are folders of `folder`, and remembers what they were asked for."""

    def __init__(self, folder: Path, authority: Path) -> None:
        """`authority` is the file that the certificate to trust is written to."""
        self.folder = folder
        self.authority = authority
        self.asked: list[str] = []
        self.port = 0

    def address(self, index: str) -> str:
        """Return the simple-API address of an index."""
        return f"https://127.0.0.1:{self.port}/{index}/simple/"

    def page(self, index: str, package: str) -> Path:
        """Return the folder of a package's page."""
        return self.folder / index / "simple" / package

    def offer(self, index: str, wheel: Path) -> None:
        """Put a wheel on an index."""
        page = self.page(index, wheel.name.split("-")[0].replace("_", "-"))
        page.mkdir(parents=True, exist_ok=True)
        (page / wheel.name).write_bytes(wheel.read_bytes())
        links = [
            f'<a href="{path.name}#sha256={hashlib.sha256(path.read_bytes()).hexdigest()}">'
            f"{path.name}</a>"
            for path in sorted(page.glob("*.whl"))
        ]
        (page / "index.html").write_text(f"<!DOCTYPE html>{'<br>'.join(links)}", "utf-8")

    def was_asked_for(self, index: str, package: str) -> bool:
        """Whether anybody has asked an index for a package since `asked` was cleared."""
        return any(path.startswith(f"/{index}/simple/{package}/") for path in self.asked)

    @contextmanager
    def serve(self) -> Iterator[None]:
        """Serve until the block ends."""
        made = trustme.CA()
        made.cert_pem.write_to_path(self.authority)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.issue_cert("127.0.0.1").configure_cert(context)
        handler = partial(_Handler, asked=self.asked, directory=str(self.folder))
        with _Server(("127.0.0.1", 0), handler) as server:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            self.port = server.server_port
            thread = threading.Thread(target=server.serve_forever, args=[0.05])
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                thread.join()


class _Server(ThreadingHTTPServer):
    """Serves, and says nothing of callers that hang up once they have read what they want."""

    def handle_error(self, *of: object) -> None:
        """Say nothing."""


class _Handler(SimpleHTTPRequestHandler):
    """Serves files, and remembers the paths instead of printing them."""

    def __init__(self, *arguments: object, asked: list[str], **more: object) -> None:
        self._asked = asked
        super().__init__(*arguments, **more)  # type: ignore[arg-type]  # passed on

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (its name there)
        self._asked.append(self.path)


def make_wheel(
    folder: Path, name: str, version: str, *, says: str, requires: tuple[str, ...] = ()
) -> Path:
    """Make a wheel with one module, whose `SAYS` names its origin."""
    module, about = name.replace("-", "_"), f"{name.replace('-', '_')}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {package}\n" for package in requires)
    return _pack(
        folder / f"{module}-{version}-py3-none-any.whl",
        {
            f"{module}.py": f"SAYS = {says!r}\n".encode(),
            f"{about}/METADATA": (
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}".encode()
            ),
            f"{about}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        },
        record=f"{about}/RECORD",
    )


def wheel_of_installed(folder: Path, name: str) -> Path:
    """Make a wheel of a pure Python package that is installed here."""
    installed = distribution(name)
    module = name.replace("-", "_")
    contents = {
        str(file): file.read_binary()
        for file in installed.files or []
        if file.suffix != ".pyc" and file.name not in {"RECORD", "INSTALLER", "REQUESTED"}
    }
    wheel = folder / f"{module}-{installed.version}-py3-none-any.whl"
    return _pack(wheel, contents, record=f"{module}-{installed.version}.dist-info/RECORD")


def _pack(wheel: Path, contents: dict[str, bytes], *, record: str) -> Path:
    wheel.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(wheel, "w") as file:
        for name, content in contents.items():
            file.writestr(name, content)
        lines = [f"{name},{_digest(content)},{len(content)}" for name, content in contents.items()]
        file.writestr(record, "\n".join([*lines, f"{record},,", ""]))
    return wheel


def _digest(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"
