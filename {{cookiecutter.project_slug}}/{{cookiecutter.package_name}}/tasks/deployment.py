"""Brings a version to a cluster: the migration first, then the pods, then a look at what runs."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from invoke import Exit

from . import overlays, prerequisites, running_version
from .kubectl import Kubectl, Object

LAST = ("Deployment", "HorizontalPodAutoscaler")
"""What is applied when all that it needs is there."""

PAUSE_SECONDS = 1.0
LOG_LINES = 40


@dataclass(frozen=True)
class Deployment:
    """The objects of a stage, and where they go."""

    kubectl: Kubectl
    objects: list[Object]
    port: int
    timeout: int

    @property
    def name(self) -> str:
        """What the Deployment of Kubernetes is called."""
        return overlays.name()

    def require_namespace(self) -> None:
        """Stop where the namespace, or what pods need of it, is not there."""
        namespace = self.kubectl.namespace
        if not self._is_there(prerequisites.Needed("Namespace", namespace)):
            raise Exit(
                f"There is no namespace {namespace} in this cluster. See that it is the right one; "
                "then: the task cluster.prerequisites has the commands.",
                1,
            )
        missing = [each for each in prerequisites.of(self.objects) if not self._is_there(each)]
        if missing:
            lines = "\n".join(
                f"  {each.kind} {each.name}{f', its key {each.key}' if each.key else ''}"
                for each in missing
            )
            raise Exit(
                f"The namespace {namespace} lacks what the pods need:\n{lines}\n"
                "The task cluster.prerequisites has the commands.",
                1,
            )

    def _is_there(self, needed: prerequisites.Needed) -> bool:
        try:
            found = self.kubectl.get(needed.kind, needed.name)
        except Exit as error:
            if "forbidden" in str(error.message).lower():
                # Who deploys need not be allowed to read it. What is applied will tell.
                return True
            raise
        return found is not None and (not needed.key or needed.key in found.get("data", {}))

    def compare(self) -> None:
        """Show what would be changed."""
        done = self.kubectl.ask("diff", "--filename=-", objects=self.objects)
        if done.returncode > 1:
            raise Exit(f"kubectl diff failed: {done.stderr.strip()}", 1)
        print(done.stdout or "Nothing would be changed.")

    def try_out(self) -> None:
        """Have the cluster check all of it, and change nothing."""
        self._make_way_for_migration(dry_run=True)
        self.kubectl.show("apply", "--dry-run=server", "--filename=-", objects=self.objects)

    def apply(self) -> None:
        """Migrate, roll out, and wait for both."""
        job = overlays.migration(self.objects)
        if job:
            self._make_way_for_migration()
        first = [each for each in self.objects if not _is_last(each)]
        self.kubectl.show("apply", "--filename=-", objects=first)
        if job:
            self._wait_for(job["metadata"]["name"])
        last = [each for each in self.objects if _is_last(each)]
        self.kubectl.show("apply", "--filename=-", objects=last)
        self.wait()

    def _make_way_for_migration(self, *, dry_run: bool = False) -> None:
        """Remove a Job of this tag that failed, or whose pods are to be otherwise."""
        job = overlays.migration(self.objects)
        name = job["metadata"]["name"] if job else ""
        found = self.kubectl.get("job", name) if name else None
        if job is None or found is None:
            return
        done = self.kubectl.ask("apply", "--dry-run=server", "--filename=-", objects=[job])
        if condition(found, "Failed") or "field is immutable" in done.stderr:
            if dry_run:
                print(f"The Job {name} would be removed first, and made anew.")
                self.objects.remove(job)
            else:
                self.kubectl.show("delete", "job", name, "--wait", f"--timeout={self.timeout}s")

    def _wait_for(self, job: str) -> None:
        print(f"Waiting for the migration, {job}.", flush=True)
        deadline = time.monotonic() + self.timeout
        while True:
            found = self.kubectl.get("job", job)
            if found and condition(found, "Complete"):
                return
            fault = ""
            if not found:
                fault = "it was removed"
            elif condition(found, "Failed"):
                fault = "it failed"
            elif time.monotonic() > deadline:
                fault = f"it has not ended after {self.timeout} s"
            if fault:
                self._tell({"batch.kubernetes.io/job-name": job})
                raise Exit(
                    f"The migration {job}: {fault}. The version that ran is running still: nothing "
                    "was rolled out.",
                    1,
                )
            time.sleep(PAUSE_SECONDS)

    def wait(self) -> None:
        """Wait until all pods are of the version that was applied."""
        words = ("rollout", "status", f"deployment/{self.name}", f"--timeout={self.timeout}s")
        try:
            self.kubectl.show(*words)
        except Exit:
            labels = overlays.one(self.objects, "Deployment", self.name)["spec"]["selector"]
            self._tell(labels["matchLabels"])
            raise Exit(
                "The roll-out has not come to its end; pods of the version before serve as long as "
                "the new ones are not ready. The task cluster.rollback goes back to it.",
                1,
            ) from None

    def _tell(self, labels: Mapping[str, str]) -> None:
        """Show the last that pods have said."""
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        words = (f"--selector={selector}", f"--tail={LOG_LINES}", "--all-containers", "--prefix")
        print(self.kubectl.ask("logs", *words).stdout)

    def require_version(self, tag: str) -> None:
        """Ask every pod which version it is; stop where one is not that of the tag."""
        deployed = self.kubectl.get("deployment", self.name)
        if not deployed:
            raise Exit(f"The Deployment {self.name} is gone.", 1)
        pods = self.kubectl.pods(deployed["spec"]["selector"]["matchLabels"])
        if not pods:
            raise Exit(f"The Deployment {self.name} has no pods.", 1)
        for pod in pods:
            version = running_version.of_pod(self.kubectl, pod, self.port)
            if version != tag:
                raise Exit(
                    f"The pod {pod['metadata']['name']} says that it is {version}, and {tag} was "
                    "deployed: the image's VERSION_NAME is another, or its tag was moved.",
                    1,
                )
        print(f"{self.name} {tag} runs in {len(pods)} pods of {self.kubectl.namespace}.")


def condition(found: Object, kind: str) -> bool:
    """Return whether an object has a condition."""
    conditions: list[Any] = found.get("status", {}).get("conditions", [])
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


def _is_last(each: Object) -> bool:
    labels = each["metadata"].get("labels", {})
    is_database = labels.get("app.kubernetes.io/component") not in (None, "service")
    return each["kind"] in LAST and not is_database
