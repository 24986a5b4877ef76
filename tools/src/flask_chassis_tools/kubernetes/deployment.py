"""Deploys a version: runs the migration, rolls out the pods, verifies what runs."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from invoke import Exit

from flask_chassis_tools.kubernetes import overlays, prerequisites, running_version
from flask_chassis_tools.kubernetes.kubectl import Kubectl, Object

LAST = ("Deployment", "HorizontalPodAutoscaler")
"""The kinds that are applied last, after the objects that they depend on."""

PAUSE_SECONDS = 1.0
LOG_LINES = 40


@dataclass(frozen=True)
class Deployment:
    """The objects of a stage, and the cluster that they are deployed to."""

    kubectl: Kubectl
    objects: list[Object]
    port: int
    timeout: int

    @property
    def name(self) -> str:
        """The name of the Deployment."""
        return overlays.name()

    def require_namespace(self) -> None:
        """Exit if the namespace, or an object in it that pods need, does not exist."""
        namespace = self.kubectl.namespace
        if not self._is_there(prerequisites.Needed("Namespace", namespace)):
            raise Exit(
                f"Namespace {namespace} not found. Check that this is the right cluster. The task "
                "cluster.prerequisites prints the commands that create it.",
                1,
            )
        missing = [each for each in prerequisites.of(self.objects) if not self._is_there(each)]
        if missing:
            lines = "\n".join(
                f"  {each.kind} {each.name}{f', its key {each.key}' if each.key else ''}"
                for each in missing
            )
            raise Exit(
                f"Namespace {namespace} lacks objects that the pods need:\n{lines}\n"
                "The task cluster.prerequisites prints the commands that create them.",
                1,
            )

    def _is_there(self, needed: prerequisites.Needed) -> bool:
        try:
            found = self.kubectl.get(needed.kind, needed.name)
        except Exit as error:
            if "forbidden" in str(error.message).lower():
                # Deploying does not require permission to read Secrets.
                return True
            raise
        return found is not None and (not needed.key or needed.key in found.get("data", {}))

    def compare(self) -> None:
        """Show the changes that a deployment would make."""
        done = self.kubectl.ask("diff", "--filename=-", objects=self.objects)
        if done.returncode > 1:
            raise Exit(f"kubectl diff failed: {done.stderr.strip()}", 1)
        print(done.stdout or "No changes.")

    def try_out(self) -> None:
        """Let the cluster validate all objects, without changing any."""
        self._make_way_for_migration(dry_run=True)
        self.kubectl.show("apply", "--dry-run=server", "--filename=-", objects=self.objects)

    def apply(self) -> None:
        """Run the migration, roll out, and wait for both."""
        job = overlays.migration(self.objects)
        if job:
            self._make_way_for_migration()
        first = [each for each in self.objects if not is_last(each)]
        self.kubectl.show("apply", "--filename=-", objects=first)
        if job:
            self._wait_for(job["metadata"]["name"])
        last = [each for each in self.objects if is_last(each)]
        self.kubectl.show("apply", "--filename=-", objects=last)
        self.wait()

    def _make_way_for_migration(self, *, dry_run: bool = False) -> None:
        """Delete a Job of this tag that failed, or whose pods would change."""
        job = overlays.migration(self.objects)
        name = job["metadata"]["name"] if job else ""
        found = self.kubectl.get("job", name) if name else None
        if job is None or found is None:
            return
        done = self.kubectl.ask("apply", "--dry-run=server", "--filename=-", objects=[job])
        if condition(found, "Failed") or "field is immutable" in done.stderr:
            if dry_run:
                print(f"The Job {name} would be deleted and created again.")
                self.objects.remove(job)
            else:
                self.kubectl.show("delete", "job", name, "--wait", f"--timeout={self.timeout}s")

    def _wait_for(self, job: str) -> None:
        print(f"Waiting for the migration {job}.", flush=True)
        deadline = time.monotonic() + self.timeout
        while True:
            found = self.kubectl.get("job", job)
            if found and condition(found, "Complete"):
                return
            fault = ""
            if not found:
                fault = "it was deleted"
            elif condition(found, "Failed"):
                fault = "it failed"
            elif time.monotonic() > deadline:
                fault = f"it did not finish within {self.timeout} s"
            if fault:
                self._tell({"batch.kubernetes.io/job-name": job})
                raise Exit(
                    f"The migration {job}: {fault}. The previous version is still running: nothing "
                    "was rolled out.",
                    1,
                )
            time.sleep(PAUSE_SECONDS)

    def wait(self) -> None:
        """Wait until all pods run the version that was applied."""
        words = ("rollout", "status", f"deployment/{self.name}", f"--timeout={self.timeout}s")
        try:
            self.kubectl.show(*words)
        except Exit:
            labels = overlays.one(self.objects, "Deployment", self.name)["spec"]["selector"]
            self._tell(labels["matchLabels"])
            raise Exit(
                "The rollout did not finish. Pods of the previous version serve until the new ones "
                "are ready. The task cluster.rollback returns to the previous version.",
                1,
            ) from None

    def _tell(self, labels: Mapping[str, str]) -> None:
        """Show the last log lines of pods."""
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        words = (f"--selector={selector}", f"--tail={LOG_LINES}", "--all-containers", "--prefix")
        print(self.kubectl.ask("logs", *words).stdout)

    def require_version(self, tag: str) -> None:
        """Exit unless every pod runs the version of the tag."""
        deployed = self.kubectl.get("deployment", self.name)
        if not deployed:
            raise Exit(f"Deployment {self.name} not found.", 1)
        pods = self.kubectl.pods(deployed["spec"]["selector"]["matchLabels"])
        if not pods:
            raise Exit(f"Deployment {self.name} has no pods.", 1)
        for pod in pods:
            version = running_version.of_pod(self.kubectl, pod, self.port)
            if version != tag:
                raise Exit(
                    f"Pod {pod['metadata']['name']} runs {version}, but {tag} was deployed: the "
                    "image was built with another VERSION_NAME, or its tag was moved.",
                    1,
                )
        number = "1 pod" if len(pods) == 1 else f"{len(pods)} pods"
        print(f"{self.name} {tag} runs in {number} of {self.kubectl.namespace}.")


def condition(found: Object, kind: str) -> bool:
    """Return whether an object has a condition."""
    conditions: list[Any] = found.get("status", {}).get("conditions", [])
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


def is_last(each: Object) -> bool:
    """Return whether an object is applied after the migration."""
    if each["kind"] == "CronJob":  # the new version's code wants the new version's tables
        return True
    labels = each["metadata"].get("labels", {})
    is_database = labels.get("app.kubernetes.io/component") not in (None, "service")
    return each["kind"] in LAST and not is_database
