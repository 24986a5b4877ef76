"""How large the images are, what a change builds anew of them, and what of a build they keep."""

import secrets
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.docker import engine
from tests.docker.conftest import PREFIX
from tests.docker.engine import Container, ask, docker, inspect
from tests.full.test_patched_chassis import PATCHED, Service
from tests.services import InstalledService

LARGEST_ABOVE_BASE = 102_000_000

SECRETS = {"netrc": "planted-in-netrc-7a1e", "pip.conf": "planted-in-pip-conf-93bd"}
"""Texts that exist nowhere else in the world."""


@dataclass(frozen=True)
class Built:
    """An image, and how it was built."""

    folder: Path
    tag: str
    options: list[str]


@pytest.fixture(scope="module")
def cold(rendered_service: InstalledService, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The image of the resource, built with nothing that is left of earlier builds."""
    folder = tmp_path_factory.mktemp("cold")
    texts = {
        "netrc": f"machine planted.example login ada password {SECRETS['netrc']}\n",
        "pip.conf": f"[global]\nuser-agent-note = {SECRETS['pip.conf']}\n",
    }
    options = []
    for name, text in texts.items():
        (folder / name).write_text(text)
        options.append(f"--secret=id={name},src={folder / name}")
    service = copy_of(rendered_service.path, folder / "service")
    # Packages that pip keeps between builds.
    docker("builder", "prune", "--force", "--filter=type=exec.cachemount")
    tag = f"{PREFIX}:cold"
    engine.build(service, tag, "--no-cache", *options)
    return Built(service, tag, options)


def copy_of(service: Path, folder: Path) -> Path:
    """Copy a service's files, without those that were made there."""
    made = shutil.ignore_patterns(".venv", ".*_cache", "__pycache__")
    return Path(shutil.copytree(service, folder, ignore=made))


def base_of(service: Path) -> str:
    """Return the name of the public image that the service's is made from."""
    lines = (service / "infra" / "docker" / "Dockerfile").read_text("utf-8").splitlines()
    [name] = [
        line.removeprefix("ARG PYTHON_IMAGE=")
        for line in lines
        if line.startswith("ARG PYTHON_IMAGE=")
    ]
    return name


def layers(image: str) -> list[str]:
    """Return the digests of an image's layers, the base's first."""
    found: list[str] = inspect(image)["RootFS"]["Layers"]
    return found


def test_production_is_small(
    image_of_each_kind: str, service_of_each_kind: InstalledService
) -> None:
    base = base_of(service_of_each_kind.path)
    size = inspect(image_of_each_kind)["Size"] - inspect(base)["Size"]
    print(f"{service_of_each_kind.path.name}: {size / 1e6:.1f} MB above {base}")
    assert layers(image_of_each_kind)[: len(layers(base))] == layers(base)
    assert size <= LARGEST_ABOVE_BASE


INSTALLED = """
from importlib.metadata import distributions
print(*sorted(each.name.lower() for each in distributions()))
"""


def test_production_has_the_chassis_without_its_tools(image_of_each_kind: str) -> None:
    words = ("run", "--rm", "--network=none", image_of_each_kind)
    names = set(docker(*words, "python", "-c", INSTALLED).split())
    assert {"flask", "flask-chassis"} <= names
    assert not {"flask-chassis-tools", "mypy", "pip", "poetry-core", "pytest", "ruff"} & names
    assert docker(*words, "find", "/service", "/opt", "-name", "*.whl") == ""


def test_a_patched_chassis_is_in_the_image(
    rendered_service: InstalledService, tmp_path: Path
) -> None:
    """As in docs/how-to/patch-the-chassis.md: the folder in vendor/ is built like a wheel."""
    patched = Service(copy_of(rendered_service.path, tmp_path / "service"))
    patched.patch()
    patched.poetry("lock")
    tag = f"{PREFIX}:patched"
    engine.build(patched.path, tag, target="builder")
    module = "/opt/venv/lib/python*/site-packages/flask_chassis/observability/health.py"
    assert PATCHED in docker("run", "--rm", "--network=none", tag, "sh", "-c", f"cat {module}")


def test_a_change_of_one_source_file_makes_new_last_layers_only(cold: Built) -> None:
    """How long that takes, `./invoke bench --template` measures."""
    changed, before = next(cold.folder.glob("*/domain.py")), layers(cold.tag)
    changed.write_text(f"{changed.read_text('utf-8')}\n# {secrets.token_hex()}\n")
    engine.build(cold.folder, cold.tag, *cold.options, version="v1.2.4")
    after = layers(cold.tag)
    assert after[:-1] == before[:-1]
    assert after[-1] != before[-1]
    assert inspect(cold.tag)["Config"]["Labels"]["org.opencontainers.image.version"] == "v1.2.4"


def kept_in(image: str, folder: Path, texts: list[bytes]) -> set[tuple[bytes, str]]:
    """Return which of some texts an image has, in a layer, its history or its configuration."""
    saved = folder / "saved.tar"
    docker("save", "--output", saved, image)
    found = set()
    with tarfile.open(saved) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file:
                content = file.read()
                found |= {(text, member.name) for text in texts if text in content}
    saved.unlink()
    return found


@pytest.mark.parametrize("target", ["production", "development"])
def test_a_secret_of_a_build_is_in_no_layer_and_not_in_the_history(
    cold: Built, target: str, tmp_path: Path
) -> None:
    tag = f"{PREFIX}:{target}-with-secrets"
    engine.build(cold.folder, tag, *cold.options, target=target)
    texts = [secret.encode() for secret in SECRETS.values()]
    # What is certainly there shows that the search sees files of layers, and the history.
    certain = {b"The WSGI application, which uWSGI loads", b"ENV PYTHONUNBUFFERED=1"}
    found = kept_in(tag, tmp_path, [*texts, *certain])
    assert {text for text, _ in found} == certain


def test_a_secret_that_was_kept_is_found_even_in_a_layer_below(cold: Built, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        f"FROM {cold.tag}\n"
        "USER root\n"
        "RUN --mount=type=secret,id=netrc,target=/run/n cp /run/n /opt/planted\n"
        "RUN rm /opt/planted\n"
    )
    tag = f"{PREFIX}:planted"
    docker("build", "--tag", tag, *cold.options, tmp_path)
    planted = SECRETS["netrc"].encode()
    assert len(kept_in(tag, tmp_path, [planted])) == 1


def test_an_index_is_asked_for_as_the_secret_pip_conf_says(cold: Built, tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = http://127.0.0.1:9/simple/\nretries = 0\ntimeout = 1\n"
    )
    built = ask(
        *("build", "--file", cold.folder / "infra" / "docker" / "Dockerfile", "--no-cache"),
        *("--target=builder", f"--secret=id=pip.conf,src={tmp_path / 'pip.conf'}", cold.folder),
    )
    assert built.returncode != 0
    assert "No matching distribution found for " in built.stderr


def test_an_image_without_a_version_does_not_start(cold: Built) -> None:
    tag = f"{PREFIX}:unversioned"
    engine.build(cold.folder, tag, version="")
    settings = yaml.safe_load((cold.folder / "settings.yaml").read_text("utf-8"))
    prefix = settings["default"]["service"]["name"].replace("-", "_").upper()
    supplied = (f"--env={prefix}_DATABASE__HOST=x", f"--env={prefix}_DATABASE__PASSWORD=x")
    with Container(tag, options=(*engine.HARDENED, *supplied, "--network=none")) as container:
        assert container.wait() == 22
        assert container.says("VERSION_NAME and VERSION_SHA not set: production.kubernetes")


def test_the_development_image_works_as_the_owner_of_the_source(cold: Built) -> None:
    tag = f"{PREFIX}:development-with-secrets"
    engine.build(cold.folder, tag, *cold.options, target="development")
    names = set(docker("run", "--rm", "--network=none", tag, "python", "-c", INSTALLED).split())
    assert {"flask-chassis", "flask-chassis-tools", "pytest"} <= names
    source = copy_of(cold.folder, cold.folder.parent / "owned")
    subprocess.run(["chown", "-R", "23456:34567", source], check=True)
    docker(
        *("run", "--rm", "--network=none", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL"),
        *("--cap-add=SETUID", "--cap-add=SETGID", "--security-opt=no-new-privileges"),
        *(f"--volume={source}:/service", tag),
        *("sh", "-c", "touch made && grep CapEff /proc/self/status >caps"),
    )
    for name in ("made", "caps"):
        assert (source / name).stat().st_uid == 23456
        assert (source / name).stat().st_gid == 34567
    assert int((source / "caps").read_text().split()[1], 16) == 0
