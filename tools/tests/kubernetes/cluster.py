"""Provides a fake cluster: a fake kubectl and its state."""

import json
import re
import sys
from pathlib import Path
from typing import Any

from flask_chassis_tools.kubernetes import deployer, overlays, prerequisites

from ..conftest import Done, Run
from .manifests import STAGE, written

VERSION = "v1.2"
STAND_IN = Path(__file__).with_name("stand_in.py")


def deploy(run: Run, *words: str) -> Done:
    """Deploy the version that the cluster's pods run."""
    return run("cluster.deploy", f"--stage={STAGE}", f"--tag={VERSION}", *words)


def migration() -> str:
    """Return the name of that version's migration."""
    return overlays.job_name(f"{overlays.name()}-migrate-{VERSION}")


class Cluster:
    """A namespace with all prerequisites, and a kubectl for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kubectl = folder / "kubectl"
        kubectl.write_text(f"#!{sys.executable} -IS\n{STAND_IN.read_text()}")
        kubectl.chmod(0o755)
        (folder / "asked.txt").touch()
        (folder / "needed.txt").touch()
        self.tell()
        text = "\n---\n".join(json.dumps(each) for each in written())
        tagged = text.replace(":v1.2", ":TAG").replace("-migrate-unset", "-migrate-TAG")
        (folder / "objects.txt").write_text(tagged)
        self.objects = written()
        self.as_pipeline()
        self.keep({"namespace/production": {}})
        for needed in prerequisites.of(self.objects):
            name = f"{needed.kind.lower()}/{needed.name}"
            found = self.kept.get(name, {"data": {}})
            found["data"][needed.key] = "x"
            self.keep(self.kept | {name: found})

    def add(self, made: dict[str, Any]) -> None:
        """Add an object to the manifests, and let the pipeline's account have rights on it."""
        with (self.folder / "objects.txt").open("a") as text:
            text.write(f"\n---\n{json.dumps(made)}")
        self.objects.append(made)
        self.as_pipeline()

    def as_pipeline(self, rules: list[Any] | None = None) -> None:
        """Let kubectl run as the account of cluster.deployer, which is the default here."""
        found = deployer.rules(self.objects, STAGE) if rules is None else rules
        (self.folder / "rules.json").write_text(json.dumps(found))

    def as_administrator(self) -> None:
        """Let kubectl run as somebody who may do everything."""
        (self.folder / "rules.json").unlink()

    def tell(self, **story: Any) -> None:
        """Set the behaviour of the cluster."""
        (self.folder / "story.json").write_text(json.dumps({"version": VERSION} | story))

    def keep(self, objects: dict[str, Any]) -> None:
        """Set the objects in the cluster."""
        (self.folder / "kept.json").write_text(json.dumps(objects))

    @property
    def kept(self) -> dict[str, Any]:
        """The objects in the cluster."""
        found: dict[str, Any] = json.loads((self.folder / "kept.json").read_text())
        return found

    @property
    def needed(self) -> set[str]:
        """The rights that the commands have needed so far: `list batch/jobs`."""
        return set((self.folder / "needed.txt").read_text().splitlines())

    @property
    def asked(self) -> list[str]:
        """The commands that change objects or wait for them."""
        lines = (self.folder / "asked.txt").read_text().splitlines()
        doing = ("apply", "delete", "rollout", "port-forward", "diff")
        commands = [re.sub(r"^--namespace=production ", "", line) for line in lines]
        return [line for line in commands if line.startswith(doing)]
