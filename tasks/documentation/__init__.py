"""Builds the documentation site: `./invoke docs`."""

import shutil
import subprocess
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from invoke import Context, Exit, task

from tasks.folders import ROOT

from . import environment, staging

SITE = ROOT / ".cache" / "docs" / "html"

SOURCE = ROOT / ".cache" / "docs" / "source"
"""The pages as Sphinx reads them: those of docs/, and those that are written from the code."""

CONFIGURATION = ROOT / "docs" / "site"

PORT = 8090


@task(
    help={
        "serve": f"Serve the site on 127.0.0.1 afterwards, until Ctrl-C; port {PORT}",
        "port": "Another port to serve on",
    }
)
def docs(context: Context, serve: bool = False, port: int = PORT) -> None:
    """Build the documentation site into .cache/docs/html; warnings are errors."""
    built = build(SOURCE, SITE)
    if built.returncode:
        raise Exit(built.stdout, 1)
    print(f"Built: {SITE.relative_to(ROOT)}/index.html", flush=True)
    if serve:
        _serve(port)


def build(source: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Write the pages into `source`, and build them into `site`."""
    staging.write(source, environment.make() / "bin" / "python")
    return sphinx(source, site)


def sphinx(source: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Build pages as strictly as Sphinx can: a warning, as about a dead link, is an error."""
    program = environment.make() / "bin" / "sphinx-build"
    shutil.rmtree(site, ignore_errors=True)
    words = ["--builder=html", "--nitpicky", "--fail-on-warning", "--keep-going", "--quiet"]
    words += [f"--conf-dir={CONFIGURATION}", f"--doctree-dir={site.parent / 'doctrees'}"]
    return subprocess.run(
        [program, *words, source, site],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _serve(port: int) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(SITE))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise Exit(
            f"Cannot serve on port {port}: {error.strerror}. Give another: --port", 1
        ) from None
    with server:
        print(f"Serving http://127.0.0.1:{server.server_port}/ until Ctrl-C", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
