"""Deploys a version: runs the migration, rolls out the pods, verifies what runs."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from invoke import Exit

from flask_chassis_tools.kubernetes import (
    config_maps,
    leftovers,
    obstacles,
    overlays,
    prerequisites,
    rollout,
    running_version,
    watch,
)
from flask_chassis_tools.kubernetes.kubectl import Kubectl, KubectlError, Object
from flask_chassis_tools.kubernetes.object_checks import runs_image
from flask_chassis_tools.kubernetes.obstacles import Obstacle
from flask_chassis_tools.kubernetes.watch import Watch

LAST = ("CronJob", "HorizontalPodAutoscaler")
"""The kinds that are applied last, after the objects that they depend on."""

PODS = ("Deployment", "StatefulSet", "DaemonSet")
"""The kinds that are applied last if they run the service's image."""

LOG_LINES = 40

JOB = "batch.kubernetes.io/job-name"

Answer = TypeVar("Answer")

WAY_BACK = (
    " Pods of the previous version serve until the new ones are ready. The task cluster.rollback "
    "returns to the previous version."
)

MINIMUM_SECONDS = 60
"""The autoscaler has started its minimum of pods within this time."""


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
                "cluster.prerequisites writes a script that creates it.",
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
                "The task cluster.prerequisites writes a script that creates them.",
                1,
            )

    def _is_there(self, needed: prerequisites.Needed) -> bool:
        try:
            found = self.kubectl.get(needed.kind, needed.name)
        except KubectlError as error:
            if error.is_forbidden:
                # Deploying does not require permission to read Secrets.
                return True
            raise
        return found is not None and (not needed.key or needed.key in found.get("data", {}))

    def compare(self) -> None:
        """Show the changes that a deployment would make, but not those of a Job to create again."""
        done = self.kubectl.ask("diff", "--filename=-", objects=self._changeable())
        if done.returncode > 1:
            raise Exit(f"kubectl diff failed: {done.stderr.strip()}", 1)
        print(done.stdout or "No changes.")
        leftovers.tell(self.kubectl, self.name, self.objects)

    def try_out(self) -> None:
        """Let the cluster validate all objects, without changing any."""
        objects = self._changeable()
        self.kubectl.show("apply", "--dry-run=server", "--filename=-", objects=objects)

    def _changeable(self) -> list[Object]:
        """Return all objects except a Job that would be created again, which it reports."""
        anew = self._job_to_make_anew()
        if anew is not None:
            print(f"The Job {anew['metadata']['name']} would be deleted and created again.")
        return [each for each in self.objects if each is not anew]

    def apply(self) -> None:
        """Run the migration, roll out, and wait for both."""
        is_first = not self._runs()
        job = overlays.migration(self.objects)
        if anew := self._job_to_make_anew():
            name = anew["metadata"]["name"]
            self.kubectl.show("delete", "job", name, "--wait", f"--timeout={self.timeout}s")
        first = [each for each in self.objects if not is_last(each)]
        self.kubectl.show("apply", "--filename=-", objects=first)
        if job:
            self._wait_for(job["metadata"]["name"], is_first=is_first)
        last = [each for each in self.objects if is_last(each)]
        self.kubectl.show("apply", "--filename=-", objects=last)
        self.wait(is_first=is_first)

    def clean_up(self, *, prune: bool) -> None:
        """Remove what old versions have left, or report it. The new version runs by now."""
        config_maps.remove_old(self.kubectl, self.objects)
        (leftovers.prune if prune else leftovers.tell)(self.kubectl, self.name, self.objects)

    def running_tag(self) -> str:
        """Return the tag of the version that runs; empty if none does."""
        found = self.kubectl.get("deployment", self.name)
        return overlays.tag_of([found]) if found and self._runs() else ""

    def _runs(self) -> bool:
        """Return whether a version of the service runs."""
        found = self.kubectl.get("deployment", self.name) or {}
        return bool(found.get("status", {}).get("readyReplicas"))

    def _job_to_make_anew(self) -> Object | None:
        """Return the migration if its Job has failed with this tag, or its pods would change."""
        job = overlays.migration(self.objects)
        found = self.kubectl.get("job", job["metadata"]["name"]) if job else None
        if job is None or found is None:
            return None
        done = self.kubectl.ask("apply", "--dry-run=server", "--filename=-", objects=[job])
        is_other = "field is immutable" in done.stderr
        return job if condition(found, "Failed") or is_other else None

    def _wait_for(self, job: str, *, is_first: bool) -> None:
        print(f"Waiting for the migration {job}.", flush=True)
        waiting = Watch(self.timeout)
        while True:
            found, hindered = self._answer(waiting, lambda: self._job_and_obstacles(job))
            if found and condition(found, "Complete"):
                return
            if not found:
                fault = "it was deleted"
            elif condition(found, "Failed"):
                fault = ", ".join(["it failed", *dict.fromkeys(map(str, hindered))])
            else:
                fault = waiting.look(hindered, "It is still running")
            if fault:
                self._tell({JOB: job})
                still = "" if is_first else " The previous version is still running."
                raise Exit(f"The migration {job}: {fault}.{still} Nothing was rolled out.", 1)
            time.sleep(watch.PAUSE_SECONDS)

    def _answer(self, waiting: Watch, ask: Callable[[], Answer]) -> Answer:
        """Ask the cluster until it answers, or the time is over: it may be silent for a while."""
        while True:
            try:
                return ask()
            except KubectlError as error:
                silent = Obstacle("cluster", "no answer", str(error.message))
                if error.is_forbidden or waiting.look([silent], "The cluster does not answer"):
                    raise
            time.sleep(watch.PAUSE_SECONDS)

    def _job_and_obstacles(self, job: str) -> tuple[Object | None, list[Obstacle]]:
        return self.kubectl.get("job", job), list(self._obstacles_of_job(job))

    def _obstacles_of_job(self, job: str) -> Iterator[Obstacle]:
        pods = self.kubectl.labelled("pods", {JOB: job})
        for pod in pods:
            yield from obstacles.of_pod(pod)
        if not pods:
            yield from obstacles.of_events(self.kubectl.events("Job", job))

    def wait(self, *, is_first: bool = False) -> None:
        """Wait until all pods run the version that was applied, those of a canary as well."""
        self.wait_for_pods(self.name, "" if is_first else WAY_BACK)
        for name in self._deployments():
            if name != self.name:
                ready = f" The pods of {self.name} run the new version."
                self.wait_for_pods(name, f"{ready} Correct the tag of {name}, or take it out.")
        self._wait_for_minimum()

    def _deployments(self) -> list[str]:
        """Return the names of the Deployments of the service's image."""
        return [
            each["metadata"]["name"]
            for each in self.objects
            if each["kind"] == "Deployment" and runs_image(each)
        ]

    def wait_for_pods(self, name: str, advice: str = "") -> None:
        """Wait until all pods of a Deployment run its newest version, and say what is missing."""
        print(f"Waiting for the pods of {name}.", flush=True)
        waiting = Watch(self.timeout)
        given_up_before: str | None = None
        while True:
            found, labels, hindered = self._answer(waiting, lambda: self._pods_and_obstacles(name))
            missing = rollout.missing(found)
            if not missing:
                return
            given_up = rollout.given_up_at(found)
            # At first, it is what the rollout before has left.
            given_up_before = given_up if given_up_before is None else given_up_before
            fault = waiting.look(hindered, missing)
            if given_up not in ("", given_up_before):
                fault = fault or "the cluster's own deadline is over (progressDeadlineSeconds)"
            if fault:
                self._tell(labels)
                raise Exit(f"The rollout of {name} did not finish, {missing}: {fault}.{advice}", 1)
            time.sleep(watch.PAUSE_SECONDS)

    def _pods_and_obstacles(self, name: str) -> tuple[Object, dict[str, str], list[Obstacle]]:
        """Return a Deployment, the labels of its new pods, and what keeps them from running."""
        found = self.kubectl.get("deployment", name)
        if not found:
            raise Exit(f"Deployment {name} not found.", 1)
        if not rollout.has_begun(found):
            return found, found["spec"]["selector"]["matchLabels"], []
        labels = rollout.new_pods(self.kubectl, found)
        hindered = list(obstacles.of_deployment(found))
        for pod in self.kubectl.labelled("pods", labels):
            hindered += obstacles.of_pod(pod)
        return found, labels, hindered

    def _wait_for_minimum(self) -> None:
        """Wait until there are as many pods as the autoscaler keeps at least; it begins later."""
        least = min(
            (
                each["spec"].get("minReplicas", 1)
                for each in self.objects
                if each["kind"] == "HorizontalPodAutoscaler"
                and each["spec"]["scaleTargetRef"]["name"] == self.name
            ),
            default=1,
        )
        waiting = Watch(min(MINIMUM_SECONDS, self.timeout))
        while True:
            found, _, hindered = self._answer(waiting, lambda: self._pods_and_obstacles(self.name))
            ready = found.get("status", {}).get("readyReplicas", 0)
            if ready >= least:
                return
            if waiting.look(hindered, f"{ready} of {least} pods are ready"):
                print(f"Fewer than {least} pods are ready, the minimum of the autoscaler.")
                return
            time.sleep(watch.PAUSE_SECONDS)

    def _tell(self, labels: Mapping[str, str]) -> None:
        """Show the last log lines of pods, and those of containers that crashed."""
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        words = (f"--selector={selector}", f"--tail={LOG_LINES}", "--all-containers", "--prefix")
        shown = self.kubectl.ask("logs", *words, "--ignore-errors").stdout
        before = self.kubectl.ask("logs", *words, "--ignore-errors", "--previous").stdout
        # It says so of each container that has not crashed.
        lines = [line for line in before.splitlines() if not line.startswith("error: previous ")]
        print("\n".join([*lines, shown]))

    def require_version(self, tag: str) -> None:
        """Exit unless every pod that serves runs the version of the tag."""
        deployed = self.kubectl.get("deployment", self.name)
        if not deployed:
            raise Exit(f"Deployment {self.name} not found.", 1)
        found = self.kubectl.labelled("pods", deployed["spec"]["selector"]["matchLabels"])
        pods = [pod for pod in found if rollout.is_serving(pod)]
        if not pods:
            raise Exit(f"Deployment {self.name} has no ready pods.", 1)
        versions = {pod["metadata"]["name"]: self._version_of(pod) for pod in pods}
        for name, version in versions.items():
            if version not in (tag, None):
                raise Exit(
                    f"Pod {name} runs {version}, but {tag} was deployed: the image was built with "
                    "another VERSION_NAME, or its tag was moved.",
                    1,
                )
        known = [version for version in versions.values() if version]
        if not known:
            print(f"{self.name} {tag} is rolled out; which version its pods run is not known.")
            return
        number = "1 pod" if len(known) == 1 else f"{len(known)} pods"
        print(f"{self.name} {tag} runs in {number} of {self.kubectl.namespace}.")

    def _version_of(self, pod: Object) -> str | None:
        """Return the version of a pod; None if it has ended by now, or if it may not be asked."""
        name = pod["metadata"]["name"]
        try:
            return running_version.of_pod(self.kubectl, pod, self.port)
        except Exit as error:
            again = self.kubectl.get("pod", name)
            if again is None or not rollout.is_serving(again):
                print(f"Pod {name} has ended.")
                return None
            if running_version.is_forbidden(error):
                print(f"The version of pod {name} is not known: port-forward is forbidden.")
                return None
            raise


def condition(found: Object, kind: str) -> bool:
    """Return whether an object has a condition."""
    conditions: list[Any] = found.get("status", {}).get("conditions", [])
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


def is_last(each: Object) -> bool:
    """Return whether an object is applied after the migration."""
    if each["kind"] in LAST:
        return True
    # The new version's code wants the new version's tables.
    return each["kind"] in PODS and runs_image(each)
