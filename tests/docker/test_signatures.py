"""Signed images: with a real cosign, engine and registry, as a pipeline calls the tasks."""

import base64
import json
import os
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.docker import engine, registry
from tests.docker.test_image_tasks import DIGEST, Checkout, check_out
from tests.kubernetes.tools import program
from tests.services import InstalledService

KEYS = "infra/signing-keys"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass
class Signing:
    """A service whose registry runs on this machine, logged in, and which signs its images."""

    checkout: Checkout
    address: str
    secrets: Path
    """Where private keys are."""

    @property
    def name(self) -> str:
        """The name of the image."""
        return f"{self.address}/thoughts-backend"

    def built(self, tag: str) -> str:
        """Build a small image of the commit that is checked out, and return the commit."""
        commit = self.checkout.git("rev-parse", "HEAD")
        lines = ["FROM scratch", "COPY file /", f"LABEL org.opencontainers.image.revision={commit}"]
        folder = self.secrets / "context"
        folder.mkdir(exist_ok=True)
        (folder / "Dockerfile").write_text("\n".join(lines))
        (folder / "file").write_text(tag)
        engine.docker("build", "--quiet", f"--tag={self.name}:{tag}", folder)
        return commit

    def push(self, tag: str, *words: str) -> str:
        """Build and push an image, and return its digest."""
        self.built(tag)
        done = self.checkout.task("image.push", f"--tag={tag}", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        [digest] = DIGEST.findall(done.stdout)
        return str(digest)

    def push_by_hand(self, tag: str) -> str:
        """Build and push an image without the task, and return its digest."""
        self.built(tag)
        engine.docker("push", "--quiet", f"{self.name}:{tag}", env=os.environ | self.variables)
        [pushed] = engine.inspect(f"{self.name}:{tag}")["RepoDigests"]
        return str(pushed).partition("@")[2]

    def sign_by_hand(self, key: str, digest: str) -> None:
        """Sign an image without the task."""
        words = (f"--key={key}.key", "--yes", "--tlog-upload=false")
        self.cosign("sign", *words, f"{self.name}@{digest}")

    @property
    def variables(self) -> dict[str, str]:
        """What programs need besides the tasks."""
        return {"COSIGN_PASSWORD": "planted", "DOCKER_CONFIG": str(self.secrets / "docker")}

    def make_key(self, name: str, *, known: bool = True) -> None:
        """Make a pair of keys; the service knows the public one."""
        self.cosign("generate-key-pair", f"--output-key-prefix={name}")
        public = self.secrets / f"{name}.pub"
        if known:
            folder = self.checkout.folder / KEYS
            folder.mkdir(exist_ok=True)
            public.rename(folder / public.name)

    def use(self, name: str) -> None:
        """Sign with a key from now on; with none, do not sign."""
        self.checkout.variables.pop("COSIGN_PRIVATE_KEY", None)
        if name:
            secret = (self.secrets / f"{name}.key").read_bytes()
            self.checkout.variables["COSIGN_PRIVATE_KEY"] = base64.b64encode(secret).decode()

    def cosign(self, *words: str) -> str:
        """Run cosign."""
        done = subprocess.run(
            [program("cosign"), *words],
            cwd=self.secrets,
            env=os.environ | self.variables,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def attached(self, kind: str, digest: str) -> dict[str, Any]:
        """Return what a statement about an image says that its key has signed."""
        key = f"--key={self.checkout.folder / KEYS / 'first.pub'}"
        words = (key, "--private-infrastructure=true", f"--type={kind}")
        said = self.cosign("verify-attestation", *words, f"{self.name}@{digest}")
        statement: dict[str, Any] = json.loads(base64.b64decode(json.loads(said)["payload"]))
        assert [each["digest"]["sha256"] for each in statement["subject"]] == [digest[7:]]
        predicate: dict[str, Any] = statement["predicate"]
        return predicate

    def copy_signature(self, of: str, to: str) -> None:
        """Attach the signature of one image to another one, as whoever can push can do."""
        content = self._call(f"{of.replace(':', '-')}.sig")
        self._call(f"{to.replace(':', '-')}.sig", content)

    def _call(self, tag: str, body: bytes | None = None) -> bytes:
        login = base64.b64encode(b"ada:secret").decode()
        headers = {"Authorization": f"Basic {login}", "Accept": MANIFEST, "Content-Type": MANIFEST}
        url = f"http://{self.address}/v2/thoughts-backend/manifests/{tag}"
        method = "PUT" if body else "GET"
        request = urllib.request.Request(url, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - of this machine
            found: bytes = answer.read()
        return found


@pytest.fixture(scope="module")
def signing(
    rendered_service: InstalledService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Signing]:
    """A service with a key, and an empty registry."""
    if registry.program() is None:
        pytest.skip("there is no registry: Debian's package docker-registry")
    tools = Path(program("cosign")).parent
    folder = tmp_path_factory.mktemp("signing")
    with registry.running(folder) as address:
        checkout = check_out(rendered_service, folder / "service", f"{address}/thoughts-backend")
        remote = "https://ada:secret@git.acme.example/thoughts.git"
        checkout.git("remote", "add", "origin", remote)
        variables = {
            "COSIGN_PASSWORD": "planted",
            "DOCKER_CONFIG": str(folder / "docker"),
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        }
        checkout.variables.update(variables)
        found = Signing(checkout, address, folder)
        assert checkout.task("image.login").returncode == 0
        yield found
        names = engine.docker("image", "ls", found.name, "--format={{.Repository}}:{{.Tag}}")
        engine.ask("image", "rm", "--force", *names.split())


@pytest.fixture(autouse=True)
def first_key(signing: Signing) -> None:
    """The service signs with its first key."""
    if not (signing.secrets / "first.key").is_file():
        signing.make_key("first")
    signing.use("first")


def test_an_image_is_signed_with_its_origin_and_its_contents(signing: Signing) -> None:
    bill = signing.secrets / "bill.json"
    bill.write_text('{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}')
    digest = signing.push("v1.0.0", f"--sbom={bill}")
    commit = signing.checkout.git("rev-parse", "HEAD")

    done = signing.checkout.task("image.verify", "--tag=v1.0.0")
    assert done.returncode == 0, done.stderr
    source = "git+https://git.acme.example/thoughts.git"
    assert f"Built from {source}, commit {commit}, by urn:" in done.stdout
    assert f"{signing.name}@{digest} is signed.\n" in done.stdout
    origin = signing.attached("slsaprovenance1", digest)["buildDefinition"]
    assert origin["resolvedDependencies"] == [{"uri": source, "digest": {"gitCommit": commit}}]
    assert origin["externalParameters"]["version"] == "v1.0.0"
    assert signing.attached("cyclonedx", digest)["bomFormat"] == "CycloneDX"

    again = signing.checkout.task("image.push", "--tag=v1.0.0", f"--sbom={bill}")
    assert DIGEST.findall(again.stdout) == [digest]
    assert "Signed: " not in again.stdout
    reused = signing.checkout.task("image.build", "--tag=v1.0.0", "--reuse")
    assert reused.returncode == 0, reused.stdout + reused.stderr
    assert "$ docker build " not in reused.stdout


def by_nobody(signing: Signing, digest: str) -> None:
    """Leave an image without a signature."""


def with_another_key(signing: Signing, digest: str) -> None:
    """Sign an image with a key that the service does not know."""
    signing.make_key("stranger", known=False)
    signing.sign_by_hand("stranger", digest)


def of_another_digest(signing: Signing, digest: str) -> None:
    """Attach the signature of another image, which is good."""
    signing.copy_signature(signing.push("v1.3.1"), digest)


def without_an_origin(signing: Signing, digest: str) -> None:
    """Sign an image without a provenance."""
    signing.sign_by_hand("first", digest)


@pytest.mark.parametrize(
    ("tag", "planted", "said"),
    [
        ("v1.2.0", by_nobody, "no signatures found"),
        ("v1.2.1", with_another_key, "no matching signatures: "),
        ("v1.2.2", of_another_digest, "no matching signatures: "),
        ("v1.2.3", without_an_origin, "has no provenance (SLSA)"),
    ],
)
def test_what_the_pipeline_has_not_signed_is_refused(
    signing: Signing, tag: str, planted: Callable[[Signing, str], None], said: str
) -> None:
    digest = signing.push_by_hand(tag)
    planted(signing, digest)
    failed = signing.checkout.task("image.verify", f"--tag={tag}")
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"{signing.name}@{digest} is ")
    assert said in failed.stderr
    assert "with the task image.sign." in failed.stderr
    # Neither does a pipeline sign what somebody else has pushed.
    if said != "has no provenance (SLSA)":
        reused = signing.checkout.task("image.build", f"--tag={tag}", "--reuse")
        assert reused.returncode == 1
        assert "Delete this tag in the registry, and run this again." in reused.stderr


def test_an_earlier_version_is_signed_by_hand(signing: Signing) -> None:
    digest = signing.push_by_hand("v0.9.0")
    done = signing.checkout.task("image.sign", "--tag=v0.9.0", f"--digest={digest}")
    assert done.returncode == 0, done.stdout + done.stderr
    verified = signing.checkout.task("image.verify", "--tag=v0.9.0")
    assert verified.returncode == 0, verified.stderr
    assert "by urn:flask-chassis-tools:not-a-pipeline." in verified.stdout


def test_an_image_of_another_commit_than_its_tag_is_refused(signing: Signing) -> None:
    digest = signing.push("v1.4.0")
    signing.checkout.git("commit", "--quiet", "--allow-empty", "--message=another")
    signing.checkout.git("tag", "v1.4.0")
    failed = signing.checkout.task("image.verify", "--tag=v1.4.0", f"--digest={digest}")
    assert failed.returncode == 1
    assert ", but v1.4.0 is " in failed.stderr


def test_a_key_is_replaced_while_versions_of_the_old_one_are_in_use(signing: Signing) -> None:
    signing.push("v1.5.0")
    signing.make_key("second")
    signing.use("second")
    signing.push("v1.5.1")
    for tag in ("v1.5.0", "v1.5.1"):
        assert signing.checkout.task("image.verify", f"--tag={tag}").returncode == 0
    # Known to nobody: what has it, has not deployed a thing.
    (signing.checkout.folder / KEYS / "second.pub").unlink()
    signing.built("v1.5.2")
    failed = signing.checkout.task("image.push", "--tag=v1.5.2")
    assert failed.returncode == 1
    assert f"whose public key is not in {KEYS}: " in failed.stderr
